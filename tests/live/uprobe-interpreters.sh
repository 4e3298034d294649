#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The static marks of interpreters: of python3, functions, modules and audit events with their
# names; of a JVM, the classes it loads and the methods it runs. A program of known calls makes
# them.
# not in guests: a JVM would take minutes to start
. tests/live/harness
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"
tried=

python=$(readlink -f /usr/bin/python3)
if "$STAP" -l "process(\"$python\").provider(\"python\").mark(\"function__return\")" > /dev/null 2>&1; then
	tried="$tried python3"
	cat > "$work/fib.py" <<'END_OF_SCRIPT'
import sys
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(10))
for i in range(5):
    sys.audit("stap.test", i)
sys.path.insert(0, sys.argv[1])
import a_module_of_the_test
END_OF_SCRIPT
	echo > "$work/a_module_of_the_test.py"
	stap_succeeds --strict -e '
		global calls, audits, imports
		probe process(@1).mark("function__return") {
			if (user_string($arg2) == "fib") calls[user_string($arg1), $arg3]++ }
		probe process(@1).provider("python").mark("audit") {
			if (user_string($arg1) == "stap.test") audits++ }
		probe process(@1).mark("import__find__load__*") {
			if (user_string($arg1) == "a_module_of_the_test") imports[$$name]++ }
		probe end {
			foreach ([file, line] in calls) println("fib ", file, " ", line, " ", calls[file, line])
			println("audits ", audits)
			foreach (name+ in imports) println(name, " ", imports[name])
		}' "$python" -c "$python -B $work/fib.py $work"
	expect_line "^fib $work/fib.py 3 177\$"
	expect_line '^audits 5$'
	expect_line '^import__find__load__done 1$'
	expect_line '^import__find__load__start 1$'
fi

for jvm in /usr/lib/jvm/*/lib/server/libjvm.so; do
	java=${jvm%/lib/server/libjvm.so}/bin/java
	[ -f "$jvm" ] && [ -x "$java" ] && [ ! -L "${jvm%/lib/server/libjvm.so}" ] || continue
	"$STAP" -l "process(\"$jvm\").mark(\"class__loaded\")" > /dev/null 2>&1 || continue
	tried="$tried $jvm"
	stap_succeeds --strict -e '
		global classes, methods, starts
		probe process(@1).provider("hotspot").mark("class__loaded") {
			classes[user_string_n($arg1, $arg2)]++ }
		probe process(@1).mark("method__entry") {
			methods[user_string_n($arg2, $arg3) . "." . user_string_n($arg4, $arg5)]++ }
		probe process(@1).mark("vm__init__begin"), process(@1).mark("vm__init__end") { starts[$$name]++ }
		probe end {
			foreach (name in classes) println("class ", name, " ", classes[name])
			foreach (name in methods) println("method ", name, " ", methods[name])
			foreach (name+ in starts) println(name, " ", starts[name])
		}' "$jvm" -s 16 -c "$java -Xint -Xshare:off -XX:+IgnoreUnrecognizedVMOptions -XX:+DTraceMethodProbes -XX:+ExtendedDTraceProbes -version"
	expect_line '^class java/lang/Object 1$'
	expect_line '^class java/lang/String 1$'
	expect_line '^method java/lang/String\.hashCode [0-9]+$'
	expect_line '^vm__init__begin 1$'
	expect_line '^vm__init__end 1$'
done
[ -n "$tried" ] || skip 'neither python3 nor a JVM has marks here'
