/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The printf family at run time: formats parsed by the frontend, applied to values. */
#ifndef PRINT_H
#define PRINT_H

#include "value.h"

/**
 * print_format() - append the text of @format applied to @arguments
 * @arguments: in order, widths and precisions taken with `*` included
 */
void print_format(const struct format *format, const union value *arguments, struct buf *out);
/** print_number() - decimal text of @number; the fast path of %d */
void print_number(int64_t number, struct buf *out);

#endif
