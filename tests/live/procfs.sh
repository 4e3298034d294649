#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Files of procfs probes: who reads and writes gets and gives what the handlers say, at the
# permissions the points ask for, and the state of the very moment; nothing stays behind.
. tests/live/harness
need_fuse

name=test_procfs_$$
files=/run/stap/$name
answers() { # WHAT FILE EXPECTED
	expect_equal "$1" "$(timeout 60 cat "$files/$2")" "$3"
}
mode() { stat -c %a "$files/$1"; }

dd=$(program dd writer)
start_stap -m "$name" -e '
	global reads, last, calls
	probe procfs("reads").read { $value = sprintf("%d ", ++reads); $value .= execname() . "\n" }
	probe procfs("dir/set").write { last = $value; println("got ", $value) }
	probe procfs("dir/set").read { $value = last }
	probe procfs("short").read.maxsize(11) { $value = "0123456789abc" }
	probe procfs.umask(0040).read { $value = module_name() }
	probe procfs("next").read { $value = "kept"; next; $value = "lost" }
	probe process(@1).syscall { if ($syscall == 1 && $arg3 == 77) calls++ }
	probe procfs("calls").read { $value = sprint(calls) }
	probe procfs("quit").write { exit() }' "$dd"
grep -q "the files of procfs probes are in $files" "$work/err" || fail "the directory is not named"
answers 'the first read' reads '1 cat'
answers 'the second read' reads '2 cat'
expect_equal 'one open file, read in pieces' "$(dd if="$files/reads" bs=1 status=none)" '3 dd'
answers 'a longer text' short 0123456789
answers 'the default file' command "$name"
answers 'what was set before next' next kept
echo one > "$files/dir/set"
answers 'what was written' dir/set one
echo two >> "$files/dir/set"
answers 'what was added' dir/set two
for i in 1 2 3 4 5; do
	"$dd" if=/dev/zero of=/dev/null bs=77 count=$((i * 100)) status=none
	answers "calls until now, $i" calls $((i * (i + 1) * 50))
done
expect_equal 'modes' "$(mode reads) $(mode dir/set) $(mode quit) $(mode command) $(mode dir)" \
	'400 600 200 404 555'
! cat "$files/quit" 2> /dev/null || fail "a file without a read probe can be read"
! setpriv --reuid=65534 --regid=65534 --clear-groups cat "$files/reads" 2> /dev/null ||
	fail "somebody else may read a file of mode 400"
expect_equal 'what others may read' "$(setpriv --reuid=65534 --regid=65534 --clear-groups cat "$files/command")" "$name"
! "$STAP" -m "$name" -e 'probe procfs("x").read { $value = "" }' 2> "$work/second" ||
	fail "two stap share a directory"
grep -q "$files is in use" "$work/second" || fail "the second stap does not say why it fails"
echo 1 > "$files/quit"
wait_stap
expect_equal 'exit status' $status 0
expect_line '^got one$'
expect_line '^got two$'
[ ! -e "$files" ] || fail "$files is left behind"

# a killed stap leaves no mount and no reader in the lurch
start_stap -m "$name" -e 'probe procfs("x").read { $value = "x" }'
answers 'read before the kill' x x
kill -KILL $stap_pid
wait_stap
for _ in $(seq 100); do [ -e "$files" ] || [ -L "$files" ] || break; sleep 0.1; done
! grep -q " $files " /proc/mounts || fail "$files is still mounted"
[ ! -e "$files" ] || fail "$files is left behind by a killed stap"

# standard input
printf 'one\ntwo\nend\n' | "$STAP" -e '
	global keys
	probe input.line { printf("<%s>", line); if (line == "end\n") exit() }
	probe input.char { keys .= char }
	probe end { println(keys) }' > "$work/out" 2> "$work/err" || fail "input probes fail"
expect_equal 'lines and keys' "$(tr '\n' / < "$work/out")" '<one/><two/><end/>one/two/end/'
