#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A program of 32 bits, made without a C library: arguments on the stack, long long in two words,
# records by pointers of 32 bits, which are followed when the handler runs, its system calls by
# their own numbers.
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"

cat > "$work/t.c" <<'END'
struct pair { int low; long long high; char *text; struct pair *next; short s:5; };
static long call(long n, long a, long b, long c)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory");
	return result;
}
__attribute__((noipa)) int probed(int a, unsigned b, long long c, struct pair *p, const char *text)
{
	__asm__ volatile("" : : "r"(text) : "memory");
	return a + (int)b + (int)c + p->low;
}
static struct pair second = { -7, 1ll << 40, "second", 0, -3 };
static struct pair first = { 5, -2, "first", &second, 7 };
void _start(void)
{
	char end;

	call(20, 0, 0, 0); /* getpid */
	probed(-1, 4000000000u, -5000000000ll, &first, "hello");
	call(3, 0, (long)&end, 1); /* read: until it was looked at */
	call(1, 0, 0, 0);
}
END
gcc -m32 -g -O1 -fno-pic -no-pie -nostdlib -static -o "$work/t" "$work/t.c" 2> /dev/null ||
	skip 'gcc makes no 32-bit programs'
"$work/t" < /dev/null || skip 'this kernel runs no 32-bit programs'

mkfifo "$work/end"
start_stap -w -e '
	probe process(@1).function("probed") {
		printf("values %d %d %d %d %d %s %s %d\n", $a, $b, $c, $p->low, $p->high,
		       user_string($text), user_string($p->next->text), $p->next->s)
		printf("by number %d %d\n", int_arg(1), uint_arg(2))
	}
	probe process(@1).function("probed").return { printf("returned %d to %d\n", $return, $a) }
	probe process(@1).syscall { calls[$syscall]++ }
	global calls
	probe end { printf("calls %d %d %d\n", calls[20], calls[3], calls[1]) }' "$work/t"
"$work/t" < "$work/end" & program=$!
exec 7> "$work/end"
until grep -q '^returned' "$work/out"; do
	kill -0 $stap_pid 2> /dev/null || fail 'stap ended'
	sleep 0.1
done
exec 7>&-
wait $program || fail 'the program failed'
end_stap
expect_line '^values -1 4000000000 -5000000000 5 -2 hello second -3$'
expect_line '^by number -1 4000000000$'
expect_line "^returned $(((-1 + 4000000000 - 5000000000 + 5 + (1 << 31)) % (1 << 32) - (1 << 31))) to -1\$"
expect_line '^calls 1 1 1$'
