#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A system call's return shows the arguments of its entry, and a value evaluated there; a call that
# was entered before the probes were armed is not shown.
. tests/live/harness

count=$(scaled 20000)
dd=$(program dd dd)
name=${dd##*/}
stap_succeeds -e '
	global n, short, early
	probe syscall.read.return {
		if (execname() != "'"$name"'") next
		if (count == 1357 && fd == 0 && retval == count) n++
		if (retval > $count) short++
		if (gettimeofday_ns() < @entry(gettimeofday_ns())) early++
	}
	probe end { printf("n %d\nshort %d\nearly %d\n", n, short, early) }' \
	-c "$dd if=/dev/zero of=/dev/null bs=1357 count=$count status=none"
expect_equal 'reads with their arguments' "$(number_of '$1 == "n"' 2)" "$count"
expect_equal 'reads of more than asked for' "$(number_of '$1 == "short"' 2)" 0
expect_equal 'returns before entries' "$(number_of '$1 == "early"' 2)" 0

sleep 2 &
start_stap -e 'probe syscall.clock_nanosleep.return { if (pid() == '$!') println("seen ", req_uaddr) }' \
	-E 'probe timer.s(4) { exit() }'
wait_stap
! grep -q seen "$work/out" || fail 'a return without its entry was shown'
