/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two events that make one hit: a kprobe on a tracepoint's iterator, which sees the C arguments,
 * and right behind it on the same CPU the trace event, which records the fields. Here the second
 * record gets the first one appended, at an offset that all loads know. What was lost of a pair
 * makes no hit.
 */
#ifndef JOINED_H
#define JOINED_H

#include "ring.h"
#include "session.h"

/*
 * bytes: where the arguments' record begins; behind the fields of any trace event that fits a page
 */
#define JOINED_OFFSET 4096
/* bytes of arguments that are kept; a larger record makes no hit */
#define JOINED_ARGUMENTS_MAX 8192

/**
 * struct joined_event - one pair of events
 * @index: among all pairs
 * @texts: @text_count offsets in the arguments' record of words that say where a text lies
 */
struct joined_event {
	struct trace_event *arguments, *fields;
	unsigned index;
	size_t text_count;
	uint16_t *texts;
};

/** joined_event_read() - read both formats and find the texts; 0 or -errno */
int joined_event_read(struct joined_event *joined, struct arena *arena);

struct held_record {
	int32_t tid;
	uint32_t size; /* bytes of data; 0: nothing is held */
	unsigned char data[JOINED_ARGUMENTS_MAX];
};

/**
 * struct joiner - what one CPU's stream holds
 * @events: by event id, @id_count of them; NULL for events of no pair; not the joiner's own
 * @held: by joined_event.index
 * @whole: the record that joiner_complete() made last
 */
struct joiner {
	const struct joined_event *const *events;
	unsigned id_count;
	struct held_record *held;
	unsigned char *whole;
};
/** joiner_init() - paired with joiner_free() */
void joiner_init(struct joiner *joiner, const struct joined_event *const *events,
		 unsigned id_count, size_t pairs);
void joiner_free(struct joiner *joiner);
/** joiner_hold() - keep @record of event @id when it is a pair's first */
void joiner_hold(struct joiner *joiner, unsigned id, const struct raw_ring_record *record);
/**
 * joiner_complete() - append what is held to @record when it is a pair's second
 * The bytes are valid until the next call. False when the pair's first is not there.
 */
bool joiner_complete(struct joiner *joiner, unsigned id, struct raw_ring_record *record);

#endif
