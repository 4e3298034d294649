#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every system call of this kernel has its probe, and each has the variables that SystemTap's
# documentation names (syscall-variables.list: the probe, then its variables); all have name,
# argstr, and at the return retval and retstr. nd_syscall and tp_syscall are the same under
# another name.
. tests/live/harness

stap_succeeds -L 'syscall.*'
cp "$work/out" "$work/entries"
stap_succeeds -L 'syscall.*.return'
cp "$work/out" "$work/returns"
# variables of one probe, which may stand for several calls, on one line
variables() { # FILE PROBE
	grep -h "^$2 " "$1" | tr ' ' '\n' | sed 's/:.*//' | sort -u | tr '\n' ' '
}
checked=0
while read -r probe wanted; do
	have=$(variables "$work/entries" "$probe")
	[ -n "$have" ] || continue # not a call of this kernel
	have+=$(variables "$work/returns" "$probe\\.return")
	for variable in name argstr retval retstr $wanted; do
		case " $have" in
		*" $variable "*) ;;
		*) fail "$probe has no variable $variable" ;;
		esac
	done
	checked=$((checked + 1))
done < tests/live/syscall-variables.list
expect_between 'the number of probes checked' $checked 200 400
expect_equal 'the number of returns' "$(cut -d' ' -f1 "$work/returns" | sort -u | wc -l)" \
	"$(cut -d' ' -f1 "$work/entries" | sort -u | wc -l)"

# a call without a text of its own shows NAME=VALUE: none is left on the kernels that we know
stap_succeeds -p2 -e 'probe syscall.* { println(argstr) }' -w
grep -E 'argstr = sprintf\("[a-z_]+=%' "$work/out" > "$work/err" &&
	fail 'calls without a text of their own'

for family in nd_syscall tp_syscall dw_syscall; do
	stap_succeeds -l "$family.*"
	sed "s/^$family/syscall/" "$work/out" > "$work/names"
	cut -d' ' -f1 "$work/entries" | sort -u | cmp -s - "$work/names" ||
		fail "$family.* is not syscall.*"
done
stap_succeeds -l 'nd_syscall.{openat,readl*}.return'
expect_line '^nd_syscall.openat.return$'
