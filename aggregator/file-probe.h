/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * procfs("PATH").read and .write: what the points say, the tree of files they make, and the text
 * that a handler gives or takes. Private to the aggregator.
 */
#ifndef FILE_PROBE_H
#define FILE_PROBE_H

#include "family.h"

#define FILE_PROBE_STDIN "__stdin" /* this path's writes are the bytes of our standard input */

/* site.data of a procfs probe */
struct file_point {
	const char *path;	/* without a leading or trailing slash */
	bool is_write;
	unsigned umask;		/* permissions taken away */
	int64_t room;		/* .maxsize(), bytes; 0: the run's STP_PROCFS_BUFSIZE */
};

/**
 * struct exchange - one read or write of a file, as its handlers see it
 * @written: what was written, @length bytes
 * @answer: what a reader gets; at most @room bytes
 * The data of an EVENT_HIT of these sources is the address of one.
 */
struct exchange {
	const char *written;
	size_t length;
	struct buf *answer;
	size_t room;
};

struct file_node {
	const char *name;	/* the last component; "" for the root */
	size_t parent;		/* index; the root is its own */
	bool is_directory;
	unsigned mode;		/* permission bits */
	const struct binding *reader;
	struct binding *writers; /* each write runs all of them, in program order */
	size_t read_room, write_room; /* longest answer; longest piece of a write */
};
struct file_tree {
	struct arena *arena;
	ARRAY(struct file_node) nodes; /* [0] is the root */
};

/** file_point_of() - what a procfs probe's point says; NULL for other probes */
const struct file_point *file_point_of(const struct probe *probe);
/** file_point_resolve() - family.resolve of the procfs rows */
int file_point_resolve(struct family_match *match);
extern const struct family_text file_read_text, file_write_text;
/**
 * file_tree_build() - the directories and files that @program's probes ask for
 * Returns 0, or -EINVAL with a sentence in @problem. The tree has only a root when there are none.
 */
int file_tree_build(struct file_tree *tree, const struct program *program,
		    const struct run_options *options, struct buf *problem);
/** file_tree_find() - index of @name in directory @parent, or 0 */
size_t file_tree_find(const struct file_tree *tree, size_t parent, const char *name);
/** file_binding_add() - @probe's binding, without captures, at the end of @list */
void file_binding_add(struct arena *arena, struct binding **list, struct probe *probe);

#endif
