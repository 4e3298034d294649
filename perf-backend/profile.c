// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sampling probes: timer.profile and timer.profile.freq.hz(N), which sample a clock on every
 * CPU, and perf.type(T).config(C), which samples any event the kernel has. A site is a
 * perf_event_attr; probes with equal ones share one opened event and its rings.
 */
#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <time.h>

#include "families.h"
#include "sample.h"
#include "source.h"

#define NS_PER_SECOND INT64_C(1000000000)
/* the kernel stretches shorter periods: perf_swevent_start_hrtimer() in kernel/events/core.c */
#define CLOCK_PERIOD_LEAST_NS 10000
/* upstream's documented period of perf.type().config() without .sample or .hz */
#define SAMPLE_PERIOD_DEFAULT 1000000

/* ---- probe points to attributes ---- */

/*
 * The coarse clocks advance once per tick, so their resolution is the tick's length in every
 * kernel, whatever CONFIG_HZ is (posix_get_coarse_res() in kernel/time/posix-timers.c).
 */
static uint64_t tick_ns(void)
{
	struct timespec resolution;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) != 0 || resolution.tv_nsec <= 0)
		return NS_PER_SECOND / 250;
	return (uint64_t)resolution.tv_nsec;
}

struct site *perf_site_new(struct family_match *match, const struct perf_event_attr *attr)
{
	struct site *site = arena_new_object(match->arena, struct site);
	struct buf name = BUF_INIT;

	point_print(match->point, &name);
	site->name = arena_strdup(match->arena, buf_text(&name));
	site->data = arena_memdup(match->arena, attr, sizeof(*attr));
	buf_free(&name);
	return site;
}

static void emit_clock(struct family_match *match, uint64_t period)
{
	const struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = period,
	};

	match->emit(match, match->point, perf_site_new(match, &attr), NULL);
}

const struct point_component *perf_component(const struct probe_point *point,
					     const char *name)
{
	for (size_t i = 0; i < point->components.count; i++)
		if (strcmp(point->components.items[i].name, name) == 0)
			return &point->components.items[i];
	return NULL;
}

static int resolve_profile(struct family_match *match)
{
	emit_clock(match, tick_ns());
	return 0;
}

static int resolve_profile_hz(struct family_match *match)
{
	const struct point_component *hz = perf_component(match->point, "hz");

	if (hz->number < 1 || hz->number > NS_PER_SECOND / CLOCK_PERIOD_LEAST_NS) {
		diag_error(match->frontend, hz->token,
			   "a profiling frequency must be between 1 and %lld hz",
			   (long long)(NS_PER_SECOND / CLOCK_PERIOD_LEAST_NS));
		return -EINVAL;
	}
	emit_clock(match, (uint64_t)(NS_PER_SECOND / hz->number));
	return 0;
}

static bool check_positive(struct family_match *match, const struct point_component *component)
{
	if (!component || component->number > 0)
		return true;
	diag_error(match->frontend, component->token, "'%s' needs a number above 0",
		   component->name);
	return false;
}

/* what the machine lacks is an error of the probe point, so that `?` can leave it out */
bool perf_check_machine(struct family_match *match, const struct perf_event_attr *attr)
{
	struct buf name = BUF_INIT, problem = BUF_INIT;
	bool missing;

	point_print(match->point, &name);
	missing = perf_is_missing(attr, buf_text(&name), &problem);
	if (missing) {
		size_t id = diag_error(match->frontend, match->point->token, "%s",
				       buf_text(&problem));

		diag_hint(match->frontend, id, "a ? behind the probe point leaves it out where it "
			  "is missing");
	}
	buf_free(&name);
	buf_free(&problem);
	return !missing;
}

const char *perf_find_executable(struct family_match *match, const struct token *token,
				 const char *name)
{
	char *real = program_find(name);
	const char *found = NULL;

	if (real)
		found = arena_strdup(match->arena, real);
	else
		diag_error(match->frontend, token, "there is no executable '%s'", name);
	free(real);
	return found;
}

bool perf_bind_process(struct family_match *match, struct site *site)
{
	const struct point_component *process = perf_component(match->point, "process");

	if (!process)
		return true;
	if (process->argument_kind == ARGUMENT_STRING) {
		site->executable = perf_find_executable(match, process->token,
							 process->string);
		return site->executable;
	}
	site->pid = (int32_t)frontend_get_options(match->frontend)->target_pid;
	site->with_children = true;
	if (!site->pid)
		diag_error(match->frontend, process->token, "process without a path means the "
			   "target: give one with -c or -x");
	return site->pid;
}

static bool fill_rate(struct family_match *match, struct perf_event_attr *attr)
{
	const struct point_component *sample = perf_component(match->point, "sample");
	const struct point_component *hz = perf_component(match->point, "hz");

	if (!check_positive(match, sample) || !check_positive(match, hz))
		return false;
	attr->sample_period = sample ? (uint64_t)sample->number : SAMPLE_PERIOD_DEFAULT;
	if (hz) {
		attr->freq = 1;
		attr->sample_freq = (uint64_t)hz->number;
	}
	if (perf_component(match->point, "counter"))
		attr->sample_period = 0;
	return true;
}

static int resolve_perf(struct family_match *match)
{
	const struct point_component *type = perf_component(match->point, "type");
	const struct point_component *config = perf_component(match->point, "config");
	const struct point_component *counter = perf_component(match->point, "counter");
	struct perf_event_attr attr = {
		.type = (uint32_t)type->number,
		.config = (uint64_t)config->number,
	};
	struct site *site;

	if (type->number < 0 || type->number > UINT32_MAX) {
		diag_error(match->frontend, type->token, "a perf event's type has 32 bits");
		return -EINVAL;
	}
	if (!fill_rate(match, &attr) || !perf_check_machine(match, &attr))
		return -EINVAL;
	site = perf_site_new(match, &attr);
	site->counter = counter ? counter->string : NULL;
	if (!perf_bind_process(match, site))
		return -EINVAL;
	match->emit(match, match->point, site, NULL);
	return 0;
}

static void describe(void *backend, const struct probe *probe, const struct site *site, FILE *out)
{
	const struct perf_event_attr *attr = site->data;

	(void)backend;
	(void)probe;
	if (attr->type != PERF_TYPE_BREAKPOINT)
		fprintf(out, "perf event type %u config %llu ", attr->type,
			(unsigned long long)attr->config);
	if (attr->type == PERF_TYPE_BREAKPOINT)
		fprintf(out, "breakpoint on %s of %llu bytes at 0x%llx\n",
			attr->bp_type == HW_BREAKPOINT_W ? "writes" : "reads and writes",
			(unsigned long long)attr->bp_len, (unsigned long long)attr->bp_addr);
	else if (site->counter)
		fprintf(out, "counted, read as @perf(\"%s\")\n", site->counter);
	else if (attr->freq)
		fprintf(out, "sampled %llu times a second\n", (unsigned long long)attr->sample_freq);
	else
		fprintf(out, "sampled every %llu\n", (unsigned long long)attr->sample_period);
}

#define ROW(text, what) {                                                                       \
	.pattern = text, .source = FAMILY_PERF, .resolve = resolve_perf, .describe = describe,  \
	.summary = what,                                                                        \
}
#define EVENT "perf.type(number).config(number)"

#define WATCH_ROW(text, what) {                                                                 \
	.pattern = text, .source = FAMILY_PERF, .resolve = watch_resolve,                       \
	.variable = watch_variable, .variables = watch_variables, .describe = describe,         \
	.summary = what,                                                                        \
}
#define WATCH_ROWS(whose, what)                                                                 \
	WATCH_ROW(whose ".data(number).write", "writes to an address: " what),                  \
	WATCH_ROW(whose ".data(number).rw", "reads and writes of an address: " what),           \
	WATCH_ROW(whose ".data(number).length(number).write", "writes to so many bytes: " what),\
	WATCH_ROW(whose ".data(number).length(number).rw", "uses of so many bytes: " what),     \
	WATCH_ROW(whose ".data(string).write", "writes to a variable: " what),                  \
	WATCH_ROW(whose ".data(string).rw", "reads and writes of a variable: " what),           \
	WATCH_ROW(whose ".data(string).length(number).write", "writes to its bytes: " what),    \
	WATCH_ROW(whose ".data(string).length(number).rw", "uses of its bytes: " what)

const struct family perf_families[] = {
	{
		.pattern = "timer.profile",
		.source = FAMILY_PERF, .resolve = resolve_profile, .describe = describe,
		.summary = "every CPU, at the rate of the system tick",
	},
	{
		.pattern = "timer.profile.freq.hz(number)",
		.source = FAMILY_PERF, .resolve = resolve_profile_hz, .describe = describe,
		.summary = "every CPU, so many times a second",
	},
	ROW(EVENT, "every 1000000 counts of a perf event, on every CPU"),
	ROW(EVENT ".sample(number)", "every so many counts of a perf event, on every CPU"),
	ROW(EVENT ".hz(number)", "so many times a second while a perf event counts, on every CPU"),
	ROW(EVENT ".process(string)", "the same, in processes that run an executable"),
	ROW(EVENT ".process(string).sample(number)", "every so many counts, in such processes"),
	ROW(EVENT ".process(string).hz(number)", "so many times a second, in such processes"),
	ROW(EVENT ".sample(number).process(string)", "the same, in another order"),
	ROW(EVENT ".hz(number).process(string)", "the same, in another order"),
	ROW(EVENT ".process", "the same, in the target process and its children"),
	ROW(EVENT ".process.sample(number)", "every so many counts, in the target"),
	ROW(EVENT ".process.hz(number)", "so many times a second, in the target"),
	ROW(EVENT ".sample(number).process", "the same, in another order"),
	ROW(EVENT ".hz(number).process", "the same, in another order"),
	ROW(EVENT ".counter(string)", "no hits: @perf reads it where other probes fire"),
	ROW(EVENT ".process(string).counter(string)", "the same"),
	ROW(EVENT ".process.counter(string)", "the same"),
	WATCH_ROWS("kernel", "kernel data"),
	WATCH_ROWS("process(number)", "data of a process"),
	WATCH_ROWS("process(string)", "data of a program's processes"),
	WATCH_ROWS("process", "data of the target"),
};
const size_t perf_family_count = ARRAY_SIZE(perf_families);

/* ---- probes to opened events ---- */

/* one event to open, and what its hits mean, in program order */
struct sampling {
	struct perf_event_attr attr;
	pid_t target; /* all its probes are conditioned on this process; or 0 */
	struct binding *first, *last;
};
struct sampling_list {
	struct sampling *items;
	size_t count;
};

/*
 * Stacks cost a microsecond and more a sample: taken only when a handler looks at them. The kernel
 * could walk the user's side by frame pointers, which compiled code rarely has: registers and the
 * stack's top are copied instead, and unwound afterwards.
 */
void sample_ask(struct perf_event_attr *attr, unsigned needs, unsigned all_needs)
{
	if (all_needs & NEED_KERNEL_STACK) {
		attr->sample_type |= PERF_SAMPLE_CALLCHAIN;
		attr->exclude_callchain_user = 1;
		attr->exclude_callchain_kernel = !(needs & NEED_KERNEL_STACK);
	}
	if (all_needs & (NEED_USER_STACK | NEED_REGISTERS)) {
		attr->sample_type |= PERF_SAMPLE_REGS_USER;
		attr->sample_regs_user = SAMPLE_REGISTER_MASK;
	}
	if (all_needs & NEED_USER_STACK) {
		attr->sample_type |= PERF_SAMPLE_STACK_USER;
		attr->sample_stack_user = needs & NEED_USER_STACK ? STACK_ASKED : 0;
	}
}

static struct sampling *find_sampling(struct sampling_list *list,
				      const struct perf_event_attr *attr, pid_t target)
{
	for (size_t i = 0; i < list->count; i++)
		if (memcmp(&list->items[i].attr, attr, sizeof(*attr)) == 0 &&
		    list->items[i].target == target)
			return &list->items[i];
	list->items = memory_realloc(list->items, (list->count + 1) * sizeof(*list->items));
	list->items[list->count] = (struct sampling){ .attr = *attr, .target = target };
	return &list->items[list->count++];
}

/* the one variable a sample carries is the address of a watchpoint */
static void add_binding(struct sampling *sampling, struct probe *probe, const struct site *site)
{
	size_t loads = probe->captures.count;
	struct binding *binding = memory_zalloc(sizeof(*binding) + loads * sizeof(struct load));

	binding->probe = probe;
	binding->site = site;
	binding->load_count = (unsigned)loads;
	for (size_t i = 0; i < loads; i++)
		binding->loads[i].kind = LOAD_SAMPLE_ADDRESS;
	if (sampling->last)
		sampling->last->next = binding;
	else
		sampling->first = binding;
	sampling->last = binding;
}

static void list_samplings(const struct program *program, struct sampling_list *list)
{
	for (size_t i = 0; i < program->probes.count; i++) {
		struct probe *probe = program->probes.items[i];
		pid_t target = probe->filtered_by_target ? (pid_t)program->options->target_pid : 0;

		if (probe->family->source != FAMILY_PERF)
			continue;
		for (size_t j = 0; j < probe->sites.count; j++) {
			const struct site *site = probe->sites.items[j];
			struct perf_event_attr attr;

			if (site->counter)
				continue;
			memcpy(&attr, site->data, sizeof(attr));
			attr.sample_type |= PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
					   PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD;
			sample_ask(&attr, probe->needs, probe->needs);
			add_binding(find_sampling(list, &attr, site->pid ? site->pid : target),
				    probe, site);
		}
	}
}

struct event_source *perf_arm(struct perf *perf, struct program *program, struct buf *problem)
{
	struct sampling_list list = { .items = NULL };
	struct event_source *source = NULL;
	struct source_part *parts;
	size_t opened = 0;

	list_samplings(program, &list);
	parts = memory_zalloc((list.count + 1) * sizeof(*parts));
	for (; opened < list.count; opened++) {
		struct sampling *sampling = &list.items[opened];

		parts[opened].bindings = sampling->first;
		parts[opened].opened = perf_open_together(perf, &sampling->attr, NULL, 1,
							  sampling->target,
							  sampling->first->site->name, problem);
		if (!parts[opened].opened)
			break;
	}
	if (list.count && opened == list.count)
		source = perf_source_new(perf, "samples", parts, opened, NULL);
	for (size_t i = 0; !source && i < list.count; i++) {
		source_free_bindings(list.items[i].first);
		perf_close(parts[i].opened);
	}
	free(parts);
	free(list.items);
	return source;
}
