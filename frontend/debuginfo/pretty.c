// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `$x$` and `$x$$`: a structure becomes the sprintf that shows its members, as SystemTap writes
 * them: {.a=1, .s="text", .in={...}, .list=[1, ...], <union>={...}}. `$` shows one level, `$$` all.
 */
#include "ctype.h"

#define MAX_ARGUMENTS 32
#define MAX_NESTING 8

struct printer {
	struct arena *arena;
	bool is_deep, is_user;
	struct buf *format;
	expr_array *arguments;
};

static void print_type(struct printer *printer, const struct ctype *type,
		       const struct expr *value, unsigned depth);

/* ---- expressions ---- */

static struct expr *with_step(struct printer *printer, const struct expr *value,
			      struct target_component step)
{
	struct expr *copy = arena_memdup(printer->arena, value, sizeof(*copy));

	copy->path.items = NULL;
	copy->path.count = copy->path.capacity = 0;
	for (size_t i = 0; i < value->path.count; i++)
		array_push(printer->arena, &copy->path, value->path.items[i]);
	step.token = value->token;
	array_push(printer->arena, &copy->path, step);
	return copy;
}

static struct expr *number_expr(struct printer *printer, const struct expr *at, int64_t number)
{
	struct expr *expr = arena_new_object(printer->arena, struct expr);

	expr->kind = EXPR_NUMBER;
	expr->type = TYPE_LONG;
	expr->number = number;
	expr->token = at->token;
	return expr;
}

static struct expr *member_of(struct printer *printer, const struct expr *value, const char *name)
{
	return with_step(printer, value, (struct target_component){
		.kind = COMPONENT_MEMBER, .member = name });
}

static struct expr *first_of(struct printer *printer, const struct expr *value)
{
	return with_step(printer, value, (struct target_component){
		.kind = COMPONENT_INDEX, .index = number_expr(printer, value, 0) });
}

static struct expr *call(struct printer *printer, const char *name, const struct expr *a,
			 const struct expr *b)
{
	struct expr *expr = arena_new_object(printer->arena, struct expr);

	expr->kind = EXPR_CALL;
	expr->token = a->token;
	expr->name = name;
	expr->arg_count = b ? 2 : 1;
	expr->args = arena_alloc(printer->arena, 2 * sizeof(*expr->args));
	expr->args[0] = (struct expr *)a;
	expr->args[1] = (struct expr *)b;
	return expr;
}

/* ---- one value ---- */

static void add(struct printer *printer, const char *conversion, const struct expr *value)
{
	if (printer->arguments->count >= MAX_ARGUMENTS) {
		buf_puts(printer->format, "...");
		return;
	}
	buf_puts(printer->format, conversion);
	array_push(printer->arena, printer->arguments, (struct expr *)value);
}

static bool is_text(const struct ctype *target)
{
	return target && target->is_char && target->size == 1;
}

static void print_text(struct printer *printer, const struct ctype *type, const struct expr *value)
{
	const struct expr *length;

	if (type->kind == CTYPE_POINTER || !type->count) {
		add(printer, "%s", call(printer, printer->is_user ? "user_string_quoted" :
					"kernel_string_quoted", value, NULL));
		return;
	}
	length = number_expr(printer, value, (int64_t)type->count);
	if (printer->is_user)
		add(printer, "%s", call(printer, "user_string_n_quoted", value, length));
	else
		add(printer, "%s", call(printer, "string_quoted",
					call(printer, "kernel_string_n", value, length), NULL));
}

static void print_array(struct printer *printer, const struct ctype *type,
			const struct expr *value, unsigned depth)
{
	const struct ctype *element = ctype_target(type);

	/* of an array of arrays the first element of the first row is shown */
	while (element && element->kind == CTYPE_ARRAY && ctype_target(element) &&
	       !is_text(ctype_target(element))) {
		type = element;
		value = first_of(printer, value);
		element = ctype_target(type);
	}
	if (depth && !printer->is_deep) {
		buf_puts(printer->format, "[...]");
	} else if (is_text(element)) {
		print_text(printer, type, value);
	} else if (!element || !type->count) {
		buf_puts(printer->format, "[]");
	} else {
		buf_putc(printer->format, '[');
		print_type(printer, element, first_of(printer, value), depth + 1);
		buf_puts(printer->format, type->count > 1 ? ", ...]" : "]");
	}
}

/* members of an anonymous one are named as if they were the outer one's */
static void print_record(struct printer *printer, const struct ctype *type,
			 const struct expr *value, unsigned depth)
{
	struct ctype_walk walk = { 0 };
	struct ctype_member member;
	const char *separator = "{";

	if ((depth && !printer->is_deep) || depth > MAX_NESTING) {
		buf_puts(printer->format, "{...}");
		return;
	}
	while (ctype_next_member(type, &walk, &member)) {
		const struct expr *inner = value;

		buf_puts(printer->format, separator);
		separator = ", ";
		if (printer->arguments->count >= MAX_ARGUMENTS) {
			buf_puts(printer->format, "...");
			break;
		}
		if (member.name) {
			buf_printf(printer->format, ".%s=", member.name);
			inner = member_of(printer, value, member.name);
		} else {
			buf_puts(printer->format, member.type->kind == CTYPE_UNION ? "<union>=" :
								       "<class>=");
		}
		print_type(printer, member.type, inner, depth + 1);
	}
	buf_puts(printer->format, *separator == '{' ? "{}" : "}");
}

static void print_type(struct printer *printer, const struct ctype *type,
		       const struct expr *value, unsigned depth)
{
	switch (type->kind) {
	case CTYPE_INTEGER:
	case CTYPE_ENUM:
		if (type->size > 8)
			buf_puts(printer->format, "?");
		else
			add(printer, type->is_char ? "'%#c'" : type->is_signed ? "%i" : "%u", value);
		break;
	case CTYPE_POINTER:
		if (is_text(ctype_target(type)))
			print_text(printer, type, value);
		else
			add(printer, "%p", value);
		break;
	case CTYPE_ARRAY: print_array(printer, type, value, depth); break;
	case CTYPE_STRUCT:
	case CTYPE_UNION: print_record(printer, type, value, depth); break;
	default: buf_puts(printer->format, "?"); break;
	}
}

/* what the variable itself points to is shown, not the pointer */
static void print_top(struct printer *printer, const struct ctype *type, const struct expr *value)
{
	const struct ctype *target = type->kind == CTYPE_POINTER ? ctype_target(type) : NULL;

	if (target && target->kind == CTYPE_FUNCTION)
		add(printer, "<function>:%p", value);
	else if (!target || target->kind == CTYPE_VOID || is_text(target))
		print_type(printer, type, value, 0);
	else if (target->kind == CTYPE_STRUCT || target->kind == CTYPE_UNION)
		print_record(printer, target, value, 0);
	else
		print_type(printer, target, first_of(printer, value), 0);
}

int debuginfo_pretty_cast(struct module *module, bool is_user, const char *type_name,
			  const struct expr *cast, bool deep, struct buf *format,
			  expr_array *arguments, struct buf *problem)
{
	static const struct fetch pointer = { .kind = FETCH_CONSTANT };
	struct printer printer = { .arena = module->arena, .is_deep = deep, .is_user = is_user,
				   .format = format, .arguments = arguments };
	struct ctype_member last;
	struct object object;
	int error = cast_object(module, &pointer, is_user, type_name, &object, problem);

	if (!error)
		error = path_walk(module->arena, cast, &object, &last, problem);
	if (!error)
		print_top(&printer, object.type, cast);
	return error;
}

int debuginfo_pretty(const struct code_place *place, const struct expr *target, bool deep,
		     struct buf *format, expr_array *arguments, struct buf *problem)
{
	struct arena *arena = place->module->arena;
	struct printer printer = { .arena = arena, .is_deep = deep, .format = format,
				   .arguments = arguments };
	struct ctype_member last;
	struct object object;
	int error = place->mark ? 0 : place_object(place, target, &object, problem);

	if (!error && !place->mark)
		error = path_walk(arena, target, &object, &last, problem);
	if (error)
		return error;
	printer.is_user = module_is_user(place->module);
	if (place->mark || !object.type)
		add(&printer, "%i", target);
	else
		print_top(&printer, object.type, target);
	return 0;
}
