#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# @cast with types of the probed program, of another one, of C headers (compiled once and kept) and
# of the kernel; members, bit-fields and whole structures of what it points to.
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"
export XDG_CACHE_HOME=$work/cache

cat > "$work/c.c" <<'END'
#include <stdio.h>
#include <sys/time.h>
struct hidden { int a; char text[8]; struct timeval when; const char *name; unsigned low:3, high:7; int list[3]; };
__attribute__((noinline)) void take(void *time, void *hidden)
{
	__asm__ volatile("" : : "r"(time), "r"(hidden) : "memory");
}
int main(void)
{
	struct timeval time = { 12, 34 };
	struct hidden hidden = { -5, "t\n", { 7, 8 }, "na\"me", 5, 77, { 1, -2, 3 } };

	for (int i = 0; i < 3; i++) {
		take(&time, &hidden);
		printf("%ld %ld %d %d %d %d\n", time.tv_sec, time.tv_usec, hidden.a, hidden.low,
		       hidden.high, hidden.list[1]);
		time.tv_usec += 7;
		hidden.a--;
		hidden.high++;
	}
	return 0;
}
END
gcc -g -O2 -o "$work/c" "$work/c.c" || fail gcc
cp "$work/c" "$work/types" && gcc -O2 -o "$work/c" "$work/c.c" || fail gcc
stap_succeeds -o "$work/seen" -e '
	probe process(@1).function("take") {
		hidden = pointer_arg(2)
		printf("%d %d %d %d %d %d\n",
		       @cast(pointer_arg(1), "timeval", "<sys/time.h>")->tv_sec,
		       @cast(pointer_arg(1), "struct timeval", "<sys/types.h><sys/time.h>")->tv_usec,
		       @cast(hidden, "hidden", @2)->a,
		       @cast(hidden, "struct hidden", @3)->low,
		       @cast(hidden, "hidden", @2)->high, @cast(hidden, "hidden", @2)->list[1])
		if (@cast(hidden, "hidden", @2)->when$ != "{.tv_sec=7, .tv_usec=8}" ||
		    @cast(hidden, "hidden", @2)->text$ != "\"t\\n\"" ||
		    @cast(hidden, "hidden", @2)->name$ != "\"na\\\"me\"" ||
		    !isinstr(@cast(hidden, "hidden", @2)$, ".when={...}, .name=\"na\\\"me\", .low=5") ||
		    !isinstr(@cast(hidden, "hidden", @2)$$, ".when={.tv_sec=7, .tv_usec=8}, ") ||
		    &@cast(hidden, "hidden", @2)->when != hidden + 16)
			println("wrong: ", @cast(hidden, "hidden", @2)$$)
	}' "$work/c" "$work/types" "no_such_module:$work/types" -c "$work/c"
cmp "$work/out" "$work/seen" || { diff "$work/out" "$work/seen"; fail "the casts saw something else"; }

# the types are kept until a header changes, and compiled without a cache as well
kept=$work/cache/stap-tracefs/sys-time.h.so
[ -s "$kept" ] || fail "nothing was kept"
before=$(stat -c %y "$kept")
script='probe begin { println(&@cast(0, "timeval", "<sys/time.h>")->tv_usec) exit() }'
PATH=/nonexistent stap_succeeds -e "$script"
expect_equal offset "$(cat "$work/out")" 8
expect_equal 'what was kept' "$(stat -c %y "$kept")" "$before"
touch -d '1990-01-01' "$kept"
stap_succeeds -e "$script"
[ "$(stat -c %Y "$kept")" -gt 1000000000 ] || fail "an old result was taken"
chmod 777 "$work/cache/stap-tracefs" # others could have put something there
PATH=/nonexistent stap -e "$script"
expect_equal 'status without a compiler' $status 1
grep -q "need a C compiler, and 'cc' cannot be run" "$work/err" || fail "no word of a compiler"
stap_succeeds -e "$script"
expect_equal 'offset, nothing kept' "$(cat "$work/out")" 8
[ -z "$(find /tmp -maxdepth 1 -name 'stap-types-*' -newer "$work/c" -print -quit)" ] ||
	fail "a temporary directory was left"

stap -p2 -e 'probe begin { println(@cast(0, "x", "<no/such.h>")->y) }'
grep -q "the C compiler refuses <no/such.h>" "$work/err" || fail "a missing header is accepted"
stap -p2 -e 'probe begin { println(@cast(0, "no_such", "<time.h>")->y) }'
grep -q "type 'no_such' is not known in '<time.h>'" "$work/err" || fail "a missing type is accepted"

# the kernel's types
[ -e /sys/kernel/btf/vmlinux ] || exit 0
stap_succeeds -e 'probe begin { println(&@cast(0, "task_struct", "kernel<linux/sched.h>")->pid ==
	&@cast(0, "task_struct", "no_such_module:kernel")->pid) exit() }'
expect_equal 'offsets in the kernel' "$(cat "$work/out")" 1
