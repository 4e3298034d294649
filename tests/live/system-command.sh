#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# system() starts a command as a shell would: at stap's own nice value, though stap reads events at
# a higher priority, and ended by a pipe that nobody reads.
. tests/live/harness

here=$(nice)
"$STAP" -e '
	global n
	probe kernel.trace("sched_switch") { n++ }
	probe timer.ms(50) {
		if (n) {
			system("echo nice $(nice); yes | head -1 > /dev/null; echo done")
			exit()
		}
	}' > "$work/out" 2> "$work/err" || fail "stap exited with status $?"
for ((i = 0; i < 200; i++)); do # the command runs beside the script
	grep -qs '^done$' "$work/out" && break
	sleep 0.05
done
expect_line "^nice $here\$"
expect_line '^done$'
! grep -q 'yes:' "$work/err" || fail 'SIGPIPE is ignored in the command'
