#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Handlers that only count become counters of the kernel, without a record, which -v says; scripts
# see no difference: exact numbers of the target's calls and its children's, never less at a later
# look; those of perf stat and of a handler whose events are recorded.
. tests/live/harness

count=$(scaled 20000)
copy=$(program dd copy)
cat > "$work/run" <<END
"$copy" if=/dev/zero of=/dev/null bs=1 count=$count status=none
"$copy" if=/dev/zero of=/dev/null bs=1 count=77 status=none &
wait
END
write='kernel.trace("syscalls:sys_enter_write")'
counted() { sed -n 's/^counts: \([0-9]*\) events counted without records$/\1/p' "$work/err"; }

stap_succeeds -v -e "global plain, sum, last, wrong
	probe $write { if (pid() == target()) plain++ }
	probe kernel.trace(\"syscalls:sys_enter_read\") { if (pid() == target()) sum <<< 1 }
	probe timer.ms(5) { if (plain < last) wrong++; last = plain }
	probe end { println(\"plain \", plain, \" \", @count(sum), \" \", @sum(sum), \" \", wrong) }" \
	-c "exec $copy if=/dev/zero of=/dev/null bs=1 count=$count status=none"
expect_equal "events without records" "$(counted)" 2
expect_equal "writes" "$(number_of '$1 == "plain"' 2)" "$count"
# the program's start reads a few headers of libraries
expect_between "reads" "$(number_of '$1 == "plain"' 3)" "$count" $((count + 50))
expect_equal "the sum of ones" "$(number_of '$1 == "plain"' 4)" "$(number_of '$1 == "plain"' 3)"
expect_equal "looks that saw less than an earlier one" "$(number_of '$1 == "plain"' 5)" 0

# everyone's calls: at least the command's, and not fewer than those recorded by name
stap_succeeds -v -e "global all, named
	probe $write { all++ }
	probe kernel.trace(\"syscalls:sys_exit_write\") { if (execname() == @1) named[1]++ }
	probe end { println(\"all \", all, \" \", named[1]) }" -c "sh $work/run" "${copy##*/}"
expect_equal "events without records" "$(counted)" 1
expect_equal "writes recorded by name" "$(number_of '$1 == "all"' 3)" $((count + 77))
[ "$(number_of '$1 == "all"' 2)" -ge $((count + 77)) ] || fail "writes of others are not counted"

# perf stat counts a tree of processes, as does a probe of the target's tree
if [ -e /sys/kernel/tracing/uprobe_events ] && perf stat -e syscalls:sys_enter_write true > /dev/null 2>&1 &&
	command -v gcc > /dev/null; then
	cat > "$work/call.c" <<'END'
#include <sys/wait.h>
#include <unistd.h>
__attribute__((noinline)) void step(int n)
{
	if (write(1, "", 0) < 0 || n < 0)
		_exit(1);
}
int main(void)
{
	for (int i = 0; i < 1000; i++)
		step(i);
	if (fork() == 0)
		for (int i = 0; i < 500; i++)
			step(i);
	while (wait(0) > 0)
		;
	return 0;
}
END
	gcc -g -O1 -o "$work/call" "$work/call.c" || fail "the program does not compile"
	stap_succeeds -v -e 'global steps probe process("'"$work/call"'").function("step") { steps++ }
		probe end { println("steps ", steps) }' \
		-c "exec perf stat -x, -o $work/stat -e syscalls:sys_enter_write $work/call > /dev/null"
	expect_equal "events without records" "$(counted)" 1
	expect_equal "steps" "$(number_of '$1 == "steps"' 2)" 1500
	expect_equal "writes that perf stat counts" "$(awk -F, '/sys_enter_write/ { print $1 }' "$work/stat")" 1500
fi
