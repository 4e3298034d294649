// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The decode loop alone: sub-buffers in memory, as trace_pipe_raw hands them out, to events. The
 * records are those of sys_enter_read, 40 bytes each, with a discarded event and a time extension
 * now and then; each event's id, thread, time and one field are used.
 */
#include <inttypes.h>
#include <time.h>

#include "../../tracefs-backend/stream.h"

#define SUBBUFS 256
#define ROUNDS 200
#define RECORD_SIZE 40
#define EVENT_ID 842

static const struct raw_ring_layout layout = { 8, 16, 4096 };

static void put_word(unsigned char **at, uint32_t word)
{
	memcpy(*at, &word, sizeof(word));
	*at += sizeof(word);
}

static void put_record(unsigned char **at, uint32_t tid, uint64_t count)
{
	unsigned char *record;

	put_word(at, RECORD_SIZE / 4 | 300u << 5);
	record = *at;
	memset(record, 0, RECORD_SIZE);
	memcpy(record, &(uint16_t){ EVENT_ID }, 2);
	memcpy(record + 4, &tid, 4);
	memcpy(record + 32, &count, 8);
	*at += RECORD_SIZE;
}

static void fill_subbuf(unsigned char *subbuf, uint64_t time)
{
	unsigned char *data = subbuf + layout.data_offset, *at = data;
	uint64_t used, i = 0;

	while (at + 2 * RECORD_SIZE < subbuf + layout.subbuf_size) {
		if (i % 16 == 5) {
			put_word(&at, RING_TYPE_TIME_EXTEND | 1000u << 5);
			put_word(&at, 1);
		}
		put_record(&at, 1000 + i % 4, i);
		i++;
	}
	used = at - data;
	memcpy(subbuf, &time, sizeof(time));
	memcpy(subbuf + 8, &used, sizeof(used));
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

int main(void)
{
	struct binding binding = { .load_count = 0 };
	const struct binding *bindings[EVENT_ID + 1] = { [EVENT_ID] = &binding };
	struct stream stream = { .bindings = bindings, .binding_count = EVENT_ID + 1 };
	struct raw_ring *ring = &stream.ring;
	uint64_t events = 0, sum = 0, field;
	struct event event;
	double start, cost;

	raw_ring_init(ring, &layout, SUBBUFS * layout.subbuf_size);
	for (unsigned i = 0; i < SUBBUFS; i++)
		fill_subbuf(ring->block + i * layout.subbuf_size, 1000000ull * i);
	ring->filled = ring->capacity;
	start = seconds();
	for (unsigned round = 0; round < ROUNDS; round++) {
		ring->next_subbuf = 0;
		while (stream_next(&stream, &event)) {
			memcpy(&field, event.data + 32, sizeof(field));
			sum += field + event.tid + event.time;
			events++;
		}
	}
	cost = seconds() - start;
	if (ring->malformed || stream.delivered != events)
		return 1;
	printf("decode: %.2f ns/event, %.0f M events/s (%" PRIu64 " events, check %" PRIx64 ")\n",
	       cost * 1e9 / events, events / cost / 1e6, events, sum);
	raw_ring_free(ring);
	return 0;
}
