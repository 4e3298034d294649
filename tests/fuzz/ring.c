// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the decoding of raw ring buffers: the input is what read() of trace_pipe_raw would give,
 * cut into sub-buffers, in a block of exactly that size; every record is read to its last byte.
 * The first byte chooses 32-bit or 64-bit kernels and how often the ring is filled in between.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "../../tracefs-backend/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned read_event(const struct event *event)
{
	volatile unsigned char sum = 0; /* the reads must stay */

	if (event->kind == EVENT_HIT)
		for (uint32_t i = 0; i < event->size; i++)
			sum ^= event->data[i];
	return sum;
}

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct raw_ring_layout layout = { 8, 16, RING_SUBBUF_MIN };
	struct binding binding = { .load_count = 0 };
	const struct binding *bindings[256];
	struct stream stream = { .bindings = bindings, .binding_count = ARRAY_SIZE(bindings) };
	unsigned taken, pause;
	struct event event;
	bool emptied = false;
	int fd;

	if (size < 2)
		return 0;
	if (data[0] & 1)
		layout = (struct raw_ring_layout){ 4, 12, RING_SUBBUF_MIN };
	pause = (data[0] >> 1) + 1u;
	for (size_t i = 0; i < ARRAY_SIZE(bindings); i++)
		bindings[i] = i % 2 ? &binding : NULL;
	fd = file_of(data + 1, size - 1);
	raw_ring_init(&stream.ring, &layout, 3 * RING_SUBBUF_MIN);
	while (!emptied) {
		if (raw_ring_fill(&stream.ring, fd, UINT64_MAX, &emptied) < 0)
			abort();
		for (taken = 0; taken < pause && stream_next(&stream, &event); taken++)
			read_event(&event);
	}
	while (stream_next(&stream, &event))
		read_event(&event);
	raw_ring_free(&stream.ring);
	close(fd);
	return 0;
}
