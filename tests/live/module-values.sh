#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Functions of kernel modules. Of overlayfs, which the guests' root is: arguments by the names and
# types of its BTF, compared with what dd wrote. Of a module of our own: by the calling convention
# alone, and by a debug file that holds its DWARF, with lines, locals, globals and types for casts.
. tests/live/harness
[ -e /sys/kernel/tracing/kprobe_events ] || skip "this kernel has no kprobe_events"
[ -e /sys/module/overlay ] || skip "this kernel has no module overlay"
debug=/usr/lib/debug/lib/modules/$(uname -r) made=
trap 'rmmod probed 2> /dev/null; rm -rf $made; clean_up' EXIT

# ---- BTF of a module ----
if [ -e /sys/kernel/btf/overlay ] && [ "$(stat -fc %t "$work")" = 794c7630 ]; then
	dd=$(program dd writes) name=${dd##*/} block=4096
	upper=$(sed -n 's/^overlay \/ .*upperdir=\([^, ]*\).*/\1/p' /proc/mounts)
	stap_succeeds --strict -e '
		global results, sizes
		probe module("overlay").function("ovl_write_iter") {
			if (execname() == @1) {
				name = kernel_string($iocb->ki_filp->f_path->dentry->d_name->name)
				sizes[name, $iter->count]++
			}
		}
		probe module("over*").function("ovl_write_iter").return {
			if (execname() == @1) results[$return, @entry($iocb->ki_pos) / '$block']++
		}
		probe module("*").function("ovl_writ?_iter").call {
			if (execname() == @1 && !told++)
				println("upper ", kernel_string(@cast($iocb->ki_filp->f_inode->i_sb->s_fs_info,
					"struct ovl_fs", "overlay")->config->upperdir))
		}
		global told
		probe end {
			foreach ([name, size] in sizes) println("write ", name, " ", size, " ", sizes[name, size])
			foreach ([result, at+] in results) println("result ", result, " ", at, " ", results[result, at])
		}' "$name" -c "$dd if=/dev/zero of=$work/out-file bs=$block count=3 status=none"
	expect_line "^write out-file $block 3\$"
	expect_equal results "$(grep ^result "$work/out" | tr '\n' ' ')" \
		"result $block 0 1 result $block 1 1 result $block 2 1 "
	expect_line "^upper $upper\$"
	stap_succeeds -L 'module("overlay").function("ovl_write_iter")'
	expect_line '^module\("overlay"\)\.function\("ovl_write_iter"\) \$iocb:struct kiocb ?\* \$iter:struct iov_iter ?\*'
fi

# ---- a module with a debug file ----
built=$(echo "${STAP_TEST_CACHE:-/var/cache/stap-tracefs}"/*/probed.ko)
for file in $built; do
	[ ! -s "$file" ] || [ "$(modinfo -F vermagic "$file" | cut -d' ' -f1)" != "$(uname -r)" ] ||
		built=$file
done
[ -f "$built" ] || { echo 'no module was built for this kernel'; exit 0; }
objcopy --strip-debug "$built" "$work/probed.ko" && insmod "$work/probed.ko" || fail 'no module'
source=tests/guest/probed.c
line=$(grep -n 'LINE weighed' $source | cut -d: -f1)
write() { # SIZE: through the module
	echo "head -c $1 /dev/zero > /proc/stap_probed"
}
echo "$(write 5); $(write 40)" > "$work/writes"

stap_succeeds -e '
	probe module("probed").function("weigh") { println("bare ", int_arg(2)) }
	probe module("probed").function("w*gh").return { println("bare returns ", returnval()) }' \
	-c "sh $work/writes"
expect_equal 'without types' "$(tr '\n' ' ' < "$work/out")" \
	'bare 3 bare returns -115 bare 3 bare returns -220 '
stap -p2 -e 'probe module("probed").function("weigh") { println($count) }'
expect_equal 'status without types' $status 1
grep -q 'no module file of .* with DWARF' "$work/err" || fail 'the error does not tell what is missing'
stap -p2 -e 'probe module("not_there").function("weigh") {}'
expect_equal 'status of a module that is not loaded' $status 1
grep -q "no kernel module 'not_there' is loaded" "$work/err" || fail 'nothing is told of the module'

made=$debug/stap-test-$$
mkdir -p "$made" && cp "$built" "$made/probed.ko.debug" || fail 'no debug file'
stap_succeeds --strict -v -e '
	probe module("probed").function("weigh") {
		printf("weigh %d %d at %s %d %d %d numbers %d price %d total %d\n", $item->weight, $count,
		       kernel_string($item->where->label), $item->where->low, $item->where->high,
		       $item->where->numbers[1], $item->where->numbers[2], $item->price, @var("probed_total"))
	}
	probe module("probed").function("weigh").return {
		printf("weighed %d %d %d\n", $return, $count, @entry($item->weight))
	}
	probe module("probed").statement("*@probed.c:'$line'") {
		printf("line %s %d %s\n", ppfunc(), @var("top@probed.c")->numbers[2],
		       kernel_string(@cast(&@var("top"), "struct shelf", "probed")->label))
	}
	probe module("probed").function("probed_write") { printf("size %d %s\n", $size, $$parms) }' \
	-c "sh $work/writes"
grep -q "types of probed: DWARF of $made/probed.ko.debug" "$work/err" || fail 'the debug file is not told'
sed -i 's/0x[0-9a-f]*/X/g' "$work/out"
cat > "$work/expected" <<'END_OF_OUTPUT'
size 5 file=X buffer=X size=X at=X
weigh -5 3 at the top shelf 5 21 -5 numbers 13 price 77 total 1006
line weigh 16 the top shelf
weighed -115 3 -5
size 40 file=X buffer=X size=X at=X
weigh -40 3 at the top shelf 5 21 -5 numbers 16 price 77 total 1009
line weigh 19 the top shelf
weighed -220 3 -40
END_OF_OUTPUT
diff "$work/expected" "$work/out" > "$work/difference" || fail "with types: $(cat "$work/difference")"

# the line's list, and a debug file of another build
stap_succeeds -l 'module("probed").statement("weigh@probed.c:*")'
expect_line "^module\\(\"probed\"\\)\\.statement\\(\"weigh@.*probed\\.c:$line\"\\)\$"
printf '\4\0\0\0\24\0\0\0\3\0\0\0GNU\0another build, truly' > "$work/note"
objcopy --update-section=.note.gnu.build-id="$work/note" "$built" "$made/probed.ko.debug" || fail objcopy
stap -p2 -e 'probe module("probed").function("weigh") { println($count) }'
expect_equal "status with another build's debug file" $status 1
