/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded by out-of-memory.sh: one run of stap tries every allocation, its libraries' included.
 * At each a child is forked in which just this one fails, and is watched to its end: it must say
 * one sentence on stderr and exit with status 1. What does not is told in the file named by
 * FAIL_REPORT, whose last line is the number of allocations. FAIL_AT=N instead fails the Nth in
 * the process itself.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SENTENCE "ERROR: out of memory\n"

static unsigned long done, fail_at, every = 1;
static pid_t main_pid;
static int report = -1, messages = -1;
static __thread int inside;

__attribute__((constructor)) static void begin(void)
{
	const char *at = getenv("FAIL_AT"), *path = getenv("FAIL_REPORT"), *step = getenv("FAIL_EVERY");

	main_pid = getpid();
	done = 0;
	if (step)
		every = strtoul(step, NULL, 10);
	if (at)
		fail_at = strtoul(at, NULL, 10);
	else if (path) {
		report = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
		messages = memfd_create("messages", MFD_CLOEXEC);
	}
}

__attribute__((destructor)) static void end(void)
{
	if (report >= 0 && getpid() == main_pid)
		dprintf(report, "%lu allocations\n", done);
}

/* a caller's address says which allocation it was: addr2line -e stap */
static void judge(int status, void *caller)
{
	char text[512] = "";
	ssize_t size = pread(messages, text, sizeof(text) - 1, 0);
	Dl_info info = { 0 };

	if (status == 1 << 8 && size == sizeof(SENTENCE) - 1 && memcmp(text, SENTENCE, size) == 0)
		return;
	dladdr(caller, &info);
	dprintf(report, "allocation %lu (%s+%#lx): status %#x: %s\n", done, info.dli_fname,
		(unsigned long)((char *)caller - (char *)info.dli_fbase), status, text);
}

/* true in the child, whose allocation fails */
static int fork_failing(void *caller)
{
	int status = -1;
	pid_t child;

	(void)!ftruncate(messages, 0);
	lseek(messages, 0, SEEK_SET);
	child = fork();
	if (child == 0) {
		dup2(messages, STDERR_FILENO);
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		report = -1;
		alarm(20);
		return 1;
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	judge(status, caller);
	return 0;
}

static int fails(void *caller)
{
	int result = 0;

	if (inside || (!fail_at && report < 0) || getpid() != main_pid)
		return 0;
	inside = 1;
	done++;
	if (fail_at)
		result = done == fail_at;
	else if (done % every == 0)
		result = fork_failing(caller);
	inside = 0;
	if (result)
		errno = ENOMEM;
	return result;
}

#define REAL(name, ...)                                                         \
	do {                                                                    \
		static void *(*real)();                                         \
		if (!real)                                                      \
			*(void **)&real = dlsym(RTLD_NEXT, name);               \
		return fails(__builtin_return_address(0)) ? NULL : real(__VA_ARGS__); \
	} while (0)

/* what stap's own malloc() calls */
void *__libc_malloc(size_t size)
{
	REAL("__libc_malloc", size);
}

void *__libc_calloc(size_t number, size_t size)
{
	REAL("__libc_calloc", number, size);
}

void *__libc_realloc(void *old, size_t size)
{
	REAL("__libc_realloc", old, size);
}
