/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an alias of the tapset sets and nobody looks at is left out before its names are resolved.
 * The optimiser would drop it later just as well, but `probe syscall.*` has hundreds of aliases:
 * looking up the fields they read, and the functions they call, costs more than all the rest.
 * Only assignments that visibly have no effect go; functions of the tapset whose names begin with
 * an underscore are private helpers of its aliases, and have none.
 */
#include "semantic.h"

struct pruning {
	struct semantics *sem;
	const struct unit *unit;
	struct table needed; /* names somebody looks at, as far as read (from the end) */
	bool has_effect;     /* of the expression being looked at */
};

static void note_name(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct pruning *pruning = visitor->data;

	(void)is_write;
	if (expr->name && expr->kind != EXPR_CALL && expr->kind != EXPR_TARGET)
		table_put(&pruning->needed, expr->name, pruning);
}

static void note_names(struct pruning *pruning, struct stmt *stmt)
{
	struct tree_visitor visitor = { .expr = note_name, .data = pruning };

	tree_walk_stmt(&visitor, stmt);
}

static bool call_has_effect(const struct expr *call)
{
	const struct builtin *builtin = builtin_find(call->name);

	if (builtin)
		return !(builtin->flags & (BUILTIN_PURE | BUILTIN_READS));
	return call->name[0] != '_';
}

static void note_effect(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct pruning *pruning = visitor->data;

	switch (expr->kind) {
	case EXPR_NUMBER: case EXPR_STRING: case EXPR_SYMBOL: case EXPR_TARGET: case EXPR_TERNARY:
	case EXPR_COMPARE: case EXPR_AND: case EXPR_OR: case EXPR_CONCAT: case EXPR_UNARY:
	case EXPR_ENTRY: case EXPR_CAST: case EXPR_INDEX: case EXPR_IN: case EXPR_DEFINED:
	case EXPR_CHOOSE_DEFINED: case EXPR_CONST:
		pruning->has_effect |= is_write;
		break;
	case EXPR_BINARY:
		pruning->has_effect |= expr->op == OP_DIV || expr->op == OP_MOD;
		break;
	case EXPR_PRINT:
		pruning->has_effect |= !expr->print->to_string;
		break;
	case EXPR_CALL:
		pruning->has_effect |= call_has_effect(expr);
		break;
	default:
		pruning->has_effect = true;
	}
}

static bool is_global(const struct pruning *pruning, const char *name)
{
	const struct semantics *sem = pruning->sem;

	return table_get(&pruning->unit->globals, name) || table_get(&sem->user.globals, name) ||
	       table_get(&sem->tapset.globals, name) || table_get(&sem->library.globals, name);
}

/* is @stmt `name = value`, with a name that nobody needs and a value that does nothing? */
static bool is_unneeded(struct pruning *pruning, const struct stmt *stmt)
{
	struct tree_visitor visitor = { .expr = note_effect, .data = pruning };
	const struct expr *assign = stmt->expr;

	if (stmt->kind != STMT_EXPR || assign->kind != EXPR_ASSIGN || assign->op != OP_ASSIGN ||
	    assign->a->kind != EXPR_SYMBOL)
		return false;
	if (table_get(&pruning->needed, assign->a->name) || is_global(pruning, assign->a->name))
		return false;
	pruning->has_effect = false;
	tree_walk_expr(&visitor, assign->b, false);
	return !pruning->has_effect;
}

static void prune_segment(struct pruning *pruning, struct body_segment *segment)
{
	struct arena *arena = pruning->sem->arena;
	struct stmt *kept = make_stmt(arena, STMT_BLOCK, segment->body->token);
	struct stmt **items = segment->body->body.items;
	size_t count = segment->body->body.count;

	for (size_t i = count; i-- > 0;) {
		if (is_unneeded(pruning, items[i]))
			continue;
		note_names(pruning, items[i]);
		array_push(arena, &kept->body, items[i]);
	}
	if (kept->body.count == count)
		return;
	for (size_t i = 0; i < kept->body.count / 2; i++) {
		struct stmt *last = kept->body.items[kept->body.count - 1 - i];

		kept->body.items[kept->body.count - 1 - i] = kept->body.items[i];
		kept->body.items[i] = last;
	}
	segment->body = kept;
}

static void find_embedded(struct tree_visitor *visitor, struct stmt *stmt)
{
	*(bool *)visitor->data |= stmt->kind == STMT_EMBEDDED;
}

static void find_embedded_value(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	(void)is_write;
	*(bool *)visitor->data |= expr->kind == EXPR_EMBEDDED;
}

/* C code may look at any variable */
static bool has_embedded(const struct probe_build *build)
{
	bool found = false;
	struct tree_visitor visitor = { .stmt = find_embedded, .expr = find_embedded_value,
					.data = &found };

	for (size_t i = 0; i < build->segments.count; i++)
		tree_walk_stmt(&visitor, build->segments.items[i].body);
	return found;
}

void prune_build(struct semantics *sem, struct probe_build *build)
{
	struct pruning pruning = { .sem = sem };

	if (sem->keep_all || sem->frontend->options.no_optimize || has_embedded(build))
		return;
	table_init(&pruning.needed, sem->arena);
	for (size_t i = build->segments.count; i-- > 0;) {
		struct body_segment *segment = &build->segments.items[i];

		pruning.unit = segment->unit;
		if (segment->is_alias && !segment->unit->is_user &&
		    segment->body->kind == STMT_BLOCK)
			prune_segment(&pruning, segment);
		else
			note_names(&pruning, segment->body);
	}
}

#ifdef UNIT_TEST
#include "test-family.h"

static size_t statements_left(const char *body)
{
	struct buf text = BUF_INIT;
	struct frontend *frontend;
	struct program *program;
	size_t count = 0;

	buf_printf(&text, "probe made.open { %s }", body);
	frontend = test_session(NULL, buf_text(&text));
	program = test_compile(frontend);
	CHECK(program && program->probes.count == 1);
	for (size_t i = 0; program && i < program->probes.items[0]->body->body.count; i++)
		count += program->probes.items[0]->body->body.items[i]->body.count;
	frontend_free(frontend);
	buf_free(&text);
	return count;
}

UNIT_TEST_CASE(prune_keeps_what_is_looked_at)
{
	CHECK_INT(statements_left("println(1)"), 1);
	CHECK_INT(statements_left("println(flags)"), 2);
}
#endif
