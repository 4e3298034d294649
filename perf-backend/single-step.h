/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stepping processes with ptrace(2), in a process of its own. */
#ifndef SINGLE_STEP_H
#define SINGLE_STEP_H

#include "step-ring.h"

/**
 * struct step_root - whom to step
 * @pid: this process, its threads, and what they make
 * @executable: only while it runs this file; NULL: always
 */
struct step_root {
	pid_t pid;
	const char *executable;
};

/**
 * struct step_plan - what a handler asks for
 * @by_block: stop where a branch led to, not at every instruction
 * @with_registers, @with_stack: copy those of the task
 */
struct step_plan {
	const struct step_root *roots;
	size_t root_count;
	bool by_block, with_registers, with_stack;
};

struct stepper;
/**
 * stepper_start() - a process that traces all roots, and steps once stepper_go() was called
 * NULL after a sentence in @problem. Paired with stepper_end().
 */
struct stepper *stepper_start(const struct step_plan *plan, struct step_ring *ring,
			      struct buf *problem);
void stepper_go(struct stepper *stepper);
/** stepper_end() - let go of everyone: they run on as if nothing had been */
void stepper_end(struct stepper *stepper);

#endif
