// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Questions about types that both readers answer: looking a member up through anonymous ones, and a
 * type by the name written in a @cast.
 */
#include "ctype.h"

#include <ctype.h>

#define MAX_NESTING 16

const struct ctype *ctype_target(const struct ctype *type)
{
	if (type->target)
		return type->target;
	return type->btf_id ? btf_ctype_target(type) : dwarf_ctype_target(type);
}

bool ctype_next_member(const struct ctype *type, struct ctype_walk *walk,
		       struct ctype_member *member)
{
	return type->btf_id ? btf_next_member(type, walk, member) :
			      dwarf_next_member(type, walk, member);
}

static bool find_member(const struct ctype *type, const char *name, struct ctype_member *member,
			unsigned depth)
{
	struct ctype_walk walk = { 0 };
	struct ctype_member each;

	while (ctype_next_member(type, &walk, &each)) {
		if (each.name && strcmp(each.name, name) == 0) {
			*member = each;
			return true;
		}
		if (each.name || depth == MAX_NESTING || !find_member(each.type, name, member,
								      depth + 1))
			continue;
		member->offset += each.offset;
		return true;
	}
	return false;
}

bool ctype_find_member(const struct ctype *type, const char *name, struct ctype_member *member)
{
	if (type->kind != CTYPE_STRUCT && type->kind != CTYPE_UNION)
		return false;
	return find_member(type, name, member, 0);
}

const char *ctype_placeholder(const struct ctype *type)
{
	if (type->kind == CTYPE_ARRAY)
		return "[...]";
	return type->kind == CTYPE_STRUCT || type->kind == CTYPE_UNION ? "{...}" : NULL;
}

const struct ctype *ctype_pointer_to(const struct ctype *type)
{
	struct ctype *pointer = arena_memdup(type->module->arena, type, sizeof(*type));

	pointer->kind = CTYPE_POINTER;
	pointer->size = type->module->arch->pointer_size;
	pointer->text = arena_printf(type->module->arena, "%s*", type->text);
	pointer->count = 0;
	pointer->target = type;
	return pointer;
}

/* takes "const " and the like off, and the keyword of "struct file" into @keyword */
static char *cut_keyword(char *name, const char **keyword)
{
	static const char *const words[] = { "const ", "volatile ", "struct ", "union ", "enum ",
					     "class " };
	*keyword = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!text_starts_with(name, words[i]))
			continue;
		if (i >= 2)
			*keyword = words[i];
		name += strlen(words[i]);
		name += strspn(name, " ");
	}
	return name;
}

const struct ctype *ctype_find(struct module *module, const char *text)
{
	char *name = arena_strdup(module->arena, text), *end = name + strlen(name);
	const struct ctype *type = NULL;
	const char *keyword;
	unsigned pointers = 0;

	while (end > name && (end[-1] == '*' || isspace((unsigned char)end[-1]))) {
		pointers += end[-1] == '*';
		*--end = '\0';
	}
	name = cut_keyword(name + strspn(name, " "), &keyword);
	if (module->dwarf)
		type = dwarf_find_type(module, keyword, name);
	else if (module->btf)
		type = btf_find_type(module, keyword, name);
	for (; type && pointers; pointers--)
		type = ctype_pointer_to(type);
	return type;
}
