// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Handlers that only count: `n++`, `n += 4`, `n <<< 1` and nothing else, perhaps for the target
 * alone. When nobody looks at such a global but timers and end probes, no record is needed at all:
 * the kernel counts, and its count is taken over whenever a handler is about to look. Which probes
 * are such is found here; whether their events can be counted, the backends know.
 */
#include "semantic.h"

/* ---- what a handler does ---- */

static bool is_number(const struct expr *expr, int64_t *number)
{
	bool negative = expr->kind == EXPR_UNARY && expr->op == OP_NEG;

	if (negative)
		expr = expr->a;
	if (expr->kind != EXPR_NUMBER)
		return false;
	*number = negative ? (int64_t)(0 - (uint64_t)expr->number) : expr->number;
	return true;
}

/* `n++`, `n--`, `n += 4`, `n -= 4`, `n <<< 4` */
static bool effect_of(const struct expr *expr, struct count_effect *effect)
{
	const struct expr *target = expr->a;

	if ((expr->kind != EXPR_INCREMENT && expr->kind != EXPR_ASSIGN) ||
	    target->kind != EXPR_SYMBOL || target->variable->scope != SCOPE_GLOBAL)
		return false;
	effect->global = target->variable;
	effect->amount = expr->op == OP_DEC ? -1 : 1;
	if (expr->kind == EXPR_INCREMENT)
		return true;
	if (!is_number(expr->b, &effect->amount))
		return false;
	if (expr->op == OP_SUB)
		effect->amount = (int64_t)(0 - (uint64_t)effect->amount);
	return expr->op == OP_ADD || expr->op == OP_SUB || expr->op == OP_AGGREGATE;
}

/* the only condition the filter knows, tested alone */
static bool is_target_test(const struct probe *probe, const struct stmt *stmt)
{
	return stmt->kind == STMT_IF && !stmt->otherwise && probe->filtered_by_target &&
	       probe->filter.count == 1 && stmt->expr->kind == EXPR_COMPARE;
}

static bool is_next(const struct stmt *stmt)
{
	while (stmt->kind == STMT_BLOCK && stmt->body.count == 1)
		stmt = stmt->body.items[0];
	return stmt->kind == STMT_NEXT;
}

/* false when @stmt does more than count; @tested: the target was tested before */
static bool gather_effects(struct arena *arena, struct probe *probe, const struct stmt *stmt,
			   bool *tested)
{
	struct count_effect effect;

	switch (stmt->kind) {
	case STMT_NULL:
		return true;
	case STMT_BLOCK:
		for (size_t i = 0; i < stmt->body.count; i++)
			if (!gather_effects(arena, probe, stmt->body.items[i], tested))
				return false;
		return true;
	case STMT_EXPR:
		if (!effect_of(stmt->expr, &effect))
			return false;
		array_push(arena, &probe->effects, effect);
		return true;
	case STMT_IF:
		if (probe->effects.count || *tested || !is_target_test(probe, stmt))
			return false;
		*tested = true;
		return is_next(stmt->then) || gather_effects(arena, probe, stmt->then, tested);
	default:
		return false;
	}
}

static bool counts_only(struct arena *arena, struct probe *probe)
{
	bool tested = false;

	if (probe->family->source != FAMILY_TRACEFS || !probe->body || probe->condition ||
	    probe->entry || probe->is_entry || probe->captures.count ||
	    !gather_effects(arena, probe, probe->body, &tested))
		return false;
	return probe->effects.count && tested == (probe->filter.count > 0);
}

/* ---- who else looks ---- */

struct mention {
	const struct variable *global;
	bool found;
};

static void look_for(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct mention *mention = visitor->data;

	(void)is_write;
	mention->found |= expr->variable == mention->global;
}

static bool mentions(const struct variable *global, struct stmt *body, struct expr *condition)
{
	struct mention mention = { .global = global };
	struct tree_visitor visitor = { .expr = look_for, .data = &mention };

	tree_walk_expr(&visitor, condition, false);
	tree_walk_stmt(&visitor, body);
	return mention.found;
}

/* begin, end, timers: they run when they run, at no event of the kernel */
static bool may_look(const struct probe *probe)
{
	return probe->counts ||
	       (probe->family->source == FAMILY_AGGREGATOR && !probe->sites.count);
}

static bool is_hidden(const struct program *program, const struct variable *global)
{
	if (global->is_array || (global->type != TYPE_LONG && global->type != TYPE_STATS))
		return false;
	for (size_t i = 0; i < program->functions.count; i++)
		if (program->functions.items[i]->embedded ||
		    mentions(global, program->functions.items[i]->body, NULL))
			return false;
	for (size_t i = 0; i < program->probes.count; i++) {
		const struct probe *probe = program->probes.items[i];

		if (!may_look(probe) && mentions(global, probe->body, probe->condition))
			return false;
	}
	return true;
}

static bool all_hidden(const struct program *program, const struct probe *probe)
{
	for (size_t i = 0; i < probe->effects.count; i++)
		if (!is_hidden(program, probe->effects.items[i].global))
			return false;
	return true;
}

static bool looks_at(const struct probe *probe, const struct probe *counting)
{
	for (size_t i = 0; i < counting->effects.count; i++)
		if (mentions(counting->effects.items[i].global, probe->body, probe->condition))
			return true;
	return false;
}

/* those that look at what @counting counts must have it first */
static void mark_lookers(struct program *program, const struct probe *counting)
{
	for (size_t i = 0; i < program->probes.count; i++)
		if (!program->probes.items[i]->counts)
			program->probes.items[i]->reads_counts |= looks_at(program->probes.items[i],
									   counting);
}

void count_plan(struct semantics *sem, struct program *program)
{
	bool changed = true;

	for (size_t i = 0; i < program->probes.count; i++)
		program->probes.items[i]->counts = counts_only(sem->arena, program->probes.items[i]);
	while (changed) {
		changed = false;
		for (size_t i = 0; i < program->probes.count; i++) {
			struct probe *probe = program->probes.items[i];

			if (!probe->counts || all_hidden(program, probe))
				continue;
			probe->counts = false;
			changed = true;
		}
	}
	for (size_t i = 0; i < program->probes.count; i++)
		if (program->probes.items[i]->counts)
			mark_lookers(program, program->probes.items[i]);
}

#ifdef UNIT_TEST
#include "test-family.h"

/* is each probe of @script one that counts ('c'), that looks ('l'), or neither ('.')? */
static void check_counts(const char *script, const char *expected)
{
	static const struct frontend_options options = { .target_pid = 42 };
	struct frontend *frontend = test_session(&options, script);
	struct program *program = test_compile(frontend);
	struct buf text = BUF_INIT;

	CHECK(program != NULL);
	for (size_t i = 0; i < program->probes.count; i++) {
		const struct probe *probe = program->probes.items[i];

		buf_putc(&text, probe->counts ? 'c' : probe->reads_counts ? 'l' : '.');
	}
	CHECK_STR(buf_text(&text), expected);
	buf_free(&text);
	frontend_free(frontend);
}

UNIT_TEST_CASE(count_finds_handlers_that_count)
{
	check_counts("global n probe event(\"open\") { n++ } probe begin { println(n) }", "cl");
	check_counts("global n, m probe event(\"open\") { n += 4; m <<< -2 }"
		     "probe begin { println(n, @count(m)) } probe begin { exit() }", "cl.");
	check_counts("global n probe event(\"open\") { if (pid() != target()) next; n-- }"
		     "probe begin { println(n) }", "cl");
	check_counts("global n probe event(\"open\") { if (pid() == target()) { n++ } }"
		     "probe begin { println(n) }", "cl");
}

UNIT_TEST_CASE(count_leaves_what_others_see)
{
	check_counts("global n probe event(\"open\") { n++ } probe event(\"close\") { println(n) }",
		     "..");
	check_counts("global n probe event(\"open\") { n++ } probe event(\"close\") { n = 0 }"
		     "probe begin { println(n) }", "...");
	check_counts("global n function f() { return n } probe event(\"open\") { n++ }"
		     "probe begin { println(f()) }", "..");
	check_counts("global n, m probe event(\"open\") { n++; m++ }"
		     "probe event(\"close\") { if (m) println($return) } probe begin { println(n) }", "...");
}

UNIT_TEST_CASE(count_leaves_what_needs_the_event)
{
	check_counts("global n probe event(\"open\") { n += $flags } probe begin { println(n) }", "..");
	check_counts("global n probe event(\"open\") { if ($flags) n++ } probe begin { println(n) }",
		     "..");
	check_counts("global n probe event(\"open\") { n++; if (pid() == target()) n++ }"
		     "probe begin { println(n) }", "..");
	check_counts("global n probe event(\"open\") { n[1]++ } probe begin { println(n[1]) }", "..");
	check_counts("global n probe event(\"open\") { println(n++) } probe begin { println(n) }", "..");
}
#endif
