// SPDX-License-Identifier: GPL-2.0-or-later
/* The limits of a run: their defaults from limit.def, and -D NAME=VALUE on top of them. */
#include <errno.h>

#include "aggregator.h"

const struct limit limit_table[LIMIT_COUNT] = {
#define LIMIT(name, value, least, unit, what) { #name, value, least, unit, what },
#include "limit.def"
#undef LIMIT
};

void run_options_init(struct run_options *options)
{
	*options = (struct run_options){
		.output = stdout,
		.target_fd = -1,
		.command_start_fd = -1,
		.module_name = "stap",
	};
	for (size_t i = 0; i < LIMIT_COUNT; i++)
		options->limits[i] = limit_table[i].value;
}

/* a define without a value is 1, as for a C compiler */
static bool parse_value(const char *text, int64_t *value)
{
	char *end;

	if (!*text) {
		*value = 1;
		return true;
	}
	if (*text++ != '=')
		return false;
	errno = 0;
	*value = strtoll(text, &end, 0);
	return end != text && !*end && !errno;
}

int run_options_define(struct run_options *options, const char *definition)
{
	size_t length = strcspn(definition, "=");
	int64_t value;

	for (size_t i = 0; i < LIMIT_COUNT; i++) {
		const struct limit *limit = &limit_table[i];

		if (strlen(limit->name) != length || strncmp(limit->name, definition, length))
			continue;
		if (!parse_value(definition + length, &value) || value < limit->least)
			return -EINVAL;
		options->limits[i] = value;
		return 0;
	}
	return -ENOENT;
}

#define SPELLING_MISTAKES 2 /* more, and another name is meant */

const struct limit *limit_nearest(const char *definition)
{
	const struct limit *nearest = NULL;
	unsigned best = SPELLING_MISTAKES + 1;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(definition, "="), definition);
	for (size_t i = 0; i < LIMIT_COUNT; i++) {
		unsigned distance = text_distance(name, limit_table[i].name);

		if (distance >= best)
			continue;
		best = distance;
		nearest = &limit_table[i];
	}
	return nearest;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(run_options_start_with_the_table)
{
	struct run_options options;

	run_options_init(&options);
	CHECK_INT(options.limits[LIMIT_MAXSTRINGLEN], 8192);
	CHECK_INT(options.limits[LIMIT_HIST_ELISION], 2);
	CHECK_INT(options.target_fd, -1);
	CHECK(options.output == stdout);
}

UNIT_TEST_CASE(run_options_define_takes_our_limits_only)
{
	struct run_options options;

	run_options_init(&options);
	CHECK_INT(run_options_define(&options, "MAXERRORS=0x10"), 0);
	CHECK_INT(options.limits[LIMIT_MAXERRORS], 16);
	CHECK_INT(run_options_define(&options, "HIST_ELISION=-1"), 0);
	CHECK_INT(options.limits[LIMIT_HIST_ELISION], -1);
	CHECK_INT(run_options_define(&options, "MAXNESTING"), 0);
	CHECK_INT(options.limits[LIMIT_MAXNESTING], 1);
	CHECK_INT(run_options_define(&options, "MAXERROR=1"), -ENOENT);
	CHECK_INT(run_options_define(&options, "MAXERRORSX=1"), -ENOENT);
	CHECK_INT(run_options_define(&options, "MAXERRORS=-1"), -EINVAL);
	CHECK_INT(run_options_define(&options, "MAXERRORS="), -EINVAL);
	CHECK_INT(run_options_define(&options, "MAXERRORS=1x"), -EINVAL);
	CHECK_INT(run_options_define(&options, "MAXERRORS=99999999999999999999"), -EINVAL);
	CHECK_INT(run_options_define(&options, "MAXSTRINGLEN=0"), -EINVAL);
	CHECK_INT(options.limits[LIMIT_MAXERRORS], 16);
}

UNIT_TEST_CASE(limit_nearest_knows_what_was_meant)
{
	CHECK_STR(limit_nearest("MAXACTON=5")->name, "MAXACTION");
	CHECK_STR(limit_nearest("MAXERROR")->name, "MAXERRORS");
	CHECK_STR(limit_nearest("MAXACTION_INTERRUPTABLE=5")->name, "MAXACTION_INTERRUPTIBLE");
	CHECK(!limit_nearest("MINSTACKSPACE=5"));
	CHECK(!limit_nearest("N=5"));
}
#endif
