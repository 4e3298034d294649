#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A user who may sample but not lock memory has so many KiB for the rings of all events together. A
# few events share them; when they are used up, one sentence says so, and what helps.
. tests/live/harness
command -v setpriv > /dev/null || skip "no setpriv"
level=$(cat /proc/sys/kernel/perf_event_paranoid)
if [ "$level" -ge 3 ] && [ -n "${STAP_GUEST-}" ]; then # Debian's kernels start so; nobody else is in there
	trap 'echo $level > /proc/sys/kernel/perf_event_paranoid; clean_up' EXIT
	echo 2 > /proc/sys/kernel/perf_event_paranoid
fi
[ "$(cat /proc/sys/kernel/perf_event_paranoid)" -ge 0 ] || skip "perf_event_paranoid allows everyone"
[ "$(cat /proc/sys/kernel/perf_event_paranoid)" -lt 3 ] || skip "perf_event_paranoid allows root only"
[ "$(cat /proc/sys/kernel/perf_event_mlock_kb)" = 516 ] || skip "perf_event_mlock_kb was changed"

cp "$STAP" "$work/stap"
chmod 755 "$work" "$work/stap"
as_user() { # LOCKED-KIB SCRIPT: as a user of whom nobody else runs anything
	(ulimit -l "$1" && exec setpriv --reuid 54321 --regid 54321 --clear-groups --inh-caps +perfmon \
		--ambient-caps +perfmon -- "$work/stap" -e "$2") > "$work/out" 2> "$work/err"
	status=$?
}
sampling='probe timer.profile { println("sampled ", pid() > 0); exit() }'
many="$sampling"
for config in 1 2 3 4 5 6; do
	many+=" probe perf.type(1).config($config).sample(1000000000) { println(pid()) }"
done

as_user 0 "$sampling"
expect_equal "a few events: the exit status" $status 0
expect_line '^sampled [01]$'
as_user 0 "$many"
expect_equal "many events: the exit status" $status 1
expect_equal "many events: the number of errors" "$(grep -c '^ERROR: ' "$work/err")" 1
grep -qE "^ERROR: perf\.type\(1\)\.config\([1-6]\)\S*: ring buffers of 8 pages exceed this user's locked memory: needs CAP_IPC_LOCK, more of that \(ulimit -l\), or a larger /proc/sys/kernel/perf_event_mlock_kb$" \
	"$work/err" || fail "no sentence says what lacks"

most=$(ulimit -H -l) # which root without CAP_SYS_RESOURCE cannot raise
[ "$most" = unlimited ] || [ "$most" -ge 4096 ] || skip "the limit on locked memory is just $most KiB"
as_user "$most" "$many"
expect_equal "many events and more locked memory: the exit status" $status 0
expect_line '^sampled [01]$'
