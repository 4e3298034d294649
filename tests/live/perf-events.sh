#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# perf.type(1).config(3).sample(1): one hit for each context switch, as many as /proc tells of a
# program that sleeps many times; and an event that no kernel has is refused with a reason.
. tests/live/harness

sleeper=$(program bash sleeper)
stap_succeeds -e "global switches
	probe perf.type(1).config(3).sample(1) {
		if (execname() == \"${sleeper##*/}\") switches++ }
	probe end { printf(\"switches %d\n\", switches) }" \
	-c "$sleeper -c 'exec 3<> <(:); for ((i = 0; i < 300; i++)); do read -t 0.001 -u 3; done
		grep ctxt_switches /proc/\$\$/status'"
told=$(awk '/ctxt_switches/ { n += $2 } END { print n + 0 }' "$work/out")
[ "$told" -ge 300 ] || skip "only $told switches"
expect_between "the number of hits for $told switches" "$(number_of '$1 == "switches"' 2)" \
	$((told - 20)) $((told + 20))
stap -e 'probe perf.type(1).config(4711) { exit() }'
expect_equal "the exit status of an unknown event" $status 1
grep -q 'type 1, config 4711' "$work/err" || fail "the message does not name the event"
