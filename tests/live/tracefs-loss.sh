#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Loss is exact, through tracefs and through perf: with the smallest buffer and a stap that sleeps
# while the events come, what was handled and what is reported lost make up what was done.
. tests/live/harness

count=$((60000 + $(scaled 240000))) # a megabyte holds some 24000 of them
dd=$(program dd dd)
script='global n
	probe kernel.trace("syscalls:sys_enter_write") { if (execname() == "'${dd##*/}'") n++ }
	probe end { println("seen ", n) }'

force_loss() { # OPTION…: a run whose buffer of cpu 0 overflows; $seen, $lost
	start_stap -v -s 1 "$@" -e "$script"
	kill -STOP $stap_pid
	taskset -c 0 "$dd" if=/dev/zero of=/dev/null bs=1 count="$count" status=none
	kill -CONT $stap_pid
	end_stap
	expect_equal 'exit status' $status 0
	seen=$(number_of '$1 == "seen"' 2)
	lost=$(sed -n 's/^WARNING: \([0-9]*\) events lost.*/\1/p' "$work/err")
	expect_between 'events seen' "$seen" 1000 $((count - 1))
	expect_equal 'seen and lost' $((seen + ${lost:-0})) "$count"
	grep -q "cpu 0: $seen events delivered, $lost lost" "$work/err" ||
		fail "no such figures for cpu 0: $seen delivered, $lost lost"
}
force_loss
force_loss --backend=perf
