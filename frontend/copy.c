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

#ifdef UNIT_TEST
#include "../lib/unit.h"
#include "parse.h"

UNIT_TEST_CASE(copy_prints_the_same_and_shares_nothing)
{
	static const char text[] =
		"probe a { foreach (v = [k, l-] in b[*, 1] limit c + 1) { try { x = $p->q[r]$ } "
		"catch (m) { printf(\"%d\", @cast(s, \"t\")->u ? f(1, 2) : @hist_log(w)[3]) } } "
		"for (i = 0; i < 3; i++) if (i in b) delete b[i, 1]; else next }";
	struct frontend_options options = { 0 };
	struct frontend *frontend = frontend_new(&options);
	struct script *script =
		parse_source(frontend, session_add_source(frontend, SOURCE_SCRIPT, "<input>", text,
							  sizeof(text) - 1));
	struct stmt *body = script->probes.items[0]->body;
	struct stmt *copy = stmt_copy(frontend_arena(frontend), body);
	struct buf before = BUF_INIT, after = BUF_INIT;

	CHECK_INT(diag_error_count(frontend), 0);
	stmt_print(body, &before, 0);
	body->body.items[0]->foreach->limit->b->number = 99;
	body->body.items[0]->foreach->array->args[1]->number = 99;
	stmt_print(copy, &after, 0);
	CHECK_STR(buf_text(&after), buf_text(&before));
	buf_free(&before);
	buf_free(&after);
	frontend_free(frontend);
}
#endif
