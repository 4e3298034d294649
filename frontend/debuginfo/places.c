// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * debuginfo_find(): which reader answers a query, and what all places have in common. The source of
 * places is the best there is: DWARF; for functions without it the kernel's own lists or the ELF
 * symbols.
 */
#include "dwarf.h"
#include "kernel.h"
#include "module.h"

#include <errno.h>

struct code_place *place_new(struct module *module, uint64_t address)
{
	struct code_place *place = arena_new_object(module->arena, struct code_place);
	const struct function_symbol *symbol = symtab_at(module, address);
	int64_t offset = elf_file_offset(module, address, true);

	place->module = module;
	place->address = address;
	place->file_offset = offset < 0 ? 0 : (uint64_t)offset;
	if (symbol) {
		place->function = symbol->name;
		place->function_address = symbol->address;
		place->function_size = symbol->size;
		place->symbol = symbol->name;
		place->symbol_offset = address - symbol->address;
		place->at_entry = address == symbol->address;
	}
	return place;
}

static int compare_places(const void *a, const void *b)
{
	const struct code_place *first = *(const struct code_place *const *)a;
	const struct code_place *second = *(const struct code_place *const *)b;
	int names;

	if (first->address != second->address)
		return first->address < second->address ? -1 : 1;
	if (first->is_inline != second->is_inline)
		return first->is_inline - second->is_inline;
	names = strcmp(first->function ?: "", second->function ?: "");
	names = names ?: strcmp(first->label ?: "", second->label ?: "");
	return names ?: strcmp(first->mark ?: "", second->mark ?: "");
}

void places_sort(place_array *places)
{
	size_t kept = 0;

	if (places->count)
		qsort(places->items, places->count, sizeof(*places->items), compare_places);
	for (size_t i = 0; i < places->count; i++)
		if (!kept || compare_places(&places->items[kept - 1], &places->items[i]))
			places->items[kept++] = places->items[i];
	places->count = kept;
}

static int find_address(struct module *module, const struct place_query *query,
			place_array *places, struct buf *problem)
{
	struct code_place *place;

	if (module_is_user(module) && elf_file_offset(module, query->address, true) < 0) {
		buf_printf(problem, "no code of '%s' is at address %#llx", module->path,
			   (unsigned long long)query->address);
		return -ENOENT;
	}
	place = module->dwarf && !query->is_absolute ? dwarf_place_at(module, query->address) : NULL;
	if (!place)
		place = module_is_user(module) ? place_new(module, query->address) :
						 kernel_place_at(module, query->address);
	place->is_return = query->is_return;
	array_push(module->arena, places, place);
	return 1;
}

static int needs_dwarf(const struct module *module, const struct place_query *query,
		       struct buf *problem)
{
	buf_printf(problem, "'%s' needs debug information, and there is none for '%s'%s%s",
		   query->pattern, module->path, module->missing ? ": " : "",
		   module->missing ?: "");
	return -ENODATA;
}

/* of the kernel's DWARF: what was initialisation code is gone */
static void drop_dead(const struct module *module, place_array *places)
{
	size_t kept = 0;

	for (size_t i = 0; i < places->count; i++)
		if (places->items[i]->symbol &&
		    kernel_is_alive(module->kernel, places->items[i]->symbol))
			places->items[kept++] = places->items[i];
	places->count = kept;
}

static int find_code(struct module *module, const struct place_query *query, place_array *places,
		     name_array *suggest, struct buf *problem)
{
	struct pattern pattern;
	int error = pattern_parse(module->arena, query->pattern, &pattern, problem);

	if (error)
		return error;
	if (module->dwarf) {
		error = dwarf_find_places(module, query, &pattern, places, suggest, problem);
		if (!module_is_user(module))
			drop_dead(module, places);
		if (error || places->count)
			return error;
	}
	if (query->what != PLACE_FUNCTION || pattern.file || query->callee || query->only_inline)
		return module->dwarf ? 0 : needs_dwarf(module, query, problem);
	if (!module_is_user(module))
		return kernel_find_places(module, query, &pattern, places, suggest);
	return symtab_find_places(module, query, &pattern, places, suggest);
}

int debuginfo_find(struct module *module, const struct place_query *query, place_array *places,
		   name_array *suggest, struct buf *problem)
{
	place_array found = { NULL, 0, 0 };
	int error;

	if (query->what == PLACE_MARK)
		error = sdt_find_places(module, query, &found, suggest);
	else if (query->what == PLACE_PLT)
		error = plt_find_places(module, query, &found, suggest);
	else if (!query->pattern)
		error = find_address(module, query, &found, problem);
	else
		error = find_code(module, query, &found, suggest, problem);
	if (error < 0)
		return error;
	places_sort(&found);
	for (size_t i = 0; i < found.count; i++)
		array_push(module->arena, places, found.items[i]);
	return (int)found.count;
}
