// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Removing what carries a name of ours. Everything a stap makes in tracefs is called
 * stap_<pid>_<start>_<namespace>: its pid, the moment that process started (in ticks since boot)
 * and its pid namespace. So a name tells whether its maker still lives, even when the pid was
 * given to somebody else since, and a stap in another container, whose pids mean nothing to us, is
 * left to its own guardian. Used by tracefs_free(), by the guardian, and by the next stap.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session.h"

#define NAME_PREFIX "stap_"

/* ---- names ---- */

struct maker {
	pid_t pid;
	unsigned long long start;
	unsigned long namespace;
};

static unsigned long own_namespace(void)
{
	struct stat namespace;

	return stat("/proc/self/ns/pid", &namespace) == 0 ? namespace.st_ino : 0;
}

/* field 22 of /proc/PID/stat, counted behind the name, which may hold anything; 0 when gone */
static unsigned long long process_start(pid_t pid)
{
	char path[64], text[1024], *at;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = '\0';
	at = strrchr(text, ')');
	/* a zombie holds nothing any more */
	if (!at || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X')
		return 0;
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

int reap_name_print(pid_t pid, char *out, size_t size)
{
	int length = snprintf(out, size, NAME_PREFIX "%d_%llu_%lx", pid, process_start(pid),
			      own_namespace());

	return length > 0 && (size_t)length < size ? 0 : -ENAMETOOLONG;
}

/* take a name apart that starts like ours; dynamic events may add more behind it */
static bool parse_name(const char *name, struct maker *maker, size_t *length)
{
	int end = 0;

	if (sscanf(name, NAME_PREFIX "%d_%llu_%lx%n", &maker->pid, &maker->start,
		   &maker->namespace, &end) < 3 || !end)
		return false;
	*length = end;
	return maker->pid > 0 && (name[end] == '\0' || name[end] == '/' || name[end] == '_');
}

static bool maker_is_dead(const struct maker *maker)
{
	return maker->namespace == own_namespace() && process_start(maker->pid) != maker->start;
}

/* ---- removing ---- */

static int write_file(const char *path, const char *text, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags), error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		error = -errno;
	close(fd);
	return error;
}

static int remove_instance(const char *root, const char *name)
{
	char path[PATH_MAX];
	int error;

	snprintf(path, sizeof(path), "%s/instances/%s", root, name);
	if (access(path, F_OK) < 0)
		return 0;
	snprintf(path, sizeof(path), "%s/instances/%s/tracing_on", root, name);
	write_file(path, "0", O_TRUNC);
	snprintf(path, sizeof(path), "%s/instances/%s/events/enable", root, name);
	write_file(path, "0", O_TRUNC);
	snprintf(path, sizeof(path), "%s/instances/%s", root, name);
	error = rmdir(path) < 0 ? -errno : 1;
	return error == -ENOENT ? 0 : error;
}

/*
 * A line of a listing is "p:group/event …" or "r8:group/event …": the part between colon and blank
 * when its group is @name or begins with @name_, otherwise NULL. Ends the line behind it.
 */
static char *line_definition(char *line, const char *name)
{
	char *definition = strchr(line, ':');
	size_t length = strlen(name);

	if (!definition)
		return NULL;
	definition++;
	definition[strcspn(definition, " \t")] = '\0';
	if (strncmp(definition, name, length) != 0 ||
	    (definition[length] != '/' && definition[length] != '_'))
		return NULL;
	return definition;
}

static int remove_definition(const char *root, const char *listing, const char *definition)
{
	char path[PATH_MAX], command[2 * TRACE_NAME_SIZE + 8];
	int error;

	snprintf(path, sizeof(path), "%s/events/%s/enable", root, definition);
	write_file(path, "0", O_TRUNC);
	if (snprintf(command, sizeof(command), "-:%s", definition) >= (int)sizeof(command))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", root, listing);
	error = write_file(path, command, O_APPEND);
	if (error == -ENOENT)
		return 0;
	return error ? error : 1;
}

/* dynamic_events lists all kinds; kernels before 5.0 have only the other two */
static const char *const listings[] = { "dynamic_events", "kprobe_events", "uprobe_events" };

static int remove_definitions(const char *root, const char *name)
{
	struct buf text = BUF_INIT;
	int removed = 0, busy = 0, result;
	char path[PATH_MAX], *line, *rest, *definition;

	for (size_t i = 0; i < ARRAY_SIZE(listings); i++) {
		buf_reset(&text);
		snprintf(path, sizeof(path), "%s/%s", root, listings[i]);
		if (buf_read_file(&text, path) < 0 || !text.length)
			continue;
		for (line = strtok_r(text.data, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest)) {
			definition = line_definition(line, name);
			result = definition ? remove_definition(root, listings[i], definition) : 0;
			if (result == -EBUSY)
				busy = result;
			else if (result > 0)
				removed += result;
		}
		if (i == 0)
			break;
	}
	buf_free(&text);
	return busy ? busy : removed;
}

int reap_remove(const char *root, const char *name)
{
	int instances = remove_instance(root, name);
	int definitions = remove_definitions(root, name);

	if (instances < 0)
		return instances;
	return definitions < 0 ? definitions : instances + definitions;
}

/* ---- what dead processes left ---- */

typedef ARRAY(char *) name_list;

static void collect_name(struct arena *arena, name_list *names, const char *text)
{
	struct maker maker;
	size_t length;
	char *name;

	if (!parse_name(text, &maker, &length) || !maker_is_dead(&maker))
		return;
	name = arena_memdup(arena, text, length);
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return;
	array_push(arena, names, name);
}

static void collect_instances(struct arena *arena, const char *root, name_list *names)
{
	DIR *directory = opendir(arena_printf(arena, "%s/instances", root));
	struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory)))
		collect_name(arena, names, entry->d_name);
	closedir(directory);
}

static void collect_definitions(struct arena *arena, const char *root, name_list *names)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(listings); i++) {
		buf_reset(&text);
		if (buf_read_file(&text, arena_printf(arena, "%s/%s", root, listings[i])) < 0)
			continue;
		for (const char *at = buf_text(&text); (at = strstr(at, ":" NAME_PREFIX)); at++)
			collect_name(arena, names, at + 1);
		if (i == 0)
			break;
	}
	buf_free(&text);
}

int tracefs_reap(const struct log *log)
{
	struct arena *arena = arena_new();
	const char *root = tracefs_tracing_dir();
	name_list names = { 0 };
	int removed = 0, result;

	if (root) {
		collect_instances(arena, root, &names);
		collect_definitions(arena, root, &names);
	}
	for (size_t i = 0; i < names.count; i++) {
		result = reap_remove(root, names.items[i]);
		log_info(log, 1, result < 0 ? "cannot remove %s, left by a stap that died: %s" :
					      "removed %s, left by a stap that died%s",
			 names.items[i], result < 0 ? strerror(-result) : "");
		removed += result > 0;
	}
	arena_free(arena);
	return removed;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(reap_names_tell_their_maker)
{
	char name[TRACE_NAME_SIZE];
	struct maker maker;
	size_t length;

	CHECK_INT(reap_name_print(getpid(), name, sizeof(name)), 0);
	CHECK(parse_name(name, &maker, &length));
	CHECK_INT(length, strlen(name));
	CHECK_INT(maker.pid, getpid());
	CHECK(!maker_is_dead(&maker));
	maker.start++; /* the pid was given to somebody else */
	CHECK(maker_is_dead(&maker));
	maker.namespace++; /* in another container */
	CHECK(!maker_is_dead(&maker));
}

UNIT_TEST_CASE(reap_leaves_other_names_alone)
{
	struct maker maker;
	size_t length;

	CHECK(!parse_name("stap_12", &maker, &length));
	CHECK(!parse_name("stap_12_bench", &maker, &length));
	CHECK(!parse_name("stap_12_34_effffffc.x", &maker, &length));
	CHECK(!parse_name("other_12_34_effffffc", &maker, &length));
	CHECK(parse_name("stap_12_34_effffffc/probe", &maker, &length));
	CHECK_INT(length, strlen("stap_12_34_effffffc"));
}

UNIT_TEST_CASE(reap_finds_only_definitions_of_the_name)
{
	char own[] = "p:stap_1_2_3/read /bin/x:0x40", other[] = "p:stap_1_2_33/read /bin/x:0x40";
	char more[] = "r8:stap_1_2_3_ret/read vfs_read ret=$retval";

	CHECK_STR(line_definition(own, "stap_1_2_3"), "stap_1_2_3/read");
	CHECK(!line_definition(other, "stap_1_2_3"));
	CHECK_STR(line_definition(more, "stap_1_2_3"), "stap_1_2_3_ret/read");
}
#endif
