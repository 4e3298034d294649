// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The container of --target-namespace: everything in the pid namespace of a process. Container
 * engines give each a control group, where perf follows also those who enter later: it is the
 * smallest group that holds all processes of the namespace, if it holds nobody else. Without one,
 * events are opened on the tasks that there are, and what those make inherits them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "open.h"

/* is that of @pid the namespace @wanted, or one made in there? */
static bool is_inside(pid_t pid, const struct stat *wanted)
{
	char path[64];
	struct stat status;
	bool found = false;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && !found) {
		int parent = -1;

		found = fstat(fd, &status) == 0 && status.st_ino == wanted->st_ino &&
			status.st_dev == wanted->st_dev;
		if (!found)
			parent = ioctl(fd, NS_GET_PARENT);
		close(fd);
		fd = parent;
	}
	return found;
}

static thread_ids list_processes(struct arena *arena)
{
	thread_ids pids = { .items = NULL };
	DIR *directory = opendir("/proc");
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			array_push(arena, &pids, (pid_t)atoi(entry->d_name));
	if (directory)
		closedir(directory);
	return pids;
}

thread_ids perf_list_namespace(struct arena *arena, int namespace)
{
	thread_ids pids = list_processes(arena), all = { .items = NULL };
	struct stat wanted;

	for (size_t i = 0; fstat(namespace, &wanted) == 0 && i < pids.count; i++) {
		thread_ids tids = { .items = NULL };

		if (is_inside(pids.items[i], &wanted))
			tids = perf_list_threads(arena, pids.items[i]);
		for (size_t j = 0; j < tids.count; j++)
			array_push(arena, &all, tids.items[j]);
	}
	return all;
}

/* ---- the group of its own ---- */

/* is the group at @path @group, or in it? */
static bool is_below(const char *group, const char *path)
{
	size_t length = strlen(group);

	return strcmp(group, "/") == 0 ||
	       (strncmp(group, path, length) == 0 && (!path[length] || path[length] == '/'));
}

/* cut @group to what holds the group at @path too */
static void widen_group(char *group, const char *path)
{
	while (!is_below(group, path)) {
		char *slash = strrchr(group, '/');

		if (!slash || slash == group)
			strcpy(group, "/");
		else
			*slash = '\0';
	}
}

struct placed {
	pid_t pid;
	bool is_inside;
	char *path; /* of its control group */
};
typedef ARRAY(struct placed) placed_processes;

/* dead processes are left out: hierarchies of version 1 have them in the topmost group */
static placed_processes place_processes(struct arena *arena, const struct stat *wanted)
{
	thread_ids pids = list_processes(arena);
	placed_processes placed = { .items = NULL };
	struct buf path = BUF_INIT, unused = BUF_INIT;

	for (size_t i = 0; i < pids.count; i++) {
		pid_t pid = pids.items[i];

		buf_reset(&path);
		if (perf_is_alive(pid, pid) &&
		    cgroup_path(arena_printf(arena, "%d", pid), &path, &unused))
			array_push(arena, &placed, (struct placed){
				pid, is_inside(pid, wanted), arena_strdup(arena, path.data) });
	}
	buf_free(&path);
	buf_free(&unused);
	return placed;
}

/* the path of the smallest group that holds all inside, and nobody else; NULL after a reason */
static const char *find_own_group(struct arena *arena, const placed_processes *placed,
				  struct buf *reason)
{
	char *group = NULL;

	for (size_t i = 0; i < placed->count; i++) {
		if (!placed->items[i].is_inside)
			continue;
		if (!group)
			group = arena_strdup(arena, placed->items[i].path);
		widen_group(group, placed->items[i].path);
	}
	for (size_t i = 0; i < placed->count && group; i++)
		if (!placed->items[i].is_inside && is_below(group, placed->items[i].path)) {
			buf_printf(reason, "process %d of the control group %s is not in its "
				   "namespace", placed->items[i].pid, group);
			return NULL;
		}
	if (!group)
		buf_printf(reason, "its processes are in no control group");
	return group;
}

static int open_own_group(pid_t pid, const struct stat *wanted, const struct log *log,
			  struct buf *reason)
{
	struct arena *arena = arena_new();
	placed_processes placed = place_processes(arena, wanted);
	const char *path = find_own_group(arena, &placed, reason);
	int group = path ? cgroup_open(path, reason) : -1;

	if (group >= 0)
		log_info(log, 1, "the container of process %d: the control group %s", pid, path);
	arena_free(arena);
	return group;
}

bool perf_confine_to_namespace(struct perf_options *options, pid_t pid, struct buf *problem)
{
	struct buf reason = BUF_INIT;
	struct stat wanted;
	char path[64];
	int namespace;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	namespace = open(path, O_RDONLY | O_CLOEXEC);
	if (namespace < 0 || fstat(namespace, &wanted) != 0) {
		buf_printf(problem, "--target-namespace: cannot open %s: %s", path,
			   strerror(errno));
		return false;
	}
	options->cgroup = open_own_group(pid, &wanted, &options->log, &reason);
	if (options->cgroup >= 0) {
		close(namespace);
	} else {
		options->cgroup = 0;
		options->pid_namespace = namespace;
		log_info(&options->log, 1, "the container of process %d: the tasks it has now and "
			 "their children, because %s", pid, buf_text(&reason));
	}
	buf_free(&reason);
	return true;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static const char *own_group(struct arena *arena, struct placed *processes, size_t count,
			     struct buf *reason)
{
	placed_processes placed = { processes, count, count };

	buf_reset(reason);
	return find_own_group(arena, &placed, reason);
}

UNIT_TEST_CASE(namespace_finds_the_group_of_its_own)
{
	struct arena *arena = arena_new();
	struct buf reason = BUF_INIT;
	struct placed processes[] = {
		{ 1, false, "/init.scope" }, { 7, true, "/c/box/init" }, { 8, true, "/c/box/shell/a" },
		{ 9, false, "/c/boxes" },
	};

	CHECK_STR(own_group(arena, processes, 4, &reason), "/c/box");
	processes[2].path = "/c/box/init";
	CHECK_STR(own_group(arena, processes, 4, &reason), "/c/box/init");
	processes[3].path = "/c/box/init/deeper";
	CHECK(!own_group(arena, processes, 4, &reason));
	CHECK_STR(buf_text(&reason), "process 9 of the control group /c/box/init is not in its "
		  "namespace");
	processes[2].path = "/other";
	CHECK(!own_group(arena, processes, 4, &reason));
	CHECK(strstr(buf_text(&reason), "process 1 of the control group / "));
	CHECK(!own_group(arena, processes, 1, &reason));
	CHECK_STR(buf_text(&reason), "its processes are in no control group");
	buf_free(&reason);
	arena_free(arena);
}

UNIT_TEST_CASE(namespace_of_everyone_holds_us)
{
	struct arena *arena = arena_new();
	int namespace = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	thread_ids tids = perf_list_namespace(arena, namespace);
	struct perf_options options = { .cgroup = 0 };
	struct buf problem = BUF_INIT;
	bool found = false;

	for (size_t i = 0; i < tids.count; i++)
		found |= tids.items[i] == getpid();
	CHECK(found);
	CHECK(!perf_confine_to_namespace(&options, 4194304, &problem));
	CHECK_STR(buf_text(&problem), "--target-namespace: cannot open /proc/4194304/ns/pid: "
		  "No such file or directory");
	close(namespace);
	buf_free(&problem);
	arena_free(arena);
}
#endif
