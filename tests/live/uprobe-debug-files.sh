#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Debug information that is not in the program: beside it by .gnu_debuglink, by build id, shared
# between programs by dwz, from a debuginfod server, below the root of a process in a container.
. tests/live/harness
command -v gcc objcopy strip > /dev/null || skip "no gcc or binutils"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"
debug=/usr/lib/debug mine=
unset DEBUGINFOD_URLS
clean_up_debug() { # what this test put below /usr/lib/debug
	[ -z "$mine" ] || rm -rf $mine
	rmdir "$debug/tmp" 2> /dev/null
	clean_up
}
trap clean_up_debug EXIT

cat > "$work/s.c" <<'END'
#include <stdio.h>
#include <unistd.h>
struct place { short row; int level:3; };
__attribute__((noinline)) int sell(struct place *place, int count)
{
	__asm__ volatile("" : : "r"(place), "r"(count) : "memory");
	return place->row + count;
}
int main(int argc, char **argv)
{
	struct place place = { 7, -2 };

	if (argc > 1) { /* a line comes when it may begin */
		char byte;
		if (read(0, &byte, 1) != 1)
			return 1;
	}
	printf("%d\n", sell(&place, 3));
	return 0;
}
END
sed 's/int main/int more(struct place *p) { return sell(p, 9); }\n&/' "$work/s.c" > "$work/t.c"
build() { # NAME [OPTION…]
	local name=$1
	shift
	gcc -g -O2 -o "$work/$name" "$@" "$work/s.c" || fail "gcc $*"
}
build_id() { readelf -n "$1" | awk '/Build ID/ { print $3 }'; }
id_path() { # DIRECTORY FILE
	local id
	id=$(build_id "$2")
	echo "$1/.build-id/${id:0:2}/${id:2}.debug"
}
script() { echo 'probe process("'"$1"'").function("sell") { println($place->row, " ", $place->level, " ", $count) }'; }
expect_values() { # HOW FILE
	stap_succeeds -o "$work/seen" -e "$(script "$2")" -c "$2"
	expect_equal "values, $1" "$(cat "$work/seen")" "7 -2 3"
}
expect_none() { # HOW FILE: without its debug file it cannot be
	stap -p2 -e "$(script "$2")"
	expect_equal "status, $1" $status 1
}

# .gnu_debuglink: beside it, in .debug, below /usr/lib/debug
build linked
objcopy --only-keep-debug "$work/linked" "$work/linked.debug" && strip -g "$work/linked" &&
	objcopy --add-gnu-debuglink="$work/linked.debug" "$work/linked" || fail objcopy
expect_values 'the debug file beside the program' "$work/linked"
mkdir "$work/.debug" && mv "$work/linked.debug" "$work/.debug"
expect_values 'the debug file in .debug' "$work/linked"
mine="$debug$work"
mkdir -p "$debug$work" && mv "$work/.debug/linked.debug" "$debug$work"
expect_values "the debug file in $debug" "$work/linked"
rm "$debug$work/linked.debug"
expect_none 'no debug file' "$work/linked"

# build id
build identified
file=$(id_path $debug "$work/identified")
mine="$mine $file"
mkdir -p "${file%/*}" && objcopy --only-keep-debug "$work/identified" "$file" &&
	strip "$work/identified" || fail objcopy
expect_values 'the build id' "$work/identified"
rm "$file"
expect_none 'no build id file' "$work/identified"

# dwz: what two programs share is in a third file
if command -v dwz > /dev/null; then
	build shared
	gcc -g -O2 -o "$work/other" "$work/t.c" && dwz -m "$work/common.debug" "$work/shared" \
		"$work/other" && [ -s "$work/common.debug" ] || fail dwz
	expect_values 'dwz' "$work/shared"
	mv "$work/common.debug" "$work/away"
	expect_none 'no dwz file' "$work/shared"
	grep -q "its dwz file $work/common.debug is missing" "$work/err" || fail "no word of dwz"
fi

# debuginfod
if command -v debuginfod > /dev/null && ldconfig -p | grep -q libdebuginfod; then
	build served
	mkdir "$work/files"
	objcopy --only-keep-debug "$work/served" "$work/files/served.debug" && strip "$work/served"
	for port in 18731 28733 38739; do
		debuginfod -p $port -F "$work/files" -d :memory: > "$work/log" 2>&1 &
		server=$!
		tries=0
		until grep -q 'groomed' "$work/log" || ! kill -0 $server 2> /dev/null; do
			[ $((tries += 1)) -lt 600 ] || break
			sleep 0.1
		done
		kill -0 $server 2> /dev/null && break
	done
	export DEBUGINFOD_CACHE_PATH=$work/cache
	mkdir "$work/cache"
	expect_none 'no server is named' "$work/served"
	export DEBUGINFOD_URLS=http://127.0.0.1:$port
	expect_values 'debuginfod' "$work/served"
	kill $server
	unset DEBUGINFOD_URLS
fi

# a process in another root: its program and its debug file are found there
if chroot / true 2> /dev/null && build inside -static; then
	mkdir -p "$work/root/bin"
	file=$(id_path "$work/root/usr/lib/debug" "$work/inside")
	mkdir -p "${file%/*}" && objcopy --only-keep-debug "$work/inside" "$file" &&
		strip "$work/inside" && mv "$work/inside" "$work/root/bin/inside" || fail objcopy
	mkfifo "$work/go"
	chroot "$work/root" /bin/inside wait < "$work/go" > "$work/said" &
	inside=$!
	exec 3> "$work/go"
	until [[ $(readlink "/proc/$inside/exe") == */bin/inside ]]; do sleep 0.02; done
	start_stap -x $inside -e 'probe process('$inside').function("sell") {
		println($place->row, " ", $place->level, " ", $count) }'
	echo >&3
	wait_stap
	expect_equal 'status with another root' $status 0
	expect_line '^7 -2 3$'
fi
exit 0
