#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Without CAP_PERFMON and CAP_SYS_ADMIN, sampling is refused in one sentence that says what is missing.
. tests/live/harness

[ "$(cat /proc/sys/kernel/perf_event_paranoid)" -gt 0 ] || skip "perf_event_paranoid allows everyone"
command -v capsh > /dev/null || skip "no capsh"
capsh --drop=cap_perfmon,cap_sys_admin -- -c "exec '$STAP' -e 'probe timer.profile { exit() }'" \
	> "$work/out" 2> "$work/err"
expect_equal "the exit status" $? 1
expect_equal "the number of errors" "$(grep -c '^ERROR: ' "$work/err")" 1
grep -q '^ERROR: timer.profile needs the capability CAP_PERFMON' "$work/err" ||
	fail "the message does not name CAP_PERFMON"
