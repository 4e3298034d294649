#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vfs.*, socket.*, tcp.*, udp.* by kprobes: a program reads and writes files and sockets of known
# names, sizes and ports.
. tests/live/harness

[ -e /sys/kernel/tracing/kprobe_events ] || skip 'this kernel has no kprobes'
need_kernel_types
command -v python3 > /dev/null || skip 'no python3'
mkdir -p "$work/one/two"
cat > "$work/script" << 'EOF'
import ctypes, os, socket, sys
ctypes.CDLL(None).prctl(15, b"caller")
fd = os.open(sys.argv[1] + "/one/two/file", os.O_RDWR | os.O_CREAT, 0o600)
os.write(fd, b"x" * 1234)
os.lseek(fd, 0, 0)
os.read(fd, 4321)
print("ino", os.fstat(fd).st_ino)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(("127.0.0.1", 0))
u.sendto(b"x" * 777, u.getsockname())
u.recv(2000)
l = socket.socket()
l.bind(("127.0.0.1", 0))
l.listen()
t = socket.create_connection(l.getsockname())
a = l.accept()[0]
t.sendall(b"x" * 555)
a.recv(2222)
print("ports", u.getsockname()[1], l.getsockname()[1], t.getsockname()[1], flush=True)
EOF
ip link set lo up 2> /dev/null
stap_succeeds -w -e '
	probe vfs.write.return { if (execname() == "caller" && bytes_to_write == 1234) printf("write %s %d ino %d %s\n", pathname, bytes_written, ino, name) }
	probe vfs.read { if (execname() == "caller" && bytes_to_read == 4321) printf("asked %s %d ino %d\n", pathname, bytes_to_read, ino) }
	probe vfs.read.return { if (execname() == "caller" && bytes_to_read == 4321) printf("read %d %d %s\n", bytes_read, error, retstr) }
	probe vfs.open { if (execname() == "caller" && isinstr(pathname, "two/file")) printf("opened %s\n", pathname) }
	probe udp.sendmsg { if (execname() == "caller") printf("udp send %d from %d\n", size, sport) }
	probe udp.recvmsg.return { if (execname() == "caller") printf("udp got %d at %d\n", size, sport) }
	probe tcp.sendmsg { if (execname() == "caller") printf("tcp send %d %s:%d to %s:%d\n", size, saddr, sport, daddr, dport) }
	probe tcp.recvmsg.return { if (execname() == "caller") printf("tcp got %d %s:%d of %s:%d\n", size, saddr, sport, daddr, dport) }
	probe socket.create { if (execname() == "caller") printf("socket %s %s %d\n", sock_fam_num2str(family), sock_type_num2str(type), requester) }
' -c "python3 $work/script $work"
set -- $(grep '^ports ' "$work/out")
inode=$(number_of '$1 == "ino"' 2)
expect_line "^write .*/one/two/file 1234 ino $inode vfs.write\$"
expect_line "^asked .*/one/two/file 4321 ino $inode\$"
expect_line '^read 1234 0 1234$'
expect_line '^opened .*/one/two/file$'
expect_line '^socket INET DGRAM 0$'
expect_line '^socket INET STREAM 0$'
expect_line "^udp send 777 from $2\$"
expect_line "^udp got 777 at $2\$"
expect_line "^tcp send 555 127.0.0.1:$4 to 127.0.0.1:$3\$"
expect_line "^tcp got 555 127.0.0.1:$3 of 127.0.0.1:$4\$"
