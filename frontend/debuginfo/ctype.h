/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A C type, no matter who described it: DWARF and BTF both become this. Typedefs and qualifiers are
 * looked through, except in the text. Members and targets are read when asked for.
 */
#ifndef DEBUGINFO_CTYPE_H
#define DEBUGINFO_CTYPE_H

#include "module.h"

enum ctype_kind {
	CTYPE_VOID, CTYPE_INTEGER, CTYPE_FLOAT, CTYPE_ENUM, CTYPE_POINTER, CTYPE_ARRAY,
	CTYPE_STRUCT, CTYPE_UNION, CTYPE_FUNCTION,
};

struct ctype {
	enum ctype_kind kind;
	const char *text;	/* as -L shows it: "struct file*", typedef names kept */
	uint64_t size;		/* bytes, 0 when unknown */
	uint64_t count;		/* ARRAY: elements, 0 when unknown */
	bool is_signed, is_char;
	bool is_reference;	/* of C++: a POINTER that is followed wherever it is named */
	struct module *module;
	Dwarf_Die die;		/* the type itself, when module->dwarf describes it */
	uint32_t btf_id;	/* or this, not 0 */
	const struct ctype *target; /* of a pointer that no reader described */
};

/* a bit-field's offset is that of bytes that hold it, its bit_offset counts from there */
struct ctype_member {
	const char *name;	/* NULL: anonymous */
	const struct ctype *type;
	uint64_t offset;
	unsigned bit_offset, bit_size;
};

/** ctype_target() - what a POINTER points to, an ARRAY holds; NULL when that is unknown */
const struct ctype *ctype_target(const struct ctype *type);
/** ctype_next_member() - one after the other: @state starts zeroed; false behind the last */
struct ctype_walk {
	bool started;
	Dwarf_Die die;
	unsigned index;
};
bool ctype_next_member(const struct ctype *type, struct ctype_walk *walk,
		       struct ctype_member *member);
/** ctype_find_member() - by name, also inside anonymous members and C++ bases */
bool ctype_find_member(const struct ctype *type, const char *name, struct ctype_member *member);
/** ctype_placeholder() - what a list of variables shows instead of a value, NULL for a scalar */
const char *ctype_placeholder(const struct ctype *type);
/** ctype_find() - "struct file", "file", "union x", "enum e", "size_t", with `*` behind */
const struct ctype *ctype_find(struct module *module, const char *name);
const struct ctype *ctype_pointer_to(const struct ctype *type);

/* ---- the two readers ---- */

const struct ctype *dwarf_ctype(struct module *module, Dwarf_Die *die);
const struct ctype *dwarf_ctype_target(const struct ctype *type);
bool dwarf_next_member(const struct ctype *type, struct ctype_walk *walk,
		       struct ctype_member *member);
const struct ctype *dwarf_find_type(struct module *module, const char *keyword, const char *name);

const struct ctype *btf_ctype(struct module *module, uint32_t id);
const struct ctype *btf_ctype_target(const struct ctype *type);
bool btf_next_member(const struct ctype *type, struct ctype_walk *walk,
		     struct ctype_member *member);
const struct ctype *btf_find_type(struct module *module, const char *keyword, const char *name);

/* ---- where a variable is: the readers' answer to `$name` ---- */

enum object_kind {
	OBJECT_MEMORY,	/* fetch is its address */
	OBJECT_VALUE,	/* fetch is its value: in a register, or computed */
	OBJECT_PIECES,	/* its parts are in several registers, or partly in memory */
};
struct object_piece {
	enum object_kind kind;		/* MEMORY or VALUE */
	const struct fetch *fetch;	/* NULL: this part was optimised away */
	uint64_t size;			/* bytes */
};
#define MAX_PIECES 16
struct object {
	enum object_kind kind;
	const struct ctype *type;	/* NULL: unknown, a long */
	const struct fetch *fetch;	/* not of PIECES */
	bool is_user;
	uint64_t skip;			/* VALUE, PIECES: bytes before the part that is meant */
	const struct object_piece *pieces; /* PIECES, in the order of memory */
	unsigned piece_count;
};

/** dwarf_find_object() - a variable of DWARF; @file: @var's, a wildcard, or NULL */
int dwarf_find_object(const struct code_place *place, const char *name, const char *file,
		      struct object *object, struct buf *problem);
size_t dwarf_variables(const struct code_place *place, struct family_variable *out, size_t room);
/** abi_find_object() - parameters by the prototype in BTF, at a function's entry or return */
int abi_find_object(const struct code_place *place, const char *name, struct object *object,
		    struct buf *problem);
size_t abi_variables(const struct code_place *place, struct family_variable *out, size_t room);

/** object_in_words() - an object of several machine words, each of which is in a register */
void object_in_words(struct object *object, const struct module *module,
		     const struct fetch *const *words, unsigned count);
/** cast_object() - what @cast(@pointer, "@type_name") is before its path; 0 or -ENOENT */
int cast_object(struct module *module, const struct fetch *pointer, bool is_user,
		const char *type_name, struct object *object, struct buf *problem);
/** path_walk() - follow `->m`, `[1]` from @object on; the last PRETTY is not looked at */
int path_walk(struct arena *arena, const struct expr *target, struct object *object,
	      struct ctype_member *last, struct buf *problem);
/** object_value() - what reading the object gives, or its address */
int object_value(struct arena *arena, const struct expr *target, struct object *object,
		 const struct ctype_member *last, struct place_value *value, struct buf *problem);
/** place_object() - `$name` of @target at @place, before its path */
int place_object(const struct code_place *place, const struct expr *target,
		 struct object *object, struct buf *problem);

#endif
