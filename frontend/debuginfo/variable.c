// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names at a place: the blocks around it, its function's parameters, then globals and statics. At a
 * function's first instruction parameters are where the calling convention puts them, whatever slot
 * unoptimised code is going to copy them to.
 */
#include "dwarf.h"

#include <errno.h>

#define MAX_BLOCKS 32

/* ---- scopes ---- */

/* the function and the blocks in it that hold @address, innermost first */
static unsigned open_blocks(const struct code_place *place, Dwarf_Die *blocks)
{
	const struct dwarf_scope *scope = place->scope;
	unsigned count = 0;
	Dwarf_Die at = scope->function, child;
	bool deeper = true;

	blocks[count++] = at;
	while (deeper && count < MAX_BLOCKS) {
		deeper = false;
		for (int more = dwarf_child(&at, &child); more == 0 && !deeper;
		     more = deeper ? 1 : dwarf_siblingof(&child, &child))
			deeper = dwarf_tag(&child) == DW_TAG_lexical_block &&
				 dwarf_haspc(&child, place->address) > 0;
		if (deeper)
			blocks[count++] = at = child;
	}
	for (unsigned i = 0; i < count / 2; i++) {
		Dwarf_Die swap = blocks[i];

		blocks[i] = blocks[count - 1 - i];
		blocks[count - 1 - i] = swap;
	}
	return count;
}

static bool is_variable(Dwarf_Die *die)
{
	return dwarf_tag(die) == DW_TAG_variable || dwarf_tag(die) == DW_TAG_formal_parameter;
}

static bool find_child(Dwarf_Die *parent, const char *name, Dwarf_Die *found)
{
	Dwarf_Die child;

	for (int more = dwarf_child(parent, &child); more == 0;
	     more = dwarf_siblingof(&child, &child)) {
		const char *is = is_variable(&child) ? dwarf_diename(&child) : NULL;

		if (is && strcmp(is, name) == 0) {
			*found = child;
			return true;
		}
	}
	return false;
}

static bool find_local(const struct code_place *place, const char *name, Dwarf_Die *found)
{
	Dwarf_Die blocks[MAX_BLOCKS];
	unsigned count = open_blocks(place, blocks);

	for (unsigned i = 0; i < count; i++)
		if (find_child(&blocks[i], name, found))
			return true;
	return false;
}

static bool in_file(Dwarf_Die *die, const char *file)
{
	struct pattern pattern = { .function = "*", .file = file };
	const char *name;

	if (!file)
		return true;
	name = dwarf_file_of(die);
	return name && pattern_match_file(&pattern, name);
}

/* one of this unit before those of others */
static bool find_global(const struct code_place *place, const char *name, const char *file,
			Dwarf_Die *found)
{
	const struct dwarf_scope *scope = place->scope;
	Dwarf_Attribute attribute;
	struct dwarf_named *named;
	Dwarf_Die unit;
	bool any = false;

	if (scope && !file) {
		unit = scope->unit;
		if (find_child(&unit, name, found) &&
		    (dwarf_attr_integrate(found, DW_AT_location, &attribute) ||
		     dwarf_attr_integrate(found, DW_AT_const_value, &attribute)))
			return true;
	}
	named = table_get(&dwarf_names(place->module)->variables, name);
	for (; named; named = named->next) {
		if (!in_file(&named->die, file))
			continue;
		if (!any)
			*found = named->die;
		any = true;
		if (scope && dwarf_diecu(&named->die, &unit, NULL, NULL) &&
		    unit.addr == scope->unit.addr) {
			*found = named->die;
			return true;
		}
	}
	return any;
}

/* a variable the compiler dropped is still declared in the function this is a copy of */
static bool was_dropped(const struct code_place *place, const char *name)
{
	struct dwarf_scope *scope = (struct dwarf_scope *)place->scope;
	Dwarf_Attribute attribute;
	Dwarf_Die origin, found;

	return scope && dwarf_attr(&scope->function, DW_AT_abstract_origin, &attribute) &&
	       dwarf_formref_die(&attribute, &origin) && find_child(&origin, name, &found);
}

/* ---- parameters at the entry ---- */

static const struct ctype *type_of(struct module *module, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Die type;

	if (!dwarf_attr_integrate(die, DW_AT_type, &attribute) ||
	    !dwarf_formref_die(&attribute, &type))
		return NULL;
	return dwarf_ctype(module, &type);
}

static bool in_one_register(const struct module *module, const struct ctype *type)
{
	return type && type->size && type->size <= module->arch->pointer_size &&
	       (type->kind == CTYPE_INTEGER || type->kind == CTYPE_ENUM ||
		type->kind == CTYPE_POINTER);
}

static bool holds_floats(const struct ctype *type, unsigned depth)
{
	struct ctype_walk walk = { 0 };
	struct ctype_member member;

	if (type->kind == CTYPE_ARRAY)
		return depth > 8 || !ctype_target(type) ||
		       holds_floats(ctype_target(type), depth + 1);
	if (type->kind != CTYPE_STRUCT && type->kind != CTYPE_UNION)
		return type->kind == CTYPE_FLOAT || type->kind == CTYPE_VOID;
	while (ctype_next_member(type, &walk, &member))
		if (depth > 8 || holds_floats(member.type, depth + 1))
			return true;
	return false;
}

/* how many registers for integers a parameter takes; -1 when that is not known here */
static int registers_taken(const struct module *module, const struct ctype *type)
{
	uint64_t word = module->arch->pointer_size;

	if (in_one_register(module, type))
		return 1;
	if (!type || !type->size)
		return -1;
	if (type->kind == CTYPE_FLOAT)
		return 0;
	if (type->kind != CTYPE_STRUCT && type->kind != CTYPE_UNION)
		return -1;
	if (type->size > 2 * word)
		return module->arch->large_by_reference ? 1 : 0; /* 0: in memory */
	return holds_floats(type, 0) ? -1 : (int)((type->size + word - 1) / word);
}

/* the index of the first register the parameter is passed in; -1 when that cannot be told */
static int register_index(struct module *module, Dwarf_Die *function, Dwarf_Die *wanted)
{
	int index = 0;
	Dwarf_Die child;

	for (int more = dwarf_child(function, &child); more == 0;
	     more = dwarf_siblingof(&child, &child)) {
		const struct ctype *type;
		int taken;

		if (dwarf_tag(&child) != DW_TAG_formal_parameter)
			continue;
		type = type_of(module, &child);
		taken = registers_taken(module, type);
		if (taken < 0 || index + taken > module->arch->parameter_count)
			return -1;
		if (child.addr == wanted->addr)
			return taken ? index : -1;
		index += taken;
	}
	return -1;
}

/* clang's unoptimised frames are relative to a register that the prologue sets up */
static bool frame_is_register(Dwarf_Die *function)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;

	return dwarf_attr_integrate(function, DW_AT_frame_base, &attribute) &&
	       dwarf_getlocation(&attribute, &ops, &count) == 0 && count == 1 &&
	       ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg31;
}

/* the location does not change with the address and is in the frame, which is not yet made */
static bool is_in_frame(Dwarf_Die *function, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;

	return dwarf_attr_integrate(die, DW_AT_location, &attribute) &&
	       dwarf_getlocation(&attribute, &ops, &count) == 0 && count == 1 &&
	       ops[0].atom == DW_OP_fbreg &&
	       ((int64_t)ops[0].number < 0 || frame_is_register(function));
}

static bool is_optimised(Dwarf_Die *function)
{
	Dwarf_Attribute attribute;
	const char *producer;
	Dwarf_Die unit;

	if (!dwarf_diecu(function, &unit, NULL, NULL) ||
	    !dwarf_attr(&unit, DW_AT_producer, &attribute))
		return false;
	producer = dwarf_formstring(&attribute);
	return producer && strstr(producer, " -O") && !strstr(producer, " -O0");
}

bool dwarf_needs_prologue(struct module *module, Dwarf_Die *function)
{
	Dwarf_Die child;

	if (is_optimised(function))
		return false;
	for (int more = dwarf_child(function, &child); more == 0;
	     more = dwarf_siblingof(&child, &child))
		if (dwarf_tag(&child) == DW_TAG_formal_parameter && is_in_frame(function, &child) &&
		    register_index(module, function, &child) < 0)
			return true;
	return false;
}

/* the parameter of object->type that begins in the register of this index */
static void in_registers(struct module *module, unsigned index, struct object *object)
{
	const struct arch *arch = module->arch;
	unsigned count = (unsigned)registers_taken(module, object->type);
	const struct fetch *words[MAX_PARAMETER_REGISTERS];

	for (unsigned i = 0; i < count; i++)
		words[i] = fetch_register(module->arena, arch, arch->parameters[index + i], 0);
	object->kind = object->type->size > count * arch->pointer_size ? OBJECT_MEMORY :
									  OBJECT_VALUE;
	object->fetch = words[0];
	if (count > 1)
		object_in_words(object, module, words, count);
}

static int find_location(const struct code_place *place, Dwarf_Die *die, struct object *object,
			 struct buf *problem)
{
	struct dwarf_scope *scope = (struct dwarf_scope *)place->scope;
	int index;

	if (!scope || !place->at_entry || dwarf_tag(die) != DW_TAG_formal_parameter ||
	    !is_in_frame(&scope->function, die))
		return location_find(place, die, object, problem);
	index = register_index(place->module, &scope->function, die);
	if (index < 0) {
		buf_puts(problem, "it is not in its place yet where the function begins");
		return -ENODATA;
	}
	in_registers(place->module, (unsigned)index, object);
	return 0;
}

/* ---- $return ---- */

/*
 * What does not fit into one word. x86 hands the address of a large record back; AAPCS64 does not:
 * there the caller alone knows where it is.
 */
static int return_record(struct module *module, struct object *object, struct buf *problem)
{
	const struct arch *arch = module->arch;
	const struct fetch *words[2] = { object->fetch,
		fetch_register(module->arena, arch, arch->second_result, 0) };

	if (object->type->size > 2 * arch->pointer_size && arch->large_by_reference) {
		buf_puts(problem, "a record of this size is returned where the caller said");
		return -ENOTSUP;
	}
	if (object->type->size > 2 * arch->pointer_size || arch->pointer_size == 4) {
		object->kind = OBJECT_MEMORY;
		return 0;
	}
	if (holds_floats(object->type, 0)) {
		buf_puts(problem, "floating point registers cannot be fetched");
		return -ENOTSUP;
	}
	object_in_words(object, module, words, 2);
	return 0;
}

static int return_object(const struct code_place *place, struct object *object,
			 struct buf *problem)
{
	struct dwarf_scope *scope = (struct dwarf_scope *)place->scope;
	struct fetch *fetch = arena_new_object(place->module->arena, struct fetch);
	const struct ctype *type = scope ? type_of(place->module, &scope->function) : NULL;
	uint64_t word = place->module->arch->pointer_size;

	if (!place->is_return || !scope) {
		buf_puts(problem, "$return exists in return probes only");
		return -ENOENT;
	}
	if (!type || type->kind == CTYPE_VOID) {
		buf_printf(problem, "'%s' returns nothing", place->function);
		return -ENOENT;
	}
	if (type->kind == CTYPE_FLOAT) {
		buf_puts(problem, "floating point registers cannot be fetched");
		return -ENOTSUP;
	}
	fetch->kind = FETCH_RETURN;
	object->type = type;
	object->fetch = fetch;
	object->kind = OBJECT_VALUE;
	if (type->size > word && (type->kind == CTYPE_STRUCT || type->kind == CTYPE_UNION))
		return return_record(place->module, object, problem);
	return 0;
}

/* ---- variables that are only declared: assembly or the linker defines them ---- */

static int find_declared(const struct code_place *place, const char *name, struct object *object,
			 struct buf *problem)
{
	struct module *module = place->module;
	Dwarf_Die *die = table_get(&dwarf_names(module)->declared, name);
	Dwarf_Attribute attribute;
	struct fetch *fetch;
	uint64_t address;

	object->type = die ? type_of(module, die) : NULL;
	if (!object->type)
		return -ENOENT;
	if (!symtab_find(module, name, &address)) {
		if (dwarf_attr(die, DW_AT_declaration, &attribute))
			return -ENOENT;
		buf_printf(problem, "'%s' has no address: it was optimised away, or it is "
			   "thread-local", name);
		return -ENODATA;
	}
	fetch = arena_new_object(module->arena, struct fetch);
	fetch->kind = FETCH_SYMBOL;
	if (module_is_user(module))
		fetch->offset = (int64_t)address;
	else
		fetch->symbol = arena_strdup(module->arena, name);
	object->kind = OBJECT_MEMORY;
	object->fetch = fetch;
	return 0;
}

/* ---- the questions ---- */

int dwarf_find_object(const struct code_place *place, const char *name, const char *file,
		      struct object *object, struct buf *problem)
{
	struct buf why = BUF_INIT;
	Dwarf_Die die;
	int error;

	if (!file && strcmp(name, "return") == 0 && place->scope)
		return return_object(place, object, problem);
	if (!(place->scope && !file && find_local(place, name, &die)) &&
	    !find_global(place, name, file, &die)) {
		if (!was_dropped(place, name))
			return find_declared(place, name, object, problem);
		buf_printf(problem, "'%s' was optimised away", name);
		return -ENODATA;
	}
	object->type = type_of(place->module, &die);
	if (!object->type) {
		buf_printf(problem, "'%s' has no type", name);
		return -ENOTSUP;
	}
	error = find_location(place, &die, object, &why);
	if (error)
		buf_printf(problem, "'%s' cannot be fetched: %s", name, buf_text(&why));
	buf_free(&why);
	return error;
}

static bool is_listed(const struct family_variable *out, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(out[i].name + 1, name) == 0)
			return true;
	return false;
}

static size_t list_block(const struct code_place *place, Dwarf_Die *block, int tag,
			 struct family_variable *out, size_t count, size_t room)
{
	Dwarf_Die child;

	for (int more = dwarf_child(block, &child); more == 0 && count < room;
	     more = dwarf_siblingof(&child, &child)) {
		const char *name = dwarf_tag(&child) == tag ? dwarf_diename(&child) : NULL;
		const struct ctype *type;

		if (!name || is_listed(out, count, name))
			continue;
		type = type_of(place->module, &child);
		out[count++] = (struct family_variable){
			.name = arena_printf(place->module->arena, "$%s", name),
			.c_type = type ? type->text : "void", .type = TYPE_LONG,
			.is_parameter = tag == DW_TAG_formal_parameter,
			.placeholder = type ? ctype_placeholder(type) : NULL };
	}
	return count;
}

size_t dwarf_variables(const struct code_place *place, struct family_variable *out, size_t room)
{
	struct dwarf_scope *scope = (struct dwarf_scope *)place->scope;
	Dwarf_Die blocks[MAX_BLOCKS];
	const struct ctype *type;
	unsigned blocks_open;
	size_t count = 0;

	if (!scope)
		return 0;
	type = place->is_return ? type_of(place->module, &scope->function) : NULL;
	if (type && type->kind != CTYPE_VOID && room)
		out[count++] = (struct family_variable){ .name = "$return", .c_type = type->text,
							 .type = TYPE_LONG,
							 .placeholder = ctype_placeholder(type) };
	count = list_block(place, &scope->function, DW_TAG_formal_parameter, out, count, room);
	if (place->is_return)
		return count;
	blocks_open = open_blocks(place, blocks);
	for (unsigned i = blocks_open; i-- > 0;)
		count = list_block(place, &blocks[i], DW_TAG_variable, out, count, room);
	return count;
}
