#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A program that spends 70, 20 and 10 % of its CPU time in three functions, which its own clock sees
# to, is sampled so within 2 %; also when the program is stripped, or a fixed-address executable,
# and gone when its stacks are printed. The program's turns are long beside the time between
# samples, and of unequal length: otherwise samples could keep hitting the same place of it.
. tests/live/harness
command -v gcc > /dev/null || skip "needs a C compiler"

cat > "$work/shares.c" << 'C'
#include <stdint.h>
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
	__attribute__((noinline)) void name(double seconds)                                     \
	{                                                                                        \
		for (double end = now() + seconds; now() < end;)                                 \
			for (long i = 0; i < 20000; i++)                                         \
				sink += i * 3;                                                   \
	}
WORK(seventy)
WORK(twenty)
WORK(ten)
int main(int argc, char **argv)
{
	double end = now() + atof(argv[1]);

	for (long turn = 0; now() < end && argc; turn++) {
		double length = 0.2 + turn * 7919 % 1000 / 1e4;

		seventy(0.7 * length);
		twenty(0.2 * length);
		ten(0.1 * length);
	}
}
C

check_shares() { # COMPILER-OPTION…
	local name program
	program=$work/sh$$
	gcc -O2 "$@" -o "$program" "$work/shares.c" || fail "cannot compile with $*"
	stap_succeeds -e 'global hits, total, stacks
		probe timer.profile.freq.hz('$hz') {
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
	for name in seventy=700 twenty=200 ten=100; do
		expect_between "$*: the share of ${name%=*} in thousandths" \
			"$(number_of "\$1 == \"share\" && \$2 == \"${name%=*}\"" 3)" \
			$((${name#*=} - tolerance)) $((${name#*=} + tolerance))
	done
	expect_line '^ 0x[0-9a-f]+ : (seventy|twenty|ten)\+0x[0-9a-f]+/0x[0-9a-f]+ \[/.*/sh[0-9]+\]$'
	expect_line '^ 0x[0-9a-f]+ : (_start|__libc_start_[a-z_]+)\+0x'
}

hz=$((STAP_TEST_SCALE > 1 ? 199 : 997)) # emulated, more would be throttled
tolerance=$((STAP_TEST_SCALE > 1 ? 40 : 20)) # fewer samples scatter more
seconds=6
check_shares -fomit-frame-pointer
seconds=4
check_shares -no-pie -fno-omit-frame-pointer
check_shares -rdynamic -s
