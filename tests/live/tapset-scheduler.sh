#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# scheduler.{ctxswitch,cpu_off,wakeup,wakeup_new,migrate}: two programs of known names hand a byte
# to and fro through pipes; every wakeup of one is followed by a switch to it, and then one from
# it. The latter are what is counted: the idle task of some processors gives way in silence here.
. tests/live/harness

count=$(scaled 200)
cat=$(program cat hand)
sleep=$(program sleep doze)
start_stap -w -e '
	global woken, left, off, moved, new
	probe scheduler.wakeup { if (task_execname(task) =~ "^(hand|doze)") woken[task_execname(task)]++ }
	probe scheduler.wakeup_new { if (task_pid == task_tid) new++ }
	probe scheduler.ctxswitch { if (prev_task_name =~ "^(hand|doze)") left[prev_task_name]++ }
	probe scheduler.cpu_off { if (task_execname(task_prev) =~ "^(hand|doze)" && !idle) off[execname()]++ }
	probe scheduler.migrate { moved[cpu_from, cpu_to]++ }
	probe end {
		foreach (name in left)
			printf("%s %d %d %d\n", name, woken[name], left[name], off[name])
		printf("new %d\n", new)
		foreach ([from, to] in moved)
			if (from == to || from < 0 || to < 0)
				printf("odd move %d %d\n", from, to)
	}'
mkfifo "$work/there" "$work/back"
"$cat" < "$work/there" > "$work/back" &
exec 7> "$work/there" 8< "$work/back"
for ((i = 0; i < count; i++)); do
	echo >&7
	read -r _ <&8
done
"$sleep" 0.01
exec 7>&- 8<&-
end_stap
hand=${cat##*/}
expect_equal 'exit status' $status 0
# a hand that is reached for before it went to sleep is not woken, and does not leave
woken=$(number_of "\$1 == \"$hand\"" 2) left=$(number_of "\$1 == \"$hand\"" 3)
expect_between 'wakeups of the cat' "$woken" 1 $((count * 2 + 20))
# the last wakeup, at the end of its input, may come too late to be followed by a switch
expect_between 'switches from the cat' "$left" $((woken - 1)) $((count * 4 + 50))
[ "$(number_of "\$1 == \"${sleep##*/}\"" 2)" -ge 1 ] || fail 'the sleeper was never woken'
[ "$(number_of "\$1 == \"$hand\"" 4)" -ge 1 ] || fail 'the cat never left its processor'
[ "$(number_of '$1 == "new"' 2)" -ge 2 ] || fail 'no new tasks'
! grep -q odd "$work/out" || fail 'a task moved to where it was'
