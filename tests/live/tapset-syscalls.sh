#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# syscall.*: a program makes calls with known arguments, and stays; name, argstr and the documented
# variables are compared with what it passed. Then syscall_any counts the same calls.
. tests/live/harness

command -v python3 > /dev/null || skip 'no python3'
cat > "$work/script" << 'EOF'
import ctypes, os, signal, socket, sys, time
libc = ctypes.CDLL(None)
path = sys.argv[1].encode()
def call(name, *arguments):
	function = getattr(libc, name)
	function.restype = ctypes.c_long
	return function(*[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
libc.prctl(15, b"caller")
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
fd = call("open", path + b"/f", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o640)
call("write", fd, b"hello\n", 6)
call("lseek", fd, 2, os.SEEK_SET)
call("fcntl", fd, 1030, 100)
call("ftruncate", fd, 3)
call("access", path + b"/f", os.R_OK | os.W_OK)
call("chmod", path + b"/f", 0o600)
call("mkdir", path + b"/d", 0o755)
call("rename", path + b"/d", path + b"/e")
call("rmdir", path + b"/e")
call("unlink", path + b"/f")
call("umask", 0o27)
call("kill", os.getpid(), 0)
s = call("socket", 2, 2 | os.O_CLOEXEC, 17)
call("shutdown", s, 2)
memory = call("mmap", 0, 8192, 3, 0x22, -1, 0)
call("mprotect", memory, 4096, 1)
call("munmap", memory, 8192)
call("close", s)
print("fd", fd, "socket", s, "memory", hex(memory & (1 << 64) - 1), "pid", os.getpid(), flush=True)
time.sleep(float(sys.argv[2]))
EOF
mkdir "$work/dir"
stap_succeeds -w -e '
	global ours
	probe syscall.* { if (execname() == "caller") printf("%s(%s)\n", name, argstr) }
	probe syscall.kill { if (execname() == "caller") printf("blocked %d %d\n", is_sig_blocked(task_current(), 10), is_sig_blocked(task_current(), 12)) }
	probe syscall.write { if (execname() == "caller") printf("write of %d to %d\n", count, fd) }
	probe syscall.openat, syscall.open ? { if (execname() == "caller" && flags & 0100) printf("mode %o, %s\n", mode, flags_str) }
	probe syscall.*.return { if (execname() == "caller") ours++ }
	probe syscall_any.return { if (execname() == "caller") any[name]++ }
	probe syscall_any { if (execname() == "caller") called[name]++ }
	probe end {
		printf("munmap %d %d\n", called["munmap"], any["munmap"])
		foreach (name in any)
			all += any[name]
		printf("difference %d\n", all - ours)
	}
	global any, called' -c "python3 $work/script $work/dir 1"
set -- $(grep '^fd ' "$work/out")
fd=$2 socket=$4 memory=$6 pid=$8
expect_argstr() { # CALL ARGUMENTS-REGEX
	expect_line "^$1\($2\)\$"
}
text='("[^"]*"|0x[0-9a-f]+)' # where the kernel captures no strings, the address may be all there is
expect_argstr 'open(at)?' "(AT_FDCWD, )?$text, O_RDWR\|O_CREAT\|O_TRUNC, 0640"
expect_argstr write "$fd, (\"hello.n\"|0x[0-9a-f]+), 6"
expect_argstr lseek "$fd, 2, SEEK_SET"
expect_argstr fcntl "$fd, F_DUPFD_CLOEXEC, 0x64"
expect_argstr ftruncate "$fd, 3"
expect_argstr 'f?access(at)?' "(AT_FDCWD, )?$text, R_OK\|W_OK"
expect_argstr 'f?chmod(at)?' "(AT_FDCWD, )?$text, 0600"
expect_argstr 'mkdir(at)?' "(AT_FDCWD, )?$text, 0755"
expect_argstr 'rename(at2?)?' "(AT_FDCWD, )?$text, (AT_FDCWD, )?$text(, 0x0)?"
expect_argstr 'rmdir|unlinkat' "(AT_FDCWD, )?$text(, AT_REMOVEDIR)?"
expect_argstr 'unlink(at)?' "(AT_FDCWD, )?$text(, 0x0)?"
expect_argstr umask 027
expect_argstr kill "$pid, 0x0"
expect_argstr socket 'PF_INET, SOCK_DGRAM\|SOCK_CLOEXEC, IPPROTO_UDP'
expect_argstr shutdown "$socket, SHUT_RDWR"
expect_argstr mmap2 '0x0, 8192, PROT_READ\|PROT_WRITE, MAP_PRIVATE\|MAP_ANONYMOUS, -1, 0'
expect_argstr mprotect "$memory, 4096, PROT_READ"
expect_argstr munmap "$memory, 8192"
expect_argstr close "$socket"
expect_line '^blocked 1 0$'
expect_line "^write of 6 to $fd\$"
expect_line '^mode 640, O_RDWR\|O_CREAT\|O_TRUNC$'
expect_line '^munmap [1-9]'
# calls in flight when the name changed, and those whose return comes at the end
expect_between 'returns that only syscall_any saw' "$(number_of '$1 == "difference"' 2)" 0 3
