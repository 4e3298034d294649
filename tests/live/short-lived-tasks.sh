#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Processes that are gone long before their events are read still have the name, the ids and the
# parent they had: from the side-band, since /proc knows nothing of them any more.
. tests/live/harness

parent=$(program bash parent)
for i in {1..20}; do program bash "short$i-" > /dev/null; done
cat > "$work/spawn" <<'END'
for short in "$1"/short*; do
	"$short" -c : &
	echo "made ${short##*/} $! $$"
	wait $!
done
END
stap_succeeds -e 'probe syscall.exit_group {
		printf("ended %s %d %d %d\n", execname(), pid(), tid(), ppid()) }' \
	-c "$parent $work/spawn $work"
grep '^made short' "$work/out" > "$work/made"
expect_equal "the number of processes made" "$(wc -l < "$work/made")" 20
while read -r _ name pid ppid; do
	grep -qx "ended $name $pid $pid $ppid" "$work/out" ||
		fail "no line 'ended $name $pid $pid $ppid'"
done < "$work/made"
grep -qE "^ended ${parent##*/} " "$work/out" || fail "the parent's end was not seen by its name"
