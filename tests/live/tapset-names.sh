#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every function and probe of tapset-names.list, and each that a manual page of Debian's package
# systemtap-doc tells of, exists: listed by --dump-functions and --dump-probe-aliases (.return of
# one that is). Functions that write are refused, and stap says why.
. tests/live/harness

"$STAP" --dump-functions > "$work/functions" || fail 'no list of functions'
"$STAP" --dump-probe-aliases > "$work/aliases" || fail 'no list of aliases'
sed 's/[: ].*//' "$work/functions" | sort -u > "$work/function-names"
sed 's/ = .*//' "$work/aliases" | sort -u > "$work/alias-names"
manual_names() { # three of them name nothing: -, MKDEF (for MKDEV) and sa_handler
	find /usr/share/man/man3 -name 'function::*' -o -name 'probe::*' 2> /dev/null |
		sed 's/.*:://; s/\.3stap\.gz$//' | grep -vxE -e '-|MKDEF|sa_handler|set_(kernel|user)_.*|set_.*_arg'
}
{ grep -v '^#' tests/live/tapset-names.list; manual_names; } | while read -r name rest; do
	case $name in
	guru) echo "$rest" ;;
	*.* | json_data | syscall_any) grep -qxF -e "$name" -e "${name%.return}" "$work/alias-names" || echo "no probe $name" ;;
	*) grep -qxF "$name" "$work/function-names" || echo "no function $name" ;;
	esac
done > "$work/out"
! grep '^no ' "$work/out" || fail 'names are missing'
cp "$work/out" "$work/guru"
while read -r name; do
	stap -g -p2 -e "probe begin { $name(1, 2) }"
	[ $status -ne 0 ] && grep -q 'stap only reads' "$work/err" || fail "$name() is not refused for writing"
done < "$work/guru"
