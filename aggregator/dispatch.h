/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From events, timers and the run's own moments to handlers. Private to the aggregator. */
#ifndef DISPATCH_H
#define DISPATCH_H

#include "entry.h"
#include "family.h"
#include "vm.h"

/* -t: of one probe; ns */
struct probe_timing {
	uint64_t hits, total, min, max;
};

struct dispatch {
	const struct program *program;
	const struct run_options *options;
	struct vm *vm;
	struct vm_session *session;
	int32_t own_tid;
	uint64_t handlers;		/* run so far */
	struct event moment;		/* of probes that no record is for */
	struct probe_timing *timings;	/* by probe.index; NULL without -t */
	struct entry_store entries;	/* what entry probes saved for their returns */
	void (*take_counts)(void *owner); /* brings globals up to date that the kernel counts */
	uint64_t unpaired;		/* returns whose entry was not seen: not shown */
};

void dispatch_init(struct dispatch *dispatch, const struct program *program,
		   const struct run_options *options, struct vm *vm);
void dispatch_free(struct dispatch *dispatch);

/** dispatch_hit() - run the handlers of every probe bound to @event, until one ends the run */
void dispatch_hit(struct dispatch *dispatch, const struct event *event);
/** dispatch_count() - an event was counted so often whose probes, @bindings, only count */
void dispatch_count(struct dispatch *dispatch, const struct binding *bindings, uint64_t count);
/** dispatch_thread_exit() - nothing of thread @tid will return any more */
void dispatch_thread_exit(struct dispatch *dispatch, int32_t tid);
/** dispatch_concerns() - is what happened in the thread of @event the business of @site? */
bool dispatch_concerns(const struct dispatch *dispatch, const struct event *event,
		       const struct site *site);
/** dispatch_task_event() - run @probe's handler as of @event of the side-band, as its thread */
void dispatch_task_event(struct dispatch *dispatch, const struct probe *probe,
			 const struct event *event);
/** dispatch_timer() - run @probe's handler as of @due; returns how many ns it took */
uint64_t dispatch_timer(struct dispatch *dispatch, const struct probe *probe, uint64_t due);
/**
 * dispatch_begin() - the begin probes by sequence, until one ends the run
 * dispatch_end() - the end probes, or the error probes when errors ended the run. An end probe
 * that fails makes it the error probes' turn.
 */
void dispatch_begin(struct dispatch *dispatch);
void dispatch_end(struct dispatch *dispatch);
/** dispatch_failed() - more handler errors than allowed: the run ended by error */
bool dispatch_failed(const struct dispatch *dispatch);
/** dispatch_report() - -t: hits and handler time of every probe that was hit */
void dispatch_report(const struct dispatch *dispatch, struct buf *out);

#endif
