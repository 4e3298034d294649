/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One CPU's ring buffer as trace_pipe_raw hands it out: sub-buffers of a fixed size, each with a
 * header (time stamp, bytes used) and events of variable length behind it (kernel:
 * include/linux/ring_buffer.h, kernel/trace/ring_buffer.c). A struct raw_ring holds many
 * sub-buffers in one reused block and takes records out of them in order. All of it is checked.
 */
#ifndef RING_H
#define RING_H

#include "../lib/lib.h"
#include "limits.h"

/**
 * struct raw_ring_layout - the sub-buffer's header, from events/header_page
 * @commit_size: bytes of the word behind the time stamp: the kernel's long
 * @data_offset: bytes before the first event
 * @subbuf_size: bytes of a sub-buffer, header included
 */
struct raw_ring_layout {
	unsigned commit_size, data_offset, subbuf_size;
};

/** raw_ring_layout_parse() - from the text of events/header_page; 0 or -EINVAL */
int raw_ring_layout_parse(const char *text, struct raw_ring_layout *layout);

/* offsets and pointers are into the block */
struct raw_ring {
	struct raw_ring_layout layout;
	unsigned char *block;
	size_t capacity;	/* bytes of block */
	size_t filled;		/* bytes of block that hold sub-buffers */
	size_t next_subbuf;	/* the next sub-buffer to open */
	const unsigned char *at, *end; /* what is left of the open one */
	uint64_t time;		/* ns: of the last record, then of the sub-buffer */
	uint64_t malformed;	/* sub-buffers that had to be cut short */
};

/** raw_ring_init() - an empty ring with room for @capacity bytes, at least two sub-buffers */
void raw_ring_init(struct raw_ring *ring, const struct raw_ring_layout *layout, size_t capacity);
void raw_ring_free(struct raw_ring *ring);

/**
 * raw_ring_fill() - read whole sub-buffers from @fd, which must not block, until it is empty
 * @until: ns; once a sub-buffer begins there or later the rest is left for the next time: a reader
 *	whose own reads are recorded would find more for ever
 * @emptied: set when the kernel had no more from before @until, cleared when the block is full
 * Returns bytes added or -errno. Records taken before are invalid afterwards.
 */
ssize_t raw_ring_fill(struct raw_ring *ring, int fd, uint64_t until, bool *emptied);

/** raw_ring_last_time() - the time stamp of the last sub-buffer in memory; 0 when there is none */
uint64_t raw_ring_last_time(const struct raw_ring *ring);

enum raw_ring_step { RAW_RING_EMPTY, RAW_RING_RECORD, RAW_RING_LOST };

/**
 * struct raw_ring_record - what raw_ring_next() found
 * @data: RAW_RING_RECORD: @size bytes, at least 8, 4-byte aligned; valid until raw_ring_fill()
 * @lost: RAW_RING_LOST: records the kernel overwrote before this point
 */
struct raw_ring_record {
	uint64_t time, lost;
	const unsigned char *data;
	uint32_t size;
};

/* the header word of an event: 5 bits of type, 27 of time, as the compiler packs them */
static inline void raw_ring_split_header(uint32_t header, unsigned *type, uint32_t *delta)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	*type = header >> RING_DELTA_BITS;
	*delta = header & ((1u << RING_DELTA_BITS) - 1);
#else
	*type = header & 31;
	*delta = header >> 5;
#endif
}

/* raw_ring_next() for everything but a short record inside the open sub-buffer */
enum raw_ring_step raw_ring_next_slow(struct raw_ring *ring, struct raw_ring_record *record);

/** raw_ring_next() - the next record in order */
static inline enum raw_ring_step raw_ring_next(struct raw_ring *ring,
					       struct raw_ring_record *record)
{
	const unsigned char *at = ring->at;
	uint32_t header, delta, size;
	unsigned type;

	if (unlikely(ring->end - at < 8))
		return raw_ring_next_slow(ring, record);
	memcpy(&header, at, sizeof(header));
	raw_ring_split_header(header, &type, &delta);
	size = type * 4;
	if (unlikely(type - 2 > RING_TYPE_DATA_MAX - 2 || size > (size_t)(ring->end - at) - 4))
		return raw_ring_next_slow(ring, record);
	ring->time += delta;
	ring->at = at + 4 + size;
	record->time = ring->time;
	record->data = at + 4;
	record->size = size;
	return RAW_RING_RECORD;
}

#endif
