#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# perf….process("PATH") hits only in processes that run this file, whoever starts them; a probe
# that asks for pid() == target() is bound to that process; names of events, with `?` where missing.
. tests/live/harness

own=$(program bash own)
other=$(program bash other)
loop='for ((i = 0; i < 400000; i++)); do :; done'
"$other" -c 'while :; do :; done' &
stap_succeeds -e "global hits, bound
	probe perf.sw.task_clock.process(\"$own\").hz(499) { hits[execname()]++ }
	probe perf.sw.cpu_clock.hz(499) { if (pid() != target()) next; bound[execname()]++ }
	probe perf.hw.cpu_cycles? { }
	probe end {
		foreach (e in hits) println(\"hits \", e, \" \", hits[e])
		foreach (e in bound) println(\"bound \", e, \" \", bound[e])
	}" -c "$other -c '$loop'; exec $own -c '$loop'"
kill $!
[ "$(number_of "\$1 == \"hits\" && \$2 == \"${own##*/}\"" 3)" -gt 50 ] || fail "hardly any hits"
expect_equal "programs hit" "$(grep -c '^hits' "$work/out")" 1
[ "$(number_of "\$1 == \"bound\" && \$2 == \"${own##*/}\"" 3)" -gt 50 ] || fail "hardly any bound hits"
! grep -q "^bound ${other##*/}" "$work/out" || fail "hits of another process"

stap -e 'probe perf.sw.cpu_clock.process("/no/such/file") { }'
expect_equal "the exit status without an executable" $status 1
grep -q "no executable '/no/such/file'" "$work/err" || fail "the message does not name the file"
