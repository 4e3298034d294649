// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process(…).begin and .end, process(…).thread.begin and .end. The side-band's records of forks,
 * execs and exits fire them, in event order like every other probe, so a handler sees the task as
 * it was. A process begins when it is forked, when it executes a program (once the program is
 * mapped, so that it can be told which), and, for those that live already, when the run begins.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "process-event.h"
#include "timer.h"

/* ---- points ---- */

static enum moment moment_of_point(const struct probe_point *point)
{
	const struct point_component *last = &point->components.items[point->components.count - 1];
	bool is_thread = point->components.count > 2;

	if (strcmp(last->name, "begin") == 0)
		return is_thread ? MOMENT_THREAD_BEGIN : MOMENT_PROCESS_BEGIN;
	return is_thread ? MOMENT_THREAD_END : MOMENT_PROCESS_END;
}

/* as address maps name it; a path that is not there yet may come to be */
static const char *find_program(struct arena *arena, const char *name)
{
	char *real = program_find(name);
	const char *found = strchr(name, '/') || real ? arena_strdup(arena, real ? real : name) :
							NULL;

	free(real);
	return found;
}

int process_event_resolve(struct family_match *match)
{
	const struct point_component *process = &match->point->components.items[0];
	struct moment_probe moment = { .moment = moment_of_point(match->point) };
	struct site *site = arena_new_object(match->arena, struct site);

	site->name = "task";
	site->needs = NEED_TASK;
	if (process->argument_kind == ARGUMENT_NUMBER) {
		site->pid = frontend_process(match->frontend, process);
		if (!site->pid)
			return -ESRCH;
	} else if (process->argument_kind == ARGUMENT_STRING) {
		site->needs |= NEED_MAPS;
		site->executable = find_program(match->arena, process->string);
		if (!site->executable) {
			diag_error(match->frontend, process->token,
				   "there is no program '%s' in $PATH", process->string);
			return -ENOENT;
		}
	} else {
		site->pid = (int32_t)frontend_get_options(match->frontend)->target_pid;
		site->with_children = true;
	}
	match->emit(match, match->point, site, arena_memdup(match->arena, &moment, sizeof(moment)));
	return 0;
}

/* ---- events ---- */

static bool is_process_moment(enum moment moment)
{
	return moment >= MOMENT_PROCESS_BEGIN && moment <= MOMENT_THREAD_END;
}

bool process_event_probes(const struct program *program)
{
	for (size_t i = 0; i < program->probes.count; i++) {
		const struct moment_probe *moment = moment_of(program->probes.items[i]);

		if (moment && is_process_moment(moment->moment))
			return true;
	}
	return false;
}

static void run_probes(struct dispatch *dispatch, const struct event *event, enum moment wanted)
{
	for (size_t i = 0; i < dispatch->program->probes.count; i++) {
		const struct probe *probe = dispatch->program->probes.items[i];
		const struct moment_probe *moment = moment_of(probe);

		if (!moment || moment->moment != wanted || !probe->body ||
		    !dispatch_concerns(dispatch, event, probe->sites.items[0]))
			continue;
		dispatch_task_event(dispatch, probe, event);
		if (dispatch->session->exiting)
			break;
	}
}

void process_event_dispatch(struct dispatch *dispatch, const struct event *event)
{
	struct task_model *tasks = dispatch->session->tasks;
	bool is_process = event->pid < 0 || event->pid == event->tid;
	struct task *task;

	if (!event->time) /* told of what was there before */
		return;
	switch (event->kind) {
	case EVENT_FORK:
		run_probes(dispatch, event,
			   is_process ? MOMENT_PROCESS_BEGIN : MOMENT_THREAD_BEGIN);
		break;
	case EVENT_EXIT:
		run_probes(dispatch, event, is_process ? MOMENT_PROCESS_END : MOMENT_THREAD_END);
		break;
	case EVENT_COMM:
		if (event->is_exec)
			task_find(tasks, event->tid)->executing = true;
		break;
	case EVENT_MMAP: /* the kernel maps the program itself first */
		task = task_find(tasks, event->tid);
		if (!task->executing || !event->mmap->executable)
			break;
		task->executing = false;
		run_probes(dispatch, event, MOMENT_PROCESS_BEGIN);
		break;
	}
}

void process_event_existing(struct dispatch *dispatch)
{
	struct event event = { .kind = EVENT_FORK, .time = clock_now() };
	DIR *processes = opendir("/proc");
	struct dirent *entry;

	while (processes && (entry = readdir(processes)) && !dispatch->session->exiting) {
		event.tid = event.pid = atoi(entry->d_name);
		if (event.tid > 0 && event.tid != dispatch->own_tid &&
		    event.tid != dispatch->options->command_pid)
			run_probes(dispatch, &event, MOMENT_PROCESS_BEGIN);
	}
	if (processes)
		closedir(processes);
}
