#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# syscall.*: a program makes some 300 calls with known arguments and says what argstr and retstr
# should be; both are compared, at the entry and at the return, call by call and in order.
. tests/live/harness

cc -O1 -o "$work/sysargs" tests/live/syscall-arguments.c 2> "$work/err" || skip "no compiler"
cat > "$work/script.stp" << 'EOF'
global on
probe syscall.getpgid {
	if (pid() == target() && pid == 1999999999) on = 1
}
probe syscall.* {
	if (pid() == target() && on) printf("> %s(%s)\n", name, argstr)
}
probe syscall.*.return {
	if (pid() == target() && on) printf("< %s(%s) = %s\n", name, argstr, retstr)
}
probe syscall.getpgid {
	if (pid() == target() && on && pid == 1999999998) { println("end"); on = 0 }
}
EOF
mkdir "$work/dir"
mkfifo "$work/go"
"$work/sysargs" "$work/dir" > "$work/expected" 2> /dev/null <> "$work/go" &
program=$!
start_stap -w -x $program "$work/script.stp"
expect_equal 'the only process that is recorded' \
	"$(cat /sys/kernel/tracing/instances/stap_"${stap_pid}"_*/set_event_pid)" $program
echo > "$work/go"
for ((i = 0; i < 600; i++)); do # a minute; the text is written when all calls are made
	grep -qs '^end$' "$work/out" && break
	sleep 0.1
done
grep -qs '^end$' "$work/out" || fail 'the end of the calls was not seen'
end_stap
kill $program
expect_equal 'the exit status' $status 0

# a call whose events this kernel does not have, and the marks at both ends, are no part of it
tracing=/sys/kernel/tracing
[ -d $tracing/events ] || tracing=/sys/kernel/debug/tracing
while IFS= read -r line; do
	[ -e "$tracing/events/syscalls/sys_enter_${line%% *}" ] && echo "${line#* }"
done < "$work/expected" > "$work/wanted"
grep '^[<>]' "$work/out" | grep -v 'getpgid(199999999[89])' > "$work/seen"
for side in '>' '<'; do
	grep "^$side" "$work/wanted" > "$work/wanted$side"
	grep "^$side" "$work/seen" > "$work/seen$side"
	diff "$work/wanted$side" "$work/seen$side" > "$work/difference" && continue
	cp "$work/difference" "$work/out"
	fail 'wanted (<) and seen (>) differ'
done
expect_between 'the number of calls' "$(grep -c '^>' "$work/wanted")" 150 400
