#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# timer.profile samples every CPU, in user mode and in the kernel: a loop and a copy on each CPU are
# hit there, with the addresses of the one or the other; user_mode(), addr() and uaddr() agree.
# timer.profile.freq.hz(N) does the same.
. tests/live/harness

spin=$(program bash spin)
copy=$(program dd copy)
cpus=$(taskset -cp $$ | sed 's/.*: //' | tr , '\n' |
	awk -F- '{ for (i = $1; i <= (NF > 1 ? $2 : $1); i++) print i }')
for cpu in $cpus; do
	taskset -c "$cpu" "$spin" -c 'while :; do :; done' &
	taskset -c "$cpu" "$copy" if=/dev/zero of=/dev/null bs=1M status=none &
done
for point in timer.profile 'timer.profile.freq.hz(97)'; do
	stap_succeeds -T 100 -e 'global hits, full, wrong
		probe '"$point"' {
			if (execname() != @1 && execname() != @2) next
			# addresses of the kernel are negative numbers
			if (user_mode() ? addr() <= 0 || uaddr() != addr() : addr() >= 0) wrong++
			if (++hits[execname(), cpu(), user_mode()] == 20 && (execname() == @1) == user_mode())
				if (++full == 2 * $3) exit()
		}
		probe end {
			foreach ([name, cpu, mode] in hits)
				println(name == @1 ? "loop " : "copy ", cpu, " ", mode, " ", hits[name, cpu, mode])
			println("wrong ", wrong)
		}' "${spin##*/}" "${copy##*/}" $(wc -w <<< "$cpus")
	for cpu in $cpus; do
		[ "$(number_of "\$1 == \"loop\" && \$2 == $cpu && \$3 == 1" 4)" -ge 20 ] ||
			fail "$point: the loop on cpu $cpu is hardly seen in user mode"
		[ "$(number_of "\$1 == \"copy\" && \$2 == $cpu && \$3 == 0" 4)" -ge 20 ] ||
			fail "$point: the copy on cpu $cpu is hardly seen in the kernel"
	done
	expect_equal "$point: samples with an address of the other kind" "$(number_of '$1 == "wrong"' 2)" 0
done
kill $(jobs -p)
