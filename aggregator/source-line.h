/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses to the lines of source code they were compiled from. */
#ifndef SOURCE_LINE_H
#define SOURCE_LINE_H

#include "symbolize.h"

struct line_reader;
/** line_reader_new() - @frontend's debuginfo is asked; NULL: nothing is known */
struct line_reader *line_reader_new(struct frontend *frontend);
void line_reader_free(struct line_reader *reader);

/**
 * struct source_line - a place in source code
 * @file: as the debug info names it; lives as long as the frontend
 */
struct source_line {
	const char *file;
	int number;
};
/** source_line_user() - of @address in a process; false when it is not known */
bool source_line_user(struct line_reader *reader, struct symbolizer *symbolizer,
		      const struct address_space *space, uint64_t address,
		      struct source_line *line);
/** source_line_kernel() - of @address in the kernel itself, not in its modules */
bool source_line_kernel(struct line_reader *reader, struct symbolizer *symbolizer, uint64_t address,
			struct source_line *line);

#endif
