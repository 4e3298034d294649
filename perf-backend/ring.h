/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records taken out of one kernel ring, waiting in memory in time order. The ring owns the bytes;
 * ring_next()'s pointer is valid until the next ring_compact(), ring_add() or ring_free().
 */
#ifndef RING_H
#define RING_H

#include "../lib/lib.h"

struct ring_entry {
	uint64_t time;	 /* ns, CLOCK_MONOTONIC */
	uint32_t offset; /* in bytes.data; a multiple of 8 */
	uint32_t size;
};
struct ring {
	struct buf bytes, spare;
	struct ring_entry *entries; /* sorted from next on */
	size_t count, capacity, next;
};

void ring_free(struct ring *ring);
/** ring_add() - copy one record in, behind every record that is not younger */
void ring_add(struct ring *ring, const void *record, size_t size, uint64_t time);
/** ring_next() - the oldest record, now regarded as delivered; NULL when none waits */
const void *ring_next(struct ring *ring, size_t *size);
/** ring_used() - bytes of memory in use, delivered records included until ring_compact() */
size_t ring_used(const struct ring *ring);
/** ring_compact() - give up the memory of delivered records */
void ring_compact(struct ring *ring);
/** ring_youngest() - the time of the youngest record that waits; 0 when none does */
uint64_t ring_youngest(const struct ring *ring);

#endif
