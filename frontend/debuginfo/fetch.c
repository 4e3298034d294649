// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Building the fetches of frontend.h: small immutable nodes in the session's arena. Offsets are
 * folded into the node they stand on, so that a chain of members is one DEREF per pointer.
 */
#include "module.h"

static struct fetch *fetch_new(struct arena *arena, enum fetch_kind kind, int64_t offset)
{
	struct fetch *fetch = arena_new_object(arena, struct fetch);

	fetch->kind = kind;
	fetch->offset = offset;
	return fetch;
}

const struct fetch *fetch_constant(struct arena *arena, int64_t value)
{
	return fetch_new(arena, FETCH_CONSTANT, value);
}

const struct fetch *fetch_register(struct arena *arena, const struct arch *arch, unsigned number,
				   int64_t offset)
{
	int native = arch_native_register(arch, number);
	struct fetch *fetch;

	if (native < 0)
		return NULL;
	fetch = fetch_new(arena, FETCH_REGISTER, offset);
	fetch->reg = (unsigned)native;
	return fetch;
}

const struct fetch *fetch_entry(struct arena *arena, const struct arch *arch, unsigned number)
{
	struct fetch *fetch = (struct fetch *)fetch_register(arena, arch, number, 0);

	if (fetch)
		fetch->kind = FETCH_ENTRY;
	return fetch;
}

const struct fetch *fetch_address(struct arena *arena, uint64_t address)
{
	return fetch_new(arena, FETCH_SYMBOL, (int64_t)address);
}

const struct fetch *fetch_add(struct arena *arena, const struct fetch *fetch, int64_t offset)
{
	struct fetch *sum;

	if (!offset)
		return fetch;
	sum = arena_memdup(arena, fetch, sizeof(*fetch));
	sum->offset = (int64_t)((uint64_t)sum->offset + (uint64_t)offset);
	return sum;
}

const struct fetch *fetch_deref(struct arena *arena, const struct fetch *base, unsigned size,
				bool is_signed, bool is_user)
{
	struct fetch *fetch = fetch_new(arena, FETCH_DEREF, 0);

	fetch->base = base;
	fetch->size = (uint8_t)size;
	fetch->is_signed = is_signed;
	fetch->is_user = is_user;
	return fetch;
}

static const struct recipe *recipe_new(struct arena *arena, struct recipe recipe)
{
	return arena_memdup(arena, &recipe, sizeof(recipe));
}

void fetch_number(struct arena *arena, const struct fetch *fetch, unsigned bit_offset,
		  unsigned bit_size, struct place_value *value)
{
	value->type = TYPE_LONG;
	value->recipe = NULL;
	value->addend = fetch->offset;
	if (fetch->kind == FETCH_CONSTANT)
		return;
	if (fetch->kind == FETCH_SYMBOL)
		value->addend = 0;
	else
		fetch = fetch_add(arena, fetch, (int64_t)(0 - (uint64_t)fetch->offset));
	value->recipe = recipe_new(arena, (struct recipe){
		.form = RECIPE_NUMBER, .fetch = fetch,
		.bit_offset = (uint8_t)bit_offset, .bit_size = (uint8_t)bit_size });
}

void fetch_string(struct arena *arena, const struct fetch *address, bool is_user,
		  uint32_t length, struct place_value *value)
{
	value->type = TYPE_STRING;
	value->addend = 0;
	value->recipe = recipe_new(arena, (struct recipe){
		.form = RECIPE_STRING, .fetch = address, .is_user = is_user, .length = length });
}
