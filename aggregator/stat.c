// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Statistics. Count, sum, minimum and maximum are always kept, they cost less than asking; variance
 * and buckets only where the shape needs them. All arithmetic is in integers that wrap around. The
 * variance follows SystemTap's: Welford's algorithm over values shifted left, whose truncating
 * divisions are part of the documented results; only its sum of squares is wider here, 128 bits.
 */
#include "stat.h"

enum {
	LOG_BUCKETS = 128,
	LOG_ZERO = 64,	/* bucket of 0; 1 is the next, -1 the one before */
};

/* arithmetic on the bit pattern: overflow wraps around */
static int64_t wrap_add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t wrap_subtract(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

static __int128 wide_add(__int128 a, __int128 b)
{
	return (__int128)((unsigned __int128)a + (unsigned __int128)b);
}

static __int128 wide_multiply(__int128 a, __int128 b)
{
	return (__int128)((unsigned __int128)a * (unsigned __int128)b);
}

static int64_t shift_left(int64_t value, int shift)
{
	return (int64_t)((uint64_t)value << (shift & 63));
}

static int64_t divide(int64_t a, int64_t b)
{
	return b == -1 ? wrap_subtract(0, a) : b ? a / b : 0;
}

size_t stat_bucket_count(const struct stat_shape *shape)
{
	uint64_t natural;

	if (shape->needs & STAT_HIST_LOG)
		return LOG_BUCKETS;
	if (!(shape->needs & STAT_HIST_LINEAR) || shape->interval <= 0 || shape->high < shape->low)
		return 0;
	natural = ((uint64_t)shape->high - (uint64_t)shape->low) / (uint64_t)shape->interval + 1;
	return natural > STAT_MAX_BUCKETS - 2 ? 0 : natural + 2;
}

static unsigned bit_length(uint64_t value)
{
	return value ? 64 - __builtin_clzll(value) : 0;
}

static size_t linear_bucket_of(const struct stat_shape *shape, int64_t value)
{
	size_t last = stat_bucket_count(shape) - 1;
	uint64_t bucket;

	if (value < shape->low)
		return 0;
	bucket = ((uint64_t)value - (uint64_t)shape->low) / (uint64_t)shape->interval + 1;
	return bucket < last ? bucket : last;
}

size_t stat_bucket_of(const struct stat_shape *shape, int64_t value)
{
	unsigned bits;

	if (!(shape->needs & STAT_HIST_LOG))
		return linear_bucket_of(shape, value);
	bits = bit_length(value < 0 ? -(uint64_t)value : (uint64_t)value);
	return value < 0 ? LOG_ZERO - bits : LOG_ZERO + bits;
}

struct statistic *stat_new(const struct stat_shape *shape)
{
	size_t buckets = stat_bucket_count(shape);
	struct statistic *stat = memory_zalloc(sizeof(*stat) + buckets * sizeof(*stat->buckets));

	if (buckets)
		stat->buckets = (uint64_t *)(stat + 1);
	stat->min = INT64_MAX;
	stat->max = INT64_MIN;
	stat->has_details = buckets || shape->needs & STAT_VARIANCE;
	return stat;
}

void stat_free(struct statistic *stat)
{
	free(stat);
}

/* stat.count includes @value already */
static void variance_add(struct statistic *stat, int shift, int64_t value)
{
	int64_t shifted = shift_left(value, shift);
	int64_t delta = wrap_subtract(shifted, stat->mean);

	if (stat->count == 1) {
		stat->mean = shifted;
		return;
	}
	stat->mean = wrap_add(stat->mean, divide(delta, stat->count));
	stat->m2 = wide_add(stat->m2, wide_multiply(delta, wrap_subtract(shifted, stat->mean)));
}

void stat_add_details(struct statistic *stat, const struct stat_shape *shape, int64_t value)
{
	if (shape->needs & STAT_VARIANCE)
		variance_add(stat, shape->variance_shift, value);
	if (stat->buckets)
		stat->buckets[stat_bucket_of(shape, value)]++;
}

/* squared distance of a part's mean from the whole's, for each of its values */
static __int128 mean_deviation(int64_t count, int64_t part, int64_t whole)
{
	int64_t delta = wrap_subtract(part, whole);

	return wide_multiply(count, wide_multiply(delta, delta));
}

void stat_merge(struct statistic *into, const struct statistic *from,
		const struct stat_shape *shape)
{
	size_t buckets = into->buckets && from->buckets ? stat_bucket_count(shape) : 0;
	int64_t count = wrap_add(into->count, from->count), sum = wrap_add(into->sum, from->sum);
	int64_t mean = divide(shift_left(sum, shape->variance_shift), count);

	if (!from->count)
		return;
	if (from->min < into->min)
		into->min = from->min;
	if (from->max > into->max)
		into->max = from->max;
	if (into->count) {
		into->m2 = wide_add(into->m2, from->m2);
		into->m2 = wide_add(into->m2, mean_deviation(into->count, into->mean, mean));
		into->m2 = wide_add(into->m2, mean_deviation(from->count, from->mean, mean));
	} else {
		into->m2 = from->m2;
		mean = from->mean;
	}
	into->mean = mean;
	into->count = count;
	into->sum = sum;
	for (size_t i = 0; i < buckets; i++)
		into->buckets[i] += from->buckets[i];
}

/*
 * Upstream sums the variances of all CPUs (Kamat and Nandi, SIGMOD Record 2015). It does so for a
 * scalar used on one CPU too, where the error of the truncated running mean comes in as a second
 * term, but takes an array's element on one CPU as it is.
 */
static int64_t variance_of(const struct statistic *stat, int shift)
{
	int64_t others = stat->count - 1;
	__int128 total;

	if (others < 1)
		return 0;
	total = wide_multiply(others, stat->m2 / others);
	if (!stat->in_array)
		total = wide_add(total, mean_deviation(stat->count, stat->mean,
						       divide(shift_left(stat->sum, shift),
							      stat->count)));
	return (int64_t)(total / others >> 2 * (shift & 63));
}

void stat_add_times(struct statistic *stat, const struct stat_shape *shape, int64_t value,
		    uint64_t times)
{
	struct statistic *same = stat_new(shape);

	stat_add(same, shape, value);
	same->count = (int64_t)times;
	same->sum = (int64_t)((uint64_t)value * times);
	if (same->buckets)
		same->buckets[stat_bucket_of(shape, value)] = times;
	if (times)
		stat_merge(stat, same, shape);
	stat_free(same);
}

bool stat_extract(const struct statistic *stat, unsigned need, int variance_shift, int64_t *result)
{
	switch (need) {
	case STAT_COUNT:
		*result = stat->count;
		return true;
	case STAT_SUM:
		*result = stat->sum;
		return true;
	case STAT_MIN:
		*result = stat->min;
		break;
	case STAT_MAX:
		*result = stat->max;
		break;
	case STAT_AVG:
		*result = divide(stat->sum, stat->count);
		break;
	default:
		*result = variance_of(stat, variance_shift);
	}
	return stat->count > 0;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(stat_adds_one_value_many_times)
{
	const struct stat_shape shape = { .needs = STAT_VARIANCE | STAT_HIST_LOG };
	struct statistic *one = stat_new(&shape), *other = stat_new(&shape);

	stat_add(one, &shape, 9);
	stat_add(other, &shape, 9);
	for (unsigned i = 0; i < 1000; i++)
		stat_add(one, &shape, 5);
	stat_add_times(other, &shape, 5, 1000);
	stat_add_times(other, &shape, 100, 0);
	CHECK_INT(other->count, one->count);
	CHECK_INT(other->sum, one->sum);
	CHECK_INT(other->min, 5);
	CHECK_INT(other->max, 9);
	CHECK_INT(other->buckets[stat_bucket_of(&shape, 5)], 1000);
	stat_free(one);
	stat_free(other);
}

static int64_t variance_from_1_to_5(int shift, bool in_array)
{
	struct stat_shape shape = { .needs = STAT_VARIANCE, .variance_shift = shift };
	struct statistic *stat = stat_new(&shape);
	int64_t result;

	stat->in_array = in_array;
	for (int i = 1; i <= 5; i++)
		stat_add(stat, &shape, i);
	CHECK(stat_extract(stat, STAT_VARIANCE, shift, &result));
	stat_free(stat);
	return result;
}

/* the two examples of stap(1) */
UNIT_TEST_CASE(stat_variance_gives_the_documented_numbers)
{
	CHECK_INT(variance_from_1_to_5(0, false), 12);
	CHECK_INT(variance_from_1_to_5(1, false), 2);
	CHECK_INT(variance_from_1_to_5(10, false), 2);
}

/* what upstream's runtime computes for a[1] */
UNIT_TEST_CASE(stat_variance_in_an_array_leaves_out_the_second_term)
{
	CHECK_INT(variance_from_1_to_5(0, true), 7);
	CHECK_INT(variance_from_1_to_5(1, true), 2);
}

UNIT_TEST_CASE(stat_variance_of_a_wild_shift_is_defined)
{
	for (int shift = 0; shift < 64; shift++)
		variance_from_1_to_5(shift, shift % 2);
}

UNIT_TEST_CASE(stat_extractors_of_nothing_fail)
{
	struct stat_shape shape = { 0 };
	struct statistic *stat = stat_new(&shape);
	int64_t result = 7;

	CHECK(stat_extract(stat, STAT_COUNT, 0, &result) && !result);
	CHECK(stat_extract(stat, STAT_SUM, 0, &result) && !result);
	CHECK(!stat_extract(stat, STAT_MIN, 0, &result));
	CHECK(!stat_extract(stat, STAT_MAX, 0, &result));
	CHECK(!stat_extract(stat, STAT_AVG, 0, &result));
	CHECK(!stat_extract(stat, STAT_VARIANCE, 0, &result));
	stat_free(stat);
}

static int64_t random_value(unsigned *seed)
{
	uint64_t bits = (uint64_t)rand_r(seed) << 33 ^ (uint64_t)rand_r(seed) << 11 ^ rand_r(seed);
	int64_t value = (int64_t)(bits >> rand_r(seed) % 64);

	return rand_r(seed) % 2 ? value : wrap_subtract(0, value);
}

static void check_extract(const struct statistic *stat, unsigned need, int64_t expected)
{
	int64_t result;

	CHECK(stat_extract(stat, need, 0, &result));
	CHECK_INT(result, expected);
}

/* one random run beside plain arrays; halves merged must equal the whole */
static void check_random_run(const struct stat_shape *shape, unsigned seed)
{
	struct statistic *whole = stat_new(shape), *half[2] = { stat_new(shape), stat_new(shape) };
	size_t count = rand_r(&seed) % 200 + 1;
	int64_t min = INT64_MAX, max = INT64_MIN;
	__int128 sum = 0;

	for (size_t i = 0; i < count; i++) {
		int64_t value = random_value(&seed) >> (shape->needs & STAT_VARIANCE ? 40 : 0);

		stat_add(whole, shape, value);
		stat_add(half[i % 2], shape, value);
		min = value < min ? value : min;
		max = value > max ? value : max;
		sum += value;
	}
	stat_merge(half[0], half[1], shape);
	for (unsigned way = 0; way < 2; way++) {
		const struct statistic *stat = way ? half[0] : whole;

		check_extract(stat, STAT_COUNT, count);
		check_extract(stat, STAT_MIN, min);
		check_extract(stat, STAT_MAX, max);
		check_extract(stat, STAT_SUM, (int64_t)sum);
		check_extract(stat, STAT_AVG, (int64_t)sum / (int64_t)count);
	}
	for (size_t i = 0; i < stat_bucket_count(shape); i++)
		CHECK_INT(half[0]->buckets[i], whole->buckets[i]);
	stat_free(whole);
	stat_free(half[0]);
	stat_free(half[1]);
}

UNIT_TEST_CASE(stat_agrees_with_a_naive_reference)
{
	static const struct stat_shape shapes[] = {
		{ .needs = STAT_COUNT },
		{ .needs = STAT_VARIANCE, .variance_shift = 4 },
		{ .needs = STAT_HIST_LOG },
		{ .needs = STAT_HIST_LINEAR, .low = -1000, .high = 1000, .interval = 7 },
		{ .needs = STAT_HIST_LINEAR, .low = INT64_MIN, .high = INT64_MAX,
		  .interval = 1LL << 60 },
	};

	for (unsigned seed = 0; seed < 100; seed++)
		for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
			check_random_run(&shapes[i], seed);
}

/* with enough bits of precision the integer variance is the true one */
UNIT_TEST_CASE(stat_variance_nears_the_exact_one)
{
	struct stat_shape shape = { .needs = STAT_VARIANCE, .variance_shift = 8 };
	struct statistic *stat = stat_new(&shape);
	unsigned seed = 1;
	double sum = 0, squares = 0, exact;
	int64_t result;

	for (int i = 0; i < 5000; i++) {
		int64_t value = rand_r(&seed) % 1000000000; /* ns, up to a second */

		stat_add(stat, &shape, value);
		sum += (double)value;
		squares += (double)value * (double)value;
	}
	exact = (squares - sum * sum / 5000) / 4999;
	CHECK(stat_extract(stat, STAT_VARIANCE, shape.variance_shift, &result));
	CHECK((double)result > exact * 0.999 && (double)result < exact * 1.001);
	stat_free(stat);
}

UNIT_TEST_CASE(stat_merge_keeps_the_variance)
{
	struct stat_shape shape = { .needs = STAT_VARIANCE, .variance_shift = 10 };
	struct statistic *a = stat_new(&shape), *b = stat_new(&shape);
	int64_t result;

	for (int i = 1; i <= 100; i++)
		stat_add(i % 3 ? a : b, &shape, i);
	stat_merge(a, b, &shape);
	CHECK(stat_extract(a, STAT_VARIANCE, shape.variance_shift, &result));
	CHECK(result == 841 || result == 842); /* of 1 … 100: 841.67 */
	stat_free(a);
	stat_free(b);
}

UNIT_TEST_CASE(stat_buckets_count_from_the_underflow_bucket)
{
	struct stat_shape shape = { .needs = STAT_HIST_LINEAR, .high = 10, .interval = 1 };

	CHECK_INT(stat_bucket_count(&shape), 13);
	CHECK_INT(stat_bucket_of(&shape, -1), 0);
	CHECK_INT(stat_bucket_of(&shape, 3), 4);
	CHECK_INT(stat_bucket_of(&shape, 10), 11);
	CHECK_INT(stat_bucket_of(&shape, 11), 12);
	CHECK_INT(stat_bucket_of(&shape, INT64_MAX), 12);
	CHECK_INT(stat_bucket_of(&shape, INT64_MIN), 0);
	shape.needs = STAT_HIST_LOG;
	CHECK_INT(stat_bucket_of(&shape, 0), 64);
	CHECK_INT(stat_bucket_of(&shape, 1), 65);
	CHECK_INT(stat_bucket_of(&shape, -1), 63);
	CHECK_INT(stat_bucket_of(&shape, 3), 66);
	CHECK_INT(stat_bucket_of(&shape, INT64_MAX), 127);
	CHECK_INT(stat_bucket_of(&shape, INT64_MIN), 0);
}

UNIT_TEST_CASE(stat_bucket_count_refuses_nonsense)
{
	struct stat_shape shape = { .needs = STAT_HIST_LINEAR, .high = 10, .interval = 0 };
	struct statistic *stat = stat_new(&shape);

	stat_add(stat, &shape, 1);
	CHECK(!stat->buckets);
	stat_free(stat);
	shape.interval = 1;
	shape.low = 11;
	CHECK_INT(stat_bucket_count(&shape), 0);
	shape.low = INT64_MIN;
	CHECK_INT(stat_bucket_count(&shape), 0);
}
#endif
