/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The perf backend's contract: perf_event_open(2) through libperf. Samples become an event source;
 * so does the side-band of task records (COMM, FORK, EXIT, MMAP2) that feeds the task model.
 */
#ifndef PERF_BACKEND_H
#define PERF_BACKEND_H

#include "../aggregator/aggregator.h"

struct perf;

struct perf_options {
	uint64_t ring_bytes;	/* of samples, per CPU (-s), rounded up to a power of two; 0: default */
	struct log log;
};

struct perf *perf_new(const struct perf_options *options);
void perf_free(struct perf *perf);

/** perf_families - timer.profile, timer.profile.freq.hz(number) …; backend is the struct perf */
extern const struct family perf_families[];
extern const size_t perf_family_count;

/**
 * perf_arm() - open the sampling events of every FAMILY_PERF probe, disabled
 * NULL with @problem empty when the program has none; NULL with a sentence on failure.
 */
struct event_source *perf_arm(struct perf *perf, struct program *program, struct buf *problem);

struct tracefs;
/**
 * perf_arm_traced() - open the trace events that tracefs_arm() left to perf, for their stacks
 * NULL with @problem empty when there are none. The source must be freed before tracefs_arm()'s,
 * which removes the events.
 */
struct event_source *perf_arm_traced(struct perf *perf, struct tracefs *tracefs,
				     struct buf *problem);

/**
 * perf_sideband() - a source of task events, system-wide, with the tasks alive now first
 * (synthesised from /proc). @with_maps: EVENT_MMAP too.
 */
struct event_source *perf_sideband(struct perf *perf, bool with_maps, struct buf *problem);

#endif
