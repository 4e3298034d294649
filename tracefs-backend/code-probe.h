/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kprobe and uprobe families share: the components of a point become a question to debuginfo,
 * and each place it finds becomes a probe with one site.
 */
#ifndef CODE_PROBE_H
#define CODE_PROBE_H

#include "define.h"

/**
 * struct code_request - a point taken apart
 * @subject: its component function(…), statement(…), plt(…) or mark(…)
 * @maxactive: of .maxactive(N), or 0
 * @is_absolute: .absolute: the address is of memory, not of the file
 * @is_one_of_many: a wildcard found the module or will find the place
 * @pid: only hits of this process count, 0 for all
 * @tree: only hits of this process and its children count, 0 for all
 * @locate: what to define at @place, NULL after a sentence in @problem; @data is the caller's
 * @concrete: the point for the probe, with wildcards of the module replaced
 */
struct code_request {
	struct family_match *match;
	const struct probe_point *concrete;
	struct place_query query;
	const struct point_component *subject;
	unsigned maxactive;
	bool is_absolute, is_one_of_many;
	pid_t pid, tree;
	const struct define_place *(*locate)(struct code_request *request,
					     const struct code_place *place, struct buf *problem);
	void *data;
};

/** code_request_parse() - from @match's point; 0, or -EINVAL after diag_error() */
int code_request_parse(struct family_match *match, struct code_request *request);
/** code_request_run() - a probe for every place in @module that is asked for */
int code_request_run(struct code_request *request, struct module *module);
/** code_request_emit() - a probe at @place alone; false after a sentence in @problem */
bool code_request_emit(struct code_request *request, const struct code_place *place,
		       struct buf *problem);
/** code_request_fail() - report @problem at the point's component @token; returns -ENOENT */
int code_request_fail(struct code_request *request, const struct token *token,
		      struct buf *problem);

/** code_point_component() - the component called @name, or NULL */
const struct point_component *code_point_component(const struct probe_point *point,
						   const char *name);
/** code_point_with() - a copy of @point whose component @name has the argument @string */
const struct probe_point *code_point_with(struct arena *arena, const struct probe_point *point,
					  const char *name, const char *string);

/** code_probe_entry(), code_probe_describe() - of struct family, for all sites with a place */
struct site *code_probe_entry(struct frontend *frontend, const struct site *site);
void code_probe_describe(void *backend, const struct probe *probe, const struct site *site,
			 FILE *out);

#endif
