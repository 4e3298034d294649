/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bodies of probes whose `$name` means the value where the call began (struct family,
 * targets_at_entry). The largest parts of an expression that look at such targets and at no
 * variable become @entry(part): the entry probe computes them, memory and strings included, while
 * what they point to still is what the caller passed.
 */
#include "semantic.h"

struct part {
	bool has_target;   /* one that means the entry's value */
	bool has_variable; /* which only the return probe has */
};

static bool is_of_return(const struct expr *target)
{
	return strcmp(target->name, "$return") == 0 || strcmp(target->name, "$ret") == 0 ||
	       strcmp(target->name, "$$return") == 0;
}

static void look_at(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct part *part = visitor->data;
	bool of_entry = expr->kind == EXPR_TARGET && expr->name && !is_of_return(expr);

	if (of_entry)
		part->has_target = true;
	else if (is_write || expr->kind == EXPR_SYMBOL || expr->kind == EXPR_TARGET ||
		 expr->kind == EXPR_ENTRY)
		part->has_variable = true;
}

static struct part part_of(struct expr *expr)
{
	struct part part = { false, false };
	struct tree_visitor visitor = { .expr = look_at, .data = &part };

	tree_walk_expr(&visitor, expr, false);
	return part;
}

static void wrap(struct arena *arena, struct expr **slot)
{
	struct expr *expr = *slot, *entry;
	struct part part;

	if (!expr || expr->kind == EXPR_ENTRY)
		return;
	part = part_of(expr);
	if (!part.has_target)
		return;
	if (!part.has_variable) {
		entry = make_expr(arena, EXPR_ENTRY, expr->token);
		entry->a = expr;
		*slot = entry;
		return;
	}
	wrap(arena, &expr->a);
	wrap(arena, &expr->b);
	wrap(arena, &expr->c);
	for (size_t i = 0; i < expr->arg_count; i++)
		wrap(arena, &expr->args[i]);
	for (size_t i = 0; i < expr->path.count; i++)
		wrap(arena, &expr->path.items[i].index);
}

void entry_wrap_targets(struct arena *arena, struct stmt *stmt)
{
	if (!stmt)
		return;
	wrap(arena, &stmt->initial);
	wrap(arena, &stmt->expr);
	wrap(arena, &stmt->step);
	if (stmt->foreach)
		wrap(arena, &stmt->foreach->limit);
	entry_wrap_targets(arena, stmt->then);
	entry_wrap_targets(arena, stmt->otherwise);
	for (size_t i = 0; i < stmt->body.count; i++)
		entry_wrap_targets(arena, stmt->body.items[i]);
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

	both->a = test_node(arena, EXPR_TARGET, "$fd");
	both->b = make_number(arena, 1, NULL);
	sum->a = both;
	sum->b = test_node(arena, EXPR_SYMBOL, "n");
	stmt->expr = sum;
	entry_wrap_targets(arena, stmt);
	CHECK(stmt->expr == sum);
	CHECK_INT(sum->a->kind, EXPR_ENTRY);
	CHECK(sum->a->a == both);
	sum->a = test_node(arena, EXPR_TARGET, "$return");
	entry_wrap_targets(arena, stmt);
	CHECK_INT(sum->a->kind, EXPR_TARGET);
	arena_free(arena);
}
#endif
