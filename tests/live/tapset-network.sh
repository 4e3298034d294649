#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netfilter.*, tcp.receive, tcpmib.*, ipmib.*, socket.*: packets over the loopback device, of known
# ports and contents, as the probes see them; terminals too.
. tests/live/harness

[ -e /sys/kernel/tracing/kprobe_events ] || skip 'this kernel has no kprobes'
need_kernel_types
command -v python3 > /dev/null || skip 'no python3'
cat > "$work/script" << 'END'
import fcntl, os, pty, socket, struct, termios
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(("127.0.0.1", 0))
u.sendto(b"Hello, netfilter", u.getsockname())
u.recv(2000)
six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
six.bind(("::1", 0))
six.sendto(b"six", six.getsockname())
six.recv(2000)
l = socket.socket()
l.bind(("127.0.0.1", 0))
l.listen()
t = socket.create_connection(l.getsockname())
a = l.accept()[0]
os.write(t.fileno(), b"x" * 555)
a.recv(2222)
t.close()
a.close()
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
os.write(slave, b"terminal\n")
os.read(master, 100)
print("ports", u.getsockname()[1], six.getsockname()[1], l.getsockname()[1], flush=True)
END
ip link set lo up 2> /dev/null
stap_succeeds -w -e '
	probe netfilter.ip.pre_routing, netfilter.ip.local_in, netfilter.ip.local_out, netfilter.ip.post_routing {
		if (protocol == ipproto_udp)
			printf("%s %s %s:%d %s:%d %d [%s] [%s]\n", pn(), pf, saddr, sport, daddr, dport, length, indev_name, outdev_name)
		else if (protocol == ipproto_tcp && syn)
			printf("%s syn %d ack %d fin %d %s to %d\n", pn(), syn, ack, fin, saddr, dport)
	}
	probe netfilter.ipv4.local_in { if (protocol == 17) printf("text %s hex %s\n", substr(data_str, 28, 16), substr(data_hex, 56, 10)) }
	probe tcp.receive { if (syn) printf("%s %s %d to %s %d ack %d urg %d\n", name, saddr, sport, daddr, dport, ack, urg)
		if (fin) fins++ }
	global fins
	probe tcpmib.PassiveOpens, tcpmib.CurrEstab, tcpmib.OutSegs, tcpmib.InSegs {}
	probe ipmib.InReceives, ipmib.OutRequests {}
	probe tcpmib.ActiveOpens { printf("opens %d\n", tcpmib_get_state(sk)) }
	probe socket.send { if (execname() == "python3" && size == 555) printf("sent %s %d\n", sock_fam_num2str(family), success) }
	probe socket.receive { if (execname() == "python3" && size == 555) printf("received %s\n", sock_fam_num2str(family)) }
	probe tty.write { if (nr == 9) printf("tty %s %s\n", file_name, driver_name) }
	probe tty.resize { printf("resize %d %d\n", new_row, new_col) }
	probe end { printf("mib %d %d %d %d\n", ActiveOpens[1], PassiveOpens[1], CurrEstab[1] < 2, InReceives[1] > 5)
		printf("more %d %d %d %d\n", InSegs[1] > 2, OutSegs[1] > 5, OutRequests[1] > 5, fins) }
' -c "exec python3 $work/script"
set -- $(grep '^ports ' "$work/out")
udp=$2 six=$3 listener=$4
for hook in pre_routing local_in; do
	expect_line "^netfilter.ip(v4)?.$hook ipv4 127.0.0.1:$udp 127.0.0.1:$udp 44 \[lo\] \[\]\$"
	expect_line "^netfilter.ip(v6)?.$hook ipv6 [0:]*:0001:$six [0:]*:0001:$six 51 \[lo\] \[\]\$"
done
for hook in local_out post_routing; do
	expect_line "^netfilter.ip(v4)?.$hook ipv4 127.0.0.1:$udp 127.0.0.1:$udp 44 \[\] \[lo\]\$"
	expect_line "^netfilter.ip(v6)?.$hook ipv6 [0:]*:0001:$six [0:]*:0001:$six 51 \[\] \[lo\]\$"
done
expect_line "^netfilter.ip(v4)?.local_in syn 1 ack 0 fin 0 127.0.0.1 to $listener\$"
expect_line "^text Hello, netfilter hex 48656c6c6f\$"
expect_line "^tcp.receive 127.0.0.1 [0-9]+ to 127.0.0.1 $listener ack 0 urg 0\$"
expect_line "^tcp.receive 127.0.0.1 $listener to 127.0.0.1 [0-9]+ ack 1 urg 0\$"
expect_line '^opens 2$'
expect_line '^sent INET 1$'
expect_line '^received INET$'
expect_line '^tty .* pty_slave$'
expect_line '^resize 33 77$'
expect_line '^mib 1 1 1 1$'
expect_line '^more 1 1 1 2$'
