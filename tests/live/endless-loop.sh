#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whatever a handler never ends doing, Ctrl-C ends it, and the end probes run.
# not in guests: the kernel has no part in it
. tests/live/harness

interrupt_each() { # TIMES STATUS ENDS OPTION…: each script of standard input, once it loops
	local times=$1 expected=$2 ends=$3 body time
	shift 3
	while IFS= read -r body; do
		: > "$work/out"
		# text that fills stap's buffer is written before its handler ends
		"$STAP" "$@" -e "global loops, x, a
			function say() { loops++ for (i = 0; i < 9000; i++) println(\"it loops\") }
			$body" > "$work/out" 2> "$work/err" &
		stap_pid=$!
		until grep -qs '^it loops$' "$work/out"; do
			kill -0 $stap_pid 2> /dev/null || fail "ended by itself: $body"
			sleep 0.05
		done
		for ((time = 1; time < times; time++)); do
			kill -INT $stap_pid
			sleep 0.2
		done
		end_stap
		expect_equal "status of: $body" $status "$expected"
		expect_equal "end probes of: $body" "$(grep -c '^ended 1$' "$work/out")" "$ends"
	done
}

interrupt_each 1 0 1 -E 'probe end { println("ended ", loops) }' << 'END'
probe begin { say() while (1) { } }
probe begin { say() for (;;) x++ }
probe begin { say() for (;;) a[x++ % 1000] = sprint(x) }
probe timer.ms(1) { say() while (1) { try { error("again") } catch { } } }
probe begin { for (i = 0; i < 3000; i++) a[i] = i say() foreach (k in a) foreach (l in a) foreach (m in a) x++ }
function f(n) { if (n > 0) { f(n - 1) f(n - 1) f(n - 1) } x++ } probe begin { say() f(900) }
probe begin { say() while (1) println("more") }
END
interrupt_each 1 0 0 << 'END'
probe begin { exit() } probe end { say() while (1) x++ }
END
interrupt_each 1 1 0 << 'END'
probe begin { error("stop") } probe error { say() while (1) x++ }
END
command -v cc > /dev/null || exit 0
# only the third reaches C: there is no place to break it off
interrupt_each 3 130 0 -g << 'END'
function f() %{ for (;;) ; %} probe begin { say() f() }
END
exit 0
