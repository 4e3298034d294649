/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes on callees run only when the right function made the call. Their sites know where those
 * calls return to; the handler begins with a comparison of the return address. In a return probe it
 * is that of the entry.
 */
#include "semantic.h"

struct stmt *caller_guarded(struct semantics *sem, const struct probe *probe, struct stmt *body)
{
	const struct site *site = probe->sites.count ? probe->sites.items[0] : NULL;
	struct arena *arena = sem->arena;
	struct stmt *guard, *block;

	if (!site || !site->place || !site->place->caller_count)
		return body;
	guard = make_stmt(arena, STMT_IF, probe->token);
	guard->expr = make_expr(arena, EXPR_UNARY, probe->token);
	guard->expr->op = OP_NOT;
	guard->expr->a = make_expr(arena, EXPR_TARGET, probe->token);
	guard->expr->a->name = CALLER_NAME;
	guard->then = make_stmt(arena, STMT_NEXT, probe->token);
	block = make_stmt(arena, STMT_BLOCK, probe->token);
	array_push(arena, &block->body, guard);
	array_push(arena, &block->body, body);
	return block;
}

/* an address of the probed program as it runs, or of the kernel */
static struct expr *running_address(struct resolver *resolver, const struct code_place *place,
				    uint64_t address, const struct expr *target)
{
	struct arena *arena = resolver->sem->arena;
	struct fetch *fetch;

	if (!module_is_user_space(place->module))
		return make_number(arena, (int64_t)address, target->token);
	fetch = arena_new_object(arena, struct fetch);
	fetch->kind = FETCH_SYMBOL;
	fetch->offset = (int64_t)address;
	return target_fetch(resolver, recipe_number(arena, fetch), TYPE_LONG, target, NULL);
}

struct expr *caller_resolve(struct resolver *resolver, const struct code_place *place,
			    const struct expr *target)
{
	const struct recipe *recipe = debuginfo_return_address(place);
	struct arena *arena = resolver->sem->arena;
	struct expr *any = NULL;

	if (!recipe) {
		diag_error(resolver->sem->frontend, target->token, "who calls '%s' cannot be told: "
			   "its frame is not described", place->function);
		return NULL;
	}
	for (unsigned i = 0; i < place->caller_count; i++) {
		struct expr *same = make_expr(arena, EXPR_COMPARE, target->token), *either;

		same->op = OP_EQ;
		same->a = target_fetch(resolver, recipe, TYPE_LONG, target, NULL);
		same->b = running_address(resolver, place, place->callers[i], target);
		if (any) {
			either = make_expr(arena, EXPR_OR, target->token);
			either->a = any;
			either->b = same;
			same = either;
		}
		any = same;
	}
	return any;
}
