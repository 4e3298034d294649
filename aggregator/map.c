// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Associative arrays. Entries stand one behind the other in insertion order: a header with the
 * keys' hash, the keys, the value. An index of 64-bit slots (hash, entry) finds them by linear
 * probing without touching an entry whose hash differs. A deleted entry leaves a gap, closed when
 * space runs out and no cursor is open, so an entry never moves under a walk. A few entries found
 * lately are tried before any hash is worked out.
 */
#include "map.h"
#include "sort.h"

#define HEADER_ALIVE (1LL << 32) /* in an entry's header, above the hash; 0 is a gap */
#define NO_SLOT SIZE_MAX
#define ENTRIES_MOST ((size_t)1 << 31) /* a slot counts entries in 32 bits */

enum {
	SLOTS_LEAST = 16,
	ENTRIES_LEAST = 8,
	PREFETCH_AHEAD = 12,
	SELECT_FACTOR = 8, /* a limit below entries / this is met by selection, not by sorting */
};

struct map {
	struct map_front front;
	struct map_shape shape;
	size_t stride;		/* values in one entry: header, keys, value; key_count + 2 */
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

/* @count is map->shape.key_count, where the compiler may unroll the loop */
static inline __attribute__((always_inline)) uint32_t
keys_hash_of(const struct map *map, const union value *keys, unsigned count)
{
	uint64_t hash = 0x2545f4914f6cdd1dULL;

	for (unsigned i = 0; i < count; i++)
		hash = hash_fold(hash, map->shape.key_types[i] == TYPE_STRING ?
					       str_hash(keys[i].string) :
					       (uint64_t)keys[i].number);
	return (uint32_t)(hash ^ hash >> 32);
}

static inline uint32_t keys_hash(const struct map *map, const union value *keys)
{
	return keys_hash_of(map, keys, map->shape.key_count);
}

/* one comparison tells for longs, and for the strings of constants and task names */
static inline bool key_equal(enum type type, union value a, union value b)
{
	return likely(a.number == b.number) ||
	       (type == TYPE_STRING && str_equal(a.string, b.string));
}

static inline __attribute__((always_inline)) bool
keys_equal_of(const struct map *map, const union value *a, const union value *b, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
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
	else
		value->number = 0;
	if (map->shape.value_type == TYPE_STATS) {
		value->stat = stat_new(&map->shape.stat);
		value->stat->in_array = true;
	}
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

static inline __attribute__((always_inline)) size_t
index_find_of(const struct map *map, const union value *keys, uint32_t hash, unsigned count)
{
	for (size_t i = hash & map->slot_mask;; i = (i + 1) & map->slot_mask) {
		uint64_t slot = map->slots[i];

		if (!slot)
			return NO_SLOT;
		if (slot >> 32 == hash &&
		    likely(keys_equal_of(map, entry_at(map, (uint32_t)slot - 1) + 1, keys, count)))
			return i;
	}
}

static inline size_t index_find(const struct map *map, const union value *keys, uint32_t hash)
{
	return index_find_of(map, keys, hash, map->shape.key_count);
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

/* entries may be elsewhere now */
static void forget_recent(struct map *map)
{
	for (size_t i = 0; i < ARRAY_SIZE(map->front.recent); i++)
		for (size_t way = 0; way < MAP_RECENT_WAYS; way++)
			map->front.recent[i][way] = map->entries;
}

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
	forget_recent(map);
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
	forget_recent(map);
	return true;
}

/* forget all gaps, give back what a large map took */
static void map_reset(struct map *map)
{
	map->used = map->first = map->live = 0;
	map->capacity = ENTRIES_LEAST;
	map->entries = memory_realloc(map->entries,
				      map->capacity * map->stride * sizeof(union value));
	map->entries->number = 0;
	forget_recent(map);
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

/* the value of the entry that @slot leads to, remembered for map_recent() */
static inline __attribute__((always_inline)) union value *
found(struct map *map, const union value *keys, size_t slot, unsigned count)
{
	union value *entry = map->entries + ((uint32_t)map->slots[slot] - 1) * (size_t)(count + 2);

	union value **set = map->front.recent[map_recent_set(keys, count)];

	set[1] = set[0];
	set[0] = entry;
	return entry + count + 1;
}

union value *map_get(struct map *map, const union value *keys)
{
	union value *value = map_recent(map, keys, map->shape.key_count);
	size_t slot;

	if (value)
		return value;
	slot = index_find(map, keys, keys_hash(map, keys));
	if (slot == NO_SLOT)
		return NULL;
	return found(map, keys, slot, map->shape.key_count);
}

static inline __attribute__((always_inline)) union value *
reach(struct map *map, const union value *keys, unsigned count)
{
	union value *value = map_recent(map, keys, count);
	uint32_t hash;
	size_t slot;

	if (value)
		return value;
	hash = keys_hash_of(map, keys, count);
	slot = index_find_of(map, keys, hash, count);
	if (unlikely(slot == NO_SLOT))
		return map_insert(map, keys, hash);
	return found(map, keys, slot, count);
}

union value *map_reach(struct map *map, const union value *keys)
{
	switch (map->shape.key_count) {
	case 1: return reach(map, keys, 1);
	case 2: return reach(map, keys, 2);
	default: return reach(map, keys, map->shape.key_count);
	}
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

/* the next entry to look at; in a sorted walk it lies anywhere, so call for later ones in time */
static union value *cursor_advance(struct map_cursor *cursor)
{
	size_t at = cursor->position++;

	if (!cursor->order)
		return entry_at(cursor->map, at);
	if (at + PREFETCH_AHEAD < cursor->end)
		__builtin_prefetch(entry_at(cursor->map, cursor->order[at + PREFETCH_AHEAD].index));
	return entry_at(cursor->map, cursor->order[at].index);
}

bool map_cursor_next(struct map_cursor *cursor, const union value **keys, union value **value)
{
	struct map *map = cursor->map;

	while (cursor->position < cursor->end && cursor->remaining) {
		union value *entry = cursor_advance(cursor);

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

#ifdef UNIT_TEST
#include "../lib/unit.h"

/*
 * Random programs over a map of (long, string) keys beside the plainest model: an array of
 * entries in insertion order, searched from the front.
 */
enum { MODEL_MOST = 400, NAMES = 12 };

struct model_entry {
	int64_t number;
	int name;
	int64_t value; /* of a string map: its text; of statistics: their sum */
};
struct model {
	struct map *map;
	struct map_shape shape;
	struct model_entry entries[MODEL_MOST];
	size_t count;
	struct str *names[NAMES];
	unsigned seed;
};

static unsigned pick(struct model *model, unsigned below)
{
	return rand_r(&model->seed) % below;
}

static struct str *text_of_number(int64_t number)
{
	char text[32];

	return str_new(text, snprintf(text, sizeof(text), "%lld", (long long)number));
}

static size_t model_find(const struct model *model, int64_t number, int name)
{
	size_t i = 0;

	while (i < model->count &&
	       (model->entries[i].number != number || model->entries[i].name != name))
		i++;
	return i;
}

static void model_remove(struct model *model, size_t at)
{
	memmove(&model->entries[at], &model->entries[at + 1],
		(--model->count - at) * sizeof(model->entries[0]));
}

static bool model_matches(const struct model_entry *entry, const struct model_entry *slice,
			  uint32_t any)
{
	return (any & 1 || entry->number == slice->number) &&
	       (any & 2 || entry->name == slice->name);
}

static void random_keys(struct model *model, struct model_entry *entry, union value keys[2])
{
	const struct str *name;

	entry->number = (int64_t)pick(model, 20) - 5;
	entry->name = pick(model, NAMES);
	name = model->names[entry->name];
	keys[0].number = entry->number;
	keys[1].string = str_new(name->data, name->length);
}

static void check_value(const struct model *model, const union value *value, int64_t expected)
{
	struct str *text;

	if (model->shape.value_type == TYPE_LONG) {
		CHECK_INT(value->number, expected);
	} else if (model->shape.value_type == TYPE_STATS) {
		CHECK_INT(value->stat->sum, expected);
	} else {
		text = text_of_number(expected);
		CHECK_STR(value->string->length ? value->string->data : "0", text->data);
		str_unref(text);
	}
}

/* add @amount to the value, as a script would */
static void add_to_value(struct model *model, union value *value, int64_t amount, int64_t result)
{
	if (model->shape.value_type == TYPE_LONG) {
		value->number += amount;
	} else if (model->shape.value_type == TYPE_STATS) {
		stat_add(value->stat, &model->shape.stat, amount);
	} else {
		str_unref(value->string);
		value->string = text_of_number(result);
	}
}

static void step_reach(struct model *model)
{
	int64_t amount = (int64_t)pick(model, 9) - 3, limit = model->shape.max_entries;
	struct model_entry entry = { 0 };
	union value keys[2], *value;
	size_t at;

	random_keys(model, &entry, keys);
	entry.value = 0;
	at = model_find(model, entry.number, entry.name);
	value = map_reach(model->map, keys);
	str_unref(keys[1].string);
	if (at == model->count && (int64_t)model->count == limit) {
		CHECK(!value == !model->shape.wraps);
		if (!value)
			return;
		model_remove(model, 0);
		at = model->count;
	}
	CHECK(value);
	if (at == model->count)
		model->entries[model->count++] = entry;
	model->entries[at].value += amount;
	add_to_value(model, value, amount, model->entries[at].value);
}

static void step_lookup(struct model *model)
{
	struct model_entry entry;
	union value keys[2], *value;
	uint32_t any = pick(model, 4);
	bool found = false;
	size_t at;

	random_keys(model, &entry, keys);
	at = model_find(model, entry.number, entry.name);
	value = map_get(model->map, keys);
	CHECK(!value == (at == model->count));
	if (value)
		check_value(model, value, model->entries[at].value);
	for (size_t i = 0; i < model->count; i++)
		found |= model_matches(&model->entries[i], &entry, any);
	CHECK(map_matches(model->map, keys, any) == found);
	str_unref(keys[1].string);
}

static void step_delete(struct model *model)
{
	struct model_entry entry;
	union value keys[2];
	uint32_t any = pick(model, 30);
	size_t before = model->count;

	random_keys(model, &entry, keys);
	any = any > 3 ? 0 : any;
	for (size_t i = 0; i < model->count;)
		if (model_matches(&model->entries[i], &entry, any))
			model_remove(model, i);
		else
			i++;
	CHECK_INT(map_delete_matching(model->map, keys, any), before - model->count);
	str_unref(keys[1].string);
}

static int compare_in_order(const struct model *model, const struct map_order *order,
			    const struct model_entry *a, const struct model_entry *b)
{
	int64_t left = order->column ? a->number : a->value;
	int64_t right = order->column ? b->number : b->value;
	struct str *texts[2];
	int result = (left > right) - (left < right);

	if (order->column == 2) {
		result = str_compare(model->names[a->name], model->names[b->name]);
	} else if (!order->column && model->shape.value_type == TYPE_STRING) {
		texts[0] = text_of_number(left);
		texts[1] = text_of_number(right);
		result = str_compare(texts[0], texts[1]);
		str_unref(texts[0]);
		str_unref(texts[1]);
	}
	return result * order->direction;
}

/* the entries a walk shows, in its order: a stable insertion sort */
static size_t expected_walk(const struct model *model, const struct map_order *order,
			    const struct model_entry *slice, struct model_entry *out)
{
	size_t count = 0;

	for (size_t i = 0; i < model->count; i++) {
		const struct model_entry *entry = &model->entries[i];
		size_t at = count;

		if (order->keys && !model_matches(entry, slice, order->any))
			continue;
		for (; at > 0 && compare_in_order(model, order, entry, &out[at - 1]) < 0; at--)
			out[at] = out[at - 1];
		out[at] = *entry;
		count++;
	}
	return order->limit >= 0 && (size_t)order->limit < count ? (size_t)order->limit : count;
}

static void check_walk(struct model *model, const struct map_order *order,
		       const struct model_entry *slice)
{
	struct model_entry expected[MODEL_MOST];
	size_t count = expected_walk(model, order, slice, expected), i = 0;
	struct map_cursor *cursor = map_cursor_open(model->map, order);
	const union value *keys;
	union value *value;

	for (; map_cursor_next(cursor, &keys, &value); i++) {
		CHECK(i < count);
		CHECK_INT(keys[0].number, expected[i].number);
		CHECK(str_equal(keys[1].string, model->names[expected[i].name]));
		check_value(model, value, expected[i].value);
	}
	CHECK_INT(i, count);
	map_cursor_close(cursor);
}

static void random_order(struct model *model, struct map_order *order, const union value *keys)
{
	*order = (struct map_order){
		.direction = (int)pick(model, 3) - 1,
		.column = pick(model, 3),
		.stat = STAT_SUM,
		.limit = pick(model, 2) ? -1 : (int)pick(model, 12),
		.keys = pick(model, 2) ? keys : NULL,
		.any = pick(model, 4),
	};
}

static void step_walk(struct model *model)
{
	struct model_entry slice;
	struct map_order order;
	union value keys[2];

	random_keys(model, &slice, keys);
	random_order(model, &order, keys);
	check_walk(model, &order, &slice);
	str_unref(keys[1].string);
}

/* a walk that changes the map: what it shows was there when it began and still is */
static void step_changing_walk(struct model *model)
{
	struct map_cursor *cursor;
	struct model_entry slice, before[MODEL_MOST];
	struct map_order order;
	const union value *keys;
	union value slice_keys[2], *value;
	size_t count, next = 0, at;

	random_keys(model, &slice, slice_keys);
	random_order(model, &order, slice_keys);
	order.limit = -1;
	order.direction = model->shape.wraps ? 0 : order.direction;
	count = expected_walk(model, &order, &slice, before);
	cursor = map_cursor_open(model->map, &order);
	str_unref(slice_keys[1].string);
	while (map_cursor_next(cursor, &keys, &value)) {
		int name = 0;

		while (!str_equal(keys[1].string, model->names[name]))
			name++;
		at = model_find(model, keys[0].number, name);
		CHECK(at < model->count);
		check_value(model, value, model->entries[at].value);
		while (next < count && (before[next].number != keys[0].number ||
					before[next].name != name))
			next++;
		CHECK(next++ < count);
		for (int i = pick(model, 4); i > 0; i--)
			pick(model, 2) ? step_reach(model) : step_delete(model);
		if (!pick(model, 20)) {
			map_clear(model->map);
			model->count = 0;
		}
	}
	map_cursor_close(cursor);
}

static void run_random_program(enum type value_type, int64_t max_entries, bool wraps, unsigned seed)
{
	static const char pool[] = "\0long common prefix x\xffz";
	struct model model = { .seed = seed };
	int steps = 600;

	model.shape = (struct map_shape){
		.key_count = 2, .key_types = { TYPE_LONG, TYPE_STRING }, .value_type = value_type,
		.stat.needs = STAT_SUM, .max_entries = max_entries, .wraps = wraps,
	};
	model.map = map_new(&model.shape);
	for (int i = 0; i < NAMES; i++)
		model.names[i] = str_immortal(pool + i, i % 3 ? 21 - i : 3);
	while (steps--) {
		unsigned way = pick(&model, 100);

		if (way < 55)
			step_reach(&model);
		else if (way < 75)
			step_lookup(&model);
		else if (way < 90)
			step_delete(&model);
		else if (way < 97)
			step_walk(&model);
		else
			step_changing_walk(&model);
		CHECK_INT(map_count(model.map), model.count);
	}
	map_free(model.map);
	for (int i = 0; i < NAMES; i++)
		str_destroy(model.names[i]);
}

UNIT_TEST_CASE(map_agrees_with_a_naive_model)
{
	static const enum type types[] = { TYPE_LONG, TYPE_STRING, TYPE_STATS };

	for (unsigned seed = 0; seed < 30; seed++)
		for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
			run_random_program(types[i], MODEL_MOST, false, seed);
			run_random_program(types[i], seed % 40, false, seed);
			run_random_program(types[i], seed % 40 + 1, true, seed);
		}
}

static struct map *map_of_longs(int64_t max_entries, bool wraps)
{
	struct map_shape shape = { .key_count = 1, .key_types = { TYPE_LONG },
				   .value_type = TYPE_LONG, .max_entries = max_entries,
				   .wraps = wraps };

	return map_new(&shape);
}

UNIT_TEST_CASE(map_limit_is_exact)
{
	struct map *map = map_of_longs(3, false);

	for (int64_t i = 0; i < 10; i++) {
		union value key = { .number = i };

		CHECK(!map_reach(map, &key) == (i >= 3));
		CHECK(!map_get(map, &key) == (i >= 3));
	}
	CHECK_INT(map_count(map), 3);
	map_free(map);
}

UNIT_TEST_CASE(map_that_wraps_drops_the_oldest_and_stays_small)
{
	struct map *map = map_of_longs(100, true);

	for (int64_t i = 0; i < 100000; i++) {
		union value key = { .number = i }, gone = { .number = i - 100 };

		map_reach(map, &key)->number = i;
		CHECK(!map_get(map, &gone));
		gone.number++;
		CHECK(i < 99 || map_get(map, &gone)->number == i - 99);
	}
	CHECK_INT(map_count(map), 100);
	CHECK(map->capacity <= 512);
	map_free(map);
}

static bool next_key(struct map_cursor *cursor, int64_t *key)
{
	const union value *keys;
	union value *value;
	bool shown = map_cursor_next(cursor, &keys, &value);

	*key = shown ? keys[0].number : 0;
	return shown;
}

UNIT_TEST_CASE(map_emptied_and_filled_under_a_cursor_shows_nothing_new)
{
	for (int ordered = 0; ordered < 2; ordered++) {
		struct map_order order = { .direction = ordered, .limit = -1 };
		struct map *map = map_of_longs(100, false);
		struct map_cursor *cursor;
		int64_t shown;

		for (int64_t i = 0; i < 5; i++)
			map_reach(map, &(union value){ .number = i })->number = i;
		cursor = map_cursor_open(map, &order);
		CHECK(next_key(cursor, &shown));
		for (int64_t i = 0; i < 5; i++)
			CHECK(map_delete(map, &(union value){ .number = i }));
		for (int64_t i = 0; i < 50; i++)
			map_reach(map, &(union value){ .number = i });
		CHECK(!next_key(cursor, &shown));
		map_cursor_close(cursor);
		CHECK_INT(map_count(map), 50);
		map_free(map);
	}
}

UNIT_TEST_CASE(map_used_as_a_set_of_open_calls_stays_small)
{
	struct map *map = map_of_longs(1 << 20, false);

	for (int64_t i = 0; i < 100000; i++) {
		union value key = { .number = i }, old = { .number = i - 7 };

		map_reach(map, &key)->number = i;
		CHECK(i < 7 || map_delete(map, &old));
	}
	CHECK_INT(map_count(map), 7);
	CHECK(map->capacity <= 64);
	map_free(map);
}

UNIT_TEST_CASE(map_grows_over_many_keys)
{
	struct map *map = map_of_longs(1 << 20, false);

	for (int64_t i = 0; i < 200000; i++) {
		union value key = { .number = i * 4096 };

		map_reach(map, &key)->number += i;
	}
	for (int64_t i = 0; i < 200000; i++) {
		union value key = { .number = i * 4096 };

		CHECK_INT(map_get(map, &key)->number, i);
	}
	CHECK_INT(map_count(map), 200000);
	map_free(map);
}

UNIT_TEST_CASE(map_orders_statistics_by_each_extractor)
{
	static const struct { unsigned stat; int64_t first; } cases[] = {
		{ STAT_COUNT, 3 }, { STAT_SUM, 2 }, { STAT_MIN, 2 },
		{ STAT_MAX, 1 },   { STAT_AVG, 2 },
	};
	static const int64_t samples[][2] = { { 1, 90 }, { 1, -60 }, { 2, 50 }, { 3, 1 }, { 3, 1 },
					      { 3, 1 } };
	struct map_shape shape = { .key_count = 1, .key_types = { TYPE_LONG },
				   .value_type = TYPE_STATS, .max_entries = 10 };
	struct map *map = map_new(&shape);

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		union value key = { .number = samples[i][0] };

		stat_add(map_reach(map, &key)->stat, &shape.stat, samples[i][1]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct map_order order = { .direction = -1, .stat = cases[i].stat, .limit = -1 };
		struct map_cursor *cursor = map_cursor_open(map, &order);
		const union value *keys;
		union value *value;

		CHECK(map_cursor_next(cursor, &keys, &value));
		CHECK_INT(keys[0].number, cases[i].first);
		map_cursor_close(cursor);
	}
	map_free(map);
}
#endif
