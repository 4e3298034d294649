/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The printf family at run time: formats parsed by the frontend, applied to values. */
#ifndef PRINT_H
#define PRINT_H

#include "value.h"

/**
 * struct print_memory - where %m and %M take their bytes from
 * @read: copy @size bytes at @address to @to; false when they cannot be read
 * @is_user: %#m: user space instead of the kernel's memory
 */
struct print_memory {
	bool (*read)(void *owner, uint64_t address, bool is_user, void *to, size_t size);
	void *owner;
};

/**
 * print_format() - append the text of @format applied to @arguments
 * @arguments: in order, widths and precisions taken with `*` included
 * @memory: for %m and %M; NULL when nothing can be read
 * Returns true, or false after a failed read, with nothing appended and the address in @fault.
 */
bool print_format_reading(const struct format *format, const union value *arguments,
			  struct buf *out, const struct print_memory *memory, uint64_t *fault);
/** print_format() - the same for a format without %m and %M, which print nothing here */
void print_format(const struct format *format, const union value *arguments, struct buf *out);
/** print_number() - decimal text of @number; the fast path of %d */
void print_number(int64_t number, struct buf *out);

#endif
