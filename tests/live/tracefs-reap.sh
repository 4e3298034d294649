#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# When stap and its guardian both die, the next stap removes what they left, and nothing else.
. tests/live/harness

tracing=/sys/kernel/tracing
start_stap -e 'probe kernel.trace("sched_switch") { println("x") }'
instance=$(ls "$tracing/instances" | grep "^stap_${stap_pid}_")
[ -n "$instance" ] || fail "no instance of stap $stap_pid"
guardian=$(ps -o pid= --ppid $stap_pid)
kill -9 $guardian $stap_pid
wait $stap_pid 2> /dev/null
sleep 0.5
[ -d "$tracing/instances/$instance" ] || fail 'nothing was left to test with'

# the same pid, given to somebody else since: here, ours with a later start
other=stap_$$_1_${instance##*_}
foreign=stap_1_1_abc
mkdir "$tracing/instances/$other" "$tracing/instances/$foreign"
stap -v -e 'probe kernel.trace("sched_switch") { exit() }'
left=$(ls "$tracing/instances" | grep -E "^($instance|$other|$foreign)\$")
rmdir "$tracing/instances/$foreign" 2> /dev/null
expect_equal 'left' "$left" $foreign
grep -q "removed $instance" "$work/err" || fail "says nothing of $instance"
