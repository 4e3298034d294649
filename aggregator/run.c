// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The run: begin probes, start the sources, rounds until something ends it, end probes.
 *
 * What ends a run decides where the stream is cut. exit() and errors cut it at the event they
 * happen at: nothing stamped later reaches a handler. Ctrl-C, -T and the end of the target cut it
 * at their instant: what happened before is still drained and delivered. Task events are applied
 * in any case, and everything is drained, so that the figures at the end add up.
 *
 * Ctrl-C, once: the handler that runs has INTERRUPT_GRACE_NS to finish, then it is broken off at a
 * loop's back-edge; what happened before is delivered within the same time; end probes run, and
 * are never cut by the first Ctrl-C unless it came while they ran. Twice: the handler is broken off
 * at once, also an end probe; what follows is skipped; the text printed so far is written.
 *
 * When the output's reader is gone, the handler that prints is broken off likewise; end probes run.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "counter.h"
#include "dispatch.h"
#include "flame.h"
#include "merge.h"
#include "output.h"
#include "process-event.h"
#include "timer.h"

#define INTERRUPT_GRACE_NS UINT64_C(500000000)
#define DRAIN_MIN_NS UINT64_C(1000000)	  /* rounds are not closer than this because of timers */
#define DRAIN_BUSY_NS UINT64_C(50000000)  /* between rounds while events flow */
#define DRAIN_IDLE_NS UINT64_C(150000000) /* … and when none came for a while */
#define BUSY_BYTES (128u << 10)		  /* a drain that moved as much is followed by the next */
#define EMPTY_WAKES 2			  /* wake-ups without data before a descriptor is rested */
#define READER_NICE (-20)		  /* loss follows the reader's scheduling */
#define SECONDS_MAX (UINT64_C(1) << 32)	  /* a longer -T is none */
#define WALL_STEP_NS 1000000		  /* the wall clock was set: follow */

struct aggregator {
	const struct program *program;
	struct run_options options;
	struct task_model *tasks;
	struct vm *vm;
	struct vm_session *session;
	struct dispatch dispatch;
	struct counter_model *counters;
	bool process_events;		/* there are probes on the side-band's events */
	struct merge merge;
	struct timers timers;
	struct output output;
	struct pollfd *polls;		/* interrupts, target, then one per source */
	size_t poll_count;
	int wake_fd;			/* eventfd written by aggregator_interrupt() */
	volatile int interrupts;
	uint64_t interrupt_time;	/* ns: of the first */
	uint64_t deadline;		/* ns: -T; UINT64_MAX for none */
	uint64_t cut;			/* ns: hits stamped later are dropped */
	uint64_t last_round;		/* ns: when it began */
	uint64_t drain_interval;
	uint64_t hits, dropped;		/* delivered; past the cut */
	uint64_t unread_handler;	/* number of the handler that lost its reader; 0 for none */
	unsigned empty_wakes;
	size_t started;			/* sources that are started */
	bool closed;			/* no more hits and timers at all */
	bool ending;
	bool broken;			/* a source failed: status 1 */
};

enum { POLL_WAKE, POLL_TARGET, POLL_SOURCES };

/* ---- making and freeing ---- */

/* a signal handler writes it */
static inline bool session_interrupted(const struct vm_session *session)
{
	return *(const volatile bool *)&session->interrupted;
}

static void session_set_interrupted(struct vm_session *session, bool interrupted)
{
	*(volatile bool *)&session->interrupted = interrupted;
}

/* when nobody reads any more, the run ends, and first of all the handler that prints */
static void run_flush(struct vm_session *session)
{
	struct aggregator *aggregator = session->owner;
	bool was_closed = aggregator->output.closed;

	output_flush(&aggregator->output, &session->output);
	if (likely(was_closed == aggregator->output.closed))
		return;
	aggregator->unread_handler = aggregator->dispatch.handlers;
	session->exiting = true;
	session_set_interrupted(session, true);
}

/* -o: what was printed so far belongs to the old file */
static int run_switch_output(struct vm_session *session, unsigned *number)
{
	struct aggregator *aggregator = session->owner;
	int error;

	if (!aggregator->output.series.name)
		return 0;
	run_flush(session);
	error = output_switch(&aggregator->output);
	*number = aggregator->output.series.number;
	return error;
}

/* ---- what the kernel counts for handlers that do nothing else ---- */

static void run_take_count(void *data, const struct binding *bindings, uint64_t count)
{
	struct aggregator *aggregator = data;

	aggregator->hits += count;
	dispatch_count(&aggregator->dispatch, bindings, count);
}

static void run_take_counts(void *owner)
{
	struct aggregator *aggregator = owner;

	for (size_t i = 0; i < aggregator->started; i++) {
		struct event_source *source = aggregator->merge.sources.items[i];

		if (source->ops->counts)
			source->ops->counts(source, run_take_count, aggregator);
	}
}

static int64_t wall_offset(void)
{
	struct timespec wall;
	uint64_t now = clock_now();

	clock_gettime(CLOCK_REALTIME, &wall);
	return (int64_t)wall.tv_sec * (int64_t)NSEC_PER_SEC + wall.tv_nsec - (int64_t)now;
}

static void aggregator_init_session(struct aggregator *aggregator)
{
	struct vm_session *session = vm_session(aggregator->vm);

	aggregator->session = session;
	session->owner = aggregator;
	session->flush_output = run_flush;
	session->switch_output = run_switch_output;
	aggregator->output.series = (struct output_series){
		.name = aggregator->options.output_name,
		.bound = aggregator->options.output_bound,
		.keep = aggregator->options.output_keep,
		.asked = &session->switches,
	};
	session->interrupt_deadline = UINT64_MAX;
	session->wall_offset = wall_offset();
}

/* every handler can be interrupted here: the larger of the two bounds on statements is in force */
static void limit_actions(int64_t *limits)
{
	int64_t *actions = &limits[LIMIT_MAXACTION];

	if (limits[LIMIT_MAXACTION_INTERRUPTIBLE])
		*actions = limits[LIMIT_MAXACTION_INTERRUPTIBLE];
	else if (__builtin_mul_overflow(*actions, 10, actions))
		*actions = 0;
}

struct aggregator *aggregator_new(const struct program *program,
				  const struct run_options *options)
{
	struct aggregator *aggregator = memory_zalloc(sizeof(*aggregator));

	aggregator->program = program;
	aggregator->options = *options;
	limit_actions(aggregator->options.limits);
	aggregator->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	aggregator->cut = aggregator->deadline = UINT64_MAX;
	aggregator->drain_interval = DRAIN_BUSY_NS;
	aggregator->output = (struct output){ .file = options->output,
					      .give_up = &aggregator->interrupts };
	merge_init(&aggregator->merge);
	aggregator->tasks = task_model_new();
	aggregator->counters = counter_model_new(program->counters.count);
	aggregator->vm = vm_new(program, &aggregator->options, aggregator->tasks);
	if (!aggregator->vm) {
		aggregator_free(aggregator);
		return NULL;
	}
	aggregator_init_session(aggregator);
	dispatch_init(&aggregator->dispatch, program, &aggregator->options, aggregator->vm);
	aggregator->dispatch.take_counts = run_take_counts;
	aggregator->process_events = process_event_probes(program);
	timers_init(&aggregator->timers, program);
	return aggregator;
}

void aggregator_free(struct aggregator *aggregator)
{
	if (!aggregator)
		return;
	for (size_t i = 0; i < aggregator->merge.sources.count; i++) {
		struct event_source *source = aggregator->merge.sources.items[i];

		source->ops->free(source);
	}
	merge_free(&aggregator->merge);
	timers_free(&aggregator->timers);
	dispatch_free(&aggregator->dispatch);
	if (aggregator->vm)
		vm_free(aggregator->vm);
	task_model_free(aggregator->tasks);
	counter_model_free(aggregator->counters);
	if (aggregator->wake_fd >= 0)
		close(aggregator->wake_fd);
	free(aggregator->polls);
	free(aggregator);
}

void aggregator_add_source(struct aggregator *aggregator, struct event_source *source)
{
	merge_add_source(&aggregator->merge, source);
}

void aggregator_dump(struct aggregator *aggregator, FILE *out)
{
	vm_dump(aggregator->vm, out);
}

/* ---- Ctrl-C ---- */

static void run_interrupt_now(struct vm_session *session)
{
	session->interrupt_deadline = 0;
	session_set_interrupted(session, true);
}

int aggregator_interrupt(struct aggregator *aggregator)
{
	struct vm_session *session = aggregator->session;
	uint64_t now = clock_now(), one = 1;
	int saved = errno;

	if (aggregator->interrupts == 0) {
		aggregator->interrupt_time = now;
		session->interrupt_deadline = now + INTERRUPT_GRACE_NS;
	} else {
		run_interrupt_now(session);
	}
	aggregator->interrupts++;
	session_set_interrupted(session, true);
	if (write(aggregator->wake_fd, &one, sizeof(one)) < 0)
		errno = saved; /* full: it is readable already */
	return aggregator->interrupts;
}

void aggregator_switch_output(struct aggregator *aggregator)
{
	aggregator->session->switches++;
}

bool vm_interrupt_due(const struct vm_session *session)
{
	const struct aggregator *aggregator = session->owner;

	return aggregator->dispatch.handlers == aggregator->unread_handler ||
	       clock_now() >= session->interrupt_deadline;
}

/* ---- what ends the run ---- */

/* orderly: what happened until @time is still delivered */
static void run_end_at(struct aggregator *aggregator, uint64_t time)
{
	if (time < aggregator->cut)
		aggregator->cut = time;
	aggregator->ending = true;
}

/* after every handler that may have ended the run, or was broken off */
static void run_check_end(struct aggregator *aggregator)
{
	struct vm_session *session = aggregator->session;

	if (session->exiting) {
		aggregator->closed = true;
		aggregator->ending = true;
	}
	if (aggregator->interrupts) {
		run_end_at(aggregator, aggregator->interrupt_time);
		if (clock_now() >= session->interrupt_deadline)
			aggregator->closed = true;
	}
}

static inline bool run_must_check(const struct aggregator *aggregator)
{
	return unlikely(aggregator->session->exiting | session_interrupted(aggregator->session));
}

/* ---- one round ---- */

static void run_timers(struct aggregator *aggregator, uint64_t until)
{
	struct timer *timer;

	if (until > aggregator->cut)
		until = aggregator->cut;
	while (!aggregator->closed && (timer = timers_next(&aggregator->timers, until))) {
		uint64_t took = dispatch_timer(&aggregator->dispatch, timer->probe, timer->due);

		timers_fired(&aggregator->timers, timer, took);
		if (run_must_check(aggregator))
			run_check_end(aggregator);
	}
}

static void run_task_event(struct aggregator *aggregator, const struct event *event)
{
	bool probed = aggregator->process_events && !aggregator->closed &&
		      event->time <= aggregator->cut;

	if (event->kind == EVENT_EXIT) {
		if (probed)
			process_event_dispatch(&aggregator->dispatch, event);
		dispatch_thread_exit(&aggregator->dispatch, event->tid);
	}
	task_model_apply(aggregator->tasks, event);
	if (event->kind == EVENT_FORK || event->kind == EVENT_EXIT)
		counter_model_forget(aggregator->counters, event->tid);
	if (probed && event->kind != EVENT_EXIT)
		process_event_dispatch(&aggregator->dispatch, event);
}

/* @event with the counters its handlers see: those of the thread */
static void run_counted_hit(struct aggregator *aggregator, const struct event *event)
{
	struct event_sample sample = *event->sample;
	struct event hit = *event;

	sample.counters = counter_model_apply(aggregator->counters, event);
	hit.sample = &sample;
	dispatch_hit(&aggregator->dispatch, &hit);
}

static void run_lose(struct aggregator *aggregator, uint64_t count)
{
	const struct run_options *options = &aggregator->options;
	uint64_t allowed = (uint64_t)options->limits[LIMIT_MAXSKIPPED];

	aggregator->session->lost += count;
	if (!allowed || aggregator->session->lost <= allowed || aggregator->broken ||
	    options->suppress_handler_errors)
		return;
	log_error(&options->log, "Skipped too many probes, check MAXSKIPPED: %" PRIu64
		  " events lost, -D MAXSKIPPED=N allows more", aggregator->session->lost);
	aggregator->broken = true;
	aggregator->session->exiting = true;
	run_check_end(aggregator);
}

static inline void run_event(struct aggregator *aggregator, const struct event *event)
{
	if (likely(event->kind == EVENT_HIT)) {
		if (unlikely(aggregator->closed || event->time > aggregator->cut)) {
			aggregator->dropped++;
			return;
		}
		aggregator->hits++;
		if (unlikely(event->sample && event->sample->counter_count))
			run_counted_hit(aggregator, event);
		else
			dispatch_hit(&aggregator->dispatch, event);
	} else if (event->kind == EVENT_COUNTERS) {
		counter_model_apply(aggregator->counters, event);
	} else if (event->kind == EVENT_LOST) {
		run_lose(aggregator, event->count);
	} else {
		run_task_event(aggregator, event);
		aggregator->session->task_tid = NO_TASK;
	}
}

/* everything older than @bound, timers in their places; @timers: and those due until then */
static void run_deliver(struct aggregator *aggregator, uint64_t bound, uint64_t timers)
{
	struct event *event;

	while ((event = merge_peek(&aggregator->merge, bound))) {
		if (unlikely(event->time >= aggregator->timers.next_due))
			run_timers(aggregator, event->time);
		run_event(aggregator, event);
		merge_pop(&aggregator->merge);
		if (run_must_check(aggregator))
			run_check_end(aggregator);
		if (unlikely(aggregator->session->output.length >= VM_OUTPUT_FLUSH_BYTES))
			run_flush(aggregator->session);
	}
	run_timers(aggregator, timers);
}

static void run_follow_wall(struct aggregator *aggregator)
{
	int64_t offset = wall_offset();
	int64_t step = offset - aggregator->session->wall_offset;

	if (step > WALL_STEP_NS || step < -WALL_STEP_NS)
		aggregator->session->wall_offset = offset;
}

/* returns the number of bytes moved */
static uint64_t run_round(struct aggregator *aggregator)
{
	uint64_t slack = aggregator->merge.sources.count ? MERGE_SLACK_NS : 0;
	uint64_t now = clock_now(), moved, bound;

	aggregator->last_round = now;
	if (now >= aggregator->deadline) {
		run_end_at(aggregator, aggregator->deadline);
		return 0;
	}
	moved = merge_drain(&aggregator->merge);
	bound = merge_bound(&aggregator->merge, now - slack);
	run_deliver(aggregator, bound, bound);
	task_model_forget_exited(aggregator->tasks, bound);
	aggregator->session->task_tid = NO_TASK;
	run_follow_wall(aggregator);
	run_flush(aggregator->session);
	run_check_end(aggregator);
	return moved;
}

/* ---- waiting ---- */

static void polls_init(struct aggregator *aggregator)
{
	const struct merge *merge = &aggregator->merge;

	aggregator->poll_count = POLL_SOURCES + merge->sources.count;
	aggregator->polls = memory_zalloc(aggregator->poll_count * sizeof(*aggregator->polls));
	for (size_t i = 0; i < aggregator->poll_count; i++) {
		struct pollfd *poll = &aggregator->polls[i];

		poll->events = POLLIN;
		if (i == POLL_WAKE) {
			poll->fd = aggregator->wake_fd;
		} else if (i == POLL_TARGET) {
			poll->fd = aggregator->options.target_fd;
		} else {
			struct event_source *source = merge->sources.items[i - POLL_SOURCES];

			poll->fd = source->ops->poll_fd(source);
		}
	}
}

/* ns until the next round */
static uint64_t wait_time(const struct aggregator *aggregator, uint64_t now)
{
	bool has_sources = aggregator->merge.sources.count > 0;
	uint64_t wake = has_sources ? now + aggregator->drain_interval : UINT64_MAX;
	uint64_t due = aggregator->timers.next_due;

	for (size_t i = 0; i < aggregator->merge.sources.count; i++) {
		uint64_t wanted = aggregator->merge.sources.items[i]->wanted_at;

		if (wanted && wanted < due)
			due = wanted;
	}
	if (has_sources && due < UINT64_MAX) {
		due += MERGE_SLACK_NS;
		if (due < aggregator->last_round + DRAIN_MIN_NS)
			due = aggregator->last_round + DRAIN_MIN_NS;
	}
	if (due < wake)
		wake = due;
	if (aggregator->deadline < wake)
		wake = aggregator->deadline;
	if (wake == UINT64_MAX)
		return UINT64_MAX;
	return wake > now ? wake - now : 0;
}

/* a source whose descriptor is always readable, or broken, must not make us spin */
static void wait_note_sources(struct aggregator *aggregator, uint64_t moved_before)
{
	bool readable = false;

	for (size_t i = POLL_SOURCES; i < aggregator->poll_count; i++) {
		short events = aggregator->polls[i].revents;

		if (events & POLLIN)
			readable = true;
		else if (events & (POLLERR | POLLHUP | POLLNVAL))
			aggregator->polls[i].fd = -1;
	}
	aggregator->empty_wakes = readable && moved_before == 0 ? aggregator->empty_wakes + 1 : 0;
}

static void wait_for_events(struct aggregator *aggregator, uint64_t moved)
{
	bool rest = aggregator->empty_wakes >= EMPTY_WAKES;
	uint64_t wait = moved >= BUSY_BYTES ? 0 : wait_time(aggregator, clock_now());
	struct timespec timeout = { (time_t)(wait / NSEC_PER_SEC), (long)(wait % NSEC_PER_SEC) };
	int ready;

	ready = ppoll(aggregator->polls, rest ? POLL_SOURCES : aggregator->poll_count,
		      wait == UINT64_MAX ? NULL : &timeout, NULL);
	if (rest)
		aggregator->empty_wakes = 0;
	else if (ready > 0)
		wait_note_sources(aggregator, moved);
	if (ready > 0 && aggregator->polls[POLL_TARGET].revents)
		run_end_at(aggregator, clock_now());
	run_check_end(aggregator);
}

static void run_rounds(struct aggregator *aggregator)
{
	polls_init(aggregator);
	while (!aggregator->ending) {
		uint64_t moved = run_round(aggregator);

		if (moved)
			aggregator->drain_interval = DRAIN_BUSY_NS;
		else if (aggregator->drain_interval < DRAIN_IDLE_NS)
			aggregator->drain_interval += DRAIN_BUSY_NS;
		if (!aggregator->ending)
			wait_for_events(aggregator, moved);
	}
}

/* ---- start and stop ---- */

static void run_start_command(struct aggregator *aggregator)
{
	int fd = aggregator->options.command_start_fd;
	ssize_t written;

	if (fd < 0)
		return;
	do
		written = write(fd, "", 1);
	while (written < 0 && errno == EINTR);
	close(fd);
	aggregator->options.command_start_fd = -1;
}

static bool run_start(struct aggregator *aggregator)
{
	const struct merge *merge = &aggregator->merge;

	while (aggregator->started < merge->sources.count) {
		struct event_source *source = merge->sources.items[aggregator->started];
		int error = source->ops->start(source);

		if (error) {
			log_error(&aggregator->options.log, "%s events cannot be started: %s",
				  source->name, strerror(-error));
			aggregator->broken = true;
			return false;
		}
		aggregator->started++;
	}
	if (aggregator->options.max_seconds && aggregator->options.max_seconds < SECONDS_MAX)
		aggregator->deadline = clock_now() +
				       aggregator->options.max_seconds * NSEC_PER_SEC;
	timers_start(&aggregator->timers, clock_now());
	run_start_command(aggregator);
	return true;
}

/* all that the kernel still holds, up to the cut */
static void run_drain_rest(struct aggregator *aggregator, bool stopped)
{
	uint64_t moved;

	do {
		moved = merge_drain(&aggregator->merge);
		run_deliver(aggregator, merge_bound(&aggregator->merge, MERGE_UNBOUNDED), 0);
	} while (stopped && moved && aggregator->interrupts < 2);
	run_deliver(aggregator, MERGE_UNBOUNDED, aggregator->cut);
}

static void run_stop(struct aggregator *aggregator)
{
	bool stopped = true;

	for (size_t i = 0; i < aggregator->started; i++) {
		struct event_source *source = aggregator->merge.sources.items[i];

		if (source->ops->stop(source) != 0)
			stopped = false;
	}
	run_drain_rest(aggregator, stopped);
}

/* ---- figures ---- */

static uint64_t run_lost(const struct aggregator *aggregator)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < aggregator->started; i++) {
		struct event_source *source = aggregator->merge.sources.items[i];

		for (unsigned cpu = 0; cpu < source->cpu_count; cpu++) {
			struct event_totals totals = { 0, 0 };

			source->ops->totals(source, cpu, &totals);
			lost += totals.lost;
		}
	}
	return lost;
}

static void report_source(const struct aggregator *aggregator, struct event_source *source)
{
	if (source->ops->report) {
		source->ops->report(source, stderr);
		return;
	}
	for (unsigned cpu = 0; cpu < source->cpu_count; cpu++) {
		struct event_totals totals = { 0, 0 };

		source->ops->totals(source, cpu, &totals);
		if (totals.delivered || totals.lost)
			log_info(&aggregator->options.log, 1,
				 "%s: cpu %u: %" PRIu64 " events delivered, %" PRIu64 " lost",
				 source->name, cpu, totals.delivered, totals.lost);
	}
}

static void report_figures(const struct aggregator *aggregator)
{
	const struct merge *merge = &aggregator->merge;

	for (size_t i = 0; i < aggregator->started && aggregator->options.log.verbosity > 0; i++)
		report_source(aggregator, merge->sources.items[i]);
	if (aggregator->started)
		log_info(&aggregator->options.log, 1,
			 "merge: %" PRIu64 " rounds, %" PRIu64 " bytes, %" PRIu64
			 " events handled, %" PRIu64 " after the end, %" PRIu64 " late",
			 merge->rounds, merge->bytes, aggregator->hits, aggregator->dropped,
			 merge->late);
	if (merge->drain_errors)
		log_warning(&aggregator->options.log, "reading events failed %" PRIu64 " times",
			    merge->drain_errors);
	counter_model_warn(aggregator->counters, &aggregator->options.log);
}

static void report_loss(const struct aggregator *aggregator)
{
	uint64_t lost = aggregator->session->lost, all = lost + aggregator->hits;

	if (lost)
		log_warning(&aggregator->options.log,
			    "%" PRIu64 " events lost (%.1f %% of %" PRIu64
			    "); raise the buffer with -s",
			    lost, 100.0 * (double)lost / (double)all, all);
}

static void report_limits(const struct aggregator *aggregator)
{
	for (size_t i = 0; i < LIMIT_COUNT; i++)
		if (aggregator->session->limit_hits[i])
			log_warning(&aggregator->options.log, "%s reached %" PRIu64 " times: %"
				    PRId64 " %s, -D %s=N allows more", limit_table[i].name,
				    aggregator->session->limit_hits[i],
				    aggregator->options.limits[i], limit_table[i].unit,
				    limit_table[i].name);
}

static void report_errors(const struct aggregator *aggregator)
{
	int64_t allowed = aggregator->options.limits[LIMIT_MAXERRORS];

	if (allowed && dispatch_failed(&aggregator->dispatch))
		log_error(&aggregator->options.log,
			  "MAXERRORS exceeded: %" PRId64 " errors, -D MAXERRORS=N allows more",
			  allowed);
	if (aggregator->session->error_count)
		log_warning(&aggregator->options.log, "Number of errors: %u, skipped probes: 0",
			    aggregator->session->error_count);
	if (aggregator->output.error)
		log_error(&aggregator->options.log, "output cannot be written: %s",
			  strerror(aggregator->output.error));
}

/* ---- the whole run ---- */

/* end probes get their time whatever the first Ctrl-C did to others; a second one stays */
static void run_end_probes(struct aggregator *aggregator)
{
	if (aggregator->interrupts < 2) {
		session_set_interrupted(aggregator->session, false);
		aggregator->session->interrupt_deadline = UINT64_MAX;
	}
	if (aggregator->interrupts >= 2)
		run_interrupt_now(aggregator->session);
	dispatch_end(&aggregator->dispatch);
	run_flush(aggregator->session);
}

/* arrays keyed by a stack, as the end probes leave them */
static void run_draw(struct aggregator *aggregator)
{
	const struct run_options *options = &aggregator->options;
	const struct global *globals;
	struct flame_tree tree;
	size_t count;

	if (!options->flame_graph && !options->folded_stacks)
		return;
	globals = vm_globals(aggregator->vm, &count);
	flame_tree_init(&tree);
	if (!flame_collect(aggregator->session, globals, count, &tree))
		log_warning(&options->log, "there is nothing to draw: no array is keyed by a stack "
			    "when the run ends");
	if (options->flame_graph)
		flame_draw(&tree, options->flame_graph);
	if (options->folded_stacks)
		flame_fold(&tree, options->folded_stacks);
	flame_tree_free(&tree);
}

static void run_finish(struct aggregator *aggregator)
{
	uint64_t lost;

	if (aggregator->started)
		run_stop(aggregator);
	else if (!aggregator->closed)
		run_timers(aggregator, aggregator->cut);
	lost = run_lost(aggregator);
	if (lost > aggregator->session->lost)
		aggregator->session->lost = lost;
	run_flush(aggregator->session);
	run_end_probes(aggregator);
	run_draw(aggregator);
	dispatch_report(&aggregator->dispatch, &aggregator->session->output);
	run_flush(aggregator->session);
	report_loss(aggregator);
	report_limits(aggregator);
	report_errors(aggregator);
	report_figures(aggregator);
}

static int run_status(const struct aggregator *aggregator)
{
	if (aggregator->broken || aggregator->output.error)
		return 1;
	return aggregator->session->error_count && !aggregator->options.suppress_handler_errors;
}

int aggregator_run(struct aggregator *aggregator)
{
	int nice = getpriority(PRIO_PROCESS, 0);

	aggregator->session->command_nice = nice;
	dispatch_begin(&aggregator->dispatch);
	if (aggregator->process_events)
		process_event_existing(&aggregator->dispatch);
	run_flush(aggregator->session);
	run_check_end(aggregator);
	if (!aggregator->ending && run_start(aggregator)) {
		if (aggregator->started)
			setpriority(PRIO_PROCESS, 0, READER_NICE);
		run_rounds(aggregator);
	}
	setpriority(PRIO_PROCESS, 0, nice);
	run_finish(aggregator);
	return run_status(aggregator);
}

#ifdef UNIT_TEST
#include <signal.h>
#include <sys/time.h>

#include "../lib/unit.h"
#include "memory-source.h"

#define TEST_MS UINT64_C(1000000)
#define TEST_PROBES 4

/* a program of probes without bodies, and one run of it */
struct test_run {
	struct program program;
	struct frontend_options frontend_options;
	struct probe probes[TEST_PROBES], *list[TEST_PROBES];
	struct moment_probe moments[TEST_PROBES];
	struct run_options options;
	struct aggregator *aggregator;
	struct memory_source *source;
	struct binding binding;
};

static const struct family test_moments = { .pattern = "timer", .source = FAMILY_AGGREGATOR };
static const struct family test_kernel = { .pattern = "kernel", .source = FAMILY_TRACEFS };

static void test_probe(struct test_run *run, struct moment_probe moment)
{
	size_t at = run->program.probes.count++;

	run->moments[at] = moment;
	run->probes[at].index = (unsigned)at;
	run->probes[at].family = at ? &test_moments : &test_kernel;
	run->probes[at].point_text = "test";
	run->probes[at].data = at ? &run->moments[at] : NULL;
	run->list[at] = &run->probes[at];
}

/* probe 0 is the kernel's */
static void test_init(struct test_run *run)
{
	memset(run, 0, sizeof(*run));
	run->program.arena = arena_new();
	run->program.options = &run->frontend_options;
	run->program.probes.items = run->list;
	run_options_init(&run->options);
	run->options.output = stdout;
	run->options.target_fd = run->options.command_start_fd = -1;
	run->options.log.quiet_warnings = true;
	run->options.timing = true;
	run->binding.probe = &run->probes[0];
	run->source = memory_source_new(2, 1000, 8);
	run->source->counts_from_start = true;
	test_probe(run, (struct moment_probe){ .moment = MOMENT_NEVER });
}

/* hits at every ms from the first to the last, on two CPUs in turn */
static void test_hits(struct test_run *run, uint64_t first, uint64_t last)
{
	for (uint64_t ms = first; ms <= last; ms++)
		memory_source_add(run->source, ms & 1,
				  (struct event){ .time = ms * TEST_MS, .kind = EVENT_HIT,
						  .bindings = &run->binding });
}

static struct aggregator *test_new(struct test_run *run)
{
	run->options.output = fopen("/dev/null", "w");
	run->aggregator = aggregator_new(&run->program, &run->options);
	CHECK(run->aggregator);
	aggregator_add_source(run->aggregator, &run->source->source);
	return run->aggregator;
}

static void test_end(struct test_run *run)
{
	aggregator_free(run->aggregator);
	fclose(run->options.output);
	arena_free(run->program.arena);
}

static uint64_t test_ran(const struct test_run *run, size_t probe)
{
	return run->aggregator->dispatch.timings[probe].hits;
}

UNIT_TEST_CASE(run_exit_cuts_the_stream_at_its_event)
{
	struct test_run run;

	test_init(&run);
	test_hits(&run, 1, 30);
	test_probe(&run, (struct moment_probe){ .moment = MOMENT_TIMER, .period = 10 * TEST_MS,
						.exits = true });
	test_probe(&run, (struct moment_probe){ .moment = MOMENT_END });
	test_probe(&run, (struct moment_probe){ .moment = MOMENT_ERROR });
	CHECK_INT(aggregator_run(test_new(&run)), 0);
	CHECK_INT(test_ran(&run, 0), 10); /* the timers start a moment after the source */
	CHECK_INT(test_ran(&run, 1), 1);
	CHECK_INT(test_ran(&run, 2), 1);
	CHECK_INT(test_ran(&run, 3), 0);
	CHECK_INT(run.aggregator->dropped, 20);
	CHECK_INT(run.aggregator->merge.late, 0);
	CHECK(run.source->stopped);
	test_end(&run);
}

UNIT_TEST_CASE(run_deadline_delivers_what_came_before)
{
	struct test_run run;

	test_init(&run);
	test_hits(&run, 900, 1100);
	test_probe(&run, (struct moment_probe){ .moment = MOMENT_TIMER, .period = 100 * TEST_MS });
	test_probe(&run, (struct moment_probe){ .moment = MOMENT_END });
	run.options.max_seconds = 1;
	CHECK_INT(aggregator_run(test_new(&run)), 0);
	CHECK_INT(test_ran(&run, 0), 101);
	CHECK_INT(test_ran(&run, 1), 9); /* the tenth is due just behind the deadline */
	CHECK_INT(test_ran(&run, 2), 1);
	CHECK_INT(run.aggregator->dropped, 100);
	test_end(&run);
}

UNIT_TEST_CASE(run_ends_with_its_target)
{
	struct test_run run;
	int fds[2];
	char byte = 'x';

	test_init(&run);
	test_hits(&run, 1, 5);
	test_hits(&run, 100000, 100010);
	CHECK_INT(pipe(fds), 0);
	close(fds[1]);
	run.options.target_fd = fds[0];
	CHECK_INT(pipe(fds), 0);
	run.options.command_start_fd = fds[1];
	test_probe(&run, (struct moment_probe){ .moment = MOMENT_END });
	test_new(&run);
	run.source->counts_from_start = false;
	run.source->start_time = clock_now() - 10 * TEST_MS;
	CHECK_INT(aggregator_run(run.aggregator), 0);
	CHECK_INT(test_ran(&run, 0), 5);
	CHECK_INT(test_ran(&run, 1), 1);
	CHECK_INT(read(fds[0], &byte, 1), 1); /* the command was told to start */
	CHECK_INT(byte, 0);
	CHECK_INT(read(fds[0], &byte, 1), 0);
	test_end(&run);
}

UNIT_TEST_CASE(run_oneshot_never_starts_a_source)
{
	struct test_run run;

	test_init(&run);
	test_probe(&run, (struct moment_probe){ .moment = MOMENT_BEGIN, .exits = true });
	test_probe(&run, (struct moment_probe){ .moment = MOMENT_BEGIN, .sequence = 1 });
	test_probe(&run, (struct moment_probe){ .moment = MOMENT_END });
	CHECK_INT(aggregator_run(test_new(&run)), 0);
	CHECK_INT(test_ran(&run, 1), 1);
	CHECK_INT(test_ran(&run, 2), 0);
	CHECK_INT(test_ran(&run, 3), 1);
	CHECK(!run.source->running);
	test_end(&run);
}

static struct aggregator *test_interrupted;

static void test_on_alarm(int number)
{
	(void)number;
	aggregator_interrupt(test_interrupted);
}

/* every @us, @again or just once */
static void test_interrupt_in(struct test_run *run, suseconds_t us, bool again)
{
	struct itimerval timer = { .it_value.tv_usec = us, .it_interval.tv_usec = again ? us : 0 };

	test_interrupted = run->aggregator;
	signal(SIGALRM, test_on_alarm);
	setitimer(ITIMER_REAL, &timer, NULL);
}

UNIT_TEST_CASE(run_interrupt_ends_an_idle_run_at_its_instant)
{
	struct test_run run;

	test_init(&run);
	test_hits(&run, 1, 5);
	test_hits(&run, 100000, 100010);
	test_probe(&run, (struct moment_probe){ .moment = MOMENT_END });
	test_new(&run);
	test_interrupt_in(&run, 60000, false);
	CHECK_INT(aggregator_run(run.aggregator), 0);
	CHECK_INT(test_ran(&run, 0), 5);
	CHECK_INT(test_ran(&run, 1), 1);
	CHECK_INT(run.aggregator->dropped, 11);
	CHECK(run.aggregator->merge.rounds < 10); /* it slept */
	test_end(&run);
}

UNIT_TEST_CASE(run_two_interrupts_skip_end_probes)
{
	struct test_run run;

	test_init(&run);
	test_probe(&run, (struct moment_probe){ .moment = MOMENT_END });
	test_new(&run);
	aggregator_interrupt(run.aggregator);
	aggregator_interrupt(run.aggregator);
	CHECK_INT(aggregator_run(run.aggregator), 0);
	CHECK_INT(test_ran(&run, 1), 0);
	test_end(&run);
}

/* while (1) ; */
static struct token test_token = { .kind = TOKEN_IDENTIFIER, .text = "while" };
static struct expr test_one = { .kind = EXPR_NUMBER, .type = TYPE_LONG, .number = 1,
				.token = &test_token };
static struct stmt test_nothing = { .kind = STMT_NULL, .token = &test_token };
static struct stmt test_endless = { .kind = STMT_WHILE, .expr = &test_one, .then = &test_nothing,
				    .token = &test_token };

UNIT_TEST_CASE(run_first_interrupt_breaks_an_endless_handler)
{
	struct test_run run;
	uint64_t start = clock_now();

	test_init(&run);
	test_hits(&run, 1, 3);
	test_probe(&run, (struct moment_probe){ .moment = MOMENT_END });
	run.probes[0].body = &test_endless;
	test_new(&run);
	test_interrupt_in(&run, 50000, false);
	CHECK_INT(aggregator_run(run.aggregator), 0);
	CHECK(clock_now() - start >= INTERRUPT_GRACE_NS);
	CHECK_INT(test_ran(&run, 0), 1); /* no time is left for the others */
	CHECK_INT(test_ran(&run, 1), 1);
	test_end(&run);
}

UNIT_TEST_CASE(run_second_interrupt_breaks_an_endless_end_probe)
{
	struct test_run run;

	test_init(&run);
	test_probe(&run, (struct moment_probe){ .moment = MOMENT_END });
	test_probe(&run, (struct moment_probe){ .moment = MOMENT_END, .sequence = 1 });
	run.probes[1].body = &test_endless;
	test_new(&run);
	test_interrupt_in(&run, 50000, true);
	CHECK_INT(aggregator_run(run.aggregator), 0);
	CHECK_INT(test_ran(&run, 1), 1);
	CHECK_INT(test_ran(&run, 2), 0);
	test_end(&run);
}

UNIT_TEST_CASE(run_loss_is_added_up_from_totals)
{
	struct test_run run;

	test_init(&run);
	test_hits(&run, 1, 4);
	memory_source_add(run.source, 0, (struct event){ .time = 5 * TEST_MS, .kind = EVENT_LOST,
							 .count = 7 });
	run.source->streams[0].lost = 7;
	run.source->streams[1].lost = 2; /* nothing came behind these */
	test_probe(&run, (struct moment_probe){ .moment = MOMENT_TIMER, .period = 20 * TEST_MS,
						.exits = true });
	CHECK_INT(aggregator_run(test_new(&run)), 0);
	CHECK_INT(run.aggregator->session->lost, 9);
	CHECK_INT(test_ran(&run, 0), 4);
	test_end(&run);
}

UNIT_TEST_CASE(run_ends_when_more_are_lost_than_maxskipped)
{
	for (int64_t allowed = 6; allowed <= 7; allowed++) {
		struct test_run run;

		test_init(&run);
		test_hits(&run, 1, 4);
		memory_source_add(run.source, 0, (struct event){ .time = 5 * TEST_MS,
								 .kind = EVENT_LOST, .count = 7 });
		test_probe(&run, (struct moment_probe){ .moment = MOMENT_TIMER,
							.period = 20 * TEST_MS, .exits = true });
		test_probe(&run, (struct moment_probe){ .moment = MOMENT_END });
		run.options.limits[LIMIT_MAXSKIPPED] = allowed;
		CHECK_INT(aggregator_run(test_new(&run)), allowed < 7);
		CHECK_INT(test_ran(&run, 1), allowed == 7);
		CHECK_INT(test_ran(&run, 2), 1);
		test_end(&run);
	}
}

UNIT_TEST_CASE(run_closed_output_ends_the_run)
{
	struct test_run run;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	test_init(&run);
	test_probe(&run, (struct moment_probe){ .moment = MOMENT_END });
	test_new(&run);
	CHECK_INT(pipe(fds), 0);
	close(fds[0]);
	fclose(run.options.output);
	run.options.output = run.aggregator->output.file = fdopen(fds[1], "w");
	buf_puts(&run.aggregator->session->output, "text");
	CHECK_INT(aggregator_run(run.aggregator), 0);
	CHECK_INT(test_ran(&run, 1), 1);
	test_end(&run);
}
#endif
