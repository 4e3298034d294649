#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the kernel will not have probed: a function that is named is an error that shows the script's
# line, the definition, and the kernel's reason; among those of a wildcard it is left out with one
# warning that counts, and the others are probed.
. tests/live/harness
[ -e /sys/kernel/tracing/kprobe_events ] || skip "this kernel has no kprobe_events"
blacklist=/sys/kernel/debug/kprobes/blacklist
[ -s $blacklist ] || skip 'this kernel shows no blacklist of kprobes'

forbidden=$(awk 'NR == FNR { if ($2 ~ /^[a-z_0-9]+$/) listed[$2]; next }
	$2 ~ /^[tT]$/ && NF == 3 && $3 in listed && !seen[$3]++ { print $3; exit }' \
	FS='[ \t]+' <(awk '{ print $1, $2 }' $blacklist) /proc/kallsyms)
[ -n "$forbidden" ] || skip 'nothing on the blacklist has a symbol'

printf '# a comment\nprobe kprobe.function("%s") { println(1) }\n' "$forbidden" > "$work/named.stp"
stap "$work/named.stp" -c true
expect_equal "status for $forbidden" $status 1
grep -qE "named\\.stp:2:7: the kernel refuses the probe .p:stap_[0-9a-f_]*/p0_$forbidden $forbidden" "$work/err" ||
	fail "$forbidden is not refused as such"
grep -q "available_filter_functions" "$work/err" || fail 'nothing says why'

address=$(awk '$3 == "vfs_read" { print "0x" $1; exit }' /proc/kallsyms)
printf 'probe kernel.statement(%#x).absolute { println(1) }\n' $((address + 1)) > "$work/inside.stp"
stap -g "$work/inside.stp" -c true
expect_equal 'status inside of an instruction' $status 1
grep -qE 'inside\.stp:1:7: the kernel refuses the probe .*: .*(instruction|register)' "$work/err" ||
	fail 'the inside of an instruction is not refused as such'

# one that is refused beside one that is not
stap_succeeds -v -e 'global n probe kprobe.function("'"$forbidden"'*"), kprobe.function("vfs_rea*") { n++ }
	probe end { println("reads ", n > 0) }' -c "cat /proc/uptime > /dev/null"
expect_line '^reads 1$'
expect_between warnings "$(grep -c 'refuses .* places that wildcards match' "$work/err")" 0 1
