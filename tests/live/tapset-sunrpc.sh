#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sunrpc.*: the kernel asks a small server of our own for an NFS mount, over TCP, and is refused.
# Needs the modules of NFS, of the running kernel or, in a guest, of the package its kernel comes
# from.
. tests/live/harness

[ -e /sys/kernel/tracing/kprobe_events ] || skip 'this kernel has no kprobes'
[ -e /sys/kernel/btf/vmlinux ] || skip 'no BTF tells the types of kernel functions'
command -v python3 > /dev/null || skip 'no python3'
tests/guest/load-module nfsv3 || skip 'this kernel has no NFS'
ip link set lo up 2> /dev/null
cat > "$work/program" << 'EOS'
import ctypes, os, socket, struct, sys, threading
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
def receive(peer, count):
	data = b""
	while len(data) < count:
		more = peer.recv(count - len(data))
		if not more:
			raise EOFError
		data += more
	return data
def serve(peer): # RFC 5531: each call gets an accepted answer; MNT, procedure 1, says EACCES
	try:
		while True:
			length = struct.unpack(">I", receive(peer, 4))[0] & 0x7fffffff
			call = receive(peer, length)
			xid, _, _, program, version, procedure = struct.unpack(">6I", call[:24])
			print("asked", program, version, procedure, flush=True)
			answer = struct.pack(">6I", xid, 1, 0, 0, 0, 0) + (struct.pack(">I", 13) if procedure else b"")
			peer.sendall(struct.pack(">I", 0x80000000 | len(answer)) + answer)
	except EOFError:
		pass
def accept():
	while True:
		threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
threading.Thread(target=accept, daemon=True).start()
port = server.getsockname()[1]
print("port", port, flush=True)
libc = ctypes.CDLL(None, use_errno=True)
options = f"vers=3,proto=tcp,nolock,addr=127.0.0.1,mountproto=tcp,mountvers=3,mountport={port},port={port}"
result = libc.mount(b"127.0.0.1:/nowhere", sys.argv[1].encode(), b"nfs", 0, options.encode())
print("mount", result, ctypes.get_errno(), flush=True)
EOS
mkdir "$work/mnt"
stap_succeeds -w -e '
	probe sunrpc.clnt.create_client { printf("create %s %s %d %d %d %d\n", servername, progname, prog, vers, prot, port) }
	probe sunrpc.clnt.create_client.return { printf("created %d %s\n", isinstr(retstr, "0xffff"), name) }
	probe sunrpc.clnt.call_sync { printf("call %s %s %d %d %d %s\n", servername, progname, vers, port, proc, procname) }
	probe sunrpc.clnt.call_sync.return { printf("called %s\n", retstr) }
	probe sunrpc.sched.new_task { printf("task %d %d %d\n", prog, vers, prot) }
	probe sunrpc.sched.execute { printf("execute %d %d %d\n", prog, vers, prot) }
	probe sunrpc.sched.release_task { printf("release %d %d\n", prog, vers) }
	probe sunrpc.clnt.shutdown_client { printf("shutdown %s %s %d %d calls %d\n", servername, progname, prog, port, rpccnt > 0) }
' -c "python3 $work/program $work/mnt"
expect_line '^mount -1 13$'
port=$(number_of '$1 == "port"' 2)
expect_line "^create 127.0.0.1 mount 100005 3 6 $port\$"
expect_line '^created 1 sunrpc.clnt.create_client.return$'
expect_line "^call 127.0.0.1 mount 3 $port 1 (MNT|MOUNT)\$"
expect_line '^called 0$'
expect_line '^task 100005 3 6$'
expect_line '^execute 100005 3 6$'
expect_line '^release 100005 3$'
expect_line "^shutdown 127.0.0.1 mount 100005 $port calls 1\$"
