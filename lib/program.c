/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other programs: found in $PATH, and run to their end. */
#include "lib.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

bool program_search_next(struct program_search *search, const char *name)
{
	const char *directory = search->rest ? search->rest : getenv("PATH");
	size_t length;

	if (search->ended)
		return false;
	if (!directory)
		directory = "/usr/bin:/bin";
	length = strcspn(directory, ":");
	search->ended = !directory[length];
	search->rest = directory + length + 1;
	if (!length) /* as execvp(3) takes it */
		directory = ".";
	snprintf(search->path, sizeof(search->path), "%.*s/%s", length ? (int)length : 1,
		 directory, name);
	return true;
}

static bool is_executable(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

char *program_find(const char *name)
{
	struct program_search search = { 0 };

	if (strchr(name, '/'))
		return realpath(name, NULL);
	while (program_search_next(&search, name))
		if (is_executable(search.path))
			return realpath(search.path, NULL);
	return NULL;
}

int program_run(char *const arguments[], const posix_spawn_file_actions_t *actions)
{
	int status, error;
	pid_t child;

	error = posix_spawnp(&child, arguments[0], actions, NULL, arguments, environ);
	if (error)
		return -error;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EINVAL;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(program_run_tells_success_from_failure)
{
	char *const good[] = { "true", NULL }, *const bad[] = { "false", NULL };
	char *const none[] = { "/no/such/program", NULL };

	CHECK_INT(program_run(good, NULL), 0);
	CHECK_INT(program_run(bad, NULL), -EINVAL);
	CHECK_INT(program_run(none, NULL), -ENOENT);
}

UNIT_TEST_CASE(program_find_wants_executable_files)
{
	char *found;

	setenv("PATH", "/proc:/etc::/nowhere:/usr/bin", 1);
	found = program_find("env");
	CHECK(found && text_ends_with(found, "bin/env"));
	free(found);
	CHECK(!program_find("self")); /* a directory */
	CHECK(!program_find("passwd-")); /* nothing to run */
	found = program_find("/proc/../etc/passwd");
	CHECK_STR(found, "/etc/passwd");
	free(found);
	unsetenv("PATH");
	found = program_find("env");
	CHECK(found != NULL);
	free(found);
}

UNIT_TEST_CASE(program_search_goes_through_all_directories)
{
	static const char *const paths[] = { "/a/x", "./x", "/b/x", "./x" };
	struct program_search search = { 0 };

	setenv("PATH", "/a::/b:", 1);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		CHECK(program_search_next(&search, "x"));
		CHECK_STR(search.path, paths[i]);
	}
	CHECK(!program_search_next(&search, "x"));
}
#endif
