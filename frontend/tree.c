/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walking and making the tree of ast.h: one visitor that knows where every child hangs and which
 * symbols are written, and the makers of the few nodes that passes put in.
 */
#include "semantic.h"

struct expr *make_expr(struct arena *arena, enum expr_kind kind, const struct token *token)
{
	struct expr *expr = arena_new_object(arena, struct expr);

	expr->kind = kind;
	expr->token = token;
	return expr;
}

struct expr *make_number(struct arena *arena, int64_t number, const struct token *token)
{
	struct expr *expr = make_expr(arena, EXPR_NUMBER, token);

	expr->number = number;
	expr->type = TYPE_LONG;
	return expr;
}

struct expr *make_string(struct arena *arena, const char *text, size_t length,
			 const struct token *token)
{
	struct expr *expr = make_expr(arena, EXPR_STRING, token);

	expr->string = text;
	expr->string_length = length;
	expr->type = TYPE_STRING;
	return expr;
}

struct stmt *make_stmt(struct arena *arena, enum stmt_kind kind, const struct token *token)
{
	struct stmt *stmt = arena_new_object(arena, struct stmt);

	stmt->kind = kind;
	stmt->token = token;
	return stmt;
}

void tree_walk_expr(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	bool writes_a;

	if (!expr)
		return;
	if (visitor->expr)
		visitor->expr(visitor, expr, is_write);
	writes_a = expr->kind == EXPR_ASSIGN || expr->kind == EXPR_INCREMENT;
	tree_walk_expr(visitor, expr->a, writes_a);
	tree_walk_expr(visitor, expr->b, false);
	tree_walk_expr(visitor, expr->c, false);
	for (size_t i = 0; i < expr->arg_count; i++)
		tree_walk_expr(visitor, expr->args[i], false);
	for (size_t i = 0; i < expr->path.count; i++)
		tree_walk_expr(visitor, expr->path.items[i].index, false);
}

static void walk_foreach(struct tree_visitor *visitor, struct foreach_spec *foreach)
{
	for (size_t i = 0; i < foreach->keys.count; i++)
		tree_walk_expr(visitor, foreach->keys.items[i], true);
	tree_walk_expr(visitor, foreach->value, true);
	tree_walk_expr(visitor, foreach->array, false);
	tree_walk_expr(visitor, foreach->limit, false);
}

void tree_walk_stmt(struct tree_visitor *visitor, struct stmt *stmt)
{
	if (!stmt)
		return;
	if (visitor->stmt)
		visitor->stmt(visitor, stmt);
	tree_walk_expr(visitor, stmt->initial, false);
	tree_walk_expr(visitor, stmt->expr, stmt->kind == STMT_DELETE);
	tree_walk_expr(visitor, stmt->step, false);
	if (stmt->foreach)
		walk_foreach(visitor, stmt->foreach);
	tree_walk_stmt(visitor, stmt->then);
	tree_walk_expr(visitor, stmt->catch_variable, true);
	tree_walk_stmt(visitor, stmt->otherwise);
	for (size_t i = 0; i < stmt->body.count; i++)
		tree_walk_stmt(visitor, stmt->body.items[i]);
}
