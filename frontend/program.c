/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of pass 2: the typed tree becomes struct program. Slots are numbered over what
 * optimisation left, and what each handler needs to know is added up through functions.
 */
#include "semantic.h"

/* ---- what stands in a handler ---- */

struct usage {
	struct semantics *sem;
	struct probe *probe;	     /* NULL in functions */
	variable_array locals;	     /* those still mentioned, in the order of first mention */
	ARRAY(struct capture *) captures;
	unsigned needs;
	bool exits;
};

static void use_local(struct usage *usage, struct variable *variable)
{
	for (size_t i = 0; i < usage->locals.count; i++)
		if (usage->locals.items[i] == variable)
			return;
	variable->slot = (unsigned)usage->locals.count;
	array_push(usage->sem->arena, &usage->locals, variable);
}

static void use_capture(struct usage *usage, struct capture *capture)
{
	for (size_t i = 0; i < usage->captures.count; i++)
		if (usage->captures.items[i] == capture)
			return;
	capture->slot = (unsigned)usage->captures.count;
	array_push(usage->sem->arena, &usage->captures, capture);
}

static void use_expr(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct usage *usage = visitor->data;

	(void)is_write;
	if (expr->variable && expr->variable->scope == SCOPE_LOCAL)
		use_local(usage, expr->variable);
	if (expr->kind == EXPR_CAPTURE)
		use_capture(usage, expr->capture);
	if (expr->kind == EXPR_CAPTURE && expr->capture->kind == CAPTURE_COUNTER)
		usage->needs |= NEED_COUNTER | NEED_TASK;
	if (expr->kind == EXPR_CALL && expr->builtin) {
		usage->needs |= expr->builtin->needs;
		usage->exits |= expr->builtin->id == BUILTIN_exit ||
				expr->builtin->id == BUILTIN_abort;
	}
	for (struct function *f = expr->kind == EXPR_CALL ? expr->function : NULL; f;
	     f = f->next_overload)
		usage->needs |= f->needs;
}

/* needs of functions, through recursion too: repeat until nothing is added */
static void number_functions(struct semantics *sem, struct program *program)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t i = 0; i < sem->functions.count; i++) {
			struct function *function = sem->functions.items[i];
			struct usage usage = { .sem = sem };
			struct tree_visitor visitor = { .expr = use_expr, .data = &usage };

			tree_walk_stmt(&visitor, function->body);
			changed |= function->needs != usage.needs;
			function->needs = usage.needs;
			function->locals = usage.locals;
			program->may_exit |= usage.exits;
		}
	}
	for (size_t i = 0; i < sem->functions.count; i++) {
		struct function *function = sem->functions.items[i];

		function->slot = (unsigned)i;
		for (size_t p = 0; p < function->parameters.count; p++)
			function->parameters.items[p]->slot = (unsigned)p;
		array_push(sem->arena, &program->functions, function);
	}
}

/* ---- globals, in the order the sources declare them ---- */

static void mark_global(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	(void)visitor, (void)is_write;
	if (expr->variable && expr->variable->scope == SCOPE_GLOBAL)
		expr->variable->slot = 1;
}

static void add_global(struct semantics *sem, struct program *program, struct variable *variable)
{
	if (variable->slot == UINT32_MAX)
		return;
	variable->slot = (unsigned)program->globals.count;
	if (variable->size && variable->size->kind == EXPR_NUMBER)
		variable->max_entries = variable->size->number;
	array_push(sem->arena, &program->globals, variable);
}

static void number_globals(struct semantics *sem, struct program *program)
{
	struct tree_visitor visitor = { .expr = mark_global };

	for (size_t u = 0; u < sem->units.count; u++)
		for (size_t i = 0; i < sem->units.items[u]->globals.count; i++) {
			struct variable *global = sem->units.items[u]->globals.entries[i].value;

			global->slot = UINT32_MAX;
		}
	for (size_t i = 0; i < sem->builds.count; i++) {
		tree_walk_stmt(&visitor, sem->builds.items[i]->probe->body);
		tree_walk_expr(&visitor, sem->builds.items[i]->probe->condition, false);
	}
	for (size_t i = 0; i < sem->functions.count; i++)
		tree_walk_stmt(&visitor, sem->functions.items[i]->body);
	for (size_t u = 0; u < sem->units.count; u++)
		for (size_t i = 0; i < sem->units.items[u]->globals.count; i++)
			add_global(sem, program, sem->units.items[u]->globals.entries[i].value);
}

/* ---- C at the top level ---- */

static void gather_embedded(struct semantics *sem, struct program *program)
{
	for (size_t u = 0; u < sem->units.count; u++) {
		const struct script *script = sem->units.items[u]->script;

		for (size_t i = 0; i < script->order.count; i++)
			if (script->order.items[i].kind == DEFINE_EMBEDDED)
				array_push(sem->arena, &program->embedded,
					   (const struct token *)script->order.items[i].node);
	}
}

/* ---- probes ---- */

static void number_probe(struct semantics *sem, struct program *program, struct probe *probe)
{
	struct usage usage = { .sem = sem, .probe = probe };
	struct tree_visitor visitor = { .expr = use_expr, .data = &usage };

	tree_walk_expr(&visitor, probe->condition, false);
	tree_walk_stmt(&visitor, probe->body);
	if (probe->stack_pointer)
		use_capture(&usage, probe->stack_pointer);
	probe->locals = usage.locals;
	probe->captures.items = usage.captures.items;
	probe->captures.count = usage.captures.count;
	probe->captures.capacity = usage.captures.capacity;
	probe->needs = usage.needs;
	if (probe->sites.count)
		probe->needs |= probe->sites.items[0]->needs;
	if (probe->sites.count && probe->sites.items[0]->pid)
		probe->needs |= NEED_TASK;
	probe->index = (unsigned)program->probes.count;
	if (probe->sites.count && probe->sites.items[0]->executable)
		probe->needs |= NEED_TASK | NEED_MAPS;
	program->needs |= probe->needs;
	program->may_exit |= usage.exits;
	array_push(sem->arena, &program->probes, probe);
}

void program_make(struct semantics *sem)
{
	struct frontend *frontend = sem->frontend;
	struct program *program = arena_new_object(frontend->arena, struct program);

	program->frontend = frontend;
	program->options = &frontend->options;
	program->arena = frontend->arena;
	fold_drop_uncalled(sem);
	fold_count_uses(sem);
	number_globals(sem, program);
	number_functions(sem, program);
	gather_embedded(sem, program);
	for (size_t i = 0; i < sem->builds.count; i++)
		number_probe(sem, program, sem->builds.items[i]->probe);
	counters_gather(sem, program);
	frontend->program = program;
}

struct program *frontend_program(struct frontend *frontend)
{
	return frontend->program;
}
