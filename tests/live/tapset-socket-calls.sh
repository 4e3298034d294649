#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# socket.create, tcp.* and udp.* where the kernel has no kprobes as well: a program makes sockets of
# known kinds, one of a family that is not there, and sends known lengths over the loopback device.
. tests/live/harness

command -v python3 > /dev/null || skip 'no python3'
[ ! -e /sys/kernel/tracing/kprobe_events ] || need_kernel_types
lengths=
if [ -e /sys/kernel/tracing/kprobe_events ] || [ -e /sys/kernel/tracing/events/sock/sock_send_length ]; then
	lengths='
	probe tcp.sendmsg.return { if (execname() == "talker") printf("%s %d %d\n", name, size, family) }
	probe tcp.recvmsg.return { if (execname() == "talker") printf("%s %d %d\n", name, size, family) }
	probe udp.sendmsg.return { if (execname() == "talker") printf("%s %d %d\n", name, size, family) }
	probe udp.recvmsg.return { if (execname() == "talker") printf("%s %d %d\n", name, size, family) }'
fi
cat > "$work/script" << 'END'
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(15, b"talker")
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
print("none", libc.socket(77, 3, 5), flush=True)
END
ip link set lo up 2> /dev/null
stap_succeeds -w -e '
	probe socket.create {
		if (execname() == "talker")
			printf("create %s %s %d by %d\n", sock_fam_num2str(family), sock_type_num2str(type), protocol, requester)
	}
	probe socket.create.return {
		if (execname() == "talker")
			printf("created %d %s %d %d by %d: %d %d\n", family, sock_type_num2str(type), protocol, success, requester, err, success)
	}'"$lengths" -c "exec python3 $work/script"
expect_line '^create INET DGRAM 0 by 0$'
expect_line '^create INET STREAM 0 by 0$'
expect_line '^created 2 DGRAM 0 1 by 0: 0 1$'
expect_line '^created 2 STREAM 0 1 by 0: 0 1$'
expect_line '^none -1$'
expect_line '^created 77 RAW 5 0 by 0: -97 0$' # EAFNOSUPPORT
[ -n "$lengths" ] || exit 0
expect_line '^udp.sendmsg 777 2$'
expect_line '^udp.recvmsg 777 2$'
expect_line '^tcp.sendmsg 555 2$'
expect_line '^tcp.recvmsg 555 2$'
