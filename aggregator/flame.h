/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks with a weight, merged where they begin alike, and what is made of them: a flame graph, or
 * the folded lines that other programs draw one from.
 *
 *	arrays keyed by a stack → flame_collect() → struct flame_tree → flame_draw(), flame_fold()
 */
#ifndef FLAME_H
#define FLAME_H

#include "global.h"

enum frame_kind { FRAME_KEY, FRAME_OF_USER, FRAME_OF_KERNEL, FRAME_OF_JIT, FRAME_UNNAMED };

/**
 * struct flame_frame - one frame of a stack, or a key of the array beside the stack
 * @name: in the arena of the tree, one copy for each distinct name
 */
struct flame_frame {
	const char *name;
	enum frame_kind kind;
};

/**
 * struct flame_node - a frame in the tree
 * @total: weight of all stacks that pass here; @self: of those that end here
 * @child, @next: first child, next one of the same parent; 0: none
 */
struct flame_node {
	struct flame_frame frame;
	uint64_t total, self;
	uint32_t child, next;
};

struct flame_tree {
	struct arena *arena;
	struct interner *names;
	ARRAY(struct flame_node) nodes;	/* the first one is the root */
	struct buf title;		/* names of the arrays, for the picture */
};

void flame_tree_init(struct flame_tree *tree);
void flame_tree_free(struct flame_tree *tree);
/** flame_name() - the tree's copy of a name of @length bytes */
const char *flame_name(struct flame_tree *tree, const char *name, size_t length);
/** flame_add() - a stack of @count frames, the outermost first, that weighs @weight */
void flame_add(struct flame_tree *tree, const struct flame_frame *frames, size_t count,
	       uint64_t weight);
/** flame_sort() - children by name: the same stacks give the same picture */
void flame_sort(struct flame_tree *tree);

/**
 * flame_collect() - every array of @globals that is keyed by a stack, into @tree
 * Other keys become frames below the stack, the user's stack comes below the kernel's; with several
 * arrays their names are the outermost frames. Returns how many arrays there were.
 */
size_t flame_collect(struct vm_session *session, const struct global *globals, size_t count,
		     struct flame_tree *tree);

/** flame_fold() - "outer;inner 12", a line for each distinct stack */
void flame_fold(const struct flame_tree *tree, FILE *out);
/** flame_draw() - the flame graph as SVG, which needs nothing else */
void flame_draw(const struct flame_tree *tree, FILE *out);

#endif
