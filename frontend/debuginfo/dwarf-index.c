// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One walk over all units of a module: functions with code, inlined copies, global variables and
 * definitions of types, by name. Made when a query first needs it and kept for the session.
 */
#include "dwarf.h"

#define MAX_DEPTH 64

struct walk {
	struct module *module;
	struct dwarf_index *index;
};

static void walk_children(struct walk *walk, Dwarf_Die *parent, unsigned depth, bool in_function);

static bool is_declaration(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, DW_AT_declaration, &attribute);
}

/* ---- what is kept ---- */

static void add_function(struct walk *walk, Dwarf_Die *die, bool is_inline)
{
	const char *name = dwarf_diename(die);
	uint64_t address;

	if (name && dwarf_entry(die, &address))
		array_push(walk->module->arena, &walk->index->functions,
			   (struct dwarf_function){ *die, name, is_inline });
}

static void add_variable(struct walk *walk, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	struct dwarf_named *named, *first;
	Dwarf_Attribute attribute;

	if (!name)
		return;
	if (!dwarf_attr_integrate(die, DW_AT_location, &attribute) &&
	    !dwarf_attr_integrate(die, DW_AT_const_value, &attribute)) {
		if (!table_get(&walk->index->declared, name))
			table_put(&walk->index->declared, name,
				  arena_memdup(walk->module->arena, die, sizeof(*die)));
		return;
	}
	named = arena_new_object(walk->module->arena, struct dwarf_named);
	named->die = *die;
	first = table_get(&walk->index->variables, name);
	if (first) {
		named->next = first->next;
		first->next = named;
	} else {
		table_put(&walk->index->variables, name, named);
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

static void add_type(struct walk *walk, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	char key[256];

	if (!name || is_declaration(die))
		return;
	type_key(key, sizeof(key), type_letter(dwarf_tag(die)), name);
	if (!table_get(&walk->index->types, key))
		table_put(&walk->index->types, key,
			  arena_memdup(walk->module->arena, die, sizeof(*die)));
}

/* ---- the walk ---- */

static void visit(struct walk *walk, Dwarf_Die *die, unsigned depth, bool in_function)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_subprogram:
		if (!is_declaration(die)) {
			add_function(walk, die, false);
			walk_children(walk, die, depth + 1, true);
		}
		break;
	case DW_TAG_inlined_subroutine:
		add_function(walk, die, true);
		walk_children(walk, die, depth + 1, true);
		break;
	case DW_TAG_lexical_block:
	case DW_TAG_namespace:
	case DW_TAG_module:
		walk_children(walk, die, depth + 1, in_function);
		break;
	case DW_TAG_variable:
		if (!in_function)
			add_variable(walk, die);
		break;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
	case DW_TAG_base_type:
		add_type(walk, die);
		break;
	default:
		break;
	}
}

static void walk_children(struct walk *walk, Dwarf_Die *parent, unsigned depth, bool in_function)
{
	Dwarf_Die child;

	if (depth > MAX_DEPTH)
		return;
	for (int more = dwarf_child(parent, &child); more == 0;
	     more = dwarf_siblingof(&child, &child))
		visit(walk, &child, depth, in_function);
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

static void walk_units(struct walk *walk, Dwarf *dwarf)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;

	while (dwarf && dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, NULL) == 0) {
		if (!die.addr)
			continue;
		to_split_unit(&die);
		walk_children(walk, &die, 0, false);
	}
}

static struct dwarf_index *new_index(struct module *module)
{
	struct dwarf_index *index = arena_new_object(module->arena, struct dwarf_index);

	table_init(&index->variables, module->arena);
	table_init(&index->declared, module->arena);
	table_init(&index->types, module->arena);
	return index;
}

const struct dwarf_index *dwarf_index(struct module *module)
{
	struct walk walk = { module, module->index };

	if (walk.index)
		return walk.index;
	walk.index = module->index = new_index(module);
	walk_units(&walk, module->dwarf);
	walk_units(&walk, dwarf_getalt(module->dwarf));
	return walk.index;
}

const struct dwarf_index *dwarf_index_units(struct module *module, const Dwarf_Die *units,
					    size_t count)
{
	struct walk walk = { module, new_index(module) };

	for (size_t i = 0; i < count; i++) {
		Dwarf_Die unit = units[i];

		walk_children(&walk, &unit, 0, false);
	}
	return walk.index;
}

/*
 * All of a kernel's units take a second to walk. A function outside of headers is in one of them,
 * its inlined copies too, and the symbol table tells which.
 */
size_t dwarf_units_of(struct module *module, const char *name, Dwarf_Die *units, size_t room)
{
	size_t count = 0;

	if (module_is_user(module) || text_has_wildcard(name))
		return 0;
	symtab_read(module);
	for (size_t i = 0; i < module->symbols.count; i++) {
		const struct function_symbol *symbol = &module->symbols.items[i];
		Dwarf_Die function;
		const char *file;

		if (strcmp(symbol->name, name) != 0)
			continue;
		if (count == room || !dwarf_addrdie(module->dwarf, symbol->address, &units[count]) ||
		    !dwarf_innermost(&units[count], symbol->address, &function))
			return 0;
		file = dwarf_file_of(&function);
		if (!file || text_ends_with(file, ".h"))
			return 0;
		count++;
	}
	return count;
}

const struct ctype *dwarf_find_type(struct module *module, const char *keyword, const char *name)
{
	const struct dwarf_index *index = dwarf_index(module);
	const char *letters = !keyword ? "tsue" : *keyword == 'u' ? "u" : *keyword == 'e' ? "e" : "s";
	Dwarf_Die *die = NULL;
	char key[256];

	for (; *letters && !die; letters++)
		die = table_get(&index->types, type_key(key, sizeof(key), *letters, name));
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
