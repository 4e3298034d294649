#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Returns of more calls at once than a return probe has room for: those that are seen and those that
# are reported as missed are all. With room enough none is missed.
. tests/live/harness
[ -e /sys/kernel/tracing/kprobe_events ] || skip "this kernel has no kprobe_events"
grep -qw hrtimer_nanosleep /sys/kernel/tracing/available_filter_functions 2> /dev/null ||
	skip 'hrtimer_nanosleep cannot be probed here'

sleeper=$(program sleep sleeper) sleepers=20
cat > "$work/sleep" <<END
#!/bin/bash
for ((i = 0; i < $sleepers; i++)); do "$sleeper" 4 & done
wait
END
chmod +x "$work/sleep"
returns() { # MAXACTIVE
	stap_succeeds -e 'global n
		probe kernel.function("hrtimer_nanosleep").return.maxactive('"$1"') {
			if (execname() == @1) n++ }
		probe end { println("returns ", n) }' "${sleeper##*/}" -c "$work/sleep"
}

returns 1
seen=$(number_of '$1 == "returns"' 2)
missed=$(sed -n 's/^WARNING: the kernel missed \([0-9]*\) returns.*hrtimer_nanosleep: .*maxactive.*/\1/p' "$work/err")
[ -n "$missed" ] || fail 'no word of what was missed'
expect_between 'returns seen or missed' $((seen + missed)) $sleepers $((sleepers + 20))
expect_between 'returns missed' "$missed" 1 $((sleepers + 20))

returns 64
expect_equal 'returns with room' "$(number_of '$1 == "returns"' 2)" $sleepers
! grep -q missed "$work/err" || fail 'some were missed with room for all'
