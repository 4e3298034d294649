#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --folded and --flamegraph show arrays keyed by a stack: each call path of a program with the
# number of its writes, or the bytes; the kernel's stack above the user's, other keys below; C++
# names. The picture is an SVG with a title for every box, which rsvg-convert draws; its figures are
# the folded ones.
# not in guests: it is about a picture
. tests/live/harness
command -v g++ > /dev/null || skip "needs a C++ compiler"

cat > "$work/writer.cc" << 'C'
#include <fcntl.h>
#include <unistd.h>

static int fd;
template <typename T> __attribute__((noinline)) int often(const T *text)
{
	return write(fd, text, 7) == 7;
}
extern "C" __attribute__((noinline)) int rarely(const char *text) { return write(fd, text, 3) == 3; }
extern "C" __attribute__((noinline)) int descend(int depth)
{
	return depth ? descend(depth - 1) + 0 * depth : rarely("short");
}
int main(void)
{
	int n = 0;

	fd = open("/dev/null", O_WRONLY);
	for (int i = 0; i < 400; i++) {
		n += i % 4 ? often("a longer text") : descend(5);
		usleep(100);
	}
	return n != 400;
}
C
g++ -O1 -fno-optimize-sibling-calls -o "$work/writer" "$work/writer.cc" || fail "cannot compile"
weight() { # REGEX: of all folded lines it matches
	regex=$1 awk '{ n = $NF; sub(/ [0-9]+$/, "") } $0 ~ ENVIRON["regex"] { sum += n }
		END { print sum + 0 }' "$work/folded"
}

# the kernel copies a stack without waiting for its page: rarely that fails
stap_succeeds --folded "$work/folded" --flamegraph "$work/graph.svg" -e '
	global hits, others
	probe kernel.trace("syscalls:sys_enter_write") {
		if (pid() != target()) next
		hits[execname(), ubacktrace()]++
		others["not a stack"]++
	}' -c "exec $work/writer"
expect_equal "all writes" "$(weight .)" 400
expect_between "writes of often" "$(weight '^writer;.*;main;int often<char>\(char const\*\);.*write$')" 290 300
expect_between "writes of rarely" "$(weight '^writer;.*;main;descend;descend;descend;descend;descend;descend;rarely;.*write$')" 95 100
expect_line '^others\["not a stack"\]=400$'
! grep -q '^hits' "$work/out" || fail "an array that was drawn is printed, too"

[ "$(head -c 5 "$work/graph.svg")" = "<?xml" ] || fail "the picture is no XML"
! command -v xmllint > /dev/null || xmllint --noout "$work/graph.svg" || fail "the picture is no valid XML"
grep -qF '<title>int often&lt;char&gt;(char const*): ' "$work/graph.svg" || fail "the C++ name has no title"
expect_equal "the weight of the root" \
	"$(sed -nE 's,.*<title>all: ([0-9]+) \(100\.00 %\)</title>.*,\1,p' "$work/graph.svg")" 400
expect_equal "boxes of descend" "$(grep -c '<title>descend: ' "$work/graph.svg")" 6
! grep -qE '(href|src|url|script|@import)' "$work/graph.svg" || fail "the picture needs more than itself"
if command -v rsvg-convert > /dev/null; then
	rsvg-convert -o "$work/graph.png" "$work/graph.svg" || fail "the picture cannot be drawn"
	[ "$(wc -c < "$work/graph.png")" -gt 5000 ] || fail "the picture is empty"
fi

# statistics weigh their sum; sprint_ubacktrace() is a stack as well; two arrays stand side by side
stap_succeeds --folded "$work/folded" -e 'global bytes, times
	probe kernel.trace("syscalls:sys_enter_write") {
		if (pid() != target()) next
		bytes[ubacktrace()] <<< $count
		times[sprint_ubacktrace()]++
	}' -c "exec $work/writer"
expect_equal "all bytes" "$(weight '^bytes;|^bytes$')" 2400
expect_equal "all writes as lines" "$(weight '^times;|^times$')" 400
expect_between "bytes of rarely" "$(weight '^bytes;.*;rarely;')" 285 300
expect_between "writes of rarely as lines" "$(weight '^times;.*;rarely;')" 95 100

stap_succeeds --flamegraph "$work/graph.svg" -e 'probe begin { exit() }'
grep -q 'no array is keyed by a stack' "$work/err" || fail "an empty picture is no warning"
grep -q '</svg>' "$work/graph.svg" || fail "there is no empty picture"
stap --folded "$work/missing/folded" -e 'probe begin { exit() }'
expect_equal "the exit status when the file cannot be written" $status 1

# the kernel's part stands on the user's
awk '$1 ~ /[1-9a-f]/ { n++ } END { exit n < 1000 }' /proc/kallsyms || exit 0
stap_succeeds --folded "$work/folded" -e 'global s probe timer.profile.freq.hz(499) {
		if (pid() == target() && !user_mode()) s[backtrace(), ubacktrace()]++
	}' -c "exec dd if=/dev/zero of=/dev/null bs=1k count=$(scaled 1000000) 2> /dev/null"
[ "$(weight '(^|;)[^;]*read;[^;]*_\[k\].*_\[k\]$')" -gt 5 ] || fail "no kernel stack stands on a read"
expect_equal "user frames above the kernel's" "$(grep -cE '_\[k\];[^;]*[^]](;| )' "$work/folded")" 0
