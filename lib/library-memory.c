// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * malloc() of the libraries we stand on. Not all of them check it (libtraceevent crashes, or takes
 * a format for one without fields), so the whole program's malloc() is this one: glibc's, which
 * when it fails ends the run like lib/memory.c does. What is large may be asked for on the word of
 * a damaged file; that fails as usual, and is the library's to report. Sanitizers bring their own.
 */
#include <errno.h>

#include "lib.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define HAS_OWN_MALLOC
#endif
#endif

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(HAS_OWN_MALLOC)
#define VITAL_MOST ((size_t)16 << 20) /* bytes: without less than this nothing goes on */

/* the allocator of glibc under its other names (malloc/malloc.c) */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	void *memory = __libc_malloc(size);

	if (unlikely(!memory) && size <= VITAL_MOST)
		memory_fail(size);
	return memory;
}

void *calloc(size_t count, size_t size)
{
	void *memory = __libc_calloc(count, size);

	if (unlikely(!memory) && size && count <= VITAL_MOST / size)
		memory_fail(count * size);
	return memory;
}

void *realloc(void *old, size_t size)
{
	void *memory = __libc_realloc(old, size);

	if (unlikely(!memory) && size && size <= VITAL_MOST)
		memory_fail(size);
	return memory;
}
#endif
