// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Trace events through perf: what stands on an event whose handler asks for a stack, which the rings
 * of tracefs do not hold. The sample carries the trace event's record, so that captures are loaded
 * from it as from tracefs; the events share one ring for each CPU and are told apart by the id in
 * the record. It costs about twice as much as tracefs, and is done for those events alone; events
 * whose probes all ask for the target process are bound to it and cost others nothing.
 */
#include "../tracefs-backend/tracefs-backend.h"
#include "sample.h"
#include "source.h"

#define SAMPLE_COMMON (PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |     \
		       PERF_SAMPLE_PERIOD | PERF_SAMPLE_RAW)

/* all share one sample_type; each event takes only what its own handlers need */
static void fill_attr(struct perf_event_attr *attr, const struct tracefs_sampled *event,
		      unsigned all_needs)
{
	*attr = (struct perf_event_attr){
		.type = PERF_TYPE_TRACEPOINT, .config = (uint64_t)event->id, .sample_period = 1,
		.sample_type = SAMPLE_COMMON,
	};
	sample_ask(attr, event->needs, all_needs);
}

static void list_bindings(struct source_part *part, const struct tracefs_sampled *events,
			  size_t count)
{
	for (size_t i = 0; i < count; i++)
		if ((size_t)events[i].id >= part->event_count)
			part->event_count = (size_t)events[i].id + 1;
	part->by_event = memory_zalloc(part->event_count * sizeof(*part->by_event));
	for (size_t i = 0; i < count; i++)
		part->by_event[events[i].id] = events[i].bindings;
}

/* the events with this target together; false after a sentence in @problem */
static bool open_part(struct perf *perf, const struct tracefs_sampled *events, size_t count,
		      pid_t target, struct source_part *part, struct buf *problem)
{
	struct perf_event_attr *attrs = memory_zalloc(count * sizeof(*attrs));
	const char **filters = memory_zalloc(count * sizeof(*filters));
	unsigned needs = 0;
	size_t chosen = 0;

	for (size_t i = 0; i < count; i++)
		needs |= events[i].target == target ? events[i].needs : 0;
	for (size_t i = 0; i < count; i++) {
		if (events[i].target != target)
			continue;
		fill_attr(&attrs[chosen], &events[i], needs);
		filters[chosen++] = events[i].filter;
	}
	part->opened = perf_open_together(perf, attrs, filters, chosen, target,
					  "a stack at a trace event", problem);
	free(attrs);
	free(filters);
	if (part->opened)
		list_bindings(part, events, count);
	return part->opened;
}

struct event_source *perf_arm_traced(struct perf *perf, struct tracefs *tracefs,
				     struct buf *problem)
{
	struct source_part parts[2] = { { .opened = NULL }, { .opened = NULL } };
	const struct tracefs_sampled *events;
	size_t count = tracefs_sampled(tracefs, &events), opened = 0;
	pid_t target = 0;
	bool has_others = false;

	for (size_t i = 0; i < count; i++) {
		target = events[i].target ? events[i].target : target;
		has_others |= !events[i].target;
	}
	if (has_others && open_part(perf, events, count, 0, &parts[opened], problem))
		opened++;
	if (target && !problem->length &&
	    open_part(perf, events, count, target, &parts[opened], problem))
		opened++;
	if (opened == 0)
		return NULL;
	return perf_source_new(perf, "stacks at trace events", parts, opened, NULL);
}
