#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Watchpoints count every write, and with .rw every use, of a program's variable: by name in the
# command of -c, position-independent or not, in a process that runs, and in the kernel; the fifth
# is refused with a reason.
. tests/live/harness
[ -d /sys/bus/event_source/devices/breakpoint ] || skip "this machine has no breakpoints"
command -v gcc > /dev/null || skip "no gcc"

cat > "$work/count.c" <<'END'
#include <unistd.h>
volatile long counter = 1;
volatile long sink;
int main(void)
{
	char byte;
	(void)!read(0, &byte, 1);
	for (int i = 0; i < 1000; i++)
		counter = i * 3;
	for (int i = 0; i < 500; i++)
		sink = counter;
	return 0;
}
END
gcc -g -O1 -fPIE -pie -o "$work/moved" "$work/count.c" || fail "the program does not compile"
gcc -g -O1 -no-pie -o "$work/fixed" "$work/count.c" || fail "the program does not compile"
# one at a time: qemu reports only one of two watchpoints that an instruction hits
writes() { # WHOSE
	echo "global n, last
	probe $1.data(\"counter\").length(8).write { n++; last = user_int64(\$address) }
	probe end { printf(\"%d %d\\n\", n, last) }"
}
for program in moved fixed; do
	for whose in process "process(\"$work/$program\")"; do
		stap_succeeds -e "$(writes "$whose")" -c "$work/$program" < /dev/null
		expect_line '^1000 '
	done
	stap_succeeds -e 'global n probe process.data("counter").rw { n++ }
		probe end { println(n) }' -c "$work/$program" < /dev/null
	expect_line '^1500$'
done
mkfifo "$work/fifo"
"$work/moved" <> "$work/fifo" &
until [ /proc/$!/exe -ef "$work/moved" ]; do sleep 0.01; done
start_stap -x $! -e "$(writes process)"
echo > "$work/fifo"
wait_stap
expect_line '^1000 '
grep -q 'memory is read after the event' "$work/err" || fail "that the value is read late is not said"

stap -e "probe process(\"$work/moved\").data(\"counter\").write { }"
expect_equal "the exit status without a process" $status 1
grep -q 'position-independent' "$work/err" || fail "why a process is needed is not said"
stap -p2 -e "probe process(\"$work/fixed\").data(\"countre\").write { }"
grep -q "no symbol 'countre'" "$work/err" || fail "the symbol is not named"
stap -p2 -e 'probe kernel.data(6).length(4).write { }'
grep -q 'must begin at a multiple of 4' "$work/err" || fail "the alignment is not explained"
five=$(for i in 0 8 16 24 32; do echo "probe process(\"$work/fixed\").data($((0x404000 + i))).write { println(1) }"; done)
stap -e "$five"
expect_equal "the exit status with five watchpoints" $status 1
grep -q 'watchpoints are all in use' "$work/err" || fail "the number of watchpoints is not explained"

# a number of the kernel that a file of /proc sets
if grep -qw panic_timeout /proc/kallsyms; then
	was=$(cat /proc/sys/kernel/panic)
	stap_succeeds -e 'global n
		probe kernel.data("panic_timeout").length(4).write { n++ }
		probe end { println("kernel ", n) }' \
		-c "for i in 1 2 3 4 5; do echo \$i > /proc/sys/kernel/panic; done"
	echo "$was" > /proc/sys/kernel/panic
	expect_line '^kernel 5$'
fi
