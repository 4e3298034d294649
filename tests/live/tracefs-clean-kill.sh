#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# After kill -9 at any moment, arming included, nothing called stap_* stays in tracefs for a second
# (for five, should other programs keep the guardian from its processor now and then).
. tests/live/harness

rounds=$(scaled 100)
tracing=/sys/kernel/tracing
script='global c probe syscall.* { c[execname(), name]++ } probe kernel.trace("sched:*") { c["s", "s"]++ }'

left_of() { # PID
	ls "$tracing/instances" | grep "^stap_$1_"
	cat "$tracing"/{dynamic,kprobe,uprobe}_events 2> /dev/null | grep ":stap_$1_"
}
slow=0
expect_clean() { # PID WHEN: what it made goes away
	local tenth
	for ((tenth = 0; tenth < 50; tenth++)); do
		[ -n "$(left_of $1)" ] || break
		sleep 0.1
	done
	[ $tenth -le 10 ] || slow=$((slow + 1))
	[ $tenth -lt 50 ] || fail "$2: left after five seconds: $(left_of $1)"
}
for ((round = 0; round < rounds; round++)); do
	"$STAP" -e "$script" > /dev/null 2>&1 &
	pid=$!
	# arming takes some 150 ms here: most of the kills shall strike in its midst
	sleep "0.$(printf %03d $((RANDOM % 300)))"
	kill -9 $pid
	wait $pid 2> /dev/null
	expect_clean $pid "round $round"
done 2> /dev/null

# a kill of the whole process group does not take the guardian along
setsid "$STAP" -e "$script" > /dev/null 2>&1 &
pid=$!
sleep 0.5
kill -9 -- -$pid
wait $pid 2> /dev/null
expect_clean $pid 'a kill of the process group'
expect_between 'kills whose traces took more than a second to vanish' $slow 0 $((rounds / 20 + 1))
