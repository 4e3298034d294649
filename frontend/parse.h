/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parser's face to the rest of the frontend: a source in, a struct script out.
 */
#ifndef PARSE_H
#define PARSE_H

#include "session.h"

/**
 * parse_source() - preprocess and parse one source
 * Errors are collected in @frontend as parse errors; what could be understood is returned all
 * the same, so that one mistake does not hide the next. Compare diag_error_count() before and
 * after to know whether there were any. Never NULL.
 */
struct script *parse_source(struct frontend *frontend, const struct source_file *file);

/**
 * parse_probe_points() - parse the comma-separated probe points of @file, for -l and -L
 * Returns 0, or -EINVAL after collecting errors.
 */
int parse_probe_points(struct frontend *frontend, const struct source_file *file,
		       point_array *points) MUST_CHECK;

/** parse_print_name() - one of print, printf, sprintln …; NULL behind the last */
const char *parse_print_name(size_t index);

#endif
