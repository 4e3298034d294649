#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# timer.profile samples a program that does nothing but compute more than most others.
. tests/live/harness

spin=$(program bash spin)
"$spin" -c 'while :; do :; done' &
stap_succeeds -e 'global x
	probe timer.profile { x[execname()] <<< cpu() }
	probe timer.s(3) { foreach (e in x @count-) println(e, " ", @count(x[e])); exit() }'
kill $!
samples=$(number_of "\$1 == \"${spin##*/}\"" 2)
[ "$samples" -ge $((STAP_TEST_SCALE > 1 ? 20 : 100)) ] || fail "only $samples samples of ${spin##*/}"
[ "$(awk "\$1 == \"${spin##*/}\" { print NR; exit }" "$work/out")" -le 3 ] ||
	fail "${spin##*/} is not among the first three"
