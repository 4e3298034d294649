#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Texts that system calls are given, read while the event fires: the names of files that programs
# open and that are gone, with their processes, long before the handler runs. With eprobes (or text
# in the events themselves) every name is right; without, the script is warned, and lives with it.
. tests/live/harness

captures= # eprobes are known where one on no event fails for that
{ echo 'e:stap_none/none none.none' >> /sys/kernel/tracing/dynamic_events; } 2>&1 |
	grep -q 'No such device' && captures=yes
grep -q __filename_val /sys/kernel/tracing/events/syscalls/sys_enter_openat/format && captures=yes
command -v cc > /dev/null || skip 'no C compiler'
cat > "$work/open.c" << 'EOF'
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* open "/gone-N", overwrite the name, exit */
int main(int argc, char **argv)
{
	char name[32] = "/gone-";
	strcat(name, argv[argc - 1]);
	open(name, O_RDONLY);
	memset(name, 'x', sizeof(name));
	return 0;
}
EOF
cc -o "$work/short$$" "$work/open.c" || fail 'cannot compile'
count=$(scaled 400)
stap_succeeds -e '
	probe kernel.trace("syscalls:sys_enter_openat") {
		if (execname() == @1) {
			name = user_string_nofault($filename)
			if ($flags == 0 && isinstr(name, "gone-")) { seen[name]++; n++ }
			quoted[user_string_quoted($filename)]++
		}
	}
	probe syscall.openat { if (execname() == @1 && isinstr(filename, "gone-")) aliased++ }
	probe kernel.trace("syscalls:sys_exit_openat") {
		if (execname() == @1 && $ret == -2 && isinstr(@entry(user_string_nofault($filename)), "gone-")) failed++ }
	global seen, quoted, n, aliased, failed
	probe end {
		println("seen ", n, " ", aliased, " ", failed)
		foreach (name in seen) println("name ", name, " ", quoted[sprintf("\"%s\"", name)]) }' \
	"short$$" -c "sh -c 'i=0; while [ \$i -lt $count ]; do $work/short$$ \$i; i=\$((i + 1)); done'"
if [ -z "$captures" ]; then
	grep -q 'memory is read after the event' "$work/err" || fail 'no warning of late reads'
	skip 'this kernel records no texts of system calls: they are read late, with a warning'
fi
expect_equal 'names seen' "$(number_of '$1 == "seen"' 2)" "$count"
expect_equal 'names by the alias' "$(number_of '$1 == "seen"' 3)" "$count"
expect_equal 'names saved for the return' "$(number_of '$1 == "seen"' 4)" "$count"
expect_equal 'different names' "$(grep -c '^name ' "$work/out")" "$count"
expect_equal 'names quoted' "$(grep -c '^name .* 1$' "$work/out")" "$count"
! grep -q 'memory is read after the event' "$work/err" || fail 'late reads'

# a condition on the text is tested by the kernel, and what it cannot read passes
stap_succeeds -e '
	probe kernel.trace("syscalls:sys_enter_openat") { if (user_string_nofault($filename) == "/gone-7") hits++ }
	global hits probe end { println("filtered ", hits) }' \
	-c "sh -c 'for i in 5 6 7 8; do $work/short$$ \$i; done'"
expect_equal 'hits of one name' "$(number_of '$1 == "filtered"' 2)" 1

# structures behind a pointer, numbers at an address of the user's
stap_succeeds -e '
	probe kernel.trace("syscalls:sys_enter_nanosleep"), kernel.trace("syscalls:sys_enter_clock_nanosleep") {
		if (execname() == "sleep") println("nap ", user_long($rqtp), " ", user_long($rqtp + 8)) }' \
	-c 'sleep 1.25'
expect_line '^nap 1 250000000$'
