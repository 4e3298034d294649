// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The user-space end of a perf ring: records come in nearly in time order (an interrupt may stamp
 * its record after, and write it before, the task it interrupted) and leave in time order. The
 * bytes of all waiting records stand in one buffer; a sorted list of entries points into it.
 */
#include "ring.h"

void ring_free(struct ring *ring)
{
	buf_free(&ring->bytes);
	buf_free(&ring->spare);
	free(ring->entries);
	*ring = (struct ring){ .entries = NULL };
}

/* records hold 64-bit words: keep each aligned, whatever sizes stand before it */
static uint32_t copy_record(struct buf *bytes, const void *record, size_t size)
{
	static const char padding[8];
	uint32_t offset = (uint32_t)bytes->length;

	buf_add(bytes, record, size);
	buf_add(bytes, padding, -size & 7);
	return offset;
}

/* insertion sort from the end: a record in order, the rule, costs one comparison */
static void insert_entry(struct ring *ring, struct ring_entry entry)
{
	size_t at = ring->count;

	if (ring->count == ring->capacity) {
		ring->capacity = ring->capacity ? ring->capacity * 2 : 64;
		ring->entries = memory_realloc(ring->entries,
					       ring->capacity * sizeof(*ring->entries));
	}
	for (; at > ring->next && ring->entries[at - 1].time > entry.time; at--)
		ring->entries[at] = ring->entries[at - 1];
	ring->entries[at] = entry;
	ring->count++;
}

void ring_add(struct ring *ring, const void *record, size_t size, uint64_t time)
{
	insert_entry(ring, (struct ring_entry){
		.time = time,
		.offset = copy_record(&ring->bytes, record, size),
		.size = (uint32_t)size,
	});
}

const void *ring_next(struct ring *ring, size_t *size)
{
	const struct ring_entry *entry;

	if (ring->next == ring->count)
		return NULL;
	entry = &ring->entries[ring->next++];
	*size = entry->size;
	return ring->bytes.data + entry->offset;
}

size_t ring_used(const struct ring *ring)
{
	return ring->bytes.length;
}

void ring_compact(struct ring *ring)
{
	struct buf old = ring->bytes;
	size_t kept = 0;

	if (ring->next == 0)
		return;
	buf_reset(&ring->spare);
	for (size_t i = ring->next; i < ring->count; i++) {
		struct ring_entry entry = ring->entries[i];

		entry.offset = copy_record(&ring->spare, old.data + entry.offset, entry.size);
		ring->entries[kept++] = entry;
	}
	ring->count = kept;
	ring->next = 0;
	ring->bytes = ring->spare;
	ring->spare = old;
}

uint64_t ring_youngest(const struct ring *ring)
{
	return ring->next < ring->count ? ring->entries[ring->count - 1].time : 0;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static uint64_t next_number(struct ring *ring)
{
	size_t size = 0;
	const uint64_t *record = ring_next(ring, &size);

	CHECK(record && size >= 8);
	CHECK_INT((uintptr_t)record % 8, 0);
	return *record;
}

UNIT_TEST_CASE(ring_sorts_by_time_and_keeps_equal_ones)
{
	struct ring ring = { .entries = NULL };
	const uint64_t times[] = { 10, 30, 20, 20, 40, 5 };
	size_t size;

	for (uint64_t i = 0; i < ARRAY_SIZE(times); i++)
		ring_add(&ring, &i, sizeof(i), times[i]);
	CHECK_INT(ring_youngest(&ring), 40);
	CHECK_INT(next_number(&ring), 5);
	CHECK_INT(next_number(&ring), 0);
	CHECK_INT(next_number(&ring), 2);
	CHECK_INT(next_number(&ring), 3);
	CHECK_INT(next_number(&ring), 1);
	CHECK_INT(next_number(&ring), 4);
	CHECK(!ring_next(&ring, &size));
	CHECK_INT(ring_youngest(&ring), 0);
	ring_free(&ring);
}

UNIT_TEST_CASE(ring_compacts_without_losing_what_waits)
{
	struct ring ring = { .entries = NULL };
	char record[13] = { 0 };

	for (uint64_t i = 0; i < 100; i++) {
		memcpy(record, &i, sizeof(i));
		ring_add(&ring, record, sizeof(record), i);
	}
	for (uint64_t i = 0; i < 98; i++)
		CHECK_INT(next_number(&ring), i);
	CHECK_INT(ring_used(&ring), 1600);
	ring_compact(&ring);
	CHECK_INT(ring_used(&ring), 32);
	CHECK_INT(next_number(&ring), 98);
	CHECK_INT(next_number(&ring), 99);
	ring_compact(&ring);
	CHECK_INT(ring_used(&ring), 0);
	ring_free(&ring);
}
#endif
