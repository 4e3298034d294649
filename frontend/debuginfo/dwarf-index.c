// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Walks over the units of a module, each made when a question first needs it and kept for the
 * session: one for functions and inlined copies, one for global variables and definitions of
 * types, by name. Of a kernel only the units are walked that a pattern can mean.
 */
#include "dwarf.h"

#define MAX_DEPTH 64

static bool is_declaration(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, DW_AT_declaration, &attribute);
}

/* ---- what is kept ---- */

static void add_variable(struct module *module, Dwarf_Die *die)
{
	struct dwarf_names *names = module->names;
	const char *name = dwarf_diename(die);
	struct dwarf_named *named, *first;
	Dwarf_Attribute attribute;

	if (!name)
		return;
	if (!dwarf_attr_integrate(die, DW_AT_location, &attribute) &&
	    !dwarf_attr_integrate(die, DW_AT_const_value, &attribute)) {
		if (!table_get(&names->declared, name))
			table_put(&names->declared, name,
				  arena_memdup(module->arena, die, sizeof(*die)));
		return;
	}
	named = arena_new_object(module->arena, struct dwarf_named);
	named->die = *die;
	first = table_get(&names->variables, name);
	if (first) {
		named->next = first->next;
		first->next = named;
	} else {
		table_put(&names->variables, name, named);
	}
}

static char type_letter(int tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type: return 's';
	case DW_TAG_union_type: return 'u';
	case DW_TAG_enumeration_type: return 'e';
	default: return 't';
	}
}

static const char *type_key(char *key, size_t size, char letter, const char *name)
{
	snprintf(key, size, "%c:%s", letter, name);
	return key;
}

static void add_type(struct module *module, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	char key[256];

	if (!name || is_declaration(die))
		return;
	type_key(key, sizeof(key), type_letter(dwarf_tag(die)), name);
	if (!table_get(&module->names->types, key))
		table_put(&module->names->types, key,
			  arena_memdup(module->arena, die, sizeof(*die)));
}

/* ---- the walks ---- */

static void walk_functions(struct module *module, struct dwarf_index *index, Dwarf_Die *parent,
			   unsigned depth)
{
	Dwarf_Die child;

	for (int more = depth > MAX_DEPTH ? 1 : dwarf_child(parent, &child); more == 0;
	     more = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child);
		bool is_inline = tag == DW_TAG_inlined_subroutine;
		const char *name;

		if (tag != DW_TAG_subprogram && !is_inline && tag != DW_TAG_lexical_block &&
		    tag != DW_TAG_namespace && tag != DW_TAG_module)
			continue;
		if (tag == DW_TAG_subprogram && is_declaration(&child))
			continue;
		name = tag == DW_TAG_subprogram || is_inline ? dwarf_diename(&child) : NULL;
		if (name)
			array_push(module->arena, &index->functions,
				   (struct dwarf_function){ child, name, is_inline });
		walk_functions(module, index, &child, depth + 1);
	}
}

static void walk_names(struct module *module, Dwarf_Die *parent, unsigned depth)
{
	Dwarf_Die child;

	for (int more = depth > MAX_DEPTH ? 1 : dwarf_child(parent, &child); more == 0;
	     more = dwarf_siblingof(&child, &child)) {
		switch (dwarf_tag(&child)) {
		case DW_TAG_namespace:
		case DW_TAG_module:
			walk_names(module, &child, depth + 1);
			break;
		case DW_TAG_variable:
			add_variable(module, &child);
			break;
		case DW_TAG_structure_type:
		case DW_TAG_class_type:
		case DW_TAG_union_type:
		case DW_TAG_enumeration_type:
		case DW_TAG_typedef:
		case DW_TAG_base_type:
			add_type(module, &child);
			break;
		default:
			break;
		}
	}
}

/* -gsplit-dwarf: the unit itself is in a .dwo file */
static void to_split_unit(Dwarf_Die *unit)
{
	Dwarf_Die split;
	uint8_t kind;

	if (dwarf_cu_info(unit->cu, NULL, &kind, NULL, &split, NULL, NULL, NULL) == 0 &&
	    kind == DW_UT_skeleton && split.addr)
		*unit = split;
}

static void all_units(struct module *module, Dwarf *dwarf, unit_array *units)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;

	while (dwarf && dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, NULL) == 0)
		if (die.addr)
			array_push(module->arena, units, die);
}

static const struct dwarf_index *index_units(struct module *module, const unit_array *units)
{
	struct dwarf_index *index = arena_new_object(module->arena, struct dwarf_index);

	for (size_t i = 0; i < units->count; i++) {
		Dwarf_Die unit = units->items[i];

		to_split_unit(&unit);
		walk_functions(module, index, &unit, 0);
	}
	return index;
}

const struct dwarf_index *dwarf_index(struct module *module)
{
	unit_array units = { NULL, 0, 0 };

	if (!module->index) {
		all_units(module, module->dwarf, &units);
		all_units(module, dwarf_getalt(module->dwarf), &units);
		module->index = index_units(module, &units);
	}
	return module->index;
}

const struct dwarf_names *dwarf_names(struct module *module)
{
	unit_array units = { NULL, 0, 0 };

	if (module->names)
		return module->names;
	module->names = arena_new_object(module->arena, struct dwarf_names);
	table_init(&module->names->variables, module->arena);
	table_init(&module->names->declared, module->arena);
	table_init(&module->names->types, module->arena);
	all_units(module, module->dwarf, &units);
	all_units(module, dwarf_getalt(module->dwarf), &units);
	for (size_t i = 0; i < units.count; i++) {
		to_split_unit(&units.items[i]);
		walk_names(module, &units.items[i], 0);
	}
	return module->names;
}

/* ---- which units: all of a kernel's take a second to walk ---- */

/* a function outside of headers is in one of them, its inlined copies too: symbols tell which */
static bool units_of_name(struct module *module, const char *name, unit_array *units)
{
	symtab_read(module);
	for (size_t i = 0; i < module->symbols.count; i++) {
		const struct function_symbol *symbol = &module->symbols.items[i];
		Dwarf_Die unit, function;
		const char *file;

		if (strcmp(symbol->name, name) != 0)
			continue;
		if (!dwarf_addrdie(module->dwarf, symbol->address, &unit) ||
		    !dwarf_innermost(&unit, symbol->address, &function))
			return false;
		file = dwarf_file_of(&function);
		if (!file || text_ends_with(file, ".h"))
			return false;
		array_push(module->arena, units, unit);
	}
	return units->count > 0;
}

static bool is_unit_of(struct module *module, Dwarf_Die *unit, const struct pattern *pattern)
{
	const char *name = dwarf_diename(unit), *directory;
	Dwarf_Attribute attribute;

	if (!name)
		return false;
	if (*name == '/' || *pattern->file != '/')
		return pattern_match_file(pattern, name) ||
		       (*name != '/' && text_match(pattern->file, name));
	directory = dwarf_attr(unit, DW_AT_comp_dir, &attribute) ? dwarf_formstring(&attribute) : "";
	return pattern_match_file(pattern, arena_printf(module->arena, "%s/%s", directory ?: "",
							name));
}

/* a source file that is no header is a unit's own, or included by one that matches as well */
static bool units_of_file(struct module *module, const struct pattern *pattern, unit_array *units)
{
	unit_array all = { NULL, 0, 0 };

	if (!text_ends_with(pattern->file, ".c"))
		return false;
	all_units(module, module->dwarf, &all);
	for (size_t i = 0; i < all.count; i++)
		if (is_unit_of(module, &all.items[i], pattern))
			array_push(module->arena, units, all.items[i]);
	return units->count > 0;
}

/* false: any unit can */
static bool some_units(struct module *module, const struct pattern *pattern, unit_array *units)
{
	if (module_is_user(module))
		return false;
	if (!text_has_wildcard(pattern->function))
		return units_of_name(module, pattern->function, units);
	return pattern->file && units_of_file(module, pattern, units);
}

void dwarf_units_of(struct module *module, const struct pattern *pattern, unit_array *units)
{
	if (some_units(module, pattern, units))
		return;
	units->count = 0;
	all_units(module, module->dwarf, units);
}

const struct dwarf_index *dwarf_index_of(struct module *module, const struct pattern *pattern)
{
	unit_array units = { NULL, 0, 0 };

	return some_units(module, pattern, &units) ? index_units(module, &units) :
						     dwarf_index(module);
}

const struct ctype *dwarf_find_type(struct module *module, const char *keyword, const char *name)
{
	const struct dwarf_names *names = dwarf_names(module);
	const char *letters = !keyword ? "tsue" : *keyword == 'u' ? "u" : *keyword == 'e' ? "e" : "s";
	Dwarf_Die *die = NULL;
	char key[256];

	for (; *letters && !die; letters++)
		die = table_get(&names->types, type_key(key, sizeof(key), *letters, name));
	return die ? dwarf_ctype(module, die) : NULL;
}

/* ---- functions by address and by name ---- */

bool dwarf_unit_at(struct module *module, uint64_t address, Dwarf_Die *unit)
{
	const struct dwarf_index *index;

	if (dwarf_addrdie(module->dwarf, address, unit))
		return true;
	/* clang writes no .debug_aranges */
	index = dwarf_index(module);
	for (size_t i = 0; i < index->functions.count; i++) {
		Dwarf_Die function = index->functions.items[i].die;

		if (!index->functions.items[i].is_inline && dwarf_haspc(&function, address) > 0)
			return dwarf_diecu(&function, unit, NULL, NULL) != NULL;
	}
	return false;
}

bool dwarf_innermost(const Dwarf_Die *of, uint64_t address, Dwarf_Die *function)
{
	Dwarf_Die unit = *of, *scopes;
	int count;
	bool found = false;

	to_split_unit(&unit);
	count = dwarf_getscopes(&unit, address, &scopes);
	for (int i = 0; i < count && !found; i++) {
		int tag = dwarf_tag(&scopes[i]);

		if (tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine)
			continue;
		*function = scopes[i];
		found = true;
	}
	if (count > 0)
		free(scopes);
	return found;
}

bool dwarf_enclosing(Dwarf_Die *function, Dwarf_Die *enclosing)
{
	Dwarf_Die *scopes;
	int count;
	bool found = false;

	*enclosing = *function;
	if (dwarf_tag(function) == DW_TAG_subprogram)
		return true;
	count = dwarf_getscopes_die(function, &scopes);
	for (int i = 0; i < count && !found; i++) {
		found = dwarf_tag(&scopes[i]) == DW_TAG_subprogram;
		if (found)
			*enclosing = scopes[i];
	}
	if (count > 0)
		free(scopes);
	return found;
}

/* dwarf_decl_file() of libdw 0.188 aborts without a file table and knows no file 0 of DWARF 5 */
const char *dwarf_file_of(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Files *files;
	Dwarf_Word index;
	Dwarf_Die unit;
	size_t count;

	if (!dwarf_attr_integrate(die, DW_AT_decl_file, &attribute) ||
	    dwarf_formudata(&attribute, &index) ||
	    !dwarf_cu_die(attribute.cu, &unit, NULL, NULL, NULL, NULL, NULL, NULL) ||
	    dwarf_getsrcfiles(&unit, &files, &count) || index >= count)
		return NULL;
	return dwarf_filesrc(files, index, NULL, NULL);
}

/* from a copy to what it is a copy of, from a definition to its declaration in the class */
static void to_declaration(Dwarf_Die *die)
{
	static const unsigned links[] = { DW_AT_abstract_origin, DW_AT_specification };

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		Dwarf_Attribute attribute;
		Dwarf_Die origin;

		if (dwarf_attr(die, links[i], &attribute) && dwarf_formref_die(&attribute, &origin))
			*die = origin;
	}
}

static void qualified_name(const struct dwarf_function *function, struct buf *out)
{
	Dwarf_Die die = function->die, *scopes;
	int count;

	to_declaration(&die);
	count = dwarf_getscopes_die(&die, &scopes);
	for (int i = count - 1; i > 0; i--) {
		int tag = dwarf_tag(&scopes[i]);

		if (tag == DW_TAG_namespace || tag == DW_TAG_class_type ||
		    tag == DW_TAG_structure_type)
			buf_printf(out, "%s::", dwarf_diename(&scopes[i]) ?: "(anonymous)");
	}
	if (count > 0)
		free(scopes);
	buf_puts(out, function->name);
}

bool dwarf_matches_name(const struct dwarf_function *function, const char *pattern)
{
	Dwarf_Die die = function->die;
	const char *last = strrchr(pattern, ':');
	Dwarf_Attribute attribute;
	const char *linkage;
	struct buf name = BUF_INIT;
	bool same;

	if (text_match(pattern, function->name))
		return true;
	if (last && last > pattern && last[-1] == ':') {
		if (!text_match(last + 1, function->name))
			return false;
		qualified_name(function, &name);
		same = text_match(pattern, buf_text(&name));
		buf_free(&name);
		return same;
	}
	if (!dwarf_attr_integrate(&die, DW_AT_linkage_name, &attribute) &&
	    !dwarf_attr_integrate(&die, DW_AT_MIPS_linkage_name, &attribute))
		return false;
	linkage = dwarf_formstring(&attribute);
	return linkage && text_match(pattern, linkage);
}
