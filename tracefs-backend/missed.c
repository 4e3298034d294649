// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What kprobes missed. The kernel has room for so many calls of a function whose returns are probed
 * (maxactive), and passes over a probe that is hit inside of another one; it counts both in
 * kprobe_profile, a line for each line of kprobe_events. Told once, when the run is over.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>

#include "session.h"

/**
 * struct missed - what the kernel counted, of returns [1] and of other hits [0]
 * @worst: the place with most of them
 */
struct missed {
	uint64_t total[2], most[2];
	char worst[2][TRACE_NAME_SIZE];
};

static void note_missed(struct missed *missed, bool is_return, const char *place, uint64_t count)
{
	missed->total[is_return] += count;
	if (count <= missed->most[is_return])
		return;
	missed->most[is_return] = count;
	snprintf(missed->worst[is_return], sizeof(missed->worst[0]), "%.*s",
		 (int)strcspn(place, " "), place);
}

/*
 * @event: "r8:stap_1_2_3/r0_vfs_read vfs_read a0=$retval:u64"; @hits: " r0_vfs_read  12  3"
 * False when they are not of the same event.
 */
static bool sum_line(const char *group, const char *event, const char *hits,
		     struct missed *missed)
{
	const char *colon = strchr(event, ':'), *slash = colon ? strchr(colon, '/') : NULL;
	size_t length = slash ? strcspn(slash + 1, " ") : 0;
	uint64_t count;

	hits += strspn(hits, " ");
	if (!length || strncmp(slash + 1, hits, length) != 0 || hits[length] != ' ')
		return false;
	if ((size_t)(slash - colon - 1) != strlen(group) ||
	    strncmp(colon + 1, group, strlen(group)) != 0)
		return true;
	if (sscanf(hits + length, " %*u %" SCNu64, &count) == 1 && count)
		note_missed(missed, event[0] == 'r', slash + 1 + length +
			    strspn(slash + 1 + length, " "), count);
	return true;
}

/* both texts are taken apart; false when they were not read at the same time */
static bool sum_lines(const char *group, char *events, char *profile, struct missed *missed)
{
	char *event, *hits, *rest_events = NULL, *rest_hits = NULL;

	event = strtok_r(events, "\n", &rest_events);
	hits = strtok_r(profile, "\n", &rest_hits);
	while (event && hits) {
		if (!sum_line(group, event, hits, missed))
			return false;
		event = strtok_r(NULL, "\n", &rest_events);
		hits = strtok_r(NULL, "\n", &rest_hits);
	}
	return !event && !hits;
}

static void warn(const struct log *log, const struct missed *missed)
{
	if (missed->total[1])
		log_warning(log, "the kernel missed %" PRIu64 " returns, %" PRIu64 " of them of %s: "
			    "more calls at once than it had room for; .return.maxactive(N) makes "
			    "room", missed->total[1], missed->most[1], missed->worst[1]);
	if (missed->total[0])
		log_warning(log, "the kernel missed %" PRIu64 " hits, %" PRIu64 " of them of %s: "
			    "they came inside of another probe", missed->total[0], missed->most[0],
			    missed->worst[0]);
}

static int read_listing(const struct tracefs *tracefs, const char *name, struct buf *text)
{
	char path[PATH_MAX];

	return tracefs_path(tracefs, path, sizeof(path), "%s", name) ?
		buf_read_file(text, path) : -ENAMETOOLONG;
}

void missed_report(const struct tracefs *tracefs)
{
	struct buf events = BUF_INIT, profile = BUF_INIT;
	struct missed missed = { .total = { 0 } };

	if (tracefs->instance && tracefs->definitions.count &&
	    read_listing(tracefs, "kprobe_events", &events) == 0 &&
	    read_listing(tracefs, "kprobe_profile", &profile) == 0 &&
	    events.length && profile.length &&
	    sum_lines(tracefs->name, events.data, profile.data, &missed))
		warn(&tracefs->options.log, &missed);
	buf_free(&events);
	buf_free(&profile);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(missed_hits_are_summed_by_kind)
{
	char events[] = "p:other/p0_x x\n"
			"r8:stap_1/r0_vfs_read vfs_read a0=$retval:u64\n"
			"r8:stap_1/r0_vfs_read vfs_write a0=$retval:u64\n"
			"p:stap_1/p0_do_exit do_exit+4\n";
	char profile[] = "  p0_x                     100              7\n"
			 "  r0_vfs_read               10              3\n"
			 "  r0_vfs_read               10              5\n"
			 "  p0_do_exit                10              1\n";
	struct missed missed = { .total = { 0 } };

	CHECK(sum_lines("stap_1", events, profile, &missed));
	CHECK_INT(missed.total[1], 8);
	CHECK_INT(missed.most[1], 5);
	CHECK_STR(missed.worst[1], "vfs_write");
	CHECK_INT(missed.total[0], 1);
	CHECK_STR(missed.worst[0], "do_exit+4");
}

UNIT_TEST_CASE(missed_listings_must_agree)
{
	char events[] = "p:stap_1/p0_x x\n", profile[] = "  p0_x  1 7\n  p1_y  1 2\n";
	char other[] = "p:stap_1/p1_x x\n", hits[] = "  p1_xx  1 7\n", broken[] = "p0_x\n";
	struct missed missed = { .total = { 0 } };

	CHECK(!sum_lines("stap_1", events, profile, &missed));
	CHECK(!sum_lines("stap_1", other, hits, &missed));
	CHECK(!sum_line("stap_1", broken, broken, &missed));
}
#endif
