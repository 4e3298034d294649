#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The C arguments of tracepoints: what they point to while the event fires, also of events that
# nobody else has enabled, beside probes of the same event's fields, and together with these.
. tests/live/harness

[ -e /sys/kernel/tracing/kprobe_events ] || skip 'this kernel has no kprobes'
need_kernel_types
nap=$(program sleep nap)
stap_succeeds -e '
	global forks, forked, wakes
	probe kernel.trace("sched_process_exec") {
		printf("exec %d %s %s\n", $p->pid == tid(), kernel_string($p->comm), kernel_string($bprm->filename))
	}
	probe kernel.trace("sched_process_fork") {
		if ($parent->tgid == target()) forks++
	}
	probe kernel.trace("sched_process_fork") { if (pid() == target()) forked++ }
	probe kernel.trace("sched_switch") {
		if ($prev->tgid == target()) switches[kernel_string($next->comm) != ""]++
	}
	global switches
	probe kernel.trace("sched_wakeup") { if ($p->tgid == target()) wakes++ }
	probe end { println("forks ", forks, " ", forked, " wakes ", wakes, " switches ", switches[1]) }' \
	-c "i=0; while [ \$i -lt 7 ]; do $nap 0.05; i=\$((i + 1)); done; exit 0"
expect_equal 'programs executed' "$(grep -c "^exec 1 ${nap##*/} $nap\$" "$work/out")" 7
expect_line '^forks 7 7 wakes [1-9][0-9]* switches [1-9]'
# fields beside arguments: two records of the kernel make one hit
stap_succeeds -e '
	global hits, same, texts
	probe kernel.trace("sched_process_fork") {
		if ($parent->tgid != target()) next
		hits++
		same += $child->pid == $child_pid && $parent->pid == $parent_pid
		texts += kernel_string($child->comm) == $child_comm && $child_comm != ""
	}
	probe kernel.trace("sched_switch") {
		if ($next->pid == $next_pid && kernel_string($next->comm) == $next_comm) right++
		else wrong++
	}
	global right, wrong
	probe end { printf("hits %d same %d texts %d\nright %d wrong %d\n", hits, same, texts, right > 0, wrong) }' \
	-c "i=0; while [ \$i -lt 9 ]; do $nap 0.01; i=\$((i + 1)); done; exit 0"
expect_line '^hits 9 same 9 texts 9$'
expect_line '^right 1 wrong 0$'
stap -e 'probe kernel.trace("sched_process_fork") {
	println($parent->pid, $child_pid); print_backtrace() }' -T 1
[ $status -ne 0 ] || fail "stacks beside fields and arguments are taken without an error"
grep -q 'cannot be recorded together' "$work/err" || fail "that is refused without saying why"
