#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Functions about the probe point and the traced thread at probes on a program's functions, and what
# guru mode allows: a signal is sent to the thread that called, and the handler waits.
. tests/live/harness

[ -e /sys/kernel/tracing/uprobe_events ] || skip 'this kernel has no uprobes'
command -v gcc > /dev/null || skip 'no gcc'
cat > "$work/caller.c" << 'EOS'
#include <unistd.h>
__attribute__((noinline)) long add(long a, long b) { __asm__ volatile("" : "+r"(a)); return a - b; }
int main(void)
{
	long sum = add(3, 10);
	pause();
	return (int)sum;
}
EOS
gcc -g -O1 -o "$work/caller" "$work/caller.c" || skip 'gcc makes no programs here'
stap -g -e '
	probe process(@1).function("add") {
		printf("call %s %d %d %s\n", ppfunc(), is_return(), registers_valid(), probe_type())
		print_regs()
		printf("stack %d\n", stack_used() + stack_unused() == stack_size())
	}
	probe process(@1).function("add").return {
		printf("return %s %d %s %s %s\n", ppfunc(), is_return(), probe_type(), returnstr(1), returnstr(2))
	}
	probe process(@1).function("add@*").call { printf("second %s\n", ppfunc()) }
	probe syscall.pause {
		if (pid() != target())
			next
		before = gettimeofday_us()
		mdelay(2)
		udelay(100)
		printf("pause [%s] %d %d %s\n", ppfunc(), is_return(), registers_valid(), probe_type())
		printf("clock %d\n", gettimeofday_us() == before)
		raise(10)
	}' "$work/caller" -c "exec $work/caller"
expect_line '^call add 0 1 uprobe$'
expect_line '^RIP: [0-9a-f]{16}$'
expect_line '^R13: [0-9a-f]{16} R14: [0-9a-f]{16} R15: [0-9a-f]{16}$'
expect_line '^stack 1$'
expect_line '^return add 1 uretprobe -7 \(E2BIG\) -7 \(E2BIG\)$'
expect_line '^second add$'
expect_line '^pause \[\] 0 0 tracepoint$'
expect_line '^clock 1$'
expect_equal 'what ended the caller' "$(grep -o 'was ended by signal 10' "$work/err")" 'was ended by signal 10'
