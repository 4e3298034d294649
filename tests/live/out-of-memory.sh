#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whichever allocation fails, ours or a library's: one message, status 1, nothing left behind.
# not in guests: the kernel has no part in it
. tests/live/harness

! ldd "$STAP" | grep -q libasan || skip "a sanitizer's build has an allocator of its own"
cc -shared -fPIC -O1 -Wno-deprecated-non-prototype -o "$work/fail.so" tests/live/out-of-memory.c \
	2> "$work/err" || skip "no compiler"
cat > "$work/shop.c" <<- 'END'
	struct item { const char *name; int price; struct item *next; };
	int sell(struct item *item, int count) { return item->price * count; }
	int main(void) { struct item nail = { "nail", 3, 0 }; return sell(&nail, 4) != 12; }
END
cc -g -O0 -o "$work/shop" "$work/shop.c" 2> "$work/err" || skip "no compiler"

# one run in which each allocation fails in a child (in guests every so many: forks are slow there)
every() { # LEAST ARGUMENT…: at least so many allocations
	local least=$1 total; shift
	FAIL_EVERY=$STAP_TEST_SCALE FAIL_REPORT=$work/report LD_PRELOAD=$work/fail.so \
		timeout 300 "$STAP" "$@" > "$work/out" 2> "$work/err"
	status=$?
	[ $status -eq 0 ] || fail "the script itself fails: $*"
	total=$(sed -n 's/^\([0-9]*\) allocations$/\1/p' "$work/report" | sort -n | tail -1)
	[ "${total:-0}" -ge "$least" ] || fail "only ${total:-0} allocations: $*"
	! grep '^allocation ' "$work/report" > "$work/err" || fail "of $total allocations: $*"
}
every 200 -e 'global a, s, t probe begin { a["x"] = 1; s <<< 3; t["x", 1] <<< 2
	if ("abc" =~ "a(b)c") println(matched(1)); println(sprintf("%d", a["x"])); print(@hist_log(s))
	try { error("x" . sprint(@count(t["x", 1]))) } catch (m) { println(m) }
	for (i = 0; i < 300; i++) a[sprint(i)] = i; foreach (k- in a limit 2) println(k); exit() }'
every 20 -p2 -e 'probe begin { x = 1; println(2) } function f(a) { return a . "x" } probe end { f("y") }'
every 40 -g -e 'function f:long() %{ STAP_RETVALUE = 1; %} probe begin { println(f()); exit() }'
every 40 -c "$work/shop" -e 'probe begin { println(target()) }'
every 80 -p3 -e "probe process(\"$work/shop\").function(\"sell\") { println(\$item->name\$, \$count, \$\$parms) }
	probe process(\"$work/shop\").function(\"sell\").return { println(\$return, @entry(\$count)) }"
every 300 -e 'global c probe kernel.trace("syscalls:sys_enter_read") { c[execname(), $fd]++ } probe timer.ms(30) { exit() }'

# and in the process itself, while events are being set up and after
for n in 1 20 300 900 1500 1700; do
	FAIL_AT=$n LD_PRELOAD=$work/fail.so timeout 60 "$STAP" -e 'global c
		probe kernel.trace("syscalls:sys_enter_read") { c[execname(), $fd]++ } probe timer.ms(30) { exit() }' \
		> "$work/out" 2> "$work/err"
	status=$?
	[ $status -eq 0 ] || expect_equal "message about allocation $n" "$status $(< "$work/err")" \
		'1 ERROR: out of memory'
done
stap -D STP_MAXMEMORY=60000 -e 'global a probe begin { for (i = 0; i < 16000000; i++) a[i] = i }'
expect_equal 'message about STP_MAXMEMORY' "$status $(< "$work/err")" \
	'1 ERROR: STP_MAXMEMORY exceeded: 60000 kilobytes, -D STP_MAXMEMORY=N allows more'
dead_instances() { # of stap processes that are gone
	local instance pid
	for instance in /sys/kernel/tracing/instances/stap_*; do
		pid=${instance##*/stap_}
		[ ! -e "$instance" ] || kill -0 "${pid%%_*}" 2> /dev/null || echo "$instance"
	done
}
for ((wait = 0; wait < 100; wait++)); do # the guardian tidies up once stap is gone
	[ -n "$(dead_instances)" ] || exit 0
	sleep 0.1
done
fail "left behind: $(dead_instances)"
