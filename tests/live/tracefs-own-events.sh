#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# stap never sees its own system calls, and interrupts that strike while it runs are not hidden.
. tests/live/harness

STAP_NAMED=$work/own$$
ln -s "$STAP" "$STAP_NAMED"
STAP=$STAP_NAMED start_stap -e 'global own, all
	probe kernel.trace("raw_syscalls:*") { if (execname() == "'${STAP_NAMED##*/}'") own++; else all++ }
	probe end { println("own ", own, " all ", all) }'
filter=$(cat /sys/kernel/tracing/instances/stap_"${stap_pid}"_*/events/raw_syscalls/sys_enter/filter)
dd if=/dev/zero of=/dev/null bs=1 count=1000 status=none
end_stap
expect_equal 'system calls of its own' "$(number_of '$1 == "own"' 2)" 0
expect_between 'other system calls' "$(number_of '$1 == "own"' 4)" 4000 1000000000
expect_equal filter "$filter" none
stap_succeeds -v -T 1 -e 'global n probe kernel.trace("raw_syscalls:sys_enter") { n <<< pid() }
	probe end { println(@count(n)) }'
grep -q "of stap's own passed over" "$work/err" || fail 'own system calls are not accounted for'
own=$(awk '/passed over/ { n += $(NF - 5) } END { print n + 0 }' "$work/err")
expect_between 'own system calls of a second' "$own" 1 20000
