/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One kernel event opened on every online CPU, each with a ring; the only user of libperf. */
#ifndef OPEN_H
#define OPEN_H

#include <linux/perf_event.h>

#include "perf-backend.h"

struct perf {
	struct perf_options options;
	bool fixes_addresses; /* a watchpoint is in a program that is yet to be loaded */
};

struct perf_opened;
typedef ARRAY(pid_t) thread_ids;

/** perf_is_alive() - is thread @tid of @pid there, and not just waiting to be reaped? */
bool perf_is_alive(pid_t pid, pid_t tid);
/** perf_list_threads() - every living thread of @pid there is now, in @arena */
thread_ids perf_list_threads(struct arena *arena, pid_t pid);
/** perf_list_namespace() - the same of every process in a pid namespace, by its descriptor */
thread_ids perf_list_namespace(struct arena *arena, int namespace);
/**
 * perf_keep_apart() - let the events that tasks inherit from thread @tid stay with them
 * A descriptor that counts nothing, to be held as long as the events; or negative. Before Linux 6.13
 * it works for the tasks that @tid makes, but not for those that these make.
 */
int perf_keep_apart(pid_t tid);
/** perf_reserve_descriptors() - room for @count more, by raising the limit if need be and allowed */
bool perf_reserve_descriptors(unsigned count, const char *what, struct buf *problem);
/** perf_print_event() - what @attr asks for, as the object of a sentence, by the alias's name too */
void perf_print_event(const struct perf_event_attr *attr, struct buf *out);
/** perf_explain_open() - why perf_event_open(2) failed with @error, one sentence about @what */
void perf_explain_open(const char *what, const struct perf_event_attr *attr, int error,
		       struct buf *problem);

#define STACK_ASKED 8 /* sample_stack_user of an event whose handlers ask for a user stack */
/**
 * sample_ask() - have @attr sample what handlers need of stacks and registers
 * @needs: bits of enum context_need of this event's handlers
 * @all_needs: of all events in the same rings, whose samples must have the same fields
 * How much is copied of a user stack is filled in when the event is opened.
 */
void sample_ask(struct perf_event_attr *attr, unsigned needs, unsigned all_needs);

/**
 * perf_is_missing() - this machine has no such event, or cannot sample it; says so in @problem
 * False also when rights are missing: perf_open() tells of those.
 */
bool perf_is_missing(const struct perf_event_attr *attr, const char *what, struct buf *problem);
/**
 * perf_open() - open @attr on every online CPU, disabled, with rings mapped
 * The common parts of @attr are filled in here: clock, sample_id, wake-up, size.
 * @what: what this is for, as the subject of a message ("sampling every CPU")
 * NULL after one sentence in @problem. Paired with perf_close().
 */
struct perf_opened *perf_open(struct perf *perf, const struct perf_event_attr *attr,
			      const char *what, struct buf *problem);
/**
 * perf_open_together() - open @count events that write to common rings
 * @attrs: with one sample_type; samples are told apart by what is in them
 * @filters: event filters, NULL for none; @filters itself may be NULL
 * @target: only the threads of this process and what they make, so that others pay nothing; or 0
 */
struct perf_opened *perf_open_together(struct perf *perf, const struct perf_event_attr *attrs,
				       const char *const *filters, size_t count, pid_t target,
				       const char *what, struct buf *problem);
/**
 * perf_open_group() - the same, with every event after the first counting beside it
 * Whichever samples reads all of them (PERF_SAMPLE_READ, as in sample.h). With a @target this needs
 * Linux 6.13; losses are told by the kernel's records only.
 */
struct perf_opened *perf_open_group(struct perf *perf, const struct perf_event_attr *attrs,
				    const char *const *filters, size_t count, pid_t target,
				    const char *what, struct buf *problem);
void perf_close(struct perf_opened *opened);

/** perf_opened_is_of_threads() - does each of its events count just one thread on one CPU? */
bool perf_opened_is_of_threads(const struct perf_opened *opened);
unsigned perf_opened_cpu_count(const struct perf_opened *opened);
/** perf_opened_cpu() - the number of the CPU at @index, below perf_opened_cpu_count() */
unsigned perf_opened_cpu(const struct perf_opened *opened, unsigned index);
uint64_t perf_opened_sample_type(const struct perf_opened *opened);
size_t perf_opened_ring_bytes(const struct perf_opened *opened);
/** perf_opened_poll_fd() - readable when a ring is a quarter full; -1 when there is none */
int perf_opened_poll_fd(const struct perf_opened *opened);
void perf_opened_enable(struct perf_opened *opened);
void perf_opened_disable(struct perf_opened *opened);

/**
 * perf_opened_read() - the next record of the ring at @index, or NULL when it is empty
 * Valid until the next read of this ring; @size is that of the record.
 */
const void *perf_opened_read(struct perf_opened *opened, unsigned index, size_t *size);
/** perf_opened_consume() - hand what was read from the ring at @index back to the kernel */
void perf_opened_consume(struct perf_opened *opened, unsigned index);
/**
 * perf_opened_lost() - records of @index the kernel had no room for since the event was opened
 * False where the kernel does not keep the number (before 6.0, PERF_FORMAT_LOST).
 */
bool perf_opened_lost(struct perf_opened *opened, unsigned index, uint64_t *lost);

#endif
