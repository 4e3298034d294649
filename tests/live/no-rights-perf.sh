#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What stands in the way of sampling is told in one sentence before anything runs: the capability
# that lacks and the paranoid level, for root without it and for an ordinary user; and how many file
# descriptors events take, where the limit allows fewer and may not be raised.
. tests/live/harness
command -v capsh > /dev/null || skip "no capsh"
command -v setpriv > /dev/null || skip "no setpriv"

expect_refusal() { # WHO WORDS: of the one error
	expect_equal "$1: the exit status" $status 1
	expect_equal "$1: the number of errors" "$(grep -c '^ERROR: ' "$work/err")" 1
	grep -qE "^ERROR: $2" "$work/err" || fail "$1: no such error: $2"
	! grep -q ran "$work/out" || fail "$1: the script ran"
}
sampling='probe timer.profile { exit() } probe begin { println("ran") }'
without() { # CAPABILITIES LIMIT: on descriptors
	capsh --drop="$1" -- -c "ulimit -n $2; exec '$STAP' -e '$sampling'" > "$work/out" 2> "$work/err"
	status=$?
}
without cap_sys_resource 30
expect_refusal "with 30 descriptors" \
	'timer.profile takes [0-9]+ file descriptors, [0-9]+ with those that are open; the limit is 30 \(ulimit -n\)$'
without cap_sys_resource 4096
expect_equal "with 4096 descriptors: the exit status" $status 0

level=$(cat /proc/sys/kernel/perf_event_paranoid)
[ "$level" -gt 0 ] || skip "perf_event_paranoid allows everyone"
if [ "$level" -ge 3 ]; then # Debian's kernels: CAP_PERFMON is not enough then
	refusal="timer.profile needs the capability CAP_SYS_ADMIN where /proc/sys/kernel/perf_event_paranoid is $level, CAP_PERFMON where it is less, or neither where it is 0 or less$"
	without cap_sys_admin 4096
	expect_refusal "root without CAP_SYS_ADMIN" "$refusal"
else
	refusal="timer.profile needs the capability CAP_PERFMON \(or CAP_SYS_ADMIN\), or .*perf_event_paranoid at 0 or less \(it is $level\)$"
fi
without cap_perfmon,cap_sys_admin 4096
expect_refusal "root without capabilities" "$refusal"
cp "$STAP" "$work/stap"
chmod 755 "$work" "$work/stap"
setpriv --reuid 65534 --regid 65534 --clear-groups "$work/stap" -e "$sampling" > "$work/out" 2> "$work/err"
status=$?
expect_refusal "an ordinary user" "$refusal"
