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
expect_equal filter "$filter" "(common_pid != $stap_pid || common_flags & 88)"
