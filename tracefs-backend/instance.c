// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Our own tracefs instance: made, set up, filled with events and filters, switched on and off, and
 * removed. Settings that make the kernel wait are written only when they change (measured on 6.18:
 * trace_clock 17–28 ms, buffer_size_kb 16–19 ms, removal 75 ms; one event's enable 0.02 ms, its
 * filter 0.06 ms, one filter for all 720 events of a system 0.8 ms). stap's own threads are kept
 * out by filters: measured on the same kernel, recording a system call of another process costs
 * 300 ns, 318 with a filter on common_pid, but 365 with set_event_notrace_pid.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

#include "session.h"

#define DEFAULT_BUFFER_BYTES (4ull << 20)
/*
 * Sub-buffers are read one by one. Measured on 6.18, per KiB: 273 ns of CPU for those of 4 KiB, 166
 * for 8, 132 for 16, 121 for 32, 104 for 64; asking for them before the buffer's size costs no CPU,
 * but the kernel waits some 10 ms. Small buffers keep the default: loss comes by the sub-buffer.
 */
#define SUBBUF_KIB "16"
#define SUBBUF_BUFFER_LEAST (1ull << 20)
/* the reader is woken when a CPU's buffer is this full; a timed drain serves slow streams */
#define BUFFER_PERCENT "30"
/* ms: how long a busy instance is tried again before it is left to the guardian */
#define REMOVE_PATIENCE 200

static int setting_write(struct tracefs *tracefs, const char *file, const char *value)
{
	errno = 0;
	if (tracefs_instance_file_write(tracefs->instance, file, value) < 0)
		return errno ? -errno : -EIO;
	return 0;
}

/* write a setting unless it already has that value; absent files are no error */
static int setting_change(struct tracefs *tracefs, const char *file, const char *value)
{
	char *now;
	bool same;

	if (!tracefs_file_exists(tracefs->instance, file))
		return 0;
	now = tracefs_instance_file_read(tracefs->instance, file, NULL);
	same = now && strncmp(now, value, strlen(value)) == 0 &&
	       (now[strlen(value)] == '\n' || now[strlen(value)] == '\0');
	free(now);
	return same ? 0 : setting_write(tracefs, file, value);
}

static int set_clock(struct tracefs *tracefs, struct buf *problem)
{
	int error = setting_write(tracefs, "trace_clock", "mono");

	if (error)
		buf_printf(problem, "the kernel refuses the trace clock `mono', which all events "
				    "are ordered by: %s", strerror(-error));
	return error;
}

static int set_buffer(struct tracefs *tracefs, struct buf *problem)
{
	uint64_t bytes = tracefs->options.buffer_bytes;
	char text[32];
	int error;

	bytes = bytes ? bytes : DEFAULT_BUFFER_BYTES;
	if (bytes >= SUBBUF_BUFFER_LEAST) /* since 6.8; without it all works, only slower */
		setting_change(tracefs, "buffer_subbuf_size_kb", SUBBUF_KIB);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)(bytes + 1023) / 1024);
	error = setting_change(tracefs, "buffer_size_kb", text);
	if (error)
		buf_printf(problem, "cannot have buffers of %s KiB on each CPU: %s; "
				    "ask for less with -s", text, strerror(-error));
	return error;
}

static int set_up(struct tracefs *tracefs, struct buf *problem)
{
	int error;

	setting_write(tracefs, "tracing_on", "0");
	error = set_clock(tracefs, problem);
	if (error)
		return error;
	error = set_buffer(tracefs, problem);
	if (error)
		return error;
	setting_change(tracefs, "buffer_percent", BUFFER_PERCENT);
	setting_change(tracefs, "options/overwrite", tracefs->options.overwrite ? "1" : "0");
	return 0;
}

static bool is_excluded(const struct tracefs *tracefs, pid_t tid)
{
	for (size_t i = 0; i < tracefs->excluded.count; i++)
		if (tracefs->excluded.items[i] == tid)
			return true;
	return false;
}

/* every thread stap has by now, beside those it was told of */
static void exclude_threads(struct tracefs *tracefs)
{
	DIR *threads = opendir("/proc/self/task");
	struct dirent *entry;
	pid_t tid;

	while (threads && (entry = readdir(threads))) {
		tid = atoi(entry->d_name);
		if (tid > 0 && !is_excluded(tracefs, tid))
			array_push(tracefs->arena, &tracefs->excluded, tid);
	}
	if (threads)
		closedir(threads);
}

int instance_create(struct tracefs *tracefs, struct buf *problem)
{
	int error = reap_name_print(getpid(), tracefs->name, sizeof(tracefs->name));

	if (!error)
		error = guardian_start(&tracefs->guardian, tracefs->root, tracefs->name);
	if (error) {
		buf_printf(problem, "cannot start the guardian process: %s", strerror(-error));
		return error;
	}
	errno = 0;
	tracefs->instance = tracefs_instance_create(tracefs->name);
	if (!tracefs->instance) {
		error = errno ? -errno : -EIO;
		buf_printf(problem, "cannot make the instance %s/instances/%s: %s", tracefs->root,
			   tracefs->name, strerror(-error));
		return error;
	}
	exclude_threads(tracefs);
	return set_up(tracefs, problem);
}

void tracefs_exclude(struct tracefs *tracefs, pid_t tid)
{
	char text[16];

	if (is_excluded(tracefs, tid))
		return;
	array_push(tracefs->arena, &tracefs->excluded, tid);
	if (!tracefs->instance || !tracefs->own_pids)
		return;
	/* too late for the filters; this costs each event of others 65 ns */
	snprintf(text, sizeof(text), "%d ", tid);
	tracefs_instance_file_append(tracefs->instance, "set_event_notrace_pid", text);
	if (tracefs->function_index)
		tracefs_instance_file_append(tracefs->instance, "set_ftrace_notrace_pid", text);
}

/* ---- events ---- */

void print_kernel_reason(struct tracefs_instance *instance, const char *command, int error,
			 struct buf *out)
{
	char *log = tracefs_error_last(instance);
	char *reason = log ? strstr(log, "error: ") : NULL;

	/* "[  12.3] event filter parse error: error: Field not found\n  Command: …" */
	while (reason && strstr(reason + 1, "error: "))
		reason = strstr(reason + 1, "error: ");
	if (reason && strstr(reason, command))
		buf_printf(out, "%.*s", (int)strcspn(reason + strlen("error: "), "\n"),
			   reason + strlen("error: "));
	else
		buf_puts(out, strerror(-error));
	free(log);
}

void print_place(const struct token *token, struct buf *out)
{
	if (token && token->place.file)
		buf_printf(out, "%s:%u:%u: ", token->place.file->name, token->place.line,
			   token->place.column);
}

static int event_write(struct tracefs *tracefs, struct trace_event *event, const char *file,
		       const char *text)
{
	errno = 0;
	if (tracefs_event_file_write(tracefs->instance, event->system, event->name, file, text) < 0)
		return errno ? -errno : -EIO;
	return 0;
}

/* a filter only spares work: without it the handler sorts the events out */
static void set_filter(struct tracefs *tracefs, struct trace_event *event, const char *condition,
		       const struct token *token)
{
	struct buf reason = BUF_INIT;
	int error = event_write(tracefs, event, "filter", condition);

	if (error) {
		print_place(token, &reason);
		buf_printf(&reason, "the kernel refuses the filter `%s' for %s: ", condition,
			   event->text);
		print_kernel_reason(tracefs->instance, condition, error, &reason);
		log_info(&tracefs->options.log, 1, "%s; running without it", buf_text(&reason));
	}
	buf_free(&reason);
}

int instance_filter_system(struct tracefs *tracefs, const char *system, const char *condition)
{
	char file[2 * TRACE_NAME_SIZE];

	if (snprintf(file, sizeof(file), "events/%s/filter", system) >= (int)sizeof(file))
		return -ENAMETOOLONG;
	return setting_write(tracefs, file, condition);
}

int instance_enable(struct tracefs *tracefs, struct trace_event *event, const char *condition,
		    const struct token *token, struct buf *problem)
{
	int error;

	if (*condition)
		set_filter(tracefs, event, condition, token);
	error = event_write(tracefs, event, "enable", "1");
	if (error) {
		print_place(token, problem);
		buf_printf(problem, "the kernel refuses to enable the trace event %s: %s",
			   event->text, strerror(-error));
	}
	return error;
}

void instance_disable(struct tracefs *tracefs, struct trace_event *event)
{
	int error = event_write(tracefs, event, "enable", "0");

	if (error)
		log_info(&tracefs->options.log, 1, "cannot disable the trace event %s: %s",
			 event->text, strerror(-error));
}

/* ---- one process only ---- */

/* add the threads of @pid that are not in @seen yet; returns how many */
static int add_threads(struct tracefs *tracefs, pid_t pid, struct table *seen)
{
	struct buf path = BUF_INIT, pids = BUF_INIT;
	struct dirent *entry;
	DIR *threads;
	int added = 0;

	buf_printf(&path, "/proc/%d/task", pid);
	threads = opendir(buf_text(&path));
	while (threads && (entry = readdir(threads))) {
		if (atoi(entry->d_name) <= 0 || table_get(seen, entry->d_name))
			continue;
		table_put(seen, entry->d_name, tracefs);
		buf_printf(&pids, "%s ", entry->d_name);
		added++;
	}
	if (threads)
		closedir(threads);
	if (added && tracefs_instance_file_append(tracefs->instance, "set_event_pid",
						  buf_text(&pids)) < 0)
		added = -errno;
	buf_free(&path);
	buf_free(&pids);
	return added;
}

int instance_trace_target(struct tracefs *tracefs, pid_t pid)
{
	struct table seen;
	int added, total = 0;

	/* the kernel follows forks before threads are listed, so that none slips through between */
	if (setting_change(tracefs, "options/event-fork", "1") < 0)
		return -ENOTSUP;
	table_init(&seen, tracefs->arena);
	while ((added = add_threads(tracefs, pid, &seen)) > 0)
		total += added;
	/* with no thread listed every process would be recorded: that is right too, only slower */
	if (added < 0)
		tracefs_instance_file_clear(tracefs->instance, "set_event_pid");
	return added < 0 ? added : total;
}

/* ---- on, off, gone ---- */

int instance_switch(struct tracefs *tracefs, bool on)
{
	if (tracefs->tracing == on)
		return 0;
	tracefs->tracing = on;
	return setting_write(tracefs, "tracing_on", on ? "1" : "0");
}

void instance_destroy(struct tracefs *tracefs)
{
	struct timespec pause = { 0, 2000000 };
	int result = 0;

	if (tracefs->instance) {
		for (int waited = 0; waited < REMOVE_PATIENCE; waited += 2) {
			result = reap_remove(tracefs->root, tracefs->name);
			if (result >= 0)
				break;
			nanosleep(&pause, NULL);
		}
		tracefs_instance_free(tracefs->instance);
		tracefs->instance = NULL;
	}
	if (result >= 0) {
		guardian_stop(&tracefs->guardian);
	} else if (tracefs->guardian.fd >= 0) {
		/* still busy: to the guardian this looks like our death */
		close(tracefs->guardian.fd);
		tracefs->guardian.fd = -1;
	}
}
