/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The natives' table: builtin.def in, rows that resolution finds by name out.
 */
#include "frontend.h"

/* --privilege=stapusr: nothing but a process's memory, and that not quoted, as upstream has it */
enum {
	PRIVILEGE_KERNEL = BUILTIN_PRIVILEGED, PRIVILEGE_EITHER = BUILTIN_PRIVILEGED,
	PRIVILEGE_ARGUMENT = BUILTIN_PRIVILEGED, PRIVILEGE_REGISTER = BUILTIN_PRIVILEGED,
	PRIVILEGE_RETURN = BUILTIN_PRIVILEGED, PRIVILEGE_USER = 0,
	PRIVILEGE_ERROR = 0, PRIVILEGE_ZERO = 0, PRIVILEGE_WARN = 0, PRIVILEGE_UNKNOWN = 0,
	PRIVILEGE_ADDRESS = BUILTIN_PRIVILEGED, PRIVILEGE_QUOTE = BUILTIN_PRIVILEGED,
};

const struct builtin builtin_table[BUILTIN_COUNT] = {
#define BUILTIN(name, result, parameters, flags, needs)                                         \
	[BUILTIN_##name] = { #name, result, parameters, flags, needs, BUILTIN_##name },
#include "builtin.def"
#undef BUILTIN
};

static const struct memory_read memory_table[BUILTIN_COUNT] = {
#define MEMORY(name, result, parameters, space, form, size, fault)                              \
	[BUILTIN_##name] = { MEMORY_##space, MEMORY_##form, MEMORY_FAULT_##fault, size },
#include "memory.def"
#undef MEMORY
};

const struct memory_read *builtin_memory_read(enum builtin_id id)
{
	return id < BUILTIN_COUNT && memory_table[id].space ? &memory_table[id] : NULL;
}

const struct builtin *builtin_find(const char *name)
{
	for (size_t i = 0; i < BUILTIN_COUNT; i++)
		if (strcmp(builtin_table[i].name, name) == 0)
			return &builtin_table[i];
	return NULL;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(builtin_rows_are_found_by_name)
{
	CHECK(builtin_find("exit")->id == BUILTIN_exit);
	CHECK(builtin_find("no_such_native") == NULL);
}

UNIT_TEST_CASE(builtin_parameters_are_letters)
{
	for (size_t i = 0; i < BUILTIN_COUNT; i++)
		CHECK_INT(strspn(builtin_table[i].parameters, "ls|"),
			  strlen(builtin_table[i].parameters));
}
#endif
