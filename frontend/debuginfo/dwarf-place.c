// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Places by DWARF: entries of functions, inlined copies, labels. A probe goes to the very
 * first instruction, where the calling convention still holds; only in code that is not optimised
 * and has parameters this does not find does it go behind the prologue, as SystemTap's do.
 */
#include "dwarf.h"

#include <errno.h>

bool dwarf_entry(Dwarf_Die *function, uint64_t *address)
{
	Dwarf_Addr base, start, end;

	if (dwarf_entrypc(function, address) == 0)
		return true;
	if (dwarf_ranges(function, 0, &base, &start, &end) <= 0)
		return false;
	*address = start;
	return true;
}

/* the code range that @address is in */
static void set_extent(struct code_place *place, Dwarf_Die *function)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t offset = 0;

	while ((offset = dwarf_ranges(function, offset, &base, &start, &end)) > 0) {
		if (place->address < start || place->address >= end)
			continue;
		place->function_size = end - start;
		place->function_address = start;
		return;
	}
}

struct code_place *dwarf_place_new(struct module *module, Dwarf_Die *function, uint64_t address)
{
	struct dwarf_scope *scope = arena_new_object(module->arena, struct dwarf_scope);
	struct code_place *place = place_new(module, address);
	const char *name = dwarf_diename(function);
	uint64_t entry;
	int line;

	scope->function = *function;
	dwarf_diecu(function, &scope->unit, NULL, NULL);
	place->scope = scope;
	place->function = name ?: place->function;
	place->file = dwarf_file_of(function);
	if (dwarf_decl_line(function, &line) == 0)
		place->line = line;
	place->is_inline = dwarf_tag(function) == DW_TAG_inlined_subroutine;
	place->at_entry = !place->is_inline && dwarf_entry(function, &entry) && entry == address;
	set_extent(place, function);
	return place;
}

struct code_place *dwarf_place_at(struct module *module, uint64_t address)
{
	struct code_place *place;
	Dwarf_Die unit, function;
	const char *file;
	int line;

	if (!dwarf_unit_at(module, address, &unit) || !dwarf_innermost(&unit, address, &function))
		return NULL;
	place = dwarf_place_new(module, &function, address);
	line = line_at(&((struct dwarf_scope *)place->scope)->unit, address, &file);
	if (line) {
		place->line = line;
		place->file = file;
	}
	return place;
}

const struct code_place *debuginfo_call_entry(const struct code_place *place)
{
	const struct dwarf_scope *scope = place->scope;
	Dwarf_Die function;
	uint64_t address;

	if (place->at_entry || !scope || !place->module->dwarf ||
	    !dwarf_enclosing(&((struct dwarf_scope *)scope)->function, &function) ||
	    !dwarf_entry(&function, &address) ||
	    elf_file_offset(place->module, address, true) < 0)
		return NULL;
	return dwarf_place_new(place->module, &function, address);
}

/* ---- functions ---- */

static bool is_exported(Dwarf_Die *function)
{
	Dwarf_Attribute attribute;
	bool flag;

	return dwarf_attr_integrate(function, DW_AT_external, &attribute) &&
	       dwarf_formflag(&attribute, &flag) == 0 && flag;
}

static bool is_wanted(const struct place_finder *finder, struct dwarf_function *function)
{
	const struct place_query *query = finder->query;

	if (query->callee)
		return dwarf_matches_name(function, finder->pattern->function) &&
		       pattern_match_file(finder->pattern, dwarf_file_of(&function->die));
	if (function->is_inline ? query->only_call || query->is_return || query->only_exported :
				  query->only_inline)
		return false;
	if (!dwarf_matches_name(function, finder->pattern->function) ||
	    (finder->pattern->file &&
	     !pattern_match_file(finder->pattern, dwarf_file_of(&function->die))))
		return false;
	return !query->only_exported || is_exported(&function->die);
}

/* NULL when the function has no code that is loaded */
struct code_place *dwarf_place_add(struct place_finder *finder, struct dwarf_function *function)
{
	struct module *module = finder->module;
	struct code_place *place;
	uint64_t address;

	if (!dwarf_entry(&function->die, &address) || !address ||
	    elf_file_offset(module, address, true) < 0)
		return NULL;
	place = dwarf_place_new(module, &function->die, address);
	place->is_return = finder->query->is_return;
	place->caller = finder->caller;
	if (!place->is_return && !place->is_inline && finder->query->what == PLACE_FUNCTION &&
	    dwarf_needs_prologue(module, &function->die)) {
		uint64_t end = line_prologue_end(&function->die, address);

		place->file_offset += end - address;
		place->symbol_offset += end - address;
		place->address = end;
		place->at_entry = end == address;
	}
	array_push(module->arena, finder->places, place);
	return place;
}

/* ---- labels ---- */

static void find_labels(struct place_finder *finder, Dwarf_Die *function, Dwarf_Die *parent,
			unsigned depth)
{
	Dwarf_Die child;

	for (int more = dwarf_child(parent, &child); more == 0 && depth < 32;
	     more = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child), line;
		const char *name = tag == DW_TAG_label ? dwarf_diename(&child) : NULL;
		struct code_place *place;
		Dwarf_Addr address;

		if (tag == DW_TAG_lexical_block)
			find_labels(finder, function, &child, depth + 1);
		if (!name || !text_match(finder->query->label ?: "*", name) ||
		    dwarf_lowpc(&child, &address) ||
		    elf_file_offset(finder->module, address, true) < 0)
			continue;
		place = dwarf_place_new(finder->module, function, address);
		place->label = name;
		if (dwarf_decl_line(&child, &line) == 0)
			place->line = line;
		array_push(finder->module->arena, finder->places, place);
	}
}

/* ---- the query ---- */

static void find_in(struct place_finder *finder, struct dwarf_function *function)
{
	if (finder->query->callee)
		callees_find(finder, &function->die);
	else if (finder->query->what == PLACE_LABEL)
		find_labels(finder, &function->die, &function->die, 0);
	else
		dwarf_place_add(finder, function);
}

static void suggest_names(struct module *module, const char *wanted, name_array *suggest)
{
	const struct dwarf_index *index = dwarf_index(module);

	for (size_t i = 0; i < index->functions.count; i++)
		if (pattern_near(wanted, index->functions.items[i].name))
			array_push(module->arena, suggest, index->functions.items[i].name);
}

int dwarf_find_places(struct module *module, const struct place_query *query,
		      const struct pattern *pattern, place_array *places, name_array *suggest,
		      struct buf *problem)
{
	struct place_finder finder = { .module = module, .query = query, .pattern = pattern,
				       .places = places };
	const struct dwarf_index *index;

	if (pattern->line_kind != LINE_NONE)
		return line_find_places(module, query, pattern, places, problem);
	if (query->callee && pattern_parse(module->arena, query->callee, &finder.callee, problem))
		return -EINVAL;
	callees_start(&finder);
	index = dwarf_index_of(module, pattern);
	for (size_t i = 0; i < index->functions.count; i++)
		if (is_wanted(&finder, &index->functions.items[i]))
			find_in(&finder, &index->functions.items[i]);
	if (query->callee)
		return callees_end(&finder, problem);
	if (!places->count && suggest)
		suggest_names(module, pattern->function, suggest);
	return 0;
}
