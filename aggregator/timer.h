/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timer probes: when each is due next, in event time. Private to the aggregator. */
#ifndef TIMER_H
#define TIMER_H

#include <time.h>

#include "family.h"

#define NSEC_PER_SEC UINT64_C(1000000000)

struct timer {
	const struct probe *probe;
	uint64_t period, randomize, due; /* ns */
};

struct timers {
	struct timer *items;	/* in program order */
	size_t count;
	uint64_t next_due;	/* the smallest due; UINT64_MAX when there is no timer */
	uint64_t busy_until;	/* event time up to which timer handlers kept the run busy */
	uint64_t random;
};

/** timers_init() - the timer probes of @program, not yet running */
void timers_init(struct timers *timers, const struct program *program);
void timers_free(struct timers *timers);
/** timers_start() - let the first periods begin at @now (ns, CLOCK_MONOTONIC) */
void timers_start(struct timers *timers, uint64_t now);
/** timers_next() - the timer that is due first if it is due at or before @time, or NULL */
struct timer *timers_next(struct timers *timers, uint64_t time);
/**
 * timers_fired() - set when @timer is due again
 * @duration: ns its handler took. Periods that ended meanwhile are skipped.
 */
void timers_fired(struct timers *timers, struct timer *timer, uint64_t duration);

/** timer_kernel_hz() - ticks (jiffies) per second of the running kernel */
uint64_t timer_kernel_hz(void);

#endif
