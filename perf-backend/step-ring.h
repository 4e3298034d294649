/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that the stepping process and stap share: a ring of records, one writer and one reader.
 * The writer waits for room, since whom it steps stands still meanwhile: nothing is lost.
 */
#ifndef STEP_RING_H
#define STEP_RING_H

#include <stdatomic.h>

#include "../aggregator/aggregator.h"

#define STEP_REGISTERS 32
#define STEP_STACK_BYTES 8192 /* of a stack copied with a step, where a handler asks for it */

/**
 * struct step_record - a task is about to execute the instruction at @ip
 * @size: of the record, registers and stack behind it included; a multiple of 8
 * @time: ns, CLOCK_MONOTONIC
 * @tid: 0: this is no step, only the rest of the ring's end
 */
struct step_record {
	uint32_t size, cpu;
	uint64_t time, ip;
	int32_t tid, pid;
	uint32_t register_count, stack_size;
	uint32_t is_32bit, reserved;
};

struct step_ring;

/** step_ring_new() - shared with processes forked from now on; NULL when memory cannot be mapped */
struct step_ring *step_ring_new(void);
void step_ring_free(struct step_ring *ring);

/* ---- the stepping process's side ---- */

/** step_ring_add() - hand over @record, @registers and @stack; false when stap wants no more */
bool step_ring_add(struct step_ring *ring, const struct step_record *record,
		   const uint64_t *registers, const void *stack);
/** step_ring_idle() - whether nothing stamped before now is still to be handed over */
void step_ring_idle(struct step_ring *ring, bool idle);
/** step_ring_stopped() - stap wants no more */
bool step_ring_stopped(const struct step_ring *ring);

/* ---- stap's side ---- */

void step_ring_stop(struct step_ring *ring);
/** step_ring_look() - take in what was handed over; returns its bytes */
size_t step_ring_look(struct step_ring *ring);
/** step_ring_complete() - every step stamped before this was taken in by step_ring_look() */
uint64_t step_ring_complete(const struct step_ring *ring);
/** step_ring_next() - the next record taken in, NULL for none; valid until the next call */
const struct step_record *step_ring_next(struct step_ring *ring);
/** step_ring_lost() - steps that were not handed over because stap stopped */
uint64_t step_ring_lost(const struct step_ring *ring);
/** step_ring_fd() - readable when the ring is a quarter full */
int step_ring_fd(const struct step_ring *ring);

#endif
