// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * perf_event_open(2) through libperf: one attribute in, one descriptor and one ring buffer for
 * every online CPU out. An event gets rings of its own, so that every ring is written by one event in
 * one context and stays in time order; only trace events, which can be hundreds, share. libperf keeps its descriptors to itself; those
 * that appeared are found in /proc/self/fd, closed on exec, and gathered in one epoll descriptor.
 */
#include "open.h"
#include "sample.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <perf/cpumap.h>
#include <perf/evlist.h>
#include <perf/evsel.h>
#include <perf/mmap.h>
#include <perf/threadmap.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* 512 KiB on x86-64 */
#define RING_PAGES_DEFAULT 128
/*
 * /proc/sys/kernel/perf_event_mlock_kb gives a user 516 KiB for each CPU, all events together: begin
 * with half of it, and each event takes half of what the others left
 */
#define RING_PAGES_USER 64
/* trace events come in bursts, and with copied stacks a record has 16 KiB and more: rings of one CPU
 * at most, and of all together */
#define TRACE_RING_MOST (4u << 20)
#define STACK_RING_MOST (16u << 20)
#define RINGS_TOTAL (256u << 20)
/* below this a burst of task records would be lost; fewer pages are not tried */
#define RING_PAGES_LEAST 8
/* descriptors left for everyone else in this process */
#define DESCRIPTORS_SPARE 32
/* a process that starts and ends threads all the time is never listed completely */
#define LISTING_TRIES_WHOLE 2
#define LISTING_TRIES 8
/* a record must stay below 64 KiB: the kernel cuts what it copies further (perf_sample_ustack_size()) */
#define STACK_BYTES_MOST 65528

struct perf_opened {
	struct perf_evlist *evlist;
	struct perf_evsel **evsels; /* owned by evlist */
	size_t count;
	int *fds;		    /* of the first event: those that become readable */
	size_t fd_count;
	struct perf_cpu_map *cpus;
	struct perf_thread_map *threads; /* NULL: every task */
	struct perf_mmap **rings; /* one for each CPU, owned by evlist */
	unsigned cpu_count;
	size_t ring_bytes;
	uint64_t sample_type;
	bool keeps_lost;
	bool is_group; /* led by the first event */
	int *followers; /* a control group's: event by event, of every CPU */
	size_t follower_count;
	int *guards; /* perf_keep_apart(), one for each thread */
	size_t guard_count;
	int epoll;
};

/**
 * struct request - what to open together
 * @attrs: @count of them
 * @filters: their event filters, NULL for none
 * @target: this process alone, or 0
 * @cgroup: the tasks of this control group alone, or 0
 * @pid_namespace: those of this namespace alone, or 0
 * @threads: of the process or namespace as they are now, NULL for neither
 * @is_group: the first leads, the others count beside it
 * @what: all this is for
 */
struct request {
	struct perf_event_attr *attrs;
	const char *const *filters;
	size_t count;
	pid_t target;
	int cgroup, pid_namespace;
	struct perf_thread_map *threads;
	bool is_group;
	const char *what;
};

static int ignore_message(enum libperf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

struct perf *perf_new(const struct perf_options *options)
{
	struct perf *perf = memory_zalloc(sizeof(*perf));

	perf->options = *options;
	libperf_init(ignore_message); /* also where libperf learns the page size */
	return perf;
}

void perf_free(struct perf *perf)
{
	if (perf && perf->options.cgroup > 0)
		close(perf->options.cgroup);
	if (perf && perf->options.pid_namespace > 0)
		close(perf->options.pid_namespace);
	free(perf);
}

bool perf_fixes_addresses(const struct perf *perf)
{
	return perf->fixes_addresses;
}

/* ---- what a refusal means ---- */

/* Debian's kernels have a level 3, which lets only CAP_SYS_ADMIN pass */
#define PARANOID_DEBIAN 3

static void explain_rights(const char *what, struct buf *problem)
{
	bool is_confined = capability_is_confined();
	bool is_admin = capability_is_held(CAP_SYS_ADMIN);
	bool is_held = is_admin || capability_is_held(CAP_PERFMON);
	const char *here = is_held && is_confined ?
		"; the one that is here holds in this user namespace only" : "";
	struct buf level = BUF_INIT;
	const char *text;

	if (buf_read_file(&level, "/proc/sys/kernel/perf_event_paranoid") == 0)
		level.data[strcspn(level.data, "\n")] = '\0';
	text = level.data ? level.data : "unreadable";
	if ((!is_admin || is_confined) && atoi(text) >= PARANOID_DEBIAN)
		buf_printf(problem, "%s needs the capability CAP_SYS_ADMIN where "
			   "/proc/sys/kernel/perf_event_paranoid is %s, CAP_PERFMON where it is less, "
			   "or neither where it is 0 or less%s", what, text, here);
	else if (is_held && !is_confined)
		buf_printf(problem, "%s is refused although CAP_%s is there: a seccomp filter, a "
			   "security module or kernel lockdown forbids perf_event_open", what,
			   is_admin ? "SYS_ADMIN" : "PERFMON");
	else
		buf_printf(problem, "%s needs the capability CAP_PERFMON (or CAP_SYS_ADMIN%s), or "
			   "/proc/sys/kernel/perf_event_paranoid at 0 or less (it is %s)", what,
			   here, text);
	buf_free(&level);
}

/* the errors of perf_event_open(2), as kernel/events/core.c returns them */
void perf_explain_open(const char *what, const struct perf_event_attr *attr, int error,
		       struct buf *problem)
{
	switch (error) {
	case EPERM:
	case EACCES:
		explain_rights(what, problem);
		return;
	case ENOSYS:
		buf_printf(problem, "%s needs a kernel built with CONFIG_PERF_EVENTS", what);
		return;
	case ENOENT:
	case ENODEV:
	case ENXIO:
		buf_printf(problem, "%s: this machine has no ", what);
		perf_print_event(attr, problem);
		buf_printf(problem, "; virtual machines often lack hardware counters");
		return;
	case EOPNOTSUPP:
		buf_printf(problem, "%s: this machine counts the ", what);
		perf_print_event(attr, problem);
		buf_printf(problem, ", but cannot sample it");
		return;
	case EINVAL:
		buf_printf(problem, "%s: the kernel refuses a ", what);
		perf_print_event(attr, problem);
		if (attr->freq)
			buf_printf(problem, "; its frequency must not be above "
				   "/proc/sys/kernel/perf_event_max_sample_rate");
		return;
	case EMFILE:
	case ENFILE:
		buf_printf(problem, "%s: no more file descriptors (ulimit -n)", what);
		return;
	case ENOSPC:
		buf_printf(problem, attr->type == PERF_TYPE_BREAKPOINT ?
			   "%s: the processor's watchpoints are all in use (x86-64 and most arm64 "
			   "processors have 4); watch less at once" :
			   "%s: the machine has not enough counters for this event beside the others",
			   what);
		return;
	case EBUSY:
		buf_printf(problem, "%s: someone else holds the counters exclusively", what);
		return;
	default:
		buf_printf(problem, "%s: perf_event_open of type %u, config %llu: %s", what,
			   attr->type, (unsigned long long)attr->config, strerror(error));
	}
}

bool perf_is_missing(const struct perf_event_attr *attr, const char *what, struct buf *problem)
{
	struct perf_event_attr tried = *attr;
	int fd, error;

	tried.size = sizeof(tried);
	tried.disabled = 1;
	fd = (int)syscall(SYS_perf_event_open, &tried, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	error = errno;
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || (error != ENOENT && error != ENODEV && error != ENXIO &&
			error != EOPNOTSUPP))
		return false;
	perf_explain_open(what, attr, error, problem);
	return true;
}

static void explain_mmap(const char *what, unsigned pages, int error, struct buf *problem)
{
	if (error == EPERM)
		buf_printf(problem, "%s: ring buffers of %u pages exceed this user's locked memory: "
			   "needs CAP_IPC_LOCK, more of that (ulimit -l), or a larger "
			   "/proc/sys/kernel/perf_event_mlock_kb", what, pages);
	else
		buf_printf(problem, "%s: cannot map ring buffers of %u pages: %s", what, pages,
			   strerror(error));
}

/* ---- descriptors ---- */

/* call @visit for every descriptor of this process; returns how many there are */
static unsigned each_descriptor(void (*visit)(int fd, void *data), void *data)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	unsigned count = 0;

	if (!directory)
		return 0;
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		count++;
		if (visit)
			visit(atoi(entry->d_name), data);
	}
	closedir(directory);
	return count;
}

/* room for @count more descriptors: raises the limit where that is allowed */
bool perf_reserve_descriptors(unsigned count, const char *what, struct buf *problem)
{
	rlim_t needed = each_descriptor(NULL, NULL) + count + DESCRIPTORS_SPARE;
	struct rlimit limit, raised;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
		return true;
	raised.rlim_cur = needed;
	raised.rlim_max = limit.rlim_max < needed ? needed : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
		return true;
	buf_printf(problem, "%s takes %u file descriptors, %llu with those that are open; the limit is "
		   "%llu (ulimit -n)", what, count, (unsigned long long)needed,
		   (unsigned long long)limit.rlim_cur);
	return false;
}

/* the descriptors that appeared while one event was opened */
struct newcomers {
	struct perf_opened *opened;
	const char *filter; /* NULL for none */
	bool is_first;
};

/* a perf descriptor that is not closed on exec is one libperf opened just now */
static void take_descriptor(int fd, void *data)
{
	static const char perf_link[] = "anon_inode:[perf_event]";
	struct newcomers *newcomers = data;
	struct perf_opened *opened = newcomers->opened;
	char path[64], target[sizeof(perf_link)];
	ssize_t length;

	if (fcntl(fd, F_GETFD) & FD_CLOEXEC)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, target, sizeof(target));
	if (length != (ssize_t)sizeof(perf_link) - 1 || memcmp(target, perf_link, length) != 0)
		return;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	/* a filter only saves work: without it the handlers find out themselves */
	if (newcomers->filter)
		ioctl(fd, PERF_EVENT_IOC_SET_FILTER, newcomers->filter);
	if (!newcomers->is_first)
		return;
	opened->fds = memory_realloc(opened->fds, (opened->fd_count + 1) * sizeof(*opened->fds));
	opened->fds[opened->fd_count++] = fd;
}

/* only now that there are rings: a descriptor without one is always ready */
static void watch_rings(const struct perf_opened *opened)
{
	struct epoll_event interest = { .events = EPOLLIN };

	for (size_t i = 0; i < opened->fd_count; i++)
		epoll_ctl(opened->epoll, EPOLL_CTL_ADD, opened->fds[i], &interest);
}

/* ---- opening ---- */

static void fill_common(struct perf_event_attr *attr, size_t ring_bytes)
{
	attr->size = sizeof(*attr);
	attr->disabled = 1;
	attr->use_clockid = 1;
	attr->clockid = CLOCK_MONOTONIC;
	attr->sample_id_all = 1;
	attr->sample_type |= PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
	attr->watermark = 1;
	attr->wakeup_watermark = (uint32_t)(ring_bytes / 4);
}

/* libperf 6.1 deletes an evsel without its reference to the CPU map: take that back first */
static void forget_evlist(struct perf_opened *opened)
{
	if (!opened->evlist)
		return;
	perf_evlist__munmap(opened->evlist);
	perf_evlist__close(opened->evlist);
	perf_evlist__set_maps(opened->evlist, NULL, NULL);
	perf_evlist__delete(opened->evlist); /* and the evsels in it */
	opened->evlist = NULL;
	opened->fd_count = 0;
}

static int try_open(struct perf_opened *opened, const struct request *request, size_t *failed)
{
	opened->evlist = perf_evlist__new();
	for (size_t i = 0; opened->evlist && i < opened->count; i++) {
		opened->evsels[i] = perf_evsel__new(&request->attrs[i]);
		if (!opened->evsels[i])
			return -ENOMEM;
		perf_evlist__add(opened->evlist, opened->evsels[i]);
	}
	if (!opened->evlist)
		return -ENOMEM;
	perf_evlist__set_maps(opened->evlist, opened->cpus, opened->threads);
	if (opened->is_group)
		perf_evlist__set_leader(opened->evlist);
	for (size_t i = 0; i < opened->count; i++) {
		struct newcomers newcomers = {
			opened, request->filters ? request->filters[i] : NULL, i == 0
		};
		int result = perf_evsel__open(opened->evsels[i], opened->cpus, opened->threads);

		*failed = i;
		if (result)
			return result;
		each_descriptor(take_descriptor, &newcomers);
	}
	return 0;
}

/* kernels before 6.0 know no PERF_FORMAT_LOST and say EINVAL */
static int open_events(struct perf_opened *opened, const struct request *request, size_t *failed)
{
	int result;

	for (size_t i = 0; i < opened->count; i++)
		request->attrs[i].read_format = opened->is_group ? SAMPLE_READ_FORMAT :
								   PERF_FORMAT_LOST;
	result = try_open(opened, request, failed);
	opened->keeps_lost = result == 0 && !opened->is_group;
	if (result != -EINVAL || opened->is_group)
		return result;
	forget_evlist(opened);
	for (size_t i = 0; i < opened->count; i++)
		request->attrs[i].read_format = 0;
	return try_open(opened, request, failed);
}

/* without CAP_IPC_LOCK the user's share of locked memory may be used up: be content with less */
static int map_rings(struct perf_opened *opened, unsigned *pages)
{
	while (perf_evlist__mmap(opened->evlist, (int)*pages) != 0) {
		if (errno != EPERM || *pages / 2 < RING_PAGES_LEAST)
			return errno ? -errno : -ENOMEM;
		*pages /= 2;
	}
	return 0;
}

static void list_rings(struct perf_opened *opened)
{
	struct perf_mmap *ring;
	unsigned index = 0;

	opened->rings = memory_zalloc(opened->cpu_count * sizeof(*opened->rings));
	perf_evlist__for_each_mmap(opened->evlist, ring, false)
		if (index < opened->cpu_count)
			opened->rings[index++] = ring;
}

/* the state is the letter behind the name, which is in parentheses and may hold any */
bool perf_is_alive(pid_t pid, pid_t tid)
{
	struct buf text = BUF_INIT;
	const char *state = NULL;
	char path[64];
	bool alive;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	if (buf_read_file(&text, path) == 0)
		state = strrchr(buf_text(&text), ')');
	alive = state && strlen(state) > 2 && state[2] != 'Z' && state[2] != 'X';
	buf_free(&text);
	return alive;
}

thread_ids perf_list_threads(struct arena *arena, pid_t pid)
{
	thread_ids tids = { .items = NULL };
	DIR *directory = opendir(arena_printf(arena, "/proc/%d/task", pid));
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.' && perf_is_alive(pid, (pid_t)atoi(entry->d_name)))
			array_push(arena, &tids, (pid_t)atoi(entry->d_name));
	if (directory)
		closedir(directory);
	return tids;
}

/* those they make later inherit; NULL when there are none */
static struct perf_thread_map *map_threads(const struct request *request)
{
	struct arena *arena = arena_new();
	thread_ids tids = request->target ? perf_list_threads(arena, request->target) :
					    perf_list_namespace(arena, request->pid_namespace);
	struct perf_thread_map *map = NULL;

	if (tids.count)
		map = perf_thread_map__new_array((int)tids.count, tids.items);
	arena_free(arena);
	return map;
}

/*
 * At a switch from one task to another the kernel saves time by swapping their events when both
 * inherited the same ones. A uprobe's event however is bound to the task it was made for
 * (event->hw.target, kernel/trace/trace_uprobe.c): when one of the two ends, the other is no longer
 * probed. From Linux 6.13 events with PERF_SAMPLE_READ are not swapped, nor are those beside them
 * (has_inherit_and_sample_read(), kernel/events/core.c). Before, an event that is not inherited does
 * that for the tasks that @tid makes, but not for those that these make.
 */
int perf_keep_apart(pid_t tid)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_READ | PERF_SAMPLE_TID, .disabled = 1, .inherit = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd >= 0 || errno != EINVAL)
		return fd;
	attr.inherit = 0;
	return (int)syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static void keep_threads_apart(struct perf_opened *opened)
{
	int count = perf_thread_map__nr(opened->threads);

	opened->guards = memory_alloc((size_t)count * sizeof(*opened->guards));
	for (int i = 0; i < count; i++) {
		int fd = perf_keep_apart(perf_thread_map__pid(opened->threads, i));

		if (fd >= 0)
			opened->guards[opened->guard_count++] = fd;
	}
}

static unsigned thread_count(const struct perf_opened *opened)
{
	return opened->threads ? (unsigned)perf_thread_map__nr(opened->threads) : 1;
}

static bool open_and_map(struct perf_opened *opened, const struct request *request, unsigned pages,
			 struct buf *problem)
{
	size_t failed = 0;
	int result = open_events(opened, request, &failed);

	if (result) {
		perf_explain_open(request->what, &request->attrs[failed], -result, problem);
		return false;
	}
	result = map_rings(opened, &pages);
	if (result) {
		explain_mmap(request->what, pages, -result, problem);
		return false;
	}
	opened->ring_bytes = (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
	list_rings(opened);
	watch_rings(opened);
	return true;
}

/* as many as fit into @most bytes of a CPU, and into what all may have together */
static unsigned large_ring_pages(size_t most, unsigned cpus)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned pages = RING_PAGES_DEFAULT;

	while (2 * pages * page <= most && 2 * pages * page * cpus <= RINGS_TOTAL)
		pages *= 2;
	return pages;
}

static unsigned ring_pages(const struct perf *perf, const struct perf_event_attr *attrs,
			   size_t count, unsigned cpus)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned pages = RING_PAGES_DEFAULT;

	if (perf->options.ring_bytes && attrs[0].sample_period) {
		while (pages * page < perf->options.ring_bytes)
			pages *= 2;
		return pages;
	}
	for (size_t i = 0; i < count; i++)
		if (attrs[i].sample_stack_user)
			return large_ring_pages(STACK_RING_MOST, cpus);
	if (attrs[count - 1].type == PERF_TYPE_TRACEPOINT)
		return large_ring_pages(TRACE_RING_MOST, cpus);
	return capability_is_held(CAP_IPC_LOCK) ? RING_PAGES_DEFAULT : RING_PAGES_USER;
}

/* ---- events of a control group, which libperf does not open ---- */

/* what holds the rings that they write to: an event that never happens, with the same samples */
static struct perf_event_attr carrier_of(const struct perf_event_attr *attr)
{
	struct perf_event_attr carrier = *attr;

	carrier.type = PERF_TYPE_SOFTWARE;
	carrier.config = PERF_COUNT_SW_DUMMY;
	carrier.sample_period = 0;
	carrier.freq = 0;
	carrier.disabled = 1;
	return carrier;
}

/* descriptors are given in ascending order, so opened->fds are in the order of CPUs */
static int follow_on_cpu(struct perf_opened *opened, const struct request *request, size_t index,
			 unsigned cpu)
{
	int leader = request->is_group && index ? opened->followers[cpu] : -1;
	int fd = (int)syscall(SYS_perf_event_open, &request->attrs[index], request->cgroup,
			      (int)perf_opened_cpu(opened, cpu), leader,
			      PERF_FLAG_PID_CGROUP | PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return -errno;
	opened->followers[opened->follower_count++] = fd;
	if (request->filters && request->filters[index])
		ioctl(fd, PERF_EVENT_IOC_SET_FILTER, request->filters[index]);
	if (cpu >= opened->fd_count || ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, opened->fds[cpu]) != 0)
		return -EINVAL;
	return 0;
}

static bool open_in_cgroup(struct perf_opened *opened, const struct request *request,
			   unsigned pages, struct buf *problem)
{
	struct perf_event_attr carrier = carrier_of(request->attrs);
	const struct request rings = { .attrs = &carrier, .count = 1, .what = request->what };
	int error = 0;

	if (!open_and_map(opened, &rings, pages, problem))
		return false;
	opened->followers = memory_alloc(request->count * opened->cpu_count * sizeof(int));
	for (size_t i = 0; i < request->count && !error; i++) {
		request->attrs[i].read_format = request->is_group ? SAMPLE_READ_FORMAT :
						opened->keeps_lost ? PERF_FORMAT_LOST : 0;
		for (unsigned cpu = 0; cpu < opened->cpu_count && !error; cpu++)
			error = follow_on_cpu(opened, request, i, cpu);
		if (error)
			perf_explain_open(request->what, &request->attrs[i], -error, problem);
	}
	opened->keeps_lost &= !request->is_group;
	return !error;
}

static void switch_followers(const struct perf_opened *opened, unsigned long what)
{
	for (size_t i = 0; i < opened->follower_count; i++)
		ioctl(opened->followers[i], what, 0);
}

/* of the CPU at @index, all events together: a value and how many records were lost, each */
static uint64_t lost_by_followers(const struct perf_opened *opened, unsigned index)
{
	uint64_t lost = 0, values[2];

	for (size_t i = index; i < opened->follower_count; i += opened->cpu_count)
		if (read(opened->followers[i], values, sizeof(values)) == sizeof(values))
			lost += values[1];
	return lost;
}

/* ---- both ---- */

/* those that share rings must agree in what fill_common() sets */
static void fill_all(const struct perf *perf, const struct request *request, size_t ring_bytes)
{
	uint64_t stack = perf->options.stack_bytes;

	stack = stack < STACK_BYTES_MOST ? stack & ~UINT64_C(7) : STACK_BYTES_MOST;
	for (size_t i = 0; i < request->count; i++) {
		request->attrs[i].inherit = request->threads != NULL;
		if (request->attrs[i].sample_stack_user)
			request->attrs[i].sample_stack_user = (uint32_t)stack;
		fill_common(&request->attrs[i], ring_bytes);
		/* Linux 6.18 does not start a member that is enabled after a leader of another kind */
		request->attrs[i].disabled = !request->is_group || i == 0;
	}
}

static struct perf_opened *open_all(struct perf *perf, const struct request *request,
				    struct buf *problem)
{
	struct perf_opened *opened = memory_zalloc(sizeof(*opened));
	unsigned pages, descriptors;
	bool ok;

	opened->count = request->cgroup ? 1 : request->count;
	opened->is_group = request->is_group && !request->cgroup;
	opened->evsels = memory_zalloc(opened->count * sizeof(*opened->evsels));
	opened->epoll = epoll_create1(EPOLL_CLOEXEC);
	opened->cpus = perf_cpu_map__new(NULL);
	opened->cpu_count = opened->cpus ? (unsigned)perf_cpu_map__nr(opened->cpus) : 0;
	pages = ring_pages(perf, request->attrs, request->count, opened->cpu_count);
	opened->threads = perf_thread_map__get(request->threads);
	fill_all(perf, request, (size_t)pages * (size_t)sysconf(_SC_PAGESIZE));
	opened->sample_type = request->attrs[0].sample_type;
	descriptors = opened->cpu_count * thread_count(opened) *
		      (unsigned)(request->count + (request->cgroup != 0)) + thread_count(opened);
	ok = perf_reserve_descriptors(descriptors, request->what, problem) &&
	     (request->cgroup ? open_in_cgroup : open_and_map)(opened, request, pages, problem);
	if (!ok) {
		perf_close(opened);
		return NULL;
	}
	if (opened->threads)
		keep_threads_apart(opened);
	return opened;
}

static bool has_thread(struct perf_thread_map *threads, pid_t tid)
{
	for (int i = 0; i < perf_thread_map__nr(threads); i++)
		if (perf_thread_map__pid(threads, i) == tid)
			return true;
	return false;
}

/* are all threads of @some among @others? */
static bool are_among(struct perf_thread_map *some, struct perf_thread_map *others)
{
	for (int i = 0; some && i < perf_thread_map__nr(some); i++)
		if (!others || !has_thread(others, perf_thread_map__pid(some, i)))
			return false;
	return true;
}

/* those of @some that are among @others, too */
static struct perf_thread_map *common_threads(struct perf_thread_map *some,
					      struct perf_thread_map *others)
{
	pid_t *tids = memory_alloc((size_t)perf_thread_map__nr(some) * sizeof(*tids));
	struct perf_thread_map *map = NULL;
	int count = 0;

	for (int i = 0; others && i < perf_thread_map__nr(some); i++)
		if (has_thread(others, perf_thread_map__pid(some, i)))
			tids[count++] = perf_thread_map__pid(some, i);
	if (count)
		map = perf_thread_map__new_array(count, tids);
	free(tids);
	return map;
}

/* for the next try: all there are, or at last those that have outlived one */
static void list_again(struct request *request, struct perf_thread_map *now, bool is_late)
{
	struct perf_thread_map *before = request->threads;

	request->threads = is_late ? common_threads(before, now) : perf_thread_map__get(now);
	perf_thread_map__put(before);
}

/*
 * A thread that was made after the listing, by one that had no event yet, has none itself; one that
 * has ended since cannot be opened: then list them again.
 */
static struct perf_opened *open_on_threads(struct perf *perf, struct request *request,
					   struct buf *problem)
{
	struct perf_opened *opened = NULL;
	bool complete = false;

	request->threads = map_threads(request);
	for (unsigned tries = 1; tries <= LISTING_TRIES && request->threads && !complete; tries++) {
		bool is_late = tries > LISTING_TRIES_WHOLE;
		struct perf_thread_map *now;

		perf_close(opened);
		buf_reset(problem);
		opened = open_all(perf, request, problem);
		now = map_threads(request);
		complete = opened ? are_among(now, request->threads) :
				    are_among(request->threads, now);
		if (!complete && !(opened && is_late))
			list_again(request, now, is_late);
		perf_thread_map__put(now);
		if (opened && is_late)
			break;
	}
	if (!opened && !problem->length)
		buf_printf(problem, "%s: no task is left to probe", request->what);
	if (opened && !complete)
		log_warning(&perf->options.log, "%s: tasks start faster than events can be opened on "
			    "them: some may be missed%s", request->what, request->target ? "" :
			    ", which a control group of the container's own would not");
	perf_thread_map__put(request->threads);
	return opened;
}

/* a container says whose events they are: its tasks are told apart by the handlers, if at all */
static struct perf_opened *open_confined(struct perf *perf, const struct request *asked,
					 struct buf *problem)
{
	struct request request = *asked;
	struct perf_opened *opened;
	bool on_threads;

	request.attrs = memory_alloc(asked->count * sizeof(*asked->attrs));
	memcpy(request.attrs, asked->attrs, asked->count * sizeof(*asked->attrs));
	if (request.cgroup || request.pid_namespace)
		request.target = 0;
	on_threads = request.target || request.pid_namespace;
	opened = on_threads ? open_on_threads(perf, &request, problem) :
			      open_all(perf, &request, problem);
	free(request.attrs);
	return opened;
}

struct perf_opened *perf_open_together(struct perf *perf, const struct perf_event_attr *attrs,
				       const char *const *filters, size_t count, pid_t target,
				       const char *what, struct buf *problem)
{
	const struct request request = {
		.attrs = (struct perf_event_attr *)attrs, .filters = filters, .count = count,
		.target = target, .cgroup = perf->options.cgroup,
		.pid_namespace = perf->options.pid_namespace, .what = what,
	};

	return open_confined(perf, &request, problem);
}

struct perf_opened *perf_open_group(struct perf *perf, const struct perf_event_attr *attrs,
				    const char *const *filters, size_t count, pid_t target,
				    const char *what, struct buf *problem)
{
	const struct request request = {
		.attrs = (struct perf_event_attr *)attrs, .filters = filters, .count = count,
		.target = target, .cgroup = perf->options.cgroup,
		.pid_namespace = perf->options.pid_namespace, .is_group = true, .what = what,
	};

	return open_confined(perf, &request, problem);
}

struct perf_opened *perf_open(struct perf *perf, const struct perf_event_attr *attr,
			      const char *what, struct buf *problem)
{
	const struct request request = {
		.attrs = (struct perf_event_attr *)attr, .count = 1, .what = what,
	};

	return open_confined(perf, &request, problem);
}

void perf_close(struct perf_opened *opened)
{
	if (!opened)
		return;
	for (size_t i = 0; i < opened->follower_count; i++)
		close(opened->followers[i]);
	for (size_t i = 0; i < opened->guard_count; i++)
		close(opened->guards[i]);
	forget_evlist(opened);
	perf_cpu_map__put(opened->cpus);
	perf_thread_map__put(opened->threads);
	if (opened->epoll >= 0)
		close(opened->epoll);
	free(opened->rings);
	free(opened->followers);
	free(opened->guards);
	free(opened->evsels);
	free(opened->fds);
	free(opened);
}

/* ---- what is open ---- */

bool perf_opened_is_of_threads(const struct perf_opened *opened)
{
	return opened->threads;
}

unsigned perf_opened_cpu_count(const struct perf_opened *opened)
{
	return opened->cpu_count;
}

unsigned perf_opened_cpu(const struct perf_opened *opened, unsigned index)
{
	int cpu = perf_cpu_map__cpu(opened->cpus, (int)index).cpu;

	return cpu < 0 ? 0 : (unsigned)cpu;
}

uint64_t perf_opened_sample_type(const struct perf_opened *opened)
{
	return opened->sample_type;
}

size_t perf_opened_ring_bytes(const struct perf_opened *opened)
{
	return opened->ring_bytes;
}

int perf_opened_poll_fd(const struct perf_opened *opened)
{
	return opened->epoll;
}

void perf_opened_enable(struct perf_opened *opened)
{
	perf_evlist__enable(opened->evlist);
	switch_followers(opened, PERF_EVENT_IOC_ENABLE);
}

void perf_opened_disable(struct perf_opened *opened)
{
	switch_followers(opened, PERF_EVENT_IOC_DISABLE);
	perf_evlist__disable(opened->evlist);
}

/*
 * perf_mmap__read_done() is for overwriting rings only: in ours it would skip records that arrive
 * between the last read and the call (tools/lib/perf/mmap.c).
 */
const void *perf_opened_read(struct perf_opened *opened, unsigned index, size_t *size)
{
	struct perf_mmap *ring = opened->rings[index];
	const struct perf_event_header *header;

	if (!ring || perf_mmap__read_init(ring) != 0)
		return NULL;
	header = (const void *)perf_mmap__read_event(ring);
	if (header)
		*size = header->size;
	return header;
}

void perf_opened_consume(struct perf_opened *opened, unsigned index)
{
	if (opened->rings[index])
		perf_mmap__consume(opened->rings[index]);
}

bool perf_opened_lost(struct perf_opened *opened, unsigned index, uint64_t *lost)
{
	*lost = opened->keeps_lost ? lost_by_followers(opened, index) : 0;
	for (size_t i = 0; i < opened->count * thread_count(opened) && opened->keeps_lost; i++) {
		struct perf_counts_values values = { .values = { 0 } };

		if (perf_evsel__read(opened->evsels[i % opened->count], (int)index,
				     (int)(i / opened->count), &values) != 0)
			return false;
		*lost += values.lost;
	}
	return opened->keeps_lost;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(perf_open_explains_missing_events)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_HARDWARE };
	struct buf problem = BUF_INIT;

	perf_explain_open("sampling", &attr, ENOENT, &problem);
	CHECK(strstr(buf_text(&problem), "no perf event of type 0, config 0"));
	buf_reset(&problem);
	perf_explain_open("sampling", &attr, ENOSYS, &problem);
	CHECK_STR(buf_text(&problem), "sampling needs a kernel built with CONFIG_PERF_EVENTS");
	buf_free(&problem);
}

UNIT_TEST_CASE(perf_open_counts_descriptors_first)
{
	struct buf problem = BUF_INIT;

	CHECK(perf_reserve_descriptors(2, "sampling", &problem));
	CHECK_STR(buf_text(&problem), "");
	CHECK(!perf_reserve_descriptors(1u << 31, "sampling", &problem));
	CHECK(strstr(buf_text(&problem), "ulimit -n"));
	buf_free(&problem);
}
#endif
