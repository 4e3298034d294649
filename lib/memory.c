/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * malloc() for a program that cannot go on without memory: one handler decides how it ends, so no
 * caller carries a path that is never tested.
 */
#include "lib.h"

static void memory_abort(size_t size)
{
	fprintf(stderr, "ERROR: out of memory (%zu bytes)\n", size);
	abort();
}

/* the one process-wide setting: memory is the process's, not a session's */
static void (*memory_handler)(size_t size) = memory_abort;

void memory_set_handler(void (*handler)(size_t size))
{
	memory_handler = handler;
}

void memory_fail(size_t size)
{
	memory_handler(size);
	abort();
}

void *memory_alloc(size_t size)
{
	void *memory = malloc(size ? size : 1);

	if (!memory)
		memory_fail(size);
	return memory;
}

void *memory_zalloc(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
		memory_fail(size);
	return memory;
}

void *memory_realloc(void *old, size_t size)
{
	void *memory = realloc(old, size ? size : 1);

	if (!memory)
		memory_fail(size);
	return memory;
}

char *memory_strdup(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(memory_alloc(size), text, size);
}
