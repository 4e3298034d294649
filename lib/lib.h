/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few containers everything else is built from: an arena that owns all compile-time objects,
 * growable text, interned names, a string-keyed table, typed growable arrays, and the log.
 *
 * Ownership: what comes from an arena lives until arena_free(); a buf owns its bytes until
 * buf_free() or buf_take(); tables and interners live in the arena they were made with.
 * Running out of memory never returns: it calls the handler set with memory_set_handler(),
 * which only stap.c sets and which must not return.
 */
#ifndef LIB_H
#define LIB_H

#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args), nonnull(fmt)))
#define NORETURN __attribute__((noreturn))
#define MUST_CHECK __attribute__((warn_unused_result))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* ---- memory.c: malloc that reports through one handler ---- */

/**
 * memory_set_handler() - set what happens when memory runs out
 * @handler: called with the number of bytes asked for; must not return
 */
void memory_set_handler(void (*handler)(size_t size));

/** memory_fail() - memory ran out: call the handler */
void memory_fail(size_t size) NORETURN;
/** memory_alloc() - malloc() that never returns NULL; free with free() */
void *memory_alloc(size_t size) __attribute__((malloc, alloc_size(1)));
/** memory_zalloc() - the same, zeroed */
void *memory_zalloc(size_t size) __attribute__((malloc, alloc_size(1)));
/** memory_realloc() - realloc() that never returns NULL for a size above 0 */
void *memory_realloc(void *old, size_t size) __attribute__((alloc_size(2)));
/** memory_strdup() - strdup() that never returns NULL; free with free() */
char *memory_strdup(const char *text);

/* ---- arena.c: objects that die together ---- */

struct arena;

/** arena_new() - an empty arena; arena_free() releases it and everything in it */
struct arena *arena_new(void);
void arena_free(struct arena *arena);
/** arena_alloc() - @size zeroed bytes, aligned to 16 */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, alloc_size(2)));
/** arena_memdup() - a copy of @size bytes with a NUL behind them */
void *arena_memdup(struct arena *arena, const void *data, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
/** arena_size() - bytes handed out so far, for -v */
size_t arena_size(const struct arena *arena);

#define arena_new_object(arena, type) ((type *)arena_alloc(arena, sizeof(type)))

/*
 * A typed growable array in an arena:  ARRAY(struct probe *) probes;
 * array_push(arena, &probes, p);  for (size_t i = 0; i < probes.count; i++) probes.items[i] ...
 */
#define ARRAY(type) struct { type *items; size_t count, capacity; }
void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size);
#define array_push(arena, array, ...)                                                           \
	do {                                                                                    \
		if ((array)->count == (array)->capacity)                                        \
			(array)->items = arena_grow(arena, (array)->items, (array)->count,      \
						    &(array)->capacity,                         \
						    sizeof(*(array)->items));                   \
		(array)->items[(array)->count++] = (__VA_ARGS__);                               \
	} while (0)

/* ---- buf.c: growable bytes, always followed by a NUL that is not counted ---- */

struct buf {
	char *data;
	size_t length, capacity;
};
#define BUF_INIT { NULL, 0, 0 }

void buf_free(struct buf *buf);
/** buf_reset() - empty it, keep the memory */
void buf_reset(struct buf *buf);
/** buf_reserve() - room for @extra more bytes; returns where they go */
char *buf_reserve(struct buf *buf, size_t extra);
void buf_add(struct buf *buf, const void *data, size_t length);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *buf, const char *format, va_list args) PRINTF_LIKE(2, 0);
/** buf_text() - the bytes as a C string, "" when nothing was added; owned by @buf */
const char *buf_text(const struct buf *buf);
/** buf_take() - the bytes as a C string that the caller frees with free(); @buf is empty after */
char *buf_take(struct buf *buf);
/** buf_read_file() - append a whole file; 0 or -errno. Works for /proc and tracefs files */
int buf_read_file(struct buf *buf, const char *path) MUST_CHECK;
/** buf_read_fd() - append what is left to read from @fd; 0 or -errno. @fd stays open */
int buf_read_fd(struct buf *buf, int fd) MUST_CHECK;

/* ---- table.c: string keys to pointers, in insertion order ---- */

struct table_entry {
	const char *key;
	void *value;
};
struct table {
	struct table_entry *entries; /* in the order of first insertion; iterate 0..count-1 */
	size_t count, capacity;
	uint32_t *slots; /* open addressing: index into entries plus one, 0 is free */
	size_t slot_count;
	struct arena *arena;
};

/** table_init() - an empty table whose memory and key copies live in @arena */
void table_init(struct table *table, struct arena *arena);
/** table_get() - the value of @key, NULL when it is not there */
void *table_get(const struct table *table, const char *key);
/** table_put() - set the value of @key; the key is copied. Returns the value it had, or NULL */
void *table_put(struct table *table, const char *key, void *value);

/* ---- intern.c: one pointer per distinct text ---- */

struct interner;
struct interner *interner_new(struct arena *arena);
/** intern() - the one NUL-terminated copy of @length bytes of @text: equal texts, equal pointers */
const char *intern(struct interner *interner, const char *text, size_t length);

/* ---- text.c: questions about text ---- */

/** text_match() - shell wildcard match (`*`, `?`, `[...]`) as in fnmatch(3) without flags */
bool text_match(const char *pattern, const char *text);
bool text_has_wildcard(const char *text);
bool text_starts_with(const char *text, const char *prefix);
bool text_ends_with(const char *text, const char *suffix);
/** text_distance() - Damerau-Levenshtein distance of two names, for suggestions */
unsigned text_distance(const char *a, const char *b);

/* ---- program.c ---- */

/** struct program_search - where a walk through $PATH is; zeroed for its start */
struct program_search {
	const char *rest;
	bool ended;
	char path[PATH_MAX];
};
/**
 * program_search_next() - sets @search->path to @name in the next directory; false after the last
 */
bool program_search_next(struct program_search *search, const char *name);
/**
 * program_find() - the file that @name would run: from $PATH, or as it is when it has a slash
 * Returns its real path, malloc()ed, or NULL.
 */
char *program_find(const char *name);

/**
 * program_run() - run @arguments[0], looked for in $PATH, and wait for its end
 * @actions: what becomes of its files, or NULL
 * Returns 0 when it ended with status 0, -EINVAL when it did not, -errno when it could not be run.
 */
int program_run(char *const arguments[], const posix_spawn_file_actions_t *actions);

/* ---- capability.c: what this process may do ---- */

/** capability_is_held() - is CAP_… effective, be it in a user namespace only? */
bool capability_is_held(unsigned capability);
/** capability_is_confined() - is this a user namespace, outside of which nothing held counts? */
bool capability_is_confined(void);

/* ---- time ---- */

/** clock_now() - ns of CLOCK_MONOTONIC; async-signal-safe */
static inline uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- log.c: what stap tells about itself on stderr ---- */

/**
 * struct log - verbosity of this run, passed to whoever reports
 * @verbosity: 0 silent, 1 for each -v
 * @quiet_warnings: -w
 */
struct log {
	int verbosity;
	bool quiet_warnings;
};
/** log_info() - a line on stderr when verbosity reaches @level; a newline is added */
void log_info(const struct log *log, int level, const char *format, ...) PRINTF_LIKE(3, 4);
/** log_warning() - "WARNING: …" on stderr unless -w */
void log_warning(const struct log *log, const char *format, ...) PRINTF_LIKE(2, 3);
/** log_error() - "ERROR: …" on stderr */
void log_error(const struct log *log, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
