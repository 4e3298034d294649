#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Conditions reach the kernel as event filters, and filters change nothing a script sees: the
# same counts with a condition that can be one as with the same condition in disguise.
. tests/live/harness

count=$(scaled 5000)
dd=$(program dd dd)
name=${dd##*/}
start_stap -e 'global f, h, s, u, never
	probe kernel.trace("syscalls:sys_enter_write") { if ($count == 7 && execname() == "'$name'") f++ }
	probe kernel.trace("syscalls:sys_exit_write") { if ($ret < 8 && execname() == "'$name'") u++ }
	probe kernel.trace("syscalls:sys_enter_write") { if ($count + 1 == 8 && execname() . "" == "'$name'") h++ }
	probe kernel.trace("sched:sched_process_exit") { if ($comm == "'$name'") s++ }
	probe kernel.trace("syscalls:sys_enter_read") { if ($count == -1) never++ }
	probe end { println("counts ", f, " ", h, " ", u, " ", s, " ", never) }'
events=$(echo /sys/kernel/tracing/instances/stap_"${stap_pid}"_*)/events
exit_filter=$(cat "$events/sched/sched_process_exit/filter")
read_filter=$(cat "$events/syscalls/sys_enter_read/filter")
write_filter=$(cat "$events/syscalls/sys_enter_write/filter")
"$dd" if=/dev/zero of=/dev/null bs=7 count="$count" status=none
end_stap
expect_equal counts "$(grep counts "$work/out")" "counts $count $count $count 1 0"
expect_equal 'filter of sched_process_exit' "$exit_filter" "(comm == \"$name\")"
expect_equal 'filter of sys_enter_read' "$read_filter" '(count == 0xffffffffffffffff)'
case $write_filter in
*COMM*) fail "one probe needs all writes, but their filter is $write_filter" ;;
esac
