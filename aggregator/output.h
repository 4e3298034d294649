/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where printf's text goes: complete and in order, or nowhere once nobody reads it. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "../lib/lib.h"

/**
 * struct output_series - files that follow each other: NAME.1, NAME.2 and so on
 * @name: what was opened is @name or, with a bound, @name.0; NULL: it is the only one
 * @bound: bytes that one holds at most, unless one text is longer; 0: none
 * @keep: how many there may be; 0: all
 * @bytes, @number: of the one being written
 * @asked: counts signals that want the next, of which @given got it
 */
struct output_series {
	const char *name;
	uint64_t bound, bytes;
	unsigned keep, number;
	const volatile unsigned *asked;
	unsigned given;
};

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
	struct output_series series;
};

/** output_write() - all of @text, or set output.closed */
void output_write(struct output *output, const char *text, size_t length);
/** output_flush() - write what @text holds and empty it, keeping its memory unless it is much */
void output_flush(struct output *output, struct buf *text);
/**
 * output_switch() - what is written from now on goes to the series' next file
 * Returns 0, or -errno when that cannot be made; then the old file goes on.
 */
int output_switch(struct output *output);

#endif
