/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Associative arrays: open addressing over entries kept in insertion order.
 *
 * A map owns its keys' and values' references. Deleting during a walk is allowed: a cursor never
 * shows an entry that was deleted after it was opened, nor one that was inserted after.
 */
#ifndef MAP_H
#define MAP_H

#include "stat.h"

struct map;

struct map_shape {
	unsigned key_count;		/* 1 … MAX_INDEXES */
	enum type key_types[MAX_INDEXES];
	enum type value_type;
	struct stat_shape stat;		/* for TYPE_STATS */
	int64_t max_entries;
	bool wraps;			/* when full the oldest entry makes room */
};

struct map *map_new(const struct map_shape *shape);
void map_free(struct map *map);
/** map_get() - the value at @keys (key_count of them), or NULL. Valid until the next change */
union value *map_get(struct map *map, const union value *keys);
/**
 * map_reach() - the value at @keys, made when it is not there (0, "", an empty statistic)
 * NULL when the map is full and does not wrap. The map takes its own references to keys.
 */
union value *map_reach(struct map *map, const union value *keys);

#define MAP_RECENT_BITS 3
#define MAP_RECENT_WAYS 2

/* the first member of struct map, for map_recent() */
struct map_front {
	/* entries found lately: header, 0 for one that was deleted, keys, value */
	union value *recent[1 << MAP_RECENT_BITS][MAP_RECENT_WAYS];
};
/* where an entry with these keys is remembered: cheaper than the hash, and only for this */
static inline unsigned map_recent_set(const union value *keys, unsigned count)
{
	uint64_t mix = (uint64_t)keys[0].number;

	for (unsigned i = 1; i < count; i++)
		mix = mix * 31 + (uint64_t)keys[i].number;
	return (unsigned)(mix * UINT64_C(0x9e3779b97f4a7c15) >> (64 - MAP_RECENT_BITS));
}
static inline bool map_entry_has(const union value *entry, const union value *keys, unsigned count)
{
	if (!entry->number)
		return false;
	for (unsigned i = 0; i < count; i++)
		if (entry[1 + i].number != keys[i].number)
			return false;
	return true;
}
/**
 * map_recent() - the value at @keys if the very same were found lately, or NULL
 * One comparison for each of the @count keys: long or pointer. Events come from few tasks that do
 * few different things at a time.
 */
static inline __attribute__((always_inline)) union value *
map_recent(const struct map *map, const union value *keys, unsigned count)
{
	const struct map_front *front = (const struct map_front *)map;
	union value *const *set = front->recent[map_recent_set(keys, count)];

	if (likely(map_entry_has(set[0], keys, count)))
		return set[0] + count + 1;
	return map_entry_has(set[1], keys, count) ? set[1] + count + 1 : NULL;
}

bool map_delete(struct map *map, const union value *keys);
void map_clear(struct map *map);
size_t map_count(const struct map *map);
/**
 * map_matches() - is there an entry whose keys equal @keys in all columns but those in @any?
 * @any: bit i set: column i is `*`
 */
bool map_matches(struct map *map, const union value *keys, uint32_t any);
size_t map_delete_matching(struct map *map, const union value *keys, uint32_t any);

struct map_order {
	int direction;		/* 0 insertion order, +1 ascending, -1 descending */
	unsigned column;	/* 0: the value; n: key n, from 1 */
	unsigned stat;		/* for statistics: an enum stat_need bit */
	int variance_shift;
	int64_t limit;		/* at most this many; negative: all */
	const union value *keys;/* slice: columns not in any must equal these; NULL: all entries */
	uint32_t any;
};
struct map_cursor;
/** map_cursor_open() - a walk in @order; equal ones keep insertion order */
struct map_cursor *map_cursor_open(struct map *map, const struct map_order *order);
/** map_cursor_next() - borrowed keys and value of the next entry; false at the end */
bool map_cursor_next(struct map_cursor *cursor, const union value **keys, union value **value);
void map_cursor_close(struct map_cursor *cursor);

#endif
