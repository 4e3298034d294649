/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * $variables, @casts and the other looks into the context become captures, made by the family that
 * owns the probe's site, or from debug info where the site is code. In a return probe, parameters
 * are those of the call's entry. $$vars and its kin become a sprintf over all of them. What no
 * family can do here is an error at the place that asks for it.
 */
#include "semantic.h"

static const struct site *probe_site(const struct probe *probe)
{
	return probe && probe->sites.count ? probe->sites.items[0] : NULL;
}

/* ---- captures ---- */

/* identical captures share one slot */
struct capture *target_share_capture(struct semantics *sem, struct probe *probe,
				     struct capture *capture)
{
	for (size_t i = 0; i < probe->captures.count; i++) {
		struct capture *other = probe->captures.items[i];

		if (other->kind != capture->kind || other->type != capture->type)
			continue;
		if (capture->kind == CAPTURE_FETCH ? recipe_equal(other->recipe, capture->recipe) :
						     strcmp(other->name, capture->name) == 0)
			return other;
	}
	capture->slot = (unsigned)probe->captures.count;
	array_push(sem->arena, &probe->captures, capture);
	return capture;
}

struct expr *target_capture(struct resolver *resolver, struct capture *capture,
			    const struct token *token)
{
	struct expr *expr = make_expr(resolver->sem->arena, EXPR_CAPTURE, token);

	expr->capture = target_share_capture(resolver->sem, resolver->probe, capture);
	expr->type = expr->capture->type;
	expr->c_type = capture->c_type;
	return expr;
}

struct capture *capture_of_recipe(struct arena *arena, const struct recipe *recipe, enum type type,
				  const struct expr *named)
{
	struct capture *capture = arena_new_object(arena, struct capture);
	struct buf text = BUF_INIT;

	expr_print(named, &text);
	capture->kind = CAPTURE_FETCH;
	capture->type = type;
	capture->name = arena_strdup(arena, buf_text(&text));
	capture->token = named->token;
	capture->recipe = recipe;
	buf_free(&text);
	return capture;
}

struct expr *target_fetch(struct resolver *resolver, const struct recipe *recipe, enum type type,
			  const struct expr *named, const char *c_type)
{
	struct capture *capture = capture_of_recipe(resolver->sem->arena, recipe, type, named);

	capture->c_type = c_type;
	return target_capture(resolver, capture, named->token);
}

static struct capture *stack_capture(struct semantics *sem, struct probe *probe,
				     const struct recipe *recipe)
{
	struct capture *capture = arena_new_object(sem->arena, struct capture);

	capture->kind = CAPTURE_FETCH;
	capture->type = TYPE_LONG;
	capture->name = "stack pointer";
	capture->token = probe->token;
	capture->recipe = recipe;
	return target_share_capture(sem, probe, capture);
}

static struct capture *stack_pointer(struct semantics *sem, struct probe *probe)
{
	const struct site *site = probe_site(probe);
	const struct recipe *recipe = site->place ? debuginfo_stack_pointer(site->place) : NULL;

	return recipe ? stack_capture(sem, probe, recipe) : NULL;
}

void target_pair(struct semantics *sem, struct probe *probe)
{
	if (!probe->is_inside)
		probe->stack_pointer = stack_pointer(sem, probe);
	probe->entry->stack_pointer = stack_pointer(sem, probe->entry);
}

bool target_pair_frame(struct semantics *sem, struct probe *probe)
{
	struct place_value value = { 0 };

	if (!debuginfo_call_frame(probe_site(probe)->place, &value))
		return false;
	probe->stack_pointer = stack_capture(sem, probe, value.recipe);
	probe->stack_offset = value.addend;
	return true;
}

const char *target_c_type(const struct expr *expr)
{
	if (expr->c_type)
		return expr->c_type;
	if (expr->kind == EXPR_SYMBOL && expr->variable)
		return expr->variable->c_type;
	if (expr->kind == EXPR_BINARY && (expr->op == OP_ADD || expr->op == OP_SUB))
		return target_c_type(expr->a);
	return NULL;
}

/* ---- a site's variables ---- */

static size_t variables_of(struct frontend *frontend, const struct site *site,
			   struct family_variable *out)
{
	if (site && site->place)
		return debuginfo_variables(site->place, out, MAX_SITE_VARIABLES);
	if (!site || !site->family->variables)
		return 0;
	return site->family->variables(frontend, site, out, MAX_SITE_VARIABLES);
}

/* of the site, and of the entry when it sees a call return */
static size_t site_variables(struct resolver *resolver, struct family_variable *out)
{
	struct frontend *frontend = resolver->sem->frontend;
	const struct site *entry = entry_find_site(resolver);
	struct family_variable more[MAX_SITE_VARIABLES];
	size_t count = variables_of(frontend, probe_site(resolver->probe), out), added;

	added = entry ? variables_of(frontend, entry, more) : 0;
	for (size_t i = 0; i < added && count < MAX_SITE_VARIABLES; i++) {
		bool known = !more[i].is_parameter;

		for (size_t k = 0; k < count && !known; k++)
			known = strcmp(out[k].name, more[i].name) == 0;
		if (!known)
			out[count++] = more[i];
	}
	return count;
}

/* ---- messages ---- */

void target_suggest(struct resolver *resolver, size_t id, const char *name)
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
	target_suggest(resolver, id, expr->name);
}

static const char *operator_name(const struct expr *expr)
{
	switch (expr->kind) {
	case EXPR_CAST: return "@cast";
	case EXPR_ENTRY: return "@entry";
	case EXPR_PERF: return "@perf";
	case EXPR_DEREF: return expr->op == (enum op)'u' ? "@uderef" : "@kderef";
	case EXPR_REGISTER: return expr->op == (enum op)'u' ? "@uregister" : "@kregister";
	default: return expr->name;
	}
}

static void report_operator(struct resolver *resolver, const struct expr *expr)
{
	diag_error(resolver->sem->frontend, expr->token, "%s is not available here",
		   operator_name(expr));
}

/* ---- $name ---- */

static void resolve_indexes(struct resolver *resolver, struct expr *target)
{
	for (size_t i = 0; i < target->path.count; i++)
		if (target->path.items[i].index)
			resolve_expression(resolver, &target->path.items[i].index);
}

/* a field of a trace event, a counter: what the family has; NULL without or after a message */
static struct expr *family_value(struct resolver *resolver, struct expr *target)
{
	const struct probe *probe = resolver->probe;
	struct capture *capture;

	resolve_indexes(resolver, target);
	capture = probe->family->variable(resolver->sem->frontend, probe_site(probe), target);
	return capture ? target_capture(resolver, capture, target->token) : NULL;
}

/* an argument of the tracepoint itself; NULL without or after a message */
static struct expr *argument_value(struct resolver *resolver, struct expr *target)
{
	struct frontend *frontend = resolver->sem->frontend;
	const struct probe *probe = resolver->probe;
	struct expr *value = NULL;

	for (size_t i = 0; i < probe->sites.count; i++) {
		struct site *site = probe->sites.items[i];
		const struct code_place *place =
			site->family->arguments(frontend, site, target);

		if (!place)
			return NULL;
		if (!value)
			value = place_value_resolve(resolver, place, target);
		site->arguments = place;
	}
	return value;
}

/* a name that only the entry of the call knows */
static bool is_of_entry(const struct site *site, const struct expr *target)
{
	return site->place && site->place->is_return && strcmp(target->name, "$return") != 0 &&
	       strcmp(target->name, "@var") != 0;
}

/* the value of @target in place of @slot, which may be the same; false after a message */
static bool resolve_value(struct resolver *resolver, struct expr **slot, struct expr *target)
{
	struct frontend *frontend = resolver->sem->frontend;
	const struct site *site = probe_site(resolver->probe);
	size_t errors = frontend->error_count;
	struct expr *value = NULL;

	if (site && site->family->variable)
		value = family_value(resolver, target);
	else if (site && site->place && !is_of_entry(site, target))
		value = place_value_resolve(resolver, site->place, target);
	if (!value && site && site->family->arguments && frontend->error_count == errors)
		value = argument_value(resolver, target);
	if (value)
		*slot = value;
	else if (frontend->error_count == errors &&
		 (!site || !entry_resolve(resolver, slot, target)))
		report_unavailable(resolver, target);
	return frontend->error_count == errors;
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

	expr->name = "sprintf";
	expr->print = arena_new_object(arena, struct print_spec);
	expr->print->kind = PRINT_PRINTF;
	expr->print->to_string = true;
	expr->print->format = arena_memdup(arena, buf_text(format), format->length);
	expr->print->format_length = format->length;
	return expr;
}

/* $x$ of a trace event's field: text as a debugger shows it */
static void resolve_pretty(struct resolver *resolver, struct expr **slot, struct expr *value)
{
	struct buf format = BUF_INIT;
	const char *c_type = value->c_type ? value->c_type : "";
	struct expr *print;

	if (value->type == TYPE_STRING)
		buf_puts(&format, "\"%s\"");
	else
		buf_puts(&format, strchr(c_type, '*') ? "%#x" : "%i");
	print = make_sprintf(resolver, &format, value->token);
	print->args = arena_alloc(resolver->sem->arena, sizeof(*print->args));
	print->args[0] = value;
	print->arg_count = 1;
	buf_free(&format);
	*slot = print;
}

/* the text of a structure, by the format and the members that debug info gave */
static struct expr *print_members(struct resolver *resolver, const struct buf *format,
				  expr_array *members, const struct token *token)
{
	struct expr *print = make_sprintf(resolver, format, token);

	for (size_t i = 0; i < members->count; i++)
		resolve_expression(resolver, &members->items[i]);
	print->args = members->items;
	print->arg_count = members->count;
	return print;
}

/* $x$ and $x$$ where debug info knows the members */
static void resolve_place_pretty(struct resolver *resolver, struct expr **slot,
				 const struct code_place *place, struct expr *bare, bool deep)
{
	struct buf format = BUF_INIT, problem = BUF_INIT;
	expr_array arguments = { 0 };

	if (debuginfo_pretty(place, bare, deep, &format, &arguments, &problem) < 0)
		diag_error(resolver->sem->frontend, bare->token, "%s", buf_text(&problem));
	else
		*slot = print_members(resolver, &format, &arguments, bare->token);
	buf_free(&format);
	buf_free(&problem);
}

static void resolve_variable(struct resolver *resolver, struct expr **slot)
{
	const struct site *site = probe_site(resolver->probe);
	struct expr *target = *slot, *bare, *value;
	bool deep;

	if (!is_pretty(target)) {
		resolve_value(resolver, slot, target);
		return;
	}
	bare = arena_memdup(resolver->sem->arena, target, sizeof(*target));
	deep = target->path.items[--bare->path.count].kind == COMPONENT_PRETTY_DEEP;
	if (site && site->place && is_of_entry(site, target)) {
		if (!entry_resolve(resolver, slot, target))
			report_unavailable(resolver, target);
	} else if (site && site->place) {
		resolve_place_pretty(resolver, slot, site->place, bare, deep);
	} else {
		value = bare;
		if (resolve_value(resolver, &value, bare))
			resolve_pretty(resolver, slot, value);
	}
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

/* of `$name`, or `$name$` with @pretty; NULL, without a message, when it is not available here */
static struct expr *variable_value(struct resolver *resolver, const char *name,
				   const struct target_component *pretty, const struct token *token)
{
	struct frontend *frontend = resolver->sem->frontend;
	struct expr *value = make_expr(resolver->sem->arena, EXPR_TARGET, token);
	struct diag_mark mark = diag_mark(frontend);
	bool was_trial = resolver->is_trial, was_without = resolver->without_entry, ok;

	value->name = arena_strdup(resolver->sem->arena, name);
	if (pretty)
		array_push(resolver->sem->arena, &value->path, *pretty);
	/* a probe that shows all there is runs whether the entry was seen or not */
	resolver->is_trial = true;
	resolver->without_entry = true;
	resolve_variable(resolver, &value);
	resolver->is_trial = was_trial;
	resolver->without_entry = was_without;
	ok = frontend->error_count == mark.errors;
	diag_rewind(frontend, mark);
	return ok ? value : NULL;
}

/* one variable of $$vars, or of $$vars$ with @pretty; NULL when its text holds no value */
static struct expr *group_member(struct resolver *resolver, const struct family_variable *variable,
				 const struct target_component *pretty, const struct token *token,
				 struct buf *format)
{
	static const struct target_component shallow = { .kind = COMPONENT_PRETTY };
	bool is_text = pretty || variable->placeholder;
	struct expr *value = variable_value(resolver, variable->name,
					    pretty ?: is_text ? &shallow : NULL, token);

	buf_printf(format, "%s%s=", format->length ? " " : "", variable->name + 1);
	if (!value)
		buf_putc(format, '?');
	else if (pretty)
		buf_puts(format, "%s");
	else if (is_text)
		buf_puts(format, variable->placeholder);
	else
		buf_puts(format, value->type == TYPE_STRING ? "\"%s\"" : "%#x");
	return is_text && !pretty ? NULL : value;
}

static void resolve_group(struct resolver *resolver, struct expr **slot)
{
	struct family_variable variables[MAX_SITE_VARIABLES];
	size_t count = site_variables(resolver, variables), used = 0;
	const struct token *token = (*slot)->token;
	const struct target_component *pretty =
		is_pretty(*slot) ? &(*slot)->path.items[(*slot)->path.count - 1] : NULL;
	struct expr **args = arena_alloc(resolver->sem->arena, (count + 1) * sizeof(*args));
	struct buf format = BUF_INIT;
	struct expr *print;

	for (size_t i = 0; i < count; i++) {
		if (!in_group(&variables[i], (*slot)->name))
			continue;
		args[used] = group_member(resolver, &variables[i], pretty, token, &format);
		used += args[used] != NULL;
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

/* $$name: of the mark, the function called through the PLT, or the trace event */
static void resolve_name(struct resolver *resolver, struct expr **slot, const struct site *site)
{
	const char *name = site->place && site->place->mark ? site->place->mark :
			   site->place ? site->place->function : strrchr(site->name, ':');

	if (!name)
		name = site->name;
	else if (!site->place)
		name++;
	*slot = make_string(resolver->sem->arena, name, strlen(name), (*slot)->token);
}

static void resolve_target(struct resolver *resolver, struct expr **slot)
{
	const struct site *site = probe_site(resolver->probe);

	if (text_variable_read(resolver, slot))
		return;
	if (site && site->name && (*slot)->name && strcmp((*slot)->name, "$$name") == 0)
		resolve_name(resolver, slot, site);
	else if (is_group((*slot)->name) && site)
		resolve_group(resolver, slot);
	else
		resolve_variable(resolver, slot);
}

/* ---- operators ---- */

/* @cast(…)$ and @cast(…)->m$$ */
static void resolve_cast_pretty(struct resolver *resolver, struct expr **slot)
{
	struct expr *bare = arena_memdup(resolver->sem->arena, *slot, sizeof(*bare));
	bool deep = bare->path.items[--bare->path.count].kind == COMPONENT_PRETTY_DEEP;
	struct buf format = BUF_INIT;
	expr_array arguments = { 0 };

	if (cast_pretty(resolver, bare, deep, &format, &arguments))
		*slot = print_members(resolver, &format, &arguments, bare->token);
	buf_free(&format);
}

static void resolve_cast(struct resolver *resolver, struct expr **slot)
{
	struct expr *value;

	if (is_pretty(*slot)) {
		resolve_cast_pretty(resolver, slot);
		return;
	}
	value = cast_resolve(resolver, *slot);
	if (value)
		*slot = value;
}

static void resolve_entry(struct resolver *resolver, struct expr **slot)
{
	struct expr *expr = *slot;

	if (!entry_resolve(resolver, slot, expr->a))
		diag_error(resolver->sem->frontend, expr->token,
			   "@entry is only available where a call returns");
}

/* @kderef(size, address), @uderef(size, address) */
static void resolve_deref(struct resolver *resolver, struct expr **slot)
{
	struct expr *expr = *slot, *read;

	resolve_expression(resolver, &expr->a);
	resolve_expression(resolver, &expr->b);
	read = make_read(resolver->sem->arena, expr->op == (enum op)'u', false, 8, expr->b,
			 expr->token);
	read->args[0] = expr->a;
	*slot = read;
}

/* @kregister(n), @uregister(n): n is DWARF's number */
static void resolve_register(struct resolver *resolver, struct expr **slot)
{
	struct expr *expr = *slot, *number;
	struct fetch *fetch;

	resolve_expression(resolver, &expr->a);
	number = expr->a;
	if (!resolver->probe || !probe_site(resolver->probe) ||
	    !probe_site(resolver->probe)->place) {
		report_operator(resolver, expr);
		return;
	}
	if (number->kind != EXPR_NUMBER || number->number < 0 || number->number > 255) {
		diag_error(resolver->sem->frontend, number->token,
			   "%s needs a literal register number", operator_name(expr));
		return;
	}
	fetch = arena_new_object(resolver->sem->arena, struct fetch);
	fetch->kind = FETCH_REGISTER;
	fetch->reg = (unsigned)number->number;
	*slot = target_fetch(resolver, recipe_number(resolver->sem->arena, fetch), TYPE_LONG, expr,
			     NULL);
}

/* ---- the seam: one row per way to look into the context ---- */

static void resolve_kind(struct resolver *resolver, struct expr **slot)
{
	switch ((*slot)->kind) {
	case EXPR_TARGET: resolve_target(resolver, slot); break;
	case EXPR_CAST: resolve_cast(resolver, slot); break;
	case EXPR_ENTRY: resolve_entry(resolver, slot); break;
	case EXPR_DEREF: resolve_deref(resolver, slot); break;
	case EXPR_REGISTER: resolve_register(resolver, slot); break;
	case EXPR_PERF: counter_resolve(resolver, slot); break;
	default: report_operator(resolver, *slot); break;
	}
}

void target_resolve(struct resolver *resolver, struct expr **slot)
{
	struct diag_mark mark = diag_mark(resolver->sem->frontend);

	resolve_kind(resolver, slot);
	refusal_keep(resolver, *slot, mark);
}

bool target_is_defined(struct resolver *resolver, const struct expr *expr)
{
	struct frontend *frontend = resolver->sem->frontend;
	struct diag_mark mark = diag_mark(frontend);
	struct expr *copy = expr_copy(resolver->sem->arena, expr);
	size_t captures = resolver->probe ? resolver->probe->captures.count : 0;
	size_t locals = resolver->locals ? resolver->locals->count : 0;
	bool was_trial = resolver->is_trial, defined;

	resolver->is_trial = true;
	resolve_expression(resolver, &copy);
	resolver->is_trial = was_trial;
	defined = frontend->error_count == mark.errors;
	diag_rewind(frontend, mark);
	/* one that pairs a return with its entry stays; so does an entry, which may be unused */
	if (resolver->probe && !resolver->probe->entry)
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
