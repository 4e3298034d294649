// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Natives about any task: whose handle it is, its files and limits, and its ids as its namespaces
 * see them. All but the handle are read from /proc or asked of the kernel when the handler runs; a
 * task that is gone gives 0 or "".
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builtin.h"

#define NAMESPACE_LEVELS 33 /* MAX_PID_NS_LEVEL of kernel/pid_namespace.c, and the first */
#define OVERFLOW_ID 65534   /* what the kernel shows for ids a user namespace does not map */

static int64_t thread_argument(const struct native_call *call)
{
	int64_t tid = call->arguments[0].number;

	return tid > 0 && tid <= INT32_MAX ? tid : 0;
}

/* (task[, the thread id in the task_struct at task, fetched while the probe fired]) */
bool builtin___task_tid(struct native_call *call)
{
	int64_t task = call->arguments[0].number;

	if (task >= 0)
		return native_return_number(call, task);
	if (call->count > 1)
		return native_return_number(call, call->arguments[1].number);
	return native_error(call, "the task_struct at 0x%llx can no longer be asked: call the "
			    "function on a variable of the kernel, where the probe fires",
			    (unsigned long long)task);
}

/* ---- the kernel's symbols ---- */

/* (name): the address of the kernel's function or variable, 0 when /proc/kallsyms does not tell */
bool builtin___kernel_symbol(struct native_call *call)
{
	const char *wanted = call->arguments[0].string->data;
	FILE *file = fopen("/proc/kallsyms", "re");
	unsigned long long address = 0;
	char *line = NULL, name[256];
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0) {
		if (sscanf(line, "%llx %*c %255s", &address, name) == 2 &&
		    strcmp(name, wanted) == 0)
			break;
		address = 0;
	}
	free(line);
	if (file)
		fclose(file);
	return native_return_number(call, (int64_t)address);
}

#define STACK_MAX 64 /* entries of /proc/TID/stack: MAX_STACK_TRACE_DEPTH of fs/proc/base.c */

/* one line of /proc/TID/stack: "[<0>] do_wait+0x60/0x110" */
struct stack_entry {
	char name[128];
	unsigned long long offset, address;
};

static size_t read_stack(int64_t tid, struct stack_entry entries[STACK_MAX])
{
	struct buf text = BUF_INIT;
	size_t count = 0;
	char *rest, *line;

	if (!native_read_proc(tid, "stack", &text))
		return 0;
	rest = text.data;
	while (count < STACK_MAX && (line = strsep(&rest, "\n")))
		if (sscanf(line, "[<%*x>] %127[^+]+%llx", entries[count].name,
			   &entries[count].offset) == 2)
			entries[count++].address = 0;
	buf_free(&text);
	return count;
}

/* one way through /proc/kallsyms for all of them; the first symbol of a name counts */
static void find_addresses(struct stack_entry *entries, size_t count)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	unsigned long long address;
	char *line = NULL, name[128];
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0) {
		if (sscanf(line, "%llx %*c %127s", &address, name) != 2)
			continue;
		for (size_t i = 0; i < count; i++)
			if (!entries[i].address && strcmp(entries[i].name, name) == 0)
				entries[i].address = address;
	}
	free(line);
	if (file)
		fclose(file);
}

/* (task): the addresses in its kernel stack, as backtrace() has them; "" while it runs */
bool builtin___task_backtrace(struct native_call *call)
{
	struct stack_entry entries[STACK_MAX];
	size_t count = read_stack(thread_argument(call), entries);
	struct buf text = BUF_INIT;
	bool ok;

	find_addresses(entries, count);
	for (size_t i = 0; i < count; i++)
		if (entries[i].address)
			buf_printf(&text, "0x%llx ", entries[i].address + entries[i].offset);
	ok = native_return_buf(call, &text);
	buf_free(&text);
	return ok;
}

/* ---- /proc and the kernel ---- */

/* (tid, number of the limit): the soft limit, -1 for none */
bool builtin___task_limit(struct native_call *call)
{
	int64_t tid = thread_argument(call), number = call->arguments[1].number;
	struct rlimit limit = { 0 };

	if (number < 0 || number >= RLIM_NLIMITS)
		return native_return_number(call, -1);
	if (tid && prlimit((pid_t)tid, (__rlimit_resource_t)number, NULL, &limit))
		limit.rlim_cur = 0;
	return native_return_number(call, (int64_t)limit.rlim_cur);
}

/* (tid, "cwd", "exe", "root" or "fd/N"): where the link leads, "" when there is none */
bool builtin___task_link(struct native_call *call)
{
	char path[128], target[PATH_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)thread_argument(call),
		 call->arguments[1].string->data);
	length = readlink(path, target, sizeof(target));
	return native_return_text(call, target, length > 0 ? (size_t)length : 0);
}

/* (tid): how many files it has open */
bool builtin___task_files(struct native_call *call)
{
	char path[64];
	int64_t count = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)thread_argument(call));
	directory = opendir(path);
	if (directory) {
		for (struct dirent *entry; (entry = readdir(directory));)
			count += entry->d_name[0] != '.';
		closedir(directory);
	}
	return native_return_number(call, count);
}

/* ---- ids in namespaces ---- */

/* the numbers behind @name, a line feed and a word, in /proc/TID/status; returns how many */
static size_t read_levels(int64_t tid, const char *name, int64_t numbers[NAMESPACE_LEVELS])
{
	struct buf text = BUF_INIT;
	size_t count = 0;
	char *at, *end;

	if (native_read_proc(tid, "status", &text)) {
		at = strstr(text.data, name);
		for (at = at ? at + strlen(name) : NULL; at && count < NAMESPACE_LEVELS; at = end) {
			while (*at == '\t' || *at == ' ')
				at++;
			if (*at < '0' || *at > '9')
				break;
			numbers[count++] = strtoll(at, &end, 10);
		}
	}
	buf_free(&text);
	return count;
}

static int open_pid_namespace(int64_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)tid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* is the namespace @generations above that of @tid the one of @target? */
static bool descends(int64_t tid, int64_t target, size_t generations)
{
	int own = open_pid_namespace(tid), wanted = open_pid_namespace(target), parent;
	struct stat one, other;
	bool same;

	for (; own >= 0 && generations; generations--) {
		parent = ioctl(own, NS_GET_PARENT);
		close(own);
		own = parent;
	}
	same = own >= 0 && wanted >= 0 && !fstat(own, &one) && !fstat(wanted, &other) &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
	if (own >= 0)
		close(own);
	if (wanted >= 0)
		close(wanted);
	return same;
}

/*
 * (tid, "NSpid:", "NStgid:", "NSpgid:" or "NSsid:"): the id in the pid namespace of
 * --target-namespaces, or in stap's own, which is the first that status names
 */
bool builtin___task_namespace_id(struct native_call *call)
{
	int64_t tid = thread_argument(call), target = call->session->options->namespaces_of;
	int64_t numbers[NAMESPACE_LEVELS], unused[NAMESPACE_LEVELS];
	char name[16];
	size_t count, level = 1;

	snprintf(name, sizeof(name), "\n%s", call->arguments[1].string->data);
	count = read_levels(tid, name, numbers);
	if (target > 0)
		level = read_levels(target, "\nNSpid:", unused);
	if (!count || !level || level > count ||
	    (target > 0 && !descends(tid, target, count - level)))
		return native_error(call, "cannot resolve id in namespace");
	return native_return_number(call, numbers[level - 1]);
}

/* (user or group id as stap sees it, "uid_map" or "gid_map"): as --target-namespaces sees it */
bool builtin___namespace_user(struct native_call *call)
{
	int64_t id = call->arguments[0].number, target = call->session->options->namespaces_of;
	int64_t found = target > 0 ? OVERFLOW_ID : id;
	struct buf text = BUF_INIT;
	char *at, *next;

	if (target > 0 && native_read_proc(target, call->arguments[1].string->data, &text)) {
		for (at = text.data; *at; at = next + (*next == '\n')) {
			int64_t inside = strtoll(at, &next, 10), outside = strtoll(next, &next, 10);
			int64_t size = strtoll(next, &next, 10);

			if (next == at)
				break;
			if (id >= outside && id - outside < size)
				found = inside + (id - outside);
		}
	}
	buf_free(&text);
	return native_return_number(call, found);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static struct native_call test_call(struct vm_session *session, struct run_options *options,
				    const union value *arguments, unsigned count,
				    struct buf *error)
{
	run_options_init(options);
	session->options = options;
	return (struct native_call){ .session = session, .arguments = arguments, .count = count,
				     .error = error };
}

UNIT_TEST_CASE(task_handles_are_threads_or_pointers_asked_in_time)
{
	struct vm_session session = { 0 };
	struct run_options options;
	union value arguments[2] = { { .number = 12 }, { .number = 34 } };
	struct buf error = BUF_INIT;
	struct native_call call = test_call(&session, &options, arguments, 2, &error);

	CHECK(builtin___task_tid(&call) && call.result.number == 12);
	arguments[0].number = INT64_MIN + 4096;
	CHECK(builtin___task_tid(&call) && call.result.number == 34);
	call.count = 1;
	CHECK(!builtin___task_tid(&call));
	buf_free(&error);
}

UNIT_TEST_CASE(task_ids_in_the_own_namespaces)
{
	struct str *name = str_new("NStgid:", 7), *map = str_new("uid_map", 7);
	struct vm_session session = { 0 };
	struct run_options options;
	union value arguments[2] = { { .number = getpid() }, { .string = name } };
	struct buf error = BUF_INIT;
	struct native_call call = test_call(&session, &options, arguments, 2, &error);

	CHECK(builtin___task_namespace_id(&call) && call.result.number == getpid());
	options.namespaces_of = getpid();
	CHECK(builtin___task_namespace_id(&call));
	arguments[1].string = map;
	arguments[0].number = getuid();
	CHECK(builtin___namespace_user(&call) && call.result.number == getuid());
	arguments[0].number = -1;
	CHECK(builtin___namespace_user(&call) && call.result.number == OVERFLOW_ID);
	str_unref(name);
	str_unref(map);
	buf_free(&error);
}
#endif
