// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Trace events whose handlers only count: plain counters without rings, one for each CPU, or one for
 * each thread of the target, which new threads and children inherit. They are read when somebody is
 * about to look. A filter that leaves our own events out would cost everybody's; a counter on
 * our own thread tells what to take off again.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../tracefs-backend/tracefs-backend.h"
#include "open.h"

/**
 * struct counted - one event
 * @fds: its counters, @count of them
 * @own: the counter of our own thread's, -1 for none
 * @seen: its value when it was read last
 */
struct counted {
	const struct binding *bindings;
	int *fds;
	size_t count;
	int own;
	uint64_t seen;
};
struct count_source {
	struct event_source base;
	struct counted *events;
	size_t count;
};

static struct count_source *to_counts(struct event_source *base)
{
	return (struct count_source *)base;
}

static uint64_t read_counter(int fd)
{
	uint64_t value = 0;

	return fd >= 0 && read(fd, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

/* our own first: what happens to us meanwhile is then in the others only, and not taken off twice */
static uint64_t counted_value(const struct counted *counted)
{
	uint64_t own = read_counter(counted->own), value = 0;

	for (size_t i = 0; i < counted->count; i++)
		value += read_counter(counted->fds[i]);
	return value > own ? value - own : 0;
}

static void switch_counted(const struct counted *counted, unsigned long request)
{
	for (size_t i = 0; i < counted->count; i++)
		ioctl(counted->fds[i], request, 0);
	if (counted->own >= 0)
		ioctl(counted->own, request, 0);
}

static int counts_start(struct event_source *base)
{
	for (size_t i = 0; i < to_counts(base)->count; i++)
		switch_counted(&to_counts(base)->events[i], PERF_EVENT_IOC_ENABLE);
	return 0;
}

static int counts_stop(struct event_source *base)
{
	for (size_t i = 0; i < to_counts(base)->count; i++)
		switch_counted(&to_counts(base)->events[i], PERF_EVENT_IOC_DISABLE);
	return 0;
}

static void counts_take(struct event_source *base,
			void (*take)(void *data, const struct binding *bindings, uint64_t count),
			void *data)
{
	for (size_t i = 0; i < to_counts(base)->count; i++) {
		struct counted *counted = &to_counts(base)->events[i];
		uint64_t value = counted_value(counted);

		if (value <= counted->seen)
			continue;
		take(data, counted->bindings, value - counted->seen);
		counted->seen = value;
	}
}

static ssize_t counts_drain(struct event_source *base)
{
	(void)base;
	return 0;
}

static int counts_poll_fd(struct event_source *base)
{
	(void)base;
	return -1;
}

static void counts_totals(struct event_source *base, unsigned cpu, struct event_totals *totals)
{
	(void)base, (void)cpu;
	*totals = (struct event_totals){ 0 };
}

static void counts_report(struct event_source *base, FILE *out)
{
	fprintf(out, "%s: %zu events counted without records\n", base->name,
		to_counts(base)->count);
}

static void counts_free(struct event_source *base)
{
	struct count_source *source = to_counts(base);

	for (size_t i = 0; i < source->count; i++) {
		struct counted *counted = &source->events[i];

		for (size_t fd = 0; fd < counted->count; fd++)
			close(counted->fds[fd]);
		if (counted->own >= 0)
			close(counted->own);
		free(counted->fds);
	}
	free(source->events);
	free(source);
}

static const struct event_source_ops count_ops = {
	.start = counts_start,
	.stop = counts_stop,
	.drain = counts_drain,
	.poll_fd = counts_poll_fd,
	.totals = counts_totals,
	.report = counts_report,
	.counts = counts_take,
	.free = counts_free,
};

/* ---- opening ---- */

static void add_descriptor(struct counted *counted, int fd)
{
	if (fd < 0)
		return;
	counted->fds = memory_realloc(counted->fds, (counted->count + 1) * sizeof(*counted->fds));
	counted->fds[counted->count++] = fd;
}

/* of thread @tid on every CPU, or of every thread (-1) on one; false after a sentence in @problem */
static bool add_counter(struct counted *counted, const struct tracefs_sampled *event, pid_t tid,
			int cpu, struct buf *problem)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = PERF_TYPE_TRACEPOINT, .config = (uint64_t)event->id,
		.disabled = 1, .inherit = tid > 0, .inherit_thread = tid > 0 && !event->with_children,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0) {
		/* a CPU that is off, a thread that has ended */
		if (errno == ENODEV || errno == ESRCH)
			return true;
		perf_explain_open("counting a trace event", &attr, errno, problem);
		return false;
	}
	if (tid == 0) {
		counted->own = fd;
		return true;
	}
	add_descriptor(counted, fd);
	return true;
}

/* beside each of its counters stands what keeps those that inherit it apart, and counts nothing */
static bool open_in_target(struct counted *counted, const struct tracefs_sampled *event,
			   struct buf *problem)
{
	struct arena *arena = arena_new();
	thread_ids tids = perf_list_threads(arena, event->target);
	bool ok = true;

	for (size_t i = 0; i < tids.count && ok; i++) {
		ok = add_counter(counted, event, tids.items[i], -1, problem);
		add_descriptor(counted, perf_keep_apart(tids.items[i]));
	}
	arena_free(arena);
	return ok;
}

static bool open_on_cpus(struct counted *counted, const struct tracefs_sampled *event,
			 struct buf *problem)
{
	int cpus = (int)sysconf(_SC_NPROCESSORS_CONF);
	bool ok = !event->spares_self || add_counter(counted, event, 0, -1, problem);

	for (int cpu = 0; cpu < cpus && ok; cpu++)
		ok = add_counter(counted, event, -1, cpu, problem);
	return ok;
}

static bool open_counted(struct count_source *source, const struct tracefs_sampled *event,
			 struct buf *problem)
{
	struct counted *counted = &source->events[source->count++];

	*counted = (struct counted){ .bindings = event->bindings, .own = -1 };
	return event->target ? open_in_target(counted, event, problem) :
			       open_on_cpus(counted, event, problem);
}

struct event_source *perf_arm_counts(struct tracefs *tracefs, struct buf *problem)
{
	const struct tracefs_sampled *events;
	size_t count = tracefs_sampled(tracefs, &events), counted = 0;
	struct count_source *source;
	bool ok;

	for (size_t i = 0; i < count; i++)
		counted += events[i].is_counted;
	if (!counted)
		return NULL;
	ok = perf_reserve_descriptors((unsigned)counted * (unsigned)sysconf(_SC_NPROCESSORS_CONF),
				      "counting", problem);
	source = memory_zalloc(sizeof(*source));
	source->base.ops = &count_ops;
	source->base.name = "counts";
	source->events = memory_zalloc(counted * sizeof(*source->events));
	for (size_t i = 0; i < count && ok; i++)
		ok = !events[i].is_counted || open_counted(source, &events[i], problem);
	if (ok)
		return &source->base;
	counts_free(&source->base);
	return NULL;
}

bool perf_may_count(void)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_DUMMY,
		.disabled = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}
