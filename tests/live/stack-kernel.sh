#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Kernel stacks of a system call loop show the call's functions, outermost the entry from user
# space; stack(), callers(), caller() and the text forms agree with each other.
. tests/live/harness

awk '$1 ~ /[1-9a-f]/ { n++ } END { exit n < 1000 }' /proc/kallsyms || skip "/proc/kallsyms hides addresses"
stap_succeeds -e 'global hits, reads, entries, wrong, samples
	probe timer.profile.freq.hz(499) {
		if (pid() != target() || user_mode()) next
		samples++
		s = sprint_backtrace()
		if (isinstr(s, "read")) reads++
		if (isinstr(s, "entry_SYSCALL_64") || isinstr(s, "el0t_64_sync")) entries++
		if (stack(0) != addr()) wrong++
		if (sprintf("0x%x", stack(0)) != tokenize(callers(0), " ")) wrong++
		if (symname(stack(0)) != tokenize(s, "+")) wrong++
		hits[s]++
	}
	probe end {
		printf("samples %d\nreads %d\nentries %d\nwrong %d\n", samples, reads, entries, wrong)
		foreach (s in hits- limit 1) print(s)
	}' -c "exec dd if=/dev/zero of=/dev/null bs=1k count=$(scaled 3000000) 2> /dev/null"
samples=$(number_of '$1 == "samples"' 2)
[ "$samples" -ge 30 ] || fail "only $samples samples in the kernel"
expect_equal "contradictions" "$(number_of '$1 == "wrong"' 2)" 0
[ "$(number_of '$1 == "reads"' 2)" -gt $((samples / 20)) ] || fail "hardly any sample is in a read"
[ "$(number_of '$1 == "entries"' 2)" -gt $((samples / 2)) ] || fail "stacks do not reach the entry"

stap_succeeds -e 'probe timer.profile {
		if (user_mode() || pid() == 0) next
		# a sample on the way into the kernel has a stack of one or two functions
		try { c = caller(); a = caller_addr(); if (!stack(3)) next } catch { next }
		printf("caller %d\n", c == sprintf("%s 0x%x", symname(a), a))
		print_backtrace()
		print_syms(callers(1))
		exit()
	}' -c "exec dd if=/dev/zero of=/dev/null bs=1k count=$(scaled 3000000) 2> /dev/null"
expect_line '^caller 1$'
[ "$(grep -cE '^ 0x[0-9a-f]{16} : [^ ]+\+0x[0-9a-f]+/0x[0-9a-f]+ \[[^]]+\]$' "$work/out")" -ge 4 ] ||
	fail "stacks do not look as documented"
