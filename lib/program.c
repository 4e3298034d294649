/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other programs, run to their end. */
#include "lib.h"

#include <errno.h>
#include <sys/wait.h>

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
#endif
