// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree of merged stacks. Nodes stand in one array and name each other by index, so that it may
 * grow; names are interned, so that two frames are the same when their pointers are.
 */
#include "flame.h"

void flame_tree_init(struct flame_tree *tree)
{
	static const struct flame_node root = { .frame = { "all", FRAME_KEY } };

	*tree = (struct flame_tree){ .arena = arena_new() };
	tree->names = interner_new(tree->arena);
	array_push(tree->arena, &tree->nodes, root);
}

void flame_tree_free(struct flame_tree *tree)
{
	arena_free(tree->arena);
	buf_free(&tree->title);
}

const char *flame_name(struct flame_tree *tree, const char *name, size_t length)
{
	return intern(tree->names, name, length);
}

/* what was found moves to the front: the next stack often passes through the same frames */
static uint32_t find_child(struct flame_tree *tree, uint32_t parent, struct flame_frame frame)
{
	struct flame_node *nodes = tree->nodes.items;
	uint32_t *link = &nodes[parent].child, found;

	while (*link && (nodes[*link].frame.name != frame.name ||
			 nodes[*link].frame.kind != frame.kind))
		link = &nodes[*link].next;
	found = *link;
	if (found) {
		*link = nodes[found].next;
		nodes[found].next = nodes[parent].child;
		nodes[parent].child = found;
	}
	return found;
}

static uint32_t add_child(struct flame_tree *tree, uint32_t parent, struct flame_frame frame)
{
	uint32_t made = (uint32_t)tree->nodes.count;
	struct flame_node node = { .frame = frame, .next = tree->nodes.items[parent].child };

	array_push(tree->arena, &tree->nodes, node);
	tree->nodes.items[parent].child = made;
	return made;
}

void flame_add(struct flame_tree *tree, const struct flame_frame *frames, size_t count,
	       uint64_t weight)
{
	uint32_t at = 0, next;

	tree->nodes.items[0].total += weight;
	for (size_t i = 0; i < count; i++) {
		next = find_child(tree, at, frames[i]);
		at = next ? next : add_child(tree, at, frames[i]);
		tree->nodes.items[at].total += weight;
	}
	tree->nodes.items[at].self += weight;
}

/* ---- order ---- */

static bool comes_first(const struct flame_node *nodes, uint32_t a, uint32_t b)
{
	int order = strcmp(nodes[a].frame.name, nodes[b].frame.name);

	return order < 0 || (order == 0 && nodes[a].frame.kind < nodes[b].frame.kind);
}

static uint32_t merge_lists(struct flame_node *nodes, uint32_t a, uint32_t b)
{
	uint32_t first = 0, *link = &first;

	while (a && b) {
		uint32_t *taken = comes_first(nodes, a, b) ? &a : &b;

		*link = *taken;
		link = &nodes[*taken].next;
		*taken = *link;
	}
	*link = a ? a : b;
	return first;
}

/* a merge sort from below: lists[i] is empty or a sorted list of 2^i nodes */
static uint32_t sort_list(struct flame_node *nodes, uint32_t list)
{
	uint32_t lists[32] = { 0 }, sorted = 0;

	while (list) {
		uint32_t one = list;
		unsigned i = 0;

		list = nodes[one].next;
		nodes[one].next = 0;
		for (; lists[i]; i++) {
			one = merge_lists(nodes, lists[i], one);
			lists[i] = 0;
		}
		lists[i] = one;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(lists); i++)
		sorted = merge_lists(nodes, lists[i], sorted);
	return sorted;
}

void flame_sort(struct flame_tree *tree)
{
	for (size_t i = 0; i < tree->nodes.count; i++)
		tree->nodes.items[i].child = sort_list(tree->nodes.items,
						       tree->nodes.items[i].child);
}

/* ---- folded text ---- */

/* ';' and line ends separate; the marks are those of the usual stack collapsing scripts */
static void fold_name(const struct flame_frame *frame, struct buf *path)
{
	for (const char *at = frame->name; *at; at++)
		buf_putc(path, *at == ';' || *at == '\n' || *at == '\r' ? ':' : *at);
	if (frame->kind == FRAME_OF_KERNEL)
		buf_puts(path, "_[k]");
	else if (frame->kind == FRAME_OF_JIT)
		buf_puts(path, "_[j]");
}

/* stacks are at most as deep as the kernel's and the user's together: so is the recursion */
static void fold_below(const struct flame_tree *tree, uint32_t parent, struct buf *path, FILE *out)
{
	size_t length = path->length;

	for (uint32_t i = tree->nodes.items[parent].child; i; i = tree->nodes.items[i].next) {
		const struct flame_node *node = &tree->nodes.items[i];

		if (length)
			buf_putc(path, ';');
		fold_name(&node->frame, path);
		if (node->self)
			fprintf(out, "%s %llu\n", buf_text(path), (unsigned long long)node->self);
		fold_below(tree, i, path, out);
		path->length = length;
	}
}

void flame_fold(const struct flame_tree *tree, FILE *out)
{
	struct buf path = BUF_INIT;

	fold_below(tree, 0, &path, out);
	buf_free(&path);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static void test_add(struct flame_tree *tree, const char *path, uint64_t weight)
{
	struct flame_frame frames[16];
	size_t count = 0;

	while (*path) {
		size_t length = strcspn(path, " ");

		frames[count].kind = *path == '^' ? FRAME_OF_KERNEL : FRAME_OF_USER;
		frames[count++].name = flame_name(tree, path + (*path == '^'),
						  length - (*path == '^'));
		path += length + (path[length] == ' ');
	}
	flame_add(tree, frames, count, weight);
}

UNIT_TEST_CASE(flame_tree_merges_and_sorts)
{
	struct flame_tree tree;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	flame_tree_init(&tree);
	test_add(&tree, "main zeta", 3);
	test_add(&tree, "main alpha ^read", 5);
	test_add(&tree, "main alpha", 1);
	test_add(&tree, "main zeta", 4);
	test_add(&tree, "main alpha read", 2);
	test_add(&tree, "a;b", 1);
	flame_sort(&tree);
	flame_fold(&tree, out);
	fclose(out);
	CHECK_STR(text, "a:b 1\nmain;alpha 1\nmain;alpha;read 2\nmain;alpha;read_[k] 5\n"
			"main;zeta 7\n");
	CHECK_INT(tree.nodes.items[0].total, 16);
	free(text);
	flame_tree_free(&tree);
}

UNIT_TEST_CASE(flame_tree_sorts_many_children)
{
	struct flame_tree tree;
	char name[16], before[16] = "";

	flame_tree_init(&tree);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "f%03u", i * 7 % 1000);
		test_add(&tree, name, i);
	}
	flame_sort(&tree);
	for (uint32_t i = tree.nodes.items[0].child; i; i = tree.nodes.items[i].next) {
		CHECK(strcmp(before, tree.nodes.items[i].frame.name) < 0);
		snprintf(before, sizeof(before), "%s", tree.nodes.items[i].frame.name);
	}
	CHECK_STR(before, "f999");
	flame_tree_free(&tree);
}
#endif
