#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# After kill -9 at any moment, arming included, nothing called stap_* stays in tracefs for a second.
. tests/live/harness

rounds=$(scaled 100)
tracing=/sys/kernel/tracing
script='global c probe syscall.* { c[execname(), name]++ } probe kernel.trace("sched:*") { c["s", "s"]++ }'

left_of() { # PID
	ls "$tracing/instances" | grep "^stap_$1_"
	cat "$tracing"/{dynamic,kprobe,uprobe}_events 2> /dev/null | grep ":stap_$1_"
}
for ((round = 0; round < rounds; round++)); do
	"$STAP" -e "$script" > /dev/null 2>&1 &
	pid=$!
	# arming takes some 150 ms here: most of the kills shall strike in its midst
	sleep "0.$(printf %03d $((RANDOM % 300)))"
	kill -9 $pid
	wait $pid 2> /dev/null
	for ((tenth = 0; tenth < 10; tenth++)); do
		[ -n "$(left_of $pid)" ] || continue 2
		sleep 0.1
	done
	left=$(left_of $pid)
	[ -z "$left" ] || fail "round $round: left after a second: $left"
done 2> /dev/null

# a kill of the whole process group does not take the guardian along
setsid "$STAP" -e "$script" > /dev/null 2>&1 &
pid=$!
sleep 0.5
kill -9 -- -$pid
wait $pid 2> /dev/null
sleep 1
[ -z "$(left_of $pid)" ] || fail "left after a kill of the process group: $(left_of $pid)"
