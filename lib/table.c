/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A string-keyed table that remembers the order of insertion: entries stand in one array, an
 * open-addressing array of slots finds them. There is no removal: sessions only learn.
 */
#include "lib.h"

/* FNV-1a, 64 bit: http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t table_hash(const char *key)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * 0x100000001b3u;
	return hash ^ hash >> 29;
}

void table_init(struct table *table, struct arena *arena)
{
	*table = (struct table){ .arena = arena };
}

/* the slot that holds @key, or the free one where it belongs; slots exist */
static uint32_t *table_slot(const struct table *table, const char *key)
{
	size_t at = table_hash(key) & (table->slot_count - 1);

	while (table->slots[at] && strcmp(table->entries[table->slots[at] - 1].key, key) != 0)
		at = (at + 1) & (table->slot_count - 1);
	return &table->slots[at];
}

static void table_grow_slots(struct table *table)
{
	table->slot_count = table->slot_count ? table->slot_count * 2 : 16;
	table->slots = arena_alloc(table->arena, table->slot_count * sizeof(*table->slots));
	for (size_t i = 0; i < table->count; i++)
		*table_slot(table, table->entries[i].key) = (uint32_t)i + 1;
}

void *table_get(const struct table *table, const char *key)
{
	uint32_t at = table->slot_count ? *table_slot(table, key) : 0;

	return at ? table->entries[at - 1].value : NULL;
}

static void table_append(struct table *table, const char *key, void *value)
{
	if (table->count == table->capacity)
		table->entries = arena_grow(table->arena, table->entries, table->count,
					    &table->capacity, sizeof(*table->entries));
	table->entries[table->count++] = (struct table_entry){
		.key = arena_strdup(table->arena, key), .value = value,
	};
}

void *table_put(struct table *table, const char *key, void *value)
{
	uint32_t *slot;
	void *before;

	if (table->count * 2 >= table->slot_count)
		table_grow_slots(table);
	slot = table_slot(table, key);
	if (!*slot) {
		table_append(table, key, value);
		*slot = (uint32_t)table->count;
		return NULL;
	}
	before = table->entries[*slot - 1].value;
	table->entries[*slot - 1].value = value;
	return before;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(table_finds_what_was_put_in_order)
{
	struct arena *arena = arena_new();
	struct table table;
	char key[32];

	table_init(&table, arena);
	CHECK(!table_get(&table, "x"));
	for (intptr_t i = 1; i <= 3000; i++) {
		snprintf(key, sizeof(key), "key%d", (int)i);
		CHECK(!table_put(&table, key, (void *)i));
	}
	CHECK(table_put(&table, "key7", (void *)70) == (void *)7);
	CHECK(table_get(&table, "key7") == (void *)70);
	CHECK(table_get(&table, "key3000") == (void *)3000);
	CHECK(!table_get(&table, "key3001"));
	CHECK_INT(table.count, 3000);
	CHECK_STR(table.entries[41].key, "key42");
	arena_free(arena);
}
#endif
