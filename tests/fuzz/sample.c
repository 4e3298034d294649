// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the decoding of perf records: the first word chooses the sample_type, the rest is a ring
 * full of records, each decoded in memory of exactly its size and read to the last byte an event
 * points to. The times go through the sorting ring as in a run.
 */
#include <linux/perf_event.h>

#include "../../perf-backend/ring.h"
#include "../../perf-backend/sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_bytes(const void *data, size_t size)
{
	volatile unsigned char sum = 0; /* the reads must stay */

	for (size_t i = 0; i < size; i++)
		sum ^= ((const unsigned char *)data)[i];
	(void)sum;
}

static void read_event(const struct sample_decoded *decoded)
{
	const struct event *event = &decoded->event;

	switch (event->kind) {
	case EVENT_HIT:
		read_bytes(event->data, event->size);
		read_bytes(event->sample->callchain, 8 * event->sample->callchain_count);
		read_bytes(event->sample->registers, 8 * event->sample->register_count);
		read_bytes(event->sample->stack, event->sample->stack_size);
		read_bytes(decoded->group, 8 * decoded->group_count);
		break;
	case EVENT_COMM:
		if (strlen(event->text) > 15)
			abort();
		break;
	case EVENT_MMAP:
		read_bytes(event->mmap->path, strlen(event->mmap->path));
		read_bytes(event->mmap->build_id, event->mmap->build_id_size);
		break;
	}
}

static void decode_record(struct ring *ring, const uint8_t *data, size_t size, uint64_t type)
{
	void *record = memory_alloc(size ? size : 1);
	struct sample_decoded decoded;

	memcpy(record, data, size);
	if (sample_decode(record, size, type, &decoded) == SAMPLE_EVENT)
		read_event(&decoded);
	ring_add(ring, record, size, sample_time(record, size, type));
	free(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ring ring = { .entries = NULL };
	struct perf_event_header header;
	uint64_t type;
	size_t left, length;

	if (size < sizeof(type))
		return 0;
	memcpy(&type, data, sizeof(type));
	for (data += sizeof(type), left = size - sizeof(type); left; data += length, left -= length) {
		length = left;
		if (left >= sizeof(header)) {
			memcpy(&header, data, sizeof(header));
			if (header.size && header.size < left)
				length = header.size;
		}
		decode_record(&ring, data, length, type);
		if (left % 3 == 0)
			ring_compact(&ring);
	}
	while (ring_next(&ring, &length))
		;
	ring_free(&ring);
	return 0;
}
