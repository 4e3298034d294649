#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A machine of many CPUs needs more file descriptors than the usual limit allows: stap raises it as
# far as it may, and says so when that is not enough; it never reads only some of the CPUs.
. tests/live/harness

limited() { # OPTIONS-OF-ULIMIT: runs with room for few more than the three it begins with
	bash -c 'ulimit $1 7; exec "$STAP" -e "
		global n
		probe kernel.trace(\"sched_switch\") { if (!n++) println(\"seen \", \$prev_pid >= 0) }
		probe timer.ms(100) { if (n) exit() }"' limited "$1" > "$work/out" 2> "$work/err" < /dev/null
	status=$?
}
export STAP
limited -Sn
expect_equal 'exit status with a limit that can be raised' $status 0
expect_line '^seen 1$'
limited -n
expect_equal 'exit status with a limit that cannot' $status 1
grep -q 'Too many open files' "$work/err" || fail 'the message does not tell of open files'
