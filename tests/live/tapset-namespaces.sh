#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Ids in namespaces: a sleeper in a pid namespace and a user namespace of its own, as stap and as
# --target-namespaces see it.
. tests/live/harness

sleeper=$(program sleep inside)
unshare --pid --fork true 2> /dev/null || skip 'this machine makes no pid namespaces'
unshare --pid --fork --kill-child "$sleeper" 60 > /dev/null 2>&1 &
for i in $(seq 200); do
	inside=$(pgrep -n -f "^$sleeper") && [ "$(awk '/^NSpid:/ { print NF }' "/proc/$inside/status")" = 3 ] && break
	inside=
	sleep 0.05
done
[ -n "$inside" ] || fail 'the sleeper has no namespace of its own'
script='probe oneshot {
	task = pid2task($1)
	try { printf("task %d %d\n", task_ns_pid(task), task_ns_tid(task)) } catch (m) { println(m) }
	try { printf("own %d %d\n", ns_pid() == pid(), ns_tid() == tid()) } catch (m) { println(m) }
	printf("users %d %d %d %d %d %d\n", ns_uid(), ns_euid(), ns_gid(), ns_egid(), task_ns_uid(task), task_ns_egid(task))
}'
stap_succeeds -e "$script" "$inside"
expect_line "^task $inside $inside\$"
expect_line '^own 1 1$'
expect_line "^users $(id -ru) $(id -u) $(id -rg) $(id -g) "
stap_succeeds --target-namespaces="$inside" -e "$script" "$inside"
expect_line '^task 1 1$'
expect_line '^cannot resolve id in namespace$'
unshare --user --map-root-user true 2> /dev/null || skip 'this machine makes no user namespaces'
mapped=$(program sleep mapped)
unshare --user "$mapped" 60 > /dev/null 2>&1 &
for i in $(seq 200); do
	[ "$(readlink /proc/$!/exe)" = "$mapped" ] && break
	sleep 0.05
done
stap_succeeds --target-namespaces=$! -e 'probe oneshot {
	printf("users %d %d %d %d\n", ns_uid(), ns_euid(), ns_gid(), ns_egid())
}'
expect_line '^users 65534 65534 65534 65534$'
