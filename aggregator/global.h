/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Global variables at run time, one for each of program.globals. Private to the aggregator. */
#ifndef GLOBAL_H
#define GLOBAL_H

#include "vm.h"

struct global {
	union value value;	/* of a scalar */
	struct map *map;	/* of an array */
	const struct variable *variable;
	unsigned key_count;	/* 0 for a scalar */
	unsigned key_words;	/* operand words that many registers take behind an instruction */
};

/** global_init() - @variable's initial value; global_release() frees what it holds */
void global_init(struct global *global, const struct variable *variable,
		 struct vm_session *session);
void global_release(struct global *global);
/**
 * global_count() - what @times runs of @probe's handler do that only counts; @globals: all of them
 */
void global_count(struct global *globals, const struct probe *probe, uint64_t times);
/** global_reset() - `delete x` of a scalar: 0, "", an empty statistic */
void global_reset(struct global *global);

#endif
