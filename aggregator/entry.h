/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What entry probes save for the return probes of the same calls: a stack of frames for each
 * thread and entry probe, innermost call first. Private to the aggregator.
 */
#ifndef ENTRY_H
#define ENTRY_H

#include "value.h"

#define ENTRY_VALUES_MAX 64

struct entry_value {
	union value value;
	bool is_string;
	bool is_set;
};
struct entry_frame {
	struct entry_frame *outer;
	uint64_t stack_pointer; /* at entry; 0 where it is not known */
	unsigned count;		/* values with room */
	struct entry_value *values;
};

struct entry_stack;
struct entry_store {
	struct entry_stack **buckets;
	size_t bucket_count, stack_count;
	uint64_t refused; /* entries for which there was no room */
};

void entry_store_free(struct entry_store *store);
/**
 * entry_push() - thread @tid enters the function of entry probe @probe
 * @stack_pointer: there, or 0. Calls it shows to be over are forgotten; without it all are: a
 *	thread is inside one system call at most.
 * Returns the frame to save values in, NULL when there is no room.
 */
struct entry_frame *entry_push(struct entry_store *store, int32_t tid, unsigned probe,
			       uint64_t stack_pointer);
/** entry_top() - the frame of the call that returns now; NULL when its entry was not seen */
struct entry_frame *entry_top(struct entry_store *store, int32_t tid, unsigned probe,
			      uint64_t stack_pointer);
/** entry_inside() - the frame of the call that began with just this stack pointer, or NULL */
struct entry_frame *entry_inside(struct entry_store *store, int32_t tid, unsigned probe,
				 uint64_t stack_pointer);
/** entry_pop() - the call of entry_top() is over */
void entry_pop(struct entry_store *store, int32_t tid, unsigned probe);
/** entry_forget() - thread @tid is gone */
void entry_forget(struct entry_store *store, int32_t tid, unsigned probe);

/** entry_save() - keep value number @index; takes over a string's reference; false: too many */
bool entry_save(struct entry_frame *frame, int64_t index, union value value, bool is_string);
/** entry_load() - borrowed; NULL when the entry did not save it */
const struct entry_value *entry_load(const struct entry_frame *frame, int64_t index,
				     bool is_string);

#endif
