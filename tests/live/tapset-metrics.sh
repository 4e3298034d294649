#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Metrics for programs that poll: the json and the prometheus macros fill files that are read while
# the script runs, and python's JSON parser is the judge.
. tests/live/harness

need_fuse
command -v python3 > /dev/null || skip 'no python3'
module=metrics$$
cat > "$work/script" << 'EOS'
global reads, one, two, words
probe begin {
	json_set_prefix("trial")
	json_add_numeric_metric("reads", "how often", "times")
	json_add_string_metric("who", "who says \"so\"")
	json_add_array("disks", "all of them")
	json_add_array_numeric_metric("disks", "blocks", "how large", "blocks")
	json_add_array_string_metric("disks", "model", "")
	try { json_add_numeric_metric("reads", "", "") } catch (message) { println(message) }
	one["a"] = 1
	one["b \"c\""] = 22
	two["x", 7] = 333
	words["y"] = "4 5"
}
probe json_data {
	reads++
	@json_output_data_start
	@json_output_numeric_value("reads", reads)
	@json_output_string_value("who", "me \"and\" \\you")
	@json_output_array_numeric_value("disks", "sda", "blocks", 100)
	@json_output_array_string_value("disks", "sda", "model", "old")
	@json_output_array_numeric_value("disks", "sdb", "blocks", 200)
	@json_output_array_string_value("disks", "sdb", "model", "new")
	@json_output_data_end
}
function half:string(n:long) { return sprint(n / 2) }
function big:string(s) { return "<" . s . ">" }
probe prometheus {
	@prometheus_dump_array1(one, "one_total", "name")
	@prometheus_dump_array2(two, "two_total", "name", "number")
	@prometheus_dump_array1_map(one, "half_total", "name", half, big)
}
EOS
start_stap -m "$module" "$work/script"
directory=/run/stap/$module
cp "$directory/metadata.json" "$work/metadata" || fail 'no metadata.json'
cat "$directory/data.json" > /dev/null
cp "$directory/data.json" "$work/data" || fail 'no data.json'
cp "$directory/__prometheus" "$work/prometheus" || fail 'no __prometheus'
end_stap
expect_line "^Metric 'reads' already exists\$"
python3 - "$work/metadata" "$work/data" << 'EOS' > "$work/verdict" 2>&1 || fail "$(cat "$work/verdict" "$work/metadata" "$work/data")"
import json, sys
meta, data = (json.load(open(name)) for name in sys.argv[1:])
assert meta["prefix"] == "trial", meta
metrics = {metric["name"]: metric for metric in meta["metrics"]}
assert metrics["reads"] == {"name": "reads", "pointer": "/reads", "type": "integer",
			    "description": "how often", "units": "times"}, metrics["reads"]
assert metrics["who"]["type"] == "string" and metrics["who"]["description"] == 'who says "so"'
assert metrics["disks"]["type"] == "array" and metrics["disks"]["index"] == "/__id"
assert [part["name"] for part in metrics["disks"]["metrics"]] == ["blocks", "model"]
assert data == {"reads": 2, "who": 'me "and" \\you',
		"disks": [{"__id": "sda", "blocks": 100, "model": "old"},
			  {"__id": "sdb", "blocks": 200, "model": "new"}]}, data
EOS
cat > "$work/expected" << 'EOS'
one_total{name="a"} 1
one_total{name="b \"c\""} 22
two_total{name="x",number="7"} 333
half_total{name="<a>"} 0
half_total{name="<b \"c\">"} 11
EOS
diff "$work/expected" "$work/prometheus" > "$work/difference" || fail "$(cat "$work/difference")"
