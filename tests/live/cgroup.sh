#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --cgroup: trace events, user code, samples and counters of the tasks in one control group, and of
# groups in it, exactly; what the same program does meanwhile elsewhere is not seen. The group is
# named by its directory, its path or a process in it; what is no group is refused with a reason.
. tests/live/harness

make_group
mkdir "$group/deeper"

copy=$(program dd copy)
run_in() { # GROUP COUNT: so many writes in this group, as many again outside meanwhile
	(echo $BASHPID > "$1/cgroup.procs" && exec "$copy" if=/dev/zero of=/dev/null bs=7 count="$2" status=none) &
	local in=$!
	"$copy" if=/dev/zero of=/dev/null bs=5 count=$(($2 + 100)) status=none
	wait $in
}
count=$(scaled 20000)
writes='global n, bytes
	probe kernel.trace("syscalls:sys_enter_write") { if (execname() == "'${copy##*/}'") { n++; bytes += $count } }
	probe end { println("writes ", n, " ", bytes) }'
sleep 1000 &
inside=$!
echo $inside > "$group/cgroup.procs"
for name in "$group" "stap_test_$$" $inside; do
	start_stap --cgroup "$name" -e "$writes"
	run_in "$group" "$count"
	run_in "$group/deeper" 10
	end_stap
	expect_equal "--cgroup $name: exit status" $status 0
	expect_equal "--cgroup $name: writes" "$(number_of '$1 == "writes"' 2)" $((count + 10))
	expect_equal "--cgroup $name: bytes" "$(number_of '$1 == "writes"' 3)" $((7 * (count + 10)))
done

# samples: the loop inside, and never the one outside
spin=$(program bash spin)
"$spin" -c 'while :; do :; done' outside &
(echo $BASHPID > "$group/cgroup.procs" && exec "$spin" -c 'while :; do :; done' inside) &
in=$!
until grep -q inside /proc/$in/cmdline; do sleep 0.05; done
stap_succeeds --cgroup "$group" -T 100 -e "global hits
	probe timer.profile { if (++hits[pid()] > 40) exit() }
	probe end { foreach (p in hits) println(\"pid \", p, \" \", hits[p]) }"
kill %?outside $in
expect_equal "processes sampled" "$(awk '$1 == "pid" && $2 != '$inside "$work/out" | wc -l)" 1
[ "$(number_of "\$2 == $in" 3)" -gt 40 ] || fail "hardly any samples"

# user code, with a counter read at each hit
if [ -e /sys/kernel/tracing/uprobe_events ] && command -v gcc > /dev/null; then
	cat > "$work/touch.c" <<'END'
#include <stdlib.h>
#include <sys/mman.h>
__attribute__((noinline)) void mark(long round) { __asm__ volatile("" : : "r"(round) : "memory"); }
int main(int argc, char **argv)
{
	for (int i = 0; i < 50; i++) {
		char *memory = mmap(0, 12 * 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		for (int page = 0; page < 12; page++)
			memory[page * 4096] = 1;
		munmap(memory, 12 * 4096);
		mark(i);
	}
	return argc - argc + 0 * atoi(argv[0]);
}
END
	gcc -g -O1 -o "$work/touch" "$work/touch.c" || fail "the program does not compile"
	start_stap --cgroup "$group" -e 'probe perf.sw.page_faults.counter("faults") { }
		global last, rounds, exact
		probe process("'"$work/touch"'").function("mark") {
			f = @perf("faults")
			if ($round > 4) { rounds++; if (f - last == 12) exact++ }
			last = f
		}
		probe end { println("rounds ", rounds, " ", exact) }'
	(echo $BASHPID > "$group/cgroup.procs" && exec "$work/touch")
	"$work/touch"
	end_stap
	expect_equal "rounds" "$(number_of '$1 == "rounds"' 2)" 45
	expect_equal "rounds of 12 pages" "$(number_of '$1 == "rounds"' 3)" 45
fi

stap --cgroup /proc -e 'probe begin { exit() }'
expect_equal "the exit status for a directory that is no group" $status 1
grep -q 'perf cannot follow /proc' "$work/err" || fail "that /proc is no group is not said"
stap --cgroup "$group" -e 'probe process("/bin/true").begin { println(1) }'
expect_equal "the exit status for what cannot be confined" $status 1
grep -q 'cannot be confined to a control group' "$work/err" || fail "what cannot be confined is not said"
stap --cgroup "$group" --backend=tracefs -e 'probe begin { exit() }'
expect_equal "the exit status with --backend=tracefs" $status 1
