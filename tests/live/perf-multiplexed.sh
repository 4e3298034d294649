#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Counters that did not run all the time are scaled, and that is said. Without hardware counters
# nothing rotates; but where stap sees one CPU only, a thread's counter stands still on the other,
# and the kernel tells its two times as it does of one that had to share. What counts is the time
# stamp counter, of which a thread that works as much on either CPU must show as much as one fully
# counted.
# not in guests: they have one CPU
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"
msr=/sys/bus/event_source/devices/msr
[ "$(cat $msr/events/tsc 2> /dev/null)" = event=0x00 ] || skip "this kernel's perf has no time stamp counter"
[ "$(getconf _NPROCESSORS_ONLN)" -gt 1 ] || skip "this machine has one CPU"
taskset -c 0,1 true 2> /dev/null || skip "CPUs 0 and 1 may not be used"

cat > "$work/work.c" <<'END'
#define _GNU_SOURCE
#include <sched.h>
#include <time.h>
__attribute__((noinline)) void mark(long round, long cpu_ns)
{
	__asm__ volatile("" : : "r"(round), "r"(cpu_ns) : "memory");
}
static long cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}
static void work_on(int cpu)
{
	long until = cpu_ns() + 20000000;
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	while (cpu_ns() < until)
		;
}
int main(void)
{
	cpu_set_t set;
	work_on(0);
	for (int round = 0; round < 10; round++) {
		work_on(1);
		work_on(0);
		mark(round, cpu_ns());
	}
	return 0;
}
END
gcc -g -O1 -o "$work/work" "$work/work.c" || fail "the program does not compile"
cat > "$work/script" <<'END'
probe perf.type($1).config(0).counter("tsc") { }
probe process(@2).function("mark") {
	if (pid() == target() && $round == 9)
		printf("per ms %d\n", @perf("tsc") / ($cpu_ns / 1000000))
}
END
counted() { # STAP…: ticks in a ms of CPU time, in $ticks
	"$@" "$work/script" -c "exec $work/work" "$(cat $msr/type)" "$work/work" > "$work/out" 2> "$work/err"
	status=$?
	[ $status -eq 0 ] || ! grep -q 'counter read at a trace event' "$work/err" ||
		skip "before Linux 6.13 counters are those of CPUs"
	expect_equal "the exit status" $status 0
	ticks=$(number_of '$1 == "per"' 3)
	[ "$ticks" -gt 0 ] || fail "nothing was counted"
}
counted "$STAP"
all=$ticks
! grep -q 'shared the hardware' "$work/err" || fail "a counter that ran all the time is scaled"
echo 0 > "$work/online"
counted unshare --mount sh -c 'mount --bind "$0/online" /sys/devices/system/cpu/online && exec "$@"' \
	"$work" "$STAP"
grep -qE '^WARNING: counters shared the hardware with others: [0-9]+ of [0-9]+ readings are scaled up from the time they ran$' \
	"$work/err" || fail "that it is scaled is not said"
echo "fully counted: $all ticks in a ms of CPU time" >> "$work/out"
expect_between "ticks in a ms of CPU time, scaled" "$ticks" $((all * 9 / 10)) $((all * 11 / 10))
