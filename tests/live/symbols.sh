#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Symbols and source lines of what is sampled: position-independent, fixed and stripped programs, a
# debug file found by build id, the vDSO, C++ names, 32-bit programs; a program replaced by another
# under the same path while it is traced, and gone when it is shown.
. tests/live/harness
command -v g++ > /dev/null || skip "needs a C++ compiler"

cat > "$work/busy.cc" << 'C'
#include <time.h>

static volatile unsigned long sink;
namespace deep {
template <typename T> __attribute__((noinline)) void spin(T n)
{
	for (T i = 0; i < n; i++)
		sink = sink + i; /* the busy line */
}
}
extern "C" __attribute__((noinline)) int caller(long n)
{
	deep::spin<long>(n);
	return sink ? 1 : 0; /* line after the call */
}
int main(void)
{
	int n = 0;

	for (time_t end = time(NULL) + 2; time(NULL) < end;)
		n += caller(3000000);
	return n == 0;
}
C
busy_line=$(grep -n 'the busy line' "$work/busy.cc" | cut -d: -f1)
call_line=$(grep -n 'deep::spin<long>(n)' "$work/busy.cc" | cut -d: -f1)
mangled=_ZN4deep4spinIlEEvT_

sample() { # OPTION… -- COMMAND: the symbols of the busiest stack of the command
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	stap_succeeds "${options[@]}" -e 'global stacks, lines, datas, modules
		probe timer.profile.freq.hz(199) {
			if (pid() != target() || !user_mode()) next
			s = ubacktrace()
			stacks[s]++
			lines[s] = sprintf("%s %s %s", usymfileline(addr()), usymfile(addr()), usymline(addr()))
			datas[s] = sprintf("%s|%s", usymname(addr()), usymdata(addr()))
			try { modules[s] = umodname(addr()) } catch { modules[s] = "none" }
		}
		probe end {
			foreach (s in stacks- limit 1) {
				println("hits ", stacks[s])
				println("line ", lines[s])
				println("data ", datas[s])
				println("module ", modules[s])
				print_ustack(s)
				print(sprint_usyms(s))
			}
		}' -c "exec $2"
	[ "$(number_of '$1 == "hits"' 2)" -gt 0 ] || fail "no samples of $2"
}

g++ -O1 -g -fno-optimize-sibling-calls -o "$work/busy" "$work/busy.cc" || fail "cannot compile"
sample -- "$work/busy"
expect_line "^line $work/busy.cc:$busy_line $work/busy.cc $busy_line\$"
expect_line "^data $mangled\\|$mangled\\+0x[0-9a-f]+/0x[0-9a-f]+ \\[$work/busy\\]\$"
expect_line "^module $work/busy\$"
expect_line "^ 0x[0-9a-f]+ : caller\\+0x[0-9a-f]+/0x[0-9a-f]+ \\[$work/busy\\]\$"
expect_line "^ 0x[0-9a-f]+ : main\\+0x"
expect_equal "lines of print_ustack() and sprint_usyms()" "$(grep -c ' : caller+' "$work/out")" 2

sample --demangle -- "$work/busy"
expect_line '^data void deep::spin<long>\(long\)\|void deep::spin<long>\(long\)\+0x'

g++ -O1 -g -no-pie -fno-optimize-sibling-calls -o "$work/fixed" "$work/busy.cc" || fail "cannot compile"
sample -- "$work/fixed"
expect_line "^line $work/busy.cc:$busy_line "
expect_line "^data $mangled\\|"

# the debug file is found by its build id; without it only exported names are left
g++ -O1 -g -Wl,--build-id=sha1 -fno-optimize-sibling-calls -o "$work/split" "$work/busy.cc" || fail "cannot compile"
strip -o "$work/stripped" "$work/split"
sample -- "$work/stripped"
expect_line "^data 0x[0-9a-f]+\\|0x[0-9a-f]+ \\[$work/stripped\\+0x"
expect_line '^line 0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+$'
id=$(readelf -n "$work/split" | sed -n 's/.*Build ID: //p')
debug=/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug
if mkdir -p "${debug%/*}" 2> /dev/null && objcopy --only-keep-debug "$work/split" "$debug" 2> /dev/null; then
	"$STAP" -e 'probe begin { exit() }' # nothing is kept from run to run
	sample -- "$work/stripped"
	rm -f "$debug"
	rmdir "${debug%/*}" 2> /dev/null
	expect_line "^data $mangled\\|"
	expect_line "^line $work/busy.cc:$busy_line "
fi

# print_ubacktrace_fileline() shows the line of each call
stap_succeeds -e 'global hits
	probe timer.profile.freq.hz(199) {
		if (pid() != target() || !user_mode() || usymline(addr()) != @1 || hits++) next
		print_ubacktrace_fileline()
	}' -c "exec $work/busy" "$busy_line"
expect_line "^ 0x[0-9a-f]+ : $mangled\\+0x[0-9a-f]+/0x[0-9a-f]+ at $work/busy.cc:$busy_line \\[$work/busy\\]\$"
expect_line "^ 0x[0-9a-f]+ : caller\\+0x[0-9a-f]+/0x[0-9a-f]+ at $work/busy.cc:$call_line \\[$work/busy\\]\$"

# ---- one path, two programs ----

cat > "$work/one.c" << 'C'
#include <time.h>

static volatile unsigned long sink;
__attribute__((noinline)) void NAME(long n)
{
	while (n--)
		sink += n;
}
#ifdef PADDING
__attribute__((noinline, used)) int padding(int n) { return sink += n * PADDING; }
#endif
int main(void)
{
	for (time_t end = time(NULL) + 2; time(NULL) < end;)
		NAME(1000000);
	return 0;
}
C
gcc -O1 -Wl,--build-id=sha1 -DNAME=first -o "$work/first" "$work/one.c" &&
	gcc -O1 -Wl,--build-id=sha1 -DNAME=second -DPADDING=3 -o "$work/second" "$work/one.c" ||
	fail "cannot compile"
cat > "$work/both" << S
cp $work/first $work/same
$work/same
rm $work/same
cp $work/second $work/same
$work/same
rm $work/same
S
stap_succeeds -e 'global names, stacks
	probe timer.profile.freq.hz(199) {
		if (execname() != "same" || !user_mode()) next
		names[usymname(addr())]++
		stacks[ubacktrace()]++
	}
	probe end {
		foreach (n in names-) println("name ", n, " ", names[n])
		foreach (s in stacks-) print_ustack(s)
	}' -c "sh $work/both"
for name in first second; do
	[ "$(number_of "\$1 == \"name\" && \$2 == \"$name\"" 3)" -gt 20 ] || fail "hardly any samples of $name"
	expect_line "^ 0x[0-9a-f]+ : $name\\+0x[0-9a-f]+/0x[0-9a-f]+ \\[$work/same\\]\$"
done

# ---- the vDSO ----

cat > "$work/clock.c" << 'C'
#include <time.h>

int main(void)
{
	struct timespec t, end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	do {
		clock_gettime(CLOCK_MONOTONIC, &t);
	} while (t.tv_sec < end.tv_sec + 2);
	return 0;
}
C
gcc -O1 -o "$work/clock" "$work/clock.c" || fail "cannot compile"
stap_succeeds -e 'global stacks probe timer.profile.freq.hz(499) {
		if (pid() == target() && user_mode()) stacks[sprint_ubacktrace()]++
	}
	probe end { foreach (s in stacks-) print(s) }' -c "exec $work/clock"
if grep -q '\[vdso\]' /proc/self/maps && grep -q '\[vdso\]' "$work/out"; then
	expect_line '^(__vdso_clock_gettime|__kernel_clock_gettime|clock_gettime)\+0x[0-9a-f]+ \[\[?vdso\]?'
	expect_line '^main\+0x[0-9a-f]+ \[clock\]$'
fi

# ---- a task of 32 bits ----

[ "$(uname -m)" = x86_64 ] || exit 0
cat > "$work/small.c" << 'C'
static volatile unsigned sink;
static void leave(int status) { __asm__ volatile("int $0x80" : : "a"(1), "b"(status)); }
__attribute__((noinline)) void spin_small(int n) { for (int i = 0; i < n; i++) sink += i; }
__attribute__((noinline)) int deep_small(int depth)
{
	if (depth)
		return deep_small(depth - 1) + 1;
	for (int i = 0; i < 10; i++)
		spin_small(60000000);
	return sink;
}
void _start(void) { leave(deep_small(3) & 0); }
C
for option in -fomit-frame-pointer '-fno-omit-frame-pointer -fno-asynchronous-unwind-tables'; do
	# a compiler without 32-bit libraries will do
	gcc -m32 -O2 $option -fno-optimize-sibling-calls -fno-inline -nostdlib -static -ffreestanding \
		-o "$work/small" "$work/small.c" 2> /dev/null && "$work/small" || exit 0
	stap_succeeds -e 'global stacks probe timer.profile.freq.hz(499) {
			if (pid() == target() && user_mode()) stacks[sprint_ubacktrace()]++
		}
		probe end { foreach (s in stacks- limit 1) print(s) }' -c "exec $work/small"
	expect_line '^spin_small\+0x[0-9a-f]+ \[small\]$'
	expect_equal "frames of deep_small ($option)" "$(grep -c '^deep_small+0x[0-9a-f]* \[small\]$' "$work/out")" 4
	expect_line '^_start\+0x[0-9a-f]+ \[small\]$'
done
