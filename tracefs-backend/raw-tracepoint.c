// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The C arguments of a tracepoint, where a trace event records only some of what they point to:
 * kernel.trace("sched_switch") with $next->mm. A kprobe goes to __traceiter_NAME, the function that
 * calls a tracepoint's callbacks one after the other; its parameters are the arguments. A kernel
 * with static calls passes over it as long as there is just one callback, so two are registered
 * (kernel/tracepoint.c, tracepoint_update_call()): the event in our instance with a filter that
 * nothing passes, and a perf event that is never enabled.
 */
#include <errno.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "define.h"
#include "families.h"

#define NOTHING_PASSES "common_pid < 0"
#define MAX_PARAMETERS 32
#define OWN_PARAMETER "$__data" /* of the iterator itself */

static bool can_have_kprobes(const struct tracefs *tracefs)
{
	char path[PATH_MAX];

	return tracefs->options.plan_only ||
	       (tracefs_path(tracefs, path, sizeof(path), "kprobe_events") &&
		access(path, F_OK) == 0);
}

/* where __traceiter_NAME begins; NULL when nothing tells of it */
static const struct code_place *find_iterator(struct frontend *frontend, const char *event)
{
	struct place_query query = { .what = PLACE_FUNCTION, .only_call = true };
	struct buf problem = BUF_INIT;
	place_array places = { 0 };
	name_array suggest = { 0 };
	struct module *kernel;

	query.pattern = arena_printf(frontend_arena(frontend), "__traceiter_%s", event);
	kernel = debuginfo_open_kernel(frontend_debuginfo(frontend), NULL, &problem);
	if (kernel)
		debuginfo_find(kernel, &query, &places, &suggest, &problem);
	buf_free(&problem);
	return places.count ? places.items[0] : NULL;
}

static bool has_parameter(const struct code_place *place, const char *name)
{
	struct family_variable parameters[MAX_PARAMETERS];
	size_t count = debuginfo_variables(place, parameters, MAX_PARAMETERS);

	for (size_t i = 0; i < count; i++)
		if (strcmp(parameters[i].name, name) == 0)
			return strcmp(name, OWN_PARAMETER) != 0;
	return false;
}

const struct code_place *raw_tracepoint_arguments(struct frontend *frontend,
						  const struct site *site,
						  const struct expr *target)
{
	const struct trace_event *event = trace_site_of(site)->event;
	const struct code_place *place = find_iterator(frontend, event->name);

	if (!place || !target->name || !has_parameter(place, target->name))
		return NULL;
	if (can_have_kprobes(event->tracefs))
		return place;
	diag_error(frontend, target->token, "%s is an argument of the tracepoint, not a field that "
		   "'%s' records: that needs kprobes (CONFIG_KPROBE_EVENTS), which this kernel lacks",
		   target->name, event->text);
	return NULL;
}

static bool is_of_field(const struct capture *capture)
{
	const struct fetch *fetch = capture->recipe ? capture->recipe->fetch : NULL;

	while (fetch && fetch->kind == FETCH_DEREF)
		fetch = fetch->base;
	return fetch && fetch->kind == FETCH_FIELD;
}

bool raw_tracepoint_is_needed(const struct probe *probe, const struct site *site)
{
	for (size_t i = 0; site->arguments && i < probe->captures.count; i++) {
		const struct capture *capture = probe->captures.items[i];

		if (capture->kind == CAPTURE_FETCH && !is_of_field(capture))
			return true;
	}
	return false;
}

const struct define_place *raw_tracepoint_place(struct tracefs *tracefs, const struct probe *probe,
						const struct site *site, struct buf *problem)
{
	struct trace_event *event = trace_site_of(site)->event;
	struct define_place *place = arena_new_object(tracefs->arena, struct define_place);

	for (size_t i = 0; i < probe->captures.count; i++) {
		const struct capture *capture = probe->captures.items[i];

		if (capture->kind == CAPTURE_FIELD)
			trace_site_of(site)->with_fields = true;
		if (capture->kind != CAPTURE_FETCH || !is_of_field(capture))
			continue;
		print_place(capture->token, problem);
		buf_printf(problem, "what the field %s of '%s' points to cannot be captured together "
			   "with arguments of the tracepoint, which this probe uses too",
			   capture->name, event->text);
		return NULL;
	}
	place->where = arena_printf(tracefs->arena, "__traceiter_%s", event->name);
	place->name = event->name;
	place->is_one_of_many = probe->sites.count > 1;
	place->fetch.arch = trace_arch_host();
	array_push(tracefs->arena, &tracefs->raw_events, event);
	return place;
}

static int open_idle_event(int id)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attributes), .disabled = 1,
	};

	attributes.config = (uint64_t)id;
	return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static bool is_enabled(const struct tracefs *tracefs, const struct trace_event *event)
{
	char file[PATH_MAX], *state;
	bool enabled;

	snprintf(file, sizeof(file), "events/%s/%s/enable", event->system, event->name);
	state = tracefs_instance_file_read(tracefs->instance, file, NULL);
	enabled = state && state[0] == '1';
	free(state);
	return enabled;
}

int raw_tracepoint_hold(struct tracefs *tracefs, struct trace_event *event, struct buf *problem)
{
	int error = trace_event_read(event), fd;

	if (!error && !is_enabled(tracefs, event))
		error = instance_enable(tracefs, event, NOTHING_PASSES, NULL, problem);
	if (error)
		return error;
	fd = open_idle_event(event->id);
	if (fd < 0) {
		buf_printf(problem, "the arguments of %s need a perf event on it: %s", event->text,
			   strerror(errno));
		return -errno;
	}
	array_push(tracefs->arena, &tracefs->raw_fds, fd);
	return 0;
}

void raw_tracepoints_release(struct tracefs *tracefs)
{
	for (size_t i = 0; i < tracefs->raw_fds.count; i++)
		close(tracefs->raw_fds.items[i]);
	tracefs->raw_fds.count = 0;
}
