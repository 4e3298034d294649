#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What probes see of parameters, members, text, globals and return values, against what the program
# prints of itself, for builds in several ways.
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"

cat > "$work/shop.c" <<'END'
#include <stdio.h>

struct place { short row; unsigned shelf:5; int level:3; };
struct item { const char *name; long price; struct place *where; int sold[4]; };
long total = 1000;
static struct place top = { -3, 21, -2 };

__attribute__((noinline)) long sell(struct item *item, int count, char kind, unsigned short flags)
{
	total += item->price * count;
	item->sold[2] += count;
	__asm__ volatile("" ::: "memory");
	printf("sell %s %d %d %u %ld row %d shelf %u level %d sold %d total %ld\n", item->name,
	       count, kind, flags, item->price, item->where->row, item->where->shelf,
	       item->where->level, item->sold[2], total);
	return -item->price * count;
}

int main(void)
{
	struct item items[] = {
		{ "nail", 5000000000, &top, { 0 } }, { "a longer name", -7, &top, { 0 } },
	};

	for (int i = 0; i < 6; i++) {
		top.row--;
		printf("gave %ld\n", sell(&items[i % 2], i - 2, 'a' + i, 65530 + i));
	}
	return 0;
}
END
for flags in "-O0" "-O2" "-O0 -no-pie" "-O2 -fcf-protection -no-pie"; do
	gcc -g $flags -o "$work/shop" "$work/shop.c" 2> "$work/err" || fail "gcc $flags"
	stap_succeeds -o "$work/seen" -e '
		probe process("'"$work"'/shop").function("sell") {
			printf("sell %s %d %d %d %d row %d shelf %d level %d sold %d total %d\n",
			       user_string($item->name), $count, $kind, $flags, $item->price,
			       $item->where->row, $item->where->shelf, $item->where->level,
			       $item->sold[2] + $count,
			       @var("total") + $item->price * $count)
		}
		probe process("'"$work"'/shop").function("sell").return {
			printf("gave %d\n", $return)
			if ($return != -@entry($item->price) * $count) println("entry differs")
		}' -c "$work/shop"
	cmp -s "$work/out" "$work/seen" || {
		diff "$work/out" "$work/seen" | head -20
		fail "the probes saw something else, $flags"
	}
done

# text with a length known at run time, and text that is too long for the kernel to record: that is
# read while the program waits
cat > "$work/long.c" <<'END'
#include <stdio.h>
#include <string.h>
static char text[20000];
__attribute__((noinline)) void say(const char *text, long n) { __asm__ volatile("" :: "r"(text), "r"(n)); }
int main(void)
{
	say("abcdef", 3);
	say("abcdef", 9);
	say("abcdef", 0);
	memset(text, 'x', 9000);
	say(text, 8000);
	getchar();
	return 0;
}
END
gcc -g -O2 -o "$work/long" "$work/long.c" || fail gcc
mkfifo "$work/wait"
stap -p2 --strict -e 'probe process(@1).function("say") { println(user_string_n($text, $n)) }' "$work/long"
expect_equal 'status of a length known at run time' $status 0
start_stap -DMAXSTRINGLEN=50000 -e 'probe process(@1).function("say") {
	s = user_string($text)
	println(user_string_n($text, $n) == substr(s, 0, $n), " ", $n, " ", strlen(s), " ", strlen(user_string_n($text, $n)),
		" ", user_string_n_quoted($text, $n) == string_quoted(substr(s, 0, $n)))
	if ($n == 8000) exit() }' "$work/long"
"$work/long" < "$work/wait" 7>&- &
exec 7> "$work/wait"
wait_stap
echo >&7
exec 7>&-
expect_equal 'texts with lengths' "$(grep -v armed "$work/out" | tr '\n' ' ')" \
	'1 3 6 3 1 1 9 6 6 1 1 0 6 0 1 1 8000 9000 8000 1 '

# text that cannot be read
cat > "$work/bad.c" <<'END'
__attribute__((noinline)) void say(const char *text) { __asm__ volatile("" :: "r"(text)); }
int main(void) { say("fine"); say((char *)8); say(0); return 0; }
END
gcc -g -O2 -o "$work/bad" "$work/bad.c" || fail gcc
stap_succeeds -e 'probe process("'"$work"'/bad").function("say") {
	println(user_string2($text, "unreadable")) }' -c "$work/bad"
expect_equal text "$(cat "$work/out")" "fine
unreadable
unreadable"
stap -e 'probe process("'"$work"'/bad").function("say") { println(user_string($text)) }' -c "$work/bad"
expect_equal 'status after unreadable text' $status 1
