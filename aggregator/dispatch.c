// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which handlers run at a moment, and in which order. Probes on one event run in program order; the
 * rest of them is skipped when one calls exit(). begin, end and error probes run by rising sequence
 * number, equal ones in program order. A return probe that needs values of its call's entry runs
 * when that entry was seen. End probes run after an orderly end, error probes after one
 * by errors; each of the latter is tried even if another fails.
 */
#include <inttypes.h>
#include <sched.h>
#include <unistd.h>

#include "dispatch.h"
#include "load.h"
#include "timer.h"

void dispatch_init(struct dispatch *dispatch, const struct program *program,
		   const struct run_options *options, struct vm *vm)
{
	memset(dispatch, 0, sizeof(*dispatch));
	dispatch->program = program;
	dispatch->options = options;
	dispatch->vm = vm;
	dispatch->session = vm_session(vm);
	dispatch->own_tid = gettid();
	if (options->timing && program->probes.count)
		dispatch->timings = memory_zalloc(program->probes.count *
						  sizeof(*dispatch->timings));
}

void dispatch_free(struct dispatch *dispatch)
{
	entry_store_free(&dispatch->entries);
	free(dispatch->timings);
	dispatch->timings = NULL;
}

/* functions are at least so far apart, and what is called at their entry is nearer */
#define SELECTOR_REACH 16

static const struct binding *select_by_address(const struct binding_selector *selector,
					       const unsigned char *data, size_t size)
{
	size_t low = 0, high = selector->count, middle;
	uint64_t address;

	if (size < sizeof(address) || selector->offset > size - sizeof(address))
		return NULL;
	memcpy(&address, data + selector->offset, sizeof(address));
	while (low < high) {
		middle = low + (high - low) / 2;
		if (selector->addresses[middle] <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - selector->addresses[low - 1] >= SELECTOR_REACH)
		return NULL;
	return selector->items[low - 1];
}

const struct binding *binding_select(const struct binding_selector *selector,
				     const unsigned char *data, size_t size)
{
	uint32_t number;

	if (selector->addresses)
		return select_by_address(selector, data, size);
	if (size < sizeof(number) || selector->offset > size - sizeof(number))
		return NULL;
	memcpy(&number, data + selector->offset, sizeof(number));
	return number < selector->count ? selector->items[number] : NULL;
}

/* ---- running one handler ---- */

static void timing_add(struct probe_timing *timing, uint64_t took)
{
	if (timing->hits++ == 0 || took < timing->min)
		timing->min = took;
	if (took > timing->max)
		timing->max = took;
	timing->total += took;
}

static __attribute__((noinline)) void dispatch_run_timed(struct dispatch *dispatch,
							 const struct probe *probe)
{
	uint64_t start = clock_now();

	vm_run_now(dispatch->vm, probe);
	timing_add(&dispatch->timings[probe->index], clock_now() - start);
}

static inline void dispatch_run(struct dispatch *dispatch, const struct probe *probe)
{
	dispatch->handlers++;
	if (unlikely(dispatch->timings))
		dispatch_run_timed(dispatch, probe);
	else
		vm_run_now(dispatch->vm, probe);
}

/* ---- entries and returns ---- */

static uint64_t stack_pointer(const struct binding *binding, const struct event *event)
{
	const struct capture *capture = binding->probe->stack_pointer;
	int64_t number;

	if (!capture || capture->slot >= binding->load_count ||
	    !load_number(event, &binding->loads[capture->slot], &number))
		return 0;
	return (uint64_t)number + (uint64_t)binding->probe->stack_offset;
}

/* an entry saves for its call; what needs values of an entry that was not seen does not run */
static __attribute__((noinline)) void
dispatch_paired(struct dispatch *dispatch, const struct binding *binding, const struct event *event)
{
	const struct probe *probe = binding->probe;
	uint64_t pointer = stack_pointer(binding, event);

	if (probe->is_entry) {
		dispatch->session->entry = entry_push(&dispatch->entries, event->tid, probe->index,
						      pointer);
		dispatch_run(dispatch, probe);
		dispatch->session->entry = NULL;
		return;
	}
	dispatch->session->entry = (probe->is_inside ? entry_inside : entry_top)(
		&dispatch->entries, event->tid, probe->entry->index, pointer);
	if (!dispatch->session->entry) {
		dispatch->unpaired++;
		return;
	}
	dispatch_run(dispatch, probe);
	dispatch->session->entry = NULL;
	if (!probe->is_inside)
		entry_pop(&dispatch->entries, event->tid, probe->entry->index);
}

void dispatch_thread_exit(struct dispatch *dispatch, int32_t tid)
{
	const struct program *program = dispatch->program;

	for (size_t i = 0; dispatch->entries.stack_count && i < program->probes.count; i++)
		if (program->probes.items[i]->is_entry)
			entry_forget(&dispatch->entries, tid, (unsigned)i);
}

/* parents that are asked for before a task counts as nobody's child */
#define MAX_GENERATIONS 100

/* a site bound to one process fires in others too: the kernel's probe is the file's */
static __attribute__((noinline)) bool
is_of_process(const struct dispatch *dispatch, const struct event *event, const struct site *site)
{
	struct task_model *tasks = dispatch->session->tasks;
	int32_t pid = event->pid;

	if (pid < 0)
		pid = task_find_on(tasks, event->tid, event->cpu)->pid;
	for (int level = 0; pid > 0 && level < MAX_GENERATIONS; level++) {
		if (pid == site->pid || !site->with_children)
			break;
		pid = task_find(tasks, pid)->ppid;
	}
	return pid == site->pid;
}

static __attribute__((noinline)) bool
is_of_executable(const struct dispatch *dispatch, const struct event *event, const char *path)
{
	struct task_model *tasks = dispatch->session->tasks;
	const struct address_space *space =
		task_space(tasks, task_find_on(tasks, event->tid, event->cpu));

	return address_space_has_file(space, path);
}

static inline bool concerns(const struct dispatch *dispatch, const struct event *event,
			    const struct site *site)
{
	if (unlikely(site->pid) && !is_of_process(dispatch, event, site))
		return false;
	return likely(!site->executable) || is_of_executable(dispatch, event, site->executable);
}

bool dispatch_concerns(const struct dispatch *dispatch, const struct event *event,
		       const struct site *site)
{
	return concerns(dispatch, event, site);
}

/* a hit of several probes, or of one that does not simply run */
static __attribute__((noinline)) void dispatch_many(struct dispatch *dispatch,
						    const struct event *event)
{
	const struct binding *binding = event->bindings;
	struct vm_context *now = &dispatch->session->now;

	for (; binding; binding = binding->next) {
		if (binding->site && unlikely(!concerns(dispatch, event, binding->site)))
			continue;
		now->probe = binding->probe;
		now->binding = binding;
		if (unlikely(binding->probe->is_entry || binding->probe->entry))
			dispatch_paired(dispatch, binding, event);
		else
			dispatch_run(dispatch, binding->probe);
		if (unlikely(dispatch->session->exiting))
			break;
	}
}

void dispatch_hit(struct dispatch *dispatch, const struct event *event)
{
	const struct binding *binding = event->bindings;
	struct vm_context *now = &dispatch->session->now;
	const struct probe *probe;
	const struct site *site;

	if (unlikely(!binding))
		return;
	probe = binding->probe;
	site = binding->site;
	now->event = event;
	if (unlikely(binding->next || dispatch->timings || probe->is_entry || probe->entry ||
		     (site && (site->pid || site->executable)))) {
		dispatch_many(dispatch, event);
		return;
	}
	now->probe = probe;
	now->binding = binding;
	dispatch->handlers++;
	vm_run_now(dispatch->vm, probe);
}

static void dispatch_at(struct dispatch *dispatch, const struct probe *probe, struct event moment)
{
	dispatch->moment = moment;
	dispatch->session->now = (struct vm_context){
		.probe = probe, .binding = &no_binding, .event = &dispatch->moment,
	};
	dispatch_run(dispatch, probe);
}

/* a moment of the run itself, seen from our own task */
static void dispatch_moment(struct dispatch *dispatch, const struct probe *probe, uint64_t time)
{
	int cpu = sched_getcpu();

	if (unlikely(probe->reads_counts) && dispatch->take_counts)
		dispatch->take_counts(dispatch->session->owner);
	dispatch_at(dispatch, probe, (struct event){
		.time = time, .cpu = cpu > 0 ? (uint32_t)cpu : 0, .tid = dispatch->own_tid, .pid = -1,
	});
	if (moment_of(probe)->exits)
		dispatch->session->exiting = true;
}

void dispatch_task_event(struct dispatch *dispatch, const struct probe *probe,
			 const struct event *event)
{
	dispatch_at(dispatch, probe, (struct event){
		.time = event->time, .cpu = event->cpu, .tid = event->tid, .pid = -1,
	});
}

uint64_t dispatch_timer(struct dispatch *dispatch, const struct probe *probe, uint64_t due)
{
	uint64_t start = clock_now();

	dispatch_moment(dispatch, probe, due);
	return clock_now() - start;
}

/* ---- begin, end, error ---- */

struct moment_order {
	const struct probe *probe;
	int64_t sequence;
};

static int moment_order_compare(const void *left, const void *right)
{
	const struct moment_order *a = left, *b = right;

	if (a->sequence != b->sequence)
		return a->sequence < b->sequence ? -1 : 1;
	return a->probe->index < b->probe->index ? -1 : a->probe->index > b->probe->index;
}

/* the probes of @moment in the order they run; free with free() */
static struct moment_order *moment_collect(const struct program *program, enum moment moment,
					   size_t *count)
{
	struct moment_order *order = memory_alloc((program->probes.count + 1) * sizeof(*order));

	*count = 0;
	for (size_t i = 0; i < program->probes.count; i++) {
		const struct probe *probe = program->probes.items[i];
		const struct moment_probe *data = moment_of(probe);

		if (data && data->moment == moment)
			order[(*count)++] = (struct moment_order){ probe, data->sequence };
	}
	qsort(order, *count, sizeof(*order), moment_order_compare);
	return order;
}

bool dispatch_failed(const struct dispatch *dispatch)
{
	int64_t allowed = dispatch->options->limits[LIMIT_MAXERRORS];

	return !dispatch->options->suppress_handler_errors &&
	       (int64_t)dispatch->session->error_count > allowed;
}

static bool moment_ends(const struct dispatch *dispatch, enum moment moment)
{
	const struct vm_session *session = dispatch->session;

	if (session->interrupted && clock_now() >= session->interrupt_deadline)
		return true;
	if (moment == MOMENT_BEGIN)
		return session->exiting || session->interrupted;
	return moment == MOMENT_END && dispatch_failed(dispatch);
}

static void dispatch_moments(struct dispatch *dispatch, enum moment moment)
{
	size_t count;
	struct moment_order *order = moment_collect(dispatch->program, moment, &count);

	for (size_t i = 0; i < count && !moment_ends(dispatch, moment); i++)
		dispatch_moment(dispatch, order[i].probe, clock_now());
	free(order);
}

void dispatch_begin(struct dispatch *dispatch)
{
	dispatch_moments(dispatch, MOMENT_BEGIN);
}

void dispatch_count(struct dispatch *dispatch, const struct binding *bindings, uint64_t count)
{
	for (const struct binding *binding = bindings; binding; binding = binding->next) {
		vm_count(dispatch->vm, binding->probe, count);
		dispatch->handlers += count;
		if (dispatch->timings)
			dispatch->timings[binding->probe->index].hits += count;
	}
}

void dispatch_end(struct dispatch *dispatch)
{
	dispatch_moments(dispatch, MOMENT_END);
	if (dispatch_failed(dispatch))
		dispatch_moments(dispatch, MOMENT_ERROR);
}

/* ---- -t ---- */

void dispatch_report(const struct dispatch *dispatch, struct buf *out)
{
	if (!dispatch->timings)
		return;
	buf_puts(out, "----- probe hit report:\n");
	for (size_t i = 0; i < dispatch->program->probes.count; i++) {
		const struct probe *probe = dispatch->program->probes.items[i];
		const struct probe_timing *timing = &dispatch->timings[i];

		if (timing->hits == 0)
			continue;
		buf_puts(out, probe->point_text ? probe->point_text : "?");
		if (probe->token)
			buf_printf(out, ", (%s:%u:%u)", probe->token->place.file->name,
				   probe->token->place.line, probe->token->place.column);
		buf_printf(out, ", hits: %" PRIu64 ", ns: %" PRIu64 "min/%" PRIu64 "avg/%" PRIu64
			   "max\n", timing->hits, timing->min, timing->total / timing->hits,
			   timing->max);
	}
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(dispatch_moments_run_by_sequence_then_program_order)
{
	static const struct family family = { .pattern = "begin", .source = FAMILY_AGGREGATOR };
	static const int64_t sequences[] = { 0, INT64_MAX, -5, 0, INT64_MIN, 3 };
	static const size_t expected[] = { 4, 2, 0, 3, 1 };
	struct moment_probe data[ARRAY_SIZE(sequences)];
	struct probe probes[ARRAY_SIZE(sequences)], *list[ARRAY_SIZE(sequences)];
	struct program program = { 0 };
	struct moment_order *order;
	size_t count;

	memset(probes, 0, sizeof(probes));
	for (size_t i = 0; i < ARRAY_SIZE(sequences); i++) {
		data[i] = (struct moment_probe){ .moment = i == 5 ? MOMENT_END : MOMENT_BEGIN,
						 .sequence = sequences[i] };
		probes[i].family = &family;
		probes[i].index = (unsigned)i;
		probes[i].data = &data[i];
		list[i] = &probes[i];
	}
	program.probes.items = list;
	program.probes.count = ARRAY_SIZE(sequences);
	order = moment_collect(&program, MOMENT_BEGIN, &count);
	CHECK_INT(count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < count; i++)
		CHECK_INT(order[i].probe->index, expected[i]);
	free(order);
}

UNIT_TEST_CASE(dispatch_timing_keeps_extremes)
{
	struct probe_timing timing = { 0 };

	timing_add(&timing, 20);
	timing_add(&timing, 5);
	timing_add(&timing, 35);
	CHECK_INT(timing.hits, 3);
	CHECK_INT(timing.min, 5);
	CHECK_INT(timing.max, 35);
	CHECK_INT(timing.total, 60);
}
#endif
