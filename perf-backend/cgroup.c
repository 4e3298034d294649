// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The control group of --cgroup: named by its directory, by its path below where the hierarchy is
 * mounted, or by a process in it. perf follows the groups of its own controller: those of version 2,
 * or of a version 1 hierarchy that has perf_event.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup.h"
#include "perf-backend.h"

/* is @word among the words of @list, which commas separate? */
static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; list; list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL)
		if (strncmp(list, word, length) == 0 && (!list[length] || list[length] == ','))
			return true;
	return false;
}

/*
 * Where groups are mounted, from the text of /proc/self/mounts, "device place type options …" by
 * lines: a hierarchy with perf_event, else that of version 2. False when neither is.
 */
static bool find_mount(const char *mounts, struct buf *place)
{
	char name[1024], type[32], options[1024];

	for (const char *line = mounts; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%*s %1023s %31s %1023s", name, type, options) != 3)
			continue;
		if (strcmp(type, "cgroup") == 0 && has_word(options, "perf_event")) {
			buf_reset(place);
			buf_printf(place, "%s", name);
			break;
		}
		if (strcmp(type, "cgroup2") == 0 && !place->length)
			buf_printf(place, "%s", name);
	}
	return place->length;
}

/* the path in the text of /proc/PID/cgroup, "id:controllers:path" by lines, chosen as above */
static bool find_path(const char *text, struct buf *path)
{
	char controllers[1024], name[1024];

	for (const char *line = text; line; line = strchr(line, '\n')) {
		bool is_version_2;

		line += *line == '\n';
		is_version_2 = sscanf(line, "0::%1023[^\n]", name) == 1;
		if (!is_version_2 &&
		    (sscanf(line, "%*u:%1023[^:]:%1023[^\n]", controllers, name) != 2 ||
		     !has_word(controllers, "perf_event")))
			continue;
		if (!is_version_2)
			buf_reset(path);
		if (!path->length)
			buf_printf(path, "%s", name);
	}
	return path->length;
}

bool cgroup_path(const char *pid, struct buf *path, struct buf *problem)
{
	struct buf file = BUF_INIT, text = BUF_INIT;
	int error;

	buf_printf(&file, "/proc/%s/cgroup", pid);
	error = buf_read_file(&text, buf_text(&file));
	if (error)
		buf_printf(problem, "cannot read %s: %s", buf_text(&file), strerror(-error));
	else if (!find_path(text.data, path))
		buf_printf(problem, "process %s is in no group that perf can follow", pid);
	buf_free(&file);
	buf_free(&text);
	return path->length;
}

static bool can_follow(int group)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_DUMMY,
		.disabled = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, group, 0, -1,
			      PERF_FLAG_PID_CGROUP | PERF_FLAG_FD_CLOEXEC);

	if (fd >= 0)
		close(fd);
	/* who may not open events at all is told so where they are opened */
	return fd >= 0 || errno == EACCES || errno == EPERM;
}

static int open_directory(const char *directory, struct buf *problem)
{
	int group = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (group < 0) {
		buf_printf(problem, "cannot open %s: %s", directory, strerror(errno));
		return -1;
	}
	if (can_follow(group))
		return group;
	buf_printf(problem, "perf cannot follow %s: it is no control group of version 2, nor one "
		   "with perf_event, or the kernel was built without CONFIG_CGROUP_PERF", directory);
	close(group);
	return -1;
}

int cgroup_open(const char *path, struct buf *problem)
{
	struct buf mounts = BUF_INIT, directory = BUF_INIT;
	int group = -1;

	if (buf_read_file(&mounts, "/proc/self/mounts") != 0 ||
	    !find_mount(mounts.data, &directory)) {
		buf_printf(problem, "no control groups are mounted that perf can follow");
	} else {
		buf_printf(&directory, "/%s", path + (*path == '/'));
		group = open_directory(buf_text(&directory), problem);
	}
	buf_free(&mounts);
	buf_free(&directory);
	return group;
}

static int open_named(const char *name, struct buf *problem)
{
	bool is_pid = *name && strspn(name, "0123456789") == strlen(name);
	struct buf path = BUF_INIT;
	struct stat status;
	int group = -1;

	if (*name == '/' && stat(name, &status) == 0)
		return open_directory(name, problem);
	if (!is_pid)
		return cgroup_open(name, problem);
	if (cgroup_path(name, &path, problem))
		group = cgroup_open(buf_text(&path), problem);
	buf_free(&path);
	return group;
}

int perf_open_cgroup(const char *name, struct buf *problem)
{
	struct buf reason = BUF_INIT;
	int group = open_named(name, &reason);

	if (group < 0)
		buf_printf(problem, "--cgroup: %s", buf_text(&reason));
	buf_free(&reason);
	return group;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(cgroup_finds_the_mount_that_perf_follows)
{
	static const char unified[] = "tmpfs /t tmpfs rw 0 0\nnone /u cgroup2 rw,nsdelegate 0 0\n";
	static const char both[] = "none /u cgroup2 rw 0 0\n"
				   "cgroup /c cgroup rw,cpu 0 0\ncgroup /p cgroup rw,perf_event 0 0\n";
	struct buf place = BUF_INIT;

	CHECK(find_mount(unified, &place));
	CHECK_STR(buf_text(&place), "/u");
	buf_reset(&place);
	CHECK(find_mount(both, &place));
	CHECK_STR(buf_text(&place), "/p");
	buf_reset(&place);
	CHECK(!find_mount("cgroup /c cgroup rw,perf_events 0 0\n", &place));
	CHECK(!find_mount("", &place));
	buf_free(&place);
}

UNIT_TEST_CASE(cgroup_finds_the_path_of_a_process)
{
	struct buf path = BUF_INIT;

	CHECK(find_path("4:memory:/m\n0::/user slice/a:b\n", &path));
	CHECK_STR(buf_text(&path), "/user slice/a:b");
	buf_reset(&path);
	CHECK(find_path("0::/u\n3:cpu,perf_event:/p\n", &path));
	CHECK_STR(buf_text(&path), "/p");
	buf_reset(&path);
	CHECK(!find_path("3:cpu:/c\n", &path));
	CHECK(!find_path("", &path));
	buf_free(&path);
}

UNIT_TEST_CASE(cgroup_explains_what_it_cannot_follow)
{
	struct buf problem = BUF_INIT;

	CHECK_INT(perf_open_cgroup("/proc", &problem), -1);
	CHECK(strstr(buf_text(&problem), "perf cannot follow /proc") ||
	      strstr(buf_text(&problem), "no control group"));
	buf_reset(&problem);
	CHECK_INT(perf_open_cgroup("4194304", &problem), -1);
	CHECK(strstr(buf_text(&problem), "cannot read /proc/4194304/cgroup"));
	buf_free(&problem);
}
#endif
