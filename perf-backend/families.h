/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the families of this folder share when they make sites of probe points. */
#ifndef FAMILIES_H
#define FAMILIES_H

#include "open.h"

/** perf_component() - the component of @point called @name, or NULL */
const struct point_component *perf_component(const struct probe_point *point, const char *name);
/** perf_site_new() - a site of @match's point that opens @attr; not emitted yet */
struct site *perf_site_new(struct family_match *match, const struct perf_event_attr *attr);
/** perf_check_machine() - false after a message when this machine has no such event */
bool perf_check_machine(struct family_match *match, const struct perf_event_attr *attr);
/**
 * perf_find_executable() - @name as a shell finds it, and as address maps name it
 * NULL after a message at @token.
 */
const char *perf_find_executable(struct family_match *match, const struct token *token,
				 const char *name);
/**
 * perf_bind_process() - by the point's component process, if it has one: only hits in processes of a
 * program, or in the target and its children, count. False after a message.
 */
bool perf_bind_process(struct family_match *match, struct site *site);

/** watch_resolve(), watch_variable(), watch_variables() - of struct family, for data watchpoints */
int watch_resolve(struct family_match *match);
struct capture *watch_variable(struct frontend *frontend, const struct site *site,
			       const struct expr *target);
size_t watch_variables(struct frontend *frontend, const struct site *site,
		       struct family_variable *out, size_t room);

#endif
