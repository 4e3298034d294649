// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Places by DWARF: entries of functions, inlined copies, labels, callees. A probe goes to the very
 * first instruction, where the calling convention still holds; only in code that is not optimised
 * and has parameters this does not find does it go behind the prologue, as SystemTap's do.
 */
#include "dwarf.h"

#define MAX_CALL_NESTING 32

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

/* ---- functions ---- */

struct finder {
	struct module *module;
	const struct place_query *query;
	const struct pattern *pattern;
	place_array *places;
	struct table called;	/* callees: name → levels that were looked into below it */
};

static bool is_exported(Dwarf_Die *function)
{
	Dwarf_Attribute attribute;
	bool flag;

	return dwarf_attr_integrate(function, DW_AT_external, &attribute) &&
	       dwarf_formflag(&attribute, &flag) == 0 && flag;
}

static bool is_wanted(const struct finder *finder, struct dwarf_function *function)
{
	const struct place_query *query = finder->query;

	if (function->is_inline ? query->only_call || query->is_return || query->only_exported :
				  query->only_inline)
		return false;
	if (!dwarf_matches_name(function, finder->pattern->function) ||
	    (finder->pattern->file &&
	     !pattern_match_file(finder->pattern, dwarf_file_of(&function->die))))
		return false;
	return !query->only_exported || is_exported(&function->die);
}

static void add_entry(struct finder *finder, struct dwarf_function *function)
{
	struct module *module = finder->module;
	struct code_place *place;
	uint64_t address;

	if (!dwarf_entry(&function->die, &address) || !address ||
	    elf_file_offset(module, address, true) < 0)
		return;
	place = dwarf_place_new(module, &function->die, address);
	place->is_return = finder->query->is_return;
	if (!place->is_return && !place->is_inline && finder->query->what == PLACE_FUNCTION &&
	    dwarf_needs_prologue(module, &function->die)) {
		uint64_t end = line_prologue_end(&function->die, address);

		place->file_offset += end - address;
		place->symbol_offset += end - address;
		place->address = end;
		place->at_entry = end == address;
	}
	array_push(module->arena, finder->places, place);
}

/* ---- labels ---- */

static void find_labels(struct finder *finder, Dwarf_Die *function, Dwarf_Die *parent,
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
		if (dwarf_decl_line(&child, &line) == 0)
			place->line = line;
		array_push(finder->module->arena, finder->places, place);
	}
}

/* ---- callees: copies inlined into the function, and functions it calls ---- */

static bool refers_to(Dwarf_Die *site, Dwarf_Die *called)
{
	static const unsigned names[] = { DW_AT_call_origin, DW_AT_abstract_origin };
	Dwarf_Attribute attribute;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (dwarf_attr(site, names[i], &attribute) &&
		    dwarf_formref_die(&attribute, called))
			return true;
	return false;
}

static void find_callees(struct finder *finder, Dwarf_Die *parent, unsigned levels,
			 unsigned depth);

/* the called function's own entry: whoever calls it fires this probe too */
static void add_called(struct finder *finder, Dwarf_Die *site, unsigned levels)
{
	const struct dwarf_index *index = dwarf_index(finder->module);
	const char *name;
	Dwarf_Die called;

	name = refers_to(site, &called) ? dwarf_diename(&called) : NULL;
	if (!name || (uintptr_t)table_get(&finder->called, name) >= levels)
		return;
	table_put(&finder->called, name, (void *)(uintptr_t)levels);
	for (size_t i = 0; i < index->functions.count; i++) {
		struct dwarf_function *function = &index->functions.items[i];

		if (function->is_inline || strcmp(function->name, name) != 0)
			continue;
		if (text_match(finder->query->callee, name))
			add_entry(finder, function);
		if (levels > 1)
			find_callees(finder, &function->die, levels - 1, 0);
	}
}

static void add_inlined(struct finder *finder, Dwarf_Die *copy, unsigned levels, unsigned depth)
{
	const char *name = dwarf_diename(copy);

	if (name && text_match(finder->query->callee, name))
		add_entry(finder, &(struct dwarf_function){ *copy, name, true });
	if (levels > 1)
		find_callees(finder, copy, levels - 1, depth + 1);
}

static void find_callees(struct finder *finder, Dwarf_Die *parent, unsigned levels,
			 unsigned depth)
{
	Dwarf_Die child;

	for (int more = dwarf_child(parent, &child); more == 0 && depth < MAX_CALL_NESTING;
	     more = dwarf_siblingof(&child, &child)) {
		switch (dwarf_tag(&child)) {
		case DW_TAG_lexical_block:
			find_callees(finder, &child, levels, depth + 1);
			break;
		case DW_TAG_inlined_subroutine:
			add_inlined(finder, &child, levels, depth);
			break;
		case DW_TAG_call_site:
		case DW_TAG_GNU_call_site:
			add_called(finder, &child, levels);
			break;
		default:
			break;
		}
	}
}

/* ---- the query ---- */

static unsigned query_levels(const struct place_query *query)
{
	return query->callee_depth < 1 ? 1 : query->callee_depth;
}

static void find_in(struct finder *finder, struct dwarf_function *function)
{
	if (finder->query->callee)
		find_callees(finder, &function->die, query_levels(finder->query), 0);
	else if (finder->query->what == PLACE_LABEL)
		find_labels(finder, &function->die, &function->die, 0);
	else
		add_entry(finder, function);
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
	struct finder finder = { .module = module, .query = query, .pattern = pattern,
				 .places = places };
	Dwarf_Die units[MAX_UNITS];
	size_t count = dwarf_units_of(module, pattern->function, units, MAX_UNITS);
	const struct dwarf_index *index;

	if (pattern->line_kind != LINE_NONE)
		return line_find_places(module, query, pattern, places, problem);
	table_init(&finder.called, module->arena);
	index = count ? dwarf_index_units(module, units, count) : dwarf_index(module);
	for (size_t i = 0; i < index->functions.count; i++)
		if (is_wanted(&finder, &index->functions.items[i]))
			find_in(&finder, &index->functions.items[i]);
	if (!places->count && suggest)
		suggest_names(module, pattern->function, suggest);
	return 0;
}
