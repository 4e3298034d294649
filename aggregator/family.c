// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The probe points that no kernel event fires: begin, end, error, never, oneshot and the timers
 * that count time. Each row turns its arguments into a struct moment_probe in probe.data.
 * Ranges are those of the documented language: 100 µs to a day, jiffies up to a million, a random
 * part no longer than the period.
 */
#include <errno.h>
#include <inttypes.h>

#include "file-probe.h"
#include "process-event.h"
#include "timer.h"

#define PERIOD_MIN UINT64_C(100000)			/* 100 µs */
#define PERIOD_MAX (UINT64_C(86400) * NSEC_PER_SEC)	/* a day */
#define JIFFIES_MAX 1000000

static const struct point_component *match_component(const struct family_match *match, size_t index)
{
	return index < match->point->components.count ? &match->point->components.items[index]
						      : NULL;
}

/* a wildcard takes the rows whose range its number fits, and passes over the others */
static bool match_is_wild(const struct family_match *match)
{
	for (size_t i = 0; i < match->point->components.count; i++)
		if (text_has_wildcard(match->point->components.items[i].name))
			return true;
	return false;
}

/* the point with the row's own names, where the script may have written wildcards */
static struct probe_point *match_named(const struct family_match *match, const char *const *names)
{
	struct probe_point *point = arena_memdup(match->arena, match->point, sizeof(*point));
	size_t count = point->components.count;

	point->components.items = arena_memdup(match->arena, match->point->components.items,
					       count * sizeof(*point->components.items));
	point->components.capacity = count;
	for (size_t i = 0; i < count && names[i]; i++)
		point->components.items[i].name = names[i];
	return point;
}

static int match_emit(struct family_match *match, const char *const *names,
		      struct moment_probe moment)
{
	match->emit(match, match_named(match, names), NULL,
		    arena_memdup(match->arena, &moment, sizeof(moment)));
	return 0;
}

/* ---- begin, end, error, never, oneshot ---- */

static int resolve_moment(struct family_match *match, const char *name, enum moment moment)
{
	const struct point_component *component = match_component(match, 0);
	struct moment_probe probe = { .moment = moment };

	if (component && component->argument_kind == ARGUMENT_NUMBER)
		probe.sequence = component->number;
	return match_emit(match, (const char *const[]){ name, NULL }, probe);
}

static int resolve_begin(struct family_match *match)
{
	return resolve_moment(match, "begin", MOMENT_BEGIN);
}

static int resolve_end(struct family_match *match)
{
	return resolve_moment(match, "end", MOMENT_END);
}

static int resolve_error(struct family_match *match)
{
	return resolve_moment(match, "error", MOMENT_ERROR);
}

static int resolve_never(struct family_match *match)
{
	return resolve_moment(match, "never", MOMENT_NEVER);
}

/* oneshot is begin with an exit() behind the handler, and pp() says so */
static int resolve_oneshot(struct family_match *match)
{
	return match_emit(match, (const char *const[]){ "begin", NULL },
			  (struct moment_probe){ .moment = MOMENT_BEGIN, .exits = true });
}

/* ---- timers ---- */

static int timer_refuse(struct family_match *match, const struct point_component *component,
			const char *what, int64_t low, int64_t high)
{
	if (!match_is_wild(match))
		diag_error(match->frontend, component->token,
			   "%s %" PRId64 " of timer.%s is not between %" PRId64 " and %" PRId64,
			   what, component->number, match_component(match, 1)->name, low, high);
	return match_is_wild(match) ? 0 : -EINVAL;
}

static int emit_timer(struct family_match *match, const char *unit, uint64_t period,
		      uint64_t randomize)
{
	return match_emit(match, (const char *const[]){ "timer", unit, "randomize", NULL },
			  (struct moment_probe){ .moment = MOMENT_TIMER,
						 .period = period,
						 .randomize = randomize });
}

/* @length: ns of one unit; @low and @high bound the period in units */
static int resolve_period(struct family_match *match, const char *unit, uint64_t length,
			  int64_t low, int64_t high)
{
	const struct point_component *period = match_component(match, 1);
	const struct point_component *randomize = match_component(match, 2);

	if (!period || period->argument_kind != ARGUMENT_NUMBER)
		return 0;
	if (period->number < low || period->number > high)
		return timer_refuse(match, period, "interval", low, high);
	if (randomize && (randomize->number < 0 || randomize->number > period->number))
		return timer_refuse(match, randomize, "random part", 0, period->number);
	return emit_timer(match, unit, (uint64_t)period->number * length,
			  randomize ? (uint64_t)randomize->number * length : 0);
}

static int resolve_time(struct family_match *match, const char *unit, uint64_t length)
{
	int64_t low = (int64_t)(PERIOD_MIN / length);

	return resolve_period(match, unit, length, low ? low : 1, (int64_t)(PERIOD_MAX / length));
}

#define TIMER_UNITS(row)                                                                        \
	row(s, NSEC_PER_SEC, "seconds")                                                         \
	row(sec, NSEC_PER_SEC, "seconds")                                                       \
	row(ms, 1000000, "milliseconds")                                                        \
	row(msec, 1000000, "milliseconds")                                                      \
	row(us, 1000, "microseconds")                                                           \
	row(usec, 1000, "microseconds")                                                         \
	row(ns, 1, "nanoseconds")                                                               \
	row(nsec, 1, "nanoseconds")

#define RESOLVE_UNIT(unit, length, what)                                                        \
	static int resolve_##unit(struct family_match *match)                                   \
	{                                                                                       \
		return resolve_time(match, #unit, length);                                      \
	}
TIMER_UNITS(RESOLVE_UNIT)

static int resolve_jiffies(struct family_match *match)
{
	return resolve_period(match, "jiffies", NSEC_PER_SEC / timer_kernel_hz(), 1, JIFFIES_MAX);
}

static int resolve_hz(struct family_match *match)
{
	const struct point_component *rate = match_component(match, 1);
	int64_t high = (int64_t)(NSEC_PER_SEC / PERIOD_MIN);

	if (!rate || rate->argument_kind != ARGUMENT_NUMBER)
		return 0;
	if (rate->number < 1 || rate->number > high)
		return timer_refuse(match, rate, "rate", 1, high);
	return emit_timer(match, "hz", NSEC_PER_SEC / (uint64_t)rate->number, 0);
}

/* ---- rows ---- */

#define ROW(text, function, what)                                                               \
	{ .pattern = text, .source = FAMILY_AGGREGATOR, .resolve = function, .summary = what }
#define UNIT_ROWS(unit, length, what)                                                           \
	ROW("timer." #unit "(number)", resolve_##unit, "every so many " what),                  \
	ROW("timer." #unit "(number).randomize(number)", resolve_##unit,                        \
	    "the same, give or take up to so many, at random"),

#define PROCESS_ROWS(process, whose)                                                            \
	ROW(process ".begin", process_event_resolve, "when a process " whose " begins"),        \
	ROW(process ".end", process_event_resolve, "when a process " whose " ends"),            \
	ROW(process ".thread.begin", process_event_resolve,                                     \
	    "when a further thread of a process " whose " begins"),                             \
	ROW(process ".thread.end", process_event_resolve,                                       \
	    "when a further thread of a process " whose " ends"),

#define FILE_ROW(pattern_, text_, what)                                                         \
	{ .pattern = pattern_, .source = FAMILY_AGGREGATOR, .resolve = file_point_resolve,      \
	  .summary = what, .text = &text_ },
#define FILE_ROWS(file)                                                                         \
	FILE_ROW(file ".read", file_read_text, "when the file of this name is read")            \
	FILE_ROW(file ".read.maxsize(number)", file_read_text, "the same, for longer texts")    \
	FILE_ROW(file ".write", file_write_text, "when the file of this name is written to")

const struct family aggregator_families[] = {
	ROW("begin", resolve_begin, "when the run begins"),
	ROW("begin(number)", resolve_begin, "when the run begins, lower numbers first"),
	ROW("end", resolve_end, "when the run ends without error"),
	ROW("end(number)", resolve_end, "when the run ends without error, lower numbers first"),
	ROW("error", resolve_error, "when the run ends by an error"),
	ROW("error(number)", resolve_error, "when the run ends by an error, lower numbers first"),
	ROW("never", resolve_never, "never; the handler is checked all the same"),
	ROW("oneshot", resolve_oneshot, "when the run begins, and ends it"),
	TIMER_UNITS(UNIT_ROWS)
	ROW("timer.hz(number)", resolve_hz, "so many times per second"),
	ROW("timer.jiffies(number)", resolve_jiffies, "every so many kernel ticks"),
	ROW("timer.jiffies(number).randomize(number)", resolve_jiffies,
	    "the same, give or take up to so many, at random"),
	PROCESS_ROWS("process(string)", "of a program")
	PROCESS_ROWS("process(number)", "of one number")
	PROCESS_ROWS("process", "of the target and its children, or any,")
	FILE_ROWS("procfs") FILE_ROWS("procfs.umask(number)")
	FILE_ROWS("procfs(string)") FILE_ROWS("procfs(string).umask(number)")
};
const size_t aggregator_family_count = ARRAY_SIZE(aggregator_families);

#ifdef UNIT_TEST
#include "../lib/unit.h"

/* what resolving one point gave */
struct test_result {
	struct family_match match; /* first: emit() gets this */
	struct moment_probe moment;
	char name[16], unit[16];
	int status;
};

static void test_emit(struct family_match *match, const struct probe_point *point,
		      struct site *site, void *data)
{
	struct test_result *result = (struct test_result *)match;

	CHECK(!site);
	match->emitted++;
	result->moment = *(const struct moment_probe *)data;
	snprintf(result->name, sizeof(result->name), "%s", point->components.items[0].name);
	if (point->components.count > 1)
		snprintf(result->unit, sizeof(result->unit), "%s",
			 point->components.items[1].name);
}

static const struct family *test_family(const char *pattern)
{
	for (size_t i = 0; i < aggregator_family_count; i++)
		if (!strcmp(aggregator_families[i].pattern, pattern))
			return &aggregator_families[i];
	unit_fail(__FILE__, __LINE__, "no family %s", pattern);
}

/* resolve @count components with numbers against @pattern */
static struct test_result test_resolve(const char *pattern, const struct point_component *items,
				       size_t count)
{
	static const struct frontend_options options = { .arch = "x86_64" };
	struct frontend *frontend = frontend_new(&options);
	struct probe_point point = { 0 };
	struct test_result result = { .match = { .frontend = frontend, .emit = test_emit,
						 .arena = frontend_arena(frontend),
						 .point = &point } };

	point.components.items = arena_memdup(result.match.arena, items, count * sizeof(*items));
	point.components.count = count;
	result.status = test_family(pattern)->resolve(&result.match);
	CHECK_INT(diag_error_count(frontend) > 0, result.status != 0);
	frontend_free(frontend);
	return result;
}

static struct test_result test_timer(const char *pattern, const char *unit, int64_t period,
				     int64_t randomize)
{
	const struct point_component items[] = {
		{ .name = "timer" },
		{ .name = unit, .argument_kind = ARGUMENT_NUMBER, .number = period },
		{ .name = "randomize", .argument_kind = ARGUMENT_NUMBER, .number = randomize },
	};

	return test_resolve(pattern, items, strstr(pattern, "randomize") ? 3 : 2);
}

UNIT_TEST_CASE(family_periods_are_converted)
{
	CHECK_INT(test_timer("timer.s(number)", "s", 2, 0).moment.period, 2000000000);
	CHECK_INT(test_timer("timer.msec(number)", "msec", 3, 0).moment.period, 3000000);
	CHECK_INT(test_timer("timer.us(number)", "us", 100, 0).moment.period, 100000);
	CHECK_INT(test_timer("timer.nsec(number)", "nsec", 123456, 0).moment.period, 123456);
	CHECK_INT(test_timer("timer.hz(number)", "hz", 3, 0).moment.period, 333333333);
	CHECK_INT(test_timer("timer.jiffies(number)", "jiffies", 7, 0).moment.period,
		  7 * (NSEC_PER_SEC / timer_kernel_hz()));
	CHECK_INT(test_timer("timer.ms(number).randomize(number)", "ms", 10, 10).moment.randomize,
		  10000000);
}

UNIT_TEST_CASE(family_ranges_are_checked)
{
	CHECK_INT(test_timer("timer.s(number)", "s", 86400, 0).status, 0);
	CHECK_INT(test_timer("timer.s(number)", "s", 86401, 0).status, -EINVAL);
	CHECK_INT(test_timer("timer.s(number)", "s", 0, 0).status, -EINVAL);
	CHECK_INT(test_timer("timer.us(number)", "us", 99, 0).status, -EINVAL);
	CHECK_INT(test_timer("timer.ns(number)", "ns", INT64_MAX, 0).status, -EINVAL);
	CHECK_INT(test_timer("timer.hz(number)", "hz", 10000, 0).status, 0);
	CHECK_INT(test_timer("timer.hz(number)", "hz", 10001, 0).status, -EINVAL);
	CHECK_INT(test_timer("timer.jiffies(number)", "jiffies", 1000001, 0).status, -EINVAL);
	CHECK_INT(test_timer("timer.ms(number).randomize(number)", "ms", 10, 11).status, -EINVAL);
	CHECK_INT(test_timer("timer.ms(number).randomize(number)", "ms", 10, -1).status, -EINVAL);
}

UNIT_TEST_CASE(family_wildcards_take_the_units_that_fit)
{
	struct test_result result = test_timer("timer.us(number)", "*", 5, 0);

	CHECK_INT(result.status, 0);
	CHECK_INT(result.match.emitted, 0);
	result = test_timer("timer.s(number)", "*", 5, 0);
	CHECK_INT(result.match.emitted, 1);
	CHECK_STR(result.unit, "s");
}

UNIT_TEST_CASE(family_begin_has_a_sequence_and_oneshot_exits)
{
	struct point_component item = { .name = "begin", .argument_kind = ARGUMENT_NUMBER,
					.number = -7 };
	struct test_result result = test_resolve("begin(number)", &item, 1);

	CHECK_INT(result.moment.moment, MOMENT_BEGIN);
	CHECK_INT(result.moment.sequence, -7);
	CHECK(!result.moment.exits);
	item = (struct point_component){ .name = "oneshot" };
	result = test_resolve("oneshot", &item, 1);
	CHECK_STR(result.name, "begin");
	CHECK(result.moment.exits);
}
#endif
