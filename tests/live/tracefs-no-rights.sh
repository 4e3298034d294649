#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Without rights, or without tracefs, one sentence says what is missing; what needs no tracefs runs.
. tests/live/harness

cp "$STAP" "$work/stap"
chmod 755 "$work" "$work/stap"
trace='probe kernel.trace("sched_switch") { exit() }'
unprivileged() { setpriv --reuid 65534 --regid 65534 --clear-groups "$work/stap" "$@"; }

STAP=unprivileged
stap -e "$trace"
expect_equal 'exit status' $status 1
grep -q 'no permission to use tracefs in .*root' "$work/err" || fail 'no word about permission'
stap_succeeds -e 'probe begin { println("runs"); exit() }'
expect_line '^runs$'

without_tracefs() { # COMMAND: in a mount namespace of its own
	work=$work trace=$trace unshare -m bash -c "umount -a -t tracefs,debugfs 2> /dev/null; $1" \
		> "$work/out" 2> "$work/err"
	status=$?
}
without_tracefs 'setpriv --reuid 65534 --regid 65534 --clear-groups "$work/stap" -e "$trace"'
expect_equal 'exit status when not mounted' $status 1
grep -q 'tracefs is not mounted, and mounting it needs CAP_SYS_ADMIN' "$work/err" ||
	fail 'no word about the mount'
without_tracefs '"$work/stap" -e "$trace"'
expect_equal 'exit status when stap may mount it' $status 0
# only this mount: -o ro with the mount itself makes tracefs read-only everywhere on Linux 6.1
without_tracefs 'mount -t tracefs tracefs /sys/kernel/tracing
	mount -o remount,bind,ro /sys/kernel/tracing; "$work/stap" -e "$trace"'
expect_equal 'exit status when mounted read-only' $status 1
grep -q 'mounted read-only' "$work/err" || fail 'no word about read-only'
