#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# @perf at a probe is what the thread had counted when it fired: page faults between two probes are
# exactly the pages touched between them, on whatever CPU, for two processes at once, and for the
# target alone; perf stat and the program's own CPU clock agree. What cannot be had is explained.
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"

cat > "$work/touch.c" <<'END'
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
__attribute__((noinline)) void mark(long round, long cpu_ns)
{
	__asm__ volatile("" : : "r"(round), "r"(cpu_ns) : "memory");
}
int main(int argc, char **argv)
{
	int rounds = atoi(argv[1]), pages = atoi(argv[2]);
	struct timespec now;
	for (int i = 0; i < rounds; i++) {
		char *memory = mmap(0, pages * 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		cpu_set_t set;
		for (int page = 0; page < pages; page++)
			memory[page * 4096] = 1;
		munmap(memory, pages * 4096);
		for (volatile long spin = 0; spin < 300000; spin++)
			;
		CPU_ZERO(&set);
		CPU_SET(i / 2 % 2, &set);
		sched_setaffinity(0, sizeof(set), &set);
		if (i % 3 == 2)
			usleep(1000);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
		mark(i, now.tv_sec * 1000000000 + now.tv_nsec);
	}
	return 0;
}
END
gcc -g -O1 -o "$work/touch" "$work/touch.c" || fail "the program does not compile"

# the program runs 12 rounds; from the fourth on nothing is touched for the first time but the pages
counters='probe perf.type(1).config(2).counter("faults") { }
	probe perf.sw.task_clock.counter("clock") { }
	global faults, clock, spent'
handler='{ f = @perf("faults"); c = @perf("clock")
	if ($round >= 4) printf("%d %d %d %d\n", pid(), f - faults[pid()],
				c - clock[pid()], $cpu_ns - spent[pid()])
	faults[pid()] = f; clock[pid()] = c; spent[pid()] = $cpu_ns
	if ($round == 11) println("last ", f) }'
check() { # LINES PAGES…: every line has one of PAGES, as often
	local expected=$1 lines
	shift
	lines=$(grep -c '^[0-9]' "$work/out")
	expect_equal "the number of lines" "$lines" "$expected"
	for pages; do
		expect_equal "rounds of $pages pages" "$(grep -cE "^[0-9]+ $pages " "$work/out")" \
			$((expected / $#))
	done
}
check_clock() { # the counter and the program's own clock agree within a tenth
	awk '/^[0-9]/ { counted += $3; spent += $4 }
		END { exit !(counted > 0.9 * spent && counted < 1.1 * spent + 2000000) }' "$work/out" ||
		fail "task_clock and the program's own clock differ"
}
stap_succeeds -e "$counters probe process(\"$work/touch\").function(\"mark\") $handler" \
	-c "$work/touch 12 100 & $work/touch 12 37; wait"
check 16 100 37
stap_succeeds -e "$counters probe process.function(\"mark\") $handler" -c "$work/touch 12 100"
check 8 100
# with all of a CPU counted, a kernel that hides when the idle task gives way would spoil this
check_clock

if command -v perf > /dev/null; then
	stap_succeeds -e "$counters probe process(\"$work/touch\").function(\"mark\") $handler" \
		-c "perf stat -x, -e page-faults -o $work/stat $work/touch 12 100"
	counted=$(awk -F, '/page-faults/ { print $1 }' "$work/stat")
	last=$(awk '$1 == "last" { print $2 }' "$work/out")
	# perf counts from the program's start, we from its fork; it ends a little after the last
	# mark
	expect_between "the count at the end" "$last" $((counted - 20)) $((counted + 150))
fi

stap -p2 -e 'probe perf.type(1).config(2).counter("faults") { }
	probe process("'"$work/touch"'").function("mark") { println(@perf("fautls")) }'
expect_equal "the exit status for an unknown counter" $status 1
grep -q "no probe declares a counter 'fautls'" "$work/err" || fail "the counter is not named"
grep -q "did you mean 'faults'" "$work/err" || fail "no suggestion"
stap -p2 -e 'probe perf.hw.cpu_cycles.counter("c") { } probe begin { println(@perf("c")) }'
expect_equal "the exit status for @perf in begin" $status 1
stap -p2 -e 'probe perf.sw.page_faults.process.counter("c") { } probe begin { }'
grep -q "give one with -c or -x" "$work/err" || fail "process without a target is not explained"
