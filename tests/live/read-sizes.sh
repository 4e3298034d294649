#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Return values of reads, their statistics and their histogram, over the life of -c.
. tests/live/harness

count=$(scaled 200000)
dd=$(program dd dd)
name=${dd##*/}
stap_succeeds -e '
	global bytes, n
	probe syscall.read.return { if (retval > 0) { bytes[execname()] <<< retval; n++ } }
	probe end {
		foreach (p in bytes @sum- limit 10)
			printf("%s %d reads, %d bytes, avg %d\n", p, @count(bytes[p]), @sum(bytes[p]), @avg(bytes[p]))
		println(@hist_log(bytes["'"$name"'"]))
		println("n ", n)
	}' -c "$dd if=/dev/zero of=/dev/null bs=4k count=$count status=none"
reads=$(number_of "\$1 == \"$name\"" 2)
bytes=$(number_of "\$1 == \"$name\"" 4)
# beyond its own reads of 4096 bytes, the loader reads the heads of a few libraries
expect_between 'reads' "$reads" "$count" $((count + 20))
expect_between 'bytes' "$bytes" $((count * 4096)) $(((count + 20) * 4096))
expect_equal 'average' "$(number_of "\$1 == \"$name\"" 7)" $((bytes / reads))
expect_between 'bucket of 4096' "$(number_of '$1 == 4096' NF)" "$count" $((count + 20))
expect_line '^value \|-+ count$'
[ "$(number_of '$1 == "n"' 2)" -ge "$reads" ] || fail 'n is less than the reads of dd'
