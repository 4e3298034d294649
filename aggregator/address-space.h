/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process has mapped to be executed, at the event's instant. Reference counted: a task holds
 * one reference to its process's, and so does whoever keeps a stack to be symbolized later.
 */
#ifndef ADDRESS_SPACE_H
#define ADDRESS_SPACE_H

#include "aggregator.h"

struct mapping {
	uint64_t start, end;	/* bytes; end is behind the last one */
	uint64_t offset;	/* of start in the file */
	const char *path;	/* interned; "//anon" or "" for memory without a file */
	const char *build_id;	/* of the file that was mapped, hexadecimal, interned; or NULL */
};

struct address_space {
	uint32_t refs;
	int32_t pid;
	struct mapping *items;	/* sorted, without overlaps */
	size_t count, capacity;
};

/** address_space_new() - an empty one, one reference; paired with address_space_unref() */
struct address_space *address_space_new(int32_t pid);
struct address_space *address_space_ref(struct address_space *space);
/** address_space_unref() - give up one reference; NULL is allowed */
void address_space_unref(struct address_space *space);
/** address_space_fork() - what a child of @space has; @space may be NULL */
struct address_space *address_space_fork(const struct address_space *space, int32_t pid);
/** address_space_map() - a new mapping; what it covers of older ones is gone. Ignores empty ones */
void address_space_map(struct address_space *space, const struct mapping *mapping);
/** address_space_find() - the mapping that holds @address, or NULL */
const struct mapping *address_space_find(const struct address_space *space, uint64_t address);
/** address_space_has_file() - is code of the file @path mapped? */
bool address_space_has_file(const struct address_space *space, const char *path);
/** address_space_parse() - add the executable mappings of the text of a /proc/PID/maps */
void address_space_parse(struct address_space *space, char *text, struct interner *paths);

#endif
