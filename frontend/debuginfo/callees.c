// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * .callee("x") and .callees(N): what a function calls. Copies that are inlined into it are places
 * like others. A function that it calls is probed where it begins, and the place remembers where
 * the calls return to (DW_TAG_call_site): the probe's handler runs for those alone.
 */
#include "dwarf.h"
#include "kernel.h"

#include <errno.h>

#define MAX_CALL_NESTING 32

/* a called function, and where its calls return to */
struct callee {
	struct code_place *place;
	ARRAY(uint64_t) callers;
};

/* functions of one name */
struct namesake {
	struct dwarf_function *function;
	struct namesake *next;
};

static void search(struct place_finder *finder, Dwarf_Die *parent, unsigned levels,
		   unsigned depth);

void callees_start(struct place_finder *finder)
{
	table_init(&finder->callees, finder->module->arena);
	table_init(&finder->searched, finder->module->arena);
	table_init(&finder->namesakes, finder->module->arena);
}

/* ---- which function a call is of ---- */

static void read_namesakes(struct place_finder *finder)
{
	const struct dwarf_index *index = dwarf_index(finder->module);

	for (size_t i = 0; i < index->functions.count; i++) {
		struct dwarf_function *function = &index->functions.items[i];
		struct namesake *namesake;

		if (function->is_inline)
			continue;
		namesake = arena_new_object(finder->module->arena, struct namesake);
		namesake->function = function;
		namesake->next = table_put(&finder->namesakes, function->name, namesake);
	}
}

static struct namesake *find_namesakes(struct place_finder *finder, const char *name)
{
	if (!finder->namesakes.count)
		read_namesakes(finder);
	return table_get(&finder->namesakes, name);
}

static bool follow(Dwarf_Die *die, unsigned link, Dwarf_Die *found)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, link, &attribute) && dwarf_formref_die(&attribute, found);
}

/* the call names this function, what it is a clone of, or a declaration for other files */
static bool is_meant(Dwarf_Die *called, Dwarf_Die *function)
{
	Dwarf_Attribute attribute;
	Dwarf_Die origin;

	if (called->addr == function->addr)
		return true;
	if (follow(function, DW_AT_abstract_origin, &origin) ||
	    follow(function, DW_AT_specification, &origin))
		if (origin.addr == called->addr)
			return true;
	return dwarf_attr(called, DW_AT_declaration, &attribute) &&
	       dwarf_attr_integrate(function, DW_AT_external, &attribute);
}

/* ---- calls ---- */

static bool is_wanted(const struct place_finder *finder, struct dwarf_function *function)
{
	if (function->is_inline && (finder->query->only_call || finder->query->is_return))
		return false;
	return dwarf_matches_name(function, finder->callee.function) &&
	       pattern_match_file(&finder->callee, dwarf_file_of(&function->die));
}

/* 0 for a tail call: the callee returns to the caller's own caller */
static uint64_t return_address(Dwarf_Die *site)
{
	Dwarf_Attribute attribute;
	Dwarf_Addr address;
	bool is_tail = false;

	if ((dwarf_attr(site, DW_AT_call_tail_call, &attribute) ||
	     dwarf_attr(site, DW_AT_GNU_tail_call, &attribute)) &&
	    dwarf_formflag(&attribute, &is_tail) == 0 && is_tail)
		return 0;
	if (dwarf_attr(site, DW_AT_call_return_pc, &attribute))
		return dwarf_formaddr(&attribute, &address) ? 0 : address;
	return dwarf_lowpc(site, &address) ? 0 : address;
}

static void note_call(struct place_finder *finder, struct dwarf_function *function,
		      uint64_t returns_to)
{
	struct arena *arena = finder->module->arena;
	struct callee *callee;
	uint64_t entry = 0;
	char key[32];

	if (!returns_to && !finder->query->any_caller) {
		finder->has_tail_call = true;
		return;
	}
	dwarf_entry(&function->die, &entry);
	snprintf(key, sizeof(key), "%llx", (unsigned long long)entry);
	callee = table_get(&finder->callees, key);
	if (!callee) {
		callee = arena_new_object(arena, struct callee);
		callee->place = dwarf_place_add(finder, function);
		table_put(&finder->callees, key, callee);
	}
	array_push(arena, &callee->callers, returns_to);
}

/* whether to look into the function so many levels deep: recursion must end */
static bool go_into(struct place_finder *finder, const struct dwarf_function *function,
		    unsigned levels)
{
	char key[32];

	snprintf(key, sizeof(key), "%p", function->die.addr);
	if ((uintptr_t)table_get(&finder->searched, key) >= levels)
		return false;
	table_put(&finder->searched, key, (void *)(uintptr_t)levels);
	return true;
}

static void add_call(struct place_finder *finder, Dwarf_Die *site, unsigned levels)
{
	struct namesake *namesake;
	const char *name;
	Dwarf_Die called;

	if (!follow(site, DW_AT_call_origin, &called) &&
	    !follow(site, DW_AT_abstract_origin, &called))
		return;
	name = dwarf_diename(&called);
	for (namesake = name ? find_namesakes(finder, name) : NULL; namesake;
	     namesake = namesake->next) {
		struct dwarf_function *function = namesake->function;

		if (!is_meant(&called, &function->die))
			continue;
		if (is_wanted(finder, function))
			note_call(finder, function, return_address(site));
		if (levels > 1 && go_into(finder, function, levels - 1))
			search(finder, &function->die, levels - 1, 0);
	}
}

static void add_inlined(struct place_finder *finder, Dwarf_Die *copy, unsigned levels,
			unsigned depth)
{
	const char *name = dwarf_diename(copy);
	struct dwarf_function function = { *copy, name, true };

	if (name && is_wanted(finder, &function))
		dwarf_place_add(finder, &function);
	if (levels > 1)
		search(finder, copy, levels - 1, depth + 1);
}

static void search(struct place_finder *finder, Dwarf_Die *parent, unsigned levels,
		   unsigned depth)
{
	Dwarf_Die child;

	for (int more = dwarf_child(parent, &child); more == 0 && depth < MAX_CALL_NESTING;
	     more = dwarf_siblingof(&child, &child)) {
		switch (dwarf_tag(&child)) {
		case DW_TAG_lexical_block: search(finder, &child, levels, depth + 1); break;
		case DW_TAG_inlined_subroutine: add_inlined(finder, &child, levels, depth); break;
		case DW_TAG_call_site:
		case DW_TAG_GNU_call_site: add_call(finder, &child, levels); break;
		default: break;
		}
	}
}

void callees_find(struct place_finder *finder, Dwarf_Die *function)
{
	unsigned levels = finder->query->callee_depth;
	uint64_t address = 0;

	dwarf_entry(function, &address);
	finder->caller = dwarf_place_new(finder->module, function, address);
	search(finder, function, levels < 1 ? 1 : levels, 0);
}

/* ---- the end ---- */

/* the kernel does not run where it was linked to run */
static void set_callers(struct module *module, struct callee *callee)
{
	size_t kept = 0;

	if (!callee->place)
		return;
	for (size_t i = 0; i < callee->callers.count; i++)
		if (module_is_user(module) ||
		    kernel_moved_address(module, &callee->callers.items[i]))
			callee->callers.items[kept++] = callee->callers.items[i];
	callee->place->callers = callee->callers.items;
	callee->place->caller_count = (unsigned)kept;
}

int callees_end(struct place_finder *finder, struct buf *problem)
{
	const struct place_query *query = finder->query;

	if (!query->any_caller)
		for (size_t i = 0; i < finder->callees.count; i++)
			set_callers(finder->module, finder->callees.entries[i].value);
	if (finder->places->count || text_has_wildcard(query->pattern))
		return 0;
	if (finder->has_tail_call)
		buf_printf(problem, "'%s' calls '%s' only by jumping there at its end, which leaves no "
			   "trace of the caller", query->pattern, query->callee);
	else
		buf_printf(problem, "'%s' calls no function '%s' that debug information tells of",
			   query->pattern, query->callee);
	return -ENOENT;
}
