/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded by out-of-memory.sh: the allocation whose number stands in FAIL_AT, fails; without it, the number of allocations is told on stderr at exit. Libraries' count too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned long done, fail_at;

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("FAIL_AT");

	fail_at = text ? strtoul(text, NULL, 10) : 0;
	done = 0;
}

__attribute__((destructor)) static void end(void)
{
	if (!fail_at)
		fprintf(stderr, "allocations %lu\n", done);
}

static int fails(void)
{
	if (!fail_at || __atomic_add_fetch(&done, 1, __ATOMIC_RELAXED) != fail_at)
		return 0;
	errno = ENOMEM;
	return 1;
}

static void count(void)
{
	if (!fail_at)
		done++;
}

#define REAL(name, ...)                                                         \
	do {                                                                    \
		static void *(*real)();                                         \
		if (!real)                                                      \
			*(void **)&real = dlsym(RTLD_NEXT, name);               \
		count();                                                        \
		return fails() ? NULL : real(__VA_ARGS__);                      \
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
