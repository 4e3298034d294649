#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A script from a file and from standard input; the end probes run however it is ended.
. tests/live/harness

cat > "$work/script.stp" <<'END'
probe begin { println("begun") }
probe syscall.* { n++ }
probe end { println("ended ", n > 0) }
global n
END
for signal in INT TERM HUP; do
	start_stap "$work/script.stp"
	sleep 0.2
	end_stap $signal
	expect_equal "exit status after SIG$signal" $status 0
	expect_equal "output after SIG$signal" "$(tr '\n' ' ' < "$work/out")" 'begun armed ended 1 '
done
start_stap - < "$work/script.stp"
end_stap
expect_equal 'exit status of stap -' $status 0
expect_line '^ended [01]$'

# at any time: whatever begin could start, end finishes
for delay in 0 0.01 0.02 0.04 0.08 0.16 0.3 0.6; do
	: > "$work/out"
	"$STAP" "$work/script.stp" > "$work/out" 2> "$work/err" &
	stap_pid=$!
	until [ -s "$work/out" ] || ! kill -0 $stap_pid 2> /dev/null; do sleep 0.002; done
	sleep $delay
	end_stap
	expect_equal "lines when interrupted $delay s after begin" "$(grep -cE 'begun|ended' "$work/out")" 2
done
stap_succeeds -e 'probe begin { exit() } probe end { println("ended") }'
expect_equal 'output of exit()' "$(cat "$work/out")" ended
