#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Arguments of the kernel's functions by name and what they point to, through members, unions, bit-
# fields and text, against what stat and /proc say of the same file and the same processes.
. tests/live/harness
[ -e /sys/kernel/tracing/kprobe_events ] || skip "this kernel has no kprobe_events"
need_kernel_types

dd=$(program dd reads) name=${dd##*/} block=4096
file=/dev/shm/$name.data
trap 'rm -f "$file" "$file.link"; clean_up' EXIT
[ "$(stat -fc %t /dev/shm)" = 1021994 ] || skip '/dev/shm is no tmpfs'
dd if=/dev/zero of="$file" bs=$((16 * block)) count=1 status=none
chown 1234:4321 "$file" && chmod 640 "$file" && ln "$file" "$file.link" || fail 'no file'

stap_succeeds --strict -e '
	global sizes, offsets, seen, results
	probe kernel.function("do_sys_openat2") {
		if (execname() == @1 && user_string($filename) == @2)
			printf("opens flags %d directory %d\n", $how->flags & 3, $dfd)
	}
	probe kernel.function("vfs_open") {
		if (execname() == @1 && $path->dentry->d_inode->i_ino == $3)
			printf("vfs_open %s in %s %d\n", kernel_string($path->dentry->d_name->name),
			       kernel_string($path->dentry->d_parent->d_name->name), $file->f_flags & 3)
	}
	probe kernel.function("vfs_read") {
		if (execname() == @1 && $file->f_inode->i_ino == $3) {
			sizes[$count]++
			offsets += kernel_long($pos)
			if (!seen++)
				printf("inode mode %o owner %d group %d links %d size %d magic %x %s\n",
				       $file->f_inode->i_mode & 07777, $file->f_inode->i_uid->val,
				       $file->f_inode->i_gid->val, $file->f_inode->i_nlink,
				       $file->f_inode->i_size, $file->f_inode->i_sb->s_magic,
				       kernel_string($file->f_inode->i_sb->s_type->name))
		}
	}
	probe kernel.function("vfs_read").return {
		if (execname() == @1 && @entry($file->f_inode->i_ino) == $3)
			results[$return, $count]++
	}
	probe end {
		foreach ([size] in sizes) println("size ", size, " ", sizes[size])
		println("offsets ", offsets)
		foreach ([result, size] in results)
			println("result ", result, " ", size, " ", results[result, size])
	}' "$name" "$file" "$(stat -c %i "$file")" -c "$dd if=$file of=/dev/null bs=$block status=none"
expect_line '^opens flags 0 directory -100$'
expect_line "^vfs_open $name.data in / 0\$"
expect_line "^inode mode 640 owner 1234 group 4321 links 2 size $((16 * block)) magic 1021994 tmpfs\$"
expect_line "^size $block 17\$"
expect_line "^offsets $((block * 17 * 16 / 2))\$"
expect_line "^result $block $block 16\$"
expect_line "^result 0 $block 1\$"

# what a place tells of itself
stap_succeeds -e '
	probe kernel.function("vfs_read") {
		if (execname() == @1 && $file->f_inode->i_ino == $2) {
			println("parms ", $$parms)
			println("path ", $file->f_path$)
		}
	}
	probe kernel.function("vfs_read").return {
		if (execname() == @1 && @entry($file->f_inode->i_ino) == $2)
			println($$return)
	}' "$name" "$(stat -c %i "$file")" -c "$dd if=$file of=/dev/null bs=$((32 * block)) count=1 status=none"
expect_line "^parms file=0x[0-9a-f]+ buf=0x[0-9a-f]+ count=0x$(printf %x $((32 * block))) pos=0x[0-9a-f]+\$"
expect_line '^path \{\.mnt=0x[0-9a-f]+, \.dentry=0x[0-9a-f]+\}$'
expect_line "^return=0x$(printf %x $((16 * block)))\$"

# a process is made: its record and its parent's, a bit-field of it, as /proc has them
cat > "$work/family" <<'END_OF_SCRIPT'
cat /proc/self/stat > /dev/null &
echo "pids $! $$"
wait
END_OF_SCRIPT
shell=$(program bash parent)
stap_succeeds --strict -e '
	probe kernel.function("wake_up_new_task") {
		if (execname() == @1)
			printf("new %d group %d parent %d comm %s priority %d reset %d\n", $p->pid, $p->tgid,
			       $p->real_parent->tgid, kernel_string_n($p->comm, 16), $p->static_prio,
			       $p->real_parent->sched_reset_on_fork)
	}' "${shell##*/}" -c "chrt -R -o 0 nice -n 3 $shell $work/family"
child=$(number_of '$1 == "pids"' 2) parent=$(number_of '$1 == "pids"' 3)
expect_line "^new $child group $child parent $parent comm ${shell##*/} priority 123 reset 1\$"
