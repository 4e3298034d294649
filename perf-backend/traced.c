// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Trace events through perf: what stands on an event whose handler asks for a stack, which the rings
 * of tracefs do not hold. The sample carries the trace event's record, so that captures are loaded
 * from it as from tracefs; the events share one ring for each CPU and are told apart by the id in
 * the record. It costs about twice as much as tracefs, and is done for those events alone.
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

struct event_source *perf_arm_traced(struct perf *perf, struct tracefs *tracefs,
				     struct buf *problem)
{
	const struct tracefs_sampled *events;
	size_t count = tracefs_sampled(tracefs, &events);
	struct perf_event_attr *attrs = memory_zalloc((count + 1) * sizeof(*attrs));
	const char **filters = memory_zalloc((count + 1) * sizeof(*filters));
	struct source_part part = { .opened = NULL };
	unsigned needs = 0;

	for (size_t i = 0; i < count; i++)
		needs |= events[i].needs;
	for (size_t i = 0; i < count; i++) {
		fill_attr(&attrs[i], &events[i], needs);
		filters[i] = events[i].filter;
	}
	if (count)
		part.opened = perf_open_together(perf, attrs, filters, count,
						 "a stack at a trace event", problem);
	free(attrs);
	free(filters);
	if (!part.opened)
		return NULL;
	list_bindings(&part, events, count);
	return perf_source_new(perf, "stacks at trace events", &part, 1, NULL);
}
