#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is printed arrives whole and in order, whoever reads it; who stops reading ends the run
# without a word; the exit status and the summary of errors tell how a run ended.
# not in guests: the kernel has no part in it
. tests/live/harness

lines=$(scaled 1000000)
numbers="probe begin { for (i = 1; i <= $lines; i++) println(i) exit() }"
expected=$(seq "$lines" | cksum)

# whole: to a file, to a pipe, to a reader that dawdles, with -o, from an end probe at Ctrl-C
stap_succeeds -e "$numbers"
expect_equal 'sum of a file' "$(cksum < "$work/out")" "$expected"
expect_equal 'sum of a pipe' "$("$STAP" -e "$numbers" | cksum)" "$expected"
expect_equal 'sum of a slow reader' "$("$STAP" -e "$numbers" | { sleep 0.5; cksum; })" "$expected"
stap_succeeds -o "$work/file" -e "$numbers"
expect_equal 'sum of -o' "$(cksum < "$work/file")" "$expected"
start_stap -e "probe end { for (i = 1; i <= $lines; i++) println(i) }"
end_stap
expect_equal 'status after Ctrl-C' $status 0
expect_equal 'sum of an end probe' "$(grep -v armed "$work/out" | cksum)" "$expected"

# in order: text, warnings and errors of the same run on one descriptor
"$STAP" -e 'probe begin { println("1") warn("2") println("3") }
	probe begin { error("4") } probe error { println("5") }' > "$work/out" 2> "$work/err"
expect_equal 'order on stdout' "$(tr '\n' ' ' < "$work/out")" '1 3 5 '
expect_equal 'stderr' "$(< "$work/err")" 'WARNING: 2
ERROR: 4
WARNING: Number of errors: 1, skipped probes: 0'

# a reader who has gone: endless printing, a timer that prints, an end probe, a listing
quietly() { # READER ARGUMENT…: what the reader saw is in $work/out
	local reader=$1
	shift
	{ timeout 60 "$STAP" "$@" 2> "$work/err"; echo $? > "$work/status"; } | $reader > "$work/out"
	expect_equal "status of a run with $reader: $*" "$(< "$work/status")" 0
	[ ! -s "$work/err" ] || fail "a closed pipe is no error: $*"
}
quietly 'head -1' -e 'probe begin { for (;;) println("again") }'
expect_equal 'first line' "$(< "$work/out")" again
quietly 'head -1' -e 'probe timer.ms(1) { println("again") }'
quietly true -e 'probe begin { exit() } probe end { while (1) println("again") }'
quietly 'head -1' --dump-functions
quietly true -p2 -e 'probe begin { println(1) }'
# end probes run all the same: they may do more than print
{ "$STAP" -e 'probe timer.ms(1) { println("again") } probe end { warn("ended") }' 2> "$work/err"; } |
	head -1 > "$work/out"
expect_equal 'stderr of the end probe' "$(< "$work/err")" 'WARNING: ended'

# files that follow each other: when a signal asks, and when one is full
"$STAP" -o "$work/signal" -e 'probe timer.ms(10) { println("again") } probe end { println("end") }' &
stap_pid=$!
until [ -s "$work/signal" ]; do sleep 0.01; done
kill -USR2 $stap_pid
until [ -s "$work/signal.1" ]; do sleep 0.01; done
end_stap
expect_equal 'status after a signal' $status 0
expect_equal 'last lines of both files' "$(tail -qn 1 "$work/signal" "$work/signal.1" | tr '\n' ' ')" 'again end '
rm -f "$work"/full.*
stap_succeeds -o "$work/full" -S 1,2 -e "$numbers"
set -- "$work"/full.*
expect_equal 'files that are kept' $# 2
[ "$(stat -c %s "$1")" -le $((1 << 20)) ] || fail "$1 holds more than 1 MB"
expect_equal 'what the last file ends with' "$(tail -n 1 "$2")" "$lines"
expect_equal 'numbers that are missing between the files' \
	"$(cat "$1" "$2" | awk 'NR > 1 && $1 != last + 1 { missing++ } { last = $1 } END { print missing + 0 }')" 0
stap -S 1 -e 'probe begin { exit() }'
[ $status -ne 0 ] || fail '-S is taken without -o'

# who cannot be written to is an error
full='ERROR: output cannot be written: No space left on device'
"$STAP" -e 'probe begin { println(1) exit() }' > /dev/full 2> "$work/err"
expect_equal 'a full disk' "$? $(< "$work/err")" "1 $full"
"$STAP" --dump-functions > /dev/full 2> "$work/err"
expect_equal 'a full disk and a listing' "$? $(< "$work/err")" "1 $full"
stap -o /dev/full -e 'probe begin { println(1) exit() }'
expect_equal 'a full disk and -o' "$status $(< "$work/err")" "1 $full"
"$STAP" -e 'probe begin { println(1) exit() }' >&- 2> "$work/err"
expect_equal 'no standard output' "$? $(< "$work/err")" \
	'1 ERROR: output cannot be written: Bad file descriptor'

# several files, one after the other; without -o there is one output
switches='probe begin { println("one") switch_file() println("two") switch_file() println("three") exit() }'
stap_succeeds -o "$work/part" -e "$switches"
expect_equal 'files of switch_file()' "$(cd "$work" && grep . part part.1 part.2 | tr '\n' ' ')" \
	'part:one part.1:two part.2:three '
stap_succeeds -e "$switches"
expect_equal 'switch_file() without -o' "$(tr '\n' ' ' < "$work/out")" 'one two three '
mkdir "$work/busy.1"
stap -o "$work/busy" -e 'probe begin { println("one") try { switch_file() } catch (why) { println(why) } exit() }'
expect_equal 'a file that cannot be made' "$(cat "$work/busy")" "one
cannot write $work/busy.1: Is a directory"

# the exit status and the summary
ends() { # STATUS ERRORS ARGUMENT…: with so many errors in the summary, 0 for no summary
	local expected=$1 errors=$2
	shift 2
	stap "$@"
	expect_equal "status of $*" $status "$expected"
	expect_equal "errors of $*" \
		"$(sed -n 's/^WARNING: Number of errors: \([0-9]*\), skipped probes: 0$/\1/p' "$work/err")" \
		"${errors#0}"
}
ends 0 0 -e 'probe begin { exit() }'
ends 0 0 -e 'probe begin { abort() }'
ends 1 1 -e 'probe begin { error("no") }'
ends 1 1 -e 'probe begin { println(1 / (i - i)) }'
ends 1 1 -e 'probe begin { exit() } probe end { error("late") }'
ends 1 3 -D MAXERRORS=9 -e 'probe timer.ms(1) { if (n++ < 3) error("no") else exit() } global n'
ends 0 0 --suppress-handler-errors -e 'probe begin { error("no") } probe begin { exit() }'
ends 0 0 -e 'probe begin { try { error("no") } catch { } exit() }'
ends 0 0 -c true -e 'probe begin { n++ } global n'
ends 1 0 -c false -e 'probe begin { n++ } global n'
ends 1 1 -c true -e 'probe end { error("late") }'
ends 0 0 -T 1 -e 'probe begin { n++ } global n'
exit 0
