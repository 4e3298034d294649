#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A wildcard of many functions whose handler only counts: the kernel's function tracer records them,
# and counts are those of kprobes. Handlers that read arguments get kprobes as ever.
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

# stap's own calls are not seen, so that reading makes no events to read
stap_succeeds -e 'global own probe kernel.function("vfs_*"), kernel.function("ip_*") { if (execname() == "stap") own++ }
	probe timer.ms(500) { println("own ", own); exit() }'
expect_equal "calls of stap's own" "$(number_of '$1 == "own"' 2)" 0
