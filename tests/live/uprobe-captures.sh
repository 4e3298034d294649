#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Values of a program fetched while it runs, through pointers, locals and functions of the script,
# and values of entries seen again at the returns: under recursion, in threads, past longjmp. The
# program prints the same lines. (The kernel sees 64 nested returns of a thread, not more.)
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"

cat > "$work/p.c" <<'END'
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
struct inner { int number; char name[12]; unsigned low : 3, high : 5; };
struct outer { struct inner *inner; const char *text; short row[4]; struct outer *next; };
#define PROBED __attribute__((noinline, noclone))
PROBED long look(struct outer *o, int n, const char *s)
{
	printf("look %d %s %d %s %s %d %d %d\n", n, s, o->inner->number, o->inner->name, o->text,
	       o->row[2], o->inner->low, o->inner->high);
	printf("next %s second %d char %d\n", o->next ? o->next->text : "", n, s[1]);
	__asm__ volatile("");
	o->inner->number++;
	printf("looked %d %s %d %ld\n", n, s, o->inner->number - 1, (long)strlen(s) + n);
	return strlen(s) + n;
}
PROBED long sum(long n)
{
	long below = n > 0 ? sum(n - 1) : 0;
	__asm__ volatile("");
	printf("sum %ld %ld\n", n, below + n);
	return below + n;
}
static jmp_buf back;
PROBED void jump(int depth)
{
	if (depth == 0)
		longjmp(back, 1);
	jump(depth - 1);
	__asm__ volatile("");
}
PROBED int leaf(int n) { __asm__ volatile(""); return n + 1; }
PROBED int catches(int n)
{
	int result;
	if (setjmp(back) == 0)
		jump(n);
	result = leaf(n);
	printf("catches %d %d\n", n, result);
	return result;
}
PROBED long thread_sum(long n)
{
	long below = n > 0 ? thread_sum(n - 1) : 0;
	__asm__ volatile("");
	return below + n;
}
static void *run(void *seed) { return (void *)thread_sum((long)seed); }
int main(void)
{
	struct inner inner = { 7, "inside", 5, 21 };
	struct outer second = { &inner, "the second", { 0 }, NULL };
	struct outer first = { &inner, "the first", { 1, 2, -3, 4 }, &second };
	pthread_t threads[4];
	look(&first, 10, "argument");
	look(&second, -3, "other");
	sum(5);
	for (int i = 1; i < 4; i++)
		catches(i);
	for (long i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, run, (void *)(40 + i));
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
END

cat > "$work/p.stp" <<'END'
function next_text(o) {
	next_one = @cast(o, "struct outer", @1)->next
	return next_one ? user_string(@cast(next_one, "struct outer", @1)->text) : ""
}
probe process(@1).function("look") {
	o = $o
	inside = o->inner
	printf("look %d %s %d %s %s %d %d %d\n", $n, user_string($s), inside->number,
	       user_string(&inside->name[0]), user_string($o->text), $o->row[2], $o->inner->low,
	       $o->inner->high)
	p = $s
	printf("next %s second %d char %d\n", next_text(o), int_arg(2), user_char(p + 1))
}
probe process(@1).function("look").return {
	printf("looked %d %s %d %d\n", $n, @entry(user_string($s)), $o->inner->number, $return)
}
probe process(@1).function("sum").return { printf("sum %d %d\n", $n, $return) }
probe process(@1).function("jump").return { printf("jump %d\n", $depth) }
probe process(@1).function("catches").return { printf("catches %d %d\n", $n, $return) }
global wrong, threads
probe process(@1).function("thread_sum").return {
	if ($return != $n * ($n + 1) / 2) wrong++
	threads[tid()]++
}
probe end {
	foreach (tid+ in threads) calls += threads[tid]
	printf("threads %d\n", calls)
	if (wrong) printf("wrong %d\n", wrong)
}
END

number=0
for flags in "-O0" "-O1" "-O2" "-O2 -no-pie"; do
	number=$((number + 1))
	gcc -g $flags -pthread -o "$work/p$number" "$work/p.c" 2> "$work/err" || fail "gcc $flags"
	# location lists do not reach what -O2 computed ahead: a missing value would be an error
	stap_succeeds --strict -o "$work/seen" "$work/p.stp" "$work/p$number" -c "$work/p$number"
	{ cat "$work/out"; echo "threads 170"; } > "$work/expected"
	diff "$work/expected" "$work/seen" > "$work/difference" ||
		fail "gcc $flags: $(cat "$work/difference")"
done
