// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Trace events through perf: what stands on an event whose handler asks for a stack, which the rings
 * of tracefs do not hold, and everything with --backend=perf. The sample carries the trace event's
 * record, so that captures are loaded from it as from tracefs; the events share one ring for each
 * CPU and are told apart by the id in the record. It costs about twice as much as tracefs; events
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

/**
 * struct choice - the events opened together, in one set of rings
 * @target: of their probes, or 0
 * @counters: program.counters, read with each of their hits; 0 of them for events that read none
 */
struct choice {
	const struct tracefs_sampled *events;
	size_t count;
	pid_t target;
	const struct site *const *counters;
	size_t counter_count;
};

static bool is_chosen(const struct choice *choice, const struct tracefs_sampled *event)
{
	if (event->is_counted)
		return false;
	if (choice->counter_count || event->needs & NEED_COUNTER)
		return choice->counter_count && event->needs & NEED_COUNTER;
	return event->target == choice->target;
}

/*
 * The group's leader fires whenever a thread leaves a CPU, which is when what it counted there must
 * be known; its samples have no record of a trace event.
 */
static size_t fill_counters(const struct choice *choice, unsigned needs,
			    struct perf_event_attr *attrs)
{
	size_t filled = 0;

	if (!choice->counter_count)
		return 0;
	attrs[filled] = (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CONTEXT_SWITCHES,
		.sample_period = 1, .sample_type = SAMPLE_COMMON,
	};
	sample_ask(&attrs[filled++], 0, needs);
	for (size_t i = 0; i < choice->counter_count; i++)
		memcpy(&attrs[filled++], choice->counters[i]->data, sizeof(*attrs));
	return filled;
}

static size_t fill_events(const struct choice *choice, unsigned needs,
			  struct perf_event_attr *attrs, const char **filters)
{
	size_t filled = fill_counters(choice, needs, attrs);

	for (size_t i = 0; i < choice->count; i++) {
		if (!is_chosen(choice, &choice->events[i]))
			continue;
		fill_attr(&attrs[filled], &choice->events[i], needs);
		filters[filled++] = choice->events[i].filter;
	}
	for (size_t i = 0; i < filled && choice->counter_count; i++)
		attrs[i].sample_type = attrs[0].sample_type | PERF_SAMPLE_READ;
	return filled;
}

static unsigned chosen_needs(const struct choice *choice)
{
	unsigned needs = 0;

	for (size_t i = 0; i < choice->count; i++)
		if (is_chosen(choice, &choice->events[i]))
			needs |= choice->events[i].needs;
	return needs;
}

/* software counts all the time; what else counts may have to share */
static bool may_share(const struct choice *choice)
{
	for (size_t i = 0; i < choice->counter_count; i++) {
		const struct perf_event_attr *attr = choice->counters[i]->data;

		if (attr->type != PERF_TYPE_SOFTWARE && attr->type != PERF_TYPE_TRACEPOINT)
			return true;
	}
	return false;
}

static bool open_choice(struct perf *perf, const struct choice *choice, struct source_part *part,
			struct buf *problem)
{
	size_t room = choice->count + 1 + choice->counter_count;
	struct perf_event_attr *attrs = memory_zalloc(room * sizeof(*attrs));
	const char **filters = memory_zalloc(room * sizeof(*filters));
	size_t filled = fill_events(choice, chosen_needs(choice), attrs, filters);

	part->opened = (choice->counter_count ? perf_open_group : perf_open_together)(
		perf, attrs, filters, filled, choice->target, choice->counter_count ?
		"a counter read at a trace event" : "a trace event through perf", problem);
	part->counter_count = (unsigned)choice->counter_count;
	part->counts_shared = may_share(choice);
	free(attrs);
	free(filters);
	if (!part->opened)
		return false;
	part->counts_thread = perf_opened_is_of_threads(part->opened);
	list_bindings(part, choice->events, choice->count);
	return true;
}

/* the process all events that read counters are bound to, or 0 */
static pid_t counted_target(const struct choice *choice)
{
	pid_t target = 0;
	bool any = false;

	for (size_t i = 0; i < choice->count; i++) {
		if (!(choice->events[i].needs & NEED_COUNTER))
			continue;
		if (any && choice->events[i].target != target)
			return 0;
		target = choice->events[i].target;
		any = true;
	}
	return target;
}

/* before Linux 6.13 threads that inherit a group cannot have it read: then CPUs are counted */
static bool open_counted(struct perf *perf, const struct choice *all,
			 const struct program *program, struct source_part *part,
			 struct buf *problem)
{
	struct choice choice = *all;

	choice.counters = program->counters.items;
	choice.counter_count = program->counters.count;
	choice.target = counted_target(&choice);
	if (choice.target && open_choice(perf, &choice, part, problem))
		return true;
	buf_reset(problem);
	choice.target = 0;
	return open_choice(perf, &choice, part, problem);
}

/* is this the first event of its target, among those that read no counters? */
static bool is_first_of_target(const struct tracefs_sampled *events, size_t index)
{
	if (events[index].needs & NEED_COUNTER || events[index].is_counted)
		return false;
	for (size_t i = 0; i < index; i++)
		if (events[i].target == events[index].target &&
		    !(events[i].needs & NEED_COUNTER) && !events[i].is_counted)
			return false;
	return true;
}

struct event_source *perf_arm_traced(struct perf *perf, struct tracefs *tracefs,
				     const struct program *program, struct buf *problem)
{
	struct choice choice = { .counter_count = 0 };
	struct event_source *source = NULL;
	struct source_part *parts;
	size_t opened = 0;
	bool ok = true;

	choice.count = tracefs_sampled(tracefs, &choice.events);
	parts = memory_zalloc((choice.count + 1) * sizeof(*parts));
	if (program->counters.count) {
		ok = open_counted(perf, &choice, program, &parts[opened], problem);
		opened += ok;
	}
	for (size_t i = 0; i < choice.count && ok; i++) {
		choice.target = choice.events[i].target;
		if (!is_first_of_target(choice.events, i))
			continue;
		ok = open_choice(perf, &choice, &parts[opened], problem);
		opened += ok;
	}
	if (opened)
		source = perf_source_new(perf, "trace events through perf", parts, opened, NULL);
	free(parts);
	return source;
}
