/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An arena hands out memory from chunks and gives all of it back at once. Chunks double up to a
 * megabyte; what is larger than a chunk gets one of its own.
 */
#include "lib.h"

#define ARENA_ALIGN 16
#define ARENA_FIRST_CHUNK (16u << 10)
#define ARENA_LARGEST_CHUNK (1u << 20)

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	_Alignas(ARENA_ALIGN) char data[];
};

struct arena {
	struct arena_chunk *chunks; /* the one being filled comes first */
	size_t used;		    /* of the first chunk */
	size_t next_size;
	size_t total;
};

struct arena *arena_new(void)
{
	struct arena *arena = memory_zalloc(sizeof(*arena));

	arena->next_size = ARENA_FIRST_CHUNK;
	return arena;
}

void arena_free(struct arena *arena)
{
	struct arena_chunk *chunk, *next;

	if (!arena)
		return;
	for (chunk = arena->chunks; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(arena);
}

static void arena_add_chunk(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk;

	if (size < arena->next_size)
		size = arena->next_size;
	if (arena->next_size < ARENA_LARGEST_CHUNK)
		arena->next_size *= 2;
	chunk = memory_zalloc(sizeof(*chunk) + size);
	chunk->size = size;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->used = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	void *memory;

	if (size > SIZE_MAX / 2)
		size = SIZE_MAX / 2; /* malloc refuses it, and the handler reports it */
	size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (!arena->chunks || arena->chunks->size - arena->used < size)
		arena_add_chunk(arena, size);
	memory = arena->chunks->data + arena->used;
	arena->used += size;
	arena->total += size;
	return memory;
}

void *arena_memdup(struct arena *arena, const void *data, size_t size)
{
	char *copy = arena_alloc(arena, size + 1);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_memdup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		length = 0;
	text = arena_alloc(arena, (size_t)length + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)length + 1, format, args);
	va_end(args);
	return text;
}

size_t arena_size(const struct arena *arena)
{
	return arena->total;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
	size_t larger = *capacity ? *capacity * 2 : 4;
	void *copy = arena_alloc(arena, larger * size);

	if (count)
		memcpy(copy, items, count * size);
	*capacity = larger;
	return copy;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(arena_memory_is_zeroed_and_aligned)
{
	struct arena *arena = arena_new();

	for (size_t size = 0; size < 5000; size += 37) {
		char *memory = arena_alloc(arena, size);

		CHECK_INT((uintptr_t)memory % ARENA_ALIGN, 0);
		for (size_t i = 0; i < size; i++)
			CHECK_INT(memory[i], 0);
		memset(memory, 0xff, size);
	}
	CHECK(arena_alloc(arena, 3 * ARENA_LARGEST_CHUNK));
	arena_free(arena);
}

UNIT_TEST_CASE(array_push_keeps_order)
{
	struct arena *arena = arena_new();
	ARRAY(int) numbers = { 0 };

	for (int i = 0; i < 1000; i++)
		array_push(arena, &numbers, i);
	CHECK_INT(numbers.count, 1000);
	for (int i = 0; i < 1000; i++)
		CHECK_INT(numbers.items[i], i);
	CHECK_STR(arena_printf(arena, "%d-%s", 7, "x"), "7-x");
	arena_free(arena);
}
#endif
