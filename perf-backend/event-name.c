// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers of perf events back to the names of the tapset's aliases (tapset/perf.stp), for messages:
 * whoever wrote perf.hw.cpu_cycles should not have to know that it is type 0, config 0.
 */
#include "open.h"

static const char *const hardware_names[] = {
	"cpu_cycles", "instructions", "cache_references", "cache_misses", "branch_instructions",
	"branch_misses", "bus_cycles", "stalled_cycles_frontend", "stalled_cycles_backend",
	"ref_cpu_cycles",
};
static const char *const software_names[] = {
	"cpu_clock", "task_clock", "page_faults", "context_switches", "cpu_migrations",
	"page_faults_min", "page_faults_maj", "alignment_faults", "emulation_faults",
};
static const char *const caches[] = { "l1d", "l1i", "ll", "dtlb", "itlb", "bpu", "node" };
static const char *const operations[] = { "read", "write", "prefetch" };
static const char *const results[] = { "access", "miss" };

/* the cache, the operation << 8, its result << 16 */
static void name_cache(uint64_t config, struct buf *out)
{
	uint64_t cache = config & 0xff, operation = config >> 8 & 0xff, result = config >> 16;

	if (cache < ARRAY_SIZE(caches) && operation < ARRAY_SIZE(operations) &&
	    result < ARRAY_SIZE(results))
		buf_printf(out, "perf.hw_cache.%s.%s.%s", caches[cache], operations[operation],
			   results[result]);
}

void perf_print_event(const struct perf_event_attr *attr, struct buf *out)
{
	struct buf name = BUF_INIT;

	if (attr->type == PERF_TYPE_HARDWARE && attr->config < ARRAY_SIZE(hardware_names))
		buf_printf(&name, "perf.hw.%s", hardware_names[attr->config]);
	if (attr->type == PERF_TYPE_SOFTWARE && attr->config < ARRAY_SIZE(software_names))
		buf_printf(&name, "perf.sw.%s", software_names[attr->config]);
	if (attr->type == PERF_TYPE_HW_CACHE)
		name_cache(attr->config, &name);
	buf_printf(out, "perf event of type %u, config %llu%s%s%s", attr->type,
		   (unsigned long long)attr->config, name.length ? " (" : "", buf_text(&name),
		   name.length ? ")" : "");
	buf_free(&name);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static void check_name(uint32_t type, uint64_t config, const char *expected)
{
	struct perf_event_attr attr = { .type = type, .config = config };
	struct buf text = BUF_INIT;

	perf_print_event(&attr, &text);
	CHECK_STR(buf_text(&text), expected);
	buf_free(&text);
}

UNIT_TEST_CASE(event_names_are_those_of_aliases)
{
	check_name(0, 0, "perf event of type 0, config 0 (perf.hw.cpu_cycles)");
	check_name(0, 10, "perf event of type 0, config 10");
	check_name(1, 8, "perf event of type 1, config 8 (perf.sw.emulation_faults)");
	check_name(3, 0x10106, "perf event of type 3, config 65798 (perf.hw_cache.node.write.miss)");
	check_name(3, 0x20000, "perf event of type 3, config 131072");
	check_name(4, 0, "perf event of type 4, config 0");
	check_name(UINT32_MAX, UINT64_MAX,
		   "perf event of type 4294967295, config 18446744073709551615");
}
#endif
