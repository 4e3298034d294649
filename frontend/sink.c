/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass 3: what the tapset's aliases work out for a handler is worked out behind the handler's own
 * condition. `probe syscall.* { if (pid() == target()) println(argstr) }` formats argstr only for
 * the target, and its condition comes first, where plan.c finds it and the kernel can test it.
 *
 * Statements move that do nothing but give values to locals, past a condition that does not need
 * them: `if (…) next`, or an `if` around the rest of the handler. What the user wrote stays where
 * it is: there an error may be meant, in the tapset a value is only offered.
 */
#include "semantic.h"

typedef ARRAY(const struct variable *) variable_set;

/* a statement that may move */
struct floating {
	struct stmt *stmt;
	variable_set uses, writes; /* what is written is among the uses */
	bool needed;
};

struct sinker {
	struct arena *arena;
	ARRAY(struct floating) floating;
	ARRAY(struct stmt *) out;
	bool has_moved;
};

/* ---- which variables ---- */

struct collector {
	struct arena *arena;
	variable_set uses, writes;
};

static bool set_has(const variable_set *set, const struct variable *variable)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i] == variable)
			return true;
	return false;
}

static bool sets_meet(const variable_set *a, const variable_set *b)
{
	for (size_t i = 0; i < a->count; i++)
		if (set_has(b, a->items[i]))
			return true;
	return false;
}

static void collect_variable(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct collector *collector = visitor->data;

	if (!expr->variable)
		return;
	if (!set_has(&collector->uses, expr->variable))
		array_push(collector->arena, &collector->uses, expr->variable);
	if (is_write && !set_has(&collector->writes, expr->variable))
		array_push(collector->arena, &collector->writes, expr->variable);
}

/* ---- what moves ---- */

static bool is_of_tapset(const struct stmt *stmt)
{
	const struct source_file *file = stmt->token ? stmt->token->place.file : NULL;

	return file && (file->kind == SOURCE_TAPSET || file->kind == SOURCE_GENERATED);
}

static bool take_floating(struct sinker *sinker, struct stmt *stmt)
{
	struct collector collector = { .arena = sinker->arena };
	struct tree_visitor visitor = { .expr = collect_variable, .data = &collector };

	if (!is_of_tapset(stmt) || !fold_changes_locals_only(stmt))
		return false;
	tree_walk_stmt(&visitor, stmt);
	array_push(sinker->arena, &sinker->floating, (struct floating){
		.stmt = stmt, .uses = collector.uses, .writes = collector.writes,
	});
	return true;
}

/* has it to stay before @later, which stays itself? */
static bool must_precede(const struct floating *earlier, const struct floating *later)
{
	return sets_meet(&earlier->writes, &later->uses) ||
	       sets_meet(&earlier->uses, &later->writes);
}

static bool is_needed(const struct sinker *sinker, size_t index)
{
	const struct floating *floating = &sinker->floating.items[index];

	for (size_t later = index + 1; later < sinker->floating.count; later++)
		if (sinker->floating.items[later].needed &&
		    must_precede(floating, &sinker->floating.items[later]))
			return true;
	return false;
}

/* let those go that stand before what they would change; the others float on */
static void land(struct sinker *sinker, const struct expr *condition)
{
	struct collector collector = { .arena = sinker->arena };
	struct tree_visitor visitor = { .expr = collect_variable, .data = &collector };
	size_t kept = 0;

	tree_walk_expr(&visitor, (struct expr *)condition, false);
	for (size_t i = sinker->floating.count; i-- > 0;)
		sinker->floating.items[i].needed =
			sets_meet(&sinker->floating.items[i].writes, &collector.uses) ||
			is_needed(sinker, i);
	for (size_t i = 0; i < sinker->floating.count; i++) {
		if (sinker->floating.items[i].needed)
			array_push(sinker->arena, &sinker->out, sinker->floating.items[i].stmt);
		else
			sinker->floating.items[kept++] = sinker->floating.items[i];
	}
	sinker->floating.count = kept;
}

static void land_all(struct sinker *sinker)
{
	for (size_t i = 0; i < sinker->floating.count; i++)
		array_push(sinker->arena, &sinker->out, sinker->floating.items[i].stmt);
	sinker->floating.count = 0;
}

/* ---- the walk ---- */

static bool is_next(const struct stmt *stmt)
{
	while (stmt && stmt->kind == STMT_BLOCK && stmt->body.count == 1)
		stmt = stmt->body.items[0];
	return stmt && stmt->kind == STMT_NEXT;
}

static struct stmt *block_of(struct sinker *sinker, const struct stmt *like)
{
	struct stmt *block = make_stmt(sinker->arena, STMT_BLOCK, like->token);

	for (size_t i = 0; i < sinker->out.count; i++)
		array_push(sinker->arena, &block->body, sinker->out.items[i]);
	return block;
}

static void sink_stmt(struct sinker *sinker, struct stmt *stmt, bool is_last);

/* everything that floats goes along into the branch */
static void sink_branch(struct sinker *sinker, const struct stmt *stmt)
{
	struct sinker inner = { .arena = sinker->arena, .floating = sinker->floating };
	struct stmt *copy = arena_memdup(sinker->arena, stmt, sizeof(*stmt));

	sink_stmt(&inner, stmt->then, true);
	land_all(&inner);
	copy->then = block_of(&inner, stmt->then);
	array_push(sinker->arena, &sinker->out, copy);
	sinker->has_moved |= inner.has_moved;
	sinker->floating.count = 0;
}

static void sink_condition(struct sinker *sinker, struct stmt *stmt, bool is_last)
{
	if (!fold_is_pure(stmt->expr) || (!is_last && !is_next(stmt->then))) {
		land_all(sinker);
		array_push(sinker->arena, &sinker->out, stmt);
		return;
	}
	land(sinker, stmt->expr);
	sinker->has_moved |= sinker->floating.count > 0;
	if (is_next(stmt->then))
		array_push(sinker->arena, &sinker->out, stmt);
	else
		sink_branch(sinker, stmt);
}

static void sink_stmt(struct sinker *sinker, struct stmt *stmt, bool is_last)
{
	if (stmt->kind == STMT_BLOCK) {
		for (size_t i = 0; i < stmt->body.count; i++)
			sink_stmt(sinker, stmt->body.items[i],
				  is_last && i + 1 == stmt->body.count);
	} else if (take_floating(sinker, stmt)) {
		return;
	} else if (stmt->kind == STMT_IF && !stmt->otherwise) {
		sink_condition(sinker, stmt, is_last);
	} else {
		land_all(sinker);
		array_push(sinker->arena, &sinker->out, stmt);
	}
}

void sink_values(struct semantics *sem, struct probe *probe)
{
	struct sinker sinker = { .arena = sem->arena };

	if (!probe->body)
		return;
	sink_stmt(&sinker, probe->body, true);
	land_all(&sinker);
	if (sinker.has_moved)
		probe->body = block_of(&sinker, probe->body);
}

#ifdef UNIT_TEST
#include "test-family.h"

/* the statements of the only probe, in one line: a assignment, i if and its branch, e other */
static void print_shape(const struct stmt *stmt, struct buf *out)
{
	switch (stmt->kind) {
	case STMT_BLOCK:
		for (size_t i = 0; i < stmt->body.count; i++)
			print_shape(stmt->body.items[i], out);
		break;
	case STMT_IF:
		buf_puts(out, "i(");
		print_shape(stmt->then, out);
		buf_puts(out, ")");
		break;
	case STMT_EXPR:
		if (stmt->expr->kind == EXPR_ASSIGN)
			buf_puts(out, stmt->expr->a->name);
		else
			buf_puts(out, "e");
		buf_puts(out, " ");
		break;
	default:
		buf_puts(out, "n ");
	}
}

static void check_shape(const char *script, const char *expected)
{
	struct frontend *frontend = test_session(NULL, script);
	struct program *program = test_compile(frontend);
	struct buf text = BUF_INIT;

	CHECK(program && program->probes.count == 1);
	print_shape(program->probes.items[0]->body, &text);
	CHECK_STR(buf_text(&text), expected);
	buf_free(&text);
	frontend_free(frontend);
}

UNIT_TEST_CASE(sink_values_go_behind_conditions)
{
	check_shape("probe made.open { if (pid() == 7) println(argstr) }", "i(argstr e )");
	check_shape("probe made.open { if (flags) println(argstr, path) }",
		    "flags i(path argstr e )");
	check_shape("probe made.open { if (pid() != 7) next; println(argstr) }",
		    "i(n )argstr e ");
	check_shape("probe made.open { if (pid() == 7) { if (path == \"x\") println(argstr) } }",
		    "i(path i(argstr e ))");
	check_shape("probe made.twice { if (b) println(a) }", "a b i(a e )");
	check_shape("probe made.twice { if (a) println(b) }", "a b a i(e )");
}

UNIT_TEST_CASE(sink_values_stays_before_what_has_an_effect)
{
	check_shape("global n probe made.open { n++; if (n == 7) println(argstr) }",
		    "argstr e i(e )");
	check_shape("probe made.open { if (pid() == 7) println(1); println(argstr) }",
		    "argstr i(e )e ");
	check_shape("global n probe made.open { if (n++) println(argstr) }", "argstr i(e )");
	check_shape("probe mine = event(\"open\") { s = sprintf(\"%d\", $flags) }\n"
		    "probe mine { if (pid() == 7) println(s) }", "s i(e )");
}

UNIT_TEST_CASE(sink_values_obeys_u)
{
	struct frontend_options options = { .no_optimize = true };
	struct frontend *frontend = test_session(&options, "probe made.open {"
							   "if (pid() == 7) println(argstr) }");
	struct program *program = test_compile(frontend);
	struct buf text = BUF_INIT;

	CHECK(program && program->probes.count == 1);
	print_shape(program->probes.items[0]->body, &text);
	CHECK(text_ends_with(buf_text(&text), "argstr i(e )"));
	buf_free(&text);
	frontend_free(frontend);
}
#endif
