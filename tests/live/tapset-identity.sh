#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# uid(), gid(), pgrp(), sid() and their like are those of the event, also of programs that are gone
# before their events are read: handed on by a parent, changed by setresuid(), by a program with its
# owner's rights, by setsid() and setpgid().
. tests/live/harness

changed=$(program id changed) owned=$(program id owned) led=$(program bash led)
chown 13:35 "$owned" && chmod ug+s "$owned"
cat > "$work/spawn" <<END
for i in 1 2 3 4 5; do
	setpriv --reuid 12 --regid 34 --clear-groups "$changed" -u > "$work/ids"
	"$owned" -u >> "$work/ids"
	setsid "$led" -c 'echo session \$\$'
done
set -m
for i in 1 2 3 4 5; do
	"$led" -c 'echo group \$\$' &
	wait \$!
done
END
chmod 777 "$work"; chmod o+rx "$changed" "$owned"
stap_succeeds -e 'global seen, led
	probe syscall.exit_group {
		name = execname()
		if (name == "'"${changed##*/}"'" || name == "'"${owned##*/}"'")
			seen[name, uid(), euid(), gid(), egid(), task_uid(task_current())]++
		if (name == "'"${led##*/}"'")
			led[pgrp() == pid() ? "own" : "other", sid() == pid() ? "own" : "other"]++
	}
	probe end {
		foreach ([name, u, eu, g, eg, tu] in seen)
			println("ids ", name, " ", u, " ", eu, " ", g, " ", eg, " ", tu, " ", seen[name, u, eu, g, eg, tu])
		foreach ([group, session] in led)
			println("job ", group, " ", session, " ", led[group, session])
	}' -c "bash $work/spawn"
expect_equal "the ids of a program started by setpriv" \
	"$(grep "^ids ${changed##*/} " "$work/out")" "ids ${changed##*/} 12 12 34 34 12 5"
user=$(sed -n 2p "$work/ids") # 0 where files give no rights
if [ "$user" = 13 ]; then
	expect_equal "the ids of a program with its owner's rights" \
		"$(grep "^ids ${owned##*/} " "$work/out")" "ids ${owned##*/} 0 13 0 35 0 5"
fi
expect_equal "leaders of sessions" "$(grep '^job own own' "$work/out")" "job own own 5"
expect_equal "leaders of process groups" "$(grep '^job own other' "$work/out")" "job own other 5"
expect_equal "others" "$(grep -c '^job other' "$work/out")" 0
