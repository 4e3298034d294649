// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counted strings. A string is one block: header, bytes, NUL. Its hash is computed once and kept,
 * so that looking up a map by a task's name or a constant never reads the bytes again.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "value.h"

/* XXH3 of no bytes; str_hash() never has to write to this constant */
#define EMPTY_HASH 0x2d06800538d394c2ULL

const struct str str_nothing = { .refs = STR_IMMORTAL, .hash = EMPTY_HASH, .data = "" };

struct str *str_reserve(size_t length)
{
	struct str *str = memory_alloc(sizeof(*str) + length + 1);

	str->refs = 1;
	str->length = length;
	str->hash = 0;
	str->data[length] = '\0';
	return str;
}

struct str *str_new(const char *data, size_t length)
{
	struct str *str = str_reserve(length);

	if (length)
		memcpy(str->data, data, length);
	return str;
}

struct str *str_immortal(const char *data, size_t length)
{
	struct str *str = str_new(data, length);

	str->refs = STR_IMMORTAL;
	return str;
}

void str_destroy(struct str *str)
{
	if (str != &str_nothing)
		free(str);
}

uint64_t str_hash_slow(struct str *str)
{
	uint64_t hash = XXH3_64bits(str->data, str->length);

	str->hash = hash ? hash : 1;
	return str->hash;
}

int str_compare(const struct str *a, const struct str *b)
{
	size_t common = a->length < b->length ? a->length : b->length;
	int order = memcmp(a->data, b->data, common);

	return order ? order : (a->length > b->length) - (a->length < b->length);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(str_counts_references)
{
	struct str *str = str_new("abc", 3);

	CHECK_INT(str_ref(str)->refs, 2);
	str_unref(str);
	CHECK_INT(str->refs, 1);
	CHECK_STR(str->data, "abc");
	str_unref(str);
	str_unref(NULL);
}

UNIT_TEST_CASE(str_immortal_outlives_its_references)
{
	struct str *str = str_immortal("x", 1);

	str_unref(str_ref(str));
	str_unref(str);
	CHECK_STR(str->data, "x");
	str_destroy(str);
	str_unref(str_empty());
	str_destroy(str_empty());
	CHECK_STR(str_empty()->data, "");
}

UNIT_TEST_CASE(str_hash_of_the_constant_empty_string_is_right)
{
	struct str *str = str_new("", 0);

	CHECK(str_hash(str) == str_hash(str_empty()));
	CHECK(str_equal(str, str_empty()));
	str_unref(str);
}

UNIT_TEST_CASE(str_compares_bytes_unsigned_then_length)
{
	struct str *low = str_new("a\x7f", 2), *high = str_new("a\x80", 2);
	struct str *one = str_new("a", 1), *nul = str_new("a\0", 2);

	CHECK(str_compare(low, high) < 0);
	CHECK(str_compare(high, low) > 0);
	CHECK(str_compare(one, nul) < 0);
	CHECK(str_compare(one, one) == 0);
	CHECK(!str_equal(one, nul));
	str_unref(low);
	str_unref(high);
	str_unref(nul);
	str_unref(one);
}
#endif
