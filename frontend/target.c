/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * $variables, @casts and the other looks into the context become captures, made by the family
 * that owns the probe's site. $$vars and its kin become a sprintf over all of them. What no family
 * can do here is an error at the place that asks for it.
 */
#include "semantic.h"

#define MAX_SITE_VARIABLES 256

static const struct site *probe_site(const struct probe *probe)
{
	return probe->sites.count ? probe->sites.items[0] : NULL;
}

static size_t site_variables(struct resolver *resolver, struct family_variable *out)
{
	const struct probe *probe = resolver->probe;

	if (!probe || !probe->family->variables || !probe_site(probe))
		return 0;
	return probe->family->variables(resolver->sem->frontend, probe_site(probe), out,
					MAX_SITE_VARIABLES);
}

/* identical captures share one slot */
static struct capture *share_capture(struct resolver *resolver, struct capture *capture)
{
	struct probe *probe = resolver->probe;

	for (size_t i = 0; i < probe->captures.count; i++) {
		struct capture *other = probe->captures.items[i];

		if (other->kind == capture->kind && other->type == capture->type &&
		    strcmp(other->name, capture->name) == 0)
			return other;
	}
	capture->slot = (unsigned)probe->captures.count;
	array_push(resolver->sem->arena, &probe->captures, capture);
	return capture;
}

static struct expr *capture_expr(struct resolver *resolver, struct capture *capture,
				 const struct token *token)
{
	struct expr *expr = make_expr(resolver->sem->arena, EXPR_CAPTURE, token);

	expr->capture = share_capture(resolver, capture);
	expr->type = expr->capture->type;
	return expr;
}

/* ---- messages ---- */

static void suggest_variables(struct resolver *resolver, size_t id, const char *name)
{
	struct family_variable variables[MAX_SITE_VARIABLES];
	const char *names[MAX_SITE_VARIABLES];
	size_t count = site_variables(resolver, variables);

	for (size_t i = 0; i < count; i++)
		names[i] = variables[i].name;
	diag_suggest(resolver->sem->frontend, id, name, names, count);
}

static void report_unavailable(struct resolver *resolver, const struct expr *expr)
{
	struct frontend *frontend = resolver->sem->frontend;
	size_t id;

	if (!resolver->probe) {
		diag_error(frontend, expr->token,
			   "target variable '%s' is only available in probes, not in functions",
			   expr->name);
		return;
	}
	id = diag_error(frontend, expr->token, "target variable '%s' is not available at '%s'",
			expr->name, resolver->probe->point_text);
	suggest_variables(resolver, id, expr->name);
}

static const char *operator_name(const struct expr *expr)
{
	switch (expr->kind) {
	case EXPR_CAST: return "@cast";
	case EXPR_ENTRY: return "@entry";
	case EXPR_PERF: return "@perf";
	case EXPR_DEREF: return expr->op == (enum op)'u' ? "@uderef" : "@kderef";
	case EXPR_REGISTER: return expr->op == (enum op)'u' ? "@uregister" : "@kregister";
	case EXPR_PROBEWRITE: return "@probewrite";
	default: return expr->name;
	}
}

/* ---- $name ---- */

static struct capture *find_capture(struct resolver *resolver, const struct expr *target)
{
	const struct probe *probe = resolver->probe;

	if (!probe || !probe->family->variable || !probe_site(probe))
		return NULL;
	return probe->family->variable(resolver->sem->frontend, probe_site(probe), target);
}

static bool is_pretty(const struct expr *expr)
{
	size_t count = expr->path.count;

	return count && expr->path.items[count - 1].kind >= COMPONENT_PRETTY;
}

static struct expr *make_sprintf(struct resolver *resolver, const struct buf *format,
				 const struct token *token)
{
	struct arena *arena = resolver->sem->arena;
	struct expr *expr = make_expr(arena, EXPR_PRINT, token);

	expr->print = arena_new_object(arena, struct print_spec);
	expr->print->kind = PRINT_PRINTF;
	expr->print->to_string = true;
	expr->print->format = arena_memdup(arena, buf_text(format), format->length);
	expr->print->format_length = format->length;
	return expr;
}

/* $x$: text as a debugger shows it */
static void resolve_pretty(struct resolver *resolver, struct expr **slot, struct expr *value)
{
	struct buf format = BUF_INIT;
	const char *c_type = value->capture->c_type ? value->capture->c_type : "";
	struct expr *print;

	if (value->type == TYPE_STRING)
		buf_puts(&format, "\"%s\"");
	else
		buf_puts(&format, strchr(c_type, '*') ? "%#x" : "%i");
	print = make_sprintf(resolver, &format, (*slot)->token);
	print->args = arena_alloc(resolver->sem->arena, sizeof(*print->args));
	print->args[0] = value;
	print->arg_count = 1;
	buf_free(&format);
	*slot = print;
}

static void resolve_variable(struct resolver *resolver, struct expr **slot)
{
	struct frontend *frontend = resolver->sem->frontend;
	struct expr *target = *slot, *value, plain = *target;
	size_t errors = frontend->error_count;
	struct capture *capture;

	for (size_t i = 0; i < target->path.count; i++)
		if (target->path.items[i].index)
			resolve_expression(resolver, &target->path.items[i].index);
	if (is_pretty(target))
		plain.path.count--;
	capture = find_capture(resolver, &plain);
	if (!capture) {
		if (frontend->error_count == errors)
			report_unavailable(resolver, target);
		return;
	}
	value = capture_expr(resolver, capture, target->token);
	if (is_pretty(target))
		resolve_pretty(resolver, slot, value);
	else
		*slot = value;
}

/* ---- $$vars $$parms $$locals $$return ---- */

static bool in_group(const struct family_variable *variable, const char *group)
{
	bool is_return = strcmp(variable->name, "$return") == 0;

	if (strcmp(group, "$$return") == 0)
		return is_return;
	if (strcmp(group, "$$vars") == 0)
		return !is_return;
	return !is_return && variable->is_parameter == (strcmp(group, "$$parms") == 0);
}

static struct expr *variable_capture(struct resolver *resolver, const char *name,
				     const struct token *token)
{
	struct expr *target = make_expr(resolver->sem->arena, EXPR_TARGET, token);
	struct capture *capture;

	target->name = arena_strdup(resolver->sem->arena, name);
	capture = find_capture(resolver, target);
	return capture ? capture_expr(resolver, capture, token) : NULL;
}

static void resolve_group(struct resolver *resolver, struct expr **slot)
{
	struct family_variable variables[MAX_SITE_VARIABLES];
	size_t count = site_variables(resolver, variables), used = 0;
	const struct token *token = (*slot)->token;
	struct expr **args = arena_alloc(resolver->sem->arena, (count + 1) * sizeof(*args));
	struct buf format = BUF_INIT;
	struct expr *print;

	for (size_t i = 0; i < count; i++) {
		struct diag_mark mark = diag_mark(resolver->sem->frontend);

		if (!in_group(&variables[i], (*slot)->name))
			continue;
		args[used] = variable_capture(resolver, variables[i].name, token);
		diag_rewind(resolver->sem->frontend, mark);
		if (!args[used])
			continue;
		buf_printf(&format, "%s%s=%s", used ? " " : "", variables[i].name + 1,
			   args[used]->type == TYPE_STRING ? "\"%s\"" : "%#x");
		used++;
	}
	print = make_sprintf(resolver, &format, token);
	print->args = args;
	print->arg_count = used;
	buf_free(&format);
	*slot = print;
}

static bool is_group(const char *name)
{
	static const char *const groups[] = { "$$vars", "$$parms", "$$locals", "$$return" };

	for (size_t i = 0; name && i < ARRAY_SIZE(groups); i++)
		if (strcmp(name, groups[i]) == 0)
			return true;
	return false;
}

/* ---- the seam: one row per way to look into the context ---- */

void target_resolve(struct resolver *resolver, struct expr **slot)
{
	const struct expr *expr = *slot;

	if (expr->kind != EXPR_TARGET)
		diag_error(resolver->sem->frontend, expr->token, "%s is not available here",
			   operator_name(expr));
	else if (is_group(expr->name) && resolver->probe && probe_site(resolver->probe))
		resolve_group(resolver, slot);
	else
		resolve_variable(resolver, slot);
}

bool target_is_defined(struct resolver *resolver, const struct expr *expr)
{
	struct frontend *frontend = resolver->sem->frontend;
	struct diag_mark mark = diag_mark(frontend);
	struct expr *copy = expr_copy(resolver->sem->arena, expr);
	size_t captures = resolver->probe ? resolver->probe->captures.count : 0;
	size_t locals = resolver->locals ? resolver->locals->count : 0;
	bool defined;

	resolve_expression(resolver, &copy);
	defined = frontend->error_count == mark.errors;
	diag_rewind(frontend, mark);
	if (resolver->probe)
		resolver->probe->captures.count = captures;
	if (resolver->locals)
		resolver->locals->count = locals;
	return defined;
}

#ifdef UNIT_TEST
#include "test-family.h"

UNIT_TEST_CASE(target_captures_are_shared)
{
	struct frontend *frontend = test_session(NULL, "probe event(\"open\") {\n"
						       "x = $flags + $flags; println(x, $path) }");
	struct program *program = test_compile(frontend);

	CHECK(program && program->probes.items[0]->captures.count == 2);
	CHECK_STR(program->probes.items[0]->captures.items[0]->name, "flags");
	CHECK_INT(program->probes.items[0]->captures.items[1]->slot, 1);
	frontend_free(frontend);
}

UNIT_TEST_CASE(target_unused_captures_disappear)
{
	struct frontend *frontend = test_session(NULL, "probe made.open { println(flags) }");
	struct program *program = test_compile(frontend);

	CHECK(program && program->probes.items[0]->captures.count == 1);
	CHECK_INT(program->probes.items[0]->locals.count, 1);
	frontend_free(frontend);
}

static void check_format(const char *script, const char *format)
{
	struct frontend *frontend = test_session(NULL, script);
	struct program *program = test_compile(frontend);
	const struct stmt *statement;

	CHECK(program != NULL);
	statement = program->probes.items[0]->body->body.items[0]->body.items[0];
	CHECK_STR(statement->expr->args[0]->print->format, format);
	frontend_free(frontend);
}

UNIT_TEST_CASE(target_groups_become_sprintf)
{
	check_format("probe event(\"open\") { println($$vars) }", "path=\"%s\" flags=%#x");
	check_format("probe event(\"open\") { println($$return) }", "return=%#x");
	check_format("probe event(\"open\") { println($$locals) }", "");
	check_format("probe event(\"open\") { println($path$) }", "\"%s\"");
	check_format("probe event(\"open\") { println($flags$) }", "%i");
}

UNIT_TEST_CASE(target_defined_decides_by_site)
{
	struct frontend *frontend = test_session(NULL,
						 "probe event(\"open\") { if (@defined($flags))"
						 " println($flags) else println($none . 1) }");
	struct program *program = test_compile(frontend);

	CHECK(program && program->probes.items[0]->captures.count == 1);
	CHECK_INT(diag_error_count(frontend), 0);
	frontend_free(frontend);
}

UNIT_TEST_CASE(target_unknown_is_an_error)
{
	struct frontend *frontend = test_session(NULL, "probe event(\"open\") { println($flag) }");

	CHECK(!test_compile(frontend));
	CHECK_INT(diag_error_count(frontend), 1);
	frontend_free(frontend);
}
#endif
