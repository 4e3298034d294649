#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# syscall_name() and syscall_num() agree with the C library's headers: with asm/unistd_64.h for
# x86-64, and with asm-generic/unistd.h, whose calls arm64 has, for the tapset as arm64 reads it,
# but for a 64 at the end of a name.
# not in guests: it reads the tapset and headers
. tests/live/harness

command -v cc > /dev/null || skip 'no C compiler'
numbers() { # HEADER OPTION…: NUMBER NAME of each call, by number
	local header=$1
	shift
	cc -E -dM "$@" -include "$header" -x c - < /dev/null |
		sed -nE 's/^#define __NR_([a-z0-9_]+) .*/\1 __NR_\1/p' > "$work/names"
	{ cat "$work/names" | awk '{ print "call", $1, $2 }'; } |
		cc -E -P "$@" -include "$header" -x c - |
		awk '$1 == "call" && $3 ~ /^[0-9]+$/ { print $3, $2 }' | sort -n
}
check() { # ARCHITECTURE SED-EXPRESSION: the tapset's file, so changed, says what $work/header does
	local number name
	stap_succeeds -w -e "$(sed "$2" tapset/syscall-any.stp)
		probe begin {
			for (i = 0; i < 512; i++)
				if (syscall_name(i) != sprint(i))
					println(i, \" \", syscall_name(i), \" \", syscall_num(syscall_name(i)))
			exit()
		}"
	[ "$(wc -l < "$work/header")" -gt 250 ] || fail "the header for $1 has few calls"
	while read -r number name; do
		[[ $name == arch_specific_syscall || $name == syscalls ]] && continue
		grep -qxE "$number $name(64)? $number" "$work/out" || grep -qx "$number ${name%64} $number" "$work/out" ||
			fail "call $number of $1, $name, is '$(grep "^$number " "$work/out")'"
	done < "$work/header"
}
header=/usr/include/x86_64-linux-gnu/asm/unistd_64.h
if [ -e $header ]; then
	numbers $header > "$work/header"
	check x86-64 's/arch == "arm64"/0 == 1/'
fi
header=/usr/include/asm-generic/unistd.h
[ -e $header ] || skip 'no asm-generic/unistd.h'
numbers $header -D__BITS_PER_LONG=64 -D__ARCH_WANT_RENAMEAT -D__ARCH_WANT_NEW_STAT \
	-D__ARCH_WANT_SET_GET_RLIMIT -D__ARCH_WANT_MEMFD_SECRET -D__ARCH_WANT_SYS_CLONE3 > "$work/header"
check arm64 's/arch == "arm64"/1 == 1/'
