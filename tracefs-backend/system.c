// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where tracefs is and whether we may use it. Looks for a mount, mounts it where the kernel keeps
 * its place when there is none, and otherwise says in one sentence what is missing: the mount,
 * a permission, a capability, or a locked-down kernel. Nothing inside tracefs is changed here.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <mntent.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "session.h"

#define TRACEFS_PLACE "/sys/kernel/tracing"
#define DEBUGFS_PLACE "/sys/kernel/debug/tracing"

/* fs/proc/ and include/linux/proc_ns.h: PROC_PID_INIT_INO, the first pid namespace's inode */
#define FIRST_PID_NAMESPACE 0xeffffffcu

bool tracefs_path(const struct tracefs *tracefs, char *out, size_t size, const char *format, ...)
{
	va_list args;
	int head, rest;

	head = snprintf(out, size, "%s/", tracefs->root);
	if (head < 0 || (size_t)head >= size)
		return false;
	va_start(args, format);
	rest = vsnprintf(out + head, size - head, format, args);
	va_end(args);
	return rest >= 0 && (size_t)rest < size - head;
}

/* is a tracefs really mounted at @place? */
static bool place_is_tracefs(const char *place)
{
	char path[512];

	if (snprintf(path, sizeof(path), "%s/trace_clock", place) >= (int)sizeof(path))
		return false;
	/* without rights to look inside, EACCES: the caller explains that later */
	return access(path, F_OK) == 0 || errno == EACCES;
}

/* the mount of @type in /proc/mounts, with @below added; malloc()ed, or NULL */
static char *find_mount(const char *type, const char *below)
{
	FILE *mounts = setmntent("/proc/mounts", "r");
	char *found = NULL, *place;
	struct mntent *entry;

	if (!mounts)
		return NULL;
	while (!found && (entry = getmntent(mounts))) {
		if (strcmp(entry->mnt_type, type) != 0)
			continue;
		if (asprintf(&place, "%s%s", entry->mnt_dir, below) < 0)
			break;
		if (place_is_tracefs(place))
			found = place;
		else
			free(place);
	}
	endmntent(mounts);
	return found;
}

static char *find_root(void)
{
	char *root;

	if (access(TRACEFS_PLACE "/trace_clock", F_OK) == 0)
		return memory_strdup(TRACEFS_PLACE);
	root = find_mount("tracefs", "");
	return root ? root : find_mount("debugfs", "/tracing");
}

/* "integrity" and "confidentiality" forbid writing to, the latter even reading, tracefs */
static bool is_locked_down(void)
{
	struct buf state = BUF_INIT;
	bool locked;

	locked = buf_read_file(&state, "/sys/kernel/security/lockdown") == 0 &&
		 strstr(buf_text(&state), "[confidentiality]");
	buf_free(&state);
	return locked;
}

/* mount tracefs in its place; NULL after a sentence in @problem */
static char *mount_root(struct buf *problem)
{
	struct stat place;

	if (stat(TRACEFS_PLACE, &place) < 0) {
		buf_puts(problem, "there is no " TRACEFS_PLACE " to mount tracefs on: the kernel is "
				  "built without CONFIG_TRACING, or sysfs is not mounted");
		return NULL;
	}
	if (!capability_is_held(CAP_SYS_ADMIN)) {
		buf_puts(problem, "tracefs is not mounted, and mounting it needs CAP_SYS_ADMIN: "
				  "run `mount -t tracefs tracefs " TRACEFS_PLACE "' as root");
		return NULL;
	}
	if (mount("tracefs", TRACEFS_PLACE, "tracefs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  NULL) < 0 && errno != EBUSY) {
		buf_printf(problem, "cannot mount tracefs on " TRACEFS_PLACE ": %s%s",
			   strerror(errno), capability_is_confined() ?
			   "; CAP_SYS_ADMIN is there in this user namespace only" : "");
		return NULL;
	}
	return memory_strdup(TRACEFS_PLACE);
}

/* may we make an instance? Explains itself otherwise */
static bool may_use(const char *root, struct buf *problem)
{
	char path[512];
	int error;

	snprintf(path, sizeof(path), "%s/instances", root);
	error = access(path, R_OK | W_OK | X_OK) == 0 ? 0 : errno;
	if (is_locked_down())
		buf_puts(problem, "the kernel is locked down, which forbids tracefs: boot without "
				  "lockdown=confidentiality");
	else if (error == ENOENT)
		buf_printf(problem, "%s has no instances directory: the kernel is too old or built "
				    "without CONFIG_TRACING", root);
	else if (error == EROFS)
		buf_printf(problem, "%s is mounted read-only: mount -o remount,rw %s", root, root);
	else if (error)
		buf_printf(problem, "no permission to use tracefs in %s: it needs root "
				    "(CAP_DAC_OVERRIDE%s), or a mount with your gid= and mode=770",
			   root, capability_is_confined() ? ", not only in a user namespace" : "");
	else
		return true;
	return false;
}

static bool in_first_pid_namespace(void)
{
	struct stat namespace;

	return stat("/proc/self/ns/pid", &namespace) == 0 &&
	       namespace.st_ino == FIRST_PID_NAMESPACE;
}

/* the directory we may use, malloc()ed; NULL after a sentence in @problem */
static char *usable_root(struct buf *problem)
{
	char *root = find_root();

	if (!root)
		root = mount_root(problem);
	if (!root || may_use(root, problem))
		return root;
	free(root);
	return NULL;
}

void system_explain(struct buf *problem)
{
	free(usable_root(problem));
}

struct tracefs *tracefs_new(const struct tracefs_options *options, struct buf *problem)
{
	struct tracefs *tracefs;
	struct arena *arena;
	char *root = usable_root(problem);

	/* libtracefs keeps its own copy, and searches no more */
	if (!root || tracefs_set_tracing_dir(root) < 0) {
		free(root);
		return NULL;
	}
	arena = arena_new();
	tracefs = arena_new_object(arena, struct tracefs);
	tracefs->arena = arena;
	tracefs->options = *options;
	tracefs->root = arena_strdup(arena, root);
	tracefs->own_pids = in_first_pid_namespace();
	tracefs->guardian.fd = -1;
	table_init(&tracefs->events, arena);
	table_init(&tracefs->places, arena);
	table_init(&tracefs->files, arena);
	table_init(&tracefs->aliases, arena);
	table_init(&tracefs->functions, arena);
	free(root);
	return tracefs;
}

void tracefs_free(struct tracefs *tracefs)
{
	if (!tracefs)
		return;
	instance_destroy(tracefs);
	raw_tracepoints_release(tracefs);
	if (tracefs->tep)
		tep_free(tracefs->tep);
	probed_files_close(tracefs);
	arena_free(tracefs->arena);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(tracefs_path_refuses_what_does_not_fit)
{
	struct tracefs tracefs = { .root = "/sys/kernel/tracing" };
	char path[32];

	CHECK(tracefs_path(&tracefs, path, sizeof(path), "%s", "events"));
	CHECK_STR(path, "/sys/kernel/tracing/events");
	CHECK(!tracefs_path(&tracefs, path, sizeof(path), "%s", "available_events"));
}

UNIT_TEST_CASE(may_use_says_what_is_missing)
{
	struct buf problem = BUF_INIT;

	CHECK(!may_use("/nonexistent", &problem));
	CHECK(strstr(buf_text(&problem), "CONFIG_TRACING"));
	buf_free(&problem);
}
#endif
