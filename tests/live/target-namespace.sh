#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --target-namespace: a pid namespace as a container has it, without and with a control group of its
# own. What runs in there, in namespaces made in there, and what enters the group later is seen
# exactly; the same program outside is not. Ids are those in there. Who is probed how is said by -v.
. tests/live/harness
unshare --pid --fork --mount-proc true 2> /dev/null || skip "this machine makes no pid namespaces"

copy=$(program dd copy) shell=$(program bash box)
cat > "$work/box" <<'END' # runs each line that comes, until there are no more
while read -r line; do eval "$line"; echo done; done
END
start_box() { # [GROUP]: $init is its first process, commands go to descriptor 3, "done" comes on 4
	rm -f "$work/commands" "$work/answers"
	mkfifo "$work/commands" "$work/answers"
	unshare --pid --fork --kill-child --mount-proc "$shell" "$work/box" \
		< "$work/commands" > "$work/answers" 2> "$work/box.err" &
	box=$!
	exec 3> "$work/commands" 4< "$work/answers"
	in_box true
	init=$(pgrep -P $box)
	[ -z "${1-}" ] || in_box "echo 0 > $1/cgroup.procs"
}
in_box() { # COMMAND: to its end
	local answer
	echo "$1" >&3
	read -r answer <&4 && [ "$answer" = done ] || fail "the box ran no command: $1"
}
end_box() {
	exec 3>&- 4<&-
	wait $box
}
writes() { # COUNT SIZE: a command
	echo "$copy if=/dev/zero of=/dev/null bs=$2 count=$1 status=none"
}
count=$(scaled 10000)
script='global n, bytes, ids
	probe kernel.trace("syscalls:sys_enter_write") {
		if (execname() != "'${copy##*/}'") next
		n++
		bytes += $count
	}
	probe timer.profile { ids[pid()]++ }
	probe end {
		println("writes ", n, " ", bytes)
		foreach (id in ids) println("sampled ", id)
	}'
spin_inside='i=0; while ((i < '$(scaled 400000)')); do ((i++)); done'

expect_writes() { # HOW COUNT: of 7 bytes
	expect_equal "$1: exit status" $status 0
	expect_equal "$1: writes" "$(number_of '$1 == "writes"' 2)" $2
	expect_equal "$1: bytes" "$(number_of '$1 == "writes"' 3)" $((7 * $2))
	expect_line "^sampled $init\$"
	for pid in $(awk '$1 == "sampled" { print $2 }' "$work/out"); do
		[ $pid != $$ ] && [ $pid != $spin ] || fail "$1: process $pid outside was sampled"
	done
}
bash -c 'while :; do :; done' &
spin=$!

# the tasks there are, and theirs
start_box
start_stap -v --target-namespace=$init -e "$script"
grep -q "^the container of process $init: the tasks it has now and their children, because ..*\$" "$work/err" || fail "what is probed is not said"
in_box "$(writes $count 7)"
in_box "unshare --pid --fork $(writes 10 7)"
in_box "$spin_inside"
$(writes $count 5)
end_stap
expect_writes "tasks" $((count + 10))

# user code of theirs, with a counter read at each hit
if [ -e /sys/kernel/tracing/uprobe_events ] && command -v gcc > /dev/null; then
	cat > "$work/touch.c" <<'END'
#include <sys/mman.h>
__attribute__((noinline)) void mark(long round) { __asm__ volatile("" : : "r"(round) : "memory"); }
int main(void)
{
	for (int i = 0; i < 50; i++) {
		char *memory = mmap(0, 12 * 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		for (int page = 0; page < 12; page++)
			memory[page * 4096] = 1;
		munmap(memory, 12 * 4096);
		mark(i);
	}
	return 0;
}
END
	gcc -g -O1 -o "$work/touch" "$work/touch.c" || fail "the program does not compile"
	user_code='probe perf.sw.page_faults.counter("faults") { }
		global last, rounds, exact, ids
		probe process("'"$work/touch"'").function("mark") {
			f = @perf("faults")
			if ($round > 4) { rounds++; if (f - last == 12) exact++ }
			last = f
			ids[pid()] = 1
		}
		probe end { println("rounds ", rounds, " ", exact); foreach (id in ids) println("id ", id) }'
	stap --target-namespace=$init -T 1 -e "$user_code"
	if [ $status -eq 0 ]; then
		start_stap --target-namespace=$init -e "$user_code"
		in_box "$work/touch"
		"$work/touch"
		end_stap
		expect_equal "rounds" "$(number_of '$1 == "rounds"' 2)" 45
		expect_equal "rounds of 12 pages" "$(number_of '$1 == "rounds"' 3)" 45
		expect_equal "processes" "$(grep -c '^id' "$work/out")" 1
	else # Linux before 6.13 does not let a group be inherited
		grep -q 'counter read at a trace event' "$work/err" || fail "why not is not said"
	fi
fi
stap_succeeds --target-namespace=$init -e 'probe oneshot { println("id ", task_ns_pid(pid2task($1))) }' $init
expect_line '^id 1$'
end_box

# what cannot be
stap --target-namespace=4194304 -e 'probe begin { exit() }'
expect_equal "the exit status without such a process" $status 1
grep -q 'cannot open /proc/4194304/ns/pid: No such file' "$work/err" || fail "that there is none is not said"
stap --target-namespace=$$ -e 'probe process("/bin/true").begin { println(1) }'
expect_equal "the exit status for what cannot be confined" $status 1
grep -q 'cannot be confined to a control group or a namespace' "$work/err" || fail "what cannot be confined is not said"
for option in --backend=tracefs "--cgroup $$"; do
	stap --target-namespace=$$ $option -e 'probe begin { exit() }'
	expect_equal "the exit status with $option" $status 1
done

# a control group of its own: also who enters later
make_group
start_box "$group"
start_stap -v --target-namespace=$init -e "$script"
grep -q "^the container of process $init: the control group .*/${group##*/}\$" "$work/err" ||
	fail "the control group is not said"
in_box "$(writes $count 7)"
in_box "$spin_inside"
(echo $BASHPID > "$group/cgroup.procs" && exec nsenter --target $init --pid $(writes 20 7))
$(writes $count 5)
end_stap
expect_writes "control group" $((count + 20))
end_box
