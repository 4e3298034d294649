#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# perf.type(1).config(3).sample(1): one hit for each context switch, as many as /proc tells of a
# program that sleeps many times; and an event that no kernel has is refused with a reason.
. tests/live/harness

sleeper=$(program bash sleeper)
mkfifo "$work/fifo"
cat > "$work/sleep" <<'END'
exec 3<> "$1"
grep ctxt_switches /proc/$$/status
for ((i = 0; i < 300; i++)); do read -t 0.001 -u 3; done
grep ctxt_switches /proc/$$/status
END
stap_succeeds -e "global switches
	probe perf.type(1).config(3).sample(1) {
		if (execname() == \"${sleeper##*/}\") switches++ }
	probe end { printf(\"switches %d\n\", switches) }" \
	-c "$sleeper $work/sleep $work/fifo"
switches=($(awk '/ctxt_switches/ { print $2 }' "$work/out"))
before=$((switches[0] + switches[1])) after=$((switches[2] + switches[3]))
[ $((after - before)) -ge 200 ] || skip "only $((after - before)) switches"
# what came before the program had its name is not among the hits, its last one is
expect_between "the number of hits" "$(number_of '$1 == "switches"' 2)" \
	$((after - before)) $((after + 20))
stap -e 'probe perf.type(1).config(4711) { exit() }'
expect_equal "the exit status of an unknown event" $status 1
grep -q 'type 1, config 4711' "$work/err" || fail "the message does not name the event"

# what this machine has not got is named as in the script, with the probe that asks for it
stap -e 'probe begin { exit() }
probe perf.hw.cpu_cycles { println("hit") }'
if [ $status -ne 0 ]; then
	grep -qF 'no perf event of type 0, config 0 (perf.hw.cpu_cycles)' "$work/err" ||
		fail "the missing event is not named"
	grep -qF 'a ? behind the probe point leaves it out' "$work/err" || fail "the ? is not suggested"
	grep -qF "the point comes from this probe: keyword 'probe' at <input>:2:1" "$work/err" ||
		fail "the probe is not named"
	stap_succeeds -e 'probe perf.hw.cpu_cycles? { println("hit") } probe begin { println("ran"); exit() }'
	expect_line '^ran$'
	stap_succeeds -l 'perf.**'
	[ ! -s "$work/err" ] || fail "a list of what there is tells of what there is not"
	expect_line '^perf\.sw\.page_faults$'
	stap -l 'perf.hw.cpu_cycles'
	expect_equal "the exit status of listing what is missing" $status 1
	grep -qF '(perf.hw.cpu_cycles)' "$work/err" || fail "the missing event is not named"
fi
