#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The system calls of one process, by -x, until it ends.
. tests/live/harness

dd=$(program dd dd)
mkfifo "$work/fifo"
"$dd" if="$work/fifo" of=/dev/null bs=100 status=none &
start_stap -x $! -e 'probe syscall.* { if (pid() == target()) printf("%s(%s)\n", name, argstr) }'
printf '%100s' '' > "$work/fifo"
wait_stap
expect_equal 'exit status' $status 0
expect_equal 'writes' "$(grep -c '^write(.*)$' "$work/out")" 1
expect_line '^write\(.*(100|0x64).*\)$'
expect_line '^read\(.*\)$'
expect_line '^exit_group\(.*0.*\)$'
expect_equal 'last line' "$(tail -1 "$work/out" | cut -d'(' -f1)" exit_group
expect_equal 'other lines' "$(grep -vcE '^[a-z0-9_]+\(.*\)$|^armed$' "$work/out")" 0
