/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many functions at once, through the kernel's function tracer: for handlers that ask nothing of
 * the call but that it happened.
 *
 *	functions_select → functions_bind (each site) → functions_enable → functions_find (each hit)
 */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include "../aggregator/aggregator.h"

struct tracefs;

/**
 * struct traced_function - a function left to the tracer
 * @address: where it begins, of the running kernel
 * @number: its line in available_filter_functions, from 1
 * @count: how many functions of the kernel have this name: only one can be told apart
 */
struct traced_function {
	const char *name;
	uint64_t address;
	unsigned number, count;
	struct binding *first, *last;
};

/**
 * struct function_index - what a record of the tracer means
 * @event_id: of ftrace:function
 * @items: by rising address
 */
struct function_index {
	unsigned event_id, ip_offset;
	size_t count;
	struct traced_function **items;
};

/** functions_note() - the one object of the function of the kernel called @name */
struct traced_function *functions_note(struct tracefs *tracefs, const char *name);
/**
 * functions_locate() - fill in address, number and count of all that were noted; 0 or -errno
 * @visit: called for each function that can be traced, noted or not; or NULL
 */
int functions_locate(struct tracefs *tracefs, void (*visit)(void *data, const char *name),
		     void *data);
/** function_is_distinct() - can it be traced, and is it the only one of its name? */
bool function_is_distinct(const struct traced_function *function);

/** functions_select() - mark the sites of @program that the tracer can serve, if they are many */
void functions_select(struct tracefs *tracefs, const struct program *program);
/** functions_bind() - @binding is one more to run when @function is called */
void functions_bind(struct traced_function *function, struct binding *binding);
/**
 * functions_enable() - let the instance's tracer record them; 0 or -errno after a sentence
 * Nothing is recorded before the instance is switched on. Removing the instance ends it.
 */
int functions_enable(struct tracefs *tracefs, struct buf *problem);
/** functions_find() - the bindings of the record of @size bytes at @data, or NULL */
const struct binding *functions_find(const struct function_index *index,
				     const unsigned char *data, size_t size);

#endif
