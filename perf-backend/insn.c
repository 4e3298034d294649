// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The families process(…).insn and process(…).insn.block: every instruction, or every run of
 * instructions up to a branch, of the target, of a process by id, or of those of the target's processes
 * that run a program. No perf event does that: the process is stepped (single-step.c), and what the
 * stepping process saw becomes one stream of hits, in order and complete.
 */
#include <errno.h>
#include <unistd.h>

#include "families.h"
#include "single-step.h"

static bool is_block(const struct site *site)
{
	return text_ends_with(site->name, ".block");
}

/* ---- points ---- */

static int resolve(struct family_match *match)
{
	const struct point_component *process = perf_component(match->point, "process");
	struct site *site = arena_new_object(match->arena, struct site);
	struct buf name = BUF_INIT;

	site->pid = (int32_t)frontend_get_options(match->frontend)->target_pid;
	site->with_children = true;
	site->needs = NEED_TASK;
	if (process->argument_kind == ARGUMENT_NUMBER) {
		site->pid = (int32_t)process->number;
	} else if (process->argument_kind == ARGUMENT_STRING) {
		site->needs |= NEED_MAPS;
		site->executable = perf_find_executable(match, process->token, process->string);
		if (!site->executable)
			return -EINVAL;
	}
	if (site->pid <= 0 || site->pid == getpid()) {
		diag_error(match->frontend, process->token, "only the target can be stepped, or a "
			   "process given by its id: name one with -c, -x or process(PID)");
		return -EINVAL;
	}
	point_print(match->point, &name);
	site->name = arena_strdup(match->arena, buf_text(&name));
	buf_free(&name);
	match->emit(match, match->point, site, NULL);
	return 0;
}

static void describe(void *backend, const struct probe *probe, const struct site *site, FILE *out)
{
	(void)backend;
	(void)probe;
	fprintf(out, "step %s of process %d and its children",
		is_block(site) ? "from branch to branch" : "every instruction", site->pid);
	if (site->executable)
		fprintf(out, " in %s", site->executable);
	putc('\n', out);
}

#define STEP_FAMILY(text, what)                                                                  \
	{                                                                                        \
		.pattern = text, .source = FAMILY_STEP, .resolve = resolve, .describe = describe, \
		.summary = what,                                                                 \
	}
const struct family step_families[] = {
	STEP_FAMILY("process.insn", "every instruction of the target"),
	STEP_FAMILY("process.insn.block", "every branch taken by the target"),
	STEP_FAMILY("process(number).insn", "every instruction of a process"),
	STEP_FAMILY("process(number).insn.block", "every branch taken by a process"),
	STEP_FAMILY("process(string).insn", "every instruction of the target in a program"),
	STEP_FAMILY("process(string).insn.block", "every branch taken by the target in a program"),
};
const size_t step_family_count = ARRAY_SIZE(step_families);

/* ---- the source ---- */

struct step_source {
	struct event_source base;
	struct arena *arena;
	ARRAY(struct step_root) roots;
	struct step_plan plan;
	struct step_ring *ring;
	struct stepper *stepper; /* NULL once stopped */
	struct binding *first, *last;
	struct event_sample sample;
	uint64_t delivered;
};

static struct step_source *to_source(struct event_source *base)
{
	return (struct step_source *)base;
}

static int source_start(struct event_source *base)
{
	stepper_go(to_source(base)->stepper);
	return 0;
}

static int source_stop(struct event_source *base)
{
	struct step_source *source = to_source(base);

	step_ring_stop(source->ring);
	stepper_end(source->stepper);
	source->stepper = NULL;
	return 0;
}

static ssize_t source_drain(struct event_source *base)
{
	return (ssize_t)step_ring_look(to_source(base)->ring);
}

static uint64_t source_complete_until(struct event_source *base, unsigned stream)
{
	(void)stream;
	return step_ring_complete(to_source(base)->ring);
}

static bool source_next(struct event_source *base, unsigned stream, struct event *event)
{
	struct step_source *source = to_source(base);
	const struct step_record *record = step_ring_next(source->ring);
	const uint64_t *registers = (const void *)(record + 1);

	(void)stream;
	if (!record)
		return false;
	source->sample = (struct event_sample){
		.ip = record->ip, .user_ip = record->ip, .is_user = true,
		.is_32bit = record->is_32bit,
		.register_count = record->register_count, .registers = registers,
		.stack_size = record->stack_size,
		.stack = (const unsigned char *)(registers + record->register_count),
	};
	*event = (struct event){
		.kind = EVENT_HIT, .time = record->time, .cpu = record->cpu,
		.tid = record->tid, .pid = record->pid, .bindings = source->first,
		.sample = &source->sample,
	};
	source->delivered++;
	return true;
}

static int source_poll_fd(struct event_source *base)
{
	return step_ring_fd(to_source(base)->ring);
}

static void source_totals(struct event_source *base, unsigned cpu, struct event_totals *totals)
{
	struct step_source *source = to_source(base);

	*totals = (struct event_totals){ 0 };
	if (cpu != 0)
		return;
	totals->delivered = source->delivered;
	totals->lost = step_ring_lost(source->ring);
}

static void source_report(struct event_source *base, FILE *out)
{
	fprintf(out, "steps: %llu\n", (unsigned long long)to_source(base)->delivered);
}

static void source_free(struct event_source *base)
{
	struct step_source *source = to_source(base);

	if (source->ring)
		step_ring_stop(source->ring);
	stepper_end(source->stepper);
	step_ring_free(source->ring);
	arena_free(source->arena);
	free(source);
}

static const struct event_source_ops source_ops = {
	.start = source_start,
	.stop = source_stop,
	.drain = source_drain,
	.complete_until = source_complete_until,
	.next = source_next,
	.poll_fd = source_poll_fd,
	.totals = source_totals,
	.report = source_report,
	.free = source_free,
};

/* ---- arming ---- */

/* every root once; one that a probe wants without regard to its program, so for all */
static void add_root(struct step_source *source, const struct site *site)
{
	for (size_t i = 0; i < source->roots.count; i++) {
		struct step_root *root = &source->roots.items[i];

		if (root->pid != site->pid)
			continue;
		if (!root->executable || !site->executable ||
		    strcmp(root->executable, site->executable) != 0)
			root->executable = NULL;
		return;
	}
	array_push(source->arena, &source->roots,
		   (struct step_root){ site->pid, site->executable });
}

static void add_binding(struct step_source *source, struct probe *probe, const struct site *site)
{
	struct binding *binding = arena_alloc(source->arena, sizeof(*binding) +
					      probe->captures.count * sizeof(struct load));

	binding->probe = probe;
	binding->site = site;
	binding->load_count = (unsigned)probe->captures.count;
	if (source->last)
		source->last->next = binding;
	else
		source->first = binding;
	source->last = binding;
}

/* false after a sentence: a processor steps one way at a time */
static bool add_site(struct step_source *source, struct probe *probe, const struct site *site,
		     struct buf *problem)
{
	if (source->first && source->plan.by_block != is_block(site)) {
		buf_printf(problem, "%s: one script can step instructions or blocks, not both",
			   site->name);
		return false;
	}
	source->plan.by_block = is_block(site);
	source->plan.with_registers |= (probe->needs & NEED_REGISTERS) != 0;
	source->plan.with_stack |= (probe->needs & NEED_USER_STACK) != 0;
	add_root(source, site);
	add_binding(source, probe, site);
	return true;
}

static bool add_sites(struct step_source *source, struct program *program, struct buf *problem)
{
	for (size_t i = 0; i < program->probes.count; i++) {
		struct probe *probe = program->probes.items[i];

		if (probe->family->source != FAMILY_STEP || !probe->body)
			continue;
		for (size_t j = 0; j < probe->sites.count; j++)
			if (!add_site(source, probe, probe->sites.items[j], problem))
				return false;
	}
	return source->first;
}

struct event_source *perf_arm_steps(struct program *program, struct buf *problem)
{
	struct step_source *source = memory_zalloc(sizeof(*source));
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	source->base.ops = &source_ops;
	source->base.name = "steps";
	source->base.stream_count = 1;
	source->base.cpu_count = cpus > 0 ? (unsigned)cpus : 1;
	source->arena = arena_new();
	if (add_sites(source, program, problem)) {
		source->plan.roots = source->roots.items;
		source->plan.root_count = source->roots.count;
		source->ring = step_ring_new();
		if (source->ring)
			source->stepper = stepper_start(&source->plan, source->ring, problem);
		else
			buf_puts(problem, "there is no memory to share with a stepping process");
	}
	if (source->stepper)
		return &source->base;
	source_free(&source->base);
	return NULL;
}
