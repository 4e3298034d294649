#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same run of the same program, seen by strace and by syscall.*.return: what both show of some
# 250 calls is brought to one notation, and compared. Where the notations differ in more than
# spelling (strace shows more of a structure, or how long a slice of text is), lines are let go; at
# least three quarters must be equal.
. tests/live/harness

command -v strace > /dev/null || skip 'no strace'
cc -O1 -o "$work/sysargs" tests/live/syscall-arguments.c 2> "$work/err" || skip "no compiler"
strace -o "$work/try" true 2> /dev/null || skip 'strace cannot trace here'
cat > "$work/script.stp" << 'EOF'
global on
probe syscall.getpgid.return {
	if (pid() != target()) next
	if (pid == 1999999999) on = 1
	if (on && pid == 1999999998) { println("end"); on = 0 }
}
probe syscall.*.return {
	if (pid() == target() && on) printf("< %s(%s) = %s\n", name, argstr, retstr)
}
EOF
mkdir "$work/dir"
mkfifo "$work/go"
strace -I 1 -s 50 -o "$work/strace" "$work/sysargs" "$work/dir" > "$work/expected" 2> /dev/null <> "$work/go" &
program=$!
until traced=$(pgrep -P $program) && [ /proc/$traced/exe -ef "$work/sysargs" ]; do sleep 0.05; done
start_stap -w -x $traced "$work/script.stp"
echo > "$work/go"
for ((i = 0; i < 600; i++)); do
	grep -qs '^end$' "$work/out" && break
	sleep 0.1
done
grep -qs '^end$' "$work/out" || fail 'the end of the calls was not seen'
end_stap
kill $program

# one notation: names as the tapset has them, 0 for nothing, no names of members, times in brackets
notation() {
	sed -E -e 's/ +\/\*[^*]*\*\///g' -e 's/\) += -1 (E[A-Z0-9]+) .*/) = \1/' \
		-e 's/\) += -[0-9]+ \((E[A-Z0-9]+)\)$/) = \1/' \
		-e 's/\) += ([^ ]+) \(.*\)$/) = \1/' -e 's/\) += /) = /' \
		-e 's/^(pread|pwrite)64\(/\1(/' -e 's/^newfstatat/fstatat/' -e 's/^mmap\(/mmap2(/' \
		-e 's/^umount2/umount/' -e 's/^getdents64/getdents/' \
		-e 's/\{tv_sec=([0-9]+), tv_usec=([0-9]+)\}/[\1.00000\2]/g' \
		-e 's/\{tv_sec=([0-9]+), tv_nsec=([0-9]+)\}/[\1.00000000\2]/g' \
		-e ':a' -e 's/(\[[0-9]+\.)0([0-9]{6}([0-9]{3})?\])/\1\2/' -e 'ta' \
		-e 's/\.0+([0-9]{9}\])/.\1/g' -e 's/\.0+([0-9]{6}\])/.\1/g' \
		-e 's/(iov_base|iov_len|sem_num|sem_op|sem_flg|rlim_cur|rlim_max)=//g' \
		-e 's/\b(NULL|0x0|00)\b/0/g' -e 's/\b[AP]F_(UNIX|LOCAL)/PF_UNIX/g' -e 's/\bAF_/PF_/g' \
		-e 's/\{sa_family=(PF_INET), sin_port=htons\(([0-9]+)\), sin_addr=inet_addr\("([0-9.]+)"\)\}/{\1, \3, \2}/' \
		-e 's/\bSIG([A-Z0-9]+)([]|])/\1\2/g' -e 's/\[EMPTY\]/[]/g' -e 's/SCHED_OTHER/SCHED_NORMAL/' \
		-e 's/\\00?([0-9])/\\\1/g' -e 's/, st_uid=[0-9]+, st_gid=[0-9]+//' \
		-e 's/(st_size=[0-9]+), \.\.\.\}/\1}/' \
		-e 's/\{rlim_cur=/[/' -e 's/msg_namelen=0, //; s/msg_iovlen=1, //'
}
sed -n '/getpgid(1999999999)/,/getpgid(1999999998)/p' "$work/strace" | sed '1d;$d' | notation > "$work/theirs"
sed -n 's/^< //p' "$work/out" | grep -v 'getpgid(199999999[89])' | notation > "$work/ours"
calls=$(wc -l < "$work/ours")
expect_between 'the number of calls that stap saw' "$calls" 150 400
diff "$work/theirs" "$work/ours" > "$work/difference"
equal=$((calls - $(grep -c '^>' "$work/difference")))
cp "$work/difference" "$work/out"
[ $((equal * 4)) -ge $((calls * 3)) ] || fail "only $equal of $calls lines are as strace's"
