/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run-time values: 64-bit integers, counted immutable strings, statistics.
 *
 * Strings are reference counted. A function that returns a `struct str *` gives its caller one
 * reference unless it says "borrowed"; a function that stores one takes a reference of its own.
 */
#ifndef VALUE_H
#define VALUE_H

#include "aggregator.h"

struct statistic;

struct str {
	uint32_t refs;	 /* STR_IMMORTAL: a constant or a task's name, never freed by unref */
	uint32_t length; /* bytes, without the NUL that follows */
	uint64_t hash;	 /* XXH3 of the bytes, 0 until first asked for */
	char data[];
};
#define STR_IMMORTAL UINT32_MAX

union value {
	int64_t number;
	struct str *string;
	struct statistic *stat;
};

/** str_new() - a copy of @length bytes, one reference */
struct str *str_new(const char *data, size_t length);
/** str_reserve() - @length bytes to be filled in by the caller before anyone else sees it */
struct str *str_reserve(size_t length);
/** str_empty() - "", borrowed, immortal */
extern const struct str str_nothing;
static inline struct str *str_empty(void)
{
	return (struct str *)&str_nothing;
}
/** str_immortal() - a constant; free it with str_destroy() when the run is over */
struct str *str_immortal(const char *data, size_t length);
void str_destroy(struct str *str);
uint64_t str_hash_slow(struct str *str);
int str_compare(const struct str *a, const struct str *b); /* <0, 0, >0, bytewise unsigned */

static inline struct str *str_ref(struct str *str)
{
	if (str->refs != STR_IMMORTAL)
		str->refs++;
	return str;
}

static inline void str_unref(struct str *str)
{
	if (str && str->refs != STR_IMMORTAL && --str->refs == 0)
		str_destroy(str);
}

static inline uint64_t str_hash(struct str *str)
{
	return likely(str->hash) ? str->hash : str_hash_slow(str);
}

static inline bool str_equal(struct str *a, struct str *b)
{
	return a == b || (a->length == b->length && str_hash(a) == str_hash(b) &&
			  memcmp(a->data, b->data, a->length) == 0);
}

#endif
