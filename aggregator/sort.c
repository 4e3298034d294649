// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order of a sorted foreach. Numbers are sorted by a radix sort over the bytes that differ,
 * strings by their first 8 bytes as one number and, where those are equal, by the next 8 and so
 * on. A small `limit` keeps a heap of the best entries instead of sorting all of them.
 */
#include "sort.h"

enum {
	RADIX_LEAST = 512,	/* below, a merge sort is faster than eight counting passes */
	INSERTION_MOST = 12,
	TEXT_LEVELS = 64,	/* after 8 * this many equal bytes strings are compared whole */
	DIGITS = 256,
};

uint64_t sort_key_text(const struct str *str, size_t offset, bool descending)
{
	uint64_t key = 0;

	if (str->length >= offset + 8) {
		memcpy(&key, str->data + offset, 8);
		key = __builtin_bswap64(key);
	} else {
		for (size_t i = offset; i < str->length; i++)
			key |= (uint64_t)(unsigned char)str->data[i] << (56 - 8 * (i - offset));
	}
	return descending ? ~key : key;
}

static struct str *text_of(const struct sort_text *text, uint32_t index)
{
	return text->first[index * text->stride].string;
}

/* does @a come before @b? A total order: indexes differ */
static bool item_before(const struct sort_item *a, const struct sort_item *b,
			const struct sort_text *text)
{
	if (a->key != b->key)
		return a->key < b->key;
	if (text) {
		int order = str_compare(text_of(text, a->index), text_of(text, b->index));

		if (order)
			return text->descending ? order > 0 : order < 0;
	}
	return a->index < b->index;
}

static void insertion_sort(struct sort_item *items, size_t count, const struct sort_text *text)
{
	for (size_t i = 1; i < count; i++) {
		struct sort_item item = items[i];
		size_t at = i;

		for (; at > 0 && item_before(&item, &items[at - 1], text); at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

static void merge_sort(struct sort_item *items, size_t count, struct sort_item *scratch,
		       const struct sort_text *text)
{
	size_t half = count / 2, left = 0, right = half, to = 0;

	if (count <= INSERTION_MOST) {
		insertion_sort(items, count, text);
		return;
	}
	merge_sort(items, half, scratch, text);
	merge_sort(items + half, count - half, scratch, text);
	if (item_before(&items[half - 1], &items[half], text))
		return;
	memcpy(scratch, items, half * sizeof(*items));
	while (left < half && right < count)
		items[to++] = item_before(&items[right], &scratch[left], text) ? items[right++] :
										 scratch[left++];
	memcpy(items + to, scratch + left, (half - left) * sizeof(*items));
}

/* one pass: distribute by the byte at @shift, keeping the order of equal ones */
static void radix_pass(const struct sort_item *from, struct sort_item *to, size_t count,
		       unsigned shift, const size_t counts[DIGITS])
{
	size_t starts[DIGITS], start = 0;

	for (unsigned digit = 0; digit < DIGITS; digit++) {
		starts[digit] = start;
		start += counts[digit];
	}
	for (size_t i = 0; i < count; i++)
		to[starts[from[i].key >> shift & 0xff]++] = from[i];
}

static void radix_sort(struct sort_item *items, size_t count, struct sort_item *scratch)
{
	size_t counts[8][DIGITS] = { { 0 } };
	struct sort_item *from = items, *to = scratch;

	for (size_t i = 0; i < count; i++)
		for (unsigned byte = 0; byte < 8; byte++)
			counts[byte][items[i].key >> 8 * byte & 0xff]++;
	for (unsigned byte = 0; byte < 8; byte++) {
		struct sort_item *swap = from;

		if (counts[byte][from[0].key >> 8 * byte & 0xff] == count)
			continue;
		radix_pass(from, to, count, 8 * byte, counts[byte]);
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, count * sizeof(*items));
}

static void sort_by_key(struct sort_item *items, size_t count, struct sort_item *scratch)
{
	if (count >= RADIX_LEAST)
		radix_sort(items, count, scratch);
	else
		merge_sort(items, count, scratch, NULL);
}

static void sort_equal_runs(struct sort_item *items, size_t count, struct sort_item *scratch,
			    const struct sort_text *text, unsigned level);

/* a run of strings whose first 8 * @level bytes are equal */
static void sort_run(struct sort_item *items, size_t count, struct sort_item *scratch,
		     const struct sort_text *text, unsigned level)
{
	if (count < RADIX_LEAST || level >= TEXT_LEVELS) {
		merge_sort(items, count, scratch, text);
		return;
	}
	for (size_t i = 0; i < count; i++)
		items[i].key = sort_key_text(text_of(text, items[i].index), 8 * (size_t)level,
					     text->descending);
	radix_sort(items, count, scratch);
	sort_equal_runs(items, count, scratch, text, level);
}

/* items are in the order of their keys, the bytes of @level: order those with equal keys */
static void sort_equal_runs(struct sort_item *items, size_t count, struct sort_item *scratch,
			    const struct sort_text *text, unsigned level)
{
	size_t end;

	for (size_t start = 0; start < count; start = end) {
		for (end = start + 1; end < count && items[end].key == items[start].key;)
			end++;
		if (end - start > 1)
			sort_run(items + start, end - start, scratch, text, level + 1);
	}
}

void sort_items(struct sort_item *items, size_t count, const struct sort_text *text)
{
	struct sort_item *scratch;

	if (count <= INSERTION_MOST) {
		insertion_sort(items, count, text);
		return;
	}
	scratch = memory_alloc(count * sizeof(*items));
	sort_by_key(items, count, scratch);
	if (text)
		sort_equal_runs(items, count, scratch, text, 0);
	free(scratch);
}

/* move items[at] down until no child comes after it: the root is the last in order */
static void heap_sift_down(struct sort_item *heap, size_t count, size_t at,
			   const struct sort_text *text)
{
	struct sort_item item = heap[at];
	size_t child;

	for (; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && item_before(&heap[child], &heap[child + 1], text))
			child++;
		if (item_before(&heap[child], &item, text))
			break;
		heap[at] = heap[child];
	}
	heap[at] = item;
}

static void heap_sift_up(struct sort_item *heap, size_t at, const struct sort_text *text)
{
	struct sort_item item = heap[at];

	for (; at > 0 && item_before(&heap[(at - 1) / 2], &item, text); at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = item;
}

void sort_select(struct sort_item *heap, size_t *count, size_t limit, struct sort_item item,
		 const struct sort_text *text)
{
	if (*count < limit) {
		heap[*count] = item;
		heap_sift_up(heap, (*count)++, text);
	} else if (limit && item_before(&item, &heap[0], text)) {
		heap[0] = item;
		heap_sift_down(heap, *count, 0, text);
	}
}

void sort_finish_selection(struct sort_item *heap, size_t count, const struct sort_text *text)
{
	struct sort_item *scratch = memory_alloc((count + 1) * sizeof(*heap));

	merge_sort(heap, count, scratch, text);
	free(scratch);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"


static int compare_naively(const void *a, const void *b, void *context)
{
	const struct sort_item *left = a, *right = b;
	const struct sort_text *text = context;
	int order = 0;

	if (text) {
		order = str_compare(text_of(text, left->index), text_of(text, right->index));
		order = text->descending ? -order : order;
	} else {
		order = (left->key > right->key) - (left->key < right->key);
	}
	return order ? order : (left->index > right->index) - (left->index < right->index);
}

/* strings over few letters with long common prefixes, NULs and repeats */
static struct str *random_string(unsigned *seed)
{
	char text[700];
	size_t length = rand_r(seed) % (rand_r(seed) % 4 ? 20 : sizeof(text));

	memset(text, 'p', sizeof(text));
	for (size_t i = length > 3 ? length - 3 : 0; i < length; i++)
		text[i] = "ab\xff\0"[rand_r(seed) % 4];
	return str_new(text, length);
}

static void check_against_qsort(size_t count, bool strings, bool descending, unsigned seed)
{
	struct sort_item *items = memory_alloc((count + 1) * sizeof(*items));
	struct sort_item *expected = memory_alloc((count + 1) * sizeof(*items));
	struct sort_item *best = memory_alloc((count + 1) * sizeof(*items));
	union value *values = memory_alloc((count + 1) * sizeof(*values));
	struct sort_text text = { .first = values, .stride = 1, .descending = descending };
	size_t limit = count / 3, selected = 0;

	for (size_t i = 0; i < count; i++) {
		int64_t number = (int64_t)rand_r(&seed) % 100 * (seed % 3 ? 1 : -(1LL << 56));

		values[i].string = strings ? random_string(&seed) : NULL;
		items[i].index = i;
		items[i].key = strings ? sort_key_text(values[i].string, 0, descending) :
					 sort_key_number(number, descending);
		sort_select(best, &selected, limit, items[i], strings ? &text : NULL);
	}
	memcpy(expected, items, count * sizeof(*items));
	qsort_r(expected, count, sizeof(*items), compare_naively, strings ? &text : NULL);
	sort_items(items, count, strings ? &text : NULL);
	sort_finish_selection(best, selected, strings ? &text : NULL);
	CHECK_INT(selected, limit);
	for (size_t i = 0; i < count; i++) {
		CHECK_INT(items[i].index, expected[i].index);
		if (i < limit)
			CHECK_INT(best[i].index, expected[i].index);
		str_unref(values[i].string);
	}
	free(items);
	free(expected);
	free(best);
	free(values);
}

UNIT_TEST_CASE(sort_agrees_with_qsort)
{
	static const size_t counts[] = { 0, 1, 2, 12, 13, 100, 511, 512, 3000 };

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		for (unsigned way = 0; way < 4; way++)
			check_against_qsort(counts[i], way & 1, way & 2, i * 4 + way);
}

UNIT_TEST_CASE(sort_key_number_orders_signed_extremes)
{
	CHECK(sort_key_number(INT64_MIN, false) < sort_key_number(-1, false));
	CHECK(sort_key_number(-1, false) < sort_key_number(0, false));
	CHECK(sort_key_number(0, false) < sort_key_number(INT64_MAX, false));
	CHECK(sort_key_number(INT64_MIN, true) > sort_key_number(INT64_MAX, true));
}
#endif
