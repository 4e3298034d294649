/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass 3: the conditions that open a handler become filter terms, which a kernel can test before
 * it records anything. The handler keeps them: a filter may let more pass, never less.
 */
#include "semantic.h"

/* what a leading assignment tells about a local */
struct binding_note {
	const struct variable *variable;
	const struct expr *value;
};
struct filter_builder {
	struct semantics *sem;
	struct probe *probe;
	ARRAY(struct binding_note) notes;
};

static const struct expr *known_value(const struct filter_builder *builder,
				      const struct expr *expr)
{
	if (expr->kind != EXPR_SYMBOL)
		return expr;
	for (size_t i = builder->notes.count; i-- > 0;)
		if (builder->notes.items[i].variable == expr->variable)
			return builder->notes.items[i].value;
	return expr;
}

static bool builtin_subject(const struct expr *expr, struct filter_term *term)
{
	static const struct { enum builtin_id id; enum filter_subject subject; } subjects[] = {
		{ BUILTIN_pid, FILTER_PID }, { BUILTIN_tid, FILTER_TID },
		{ BUILTIN_cpu, FILTER_CPU }, { BUILTIN_execname, FILTER_EXECNAME },
	};

	for (size_t i = 0; expr->builtin && i < ARRAY_SIZE(subjects); i++) {
		if (expr->builtin->id == subjects[i].id) {
			term->subject = subjects[i].subject;
			return true;
		}
	}
	return false;
}

/* user_string($x), not quoted: the capture, else NULL */
static const struct expr *captured_text(const struct expr *expr)
{
	const struct memory_read *how;

	if (expr->kind != EXPR_CALL || !expr->builtin ||
	    expr->builtin->id != BUILTIN___captured_text || expr->args[0]->kind != EXPR_CAPTURE)
		return NULL;
	how = builtin_memory_read((enum builtin_id)expr->args[1]->number);
	return how && how->fault != MEMORY_FAULT_ADDRESS && how->fault != MEMORY_FAULT_QUOTE ?
	       expr->args[0] : NULL;
}

/* what the record holds as it is */
static bool is_field(const struct capture *capture)
{
	const struct recipe *recipe = capture->recipe;

	if (capture->kind == CAPTURE_FIELD)
		return true;
	return capture->kind == CAPTURE_FETCH && recipe && !recipe->bit_size &&
	       recipe->form != RECIPE_BYTES && recipe->fetch->kind != FETCH_SYMBOL;
}

static bool find_subject(const struct expr *expr, struct filter_term *term)
{
	const struct expr *text = captured_text(expr);

	if (expr->kind == EXPR_CALL && !text)
		return builtin_subject(expr, term);
	term->may_fault = text != NULL;
	if (text)
		expr = text;
	if (expr->kind != EXPR_CAPTURE || !is_field(expr->capture))
		return false;
	term->subject = FILTER_FIELD;
	term->field = expr->capture->name;
	term->capture = expr->capture;
	return true;
}

static bool find_constant(const struct filter_builder *builder, const struct expr *expr,
			  struct filter_term *term)
{
	const struct frontend_options *options = &builder->sem->frontend->options;

	if (expr->kind == EXPR_NUMBER)
		term->number = expr->number;
	else if (expr->kind == EXPR_UNARY && expr->op == OP_NEG && expr->a->kind == EXPR_NUMBER)
		term->number = (int64_t)(0 - (uint64_t)expr->a->number);
	else if (expr->kind == EXPR_CALL && expr->builtin && expr->builtin->id == BUILTIN_target &&
		 options->target_pid)
		term->number = options->target_pid;
	else if (expr->kind == EXPR_STRING)
		term->string = expr->string;
	else
		return false;
	term->is_string = expr->kind == EXPR_STRING;
	return true;
}

/* what no kernel could test the same way; the backend, which knows the fields, leaves out more */
static bool term_is_testable(const struct filter_term *term, const struct expr *constant)
{
	if (term->is_string && (term->op != OP_EQ && term->op != OP_NE))
		return false;
	if (term->is_string && memchr(term->string, '\0', constant->string_length))
		return false;
	return term->subject == FILTER_FIELD ||
	       term->is_string == (term->subject == FILTER_EXECNAME);
}

static enum op swap_sides(enum op op)
{
	switch (op) {
	case OP_LT: return OP_GT;
	case OP_LE: return OP_GE;
	case OP_GT: return OP_LT;
	case OP_GE: return OP_LE;
	default: return op;
	}
}

static enum op negate(enum op op)
{
	switch (op) {
	case OP_LT: return OP_GE;
	case OP_LE: return OP_GT;
	case OP_GT: return OP_LE;
	case OP_GE: return OP_LT;
	case OP_EQ: return OP_NE;
	default: return OP_EQ;
	}
}

static void add_term(struct filter_builder *builder, const struct expr *left, enum op op,
		     const struct expr *right)
{
	const struct expr *subject = known_value(builder, left);
	const struct expr *constant = known_value(builder, right);
	struct filter_term term = { .op = op };

	if (!find_subject(subject, &term)) {
		const struct expr *other = subject;

		subject = constant;
		constant = other;
		term.op = swap_sides(op);
	}
	if (!find_subject(subject, &term) || !find_constant(builder, constant, &term) ||
	    !term_is_testable(&term, constant))
		return;
	if (term.subject == FILTER_PID && term.op == OP_EQ && constant->kind == EXPR_CALL)
		builder->probe->filtered_by_target = true;
	array_push(builder->sem->arena, &builder->probe->filter, term);
}

/* a run-time error must stay one: what may fail ends the search */
static void note_failure(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	(void)is_write;
	if ((expr->kind == EXPR_BINARY && (expr->op == OP_DIV || expr->op == OP_MOD)) ||
	    (expr->kind == EXPR_CALL && (!expr->builtin || expr->arg_count)) ||
	    expr->kind == EXPR_STAT || expr->kind == EXPR_HIST)
		*(bool *)visitor->data = true;
}

static bool may_fail(const struct expr *expr)
{
	bool fails = !fold_is_pure(expr);
	struct tree_visitor visitor = { .expr = note_failure, .data = &fails };

	tree_walk_expr(&visitor, (struct expr *)expr, false);
	return fails;
}

static bool compares_captured_text(const struct filter_builder *builder, const struct expr *expr)
{
	const struct expr *a = known_value(builder, expr->a), *b = known_value(builder, expr->b);

	return (captured_text(a) && b->kind == EXPR_STRING) ||
	       (captured_text(b) && a->kind == EXPR_STRING);
}

/* all terms that must hold when @expr does (or does not: @negated) */
static bool add_terms(struct filter_builder *builder, const struct expr *expr, bool negated)
{
	if (expr->kind == (negated ? EXPR_OR : EXPR_AND))
		return add_terms(builder, expr->a, negated) && add_terms(builder, expr->b, negated);
	if (expr->kind == EXPR_UNARY && expr->op == OP_NOT)
		return add_terms(builder, expr->a, !negated);
	if (expr->kind == EXPR_COMPARE && compares_captured_text(builder, expr)) {
		/* a text that cannot be read is an error: what would come next must not hide it */
		add_term(builder, expr->a, negated ? negate(expr->op) : expr->op, expr->b);
		return false;
	}
	if (may_fail(expr))
		return false;
	if (expr->kind == EXPR_COMPARE) {
		add_term(builder, expr->a, negated ? negate(expr->op) : expr->op, expr->b);
	} else if (expr->type == TYPE_LONG) {
		struct expr zero = { .kind = EXPR_NUMBER, .type = TYPE_LONG };

		add_term(builder, expr, negated ? OP_EQ : OP_NE, &zero);
	}
	return true;
}

static bool is_pure_assignment(const struct stmt *stmt)
{
	const struct expr *expr = stmt->kind == STMT_EXPR ? stmt->expr : NULL;

	return expr && expr->kind == EXPR_ASSIGN && expr->op == OP_ASSIGN &&
	       expr->a->kind == EXPR_SYMBOL && expr->a->variable->scope == SCOPE_LOCAL &&
	       !may_fail(expr->b);
}

static const struct stmt *only_statement(const struct stmt *stmt)
{
	while (stmt && stmt->kind == STMT_BLOCK && stmt->body.count == 1)
		stmt = stmt->body.items[0];
	return stmt;
}

static bool filter_from(struct filter_builder *builder, const struct stmt *stmt, bool is_last);

static bool filter_from_block(struct filter_builder *builder, const struct stmt *block,
			      bool is_last)
{
	for (size_t i = 0; i < block->body.count; i++)
		if (!filter_from(builder, block->body.items[i],
				 is_last && i + 1 == block->body.count))
			return false;
	return true;
}

/* the entry of a call is of interest when its return is: the thread is the same */
static void filter_entry(struct semantics *sem, const struct probe *probe, struct probe *entry)
{
	for (size_t i = 0; i < probe->filter.count; i++)
		if (probe->filter.items[i].subject == FILTER_PID ||
		    probe->filter.items[i].subject == FILTER_TID)
			array_push(sem->arena, &entry->filter, probe->filter.items[i]);
	entry->filtered_by_target = probe->filtered_by_target;
}

/* true: what stands behind @stmt may still add terms */
static bool filter_from(struct filter_builder *builder, const struct stmt *stmt, bool is_last)
{
	const struct stmt *then;

	if (stmt->kind == STMT_BLOCK)
		return filter_from_block(builder, stmt, is_last);
	if (stmt->kind == STMT_NULL)
		return true;
	if (is_pure_assignment(stmt)) {
		struct binding_note note = { stmt->expr->a->variable,
					     known_value(builder, stmt->expr->b) };

		array_push(builder->sem->arena, &builder->notes, note);
		return true;
	}
	if (stmt->kind != STMT_IF || stmt->otherwise)
		return false;
	then = only_statement(stmt->then);
	if (then && then->kind == STMT_NEXT)
		return add_terms(builder, stmt->expr, true);
	if (is_last && add_terms(builder, stmt->expr, false))
		return filter_from(builder, stmt->then, true);
	return false;
}

static void plan_filter(struct semantics *sem, struct probe *probe)
{
	struct filter_builder builder = { .sem = sem, .probe = probe };

	if (probe->family->source != FAMILY_AGGREGATOR && probe->body)
		filter_from(&builder, probe->body, true);
	if (probe->entry)
		filter_entry(sem, probe, probe->entry);
}

int frontend_plan(struct frontend *frontend)
{
	struct program *program = frontend->program;

	if (!program || frontend->error_count)
		return -EINVAL;
	for (size_t i = 0; i < program->probes.count; i++) {
		if (!frontend->options.no_optimize)
			sink_values(frontend->semantics, program->probes.items[i]);
		plan_filter(frontend->semantics, program->probes.items[i]);
	}
	if (!frontend->options.no_optimize)
		propagate_constants(frontend->semantics);
	if (!frontend->options.no_optimize)
		count_plan(frontend->semantics, program);
	return 0;
}

#ifdef UNIT_TEST
#include "test-family.h"

static void check_filter(const char *script, const char *subjects)
{
	static const struct frontend_options options = { .target_pid = 42 };
	struct frontend *frontend = test_session(&options, script);
	struct program *program = test_compile(frontend);
	struct buf text = BUF_INIT;

	CHECK(program && program->probes.count == 1);
	for (size_t i = 0; i < program->probes.items[0]->filter.count; i++) {
		const struct filter_term *term = &program->probes.items[0]->filter.items[i];

		buf_printf(&text, "%s%s", term->field ? term->field : "?", operator_text(term->op));
		if (term->is_string)
			buf_printf(&text, "'%s' ", term->string);
		else
			buf_printf(&text, "%lld ", (long long)term->number);
	}
	CHECK_STR(buf_text(&text), subjects);
	buf_free(&text);
	frontend_free(frontend);
}

UNIT_TEST_CASE(filter_from_whole_body_if)
{
	check_filter("probe event(\"open\") { if ($flags > 3 && $path == \"x\") println(1) }",
		     "flags>3 path=='x' ");
	check_filter("probe event(\"open\") { if ($flags > 3) if (5 < $return) println(1) }",
		     "flags>3 return>5 ");
}

UNIT_TEST_CASE(filter_from_leading_next)
{
	check_filter("probe event(\"open\") { if ($flags < 3 || !$return) next; println(1) }",
		     "flags>=3 return!=0 ");
	check_filter("probe event(\"open\") { if ($flags != 3) { next } if ($return) println(1) }",
		     "flags==3 return!=0 ");
}

UNIT_TEST_CASE(filter_through_prologue_assignments)
{
	check_filter("probe made.open { if (flags == -1) println(argstr) }", "flags==-1 ");
	check_filter("probe event(\"open\") { x = $flags; x = $return; if (x > 0) println(x) }",
		     "return>0 ");
}

UNIT_TEST_CASE(filter_on_the_target)
{
	struct frontend_options options = { .target_pid = 42 };
	struct frontend *frontend = test_session(&options, "probe event(\"open\") {"
							   "if (pid() == target()) println(1) }");
	struct program *program = test_compile(frontend);

	CHECK(program && program->probes.items[0]->filtered_by_target);
	CHECK_INT(program->probes.items[0]->filter.items[0].subject, FILTER_PID);
	CHECK_INT(program->probes.items[0]->filter.items[0].number, 42);
	frontend_free(frontend);
}

UNIT_TEST_CASE(filter_leaves_the_rest_to_the_handler)
{
	check_filter("global n probe event(\"open\") { if (n++ && $flags) println(1) }", "");
	check_filter("global n probe event(\"open\") { n++; if ($flags) println(n) }", "");
	check_filter("probe event(\"open\") { if ($flags) println(1) else println(2) }", "");
	check_filter("probe event(\"open\") { if ($flags) println(1); println(2) }", "");
	check_filter("probe event(\"open\") { if ($flags + 1 > 3 && $return) println(1) }",
		     "return!=0 ");
	check_filter("probe event(\"open\") { if (9 / $flags > 3 && $return) println(1) }", "");
	check_filter("probe begin { if (cpu() == 3) println(1) }", "");
}

UNIT_TEST_CASE(filter_terms_keep_their_sides)
{
	CHECK_INT(swap_sides(OP_LT), OP_GT);
	CHECK_INT(swap_sides(OP_NE), OP_NE);
	CHECK_INT(negate(OP_LT), OP_GE);
	CHECK_INT(negate(negate(OP_EQ)), OP_EQ);
}

UNIT_TEST_CASE(filter_text_is_only_compared_for_equality)
{
	struct expr constant = { .string = "dd", .string_length = 2 };
	struct filter_term term = { .subject = FILTER_EXECNAME, .op = OP_EQ, .is_string = true,
				    .string = "dd" };

	CHECK(term_is_testable(&term, &constant));
	term.op = OP_LT;
	CHECK(!term_is_testable(&term, &constant));
	term.op = OP_EQ;
	term.subject = FILTER_PID;
	CHECK(!term_is_testable(&term, &constant));
}
#endif
