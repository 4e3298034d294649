// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * C types out of BTF (Documentation/bpf/btf.rst of the kernel). BTF knows no `char`: an integer of
 * one byte is taken as one, as the kernel's own pretty printer does.
 */
#include "ctype.h"

#include <bpf/btf.h>

#define MAX_TYPE_DEPTH 32

static const struct btf_type *type_by_id(const struct module *module, uint32_t id)
{
	return btf__type_by_id(module->btf, id);
}

static const char *name_of(const struct module *module, const struct btf_type *type)
{
	const char *name = btf__name_by_offset(module->btf, type->name_off);

	return name && *name ? name : NULL;
}

/* ---- text ---- */

static const char *type_text(struct module *module, uint32_t id, unsigned depth);

static const char *with_suffix(struct module *module, uint32_t id, const char *suffix,
			       unsigned depth)
{
	return arena_printf(module->arena, "%s%s", type_text(module, id, depth + 1), suffix);
}

static const char *prototype_text(struct module *module, const struct btf_type *type,
				  unsigned depth)
{
	const struct btf_param *parameters = btf_params(type);
	struct buf list = BUF_INIT;
	const char *text;

	for (unsigned i = 0; i < btf_vlen(type); i++)
		buf_printf(&list, "%s%s", i ? ", " : "",
			   parameters[i].type ? type_text(module, parameters[i].type, depth + 1) :
						"...");
	text = arena_printf(module->arena, "%s (*) (%s)", type_text(module, type->type, depth + 1),
			    list.length ? buf_text(&list) : "void");
	buf_free(&list);
	return text;
}

static const char *keyword_text(struct module *module, const struct btf_type *type,
				const char *keyword)
{
	return arena_printf(module->arena, "%s%s", keyword, name_of(module, type) ?: "{...}");
}

static bool is_prototype(const struct module *module, uint32_t id)
{
	const struct btf_type *type = id ? type_by_id(module, id) : NULL;

	return type && btf_is_func_proto(type);
}

static const char *type_text(struct module *module, uint32_t id, unsigned depth)
{
	const struct btf_type *type = id ? type_by_id(module, id) : NULL;

	if (!type)
		return "void";
	if (depth > MAX_TYPE_DEPTH)
		return "?";
	switch (btf_kind(type)) {
	case BTF_KIND_PTR:
		if (is_prototype(module, type->type))
			return type_text(module, type->type, depth + 1);
		return with_suffix(module, type->type, "*", depth);
	case BTF_KIND_CONST: return with_suffix(module, type->type, " const", depth);
	case BTF_KIND_VOLATILE: return with_suffix(module, type->type, " volatile", depth);
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG: return type_text(module, type->type, depth + 1);
	case BTF_KIND_ARRAY: return with_suffix(module, btf_array(type)->type, "[]", depth);
	case BTF_KIND_STRUCT: return keyword_text(module, type, "struct ");
	case BTF_KIND_UNION: return keyword_text(module, type, "union ");
	case BTF_KIND_FWD:
		return keyword_text(module, type, btf_kflag(type) ? "union " : "struct ");
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64: return keyword_text(module, type, "enum ");
	case BTF_KIND_FUNC_PROTO: return prototype_text(module, type, depth);
	default: return name_of(module, type) ?: "void";
	}
}

/* ---- types ---- */

static uint32_t peel(const struct module *module, uint32_t id)
{
	for (unsigned depth = 0; id && depth < MAX_TYPE_DEPTH; depth++) {
		const struct btf_type *type = type_by_id(module, id);

		if (!type)
			return 0;
		switch (btf_kind(type)) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
			id = type->type;
			continue;
		default:
			return id;
		}
	}
	return 0;
}

static void describe(struct ctype *type, const struct btf_type *is, unsigned depth);

static const struct ctype *make_type(struct module *module, uint32_t id, unsigned depth)
{
	struct ctype *type = arena_new_object(module->arena, struct ctype);
	const struct btf_type *is;

	type->module = module;
	type->text = type_text(module, id, 0);
	type->btf_id = peel(module, id);
	is = type->btf_id ? type_by_id(module, type->btf_id) : NULL;
	if (is && btf_kind(is) == BTF_KIND_FWD) {
		const char *keyword = btf_kflag(is) ? "union " : "struct ";
		const struct ctype *whole = btf_find_type(module, keyword, name_of(module, is) ?: "");

		if (whole)
			return whole;
	}
	if (is && depth < MAX_TYPE_DEPTH)
		describe(type, is, depth);
	return type;
}

static void describe(struct ctype *type, const struct btf_type *is, unsigned depth)
{
	switch (btf_kind(is)) {
	case BTF_KIND_INT:
		type->kind = CTYPE_INTEGER;
		type->size = is->size;
		type->is_signed = btf_int_encoding(is) & BTF_INT_SIGNED;
		type->is_char = is->size == 1 && !(btf_int_encoding(is) & BTF_INT_BOOL);
		break;
	case BTF_KIND_FLOAT:
		type->kind = CTYPE_FLOAT;
		type->size = is->size;
		break;
	case BTF_KIND_PTR:
		type->kind = CTYPE_POINTER;
		type->size = type->module->arch->pointer_size;
		break;
	case BTF_KIND_ARRAY:
		type->kind = CTYPE_ARRAY;
		type->count = btf_array(is)->nelems;
		type->target = make_type(type->module, btf_array(is)->type, depth + 1);
		type->size = type->count * type->target->size;
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		type->kind = btf_is_union(is) ? CTYPE_UNION : CTYPE_STRUCT;
		type->size = is->size;
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		type->kind = CTYPE_ENUM;
		type->size = is->size;
		type->is_signed = btf_kflag(is);
		break;
	case BTF_KIND_FUNC_PROTO:
		type->kind = CTYPE_FUNCTION;
		break;
	default:
		break;
	}
}

const struct ctype *btf_ctype(struct module *module, uint32_t id)
{
	return make_type(module, id, 0);
}

const struct ctype *btf_ctype_target(const struct ctype *type)
{
	const struct btf_type *is = type_by_id(type->module, type->btf_id);

	return is && btf_is_ptr(is) ? make_type(type->module, is->type, 0) : NULL;
}

bool btf_next_member(const struct ctype *type, struct ctype_walk *walk,
		     struct ctype_member *member)
{
	const struct btf_type *is = type_by_id(type->module, type->btf_id);
	const struct btf_member *each;
	uint32_t bits, bit_size;
	uint64_t size;

	if (!is || !btf_is_composite(is) || walk->index >= btf_vlen(is))
		return false;
	each = btf_members(is) + walk->index;
	bits = btf_member_bit_offset(is, walk->index);
	bit_size = btf_member_bitfield_size(is, walk->index);
	walk->index++;
	*member = (struct ctype_member){ .type = make_type(type->module, each->type, 0),
					 .offset = bits / 8, .bit_size = bit_size };
	member->name = btf__name_by_offset(type->module->btf, each->name_off);
	if (member->name && !*member->name)
		member->name = NULL;
	size = member->type->size ?: 1;
	if (bit_size) {
		member->offset = bits / 8 / size * size;
		member->bit_offset = (unsigned)(bits - member->offset * 8);
	}
	return true;
}

static bool kind_fits(const struct btf_type *type, const char *keyword)
{
	if (!keyword)
		return btf_is_typedef(type) || btf_is_int(type) || btf_is_composite(type) ||
		       btf_is_any_enum(type) || btf_is_float(type);
	if (strcmp(keyword, "union ") == 0)
		return btf_is_union(type);
	if (strcmp(keyword, "enum ") == 0)
		return btf_is_any_enum(type);
	return btf_is_struct(type);
}

const struct ctype *btf_find_type(struct module *module, const char *keyword, const char *name)
{
	uint32_t count = btf__type_cnt(module->btf);

	for (uint32_t id = 1; *name && id < count; id++) {
		const struct btf_type *type = type_by_id(module, id);
		const char *is = type && kind_fits(type, keyword) ? name_of(module, type) : NULL;

		if (is && strcmp(is, name) == 0)
			return make_type(module, id, 0);
	}
	return NULL;
}
