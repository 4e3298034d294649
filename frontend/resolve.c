/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names get their meaning: symbols become globals of the right source or locals of their handler,
 * calls find functions (of the script, native, of the tapset) and queue them, @defined is decided
 * and the branch it discards is dropped before anything in it is looked at.
 *
 * Who sees what: a user script sees the user's names before the tapset's; tapset code sees only
 * its own file's and the tapset's, so that a user's global never gets mixed up with its locals.
 */
#include "parse.h"
#include "semantic.h"

static void resolve_stmt(struct resolver *resolver, struct stmt **slot);

/* ---- variables ---- */

static struct variable *find_named(const variable_array *variables, const char *name)
{
	for (size_t i = 0; variables && i < variables->count; i++)
		if (strcmp(variables->items[i]->name, name) == 0)
			return variables->items[i];
	return NULL;
}

static struct variable *find_parameter(const struct resolver *resolver, const char *name)
{
	return resolver->function ? find_named(&resolver->function->parameters, name) : NULL;
}

static struct variable *find_declared_global(const struct resolver *resolver, const char *name)
{
	struct semantics *sem = resolver->sem;
	struct variable *variable = table_get(&resolver->unit->globals, name);

	if (!variable && resolver->unit->is_user)
		variable = table_get(&sem->user.globals, name);
	if (!variable)
		variable = table_get(&sem->tapset.globals, name);
	return variable;
}

static struct variable *find_library_global(const struct resolver *resolver, const char *name)
{
	if (!library_load_global(resolver->sem, name))
		return NULL;
	return table_get(&resolver->sem->tapset.globals, name);
}

/* a tapset file whose functions or globals are referred to brings its own probes along */
static void use_unit(struct semantics *sem, struct unit *unit)
{
	if (unit->is_user || unit->is_used)
		return;
	unit->is_used = true;
	for (size_t i = 0; i < unit->script->probes.count; i++)
		expand_declaration(sem, unit, unit->script->probes.items[i]);
}

struct variable *resolve_global(struct resolver *resolver, const char *name)
{
	struct variable *variable = find_declared_global(resolver, name);

	if (!variable)
		variable = find_library_global(resolver, name);
	if (variable)
		use_unit(resolver->sem, variable->owner);
	return variable;
}

static struct variable *add_local(struct resolver *resolver, const struct expr *expr)
{
	struct variable *variable = arena_new_object(resolver->sem->arena, struct variable);

	variable->name = expr->name;
	variable->token = expr->token;
	variable->scope = SCOPE_LOCAL;
	array_push(resolver->sem->arena, resolver->locals, variable);
	return variable;
}

static void suggest_variables(struct resolver *resolver, size_t id, const char *name)
{
	struct semantics *sem = resolver->sem;
	ARRAY(const char *) names = { 0 };

	if (!diag_may_suggest(sem->frontend))
		return;
	for (size_t i = 0; i < resolver->unit->globals.count; i++)
		array_push(sem->arena, &names, resolver->unit->globals.entries[i].key);
	for (size_t i = 0; i < sem->user.globals.count; i++)
		array_push(sem->arena, &names, sem->user.globals.entries[i].key);
	diag_suggest(sem->frontend, id, name, names.items, names.count);
}

/*
 * A scalar, or an array named as a whole. What the file declares as global is meant even where an
 * alias's prologue has a local of that name.
 */
static struct variable *find_variable(struct resolver *resolver, const struct expr *expr)
{
	struct variable *variable = find_parameter(resolver, expr->name);

	if (!variable)
		variable = find_declared_global(resolver, expr->name);
	if (!variable)
		variable = find_named(resolver->locals, expr->name);
	if (!variable && !table_get(&resolver->assigned, expr->name))
		variable = find_library_global(resolver, expr->name);
	return variable;
}

static void resolve_symbol(struct resolver *resolver, struct expr *expr)
{
	struct variable *variable = find_variable(resolver, expr);
	size_t id;

	if (!variable && resolver->locals)
		variable = add_local(resolver, expr);
	if (!variable) {
		id = diag_error(resolver->sem->frontend, expr->token,
				"a probe's condition can only use declared globals, "
				"and '%s' is none", expr->name);
		suggest_variables(resolver, id, expr->name);
	} else if (variable->scope == SCOPE_GLOBAL) {
		use_unit(resolver->sem, variable->owner);
	}
	expr->variable = variable;
}

/* one message for each undeclared name is enough */
static bool is_first_report(struct semantics *sem, const char *name)
{
	if (table_get(&sem->reported, name))
		return false;
	table_put(&sem->reported, name, sem);
	return true;
}

/* an array: always a global */
static void resolve_array(struct resolver *resolver, struct expr *expr)
{
	struct variable *variable = NULL;
	size_t id;

	if (!find_parameter(resolver, expr->name))
		variable = resolve_global(resolver, expr->name);
	expr->variable = variable;
	if (variable || !is_first_report(resolver->sem, expr->name))
		return;
	id = diag_error(resolver->sem->frontend, expr->token,
			"unresolved array '%s': arrays must be declared with 'global'", expr->name);
	suggest_variables(resolver, id, expr->name);
}

/* ---- calls ---- */

static int compare_priority(const void *a, const void *b)
{
	const struct function *const *left = a, *const *right = b;

	if ((*left)->priority != (*right)->priority)
		return (*left)->priority < (*right)->priority ? -1 : 1;
	return (*left)->slot < (*right)->slot ? -1 : (*left)->slot > (*right)->slot;
}

/* functions of one set with @arity, appended to @found; private ones only when asked for */
static void gather_overloads(struct semantics *sem, struct function_set *found,
			     const struct function_set *set, size_t arity, bool is_private)
{
	for (size_t i = 0; set && i < set->items.count; i++) {
		struct function *function = set->items.items[i];

		if (function->parameters.count == arity && function->is_private == is_private)
			array_push(sem->arena, &found->items, function);
	}
}

/* they run in the order of their priority, then of their definition */
static struct function *link_overloads(struct semantics *sem, struct function_set *found)
{
	for (size_t i = 0; i < found->items.count; i++) {
		found->items.items[i]->slot = (unsigned)i;
		if (!found->items.items[i]->used)
			array_push(sem->arena, &sem->functions, found->items.items[i]);
		found->items.items[i]->used = true;
	}
	qsort(found->items.items, found->items.count, sizeof(*found->items.items),
	      compare_priority);
	for (size_t i = 0; i + 1 < found->items.count; i++)
		found->items.items[i]->next_overload = found->items.items[i + 1];
	return found->items.items[0];
}

/* the function sets of @name visible from the resolver's unit, in order of preference */
static struct function *find_function_in(struct resolver *resolver, struct name_space *space,
					 const char *name, size_t arity)
{
	struct function_set found = { 0 };

	gather_overloads(resolver->sem, &found, table_get(&resolver->unit->functions, name), arity,
			 true);
	gather_overloads(resolver->sem, &found, table_get(&space->functions, name), arity, false);
	return found.items.count ? link_overloads(resolver->sem, &found) : NULL;
}

static bool builtin_takes(const struct builtin *builtin, size_t arity)
{
	size_t least = strcspn(builtin->parameters, "|");
	size_t most = strlen(builtin->parameters) - (builtin->parameters[least] == '|');

	return arity >= least && arity <= most;
}

/* the library's function for a call that functions of the script may leave by `next` */
static struct function *find_fallback(struct resolver *resolver, const struct expr *expr,
				      const struct builtin *builtin)
{
	struct semantics *sem = resolver->sem;
	const char *name = expr->name;

	if (builtin && (builtin->flags & BUILTIN_GURU || !builtin_takes(builtin, expr->arg_count)))
		return NULL;
	if (builtin)
		name = overload_native(sem, builtin, expr->arg_count);
	else
		library_load_function(sem, name);
	return find_function_in(resolver, &sem->tapset, name, expr->arg_count);
}

static void bind_fallback(struct resolver *resolver, struct expr *expr,
			  const struct builtin *builtin)
{
	struct function *library;

	if (!resolver->unit->is_user || !overload_falls_through(expr->function))
		return;
	library = find_fallback(resolver, expr, builtin);
	if (library)
		overload_append(expr->function, library);
}

static bool bind_call(struct resolver *resolver, struct expr *expr)
{
	struct semantics *sem = resolver->sem;
	const struct builtin *builtin = builtin_find(expr->name);
	struct name_space *own = resolver->unit->is_user ? &sem->user : &sem->tapset;

	expr->function = find_function_in(resolver, own, expr->name, expr->arg_count);
	if (expr->function)
		bind_fallback(resolver, expr, builtin);
	if (!expr->function && builtin && builtin_takes(builtin, expr->arg_count))
		expr->builtin = builtin;
	if (!expr->function && !expr->builtin) {
		if (!builtin)
			library_load_function(sem, expr->name);
		expr->function =
			find_function_in(resolver, &sem->tapset, expr->name, expr->arg_count);
	}
	if (expr->function)
		use_unit(sem, expr->function->owner);
	return expr->function || expr->builtin;
}

static struct function *any_function(struct resolver *resolver, const char *name)
{
	const struct table *tables[] = {
		&resolver->unit->functions, &resolver->sem->user.functions,
		&resolver->sem->tapset.functions,
	};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct function_set *set = table_get(tables[i], name);

		if (set && (i != 1 || resolver->unit->is_user))
			return set->items.items[0];
	}
	return NULL;
}

static void suggest_functions(struct resolver *resolver, size_t id, const char *name)
{
	struct semantics *sem = resolver->sem;
	const struct table *tables[] = {
		&resolver->unit->functions, &sem->user.functions, &sem->library.functions,
	};
	ARRAY(const char *) names = { 0 };
	const char *print;

	if (!diag_may_suggest(sem->frontend))
		return;
	for (size_t i = 0; (print = parse_print_name(i)); i++)
		array_push(sem->arena, &names, print);
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (size_t i = 0; i < tables[t]->count; i++)
			array_push(sem->arena, &names, tables[t]->entries[i].key);
	for (size_t i = 0; i < BUILTIN_COUNT; i++)
		array_push(sem->arena, &names, builtin_table[i].name);
	diag_suggest(sem->frontend, id, name, names.items, names.count);
}

/* set_kernel_int(), set_user_string(), set_ulong_arg() */
static bool writes_memory(const char *name)
{
	return text_starts_with(name, "set_kernel_") || text_starts_with(name, "set_user_") ||
	       (text_starts_with(name, "set_") && text_ends_with(name, "_arg"));
}

static void report_unbound_call(struct resolver *resolver, const struct expr *expr)
{
	struct frontend *frontend = resolver->sem->frontend;
	const struct builtin *builtin = builtin_find(expr->name);
	const struct function *function = any_function(resolver, expr->name);
	size_t id;

	if (function) {
		id = diag_error(frontend, expr->token, "function '%s' takes %zu arguments, not %zu",
				expr->name, function->parameters.count, expr->arg_count);
		diag_also(frontend, id, function->token, "defined here");
	} else if (builtin) {
		size_t least = strcspn(builtin->parameters, "|"), all = strlen(builtin->parameters);

		diag_error(frontend, expr->token, "function '%s' takes %s%zu arguments, not %zu",
			   expr->name, least < all ? "at least " : "", least, expr->arg_count);
	} else if (writes_memory(expr->name)) {
		diag_error(frontend, expr->token, "function '%s' would write into what is traced, "
			   "and stap only reads", expr->name);
	} else {
		id = diag_error(frontend, expr->token, "unresolved function '%s'", expr->name);
		suggest_functions(resolver, id, expr->name);
	}
}

/* embedded C was already refused by the parser */
static void check_privilege(struct resolver *resolver, const struct expr *expr)
{
	if (resolver->sem->frontend->options.guru || !resolver->unit->is_user)
		return;
	if ((expr->builtin && expr->builtin->flags & BUILTIN_GURU) ||
	    embedded_needs_guru(expr->function))
		diag_error(resolver->sem->frontend, expr->token,
			   "function '%s' can change the system; need stap -g", expr->name);
}

static void resolve_call(struct resolver *resolver, struct expr *expr)
{
	if (!resolver->locals) {
		diag_error(resolver->sem->frontend, expr->token,
			   "a probe's condition cannot call a function, as '%s' is", expr->name);
		return;
	}
	for (size_t i = 0; i < expr->arg_count; i++)
		resolve_expression(resolver, &expr->args[i]);
	if (!bind_call(resolver, expr))
		report_unbound_call(resolver, expr);
	else
		check_privilege(resolver, expr);
}

/* ---- conditions decided at compile time ---- */

static void note_defined(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	(void)is_write;
	if (expr->kind == EXPR_DEFINED)
		*(bool *)visitor->data = true;
}

static bool mentions_defined(struct expr *expr)
{
	bool found = false;
	struct tree_visitor visitor = { .expr = note_defined, .data = &found };

	tree_walk_expr(&visitor, expr, false);
	return found;
}

/* the value of a resolved condition made of @defined, !, && and || */
static bool static_value(const struct expr *expr, bool *value)
{
	bool a, b;

	switch (expr->kind) {
	case EXPR_NUMBER:
		*value = expr->number != 0;
		return true;
	case EXPR_UNARY:
		if (expr->op != OP_NOT || !static_value(expr->a, &a))
			return false;
		*value = !a;
		return true;
	case EXPR_AND:
	case EXPR_OR:
		if (!static_value(expr->a, &a) || !static_value(expr->b, &b))
			return false;
		*value = expr->kind == EXPR_AND ? a && b : a || b;
		return true;
	default:
		return false;
	}
}

/* @slot is a && b or a || b; b is not looked at when @defined in a decides */
static void resolve_short_circuit(struct resolver *resolver, struct expr **slot)
{
	struct expr *expr = *slot;
	bool may_decide = mentions_defined(expr->a), value;

	resolve_expression(resolver, &expr->a);
	if (may_decide && static_value(expr->a, &value) && value == (expr->kind == EXPR_OR))
		*slot = make_number(resolver->sem->arena, value, expr->token);
	else
		resolve_expression(resolver, &expr->b);
}

static void resolve_ternary(struct resolver *resolver, struct expr **slot)
{
	struct expr *expr = *slot;
	bool may_decide = mentions_defined(expr->a), value;

	resolve_expression(resolver, &expr->a);
	if (may_decide && static_value(expr->a, &value)) {
		*slot = value ? expr->b : expr->c;
		resolve_expression(resolver, slot);
		return;
	}
	resolve_expression(resolver, &expr->b);
	resolve_expression(resolver, &expr->c);
}

static void resolve_defined(struct resolver *resolver, struct expr **slot)
{
	bool defined = true;

	for (size_t i = 0; i < (*slot)->arg_count; i++)
		defined = defined && target_is_defined(resolver, (*slot)->args[i]);
	*slot = make_number(resolver->sem->arena, defined, (*slot)->token);
}

/* @choose_defined(a, b), whether its operands are in args or in a and b */
static void resolve_choose_defined(struct resolver *resolver, struct expr **slot)
{
	struct expr *expr = *slot;
	struct expr *first = expr->arg_count == 2 ? expr->args[0] : expr->a;
	struct expr *second = expr->arg_count == 2 ? expr->args[1] : expr->b;

	*slot = target_is_defined(resolver, first) ? first : second;
	resolve_expression(resolver, slot);
}

/* ---- expressions ---- */

static void check_lvalue(struct resolver *resolver, const struct expr *expr)
{
	size_t id;

	if (expr->a->kind == EXPR_SYMBOL || expr->a->kind == EXPR_INDEX)
		return;
	id = diag_error(resolver->sem->frontend, expr->token,
			"'%s' needs a variable on its left",
			expr->op == OP_ASSIGN ? "=" : operator_text(expr->op));
	diag_also(resolver->sem->frontend, id, expr->a->token, "this is not a variable");
}

static bool is_target(const struct expr *expr)
{
	return expr->kind == EXPR_TARGET || expr->kind == EXPR_CAST;
}

/* = += ++ …: writing to a target variable changes the traced program */
static void resolve_assignment(struct resolver *resolver, struct expr *expr)
{
	struct frontend *frontend = resolver->sem->frontend;
	bool trusted = frontend->options.guru || !resolver->unit->is_user;

	if (!resolver->locals) {
		diag_error(frontend, expr->token, "a probe's condition must not change a variable");
		return;
	}
	if (text_variable_assign(resolver, expr))
		return;
	if (is_target(expr->a)) {
		if (!cast_refuse_brackets(frontend, expr->a))
			diag_error(frontend, expr->token, trusted ?
				   "writing to target variable '%s' is not available here" :
				   "writing to target variable '%s' is not permitted; need stap -g",
				   expr->a->name ? expr->a->name : "@cast");
		return;
	}
	if (expr->kind == EXPR_ASSIGN)
		resolve_expression(resolver, &expr->b);
	resolve_expression(resolver, &expr->a);
	check_lvalue(resolver, expr);
	if (expr->kind == EXPR_ASSIGN && expr->op == OP_ASSIGN && expr->a->variable)
		expr->a->variable->c_type = target_c_type(expr->b);
}

static void resolve_operands(struct resolver *resolver, struct expr *expr)
{
	if (expr->a)
		resolve_expression(resolver, &expr->a);
	if (expr->b)
		resolve_expression(resolver, &expr->b);
	if (expr->c)
		resolve_expression(resolver, &expr->c);
	for (size_t i = 0; i < expr->arg_count; i++)
		if (expr->args[i])
			resolve_expression(resolver, &expr->args[i]);
}

static void resolve_probewrite(struct resolver *resolver, struct expr **slot)
{
	const struct expr *expr = *slot;

	if (!resolver->has_alias)
		diag_error(resolver->sem->frontend, expr->token,
			   "@probewrite tells an alias what the probe that uses it writes; there is no alias here");
	*slot = make_number(resolver->sem->arena,
			    table_get(&resolver->written, expr->a->name) != NULL, expr->token);
}

void resolve_expression(struct resolver *resolver, struct expr **slot)
{
	struct expr *expr = *slot;

	switch (expr->kind) {
	case EXPR_NUMBER: case EXPR_STRING: case EXPR_CAPTURE: case EXPR_CONTEXT:
		break;
	case EXPR_CONST: case EXPR_EMBEDDED:
		embedded_resolve_expression(resolver, slot);
		break;
	case EXPR_SYMBOL:
		resolve_symbol(resolver, expr);
		break;
	case EXPR_INDEX: case EXPR_IN:
		resolve_operands(resolver, expr);
		resolve_array(resolver, expr);
		break;
	case EXPR_CALL:
		resolve_call(resolver, expr);
		break;
	case EXPR_ASSIGN: case EXPR_INCREMENT:
		resolve_assignment(resolver, expr);
		break;
	case EXPR_AND: case EXPR_OR:
		resolve_short_circuit(resolver, slot);
		break;
	case EXPR_TERNARY:
		resolve_ternary(resolver, slot);
		break;
	case EXPR_DEFINED:
		resolve_defined(resolver, slot);
		break;
	case EXPR_CHOOSE_DEFINED:
		resolve_choose_defined(resolver, slot);
		break;
	case EXPR_TARGET: case EXPR_CAST: case EXPR_ENTRY: case EXPR_PERF:
	case EXPR_DEREF: case EXPR_REGISTER:
		target_resolve(resolver, slot);
		break;
	case EXPR_PROBEWRITE:
		resolve_probewrite(resolver, slot);
		break;
	case EXPR_UNARY: case EXPR_BINARY: case EXPR_COMPARE: case EXPR_CONCAT: case EXPR_REGEX:
	case EXPR_PRINT: case EXPR_STAT: case EXPR_HIST:
		resolve_operands(resolver, expr);
		break;
	}
}

/* ---- statements ---- */

static void resolve_if(struct resolver *resolver, struct stmt **slot)
{
	struct stmt *stmt = *slot;
	bool may_decide = mentions_defined(stmt->expr), value;

	resolve_expression(resolver, &stmt->expr);
	if (may_decide && static_value(stmt->expr, &value)) {
		*slot = value ? stmt->then : stmt->otherwise;
		if (!*slot)
			*slot = make_stmt(resolver->sem->arena, STMT_NULL, stmt->token);
		resolve_stmt(resolver, slot);
		return;
	}
	resolve_stmt(resolver, &stmt->then);
	resolve_stmt(resolver, &stmt->otherwise);
}

static void resolve_foreach(struct resolver *resolver, struct foreach_spec *foreach)
{
	if (foreach->limit)
		resolve_expression(resolver, &foreach->limit);
	if (foreach->array->kind == EXPR_SYMBOL)
		resolve_array(resolver, foreach->array);
	else
		resolve_expression(resolver, &foreach->array);
	for (size_t i = 0; i < foreach->keys.count; i++)
		resolve_symbol(resolver, foreach->keys.items[i]);
	if (foreach->value)
		resolve_symbol(resolver, foreach->value);
}

static void resolve_loop(struct resolver *resolver, struct stmt *stmt)
{
	if (stmt->initial)
		resolve_expression(resolver, &stmt->initial);
	if (stmt->expr)
		resolve_expression(resolver, &stmt->expr);
	if (stmt->step)
		resolve_expression(resolver, &stmt->step);
	if (stmt->foreach)
		resolve_foreach(resolver, stmt->foreach);
	resolve_stmt(resolver, &stmt->then);
}

static void resolve_stmt(struct resolver *resolver, struct stmt **slot)
{
	struct stmt *stmt = *slot;

	if (!stmt)
		return;
	switch (stmt->kind) {
	case STMT_NULL: case STMT_NEXT: case STMT_BREAK: case STMT_CONTINUE:
		break;
	case STMT_EMBEDDED:
		embedded_resolve_stmt(resolver, stmt);
		break;
	case STMT_BLOCK:
		for (size_t i = 0; i < stmt->body.count; i++)
			resolve_stmt(resolver, &stmt->body.items[i]);
		break;
	case STMT_IF:
		resolve_if(resolver, slot);
		break;
	case STMT_WHILE: case STMT_FOR: case STMT_FOREACH:
		resolve_loop(resolver, stmt);
		break;
	case STMT_EXPR: case STMT_DELETE: case STMT_RETURN:
		if (stmt->expr)
			resolve_expression(resolver, &stmt->expr);
		break;
	case STMT_TRY:
		resolve_stmt(resolver, &stmt->then);
		if (stmt->catch_variable)
			resolve_symbol(resolver, stmt->catch_variable);
		resolve_stmt(resolver, &stmt->otherwise);
		break;
	}
}

/* ---- bodies ---- */

static void note_assigned(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	if (is_write && expr->kind == EXPR_SYMBOL)
		table_put(visitor->data, expr->name, expr);
}

static void note_written(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	if (is_write && (expr->kind == EXPR_SYMBOL || expr->kind == EXPR_TARGET))
		table_put(visitor->data, expr->name, expr);
}

static void collect_assigned(struct resolver *resolver, struct stmt *body)
{
	struct tree_visitor visitor = { .expr = note_assigned, .data = &resolver->assigned };

	tree_walk_stmt(&visitor, body);
}

static void collect_written(struct resolver *resolver, const struct body_segment *segment)
{
	struct tree_visitor visitor = { .expr = note_written, .data = &resolver->written };

	if (segment->is_alias)
		resolver->has_alias = true;
	else
		tree_walk_stmt(&visitor, segment->body);
}

static void resolve_conditions(struct resolver *resolver, struct probe_build *build)
{
	struct arena *arena = resolver->sem->arena;
	variable_array *locals = resolver->locals;

	resolver->locals = NULL;
	for (size_t i = 0; i < build->conditions.count; i++) {
		struct expr *part = expr_copy(arena, build->conditions.items[i].expr), *both;

		resolver->unit = build->conditions.items[i].unit;
		resolve_expression(resolver, &part);
		both = build->probe->condition;
		if (both) {
			both = make_expr(arena, EXPR_AND, part->token);
			both->a = part;
			both->b = build->probe->condition;
		}
		build->probe->condition = both ? both : part;
	}
	resolver->locals = locals;
}

/*
 * The body is a block of the segments' copies. A `next` in an alias's prologue ends the whole
 * handler, so that one flat block says it all.
 */
void resolve_build(struct semantics *sem, struct probe_build *build)
{
	struct resolver resolver = { .sem = sem, .probe = build->probe,
				     .locals = &build->probe->locals };
	struct stmt *body = make_stmt(sem->arena, STMT_BLOCK, build->probe->token);
	size_t first = sem->functions.count;

	if (build->resolved) /* an entry probe: entry.c made its body */
		return;
	prune_build(sem, build);
	table_init(&resolver.assigned, sem->arena);
	table_init(&resolver.written, sem->arena);
	for (size_t i = 0; i < build->segments.count; i++) {
		collect_assigned(&resolver, build->segments.items[i].body);
		collect_written(&resolver, &build->segments.items[i]);
	}
	resolve_conditions(&resolver, build);
	for (size_t i = 0; i < build->segments.count; i++) {
		struct stmt *copy = stmt_copy(sem->arena, build->segments.items[i].body);

		if (!i)
			copy = caller_guarded(sem, build->probe, copy);
		resolver.unit = build->segments.items[i].unit;
		if (build->probe->family->targets_at_entry)
			entry_wrap_targets(sem->arena, &sem->user.functions, copy);
		resolve_stmt(&resolver, &copy);
		array_push(sem->arena, &body->body, copy);
	}
	build->probe->body = body;
	build->resolved = true;
	resolve_functions(sem, first);
}

static void resolve_function(struct semantics *sem, struct function *function)
{
	struct resolver resolver = { .sem = sem, .unit = function->owner, .function = function,
				     .locals = &function->locals };

	for (size_t i = 0; i < function->parameters.count; i++)
		function->parameters.items[i]->scope = SCOPE_PARAMETER;
	if (function->embedded) {
		embedded_resolve_function(&resolver);
		return;
	}
	table_init(&resolver.assigned, sem->arena);
	table_init(&resolver.written, sem->arena);
	collect_assigned(&resolver, function->body);
	resolve_stmt(&resolver, &function->body);
}

/* resolving one function may queue more */
void resolve_functions(struct semantics *sem, size_t first)
{
	for (size_t i = first; i < sem->functions.count; i++)
		resolve_function(sem, sem->functions.items[i]);
}

/* ---- -G NAME=VALUE ---- */

static struct expr *parse_global_value(struct semantics *sem, const char *text,
				       const struct variable *variable)
{
	bool is_text = variable->initial && variable->initial->kind == EXPR_STRING;
	char *end;
	int64_t number;

	errno = 0;
	number = strtoll(text, &end, 0);
	if (*text && !*end && !errno && !is_text)
		return make_number(sem->arena, number, variable->token);
	return make_string(sem->arena, arena_strdup(sem->arena, text), strlen(text),
			   variable->token);
}

static struct variable *find_option_global(struct semantics *sem, const char *name)
{
	struct variable *variable = table_get(&sem->user.globals, name);

	for (size_t i = 0; !variable && i < sem->units.count; i++)
		if (sem->units.items[i]->is_user)
			variable = table_get(&sem->units.items[i]->globals, name);
	if (!variable && library_load_global(sem, name))
		variable = table_get(&sem->tapset.globals, name);
	return variable;
}

static void set_initial(struct semantics *sem, struct variable *variable, const char *setting,
			const char *text)
{
	struct expr *value = parse_global_value(sem, text, variable);
	size_t id;

	if (variable->initial && variable->initial->kind == EXPR_NUMBER &&
	    value->kind == EXPR_STRING) {
		id = diag_error(sem->frontend, NULL, "-G %s: '%s' is a number", setting,
				variable->name);
		diag_also(sem->frontend, id, variable->initial->token, "it begins as this");
		return;
	}
	variable->initial = value;
}

static void override_global(struct semantics *sem, const char *setting)
{
	const char *equals = strchr(setting, '=');
	char *name = arena_memdup(sem->arena, setting, strcspn(setting, "="));
	struct variable *variable;
	size_t id;

	if (!equals) {
		diag_error(sem->frontend, NULL, "-G %s: a value is missing, as in -G %s=1", setting,
			   setting);
		return;
	}
	variable = find_option_global(sem, name);
	if (variable) {
		set_initial(sem, variable, setting, equals + 1);
		return;
	}
	id = diag_error(sem->frontend, NULL, "-G %s: the script has no such global", setting);
	if (sem->user.globals.count) {
		const char **names = arena_alloc(sem->arena,
						 sem->user.globals.count * sizeof(*names));

		for (size_t i = 0; i < sem->user.globals.count; i++)
			names[i] = sem->user.globals.entries[i].key;
		diag_suggest(sem->frontend, id, name, names, sem->user.globals.count);
	}
}

/* ---- pass 2 ---- */

static void expand_scripts(struct semantics *sem)
{
	size_t count = sem->units.count; /* the library's come behind */

	for (size_t u = 0; u < count; u++) {
		struct unit *unit = sem->units.items[u];

		for (size_t i = 0; unit->is_user && i < unit->script->probes.count; i++)
			expand_declaration(sem, unit, unit->script->probes.items[i]);
	}
}

static void need_probes(struct semantics *sem)
{
	if (!sem->builds.count && !sem->frontend->error_count)
		diag_error(sem->frontend, NULL, "no probes found");
}

int frontend_resolve(struct frontend *frontend)
{
	struct semantics *sem;

	frontend->phase = PHASE_SEMANTIC;
	sem = semantics_get(frontend);
	for (size_t i = 0; i < frontend->options.global_count; i++)
		override_global(sem, frontend->options.globals[i]);
	expand_scripts(sem);
	for (size_t i = 0; i < sem->builds.count; i++)
		resolve_build(sem, sem->builds.items[i]);
	privilege_check(sem);
	if (frontend->error_count)
		refusal_report(sem);
	if (!frontend->error_count && !frontend->options.no_optimize)
		fold_program(sem);
	need_probes(sem);
	infer_program(sem);
	if (!frontend->error_count && display_written_globals(sem))
		infer_program(sem);
	if (!frontend->error_count && !frontend->options.no_optimize && sem->has_refusals)
		fold_program(sem);
	refusal_report(sem);
	if (!frontend->error_count)
		capture_program(sem);
	if (!frontend->error_count && !frontend->options.no_optimize)
		fold_program(sem);
	need_probes(sem);
	if (!frontend->error_count)
		capture_report_late(sem);
	if (frontend->error_count)
		return -EINVAL;
	program_make(sem);
	return 0;
}

#ifdef UNIT_TEST
#include "test-family.h"

static struct program *compile_with_globals(struct frontend **frontend, const char *setting,
					    const char *script)
{
	struct frontend_options options = { .globals = &setting, .global_count = 1 };

	*frontend = test_session(&options, script);
	return test_compile(*frontend);
}

UNIT_TEST_CASE(resolve_global_option_overrides)
{
	struct frontend *frontend;
	struct program *program = compile_with_globals(&frontend, "n=0x10",
						       "global n = 1 probe begin { println(n) }");

	CHECK(program && program->globals.items[0]->initial->number == 16);
	frontend_free(frontend);
	program = compile_with_globals(&frontend, "s=12",
				       "global s = \"x\" probe begin { println(s) }");
	CHECK(program != NULL);
	CHECK_STR(program->globals.items[0]->initial->string, "12");
	frontend_free(frontend);
}

UNIT_TEST_CASE(resolve_global_option_needs_a_global)
{
	struct frontend *frontend;

	CHECK(!compile_with_globals(&frontend, "m=1", "global n probe begin { println(++n) }"));
	CHECK_INT(diag_error_count(frontend), 1);
	frontend_free(frontend);
}

UNIT_TEST_CASE(resolve_user_globals_are_hidden_from_the_tapset)
{
	struct frontend *frontend = test_session(NULL, "global path = \"mine\"\n"
						       "probe made.open { println(path, flags) }");
	struct program *program = test_compile(frontend);

	CHECK(program && program->globals.count == 1);
	CHECK_INT(program->globals.items[0]->write_count, 0);
	frontend_free(frontend);
}

UNIT_TEST_CASE(resolve_needs_reach_through_functions)
{
	struct frontend *frontend = test_session(NULL, "function f() { return g() }\n"
						       "function g() { return execname() }\n"
						       "probe begin { println(f()); exit() }");
	struct program *program = test_compile(frontend);

	CHECK(program && program->probes.items[0]->needs & NEED_TASK && program->may_exit);
	CHECK_INT(program->functions.count, 2);
	frontend_free(frontend);
}
#endif
