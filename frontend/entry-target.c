/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bodies of probes whose `$name` means the value where the call began (struct family,
 * targets_at_entry). The largest parts of an expression that look at such targets, at no variable
 * and at nothing that the call may change, and that have no effect, become @entry(part): the entry
 * probe computes them, memory and strings included, while what they point to still is what the
 * caller passed.
 */
#include "semantic.h"

struct part {
	const struct table *own; /* the script's functions, which may do anything */
	bool has_target;	 /* one that means the entry's value */
	bool is_of_return;	 /* uses what only the return probe has, or does something */
};

static bool is_of_return(const struct expr *target)
{
	return strcmp(target->name, "$return") == 0 || strcmp(target->name, "$ret") == 0 ||
	       strcmp(target->name, "$$return") == 0;
}

/* int_arg(1) and its kin: where the call returned the registers hold something else */
static bool is_argument_read(const struct expr *expr)
{
	const struct builtin *builtin = expr->kind == EXPR_CALL ? builtin_find(expr->name) : NULL;
	const struct memory_read *how = builtin ? builtin_memory_read(builtin->id) : NULL;

	return how && how->space == MEMORY_ARGUMENT;
}

/* prints, ends, asks for the time or the task's state: as the return probe says, when it does */
static bool must_wait(const struct part *part, const struct expr *expr)
{
	const struct builtin *builtin;

	if (expr->kind == EXPR_PRINT)
		return !expr->print->to_string;
	if (expr->kind != EXPR_CALL)
		return false;
	if (table_get(part->own, expr->name))
		return true;
	builtin = builtin_find(expr->name);
	return builtin && !(builtin->flags & BUILTIN_PURE) && !builtin_memory_read(builtin->id);
}

static void look_at(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct part *part = visitor->data;
	bool of_entry = (expr->kind == EXPR_TARGET && expr->name && !is_of_return(expr)) ||
			is_argument_read(expr);

	if (of_entry)
		part->has_target = true;
	else if (is_write || expr->kind == EXPR_SYMBOL || expr->kind == EXPR_TARGET ||
		 expr->kind == EXPR_ENTRY || must_wait(part, expr))
		part->is_of_return = true;
}

static struct part part_of(const struct table *own, struct expr *expr)
{
	struct part part = { .own = own };
	struct tree_visitor visitor = { .expr = look_at, .data = &part };

	tree_walk_expr(&visitor, expr, false);
	return part;
}

static void wrap(struct arena *arena, const struct table *own, struct expr **slot)
{
	struct expr *expr = *slot, *entry;
	struct part part;

	if (!expr || expr->kind == EXPR_ENTRY)
		return;
	part = part_of(own, expr);
	if (!part.has_target)
		return;
	if (!part.is_of_return) {
		entry = make_expr(arena, EXPR_ENTRY, expr->token);
		entry->a = expr;
		*slot = entry;
		return;
	}
	wrap(arena, own, &expr->a);
	wrap(arena, own, &expr->b);
	wrap(arena, own, &expr->c);
	for (size_t i = 0; i < expr->arg_count; i++)
		wrap(arena, own, &expr->args[i]);
	for (size_t i = 0; i < expr->path.count; i++)
		wrap(arena, own, &expr->path.items[i].index);
}

void entry_wrap_targets(struct arena *arena, const struct table *own, struct stmt *stmt)
{
	if (!stmt)
		return;
	wrap(arena, own, &stmt->initial);
	wrap(arena, own, &stmt->expr);
	wrap(arena, own, &stmt->step);
	if (stmt->foreach)
		wrap(arena, own, &stmt->foreach->limit);
	entry_wrap_targets(arena, own, stmt->then);
	entry_wrap_targets(arena, own, stmt->otherwise);
	for (size_t i = 0; i < stmt->body.count; i++)
		entry_wrap_targets(arena, own, stmt->body.items[i]);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static struct expr *test_node(struct arena *arena, enum expr_kind kind, const char *name)
{
	struct expr *expr = make_expr(arena, kind, NULL);

	expr->name = name;
	return expr;
}

UNIT_TEST_CASE(entry_targets_are_wrapped_in_the_largest_parts)
{
	struct arena *arena = arena_new();
	struct stmt *stmt = make_stmt(arena, STMT_EXPR, NULL);
	struct expr *sum = test_node(arena, EXPR_BINARY, NULL);
	struct expr *both = test_node(arena, EXPR_BINARY, NULL);
	struct table own;

	table_init(&own, arena);
	both->a = test_node(arena, EXPR_TARGET, "$fd");
	both->b = make_number(arena, 1, NULL);
	sum->a = both;
	sum->b = test_node(arena, EXPR_SYMBOL, "n");
	stmt->expr = sum;
	entry_wrap_targets(arena, &own, stmt);
	CHECK(stmt->expr == sum);
	CHECK_INT(sum->a->kind, EXPR_ENTRY);
	CHECK(sum->a->a == both);
	sum->a = test_node(arena, EXPR_TARGET, "$return");
	entry_wrap_targets(arena, &own, stmt);
	CHECK_INT(sum->a->kind, EXPR_TARGET);
	arena_free(arena);
}

UNIT_TEST_CASE(what_has_an_effect_waits_for_the_return)
{
	struct arena *arena = arena_new();
	struct stmt *stmt = make_stmt(arena, STMT_EXPR, NULL);
	struct expr *call = test_node(arena, EXPR_CALL, "log"), *first;
	struct table own;

	table_init(&own, arena);
	first = test_node(arena, EXPR_CALL, "int_arg");
	call->args = &first;
	call->arg_count = 1;
	stmt->expr = call;
	entry_wrap_targets(arena, &own, stmt);
	CHECK(stmt->expr == call);
	CHECK_INT(call->args[0]->kind, EXPR_ENTRY);
	arena_free(arena);
}
#endif
