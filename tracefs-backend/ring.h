/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One CPU's ring buffer as trace_pipe_raw hands it out: sub-buffers of a fixed size, each with a
 * header (time stamp, bytes used) and events of variable length behind it (kernel:
 * include/linux/ring_buffer.h, kernel/trace/ring_buffer.c). A struct ring holds many sub-buffers in
 * one reused block and takes records out of them in order. Everything in it is checked.
 */
#ifndef RING_H
#define RING_H

#include "../lib/lib.h"
#include "limits.h"

/**
 * struct ring_layout - the sub-buffer's header, from events/header_page
 * @commit_size: bytes of the word behind the time stamp: the kernel's long
 * @data_offset: bytes before the first event
 * @subbuf_size: bytes of a sub-buffer, header included
 */
struct ring_layout {
	unsigned commit_size, data_offset, subbuf_size;
};

/** ring_layout_parse() - from the text of events/header_page; 0 or -EINVAL */
int ring_layout_parse(const char *text, struct ring_layout *layout);

/* struct ring_cursor - where reading stands; offsets into the block */
struct ring {
	struct ring_layout layout;
	unsigned char *block;
	size_t capacity;	/* bytes of block */
	size_t filled;		/* bytes of block that hold sub-buffers */
	size_t next_subbuf;	/* the next sub-buffer to open */
	const unsigned char *at, *end; /* what is left of the open one */
	uint64_t time;		/* ns: of the last record, then of the sub-buffer */
	uint64_t malformed;	/* sub-buffers that had to be cut short */
};

/** ring_init() - an empty ring with room for @capacity bytes, at least two sub-buffers */
void ring_init(struct ring *ring, const struct ring_layout *layout, size_t capacity);
void ring_free(struct ring *ring);

/**
 * ring_fill() - read whole sub-buffers from @fd, which must not block, until it is empty
 * @emptied: set when the kernel had no more, cleared when the block is full
 * Returns bytes added or -errno. Records taken before are invalid afterwards.
 */
ssize_t ring_fill(struct ring *ring, int fd, bool *emptied);

/** ring_last_time() - the time stamp of the last sub-buffer in memory; 0 when there is none */
uint64_t ring_last_time(const struct ring *ring);

enum ring_step { RING_EMPTY, RING_RECORD, RING_LOST };

/**
 * struct ring_record - what ring_next() found
 * @data: RING_RECORD: @size bytes, at least 8, 4-byte aligned; valid until ring_fill()
 * @lost: RING_LOST: records the kernel overwrote before this point
 */
struct ring_record {
	uint64_t time, lost;
	const unsigned char *data;
	uint32_t size;
};

/** ring_next() - the next record in order */
enum ring_step ring_next(struct ring *ring, struct ring_record *record);

#endif
