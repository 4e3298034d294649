#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every way to name a place in a program: files with directories, lines counted from the function,
# the nearest line, labels, inlined copies, exported functions, callees, addresses, libraries by the
# names and wildcards the loader knows.
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"

mkdir -p "$work/src/near" "$work/src/far" "$work/lib/deep"
cat > "$work/src/near/calls.c" <<'END'
#include <stdio.h>
int shared(int x);
static inline __attribute__((always_inline)) int inlined(int x)
{
	__asm__ volatile("nop");
	return x + 100;
}
__attribute__((noinline)) static int leaf(int x)
{
	__asm__ volatile("" ::: "memory");
	return x + 1;
}
__attribute__((noinline)) int middle(int x)
{
	int result = leaf(x) * 2;
	__asm__ volatile("" ::: "memory");
	return result;
}
__attribute__((noinline)) int outer(int x)
{
	int result = middle(x) + inlined(x);

	result += leaf(x + 1000);
	__asm__ volatile("" ::: "memory");
	return result;
}
__attribute__((noinline)) int other(int x)
{
	int result = middle(x + 10) + leaf(x + 20);
	if (x > 100)
		goto out;
	__asm__ volatile("" ::: "memory");
	result++;
out:
	__asm__ volatile("" ::: "memory");
	return result;
}
__attribute__((noinline)) int jumper(int x)
{
	return leaf(x + 5000);
}
int main(void)
{
	for (int i = 0; i < 2; i++)
		printf("%d %d %d %d\n", outer(i), other(i), jumper(i), shared(i));
	return 0;
}
END
cat > "$work/src/far/shared.c" <<'END'
int deeper(int x);
__attribute__((noinline)) int shared(int x)
{
	return deeper(x) + 1;
}
END
echo '__attribute__((noinline)) int deeper(int x) { return 2 * x; }' > "$work/src/far/deeper.c"
cd "$work" || fail "no $work"
{
	gcc -g -O2 -shared -fPIC -Wl,-soname,libdeeper.so.5 -o lib/deep/libdeeper.so.5.1 src/far/deeper.c &&
	ln -s libdeeper.so.5.1 lib/deep/libdeeper.so.5 &&
	gcc -g -O2 -shared -fPIC -o lib/libshared.so src/far/shared.c lib/deep/libdeeper.so.5 \
		-Wl,-rpath,'$ORIGIN/deep' &&
	gcc -g -O2 -o calls src/near/calls.c -Llib -lshared -Wl,-rpath,'$ORIGIN/lib' \
		-Wl,--allow-shlib-undefined
} 2> err || fail gcc

seen() { # POINT EXPRESSION: what probes there print, sorted, in a line
	stap_succeeds -o seen -e "probe process(\"$work/calls\").$1 { println($2) }" -c ./calls
	sort -n seen | tr '\n' ' '
}
expect_seen() { # POINT EXPRESSION EXPECTED
	expect_equal "$1" "$(seen "$1" "$2")" "$3 "
}
line() { grep -n "$1" src/near/calls.c | head -1 | cut -d: -f1; }

# by file, with any of its directories; by line, counted from the function or from the file
expect_seen 'function("leaf@calls.c")' '$x' '0 1 10 11 20 21 1000 1001 5000 5001'
expect_seen 'function("outer@near/calls.c")' '$x' '0 1'
expect_seen 'function("*ut*@near/*.c").call' '$x' '0 1'
expect_seen 'function("outer@*/near/calls.c")' '$x' '0 1'
expect_seen 'statement("middle@calls.c+4")' '"m"' 'm m m m'
expect_seen "statement(\"middle@calls.c:$(($(line 'int middle') + 4))\")" '"m"' 'm m m m'
expect_seen "statement(\"*@calls.c:$(($(line 'int middle') + 4))\")" '"m"' 'm m m m'
stap -p2 -e "probe process(\"$work/calls\").function(\"outer@far/calls.c\") {}"
expect_equal 'status, wrong directory' $status 1
# a range and all lines: at least the first and the last, each once a call
lines=$(stap -l "process(\"$work/calls\").statement(\"outer@calls.c:*\")"; sort -u out | wc -l)
[ "$lines" -ge 3 ] || fail "statement :* finds $lines lines"
stap -l "process(\"$work/calls\").statement(\"outer@calls.c:$(line 'int outer')-$(($(line 'int outer') + 3))\")"
few=$(sort -u out | wc -l)
[ "$few" -ge 1 ] && [ "$few" -lt "$lines" ] || fail "a range finds $few lines of $lines"
# a line without code, and the one that is nearest
empty=$(($(line 'result += leaf') - 1))
stap -p2 -e "probe process(\"$work/calls\").statement(\"outer@calls.c:$empty\") {}"
expect_equal 'status of a line without code' $status 1
grep -q "no code at line $empty; lines $((empty - 1)) and $((empty + 1)) have" err ||
	fail "no word of the lines around"
expect_seen "statement(\"outer@calls.c:$empty\").nearest" '"n"' 'n n'
# labels, copies, what is exported
expect_seen 'function("other").label("out")' '"label"' 'label label'
expect_seen 'function("inlined").inline' '$x' '0 1'
expect_seen 'function("*le*").exported' '$x' '0 1 10 11'
# an address of the file
address=0x$(nm calls | awk '$3 == "middle" { print $1 }')
expect_seen "function($address)" '$x' '0 1 10 11'
expect_seen "statement($address)" 'int_arg(1)' '0 1 10 11'

# callees: only when called from there
expect_seen 'function("outer").callee("leaf")' '$x' '1000 1001'
expect_seen 'function("outer").callee("leaf@near/calls.c")' '$x' '1000 1001'
expect_seen 'function("outer").callee("leaf").return' '$return' '1001 1002'
expect_seen 'function("outer").callees' '$x' '0 0 1 1 1000 1001'
expect_seen 'function("outer").callee("*").call' '$x' '0 1 1000 1001'
expect_seen 'function("other").callee("*")' '$x' '10 11 20 21'
stap -p2 -e "probe process(\"$work/calls\").function(\"jumper\").callee(\"leaf\") {}"
grep -q "only by jumping there" err || fail "no word of the tail call"
stap_succeeds -o seen -DSTAP_CALLEE_MATCHALL -e "probe process(\"$work/calls\").function(\"outer\").callee(\"leaf\") {
	println(\$x) }" -c ./calls
expect_equal 'calls by anyone' "$(wc -l < seen)" 10

# listed with the function that was asked about, in a probe the one that is hit
listed() { # POINT: what -l has, from function(…) on, without directories
	stap_succeeds -l "process(\"$work/calls\").$1"
	sed 's,.*\.function,function,; s,@[^"]*/,@,g' out | tr '\n' ' '
}
at_leaf="leaf@calls.c:$(line 'int leaf')" at_outer="outer@calls.c:$(line 'int outer')"
expect_equal 'the list of callees' "$(listed 'function("outer").callee("leaf")')" \
	"function(\"$at_outer\").callee(\"$at_leaf\") "
expect_equal 'the list of callees with calls' "$(listed 'function("outer").callees(1)' | grep -o 'callee("[a-z]*' |
	sort -u | tr '\n' ' ')" 'callee("inlined callee("leaf callee("middle '
expect_equal 'the list of labels' "$(listed 'function("other").label("o*")')" \
	"function(\"other@calls.c:$(line '^out:')\").label(\"out\") "
expect_seen 'function("outer").callee("m*")' 'ppfunc()' 'middle middle'
expect_seen 'function("outer").callee("m*")' 'probefunc()' 'middle middle'

# libraries the program will load, by the name it asks for, the file's name, wildcards
expect_seen 'library("libshared.so").function("shared")' '$x' '0 1'
expect_seen 'library("libdeeper.so.5").function("deeper")' '$x' '0 1'
expect_seen 'library("libdeeper*").function("deeper")' '$x' '0 1'
expect_seen 'library("*").function("deeper")' '$x' '0 1'
expect_seen 'library("lib*").function("d*r@far/deeper.c")' '$x' '0 1'
stap -l "process(\"$work/calls\").library(\"*\").function(\"puts\")"
expect_line 'libc\.so'
stap -p2 -e "probe process(\"$work/calls\").library(\"libnot_there*\").function(\"deeper\") {}"
expect_equal 'status, no such library' $status 1
exit 0
