// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The side-band: a dummy software event on every CPU whose only records are those of tasks being
 * named, made and ended (and, asked for, of files mapped to be executed). The tasks that were
 * there before are told first, as FORK and COMM events made from /proc: reading all of it at the
 * start (13 us for a task) beats looking tasks up when they show up, since by then they may have
 * executed something else or be gone. These events bear time 0, before every other source's. The
 * kernel's flow while /proc is read, so a task that comes meanwhile is told twice, not never.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "source.h"

#define COMM_SIZE 16 /* TASK_COMM_LEN, include/linux/sched.h */

struct snapshot {
	struct arena *arena;
	ARRAY(struct event) events;
	size_t next;
	bool with_maps;
};

/* what /proc/PID/stat says of a process */
struct stat_line {
	char comm[COMM_SIZE];
	int32_t ppid;
	long thread_count;
};

/* a small file of /proc at once; length, or -1. The text is NUL-terminated */
static ssize_t read_small(int directory, const char *path, char *text, size_t size)
{
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -1;
	length = read(fd, text, size - 1);
	close(fd);
	if (length >= 0)
		text[length] = '\0';
	return length;
}

/*
 * A task's name as the kernel's records have it: 15 bytes at most, without what /proc appends to a
 * kworker's ("kworker/0:1-events": wq_worker_comm() in kernel/workqueue.c).
 */
static void set_comm(char comm[COMM_SIZE], const char *name, size_t length)
{
	static const char worker[] = "kworker/";
	const size_t prefix = sizeof(worker) - 1;

	if (length > prefix && memcmp(name, worker, prefix) == 0 && name[prefix] != 'R')
		for (size_t i = prefix; i < length; i++)
			if (name[i] == '-' || name[i] == '+')
				length = i;
	if (length > COMM_SIZE - 1)
		length = COMM_SIZE - 1;
	memcpy(comm, name, length);
	comm[length] = '\0';
}

/* /proc/PID/stat writes `\` and newline of a name as `\\` and `\n`; returns the length without */
static size_t unescape(char *name, size_t length)
{
	size_t to = 0;

	for (size_t from = 0; from < length; from++) {
		char c = name[from];

		if (c == '\\' && from + 1 < length) {
			c = name[++from];
			if (c == 'n')
				c = '\n';
		}
		name[to++] = c;
	}
	return to;
}

/* "PID (name) state ppid …": the name may hold parentheses, so its end is the last one */
static bool parse_stat(char *text, struct stat_line *line)
{
	char *open = strchr(text, '('), *close = strrchr(text, ')');
	int ppid;

	if (!open || !close || close < open)
		return false;
	if (sscanf(close + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
		   "%ld", &ppid, &line->thread_count) != 2)
		return false;
	line->ppid = ppid;
	set_comm(line->comm, open + 1, unescape(open + 1, (size_t)(close - open - 1)));
	return true;
}

static void add_task(struct snapshot *snapshot, int32_t pid, int32_t tid, int32_t ppid,
		     const char *comm)
{
	struct event event = {
		.kind = EVENT_FORK,
		.pid = pid, .tid = tid, .ppid = ppid, .ptid = ppid,
	};

	array_push(snapshot->arena, &snapshot->events, event);
	event.kind = EVENT_COMM;
	event.text = arena_strdup(snapshot->arena, comm);
	array_push(snapshot->arena, &snapshot->events, event);
}

/* the decimal number a directory entry of /proc is called; 0 for other names */
static int32_t entry_id(const struct dirent *entry)
{
	char *end;
	long id = strtol(entry->d_name, &end, 10);

	return *end == '\0' && id > 0 && id <= INT32_MAX ? (int32_t)id : 0;
}

/* the threads beside the leader: made, as the kernel tells it, by their own process */
static void add_threads(struct snapshot *snapshot, int proc, int32_t pid)
{
	char path[64], name[128], comm[COMM_SIZE];
	struct dirent *entry;
	ssize_t length;
	DIR *directory;
	int fd;

	snprintf(path, sizeof(path), "%d/task", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory = fd < 0 ? NULL : fdopendir(fd);
	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		int32_t tid = entry_id(entry);

		if (tid == 0 || tid == pid)
			continue;
		snprintf(path, sizeof(path), "%d/comm", tid);
		length = read_small(fd, path, name, sizeof(name));
		if (length <= 0)
			continue;
		set_comm(comm, name, (size_t)length - (name[length - 1] == '\n'));
		add_task(snapshot, pid, tid, pid, comm);
	}
	closedir(directory);
}

/* "start-end perms offset device inode   path": only what may be executed, as the kernel tells */
static void add_map(struct snapshot *snapshot, int32_t pid, const char *line)
{
	unsigned long long start, end, offset;
	struct event_mmap *map;
	char permissions[8];
	int path = 0;

	if (sscanf(line, "%llx-%llx %7s %llx %*s %*s %n", &start, &end, permissions, &offset,
		   &path) != 4 || path == 0)
		return;
	if (strchr(permissions, 'x') == NULL || line[path] == '\0' || end < start)
		return;
	map = arena_new_object(snapshot->arena, struct event_mmap);
	*map = (struct event_mmap){
		.start = start, .length = end - start, .page_offset = offset, .executable = true,
		.path = arena_strdup(snapshot->arena, line + path),
	};
	array_push(snapshot->arena, &snapshot->events, (struct event){
		.kind = EVENT_MMAP, .pid = pid, .tid = pid, .mmap = map,
	});
}

static void add_maps(struct snapshot *snapshot, int32_t pid)
{
	struct buf text = BUF_INIT;
	char path[64], *rest, *line;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	if (buf_read_file(&text, path) == 0) {
		rest = text.data;
		while ((line = strsep(&rest, "\n")))
			add_map(snapshot, pid, line);
	}
	buf_free(&text);
}

static void add_process(struct snapshot *snapshot, int proc, int32_t pid)
{
	struct stat_line line;
	char path[64], text[1024];

	snprintf(path, sizeof(path), "%d/stat", pid);
	if (read_small(proc, path, text, sizeof(text)) <= 0 || !parse_stat(text, &line))
		return;
	add_task(snapshot, pid, pid, line.ppid, line.comm);
	if (line.thread_count > 1)
		add_threads(snapshot, proc, pid);
	if (snapshot->with_maps)
		add_maps(snapshot, pid);
}

static void snapshot_make(void *data)
{
	struct snapshot *snapshot = data;
	DIR *directory = opendir("/proc");
	struct dirent *entry;

	if (!directory)
		return;
	snapshot->arena = arena_new();
	while ((entry = readdir(directory))) {
		int32_t pid = entry_id(entry);

		if (pid > 0)
			add_process(snapshot, dirfd(directory), pid);
	}
	closedir(directory);
}

static void snapshot_release(struct snapshot *snapshot)
{
	if (snapshot->arena)
		arena_free(snapshot->arena);
	memset(snapshot, 0, sizeof(*snapshot));
}

static bool snapshot_next(void *data, struct event *event)
{
	struct snapshot *snapshot = data;

	if (snapshot->next == snapshot->events.count) {
		snapshot_release(snapshot);
		return false;
	}
	*event = snapshot->events.items[snapshot->next++];
	return true;
}

static void snapshot_free(void *data)
{
	snapshot_release(data);
	free(data);
}

/* kernels before 5.12 tell no build ids, and refuse to be asked */
static struct perf_opened *open_following(struct perf *perf, struct perf_event_attr *attr,
					  struct buf *problem)
{
	static const char what[] = "following the tasks of every CPU";
	struct perf_opened *opened;

	attr->build_id = attr->mmap2;
	opened = perf_open(perf, attr, what, problem);
	if (opened || !attr->build_id)
		return opened;
	attr->build_id = 0;
	buf_reset(problem);
	return perf_open(perf, attr, what, problem);
}

struct event_source *perf_sideband(struct perf *perf, bool with_maps, struct buf *problem)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.task = 1,
		.comm = 1,
		.comm_exec = 1,
		.mmap = with_maps,
		.mmap2 = with_maps,
	};
	struct source_prelude prelude = {
		.make = snapshot_make, .next = snapshot_next, .free = snapshot_free,
	};
	struct source_part part = { .opened = open_following(perf, &attr, problem) };
	struct snapshot *snapshot;

	if (!part.opened)
		return NULL;
	snapshot = memory_zalloc(sizeof(*snapshot));
	snapshot->with_maps = with_maps;
	prelude.data = snapshot;
	return perf_source_new(perf, "tasks", &part, 1, &prelude);
}

#ifdef UNIT_TEST
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../lib/unit.h"

#define STAT_REST " S 7 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 3 0 100 0 0"

UNIT_TEST_CASE(sideband_parses_stat_with_any_name)
{
	char plain[] = "12 (sh)" STAT_REST, nasty[] = "12 (a) R 1 (\\\\\\n)" STAT_REST;
	char worker[] = "12 (kworker/0:1-events)" STAT_REST;
	char rescuer[] = "12 (kworker/R-xfs-conv/sda1)" STAT_REST;
	char broken[] = "12 (sh) S x", empty[] = "";
	struct stat_line line;

	CHECK(parse_stat(plain, &line));
	CHECK_STR(line.comm, "sh");
	CHECK_INT(line.ppid, 7);
	CHECK_INT(line.thread_count, 3);
	CHECK(parse_stat(nasty, &line));
	CHECK_STR(line.comm, "a) R 1 (\\\n");
	CHECK_INT(line.ppid, 7);
	CHECK(parse_stat(worker, &line));
	CHECK_STR(line.comm, "kworker/0:1");
	CHECK(parse_stat(rescuer, &line));
	CHECK_STR(line.comm, "kworker/R-xfs-c");
	CHECK(!parse_stat(broken, &line));
	CHECK(!parse_stat(empty, &line));
}

UNIT_TEST_CASE(sideband_takes_executable_maps_only)
{
	struct snapshot snapshot = { .arena = arena_new() };

	add_map(&snapshot, 5, "7f00-8f00 r-xp 00001000 fe:00 1234                    /usr/bin/a b");
	add_map(&snapshot, 5, "7f00-8f00 rw-p 00001000 fe:00 1234                    /usr/bin/sh");
	add_map(&snapshot, 5, "7f00-8f00 r-xp 00001000 00:00 0 ");
	add_map(&snapshot, 5, "8f00-7f00 r-xp 0 0 0 /x");
	add_map(&snapshot, 5, "");
	CHECK_INT(snapshot.events.count, 1);
	CHECK_STR(snapshot.events.items[0].mmap->path, "/usr/bin/a b");
	CHECK_INT(snapshot.events.items[0].mmap->length, 0x1000);
	CHECK_INT(snapshot.events.items[0].mmap->page_offset, 0x1000);
	snapshot_release(&snapshot);
}

UNIT_TEST_CASE(sideband_snapshot_tells_of_this_process)
{
	struct snapshot snapshot = { .with_maps = true };
	bool forked = false, named = false, mapped = false;
	struct event event;

	snapshot_make(&snapshot);
	while (snapshot_next(&snapshot, &event)) {
		CHECK_INT(event.time, 0);
		if (event.pid != getpid())
			continue;
		forked |= event.kind == EVENT_FORK && event.ppid == getppid();
		named |= event.kind == EVENT_COMM && event.text[0];
		mapped |= event.kind == EVENT_MMAP && event.mmap->length > 0;
	}
	CHECK(forked && named && mapped);
}

/* when what happened to the child, ns; 0: not told */
struct child_times {
	uint64_t forked, named, executed, exited;
};

static void note_event(struct child_times *times, const struct event *event, pid_t child)
{
	if (event->tid != child)
		return;
	CHECK_INT(event->pid, child);
	if (event->kind == EVENT_FORK) {
		CHECK_INT(event->ppid, getpid());
		times->forked = event->time;
	} else if (event->kind == EVENT_COMM && event->is_exec) {
		CHECK_STR(event->text, "true");
		times->executed = event->time;
	} else if (event->kind == EVENT_COMM) {
		CHECK_STR(event->text, "unit (child)");
		times->named = event->time;
	} else if (event->kind == EVENT_EXIT) {
		times->exited = event->time;
	}
}

static void follow_child(struct event_source *source)
{
	struct child_times times = { .forked = 0 };
	struct event event;
	pid_t child;

	CHECK_INT(source->ops->start(source), 0);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_NAME, "unit (child)");
		execlp("true", "true", NULL);
		_exit(1);
	}
	CHECK_INT(waitpid(child, NULL, 0), child);
	CHECK_INT(source->ops->stop(source), 0);
	CHECK(source->ops->drain(source) > 0);
	for (unsigned i = 0; i < source->stream_count; i++) {
		CHECK(source->ops->complete_until(source, i) == UINT64_MAX);
		while (source->ops->next(source, i, &event))
			note_event(&times, &event, child);
	}
	CHECK(times.forked && times.forked < times.named && times.named < times.executed &&
	      times.executed < times.exited);
}

/* where this user may not follow tasks it checks that a reason is given */
UNIT_TEST_CASE(sideband_follows_real_processes_in_order)
{
	struct perf *perf = perf_new(&(struct perf_options){ .ring_bytes = 0 });
	struct buf problem = BUF_INIT;
	struct event_source *source = perf_sideband(perf, false, &problem);

	CHECK(source || problem.length > 0);
	if (source) {
		follow_child(source);
		source->ops->free(source);
	}
	buf_free(&problem);
	perf_free(perf);
}
#endif
