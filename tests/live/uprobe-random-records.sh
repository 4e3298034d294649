#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A property: whatever structures a program has, a chain of members, indexes and pointers through
# them has the same value in a probe as in the program. Programs and chains are made at random, from
# seeds that the test names when it fails; STAP_TEST_SEED tries another one.
# not in guests: it is about debug information
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"

# prints the program, its lines behind "C ", and the script, its lines behind "S "
generate='
function any(n) { return int(rand() * n) }
function c(text) { print "C " text }
function leaf_type() { return types[any(type_count)] }
function add(s, kind, type, sub_type, first, second,    m) {
	m = member_count[s]++
	kinds[s, m] = kind; leafs[s, m] = type; subs[s, m] = sub_type
	firsts[s, m] = first; seconds[s, m] = second
	return "m" s "_" m
}
function declare_leaf(s,    type, what, n) {
	what = any(4); type = leaf_type()
	if (what == 0) {
		n = any(2) ? "unsigned" : "long"
		what = 1 + any(n == "long" ? 60 : 30)
		return n " " add(s, "number", "", 0, 0, 0) " : " what ";"
	}
	if (what == 1) {
		n = 1 + any(4)
		return type " " add(s, "row", type, 0, n, 0) "[" n "];"
	}
	if (what == 2) {
		n = 1 + any(3)
		return type " " add(s, "rows", type, 0, n, 2) "[" n "][2];"
	}
	return type " " add(s, "number", type, 0, 0, 0) ";"
}
function declare_member(s,    what, k, n) {
	what = any(9); k = any(s)
	if (s == 0 || is_union[s] || what < 2) return declare_leaf(s)
	if (what == 2) return words[k] " " add(s, "record", "", k, 0, 0) ";"
	if (what == 3) {
		n = 1 + any(3)
		return words[k] " " add(s, "records", "", k, n, 0) "[" n "];"
	}
	if (what == 4) {
		n = any(type_count)
		return types[n] " *" add(s, "numbers", n, 0, 8, 0) ";"
	}
	if (what == 5) return "union { " declare_leaf(s) " " declare_leaf(s) " };"
	if (what == 6) return "struct { " declare_leaf(s) " " declare_leaf(s) " };"
	return words[k] " *" add(s, "pointer", "", k, 0, 0) ";"
}
function declare(s,    m, n) {
	is_union[s] = s && any(6) == 0
	words[s] = (is_union[s] ? "union" : "struct") " s" s
	c(words[s] " {")
	n = 3 + any(6)
	for (m = 0; m < n; m++) c("\t" declare_member(s))
	c("}" (any(4) ? "" : " __attribute__((packed))") ";")
	c("static " words[s] " g" s "[3];")
	c("static void set" s "(" words[s] " *p)")
	c("{")
	c("\tfill(p, sizeof(*p));")
	for (m = 0; m < member_count[s]; m++) {
		if (kinds[s, m] == "record") c("\tset" subs[s, m] "((void *)&p->m" s "_" m ");")
		if (kinds[s, m] == "records") for (n = 0; n < firsts[s, m]; n++)
			c("\tset" subs[s, m] "((void *)&p->m" s "_" m "[" n "]);")
		if (kinds[s, m] == "pointer") c("\tp->m" s "_" m " = &g" subs[s, m] "[" any(3) "];")
		if (kinds[s, m] == "numbers") c("\tp->m" s "_" m " = pool" leafs[s, m] ";")
	}
	c("}")
}
# a way from a record of kind s to a number, in C behind "." or "->", and in a script
function walk(s, arrow, place, script,    m, name, index1) {
	m = any(member_count[s]); name = "m" s "_" m
	place = place arrow name; script = script "->" name
	if (kinds[s, m] == "record") { walk(subs[s, m], ".", place, script); return }
	if (kinds[s, m] == "pointer") { walk(subs[s, m], "->", place, script); return }
	if (kinds[s, m] != "number") {
		index1 = "[" any(firsts[s, m]) "]"
		if (kinds[s, m] == "rows") index1 = index1 "[" any(seconds[s, m]) "]"
		place = place index1; script = script index1
	}
	if (kinds[s, m] == "records") { walk(subs[s, m], ".", place, script); return }
	places[chains] = place; scripts[chains++] = script
}
BEGIN {
	srand(seed); chains = 0
	type_count = split("char,signed char,unsigned char,short,unsigned short,int,unsigned,long," \
			   "unsigned long,long long,enum colour", names, ",")
	for (i = 0; i < type_count; i++) types[i] = names[i + 1]
	c("#include <stdio.h>")
	c("enum colour { RED = -3, GREEN = 70000 };")
	c("static unsigned long state = " seed " * 2654435761u + 1;")
	c("static void fill(void *p, unsigned long size)")
	c("{")
	c("\tfor (unsigned long i = 0; i < size; i++) {")
	c("\t\tstate = state * 6364136223846793005u + 1442695040888963407u;")
	c("\t\t((unsigned char *)p)[i] = state >> 56;")
	c("\t}")
	c("}")
	for (i = 0; i < type_count; i++) c("static " types[i] " pool" i "[8];")
	last = 5 + any(4)
	for (s = 0; s <= last; s++) declare(s)
	for (i = 0; i < 60; i++) {
		k = any(last + 1); n = any(3)
		if (any(3) == 0) walk(k, ".", "g" k "[" n "]", "@var(\"g" k "@" file "\")[" n "]")
		else if (any(6) == 0) walk(0, ".", "w", "$w")
		else walk(last, "->", "v", "$v")
	}
	c("__attribute__((noipa)) void probed(" words[last] " *v, " words[0] " w)")
	c("{")
	c("\t__asm__ volatile(\"\" : : \"r\"(&w) : \"memory\"); /* or it may have no place */")
	for (i = 0; i < chains; i++) c("\tprintf(\"" i " %lld\\n\", (long long)" places[i] ");")
	c("}")
	c("int main(void)")
	c("{")
	for (i = 0; i < type_count; i++) c("\tfill(pool" i ", sizeof(pool" i "));")
	for (s = 0; s <= last; s++) for (n = 0; n < 3; n++) c("\tset" s "(&g" s "[" n "]);")
	c("\tprobed(&g" last "[1], g0[2]);")
	c("\treturn 0;")
	c("}")
	print "S probe process(@1).function(\"probed\") {"
	for (i = 0; i < chains; i++) print "S \tprintf(\"" i " %d\\n\", " scripts[i] ")"
	print "S }"
}'

try_seed() { # SEED FLAGS
	local name=$work/r$1
	awk -v seed="$1" -v file="r$1.c" "$generate" > "$name.both"
	sed -n 's/^C //p' "$name.both" > "$name.c"
	sed -n 's/^S //p' "$name.both" > "$name.stp"
	gcc -g -w $2 -o "$name" "$name.c" 2> "$work/err" || fail "seed $1: gcc $2"
	stap_succeeds -w -o "$work/seen" "$name.stp" "$name" -c "$name"
	cmp -s "$work/out" "$work/seen" && return
	diff "$work/out" "$work/seen" | head -10 > "$work/difference"
	awk 'NR == FNR { if (/^[<>]/) wanted[$2]; next }
		match($0, /printf\("[0-9]+ /) && substr($0, RSTART + 8, RLENGTH - 9) in wanted' \
		"$work/difference" "$name.stp"
	fail "seed $1, gcc $2: $(cat "$work/difference")"
}
for seed in ${STAP_TEST_SEED:-1 2 3 4 5 6}; do
	try_seed "$seed" -O0
	try_seed "$seed" -O2
done
