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

/* ---- the same pictures, drawn plainly: a table of rows, each counted over all values ---- */

struct plain_row {
	char label[32], next_label[32]; /* its least value; the one above its range */
	uint64_t count;
	bool is_shown;
};
struct plain_picture {
	struct plain_row rows[512];
	int count, first, last; /* rows; of those that are drawn at all */
};

static void plain_add(struct plain_picture *picture, const char *mark, int64_t label,
		      __int128 least, __int128 most, const int64_t *values, size_t count)
{
	struct plain_row *row = &picture->rows[picture->count++];
	const char *next_mark = strcmp(mark, ">") ? "" : mark;

	memset(row, 0, sizeof(*row));
	snprintf(row->label, sizeof(row->label), "%s%lld", mark, (long long)label);
	snprintf(row->next_label, sizeof(row->next_label), "%s%lld", next_mark,
		 (long long)(*mark == '>' ? most : most + 1));
	for (size_t i = 0; i < count; i++)
		row->count += values[i] >= least && values[i] <= most;
}

static void plain_log(struct plain_picture *picture, const int64_t *values, size_t count)
{
	for (int bit = 62; bit >= 0; bit--)
		plain_add(picture, "", -(1LL << bit), -((__int128)1 << (bit + 1)) + 1, -(1LL << bit),
			  values, count);
	plain_add(picture, "", 0, 0, 0, values, count);
	for (int bit = 0; bit <= 62; bit++)
		plain_add(picture, "", 1LL << bit, 1LL << bit, ((__int128)1 << (bit + 1)) - 1,
			  values, count);
}

static void plain_linear(struct plain_picture *picture, const struct stat_shape *shape,
			 const int64_t *values, size_t count)
{
	int64_t at = shape->low, end;

	plain_add(picture, "<", at, INT64_MIN, at - 1, values, count);
	for (; at <= shape->high; at += shape->interval)
		plain_add(picture, "", at, at, at + shape->interval - 1, values, count);
	end = at + shape->interval;
	plain_add(picture, ">", at - shape->interval, at, INT64_MAX, values, count);
	snprintf(picture->rows[picture->count - 1].next_label, 32, ">%lld", (long long)end);
}

/* two rows more at each end, but none below 0 for that, and no empty one out of range */
static void plain_choose(struct plain_picture *picture, bool is_log)
{
	struct plain_row *rows = picture->rows;

	picture->first = 0;
	while (!rows[picture->first].count)
		picture->first++;
	picture->last = picture->count - 1;
	while (!rows[picture->last].count)
		picture->last--;
	for (int more = 0; more < 2; more++) {
		if (picture->first > 0 && !(is_log && !strcmp(rows[picture->first].label, "0")))
			picture->first--;
		if (picture->last < picture->count - 1)
			picture->last++;
	}
	if (rows[picture->first].label[0] == '<' && !rows[picture->first].count)
		picture->first++;
	if (rows[picture->last].label[0] == '>' && !rows[picture->last].count)
		picture->last--;
}

static void plain_elide(struct plain_picture *picture, int elision)
{
	for (int i = picture->first; i <= picture->last; i++) {
		picture->rows[i].is_shown = elision < 0;
		for (int near = i - elision; near <= i + elision; near++)
			if (near >= picture->first && near <= picture->last &&
			    picture->rows[near].count)
				picture->rows[i].is_shown = true;
	}
}

static void plain_draw(const struct plain_picture *picture, bool is_log, struct buf *out)
{
	static const char bar[] = "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@";
	const struct plain_row *first = &picture->rows[picture->first];
	const struct plain_row *last = &picture->rows[picture->last];
	int width = larger(5, larger((int)strlen(first->label),
				     (int)strlen(is_log ? last->label : last->next_label)));
	int digits = 1, gap = 0;
	uint64_t most = 0, scale = 1;
	char text[32];

	for (int i = picture->first; i <= picture->last; i++)
		if (picture->rows[i].count > most)
			most = picture->rows[i].count;
	digits = snprintf(text, sizeof(text), "%llu", (unsigned long long)most);
	while (most > scale * 50)
		scale++;
	buf_printf(out, "%*s |--------------------------------------------------%s\n", width, "value",
		   " count");
	for (const struct plain_row *row = first; row <= last; row++) {
		gap += !row->is_shown;
		if (!row->is_shown)
			continue;
		if (gap)
			buf_printf(out, "%*s ~\n", width, "");
		gap = 0;
		buf_printf(out, "%*s |%-50.*s %*llu\n", width, row->label, (int)(row->count / scale),
			   bar, digits, (unsigned long long)row->count);
	}
	buf_putc(out, '\n');
}

UNIT_TEST_CASE(histogram_of_random_values_is_as_drawn_plainly)
{
	static struct plain_picture picture;
	unsigned seed = 19;

	for (int round = 0; round < 1000; round++) {
		int64_t values[300], low = rand_r(&seed) % 200 - 100;
		struct stat_shape shape = {
			.needs = round % 2 ? STAT_HIST_LOG : STAT_HIST_LINEAR,
			.low = low,
			.high = low + rand_r(&seed) % 400,
			.interval = rand_r(&seed) % 40 + 1,
		};
		int elision = rand_r(&seed) % 5 - 1, spread = rand_r(&seed) % 55 + 4;
		size_t count = rand_r(&seed) % ARRAY_SIZE(values) + 1;
		struct buf is = BUF_INIT, expected = BUF_INIT;
		struct statistic *stat;

		for (size_t i = 0; i < count; i++)
			values[i] = (rand_r(&seed) - RAND_MAX / (round % 3 + 1)) * (1LL << 31) >>
				    (63 - spread % (round % 4 ? 14 : 60));
		stat = stat_of(&shape, values, count);
		histogram_print(stat, &shape, 50, elision, &is);
		picture.count = 0;
		if (shape.needs == STAT_HIST_LOG)
			plain_log(&picture, values, count);
		else
			plain_linear(&picture, &shape, values, count);
		plain_choose(&picture, shape.needs == STAT_HIST_LOG);
		plain_elide(&picture, elision);
		plain_draw(&picture, shape.needs == STAT_HIST_LOG, &expected);
		CHECK_STR(buf_text(&is), buf_text(&expected));
		buf_free(&is);
		buf_free(&expected);
		stat_free(stat);
	}
}
#endif
