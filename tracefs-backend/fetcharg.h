/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a recipe to the text of the tracefs fetch arguments that fill it: `+8(+0(%di)):u32`. Pure
 * text; the grammar is Documentation/trace/kprobetrace.rst and uprobetracer.rst of the kernel.
 */
#ifndef FETCHARG_H
#define FETCHARG_H

#include "../frontend/frontend.h"
#include "arch.h"

/**
 * struct fetch_place - what the text depends on besides the recipe
 * @is_user: a uprobe, otherwise a kprobe
 * @file_delta: of a uprobe: its offset in the file less its address there. Tracefs counts addresses
 *	from where the probed instruction's part of the file is mapped
 */
struct fetch_place {
	const struct trace_arch *arch;
	bool is_user;
	int64_t file_delta;
};

/** fetcharg_count() - fetch arguments @recipe takes: several for many bytes, none for an address */
unsigned fetcharg_count(const struct recipe *recipe);
/**
 * fetcharg_print() - add argument @index of @recipe, without a name, to @out
 * Returns 0, or -ENOTSUP after a sentence in @problem: the kernel cannot fetch this.
 */
int fetcharg_print(const struct recipe *recipe, unsigned index, const struct fetch_place *place,
		   struct buf *out, struct buf *problem);

#endif
