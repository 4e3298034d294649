// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * C types out of DWARF. A declaration ("struct file;") is replaced by the definition another unit
 * has. C++'s bases are anonymous members; references are pointers.
 */
#include "dwarf.h"

#define MAX_TYPE_DEPTH 32

static const struct ctype *make_type(struct module *module, Dwarf_Die *die, unsigned depth);

static bool attribute_number(Dwarf_Die *die, unsigned name, Dwarf_Word *number)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, name, &attribute) &&
	       dwarf_formudata(&attribute, number) == 0;
}

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, DW_AT_type, &attribute) &&
	       dwarf_formref_die(&attribute, type);
}

/* ---- what -L shows: qualifiers behind what they qualify, no space before `*` ---- */

static const char *append(struct module *module, const char *text, const char *suffix)
{
	return arena_printf(module->arena, "%s%s", text, suffix);
}

static const char *die_text(struct module *module, Dwarf_Die *die, unsigned depth);

static const char *target_text(struct module *module, Dwarf_Die *die, unsigned depth)
{
	Dwarf_Die target;

	if (!type_of(die, &target))
		return "void";
	return die_text(module, &target, depth + 1);
}

static const char *function_text(struct module *module, Dwarf_Die *die, const char *inner,
				 unsigned depth)
{
	struct buf parameters = BUF_INIT;
	const char *text;
	Dwarf_Die child;

	for (int found = dwarf_child(die, &child); found == 0; found = dwarf_siblingof(&child, &child)) {
		if (parameters.length)
			buf_puts(&parameters, ", ");
		if (dwarf_tag(&child) == DW_TAG_formal_parameter)
			buf_puts(&parameters, target_text(module, &child, depth));
		else if (dwarf_tag(&child) == DW_TAG_unspecified_parameters)
			buf_puts(&parameters, "...");
	}
	text = arena_printf(module->arena, "%s (%s) (%s)", target_text(module, die, depth), inner,
			    parameters.length ? buf_text(&parameters) : "void");
	buf_free(&parameters);
	return text;
}

static const char *pointer_text(struct module *module, Dwarf_Die *die, unsigned depth)
{
	Dwarf_Die target;

	if (type_of(die, &target) && dwarf_tag(&target) == DW_TAG_subroutine_type)
		return function_text(module, &target, "*", depth + 1);
	return append(module, target_text(module, die, depth), "*");
}

static const char *named_text(struct module *module, Dwarf_Die *die, const char *keyword)
{
	return arena_printf(module->arena, "%s%s", keyword, dwarf_diename(die) ?: "{...}");
}

static const char *die_text(struct module *module, Dwarf_Die *die, unsigned depth)
{
	if (depth > MAX_TYPE_DEPTH)
		return "?";
	switch (dwarf_tag(die)) {
	case DW_TAG_const_type: return append(module, target_text(module, die, depth), " const");
	case DW_TAG_volatile_type:
		return append(module, target_text(module, die, depth), " volatile");
	case DW_TAG_restrict_type: return target_text(module, die, depth);
	case DW_TAG_pointer_type: return pointer_text(module, die, depth);
	case DW_TAG_reference_type: return append(module, target_text(module, die, depth), "&");
	case DW_TAG_rvalue_reference_type:
		return append(module, target_text(module, die, depth), "&&");
	case DW_TAG_array_type: return append(module, target_text(module, die, depth), "[]");
	case DW_TAG_subroutine_type: return function_text(module, die, "*", depth);
	case DW_TAG_structure_type: return named_text(module, die, "struct ");
	case DW_TAG_union_type: return named_text(module, die, "union ");
	case DW_TAG_enumeration_type: return named_text(module, die, "enum ");
	case DW_TAG_class_type: return named_text(module, die, "class ");
	default: return dwarf_diename(die) ?: "void";
	}
}

/* ---- types ---- */

/* typedefs and qualifiers off; false when void is below them */
static bool peel(Dwarf_Die *die)
{
	for (unsigned depth = 0; depth < MAX_TYPE_DEPTH; depth++) {
		switch (dwarf_tag(die)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
		case DW_TAG_atomic_type:
			if (!type_of(die, die))
				return false;
			continue;
		default:
			return true;
		}
	}
	return false;
}

static void base_type(struct ctype *type, Dwarf_Die *die)
{
	Dwarf_Word encoding = 0;

	attribute_number(die, DW_AT_encoding, &encoding);
	type->kind = encoding == DW_ATE_float || encoding == DW_ATE_complex_float ||
		     encoding == DW_ATE_imaginary_float || encoding == DW_ATE_decimal_float ?
		     CTYPE_FLOAT : CTYPE_INTEGER;
	type->is_signed = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
	type->is_char = encoding == DW_ATE_signed_char || encoding == DW_ATE_unsigned_char ||
			encoding == DW_ATE_UTF;
}

/* one dimension's elements; 0: unknown */
static uint64_t dimension(Dwarf_Die *subrange)
{
	Dwarf_Word bound;

	if (attribute_number(subrange, DW_AT_count, &bound))
		return bound;
	return attribute_number(subrange, DW_AT_upper_bound, &bound) ? bound + 1 : 0;
}

/* the dimensions behind the first @skip of them: how many there are and the first's elements */
static unsigned dimensions(Dwarf_Die *array, unsigned skip, uint64_t *count, uint64_t *elements)
{
	Dwarf_Die child;
	unsigned found = 0;

	*count = 0;
	*elements = 1;
	for (int more = dwarf_child(array, &child); more == 0;
	     more = dwarf_siblingof(&child, &child)) {
		if (dwarf_tag(&child) != DW_TAG_subrange_type)
			continue;
		if (found == skip)
			*count = dimension(&child);
		if (found >= skip)
			*elements *= dimension(&child);
		found++;
	}
	return found > skip ? found - skip : 0;
}

static void array_type(struct ctype *type, Dwarf_Die *die, unsigned skip, unsigned depth)
{
	const struct ctype *element;
	uint64_t elements;

	type->kind = CTYPE_ARRAY;
	if (dimensions(die, skip, &type->count, &elements) > 1) {
		struct ctype *row = arena_memdup(type->module->arena, type, sizeof(*type));

		array_type(row, die, skip + 1, depth);
		element = row;
	} else {
		Dwarf_Die target;

		element = type_of(die, &target) ? make_type(type->module, &target, depth + 1) : NULL;
	}
	type->target = element;
	type->size = element ? element->size * type->count : 0;
}

/* a declaration's definition, which may be in another unit */
static void complete(struct module *module, Dwarf_Die *die)
{
	const struct ctype *definition;
	Dwarf_Attribute attribute;
	const char *name = dwarf_diename(die);

	if (!name || !dwarf_attr(die, DW_AT_declaration, &attribute))
		return;
	definition = dwarf_find_type(module, dwarf_tag(die) == DW_TAG_union_type ? "union " :
				     dwarf_tag(die) == DW_TAG_enumeration_type ? "enum " :
				     "struct ", name);
	if (definition && definition->die.addr)
		*die = definition->die;
}

static const struct ctype *make_type(struct module *module, Dwarf_Die *die, unsigned depth)
{
	struct ctype *type = arena_new_object(module->arena, struct ctype);
	Dwarf_Word size = 0;

	type->module = module;
	type->text = die_text(module, die, 0);
	type->die = *die;
	if (depth > MAX_TYPE_DEPTH || !peel(&type->die))
		return type;
	if (dwarf_tag(&type->die) != DW_TAG_array_type)
		complete(module, &type->die);
	if (attribute_number(&type->die, DW_AT_byte_size, &size))
		type->size = size;
	switch (dwarf_tag(&type->die)) {
	case DW_TAG_base_type: base_type(type, &type->die); break;
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		type->kind = CTYPE_POINTER;
		type->size = module->arch->pointer_size;
		type->is_reference = dwarf_tag(&type->die) != DW_TAG_pointer_type;
		break;
	case DW_TAG_enumeration_type: {
		Dwarf_Die underlying;
		Dwarf_Word encoding = DW_ATE_unsigned;

		type->kind = CTYPE_ENUM;
		if (type_of(&type->die, &underlying))
			attribute_number(&underlying, DW_AT_encoding, &encoding);
		type->is_signed = encoding == DW_ATE_signed;
		break;
	}
	case DW_TAG_array_type: array_type(type, &type->die, 0, depth); break;
	case DW_TAG_structure_type:
	case DW_TAG_class_type: type->kind = CTYPE_STRUCT; break;
	case DW_TAG_union_type: type->kind = CTYPE_UNION; break;
	case DW_TAG_subroutine_type: type->kind = CTYPE_FUNCTION; break;
	default: break;
	}
	return type;
}

const struct ctype *dwarf_ctype(struct module *module, Dwarf_Die *die)
{
	return make_type(module, die, 0);
}

const struct ctype *dwarf_ctype_target(const struct ctype *type)
{
	Dwarf_Die die = type->die, target;

	if (!type->die.addr || type->kind == CTYPE_ARRAY || !type_of(&die, &target))
		return NULL;
	return make_type(type->module, &target, 0);
}

/* ---- members ---- */

/* DWARF 2 wrote a member's offset as `DW_OP_plus_uconst n` */
static uint64_t member_offset(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number;
	Dwarf_Op *ops;
	size_t count;

	if (!dwarf_attr_integrate(die, DW_AT_data_member_location, &attribute))
		return 0;
	if (dwarf_formudata(&attribute, &number) == 0)
		return number;
	if (dwarf_getlocation(&attribute, &ops, &count) == 0 && count == 1 &&
	    ops[0].atom == DW_OP_plus_uconst)
		return ops[0].number;
	return 0;
}

static void member_bits(Dwarf_Die *die, struct ctype_member *member)
{
	uint64_t size = member->type->size ?: 1;
	Dwarf_Word bits, at;

	if (!attribute_number(die, DW_AT_bit_size, &bits) || bits > 64)
		return;
	member->bit_size = (unsigned)bits;
	if (attribute_number(die, DW_AT_data_bit_offset, &at)) {
		/*
		 * from the structure's start: the aligned unit of the declared type that holds it
		 */
		member->offset = at / 8 / size * size;
		member->bit_offset = (unsigned)(at - member->offset * 8);
	} else if (attribute_number(die, DW_AT_bit_offset, &at) && at + bits <= size * 8) {
		/* from the most significant bit of the declared type */
		member->bit_offset = (unsigned)(size * 8 - at - bits);
	}
}

bool dwarf_next_member(const struct ctype *type, struct ctype_walk *walk,
		       struct ctype_member *member)
{
	Dwarf_Die parent = type->die, target;
	int more;

	more = walk->started ? dwarf_siblingof(&walk->die, &walk->die) :
			       dwarf_child(&parent, &walk->die);
	walk->started = true;
	for (; more == 0; more = dwarf_siblingof(&walk->die, &walk->die)) {
		int tag = dwarf_tag(&walk->die);
		Dwarf_Attribute attribute;

		if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) ||
		    dwarf_attr(&walk->die, DW_AT_external, &attribute) ||
		    !type_of(&walk->die, &target))
			continue;
		*member = (struct ctype_member){
			.name = tag == DW_TAG_member ? dwarf_diename(&walk->die) : NULL,
			.type = make_type(type->module, &target, 0),
			.offset = member_offset(&walk->die) };
		member_bits(&walk->die, member);
		return true;
	}
	return false;
}
