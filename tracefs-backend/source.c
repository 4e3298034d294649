// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a program to events and back: tracefs_arm() gathers which kernel events its probes stand
 * on, gives each event one filter and one list of bindings, and hands out an event source that
 * reads the instance's rings, one per CPU, into streams.
 *
 * Loss is exact: what the kernel wrote is delivered, lost or, our own system calls, passed over.
 * What the kernel overwrites (-F) is counted in the sub-buffers themselves; what
 * it refuses when a buffer is full is counted in per_cpu/cpuN/stats, which is read whenever a
 * drain found a buffer filled far enough that this can have happened, and once more at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "define.h"
#include "functions.h"
#include "joined.h"
#include "stream.h"

/* bytes of sub-buffers held in memory: per CPU at most and at least, and for all together */
#define BLOCK_MAX (1u << 20)
#define BLOCK_MIN (128u << 10)
#define BLOCKS_TOTAL (16u << 20)

/**
 * struct reader - where one CPU's stream comes from
 * @ring_fd, @stats_fd: -1 when this CPU has no buffer
 * @filled: bytes read since the kernel's buffer was last seen empty
 */
struct reader {
	struct stream stream;
	int ring_fd, stats_fd;
	bool emptied;
	uint64_t filled, bytes;
};

struct source {
	struct event_source base; /* first: the aggregator knows only this */
	struct tracefs *tracefs;
	struct reader *readers;
	const struct binding **bindings; /* by event id */
	bool *hides_self; /* by event id: its events of our own thread are passed over */
	unsigned binding_count;
	const struct joined_event **joined; /* by event id, joined_ids of them; NULL: no pairs */
	unsigned joined_ids;
	size_t pairs;
	uint64_t full_mark; /* bytes in a kernel buffer from which it may have refused events */
	int poll_fd;
	bool stopped;
};

static struct source *source_of(struct event_source *base)
{
	return (struct source *)base;
}

/* ---- which events, with which bindings and filters ---- */

/**
 * struct armed_event - one kernel event and the probes on it
 * @first: bindings of its probes, up to @last
 * @filter: conditions of all its probes, joined by ||; useless once one probe has none
 */
struct armed_event {
	struct trace_event *event;
	struct binding *first, *last;
	struct binding_selector *selector; /* first is of no probe, but leads here; or NULL */
	struct buf filter;
	bool unfiltered;
	unsigned needs; /* of its probes' handlers */
};

/**
 * struct arming - everything gathered before the kernel is touched
 * @sites: of probes that do something
 * @own: filter text that keeps our own threads out; "" when one process is recorded only
 * @systems: name -> struct system_use
 */
struct arming {
	struct tracefs *tracefs;
	struct buf *problem;
	struct buf own;
	struct table systems;
	size_t sites;
	ARRAY(struct armed_event) events;
	struct table index; /* event text -> position in events, plus one */
	ARRAY(struct joined_event *) joined;
};

static struct armed_event *armed_event_of(struct arming *arming, struct trace_event *event)
{
	uintptr_t position = (uintptr_t)table_get(&arming->index, event->text);
	struct armed_event armed = { .event = event };

	if (!position) {
		array_push(arming->tracefs->arena, &arming->events, armed);
		position = arming->events.count;
		table_put(&arming->index, event->text, (void *)position);
	}
	return &arming->events.items[position - 1];
}

static void arm_filter(struct armed_event *armed, const struct probe *probe)
{
	struct buf text = BUF_INIT;

	buf_putc(&text, '(');
	if (!armed->unfiltered)
		filter_print(armed->event, probe, &text);
	buf_putc(&text, ')');
	if (text.length == 2 || armed->filter.length + text.length > TRACE_FILTER_SIZE / 2)
		armed->unfiltered = true;
	else if (!strstr(buf_text(&armed->filter), buf_text(&text)))
		buf_printf(&armed->filter, "%s%s", armed->filter.length ? " || " : "",
			   buf_text(&text));
	buf_free(&text);
}

static struct load site_bind(const struct site *site, const struct capture *capture)
{
	struct load load;

	if (capture->kind == CAPTURE_COUNTER)
		return (struct load){ .kind = LOAD_COUNTER, .offset = (uint16_t)capture->counter };
	if (!trace_site_of(site)->place ||
	    (trace_site_of(site)->with_fields && capture->kind == CAPTURE_FIELD))
		return tracepoint_bind(site, capture);
	load = definition_bind(site, capture);
	if (trace_site_of(site)->with_fields)
		load.offset += JOINED_OFFSET;
	return load;
}

static struct binding *binding_new(struct arming *arming, struct probe *probe,
				   const struct site *site)
{
	size_t loads = probe->captures.count;
	struct binding *binding = arena_alloc(arming->tracefs->arena, sizeof(*binding) +
					      loads * sizeof(binding->loads[0]));

	*binding = (struct binding){ .probe = probe, .site = site, .load_count = loads };
	for (size_t i = 0; i < loads; i++)
		binding->loads[i] = site_bind(site, probe->captures.items[i]);
	return binding;
}

/* one more probe at @definition's place, whose event stands for others as well */
static void select_binding(struct arming *arming, struct armed_event *armed,
			   const struct probe_definition *definition, struct binding *binding)
{
	const struct binding **slot;

	if (!armed->selector) {
		armed->selector = group_selector(arming->tracefs, definition);
		armed->first = armed->last = arena_new_object(arming->tracefs->arena,
							      struct binding);
		*armed->first = (struct binding){ .probe = binding->probe, .site = binding->site,
						  .selector = armed->selector };
	}
	slot = armed->selector ? &armed->selector->items[definition->number] : NULL;
	while (slot && *slot)
		slot = (const struct binding **)&((struct binding *)*slot)->next;
	if (slot)
		*slot = binding;
}

static const struct joined_event *pair_of_fields(const struct arming *arming,
						 const struct trace_event *fields)
{
	for (size_t i = 0; i < arming->joined.count; i++)
		if (arming->joined.items[i]->fields == fields)
			return arming->joined.items[i];
	return NULL;
}

/* the arguments' event and the fields', which the records of @data's probe come from */
static int join_events(struct arming *arming, const struct trace_site *data)
{
	struct arena *arena = arming->tracefs->arena;
	struct joined_event *joined;

	if (pair_of_fields(arming, data->event))
		return 0;
	joined = arena_new_object(arena, struct joined_event);
	joined->arguments = data->definition->event;
	joined->fields = data->event;
	joined->index = arming->joined.count;
	array_push(arena, &arming->joined, joined);
	return joined_event_read(joined, arena);
}

static int arm_site(struct arming *arming, struct probe *probe, const struct site *site)
{
	struct trace_site *data = trace_site_of(site);
	struct trace_event *event = data->definition && !data->with_fields ?
					    data->definition->event : data->event;
	struct armed_event *armed;
	struct binding *binding;
	int error;

	if (data->definition && data->definition->refused)
		return 0;
	if (data->function) {
		functions_bind(data->function, binding_new(arming, probe, site));
		return 0;
	}
	error = data->with_fields ? join_events(arming, data) : trace_event_read(event);
	if (error) {
		buf_printf(arming->problem, "cannot read the format of the trace event %s: %s",
			   event->text, strerror(-error));
		return error;
	}
	binding = binding_new(arming, probe, site);
	armed = armed_event_of(arming, event);
	if (data->definition && data->definition->group)
		select_binding(arming, armed, data->definition, binding);
	else if (armed->last)
		armed->last->next = binding;
	else
		armed->first = binding;
	if (!armed->selector)
		armed->last = binding;
	armed->needs |= probe->needs;
	arm_filter(armed, probe);
	return 0;
}

typedef int (*site_step)(struct arming *arming, struct probe *probe, const struct site *site);

/* take @step for every site of every probe that does something */
static int for_each_site(struct arming *arming, struct program *program, site_step step)
{
	int error;

	for (size_t i = 0; i < program->probes.count; i++) {
		struct probe *probe = program->probes.items[i];

		if (probe->family->source != FAMILY_TRACEFS || !probe->body)
			continue;
		for (size_t j = 0; j < probe->sites.count; j++) {
			error = step(arming, probe, probe->sites.items[j]);
			if (error)
				return error;
		}
	}
	return 0;
}

/* what is to be defined; counts all */
static int plan_site(struct arming *arming, struct probe *probe, const struct site *site)
{
	arming->sites++;
	return trace_site_of(site)->function ? 0 :
	       definition_plan(arming->tracefs, probe, site, arming->problem);
}

/* from so many events on, one filter for all of their system is written, not one for each */
#define MANY_EVENTS 8

/**
 * struct system_use - the events of one system that shall not show our own threads
 * @filtered: the system's filter was written for them
 */
struct system_use {
	size_t count;
	bool filtered;
};

static struct system_use *system_use_of(struct arming *arming, const struct armed_event *armed)
{
	struct system_use *use;

	if (!arming->own.length ||
	    filter_own_events(arming->tracefs, armed->event) != OWN_FILTERED)
		return NULL;
	use = table_get(&arming->systems, armed->event->system);
	if (!use) {
		use = arena_new_object(arming->tracefs->arena, struct system_use);
		table_put(&arming->systems, armed->event->system, use);
	}
	return use;
}

/* before the filters of single events, which replace it */
static void filter_systems(struct arming *arming)
{
	struct system_use *use;

	for (size_t i = 0; i < arming->events.count; i++) {
		use = system_use_of(arming, &arming->events.items[i]);
		if (use)
			use->count++;
	}
	for (size_t i = 0; i < arming->systems.count; i++) {
		use = arming->systems.entries[i].value;
		use->filtered = use->count >= MANY_EVENTS &&
				instance_filter_system(arming->tracefs,
						       arming->systems.entries[i].key,
						       buf_text(&arming->own)) == 0;
	}
}

/* the filter still to be written for @armed, into @out */
static void print_condition(struct arming *arming, const struct armed_event *armed, struct buf *out)
{
	const struct system_use *use = system_use_of(arming, armed);

	if (armed->unfiltered && use && use->filtered)
		return;
	if (use)
		buf_puts(out, buf_text(&arming->own));
	if (!armed->unfiltered)
		buf_printf(out, use ? " && (%s)" : "%s", buf_text(&armed->filter));
}

/*
 * Stacks, user registers and counters only perf can record, and the address of a hit as well: but a
 * tracepoint's is none of the script's, and 0 as documented.
 */
bool tracefs_lacks(unsigned needs, const struct site *site)
{
	unsigned lacked = NEED_KERNEL_STACK | NEED_USER_STACK | NEED_REGISTERS | NEED_COUNTER;
	const struct trace_site *data = trace_site_of(site);

	if (data->place && !data->place->event && !data->with_fields)
		lacked |= NEED_ADDRESS;
	return needs & lacked;
}

pid_t tracefs_site_target(const struct tracefs *tracefs, const struct probe *probe,
			  const struct site *site)
{
	if (trace_site_of(site)->place && site->pid)
		return site->pid;
	return probe->filtered_by_target ? tracefs->options.target_pid : 0;
}

static pid_t binding_target(const struct tracefs *tracefs, const struct binding *binding)
{
	return tracefs_site_target(tracefs, binding->probe, binding->site);
}

/* the process all hits are of that count, with its children, or 0 */
static pid_t event_target(const struct tracefs *tracefs, const struct armed_event *armed)
{
	pid_t target = binding_target(tracefs, armed->first);

	for (const struct binding *other = armed->first->next; other; other = other->next)
		if (binding_target(tracefs, other) != target)
			return 0;
	return target;
}

/*
 * A uprobe of one process: through tracefs it would stop every process that runs the file, through
 * perf the kernel puts it into that process alone.
 */
bool tracefs_is_sampled(const struct tracefs *tracefs, unsigned needs, const struct site *site,
			pid_t target)
{
	const struct define_place *place = trace_site_of(site)->place;

	return tracefs->options.leave_to_perf || tracefs_lacks(needs, site) ||
	       (!tracefs->options.leave_to_tracefs && place && place->fetch.is_user && target);
}

static bool is_sampled(const struct tracefs *tracefs, const struct armed_event *armed)
{
	return tracefs_is_sampled(tracefs, armed->needs, armed->first->site,
				  event_target(tracefs, armed));
}

/* the probes of @armed, or what stands for those of each of its places; NULL when these differ */
static const struct binding *armed_bindings(const struct armed_event *armed)
{
	if (!armed->selector)
		return armed->first;
	/* the kernel's are enabled by now, and to undo that is dear */
	return trace_site_of(armed->first->site)->place->fetch.is_user ?
		group_common(armed->selector) : NULL;
}

/* what counting needs of one probe: its process, if any, must be one perf can bind to */
static bool is_countable(const struct tracefs *tracefs, const struct binding *binding)
{
	const struct site *site = binding->site;

	return binding->probe->counts && !site->executable &&
	       (!site->pid || binding_target(tracefs, binding) == site->pid);
}

/* all of its probes only count, and count the same processes */
static bool is_counted(const struct tracefs *tracefs, const struct armed_event *armed)
{
	pid_t target = binding_target(tracefs, armed->first);
	bool with_children = armed->first->site->with_children;
	const struct binding *first = armed_bindings(armed);

	for (const struct binding *binding = first; binding; binding = binding->next)
		if (!is_countable(tracefs, binding) ||
		    binding_target(tracefs, binding) != target ||
		    binding->site->with_children != with_children)
			return false;
	return first;
}

/*
 * Each costs a descriptor for every CPU, which are dear when there are many of both, and a grace
 * period of RCU when it is closed, one after the other (perf_trace_event_unreg() in
 * kernel/trace/trace_event_perf.c): 40 ms as measured, 14 s for all system calls.
 */
#define COUNTED_DESCRIPTORS 1024
#define COUNTED_EVENTS 32

static bool may_count(const struct arming *arming)
{
	size_t counted = 0, cpus = (size_t)sysconf(_SC_NPROCESSORS_CONF);

	for (size_t i = 0; i < arming->events.count; i++)
		counted += is_counted(arming->tracefs, &arming->events.items[i]);
	return arming->tracefs->options.may_count && counted <= COUNTED_EVENTS &&
	       counted * (cpus + 1) <= COUNTED_DESCRIPTORS;
}

static void leave_to_perf(struct arming *arming, const struct armed_event *armed, bool is_counted)
{
	struct tracefs *tracefs = arming->tracefs;

	array_push(tracefs->arena, &tracefs->sampled, (struct tracefs_sampled){
		.id = armed->event->id, .needs = armed->needs,
		.bindings = is_counted ? armed_bindings(armed) : armed->first,
		.target = event_target(tracefs, armed),
		.with_children = armed->first->site->with_children,
		.is_counted = is_counted,
		.spares_self = filter_own_events(tracefs, armed->event) != OWN_SHOWN,
		.filter = armed->unfiltered ? NULL : arena_strdup(tracefs->arena,
								  buf_text(&armed->filter)),
	});
}

size_t tracefs_sampled(const struct tracefs *tracefs, const struct tracefs_sampled **events)
{
	*events = tracefs ? tracefs->sampled.items : NULL;
	return tracefs ? tracefs->sampled.count : 0;
}

/* perf's records are its own: nothing can be appended to them */
static int refuse_sampled_pair(const struct arming *arming, const struct armed_event *armed)
{
	if (!pair_of_fields(arming, armed->event))
		return 0;
	print_place(armed->first->probe->token, arming->problem);
	buf_printf(arming->problem, "stacks and counters at '%s' cannot be recorded together with both "
		   "its fields and arguments of the tracepoint", armed->event->text);
	return -ENOTSUP;
}

/* the second event of each pair is enabled as others are */
static int enable_joined(struct arming *arming)
{
	struct tracefs *tracefs = arming->tracefs;
	const struct joined_event *pair;
	int error = 0;

	for (size_t i = 0; i < arming->joined.count && !error; i++) {
		pair = arming->joined.items[i];
		error = instance_enable(tracefs, pair->arguments,
					filter_own_events(tracefs, pair->fields) == OWN_FILTERED ?
						buf_text(&arming->own) : "",
					NULL, arming->problem);
	}
	return error;
}

static int enable_events(struct arming *arming)
{
	bool counts = may_count(arming);
	struct buf condition = BUF_INIT;
	int error = 0;

	filter_systems(arming);
	for (size_t i = 0; i < arming->events.count && !error; i++) {
		struct armed_event *armed = &arming->events.items[i];

		if (counts && is_counted(arming->tracefs, armed)) {
			if (armed->selector)
				instance_disable(arming->tracefs, armed->event);
			leave_to_perf(arming, armed, true);
			continue;
		}
		if (is_sampled(arming->tracefs, armed)) {
			error = refuse_sampled_pair(arming, armed);
			leave_to_perf(arming, armed, false);
			continue;
		}
		buf_reset(&condition);
		print_condition(arming, armed, &condition);
		error = instance_enable(arming->tracefs, armed->event, buf_text(&condition),
					armed->first->probe->token, arming->problem);
	}
	buf_free(&condition);
	return error;
}

static int hold_raw_tracepoints(struct arming *arming)
{
	struct tracefs *tracefs = arming->tracefs;
	int error = 0;

	for (size_t i = 0; i < tracefs->raw_events.count && !error; i++)
		error = raw_tracepoint_hold(tracefs, tracefs->raw_events.items[i],
					    arming->problem);
	return error;
}

static void index_joined(struct source *source, const struct arming *arming)
{
	const struct joined_event *pair;
	unsigned last;

	source->pairs = arming->joined.count;
	for (size_t i = 0; i < source->pairs; i++) {
		pair = arming->joined.items[i];
		last = pair->arguments->id > pair->fields->id ? pair->arguments->id :
								pair->fields->id;
		if (last >= source->joined_ids)
			source->joined_ids = last + 1;
	}
	if (source->pairs)
		source->joined = memory_zalloc(source->joined_ids * sizeof(*source->joined));
	for (size_t i = 0; i < source->pairs; i++) {
		pair = arming->joined.items[i];
		source->joined[pair->arguments->id] = source->joined[pair->fields->id] = pair;
	}
}

static void index_bindings(struct source *source, const struct arming *arming)
{
	for (size_t i = 0; i < arming->events.count; i++)
		if ((unsigned)arming->events.items[i].event->id >= source->binding_count)
			source->binding_count = arming->events.items[i].event->id + 1;
	source->bindings = memory_zalloc(source->binding_count * sizeof(*source->bindings));
	source->hides_self = memory_zalloc(source->binding_count * sizeof(*source->hides_self));
	for (size_t i = 0; i < arming->events.count; i++) {
		const struct armed_event *armed = &arming->events.items[i];

		source->bindings[armed->event->id] = armed->first;
		source->hides_self[armed->event->id] =
			filter_own_events(arming->tracefs, armed->event) == OWN_PASSED_OVER;
	}
}

/* ---- the rings ---- */

static int open_file(struct source *source, unsigned cpu, const char *file)
{
	char name[64];

	snprintf(name, sizeof(name), "per_cpu/cpu%u/%s", cpu, file);
	return tracefs_instance_file_open(source->tracefs->instance, name,
					  O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* an instance may have sub-buffers of its own size; older kernels show only the top one */
static int read_layout(struct source *source, struct raw_ring_layout *layout)
{
	char *text = tracefs_instance_file_read(source->tracefs->instance, "events/header_page",
						NULL);
	int error;

	if (!text)
		text = tracefs_instance_file_read(NULL, "events/header_page", NULL);
	error = text ? raw_ring_layout_parse(text, layout) : -ENOENT;
	free(text);
	return error;
}

static size_t block_bytes(unsigned cpus)
{
	size_t bytes = BLOCKS_TOTAL / cpus;

	return bytes > BLOCK_MAX ? BLOCK_MAX : bytes < BLOCK_MIN ? BLOCK_MIN : bytes;
}

/* descriptors beside those of the readers: what arming opens, and what a run may */
#define DESCRIPTORS_SPARE 32

/* two descriptors for each CPU: where there are hundreds, more than the usual limit */
static void raise_descriptor_limit(const struct source *source)
{
	rlim_t needed = source->poll_fd + 2 * source->base.cpu_count + DESCRIPTORS_SPARE;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
		return;
	limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* 0 as well for a CPU that has no buffer */
static int open_reader(struct source *source, unsigned cpu, const struct raw_ring_layout *layout)
{
	struct reader *reader = &source->readers[cpu];
	struct epoll_event interest = { .events = EPOLLIN, .data.u32 = cpu };

	reader->stream.cpu = cpu;
	reader->stream.bindings = source->bindings;
	reader->stream.binding_count = source->binding_count;
	reader->stream.functions = source->tracefs->function_index;
	reader->stream.hides_self = source->hides_self;
	if (source->joined)
		joiner_init(&reader->stream.joiner, source->joined, source->joined_ids,
			    source->pairs);
	if (source->tracefs->excluded.count)
		reader->stream.self = source->tracefs->excluded.items[0];
	reader->emptied = true;
	reader->stats_fd = open_file(source, cpu, "stats");
	reader->ring_fd = open_file(source, cpu, "trace_pipe_raw");
	if (reader->ring_fd < 0)
		return errno == ENOENT ? 0 : -errno;
	raw_ring_init(&reader->stream.ring, layout, block_bytes(source->base.cpu_count));
	epoll_ctl(source->poll_fd, EPOLL_CTL_ADD, reader->ring_fd, &interest);
	return 0;
}

static int open_readers(struct source *source, struct buf *problem)
{
	struct raw_ring_layout layout;
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	uint64_t buffer = source->tracefs->options.buffer_bytes;
	int error = read_layout(source, &layout);

	if (error) {
		buf_printf(problem, "cannot make sense of %s/events/header_page: %s",
			   source->tracefs->root, strerror(-error));
		return error;
	}
	source->base.cpu_count = source->base.stream_count = cpus > 0 ? cpus : 1;
	source->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	/* half of what is asked for: sub-buffers are never quite full, and sizes are rounded */
	source->full_mark = (buffer ? buffer : 4u << 20) / 2;
	source->readers = memory_zalloc(source->base.stream_count * sizeof(*source->readers));
	for (unsigned cpu = 0; cpu < source->base.cpu_count; cpu++)
		source->readers[cpu].ring_fd = source->readers[cpu].stats_fd = -1;
	raise_descriptor_limit(source);
	for (unsigned cpu = 0; cpu < source->base.cpu_count && !error; cpu++)
		error = open_reader(source, cpu, &layout);
	if (error)
		buf_printf(problem, "cannot read the trace buffers of all CPUs: %s", strerror(-error));
	return error;
}

/* ---- loss ---- */

static uint64_t stats_number(const char *text, const char *label)
{
	const char *at = strstr(text, label);

	return at ? strtoull(at + strlen(label), NULL, 10) : 0;
}

/* what the kernel says it lost on this CPU since the instance was made */
static uint64_t kernel_lost(const struct reader *reader)
{
	char text[1024];
	ssize_t length = reader->stats_fd < 0 ? -1 :
						pread(reader->stats_fd, text, sizeof(text) - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	/* "overrun" is also the end of "commit overrun": take it with the line before */
	return stats_number(text, "\noverrun: ") + stats_number(text, "\ncommit overrun: ") +
	       stats_number(text, "\ndropped events: ");
}

/* ---- the operations ---- */

static int source_start(struct event_source *base)
{
	return instance_switch(source_of(base)->tracefs, true);
}

static int source_stop(struct event_source *base)
{
	source_of(base)->stopped = true;
	return instance_switch(source_of(base)->tracefs, false);
}

static ssize_t drain_reader(struct source *source, struct reader *reader, uint64_t until)
{
	ssize_t moved;

	if (reader->ring_fd < 0)
		return 0;
	moved = raw_ring_fill(&reader->stream.ring, reader->ring_fd, until, &reader->emptied);
	if (moved < 0) {
		reader->emptied = true;
		return moved;
	}
	reader->filled += moved;
	reader->bytes += moved;
	if (!reader->emptied)
		return moved;
	/* overwritten events are counted in the sub-buffers, in their place, until the end */
	if (source->stopped ||
	    (reader->filled >= source->full_mark && !source->tracefs->options.overwrite))
		stream_account_loss(&reader->stream, kernel_lost(reader));
	reader->filled = 0;
	return moved;
}

static ssize_t source_drain(struct event_source *base)
{
	struct source *source = source_of(base);
	ssize_t total = 0, moved, error = 0;
	uint64_t now = clock_now();

	for (unsigned i = 0; i < base->stream_count; i++) {
		moved = drain_reader(source, &source->readers[i], now);
		if (moved < 0)
			error = moved;
		else
			total += moved;
	}
	return error ? error : total;
}

static uint64_t source_complete_until(struct event_source *base, unsigned index)
{
	const struct reader *reader = &source_of(base)->readers[index];

	return reader->emptied ? UINT64_MAX : raw_ring_last_time(&reader->stream.ring);
}

static bool source_next(struct event_source *base, unsigned index, struct event *event)
{
	return stream_next(&source_of(base)->readers[index].stream, event);
}

static int source_poll_fd(struct event_source *base)
{
	return source_of(base)->poll_fd;
}

static void source_totals(struct event_source *base, unsigned cpu, struct event_totals *totals)
{
	struct source *source = source_of(base);
	struct reader *reader = &source->readers[cpu];

	if (source->stopped)
		stream_account_loss(&reader->stream, kernel_lost(reader));
	totals->delivered = reader->stream.delivered;
	totals->lost = reader->stream.lost;
}

static void source_report(struct event_source *base, FILE *out)
{
	struct source *source = source_of(base);
	struct event_totals totals;

	for (unsigned i = 0; i < base->stream_count; i++) {
		const struct reader *reader = &source->readers[i];

		source_totals(base, i, &totals);
		fprintf(out, "tracefs cpu %u: %llu events delivered, %llu lost, %llu KiB read", i,
			(unsigned long long)totals.delivered, (unsigned long long)totals.lost,
			(unsigned long long)reader->bytes / 1024);
		if (reader->stream.passed_over)
			fprintf(out, ", %llu of stap's own passed over",
				(unsigned long long)reader->stream.passed_over);
		if (reader->stream.ring.malformed)
			fprintf(out, ", %llu sub-buffers malformed",
				(unsigned long long)reader->stream.ring.malformed);
		putc('\n', out);
	}
}

static void source_free(struct event_source *base)
{
	struct source *source = source_of(base);

	for (unsigned i = 0; source->readers && i < base->stream_count; i++) {
		struct reader *reader = &source->readers[i];

		if (reader->ring_fd >= 0)
			close(reader->ring_fd);
		if (reader->stats_fd >= 0)
			close(reader->stats_fd);
		raw_ring_free(&reader->stream.ring);
		joiner_free(&reader->stream.joiner);
	}
	if (source->poll_fd >= 0)
		close(source->poll_fd);
	missed_report(source->tracefs);
	instance_destroy(source->tracefs);
	free(source->readers);
	free(source->bindings);
	free(source->hides_self);
	free(source->joined);
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

static void arming_free(struct arming *arming)
{
	for (size_t i = 0; i < arming->events.count; i++)
		buf_free(&arming->events.items[i].filter);
	buf_free(&arming->own);
}

static int arm_instance(struct source *source, struct arming *arming, struct program *program)
{
	struct tracefs *tracefs = arming->tracefs;
	pid_t target = filter_target(tracefs, program);
	int error = instance_create(tracefs, arming->problem);

	if (!error)
		error = definitions_create(tracefs, arming->problem);
	if (!error)
		error = for_each_site(arming, program, arm_site);
	if (error)
		return error;
	if (!target || instance_trace_target(tracefs, target) < 0)
		filter_print_own(tracefs, &arming->own);
	index_bindings(source, arming);
	index_joined(source, arming);
	error = functions_enable(tracefs, arming->problem);
	if (error)
		return error;
	error = open_readers(source, arming->problem);
	if (!error)
		error = enable_joined(arming);
	if (!error)
		error = enable_events(arming);
	return error ? error : hold_raw_tracepoints(arming);
}

struct event_source *tracefs_arm(struct tracefs *tracefs, struct program *program,
				 struct buf *problem)
{
	struct arming arming = { .tracefs = tracefs, .problem = problem };
	struct source *source;

	if (!tracefs) /* without it no probe of ours was resolved */
		return NULL;
	tracefs_reap(&tracefs->options.log);
	table_init(&arming.index, tracefs->arena);
	table_init(&arming.systems, tracefs->arena);
	functions_select(tracefs, program);
	if (for_each_site(&arming, program, plan_site) < 0 || !arming.sites)
		return NULL;
	source = memory_zalloc(sizeof(*source));
	source->base.ops = &source_ops;
	source->base.name = "tracefs";
	source->tracefs = tracefs;
	source->poll_fd = -1;
	if (arm_instance(source, &arming, program) < 0) {
		source_free(&source->base);
		source = NULL;
	}
	arming_free(&arming);
	return source ? &source->base : NULL;
}
