/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The match tree: what a probe point may be. Each node is one component ("timer", "s(number)");
 * at its nodes hang the probe families that registered the pattern and the aliases that scripts
 * define. expand.c walks it with the points scripts ask for.
 */
#include "semantic.h"

#include <errno.h>
#include <signal.h>

int32_t frontend_process(struct frontend *frontend, const struct point_component *component)
{
	int32_t pid = (int32_t)component->number;

	if (pid == component->number && pid > 0 && (kill(pid, 0) == 0 || errno != ESRCH))
		return pid;
	diag_error(frontend, component->token, "there is no process %lld",
		   (long long)component->number);
	return 0;
}

struct match_node *match_node_new(struct arena *arena, const char *name, enum argument_kind kind)
{
	struct match_node *node = arena_new_object(arena, struct match_node);

	node->name = name;
	node->argument = kind;
	table_init(&node->children, arena);
	return node;
}

static const char *argument_suffix(enum argument_kind kind)
{
	static const char *const suffixes[] = {
		[ARGUMENT_NONE] = "",
		[ARGUMENT_NUMBER] = "(number)",
		[ARGUMENT_STRING] = "(string)",
	};

	return suffixes[kind];
}

struct match_node *match_child(const struct match_node *node,
			       const struct point_component *component)
{
	struct buf key = BUF_INIT;
	struct match_node *child;

	buf_printf(&key, "%s%s", component->name, argument_suffix(component->argument_kind));
	child = table_get(&node->children, buf_text(&key));
	buf_free(&key);
	return child;
}

static struct match_node *match_reach(struct match_node *node, struct arena *arena,
				      const char *name, enum argument_kind kind)
{
	char *key = arena_printf(arena, "%s%s", name, argument_suffix(kind));
	struct match_node *child = table_get(&node->children, key);

	if (!child) {
		child = match_node_new(arena, name, kind);
		table_put(&node->children, key, child);
	}
	return child;
}

/* pattern := name [ '(number)' | '(string)' ] ( '.' pattern )? */
static const char *pattern_component(struct arena *arena, const char *at, char **name,
				     enum argument_kind *kind)
{
	size_t length = strcspn(at, ".(");

	if (!length)
		return NULL;
	*name = arena_memdup(arena, at, length);
	at += length;
	*kind = ARGUMENT_NONE;
	if (text_starts_with(at, "(number)"))
		*kind = ARGUMENT_NUMBER;
	else if (text_starts_with(at, "(string)"))
		*kind = ARGUMENT_STRING;
	else if (*at == '(')
		return NULL;
	return at + strlen(argument_suffix(*kind));
}

bool match_add_family(struct match_node *root, struct arena *arena, struct family_row row)
{
	const char *at = row.family->pattern;
	struct match_node *node = root;

	for (;;) {
		enum argument_kind kind;
		char *name;

		at = pattern_component(arena, at, &name, &kind);
		if (!at || (*at && *at != '.'))
			return false;
		node = match_reach(node, arena, name, kind);
		if (!*at)
			break;
		at++;
	}
	array_push(arena, &node->families, row);
	return true;
}

bool match_add_alias(struct match_node *root, struct arena *arena, struct alias_entry entry,
		     bool once)
{
	const struct probe_point *name = entry.alias->alias;
	struct match_node *node = root;

	for (size_t i = 0; i < name->components.count; i++)
		node = match_reach(node, arena, name->components.items[i].name,
				   name->components.items[i].argument_kind);
	if (once && node->aliases.count)
		return false;
	array_push(arena, &node->aliases, entry);
	return true;
}

bool match_covers(const struct match_node *root, const struct probe_point *point)
{
	const struct match_node *node = root;

	for (size_t i = 0; i < point->components.count; i++) {
		node = match_child(node, &point->components.items[i]);
		if (!node)
			return false;
	}
	return node->families.count > 0 || node->aliases.count > 0;
}

bool match_glob(const struct point_component *pattern, const struct match_node *node)
{
	return pattern->argument_kind == node->argument && text_match(pattern->name, node->name);
}

struct probe_point *point_copy(struct arena *arena, const struct probe_point *point)
{
	struct probe_point *copy = arena_new_object(arena, struct probe_point);

	*copy = *point;
	memset(&copy->components, 0, sizeof(copy->components));
	for (size_t i = 0; i < point->components.count; i++)
		array_push(arena, &copy->components, point->components.items[i]);
	return copy;
}

bool point_has_wildcard(const struct probe_point *point)
{
	for (size_t i = 0; i < point->components.count; i++)
		if (text_has_wildcard(point->components.items[i].name))
			return true;
	return false;
}

char *point_dotted(struct arena *arena, const struct probe_point *point)
{
	struct buf text = BUF_INIT;
	char *dotted;

	for (size_t i = 0; i < point->components.count; i++)
		buf_printf(&text, "%s%s", i ? "." : "", point->components.items[i].name);
	dotted = arena_strdup(arena, buf_text(&text));
	buf_free(&text);
	return dotted;
}

char *point_text(struct arena *arena, const struct probe_point *point)
{
	struct buf text = BUF_INIT;
	char *result;

	point_print(point, &text);
	result = arena_strdup(arena, buf_text(&text));
	buf_free(&text);
	return result;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static struct probe_point *test_point(struct arena *arena, const char *name,
				      enum argument_kind kind, const char *second)
{
	struct probe_point *point = arena_new_object(arena, struct probe_point);
	struct point_component component = { .name = name, .argument_kind = kind };

	array_push(arena, &point->components, component);
	if (second) {
		component = (struct point_component){ .name = second };
		array_push(arena, &point->components, component);
	}
	return point;
}

UNIT_TEST_CASE(match_tree_tells_argument_kinds_apart)
{
	static const struct family family = { .pattern = "a(number).b" };
	struct arena *arena = arena_new();
	struct match_node *root = match_node_new(arena, "", ARGUMENT_NONE);
	struct family_row row = { &family, NULL };

	CHECK(match_add_family(root, arena, row));
	CHECK(match_covers(root, test_point(arena, "a", ARGUMENT_NUMBER, "b")));
	CHECK(!match_covers(root, test_point(arena, "a", ARGUMENT_STRING, "b")));
	CHECK(!match_covers(root, test_point(arena, "a", ARGUMENT_NUMBER, NULL)));
	arena_free(arena);
}

UNIT_TEST_CASE(match_tree_rejects_malformed_patterns)
{
	static const char *const bad[] = { "", "a..b", "a(thing)", "a(number)b" };
	struct arena *arena = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct family family = { .pattern = bad[i] };
		struct family_row row = { &family, NULL };

		CHECK(!match_add_family(match_node_new(arena, "", ARGUMENT_NONE), arena, row));
	}
	arena_free(arena);
}

/* x.return may be an alias of its own that has not been loaded yet, so x does not cover it */
UNIT_TEST_CASE(match_tree_alias_covers_no_suffixes)
{
	struct arena *arena = arena_new();
	struct match_node *root = match_node_new(arena, "", ARGUMENT_NONE);
	struct probe_declaration alias = { .alias = test_point(arena, "x", ARGUMENT_NONE, NULL) };
	struct alias_entry entry = { &alias, NULL };

	CHECK(match_add_alias(root, arena, entry, false));
	CHECK(!match_add_alias(root, arena, entry, true));
	CHECK(match_covers(root, test_point(arena, "x", ARGUMENT_NONE, NULL)));
	CHECK(!match_covers(root, test_point(arena, "x", ARGUMENT_NONE, "return")));
	CHECK_STR(point_dotted(arena, test_point(arena, "x", ARGUMENT_NONE, "return")), "x.return");
	arena_free(arena);
}
#endif
