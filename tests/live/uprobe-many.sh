#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A wildcard of many functions of a program: all calls are counted, with their arguments and
# results, each at its own function, though the kernel sees few events. A function that the wildcard
# names twice, and one that is probed by name too, are counted for each probe. The same through
# perf: of one process, with stacks, and where nothing but the count is asked for.
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

events_of() { # PID: how many events of that stap the kernel has
	sed -n 's/^[pr]:\(stap_'"$1"'_[^ ]*\).*/\1/p' /sys/kernel/tracing/uprobe_events | sort -u | wc -l
}
# the calls of all functions, their arguments together
calls=$((functions * (functions + 1) / 2)) sum=0
for ((i = 0; i < functions; i++)); do
	sum=$((sum + 1000 * i * (i + 1) + i * (i + 1) / 2))
done

stap_succeeds -v -s 8 -e '
	global n, sum, kinds
	probe process.function("many_*") { n++; sum += $n; kinds[ppfunc()]++ }
	probe end { foreach (f in kinds) functions++; println("bound ", n, " ", sum, " ", functions) }' \
	-c "$work/many$$"
expect_line "^bound $calls $sum $functions\$"
grep -q 'trace events through perf: cpu 0' "$work/err" || fail 'the target is not bound through perf'

# 11 to 20 calls of ten functions: a stack takes many bytes
stap_succeeds -s 8 -e '
	global n, stacks
	probe process(@1).function("many_1?") { n++; stacks[ucallers(0)]++ }
	probe end { foreach (s in stacks) places++; println("stacks ", n, " ", places) }' "$work/many$$" \
	-c "$work/many$$"
expect_line "^stacks 155 10\$"

stap_succeeds -v -e '
	global calls, returns
	probe process(@1).function("many_*") { calls++ }
	probe process(@1).function("many_*").return { returns++ }
	probe end { println("counted ", calls, " ", returns) }' "$work/many$$" -c "$work/many$$"
expect_line "^counted $calls $calls\$"
grep -q '^counts: 2 events' "$work/err" || fail 'not counted by two events'

start_stap -s 8 --backend=perf -e 'global n probe process(@1).function("many_*") { n += $n }
	probe end { println("sum ", n) }' "$work/many$$"
expect_between 'events through perf' "$(events_of $stap_pid)" 1 2
"$work/many$$" || fail 'the program failed'
end_stap
expect_line "^sum $sum\$"
