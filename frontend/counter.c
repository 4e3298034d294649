// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * @perf("name"): the value of a counter when the probe fires. A probe whose site bears the name
 * declares it; that probe has no hits of its own. Counters are numbered in the order of their
 * declarations, so that whoever opens them and whoever loads their values agree.
 */
#include "semantic.h"

const struct site *counter_declared(const struct probe *probe)
{
	const struct site *site = probe->sites.count ? probe->sites.items[0] : NULL;

	return site && site->counter ? site : NULL;
}

/* the index of the last counter called @name, -1 for none; how many there are of that name */
static int find_counter(const struct semantics *sem, const char *name, const char **names,
			size_t *count, size_t *same)
{
	int found = -1;

	*count = *same = 0;
	for (size_t i = 0; i < sem->builds.count; i++) {
		const struct site *site = counter_declared(sem->builds.items[i]->probe);

		if (!site)
			continue;
		if (strcmp(site->counter, name) == 0) {
			found = (int)*count;
			++*same;
		}
		names[(*count)++] = site->counter;
	}
	return found;
}

/* counters are read with a record of the kernel: not by timers, nor by samples of other counters */
static bool can_read(const struct probe *probe)
{
	return probe && probe->family->source == FAMILY_TRACEFS;
}

static void make_capture(struct resolver *resolver, struct expr **slot, unsigned index)
{
	struct capture *capture = arena_new_object(resolver->sem->arena, struct capture);

	capture->kind = CAPTURE_COUNTER;
	capture->type = TYPE_LONG;
	capture->name = (*slot)->string;
	capture->c_type = "unsigned long";
	capture->token = (*slot)->token;
	capture->counter = index;
	*slot = target_capture(resolver, capture, (*slot)->token);
}

void counter_resolve(struct resolver *resolver, struct expr **slot)
{
	struct semantics *sem = resolver->sem;
	const char **names = arena_alloc(sem->arena, (sem->builds.count + 1) * sizeof(*names));
	const struct expr *expr = *slot;
	size_t count, same, id;
	int index;

	if (!can_read(resolver->probe)) {
		diag_error(sem->frontend, expr->token, "@perf is read while a probe of code or a trace "
			   "event fires: it is not available here");
		return;
	}
	index = find_counter(sem, expr->string, names, &count, &same);
	if (same > 1) {
		diag_error(sem->frontend, expr->token, "%zu probes declare a counter '%s'", same,
			   expr->string);
		return;
	}
	if (index >= 0) {
		make_capture(resolver, slot, (unsigned)index);
		return;
	}
	id = diag_error(sem->frontend, expr->token, "no probe declares a counter '%s'",
			expr->string);
	diag_suggest(sem->frontend, id, expr->string, names, count);
	if (!count)
		diag_hint(sem->frontend, id, "probe perf.type(…).config(…).counter(\"%s\") { } "
			  "declares one", expr->string);
}

void counters_gather(struct semantics *sem, struct program *program)
{
	for (size_t i = 0; i < sem->builds.count && program->needs & NEED_COUNTER; i++) {
		const struct site *site = counter_declared(sem->builds.items[i]->probe);

		if (site)
			array_push(sem->arena, &program->counters, site);
	}
}
