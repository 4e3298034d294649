#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ioblock.*, ioblock_trace.* and ioscheduler*: dd writes to and reads from a loop device, directly;
# bytes, sectors, device and direction are compared with what dd did.
. tests/live/harness

truncate -s 8M "$work/disk"
loop=$(losetup -f --show "$work/disk" 2> "$work/err") || skip 'no loop device'
trap 'losetup -d "$loop"; clean_up' EXIT
name=${loop##*/}
blocks=64
start_stap -w -e '
	global begun, ended, first, last
	probe ioblock.request { if (devname == @1) begun[name, rw] += size }
	probe ioblock_trace.request {
		if (devname != @1)
			next
		begun[name, rw] += size
		if (rw == BIO_WRITE) {
			if (!([rw] in first) || sector < first[rw])
				first[rw] = sector
			if (sector + size / 512 > last[rw])
				last[rw] = sector + size / 512
		}
	}
	probe ioblock.end { if (devname == @1) ended[name, error, rw] += bytes_done }
	probe ioscheduler_trace.elv_issue_request { if (disk_major == 7) begun[name, rq_flags] += size }
	probe end {
		foreach ([name, rw] in begun)
			printf("%s %s %d\n", name, bio_rw_str(rw), begun[name, rw])
		foreach ([name, error, rw] in ended)
			printf("%s error %d %s %d\n", name, error, bio_rw_str(rw), ended[name, error, rw])
		printf("sectors %d to %d\n", first[1], last[1])
	}' "$name"
dd if=/dev/zero of="$loop" bs=4096 count=$blocks seek=100 oflag=direct status=none || fail 'dd cannot write'
dd if="$loop" of=/dev/null bs=4096 count=$blocks iflag=direct status=none || fail 'dd cannot read'
end_stap
expect_equal 'exit status' $status 0
bytes=$((blocks * 4096))
for what in ioblock.request ioblock_trace.request elv_issue_request; do
	expect_equal "bytes written, $what" "$(number_of "\$1 == \"$what\" && \$2 == \"W\"" 3)" $bytes
	# udev looks at a device that was written to
	expect_between "bytes read, $what" "$(number_of "\$1 == \"$what\" && \$2 == \"R\"" 3)" $bytes $((bytes * 4))
done
expect_line "^ioblock.end error 0 W $bytes\$"
expect_line "^sectors 800 to $((800 + bytes / 512))\$"
# a bio itself: from when it is handed over until it is done
if [ -e /sys/kernel/tracing/kprobe_events ] && [ -e /sys/kernel/btf/vmlinux ]; then
	start_stap -w -e '
		global begun, pairs
		probe ioblock.request { if (devname == @1 && size) begun[$bio] = size }
		probe ioblock.end {
			if (devname != @1 || error || !([$bio] in begun))
				next
			pairs++
			delete begun[$bio]
		}
		probe end { printf("pairs %d\n", pairs) }' "$name"
	dd if=/dev/zero of="$loop" bs=4096 count=$blocks seek=100 oflag=direct status=none || fail 'dd cannot write'
	end_stap
	expect_between 'bios from request to end' "$(number_of '$1 == "pairs"' 2)" $blocks $((blocks * 4))
fi
