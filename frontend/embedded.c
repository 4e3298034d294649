// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * C inside handlers and functions becomes calls: an expression %{ … %}, a statement %{ … %} and
 * @const("…") each turn into a call of a nameless function with a C body, so that only function
 * bodies are left for what follows. A statement that may leave the script's function around it, by
 * STAP_RETURN, becomes `if (C) return KEPT`, where a second C body hands over the value.
 *
 * The globals that a C body says it touches by its markers (pragma:read:NAME, pragma:write:NAME)
 * are bound here, and stand in the function's script body, which is never run, as arguments of one
 * STMT_EMBEDDED: so they are counted like any other use.
 */
#include <ctype.h>

#include "semantic.h"

/* ---- nameless functions ---- */

static struct expr *make_call(struct resolver *resolver, const struct token *token,
			      enum type type, const char *c_text)
{
	struct semantics *sem = resolver->sem;
	struct function *function = arena_new_object(sem->arena, struct function);
	struct expr *call = make_expr(sem->arena, EXPR_CALL, token);

	function->name = arena_printf(sem->arena, "__c_%zu", sem->functions.count);
	function->token = token;
	function->declared_type = type;
	function->embedded = c_text;
	function->embedded_token = token;
	function->used = true;
	function->owner = resolver->unit;
	array_push(sem->arena, &sem->functions, function);
	call->name = function->name;
	call->function = function;
	return call;
}

/* C inside a function sees that function's parameters */
static void pass_parameters(struct resolver *resolver, struct expr *call)
{
	const variable_array *parameters = &resolver->function->parameters;
	struct arena *arena = resolver->sem->arena;

	call->args = arena_alloc(arena, (parameters->count + 1) * sizeof(*call->args));
	for (size_t i = 0; i < parameters->count; i++) {
		struct variable *copy = arena_new_object(arena, struct variable);
		struct expr *argument = make_expr(arena, EXPR_SYMBOL, call->token);

		copy->name = parameters->items[i]->name;
		copy->token = parameters->items[i]->token;
		copy->scope = SCOPE_PARAMETER;
		array_push(arena, &call->function->parameters, copy);
		argument->name = copy->name;
		argument->variable = parameters->items[i];
		call->args[call->arg_count++] = argument;
	}
}

void embedded_resolve_expression(struct resolver *resolver, struct expr **slot)
{
	struct expr *expr = *slot;
	bool is_string = strstr(expr->string, "/* string */") != NULL;

	*slot = make_call(resolver, expr->token, is_string ? TYPE_STRING : TYPE_LONG,
			  arena_printf(resolver->sem->arena, "STAP_RETURN((%s\n));%s", expr->string,
				       expr->kind == EXPR_CONST ? " /* pure */" : ""));
	if (resolver->function)
		pass_parameters(resolver, *slot);
}

/* ---- statements: what STAP_RETURN and STAP_RETVALUE mean is the script's function ---- */

#define KEPT_NAME "__stap_retvalue"

/* the value that the C statement before left for the script's function */
static struct expr *make_kept(struct resolver *resolver, const struct token *token)
{
	struct expr *call = make_call(resolver, token, TYPE_UNKNOWN, "");

	call->function->embedded_role = EMBEDDED_KEPT;
	return call;
}

static struct expr *make_kept_symbol(struct resolver *resolver, const struct token *token)
{
	struct expr *symbol = make_expr(resolver->sem->arena, EXPR_SYMBOL, token);

	symbol->name = KEPT_NAME;
	return symbol;
}

/* STAP_RETVALUE = …; is what the script's function returns unless it says otherwise later */
static void keep_value(struct resolver *resolver, struct stmt *stmt, struct expr *kept)
{
	struct arena *arena = resolver->sem->arena;
	struct stmt *last = make_stmt(arena, STMT_RETURN, stmt->token);

	stmt->otherwise = make_stmt(arena, STMT_EXPR, stmt->token);
	stmt->otherwise->expr = make_expr(arena, EXPR_ASSIGN, stmt->token);
	stmt->otherwise->expr->op = OP_ASSIGN;
	stmt->otherwise->expr->a = make_kept_symbol(resolver, stmt->token);
	stmt->otherwise->expr->b = kept;
	resolve_expression(resolver, &stmt->otherwise->expr->a);
	last->expr = make_kept_symbol(resolver, stmt->token);
	array_push(arena, &resolver->function->body->body, last);
}

static bool returns_value(const char *text)
{
	static const char name[] = "STAP_RETURN";

	while ((text = strstr(text, name))) {
		text += strlen(name);
		text += strspn(text, " \t\n(");
		if (*text != ')')
			return true;
	}
	return false;
}

/* if (C) return what C left; */
static void resolve_leaving(struct resolver *resolver, struct stmt *stmt, bool has_value)
{
	const char *text = stmt->expr->string;
	bool is_text = resolver->function->declared_type == TYPE_STRING;
	struct arena *arena = resolver->sem->arena;
	struct expr *kept = has_value ? make_kept(resolver, stmt->token) : NULL;

	stmt->kind = STMT_IF;
	stmt->expr = make_call(resolver, stmt->token, TYPE_LONG, arena_printf(arena, "%s\n;", text));
	stmt->expr->function->embedded_role = is_text ? EMBEDDED_LEAVES_TEXT : EMBEDDED_LEAVES_NUMBER;
	pass_parameters(resolver, stmt->expr);
	stmt->then = make_stmt(arena, STMT_RETURN, stmt->token);
	stmt->then->expr = kept;
	if (strstr(text, "STAP_RETVALUE"))
		keep_value(resolver, stmt, make_kept(resolver, stmt->token));
}

void embedded_resolve_stmt(struct resolver *resolver, struct stmt *stmt)
{
	const char *text = stmt->expr->string;
	bool sets_value = strstr(text, "STAP_RETVALUE") || returns_value(text);

	if (resolver->function && (sets_value || strstr(text, "STAP_RETURN"))) {
		resolve_leaving(resolver, stmt, sets_value);
		return;
	}
	stmt->kind = STMT_EXPR;
	stmt->expr = make_call(resolver, stmt->token, TYPE_VOID,
			       arena_printf(resolver->sem->arena, "%s\n;", text));
	if (resolver->function)
		pass_parameters(resolver, stmt->expr);
}

/* ---- globals ---- */

static bool is_listed(const struct expr *uses, const char *name)
{
	for (size_t i = 0; i < uses->arg_count; i++)
		if (strcmp(uses->args[i]->name, name) == 0)
			return true;
	return false;
}

static void add_use(struct resolver *resolver, struct expr *uses, const char *name)
{
	const struct function *function = resolver->function;
	struct expr *symbol;

	if (is_listed(uses, name))
		return;
	symbol = make_expr(resolver->sem->arena, EXPR_SYMBOL, function->token);
	symbol->name = name;
	symbol->variable = resolve_global(resolver, name);
	if (symbol->variable)
		uses->args[uses->arg_count++] = symbol;
	else
		diag_error(resolver->sem->frontend, function->token,
			   "unresolved global '%s' in a marker of embedded C", name);
}

static size_t name_length(const char *text)
{
	size_t length = 0;

	while (isalnum((unsigned char)text[length]) || text[length] == '_')
		length++;
	return length;
}

static size_t count_markers(const char *text)
{
	size_t count = 0;

	while ((text = strstr(text, "pragma:"))) {
		text++;
		count++;
	}
	return count;
}

bool embedded_needs_guru(const struct function *function)
{
	for (; function; function = function->next_overload)
		if (function->embedded && strstr(function->embedded, "/* guru */"))
			return true;
	return false;
}

/* what may run less often than it is called must not have effects */
static void check_stable(struct resolver *resolver, const struct function *function)
{
	if (strstr(function->embedded, "/* stable */") && !strstr(function->embedded, "/* pure */"))
		diag_error(resolver->sem->frontend, function->token,
			   "function '%s' is marked /* stable */ but not /* pure */",
			   function->name);
}

void embedded_resolve_function(struct resolver *resolver)
{
	static const char *const markers[] = { "pragma:read:", "pragma:write:" };
	struct function *function = resolver->function;
	struct arena *arena = resolver->sem->arena;
	struct expr *uses = make_expr(arena, EXPR_EMBEDDED, function->token);

	check_stable(resolver, function);
	uses->string = "";
	uses->args = arena_alloc(arena, (count_markers(function->embedded) + 1) *
					sizeof(*uses->args));
	for (size_t m = 0; m < ARRAY_SIZE(markers); m++) {
		const char *text = function->embedded;

		while ((text = strstr(text, markers[m]))) {
			text += strlen(markers[m]);
			add_use(resolver, uses, arena_memdup(arena, text, name_length(text)));
		}
	}
	function->body = make_stmt(arena, STMT_EMBEDDED, function->token);
	function->body->expr = uses;
}

#ifdef UNIT_TEST
#include "test-family.h"

UNIT_TEST_CASE(embedded_expressions_become_calls)
{
	struct frontend_options options = { .guru = true };
	struct frontend *frontend = test_session(&options,
		"global a[4]\n"
		"function f() %{ /* pragma:read:a */ /* pragma:write:a */ %}\n"
		"probe begin { a[1] = %{ 5 %}; f(); %{ int i; (void)i; %} println(@const(\"EOF\"))\n"
		"println(%{ /* string */ \"x\" %}) }");
	struct program *program = test_compile(frontend);

	CHECK(program != NULL);
	CHECK_INT(program->functions.count, 5);
	CHECK_INT(program->globals.items[0]->read_count, 1);
	frontend_free(frontend);
}

UNIT_TEST_CASE(embedded_markers_name_known_globals)
{
	struct frontend_options options = { .guru = true };
	struct frontend *frontend = test_session(&options,
		"function f() %{ /* pragma:read:nowhere */ %} probe begin { f() }");

	CHECK(!test_compile(frontend));
	CHECK_INT(diag_error_count(frontend), 1);
	frontend_free(frontend);
}
#endif
