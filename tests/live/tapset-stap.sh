#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# stap.*: one stap watches another go through its passes, by the marks that it carries where the
# compiler had sys/sdt.h; a mark that only upstream's stap has is an error that names it.
. tests/live/harness

readelf -n "$STAP" | grep -q 'Name: pass5__start' || skip 'stap was built without sys/sdt.h (systemtap-sdt-dev)'
export PATH="${STAP%/*}:$PATH"
probes=
for pass in pass0 pass0.end pass1a pass1b pass1.end pass2 pass2.end pass3 pass3.end pass4 pass4.end \
	pass5 pass5.end pass6 pass6.end; do
	probes+="probe stap.$pass { if (session) printf(\"$pass \") }
	"
done
watch() { # COMMAND: the passes that it goes through
	stap_succeeds -e "$probes" -c "exec $1 > /dev/null"
	cat "$work/out"
}
expect_equal 'passes of a whole run' "$(watch "stap -e 'probe begin { exit() }'")" \
	'pass0 pass0.end pass1a pass1b pass1.end pass2 pass2.end pass3 pass3.end pass4 pass4.end pass5 pass5.end pass6 pass6.end '
expect_equal 'passes until the second' "$(watch "stap -p2 -e 'probe begin { exit() }'")" \
	'pass0 pass0.end pass1a pass1b pass1.end pass2 pass2.end pass6 pass6.end '
stap -p2 -e 'probe stap.cache_get { println(module_path) }'
[ $status -ne 0 ] || fail 'a mark of upstream alone is found in this stap'
grep -q "no mark 'cache__get' in $STAP" "$work/err" || fail 'the error does not name the mark'
