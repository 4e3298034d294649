/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event source over opened perf events, with an optional first part that needs no kernel. */
#ifndef SOURCE_H
#define SOURCE_H

#include "open.h"

/**
 * struct source_part - what was opened together, and what its hits mean to the aggregator
 * @bindings: of every hit; NULL for side-band events
 * @counter_count: of its samples' group, how many behind the leader are program.counters
 * @counts_thread: they count one thread on one CPU each, not all of the CPU
 * @counts_shared: the machine may be short of them
 * @by_event: for trace events instead, by event id, @event_count of them; the array is freed, the
 *	bindings in it are the tracefs backend's
 */
struct source_part {
	struct perf_opened *opened;
	const struct binding *bindings;
	const struct binding **by_event;
	size_t event_count;
	unsigned counter_count;
	bool counts_thread, counts_shared;
};


/**
 * struct source_prelude - events delivered in a stream of their own, before anything else
 * @make: called once by start(), when the kernel's events are already flowing
 * @next: as in struct event_source_ops
 * @free: may be NULL
 */
struct source_prelude {
	void (*make)(void *data);
	bool (*next)(void *data, struct event *event);
	void (*free)(void *data);
	void *data;
};

/**
 * perf_source_new() - one stream for each ring of every part, and one for the prelude
 * @parts: @part_count of them; the source closes them and frees their chains of bindings
 * @prelude: NULL for none; copied
 */
struct event_source *perf_source_new(const struct perf *perf, const char *name,
				     const struct source_part *parts, size_t part_count,
				     const struct source_prelude *prelude);

/** source_free_bindings() - free a chain of bindings that no source took */
void source_free_bindings(const struct binding *binding);

#endif
