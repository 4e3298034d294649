#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shares of three functions by sampling are those the program itself measures, within 3 %; also when
# the program is stripped, or a fixed-address executable, and gone when its stacks are printed.
. tests/live/harness
command -v gcc > /dev/null || skip "needs a C compiler"

cat > "$work/shares.c" << 'C'
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile uint64_t sink;
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}
#define WORK(name)                                                                               \
	__attribute__((noinline)) void name(long n)                                             \
	{                                                                                        \
		for (long i = 0; i < n; i++)                                                     \
			sink += i * 3;                                                           \
	}
WORK(seventy)
WORK(twenty)
WORK(ten)
static double timed(void (*work)(long), long n)
{
	double start = now();

	work(n);
	return now() - start;
}
int main(int argc, char **argv)
{
	double end = now() + atof(argv[1]), a = 0, b = 0, c = 0;

	while (now() < end && argc) {
		a += timed(seventy, 700000);
		b += timed(twenty, 200000);
		c += timed(ten, 100000);
	}
	printf("%d %d %d\n", (int)(1000 * a / (a + b + c)), (int)(1000 * b / (a + b + c)),
	       (int)(1000 * c / (a + b + c)));
}
C

check_shares() { # COMPILER-OPTION…
	local name program want have i
	program=$work/sh$$
	gcc -O2 "$@" -o "$program" "$work/shares.c" || fail "cannot compile with $*"
	stap_succeeds -e 'global hits, total, stacks
		probe timer.profile.freq.hz(997) {
			if (pid() != target() || !user_mode()) next
			f = usymname(addr())
			if (f == "seventy" || f == "twenty" || f == "ten") { hits[f]++; total++ }
			stacks[ubacktrace()]++
		}
		probe end {
			foreach (s in stacks- limit 1) print_ustack(s)
			foreach (f in hits) println("share ", f, " ", hits[f] * 1000 / total)
			println("total ", total)
		}' -c "exec $program $seconds > $work/own"
	[ "$(number_of '$1 == "total"' 2)" -gt 300 ] || fail "$*: hardly any samples"
	read -r -a want < "$work/own"
	i=0
	for name in seventy twenty ten; do
		have=$(number_of "\$1 == \"share\" && \$2 == \"$name\"" 3)
		expect_between "$*: the share of $name in thousandths" "$have" \
			$((want[i] - tolerance)) $((want[i] + tolerance))
		i=$((i + 1))
	done
	expect_line '^ 0x[0-9a-f]+ : (seventy|twenty|ten)\+0x[0-9a-f]+/0x[0-9a-f]+ \[/.*/sh[0-9]+\]$'
	expect_line '^ 0x[0-9a-f]+ : (_start|__libc_start_[a-z_]+)\+0x'
}

seconds=4 tolerance=30
check_shares -fomit-frame-pointer
seconds=2 tolerance=45
check_shares -no-pie -fno-omit-frame-pointer
check_shares -rdynamic -s
