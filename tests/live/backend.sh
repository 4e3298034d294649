#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --backend=tracefs, perf and auto count the same writes, with the same fields; what tracefs lacks
# is refused with its line before anything runs. -v says which way the events came.
. tests/live/harness

count=$(scaled 20000)
copy=$(program dd copy)
run_with() { # BACKEND EXPECTED-LINE
	stap_succeeds -v --backend="$1" -e 'global n, bytes
		probe kernel.trace("syscalls:sys_enter_write") {
			if (pid() != target() || $count != 7) next
			n++
			bytes += $count
		}
		probe end { println("writes ", n, " ", bytes) }' \
		-c "exec $copy if=/dev/zero of=/dev/null bs=7 count=$count status=none"
	expect_equal "--backend=$1: writes" "$(number_of '$1 == "writes"' 2)" "$count"
	expect_equal "--backend=$1: bytes" "$(number_of '$1 == "writes"' 3)" $((7 * count))
	grep -qF -- "$2" "$work/err" || fail "-v does not say: $2"
}

run_with tracefs '--backend=tracefs: probes through tracefs: 1, through perf: 0'
run_with perf '--backend=perf: probes through tracefs: 0, through perf: 1'
run_with auto '--backend=auto: probes through tracefs: 1, through perf: 0'

stap --backend=tracefs -e 'probe kernel.trace("sched:sched_switch") { print_backtrace() }
probe timer.profile { println(cpu()) }
probe begin { println("it ran") }'
expect_equal "the exit status of a stack with tracefs alone" $status 1
grep -qF 'does not record the kernel stack' "$work/err" || fail "the stack is not refused"
grep -qF 'has no sampled events' "$work/err" || fail "timer.profile is not refused"
! grep -q 'it ran' "$work/out" || fail "the script ran"
stap --backend=bpf -e 'probe begin { exit() }'
expect_equal "the exit status of --backend=bpf" $status 1
