#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A function on the kernel's blacklist that is named: an error that shows the script's line, the
# definition, and the reason. (Those of a wildcard: kprobe-values.)
. tests/live/harness
[ -e /sys/kernel/tracing/kprobe_events ] || skip "this kernel has no kprobe_events"
blacklist=/sys/kernel/debug/kprobes/blacklist
[ -r $blacklist ] || skip 'this kernel shows no blacklist of kprobes'

forbidden=$(awk '
	NR == FNR { listed[$2] = 1; next }
	NF == 3 && $2 ~ /^[tT]$/ && $3 in listed && $3 ~ /^[a-z][a-z_0-9]*$/ && length($3) < 40 {
		print $3; exit
	}' $blacklist /proc/kallsyms)
[ -n "$forbidden" ] || skip 'nothing on the blacklist has a symbol'

printf '# a comment\nprobe kprobe.function("%s") { println(1) }\n' "$forbidden" > "$work/named.stp"
stap "$work/named.stp" -c true
expect_equal "status for $forbidden" $status 1
grep -qE "named\\.stp:2:[0-9]+: the kernel refuses the probe .p:stap_[0-9a-f_]*/p0_$forbidden $forbidden" "$work/err" ||
	fail "$forbidden is not refused as such"
[ ! -e /sys/kernel/tracing/available_filter_functions ] ||
	grep -q "available_filter_functions" "$work/err" || fail 'nothing says why'
