/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deep copies of trees: an alias body is resolved anew for every probe that uses it, so each gets
 * its own. What resolution had set is left out of the copy.
 */
#include "frontend.h"

static void copy_args(struct arena *arena, struct expr *copy)
{
	struct expr **args = copy->args;

	if (!copy->arg_count)
		return;
	copy->args = arena_alloc(arena, copy->arg_count * sizeof(*args));
	for (size_t i = 0; i < copy->arg_count; i++)
		copy->args[i] = expr_copy(arena, args[i]);
}

static void copy_path(struct arena *arena, struct expr *copy)
{
	const struct target_component *items = copy->path.items;
	size_t count = copy->path.count;

	copy->path.items = NULL;
	copy->path.count = copy->path.capacity = 0;
	for (size_t i = 0; i < count; i++) {
		struct target_component component = items[i];

		component.index = expr_copy(arena, component.index);
		array_push(arena, &copy->path, component);
	}
}

struct expr *expr_copy(struct arena *arena, const struct expr *expr)
{
	struct expr *copy;

	if (!expr)
		return NULL;
	copy = arena_memdup(arena, expr, sizeof(*expr));
	copy->type = TYPE_UNKNOWN;
	copy->variable = NULL;
	copy->function = NULL;
	copy->builtin = NULL;
	copy->a = expr_copy(arena, expr->a);
	copy->b = expr_copy(arena, expr->b);
	copy->c = expr_copy(arena, expr->c);
	copy_args(arena, copy);
	copy_path(arena, copy);
	if (expr->print)
		copy->print = arena_memdup(arena, expr->print, sizeof(*expr->print));
	return copy;
}

static struct foreach_spec *foreach_copy(struct arena *arena, const struct foreach_spec *foreach)
{
	struct foreach_spec *copy = arena_memdup(arena, foreach, sizeof(*foreach));

	copy->keys.items = NULL;
	copy->keys.count = copy->keys.capacity = 0;
	for (size_t i = 0; i < foreach->keys.count; i++)
		array_push(arena, &copy->keys, expr_copy(arena, foreach->keys.items[i]));
	copy->value = expr_copy(arena, foreach->value);
	copy->array = expr_copy(arena, foreach->array);
	copy->limit = expr_copy(arena, foreach->limit);
	return copy;
}

struct stmt *stmt_copy(struct arena *arena, const struct stmt *stmt)
{
	struct stmt *copy;

	if (!stmt)
		return NULL;
	copy = arena_memdup(arena, stmt, sizeof(*stmt));
	copy->expr = expr_copy(arena, stmt->expr);
	copy->initial = expr_copy(arena, stmt->initial);
	copy->step = expr_copy(arena, stmt->step);
	copy->then = stmt_copy(arena, stmt->then);
	copy->otherwise = stmt_copy(arena, stmt->otherwise);
	copy->catch_variable = expr_copy(arena, stmt->catch_variable);
	if (stmt->foreach)
		copy->foreach = foreach_copy(arena, stmt->foreach);
	copy->body.items = NULL;
	copy->body.count = copy->body.capacity = 0;
	for (size_t i = 0; i < stmt->body.count; i++)
		array_push(arena, &copy->body, stmt_copy(arena, stmt->body.items[i]));
	return copy;
}
