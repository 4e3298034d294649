/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * @entry(expr) and parameters in return probes: a second probe where the call begins evaluates the
 * expression and saves it, the return probe takes it back. So does one in the middle of a function
 * with a register that debug info knows from the entry alone (DW_OP_entry_value). Until types are
 * known a saved value is a local of the entry probe that the return probe reads as well, so that
 * inference and the optimiser treat it like any variable; entry_lower() then makes natives of both
 * sides.
 */
#include "semantic.h"

/* ---- the entry probe ---- */

/* @is_inside: of the call that the probe's code is part of, else of the one that returns there */
static struct site *entry_site(const struct resolver *resolver, bool is_inside)
{
	const struct probe *probe = resolver->probe;
	const struct code_place *place;

	if (!probe || !probe->sites.count || !probe->family->entry)
		return NULL;
	place = probe->sites.items[0]->place;
	if (is_inside != (place && !place->is_return))
		return NULL;
	return probe->family->entry(resolver->sem->frontend, probe->sites.items[0]);
}

/* a probe with one block to which assignments are added */
static struct probe *make_entry(struct resolver *resolver, struct site *site)
{
	struct arena *arena = resolver->sem->arena;
	struct probe *probe = arena_memdup(arena, resolver->probe, sizeof(*probe));
	struct probe_build *build = arena_new_object(arena, struct probe_build);
	struct body_segment segment = { NULL, resolver->unit, true };

	*probe = (struct probe){ .family = resolver->probe->family,
				 .point = resolver->probe->point,
				 .point_text = site->name,
				 .alias_text = resolver->probe->alias_text,
				 .token = resolver->probe->token,
				 .is_entry = true };
	site->family = probe->family;
	array_push(arena, &probe->sites, site);
	probe->body = make_stmt(arena, STMT_BLOCK, probe->token);
	array_push(arena, &probe->body->body, make_stmt(arena, STMT_BLOCK, probe->token));
	build->probe = probe;
	build->unit = resolver->unit;
	build->resolved = true;
	array_push(arena, &build->segments, segment);
	array_push(arena, &resolver->sem->builds, build);
	return probe;
}

static struct probe *entry_of(struct resolver *resolver, bool is_inside)
{
	struct probe *probe = resolver->probe;
	struct site *site;

	if (probe && probe->entry)
		return probe->is_inside == is_inside ? probe->entry : NULL;
	site = entry_site(resolver, is_inside);
	if (!site || (is_inside && !target_pair_frame(resolver->sem, probe)))
		return NULL;
	probe->is_inside = is_inside;
	probe->entry = make_entry(resolver, site);
	target_pair(resolver->sem, probe);
	return probe->entry;
}

/* ---- saved values ---- */

static struct variable *find_saved(const struct probe *entry, const char *name)
{
	for (size_t i = 0; i < entry->locals.count; i++)
		if (strcmp(entry->locals.items[i]->name, name) == 0)
			return entry->locals.items[i];
	return NULL;
}

/* resolve @value where the call begins, and assign it there to a new local */
static struct variable *save(struct resolver *resolver, struct expr *value, const char *name)
{
	struct arena *arena = resolver->sem->arena;
	struct probe *entry = resolver->probe->entry;
	struct resolver inner = { .sem = resolver->sem, .unit = resolver->unit, .probe = entry,
				  .locals = &entry->locals, .is_trial = resolver->is_trial };
	struct variable *variable = arena_new_object(arena, struct variable);
	struct stmt *stmt = make_stmt(arena, STMT_EXPR, value->token);
	size_t errors = resolver->sem->frontend->error_count;

	table_init(&inner.assigned, arena);
	table_init(&inner.written, arena);
	resolve_expression(&inner, &value);
	if (resolver->sem->frontend->error_count > errors)
		return NULL;
	variable->name = name;
	variable->token = value->token;
	variable->scope = SCOPE_LOCAL;
	array_push(arena, &entry->locals, variable);
	stmt->expr = make_expr(arena, EXPR_ASSIGN, value->token);
	stmt->expr->op = OP_ASSIGN;
	stmt->expr->a = make_expr(arena, EXPR_SYMBOL, value->token);
	stmt->expr->a->name = name;
	stmt->expr->a->variable = variable;
	stmt->expr->b = value;
	array_push(arena, &entry->body->body.items[0]->body, stmt);
	return variable;
}

static bool resolve_at(struct resolver *resolver, bool is_inside, struct expr **slot,
		       struct expr *value)
{
	struct buf text = BUF_INIT;
	struct variable *variable;
	struct expr *symbol;
	const char *name;

	if (!entry_of(resolver, is_inside))
		return false;
	expr_print(value, &text);
	name = arena_printf(resolver->sem->arena, "@entry(%s)", buf_text(&text));
	buf_free(&text);
	variable = find_saved(resolver->probe->entry, name);
	if (!variable)
		variable = save(resolver, value, name);
	if (!variable)
		return true; /* reported */
	symbol = make_expr(resolver->sem->arena, EXPR_SYMBOL, (*slot)->token);
	symbol->name = name;
	symbol->variable = variable;
	*slot = symbol;
	return true;
}

bool entry_resolve(struct resolver *resolver, struct expr **slot, struct expr *value)
{
	return resolve_at(resolver, false, slot, value);
}

struct expr *entry_register(struct resolver *resolver, unsigned number, const struct token *token)
{
	struct arena *arena = resolver->sem->arena;
	struct expr *value = make_expr(arena, EXPR_REGISTER, token);
	size_t errors = resolver->sem->frontend->error_count;

	value->op = (enum op)'u';
	value->a = make_number(arena, number, token);
	if (resolver->without_entry || !resolve_at(resolver, true, &value, value))
		return NULL;
	return resolver->sem->frontend->error_count == errors ? value : NULL;
}

const struct site *entry_find_site(struct resolver *resolver)
{
	struct probe *probe = resolver->probe;

	if (probe && probe->entry && !probe->is_inside)
		return probe->entry->sites.items[0];
	return entry_site(resolver, false);
}

/* ---- natives for both sides, once types are known ---- */

struct lowering {
	struct semantics *sem;
	const struct probe *probe, *entry;
};

static void make_call(struct semantics *sem, struct expr *expr, enum builtin_id id,
		      const struct variable *variable, struct expr *value)
{
	struct expr **args = arena_alloc(sem->arena, 2 * sizeof(*args));

	args[0] = make_number(sem->arena, variable->slot, expr->token);
	args[1] = value;
	expr->kind = EXPR_CALL;
	expr->name = builtin_table[id].name;
	expr->builtin = &builtin_table[id];
	expr->type = builtin_table[id].result;
	expr->args = args;
	expr->arg_count = value ? 2 : 1;
	expr->a = expr->b = NULL;
	expr->variable = NULL;
}

static bool is_saved(const struct probe *entry, const struct variable *variable)
{
	for (size_t i = 0; entry && variable && i < entry->locals.count; i++)
		if (entry->locals.items[i] == variable)
			return true;
	return false;
}

static void lower_save(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct lowering *lowering = visitor->data;
	const struct variable *variable;

	(void)is_write;
	if (expr->kind != EXPR_ASSIGN || !is_saved(lowering->probe, expr->a->variable))
		return;
	variable = expr->a->variable;
	make_call(lowering->sem, expr, variable->type == TYPE_STRING ? BUILTIN___entry_save_text :
								       BUILTIN___entry_save,
		  variable, expr->b);
}

static void lower_load(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct lowering *lowering = visitor->data;

	(void)is_write;
	if (expr->kind == EXPR_SYMBOL && is_saved(lowering->entry, expr->variable))
		make_call(lowering->sem, expr, expr->variable->type == TYPE_STRING ?
			  BUILTIN___entry_text : BUILTIN___entry_value, expr->variable, NULL);
}

void entry_lower(struct semantics *sem)
{
	for (size_t i = 0; i < sem->builds.count; i++) {
		struct probe *probe = sem->builds.items[i]->probe;
		struct lowering lowering = { sem, probe, probe->entry };
		struct tree_visitor saves = { .expr = lower_save, .data = &lowering };
		struct tree_visitor loads = { .expr = lower_load, .data = &lowering };

		for (size_t k = 0; probe->is_entry && k < probe->locals.count; k++)
			probe->locals.items[k]->slot = (unsigned)k;
		if (probe->entry)
			for (size_t k = 0; k < probe->entry->locals.count; k++)
				probe->entry->locals.items[k]->slot = (unsigned)k;
		if (probe->entry)
			tree_walk_stmt(&loads, probe->body);
		if (probe->is_entry)
			tree_walk_stmt(&saves, probe->body);
	}
}
