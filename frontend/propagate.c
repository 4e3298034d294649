// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Constants go where they are read: a local that an alias's prologue sets once, to a literal,
 * before anything reads it, is that literal. So `name = "read"` of a system call's alias costs
 * nothing at run time. Pass 3's last step: pass 2's product shows the local.
 */
#include "semantic.h"

/* the statements of a body in the order they run, as far as no condition or loop is in between */
typedef ARRAY(struct stmt *) stmt_array;

static void flatten(struct arena *arena, struct stmt *stmt, stmt_array *out)
{
	if (stmt->kind != STMT_BLOCK) {
		array_push(arena, out, stmt);
		return;
	}
	for (size_t i = 0; i < stmt->body.count; i++)
		flatten(arena, stmt->body.items[i], out);
}

/* what is looked for in the statements behind an assignment */
struct propagation {
	const struct variable *variable;
	const struct expr *literal;
	unsigned reads;
};

static void count_read(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct propagation *propagation = visitor->data;

	if (expr->kind == EXPR_SYMBOL && expr->variable == propagation->variable && !is_write)
		propagation->reads++;
}

static void replace_read(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	const struct propagation *propagation = visitor->data;
	const struct token *token = expr->token;

	if (expr->kind != EXPR_SYMBOL || expr->variable != propagation->variable || is_write)
		return;
	*expr = *propagation->literal;
	expr->token = token;
}

static bool is_candidate(const struct stmt *stmt)
{
	const struct expr *expr = stmt->expr;
	const struct variable *variable;

	if (stmt->kind != STMT_EXPR || expr->kind != EXPR_ASSIGN || expr->op != OP_ASSIGN ||
	    expr->a->kind != EXPR_SYMBOL ||
	    (expr->b->kind != EXPR_NUMBER && expr->b->kind != EXPR_STRING))
		return false;
	variable = expr->a->variable;
	return variable->scope == SCOPE_LOCAL && variable->write_count == 1 &&
	       variable->read_count && variable->type == expr->b->type;
}

static void drop_local(variable_array *locals, const struct variable *variable)
{
	size_t kept = 0;

	for (size_t i = 0; i < locals->count; i++) {
		if (locals->items[i] == variable)
			continue;
		locals->items[i]->slot = (unsigned)kept;
		locals->items[kept++] = locals->items[i];
	}
	locals->count = kept;
}

static void propagate_one(struct probe *probe, const stmt_array *stmts, size_t at)
{
	const struct expr *assign = stmts->items[at]->expr;
	struct propagation propagation = { assign->a->variable, assign->b, 0 };
	struct tree_visitor count = { .expr = count_read, .data = &propagation };
	struct tree_visitor replace = { .expr = replace_read, .data = &propagation };

	for (size_t i = at + 1; i < stmts->count; i++)
		tree_walk_stmt(&count, stmts->items[i]);
	if (propagation.reads != assign->a->variable->read_count)
		return;
	for (size_t i = at + 1; i < stmts->count; i++)
		tree_walk_stmt(&replace, stmts->items[i]);
	stmts->items[at]->kind = STMT_NULL;
	stmts->items[at]->expr = NULL;
	drop_local(&probe->locals, propagation.variable);
}

static void propagate_build(struct semantics *sem, struct probe_build *build)
{
	struct stmt *body = build->probe->body;
	stmt_array stmts = { 0 };

	if (!build->segments.count || !build->segments.items[0].is_alias)
		return;
	flatten(sem->arena, body, &stmts);
	for (size_t i = 0; i < stmts.count; i++)
		if (is_candidate(stmts.items[i]))
			propagate_one(build->probe, &stmts, i);
}

void propagate_constants(struct semantics *sem)
{
	fold_count_uses(sem);
	for (size_t i = 0; i < sem->builds.count; i++)
		propagate_build(sem, sem->builds.items[i]);
}

#ifdef UNIT_TEST
#include "test-family.h"

static size_t count_locals(const char *script)
{
	struct frontend *frontend = test_session(NULL, script);
	struct program *program = test_compile(frontend);
	size_t count = 0;

	CHECK(program != NULL && frontend_plan(frontend) == 0);
	for (size_t i = 0; program && i < program->probes.count; i++)
		count += program->probes.items[i]->locals.count;
	frontend_free(frontend);
	return count;
}

UNIT_TEST_CASE(propagate_prologue_constants_are_no_locals)
{
	CHECK_INT(count_locals("probe a = begin { name = \"x\" n = 3 }\n"
			       "probe a { println(name, n); exit() }"), 0);
}

UNIT_TEST_CASE(propagate_leaves_what_is_written_or_read_elsewhere)
{
	CHECK_INT(count_locals("probe a = begin { name = \"x\" }\n"
			       "probe a { println(name); name = \"y\"; exit() }"), 1);
	CHECK_INT(count_locals("probe a = begin { println(n); n = 3 }\n"
			       "probe a { println(n); exit() }"), 1);
	CHECK_INT(count_locals("probe a = begin { if (pid()) n = 3 }\n"
			       "probe a { println(n); exit() }"), 1);
}
#endif
