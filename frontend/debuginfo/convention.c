// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What needs no debug info, only the calling convention: parameters by their number where a
 * function begins, registers by name anywhere.
 */
#include <errno.h>

#include "module.h"

#define MAX_ARGUMENT 64

bool module_is_user_space(const struct module *module)
{
	return module_is_user(module);
}

static const struct arch *place_arch(const struct code_place *place, struct buf *problem)
{
	const struct arch *arch = place->module ? place->module->arch : NULL;

	if (!arch)
		buf_puts(problem, "the registers of this architecture are not known");
	return arch;
}

static int give(const struct code_place *place, const struct fetch *fetch,
		struct place_value *value, struct buf *problem)
{
	if (!fetch) {
		buf_puts(problem, "the kernel cannot fetch this register");
		return -ENOTSUP;
	}
	fetch_number(place->module->arena, fetch, 0, 0, value);
	return 0;
}

static int check_argument(const struct code_place *place, int64_t number, struct buf *problem)
{
	if (!place->at_entry || place->is_return) {
		buf_puts(problem, "arguments by number are only known where a function begins");
		return -ENODATA;
	}
	if (number < 1 || number > MAX_ARGUMENT) {
		buf_printf(problem, "there is no argument number %lld", (long long)number);
		return -ENOENT;
	}
	return 0;
}

int debuginfo_argument(const struct code_place *place, int64_t number, struct place_value *value,
		       struct buf *problem)
{
	const struct arch *arch = place_arch(place, problem);
	int error = arch ? check_argument(place, number, problem) : -ENOTSUP;
	struct arena *arena = place->module ? place->module->arena : NULL;
	const struct fetch *fetch;
	int64_t slot;

	if (error)
		return error;
	slot = number - 1 - arch->parameter_count;
	if (slot < 0)
		return give(place, fetch_register(arena, arch, arch->parameters[number - 1], 0),
			    value, problem);
	fetch = fetch_register(arena, arch, arch->stack_pointer,
			       arch->stack_parameters + slot * arch->pointer_size);
	if (fetch)
		fetch = fetch_deref(arena, fetch, arch->pointer_size, false,
				    module_is_user(place->module));
	return give(place, fetch, value, problem);
}

int debuginfo_register(const struct code_place *place, const char *name, unsigned *bit_offset,
		       unsigned *bits, struct place_value *value, struct buf *problem)
{
	const struct arch *arch = place_arch(place, problem);
	const struct arch_register *found = arch ? arch_find_register(arch, name) : NULL;

	if (!found) {
		if (arch)
			buf_printf(problem, "%s has no register '%s'", arch->name, name);
		return -ENOENT;
	}
	*bit_offset = found->bit_offset;
	*bits = found->size * 8u;
	return give(place, fetch_register(place->module->arena, arch, found->number, 0), value,
		    problem);
}

const struct recipe *debuginfo_stack_pointer(const struct code_place *place)
{
	struct buf problem = BUF_INIT;
	struct place_value value = { 0 };
	const struct arch *arch = place_arch(place, &problem);

	if (arch)
		give(place, fetch_register(place->module->arena, arch, arch->stack_pointer, 0),
		     &value, &problem);
	buf_free(&problem);
	return value.recipe;
}

#ifdef UNIT_TEST
#include "../../lib/unit.h"

static struct module test_module(void)
{
	return (struct module){ .arena = arena_new(), .arch = arch_by_name("x86_64") };
}

UNIT_TEST_CASE(convention_arguments_stand_in_registers_then_on_the_stack)
{
	struct module module = test_module();
	struct code_place place = { .module = &module, .at_entry = true };
	struct place_value value = { 0 };
	struct buf problem = BUF_INIT;

	CHECK_INT(debuginfo_argument(&place, 2, &value, &problem), 0);
	CHECK_INT(value.recipe->fetch->reg, 4);
	CHECK_INT(debuginfo_argument(&place, 8, &value, &problem), 0);
	CHECK_INT(value.recipe->fetch->kind, FETCH_DEREF);
	CHECK_INT(value.recipe->fetch->base->offset, 16);
	CHECK(value.recipe->fetch->is_user);
	CHECK_INT(debuginfo_argument(&place, 0, &value, &problem), -ENOENT);
	place.is_return = true;
	CHECK_INT(debuginfo_argument(&place, 1, &value, &problem), -ENODATA);
	buf_free(&problem);
	arena_free(module.arena);
}

UNIT_TEST_CASE(convention_registers_by_name)
{
	struct module module = test_module();
	struct code_place place = { .module = &module };
	struct place_value value = { 0 };
	struct buf problem = BUF_INIT;
	unsigned bit_offset, bits;

	CHECK_INT(debuginfo_register(&place, "ah", &bit_offset, &bits, &value, &problem), 0);
	CHECK(value.recipe->fetch->reg == 0 && bit_offset == 8 && bits == 8);
	CHECK_INT(debuginfo_register(&place, "zmm9", &bit_offset, &bits, &value, &problem),
		  -ENOENT);
	CHECK_STR(buf_text(&problem), "x86_64 has no register 'zmm9'");
	CHECK_INT(debuginfo_stack_pointer(&place)->fetch->reg, 7);
	buf_free(&problem);
	arena_free(module.arena);
}
#endif
