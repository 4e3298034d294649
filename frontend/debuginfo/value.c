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
#include <sys/stat.h>

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

/* of several pieces the one that holds @size bytes of what is meant becomes the object */
static int settle(struct arena *arena, struct object *object, uint64_t size, struct buf *problem)
{
	uint64_t start = 0;

	if (object->kind != OBJECT_PIECES)
		return 0;
	for (unsigned i = 0; i < object->piece_count; start += object->pieces[i++].size) {
		const struct object_piece *piece = &object->pieces[i];
		uint64_t skip = object->skip - start;

		if (object->skip < start || skip >= piece->size || piece->size - skip < size)
			continue;
		if (!piece->fetch) {
			buf_puts(problem, "this part of it was optimised away");
			return -ENODATA;
		}
		object->kind = piece->kind;
		object->skip = piece->kind == OBJECT_VALUE ? skip : 0;
		object->fetch = piece->kind == OBJECT_VALUE ? piece->fetch :
				fetch_add(arena, piece->fetch, (int64_t)skip);
		return 0;
	}
	buf_puts(problem, "it lies in several registers");
	return -ENOTSUP;
}

void object_in_words(struct object *object, const struct module *module,
		     const struct fetch *const *words, unsigned count)
{
	struct object_piece pieces[MAX_PIECES];

	for (unsigned i = 0; i < count && i < MAX_PIECES; i++)
		pieces[i] = (struct object_piece){ OBJECT_VALUE, words[i],
						   module->arch->pointer_size };
	object->kind = OBJECT_PIECES;
	object->pieces = arena_memdup(module->arena, pieces, count * sizeof(*pieces));
	object->piece_count = count;
}

static bool is_known_number(const struct object *object)
{
	return object->kind == OBJECT_VALUE && object->fetch->kind == FETCH_CONSTANT;
}

/* a constant as wide as its type: what the debug info says of it may be wider */
static const struct fetch *narrow_constant(struct arena *arena, const struct object *object)
{
	const struct ctype *type = object->type;
	uint64_t number = (uint64_t)object->fetch->offset;
	unsigned unused = type && type->size && type->size < 8 ? 64 - 8 * (unsigned)type->size : 0;

	number = object->skip < 8 ? number >> 8 * object->skip : 0;
	if (!unused)
		return fetch_constant(arena, (int64_t)number);
	number <<= unused;
	return fetch_constant(arena, type->is_signed ? (int64_t)number >> unused :
						       (int64_t)(number >> unused));
}

/* the scalar's value as one fetch; it is not in the upper part of a register */
static const struct fetch *load(struct arena *arena, const struct object *object)
{
	const struct ctype *type = object->type;
	struct fetch *part;

	if (object->kind == OBJECT_MEMORY)
		return fetch_deref(arena, object->fetch, (unsigned)type->size, type->is_signed,
				   object->is_user);
	if (is_known_number(object))
		return narrow_constant(arena, object);
	if (!type || type->size >= 8 || object->fetch->kind == FETCH_SYMBOL)
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
	int error;

	if (!target || target->kind == CTYPE_VOID) {
		buf_printf(walk->problem, "'%s' points to no known type; use @cast",
			   walk->object->type->text);
		return -ENOTSUP;
	}
	error = settle(walk->arena, walk->object, walk->object->type->size, walk->problem);
	if (!error && walk->object->skip) {
		buf_puts(walk->problem, "the pointer is in the upper part of a register");
		error = -ENOTSUP;
	}
	if (error)
		return error;
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

/* from the start of the object to the part of it that is @offset bytes behind */
static void move_on(struct walk *walk, uint64_t offset)
{
	struct object *object = walk->object;

	if (object->kind == OBJECT_MEMORY)
		object->fetch = fetch_add(walk->arena, object->fetch, (int64_t)offset);
	else
		object->skip += offset;
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
	move_on(walk, walk->last->offset);
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
		error = element ? 0 : -ENOTSUP;
		if (error)
			buf_printf(walk->problem, "'%s' is no array and no pointer",
				   object->type->text);
	}
	if (error)
		return error;
	move_on(walk, (uint64_t)index->number * element->size);
	object->type = element;
	return 0;
}

static int follow_reference(struct walk *walk)
{
	const struct ctype *type = walk->object->type;

	return type && type->is_reference ? follow_pointer(walk) : 0;
}

int path_walk(struct arena *arena, const struct expr *target, struct object *object,
	      struct ctype_member *last, struct buf *problem)
{
	struct walk walk = { arena, object, last, problem };
	int error = follow_reference(&walk);

	*last = (struct ctype_member){ 0 };
	for (size_t i = 0; i < target->path.count && !error; i++) {
		const struct target_component *component = &target->path.items[i];

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
		if (!error)
			error = follow_reference(&walk);
	}
	return error;
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

/* bits of a register, or of a value that was worked out */
static void register_bits(struct arena *arena, const struct object *object, unsigned from,
			  unsigned count, struct place_value *value)
{
	struct fetch *whole = arena_memdup(arena, object->fetch, sizeof(*whole));

	whole->is_signed = object->type->is_signed;
	fetch_number(arena, whole, from + 8 * (unsigned)object->skip, count, value);
}

/* the smallest unit that holds all bits: packed ones may lie across two of the declared type */
static int bits_value(struct arena *arena, const struct object *object,
		      const struct ctype_member *bits, struct place_value *value,
		      struct buf *problem)
{
	unsigned from = bits->bit_offset, size = (unsigned)object->type->size;
	int64_t moved = 0;

	if (object->kind == OBJECT_VALUE) {
		register_bits(arena, object, from, bits->bit_size, value);
		return 0;
	}
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

/* settled, and of 1, 2, 4 or 8 bytes, if its type is known */
static void scalar_value(struct arena *arena, const struct object *object,
			 struct place_value *value)
{
	const struct ctype *type = object->type;

	value->is_pointer = type && type->kind == CTYPE_POINTER;
	if (object->kind == OBJECT_VALUE && object->skip && !is_known_number(object))
		register_bits(arena, object, 0, 8 * (unsigned)type->size, value);
	else
		fetch_number(arena, load(arena, object), 0, 0, value);
}

int object_value(struct arena *arena, const struct expr *target, struct object *object,
		 const struct ctype_member *last, struct place_value *value, struct buf *problem)
{
	const struct ctype *type = object->type;
	int error = settle(arena, object, type ? type->size : 1, problem);

	*value = (struct place_value){ .type = TYPE_LONG, .c_type = type ? type->text : "long" };
	if (error)
		return error;
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
	scalar_value(arena, object, value);
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

/* a path to the file of @module, or its name without directories */
static bool is_file_of(const struct module *module, const char *wanted)
{
	const char *slash = strrchr(module->path, '/');
	struct stat one, other;

	if (!strchr(wanted, '/'))
		return strcmp(wanted, slash ? slash + 1 : module->path) == 0;
	return stat(wanted, &one) == 0 && stat(module->path, &other) == 0 &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
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
	    (module_is_user(module) ? is_file_of(module, wanted) :
				      strcmp(wanted, module->kernel_name) == 0))
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

bool debuginfo_has_type(struct module *module, const char *type_name)
{
	return ctype_find(module, type_name) != NULL;
}

int cast_object(struct module *module, const struct fetch *pointer, bool is_user,
		const char *type_name, struct object *object, struct buf *problem)
{
	const struct ctype *type = ctype_find(module, type_name);

	if (!type) {
		buf_printf(problem, "type '%s' is not known in '%s' (%s)", type_name,
			   module->path, module->source);
		return -ENOENT;
	}
	/* @cast(p, "T") is a T*: as upstream, where the type named is what p points to */
	*object = (struct object){ .kind = OBJECT_VALUE, .fetch = pointer, .is_user = is_user,
				   .type = type->kind == CTYPE_POINTER ? type :
									ctype_pointer_to(type) };
	return 0;
}

int debuginfo_cast(struct module *module, const struct fetch *pointer, bool is_user,
		   const char *type_name, const struct expr *cast, struct place_value *value,
		   struct buf *problem)
{
	struct ctype_member last;
	struct object object;
	int error = cast_object(module, pointer, is_user, type_name, &object, problem);

	if (!error)
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

#ifdef UNIT_TEST
#include "../../lib/unit.h"

/* what the tests look up in the DWARF of the test program itself */
enum unit_colour { UNIT_RED, UNIT_BLUE = -1 };
struct unit_inner {
	short numbers[3];
	char text[8];
};
struct unit_record {
	int first;
	unsigned low : 3, high : 7;
	struct unit_inner inner;
	struct unit_record *next;
	union {
		long whole;
		char bytes[8];
	};
	enum unit_colour colour;
	const char *name;
};
int unit_probed(struct unit_record *record, int count, unsigned char byte);
struct unit_record unit_global_record;

__attribute__((noinline, noclone)) int unit_probed(struct unit_record *record, int count,
						   unsigned char byte)
{
	__asm__ volatile("" : : "r"(record), "r"(count), "r"(byte) : "memory");
	return record->first + count + byte;
}

struct unit_session {
	struct frontend *frontend;
	struct debuginfo *debuginfo;
	struct arena *arena;
	place_array places;
	struct buf problem;
};

static struct unit_session unit_open(const struct place_query *query)
{
	static const struct frontend_options options = { .arch = "x86_64" };
	struct unit_session session = { .frontend = frontend_new(&options) };
	struct module *module;

	session.debuginfo = debuginfo_new(session.frontend);
	session.arena = frontend_arena(session.frontend);
	module = debuginfo_open_file(session.debuginfo, "/proc/self/exe", &session.problem);
	CHECK(module);
	CHECK_INT(debuginfo_find(module, query, &session.places, NULL, &session.problem), 1);
	return session;
}

static void unit_close(struct unit_session *session)
{
	debuginfo_free(session->debuginfo);
	frontend_free(session->frontend);
	buf_free(&session->problem);
}

/* "$a->b->0->c": numbers are indexes */
static struct expr *unit_target(struct arena *arena, const char *text)
{
	struct expr *target = arena_new_object(arena, struct expr);
	char *copy = arena_strdup(arena, text), *part;

	target->kind = EXPR_TARGET;
	target->address_of = *copy == '&';
	target->name = copy + target->address_of;
	while ((part = strstr(copy, "->"))) {
		struct target_component step = { .kind = COMPONENT_MEMBER, .member = part + 2 };

		*part = '\0';
		copy = part + 2;
		if (*copy >= '0' && *copy <= '9') {
			step.kind = COMPONENT_INDEX;
			step.index = arena_new_object(arena, struct expr);
			step.index->kind = EXPR_NUMBER;
			step.index->number = *copy - '0';
		}
		array_push(arena, &target->path, step);
	}
	return target;
}

static struct place_value unit_value(struct unit_session *session, const char *text)
{
	struct place_value value = { 0 };
	int error = debuginfo_value(session->places.items[0], unit_target(session->arena, text),
				    &value, &session->problem);

	if (error)
		unit_fail(__FILE__, __LINE__, "%s: %s", text, buf_text(&session->problem));
	return value;
}

static const struct place_query unit_entry = { .what = PLACE_FUNCTION, .pattern = "unit_probed" };

UNIT_TEST_CASE(value_of_parameters)
{
	struct unit_session session = unit_open(&unit_entry);
	struct place_value value = unit_value(&session, "$count");

	CHECK(session.places.items[0]->at_entry);
	CHECK_STR(session.places.items[0]->function, "unit_probed");
	CHECK_STR(value.c_type, "int");
	CHECK_INT(value.recipe->fetch->kind, FETCH_REGISTER);
	CHECK_INT(value.recipe->fetch->size, 4);
	CHECK(value.recipe->fetch->is_signed);
	CHECK_STR(unit_value(&session, "$record").c_type, "struct unit_record*");
	unit_close(&session);
}

UNIT_TEST_CASE(value_of_members)
{
	struct unit_session session = unit_open(&unit_entry);
	struct place_value value = unit_value(&session, "$record->inner->numbers->2");

	CHECK_INT(value.recipe->fetch->kind, FETCH_DEREF);
	CHECK_INT(value.recipe->fetch->size, 2);
	CHECK_INT(value.recipe->fetch->base->offset,
		  offsetof(struct unit_record, inner) + 2 * sizeof(short));
	value = unit_value(&session, "$record->next->bytes->3");
	CHECK_INT(value.recipe->fetch->base->kind, FETCH_DEREF);
	CHECK_INT(value.recipe->fetch->base->offset, offsetof(struct unit_record, bytes) + 3);
	CHECK_INT(value.recipe->fetch->base->base->offset, offsetof(struct unit_record, next));
	value = unit_value(&session, "&$record->colour");
	CHECK_INT(value.addend, offsetof(struct unit_record, colour));
	CHECK_INT(value.recipe->fetch->offset, 0);
	unit_close(&session);
}

UNIT_TEST_CASE(value_of_bit_fields)
{
	struct unit_session session = unit_open(&unit_entry);
	struct place_value value = unit_value(&session, "$record->high");

	CHECK_INT(value.recipe->bit_offset, 3);
	CHECK_INT(value.recipe->bit_size, 7);
	CHECK_INT(value.recipe->fetch->base->offset, 4);
	unit_close(&session);
}

UNIT_TEST_CASE(value_of_globals_is_relative_to_the_file)
{
	struct unit_session session = unit_open(&unit_entry);
	struct expr *target = unit_target(session.arena, "@var->first");
	struct place_value value;

	target->string = "unit_global_record@debuginfo/value.c";
	CHECK_INT(debuginfo_value(session.places.items[0], target, &value, &session.problem), 0);
	CHECK_INT(value.recipe->fetch->base->kind, FETCH_SYMBOL);
	CHECK(!value.recipe->fetch->base->symbol);
	target->string = "unit_global_record@debuginfo/other.c";
	CHECK_INT(debuginfo_value(session.places.items[0], target, &value, &session.problem),
		  -ENOENT);
	unit_close(&session);
}

UNIT_TEST_CASE(value_of_return)
{
	struct place_query query = unit_entry;
	struct unit_session session;
	struct place_value value;

	query.is_return = true;
	session = unit_open(&query);
	value = unit_value(&session, "$return");
	CHECK_INT(value.recipe->fetch->kind, FETCH_RETURN);
	CHECK_INT(value.recipe->fetch->size, 4);
	unit_close(&session);
}

UNIT_TEST_CASE(value_says_why_not)
{
	static const char *const bad[] = { "$nothing", "$record->nothing", "$count->first",
					   "&$record->low", "$record->inner", "&$count" };
	struct unit_session session = unit_open(&unit_entry);
	struct place_value value;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		buf_reset(&session.problem);
		CHECK(debuginfo_value(session.places.items[0],
				      unit_target(session.arena, bad[i]), &value,
				      &session.problem) < 0);
		CHECK(session.problem.length > 0);
	}
	unit_close(&session);
}

UNIT_TEST_CASE(value_of_cast)
{
	struct unit_session session = unit_open(&unit_entry);
	const struct fetch pointer = { .kind = FETCH_RETURN };
	struct place_value value;

	CHECK_INT(debuginfo_cast(session.places.items[0]->module, &pointer, true,
				 "struct unit_inner", unit_target(session.arena, "@cast->numbers->1"),
				 &value, &session.problem), 0);
	CHECK_INT(value.recipe->fetch->base->offset, sizeof(short));
	CHECK_INT(debuginfo_cast(session.places.items[0]->module, &pointer, true, "struct nothing",
				 unit_target(session.arena, "@cast->x"), &value, &session.problem),
		  -ENOENT);
	unit_close(&session);
}

UNIT_TEST_CASE(value_pretty)
{
	struct unit_session session = unit_open(&unit_entry);
	struct buf format = BUF_INIT;
	expr_array arguments = { NULL, 0, 0 };

	CHECK_INT(debuginfo_pretty(session.places.items[0], unit_target(session.arena, "$record"),
				   false, &format, &arguments, &session.problem), 0);
	CHECK_STR(buf_text(&format), "{.first=%i, .low=%u, .high=%u, .inner={...}, .next=%p, "
		  "<union>={...}, .colour=%i, .name=%s}");
	CHECK_INT(arguments.count, 6);
	buf_free(&format);
	unit_close(&session);
}

UNIT_TEST_CASE(value_variables)
{
	struct unit_session session = unit_open(&unit_entry);
	struct family_variable variables[8];

	CHECK_INT(debuginfo_variables(session.places.items[0], variables, 8), 3);
	CHECK_STR(variables[2].name, "$byte");
	CHECK_STR(variables[2].c_type, "unsigned char");
	CHECK(variables[2].is_parameter);
	CHECK_INT(debuginfo_variables(session.places.items[0], variables, 2), 2);
	unit_close(&session);
}
#endif
