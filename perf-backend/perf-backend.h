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
	const char *command;	/* -c: its first word is the program of `process`; NULL for none */
	uint64_t ring_bytes;	/* of samples, per CPU (-s), rounded up to a power of two; 0: default */
	uint64_t stack_bytes;	/* copied of a user stack; 0: nothing */
	int cgroup;		/* perf_open_cgroup(): only its tasks have events; 0: all tasks */
	int pid_namespace;	/* the same of perf_confine_to_namespace() */
	struct log log;
};

/**
 * enum backend - what carries the events of probes, --backend
 * @BACKEND_AUTO: tracefs, which costs half as much; perf for what tracefs does not record
 */
enum backend { BACKEND_AUTO, BACKEND_TRACEFS, BACKEND_PERF };
/** backend_parse() - from the option's text; false when it is none of the three */
bool backend_parse(const char *text, enum backend *backend);
/**
 * backend_check() - report every probe of @program that @backend alone cannot serve
 * @is_confined: or that cannot be confined to a control group or a namespace
 * With BACKEND_AUTO, says which backend serves how many (-v). 0, or -EINVAL after diag_error().
 */
int backend_check(enum backend backend, bool is_confined, struct frontend *frontend,
		  const struct program *program, const struct log *log);

/**
 * perf_open_cgroup() - the control group whose tasks alone, and those of groups in it, are followed
 * @name: its directory, its path below where groups are mounted, or the id of a process in it
 * A descriptor for struct perf_options; -1 after one sentence in @problem.
 */
int perf_open_cgroup(const char *name, struct buf *problem);

/**
 * perf_confine_to_namespace() - let only the tasks in the pid namespace of @pid have events
 * Sets .cgroup of @options where the namespace has a control group of its own, else .pid_namespace:
 * then who enters it later, other than by being made in there, is not seen. -v says which.
 * False after one sentence in @problem.
 */
bool perf_confine_to_namespace(struct perf_options *options, pid_t pid, struct buf *problem);

struct perf *perf_new(const struct perf_options *options);
void perf_free(struct perf *perf);
/** perf_fixes_addresses() - probes expect the command to be loaded at the addresses of old */
bool perf_fixes_addresses(const struct perf *perf);

/** perf_families - timer.profile, timer.profile.freq.hz(number) …; backend is the struct perf */
extern const struct family perf_families[];
extern const size_t perf_family_count;

/**
 * perf_arm() - open the sampling events of every FAMILY_PERF probe, disabled
 * NULL with @problem empty when the program has none; NULL with a sentence on failure.
 */
struct event_source *perf_arm(struct perf *perf, struct program *program, struct buf *problem);

/** step_families - process(…).insn and .insn.block, which have no backend */
extern const struct family step_families[];
extern const size_t step_family_count;
/**
 * perf_arm_steps() - trace the processes of every FAMILY_STEP probe, to be stepped from start() on
 * NULL with @problem empty when the program has none; NULL with a sentence on failure.
 */
struct event_source *perf_arm_steps(struct program *program, struct buf *problem);

struct tracefs;
/**
 * perf_arm_traced() - open the trace events that tracefs_arm() left to perf, for their stacks
 * NULL with @problem empty when there are none. The source must be freed before tracefs_arm()'s,
 * which removes the events.
 */
struct event_source *perf_arm_traced(struct perf *perf, struct tracefs *tracefs,
				     const struct program *program, struct buf *problem);

/** perf_may_count() - are counters of all CPUs open to us? */
bool perf_may_count(void);
/**
 * perf_arm_counts() - counters for the trace events that tracefs_arm() left to perf without records
 * NULL with @problem empty when there are none. To be freed before tracefs_arm()'s source.
 */
struct event_source *perf_arm_counts(struct tracefs *tracefs, struct buf *problem);

/**
 * perf_sideband() - a source of task events, system-wide, with the tasks alive now first
 * (synthesised from /proc). @with_maps: EVENT_MMAP too.
 */
struct event_source *perf_sideband(struct perf *perf, bool with_maps, struct buf *problem);

#endif
