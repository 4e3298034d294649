#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is cast to a task_struct: a pointer that the kernel can follow while the probe fires, and the
# handle of a thread, whose structure is found through /proc/kcore while the thread lives.
. tests/live/harness

[ -e /sys/kernel/tracing/kprobe_events ] || skip 'this kernel has no kprobes'
need_kernel_types
command -v python3 > /dev/null || skip 'no python3'
if [ -r /proc/kcore ]; then kcore=1; else kcore=0; fi
cat > "$work/program" << 'EOS'
import ctypes, os, threading, time
def work():
	ctypes.CDLL(None).prctl(15, b"second")
	print("thread", threading.get_native_id(), flush=True)
	os.access("/nonexistent-by-thread", os.R_OK)
	time.sleep(3600)
ctypes.CDLL(None).prctl(15, b"first")
os.access("/nonexistent-by-first", os.R_OK)
threading.Thread(target=work).start()
EOS
stap_succeeds -w -e '
	global seen
	probe kernel.function("wake_up_new_task") {
		if (execname() == "first")
			printf("new %d\n", @cast($p, "task_struct", "kernel")->pid == task_tid($p))
	}
	probe syscall.access, syscall.faccessat {
		if (!isinstr(execname(), "first") && !isinstr(execname(), "second") || pid() != target())
			next
		task = task_current()
		if ($1)
			printf("%s %d %d %s\n", execname(), @cast(task, "task_struct", "kernel")->pid == tid(),
			       @cast(task, "struct task_struct", "kernel<linux/sched.h>")->tgid == pid(),
			       kernel_string_n(& @cast(task, "task_struct", "kernel")->comm, 16))
		if (++seen == 2)
			exit()
	}
	probe end {
		task = pid2task(target())
		if ($1)
			printf("leader %d\n", @cast(task, "task_struct", "kernel")->pid == target())
		nobody = 4194000
		if ($1) {
			try { println(@cast(nobody, "task_struct", "kernel")->pid) }
			catch (message) { println(message) }
		}
	}' -c "exec python3 $work/program" $kcore
expect_line '^new 1$'
[ $kcore = 1 ] || skip 'this kernel has no /proc/kcore'
expect_line '^first 1 1 first$'
expect_line '^second 1 1 second$'
expect_line '^leader 1$'
expect_line '^task 4194000 has ended: its task_struct is gone$'
