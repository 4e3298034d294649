/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event source over arrays in memory, for unit tests and benchmarks: each drain() lets a batch
 * of every stream's events become visible, and spoils what next() showed before, as a ring would.
 */
#ifndef MEMORY_SOURCE_H
#define MEMORY_SOURCE_H

#include "timer.h"

struct memory_stream {
	struct event *events;
	size_t count, visible, taken;
	unsigned char *shown;	/* the bytes of the event next() gave last */
	uint64_t lost;
};

struct memory_source {
	struct event_source source;
	struct memory_stream *streams;
	size_t batch;		/* events per stream and drain */
	size_t payload;		/* bytes of data per event, filled with its time */
	bool running, stopped;
	bool counts_from_start;	/* times are counted from start(), otherwise from 0 */
	uint64_t start_time;
};

static inline struct memory_source *memory_source_of(struct event_source *source)
{
	return (struct memory_source *)source;
}

static inline int memory_source_start(struct event_source *source)
{
	struct memory_source *memory = memory_source_of(source);

	memory->running = true;
	if (memory->counts_from_start)
		memory->start_time = clock_now();
	return 0;
}

static inline int memory_source_stop(struct event_source *source)
{
	memory_source_of(source)->stopped = true;
	return 0;
}

static inline ssize_t memory_source_drain(struct event_source *source)
{
	struct memory_source *memory = memory_source_of(source);
	size_t moved = 0;

	for (unsigned i = 0; i < source->stream_count; i++) {
		struct memory_stream *stream = &memory->streams[i];
		size_t batch = stream->count - stream->visible;

		if (batch > memory->batch)
			batch = memory->batch;
		stream->visible += batch;
		moved += batch;
		if (memory->payload)
			memset(stream->shown, 0xdd, memory->payload);
	}
	return (ssize_t)(moved * sizeof(struct event));
}

static inline uint64_t memory_source_complete_until(struct event_source *source, unsigned stream)
{
	const struct memory_source *memory = memory_source_of(source);
	const struct memory_stream *from = &memory->streams[stream];

	return from->visible == from->count ? UINT64_MAX
					    : memory->start_time + from->events[from->visible].time;
}

static inline bool memory_source_next(struct event_source *source, unsigned stream,
				      struct event *event)
{
	struct memory_source *memory = memory_source_of(source);
	struct memory_stream *from = &memory->streams[stream];

	if (from->taken == from->visible)
		return false;
	*event = from->events[from->taken++];
	event->time += memory->start_time;
	if (memory->payload && event->kind == EVENT_HIT) {
		memset(from->shown, (int)(event->time & 0xff), memory->payload);
		event->data = from->shown;
		event->size = (uint32_t)memory->payload;
	}
	return true;
}

static inline int memory_source_poll_fd(struct event_source *source)
{
	(void)source;
	return -1;
}

static inline void memory_source_totals(struct event_source *source, unsigned cpu,
					struct event_totals *totals)
{
	const struct memory_stream *stream = &memory_source_of(source)->streams[cpu];

	totals->delivered = stream->taken;
	totals->lost = stream->lost;
}

static inline void memory_source_free(struct event_source *source)
{
	struct memory_source *memory = memory_source_of(source);

	for (unsigned i = 0; i < source->stream_count; i++) {
		free(memory->streams[i].events);
		free(memory->streams[i].shown);
	}
	free(memory->streams);
	free(memory);
}

/* one stream per CPU; free with source.ops->free() */
static inline struct memory_source *memory_source_new(unsigned streams, size_t batch,
						      size_t payload)
{
	static const struct event_source_ops ops = {
		.start = memory_source_start,
		.stop = memory_source_stop,
		.drain = memory_source_drain,
		.complete_until = memory_source_complete_until,
		.next = memory_source_next,
		.poll_fd = memory_source_poll_fd,
		.totals = memory_source_totals,
		.free = memory_source_free,
	};
	struct memory_source *memory = memory_zalloc(sizeof(*memory));

	memory->source = (struct event_source){ .ops = &ops, .name = "memory", .cpu_count = streams,
						.stream_count = streams };
	memory->streams = memory_zalloc(streams * sizeof(*memory->streams));
	memory->batch = batch;
	memory->payload = payload;
	for (unsigned i = 0; i < streams; i++)
		memory->streams[i].shown = memory_zalloc(payload + 1);
	return memory;
}

static inline void memory_source_add(struct memory_source *memory, unsigned stream,
				     struct event event)
{
	struct memory_stream *to = &memory->streams[stream];

	event.cpu = stream;
	if ((to->count & (to->count - 1)) == 0)
		to->events = memory_realloc(to->events, (to->count ? 2 * to->count : 1) *
							sizeof(*to->events));
	to->events[to->count++] = event;
}

#endif
