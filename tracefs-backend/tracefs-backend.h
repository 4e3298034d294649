/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tracefs backend's contract: a program's trace-event sites become events of our own tracefs
 * instance, and the instance's ring buffers become an event source.
 *
 *	tracefs_new → (families resolve against it) → tracefs_arm → event source → tracefs_free
 *
 * Everything made in the kernel is named stap_<pid>_… and is removed by tracefs_free(), by the
 * guardian when stap dies, or by the next stap's tracefs_reap().
 */
#ifndef TRACEFS_BACKEND_H
#define TRACEFS_BACKEND_H

#include "../aggregator/aggregator.h"

struct tracefs;

struct tracefs_options {
	uint64_t buffer_bytes;	/* per CPU (-s); 0: the default of 4 MiB or more */
	bool overwrite;		/* -F: keep the newest when full, not the oldest */
	pid_t target_pid;	/* for pid() == target() filters; 0 for none */
	const char *command;	/* -c: its first word is the program of `process`; NULL for none */
	bool leave_to_perf;	/* --backend=perf: enable nothing, tracefs_sampled() has it all */
	bool may_count;		/* perf can count what needs no records */
	bool leave_to_tracefs;	/* --backend=tracefs: uprobes of one process too */
	bool plan_only;		/* nothing will be armed: plan what this kernel lacks, too */
	struct log log;
};

/**
 * tracefs_new() - find tracefs and what this kernel can do; touches nothing in it
 * @problem: on failure one sentence that says which mount or capability is missing
 * Returns NULL on failure. Cheap: reads formats only when a family asks for them.
 */
struct tracefs *tracefs_new(const struct tracefs_options *options, struct buf *problem);
void tracefs_free(struct tracefs *tracefs);

/**
 * tracefs_add_families() - register kernel.trace(string), kernel.function(string) … with @frontend
 * @tracefs: may be NULL: the families then explain why there is none
 */
void tracefs_add_families(struct frontend *frontend, struct tracefs *tracefs);

/**
 * tracefs_arm() - create the instance, its guardian, and the bindings of every FAMILY_TRACEFS probe
 * Nothing fires before the source's start(). Returns the source, or NULL after adding one sentence
 * to @problem; a program without tracefs probes gives NULL with @problem empty.
 */
struct event_source *tracefs_arm(struct tracefs *tracefs, struct program *program,
				 struct buf *problem);

/**
 * struct tracefs_sampled - an event that perf is to sample, because a handler asks for a stack
 * @filter: its event filter, NULL for none
 * @bindings: of its probes, owned by the tracefs session; loads are from the event's record
 * @needs: of its probes' handlers together, enum context_need
 * @target: the process all its probes ask for, itself or its children, or 0
 * @with_children: … the processes it makes count too
 * @is_counted: no records are needed, only how often it happens
 * @spares_self: what we cause ourselves does not count
 */
struct tracefs_sampled {
	int id;
	const char *filter;
	const struct binding *bindings;
	unsigned needs;
	pid_t target;
	bool with_children, is_counted, spares_self;
};
/** tracefs_lacks() - is one of @needs, enum context_need, beyond what tracefs records at @site? */
bool tracefs_lacks(unsigned needs, const struct site *site);
/** tracefs_sampled() - what tracefs_arm() did not enable in the instance; returns how many */
size_t tracefs_sampled(const struct tracefs *tracefs, const struct tracefs_sampled **events);

/** tracefs_exclude() - never record events of this thread (stap's own, the guardian's) */
void tracefs_exclude(struct tracefs *tracefs, pid_t tid);

/** tracefs_reap() - remove what stap processes that no longer live left behind; returns how many */
int tracefs_reap(const struct log *log);

#endif
