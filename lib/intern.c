/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pointer per distinct text, so that names compare by address. Texts may hold NULs. */
#include "lib.h"

#include <xxhash.h>

struct interned {
	size_t length;
	uint64_t hash;
	char *text;
};

struct interner {
	struct arena *arena;
	struct interned *slots; /* text == NULL: free */
	size_t count, slot_count;
};

struct interner *interner_new(struct arena *arena)
{
	struct interner *interner = arena_new_object(arena, struct interner);

	interner->arena = arena;
	interner->slot_count = 1024;
	interner->slots = arena_alloc(arena, interner->slot_count * sizeof(*interner->slots));
	return interner;
}

static struct interned *interner_slot(struct interner *interner, const char *text, size_t length,
				      uint64_t hash)
{
	size_t mask = interner->slot_count - 1, at = hash & mask;

	for (;; at = (at + 1) & mask) {
		struct interned *slot = &interner->slots[at];

		if (!slot->text || (slot->hash == hash && slot->length == length &&
				    memcmp(slot->text, text, length) == 0))
			return slot;
	}
}

static void interner_grow(struct interner *interner)
{
	struct interned *old = interner->slots;
	size_t count = interner->slot_count;

	interner->slot_count *= 2;
	interner->slots = arena_alloc(interner->arena,
				      interner->slot_count * sizeof(*interner->slots));
	for (size_t i = 0; i < count; i++)
		if (old[i].text)
			*interner_slot(interner, old[i].text, old[i].length, old[i].hash) = old[i];
}

const char *intern(struct interner *interner, const char *text, size_t length)
{
	uint64_t hash = XXH3_64bits(text, length);
	struct interned *slot;

	if (interner->count * 2 >= interner->slot_count)
		interner_grow(interner);
	slot = interner_slot(interner, text, length, hash);
	if (!slot->text) {
		*slot = (struct interned){
			.length = length, .hash = hash,
			.text = arena_memdup(interner->arena, text, length),
		};
		interner->count++;
	}
	return slot->text;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(intern_gives_one_pointer_per_text)
{
	struct arena *arena = arena_new();
	struct interner *interner = interner_new(arena);
	const char *first = intern(interner, "name", 4);
	char text[16];

	for (int i = 0; i < 5000; i++) {
		int length = snprintf(text, sizeof(text), "n%d", i);

		CHECK_STR(intern(interner, text, (size_t)length), text);
	}
	CHECK(intern(interner, "names", 4) == first);
	CHECK(intern(interner, "a\0b", 3) != intern(interner, "a\0c", 3));
	arena_free(arena);
}
#endif
