#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The C arguments of tracepoints: what they point to while the event fires, also of events that nobody
# else has enabled, and beside probes of the same event's fields.
. tests/live/harness

[ -e /sys/kernel/tracing/kprobe_events ] || skip 'this kernel has no kprobes'
[ -e /sys/kernel/btf/vmlinux ] || [ -n "${STAP_VMLINUX-}" ] ||
	skip 'neither BTF nor a vmlinux with DWARF (STAP_VMLINUX) tells the types of kernel functions'
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
stap -e 'probe kernel.trace("sched_process_fork") { println($parent->pid, $child_pid) }' -T 1
[ $status -ne 0 ] || fail "fields and arguments are mixed without an error"
grep -q 'is a field that' "$work/err" || fail "mixing is refused without saying why"
