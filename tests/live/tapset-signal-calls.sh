#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A program sends itself signals by kill, tkill and tgkill, ignores one, blocks one and asks which
# wait, moves its break and waits for a child: signal.*, vm.brk and scheduler.process_wait tell what
# it did.
. tests/live/harness

name=sig$$
cat > "$work/$name.c" << 'EOS'
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void nothing(int signal) { (void)signal; }
int main(void)
{
	sigset_t set;
	char *end = sbrk(0);
	int child = fork();

	if (child == 0)
		_exit(7);
	waitpid(child, NULL, 0);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGWINCH, nothing);
	kill(getpid(), SIGUSR2);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	syscall(SYS_tkill, getpid(), SIGUSR1);
	syscall(SYS_tgkill, getpid(), getpid(), SIGWINCH);
	sigpending(&set);
	brk(end + 100000);
	printf("did %d %d %lx\n", getpid(), child, (long)end);
	return !sigismember(&set, SIGUSR1);
}
EOS
cc -O1 -o "$work/$name" "$work/$name.c" 2> "$work/err" || skip 'no C compiler'
# memory of a process that has ended meanwhile reads as 0, where it is read after the event
mask='(200|0)'
if [ -e /sys/kernel/tracing/kprobe_events ]; then
	need_kernel_types
	mask=200
fi
stap_succeeds -w -e '
	probe signal.syskill { if (execname() == "'$name'") printf("kill %d %s\n", pid, sig_name) }
	probe signal.sys_tkill { if (execname() == "'$name'") printf("tkill %d %s\n", pid, sig_name) }
	probe signal.systgkill { if (execname() == "'$name'") printf("tgkill %d %s\n", pid, sig_name) }
	probe signal.sys_tgkill.return { if (execname() == "'$name'") printf("tgkill is %s\n", retstr) }
	probe signal.check_ignored { if (execname() == "'$name'") printf("ignored %s %d\n", sig_name, sig_pid) }
	probe signal.pending { if (execname() == "'$name'") printf("pending %d\n", sigset_size) }
	probe signal.pending.return { if (execname() == "'$name'") printf("pending is %s\n", retstr) }
	probe signal.handle { if (execname() == "'$name'") printf("handled %s\n", sig_name) }
	probe vm.brk { if (execname() == "'$name'") printf("brk %x %d\n", address, length) }
	probe scheduler.process_wait { if (execname() == "'$name'") printf("wait %d\n", pid) }
	probe signal.do_action { if (execname() == "'$name'" && sig == 28) println("action ", sig_name) }
	probe signal.do_action.return { if (execname() == "'$name'") printf("action is %s\n", retstr) }
	probe signal.procmask { if (execname() == "'$name'") printf("mask %s %x\n", how_str, sigset) }
	probe signal.procmask.return { if (execname() == "'$name'") printf("mask is %s\n", retstr) }
	' -c "$work/$name"
set -- $(sed -n 's/^did //p' "$work/out")
[ $# = 3 ] || fail 'the program did not end'
expect_line "^kill $1 SIGUSR2$"
expect_line "^tkill $1 SIGUSR1$"
expect_line "^tgkill $1 SIGWINCH$"
expect_line '^tgkill is 0$'
expect_line "^ignored SIGUSR2 $1\$"
expect_line '^pending 8$'
expect_line '^pending is 0$'
expect_line '^handled SIGWINCH$'
expect_line "^wait $2$"
expect_line "^brk $3 100000$"
expect_line '^action SIGWINCH$'
expect_line '^action is 0$'
expect_line "^mask SIG_BLOCK $mask\$"
expect_line '^mask is 0$'
