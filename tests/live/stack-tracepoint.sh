#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Stacks at trace events: every write of a program is hit once, with its captures and the program's
# own callers, and the kernel's; probes on other events, and on the same one without stacks, agree.
. tests/live/harness
command -v gcc > /dev/null || skip "needs a C compiler"

cat > "$work/writer.c" << 'C'
#include <fcntl.h>
#include <unistd.h>

static int fd;
__attribute__((noinline)) int rarely(const char *text) { return write(fd, text, 3) == 3; }
__attribute__((noinline)) int often(const char *text) { return write(fd, text, 7) == 7; }
int main(void)
{
	int n = 0;

	fd = open("/dev/null", O_WRONLY);
	for (int i = 0; i < 300; i++) {
		n += often("a longer text");
		n += i % 3 ? often("a longer text") : rarely("short");
		usleep(100);
	}
	return n != 600;
}
C
gcc -O2 -o "$work/writer" "$work/writer.c" || fail "cannot compile"
stap_succeeds -e 'global by, hits, plain, kernel, sleeps, reached, unreadable
	probe kernel.trace("syscalls:sys_enter_write") {
		if (pid() != target()) next
		hits++
		if (isinstr(sprint_ubacktrace(), "main+0x")) reached++
		try { by[usymname(ustack(1)), $count]++ } catch { unreadable++ }
	}
	probe kernel.trace("sched:sched_switch") {
		if (pid() == target() && isinstr(sprint_backtrace(), "schedule")) kernel++
	}
	probe kernel.trace("syscalls:sys_enter_write") { if (pid() == target()) plain++ }
	probe kernel.trace("syscalls:sys_enter_clock_nanosleep") { if (pid() == target()) sleeps++ }
	probe end {
		foreach ([f, c] in by) println("by ", f, " ", c, " ", by[f, c])
		printf("hits %d\nplain %d\nmain %d\nsleeps %d\nkernel %d\n", hits, plain,
			reached, sleeps, kernel)
	}' -c "exec $work/writer"
expect_equal "hits" "$(number_of '$1 == "hits"' 2)" 600
expect_equal "hits without a stack" "$(number_of '$1 == "plain"' 2)" 600
# the kernel copies a stack without waiting for its page: rarely that fails
expect_between "stacks that reach main" "$(number_of '$1 == "main"' 2)" 590 600
expect_equal "sleeps" "$(number_of '$1 == "sleeps"' 2)" 300
expect_between "stacks with often" "$(number_of '$1 == "by" && $2 == "often" && $3 == 7' 4)" 490 500
expect_between "stacks with rarely" "$(number_of '$1 == "by" && $2 == "rarely" && $3 == 3' 4)" 95 100
expect_equal "other stacks" "$(grep -c '^by ' "$work/out")" 2
[ "$(number_of '$1 == "kernel"' 2)" -ge 300 ] || fail "hardly any switch has a kernel stack"
