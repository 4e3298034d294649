// SPDX-License-Identifier: GPL-2.0-or-later
/* The limits of a run: their defaults from limit.def, and -D NAME=VALUE on top of them. */
#include <errno.h>

#include "aggregator.h"

const struct limit limit_table[LIMIT_COUNT] = {
#define LIMIT(name, value, unit, what) { #name, value, unit, what },
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

bool run_options_define(struct run_options *options, const char *definition)
{
	size_t length = strcspn(definition, "=");
	int64_t value;

	for (size_t i = 0; i < LIMIT_COUNT; i++) {
		const char *name = limit_table[i].name;

		if (strlen(name) != length || strncmp(name, definition, length))
			continue;
		if (!parse_value(definition + length, &value))
			return false;
		if (value < 0 && i != LIMIT_HIST_ELISION)
			return false;
		options->limits[i] = value;
		return true;
	}
	return false;
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
	CHECK(run_options_define(&options, "MAXERRORS=0x10"));
	CHECK_INT(options.limits[LIMIT_MAXERRORS], 16);
	CHECK(run_options_define(&options, "HIST_ELISION=-1"));
	CHECK_INT(options.limits[LIMIT_HIST_ELISION], -1);
	CHECK(run_options_define(&options, "MAXNESTING"));
	CHECK_INT(options.limits[LIMIT_MAXNESTING], 1);
	CHECK(!run_options_define(&options, "MAXERROR=1"));
	CHECK(!run_options_define(&options, "MAXERRORSX=1"));
	CHECK(!run_options_define(&options, "MAXERRORS=-1"));
	CHECK(!run_options_define(&options, "MAXERRORS="));
	CHECK(!run_options_define(&options, "MAXERRORS=1x"));
	CHECK(!run_options_define(&options, "MAXERRORS=99999999999999999999"));
	CHECK_INT(options.limits[LIMIT_MAXERRORS], 16);
}
#endif
