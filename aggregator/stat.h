/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics: what `x <<< v` accumulates, kept only as far as the script asks (struct stat_shape),
 * and the documented extractors and histogram pictures.
 */
#ifndef STAT_H
#define STAT_H

#include "value.h"

#define STAT_MAX_BUCKETS (1 << 20) /* of one @hist_linear; ours: bounds memory */

struct statistic {
	int64_t count, sum;
	int64_t min, max;	/* of none: the greatest and the least number there is */
	int64_t mean;		/* Welford's, in integers, of values shifted left as in the shape */
	bool has_details;	/* mean and m2, or buckets */
	bool in_array;		/* set by the map: @variance rounds otherwise, as upstream's does */
	__int128 m2;		/* and sum of squared deviations: squares of ns need over 64 bits */
	uint64_t *buckets;	/* stat_bucket_count() of them, or NULL */
};

/** stat_new() - an empty statistic; stat_free() releases it */
struct statistic *stat_new(const struct stat_shape *shape);
void stat_free(struct statistic *stat);
/** stat_add_details() - the part of stat_add() that few statistics need */
void stat_add_details(struct statistic *stat, const struct stat_shape *shape, int64_t value);
/** stat_add() - one value more */
static inline void stat_add(struct statistic *stat, const struct stat_shape *shape, int64_t value)
{
	stat->count++;
	stat->sum = (int64_t)((uint64_t)stat->sum + (uint64_t)value);
	if (value < stat->min)
		stat->min = value;
	if (value > stat->max)
		stat->max = value;
	if (unlikely(stat->has_details))
		stat_add_details(stat, shape, value);
}
/** stat_add_times() - @value as often as @times says */
void stat_add_times(struct statistic *stat, const struct stat_shape *shape, int64_t value,
		    uint64_t times);
/** stat_merge() - add everything @from holds to @into */
void stat_merge(struct statistic *into, const struct statistic *from,
		const struct stat_shape *shape);
/**
 * stat_extract() - one of @count @sum @min @max @avg @variance
 * @need: an enum stat_need bit
 * Returns false for min, max, avg, variance of an empty statistic (a script error upstream).
 */
bool stat_extract(const struct statistic *stat, unsigned need, int variance_shift, int64_t *result);
/**
 * stat_bucket_count() - the out-of-range buckets 0 and count - 1 of a linear histogram included
 * 0 when there is no histogram, or a linear one that has no sense or over STAT_MAX_BUCKETS.
 */
size_t stat_bucket_count(const struct stat_shape *shape);
/** stat_bucket_of() - the bucket that @value falls into */
size_t stat_bucket_of(const struct stat_shape *shape, int64_t value);
/**
 * histogram_print() - the picture that print(@hist_log(x)) and print(@hist_linear(…)) draw
 * @columns: width of the longest bar; -D HIST_WIDTH, 50
 * @elision: empty rows kept at each end of a run of them; -D HIST_ELISION, 2; negative: all
 */
void histogram_print(const struct statistic *stat, const struct stat_shape *shape, int64_t columns,
		     int64_t elision, struct buf *out);

#endif
