#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# timer.profile.freq.hz(1000) counts the milliseconds of CPU time that the kernel charges a busy
# program with, on whichever CPUs it ran. (100 Hz in a guest: emulated, it would be throttled.)
. tests/live/harness

spin=$(program bash rate)
hz=$((STAP_TEST_SCALE > 1 ? 100 : 1000))
stap_succeeds -e "global samples
	probe timer.profile.freq.hz($hz) { if (execname() == \"${spin##*/}\") samples++ }
	probe end { printf(\"samples %d\n\", samples) }" \
	-c "$spin -c 'while ((SECONDS < 3)); do :; done; read -ra s < /proc/self/stat
		echo milliseconds \$((10 * (s[13] + s[14])))'"
charged=$(number_of '$1 == "milliseconds"' 2)
[ "$charged" -ge 300 ] || skip "the program got only $charged ms of CPU time"
# an emulator that waits for a CPU of its own passes over ticks, and makes up for none
fewer=$((STAP_TEST_SCALE > 1 ? 70 : 10)) more=$((STAP_TEST_SCALE > 1 ? 30 : 10))
expect_between "the number of samples in $charged ms" "$(number_of '$1 == "samples"' 2)" \
	$((charged * hz / 1000 * (100 - fewer) / 100)) \
	$((charged * hz / 1000 * (100 + more) / 100))
