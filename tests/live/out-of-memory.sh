#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An allocation that fails, ours or a library's, ends in one message, status 1, nothing left behind.
. tests/live/harness

! ldd "$STAP" | grep -q libasan || skip "a sanitizer's build has an allocator of its own"
cc -shared -fPIC -O1 -o "$work/fail.so" tests/live/out-of-memory.c 2> "$work/err" || skip "no compiler"
run() { # FAIL_AT SCRIPT
	FAIL_AT=$1 LD_PRELOAD=$work/fail.so timeout 20 "$STAP" -e "$2" > "$work/out" 2> "$work/err"
	status=$?
}
every() { # STEPS SCRIPT: about that many of its allocations fail, one a run
	local total n
	run 0 "$2"
	[ $status -eq 0 ] || fail "the script fails by itself"
	total=$(sed -n 's/^allocations //p' "$work/err" | sort -n | tail -1)
	[ "${total:-0}" -gt 20 ] || fail "allocations are not counted"
	for ((n = 1; n < total - 5; n += total / $1 + 1)); do # the last may not be reached
		run $n "$2"
		[ $status -eq 1 ] || fail "allocation $n of $total: status $status"
		[ "$(< "$work/err")" = 'ERROR: out of memory' ] || fail "allocation $n of $total: no clean message"
	done
}
every "$(scaled 80)" 'global a, s probe begin { a["x"] = 1; s <<< 3; if ("abc" =~ "a(b)c") println(matched(1))
	println(sprintf("%d", a["x"])); print(@hist_log(s)); exit() }'
every "$(scaled 40)" 'global c probe syscall.read { c[execname(), name]++ } probe timer.ms(30) { exit() }'
