/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions about text: wildcards, prefixes, and how far apart two names are. */
#include "lib.h"

#include <fnmatch.h>

bool text_match(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, 0) == 0;
}

bool text_has_wildcard(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

bool text_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends_with(const char *text, const char *suffix)
{
	size_t length = strlen(text), tail = strlen(suffix);

	return length >= tail && strcmp(text + length - tail, suffix) == 0;
}

#define TEXT_DISTANCE_MAX 63

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

/*
 * Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost one
 * each. Three rows of the usual matrix are enough. Names longer than the rows are cut.
 */
unsigned text_distance(const char *a, const char *b)
{
	unsigned rows[3][TEXT_DISTANCE_MAX + 1];
	unsigned *older = rows[0], *before = rows[1], *row = rows[2], *swap;
	size_t a_length = strnlen(a, TEXT_DISTANCE_MAX), b_length = strnlen(b, TEXT_DISTANCE_MAX);

	for (size_t j = 0; j <= b_length; j++)
		before[j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = min3(before[j] + 1, row[j - 1] + 1,
				      before[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    older[j - 2] + 1 < row[j])
				row[j] = older[j - 2] + 1;
		}
		swap = older;
		older = before;
		before = row;
		row = swap;
	}
	return before[b_length];
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(text_distance_counts_edits)
{
	CHECK_INT(text_distance("", "abc"), 3);
	CHECK_INT(text_distance("execname", "execname"), 0);
	CHECK_INT(text_distance("excename", "execname"), 1);
	CHECK_INT(text_distance("pid", "tid"), 1);
	CHECK_INT(text_distance("kitten", "sitting"), 3);
}

UNIT_TEST_CASE(text_wildcards)
{
	CHECK(text_match("sched_*", "sched_switch"));
	CHECK(!text_match("sched_?", "sched_switch"));
	CHECK(text_has_wildcard("a[bc]"));
	CHECK(!text_has_wildcard("a.b"));
	CHECK(text_ends_with("x.stp", ".stp"));
	CHECK(!text_ends_with("p", ".stp"));
}
#endif
