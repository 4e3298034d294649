#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not in guests: the kernel has no part in it
# A script beside the main script is no main script, but for -l it is enough.
. tests/live/harness

stap -E 'probe begin { println("beside"); exit() }' < /dev/null
[ $status -eq 1 ] || fail "-E alone: status $status"
grep -q 'no main script beside -E' "$work/err" || fail '-E alone: not said'
[ ! -s "$work/out" ] || fail '-E alone: something ran'
stap_succeeds -E 'probe beside = begin { }' -l 'besi*'
[ "$(< "$work/out")" = beside ] || fail '-E with -l'
stap_succeeds -E 'probe end { println("beside") }' -e 'probe begin { println("main"); exit() }'
[ "$(tr '\n' ' ' < "$work/out")" = 'main beside ' ] || fail '-E with -e'
exit 0
