// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From `$x->y[1]` to a recipe: the readers say where `x` is and of which type (struct object), the
 * path is walked over the type, and what is left is read, or its address taken. A pointer on the
 * way costs one dereference; members and elements only move the offset.
 */
#include "dwarf.h"
#include "kernel.h"
#include "module.h"

#include <errno.h>

/* ---- the path ---- */

struct walk {
	struct arena *arena;
	struct object *object;
	struct ctype_member *last;	/* of the last step: its bits, when bit_size is set */
	struct buf *problem;
};

static bool is_scalar(const struct ctype *type)
{
	switch (type->kind) {
	case CTYPE_INTEGER:
	case CTYPE_ENUM:
	case CTYPE_POINTER:
	case CTYPE_FLOAT:
		return type->size == 1 || type->size == 2 || type->size == 4 || type->size == 8;
	default:
		return false;
	}
}

/* the scalar's value as one fetch */
static const struct fetch *load(struct arena *arena, const struct object *object)
{
	const struct ctype *type = object->type;
	struct fetch *part;

	if (object->kind == OBJECT_MEMORY)
		return fetch_deref(arena, object->fetch, (unsigned)type->size, type->is_signed,
				   object->is_user);
	if (!type || type->size >= 8 || object->fetch->kind == FETCH_CONSTANT ||
	    object->fetch->kind == FETCH_SYMBOL)
		return object->fetch;
	part = arena_memdup(arena, object->fetch, sizeof(*part));
	if (!part->size || part->size > type->size)
		part->size = (uint8_t)type->size;
	part->is_signed = type->is_signed;
	return part;
}

/* what the pointer points to becomes the object */
static int follow_pointer(struct walk *walk)
{
	const struct ctype *target = ctype_target(walk->object->type);

	if (!target || target->kind == CTYPE_VOID) {
		buf_printf(walk->problem, "'%s' points to no known type; use @cast",
			   walk->object->type->text);
		return -ENOTSUP;
	}
	walk->object->fetch = load(walk->arena, walk->object);
	walk->object->kind = OBJECT_MEMORY;
	walk->object->type = target;
	return 0;
}

static void suggest_members(const struct ctype *type, struct buf *problem)
{
	struct ctype_walk walk = { 0 };
	struct ctype_member member;
	unsigned count = 0;

	while (count < 12 && ctype_next_member(type, &walk, &member))
		if (member.name)
			buf_printf(problem, "%s%s", count++ ? ", " : "; it has ", member.name);
}

static int step_member(struct walk *walk, const char *name)
{
	struct object *object = walk->object;
	int error = object->type->kind == CTYPE_POINTER ? follow_pointer(walk) : 0;

	if (error)
		return error;
	if (object->type->kind != CTYPE_STRUCT && object->type->kind != CTYPE_UNION) {
		buf_printf(walk->problem, "'%s' is no structure and has no member '%s'",
			   object->type->text, name);
		return -ENOENT;
	}
	if (!ctype_find_member(object->type, name, walk->last)) {
		buf_printf(walk->problem, "'%s' has no member '%s'", object->type->text, name);
		suggest_members(object->type, walk->problem);
		return -ENOENT;
	}
	if (object->kind == OBJECT_MEMORY) {
		object->fetch = fetch_add(walk->arena, object->fetch,
					  (int64_t)walk->last->offset);
	} else if (walk->last->offset || walk->last->bit_size) {
		buf_printf(walk->problem, "member '%s' is in a part of a register", name);
		return -ENOTSUP;
	}
	object->type = walk->last->type;
	return 0;
}

static int step_index(struct walk *walk, const struct expr *index)
{
	struct object *object = walk->object;
	const struct ctype *element;
	int error;

	if (index->kind != EXPR_NUMBER) {
		buf_puts(walk->problem, "an index must be a number known before the script runs");
		return -ENOTSUP;
	}
	walk->last->bit_size = 0;
	if (object->type->kind == CTYPE_POINTER) {
		error = follow_pointer(walk);
		element = object->type;
	} else {
		element = object->type->kind == CTYPE_ARRAY ? ctype_target(object->type) : NULL;
		error = element && object->kind == OBJECT_MEMORY ? 0 : -ENOTSUP;
		if (error)
			buf_printf(walk->problem, "'%s' is no array in memory and no pointer",
				   object->type->text);
	}
	if (error)
		return error;
	object->fetch = fetch_add(walk->arena, object->fetch,
				  (int64_t)((uint64_t)index->number * element->size));
	object->type = element;
	return 0;
}

int path_walk(struct arena *arena, const struct expr *target, struct object *object,
	      struct ctype_member *last, struct buf *problem)
{
	struct walk walk = { arena, object, last, problem };

	*last = (struct ctype_member){ 0 };
	for (size_t i = 0; i < target->path.count; i++) {
		const struct target_component *component = &target->path.items[i];
		int error;

		if (component->kind >= COMPONENT_PRETTY)
			return 0;
		if (!object->type || last->bit_size) {
			buf_printf(problem, "'%s' has no type that could be looked into",
				   target->name);
			return -ENOTSUP;
		}
		error = component->kind == COMPONENT_MEMBER ?
				step_member(&walk, component->member) :
				step_index(&walk, component->index);
		if (error)
			return error;
	}
	return 0;
}

/* ---- the value ---- */

static bool wants_string(const struct expr *target)
{
	size_t count = target->path.count;

	return count && target->path.items[count - 1].kind >= COMPONENT_PRETTY;
}

static bool holds_characters(const struct ctype *type)
{
	const struct ctype *target;

	if (!type || (type->kind != CTYPE_ARRAY && type->kind != CTYPE_POINTER))
		return false;
	target = ctype_target(type);
	return target && target->is_char && target->size == 1;
}

static int string_value(struct arena *arena, const struct object *object,
			struct place_value *value, struct buf *problem)
{
	bool is_array = object->type && object->type->kind == CTYPE_ARRAY;

	if (!holds_characters(object->type) || (is_array && object->kind != OBJECT_MEMORY)) {
		buf_printf(problem, "'%s' is no string", object->type ? object->type->text : "long");
		return -ENOTSUP;
	}
	fetch_string(arena, is_array ? object->fetch : load(arena, object), object->is_user,
		     is_array ? (uint32_t)object->type->count : 0, value);
	return 0;
}

static int address_value(struct arena *arena, const struct object *object,
			 const struct ctype_member *last, struct place_value *value,
			 struct buf *problem)
{
	if (object->kind != OBJECT_MEMORY || last->bit_size) {
		buf_puts(problem, last->bit_size ? "a bit-field has no address" :
						   "a register has no address");
		return -ENOTSUP;
	}
	value->is_pointer = true;
	if (object->type)
		value->c_type = arena_printf(arena, "%s*", object->type->text);
	fetch_number(arena, object->fetch, 0, 0, value);
	return 0;
}

/* the smallest unit that holds all bits: packed ones may lie across two of the declared type */
static int bits_value(struct arena *arena, const struct object *object,
		      const struct ctype_member *bits, struct place_value *value,
		      struct buf *problem)
{
	unsigned from = bits->bit_offset, size = (unsigned)object->type->size;
	int64_t moved = 0;

	if (from + bits->bit_size > size * 8 || size > 8 || !size) {
		moved = from / 8;
		from %= 8;
		for (size = 1; size < 8 && size * 8 < from + bits->bit_size;)
			size *= 2;
	}
	if (from + bits->bit_size > size * 8) {
		buf_puts(problem, "the bit-field lies across more than eight bytes");
		return -ENOTSUP;
	}
	fetch_number(arena, fetch_deref(arena, fetch_add(arena, object->fetch, moved), size,
					object->type->is_signed, object->is_user),
		     from, bits->bit_size, value);
	return 0;
}

/* an array stands for its address, as in C */
static int array_value(struct arena *arena, const struct object *object,
		       const struct ctype_member *last, struct place_value *value,
		       struct buf *problem)
{
	const char *text = value->c_type;
	int error = address_value(arena, object, last, value, problem);

	value->c_type = text;
	value->is_pointer = false;
	value->is_char_array = holds_characters(object->type);
	return error;
}

int object_value(struct arena *arena, const struct expr *target, const struct object *object,
		 const struct ctype_member *last, struct place_value *value, struct buf *problem)
{
	const struct ctype *type = object->type;

	*value = (struct place_value){ .type = TYPE_LONG, .c_type = type ? type->text : "long" };
	if (wants_string(target))
		return string_value(arena, object, value, problem);
	if (target->address_of)
		return address_value(arena, object, last, value, problem);
	if (type && type->kind == CTYPE_ARRAY)
		return array_value(arena, object, last, value, problem);
	if (last->bit_size)
		return bits_value(arena, object, last, value, problem);
	if (type && !is_scalar(type)) {
		buf_printf(problem, "'%s' is no number; name a member of it, take its address with "
			   "'&', or print it whole with '$' behind it", type->text);
		return -ENOTSUP;
	}
	value->is_pointer = type && type->kind == CTYPE_POINTER;
	fetch_number(arena, load(arena, object), 0, 0, value);
	return 0;
}

/* ---- the variable ---- */

static int find_named(const struct code_place *place, const char *name, const char *file,
		      struct object *object, struct buf *problem)
{
	int error = -ENOENT;

	if (place->module->dwarf)
		error = dwarf_find_object(place, name, file, object, problem);
	if (error == -ENOENT && !file && !problem->length && !place->scope)
		error = abi_find_object(place, name, object, problem);
	if (error == -ENOENT && !problem->length)
		buf_printf(problem, "there is no variable '%s' here", name);
	return error;
}

/* @var("v@file", "module"): the probed module, or the kernel */
static int find_var(const struct code_place *place, const struct expr *target,
		    struct object *object, struct buf *problem)
{
	struct module *module = place->module;
	char *name = arena_strdup(module->arena, target->string ?: ""), *file;
	const char *wanted = target->arg_count ? target->args[0]->string : NULL;
	struct code_place global = { 0 };

	file = strchr(name, '@');
	if (file)
		*file++ = '\0';
	if (!wanted || strcmp(wanted, module->path) == 0 ||
	    (!module_is_user(module) && strcmp(wanted, module->kernel_name) == 0))
		return find_named(place, name, file, object, problem);
	if (strcmp(wanted, "kernel") != 0 || module_is_user(module)) {
		buf_printf(problem, "variables of '%s' cannot be fetched in a probe of '%s'",
			   wanted, module->path);
		return -ENOTSUP;
	}
	global.module = debuginfo_open_kernel(module->debuginfo, NULL, problem);
	return global.module ? find_named(&global, name, file, object, problem) : -ENOENT;
}

int place_object(const struct code_place *place, const struct expr *target,
		 struct object *object, struct buf *problem)
{
	*object = (struct object){ .is_user = module_is_user(place->module) };
	if (strcmp(target->name, "@var") == 0)
		return find_var(place, target, object, problem);
	return find_named(place, target->name + 1, NULL, object, problem);
}

int debuginfo_value(const struct code_place *place, const struct expr *target,
		    struct place_value *value, struct buf *problem)
{
	struct arena *arena = place->module->arena;
	struct ctype_member last;
	struct object object;
	int error;

	if (place->mark)
		return sdt_value(place, target, value, problem);
	error = place_object(place, target, &object, problem);
	if (!error)
		error = path_walk(arena, target, &object, &last, problem);
	return error ?: object_value(arena, target, &object, &last, value, problem);
}

int debuginfo_cast(struct module *module, const struct fetch *pointer, bool is_user,
		   const char *type_name, const struct expr *cast, struct place_value *value,
		   struct buf *problem)
{
	const struct ctype *type = ctype_find(module, type_name);
	struct ctype_member last;
	struct object object;
	int error;

	if (!type) {
		buf_printf(problem, "type '%s' is not known in '%s' (%s)", type_name,
			   module->path, module->source);
		return -ENOENT;
	}
	/* @cast(p, "T") is a T*: as upstream, where the type named is what p points to */
	object = (struct object){ .kind = OBJECT_VALUE, .fetch = pointer, .is_user = is_user,
				  .type = type->kind == CTYPE_POINTER ? type :
								       ctype_pointer_to(type) };
	error = path_walk(module->arena, cast, &object, &last, problem);
	return error ?: object_value(module->arena, cast, &object, &last, value, problem);
}

size_t debuginfo_variables(const struct code_place *place, struct family_variable *out, size_t room)
{
	size_t count = 0;

	if (place->mark)
		return sdt_variables(place, out, room);
	if (place->module->dwarf)
		count = dwarf_variables(place, out, room);
	return count ?: abi_variables(place, out, room);
}
