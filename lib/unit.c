/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main() of the unit-test binary: runs the registered cases, each in a child of its own, and
 * closes with the line that CI reads. Arguments are wildcards over "file:case"; none means all.
 */
#ifdef UNIT_TEST
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct unit_case *unit_cases;

void unit_register(struct unit_case *unit)
{
	unit->next = unit_cases;
	unit_cases = unit;
}

void unit_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void unit_check_str(const char *file, int line, const char *is, const char *expected)
{
	if (!is || strcmp(is, expected) != 0)
		unit_fail(file, line, "is:\n%s\nexpected:\n%s", is ? is : "(null)", expected);
}

static bool unit_run(const struct unit_case *unit)
{
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		setpgid(0, 0); /* so that what a failed case has forked can be found */
		alarm(300);
		unit->run();
		exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return false;
	kill(-child, SIGKILL);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	printf("FAIL unit %s:%s", unit->file, unit->name);
	if (WIFSIGNALED(status))
		printf(" (%s)", strsignal(WTERMSIG(status)));
	putchar('\n');
	return false;
}

static bool unit_is_wanted(const struct unit_case *unit, char **patterns)
{
	char name[512];

	snprintf(name, sizeof(name), "%s:%s", unit->file, unit->name);
	if (!*patterns)
		return true;
	for (; *patterns; patterns++)
		if (text_match(*patterns, name))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0;

	(void)argc;
	for (const struct unit_case *unit = unit_cases; unit; unit = unit->next) {
		if (!unit_is_wanted(unit, argv + 1))
			continue;
		if (unit_run(unit))
			passed++;
		else
			failed++;
	}
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed != 0;
}
#endif
