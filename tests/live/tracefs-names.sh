#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kernel.trace by every kind of name, the fields as variables, and system calls by script names.
. tests/live/harness

list() { # PATTERN REGEX…: -l PATTERN prints exactly these lines
	local pattern=$1
	shift
	stap -l "$pattern"
	expect_equal "stap -l '$pattern'" "$(cat "$work/out")" "$(printf '%s\n' "$@")"
}
list 'kernel.trace("sched_switch")' 'kernel.trace("sched:sched_switch")'
list 'kernel.trace("sched:sched_swit*")' 'kernel.trace("sched:sched_switch")'
list 'kernel.trace("sys_ent*")' 'kernel.trace("raw_syscalls:sys_enter")'
list 'kernel.trace("*:sys_enter")' 'kernel.trace("raw_syscalls:sys_enter")'
list 'kernel.trace("sys_enter_read")' 'kernel.trace("syscalls:sys_enter_read")'
stap -L 'kernel.trace("sched_switch")'
expect_line '\$prev_comm:char\[16\] \$prev_pid:pid_t .*\$next_pid:pid_t'

# numbers have the sign of their C type, arrays of characters are text
stap_succeeds -T 20 -e 'probe kernel.trace("sched_switch") {
	printf("switch %d [%s] [%s]\n", $common_pid == $prev_pid, $prev_comm, $next_comm); exit() }'
expect_line '^switch 1 \[.+\] \[.+\]$'
stap_succeeds -c 'cat /nonexistent 2> /dev/null || :' \
	-e 'probe kernel.trace("sys_exit") { if ($ret < 0) { println("failed ", $ret); exit() } }'
expect_line '^failed -[0-9]+$'

cat=$(program cat cat)
start_stap -e 'probe syscall.{openat,newfstat,fstatat,pread64}, syscall.openat.return {
	if (execname() == "'${cat##*/}'") printf("%s %s\n", name, @defined($return) ? retstr : argstr) }'
"$cat" /nonexistent/file 2> /dev/null
end_stap
expect_line '^openat AT_FDCWD, ("/nonexistent/file"|0x[0-9a-f]+), O_RDONLY'
expect_line '^openat -2 \(ENOENT\)$'
expect_line '^fstat(at [0-9]+, [^,]+,)? ?(0x)?[0-9a-f]+'

stap -e 'probe kernel.trace("sched_swich") { }'
expect_equal 'exit status of a misspelt event' $status 1
grep -q "did you mean 'sched_switch'" "$work/err" || fail 'no suggestion'
