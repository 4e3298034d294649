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
# a probe may stand for several calls: a line each, with its variables behind the name
awk '
	FILENAME != ARGV[3] {
		probe = $1
		sub(/\.return$/, "", probe)
		known[probe] = 1
		for (i = 2; i <= NF; i++) { sub(/:.*/, "", $i); has[probe, $i] = 1 }
		next
	}
	!($1 in known) { next } # not a call of this kernel
	{
		checked++
		for (i = split($0 " name argstr retval retstr", wanted); i > 1; i--)
			if (!(($1, wanted[i]) in has)) print $1, "has no variable", wanted[i]
	}
	END { print "checked", checked + 0 }' \
	"$work/entries" "$work/returns" tests/live/syscall-variables.list > "$work/out"
! grep -q 'has no variable' "$work/out" || fail "variables are missing"
expect_between 'the number of probes checked' "$(number_of '$1 == "checked"' 2)" 200 400
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
