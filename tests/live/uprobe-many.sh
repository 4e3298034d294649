#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A wildcard of many functions of a program: all calls are counted, with their arguments and results,
# each at its own function, though the kernel sees few events. A function that the wildcard names
# twice, and one that is probed by name too, are counted for each probe.
. tests/live/harness
command -v cc > /dev/null || skip 'no C compiler'
functions=150
{
	for ((i = 0; i < functions; i++)); do
		echo "__attribute__((noipa)) long many_$i(long n) { return n * 3 + $i; }"
	done
	echo 'int main(void) { long sum = 0;'
	for ((i = 0; i < functions; i++)); do
		echo "for (int j = 0; j <= $i; j++) sum += many_$i(j + 1000 * $i);"
	done
	echo 'return sum == 1; }'
} > "$work/many.c"
cc -g -O1 -o "$work/many$$" "$work/many.c" || fail 'cannot compile'
start_stap -e '
	global calls, sums, returns, narrow, named
	probe process(@1).function("many_*") { calls[ppfunc()]++; sums[ppfunc()] += $n }
	probe process(@1).function("many_*").return { returns[ppfunc()] += $return }
	probe process(@1).function("many_1*") { narrow++ }
	probe process(@1).function("many_149") { named += $n - 149000 }
	probe end {
		foreach (f in calls) println("calls ", f, " ", calls[f], " ", sums[f], " ", returns[f])
		println("narrow ", narrow, " named ", named) }' "$work/many$$"
events=$(sed -n 's/^[pr]:\(stap_'"$stap_pid"'_[^ ]*\).*/\1/p' /sys/kernel/tracing/uprobe_events | sort -u | wc -l)
"$work/many$$" || fail 'the program failed'
end_stap
expect_equal functions "$(grep -c '^calls ' "$work/out")" $functions
awk -v count=$functions '
	$1 == "calls" {
		i = substr($2, 6) + 0; sum = 1000 * i * (i + 1) + i * (i + 1) / 2
		if ($3 != i + 1 || $4 != sum || $5 != 3 * sum + i * (i + 1)) { print "wrong:", $0, sum; bad = 1 }
	}
	END { exit bad }' "$work/out" || fail 'calls, arguments or results differ'
narrow=0
for ((i = 0; i < functions; i++)); do
	case $i in 1*) narrow=$((narrow + i + 1)) ;; esac
done
expect_line "^narrow $narrow named $((149 * 150 / 2))\$"
expect_between 'events in the kernel' "$events" 2 8
