// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The families process(…).syscall and process(…).syscall.return: the system calls of one process,
 * of every process that runs a program, of the target, or of all, from the trace events
 * raw_syscalls:sys_enter and sys_exit. Which process a hit belongs to is sorted out by the
 * aggregator; a filter spares the others' records where the whole script asks for one process only.
 */
#include <errno.h>

#include "families.h"
#include "probed-file.h"

/* the context variables of upstream, and the event's fields they are */
static const struct {
	const char *name, *field, *c_type;
	bool at_return;
} variables[] = {
	{ "$syscall", "id", "long", false },
	{ "$arg1", "args[0]", "unsigned long", false },
	{ "$arg2", "args[1]", "unsigned long", false },
	{ "$arg3", "args[2]", "unsigned long", false },
	{ "$arg4", "args[3]", "unsigned long", false },
	{ "$arg5", "args[4]", "unsigned long", false },
	{ "$arg6", "args[5]", "unsigned long", false },
	{ "$syscall", "id", "long", true },
	{ "$return", "ret", "long", true },
};

static bool is_exit(const struct site *site)
{
	return strcmp(trace_site_of(site)->event->name, "sys_exit") == 0;
}

static struct capture *process_variable(struct frontend *frontend, const struct site *site,
					const struct expr *target)
{
	struct capture *capture;

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		if (variables[i].at_return != is_exit(site) ||
		    strcmp(variables[i].name, target->name) != 0)
			continue;
		if (target->path.count || target->address_of) {
			diag_error(frontend, target->token, "%s of a system call is a number: it "
				   "has no members and no address", target->name);
			return NULL;
		}
		capture = arena_new_object(frontend_arena(frontend), struct capture);
		capture->kind = CAPTURE_FIELD;
		capture->type = TYPE_LONG;
		capture->name = variables[i].field;
		capture->c_type = variables[i].c_type;
		capture->token = target->token;
		return capture;
	}
	return NULL;
}

static size_t process_variables(struct frontend *frontend, const struct site *site,
				struct family_variable *out, size_t room)
{
	size_t count = 0;

	(void)frontend;
	for (size_t i = 0; i < ARRAY_SIZE(variables) && count < room; i++)
		if (variables[i].at_return == is_exit(site))
			out[count++] = (struct family_variable){
				.name = variables[i].name, .c_type = variables[i].c_type,
				.type = TYPE_LONG, .is_parameter = !is_exit(site),
			};
	return count;
}

static void emit_syscall(struct family_match *match, const struct probe_point *point, pid_t pid,
			 const char *executable)
{
	bool is_target = point->components.items[0].argument_kind == ARGUMENT_NONE;
	const char *last = point->components.items[point->components.count - 1].name;
	struct trace_site *data = arena_new_object(match->arena, struct trace_site);
	struct site *site = arena_new_object(match->arena, struct site);

	data->event = trace_event_get(match->backend, "raw_syscalls",
				      strcmp(last, "return") == 0 ? "sys_exit" : "sys_enter");
	site->name = data->event->text;
	site->data = data;
	site->pid = pid;
	site->executable = executable;
	site->with_children = is_target;
	match->emit(match, point, site, NULL);
}

static int emit_by_path(struct family_match *match, const struct point_component *process)
{
	struct buf problem = BUF_INIT;
	probed_files files = { 0 };

	if (probed_files_find(match->backend, process->string, &files, &problem) < 0) {
		diag_error(match->frontend, process->token, "%s", buf_text(&problem));
		buf_free(&problem);
		return -ENOENT;
	}
	buf_free(&problem);
	for (size_t i = 0; i < files.count; i++) {
		struct probe_point *point = arena_memdup(match->arena, match->point,
							 sizeof(*point));
		size_t size = point->components.count * sizeof(*point->components.items);

		point->components.items = arena_memdup(match->arena, point->components.items,
						       size);
		point->components.capacity = point->components.count;
		point->components.items[0].string = files.items[i]->path;
		emit_syscall(match, point, 0, files.items[i]->path);
	}
	return 0;
}

static int process_resolve(struct family_match *match)
{
	const struct point_component *process = &match->point->components.items[0];
	struct tracefs *tracefs = match->backend;
	pid_t pid;

	if (!tracefs) {
		tracepoint_report_no_backend(match->frontend, process->token);
		return -ENOENT;
	}
	if (process->argument_kind == ARGUMENT_STRING)
		return emit_by_path(match, process);
	/* without a number: the target's where there is one, otherwise everybody's */
	pid = process->argument_kind == ARGUMENT_NUMBER ?
	      frontend_process(match->frontend, process) : tracefs->options.target_pid;
	if (process->argument_kind == ARGUMENT_NUMBER && !pid)
		return -ESRCH;
	emit_syscall(match, match->point, pid, NULL);
	return 0;
}

#define ROW(text, what) {                                                                       \
	.pattern = text, .source = FAMILY_TRACEFS, .resolve = process_resolve,                  \
	.variable = process_variable, .variables = process_variables,                           \
	.describe = tracepoint_describe, .summary = what,                                       \
}

const struct family process_families[] = {
	ROW("process(string).syscall", "system calls of a program's processes"),
	ROW("process(string).syscall.return", "their returns"),
	ROW("process(number).syscall", "system calls of a process"),
	ROW("process(number).syscall.return", "their returns"),
	ROW("process.syscall", "system calls of the target, or of all processes"),
	ROW("process.syscall.return", "their returns"),
};
const size_t process_family_count = ARRAY_SIZE(process_families);

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(process_syscall_variables_are_fields)
{
	struct trace_event event = { .name = "sys_enter" };
	struct trace_site data = { .event = &event };
	struct site site = { .data = &data };
	struct family_variable out[16];

	CHECK_INT(process_variables(NULL, &site, out, 16), 7);
	CHECK_STR(out[6].name, "$arg6");
	event.name = "sys_exit";
	CHECK_INT(process_variables(NULL, &site, out, 16), 2);
	CHECK_STR(out[1].name, "$return");
}
#endif
