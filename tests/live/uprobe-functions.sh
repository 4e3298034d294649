#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Functions of programs built in many ways are counted when entered and when they return, in the
# process that is asked for and in no other, by path, by process, and as the target.
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
grep -qs . /sys/kernel/tracing/uprobe_events || [ -e /sys/kernel/tracing/uprobe_events ] ||
	skip "this kernel has no uprobe_events"

cat > "$work/counted.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
__attribute__((noinline)) long twice(long n) { __asm__ volatile(""); return 2 * n; }
__attribute__((noinline)) long deep(long n)
{
	long below = n > 0 ? deep(n - 1) : 0;

	__asm__ volatile("");
	return below + twice(n);
}
int main(int argc, char **argv)
{
	long times = argc > 1 ? atol(argv[1]) : 100, sum = 0;

	for (long i = 0; i < times; i++)
		sum += deep(9);
	printf("%ld\n", sum);
	return 0;
}
END
count_calls() { # PROGRAM TIMES WHAT
	stap_succeeds -e '
		global calls
		probe process("'"$1"'").function("twice") { calls["twice"]++ }
		probe process("'"$1"'").function("twice").return { calls["twice returns"]++ }
		probe process("'"$1"'").function("deep").call { calls["deep"]++ }
		probe process("'"$1"'").function("deep").return { calls["deep returns"]++ }
		probe process("'"$1"'").function("mai[n]") { calls[execname()]++ }
		probe end { foreach (k in calls) println(k, " ", calls[k]) }' -c "$1 $2"
	expect_equal "calls of twice, $3" "$(number_of '$1 == "twice" && NF == 2' 2)" $((10 * $2))
	expect_equal "returns of twice, $3" "$(number_of '$1 == "twice" && NF == 3' 3)" $((10 * $2))
	expect_equal "calls of deep, $3" "$(number_of '$1 == "deep" && NF == 2' 2)" $((10 * $2))
	expect_equal "returns of deep, $3" "$(number_of '$1 == "deep" && NF == 3' 3)" $((10 * $2))
	expect_equal "calls of main, $3" "$(number_of '$1 == "'"${1##*/}"'"' 2)" 1
}

number=0
for flags in "-O0 -g" "-O2 -g" "-O2" "-O2 -no-pie" "-O2 -static" "-O2 -fcf-protection" \
	"-O2 -rdynamic -s"; do
	number=$((number + 1))
	gcc $flags -o "$work/counted$number" "$work/counted.c" 2> "$work/err" || fail "gcc $flags"
	count_calls "$work/counted$number" 50 "$flags"
done

# a path that could be taken for several words, an offset, a comment or a second definition
odd=$work/$'a b:0x40 (1) %return # "x" \n\'p'
mkdir "$work/odd"
cp "$work/counted1" "$odd"
(cd "$work" && stap_succeeds -e 'global n
	probe process(@1).function("twice") { n++ } probe end { println("twice ", n) }' "$odd" \
	-c './a*p 3')
expect_equal 'calls in the oddly named program' "$(number_of '$1 == "twice"' 2)" 30

# in $PATH, and as the target of -c
PATH=$work:$PATH stap_succeeds -e 'global n, t
	probe process("counted2").function("twice") { n++ }
	probe process.function("twice") { t++ } probe end { println("twice ", n, " ", t) }' \
	-c "$work/counted2 5"
expect_equal 'calls of twice in $PATH' "$(number_of '$1 == "twice"' 2)" 50
expect_equal 'calls of twice in the target' "$(number_of '$1 == "twice"' 3)" 50

# one process of two that run the same program
cat > "$work/waits.c" <<'END'
#include <stdio.h>
__attribute__((noinline)) void step(int c) { __asm__ volatile("" :: "r"(c)); }
int main(void)
{
	int c;

	while ((c = getchar()) != EOF)
		step(c);
	return 0;
}
END
gcc -O2 -o "$work/waits" "$work/waits.c" || fail gcc
mkfifo "$work/one" "$work/two"
"$work/waits" < "$work/one" & one=$!
"$work/waits" < "$work/two" & two=$!
exec 7> "$work/one" 8> "$work/two"
start_stap -e 'global n, p
	probe process('$one').function("step") { n++; p[pid()]++ }
	probe process("'"$work"'/waits").function("step") { all++ } global all
	probe end { println("step ", n, " ", all); foreach (x in p) println("pid ", x) }' \
	7>&- 8>&- # or the pipes would never end
printf 12345 >&7
printf 123 >&8
exec 7>&- 8>&-
wait $one $two
end_stap
expect_equal 'steps of one process' "$(number_of '$1 == "step"' 2)" 5
expect_equal 'steps of both' "$(number_of '$1 == "step"' 3)" 8
expect_equal 'the process' "$(number_of '$1 == "pid"' 2)" $one
