// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Histogram pictures: a header, one row per bucket with its lowest value, a bar and the count, and
 * `~` for a run of empty rows. Rows, widths and scaling are those of SystemTap's pictures.
 */
#include <inttypes.h>

#include "stat.h"

enum {
	LOG_ZERO = 64,
	MARGIN = 2,		/* empty rows shown before the first and behind the last filled */
	VALUE_WIDTH_LEAST = 5,	/* of the word "value" */
	COLUMNS_MOST = 4096,
};

struct picture {
	const struct stat_shape *shape;
	const uint64_t *counts;
	bool is_log;
	int last_bucket;	/* the overflow bucket of a linear histogram */
	int low, high;		/* rows shown */
	uint64_t most;		/* in one bucket */
	uint64_t scale;		/* counts per column */
	int columns, value_width, count_width;
};

static int digits_of(uint64_t number)
{
	int digits = 1;

	for (; number >= 10; number /= 10)
		digits++;
	return digits;
}

static int width_of(int64_t number)
{
	return number < 0 ? digits_of(-(uint64_t)number) + 1 : digits_of(number);
}

static int larger(int a, int b)
{
	return a > b ? a : b;
}

/* low + steps * interval, wrapping around */
static int64_t linear_value(const struct stat_shape *shape, int steps)
{
	return (int64_t)((uint64_t)shape->low + (uint64_t)steps * (uint64_t)shape->interval);
}

static int64_t log_value(int bucket)
{
	if (bucket == LOG_ZERO)
		return 0;
	return bucket < LOG_ZERO ? INT64_MIN >> bucket : 1LL << (bucket - LOG_ZERO - 1);
}

static int64_t row_value(const struct picture *picture, int bucket)
{
	if (picture->is_log)
		return log_value(bucket);
	if (bucket == 0)
		return picture->shape->low;
	return linear_value(picture->shape, bucket - (bucket == picture->last_bucket ? 2 : 1));
}

static const char *row_prefix(const struct picture *picture, int bucket)
{
	if (picture->is_log)
		return "";
	return bucket == 0 ? "<" : bucket == picture->last_bucket ? ">" : "";
}

/* the filled buckets and a margin; empty out-of-range rows are left out */
static void choose_rows(struct picture *picture)
{
	for (int i = picture->last_bucket; i >= 0; i--)
		if (picture->counts[i])
			picture->low = i;
	for (int i = 0; i <= picture->last_bucket; i++)
		if (picture->counts[i])
			picture->high = i;
	for (int i = 0; i < MARGIN; i++) {
		if (picture->low > 0 && !(picture->is_log && picture->low == LOG_ZERO))
			picture->low--;
		if (picture->high < picture->last_bucket)
			picture->high++;
	}
	if (picture->is_log)
		return;
	if (picture->low == 0 && !picture->counts[0])
		picture->low++;
	if (picture->high == picture->last_bucket && !picture->counts[picture->high])
		picture->high--;
}

static void choose_widths(struct picture *picture)
{
	const struct stat_shape *shape = picture->shape;
	int low, high;

	if (picture->is_log) {
		low = width_of(log_value(picture->low));
		high = width_of(log_value(picture->high));
	} else {
		low = width_of(shape->low) + (picture->low == 0);
		high = width_of(linear_value(shape, picture->high)) +
		       (picture->high == picture->last_bucket);
	}
	picture->value_width = larger(VALUE_WIDTH_LEAST, larger(low, high));
	for (int i = picture->low; i <= picture->high; i++)
		if (picture->counts[i] > picture->most)
			picture->most = picture->counts[i];
	picture->count_width = digits_of(picture->most);
	picture->scale = picture->most / picture->columns + !!(picture->most % picture->columns);
	if (!picture->scale)
		picture->scale = 1;
}

/* the next filled row from @bucket on, or one that is out of reach */
static int64_t filled_from(const struct picture *picture, int bucket)
{
	for (; bucket <= picture->high; bucket++)
		if (picture->counts[bucket])
			return bucket;
	return INT64_MAX;
}

static void print_row(const struct picture *picture, int bucket, struct buf *out)
{
	int64_t value = row_value(picture, bucket);
	int bar = (int)(picture->counts[bucket] / picture->scale);

	buf_printf(out, "%*s%" PRId64 " |", larger(0, picture->value_width - width_of(value)),
		   row_prefix(picture, bucket), value);
	memset(buf_reserve(out, bar), '@', bar);
	out->length += bar;
	buf_printf(out, "%*" PRIu64 "\n", picture->columns - bar + 1 + picture->count_width,
		   picture->counts[bucket]);
}

static void print_header(const struct picture *picture, struct buf *out)
{
	buf_printf(out, "%*s |", picture->value_width, "value");
	for (int i = 0; i < picture->columns; i++)
		buf_putc(out, '-');
	buf_puts(out, " count\n");
}

/* a row is left out when it and its neighbours up to @elision rows away are empty */
static void print_rows(const struct picture *picture, int64_t elision, struct buf *out)
{
	int64_t before = INT64_MIN / 2, next = filled_from(picture, picture->low);
	bool eliding = false;

	for (int i = picture->low; i <= picture->high; i++) {
		if (next < i)
			next = filled_from(picture, i);
		if (next == i)
			before = i;
		if (elision >= 0 && next - i > elision && i - before > elision) {
			eliding = true;
			continue;
		}
		if (eliding)
			buf_printf(out, "%*s ~\n", picture->value_width, "");
		eliding = false;
		print_row(picture, i, out);
	}
}

void histogram_print(const struct statistic *stat, const struct stat_shape *shape, int64_t columns,
		     int64_t elision, struct buf *out)
{
	struct picture picture = {
		.shape = shape,
		.counts = stat->buckets,
		.is_log = shape->needs & STAT_HIST_LOG,
		.last_bucket = (int)stat_bucket_count(shape) - 1,
		.columns = columns < 1 ? 1 : columns > COLUMNS_MOST ? COLUMNS_MOST : (int)columns,
	};

	if (!stat->buckets)
		return;
	choose_rows(&picture);
	choose_widths(&picture);
	print_header(&picture, out);
	print_rows(&picture, elision, out);
	buf_putc(out, '\n');
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static struct statistic *stat_of(const struct stat_shape *shape, const int64_t *values,
				  size_t count)
{
	struct statistic *stat = stat_new(shape);

	for (size_t i = 0; i < count; i++)
		stat_add(stat, shape, values[i]);
	return stat;
}

static void check_picture(const struct stat_shape *shape, struct statistic *stat, int64_t elision,
			  const char *expected)
{
	struct buf out = BUF_INIT;

	histogram_print(stat, shape, 50, elision, &out);
	CHECK_STR(buf_text(&out), expected);
	buf_free(&out);
	stat_free(stat);
}

#define SPACES_50 "                                                  "
#define HEADER "value |--------------------------------------------------" " count\n"

UNIT_TEST_CASE(histogram_linear_of_1_to_5)
{
	static const int64_t values[] = { 1, 2, 3, 4, 5 };
	struct stat_shape shape = { .needs = STAT_HIST_LINEAR, .high = 10, .interval = 1 };

	check_picture(&shape, stat_of(&shape, values, 5), 2, HEADER
		      "    0 |" SPACES_50 " 0\n"
		      "    1 |@                                                  1\n"
		      "    2 |@                                                  1\n"
		      "    3 |@                                                  1\n"
		      "    4 |@                                                  1\n"
		      "    5 |@                                                  1\n"
		      "    6 |" SPACES_50 " 0\n"
		      "    7 |" SPACES_50 " 0\n\n");
}

/* the network reads of the language reference */
UNIT_TEST_CASE(histogram_linear_scales_and_elides)
{
	struct stat_shape shape = { .needs = STAT_HIST_LINEAR, .high = 10240, .interval = 200 };
	struct statistic *stat = stat_new(&shape);

	stat->buckets[1] = 1650;
	stat->buckets[2] = 8;
	stat->buckets[8] = 1;
	check_picture(&shape, stat, 2, HEADER
		      "    0 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1650\n"
		      "  200 |" SPACES_50 "    8\n"
		      "  400 |" SPACES_50 "    0\n"
		      "  600 |" SPACES_50 "    0\n"
		      "      ~\n"
		      " 1000 |" SPACES_50 "    0\n"
		      " 1200 |" SPACES_50 "    0\n"
		      " 1400 |" SPACES_50 "    1\n"
		      " 1600 |" SPACES_50 "    0\n"
		      " 1800 |" SPACES_50 "    0\n\n");
}

UNIT_TEST_CASE(histogram_log_of_the_reference)
{
	static const unsigned counts[] = { 254, 3, 2, 2, 4, 16689 };
	struct stat_shape shape = { .needs = STAT_HIST_LOG };
	struct statistic *stat = stat_new(&shape);

	memset(stat->buckets, 0, stat_bucket_count(&shape) * sizeof(*stat->buckets));
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		stat->buckets[70 + i] = counts[i];
	check_picture(&shape, stat, 2, HEADER
		      "    8 |" SPACES_50 "     0\n"
		      "   16 |" SPACES_50 "     0\n"
		      "   32 |" SPACES_50 "   254\n"
		      "   64 |" SPACES_50 "     3\n"
		      "  128 |" SPACES_50 "     2\n"
		      "  256 |" SPACES_50 "     2\n"
		      "  512 |" SPACES_50 "     4\n"
		      " 1024 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@  16689\n"
		      " 2048 |" SPACES_50 "     0\n"
		      " 4096 |" SPACES_50 "     0\n\n");
}

UNIT_TEST_CASE(histogram_linear_marks_what_is_out_of_range)
{
	static const int64_t values[] = { -100, 1, 2, 3, 100 };
	struct stat_shape shape = { .needs = STAT_HIST_LINEAR, .low = 1, .high = 3, .interval = 1 };

	check_picture(&shape, stat_of(&shape, values, 5), 2, HEADER
		      "   <1 |@                                                  1\n"
		      "    1 |@                                                  1\n"
		      "    2 |@                                                  1\n"
		      "    3 |@                                                  1\n"
		      "   >3 |@                                                  1\n\n");
}

UNIT_TEST_CASE(histogram_log_shows_negative_values_only_when_there_are_some)
{
	static const int64_t values[] = { -5, 0, 1 };
	struct stat_shape shape = { .needs = STAT_HIST_LOG };

	check_picture(&shape, stat_of(&shape, values + 1, 2), 2, HEADER
		      "    0 |@                                                  1\n"
		      "    1 |@                                                  1\n"
		      "    2 |" SPACES_50 " 0\n"
		      "    4 |" SPACES_50 " 0\n\n");
	check_picture(&shape, stat_of(&shape, values, 2), 0, HEADER
		      "      ~\n"
		      "   -4 |@                                                  1\n"
		      "      ~\n"
		      "    0 |@                                                  1\n\n");
}

UNIT_TEST_CASE(histogram_without_elision_shows_every_row)
{
	static const int64_t values[] = { 1, 40 };
	struct stat_shape shape = { .needs = STAT_HIST_LINEAR, .high = 50, .interval = 1 };
	struct buf out = BUF_INIT;
	struct statistic *stat = stat_of(&shape, values, 2);
	unsigned rows = 0;

	histogram_print(stat, &shape, 50, -1, &out);
	for (const char *at = buf_text(&out); (at = strchr(at, '\n')); at++)
		rows++;
	CHECK_INT(rows, 1 + 43 + 1); /* header, 0 … 42, empty line */
	buf_free(&out);
	stat_free(stat);
}

/* whatever comes in, every bar fits and the counts add up */
UNIT_TEST_CASE(histogram_of_random_values_is_well_formed)
{
	unsigned seed = 7;

	for (int round = 0; round < 300; round++) {
		struct stat_shape shape = {
			.needs = round % 2 ? STAT_HIST_LOG : STAT_HIST_LINEAR,
			.low = round % 5 ? -(rand_r(&seed) % 100) : INT64_MIN,
			.high = round % 7 ? rand_r(&seed) % 5000 : INT64_MAX - 3,
			.interval = round % 5 && round % 7 ? rand_r(&seed) % 50 + 1 : 1LL << 50,
		};
		struct statistic *stat = stat_new(&shape);
		struct buf out = BUF_INIT;
		uint64_t total = 0;

		for (int i = 0; i < 1000; i++)
			stat_add(stat, &shape,
				 ((int64_t)rand_r(&seed) << 32) >> rand_r(&seed) % 63);
		histogram_print(stat, &shape, 50, rand_r(&seed) % 4 - 1, &out);
		for (const char *row = strchr(buf_text(&out), '\n'); row && row[1];
		     row = strchr(row + 1, '\n')) {
			const char *bar = memchr(row, '|', strcspn(row + 1, "\n") + 1);
			size_t length = bar ? strspn(bar + 1, "@") : 0;

			CHECK(length <= 50);
			total += bar ? strtoull(bar + 1 + length, NULL, 10) : 0;
		}
		CHECK_INT(total, 1000);
		buf_free(&out);
		stat_free(stat);
	}
}
#endif
