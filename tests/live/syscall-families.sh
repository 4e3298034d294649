#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# syscall.*, nd_syscall.* and tp_syscall.*, names in braces, syscall_any and their returns see the
# same calls of a program with the same name, argstr and retstr.
. tests/live/harness

count=$(scaled 2000)
dd=$(program dd fam)
stap_succeeds -w -s 32 -e '
	global calls, returns, argstrs, retstrs
	function call(family, name, argstr) { if (name == "write") { calls[family]++; argstrs += argstr =~ "^1, .*, 7$" } }
	function back(family, name, retstr) { if (name == "write") { returns[family]++; retstrs += retstr == "7" } }
	probe syscall.write { if (execname() == @1) call("syscall", name, argstr) }
	probe nd_syscall.write { if (execname() == @1) call("nd", name, argstr) }
	probe tp_syscall.write { if (execname() == @1) call("tp", name, argstr) }
	probe syscall.{write,lseek} { if (execname() == @1) call("braces", name, argstr) }
	probe syscall_any { if (execname() == @1 && name == "write") any++ }
	probe syscall.write.return { if (execname() == @1) back("syscall", name, retstr) }
	probe nd_syscall.write.return { if (execname() == @1) back("nd", name, retstr) }
	probe tp_syscall.write.return { if (execname() == @1) back("tp", name, retstr) }
	probe syscall.{write,lseek}.return { if (execname() == @1) back("braces", name, retstr) }
	probe syscall_any.return { if (execname() == @1 && name == "write" && retval == 7) anyback++ }
	global any, anyback
	probe end {
		foreach (family in calls) printf("%s %d %d\n", family, calls[family], returns[family])
		printf("any %d %d\n", any, anyback)
		printf("text %d %d\n", argstrs, retstrs)
	}' "${dd##*/}" -c "$dd if=/dev/zero of=/dev/null bs=7 count=$count status=none"
for family in syscall nd tp braces any; do
	expect_line "^$family $count $count\$"
done
expect_line "^text $((count * 4)) $((count * 4))\$"
