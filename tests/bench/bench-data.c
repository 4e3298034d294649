// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CPU time of the run-time data structures, one row per operation: what a handler pays for a map,
 * a statistic, a printf, a regular expression, without the interpreter around it. Link with the
 * objects of lib/ and of aggregator/{value,sort,map,stat,histogram,print,regex}.c.
 */
#include <time.h>

#include "../../aggregator/map.h"
#include "../../aggregator/print.h"
#include "../../aggregator/regex.h"

enum { HITS = 20000000, MANY = 1000000, COMMS = 60, CALLS = 30 };

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void row(const char *what, double start, double count)
{
	double seconds = cpu_seconds() - start;

	printf("%-52s %9.1f ns/op %9.3f s\n", what, seconds * 1e9 / count, seconds);
}

static struct map *make_map(unsigned strings, unsigned longs, enum type value_type)
{
	struct map_shape shape = { .key_count = strings + longs, .value_type = value_type,
				   .max_entries = 1 << 24 };

	for (unsigned i = 0; i < shape.key_count; i++)
		shape.key_types[i] = i < strings ? TYPE_STRING : TYPE_LONG;
	return map_new(&shape);
}

static void make_names(struct str **names, unsigned count, const char *prefix)
{
	char text[64];

	for (unsigned i = 0; i < count; i++)
		names[i] = str_immortal(text, snprintf(text, sizeof(text), "%s-%u", prefix, i));
}

static void bench_two_strings(void)
{
	struct map *map = make_map(2, 0, TYPE_LONG);
	struct str *comms[COMMS], *calls[CALLS];
	double start;

	make_names(comms, COMMS, "worker");
	make_names(calls, CALLS, "syscall");
	start = cpu_seconds();
	for (unsigned i = 0; i < HITS; i++) {
		union value keys[2] = { { .string = comms[i * 2654435761u % COMMS] },
					{ .string = calls[i * 40503u % CALLS] } };

		map_reach(map, keys)->number++;
	}
	row("count by (string, string), interned, 1800 keys", start, HITS);
	map_free(map);
	for (unsigned i = 0; i < COMMS; i++)
		str_destroy(comms[i]);
	for (unsigned i = 0; i < CALLS; i++)
		str_destroy(calls[i]);
}

static void bench_fresh_strings(void)
{
	struct map *map = make_map(1, 0, TYPE_LONG);
	double start = cpu_seconds();

	for (unsigned i = 0; i < HITS / 4; i++) {
		char text[32] = "/usr/lib/x86_64-linux-gnu/lib0";
		union value key;

		text[29] = '0' + i % 10;
		key.string = str_new(text, 30);
		map_reach(map, &key)->number++;
		str_unref(key.string);
	}
	row("count by a new 30-byte string each time, 10 keys", start, HITS / 4);
	map_free(map);
}

static void bench_long_and_stat(void)
{
	struct stat_shape shape = { .needs = STAT_COUNT | STAT_SUM | STAT_HIST_LOG };
	struct map *map = make_map(0, 2, TYPE_STATS);
	struct statistic *stat = stat_new(&shape);
	double start = cpu_seconds();

	for (unsigned i = 0; i < HITS; i++) {
		union value keys[2] = { { .number = i * 2654435761u % 500 }, { .number = i % 7 } };

		stat_add(map_reach(map, keys)->stat, &shape, i & 4095);
	}
	row("statistic by (long, long), 3500 keys", start, HITS);
	start = cpu_seconds();
	for (unsigned i = 0; i < HITS; i++)
		stat_add(stat, &shape, i & 4095);
	row("statistic with @hist_log, scalar", start, HITS);
	stat_free(stat);
	map_free(map);
}

static void walk(struct map *map, const struct map_order *order, struct buf *out)
{
	struct map_cursor *cursor = map_cursor_open(map, order);
	const union value *keys;
	union value *value;

	while (map_cursor_next(cursor, &keys, &value)) {
		print_number(keys[0].number, out);
		buf_putc(out, ' ');
		print_number(value->number, out);
		buf_putc(out, '\n');
	}
	map_cursor_close(cursor);
}

static void bench_million(void)
{
	struct map_order descending = { .direction = -1, .limit = -1 };
	struct map_order top = { .direction = -1, .limit = 10 };
	struct map *map = make_map(0, 1, TYPE_LONG);
	struct buf out = BUF_INIT;
	double start = cpu_seconds(), whole = start;

	for (uint64_t i = 0; i < MANY; i++) {
		union value key = { .number = (int64_t)(i * 0x9e3779b97f4a7c15ULL >> 20) };

		map_reach(map, &key)->number += (int64_t)(i * 2654435761u % 1000003);
	}
	row("insert 10^6 distinct longs", start, MANY);
	start = cpu_seconds();
	walk(map, &descending, &out);
	row("sort them by value and print", start, MANY);
	row("= insert, sort, print", whole, MANY);
	start = cpu_seconds();
	walk(map, &top, &out);
	row("the 10 largest of 10^6", start, MANY);
	buf_free(&out);
	map_free(map);
}

static void bench_million_strings(void)
{
	struct map_order order = { .direction = 1, .column = 1, .limit = -1 };
	struct map *map = make_map(1, 0, TYPE_LONG);
	struct map_cursor *cursor;
	double start = cpu_seconds();

	for (unsigned i = 0; i < MANY; i++) {
		char text[40];
		unsigned pid = i * 2654435761u % 9999991;
		int length = snprintf(text, sizeof(text), "/proc/%u/status", pid);
		union value key = { .string = str_new(text, length) };

		map_reach(map, &key)->number++;
		str_unref(key.string);
	}
	row("make and insert 10^6 strings", start, MANY);
	start = cpu_seconds();
	cursor = map_cursor_open(map, &order);
	row("sort them by key", start, MANY);
	map_cursor_close(cursor);
	map_free(map);
}

static void bench_printf(void)
{
	struct format_piece pieces[] = {
		{ .kind = FORMAT_STRING, .left = true, .width = 16, .precision = -1 },
		{ .kind = FORMAT_LITERAL, .text = " ", .length = 1 },
		{ .kind = FORMAT_SIGNED, .width = -1, .precision = -1 },
		{ .kind = FORMAT_LITERAL, .text = "\n", .length = 1 },
	};
	struct format format = { .pieces = { pieces, 4, 4 } };
	union value arguments[2] = { { .string = str_immortal("systemd-journal", 15) } };
	struct buf out = BUF_INIT;
	double start = cpu_seconds();

	for (unsigned i = 0; i < HITS / 4; i++) {
		arguments[1].number = (int64_t)i * 977;
		print_format(&format, arguments, &out);
		if (out.length > 65536)
			buf_reset(&out);
	}
	row("printf(\"%-16s %d\\n\")", start, HITS / 4);
	buf_free(&out);
	str_destroy(arguments[0].string);
}

static void bench_regex(void)
{
	static const char text[] = "/usr/lib/x86_64-linux-gnu/libpthread-2.31.so";
	struct regex_groups groups = REGEX_GROUPS_INIT;
	char *message;
	struct regex *regex = regex_compile("lib([a-z]+)-[0-9.]+so$", 22, &message);
	double start = cpu_seconds();

	for (unsigned i = 0; i < MANY; i++)
		regex_match(regex, text, sizeof(text) - 1, NULL);
	row("=~ on 44 bytes", start, MANY);
	start = cpu_seconds();
	for (unsigned i = 0; i < MANY; i++)
		regex_match(regex, text, sizeof(text) - 1, &groups);
	row("=~ with matched()", start, MANY);
	regex_groups_free(&groups);
	regex_free(regex);
}

int main(void)
{
	bench_two_strings();
	bench_fresh_strings();
	bench_long_and_stat();
	bench_million();
	bench_million_strings();
	bench_printf();
	bench_regex();
	return 0;
}
