/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which instructions branch, for processors that cannot stop at branches by themselves. */
#ifndef BRANCH_H
#define BRANCH_H

#include "../lib/lib.h"

#define BRANCH_CODE_BYTES 15 /* the longest instruction */

/**
 * branch_taken() - did the instruction in @code, @size bytes, branch?
 * @distance: from it to the instruction executed next
 */
bool branch_taken(const unsigned char *code, size_t size, int64_t distance);

#endif
