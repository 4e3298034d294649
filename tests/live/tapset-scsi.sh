#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# scsi.*: the kernel's simulated disk, read and put offline. Needs the module scsi_debug, of the
# running kernel or, in a guest, of the package its kernel comes from.
. tests/live/harness

[ -e /sys/kernel/tracing/kprobe_events ] || skip 'this kernel has no kprobes'
[ -e /sys/kernel/btf/vmlinux ] || skip 'no BTF tells the types of kernel functions'
tests/guest/load-module scsi_mod sd_mod || skip 'this kernel has no SCSI layer'
disk() { ls -d /sys/bus/pseudo/drivers/scsi_debug/adapter0/host*/target*/*/block/* 2> /dev/null | head -1; }
{
	declare -f disk
	cat << 'EOS'
tests/guest/load-module scsi_debug
for i in $(seq 200); do [ -n "$(disk)" ] && break; sleep 0.05; done
name=$(disk) name=/dev/${name##*/}
for i in $(seq 200); do [ -b "$name" ] && break; sleep 0.05; done
echo "disk $name"
dd if="$name" of=/dev/null bs=64k count=1 iflag=direct status=none
echo offline > "$(disk)/device/state"
echo running > "$(disk)/device/state"
EOS
} > "$work/program"
stap_succeeds -w -e '
	probe scsi.ioentry { if (disk_major > 0) printf("entry %d %s %d\n", disk_major, device_state_str, req_addr < 0) }
	probe scsi.iodispatching {
		if (data_direction_str == "FROM_DEVICE" && request_bufflen == 65536)
			printf("dispatch %d:%d:%d:%d %s %d\n", host_no, channel, dev_id, lun, device_state_str, request_buffer < 0)
	}
	probe scsi.iodone { if (data_direction == 2) printf("done %d:%d:%d:%d %s %s\n", host_no, channel, dev_id, lun, data_direction_str, device_state_str) }
	probe scsi.iocompleted { if (data_direction == 2 && goodbytes == 65536) printf("completed %d\n", goodbytes) }
	probe scsi.ioexecute { if (request_bufflen) printf("execute %s %d %d\n", data_direction_str, request_bufflen > 0, timeout > 0) }
	probe scsi.set_state { printf("state %s to %s\n", old_state_str, state_str) }
' -c "bash $work/program"
grep -q '^disk /dev/sd' "$work/out" || skip 'the module scsi_debug cannot be loaded'
expect_line '^entry 8 RUNNING 1$'
expect_line '^dispatch [0-9]+:0:0:0 RUNNING 1$'
expect_line '^done [0-9]+:0:0:0 FROM_DEVICE RUNNING$'
expect_line '^completed 65536$'
expect_line '^execute FROM_DEVICE 1 1$'
expect_line '^state RUNNING to OFFLINE$'
expect_line '^state OFFLINE to RUNNING$'
