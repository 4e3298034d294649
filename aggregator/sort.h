/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sorting for foreach: items of an unsigned key and the entry it was taken from. Equal keys keep
 * the order of their entries, whichever way is taken.
 */
#ifndef SORT_H
#define SORT_H

#include "value.h"

struct sort_item {
	uint64_t key;	/* ascending is the wanted order; see sort_key_number(), sort_key_text() */
	uint32_t index;	/* of the entry */
};

/**
 * struct sort_text - where the whole strings are, when keys are only their first bytes
 * @first: the string of entry 0; that of entry i stands i * stride values behind it
 */
struct sort_text {
	const union value *first;
	size_t stride;
	bool descending;
};

/** sort_key_number() - the key that orders signed numbers */
static inline uint64_t sort_key_number(int64_t number, bool descending)
{
	uint64_t key = (uint64_t)number ^ (1ULL << 63);

	return descending ? ~key : key;
}

/** sort_key_text() - the key of the 8 bytes of @str from @offset on */
uint64_t sort_key_text(const struct str *str, size_t offset, bool descending);

/**
 * sort_items() - sort @count items, given in the order of their indexes
 * @text: when the keys are those of strings at offset 0, else NULL
 */
void sort_items(struct sort_item *items, size_t count, const struct sort_text *text);

/**
 * sort_select() - offer one more item to the best @limit so far
 * @heap: room for @limit items; sort with sort_finish_selection() in the end
 * @count: items in @heap, updated
 */
void sort_select(struct sort_item *heap, size_t *count, size_t limit, struct sort_item item,
		 const struct sort_text *text);
void sort_finish_selection(struct sort_item *heap, size_t count, const struct sort_text *text);

#endif
