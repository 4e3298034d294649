#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A wildcard of many functions whose handler only counts: the kernel's function tracer records them,
# and counts are those of kprobes. Handlers that read arguments or return values get one fprobe for
# all functions of the wildcard where the kernel has those, else kprobes that share an event.
. tests/live/harness
[ -e /sys/kernel/tracing/kprobe_events ] || skip "this kernel has no kprobe_events"

dd=$(program dd many)
block=4096
dd if=/dev/zero of="$work/data" bs=$((16 * block)) count=1 status=none
stap_succeeds -v -e '
	global calls, single, others, switched
	probe kernel.function("vfs_*"), kernel.function("ip_*") {
		if (execname() == @1) calls[ppfunc()]++; else others++ }
	probe kernel.function("vfs_read") { if (execname() == @1) single++ }
	probe kernel.function("vfs_r*d") { if (execname() == @1 && ulong_arg(3) == '$block') sized++ }
	global sized
	probe kernel.trace("sched:sched_switch") { switched++ }
	probe end {
		println("vfs_read ", calls["vfs_read"], " ", single, " ", sized)
		println("vfs_write ", calls["vfs_write"])
		println("others ", others > 0, " switched ", switched > 0) }' "${dd##*/}" \
	-c "$dd if=$work/data of=$work/copy bs=$block status=none; true"
expect_between 'reads' "$(number_of '$1 == "vfs_read"' 2)" 17 60
expect_equal 'reads by a kprobe' "$(number_of '$1 == "vfs_read"' 3)" \
	"$(number_of '$1 == "vfs_read"' 2)"
expect_equal "reads of $block bytes" "$(number_of '$1 == "vfs_read"' 4)" 17
expect_equal 'writes' "$(number_of '$1 == "vfs_write"' 2)" 16
expect_line '^others 1 switched 1$'
if grep -qw function /sys/kernel/tracing/available_tracers; then
	grep -q 'functions of the kernel are left to its function tracer' "$work/err" ||
		fail 'the function tracer is not used'
	grep '^Pass 4' "$work/err"
fi

# arguments and return values, of each function its own
stap_succeeds -v -e '
	global calls, returns, sizes, got, others
	probe kernel.function("vfs_*"), kernel.function("tcp_*") {
		if (execname() == @1) { calls[ppfunc()]++; sizes[ppfunc(), ulong_arg(3)]++ } else others++ }
	probe kernel.function("vfs_*").return, kernel.function("tcp_*").return {
		if (execname() == @1) { returns[ppfunc()]++; got[ppfunc(), returnval()]++ } }
	probe end {
		println("calls ", calls["vfs_read"], " ", calls["vfs_write"], " ", sizes["vfs_read", '$block'], " ",
			sizes["vfs_write", '$block'])
		println("returns ", returns["vfs_read"], " ", returns["vfs_write"], " ", got["vfs_read", '$block'],
			" ", got["vfs_write", '$block'])
		println("others ", others > 0) }' "${dd##*/}" \
	-c "$dd if=$work/data of=$work/copy bs=$block status=none; true"
reads=$(number_of '$1 == "calls"' 2)
expect_between 'reads' "$reads" 17 60
expect_line "^calls $reads 16 17 16\$"
expect_line "^returns $reads 16 16 16\$"
expect_line '^others 1$'
if grep -q 'f\[:\[<group>' /sys/kernel/tracing/README; then
	expect_between 'fprobes' "$(grep -c 'functions of the kernel share the fprobe' "$work/err")" 2 4
	grep '^Pass 4' "$work/err"
fi

# stap's own calls are not seen, so that reading makes no events to read
stap_succeeds -e 'global own probe kernel.function("vfs_*"), kernel.function("ip_*") { if (execname() == "stap") own++ }
	probe timer.ms(500) { println("own ", own); exit() }'
expect_equal "calls of stap's own" "$(number_of '$1 == "own"' 2)" 0
