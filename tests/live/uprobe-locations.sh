#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where compilers keep variables: in pieces in two registers, as constants, as statics of a
# function, on the stack behind six registers; all of a place by $$vars and its parts; registers by
# name; a parameter that is only known as what it was at the entry is not in $$vars. (Alone it is
# there: uprobe-entry-values.)
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"
[ "$(uname -m)" = x86_64 ] || skip 'the registers are those of x86-64'

cat > "$work/loc.c" <<'END'
#include <stdio.h>
struct two { long first, second; };
#define PROBED __attribute__((noipa))
static struct two kept = { 11, -12 };
PROBED long keep(long x) { return x; }
PROBED long dead(long gone)
{
	long sum = keep(gone + 1);
	__asm__ volatile("nop" : "+r"(sum)); /* LINE gone */
	return sum;
}
PROBED long pieces(long a, long b)
{
	struct two two = { a * 3, b * 5 };
	__asm__ volatile("nop" : "+r"(two.first), "+r"(two.second));
	__asm__ volatile("nop; nop" : "+r"(two.first), "+r"(two.second)); /* LINE two */
	return two.first ^ two.second;
}
PROBED long constants(long n)
{
	static long calls = 100;
	const int fixed = 77;
	int local = 5;
	__asm__ volatile("nop" : : "r"(n) : "memory"); /* LINE fixed */
	calls++;
	kept.second--;
	return n + fixed + local;
}
PROBED long many(long a1, long a2, long a3, long a4, long a5, long a6, long a7, short a8)
{
	__asm__ volatile("" ::: "memory");
	return a7 + a8;
}
int main(void)
{
	printf("%ld\n", dead(41) + pieces(7, 9) + constants(3) + constants(-4) +
	       many(1, 2, 3, 4, 5, 6, -70, -80));
	return 0;
}
END
cat > "$work/loc.stp" <<'END'
probe process(@1).function("dead").return { println("gone ", $gone, " ", $return) }
probe process(@1).statement(@2) { println("two ", $two->first, " ", $two->second, " ", $two$) }
probe process(@1).statement(@3) {
	println("fixed ", $fixed, " ", $local, " ", $calls, " ", $n)
	println("vars ", $$vars, "; ", $$locals, "; ", $$parms)
}
probe process(@1).function("many") { println("many ", $a7, " ", $a8, " ", $$vars) }
probe process(@1).function("many").return {
	println("many ", $$return, " ", $$return$, " ", $return, " ", $a7, " ", register("rax"))
}
END
cat > "$work/expected" <<'END'
gone 41 42
two 21 45 {.first=21, .second=45}
fixed 77 5 100 3
vars n=0x3 calls=0x64 fixed=0x4d local=0x5; calls=0x64 fixed=0x4d local=0x5; n=0x3
fixed 77 5 101 -4
vars n=0xfffffffffffffffc calls=0x65 fixed=0x4d local=0x5; calls=0x65 fixed=0x4d local=0x5; n=0xfffffffffffffffc
many -70 -80 a1=0x1 a2=0x2 a3=0x3 a4=0x4 a5=0x5 a6=0x6 a7=0xffffffffffffffba a8=0xffffffffffffffb0
many return=0xffffffffffffff6a return=-150 -150 -70 -150
END
line() { grep -n "LINE $1" "$work/loc.c" | cut -d: -f1; }
for flags in "-O0" "-O1" "-O2 -gdwarf-4" "-O2 -no-pie -fcf-protection" "-Os -static"; do
	gcc -g $flags -o "$work/loc" "$work/loc.c" 2> "$work/err" || fail "gcc $flags"
	stap_succeeds --strict -o "$work/seen" "$work/loc.stp" "$work/loc" "pieces@loc.c:$(line two)" \
		"constants@loc.c:$(line fixed)" -c "$work/loc"
	diff "$work/expected" "$work/seen" > "$work/difference" ||
		fail "gcc $flags: $(cat "$work/difference")"
done

gcc -g -O2 -o "$work/loc" "$work/loc.c" || fail gcc
stap_succeeds -e 'probe process(@1).statement(@2) { println("all ", $$vars) }' "$work/loc" \
	"dead@loc.c:$(line gone)" -c "$work/loc"
expect_line '^all gone=\? sum=0x2a$'

# a static of a file, of the program by any of its names
(cd "$work" && stap_succeeds -e 'probe process("./loc").function("many") {
	println("static ", @var("kept@loc.c")->first, " ", @var("kept@loc.c", "loc")->second, " ",
		@var("kept", "./loc")->second, " ", @var("kept", @1)->second) }' "$work/loc" -c ./loc)
expect_line '^static 11 -14 -14 -14$'

# registers where a function begins, by every name they have
stap_succeeds -e 'probe process(@1).function("many") {
	println("registers ", register("rdi"), " ", register("esi"), " ", u_register("dx"), " ",
		u_register("cl"), " ", long_arg(7), " ", int_arg(8), " ", uint_arg(8)) }' "$work/loc" \
	-c "$work/loc"
expect_line "^registers 1 2 3 4 -70 -80 $(((1 << 32) - 80))\$"
