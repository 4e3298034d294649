#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What an ordinary user is told, and what somebody who is root in a user namespace only.
. tests/live/harness

chmod a+rx "$work"
cp "$STAP" "$work/stap" && cp -r tapset "$work/tapset" && chmod -R a+rX "$work"
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
"${nobody[@]}" "$work/stap" -V > /dev/null 2> "$work/err" || skip "nobody cannot run a program here"
if "${nobody[@]}" test -w /sys/kernel/tracing/instances; then skip 'everybody may use tracefs here'; fi

refused() { # WHAT PATTERN COMMAND…: with one error, which says so
	local what=$1 pattern=$2
	shift 2
	(cd / && "$@" "$work/stap" -e "probe $what { exit() }") > "$work/out" 2> "$work/err" &&
		fail "$what: works for $*"
	grep -q "$pattern" "$work/err" || fail "$what, $*: no '$pattern'"
	[ "$(grep -c 'error:\|^ERROR' "$work/err")" -eq 1 ] || fail "$what, $*: more than one error"
}

for point in syscall.open 'syscall.*' 'kernel.trace("sched_switch")' scheduler.ctxswitch; do
	refused "$point" 'needs root (CAP_DAC_OVERRIDE), or a mount' "${nobody[@]}"
done
level=$(< /proc/sys/kernel/perf_event_paranoid) # Debian's kernels have a level 3
[ "$level" -ge 1 ] && [ "$level" -le 2 ] &&
	refused timer.profile 'needs the capability CAP_PERFMON (or CAP_SYS_ADMIN), or' "${nobody[@]}"
[ "$level" -ge 3 ] &&
	refused timer.profile 'needs the capability CAP_SYS_ADMIN where' "${nobody[@]}"

"${nobody[@]}" unshare -Ur true 2> "$work/err" || exit 0
refused syscall.open '(CAP_DAC_OVERRIDE, not only in a user namespace)' "${nobody[@]}" unshare -Ur
[ "$level" -lt 1 ] ||
	refused timer.profile 'holds in this user namespace only' "${nobody[@]}" unshare -Ur
exit 0
