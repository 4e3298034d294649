// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ring of records in shared memory. Positions only grow; the bytes lie at the position modulo the
 * size. A record never wraps: what is too short at the end is filled by one that says so. What the
 * reader was given stays in place until it asks for the next.
 */
#include "step-ring.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define RING_BYTES (UINT64_C(8) << 20)
#define WAIT_NS 200000 /* between looks for room */

/* what both sides see */
struct shared {
	_Atomic uint64_t written, read, last_time, lost;
	_Atomic bool idle, stopped;
	_Alignas(64) unsigned char bytes[];
};

struct step_ring {
	struct shared *shared;
	int fd;
	/* the reader's own */
	uint64_t at, end, taken; /* next record; behind what was looked at; size of what was given */
	uint64_t complete;
};

struct step_ring *step_ring_new(void)
{
	struct step_ring *ring = memory_zalloc(sizeof(*ring));

	ring->shared = mmap(NULL, sizeof(*ring->shared) + RING_BYTES, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ring->shared == MAP_FAILED) {
		free(ring);
		return NULL;
	}
	atomic_store(&ring->shared->idle, true);
	ring->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return ring;
}

void step_ring_free(struct step_ring *ring)
{
	if (!ring)
		return;
	munmap(ring->shared, sizeof(*ring->shared) + RING_BYTES);
	if (ring->fd >= 0)
		close(ring->fd);
	free(ring);
}

/* ---- writing ---- */

static bool wait_for_room(struct shared *shared, uint64_t end)
{
	const struct timespec pause = { .tv_nsec = WAIT_NS };

	while (end - atomic_load(&shared->read) > RING_BYTES) {
		if (atomic_load(&shared->stopped))
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

static void wake_reader(const struct step_ring *ring, uint64_t before, uint64_t after)
{
	uint64_t read = atomic_load(&ring->shared->read), one = 1;

	if (before - read < RING_BYTES / 4 && after - read >= RING_BYTES / 4)
		(void)!write(ring->fd, &one, sizeof(one));
}

bool step_ring_add(struct step_ring *ring, const struct step_record *record,
		   const uint64_t *registers, const void *stack)
{
	struct shared *shared = ring->shared;
	uint64_t at = atomic_load(&shared->written), before = at, place = at % RING_BYTES;
	struct step_record end = { .size = (uint32_t)(RING_BYTES - place) };
	unsigned char *to;

	if (place + record->size > RING_BYTES)
		at += end.size;
	if (!wait_for_room(shared, at + record->size)) {
		atomic_fetch_add(&shared->lost, 1);
		return false;
	}
	if (at != before)
		memcpy(shared->bytes + place, &end, end.size < sizeof(end) ? 8 : sizeof(end));
	to = shared->bytes + at % RING_BYTES;
	memcpy(to, record, sizeof(*record));
	if (record->register_count)
		memcpy(to + sizeof(*record), registers, 8 * record->register_count);
	if (record->stack_size)
		memcpy(to + sizeof(*record) + 8 * record->register_count, stack,
		       record->stack_size);
	at += record->size;
	/* in this order: who sees the time must see the record */
	atomic_store(&shared->written, at);
	atomic_store(&shared->last_time, record->time);
	wake_reader(ring, before, at);
	return true;
}

void step_ring_idle(struct step_ring *ring, bool idle)
{
	atomic_store(&ring->shared->idle, idle);
}

bool step_ring_stopped(const struct step_ring *ring)
{
	return atomic_load(&ring->shared->stopped);
}

/* ---- reading ---- */

void step_ring_stop(struct step_ring *ring)
{
	atomic_store(&ring->shared->stopped, true);
}

/* an idle writer stamps nothing before it says that it is not idle any more */
size_t step_ring_look(struct step_ring *ring)
{
	bool idle = atomic_load(&ring->shared->idle);
	uint64_t last = atomic_load(&ring->shared->last_time), before = ring->end, count;

	(void)!read(ring->fd, &count, sizeof(count));
	ring->complete = idle ? UINT64_MAX : last;
	ring->end = atomic_load(&ring->shared->written);
	return (size_t)(ring->end - before);
}

uint64_t step_ring_complete(const struct step_ring *ring)
{
	return ring->complete;
}

const struct step_record *step_ring_next(struct step_ring *ring)
{
	const struct step_record *record;

	ring->at += ring->taken;
	ring->taken = 0;
	atomic_store(&ring->shared->read, ring->at);
	while (ring->at != ring->end) {
		uint64_t place = ring->at % RING_BYTES;

		record = (const void *)(ring->shared->bytes + place);
		/* shorter than a record's head, it can only be the rest of the end */
		if (RING_BYTES - place >= sizeof(*record) && record->tid != 0) {
			ring->taken = record->size;
			return record;
		}
		ring->at += RING_BYTES - place;
	}
	return NULL;
}

uint64_t step_ring_lost(const struct step_ring *ring)
{
	return atomic_load(&ring->shared->lost);
}

int step_ring_fd(const struct step_ring *ring)
{
	return ring->fd;
}

#ifdef UNIT_TEST
#include <sys/wait.h>

#include "../lib/unit.h"

#define TEST_RECORDS 300000

static void test_write(struct step_ring *ring)
{
	uint64_t registers[STEP_REGISTERS] = { 0 };

	for (uint32_t i = 1; i <= TEST_RECORDS; i++) {
		struct step_record record = {
			.time = i, .ip = i, .tid = 1, .register_count = i % STEP_REGISTERS,
		};

		record.size = (uint32_t)(sizeof(record) + 8 * record.register_count);
		registers[0] = i;
		step_ring_idle(ring, false);
		step_ring_add(ring, &record, registers, NULL);
		step_ring_idle(ring, true);
	}
}

UNIT_TEST_CASE(step_ring_hands_over_everything_in_order)
{
	struct step_ring *ring = step_ring_new();
	pid_t child = fork();
	uint64_t count = 0, complete = 0;

	if (child == 0) {
		test_write(ring);
		_exit(0);
	}
	while (count < TEST_RECORDS) {
		const struct step_record *record;

		step_ring_look(ring);
		complete = step_ring_complete(ring);
		while ((record = step_ring_next(ring))) {
			CHECK_INT(record->time, ++count);
			if (record->register_count)
				CHECK_INT(*(const uint64_t *)(record + 1), count);
		}
		CHECK(complete == UINT64_MAX || count >= complete);
	}
	CHECK_INT(count, TEST_RECORDS);
	CHECK_INT(step_ring_lost(ring), 0);
	waitpid(child, NULL, 0);
	step_ring_free(ring);
}

UNIT_TEST_CASE(step_ring_stopped_does_not_wait)
{
	struct step_ring *ring = step_ring_new();
	struct step_record record = { .size = sizeof(record), .tid = 1 };
	uint64_t added = 0;

	step_ring_stop(ring);
	while (step_ring_add(ring, &record, NULL, NULL))
		added++;
	CHECK_INT(added, RING_BYTES / sizeof(record));
	CHECK_INT(step_ring_lost(ring), 1);
	CHECK(step_ring_stopped(ring));
	step_ring_free(ring);
}
#endif
