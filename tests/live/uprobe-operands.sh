#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Arguments of marks as compilers write them: registers and parts of them, constants, memory by
# register, by symbol, and elements of arrays, whose index is in a register as well.
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ "$(uname -m)" = x86_64 ] || skip "the operands are those of x86-64"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"

cat > "$work/o.c" <<'END'
#include <stdio.h>
#include <unistd.h>
short table[4] = { 10, -20, 30, -40 };
long single = -5;
/* a note as <sys/sdt.h> writes them, with the operands spelt out */
#define MARK(name, operands)                                                                    \
	"990: nop\n"                                                                            \
	".pushsection .note.stapsdt,\"\",\"note\"\n"                                            \
	".balign 4\n .4byte 992f-991f, 994f-993f, 3\n"                                          \
	"991: .asciz \"stapsdt\"\n992: .balign 4\n"                                             \
	"993: .8byte 990b\n .8byte 0\n .8byte 0\n"                                              \
	".asciz \"o\"\n .asciz \"" name "\"\n .asciz \"" operands "\"\n"                        \
	"994: .balign 4\n .popsection\n"
__attribute__((noinline)) void mark(const int *numbers, long index, int value)
{
	__asm__ volatile(
		MARK("all", "-4@(%%rdi,%%rsi,4) 4@4(%%rdi,%%rsi,4) -4@%%edx 1@%%dl 1@%%dh -4@$-3 "
			    "-2@table+2(%%rip) 8@single(%%rip) -4@8(%%rdi) 8@%%rsi")
		: : "D"(numbers), "S"(index), "d"(value) : "memory");
}
int main(void)
{
	static const int numbers[6] = { 100, -200, 300, -400, 500, -600 };

	for (long i = 0; i < 4; i++) {
		int value = 0x1234 + (int)i;

		mark(numbers, i, value);
		printf("%d %u %d %d %d %d %d %lu %d %ld\n", numbers[i], (unsigned)numbers[i + 1],
		       value, value & 0xff, value >> 8 & 0xff, -3, table[1],
		       (unsigned long)single, numbers[2], i);
	}
	fflush(stdout);
	sleep(1); /* for what is read when the handler runs */
	return 0;
}
END
for flags in "" "-no-pie"; do
	gcc -O2 $flags -o "$work/o" "$work/o.c" 2> "$work/err" || fail "gcc $flags"
	stap_succeeds -o "$work/seen" -e 'probe process("'"$work/o"'").mark("all") {
		printf("%d %d %d %d %d %d %d %u %d %d\n", $arg1, $arg2, $arg3, $arg4, $arg5, $arg6,
		       $arg7, $arg8, $arg9, $arg10) }' -c "$work/o"
	grep -q "memory is read after the event" "$work/err" || fail "no word of the late read"
	cmp -s "$work/out" "$work/seen" ||
		{ diff "$work/out" "$work/seen"; fail "the mark's arguments differ, $flags"; }
done
stap --strict -p2 -e 'probe process("'"$work/o"'").mark("all") { println($arg1) }'
[ $status -ne 0 ] || stap --strict -p3 -e 'probe process("'"$work/o"'").mark("all") { println($arg1) }'
expect_equal 'status with --strict' $status 1
exit 0
