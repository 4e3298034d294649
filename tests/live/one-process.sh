#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Probes of one process are put into that process: a bystander that runs the same function all the
# time is not stopped by it, which its own clock tells; children of -c are seen, and those of a
# process(PID) are not.
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"

cat > "$work/calls.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
__attribute__((noinline)) void probed(long n) { __asm__ volatile("" : : "r"(n) : "memory"); }
static long cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}
int main(int argc, char **argv)
{
	long calls = atol(argv[1]), start;
	char byte;
	if (argc > 2 && read(0, &byte, 1) < 1)
		return 1;
	start = cpu_ns();
	for (long i = 0; i < calls; i++)
		probed(i);
	printf("%s %ld ps a call\n", argc > 2 ? argv[2] : "self", (cpu_ns() - start) * 1000 / calls);
	fflush(stdout);
	if (argc > 2 && fork() == 0) {
		for (long i = 0; i < 7; i++)
			probed(i);
		return 0;
	}
	wait(NULL);
	return 0;
}
END
gcc -g -O1 -o "$work/calls" "$work/calls.c" || fail "the program does not compile"
mkfifo "$work/go"
count='{ n[pid() == target()]++; seen[$n >= 1000]++ }
	probe end { printf("target %d children %d big %d\n", n[1], n[0], seen[1]) } global n, seen'
calls=$(scaled 2000000)

# a child of sh -c, and a bystander meanwhile
"$work/calls" $calls bystander <> "$work/go" > "$work/bystander" &
start_stap -e "probe process.function(\"probed\") $count" \
	-c "$work/calls 50 & $work/calls 60; wait; echo > $work/go; sleep 1; true"
wait_stap
wait
expect_equal "the exit status" $status 0
expect_line '^target 0 children 110 big 0$'
spent=$(awk '{ print $2 }' "$work/bystander")
echo "a bystander's call took $spent ps" >> "$work/out"
[ "$spent" -lt 100000 ] || fail "a bystander pays for the probe"

# many children at once: the kernel must not take one's events along when another ends
children=$((STAP_TEST_SCALE > 1 ? 10 : 40))
for handler in '{ n++ }' '{ n++; by[pid()]++ }'; do
	stap_succeeds -e "global n, by probe process.function(\"probed\") $handler
		probe end { println(\"hits \", n) }" \
		-c "$work/calls 7; for i in \$(seq $children); do $work/calls 100 & done; wait; $work/calls 1"
	expect_equal "hits of many children" "$(number_of '$1 == "hits"' 2)" $((100 * children + 8))
done

# a process by number, not its child; and the target by condition
for point in 'process(%d).function("probed")' 'process("%s").function("probed")'; do
	"$work/calls" 40 target <> "$work/go" > /dev/null &
	pid=$!
	until [ /proc/$pid/exe -ef "$work/calls" ]; do sleep 0.01; done
	condition=
	[[ $point == *%d* ]] && text=$(printf "$point" $pid) || {
		text=$(printf "$point" "$work/calls") condition='if (pid() != target()) next'
	}
	start_stap -x $pid -e "probe $text { $condition; n++ } probe end { println(\"hits \", n) } global n"
	echo > "$work/go"
	wait_stap
	expect_line '^hits 40$'
done

[ "$STAP_TEST_SCALE" = 1 ] || exit 0 # emulated, listing takes longer than threads live
# threads that come and go all the time: those that cannot be opened any more are let go, and the
# others have their events, which new ones inherit
cat > "$work/churn.c" <<'END'
#include <pthread.h>
#include <unistd.h>
__attribute__((noinline)) void probed(void) { __asm__ volatile("" : : : "memory"); }
static void *come_and_go(void *data)
{
	usleep(5000);
	probed();
	return data;
}
int main(void)
{
	pthread_t thread;
	for (;;) {
		if (pthread_create(&thread, NULL, come_and_go, NULL) == 0)
			pthread_detach(thread);
		usleep(1000);
	}
}
END
gcc -g -O1 -pthread -o "$work/churn" "$work/churn.c" || fail "the program does not compile"
"$work/churn" &
pid=$!
until [ /proc/$pid/exe -ef "$work/churn" ]; do sleep 0.01; done
stap_succeeds -x $pid -e "probe process($pid).function(\"probed\") { if (++n > 20) exit() } global n"
kill $pid
