// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The one `$variable` of families whose events are texts that somebody writes to us or waits for:
 * $value of procfs("…").read and .write. Reading it, `=` and `.=` become calls of the natives that
 * the family names (struct family_text); what the family does not name is an error here.
 */
#include "semantic.h"

static const struct family_text *family_text(const struct resolver *resolver)
{
	return resolver->probe ? resolver->probe->family->text : NULL;
}

static bool is_variable(struct resolver *resolver, const struct family_text *text,
			const struct expr *target)
{
	if (strcmp(target->name, text->variable) == 0 && !target->path.count && !target->address_of)
		return true;
	diag_error(resolver->sem->frontend, target->token,
		   "'%s' has no target variable but %s, a text",
		   resolver->probe->point_text, text->variable);
	return false;
}

static void make_call(struct resolver *resolver, struct expr *expr, const char *native,
		      struct expr *argument)
{
	expr->kind = EXPR_CALL;
	expr->name = native;
	expr->builtin = builtin_find(native);
	expr->arg_count = argument ? 1 : 0;
	expr->args = arena_alloc(resolver->sem->arena, sizeof(*expr->args));
	expr->args[0] = argument;
	expr->a = expr->b = NULL;
	expr->op = OP_NONE;
}

bool text_variable_read(struct resolver *resolver, struct expr **slot)
{
	const struct family_text *text = family_text(resolver);

	if (!text)
		return false;
	if (!is_variable(resolver, text, *slot))
		return true;
	if (text->reader)
		make_call(resolver, *slot, text->reader, NULL);
	else
		diag_error(resolver->sem->frontend, (*slot)->token,
			   "%s can only be set at '%s', with = and .=", text->variable,
			   resolver->probe->point_text);
	return true;
}

bool text_variable_assign(struct resolver *resolver, struct expr *expr)
{
	const struct family_text *text = family_text(resolver);
	const char *native = NULL;

	if (!text || expr->a->kind != EXPR_TARGET)
		return false;
	if (!is_variable(resolver, text, expr->a))
		return true;
	if (expr->kind == EXPR_ASSIGN && expr->op == OP_ASSIGN)
		native = text->writer;
	else if (expr->kind == EXPR_ASSIGN && expr->op == OP_CONCAT)
		native = text->appender;
	if (!text->writer) {
		diag_error(resolver->sem->frontend, expr->a->token,
			   "%s can only be read at '%s'", text->variable,
			   resolver->probe->point_text);
	} else if (!native) {
		diag_error(resolver->sem->frontend, expr->token,
			   "%s can only be set with = and .=", text->variable);
	} else {
		resolve_expression(resolver, &expr->b);
		make_call(resolver, expr, native, expr->b);
	}
	return true;
}

#ifdef UNIT_TEST
#include "test-family.h"

/* compiles @script at event("open"), taken for a family whose variable is @text */
static size_t test_errors(const char *script, const struct family_text *text)
{
	struct frontend *frontend = test_session(NULL, script);
	struct family family = *frontend->families.items[0].family;
	size_t errors;

	for (size_t i = 0; i < frontend->families.count; i++)
		if (strcmp(frontend->families.items[i].family->pattern, "event(string)") == 0) {
			family = *frontend->families.items[i].family;
			family.text = text;
			frontend->families.items[i].family = &family;
		}
	test_compile(frontend);
	errors = diag_error_count(frontend);
	frontend_free(frontend);
	return errors;
}

UNIT_TEST_CASE(text_variable_is_set_where_it_is_wanted)
{
	static const struct family_text wanted = { "$value", NULL, "log", "warn" };

	CHECK_INT(test_errors("probe event(\"open\") { $value = \"a\"; $value .= \"b\" }", &wanted), 0);
	CHECK_INT(test_errors("probe event(\"open\") { println($value) }", &wanted), 1);
	CHECK_INT(test_errors("probe event(\"open\") { $value++ }", &wanted), 1);
	CHECK_INT(test_errors("probe event(\"open\") { $value = 1 }", &wanted), 1);
	CHECK_INT(test_errors("probe event(\"open\") { $path = \"a\" }", &wanted), 1);
}

UNIT_TEST_CASE(text_variable_is_read_where_it_was_written)
{
	static const struct family_text heard = { "$value", "pp", NULL, NULL };

	CHECK_INT(test_errors("probe event(\"open\") { println($value) }", &heard), 0);
	CHECK_INT(test_errors("probe event(\"open\") { $value = \"a\" }", &heard), 1);
	CHECK_INT(test_errors("probe event(\"open\") { println($path) }", &heard), 1);
}
#endif
