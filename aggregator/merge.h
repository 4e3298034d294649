/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many streams, one order: the heads of all streams play a tournament by time.
 *
 * A round is merge_drain(), merge_bound(), then merge_peek() and merge_pop() until merge_peek()
 * has nothing older than the bound. What is newer waits for the next round.
 */
#ifndef MERGE_H
#define MERGE_H

#include "aggregator.h"

/*
 * How far behind the clock a live round stays. A record's time is taken when its space in the
 * ring is reserved, but a reader sees it only once it is committed. Between the two the CPU runs
 * with preemption off, filling the record: microseconds, unless nested interrupts or, in a guest,
 * the hypervisor stop it. An event that takes longer is delivered late, and counted.
 */
#define MERGE_SLACK_NS UINT64_C(1000000)
#define MERGE_UNBOUNDED UINT64_MAX

struct merge_stream {
	struct event_source *source;
	bool (*next)(struct event_source *source, unsigned stream, struct event *event);
	unsigned index;		/* in its source */
	bool has_head;
	bool is_held;		/* head's pointers lead into held, not into the source's memory */
	struct event head;
	struct buf held;
};

/* key: time, then hits after everything else of the same instant; MERGE_NO_HEAD without a head */
#define MERGE_NO_HEAD UINT64_MAX
struct merge_entry {
	uint64_t key;
	uint32_t stream;	/* index in merge.streams */
};

struct merge {
	ARRAY(struct merge_stream) streams;
	ARRAY(struct event_source *) sources;
	struct arena *arena;
	struct merge_entry *tree; /* [0]: the winner; the loser of each match; then scratch */
	uint64_t rival;		/* the least key that lost to the winner: until there it stays */
	uint64_t last_key;	/* of what was delivered last */
	uint64_t late;		/* events older than one delivered before them */
	uint64_t rounds, bytes;
	uint64_t drain_errors;
};

void merge_init(struct merge *merge);
/** merge_free() - release everything but the sources */
void merge_free(struct merge *merge);
/** merge_add_source() - take in all streams of @source; before the first round */
void merge_add_source(struct merge *merge, struct event_source *source);

/** merge_drain() - let every source move what the kernel holds into memory; bytes moved */
uint64_t merge_drain(struct merge *merge);
/**
 * merge_bound() - up to where the order is certain
 * @limit: ns; the clock read before merge_drain(), less MERGE_SLACK_NS, or MERGE_UNBOUNDED
 * Returns the smaller of @limit and every stream's complete_until().
 */
uint64_t merge_bound(const struct merge *merge, uint64_t limit);
/** merge_pop() - drop the event merge_peek() showed and fetch its stream's next */
void merge_pop(struct merge *merge);

#define MERGE_TIME_MAX (UINT64_MAX >> 1)

static inline uint64_t merge_key(const struct event *event)
{
	uint64_t time = event->time < MERGE_TIME_MAX ? event->time : MERGE_TIME_MAX - 1;

	return time << 1 | (event->kind == EVENT_HIT);
}

/** merge_peek() - the oldest event in memory if it is older than @bound, NULL otherwise */
static inline struct event *merge_peek(const struct merge *merge, uint64_t bound)
{
	uint64_t limit = bound < MERGE_TIME_MAX ? bound << 1 : MERGE_UNBOUNDED;

	if (!merge->tree || merge->tree[0].key >= limit)
		return NULL;
	return &merge->streams.items[merge->tree[0].stream].head;
}

#endif
