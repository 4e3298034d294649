#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A program that only another mount namespace has, as in a container: by its process, by its path
# below /proc/PID/root, with a library that is there alone; symbols of its addresses too. A file of
# the same path here is another program.
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"
unshare -m true 2> /dev/null || skip 'no mount namespaces'

mkdir "$work/box" "$work/files"
cat > "$work/p.c" <<'END_OF_C'
#include <stdio.h>
#include <unistd.h>
int stock(int count);
__attribute__((noinline)) int sell(int count) { return stock(count) + 1; }
int main(void)
{
	char byte;

	while (read(0, &byte, 1) == 1)
		printf("%d\n", sell(byte));
	return 0;
}
END_OF_C
echo '__attribute__((noinline)) int stock(int count) { return 10 * count; }' > "$work/l.c"
(cd "$work/files" && gcc -g -O2 -shared -fPIC -o libstock.so ../l.c &&
	gcc -g -O2 -o inside ../p.c -L. -lstock -Wl,-rpath,"$work/box") || fail gcc
cp /bin/true "$work/box/inside"
mkfifo "$work/go"
cat > "$work/enter" <<END_OF_SCRIPT
mount -t tmpfs box "$work/box" && cp "$work"/files/* "$work/box" && rm -r "$work/files" &&
	exec "$work/box/inside" < "$work/go" > "$work/said"
END_OF_SCRIPT
unshare -m sh "$work/enter" &
inside=$!
exec 7> "$work/go"
until [ "$(readlink /proc/$inside/exe)" = "$work/box/inside" ]; do
	kill -0 $inside || fail 'the program did not start'
	sleep 0.05
done
start_stap -e '
	probe process('$inside').function("sell") { println("pid ", $count, " ", usymname(uaddr())) }
	probe process("/proc/'$inside'/root'"$work"'/box/inside").function("sell").return {
		println("path ", $return, " ", $count) }
	probe process('$inside').library("libstock.so").function("stock") { println("library ", $count) }
	' 7>&-
printf ab >&7
# its files can be reached while it lives
until grep -q '^path .* 98$' "$work/out"; do
	kill -0 $stap_pid || fail 'stap ended'
	sleep 0.05
done
exec 7>&-
wait $inside
end_stap
expect_equal 'what is seen inside' "$(grep -v armed "$work/out" | tr '\n' ' ')" \
	'pid 97 sell library 97 path 971 97 pid 98 sell library 98 path 981 98 '
stap -p2 -e 'probe process(@1).function("sell") {}' "$work/box/inside"
expect_equal 'status for the file here' $status 1
