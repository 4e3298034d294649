#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every way to name a place in the kernel that needs its DWARF: files with directories, lines of a
# function, the nearest line, labels, inlined copies, exported functions, callees, addresses. A read
# of a known size must be seen at each, with the values of the variables there.
. tests/live/harness
[ -e /sys/kernel/tracing/kprobe_events ] || skip "this kernel has no kprobe_events"
need_vmlinux

dd=$(program dd places) name=${dd##*/} block=12288 blocks=7
file=/dev/shm/$name
trap 'rm -f "$file"; clean_up' EXIT
dd if=/dev/zero of="$file" bs=$block count=$blocks status=none

# a read of a block passes each of these once; `seen` is what they have of its size
cat > "$work/places.stp" <<'END_OF_SCRIPT'
global hits
function is_ours(size) { return execname() == @1 && size == $2 }
probe kernel.function("vfs_read@fs/read_write.c") { if (is_ours($count)) hits["file"]++ }
probe kernel.function("vfs_r*d@fs/*.c").call { if (is_ours($count)) hits["wildcards"]++ }
probe kernel.function("vfs_rea[d]@*/read_write.c").exported { if (is_ours($count)) hits["exported"]++ }
probe kernel.function("ksys_read").callee("vfs_read") { if (is_ours($count)) hits["callee"]++ }
probe kernel.function("ksys_read").callee("vfs_read").return {
	if (execname() == @1 && $return == $2) hits["callee returns"]++ }
probe kernel.function("ksys_pread64").callee("vfs_read") ? { if (is_ours($count)) hits["other caller"]++ }
probe kernel.function("new_sync_read").inline { if (is_ours($len)) hits["inline"]++ }
probe kernel.statement("vfs_read@fs/read_write.c+1").nearest { if (is_ours($count)) hits["nearest"]++ }
probe kernel.statement(@3) { if (is_ours($count)) hits["line"]++ }
probe kernel.function(@4) { if (is_ours(ulong_arg(3))) hits["address"]++ }
probe kernel.statement(@4).absolute { if (is_ours(ulong_arg(3))) hits["absolute"]++ }
probe kprobe.statement(@4).absolute { if (is_ours(ulong_arg(3))) hits["kprobe address"]++ }
probe kernel.statement("ksys_read@fs/read_write.c+11").nearest { # where it may be known from the entry alone
	if (is_ours($count)) hits["descriptor " . sprint($fd)]++ }
probe kernel.function("vfs_read").return { if (execname() == @1 && $return == $2) hits["returns"]++ }
probe end { foreach (what in hits) println(what, ": ", hits[what]) }
END_OF_SCRIPT
address=0x$(awk '$3 == "vfs_read" { print $1; exit }' /proc/kallsyms)
stap_succeeds -l 'kernel.statement("vfs_read@fs/read_write.c:*")'
# the last line of its own that every successful read passes: a return is behind them all
line=$(sed -n 's/.*read_write\.c:\([0-9]*\)").*/\1/p' "$work/out" | sort -n | tail -1)
sed -i "s/@3/\"vfs_read@fs\/read_write.c:$line\"/; s/@4/$address/g" "$work/places.stp"
stap_succeeds -g "$work/places.stp" "$name" $block -c "$dd if=$file of=/dev/null bs=$block status=none"
for what in file wildcards exported callee inline nearest address absolute 'kprobe address'; do
	expect_line "^$what: $((blocks + 1))\$"
done
expect_line "^callee returns: $blocks\$"
expect_line "^returns: $blocks\$"
expect_line "^line: [1-9]"
expect_line "^descriptor 0: $((blocks + 1))\$" # dd's input
! grep -q 'other caller' "$work/out" || fail 'a callee was seen when others called it'

# a label, where a system call always passes; callees so many calls deep
stap_succeeds -e '
	probe kernel.function("__do_sys_getpriority").label("out_unlock") { if (execname() == @1) println("label ", pnlabel()) }
	probe kernel.function("__do_sys_getpriority").callees(2) { if (execname() == @1) println("callee ", ppfunc()) }
	' "$(basename "$(program renice label)")" -c "$work/label$$ -n 0 -p 1"
expect_line '^label out_unlock$'
expect_line '^callee [a-z_]+$'

# globals of the kernel, and statics of a file
stap_succeeds -e '
	probe kernel.function("vfs_read") {
		if (execname() == @1) {
			println("init ", @var("init_task@init/init_task.c")->pid, " ",
				kernel_string_n(@var("init_task")->comm, 16), " ",
				@cast(&@var("init_task"), "struct task_struct")->tgid)
			exit()
		}
	}' "$name" -c "$dd if=$file of=/dev/null bs=$block status=none; sleep 1"
expect_line '^init 0 swapper(/0)? 0$'
