/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where printf's text goes: complete and in order, or nowhere once nobody reads it. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "../lib/lib.h"

/**
 * struct output - one run's text output
 * @give_up: a counter set asynchronously; at 2 a write that would wait is given up
 * @closed: nobody reads any more (EPIPE), or writing failed; text is dropped from then on
 * @error: errno of the failure, 0 for a closed pipe
 */
struct output {
	FILE *file;
	const volatile int *give_up;
	bool closed;
	int error;
	uint64_t bytes;
};

/** output_write() - all of @text, or set output.closed */
void output_write(struct output *output, const char *text, size_t length);
/** output_flush() - write what @text holds and empty it, keeping its memory unless it is much */
void output_flush(struct output *output, struct buf *text);
/**
 * output_switch() - what is written under @file from now on goes to a new file NAME.NUMBER
 * Returns 0, or -errno when that cannot be made; then the old file goes on.
 */
int output_switch(FILE *file, const char *name, unsigned number);

#endif
