/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look into the context that cannot be had is no error yet: an alias offers more than a probe
 * uses, and what the optimiser drops does not matter. So the messages stay with the expression, and
 * become messages of the session when it is still there once the dead code is gone. With
 * --skip-badvars it is 0 instead, and a warning says so.
 */
#include "semantic.h"

struct refusal {
	ARRAY(struct diag) diags;
};

void refusal_keep(struct resolver *resolver, struct expr *expr, struct diag_mark mark)
{
	struct semantics *sem = resolver->sem;
	struct frontend *frontend = sem->frontend;
	struct refusal *refusal;

	if (resolver->is_trial || frontend->error_count == mark.errors)
		return;
	refusal = arena_new_object(sem->arena, struct refusal);
	for (size_t i = mark.count; i < frontend->diags.count; i++)
		array_push(sem->arena, &refusal->diags, frontend->diags.items[i]);
	diag_rewind(frontend, mark);
	if (frontend->options.skip_badvars) {
		expr->kind = EXPR_NUMBER;
		expr->number = 0;
	}
	expr->refusal = refusal;
	sem->has_refusals = true;
}

static void report(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct frontend *frontend = visitor->data;

	(void)is_write;
	if (expr->refusal && frontend->options.skip_badvars) {
		diag_warning(frontend, expr->token, "this is 0: %s",
			     expr->refusal->diags.items[0].text);
		return;
	}
	for (size_t i = 0; expr->refusal && i < expr->refusal->diags.count; i++)
		diag_repeat(frontend, &expr->refusal->diags.items[i]);
}

void refusal_report(struct semantics *sem)
{
	struct tree_visitor visitor = { .expr = report, .data = sem->frontend };

	if (!sem->has_refusals)
		return;
	for (size_t i = 0; i < sem->builds.count; i++) {
		tree_walk_expr(&visitor, sem->builds.items[i]->probe->condition, false);
		tree_walk_stmt(&visitor, sem->builds.items[i]->probe->body);
	}
	for (size_t i = 0; i < sem->functions.count; i++)
		tree_walk_stmt(&visitor, sem->functions.items[i]->body);
}

#ifdef UNIT_TEST
#include "test-family.h"

static size_t test_errors(const char *script, bool no_optimize)
{
	const struct frontend_options options = { .no_optimize = no_optimize };
	struct frontend *frontend = test_session(&options, script);
	size_t errors;

	test_compile(frontend);
	errors = diag_error_count(frontend);
	frontend_free(frontend);
	return errors;
}

UNIT_TEST_CASE(refusal_of_dead_code_is_no_error)
{
	CHECK_INT(test_errors("probe event(\"open\") { x = $none; println(1) }", false), 0);
	CHECK_INT(test_errors("probe event(\"open\") { if (0) println($none) println(1) }", false), 0);
	CHECK_INT(test_errors("probe event(\"open\") { println(1 ? 2 : $none) }", false), 0);
	CHECK_INT(test_errors("probe event(\"open\") { x = $none; println(1) }", true), 1);
}

UNIT_TEST_CASE(refusal_of_live_code_is_an_error_beside_others)
{
	CHECK_INT(test_errors("probe event(\"open\") { x = $none; println(x) }", false), 1);
	CHECK_INT(test_errors("probe event(\"open\") { println($none . $no2) }", false), 2);
	CHECK_INT(test_errors("probe event(\"open\") { x = $none; println(x) nosuch() }", false), 2);
	CHECK_INT(test_errors("probe event(\"open\") { x = $none println(x) println(1 . 2) }", false), 3);
	CHECK_INT(test_errors("probe event(\"open\") { println(@defined($none) ? $none : 1) }", false), 0);
}

UNIT_TEST_CASE(refusal_is_zero_on_request)
{
	const struct frontend_options options = { .skip_badvars = true };
	struct frontend *frontend =
		test_session(&options, "probe event(\"open\") { println($none->x, $none . \"\") }");

	test_compile(frontend);
	CHECK_INT(diag_error_count(frontend), 1); /* a number is no text */
	frontend_free(frontend);
	frontend = test_session(&options, "probe event(\"open\") { println($none->x + 1) }");
	test_compile(frontend);
	CHECK_INT(diag_error_count(frontend), 0);
	frontend_free(frontend);
}
#endif
