#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# int_arg(n) and its kin where a system call begins and where it returns, returnval() there, and
# what a return probe prints: once, after the call, though all that it prints was known before.
. tests/live/harness

dd=$(program dd dd)
name=${dd##*/}
stap_succeeds -e '
	global entered, returned
	probe syscall.read {
		if (execname() != "'$name'") next
		if (int_arg(1) == fd && pointer_arg(2) == buf_uaddr && ulong_arg(3) == count) entered++
		if (long_arg(3) == 1357) wanted++
	}
	probe syscall.read.return {
		if (execname() != "'$name'") next
		if (int_arg(1) == fd && long_arg(3) == count && returnval() == retval) returned++
		if (count == 1357)
			printf("read %d %d\n", $fd, $count)
	}
	probe syscall.exit_group { if (execname() == "'$name'") println("exits ", int_arg(1)) }
	global wanted
	probe end { printf("entered %d\nreturned %d\nwanted %d\n", entered, returned, wanted) }' \
	-c "$dd if=/dev/zero of=/dev/null bs=1357 count=5 status=none"
! grep -q 'no effect\|left out' "$work/err" || fail 'a warning about what has an effect'
expect_equal 'reads entered' "$(number_of '$1 == "entered"' 2)" \
	"$(number_of '$1 == "returned"' 2)"
expect_equal 'reads of the size' "$(number_of '$1 == "wanted"' 2)" 5
expect_equal 'lines of returns' "$(grep -c '^read 0 1357$' "$work/out")" 5
expect_line '^exits 0$'
