#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Functions of the kernel: calls, arguments and return values of vfs_read against what dd did, and
# a wildcard, of which what the kernel refuses is left out with one warning.
. tests/live/harness
[ -e /sys/kernel/tracing/kprobe_events ] || skip "this kernel has no kprobe_events"

dd=$(program dd reads)
size=$((64 * 1024)) block=4096
dd if=/dev/zero of="$work/data" bs=$size count=1 status=none
stap_succeeds -e '
	global calls, bytes, counts
	probe kernel.function("vfs_read") {
		if (execname() == @1) { calls++; counts[int_arg(3)]++ } }
	probe kernel.function("vfs_read").return {
		if (execname() == @1) bytes[returnval()]++ }
	probe end {
		println("calls ", calls)
		foreach (n in counts) println("count ", n, " ", counts[n])
		foreach (n in bytes) println("bytes ", n, " ", bytes[n]) }' "${dd##*/}" \
	-c "$dd if=$work/data of=/dev/null bs=$block status=none"
expect_equal "reads of $block bytes" "$(number_of '$1 == "count" && $2 == '$block 3)" $((size / block + 1))
expect_equal "full reads" "$(number_of '$1 == "bytes" && $2 == '$block 3)" $((size / block))

# by the names of the kernel's own types, where it tells them
if [ -e /sys/kernel/btf/vmlinux ]; then
	stap_succeeds -e '
		global n, wrong
		probe kernel.function("vfs_read") {
			if (execname() == @1 && $count == '$block') { n++; pos = $pos } }
		probe kernel.function("vfs_read").return {
			if (execname() == @1 && $count == '$block' && $return == '$block') full++
			if ($return > 0 && $return > $count) wrong++ }
		global full
		probe end { println("named ", n, " ", full, " ", wrong) }' "${dd##*/}" \
		-c "$dd if=$work/data of=/dev/null bs=$block status=none"
	expect_equal 'reads by name' "$(number_of '$1 == "named"' 2)" $((size / block + 1))
	expect_equal 'returns with their parameter' "$(number_of '$1 == "named"' 3)" $((size / block))
	expect_equal 'returns of more than asked for' "$(number_of '$1 == "named"' 4)" 0
fi

stap_succeeds -e 'global n, last probe kernel.function("vfs_*"), kernel.function("kprobe_*") { n++; last = ulong_arg(1) }
	probe end { println("many ", n) }' -c "$dd if=$work/data of=/dev/null bs=$block status=none"
expect_between 'calls of vfs_*' "$(number_of '$1 == "many"' 2)" $((size / block)) 1000000
expect_equal warnings "$(grep -c 'refuses .* places that wildcards match' "$work/err")" 1

stap -e 'probe kernel.function("no_such_function_here") { println(1) }'
expect_equal 'status for a function that is not there' $status 1
