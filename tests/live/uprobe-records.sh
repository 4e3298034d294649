#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Records by value, in registers and on the stack, enums, packed bit-fields, unions, anonymous
# members, function pointers, arrays, globals, constants: what probes see, against what the program
# prints of itself, for builds in several ways.
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"

cat > "$work/r.c" <<'END'
#include <stdio.h>
struct pair { long low; int high, flag:3; };
struct small { short a; char b; int c; };
struct large { long words[5]; };
enum colour { RED, GREEN = 5, BLUE = -7 };
struct anon { int one; union { int u1; char u2[4]; }; struct { short in1, in2; }; };
struct node { int value; struct node *next; };
struct __attribute__((packed)) bits { unsigned a:1, b:5; signed c:4; unsigned long d:37; long e:13; char f; };
typedef int (*callback)(int);
static const unsigned char limit = 200;
static long counter = 17;
long global_long = -12345678901;
short global_rows[2][3] = { { 3, 5, 7 }, { -1, -2, -3 } };
static struct anon statics = { 1, { 2 }, { 3, -4 } };
struct node last = { 30, 0 }, first = { 20, &last };
struct bits packed = { 1, 17, -3, 99999999999, -77, 'f' };
static __thread int of_thread = 4;
static int twice(int x) { return 2 * x; }

__attribute__((noinline)) struct pair records(struct pair pair, struct small small,
	struct large large, enum colour colour, callback call, const char *text,
	unsigned char byte, _Bool yes)
{
	int local = pair.high * 3;
	char buffer[16] = "buffered";
	__asm__ volatile("" : : "r"(local), "r"(buffer) : "memory");
	counter++;
	printf("pair %ld %d %d small %d %c %d large %ld %ld colour %d text %s byte %d yes %d\n",
	       pair.low, pair.high, pair.flag, small.a, small.b, small.c, large.words[0],
	       large.words[4], colour, text, byte, yes);
	printf("local %d buffer %s counter %ld\n", local, buffer, counter);
	printf("globals %ld %d %d %d %d %d %d bits %d %d %d %ld %d %c limit %d\n", global_long,
	       global_rows[1][2], statics.u1, statics.u2[0], statics.in2, first.value,
	       first.next->value, packed.a, packed.b, packed.c, (long)packed.d, (int)packed.e,
	       packed.f, limit);
	pair.low += call(pair.high) + of_thread++;
	return pair;
}

int main(void)
{
	struct large large = { { 1, 2, 3, 4, 5 } };

	for (int i = 0; i < 3; i++) {
		struct pair pair = { 5000000000 + i, -i, i - 2 };
		struct small small = { -i, 'a' + i, 100000 * i };

		pair = records(pair, small, large, i == 1 ? BLUE : GREEN, twice,
			       i ? "more" : "text", 250 + i, i & 1);
		printf("returned %ld %d %d of %d %ld %c\n", pair.low, pair.high, pair.flag, -i,
		       large.words[4], small.b);
		large.words[4]--;
		packed.d--;
		packed.e++;
		statics.in2--;
		first.value++;
	}
	return 0;
}
END
line=$(grep -n 'printf("local' "$work/r.c" | cut -d: -f1)
cat > "$work/r.stp" <<'END'
probe process(@1).function("records") {
	printf("pair %d %d %d small %d %c %d large %d %d colour %d text %s byte %d yes %d\n",
	       $pair->low, $pair->high, $pair->flag, $small->a, $small->b, $small->c,
	       $large->words[0], $large->words[4], $colour, user_string($text), $byte, $yes)
	if ($pair$ != sprintf("{.low=%d, .high=%d, .flag=%d}", $pair->low, $pair->high, $pair->flag))
		println("pair is printed as ", $pair$)
	if ($call$ != sprintf("<function>:%p", $call)) println("call is printed as ", $call$)
	if (usymname($call) != "twice") println("call is ", usymname($call))
}
probe process(@1).statement(@2) {
	printf("local %d buffer %s counter %d\n", $local, user_string(&$buffer[0]), $counter)
	if ($buffer$ != "\"buffered\"") println("buffer is printed as ", $buffer$)
}
probe process(@1).statement(@3) {
	printf("globals %d %d %d %d %d %d %d bits %d %d %d %d %d %c limit %d\n", $global_long,
	       $global_rows[1][2], @var("statics@r.c")->u1, @var("statics")->u2[0], $statics->in2,
	       $first->value, $first->next->value, $packed->a, $packed->b, $packed->c,
	       $packed->d, $packed->e, $packed->f, $limit)
	if (@defined($of_thread)) println("a thread-local was read")
	if (@defined($nothing) || !@defined($packed->d) || @choose_defined($nothing, 7) != 7)
		println("@defined is wrong")
}
probe process(@1).function("records").return {
	printf("returned %d %d %d of %d %d %c\n", $return->low, $return->high, $return->flag,
	       $pair->high, $large->words[4], @entry($small->b))
}
END
for flags in "-O0" "-O2" "-O2 -fcf-protection -no-pie" "-O1 -gdwarf-4" "-Os -static"; do
	gcc -g $flags -o "$work/r" "$work/r.c" 2> "$work/err" || fail "gcc $flags"
	stap_succeeds -o "$work/seen" "$work/r.stp" "$work/r" "records@r.c:$line" \
		"records@r.c:$((line + 1))" -c "$work/r"
	cmp -s "$work/out" "$work/seen" || {
		diff "$work/out" "$work/seen" | head -20
		fail "the probes saw something else, $flags"
	}
done

# what cannot be fetched is told
stap -p2 -e 'probe process("'"$work/r"'").function("records") { println($of_thread) }'
grep -q 'thread-local' "$work/err" || fail "nothing about a thread-local"

# all of a group, records as placeholders, or printed whole
gcc -g -O0 -o "$work/r" "$work/r.c" || fail gcc
stap_succeeds -o "$work/seen" -e 'probe process("'"$work/r"'").function("records") {
	println($$parms) println($$parms$) exit() }' -c "$work/r"
grep -qE '^pair=\{\.\.\.\} small=\{\.\.\.\} large=\{\.\.\.\} colour=0x5 call=0x[0-9a-f]+ text=0x[0-9a-f]+ byte=0xfa yes=0x0$' \
	"$work/seen" || fail "\$\$parms: $(cat "$work/seen")"
grep -qE "^pair=\{\.low=5000000000, \.high=0, \.flag=-2\} small=\{\.a=0, \.b='a', \.c=0\} large=\{\.words=\[\.\.\.\]\} colour=5 call=<function>:0x[0-9a-f]+ text=\"text\" byte='[^']*' yes=0$" \
	"$work/seen" || fail "\$\$parms\$: $(cat "$work/seen")"
exit 0
