#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fields of a trace event, wall-clock times in order, and -T.
. tests/live/harness

nap=$(program sleep nap)
first=$(date +%s%6N)
seconds=$((STAP_TEST_SCALE > 1 ? 10 : 4)) # a guest may need a second for each nap
start_stap -T $seconds -e 'probe kernel.trace("sched_switch") {
	printf("%d %s -> %s\n", gettimeofday_us(), $prev_comm, $next_comm) }'
# Switches away are what counts: this machine's kernel is silent when the idle task of some
# processors gives way, in its own trace file too. A nap is left twice, to sleep and to exit;
# 0.2 s is longer than a host may keep a virtual processor waiting on its way into the sleep.
for _ in 1 2 3 4 5; do "$nap" 0.2; done
wait_stap
last=$(date +%s%6N)
expect_equal 'exit status' $status 0
expect_between 'duration in µs' $((last - first)) ${seconds}000000 $((seconds + 16))000000
naps=$(grep -c " ${nap##*/} -> " "$work/out")
expect_between 'switches from the napping program' "$naps" 10 500
grep -v '^armed$' "$work/out" | awk -v first="$first" -v last="$last" '
	!/^[0-9]+ .+ -> .+$/ { print "odd line: " $0; bad++ }
	$1 < previous { print "time runs backwards: " $0; bad++ }
	$1 < first || $1 > last { print "time outside the run: " $0; bad++ }
	{ previous = $1 }
	END { exit bad > 0 || NR < 10 }' || fail 'the lines are not all as they should be'
