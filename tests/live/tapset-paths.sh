#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Paths of the kernel's files, dentries and inodes at kprobes: a program reads files in directories
# of known depth, across a mount point, and a pipe. Task functions on a task_struct. The guests'
# root may lie below the root of all mounts, so paths are compared from the mount point on.
. tests/live/harness

cat > "$work/handles" << 'EOS'
probe syscall.clock_nanosleep, syscall.nanosleep {
	if (pid() != target())
		next
	printf("cwd %s\n", fullpath_struct_path(task_cwd_path(task_current())))
	printf("exe %s\n", fullpath_struct_file(task_current(), current_exe_file()))
	printf("fd %s\n", fullpath_struct_file(task_current(), task_fd_lookup(task_current(), 0)))
	try { task_fd_lookup(task_current(), 4321) } catch (message) { println("none ", message) }
	printf("files %d limit %d %d\n", task_open_file_handles(task_current()),
	       task_rlimit_nofile(task_current()), task_rlimit(task_current(), "RLIMIT_CORE"))
	exit()
}
EOS
sleeper=$(program sleep sleeper)
(cd "$work" && ulimit -c 0 && exec "$STAP" -w handles -c "exec $sleeper 30" < /dev/null) \
	> "$work/out" 2> "$work/err" || fail "stap exited with status $?"
expect_line "^cwd $work\$"
expect_line "^exe $sleeper\$"
expect_line '^fd /dev/null$'
expect_line '^none cannot find file in task$'
expect_line '^files [1-9][0-9]* limit [1-9][0-9]* 0$'

[ -e /sys/kernel/tracing/kprobe_events ] || skip 'this kernel has no kprobes'
need_kernel_types
mkdir "$work/mnt"
mount -t tmpfs none "$work/mnt" || skip 'nothing can be mounted'
trap 'umount "$work/mnt"; clean_up' EXIT
mkdir -p "$work/mnt/a/b" "$work/mnt/1/2/3/4/5/6/7/8/9"
echo x > "$work/mnt/a/b/file"
echo x > "$work/mnt/1/2/3/4/5/6/7/8/9/deep"
reader=$(program cat reader)
name=${reader##*/} name=${name:0:15}
stap_succeeds -w -e '
	probe kernel.function("vfs_read") {
		if (execname() == @1)
			printf("read %s|%s|%s|%s|%s\n", fullpath_struct_file(task_current(), $file),
			       d_name($file->f_path->dentry), reverse_path_walk($file->f_path->dentry),
			       inode_name($file->f_inode), inode_path($file->f_inode))
	}
	probe kernel.function("vfs_read").return {
		if (execname() == @1 && $return == 2)
			printf("done %s\n", @entry(fullpath_struct_path(&$file->f_path)))
	}
	probe kernel.function("wake_up_new_task") {
		if (target_set_pid(pid()))
			printf("new %d %d %s\n", task_tid($p), task_pid($p) == task_tid($p), task_execname($p))
	}' -c "bash -c 'echo x | $reader - $work/mnt/a/b/file $work/mnt/1/2/3/4/5/6/7/8/9/deep > /dev/null; exit 0'" "$name"
path="$work/mnt/a/b/file"
expect_line "^read .*$path\|file\|a/b/file\|a/b/file\|.*$path\$"
expect_line '^read \.\.\./3/4/5/6/7/8/9/deep\|deep\|\.\.\./3/4/5/6/7/8/9/deep\|\.\.\./5/6/7/8/9/deep\|'
expect_line '^read pipe:\[[0-9]+\]\|'
expect_line "^done .*$path\$"
expect_line '^done pipe:\[[0-9]+\]$'
expect_line '^new [1-9][0-9]* 1 bash$'
