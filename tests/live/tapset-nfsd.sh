#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sunrpc.svc.* and nfsd.dispatch: the kernel's NFS server, version 4 alone so that it needs no port
# mapper, is started, gets calls of procedure 0 from a client of our own, and is stopped.
. tests/live/harness

[ -e /sys/kernel/tracing/kprobe_events ] || skip 'this kernel has no kprobes'
[ -e /sys/kernel/btf/vmlinux ] || skip 'no BTF tells the types of kernel functions'
command -v python3 > /dev/null || skip 'no python3'
[ -d /sys/module/nfsd ] && skip 'this machine has an NFS server of its own'
tests/guest/load-module nfsd || skip 'this kernel has no NFS server'
mkdir "$work/nfsd"
mount -t nfsd nfsd "$work/nfsd" || skip 'the files of the NFS server cannot be mounted'
trap 'umount "$work/nfsd"; clean_up' EXIT
ip link set lo up 2> /dev/null
cat > "$work/client" << 'EOS'
import socket, struct
peer = socket.create_connection(("127.0.0.1", 2049))
for xid in range(70, 75): # RFC 5531
	call = struct.pack(">10I", xid, 0, 2, 100003, 4, 0, 0, 0, 0, 0)
	peer.sendall(struct.pack(">I", 0x80000000 | len(call)) + call)
	answer = peer.recv(4096)
	print("answer", struct.unpack(">I", answer[4:8])[0], flush=True)
EOS
cat > "$work/program" << EOS
echo "-2 -3 +4" > $work/nfsd/versions
echo "tcp 2049" > $work/nfsd/portlist 2> /dev/null
echo 1 > $work/nfsd/threads
[ "\$(cat $work/nfsd/portlist)" ] || echo "tcp 2049" > $work/nfsd/portlist
python3 $work/client
echo 0 > $work/nfsd/threads
EOS
stap_succeeds -w -e '
	global received
	probe nfsd.dispatch { if (proc == 0 && name == "nfsd.dispatch") printf("dispatch %s %d %d %d %d xid %d\n", client_ip, prog, version, proc, proto, ntohl(xid)) }
	probe sunrpc.svc.process { printf("process %s %d from %s xid %d threads %d\n", sv_name, rq_prot, ip_ntop(peer_ip), rq_xid, sv_nrthreads) }
	probe sunrpc.svc.send { printf("send %s %s\n", sv_name, ip_ntop(peer_ip)) }
	probe sunrpc.svc.recv { if (sv_name == "nfsd") received++ }
	probe sunrpc.svc.destroy { printf("destroy %s %d\n", sv_name, sv_prog) }
	probe sunrpc.svc.destroy.return { println(name, " ", retstr) }
	probe nfsd.entries { println(name, client_ip) }
	probe end { printf("received %d\n", received >= 1); println(nfsderror(htonl(13)), " ", nfsderror(0), " ", nfsderror(htonl(7))) }
' -c "bash $work/program"
[ "$(grep -c '^answer' "$work/out")" = 5 ] || fail 'the NFS server does not answer here'
for xid in 70 71 72 73 74; do
	expect_line "^dispatch 127.0.0.1 100003 4 0 6 xid $xid\$"
done
expect_line '^process nfsd 6 from 127.0.0.1 xid (70|0) threads 1$'
expect_line '^send nfsd 127.0.0.1$'
expect_line '^received 1$'
expect_line '^destroy nfsd 100003$'
expect_line '^sunrpc.svc.destroy.return N/A$'
expect_line '^NFSERR_ACCES NFS_OK NFSERR#7$'
