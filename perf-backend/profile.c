// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sampling probes: timer.profile and timer.profile.freq.hz(N), which sample a clock on every
 * CPU, and perf.type(T).config(C), which samples any event the kernel has. A site is a
 * perf_event_attr; probes with equal ones share one opened event and its rings.
 */
#include <errno.h>
#include <time.h>

#include "sample.h"
#include "source.h"

#define NS_PER_SECOND INT64_C(1000000000)
/* the kernel stretches shorter periods: perf_swevent_start_hrtimer() in kernel/events/core.c */
#define CLOCK_PERIOD_LEAST_NS 10000
/* upstream's documented period of perf.type().config() without .sample or .hz */
#define SAMPLE_PERIOD_DEFAULT 1000000
/* of a user stack copied with each sample; a record must stay below 64 KiB */
#define STACK_BYTES 16384

/* rows of perf_families */
enum {
	ROW_PROFILE, ROW_PROFILE_HZ, ROW_PERF, ROW_PERF_SAMPLE, ROW_PERF_HZ, ROW_PERF_PROCESS,
	ROW_PERF_PROCESS_SAMPLE, ROW_PERF_PROCESS_HZ, ROW_PERF_SAMPLE_PROCESS, ROW_PERF_HZ_PROCESS,
};

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

static void emit_site(struct family_match *match, unsigned row,
		      const struct perf_event_attr *attr, const char *executable)
{
	struct site *site = arena_new_object(match->arena, struct site);
	struct buf name = BUF_INIT;

	point_print(match->point, &name);
	site->family = &perf_families[row];
	site->name = arena_strdup(match->arena, buf_text(&name));
	site->data = arena_memdup(match->arena, attr, sizeof(*attr));
	site->executable = executable;
	buf_free(&name);
	match->emit(match, match->point, site, NULL);
}

static void emit_clock(struct family_match *match, unsigned row, uint64_t period)
{
	const struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = period,
	};

	emit_site(match, row, &attr, NULL);
}

static const struct point_component *find_component(const struct probe_point *point,
						    const char *name)
{
	for (size_t i = 0; i < point->components.count; i++)
		if (strcmp(point->components.items[i].name, name) == 0)
			return &point->components.items[i];
	return NULL;
}

static int resolve_profile(struct family_match *match)
{
	emit_clock(match, ROW_PROFILE, tick_ns());
	return 0;
}

static int resolve_profile_hz(struct family_match *match)
{
	const struct point_component *hz = find_component(match->point, "hz");

	if (hz->number < 1 || hz->number > NS_PER_SECOND / CLOCK_PERIOD_LEAST_NS) {
		diag_error(match->frontend, hz->token,
			   "a profiling frequency must be between 1 and %lld hz",
			   (long long)(NS_PER_SECOND / CLOCK_PERIOD_LEAST_NS));
		return -EINVAL;
	}
	emit_clock(match, ROW_PROFILE_HZ, (uint64_t)(NS_PER_SECOND / hz->number));
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
static bool check_machine(struct family_match *match, const struct perf_event_attr *attr)
{
	struct buf name = BUF_INIT, problem = BUF_INIT;
	bool missing;

	point_print(match->point, &name);
	missing = perf_is_missing(attr, buf_text(&name), &problem);
	if (missing)
		diag_error(match->frontend, match->point->token, "%s", buf_text(&problem));
	buf_free(&name);
	buf_free(&problem);
	return !missing;
}

/* as a shell finds it, and as address maps name it */
static const char *find_executable(struct family_match *match,
				   const struct point_component *process)
{
	const char *name = process->string, *path = getenv("PATH"), *found = NULL;
	char *real = strchr(name, '/') ? realpath(name, NULL) : NULL, *list, *rest, *directory;

	rest = list = memory_strdup(path ? path : "/usr/bin:/bin");
	while (!strchr(name, '/') && !real && (directory = strsep(&rest, ":")))
		real = realpath(arena_printf(match->arena, "%s/%s", directory, name), NULL);
	if (real)
		found = arena_strdup(match->arena, real);
	else
		diag_error(match->frontend, process->token, "there is no executable '%s'", name);
	free(real);
	free(list);
	return found;
}

static int resolve_perf(struct family_match *match)
{
	const struct point_component *type = find_component(match->point, "type");
	const struct point_component *config = find_component(match->point, "config");
	const struct point_component *sample = find_component(match->point, "sample");
	const struct point_component *hz = find_component(match->point, "hz");
	const struct point_component *process = find_component(match->point, "process");
	const char *executable = NULL;
	struct perf_event_attr attr = {
		.type = (uint32_t)type->number,
		.config = (uint64_t)config->number,
		.sample_period = SAMPLE_PERIOD_DEFAULT,
	};

	if (type->number < 0 || type->number > UINT32_MAX) {
		diag_error(match->frontend, type->token, "a perf event's type has 32 bits");
		return -EINVAL;
	}
	if (!check_positive(match, sample) || !check_positive(match, hz))
		return -EINVAL;
	if (sample)
		attr.sample_period = (uint64_t)sample->number;
	if (hz) {
		attr.freq = 1;
		attr.sample_freq = (uint64_t)hz->number;
	}
	if (!check_machine(match, &attr))
		return -EINVAL;
	if (process) {
		executable = find_executable(match, process);
		if (!executable)
			return -EINVAL;
	}
	emit_site(match, hz ? ROW_PERF_HZ : sample ? ROW_PERF_SAMPLE : ROW_PERF, &attr, executable);
	return 0;
}

static void describe(void *backend, const struct probe *probe, const struct site *site, FILE *out)
{
	const struct perf_event_attr *attr = site->data;

	(void)backend;
	(void)probe;
	fprintf(out, "perf event type %u config %llu ", attr->type,
		(unsigned long long)attr->config);
	if (attr->freq)
		fprintf(out, "sampled %llu times a second\n", (unsigned long long)attr->sample_freq);
	else
		fprintf(out, "sampled every %llu\n", (unsigned long long)attr->sample_period);
}

const struct family perf_families[] = {
	[ROW_PROFILE] = {
		.pattern = "timer.profile",
		.source = FAMILY_PERF, .resolve = resolve_profile, .describe = describe,
		.summary = "every CPU, at the rate of the system tick",
	},
	[ROW_PROFILE_HZ] = {
		.pattern = "timer.profile.freq.hz(number)",
		.source = FAMILY_PERF, .resolve = resolve_profile_hz, .describe = describe,
		.summary = "every CPU, so many times a second",
	},
	[ROW_PERF] = {
		.pattern = "perf.type(number).config(number)",
		.source = FAMILY_PERF, .resolve = resolve_perf, .describe = describe,
		.summary = "every 1000000 counts of a perf event, on every CPU",
	},
	[ROW_PERF_SAMPLE] = {
		.pattern = "perf.type(number).config(number).sample(number)",
		.source = FAMILY_PERF, .resolve = resolve_perf, .describe = describe,
		.summary = "every so many counts of a perf event, on every CPU",
	},
	[ROW_PERF_HZ] = {
		.pattern = "perf.type(number).config(number).hz(number)",
		.source = FAMILY_PERF, .resolve = resolve_perf, .describe = describe,
		.summary = "so many times a second while a perf event counts, on every CPU",
	},
	[ROW_PERF_PROCESS] = {
		.pattern = "perf.type(number).config(number).process(string)",
		.source = FAMILY_PERF, .resolve = resolve_perf, .describe = describe,
		.summary = "the same, in processes that run an executable",
	},
	[ROW_PERF_PROCESS_SAMPLE] = {
		.pattern = "perf.type(number).config(number).process(string).sample(number)",
		.source = FAMILY_PERF, .resolve = resolve_perf, .describe = describe,
		.summary = "every so many counts, in processes that run an executable",
	},
	[ROW_PERF_PROCESS_HZ] = {
		.pattern = "perf.type(number).config(number).process(string).hz(number)",
		.source = FAMILY_PERF, .resolve = resolve_perf, .describe = describe,
		.summary = "so many times a second, in processes that run an executable",
	},
	[ROW_PERF_SAMPLE_PROCESS] = {
		.pattern = "perf.type(number).config(number).sample(number).process(string)",
		.source = FAMILY_PERF, .resolve = resolve_perf, .describe = describe,
		.summary = "the same, in another order",
	},
	[ROW_PERF_HZ_PROCESS] = {
		.pattern = "perf.type(number).config(number).hz(number).process(string)",
		.source = FAMILY_PERF, .resolve = resolve_perf, .describe = describe,
		.summary = "the same, in another order",
	},
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
		attr->sample_stack_user = needs & NEED_USER_STACK ? STACK_BYTES : 0;
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

/* samples carry no script variables: every capture is LOAD_NONE, which is 0 */
static void add_binding(struct sampling *sampling, struct probe *probe, const struct site *site)
{
	size_t loads = probe->captures.count;
	struct binding *binding = memory_zalloc(sizeof(*binding) + loads * sizeof(struct load));

	binding->probe = probe;
	binding->site = site;
	binding->load_count = (unsigned)loads;
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

			memcpy(&attr, site->data, sizeof(attr));
			attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
					   PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD;
			sample_ask(&attr, probe->needs, probe->needs);
			add_binding(find_sampling(list, &attr, target), probe, site);
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
