#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# task_backtrace(): a sleeper's kernel stack, which says what it waits in; nothing for a task that
# is gone. Handles and limits of another process.
. tests/live/harness

[ -r /proc/self/stack ] && grep -q . /proc/self/stack || skip 'this kernel has no /proc/PID/stack'
sleeper=$(program sleep sleeper)
(ulimit -n 77; exec "$sleeper" 3600) < /dev/null &
until grep -q nanosleep "/proc/$!/stack" 2> /dev/null; do sleep 0.05; done
stap_succeeds -e '
	probe oneshot {
		task = pid2task($1)
		print_stack(task_backtrace(task))
		printf("gone [%s]\n", task_backtrace(4194000))
		printf("task %s %d %d\n", task_execname(task), task_pid(task), task_parent(task) == $2)
		printf("files %d limit %d\n", task_open_file_handles(task) >= 3, task_rlimit_nofile(task))
	}' $! $$
expect_line '^ 0x[0-9a-f]{16} : .*nanosleep.*\+0x[0-9a-f]+/0x[0-9a-f]+'
expect_line '^gone \[\]$'
expect_line "^task ${sleeper##*/} $! 1\$"
expect_line '^files 1 limit 77$'
