// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * C++ symbols as they were declared, by the C++ library's own __cxa_demangle() (Itanium C++ ABI,
 * 3.4). That library is loaded when the first mangled name is met: a machine without it has no C++
 * programs either, and names stay as they are. Every name is worked out once.
 */
#include "demangle.h"

#include <dlfcn.h>

typedef char *demangle_function(const char *name, char *room, size_t *size, int *status);

struct demangler {
	struct arena *arena;
	struct table names; /* mangled -> declared */
	void *library;
	demangle_function *function;
	bool tried;
};

struct demangler *demangler_new(void)
{
	struct demangler *demangler = memory_zalloc(sizeof(*demangler));

	demangler->arena = arena_new();
	table_init(&demangler->names, demangler->arena);
	return demangler;
}

void demangler_free(struct demangler *demangler)
{
	if (!demangler)
		return;
	if (demangler->library)
		dlclose(demangler->library);
	arena_free(demangler->arena);
	free(demangler);
}

static void load_library(struct demangler *demangler)
{
	void *symbol;

	demangler->tried = true;
	demangler->library = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);
	symbol = demangler->library ? dlsym(demangler->library, "__cxa_demangle") : NULL;
	memcpy(&demangler->function, &symbol, sizeof(symbol));
}

const char *demangle(struct demangler *demangler, const char *name)
{
	char *declared = NULL;
	const char *known;
	int status = -1;

	if (!text_starts_with(name, "_Z") && !text_starts_with(name, "___Z"))
		return name;
	if (!demangler->tried)
		load_library(demangler);
	known = table_get(&demangler->names, name);
	if (known)
		return known;
	if (demangler->function)
		declared = demangler->function(name, NULL, NULL, &status);
	known = arena_strdup(demangler->arena, declared ? declared : name);
	free(declared);
	table_put(&demangler->names, name, (void *)known);
	return known;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(demangle_knows_cxx_names_only)
{
	struct demangler *demangler = demangler_new();
	const char *plain = "main", *declared = demangle(demangler, "_Z5oftenIcEiPKT_");

	CHECK(demangle(demangler, plain) == plain);
	CHECK(demangle(demangler, "_Z5oftenIcEiPKT_") == declared);
	if (demangler->function)
		CHECK_STR(declared, "int often<char>(char const*)");
	CHECK_STR(demangle(demangler, "_Z"), "_Z");
	CHECK_STR(demangle(demangler, "_Zzzz9999999999999"), "_Zzzz9999999999999");
	demangler_free(demangler);
}
#endif
