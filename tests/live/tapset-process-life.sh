#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kprocess.*, scheduler.process_*, signal.* and the target set: a shell forks, executes, signals
# and ends children in known ways; ids, exit codes and signals are compared with what it did.
. tests/live/harness

cat > "$work/script" << 'EOF'
sleep 30 &
victim=$!
until [ "$(cat /proc/$victim/comm)" = sleep ]; do :; done
echo "victim $victim" >&2
kill -USR2 $victim
wait $victim
sh -c 'echo "leaver $$" >&2; exit 3'
echo "self $$" >&2
EOF
"$STAP" -w -e '
	probe kprocess.create { if (target_set_pid(pid())) printf("create %d by %d\n", new_pid, pid()) }
	probe scheduler.process_fork { if (target_set_pid(pid())) printf("fork %d by %d\n", child_pid, parent_pid) }
	probe kprocess.start { if (target_set_pid(pid())) printf("start %d\n", pid()) }
	probe kprocess.exec_complete { if (target_set_pid(pid())) printf("exec %d %s %d %d\n", pid(), name, success, errno) }
	probe kprocess.exit { if (target_set_pid(pid())) printf("exit %d %d\n", pid(), code) }
	probe scheduler.process_exit { if (target_set_pid(pid)) printf("%s %d\n", name, pid) }
	probe kprocess.release { printf("release %d\n", released_pid) }
	probe signal.send { if (target_set_pid(pid())) printf("send %s %d to %d %s shared %d\n", sig_name, sig, sig_pid, pid_name, shared) }
	probe scheduler.signal_send { if (target_set_pid(pid())) printf("sched send %d to %d\n", signal_number, pid) }
	probe signal.handle { if (target_set_pid(pid())) printf("handle %d %s %p\n", pid(), sig_name, handler) }
	probe signal.syskill { if (target_set_pid(pid())) printf("kill %d %s\n", pid, sig_name) }
	probe syscall.clone.return, syscall.clone3.return, syscall.vfork.return, syscall.fork.return {
		if (target_set_pid(pid())) printf("made %s by %d\n", retstr, pid())
	}
	probe signal.syskill.return { if (target_set_pid(pid())) printf("kill = %s\n", retstr) }
' -c "sh $work/script" > "$work/out" 2> "$work/err" || fail "stap exited with status $?"
victim=$(awk '$1 == "victim" { print $2 }' "$work/err")
leaver=$(awk '$1 == "leaver" { print $2 }' "$work/err")
self=$(awk '$1 == "self" { print $2 }' "$work/err")
expect_line "^create $victim by $self\$"
expect_line "^fork $victim by $self\$"
expect_line "^start $victim\$"
expect_equal 'calls that made the victim' "$(grep -c "^made $victim by $self\$" "$work/out")" 1
expect_equal 'returns of new tasks' "$(grep -c '^made 0 by' "$work/out")" 0
expect_line "^exec $victim execve 1 0\$"
expect_line "^kill $victim SIGUSR2\$"
expect_line '^kill = 0$'
expect_line "^send SIGUSR2 12 to $victim sleep shared 1\$"
expect_line "^sched send 12 to $victim\$"
expect_line "^handle $victim SIG(USR2|KILL) 0x0\$"
expect_line "^exit $victim 12\$"
expect_line "^process_exit $victim\$"
expect_line "^create $leaver by $self\$"
expect_line "^exit $leaver 768\$"
expect_line "^exit $self 0\$"
expect_equal 'exits of the leaver' "$(grep -c "^exit $leaver " "$work/out")" 1
