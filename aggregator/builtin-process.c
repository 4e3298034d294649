// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Natives about tasks beyond what every event tells: the task model where it knows, /proc for a
 * process that still lives. /proc shows the present, which for a queued event is a little later
 * than its instant; a process that is gone gives 0 or "".
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builtin.h"
#include "identity.h"

extern char **environ;

bool builtin_execname(struct native_call *call)
{
	call->result.string = str_ref(native_task(call)->comm);
	return true;
}

bool builtin_pid(struct native_call *call)
{
	return native_return_number(call, native_task(call)->pid);
}

bool builtin_tid(struct native_call *call)
{
	return native_return_number(call, call->session->now.event->tid);
}

bool builtin_ppid(struct native_call *call)
{
	return native_return_number(call, task_parent(call->session->tasks, native_task(call)));
}

bool builtin_cpu(struct native_call *call)
{
	return native_return_number(call, call->session->now.event->cpu);
}

bool builtin_target(struct native_call *call)
{
	return native_return_number(call, call->session->options->target_pid);
}

bool builtin_pexecname(struct native_call *call)
{
	struct task_model *tasks = call->session->tasks;
	const struct task *parent = task_find(tasks, task_parent(tasks, native_task(call)));

	call->result.string = str_ref(parent->comm);
	return true;
}

bool builtin_pid2execname(struct native_call *call)
{
	int64_t pid = call->arguments[0].number;

	if (pid < 0 || pid > INT32_MAX)
		return native_return_text(call, "", 0);
	call->result.string = str_ref(task_find(call->session->tasks, (int32_t)pid)->comm);
	return true;
}

bool builtin_stp_pid(struct native_call *call)
{
	return native_return_number(call, getpid());
}

bool builtin_module_name(struct native_call *call)
{
	const char *name = call->session->options->module_name;

	return native_return_string(call, name ? name : "stap");
}

bool builtin_pp(struct native_call *call)
{
	const char *text = call->session->now.probe->point_text;

	return native_return_string(call, text ? text : "");
}

bool builtin_pn(struct native_call *call)
{
	const struct probe *probe = call->session->now.probe;
	const char *text = probe->alias_text ? probe->alias_text : probe->point_text;

	return native_return_string(call, text ? text : "");
}

/* ---- /proc ---- */

bool native_read_proc(int64_t tid, const char *file, struct buf *out)
{
	char path[64];

	if (tid <= 0 || tid > INT32_MAX)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, file);
	return buf_read_file(out, path) == 0;
}

/* the @index-th number behind @name, a line feed and a word, in /proc/TID/status; masks are hex */
static bool return_task_status(struct native_call *call, int64_t tid, const char *name,
			       unsigned index)
{
	struct buf text = BUF_INIT;
	int base = text_starts_with(name, "\nSig") ? 16 : 10;
	int64_t number = 0;
	char *line;

	if (native_read_proc(tid, "status", &text)) {
		line = strstr(text.data, name);
		if (line)
			for (line += strlen(name) + 1, index++; index; index--)
				number = (int64_t)strtoull(line, &line, base);
	}
	buf_free(&text);
	return native_return_number(call, number);
}

/* a field of /proc/TID/stat, numbered as in proc(5), 4 and above */
static int64_t read_stat(int64_t tid, unsigned field)
{
	struct buf text = BUF_INIT;
	int64_t number = 0;
	char *at;

	if (native_read_proc(tid, "stat", &text)) {
		at = strrchr(text.data, ')');
		for (at = at ? at + 3 : NULL; at && field > 3; field--)
			number = strtoll(at + 1, &at, 10);
	}
	buf_free(&text);
	return number;
}

/* ---- any task, by its tid ---- */

static struct task *task_argument(struct native_call *call)
{
	int64_t tid = call->arguments[0].number;

	return task_find(call->session->tasks, tid < 0 || tid > INT32_MAX ? 0 : (int32_t)tid);
}

bool builtin___task_pid(struct native_call *call)
{
	return native_return_number(call, task_argument(call)->pid);
}

bool builtin___task_parent(struct native_call *call)
{
	return native_return_number(call, task_parent(call->session->tasks, task_argument(call)));
}

/* field 3, the only one that is no number, as its letter's code */
bool builtin___task_stat(struct native_call *call)
{
	int64_t tid = call->arguments[0].number, field = call->arguments[1].number;
	struct buf text = BUF_INIT;
	int64_t number = 0;
	char *name_end;

	if (field > 3 && field <= 64)
		return native_return_number(call, read_stat(tid, (unsigned)field));
	if (native_read_proc(tid, "stat", &text)) {
		name_end = strrchr(text.data, ')');
		if (name_end && name_end[1] == ' ')
			number = name_end[2];
	}
	buf_free(&text);
	return native_return_number(call, number);
}

/* ---- whose it is, for tapset/identity.stp; (tid, enum identity_id) and what more ---- */

static bool is_identity(int64_t id)
{
	return id >= 0 && id < IDENTITY_COUNT;
}

bool builtin___task_identity(struct native_call *call)
{
	int64_t id = call->arguments[1].number;

	return native_return_number(call, is_identity(id) ?
				    identity_of(call->session, task_argument(call),
						(enum identity_id)id) : 0);
}

/* is it a task of the user who runs stap? */
bool builtin___is_own_user(struct native_call *call)
{
	return native_return_number(call, identity_of(call->session, native_task(call),
						      IDENTITY_UID) == getuid());
}

bool builtin___task_identity_tell(struct native_call *call)
{
	int64_t id = call->arguments[1].number;

	if (is_identity(id))
		identity_tell(call->session, task_argument(call), (enum identity_id)id,
			      call->arguments[2].number);
	return true;
}

bool builtin___task_identity_doubt(struct native_call *call)
{
	identity_doubt(task_argument(call));
	return true;
}

/* (path, group): who owns the file, when executing it gives his rights, else -1 */
bool builtin___set_id_of_file(struct native_call *call)
{
	bool group = call->arguments[1].number != 0;
	struct stat status;

	if (stat(call->arguments[0].string->data, &status) != 0 ||
	    !(status.st_mode & (group ? S_ISGID : S_ISUID)))
		return native_return_number(call, -1);
	return native_return_number(call, group ? status.st_gid : status.st_uid);
}

bool builtin___task_status(struct native_call *call)
{
	char name[64];

	snprintf(name, sizeof(name), "\n%s", call->arguments[1].string->data);
	return return_task_status(call, call->arguments[0].number, name,
				  (unsigned)call->arguments[2].number & 7);
}

/* the 1, 5 and 15 minute loads; /proc/loadavg rounds as SystemTap does, to hundredths */
bool builtin___load_average(struct native_call *call)
{
	struct buf text = BUF_INIT;
	int64_t index = call->arguments[0].number, whole = 0, rest = 0;
	char *at;

	if (index < 0 || index > 2)
		return native_error(call, "Invalid loadavg index %lld specified.", (long long)index);
	if (buf_read_file(&text, "/proc/loadavg") == 0) {
		for (at = text.data; index >= 0; index--) {
			whole = strtoll(at, &at, 10);
			rest = *at == '.' ? strtoll(at + 1, &at, 10) : 0;
		}
	}
	buf_free(&text);
	return native_return_number(call, whole * 100 + rest);
}

static bool return_ticks(struct native_call *call, unsigned field)
{
	int64_t tid = call->count ? call->arguments[0].number : call->session->now.event->tid;

	return native_return_number(call, read_stat(tid, field) *
						  (1000000000 / sysconf(_SC_CLK_TCK)));
}

bool builtin_task_utime(struct native_call *call)
{
	return return_ticks(call, 14);
}

bool builtin_task_stime(struct native_call *call)
{
	return return_ticks(call, 15);
}

bool builtin_task_start_time(struct native_call *call)
{
	return return_ticks(call, 22);
}

static bool return_statm(struct native_call *call, unsigned field)
{
	int64_t pid = call->count ? call->arguments[0].number : call->session->now.event->tid, number = 0;
	struct buf text = BUF_INIT;
	char *at;

	if (native_read_proc(pid, "statm", &text)) {
		at = text.data;
		for (unsigned i = 0; i <= field; i++)
			number = strtoll(at, &at, 10);
	}
	buf_free(&text);
	return native_return_number(call, number);
}

bool builtin_proc_mem_size(struct native_call *call)
{
	return return_statm(call, 0);
}

bool builtin_proc_mem_rss(struct native_call *call)
{
	return return_statm(call, 1);
}

bool builtin_proc_mem_shr(struct native_call *call)
{
	return return_statm(call, 2);
}

bool builtin_proc_mem_txt(struct native_call *call)
{
	return return_statm(call, 3);
}

bool builtin_proc_mem_data(struct native_call *call)
{
	return return_statm(call, 5);
}

bool builtin_mem_page_size(struct native_call *call)
{
	return native_return_number(call, sysconf(_SC_PAGESIZE));
}

/* ---- the command line and environment ---- */

/* the @index-th of NUL-terminated words, NULL behind the last */
static const char *word_at(const struct buf *words, int64_t index)
{
	size_t at = 0;

	for (; index > 0 && at < words->length; index--)
		at += strlen(words->data + at) + 1;
	return index == 0 && at < words->length ? words->data + at : NULL;
}

bool builtin_cmdline_arg(struct native_call *call)
{
	struct buf words = BUF_INIT;
	const char *word = NULL;
	bool ok;

	if (native_read_proc(call->session->now.event->tid, "cmdline", &words))
		word = word_at(&words, call->arguments[0].number);
	ok = native_return_string(call, word ? word : "");
	buf_free(&words);
	return ok;
}

/* arguments n to m (all behind n when m is negative), joined */
bool builtin_cmdline_args(struct native_call *call)
{
	int64_t first = call->arguments[0].number, last = call->arguments[1].number;
	const struct str *delimiter = call->arguments[2].string;
	struct buf words = BUF_INIT, out = BUF_INIT;
	bool ok;

	if (native_read_proc(call->session->now.event->tid, "cmdline", &words) && first >= 0) {
		for (int64_t i = first; last < 0 || i <= last; i++) {
			const char *word = word_at(&words, i);

			if (!word)
				break;
			if (i > first)
				buf_add(&out, delimiter->data, delimiter->length);
			buf_puts(&out, word);
		}
	}
	ok = native_return_buf(call, &out);
	buf_free(&words);
	buf_free(&out);
	return ok;
}

bool builtin_env_var(struct native_call *call)
{
	const struct str *name = call->arguments[0].string;
	struct buf words = BUF_INIT;
	const char *word = NULL;
	bool ok;

	if (native_read_proc(call->session->now.event->tid, "environ", &words))
		for (int64_t i = 0; (word = word_at(&words, i)); i++)
			if (!strncmp(word, name->data, name->length) && word[name->length] == '=')
				break;
	ok = native_return_string(call, word ? word + name->length + 1 : "");
	buf_free(&words);
	return ok;
}

/* ---- commands ---- */

/* as if the user had started it: without the reader's priority, and ended by a closed pipe */
static int spawn_command(const struct vm_session *session, char **arguments, pid_t *child)
{
	int nice = getpriority(PRIO_PROCESS, 0), error;
	posix_spawnattr_t attributes;
	sigset_t defaults;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	if (nice < session->command_nice)
		setpriority(PRIO_PROCESS, 0, session->command_nice);
	error = posix_spawn(child, "/bin/sh", NULL, &attributes, arguments, environ);
	if (nice < session->command_nice)
		setpriority(PRIO_PROCESS, 0, nice);
	posix_spawnattr_destroy(&attributes);
	return error;
}

/* runs beside the script; the shell forks once more so that init reaps the command */
bool builtin_system(struct native_call *call)
{
	char *arguments[] = { "sh", "-c", "(eval \"$1\") &", "sh",
			      call->arguments[0].string->data, NULL };
	pid_t child;
	int error;

	if (call->session->flush_output) /* the script's text comes before the command's */
		call->session->flush_output(call->session);
	error = spawn_command(call->session, arguments, &child);
	if (error)
		return native_error(call, "cannot run a command: %s", strerror(error));
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return true;
}
