/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics: what `x <<< v` accumulates, kept only as far as the script asks (struct stat_shape),
 * and the documented extractors and histogram pictures.
 */
#ifndef STAT_H
#define STAT_H

#include "value.h"

struct stat {
	int64_t count, sum, min, max;
	double mean, m2;	/* Welford's running mean and sum of squared deviations */
	uint64_t *buckets;	/* stat_bucket_count() of them, or NULL */
};

/** stat_new() - an empty statistic; stat_free() releases it */
struct stat *stat_new(const struct stat_shape *shape);
void stat_free(struct stat *stat);
void stat_add(struct stat *stat, const struct stat_shape *shape, int64_t value);
/** stat_merge() - add everything @from holds to @into */
void stat_merge(struct stat *into, const struct stat *from, const struct stat_shape *shape);
/**
 * stat_extract() - one of @count @sum @min @max @avg @variance
 * @need: an enum stat_need bit
 * Returns false for min, max, avg, variance of an empty statistic (a script error upstream).
 */
bool stat_extract(const struct stat *stat, unsigned need, int variance_shift, int64_t *result);
size_t stat_bucket_count(const struct stat_shape *shape);
/** stat_bucket_of() - the bucket that @value falls into */
size_t stat_bucket_of(const struct stat_shape *shape, int64_t value);
/** histogram_print() - the picture that print(@hist_log(x)) and print(@hist_linear(…)) draw */
void histogram_print(const struct stat *stat, const struct stat_shape *shape, int64_t columns,
		     int64_t elision, struct buf *out);

#endif
