// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opened perf events become an event source. Every ring of every event is one stream: drain()
 * copies what the kernel wrote into memory, next() decodes it record by record. Samples of our own
 * process are dropped here; losses the kernel reports are events, and the totals agree with the
 * kernel's own count where it keeps one.
 */
#include "source.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "ring.h"
#include "sample.h"

/* memory for one stream, in rings full: what the merge may hold back, and one drain */
#define STREAM_RINGS 2

struct stream {
	struct perf_opened *opened;
	const struct source_part *part;
	unsigned index; /* of the ring in opened */
	unsigned cpu;
	struct ring ring;
	uint64_t complete_until;
	uint64_t records, delivered, lost, dropped_own, throttled, broken;
	struct sample_decoded decoded;
};

struct source {
	struct event_source base;
	struct stream *streams;
	unsigned ring_count; /* streams with a ring; the prelude's stands behind them */
	struct source_part *parts;
	size_t part_count;
	struct source_prelude prelude;
	struct log log;
	pid_t self;
	int epoll;
};

static struct source *to_source(struct event_source *base)
{
	return (struct source *)base;
}

static int source_start(struct event_source *base)
{
	struct source *source = to_source(base);

	for (size_t i = 0; i < source->part_count; i++)
		perf_opened_enable(source->parts[i].opened);
	if (source->prelude.make)
		source->prelude.make(source->prelude.data);
	return 0;
}

static int source_stop(struct event_source *base)
{
	struct source *source = to_source(base);

	for (size_t i = 0; i < source->part_count; i++)
		perf_opened_disable(source->parts[i].opened);
	return 0;
}

/* copy records until the ring is empty or enough wait in memory */
static size_t drain_stream(struct stream *stream)
{
	size_t bound = STREAM_RINGS * perf_opened_ring_bytes(stream->opened);
	uint64_t sample_type = perf_opened_sample_type(stream->opened);
	size_t moved = 0, size;
	const void *record = NULL;

	ring_compact(&stream->ring);
	while (ring_used(&stream->ring) < bound) {
		record = perf_opened_read(stream->opened, stream->index, &size);
		if (!record)
			break;
		ring_add(&stream->ring, record, size, sample_time(record, size, sample_type));
		moved += size;
	}
	stream->complete_until = record ? ring_youngest(&stream->ring) : UINT64_MAX;
	perf_opened_consume(stream->opened, stream->index);
	return moved;
}

static ssize_t source_drain(struct event_source *base)
{
	struct source *source = to_source(base);
	size_t moved = 0;

	for (unsigned i = 0; i < source->ring_count; i++)
		moved += drain_stream(&source->streams[i]);
	return (ssize_t)moved;
}

static uint64_t source_complete_until(struct event_source *base, unsigned index)
{
	const struct source *source = to_source(base);

	return index < source->ring_count ? source->streams[index].complete_until : UINT64_MAX;
}

/* a trace event's record begins with its id (common_type, include/linux/trace_events.h) */
static const struct binding *find_bindings(const struct source_part *part,
					   const struct event *event)
{
	const struct binding *bindings;
	uint16_t id;

	if (!part->by_event)
		return part->bindings;
	if (event->size < sizeof(id))
		return NULL;
	memcpy(&id, event->data, sizeof(id));
	bindings = id < part->event_count ? part->by_event[id] : NULL;
	return bindings && bindings->selector ?
		binding_select(bindings->selector, event->data, event->size) : bindings;
}

/* false when the group is not the one we opened */
static bool take_counters(struct stream *stream)
{
	struct sample_decoded *decoded = &stream->decoded;
	unsigned count = stream->part->counter_count;

	if (decoded->group_count <= count)
		return false;
	decoded->sample.counters = decoded->group + 1;
	decoded->sample.counter_count = count;
	decoded->sample.counts_thread = stream->part->counts_thread;
	decoded->sample.enabled = stream->part->counts_shared ? decoded->enabled : 0;
	decoded->sample.running = decoded->running;
	return true;
}

/* what one decoded record means; true when it is an event for the aggregator */
static bool accept_record(struct source *source, struct stream *stream,
			  enum sample_verdict verdict)
{
	struct event *event = &stream->decoded.event;

	stream->records++;
	if (verdict == SAMPLE_THROTTLED)
		stream->throttled++;
	if (verdict == SAMPLE_BROKEN)
		stream->broken++;
	if (verdict != SAMPLE_EVENT)
		return false;
	event->cpu = stream->cpu;
	if (event->kind == EVENT_LOST)
		stream->lost += event->count;
	if (event->kind != EVENT_HIT)
		return true;
	event->bindings = find_bindings(stream->part, event);
	if (stream->part->counter_count && !take_counters(stream)) {
		stream->broken++;
		return false;
	}
	if (stream->part->counter_count && (!event->bindings || event->pid == source->self)) {
		event->kind = EVENT_COUNTERS;
		return true;
	}
	if (!event->bindings || event->pid == source->self) {
		stream->dropped_own++;
		return false;
	}
	stream->delivered++;
	return true;
}

static bool source_next(struct event_source *base, unsigned index, struct event *event)
{
	struct source *source = to_source(base);
	struct stream *stream = &source->streams[index];
	const void *record;
	size_t size;

	if (index >= source->ring_count)
		return source->prelude.next(source->prelude.data, event);
	while ((record = ring_next(&stream->ring, &size))) {
		uint64_t sample_type = perf_opened_sample_type(stream->opened);

		if (accept_record(source, stream,
				  sample_decode(record, size, sample_type, &stream->decoded))) {
			*event = stream->decoded.event;
			return true;
		}
	}
	return false;
}

static int source_poll_fd(struct event_source *base)
{
	return to_source(base)->epoll;
}

/*
 * A LOST record is written only when there is room again, so the last losses have none: the
 * kernel's own count, where it exists, includes them.
 */
static uint64_t stream_lost(const struct stream *stream)
{
	uint64_t counted;

	if (perf_opened_lost(stream->opened, stream->index, &counted) && counted > stream->lost)
		return counted;
	return stream->lost;
}

static void source_totals(struct event_source *base, unsigned cpu, struct event_totals *totals)
{
	struct source *source = to_source(base);

	*totals = (struct event_totals){ 0 };
	for (unsigned i = 0; i < source->ring_count; i++) {
		const struct stream *stream = &source->streams[i];

		if (stream->cpu != cpu)
			continue;
		totals->delivered += stream->delivered;
		totals->lost += stream_lost(stream);
	}
}

static void source_report(struct event_source *base, FILE *out)
{
	struct source *source = to_source(base);

	for (unsigned i = 0; i < source->ring_count; i++) {
		const struct stream *stream = &source->streams[i];

		fprintf(out, "%s: cpu %u: %llu events delivered, %llu lost; %llu records, %llu of our "
			"own samples dropped, throttled %llu times, %llu unreadable\n", base->name,
			stream->cpu, (unsigned long long)stream->delivered,
			(unsigned long long)stream_lost(stream),
			(unsigned long long)stream->records,
			(unsigned long long)stream->dropped_own,
			(unsigned long long)stream->throttled,
			(unsigned long long)stream->broken);
	}
}

void source_free_bindings(const struct binding *binding)
{
	while (binding) {
		const struct binding *next = binding->next;

		free((void *)binding);
		binding = next;
	}
}

/* the kernel stops an event that takes too much of a CPU until the next tick, and counts nothing */
static void warn_of_throttling(const struct source *source)
{
	uint64_t throttled = 0;

	for (unsigned i = 0; i < source->ring_count; i++)
		throttled += source->streams[i].throttled;
	if (throttled)
		log_warning(&source->log, "the kernel throttled sampling %llu times, so hits are "
			    "missing: sample less often, or raise "
			    "/proc/sys/kernel/perf_event_max_sample_rate and "
			    "/proc/sys/kernel/perf_cpu_time_max_percent",
			    (unsigned long long)throttled);
}

static void source_free(struct event_source *base)
{
	struct source *source = to_source(base);

	warn_of_throttling(source);
	if (source->prelude.free)
		source->prelude.free(source->prelude.data);
	for (unsigned i = 0; i < source->ring_count; i++)
		ring_free(&source->streams[i].ring);
	for (size_t i = 0; i < source->part_count; i++) {
		perf_close(source->parts[i].opened);
		source_free_bindings(source->parts[i].bindings);
		free(source->parts[i].by_event);
	}
	if (source->epoll >= 0)
		close(source->epoll);
	free(source->parts);
	free(source->streams);
	free(source);
}

static const struct event_source_ops source_ops = {
	.start = source_start,
	.stop = source_stop,
	.drain = source_drain,
	.complete_until = source_complete_until,
	.next = source_next,
	.poll_fd = source_poll_fd,
	.totals = source_totals,
	.report = source_report,
	.free = source_free,
};

static void add_streams(struct source *source, const struct source_part *part)
{
	struct epoll_event interest = { .events = EPOLLIN };

	for (unsigned i = 0; i < perf_opened_cpu_count(part->opened); i++) {
		struct stream *stream = &source->streams[source->ring_count++];

		stream->opened = part->opened;
		stream->part = part;
		stream->index = i;
		stream->cpu = perf_opened_cpu(part->opened, i);
		stream->complete_until = UINT64_MAX;
		if (stream->cpu >= source->base.cpu_count)
			source->base.cpu_count = stream->cpu + 1;
	}
	epoll_ctl(source->epoll, EPOLL_CTL_ADD, perf_opened_poll_fd(part->opened), &interest);
}

struct event_source *perf_source_new(const struct perf *perf, const char *name,
				     const struct source_part *parts, size_t part_count,
				     const struct source_prelude *prelude)
{
	struct source *source = memory_zalloc(sizeof(*source));
	size_t rings = 0;

	for (size_t i = 0; i < part_count; i++)
		rings += perf_opened_cpu_count(parts[i].opened);
	source->base.ops = &source_ops;
	source->base.name = name;
	source->streams = memory_zalloc((rings + 1) * sizeof(*source->streams));
	source->parts = memory_alloc(part_count * sizeof(*parts));
	memcpy(source->parts, parts, part_count * sizeof(*parts));
	source->part_count = part_count;
	source->log = perf->options.log;
	source->self = getpid();
	source->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (size_t i = 0; i < part_count; i++)
		add_streams(source, &source->parts[i]);
	source->base.stream_count = source->ring_count;
	if (prelude) {
		source->prelude = *prelude;
		source->base.stream_count++;
	}
	return &source->base;
}
