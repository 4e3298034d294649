// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Points procfs("PATH").read and .write become a tree of files. This file checks the points and
 * grows the tree; file-system.c shows it to the system and turns reads and writes into events;
 * the natives behind $value are here too. As documented, a file that is only read has mode 0400,
 * one that is only written 0200, and .umask(N) replaces the mask 0077 that leads to these.
 */
#include <errno.h>

#include "builtin.h"
#include "file-probe.h"

#define DEFAULT_PATH "command"
#define DEFAULT_UMASK 0077

/* ---- points ---- */

const struct file_point *file_point_of(const struct probe *probe)
{
	const struct moment_probe *moment = moment_of(probe);

	return moment && moment->moment == MOMENT_FILE && probe->sites.count ?
	       probe->sites.items[0]->data : NULL;
}

/* why @path cannot be a file's, or NULL */
static const char *path_problem(const char *path)
{
	if (!*path || path[strlen(path) - 1] == '/')
		return "ends with a '/' or is empty";
	if (*path == '/')
		return "starts with a '/'";
	for (;;) {
		size_t length = strcspn(path, "/");

		if (!length)
			return "has an empty component";
		if (path[0] == '.' && (length == 1 || (length == 2 && path[1] == '.')))
			return "has a component '.' or '..'";
		if (!path[length])
			return NULL;
		path += length + 1;
	}
}

static int refuse(struct family_match *match, const struct point_component *component,
		  const char *what)
{
	diag_error(match->frontend, component->token, "%s", what);
	return -EINVAL;
}

static int take_component(struct family_match *match, const struct point_component *component,
			  struct file_point *point)
{
	if (strcmp(component->name, "write") == 0)
		point->is_write = true;
	if (component->argument_kind != ARGUMENT_NUMBER)
		return 0;
	if (strcmp(component->name, "umask") == 0) {
		point->umask = (unsigned)component->number & 0777;
	} else {
		if (component->number < 1 || component->number > INT32_MAX)
			return refuse(match, component, "maxsize is a number from 1 to 2147483647");
		point->room = component->number;
	}
	return 0;
}

int file_point_resolve(struct family_match *match)
{
	const struct point_component *first = &match->point->components.items[0];
	struct file_point *point = arena_new_object(match->arena, struct file_point);
	struct site *site = arena_new_object(match->arena, struct site);
	struct moment_probe moment = { .moment = MOMENT_FILE };
	const char *problem;

	point->path = first->argument_kind == ARGUMENT_STRING ? first->string : DEFAULT_PATH;
	point->umask = DEFAULT_UMASK;
	problem = path_problem(point->path);
	if (problem)
		return refuse(match, first, arena_printf(match->arena, "the path of procfs %s",
							 problem));
	for (size_t i = 1; i < match->point->components.count; i++) {
		int error = take_component(match, &match->point->components.items[i], point);

		if (error)
			return error;
	}
	site->name = point->path;
	site->data = point;
	match->emit(match, match->point, site, arena_memdup(match->arena, &moment, sizeof(moment)));
	return 0;
}

const struct family_text file_read_text = {
	"$value", NULL, "__file_answer", "__file_answer_more",
};
const struct family_text file_write_text = { "$value", "__file_written", NULL, NULL };

/* ---- the tree ---- */

size_t file_tree_find(const struct file_tree *tree, size_t parent, const char *name)
{
	for (size_t i = 1; i < tree->nodes.count; i++)
		if (tree->nodes.items[i].parent == parent &&
		    strcmp(tree->nodes.items[i].name, name) == 0)
			return i;
	return 0;
}

static size_t tree_grow(struct file_tree *tree, size_t parent, const char *name, bool is_directory)
{
	size_t found = file_tree_find(tree, parent, name);

	if (found)
		return tree->nodes.items[found].is_directory == is_directory ? found : 0;
	array_push(tree->arena, &tree->nodes,
		   (struct file_node){ .name = name, .parent = parent, .is_directory = is_directory,
				       .mode = is_directory ? 0555 : 0 });
	return tree->nodes.count - 1;
}

/* the node of @path, with the directories that lead there; 0 when a file is also a directory */
static size_t tree_grow_path(struct file_tree *tree, const char *path)
{
	char *rest = arena_strdup(tree->arena, path), *name;
	size_t node = 0;

	while ((name = strsep(&rest, "/"))) {
		node = tree_grow(tree, node, name, rest != NULL);
		if (!node)
			return 0;
	}
	return node;
}

void file_binding_add(struct arena *arena, struct binding **list, struct probe *probe)
{
	struct binding *binding = arena_new_object(arena, struct binding);

	binding->probe = probe;
	while (*list)
		list = (struct binding **)&(*list)->next;
	*list = binding;
}

static void node_add_probe(struct file_tree *tree, struct file_node *node, struct probe *probe,
			   const struct run_options *options)
{
	const struct file_point *point = file_point_of(probe);
	int64_t room = point->room ? point->room : options->limits[LIMIT_STP_PROCFS_BUFSIZE];
	struct binding *reader = NULL;

	if (!room)
		room = options->limits[LIMIT_MAXSTRINGLEN];
	room = room > 1 ? room - 1 : 1; /* the limit counts an end mark */
	node->mode |= (point->is_write ? 0222 : 0444) & ~point->umask;
	if (point->is_write) {
		file_binding_add(tree->arena, &node->writers, probe);
		node->write_room = (size_t)room;
	} else {
		file_binding_add(tree->arena, &reader, probe);
		node->reader = reader;
		node->read_room = (size_t)room;
	}
}

int file_tree_build(struct file_tree *tree, const struct program *program,
		    const struct run_options *options, struct buf *problem)
{
	array_push(tree->arena, &tree->nodes,
		   (struct file_node){ .name = "", .is_directory = true, .mode = 0555 });
	for (size_t i = 0; i < program->probes.count; i++) {
		const struct file_point *point = file_point_of(program->probes.items[i]);
		size_t at;

		if (!point || strcmp(point->path, FILE_PROBE_STDIN) == 0)
			continue;
		at = tree_grow_path(tree, point->path);
		if (!at || (!point->is_write && tree->nodes.items[at].reader)) {
			buf_printf(problem, at ? "two probes answer reads of procfs(\"%s\")" :
				   "procfs(\"%s\") would be a file and a directory", point->path);
			return -EINVAL;
		}
		node_add_probe(tree, &tree->nodes.items[at], program->probes.items[i], options);
	}
	return 0;
}

/* ---- natives: $value ---- */

static struct exchange *exchange_of(const struct native_call *call)
{
	const struct event *event = call->session->now.event;
	struct exchange *exchange = NULL;

	if (event->size == sizeof(exchange))
		memcpy(&exchange, event->data, sizeof(exchange));
	return exchange;
}

bool builtin___file_written(struct native_call *call)
{
	const struct exchange *exchange = exchange_of(call);

	return native_return_text(call, exchange ? exchange->written : "",
				  exchange ? exchange->length : 0);
}

static bool answer(struct native_call *call, bool more)
{
	struct exchange *exchange = exchange_of(call);
	struct str *text = call->arguments[0].string;
	size_t room;

	call->result.string = str_ref(text);
	if (!exchange || !exchange->answer)
		return true;
	if (!more)
		buf_reset(exchange->answer);
	room = exchange->room - exchange->answer->length;
	buf_add(exchange->answer, text->data, text->length < room ? text->length : room);
	return true;
}

bool builtin___file_answer(struct native_call *call)
{
	return answer(call, false);
}

bool builtin___file_answer_more(struct native_call *call)
{
	return answer(call, true);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(file_paths_stay_below_the_root)
{
	static const char *const bad[] = { "", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "../a" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(path_problem(bad[i]) != NULL);
	CHECK(!path_problem("a"));
	CHECK(!path_problem("a/b.c/...d"));
}

/* a program of procfs probes with these points */
static int test_tree(struct file_tree *tree, struct file_point *points, size_t count)
{
	static const struct family family = { .pattern = "procfs", .source = FAMILY_AGGREGATOR };
	static struct moment_probe moment = { .moment = MOMENT_FILE };
	struct program program = { .arena = arena_new() };
	struct site *sites = arena_alloc(program.arena, count * sizeof(*sites));
	struct probe *probes = arena_alloc(program.arena, count * sizeof(*probes));
	struct run_options options;
	struct buf problem = BUF_INIT;
	int error;

	run_options_init(&options);
	for (size_t i = 0; i < count; i++) {
		sites[i].data = &points[i];
		probes[i].family = &family;
		probes[i].data = &moment;
		array_push(program.arena, &probes[i].sites, &sites[i]);
		array_push(program.arena, &program.probes, &probes[i]);
	}
	*tree = (struct file_tree){ .arena = program.arena };
	error = file_tree_build(tree, &program, &options, &problem);
	CHECK_INT(error != 0, problem.length != 0);
	buf_free(&problem);
	return error;
}

UNIT_TEST_CASE(file_tree_has_modes_and_directories)
{
	struct file_point points[] = {
		{ "dir/in", true, 0077, 0 }, { "dir/out", false, 0040, 100 },
		{ "dir/in", false, 0077, 0 }, { FILE_PROBE_STDIN, true, 0077, 0 },
	};
	struct file_tree tree;
	size_t dir, in, out;

	CHECK_INT(test_tree(&tree, points, ARRAY_SIZE(points)), 0);
	CHECK_INT(tree.nodes.count, 4);
	dir = file_tree_find(&tree, 0, "dir");
	in = file_tree_find(&tree, dir, "in");
	out = file_tree_find(&tree, dir, "out");
	CHECK(dir && in && out && tree.nodes.items[dir].is_directory);
	CHECK_INT(tree.nodes.items[in].mode, 0600);
	CHECK_INT(tree.nodes.items[out].mode, 0404);
	CHECK_INT(tree.nodes.items[out].read_room, 99);
	CHECK_INT(file_tree_find(&tree, 0, "in"), 0);
	arena_free(tree.arena);
}

UNIT_TEST_CASE(file_tree_refuses_what_cannot_be)
{
	struct file_point twice[] = { { "a", false, 0, 0 }, { "a", false, 0, 0 } };
	struct file_point both[] = { { "a", false, 0, 0 }, { "a/b", false, 0, 0 } };
	struct file_tree tree;

	CHECK_INT(test_tree(&tree, twice, 2), -EINVAL);
	arena_free(tree.arena);
	CHECK_INT(test_tree(&tree, both, 2), -EINVAL);
	arena_free(tree.arena);
}
#endif
