#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Lines of a program's source, by number and by distance from a function's first, and the values of
# variables there.
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"

cat > "$work/lines.c" <<'END'
#include <stdio.h>

static volatile int seven = 7;

__attribute__((noinline)) int sum_to(int last)
{
	int sum = 0;

	for (int i = 1; i <= last; i++) {
		sum += i;
		seven += 0;
	}
	return sum;
}

int main(void)
{
	printf("%d\n", sum_to(10));
	return 0;
}
END
for flags in "-O0" "-O1" "-O0 -no-pie"; do
	gcc -g $flags -o "$work/lines" "$work/lines.c" 2> "$work/err" || fail "gcc $flags"
	stap_succeeds -e 'global hits, last
		probe process("'"$work"'/lines").statement("sum_to@lines.c:11") { hits++; last = $last }
		probe process("'"$work"'/lines").statement("sum_to@lines.c+6") { again++ } global again
		probe end { println("line ", hits, " ", last, " ", again) }' -c "$work/lines"
	expect_line '^55$'
	expect_equal "hits of the line, $flags" "$(number_of '$1 == "line"' 2)" 10
	expect_equal "the parameter there, $flags" "$(number_of '$1 == "line"' 3)" 10
	expect_equal "hits by distance, $flags" "$(number_of '$1 == "line"' 4)" 10
done
stap -e 'probe process("'"$work"'/lines").statement("sum_to@lines.c:999") { println(1) }'
expect_equal 'status for a line that is not there' $status 1
grep -q "lines.c:999" "$work/err" || fail "the message does not name the line"
