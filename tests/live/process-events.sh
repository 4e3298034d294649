#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Processes and threads that begin and end, and the system calls of a process: of a program, of one
# number, of the target with its children.
. tests/live/harness

dd=$(program dd copies)
stap_succeeds -e '
	global calls, mine, any
	probe process(@1).begin { println("begin ", execname(), " ", pid() == tid()) }
	probe process(@1).end { println("end ", execname()) }
	probe process.begin { any[execname(), "begin"]++ }
	probe process.end { any[execname(), "end"]++ }
	probe process(@1).syscall { if ($syscall == 1 && $arg3 == 4096) calls++ }
	probe process(@1).syscall.return { if ($syscall == 1 && $return == 4096) calls++ }
	probe process.syscall { if ($syscall == 1 && $arg3 == 4096) mine++ }
	probe end { println("calls ", calls, " ", mine)
		foreach ([name, what] in any) println("any ", name, " ", what) }' "$dd" \
	-c "$dd if=/dev/zero of=/dev/null bs=4096 count=100 status=none; /bin/true"
expect_line "^begin ${dd##*/} 1$"
expect_line "^end ${dd##*/}$"
expect_line "^any ${dd##*/} begin$"
expect_line '^any true end$'
expect_equal 'writes and their returns' "$(number_of '$1 == "calls"' 2)" 200
expect_equal 'writes of a child of the target' "$(number_of '$1 == "calls"' 3)" 100

sleep 60 & sleeper=$!
until [ "$(cat /proc/$sleeper/comm)" = sleep ]; do sleep 0.01; done
stap_succeeds -e 'probe process('$sleeper').begin { println("runs ", execname()) exit() }'
expect_line '^runs sleep$'

command -v gcc > /dev/null || exit 0
cat > "$work/threads.c" <<'END'
#include <pthread.h>
static void *run(void *argument) { return argument; }
int main(void)
{
	pthread_t thread;

	for (int i = 0; i < 7; i++) {
		pthread_create(&thread, 0, run, 0);
		pthread_join(thread, 0);
	}
	return 0;
}
END
gcc -pthread -o "$work/threads" "$work/threads.c" || fail gcc
stap_succeeds -e 'global begun, ended
	probe process("'"$work"'/threads").thread.begin { begun++ }
	probe process("'"$work"'/threads").thread.end { ended++ }
	probe end { println("threads ", begun, " ", ended) }' -c "$work/threads"
expect_equal 'threads that began' "$(number_of '$1 == "threads"' 2)" 7
expect_equal 'threads that ended' "$(number_of '$1 == "threads"' 3)" 7
