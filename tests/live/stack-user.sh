#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The user stack of a program that computes is the one its own backtrace(3) prints: with and without
# frame pointers, optimised or not, stripped to dynamic symbols, as C++, through recursion, a shared
# library, a callback from libc, a signal handler. Code made at run time has the names of
# /tmp/perf-PID.map.
. tests/live/harness
command -v gcc > /dev/null || skip "needs a C compiler"

cat > "$work/plugin.c" << 'C'
int call_twice(int (*function)(int), int depth) { return function(depth) + depth; }
C
cat > "$work/deep.c" << 'C'
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int call_twice(int (*function)(int), int depth);
static volatile unsigned long sink;
static char **arguments;

__attribute__((noinline)) void spin(void)
{
	void *frames[256];
	int count = backtrace(frames, 256);
	time_t end;

	for (int i = 1; i < count; i++)
		printf("%s%p", i > 1 ? " " : "", frames[i]);
	printf("\n");
	fflush(stdout);
	end = time(NULL) + atoi(arguments[1]);
	while (time(NULL) < end)
		for (int i = 0; i < 3000000; i++)
			sink += i;
}
static void handler(int number)
{
	(void)number;
	spin();
}
__attribute__((noinline)) int descend(int depth)
{
	char room[64];

	if (depth > 0)
		return depth % 3 ? call_twice(descend, depth - 1) + 1 : descend(depth - 1) + 2;
	snprintf(room, sizeof(room), "%d", depth);
	if (arguments[2])
		raise(SIGUSR1);
	else
		spin();
	return room[0];
}
static int compare(const void *a, const void *b)
{
	static int done;

	if (!done++)
		descend(17);
	return *(const int *)a - *(const int *)b;
}
int main(int argc, char **argv)
{
	int numbers[3] = { 3, 1, 2 };

	arguments = argv;
	signal(SIGUSR1, handler);
	qsort(numbers, 3, sizeof(int), compare);
	return argc == 0;
}
C

compiler=gcc spin=spin descend=descend
check_stack() { # NAME ARGUMENT COMPILER-OPTION…
	local name=$1 argument=$2
	shift 2
	$compiler "$@" -shared -fPIC -o "$work/libplugin.so" "$work/plugin.c" &&
		$compiler "$@" -o "$work/deep" "$work/deep.c" -L"$work" -lplugin -Wl,-rpath,"$work" ||
		fail "cannot compile with $*"
	stap_succeeds --demangle -e 'global stacks, names
		probe timer.profile.freq.hz(499) {
			if (pid() != target() || !user_mode() || usymname(addr()) != @1) next
			callers = ucallers(-1)
			stacks[substr(callers, strpos(callers, " ") + 1, 8000)]++
			names = sprint_ubacktrace()
		}
		probe end {
			foreach (s in stacks-) println("hits ", stacks[s], " ", s)
			print(names)
		}' -c "exec $work/deep 2 $argument > $work/own" "$spin"
	[ "$(number_of '$1 == "hits"' 2)" != 0 ] || fail "$name: no samples"
	awk '$1 == "hits" { sub(/^hits [0-9]+ /, ""); print; exit }' "$work/out" > "$work/first"
	cmp -s "$work/first" "$work/own" || { cat "$work/own" "$work/first"; fail "$name: stacks differ"; }
	expect_equal "$name: frames of descend" \
		"$(grep -cF "$descend+0x" "$work/out")" 18
	expect_line '^call_twice(\(.*\))?\+0x[0-9a-f]+ \[libplugin\.so\]$'
	expect_line '^main\+0x[0-9a-f]+ \[deep\]$'
}

check_stack "without frame pointers" "" -O2 -fomit-frame-pointer -fno-optimize-sibling-calls
check_stack "with frame pointers" "" -O2 -fno-omit-frame-pointer -fno-optimize-sibling-calls
check_stack "not optimised" "" -O0
check_stack "at a fixed address" "" -O2 -fomit-frame-pointer -fno-optimize-sibling-calls -no-pie
check_stack "in a signal handler" signal -O2 -fomit-frame-pointer -fno-optimize-sibling-calls
check_stack "stripped" "" -O2 -fomit-frame-pointer -fno-optimize-sibling-calls -rdynamic -s
if [ "$STAP_TEST_SCALE" = 1 ] && command -v g++ > /dev/null; then # emulated, it takes a minute
	compiler='g++ -x c++' spin='spin()' descend='descend(int)'
	check_stack "C++" "" -O2 -fomit-frame-pointer -fno-optimize-sibling-calls
fi

# ---- a stack larger than what is copied ----

cat > "$work/large.c" << 'C'
#include <unistd.h>

static volatile char sink;
__attribute__((noinline)) int descend(int depth)
{
	volatile char room[2000];

	room[depth] = (char)depth;
	for (int i = 0; i < 50 && !depth; i++)
		if (write(1, "", 0))
			return 1;
	if (depth)
		sink = (char)descend(depth - 1);
	return room[depth];
}
int main(void)
{
	return descend(25) != 25;
}
C
gcc -O2 -fomit-frame-pointer -o "$work/large" "$work/large.c" || fail "cannot compile large.c"
# the kernel copies a stack without waiting for its page: rarely that fails
frames_of_descend() { # STAP-OPTION…: of the deepest stack
	stap_succeeds "$@" -e 'global most
		probe kernel.trace("syscalls:sys_enter_write") {
			if (pid() != target()) next
			n = 0
			text = sprint_ubacktrace()
			for (line = tokenize(text, "\n"); line != ""; line = tokenize("", "\n"))
				n += isinstr(line, "descend+")
			if (n > most) most = n
		}
		probe end { println("most ", most) }' -c "exec $work/large"
	most=$(number_of '$1 == "most"' 2)
}
frames_of_descend -D MAXSTACKBYTES=65528
expect_equal "frames of descend" "$most" 26
! grep -q MAXSTACKBYTES "$work/err" || fail "a whole stack is said to be cut"
frames_of_descend
expect_between "frames of descend in 16 KiB" "$most" 5 10
grep -qE '^WARNING: MAXSTACKBYTES reached [0-9]+ times: 16384 bytes, -D MAXSTACKBYTES=N allows more$' "$work/err" ||
	fail "that stacks are cut is not said"

# ---- code that no file holds ----

[ "$(uname -m)" = x86_64 ] || exit 0
cat > "$work/jit.c" << 'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
	/* push rbp; mov rbp, rsp; again: dec rdi; jnz again; pop rbp; ret */
	static const unsigned char code[] = { 0x55, 0x48, 0x89, 0xe5, 0x48, 0xff, 0xcf,
					      0x75, 0xfb, 0x5d, 0xc3 };
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), path[64];
	FILE *map;

	memcpy(page, code, sizeof(code));
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	map = fopen(path, "w");
	fprintf(map, "%lx %zx made at run time\n", (unsigned long)page, sizeof(code));
	fclose(map);
	for (int i = 0; i < 40; i++)
		((void (*)(long))page)(50000000);
	unlink(path);
	return 0;
}
C
gcc -O2 -fno-omit-frame-pointer -o "$work/jit" "$work/jit.c" || fail "cannot compile jit.c"
stap_succeeds -e 'global names
	probe timer.profile.freq.hz(499) {
		if (pid() == target() && usymname(uaddr()) == "made at run time")
			names[sprint_ubacktrace()]++
	}
	probe end { foreach (s in names- limit 1) { println("hits ", names[s]); print(s) } }' -c "exec $work/jit"
[ "$(number_of '$1 == "hits"' 2)" -gt 50 ] || fail "no samples of code made at run time"
expect_line '^made at run time\+0x[0-9a-f]+ \[perf-[0-9]+\.map\]$'
expect_line '^main\+0x[0-9a-f]+ \[jit\]$'
