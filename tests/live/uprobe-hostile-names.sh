#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A program whose function names, path and text hold blanks, quotes, newlines, and what tracefs
# would take for an offset, an argument or a further definition: nothing is defined but the probes
# asked for, and these count.
. tests/live/harness
command -v gcc objcopy > /dev/null || skip "no gcc or binutils"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"

cat > "$work/odd.c" <<'END'
__attribute__((noipa)) int odd_one(const char *text) { return text[0]; }
__attribute__((noipa)) int odd_two(const char *text) { return text[1]; }
int main(int argc, char **argv)
{
	return odd_one(argv[argc - 1]) + odd_two(argv[argc - 1]) == 0;
}
END
gcc -O1 -o "$work/plain" "$work/odd.c" || fail gcc
odd=$work/$'in\tto:0x40 %di/p\nr:evil/one "\\\x01\xff#;'
mkdir -p "${odd%/*}"
objcopy --redefine-sym odd_one=$'odd_a b:0x0 x=%ax\np:evil/two /bin/true:0x0' \
	--redefine-sym odd_two=$'odd_"q\x27\t#;$(x)\x01\xff' "$work/plain" "$odd" || skip objcopy
text=$'"; }\n-:evil `x` $(y) %s'
cat > "$work/odd.stp" <<'END'
global n, texts
probe process(@1).function("odd_*") {
	if (user_string(pointer_arg(1)) == @2) n++
	texts[user_string(pointer_arg(1))]++
}
probe end { foreach (t in texts) same += t == @2; println("calls ", n, " texts ", same) }
END
before=$(grep -cv stap_ /sys/kernel/tracing/uprobe_events)
start_stap "$work/odd.stp" "$odd" "$text"
defined=$(sed -n 's/^p:\(stap_'$stap_pid'_[0-9a-f_]*\/[A-Za-z0-9_]*\) .*/\1/p' /sys/kernel/tracing/uprobe_events)
expect_equal 'definitions' "$(echo "$defined" | wc -l)" 2
expect_equal 'definitions of others' "$(grep -cv stap_ /sys/kernel/tracing/uprobe_events)" "$before"
! grep -q ':evil/' /sys/kernel/tracing/uprobe_events || fail 'a name became a definition'
"$odd" "$text" || true
"$odd" other || true
end_stap
expect_line '^calls 2 texts 1$'
