#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `make install` puts perf-stap where perf looks for its commands, and `perf stap` runs it: with the
# installed tapset, its arguments, its exit status.
. tests/live/harness
exec_path=$(perf --exec-path 2> /dev/null) || skip "there is no perf"

# -o: what is tested is the stap of this run, whatever make thinks of its age
make -s install STAP="$STAP" -o "$STAP" DESTDIR="$work/root" prefix=/opt/trace > "$work/out" 2>&1 ||
	fail "make install failed"
installed=$work/root$exec_path/perf-stap
[ -x "$installed" ] || fail "$installed is not installed"
expect_equal "what perf-stap leads to" "$(realpath "$installed")" "$work/root/opt/trace/bin/stap"
grep -q . "$work/root/opt/trace/share/man/man1/perf-stap.1" || fail "there is no page perf-stap(1)"

export PERF_EXEC_PATH=$work/root$exec_path
perf stap -e 'probe begin { println("by ", @1, " ", usecs_to_string(1500000)); exit() }' perf \
	> "$work/out" 2> "$work/err" || fail "perf stap failed"
expect_line '^by perf .*1'
perf stap -e 'probe begin { error("as meant") }' > "$work/out" 2> "$work/err"
expect_equal "the exit status of perf stap" $? 1
grep -q 'as meant' "$work/err" || fail "the error is not shown"
perf stap -e 'global n probe kernel.trace("syscalls:sys_enter_write") { if (pid() == target()) n++ }
	probe end { println("writes ", n) }' -c 'echo one; exec echo two' > "$work/out" 2> "$work/err" ||
	fail "perf stap with a command failed"
expect_equal "writes" "$(number_of '$1 == "writes"' 2)" 2
