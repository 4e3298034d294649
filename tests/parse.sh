#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pass 1 over tests/parse-ok and tests/parse-ko:  tests/parse.sh PATH-OF-STAP [--update]
# A parse-ok script must parse, and its -p1 text must parse to the same text again. A parse-ko
# script must fail with exactly the messages of its .expected file. A first line
# "# options: ..." holds options and arguments. --update rewrites the .expected files.
stap=$1
update=$2
cd "$(dirname "$0")" || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
count=0
failed=0

fail()
{
	echo "FAIL $*"
	failed=$((failed + 1))
}

for file in parse-ok/*.stp; do
	count=$((count + 1))
	set -f
	# shellcheck disable=SC2046
	set -- $(sed -n '1s/^# options: //p' "$file")
	set +f
	guru=
	[ "$1" = -g ] && guru=-g && shift
	if ! "$stap" -p1 $guru "$file" "$@" >"$tmp/one" 2>"$tmp/errors"; then
		fail "$file does not parse:"
		cat "$tmp/errors"
	elif ! "$stap" -p1 $guru "$tmp/one" >"$tmp/two" 2>"$tmp/errors"; then
		fail "$file: what -p1 printed does not parse:"
		cat "$tmp/one" "$tmp/errors"
	elif ! diff <(tail -n +2 "$tmp/one") <(tail -n +2 "$tmp/two"); then
		fail "$file: -p1 of -p1 differs"
	fi
done

for file in parse-ko/*.stp; do
	count=$((count + 1))
	set -f
	# shellcheck disable=SC2046
	set -- $(sed -n '1s/^# options: //p' "$file")
	set +f
	if "$stap" -p1 "$file" "$@" >/dev/null 2>"$tmp/errors"; then
		fail "$file parses"
	fi
	[ -n "$update" ] && cp "$tmp/errors" "${file%.stp}.expected"
	diff "${file%.stp}.expected" "$tmp/errors" || fail "$file: other messages"
done

echo "parse: $count cases, $failed failed"
[ "$failed" -eq 0 ]
