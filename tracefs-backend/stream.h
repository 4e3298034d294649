/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One CPU's records as events: the ring of sub-buffers, the bindings of each event id, and what is
 * known to be lost. Knows nothing of where sub-buffers come from: the kernel, a file, a fuzzer.
 */
#ifndef STREAM_H
#define STREAM_H

#include "../aggregator/aggregator.h"
#include "functions.h"
#include "joined.h"

/**
 * struct stream - one CPU
 * @bindings: by event id, @binding_count of them; NULL for ids that mean nothing to us
 * @functions: what the function tracer's records mean, NULL when it is not used
 * @self: the thread whose events are passed over, where @hides_self says so by event id; or 0
 * @joiner: of records that make one hit only together
 * @lost: events known to be lost, of which @lost_unsaid were not yet handed out as EVENT_LOST
 * @passed_over: events of @self
 */
struct stream {
	struct raw_ring ring;
	const struct binding **bindings;
	unsigned binding_count;
	const struct function_index *functions;
	const bool *hides_self;
	pid_t self;
	struct joiner joiner;
	unsigned cpu;
	uint64_t delivered, lost, lost_unsaid, passed_over;
};

/** stream_next() - the next event in order; false when none is in memory */
bool stream_next(struct stream *stream, struct event *event);
/** stream_account_loss() - the kernel says it lost @total events of this CPU so far */
void stream_account_loss(struct stream *stream, uint64_t total);

#endif
