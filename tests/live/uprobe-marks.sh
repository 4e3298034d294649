#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Static marks of programs, with and without semaphores: hits, and the semaphore, which is up while
# the mark is probed and only then.
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"
echo '#include <sys/sdt.h>' | gcc -E - > /dev/null 2>&1 || skip "no sys/sdt.h (systemtap-sdt-dev)"

cat > "$work/marked.c" <<'END'
#define _SDT_HAS_SEMAPHORES 1
#include <stdio.h>
#include <unistd.h>
#include <sys/sdt.h>
__extension__ unsigned short shop_sold_semaphore __attribute__((unused, section(".probes")));
__extension__ unsigned short shop_closed_semaphore __attribute__((unused, section(".probes")));
int main(int argc, char **argv)
{
	long items = 3, price = -7;
	const char *name = argv[0];
	int asked = 0;

	for (int i = 0; i < 20; i++) {
		if (shop_sold_semaphore) {
			asked++;
			DTRACE_PROBE3(shop, sold, items + i, price, name);
		}
	}
	if (shop_closed_semaphore)
		DTRACE_PROBE(shop, closed);
	printf("asked %d\n", asked);
	return argc > 5;
}
END
for flags in "-O2" "-O0 -no-pie" "-O2 -static"; do
	gcc $flags -o "$work/marked" "$work/marked.c" 2> "$work/err" || fail "gcc $flags"
	expect_equal "without stap, $flags" "$("$work/marked")" "asked 0"
	stap_succeeds -e 'global n, sum
		probe process("'"$work"'/marked").mark("sold") { n++; sum += $arg1 * $arg2
			if (user_string($arg3) != "'"$work"'/marked") println("name ", user_string($arg3)) }
		probe process("'"$work"'/marked").provider("sh*").mark("*") { all[pp()]++ } global all
		probe end { println("sold ", n, " ", sum); foreach (p in all) println(p, " ", all[p]) }' \
		-c "$work/marked"
	expect_line '^asked 20$'
	expect_equal "marks hit, $flags" "$(number_of '$1 == "sold"' 2)" 20
	expect_equal "sum of arguments, $flags" "$(number_of '$1 == "sold"' 3)" $((-7 * (20 * 3 + 190)))
	expect_equal "names, $flags" "$(grep -c '^name' "$work/out")" 0
	expect_line "^process\(\"$work/marked\"\)\.provider\(\"shop\"\)\.mark\(\"closed\"\) 1$"
done
