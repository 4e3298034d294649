/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what debug info says about `$x->y[i]` and @cast(p, "t")->y to an expression of the handler.
 * With constant indexes `$x->y[1]` is one capture. Where a part is known only at run time (the
 * pointer of a cast, an index) the rest becomes reads of memory around it, which the planner turns
 * into captures again where it can (capture.c).
 *
 * An index known only at run time needs no knowledge of types here: the recipes for index 0 and 1
 * differ in one offset, and the difference is the size of an element.
 */
#include "semantic.h"

#define HOLE_REGISTER UINT32_MAX /* stands for a cast's pointer in recipes */
#define MAX_RUN_TIME_INDEXES 4

/**
 * struct value_question - one look into debug info and what came of it
 * @target: EXPR_TARGET or EXPR_CAST with literal indexes only
 * @pointer: the cast's operand, resolved
 * @indexes: those known only at run time, resolved
 * @values: [0] with all of them 0; [1 + i] with index i being 1
 * @lacks_entry: a register is only known from the function's entry, where no probe can be paired
 */
struct value_question {
	struct resolver *resolver;
	struct expr *target, *pointer;
	const struct code_place *place;
	struct module *module;
	bool is_user;
	const char *type_name;
	struct expr *indexes[MAX_RUN_TIME_INDEXES];
	size_t positions[MAX_RUN_TIME_INDEXES], index_count;
	struct place_value values[1 + MAX_RUN_TIME_INDEXES];
	bool lacks_entry;
};

/* ---- asking ---- */

static int ask(struct value_question *question, struct place_value *value, struct buf *problem)
{
	static const struct fetch hole = { .kind = FETCH_REGISTER, .reg = HOLE_REGISTER };

	if (question->target->kind == EXPR_TARGET)
		return debuginfo_value(question->place, question->target, value, problem);
	return debuginfo_cast(question->module, &hole, question->is_user, question->type_name,
			      question->target, value, problem);
}

/* resolve the indexes; literals stay, the others are set aside */
static bool take_indexes(struct value_question *question)
{
	struct arena *arena = question->resolver->sem->arena;
	struct expr *target = question->target;

	for (size_t i = 0; i < target->path.count; i++) {
		struct target_component *step = &target->path.items[i];

		if (!step->index)
			continue;
		resolve_expression(question->resolver, &step->index);
		if (step->index->kind == EXPR_NUMBER)
			continue;
		if (question->index_count == MAX_RUN_TIME_INDEXES) {
			diag_error(question->resolver->sem->frontend, step->index->token,
				   "more than %d indexes known only at run time",
				   MAX_RUN_TIME_INDEXES);
			return false;
		}
		question->positions[question->index_count] = i;
		question->indexes[question->index_count++] = step->index;
		step->index = make_number(arena, 0, step->index->token);
	}
	return true;
}

static int ask_all(struct value_question *question, struct buf *problem)
{
	int result = ask(question, &question->values[0], problem);

	for (size_t i = 0; !result && i < question->index_count; i++) {
		struct expr *index = question->target->path.items[question->positions[i]].index;

		index->number = 1;
		result = ask(question, &question->values[1 + i], problem);
		index->number = 0;
	}
	return result;
}

/* ---- from fetches to expressions ---- */

static struct expr *add(struct arena *arena, struct expr *a, struct expr *b)
{
	struct expr *sum;

	if (b->kind == EXPR_NUMBER && !b->number)
		return a;
	sum = make_expr(arena, EXPR_BINARY, a->token);
	sum->op = OP_ADD;
	sum->a = a;
	sum->b = b;
	return sum;
}

static struct expr *add_number(struct arena *arena, struct expr *expr, int64_t number)
{
	return add(arena, expr, make_number(arena, number, expr->token));
}

/* @index times the size of its elements */
static struct expr *scaled_index(struct arena *arena, struct expr *index, int64_t size)
{
	struct expr *product = make_expr(arena, EXPR_BINARY, index->token);

	product->op = OP_MUL;
	product->a = index;
	product->b = make_number(arena, size, index->token);
	return product;
}

struct expr *make_read(struct arena *arena, bool is_user, bool is_signed, unsigned size,
		       struct expr *address, const struct token *token)
{
	static const enum builtin_id ids[2][2] = {
		{ BUILTIN___kernel_read, BUILTIN___kernel_read_signed },
		{ BUILTIN___user_read, BUILTIN___user_read_signed },
	};
	struct expr *call = make_expr(arena, EXPR_CALL, token);

	call->builtin = &builtin_table[ids[is_user][is_signed]];
	call->name = call->builtin->name;
	call->arg_count = 2;
	call->args = arena_alloc(arena, 2 * sizeof(*call->args));
	call->args[0] = make_number(arena, size, token);
	call->args[1] = address;
	return call;
}

static bool has_hole(const struct fetch *fetch)
{
	while (fetch->kind == FETCH_DEREF)
		fetch = fetch->base;
	return fetch->kind == FETCH_ENTRY ||
	       (fetch->kind == FETCH_REGISTER && fetch->reg == HOLE_REGISTER);
}

/* the lowest @bits of a number in a register, from bit @from on */
static struct expr *bits_of(struct arena *arena, struct expr *value, unsigned from, unsigned bits,
			    bool is_signed)
{
	struct expr *up = make_expr(arena, EXPR_BINARY, value->token);
	struct expr *down = make_expr(arena, EXPR_BINARY, value->token);

	up->op = OP_SHL;
	up->a = value;
	up->b = make_number(arena, 64 - from - bits, value->token);
	down->op = is_signed ? OP_SHR : OP_USHR;
	down->a = up;
	down->b = make_number(arena, 64 - bits, value->token);
	return down;
}

/* a register as it was where the call began; NULL with a message, perhaps the caller's */
static struct expr *lower_entry(struct value_question *question, const struct fetch *fetch)
{
	struct arena *arena = question->resolver->sem->arena;
	struct expr *value = entry_register(question->resolver, fetch->reg,
					    question->target->token);

	if (!value)
		question->lacks_entry = true;
	else if (fetch->size && fetch->size < sizeof(uint64_t))
		value = bits_of(arena, value, 0, 8 * fetch->size, fetch->is_signed);
	return value;
}

/*
 * Is a pointer of a 32-bit program read on the way? The kernel's probes would read 64 bits there;
 * what it points to is read when the handler runs.
 */
static bool has_narrow_pointer(const struct fetch *address)
{
	for (; address->kind == FETCH_DEREF; address = address->base)
		if (address->size != sizeof(uint64_t))
			return true;
	return false;
}

/* does an index known only at run time change an offset at @fetches[0] or inside it? */
static bool varies(const struct fetch *const *fetches, size_t count)
{
	const struct fetch *at[1 + MAX_RUN_TIME_INDEXES];

	memcpy(at, fetches, count * sizeof(*at));
	for (;;) {
		for (size_t i = 1; i < count; i++)
			if (at[i]->offset != at[0]->offset || at[i]->kind != at[0]->kind)
				return true;
		if (at[0]->kind != FETCH_DEREF)
			return false;
		for (size_t i = 0; i < count; i++)
			at[i] = at[i]->base;
	}
}

static struct expr *lower(struct value_question *question, const struct fetch *const *fetches);

/* the value without the offset at its outer end */
static struct expr *lower_core(struct value_question *question, const struct fetch *const *fetches)
{
	const struct fetch *bases[1 + MAX_RUN_TIME_INDEXES], *first = fetches[0];
	struct arena *arena = question->resolver->sem->arena;
	const struct token *token = question->target->token;
	size_t count = 1 + question->index_count;

	if (first->kind == FETCH_REGISTER && first->reg == HOLE_REGISTER)
		return question->pointer;
	if (first->kind == FETCH_ENTRY)
		return lower_entry(question, first);
	if (first->kind == FETCH_DEREF) {
		for (size_t i = 0; i < count; i++) {
			if (fetches[i]->kind != FETCH_DEREF)
				return NULL;
			bases[i] = fetches[i]->base;
		}
		if (has_hole(first) || varies(bases, count) || has_narrow_pointer(first->base)) {
			struct expr *address = lower(question, bases);

			return address ? make_read(arena, first->is_user, first->is_signed,
						   first->size, address, token) : NULL;
		}
	}
	if (first->kind == FETCH_CONSTANT)
		return make_number(arena, 0, token);
	first = fetch_with_offset(arena, first, -first->offset);
	return target_fetch(question->resolver, recipe_number(arena, first), TYPE_LONG,
			    question->target, NULL);
}

static struct expr *lower(struct value_question *question, const struct fetch *const *fetches)
{
	struct arena *arena = question->resolver->sem->arena;
	struct expr *value = lower_core(question, fetches);

	for (size_t i = 0; value && i < question->index_count; i++) {
		int64_t size = fetches[1 + i]->offset - fetches[0]->offset;

		if (size)
			value = add(arena, value, scaled_index(arena, question->indexes[i], size));
	}
	return value ? add_number(arena, value, fetches[0]->offset) : NULL;
}

static struct expr *take_bits(struct arena *arena, struct expr *value, const struct recipe *recipe)
{
	if (!recipe->bit_size || recipe->bit_offset + recipe->bit_size > 64)
		return value;
	return bits_of(arena, value, recipe->bit_offset, recipe->bit_size,
		       recipe->fetch->is_signed);
}

/* the text at an address that only the handler knows */
static struct expr *lower_text(struct value_question *question, const struct recipe *recipe,
			       struct expr *address)
{
	static const enum builtin_id ids[2][2] = {
		{ BUILTIN_kernel_string, BUILTIN_kernel_string_n },
		{ BUILTIN_user_string, BUILTIN_user_string_n },
	};
	struct arena *arena = question->resolver->sem->arena;
	struct expr *call = make_expr(arena, EXPR_CALL, question->target->token);

	call->builtin = &builtin_table[ids[recipe->is_user][recipe->length != 0]];
	call->name = call->builtin->name;
	call->arg_count = recipe->length ? 2 : 1;
	call->args = arena_alloc(arena, 2 * sizeof(*call->args));
	call->args[0] = address;
	call->args[1] = make_number(arena, recipe->length, call->token);
	return call;
}

/* the addend, with what run-time indexes add to it */
static struct expr *add_addends(struct value_question *question, struct expr *value)
{
	struct arena *arena = question->resolver->sem->arena;

	for (size_t i = 0; i < question->index_count; i++) {
		int64_t size = question->values[1 + i].addend - question->values[0].addend;

		if (size)
			value = add(arena, value, scaled_index(arena, question->indexes[i], size));
	}
	return value->kind == EXPR_NUMBER ?
	       make_number(arena, question->values[0].addend, value->token) :
	       add_number(arena, value, question->values[0].addend);
}

/* the registers as they were, the memory as it is when the handler runs */
static struct expr *indexed_read(struct value_question *question,
				 const struct indexed_memory *memory)
{
	struct arena *arena = question->resolver->sem->arena;
	struct expr *target = question->target, *address;

	address = scaled_index(arena, target_fetch(question->resolver, memory->index, TYPE_LONG,
						   target, NULL), memory->scale);
	if (memory->base)
		address = add(arena, target_fetch(question->resolver, memory->base, TYPE_LONG,
						  target, NULL), address);
	return make_read(arena, true, memory->is_signed, memory->size,
			 add_number(arena, address, memory->displacement), target->token);
}

/* can the kernel fetch it, with what is known before the script runs? */
static bool is_one_capture(const struct value_question *question,
			   const struct fetch *const *fetches)
{
	const struct recipe *recipe = question->values[0].recipe;
	const struct fetch *address = recipe->form != RECIPE_NUMBER ? recipe->fetch :
				      recipe->fetch->kind == FETCH_DEREF ? recipe->fetch->base : NULL;

	return !has_hole(fetches[0]) && !varies(fetches, 1 + question->index_count) &&
	       (!address || !has_narrow_pointer(address));
}

static struct expr *value_expr(struct value_question *question)
{
	struct arena *arena = question->resolver->sem->arena;
	const struct place_value *first = &question->values[0];
	const struct fetch *fetches[1 + MAX_RUN_TIME_INDEXES];
	const struct token *token = question->target->token;
	struct expr *value;

	if (first->indexed)
		return indexed_read(question, first->indexed);
	if (!first->recipe)
		return add_addends(question, make_number(arena, 0, token));
	for (size_t i = 0; i <= question->index_count; i++) {
		if (!question->values[i].recipe)
			return NULL;
		fetches[i] = question->values[i].recipe->fetch;
	}
	if (is_one_capture(question, fetches)) {
		value = target_fetch(question->resolver, first->recipe, first->type,
				     question->target, first->c_type);
		return first->type == TYPE_STRING ? value : add_addends(question, value);
	}
	value = lower(question, fetches);
	if (!value || first->recipe->form == RECIPE_BYTES)
		return NULL;
	if (first->recipe->form == RECIPE_STRING)
		return lower_text(question, first->recipe, value);
	return add_addends(question, take_bits(arena, value, first->recipe));
}

/* ---- messages ---- */

static void report(struct value_question *question, int result, const struct buf *problem)
{
	struct frontend *frontend = question->resolver->sem->frontend;
	const struct expr *target = question->target;
	size_t id;

	id = diag_error(frontend, target->token, "%s", problem->length ? buf_text(problem) :
			"this value is not available here");
	if (result == -ENOENT && target->kind == EXPR_TARGET)
		target_suggest(question->resolver, id, target->name);
}

static struct expr *answer(struct value_question *question)
{
	struct buf problem = BUF_INIT;
	struct expr *value = NULL;
	int result;

	if (!take_indexes(question))
		return NULL;
	result = ask_all(question, &problem);
	if (!result) {
		value = value_expr(question);
		if (value)
			value->c_type = question->values[0].c_type;
	}
	if (question->lacks_entry)
		buf_puts(&problem, "it is only known as what it was when the function was entered "
			 "(DW_OP_entry_value); use a probe there");
	if (!value)
		report(question, result, &problem);
	buf_free(&problem);
	return value;
}

/* ---- $x and @cast ---- */

struct expr *place_value_resolve(struct resolver *resolver, const struct code_place *place,
				 struct expr *target)
{
	struct value_question question = { .resolver = resolver, .target = target,
					   .place = place };

	if (strcmp(target->name, CALLER_NAME) == 0)
		return caller_resolve(resolver, place, target);
	return answer(&question);
}

/* "struct file *" → "struct file" */
static const char *pointed_type(struct arena *arena, const char *c_type)
{
	const char *star = c_type ? strrchr(c_type, '*') : NULL;
	size_t length = star && !star[1] ? (size_t)(star - c_type) : 0;

	while (length && c_type[length - 1] == ' ')
		length--;
	return length ? arena_memdup(arena, c_type, length) : NULL;
}

/* ---- the modules whose types a cast means ---- */

/* "kernel<linux/sched.h>": the kernel's own debug info has what its headers say */
static bool is_kernel_name(const char *name)
{
	return strcmp(name, "kernel") == 0 || text_starts_with(name, "kernel<");
}

static struct module *open_named(struct resolver *resolver, const char *name, struct buf *problem)
{
	struct debuginfo *debuginfo = frontend_debuginfo(resolver->sem->frontend);

	if (is_kernel_name(name))
		return debuginfo_open_kernel(debuginfo, NULL, problem);
	if (*name == '<')
		return debuginfo_open_header(debuginfo, name, problem);
	if (strchr(name, '/'))
		return debuginfo_open_file(debuginfo, name, problem);
	return debuginfo_open_kernel(debuginfo, name, problem);
}

static bool is_user_name(const char *name)
{
	return !is_kernel_name(name) && (*name == '<' || strchr(name, '/'));
}

/* "a:b:c": the first that has the type; what is wrong with the last is the problem */
static void find_module(struct value_question *question, const char *names, struct buf *problem)
{
	struct resolver *resolver = question->resolver;
	char *list = arena_strdup(resolver->sem->arena, names), *name, *rest;

	for (name = strtok_r(list, ":", &rest); name; name = strtok_r(NULL, ":", &rest)) {
		struct module *module;

		buf_reset(problem);
		module = open_named(resolver, name, problem);
		if (!module)
			continue;
		question->module = module;
		question->is_user = is_user_name(name);
		if (debuginfo_has_type(module, question->type_name))
			return;
	}
}

bool cast_refuse_brackets(struct frontend *frontend, const struct expr *cast)
{
	if (cast->kind != EXPR_CAST || cast->string || cast->a->kind != EXPR_INDEX ||
	    !cast->path.count || cast->path.items[0].kind != COMPONENT_INDEX)
		return false;
	diag_error(frontend, cast->token,
		   "an array takes all its keys in one pair of brackets: %s[key, key]",
		   cast->a->name);
	return true;
}

/* the type and the module of @cast, whose operand is resolved; false after a message */
static bool cast_question(struct value_question *question)
{
	struct expr *cast = question->target;
	struct frontend *frontend = question->resolver->sem->frontend;
	const struct code_place *place = question->place;
	struct buf problem = BUF_INIT;

	question->type_name = cast->string ? cast->string :
			      pointed_type(question->resolver->sem->arena,
					   target_c_type(cast->a));
	if (!question->type_name) {
		if (!cast_refuse_brackets(frontend, cast))
			diag_error(frontend, cast->token, "the type that is pointed to is not "
				   "known here: say it with @cast(pointer, \"type\")");
		return false;
	}
	if (cast->arg_count && cast->args[0]->kind == EXPR_STRING) {
		find_module(question, cast->args[0]->string, &problem);
	} else if (place && place->module) {
		question->module = place->module;
		question->is_user = module_is_user_space(place->module);
	} else {
		find_module(question, "kernel", &problem);
	}
	if (!question->module)
		diag_error(frontend, cast->token, "%s", problem.length ? buf_text(&problem) :
			   "no module is named");
	buf_free(&problem);
	return question->module != NULL;
}

static struct value_question new_cast_question(struct resolver *resolver, struct expr *cast)
{
	const struct probe *probe = resolver->probe;

	return (struct value_question){
		.resolver = resolver, .target = cast,
		.place = probe && probe->sites.count ? probe->sites.items[0]->place : NULL };
}

/*
 * Task handles are thread ids: in a script, what is cast to a task_struct of the kernel goes
 * through a function of the tapset that finds the structure of a thread. The planner leaves that
 * out where the operand is a pointer that the kernel can follow.
 */
static void find_task_struct(struct resolver *resolver, struct expr *cast)
{
	struct arena *arena = resolver->sem->arena;
	const char *type = cast->string ? cast->string : "";
	struct expr *call;

	if (text_starts_with(type, "struct "))
		type += strlen("struct ");
	if (strcmp(type, "task_struct") != 0 || cast->a->kind == EXPR_NUMBER ||
	    !resolver->unit || !resolver->unit->is_user)
		return;
	if (cast->arg_count && (cast->args[0]->kind != EXPR_STRING ||
				!text_starts_with(cast->args[0]->string, "kernel")))
		return;
	call = make_expr(arena, EXPR_CALL, cast->a->token);
	call->name = frontend_intern(resolver->sem->frontend, TASK_STRUCT_FUNCTION);
	call->arg_count = 1;
	call->args = arena_alloc(arena, sizeof(*call->args));
	call->args[0] = cast->a;
	cast->a = call;
}

struct expr *cast_resolve(struct resolver *resolver, struct expr *cast)
{
	struct value_question question = new_cast_question(resolver, cast);

	find_task_struct(resolver, cast);
	resolve_expression(resolver, &cast->a);
	question.pointer = cast->a;
	if (cast->kind == EXPR_CAST && cast->address_of && !cast->path.count) {
		cast->address_of = false; /* the pointer itself, if there is such a type */
		return cast_question(&question) && answer(&question) ? question.pointer : NULL;
	}
	return cast_question(&question) ? answer(&question) : NULL;
}

bool cast_pretty(struct resolver *resolver, const struct expr *cast, bool deep, struct buf *format,
		 expr_array *arguments)
{
	struct arena *arena = resolver->sem->arena;
	struct value_question question = new_cast_question(resolver, expr_copy(arena, cast));
	struct buf problem = BUF_INIT;
	bool good;

	/* each argument resolves an operand of its own; this one is asked for its type alone */
	resolve_expression(resolver, &question.target->a);
	if (!cast_question(&question))
		return false;
	good = debuginfo_pretty_cast(question.module, question.is_user, question.type_name, cast,
				     deep, format, arguments, &problem) == 0;
	if (!good)
		diag_error(resolver->sem->frontend, cast->token, "%s", buf_text(&problem));
	for (size_t i = 0; good && i < arguments->count; i++)
		arguments->items[i] = expr_copy(arena, arguments->items[i]);
	buf_free(&problem);
	return good;
}

struct debuginfo *frontend_debuginfo(struct frontend *frontend)
{
	if (!frontend->debuginfo)
		frontend->debuginfo = debuginfo_new(frontend);
	return frontend->debuginfo;
}
