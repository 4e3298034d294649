/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A clone of a resolved function, for one call of it. The body is copied as any tree is; both are
 * then walked alike, and what resolution and inference had said of each expression is said again of
 * its copy, with the clone's own parameters and locals.
 */
#include "semantic.h"

typedef ARRAY(struct expr *) expr_list;
struct gathering {
	struct arena *arena;
	expr_list list;
};

static void gather(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct gathering *gathering = visitor->data;

	(void)is_write;
	array_push(gathering->arena, &gathering->list, expr);
}

static expr_list gather_exprs(struct arena *arena, struct stmt *body)
{
	struct gathering gathering = { .arena = arena };
	struct tree_visitor visitor = { .expr = gather, .data = &gathering };

	tree_walk_stmt(&visitor, body);
	return gathering.list;
}

static void clone_variables(struct arena *arena, const variable_array *from, variable_array *to)
{
	to->items = NULL;
	to->count = to->capacity = 0;
	for (size_t i = 0; i < from->count; i++)
		array_push(arena, to, arena_memdup(arena, from->items[i], sizeof(**from->items)));
}

static struct variable *counterpart(const variable_array *from, const variable_array *to,
				    const struct variable *variable)
{
	for (size_t i = 0; i < from->count; i++)
		if (from->items[i] == variable)
			return to->items[i];
	return NULL;
}

static struct variable *clone_variable(const struct function *function,
				       const struct function *clone, struct variable *variable)
{
	struct variable *own;

	if (!variable || variable->scope == SCOPE_GLOBAL)
		return variable;
	own = counterpart(&function->parameters, &clone->parameters, variable);
	if (!own)
		own = counterpart(&function->locals, &clone->locals, variable);
	return own ? own : variable;
}

struct function *function_clone(struct arena *arena, const struct function *function)
{
	struct function *clone = arena_memdup(arena, function, sizeof(*function));
	expr_list from, to;

	clone_variables(arena, &function->parameters, &clone->parameters);
	clone_variables(arena, &function->locals, &clone->locals);
	clone->body = stmt_copy(arena, function->body);
	from = gather_exprs(arena, function->body);
	to = gather_exprs(arena, clone->body);
	for (size_t i = 0; i < from.count && i < to.count; i++) {
		to.items[i]->type = from.items[i]->type;
		to.items[i]->function = from.items[i]->function;
		to.items[i]->builtin = from.items[i]->builtin;
		to.items[i]->variable = clone_variable(function, clone, from.items[i]->variable);
	}
	return clone;
}
