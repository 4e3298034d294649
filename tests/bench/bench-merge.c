// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What merging costs per event, for several numbers of streams: streams whose events alternate at
 * random (the worst order for the heap) and streams that come in bursts of one CPU. The source is
 * memory; what it costs alone, without any merge, is shown beside and subtracted.
 */
#include <inttypes.h>

#include "../../aggregator/memory-source.h"
#include "../../aggregator/merge.h"
#include "../../aggregator/timer.h"

#define EVENTS ((size_t)1 << 16)
#define ROUNDS 20

static uint64_t bench_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state >> 33;
}

/* @burst events in a row go to one stream chosen at random */
static struct memory_source *bench_source(unsigned streams, unsigned burst)
{
	struct memory_source *memory = memory_source_new(streams, EVENTS, 0);
	uint64_t seed = 1;
	unsigned stream = 0;

	for (size_t i = 0; i < EVENTS; i++) {
		if (i % burst == 0)
			stream = (unsigned)(bench_random(&seed) % streams);
		memory_source_add(memory, stream,
				  (struct event){ .time = 1 + 300 * i, .kind = EVENT_HIT });
	}
	return memory;
}

static void bench_rewind(struct memory_source *memory)
{
	for (unsigned i = 0; i < memory->source.stream_count; i++)
		memory->streams[i].taken = memory->streams[i].visible = 0;
}

/* the same events, stream after stream, in no common order */
static uint64_t bench_plain(struct memory_source *memory)
{
	struct event_source *source = &memory->source;
	bool (*volatile next)(struct event_source *, unsigned, struct event *) = source->ops->next;
	uint64_t start, sum = 0;
	struct event event;

	bench_rewind(memory);
	source->ops->drain(source);
	start = clock_now();
	for (unsigned i = 0; i < source->stream_count; i++)
		while (next(source, i, &event))
			sum += event.time;
	return sum ? clock_now() - start : 0;
}

static uint64_t bench_merged(struct memory_source *memory)
{
	uint64_t start, last = 0;
	const struct event *event;
	struct merge merge;

	bench_rewind(memory);
	merge_init(&merge);
	merge_add_source(&merge, &memory->source);
	merge_drain(&merge);
	start = clock_now();
	while ((event = merge_peek(&merge, MERGE_UNBOUNDED))) {
		if (event->time < last)
			abort();
		last = event->time;
		merge_pop(&merge);
	}
	start = clock_now() - start;
	merge_free(&merge);
	return start;
}

static double bench_best(struct memory_source *memory, uint64_t (*run)(struct memory_source *))
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t took = run(memory);

		if (took < best)
			best = took;
	}
	return (double)best / (double)EVENTS;
}

static void bench_row(unsigned streams, unsigned burst)
{
	struct memory_source *memory = bench_source(streams, burst);
	double plain = bench_best(memory, bench_plain), merged = bench_best(memory, bench_merged);

	printf("%7u %6u %12.1f %12.1f %12.1f\n", streams, burst, plain, merged, merged - plain);
	memory->source.ops->free(&memory->source);
}

int main(void)
{
	static const unsigned streams[] = { 1, 2, 4, 8, 64 };

	printf("%7s %6s %12s %12s %12s\n", "streams", "burst", "source ns", "merged ns",
	       "merge ns");
	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		bench_row(streams[i], 1);
		bench_row(streams[i], 16);
	}
	return 0;
}
