#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# process(…).insn hits at every instruction of a known loop, .insn.block at every branch it takes,
# in the order they are executed. Threads, children, signals, traps, stops and exit statuses of whom
# is stepped are as without; whoever is let go runs on, also when stap is killed.
. tests/live/harness
command -v gcc > /dev/null || skip "needs a C compiler"
[ "$(uname -m)" = x86_64 ] || skip "its loops are written for x86-64"

# ---- exact counts ----

cat > "$work/loop.S" << 'S'
	.globl _start
_start:	mov $100, %rcx
again:	nop
	call next
	dec %rcx
	jnz again
	mov $60, %eax
	mov $7, %edi
last:	syscall
next:	ret
S
gcc -nostdlib -static -o "$work/loop" "$work/loop.S" || fail "cannot assemble"
stap -e 'global hits, by, order, wrong
	probe process(@1).insn {
		hits++
		by[usymname(addr())]++
		if (!user_mode() || addr() != uaddr() || gettimeofday_ns() < order) wrong++
		order = gettimeofday_ns()
	}
	probe end {
		println("hits ", hits)
		println("wrong ", wrong)
		foreach (name in by) println("by ", name, " ", by[name])
	}' -c "$work/loop" "$work/loop"
expect_equal "the exit status of a command that exits with 7" $status 1
grep -q 'exited with status 7' "$work/err" || fail "the status of the command is not told"
expect_equal "instructions" "$(number_of '$1 == "hits"' 2)" 504
expect_equal "contradictions" "$(number_of '$1 == "wrong"' 2)" 0
expect_equal "instructions of next" "$(number_of '$1 == "by" && $2 == "next"' 3)" 100
expect_equal "instructions of again" "$(number_of '$1 == "by" && $2 == "again"' 3)" 402
expect_equal "the last instruction" "$(number_of '$1 == "by" && $2 == "last"' 3)" 1

stap -e 'global hits, by
	probe process.insn.block { if (execname() == @1) { hits++; by[usymname(addr())]++ } }
	probe end { println("hits ", hits) foreach (n in by) println("by ", n, " ", by[n]) }' \
	-c "exec $work/loop" loop
expect_between "blocks" "$(number_of '$1 == "hits"' 2)" 299 300
expect_equal "calls of next" "$(number_of '$1 == "by" && $2 == "next"' 3)" 100
expect_equal "returns and jumps to again" "$(number_of '$1 == "by" && $2 == "again"' 3)" 199

# ---- what is stepped behaves as ever ----

cat > "$work/life.c" << 'C'
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t users, traps, children;
static int sums[3];

static void on_signal(int number)
{
	users += number == SIGUSR1;
	traps += number == SIGTRAP;
	children += number == SIGCHLD;
}
static void *work(void *sum)
{
	for (int i = 0; i < 50; i++)
		*(int *)sum += i;
	raise(SIGUSR1);
	return NULL;
}
int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	pthread_t threads[3];
	int status, killed;
	pid_t child;

	if (argc > 1)
		return 5; /* executed again */
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGTRAP, &action, NULL);
	sigaction(SIGCHLD, &action, NULL);
	raise(SIGTRAP);
	__asm__ volatile("int3");
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, work, &sums[i]);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	child = fork();
	if (child == 0)
		execl(argv[0], argv[0], "again", NULL);
	waitpid(child, &status, 0);
	child = vfork();
	if (child == 0)
		_exit(3);
	waitpid(child, &killed, 0);
	printf("own %d %d %d %d %d %d\n", users, traps, children, sums[0] + sums[1] + sums[2],
	       WEXITSTATUS(status), WEXITSTATUS(killed));
	fflush(stdout);
	if (fork() == 0)
		kill(getpid(), SIGKILL);
	wait(&status);
	printf("child ended by %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	fflush(stdout);
	raise(SIGTERM);
	return 1;
}
C
gcc -O1 -static -pthread -o "$work/life" "$work/life.c" 2> /dev/null || skip "needs static libraries of C"
{ "$work/life" > "$work/plain"; } 2> /dev/null
expect_equal "the status of the program alone" $? 143
stap -e 'global threads, processes, hits
	probe process(@1).insn { threads[tid()] = 1; processes[pid()] = 1; hits++ }
	probe end {
		foreach (t in threads) t_count++
		foreach (p in processes) p_count++
		println("threads ", t_count)
		println("processes ", p_count)
		println("hits ", hits)
	}' -c "exec $work/life" "$work/life"
grep -q 'ended by signal 15' "$work/err" || fail "the signal that ended the command is not told"
grep -E '^(own|child)' "$work/out" | cmp -s - "$work/plain" || { cat "$work/plain"; fail "the program behaves differently"; }
expect_equal "threads" "$(number_of '$1 == "threads"' 2)" 7
expect_equal "processes" "$(number_of '$1 == "processes"' 2)" 4
[ "$(number_of '$1 == "hits"' 2)" -gt 5000 ] || fail "hardly any instructions"

# ---- let go ----

cat > "$work/wait.c" << 'C'
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static volatile sig_atomic_t done;
static volatile unsigned long count;
static void on_signal(int number) { done = number; }
__attribute__((noinline)) static void turn(void) { count++; }
int main(void)
{
	signal(SIGUSR1, on_signal);
	if (write(1, "ready\n", 6) != 6)
		return 1;
	while (!done) {
		turn();
		if (count % 1000 == 0)
			usleep(1000);
	}
	return 6;
}
C
gcc -O1 -fno-omit-frame-pointer -static -o "$work/wait" "$work/wait.c" || fail "cannot compile"
start_waiting() { # its id in $waiting, once it runs
	rm -f "$work/ready"
	"$work/wait" > "$work/ready" &
	waiting=$!
	until [ -s "$work/ready" ]; do sleep 0.05; done
}
end_waiting() { # WHAT HAPPENED: it runs on, untraced, and ends as it would
	until grep -q '^TracerPid:.0$' "/proc/$waiting/status"; do sleep 0.05; done
	grep -qE '^State:.[RS]' "/proc/$waiting/status" || fail "$1: $(grep State "/proc/$waiting/status")"
	kill -USR1 $waiting
	wait $waiting
	expect_equal "$1: the exit status" $? 6
}
for turn in $(seq $((STAP_TEST_SCALE > 1 ? 2 : 5))); do
	start_waiting
	stap_succeeds -e 'global hits, turns
		probe process($1).insn {
			if (usymname(addr()) == "turn") turns++
			if (++hits == 3000) { println("turns ", turns); exit() }
		}' "$waiting"
	[ "$(number_of '$1 == "turns"' 2)" -gt 100 ] || fail "hardly any instructions of turn()"
	end_waiting "let go"
done

start_waiting
stap_succeeds -e 'global stacks
	probe process($1).insn {
		if (usymname(addr()) == "turn") { stacks[sprint_ubacktrace()]++; if (hits++ > 100) exit() }
	}
	global hits
	probe end { foreach (s in stacks- limit 1) print(s) }' "$waiting"
expect_line '^turn\+0x[0-9a-f]+ \[wait\]$'
expect_line '^main\+0x[0-9a-f]+ \[wait\]$'
kill -STOP $waiting
"$STAP" -e 'probe process($1).insn { println("hit") }' -T 2 "$waiting" > "$work/out" 2> "$work/err" ||
	fail "stepping a stopped process failed"
expect_equal "instructions of a stopped process" "$(grep -c hit "$work/out")" 0
grep -qE '^State:.T' "/proc/$waiting/status" || fail "a stopped process was started"
kill -CONT $waiting
end_waiting "stopped and continued"

start_waiting
"$STAP" -e "global n probe process($waiting).insn { if (!n++) println(\"armed\") }" > "$work/out" 2> "$work/err" &
stap_pid=$!
until grep -qs armed "$work/out"; do
	kill -0 $stap_pid 2> /dev/null || fail "stap ended early"
	sleep 0.05
done
kill -KILL $stap_pid
wait $stap_pid 2> /dev/null
end_waiting "stap killed"

# ---- refusals ----

stap -e 'probe process("/bin/true").insn { }'
expect_equal "the exit status without a target" $status 1
grep -q 'name one with -c, -x or process(PID)' "$work/err" || fail "the message does not say what to do"
stap -e 'probe process.insn { println(1) } probe process.insn.block { println(2) }' -c true
expect_equal "the exit status of two ways to step" $status 1
stap -e 'probe process($1).insn { println(1) }' 4194303
expect_equal "the exit status without a process" $status 1
grep -q 'No such process' "$work/err" || fail "the missing process is not told of"
