// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Associative arrays. Entries stand one behind the other in insertion order: a header with the
 * keys' hash, the keys, the value. An index of 64-bit slots (hash, entry) finds them by linear
 * probing without touching an entry whose hash differs. A deleted entry leaves a gap, closed when
 * space runs out and no cursor is open, so an entry never moves under a walk.
 */
#include "map.h"
#include "sort.h"

#define HEADER_ALIVE (1LL << 32) /* in an entry's header, above the hash; 0 is a gap */
#define NO_SLOT SIZE_MAX
#define ENTRIES_MOST ((size_t)1 << 31) /* a slot counts entries in 32 bits */

enum {
	SLOTS_LEAST = 16,
	ENTRIES_LEAST = 8,
	SELECT_FACTOR = 8, /* a limit below entries / this is met by selection, not by sorting */
};

struct map {
	struct map_shape shape;
	size_t stride;		/* values in one entry: header, keys, value */
	size_t limit;		/* entries */
	union value *entries;
	size_t used;		/* entries and gaps */
	size_t capacity, live;
	size_t first;		/* no live entry stands before this one */
	uint64_t *slots;	/* hash << 32 | entry + 1; 0 is free */
	size_t slot_mask;
	unsigned cursor_count;
};

struct map_cursor {
	struct map *map;
	struct sort_item *order;	/* entries to show, or NULL: all, as they stand */
	size_t position, end;
	int64_t remaining;		/* entries still to show, negative: no limit */
};

/* ---- entries ---- */

static inline union value *entry_at(const struct map *map, size_t index)
{
	return map->entries + index * map->stride;
}

static inline union value *entry_value(const struct map *map, union value *entry)
{
	return entry + map->stride - 1;
}

static inline uint32_t entry_hash(const union value *entry)
{
	return (uint32_t)entry->number;
}

static inline bool entry_is_alive(const union value *entry)
{
	return entry->number != 0;
}

static inline uint64_t hash_fold(uint64_t hash, uint64_t part)
{
	unsigned __int128 product = (unsigned __int128)(hash ^ part) * 0x9e3779b97f4a7c15ULL;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint32_t keys_hash(const struct map *map, const union value *keys)
{
	uint64_t hash = 0x2545f4914f6cdd1dULL;

	for (unsigned i = 0; i < map->shape.key_count; i++)
		hash = hash_fold(hash, map->shape.key_types[i] == TYPE_STRING ?
					       str_hash(keys[i].string) :
					       (uint64_t)keys[i].number);
	return (uint32_t)(hash ^ hash >> 32);
}

static inline bool key_equal(enum type type, union value a, union value b)
{
	return type == TYPE_STRING ? str_equal(a.string, b.string) : a.number == b.number;
}

static inline bool keys_equal(const struct map *map, const union value *a, const union value *b)
{
	for (unsigned i = 0; i < map->shape.key_count; i++)
		if (!key_equal(map->shape.key_types[i], a[i], b[i]))
			return false;
	return true;
}

static bool keys_match(const struct map *map, const union value *a, const union value *b,
		       uint32_t any)
{
	for (unsigned i = 0; i < map->shape.key_count; i++)
		if (!(any >> i & 1) && !key_equal(map->shape.key_types[i], a[i], b[i]))
			return false;
	return true;
}

static void entry_fill(struct map *map, union value *entry, const union value *keys, uint32_t hash)
{
	union value *value = entry_value(map, entry);

	entry->number = HEADER_ALIVE | hash;
	for (unsigned i = 0; i < map->shape.key_count; i++) {
		entry[1 + i] = keys[i];
		if (map->shape.key_types[i] == TYPE_STRING)
			str_ref(keys[i].string);
	}
	if (map->shape.value_type == TYPE_STRING)
		value->string = str_empty();
	else if (map->shape.value_type == TYPE_STATS)
		value->stat = stat_new(&map->shape.stat);
	else
		value->number = 0;
}

static void entry_release(struct map *map, union value *entry)
{
	union value *value = entry_value(map, entry);

	for (unsigned i = 0; i < map->shape.key_count; i++)
		if (map->shape.key_types[i] == TYPE_STRING)
			str_unref(entry[1 + i].string);
	if (map->shape.value_type == TYPE_STRING)
		str_unref(value->string);
	else if (map->shape.value_type == TYPE_STATS)
		stat_free(value->stat);
	entry->number = 0;
}

/* ---- the index ---- */

static inline size_t index_find(const struct map *map, const union value *keys, uint32_t hash)
{
	for (size_t i = hash & map->slot_mask;; i = (i + 1) & map->slot_mask) {
		uint64_t slot = map->slots[i];

		if (!slot)
			return NO_SLOT;
		if (slot >> 32 == hash &&
		    likely(keys_equal(map, entry_at(map, (uint32_t)slot - 1) + 1, keys)))
			return i;
	}
}

static void index_put(struct map *map, uint32_t hash, size_t entry)
{
	size_t i = hash & map->slot_mask;

	while (map->slots[i])
		i = (i + 1) & map->slot_mask;
	map->slots[i] = (uint64_t)hash << 32 | (entry + 1);
}

/* free slot @hole; those behind it move up so that no search ends too early */
static void index_remove(struct map *map, size_t hole)
{
	size_t mask = map->slot_mask;

	for (size_t i = (hole + 1) & mask; map->slots[i]; i = (i + 1) & mask) {
		size_t home = map->slots[i] >> 32 & mask;

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			map->slots[hole] = map->slots[i];
			hole = i;
		}
	}
	map->slots[hole] = 0;
}

static size_t index_slot_of(const struct map *map, size_t entry)
{
	size_t i = entry_hash(entry_at(map, entry)) & map->slot_mask;

	while ((uint32_t)map->slots[i] != entry + 1)
		i = (i + 1) & map->slot_mask;
	return i;
}

static void index_resize(struct map *map, size_t slot_count)
{
	uint64_t *old = map->slots;
	size_t old_count = map->slot_mask + 1;

	map->slots = memory_zalloc(slot_count * sizeof(*map->slots));
	map->slot_mask = slot_count - 1;
	for (size_t i = 0; i < old_count; i++)
		if (old[i])
			index_put(map, old[i] >> 32, (uint32_t)old[i] - 1);
	free(old);
}

/* ---- room ---- */

/* close the gaps; entries get new numbers, so the index is made anew */
static void map_compact(struct map *map)
{
	size_t to = 0;

	memset(map->slots, 0, (map->slot_mask + 1) * sizeof(*map->slots));
	for (size_t from = map->first; from < map->used; from++) {
		if (!entry_is_alive(entry_at(map, from)))
			continue;
		if (to != from)
			memcpy(entry_at(map, to), entry_at(map, from),
			       map->stride * sizeof(union value));
		index_put(map, entry_hash(entry_at(map, to)), to);
		to++;
	}
	map->used = to;
	map->first = 0;
}

static bool map_make_room(struct map *map)
{
	if ((map->live + 1) * 3 > (map->slot_mask + 1) * 2)
		index_resize(map, (map->slot_mask + 1) * 2);
	if (map->used < map->capacity)
		return true;
	if (!map->cursor_count && map->used >= 2 * map->live && map->used) {
		map_compact(map);
		return true;
	}
	if (map->capacity >= ENTRIES_MOST)
		return false;
	map->capacity *= 2;
	map->entries = memory_realloc(map->entries,
				      map->capacity * map->stride * sizeof(union value));
	return true;
}

/* forget all gaps, give back what a large map took */
static void map_reset(struct map *map)
{
	map->used = map->first = map->live = 0;
	map->capacity = ENTRIES_LEAST;
	map->entries = memory_realloc(map->entries,
				      map->capacity * map->stride * sizeof(union value));
}

static void map_drop(struct map *map, size_t entry)
{
	index_remove(map, index_slot_of(map, entry));
	entry_release(map, entry_at(map, entry));
	map->live--;
	if (!map->live && !map->cursor_count)
		map->used = map->first = 0;
}

static void map_drop_oldest(struct map *map)
{
	while (!entry_is_alive(entry_at(map, map->first)))
		map->first++;
	map_drop(map, map->first);
}

static __attribute__((noinline)) union value *map_insert(struct map *map, const union value *keys,
							 uint32_t hash)
{
	union value *entry;

	if (map->live >= map->limit) {
		if (!map->shape.wraps || !map->live)
			return NULL;
		map_drop_oldest(map);
	}
	if (!map_make_room(map))
		return NULL;
	entry = entry_at(map, map->used);
	entry_fill(map, entry, keys, hash);
	index_put(map, hash, map->used);
	map->used++;
	map->live++;
	return entry_value(map, entry);
}

/* ---- the interface ---- */

struct map *map_new(const struct map_shape *shape)
{
	struct map *map = memory_zalloc(sizeof(*map));

	map->shape = *shape;
	map->stride = shape->key_count + 2;
	map->limit = shape->max_entries < 0			      ? 0 :
		     shape->max_entries > (int64_t)ENTRIES_MOST / 2 ? ENTRIES_MOST / 2 :
								      (size_t)shape->max_entries;
	map->slot_mask = SLOTS_LEAST - 1;
	map->slots = memory_zalloc(SLOTS_LEAST * sizeof(*map->slots));
	map_reset(map);
	return map;
}

void map_free(struct map *map)
{
	if (!map)
		return;
	map_clear(map);
	free(map->entries);
	free(map->slots);
	free(map);
}

union value *map_get(struct map *map, const union value *keys)
{
	size_t slot = index_find(map, keys, keys_hash(map, keys));

	if (slot == NO_SLOT)
		return NULL;
	return entry_value(map, entry_at(map, (uint32_t)map->slots[slot] - 1));
}

union value *map_reach(struct map *map, const union value *keys)
{
	uint32_t hash = keys_hash(map, keys);
	size_t slot = index_find(map, keys, hash);

	if (unlikely(slot == NO_SLOT))
		return map_insert(map, keys, hash);
	return entry_value(map, entry_at(map, (uint32_t)map->slots[slot] - 1));
}

bool map_delete(struct map *map, const union value *keys)
{
	size_t slot = index_find(map, keys, keys_hash(map, keys));

	if (slot == NO_SLOT)
		return false;
	map_drop(map, (uint32_t)map->slots[slot] - 1);
	return true;
}

void map_clear(struct map *map)
{
	for (size_t i = map->first; i < map->used; i++)
		if (entry_is_alive(entry_at(map, i)))
			entry_release(map, entry_at(map, i));
	map->live = 0;
	free(map->slots);
	map->slot_mask = SLOTS_LEAST - 1;
	map->slots = memory_zalloc(SLOTS_LEAST * sizeof(*map->slots));
	if (!map->cursor_count)
		map_reset(map);
}

size_t map_count(const struct map *map)
{
	return map->live;
}

static bool matches_all(const struct map *map, uint32_t any)
{
	uint32_t columns = (uint32_t)((1ULL << map->shape.key_count) - 1);

	return (any & columns) == columns;
}

bool map_matches(struct map *map, const union value *keys, uint32_t any)
{
	if (!any)
		return map_get(map, keys);
	if (matches_all(map, any))
		return map->live;
	for (size_t i = map->first; i < map->used; i++) {
		union value *entry = entry_at(map, i);

		if (entry_is_alive(entry) && keys_match(map, entry + 1, keys, any))
			return true;
	}
	return false;
}

size_t map_delete_matching(struct map *map, const union value *keys, uint32_t any)
{
	size_t before = map->live;

	if (!any)
		return map_delete(map, keys);
	if (matches_all(map, any)) {
		map_clear(map);
		return before;
	}
	for (size_t i = map->first; i < map->used; i++) {
		union value *entry = entry_at(map, i);

		if (entry_is_alive(entry) && keys_match(map, entry + 1, keys, any))
			map_drop(map, i);
	}
	return before - map->live;
}

/* ---- walks ---- */

/* where in an entry the value stands that decides the order */
static size_t order_offset(const struct map *map, const struct map_order *order)
{
	return order->column ? order->column : map->stride - 1;
}

static bool order_is_by_text(const struct map *map, const struct map_order *order)
{
	enum type type = order->column ? map->shape.key_types[order->column - 1] :
					 map->shape.value_type;

	return order->direction && type == TYPE_STRING;
}

static uint64_t order_key(const struct map *map, const struct map_order *order,
			  const union value *entry)
{
	union value value = entry[order_offset(map, order)];
	bool descending = order->direction < 0;
	int64_t number = 0;

	if (!order->direction)
		return 0;
	if (order_is_by_text(map, order))
		return sort_key_text(value.string, 0, descending);
	if (!order->column && map->shape.value_type == TYPE_STATS)
		stat_extract(value.stat, order->stat, order->variance_shift, &number);
	else
		number = value.number;
	return sort_key_number(number, descending);
}

/* the wanted entries in the wanted order; selection keeps only as many as the limit asks for */
static void cursor_collect(struct map_cursor *cursor, const struct map_order *order, size_t room,
			   const struct sort_text *text)
{
	struct map *map = cursor->map;
	bool selects = room < map->live;

	for (size_t i = map->first; i < map->used; i++) {
		union value *entry = entry_at(map, i);
		struct sort_item item = { .index = i };

		if (!entry_is_alive(entry) ||
		    (order->keys && !keys_match(map, entry + 1, order->keys, order->any)))
			continue;
		item.key = order_key(map, order, entry);
		if (selects)
			sort_select(cursor->order, &cursor->end, room, item, text);
		else
			cursor->order[cursor->end++] = item;
	}
	if (selects)
		sort_finish_selection(cursor->order, cursor->end, text);
	else if (order->direction)
		sort_items(cursor->order, cursor->end, text);
}

struct map_cursor *map_cursor_open(struct map *map, const struct map_order *order)
{
	struct map_cursor *cursor = memory_zalloc(sizeof(*cursor));
	struct sort_text text = {
		.first = map->entries + order_offset(map, order),
		.stride = map->stride,
		.descending = order->direction < 0,
	};
	size_t room = map->live;

	cursor->map = map;
	cursor->remaining = order->limit;
	cursor->end = map->used;
	map->cursor_count++;
	if (!order->direction && !order->keys) {
		cursor->position = map->first;
		return cursor;
	}
	if (order->direction && order->limit >= 0 &&
	    (size_t)order->limit < map->live / SELECT_FACTOR)
		room = order->limit;
	cursor->end = 0;
	cursor->order = memory_alloc((room + 1) * sizeof(*cursor->order));
	cursor_collect(cursor, order, room, order_is_by_text(map, order) ? &text : NULL);
	return cursor;
}

bool map_cursor_next(struct map_cursor *cursor, const union value **keys, union value **value)
{
	struct map *map = cursor->map;

	while (cursor->position < cursor->end && cursor->remaining) {
		size_t at = cursor->position++;
		union value *entry = entry_at(map, cursor->order ? cursor->order[at].index : at);

		if (!entry_is_alive(entry))
			continue;
		if (cursor->remaining > 0)
			cursor->remaining--;
		*keys = entry + 1;
		*value = entry_value(map, entry);
		return true;
	}
	return false;
}

void map_cursor_close(struct map_cursor *cursor)
{
	struct map *map;

	if (!cursor)
		return;
	map = cursor->map;
	if (!--map->cursor_count && !map->live)
		map_reset(map);
	free(cursor->order);
	free(cursor);
}
