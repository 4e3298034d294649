/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The callers of a user-space instruction, from registers and a copy of the stack's top. */
#ifndef UNWIND_H
#define UNWIND_H

#include "symbolize.h"

/**
 * unwind_user() - the addresses of @sample's user stack, innermost first
 * @ips: room for @most addresses; the first is where the program was, the others are returned to
 * @is_cut: set when there are more, but above what was copied
 * Follows .eh_frame; through code without it, frame pointers. Returns how many there are.
 */
size_t unwind_user(struct symbolizer *symbolizer, const struct address_space *space,
		   const struct event_sample *sample, uint64_t *ips, size_t most, bool *is_cut);

#endif
