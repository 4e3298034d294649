#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The demonstration script counts every write of a program exactly.
. tests/live/harness

count=$(scaled 20000)
dd=$(program dd dd)
start_stap Documentation/examples/busiest-syscalls.stp
"$dd" if=/dev/zero of=/dev/null bs=1 count="$count" status=none
wait_stap
expect_equal 'exit status' $status 0
expect_equal 'lines' "$(grep -vc '^armed$' "$work/out")" 15
expect_equal 'writes of dd' "$(number_of "\$1 == \"${dd##*/}\" && \$2 == \"write\"" 3)" "$count"
reads=$(number_of "\$1 == \"${dd##*/}\" && \$2 == \"read\"" 3)
expect_between 'reads of dd, the loader'"'"'s included' "$reads" "$count" $((count + 20))
sorted=$(awk '$1 != "armed" { print $NF }' "$work/out")
expect_equal 'order' "$(sort -rn <<< "$sorted")" "$sorted"
