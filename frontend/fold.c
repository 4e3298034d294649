/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The optimiser: what nobody can notice goes away, to a fixpoint. Before types are known only
 * unused locals, statements without effect and functions nobody calls any more (as SystemTap
 * does, so that the same scripts pass inference); afterwards also constants and the branches they
 * decide. Nothing here changes what a script prints.
 */
#include "semantic.h"

#define MAX_ROUNDS 64 /* each removes something; a bound for hostile nesting */

struct folder {
	struct semantics *sem;
	struct probe *probe; /* NULL in functions */
	bool quiet;	     /* no warnings: an alias's body, or not the user's */
};

static void fold_stmt(struct folder *folder, struct stmt **slot);
static void fold_expr(struct folder *folder, struct expr **slot);

/* ---- effects ---- */

/* ending in a run-time error is an effect: a handler may catch it */
static bool may_divide_by_zero(const struct expr *expr)
{
	return (expr->op == OP_DIV || expr->op == OP_MOD) &&
	       !(expr->b->kind == EXPR_NUMBER && expr->b->number);
}

static void note_effect(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	bool *has_effect = visitor->data;

	switch (expr->kind) {
	case EXPR_SYMBOL:
		if (is_write && expr->variable && expr->variable->scope == SCOPE_GLOBAL)
			*has_effect = true;
		break;
	case EXPR_INDEX:
		*has_effect |= is_write;
		break;
	case EXPR_ASSIGN:
		*has_effect |= expr->b && may_divide_by_zero(expr);
		break;
	case EXPR_PRINT:
		*has_effect |= !expr->print->to_string;
		break;
	case EXPR_CALL:
		if (expr->builtin)
			*has_effect |= !(expr->builtin->flags & (BUILTIN_PURE | BUILTIN_READS));
		else
			*has_effect |= !expr->function || !expr->function->is_pure;
		break;
	case EXPR_BINARY:
		*has_effect |= may_divide_by_zero(expr);
		break;
	case EXPR_STAT: /* an empty statistic has a count and a sum, but no average */
		*has_effect |= (expr->stat & (STAT_COUNT | STAT_SUM)) == 0;
		break;
	case EXPR_REGEX: /* sets what matched() returns */
	case EXPR_EMBEDDED:
	case EXPR_PROBEWRITE:
		*has_effect = true;
		break;
	default:
		break;
	}
}

/* a loop is none: upstream leaves out a function whose value nobody takes, loops and all */
static void note_stmt_effect(struct tree_visitor *visitor, struct stmt *stmt)
{
	bool *has_effect = visitor->data;

	*has_effect |= stmt->kind == STMT_DELETE || stmt->kind == STMT_EMBEDDED ||
		       stmt->kind == STMT_NEXT;
}

static void note_local_write(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	note_effect(visitor, expr, is_write);
	if (is_write && expr->kind == EXPR_SYMBOL)
		*(bool *)visitor->data = true;
}

bool fold_is_pure(const struct expr *expr)
{
	bool has_effect = false;
	struct tree_visitor visitor = { .expr = note_local_write, .data = &has_effect };

	tree_walk_expr(&visitor, (struct expr *)expr, false);
	return !has_effect;
}

bool fold_changes_locals_only(struct stmt *stmt)
{
	bool has_effect = false;
	struct tree_visitor visitor = { .expr = note_effect, .stmt = note_stmt_effect,
					.data = &has_effect };

	tree_walk_stmt(&visitor, stmt);
	return !has_effect;
}

static bool function_has_effect(const struct function *function)
{
	return function->embedded ? !strstr(function->embedded, "/* pure */") :
				    !fold_changes_locals_only(function->body);
}

/* start with everything pure and take back what calls an effect, until it stays */
static void find_pure_functions(struct semantics *sem)
{
	bool changed = true;

	for (size_t i = 0; i < sem->functions.count; i++)
		sem->functions.items[i]->is_pure = true;
	while (changed) {
		changed = false;
		for (size_t i = 0; i < sem->functions.count; i++) {
			struct function *function = sem->functions.items[i];

			if (function->is_pure && function_has_effect(function)) {
				function->is_pure = false;
				changed = true;
			}
		}
	}
}

/* ---- reads ---- */

struct read_counter {
	const struct expr *unused[3]; /* of the current statement: nobody takes their value */
};

static void count_expr(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	const struct read_counter *counter = visitor->data;
	bool is_unused = expr == counter->unused[0] || expr == counter->unused[1] ||
			 expr == counter->unused[2];

	if (expr->variable) {
		if (is_write)
			expr->variable->write_count++;
		else
			expr->variable->read_count++;
	}
	if (is_unused || !expr->a || !expr->a->variable)
		return;
	if (expr->kind == EXPR_INCREMENT || (expr->kind == EXPR_ASSIGN && expr->op != OP_ASSIGN))
		expr->a->variable->read_count++;
}

static void count_stmt(struct tree_visitor *visitor, struct stmt *stmt)
{
	struct read_counter *counter = visitor->data;

	counter->unused[0] = stmt->kind == STMT_EXPR ? stmt->expr : NULL;
	counter->unused[1] = stmt->initial;
	counter->unused[2] = stmt->step;
}

static void clear_count(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	(void)visitor, (void)is_write;
	if (expr->variable)
		expr->variable->read_count = expr->variable->write_count = 0;
}

static void visit_everything(struct semantics *sem, struct tree_visitor *visitor)
{
	for (size_t i = 0; i < sem->builds.count; i++) {
		tree_walk_stmt(visitor, sem->builds.items[i]->probe->body);
		tree_walk_expr(visitor, sem->builds.items[i]->probe->condition, false);
	}
	for (size_t i = 0; i < sem->functions.count; i++)
		tree_walk_stmt(visitor, sem->functions.items[i]->body);
}

void fold_count_uses(struct semantics *sem)
{
	struct read_counter counter = { { NULL } };
	struct tree_visitor clear = { .expr = clear_count };
	struct tree_visitor count = { .expr = count_expr, .stmt = count_stmt, .data = &counter };

	visit_everything(sem, &clear);
	visit_everything(sem, &count);
}

/* ---- warnings, only about what the user wrote ---- */

static bool may_warn(const struct folder *folder, const struct token *token)
{
	return !folder->quiet && token && token->place.file &&
	       token->place.file->kind == SOURCE_SCRIPT;
}

/* ---- constants ---- */

static bool is_number(const struct expr *expr)
{
	return expr && expr->kind == EXPR_NUMBER;
}

static bool is_string(const struct expr *expr)
{
	return expr && expr->kind == EXPR_STRING;
}

static int64_t shift(enum op op, int64_t a, uint64_t count)
{
	count &= 63; /* as the VM and x86 do */
	if (op == OP_SHL)
		return (int64_t)((uint64_t)a << count);
	return op == OP_SHR ? a >> count : (int64_t)((uint64_t)a >> count);
}

/* 64 bits wrap around; false leaves the operation, and its error, for run time */
static bool fold_arithmetic(enum op op, int64_t a, int64_t b, int64_t *result)
{
	uint64_t x = (uint64_t)a, y = (uint64_t)b;

	switch (op) {
	case OP_ADD: *result = (int64_t)(x + y); return true;
	case OP_SUB: *result = (int64_t)(x - y); return true;
	case OP_MUL: *result = (int64_t)(x * y); return true;
	case OP_DIV:
		if (b == 0)
			return false;
		*result = b == -1 ? (int64_t)(0 - x) : a / b;
		return true;
	case OP_MOD:
		if (b == 0)
			return false;
		*result = b == -1 ? 0 : a % b;
		return true;
	case OP_SHL: case OP_SHR: case OP_USHR:
		*result = shift(op, a, y);
		return true;
	case OP_AND: *result = a & b; return true;
	case OP_OR: *result = a | b; return true;
	case OP_XOR: *result = a ^ b; return true;
	default: return false;
	}
}

static int64_t fold_unary_value(enum op op, int64_t a)
{
	switch (op) {
	case OP_NEG: return (int64_t)(0 - (uint64_t)a);
	case OP_NOT: return !a;
	case OP_COMPL: return ~a;
	default: return a;
	}
}

bool fold_value(const struct expr *expr, int64_t *value)
{
	int64_t a, b;

	switch (expr->kind) {
	case EXPR_NUMBER:
		*value = expr->number;
		return true;
	case EXPR_UNARY:
		if (!fold_value(expr->a, &a))
			return false;
		*value = fold_unary_value(expr->op, a);
		return true;
	case EXPR_BINARY:
		return fold_value(expr->a, &a) && fold_value(expr->b, &b) &&
		       fold_arithmetic(expr->op, a, b, value);
	case EXPR_TERNARY:
		return fold_value(expr->a, &a) && fold_value(a ? expr->b : expr->c, value);
	default:
		return false;
	}
}

static int64_t fold_order(enum op op, int order)
{
	switch (op) {
	case OP_LT: return order < 0;
	case OP_LE: return order <= 0;
	case OP_GT: return order > 0;
	case OP_GE: return order >= 0;
	case OP_EQ: return order == 0;
	default: return order != 0;
	}
}

static int compare_constants(const struct expr *a, const struct expr *b)
{
	size_t common = a->string_length < b->string_length ? a->string_length : b->string_length;
	int order;

	if (is_number(a))
		return (a->number > b->number) - (a->number < b->number);
	order = memcmp(a->string, b->string, common);
	return order ? order : (a->string_length > b->string_length) -
			       (a->string_length < b->string_length);
}

static void replace(struct folder *folder, struct expr **slot, struct expr *with)
{
	with->type = (*slot)->type;
	*slot = with;
	folder->sem->changed = true;
}

static void replace_number(struct folder *folder, struct expr **slot, int64_t number)
{
	replace(folder, slot, make_number(folder->sem->arena, number, (*slot)->token));
}

static void fold_concat(struct folder *folder, struct expr **slot)
{
	const struct expr *a = (*slot)->a, *b = (*slot)->b;
	struct buf text = BUF_INIT;

	if (!is_string(a) || !is_string(b))
		return;
	buf_add(&text, a->string, a->string_length);
	buf_add(&text, b->string, b->string_length);
	replace(folder, slot, make_string(folder->sem->arena,
					  arena_memdup(folder->sem->arena, buf_text(&text),
						       text.length),
					  text.length, (*slot)->token));
	buf_free(&text);
}

static void fold_unary(struct folder *folder, struct expr **slot)
{
	const struct expr *a = (*slot)->a;

	if (is_number(a))
		replace_number(folder, slot, fold_unary_value((*slot)->op, a->number));
}

/* a && b, a || b: a constant left side decides or leaves !!b */
static void fold_logic(struct folder *folder, struct expr **slot)
{
	struct expr *expr = *slot;
	bool is_and = expr->kind == EXPR_AND;

	if (!is_number(expr->a))
		return;
	if ((expr->a->number != 0) != is_and)
		replace_number(folder, slot, !is_and);
	else if (is_number(expr->b))
		replace_number(folder, slot, expr->b->number != 0);
}

static void fold_constant(struct folder *folder, struct expr **slot)
{
	struct expr *expr = *slot, *branch;
	int64_t number;

	switch (expr->kind) {
	case EXPR_UNARY:
		fold_unary(folder, slot);
		break;
	case EXPR_BINARY:
		if (is_number(expr->a) && is_number(expr->b) &&
		    fold_arithmetic(expr->op, expr->a->number, expr->b->number, &number))
			replace_number(folder, slot, number);
		break;
	case EXPR_COMPARE:
		if ((is_number(expr->a) && is_number(expr->b)) ||
		    (is_string(expr->a) && is_string(expr->b)))
			replace_number(folder, slot,
				       fold_order(expr->op, compare_constants(expr->a, expr->b)));
		break;
	case EXPR_AND: case EXPR_OR:
		fold_logic(folder, slot);
		break;
	case EXPR_CONCAT:
		fold_concat(folder, slot);
		break;
	case EXPR_TERNARY:
		branch = is_number(expr->a) ? expr->a->number ? expr->b : expr->c : NULL;
		if (branch)
			replace(folder, slot, branch);
		break;
	default:
		break;
	}
}

/* ---- expressions ---- */

static bool is_unread_local(const struct expr *expr)
{
	return expr->kind == EXPR_SYMBOL && expr->variable &&
	       expr->variable->scope == SCOPE_LOCAL && !expr->variable->read_count;
}

static void warn_unread(struct folder *folder, const struct expr *expr)
{
	/* later ones are our own doing: constants, reads that became captures */
	if (may_warn(folder, expr->a->token) && !folder->sem->types_known)
		diag_warning(folder->sem->frontend, expr->a->token,
			     "the value assigned to '%s' is never used", expr->a->name);
}

/* x = value, and x is never read: value. SystemTap leaves x++ and x += value alone, so do we */
static void fold_unread(struct folder *folder, struct expr **slot)
{
	struct expr *expr = *slot;

	if (!is_unread_local(expr->a))
		return;
	warn_unread(folder, expr);
	*slot = expr->b;
	folder->sem->changed = true;
}

static void fold_children(struct folder *folder, struct expr *expr)
{
	if (expr->a)
		fold_expr(folder, &expr->a);
	if (expr->b)
		fold_expr(folder, &expr->b);
	if (expr->c)
		fold_expr(folder, &expr->c);
	for (size_t i = 0; i < expr->arg_count; i++)
		if (expr->args[i])
			fold_expr(folder, &expr->args[i]);
}

static void fold_expr(struct folder *folder, struct expr **slot)
{
	if (!*slot)
		return;
	fold_children(folder, *slot);
	if ((*slot)->kind == EXPR_ASSIGN && (*slot)->op == OP_ASSIGN)
		fold_unread(folder, slot);
	else if (folder->sem->types_known)
		fold_constant(folder, slot);
}

/* ---- statements ---- */

static bool is_empty(const struct stmt *stmt)
{
	if (!stmt || stmt->kind == STMT_NULL)
		return true;
	if (stmt->kind != STMT_BLOCK)
		return false;
	for (size_t i = 0; i < stmt->body.count; i++)
		if (!is_empty(stmt->body.items[i]))
			return false;
	return true;
}

static void make_empty(struct folder *folder, struct stmt **slot)
{
	*slot = make_stmt(folder->sem->arena, STMT_NULL, (*slot)->token);
	folder->sem->changed = true;
}

static void fold_expression_stmt(struct folder *folder, struct stmt **slot)
{
	struct stmt *stmt = *slot;
	const struct expr *before = stmt->expr;

	fold_expr(folder, &stmt->expr);
	if (!fold_is_pure(stmt->expr))
		return;
	if (stmt->expr == before && may_warn(folder, stmt->expr->token) &&
	    !folder->sem->types_known)
		diag_warning(folder->sem->frontend, stmt->expr->token,
			     "this statement has no effect");
	make_empty(folder, slot);
}

/* keep only what evaluating the condition does */
static void keep_condition(struct folder *folder, struct stmt **slot)
{
	struct stmt *kept = make_stmt(folder->sem->arena, STMT_EXPR, (*slot)->token);

	kept->expr = (*slot)->expr;
	folder->sem->changed = true;
	if (fold_is_pure(kept->expr))
		make_empty(folder, slot);
	else
		*slot = kept;
}

static void fold_if(struct folder *folder, struct stmt **slot)
{
	struct stmt *stmt = *slot;

	fold_expr(folder, &stmt->expr);
	fold_stmt(folder, &stmt->then);
	fold_stmt(folder, &stmt->otherwise);
	if (is_number(stmt->expr) && folder->sem->types_known) {
		struct stmt *taken = stmt->expr->number ? stmt->then : stmt->otherwise;

		if (taken)
			*slot = taken;
		else
			make_empty(folder, slot);
		folder->sem->changed = true;
	} else if (is_empty(stmt->then) && is_empty(stmt->otherwise)) {
		keep_condition(folder, slot);
	} else if (is_empty(stmt->otherwise)) {
		stmt->otherwise = NULL;
	}
}

static void fold_loop(struct folder *folder, struct stmt **slot)
{
	struct stmt *stmt = *slot;

	if (stmt->initial)
		fold_expr(folder, &stmt->initial);
	if (stmt->expr)
		fold_expr(folder, &stmt->expr);
	if (stmt->step)
		fold_expr(folder, &stmt->step);
	fold_stmt(folder, &stmt->then);
	if (!folder->sem->types_known || !is_number(stmt->expr) || stmt->expr->number)
		return;
	if (stmt->initial) {
		stmt->kind = STMT_EXPR;
		stmt->expr = stmt->initial;
		stmt->initial = stmt->step = NULL;
		stmt->then = NULL;
		folder->sem->changed = true;
	} else {
		make_empty(folder, slot);
	}
}

static void fold_foreach(struct folder *folder, struct stmt **slot)
{
	struct stmt *stmt = *slot;
	struct expr *array = stmt->foreach->array;
	bool is_pure = fold_is_pure(array);

	fold_children(folder, array);
	if (stmt->foreach->limit) {
		fold_expr(folder, &stmt->foreach->limit);
		is_pure &= fold_is_pure(stmt->foreach->limit);
	}
	fold_stmt(folder, &stmt->then);
	for (size_t i = 0; i < stmt->foreach->keys.count; i++)
		is_pure &= is_unread_local(stmt->foreach->keys.items[i]);
	if (stmt->foreach->value)
		is_pure &= is_unread_local(stmt->foreach->value);
	if (is_pure && is_empty(stmt->then) && folder->sem->types_known)
		make_empty(folder, slot);
}

static bool ends_control(const struct stmt *stmt)
{
	return stmt && (stmt->kind == STMT_NEXT || stmt->kind == STMT_RETURN ||
			stmt->kind == STMT_BREAK || stmt->kind == STMT_CONTINUE);
}

/* empty statements go, and what stands behind next, return, break and continue */
static void fold_block(struct folder *folder, struct stmt *block)
{
	size_t kept = 0;

	for (size_t i = 0; i < block->body.count; i++) {
		fold_stmt(folder, &block->body.items[i]);
		if (is_empty(block->body.items[i]))
			continue;
		block->body.items[kept++] = block->body.items[i];
		if (folder->sem->types_known && ends_control(block->body.items[i]))
			break;
	}
	folder->sem->changed |= kept != block->body.count;
	block->body.count = kept;
}

static void fold_try(struct folder *folder, struct stmt **slot)
{
	fold_stmt(folder, &(*slot)->then);
	fold_stmt(folder, &(*slot)->otherwise);
	if (is_empty((*slot)->then))
		make_empty(folder, slot);
}

static void fold_stmt(struct folder *folder, struct stmt **slot)
{
	struct stmt *stmt = *slot;

	if (!stmt)
		return;
	switch (stmt->kind) {
	case STMT_BLOCK: fold_block(folder, stmt); break;
	case STMT_EXPR: fold_expression_stmt(folder, slot); break;
	case STMT_IF: fold_if(folder, slot); break;
	case STMT_WHILE: case STMT_FOR: fold_loop(folder, slot); break;
	case STMT_FOREACH: fold_foreach(folder, slot); break;
	case STMT_TRY: fold_try(folder, slot); break;
	case STMT_RETURN:
		fold_expr(folder, &stmt->expr);
		break;
	case STMT_DELETE:
		fold_children(folder, stmt->expr);
		break;
	case STMT_NULL: case STMT_NEXT: case STMT_BREAK: case STMT_CONTINUE: case STMT_EMBEDDED:
		break;
	}
}

/* the top block's statements are the segments: they stay where they are */
static void fold_build(struct semantics *sem, struct probe_build *build)
{
	struct stmt *body = build->probe->body;

	for (size_t i = 0; i < body->body.count; i++) {
		struct folder folder = { sem, build->probe, build->segments.items[i].is_alias };

		fold_stmt(&folder, &body->body.items[i]);
	}
	if (build->probe->condition) {
		struct folder folder = { sem, build->probe, true };

		fold_expr(&folder, &build->probe->condition);
	}
}

/* ---- what is still called ---- */

static void note_call(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct function *function = expr->kind == EXPR_CALL ? expr->function : NULL;

	(void)is_write;
	for (; function && !function->used; function = function->next_overload) {
		function->used = true;
		tree_walk_stmt(visitor, function->body);
	}
}

void fold_drop_uncalled(struct semantics *sem)
{
	struct tree_visitor visitor = { .expr = note_call };
	size_t kept = 0;

	for (size_t i = 0; i < sem->functions.count; i++)
		sem->functions.items[i]->used = false;
	for (size_t i = 0; i < sem->builds.count; i++) {
		tree_walk_stmt(&visitor, sem->builds.items[i]->probe->body);
		tree_walk_expr(&visitor, sem->builds.items[i]->probe->condition, false);
	}
	for (size_t i = 0; i < sem->functions.count; i++)
		if (sem->functions.items[i]->used)
			sem->functions.items[kept++] = sem->functions.items[i];
	sem->functions.count = kept;
}

/* nothing is saved: the return probe does without */
static void drop_entry(struct semantics *sem, const struct probe *entry)
{
	for (size_t i = 0; i < sem->builds.count; i++) {
		struct probe *probe = sem->builds.items[i]->probe;

		if (probe->entry == entry) {
			probe->entry = NULL;
			probe->stack_pointer = NULL;
		}
	}
}

static void drop_empty_probes(struct semantics *sem)
{
	size_t kept = 0;

	for (size_t i = 0; i < sem->builds.count; i++) {
		struct probe_build *build = sem->builds.items[i];

		if (!is_empty(build->probe->body) || counter_declared(build->probe))
			sem->builds.items[kept++] = build;
		else if (build->probe->is_entry)
			drop_entry(sem, build->probe);
		else
			diag_warning(sem->frontend, build->probe->token,
				     "this probe does nothing and is left out");
	}
	sem->builds.count = kept;
}

void fold_program(struct semantics *sem)
{
	sem->changed = true;
	for (unsigned round = 0; sem->changed && round < MAX_ROUNDS; round++) {
		sem->changed = false;
		find_pure_functions(sem);
		fold_count_uses(sem);
		for (size_t i = 0; i < sem->builds.count; i++)
			fold_build(sem, sem->builds.items[i]);
		for (size_t i = 0; i < sem->functions.count; i++) {
			struct folder folder = { sem, NULL, false };

			fold_stmt(&folder, &sem->functions.items[i]->body);
		}
		fold_drop_uncalled(sem);
	}
	drop_empty_probes(sem);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(fold_wraps_and_truncates_like_c)
{
	int64_t result;

	CHECK(fold_arithmetic(OP_ADD, INT64_MAX, 1, &result) && result == INT64_MIN);
	CHECK(fold_arithmetic(OP_DIV, -7, 2, &result) && result == -3);
	CHECK(fold_arithmetic(OP_MOD, -7, 2, &result) && result == -1);
	CHECK(fold_arithmetic(OP_DIV, INT64_MIN, -1, &result) && result == INT64_MIN);
	CHECK(fold_arithmetic(OP_MOD, INT64_MIN, -1, &result) && result == 0);
	CHECK(fold_arithmetic(OP_SHR, -8, 1, &result) && result == -4);
	CHECK(fold_arithmetic(OP_USHR, -1, 63, &result) && result == 1);
	CHECK(!fold_arithmetic(OP_DIV, 1, 0, &result));
	CHECK(!fold_arithmetic(OP_MOD, 1, 0, &result));
}

UNIT_TEST_CASE(fold_orders_strings_bytewise)
{
	struct expr a = { .kind = EXPR_STRING, .string = "a", .string_length = 1 };
	struct expr b = { .kind = EXPR_STRING, .string = "ab", .string_length = 2 };

	CHECK(fold_order(OP_LT, compare_constants(&a, &b)));
	CHECK(fold_order(OP_NE, compare_constants(&a, &b)));
	CHECK(!fold_order(OP_EQ, compare_constants(&b, &a)));
}
#endif
