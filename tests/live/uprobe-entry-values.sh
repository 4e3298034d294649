#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Parameters in the middle of optimised functions, where debug info knows them only as what a
# register held when the function was entered (DW_OP_entry_value): a second probe there keeps it.
# Under recursion, past longjmp and in threads each call has its own; the program prints the same.
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"

cat > "$work/p.c" <<'END_OF_C'
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#define PROBED __attribute__((noipa))
static jmp_buf back;
PROBED long keep(long x) { return x; }
PROBED void touch(void *p) { __asm__ volatile("" :: "r"(p) : "memory"); }
static inline __attribute__((always_inline)) long inlined(unsigned short small)
{
	long sum = keep(3);
	__asm__ volatile("nop" : "+r"(sum)); /* LINE inlined */
	return sum;
}
PROBED long deep(int n, short s, long number, unsigned char c)
{
	long sum = keep(7);

	if (n > 0)
		sum += deep(n - 1, s - 3, number * 1000001, c + 1);
	touch(alloca(keep(100)));
	__asm__ volatile("nop" : "+r"(sum)); /* LINE deep */
	return sum;
}
PROBED long copies(unsigned short a, unsigned short b)
{
	long sum = keep(1) + inlined(a) + keep(2) + inlined(b);
	return sum;
}
PROBED void jump(int depth, long kept)
{
	touch(&depth);
	if (keep(depth) == 0)
		longjmp(back, 1);
	jump(keep(depth) - 1, keep(kept) + 1);
	touch(&depth);
}
PROBED long catches(long gone)
{
	volatile long sum;

	if (setjmp(back) == 0)
		jump(3, 1);
	sum = keep(5);
	deep(0, -13, 9000018000009, 0);
	return sum;
}
PROBED long thread(long gone)
{
	long sum = keep(11);
	__asm__ volatile("nop" : "+r"(sum)); /* LINE thread */
	return sum;
}
static void *run(void *seed)
{
	for (int i = 0; i < 50; i++)
		thread((long)seed * 1000 + i);
	return NULL;
}
int main(void)
{
	pthread_t threads[4];

	deep(2, -7, 9, 254);
	catches(1);
	copies(65535, 4321);
	for (long i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, run, (void *)i);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
END_OF_C
line() { grep -n "LINE $1" "$work/p.c" | cut -d: -f1; }
cat > "$work/p.stp" <<'END_OF_SCRIPT'
global threads
probe process(@1).statement(@2) {
	printf("deep %d s %d c %d number %d\n", $sum, $s, $c, $number)
}
probe process(@1).statement(@3) { printf("inlined %d\n", $small) }
probe process(@1).statement(@4) { threads[$gone / 1000] += $gone }
probe end {
	foreach (group+ in threads) printf("thread %d\n", threads[group])
}
END_OF_SCRIPT
cat > "$work/expected" <<'END_OF_OUTPUT'
deep 7 s -13 c 0 number 9000018000009
deep 7 s -13 c 0 number 9000018000009
deep 14 s -10 c 255 number 9000009
deep 21 s -7 c 254 number 9
inlined 65535
inlined 4321
thread 1225
thread 51225
thread 101225
thread 151225
END_OF_OUTPUT
check() { # FLAGS STAP-OPTION…: the target alone, or any process
	local flags=$1
	shift
	stap_succeeds --strict "$@" -o "$work/seen" -c "$work/p"
	sort "$work/seen" > "$work/sorted"
	sort "$work/expected" | diff - "$work/sorted" > "$work/difference" ||
		fail "gcc $flags $*: $(cat "$work/difference")"
}
for flags in "-O2" "-O1 -no-pie" "-Os -gdwarf-4" "-O2 -fcf-protection -fno-omit-frame-pointer"; do
	gcc -g $flags -pthread -o "$work/p" "$work/p.c" 2> "$work/err" || fail "gcc $flags"
	arguments=("$work/p" "deep@p.c:$(line deep)" "*@p.c:$(line inlined)" "thread@p.c:$(line thread)")
	stap_succeeds -p3 "$work/p.stp" "${arguments[@]}"
	[ "$(grep -c '@uregister' "$work/out")" -ge 4 ] || fail "gcc $flags: nothing is asked of entries"
	check "$flags" "$work/p.stp" "${arguments[@]}"
done
check "$flags" --backend=perf "$work/p.stp" "${arguments[@]}"
sed -i 's/process(@1)/process/' "$work/p.stp"
check "$flags" "$work/p.stp" "${arguments[@]}"

# $$vars is shown whether the entry was seen or not; what is behind a pointer is read later
stap_succeeds -e 'probe process.statement(@1) { println($$vars); exit() }' "thread@p.c:$(line thread)" -c "$work/p"
expect_line '^gone=\? sum=0xb$'
