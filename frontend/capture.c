/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Symbolic evaluation of handlers: which reads of memory can the kernel do while the probe fires?
 * Each handler is walked once in the order it runs. A local is known when it holds what the kernel
 * can fetch (a register, memory behind registers) plus a constant; a read at a known address is
 * itself something the kernel can fetch, and the call becomes a capture. What differs between
 * branches, or is assigned in loops, is not known.
 *
 * Functions are followed: one that reads memory is cloned for the call, and each of its reads that
 * becomes a capture turns into a parameter more, for which the caller hands over the capture.
 */
#include "semantic.h"

#define MAX_CALL_DEPTH 8
#define MAX_CLONES 1024
#define MAX_CAPTURED_BYTES 1024
#define MAX_FETCH_TEXT 63 /* one argument's: MAX_ARGSTR_LEN of kernel/trace/trace_probe.h */

enum known_kind { KNOWN_NOTHING, KNOWN_NUMBER, KNOWN_FETCH, KNOWN_TEXT };
/* NUMBER: number. FETCH: the fetch's value + number. TEXT: text */
struct known {
	enum known_kind kind;
	int64_t number;
	const struct fetch *fetch;
	const char *text;
};
struct binding {
	const struct variable *variable;
	struct known known;
};
typedef ARRAY(struct binding) binding_array;

/**
 * struct frame - a handler or a clone being walked
 * @outer: the caller's frame, NULL for a handler
 * @clone: the function being specialised, NULL for a handler
 * @call: the call in the caller; gets arguments for parameters added to @clone
 * @lifted: captures handed in, with the parameters that hold them
 * @result: of the return statements seen so far
 */
struct frame {
	struct frame *outer;
	struct function *clone;
	struct expr *call;
	ARRAY(struct lifted { const struct capture *capture; struct variable *parameter; }) lifted;
	struct known result;
	bool returned;
	unsigned depth;
};

struct planner {
	struct semantics *sem;
	struct probe *probe;
	const struct code_place *place;
	struct frame *frame;
	binding_array bindings;
	unsigned clones;
};

static struct known plan_expr(struct planner *planner, struct expr **slot);
static bool plan_stmt(struct planner *planner, struct stmt *stmt);

/* ---- what is known ---- */

static const struct known nothing = { KNOWN_NOTHING, 0, NULL, NULL };

static bool known_equal(const struct known *a, const struct known *b)
{
	struct recipe left = { .fetch = a->fetch }, right = { .fetch = b->fetch };

	if (a->kind != b->kind || a->number != b->number)
		return false;
	if (a->kind == KNOWN_TEXT)
		return strcmp(a->text, b->text) == 0;
	return a->kind != KNOWN_FETCH || recipe_equal(&left, &right);
}

static struct known lookup(const struct planner *planner, const struct variable *variable)
{
	for (size_t i = planner->bindings.count; i-- > 0;)
		if (planner->bindings.items[i].variable == variable)
			return planner->bindings.items[i].known;
	return nothing;
}

static void bind(struct planner *planner, const struct variable *variable, struct known known)
{
	struct binding binding = { variable, known };

	for (size_t i = 0; i < planner->bindings.count; i++) {
		if (planner->bindings.items[i].variable == variable) {
			planner->bindings.items[i].known = known;
			return;
		}
	}
	if (known.kind != KNOWN_NOTHING)
		array_push(planner->sem->arena, &planner->bindings, binding);
}

static binding_array save_bindings(struct planner *planner)
{
	binding_array copy = { 0 };

	for (size_t i = 0; i < planner->bindings.count; i++)
		array_push(planner->sem->arena, &copy, planner->bindings.items[i]);
	return copy;
}

/* what holds on both ways */
static void join_bindings(struct planner *planner, const binding_array *other)
{
	struct planner that = { .bindings = *other };

	for (size_t i = 0; i < planner->bindings.count; i++) {
		struct binding *binding = &planner->bindings.items[i];
		struct known known = lookup(&that, binding->variable);

		if (!known_equal(&binding->known, &known))
			binding->known = nothing;
	}
}

static void forget_written(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	if (is_write && expr->kind == EXPR_SYMBOL && expr->variable)
		bind(visitor->data, expr->variable, nothing);
}

static void forget_expr(struct planner *planner, struct expr *expr)
{
	struct tree_visitor visitor = { .expr = forget_written, .data = planner };

	tree_walk_expr(&visitor, expr, false);
}

static void forget_stmt(struct planner *planner, struct stmt *stmt)
{
	struct tree_visitor visitor = { .expr = forget_written, .data = planner };

	tree_walk_stmt(&visitor, stmt);
}

/* ---- captures in the handler, and on their way into functions ---- */

static struct expr *symbol_of(struct arena *arena, struct variable *variable,
			      const struct token *token)
{
	struct expr *symbol = make_expr(arena, EXPR_SYMBOL, token);

	symbol->name = variable->name;
	symbol->variable = variable;
	symbol->type = variable->type;
	return symbol;
}

static void add_argument(struct arena *arena, struct expr *call, struct expr *argument)
{
	struct expr **args = arena_alloc(arena, (call->arg_count + 1) * sizeof(*args));

	if (call->arg_count)
		memcpy(args, call->args, call->arg_count * sizeof(*args));
	args[call->arg_count++] = argument;
	call->args = args;
}

/* @capture as an expression of @frame: itself in the handler, else a parameter that holds it */
static struct expr *lift(struct planner *planner, struct frame *frame, struct capture *capture,
			 const struct token *token)
{
	struct arena *arena = planner->sem->arena;
	struct variable *parameter;
	struct lifted lifted;
	struct expr *expr;

	if (!frame->outer) {
		expr = make_expr(arena, EXPR_CAPTURE, token);
		expr->capture = capture;
		expr->type = capture->type;
		return expr;
	}
	for (size_t i = 0; i < frame->lifted.count; i++)
		if (frame->lifted.items[i].capture == capture)
			return symbol_of(arena, frame->lifted.items[i].parameter, token);
	parameter = arena_new_object(arena, struct variable);
	parameter->name = capture->name;
	parameter->token = token;
	parameter->scope = SCOPE_PARAMETER;
	parameter->type = capture->type;
	add_argument(arena, frame->call, lift(planner, frame->outer, capture, token));
	array_push(arena, &frame->clone->parameters, parameter);
	lifted = (struct lifted){ capture, parameter };
	array_push(arena, &frame->lifted, lifted);
	return symbol_of(arena, parameter, token);
}

static struct expr *capture_recipe(struct planner *planner, const struct recipe *recipe,
				   enum type type, const struct expr *read)
{
	struct capture *capture = capture_of_recipe(planner->sem->arena, recipe, type, read);

	capture = target_share_capture(planner->sem, planner->probe, capture);
	return lift(planner, planner->frame, capture, read->token);
}

/* ---- reads ---- */

/* may the kernel's words for a read at @fetch be too long? About 64 bits: +8(+0(%di)):ustring */
static bool is_long_fetch(const struct fetch *fetch)
{
	size_t length = strlen(":ustring");

	for (const struct fetch *at = fetch; at; at = at->base) {
		length += (size_t)snprintf(NULL, 0, "+%lld()", llabs((long long)at->offset));
		if (at->symbol)
			length += strlen(at->symbol);
	}
	return length + strlen("%di") > MAX_FETCH_TEXT;
}

/* the address as the kernel can work it out: everything on the way is 64 bits wide */
static const struct fetch *fetchable_address(struct planner *planner, const struct known *known)
{
	const struct fetch *address;

	if (known->kind != KNOWN_FETCH)
		return NULL;
	for (const struct fetch *at = known->fetch; at; at = at->base)
		if (at->kind == FETCH_DEREF ? at->size != 8 :
		    at->kind == FETCH_FIELD ? !at->size : !planner->place)
			return NULL;
	address = fetch_with_offset(planner->sem->arena, known->fetch, known->number);
	return is_long_fetch(address) ? NULL : address;
}

static struct known read_number(struct planner *planner, struct expr **slot,
				const struct memory_read *how, const struct known *address,
				int64_t size)
{
	struct arena *arena = planner->sem->arena;
	const struct fetch *base = fetchable_address(planner, address);
	struct known known = { .kind = KNOWN_FETCH };
	struct fetch *fetch;

	if (!base || how->space == MEMORY_EITHER ||
	    (size != 1 && size != 2 && size != 4 && size != 8))
		return nothing;
	fetch = arena_new_object(arena, struct fetch);
	fetch->kind = FETCH_DEREF;
	fetch->base = base;
	fetch->size = (uint8_t)size;
	fetch->is_signed = how->form == MEMORY_SIGNED || how->form == MEMORY_SIZED_SIGNED;
	fetch->is_user = how->space == MEMORY_USER;
	*slot = capture_recipe(planner, recipe_number(arena, fetch), TYPE_LONG, *slot);
	known.fetch = fetch;
	return known;
}

/* the optional arguments of a text read: indexes, 0 for none */
struct text_arguments {
	size_t length, room, instead;
};

static struct text_arguments text_arguments(const struct expr *call, const struct memory_read *how)
{
	const char *letters = call->builtin->parameters;
	struct text_arguments at = { 0, 0, 0 };
	size_t next = 1;

	if (how->form == MEMORY_COUNTED || how->form == MEMORY_BYTES)
		at.length = next++;
	if (next < call->arg_count && letters[strlen(letters) - 1] == 's')
		at.instead = next;
	else if (next < call->arg_count)
		at.room = next;
	return at;
}

/*
 * What the native makes of the text, with its quoting and its idea of a fault. @again: hand over
 * the address too, so that a text the kernel could not read can be tried when the handler runs.
 */
static struct expr *captured_text(struct planner *planner, const struct expr *call,
				  const struct memory_read *how, struct expr *text, bool again)
{
	struct arena *arena = planner->sem->arena;
	struct text_arguments at = text_arguments(call, how);
	struct expr *result = make_expr(arena, EXPR_CALL, call->token);

	result->builtin = &builtin_table[BUILTIN___captured_text];
	result->name = result->builtin->name;
	result->type = TYPE_STRING;
	result->arg_count = at.instead ? 6 : 5;
	result->args = arena_alloc(arena, 6 * sizeof(*result->args));
	result->args[0] = text;
	result->args[1] = make_number(arena, call->builtin->id, call->token);
	result->args[2] = how->fault == MEMORY_FAULT_ADDRESS || again ? call->args[0] :
			  make_number(arena, 0, call->token);
	result->args[3] = at.room ? call->args[at.room] : make_number(arena, -1, call->token);
	result->args[4] = at.length ? call->args[at.length] : make_number(arena, -1, call->token);
	result->args[5] = at.instead ? call->args[at.instead] : NULL;
	return result;
}

/* the text at the address in a field, which newer kernels record beside it; NULL for none */
static struct expr *recorded_text(struct planner *planner, const struct known *address,
				  const struct token *token)
{
	struct probe *probe = planner->probe;
	struct capture *capture;

	if (address->kind != KNOWN_FETCH || address->fetch->kind != FETCH_FIELD ||
	    address->fetch->offset || address->number)
		return NULL;
	for (size_t i = 0; i < probe->captures.count; i++) {
		const struct capture *field = probe->captures.items[i];

		if (field->kind != CAPTURE_FIELD || !field->text_field ||
		    strcmp(field->name, address->fetch->symbol) != 0)
			continue;
		capture = arena_memdup(planner->sem->arena, field, sizeof(*field));
		capture->name = field->text_field;
		capture->type = TYPE_STRING;
		capture->recipe = NULL;
		capture->text_field = NULL;
		capture = target_share_capture(planner->sem, probe, capture);
		return lift(planner, planner->frame, capture, token);
	}
	return NULL;
}

static bool is_behind_field(const struct fetch *fetch)
{
	while (fetch->kind == FETCH_DEREF)
		fetch = fetch->base;
	return fetch->kind == FETCH_FIELD;
}

static void read_text(struct planner *planner, struct expr **slot, const struct memory_read *how,
		      const struct known *arguments)
{
	struct expr *recorded = how->form == MEMORY_TEXT && how->space == MEMORY_USER ?
		recorded_text(planner, &arguments[0], (*slot)->token) : NULL;
	const struct fetch *address = fetchable_address(planner, &arguments[0]);
	struct text_arguments at = text_arguments(*slot, how);
	struct recipe *recipe;
	bool has_bound;

	if (recorded)
		*slot = captured_text(planner, *slot, how, recorded, true);
	if (recorded || !address || how->space == MEMORY_EITHER || how->form > MEMORY_BYTES)
		return;
	has_bound = at.length && arguments[at.length].kind == KNOWN_NUMBER;
	if (has_bound && arguments[at.length].number <= 0)
		return;
	if (how->form == MEMORY_BYTES &&
	    (!has_bound || arguments[at.length].number > MAX_CAPTURED_BYTES))
		return;
	recipe = recipe_number(planner->sem->arena, address);
	recipe->form = how->form == MEMORY_BYTES ? RECIPE_BYTES : RECIPE_STRING;
	recipe->is_user = how->space == MEMORY_USER;
	if (has_bound && arguments[at.length].number < UINT32_MAX)
		recipe->length = (uint32_t)arguments[at.length].number;
	*slot = captured_text(planner, *slot, how,
			      capture_recipe(planner, recipe, TYPE_STRING, *slot),
			      how->form != MEMORY_BYTES &&
			      (how->space == MEMORY_USER || is_behind_field(address)));
}

/* ---- the calling convention ---- */

static void report_place(struct planner *planner, const struct expr *call, const char *reason)
{
	struct frontend *frontend = planner->sem->frontend;

	diag_error(frontend, call->token, "%s() is not available at '%s': %s", call->name,
		   planner->probe->point_text, reason);
}

static struct expr *shifted(struct arena *arena, struct expr *value, enum op op, unsigned count)
{
	struct expr *expr = make_expr(arena, EXPR_BINARY, value->token);

	expr->op = op;
	expr->type = TYPE_LONG;
	expr->a = value;
	expr->b = make_number(arena, count, value->token);
	return expr;
}

/* @bits of @value from @offset on, sign-extended or not */
static struct expr *cut_bits(struct arena *arena, struct expr *value, unsigned offset,
			     unsigned bits, bool is_signed)
{
	if (bits >= 64)
		return value;
	value = shifted(arena, value, OP_SHL, 64 - offset - bits);
	return shifted(arena, value, is_signed ? OP_SHR : OP_USHR, 64 - bits);
}

static struct known plan_capture(const struct capture *capture)
{
	const struct recipe *recipe = capture->recipe;

	if (capture->type != TYPE_LONG || !recipe || recipe->form != RECIPE_NUMBER ||
	    recipe->bit_size)
		return nothing;
	return (struct known){ KNOWN_FETCH, 0, recipe->fetch, NULL };
}

/* the argument @number, or for 0 the return value, that a trace event records; NULL: it does not */
static struct capture *recorded_value(struct planner *planner, const struct expr *call,
				      int64_t number)
{
	const struct probe *probe = planner->probe;
	const struct site *site = probe->sites.count ? probe->sites.items[0] : NULL;
	struct arena *arena = planner->sem->arena;
	struct expr target = { .kind = EXPR_TARGET, .token = call->token };
	struct capture *capture;

	if (!site || !site->family->variable || number < 0)
		return NULL;
	target.name = number ? arena_printf(arena, "$arg%lld", (long long)number) : "$return";
	capture = site->family->variable(planner->sem->frontend, site, &target);
	if (!capture || capture->type != TYPE_LONG)
		return NULL;
	return target_share_capture(planner->sem, planner->probe, capture);
}

/* the same where a system call begins or ends: no instruction of the kernel, but its trace event */
static struct known read_recorded(struct planner *planner, struct expr **slot,
				  const struct memory_read *how, const struct known *argument)
{
	const struct expr *call = *slot;
	struct capture *capture = NULL;
	unsigned bits = 8 * how->size;

	if (how->space == MEMORY_RETURN)
		capture = recorded_value(planner, call, 0);
	else if (how->space == MEMORY_ARGUMENT && argument->kind == KNOWN_NUMBER &&
		 argument->number > 0)
		capture = recorded_value(planner, call, argument->number);
	if (!capture) {
		report_place(planner, call, how->space == MEMORY_RETURN ? "no function returns there" :
			     "it stands on no instruction of a program or the kernel");
		return nothing;
	}
	*slot = cut_bits(planner->sem->arena, lift(planner, planner->frame, capture, call->token),
			 0, bits, how->form == MEMORY_SIGNED);
	return bits == 64 ? plan_capture(capture) : nothing;
}

/* int_arg(2), register("rdi"), returnval() */
static struct known read_convention(struct planner *planner, struct expr **slot,
				    const struct memory_read *how, const struct known *arguments)
{
	struct arena *arena = planner->sem->arena;
	struct place_value value = { 0 };
	struct buf problem = BUF_INIT;
	struct known known = nothing;
	unsigned offset = 0, bits = 8 * how->size;
	int result = -EINVAL;

	if (!planner->place)
		return read_recorded(planner, slot, how, &arguments[0]);
	if (how->space == MEMORY_RETURN) {
		struct fetch *fetch = arena_new_object(arena, struct fetch);

		fetch->kind = FETCH_RETURN;
		value.recipe = recipe_number(arena, fetch);
		result = planner->place->is_return ? 0 : -ENODATA;
		buf_puts(&problem, "no function returns there");
	} else if (how->space == MEMORY_ARGUMENT && arguments[0].kind == KNOWN_NUMBER) {
		result = debuginfo_argument(planner->place, arguments[0].number, &value, &problem);
	} else if (how->space == MEMORY_REGISTER && arguments[0].kind == KNOWN_TEXT) {
		result = debuginfo_register(planner->place, arguments[0].text, &offset, &bits,
					    &value, &problem);
	} else {
		buf_puts(&problem, "its argument must be known at compile time");
	}
	if (result || !value.recipe) {
		report_place(planner, *slot, buf_text(&problem));
	} else {
		struct expr *capture = capture_recipe(planner, value.recipe, TYPE_LONG, *slot);

		if (bits == 64)
			known = (struct known){ KNOWN_FETCH, 0, value.recipe->fetch, NULL };
		*slot = cut_bits(arena, capture, offset, bits, how->form == MEMORY_SIGNED);
	}
	buf_free(&problem);
	return known;
}

/* ---- task handles ---- */

/* the thread id in the kernel's task_struct at @task, or NULL without the kernel's types */
static const struct recipe *recipe_of_tid(struct planner *planner, const struct known *task)
{
	struct frontend *frontend = planner->sem->frontend;
	const struct fetch *pointer = fetchable_address(planner, task);
	struct expr *cast = make_expr(planner->sem->arena, EXPR_CAST, planner->probe->token);
	struct target_component pid = { .kind = COMPONENT_MEMBER, .member = "pid" };
	struct place_value value = { 0 };
	struct buf problem = BUF_INIT;
	struct module *kernel = NULL;
	int result = -ENODATA;

	pid.token = cast->token;
	array_push(planner->sem->arena, &cast->path, pid);
	if (pointer && !(planner->place && module_is_user_space(planner->place->module)))
		kernel = debuginfo_open_kernel(frontend_debuginfo(frontend), NULL, &problem);
	if (kernel)
		result = debuginfo_cast(kernel, pointer, false, "task_struct", cast, &value,
					&problem);
	buf_free(&problem);
	return result == 0 && value.addend == 0 ? value.recipe : NULL;
}

/* __task_tid(task): a task_struct of the kernel names its thread while the probe fires */
static void plan_task(struct planner *planner, struct expr *call, const struct known *task)
{
	const struct recipe *recipe;

	if (call->arg_count > 1 || task->kind != KNOWN_FETCH)
		return;
	recipe = recipe_of_tid(planner, task);
	if (recipe)
		add_argument(planner->sem->arena, call,
			     capture_recipe(planner, recipe, TYPE_LONG, call));
}

/* ---- calls ---- */

static struct known plan_read(struct planner *planner, struct expr **slot,
			      const struct memory_read *how, const struct known *arguments)
{
	if (how->space >= MEMORY_ARGUMENT)
		return read_convention(planner, slot, how, arguments);
	switch (how->form) {
	case MEMORY_SIGNED: case MEMORY_UNSIGNED:
		return read_number(planner, slot, how, &arguments[0], how->size);
	case MEMORY_SIZED: case MEMORY_SIZED_SIGNED:
		if (arguments[0].kind != KNOWN_NUMBER)
			return nothing;
		return read_number(planner, slot, how, &arguments[1], arguments[0].number);
	default:
		read_text(planner, slot, how, arguments);
		return nothing;
	}
}

static void note_read(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	bool *found = visitor->data;

	(void)is_write;
	if (expr->kind == EXPR_CALL && expr->builtin && builtin_memory_read(expr->builtin->id))
		*found = true;
	if (expr->kind == EXPR_CALL && expr->function && expr->function->reads)
		*found = true;
}

/* mark functions that read memory, themselves or through others */
static void find_reading_functions(struct semantics *sem)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t i = 0; i < sem->functions.count; i++) {
			struct function *function = sem->functions.items[i];
			bool found = false;
			struct tree_visitor visitor = { .expr = note_read, .data = &found };

			if (function->reads)
				continue;
			tree_walk_stmt(&visitor, function->body);
			function->reads = found;
			changed |= found;
		}
	}
}

static bool is_open(const struct frame *frame, const struct function *function)
{
	for (; frame; frame = frame->outer)
		if (frame->clone && frame->clone->token == function->token)
			return true;
	return false;
}

static bool may_follow(const struct planner *planner, const struct function *function,
		       const struct known *arguments, size_t count)
{
	bool useful = function->reads;

	for (size_t i = 0; i < count; i++)
		useful |= arguments[i].kind == KNOWN_FETCH;
	return useful && !function->next_overload && !function->embedded &&
	       planner->frame->depth < MAX_CALL_DEPTH && planner->clones < MAX_CLONES &&
	       !is_open(planner->frame, function);
}

static void note_parameter(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	(void)visitor, (void)is_write;
	if (expr->variable && expr->variable->scope == SCOPE_PARAMETER)
		expr->variable->slot = 1;
}

/* what became captures leaves parameters that only led to them */
static void drop_unused_parameters(struct function *clone, struct expr *call)
{
	struct tree_visitor visitor = { .expr = note_parameter };
	size_t kept = 0;

	for (size_t i = 0; i < clone->parameters.count; i++)
		clone->parameters.items[i]->slot = 0;
	tree_walk_stmt(&visitor, clone->body);
	for (size_t i = 0; i < clone->parameters.count; i++) {
		if (!clone->parameters.items[i]->slot && fold_is_pure(call->args[i]))
			continue;
		clone->parameters.items[kept] = clone->parameters.items[i];
		call->args[kept++] = call->args[i];
	}
	clone->parameters.count = call->arg_count = kept;
}

/* the function's body, walked for these arguments; the call gets the clone if that differs */
static struct known plan_function(struct planner *planner, struct expr *call,
				  const struct known *arguments)
{
	struct function *original = call->function;
	binding_array outside = planner->bindings;
	size_t arity = call->arg_count;
	struct frame frame = { .outer = planner->frame, .call = call,
			       .depth = planner->frame->depth + 1 };

	frame.clone = function_clone(planner->sem->arena, original);
	planner->clones++;
	planner->bindings = (binding_array){ 0 };
	for (size_t i = 0; i < arity; i++)
		bind(planner, frame.clone->parameters.items[i], arguments[i]);
	planner->frame = &frame;
	if (plan_stmt(planner, frame.clone->body))
		frame.result = nothing;
	planner->frame = frame.outer;
	planner->bindings = outside;
	if (call->arg_count > arity || frame.clone->is_changed) {
		call->function = frame.clone;
		frame.clone->is_changed = true;
		drop_unused_parameters(frame.clone, call);
		if (frame.outer->clone)
			frame.outer->clone->is_changed = true;
		array_push(planner->sem->arena, &planner->sem->functions, frame.clone);
	}
	return frame.returned ? frame.result : nothing;
}

static struct known plan_call(struct planner *planner, struct expr **slot)
{
	struct expr *call = *slot;
	size_t count = call->arg_count;
	struct known *arguments = arena_alloc(planner->sem->arena, (count + 1) *
								   sizeof(*arguments));
	const struct memory_read *how;

	for (size_t i = 0; i < count; i++)
		arguments[i] = plan_expr(planner, &call->args[i]);
	how = call->builtin ? builtin_memory_read(call->builtin->id) : NULL;
	if (how)
		return plan_read(planner, slot, how, arguments);
	if (call->builtin && call->builtin->id == BUILTIN___task_tid)
		plan_task(planner, call, &arguments[0]);
	if (call->function && count == 1 && arguments[0].kind == KNOWN_FETCH &&
	    strcmp(call->name, TASK_STRUCT_FUNCTION) == 0) {
		*slot = call->args[0];
		return arguments[0];
	}
	if (call->function && may_follow(planner, call->function, arguments, count))
		return plan_function(planner, call, arguments);
	return nothing;
}

/* ---- expressions ---- */

static struct known plan_binary(struct planner *planner, struct expr *expr)
{
	struct known a = plan_expr(planner, &expr->a), b = plan_expr(planner, &expr->b);
	uint64_t x = (uint64_t)a.number, y = (uint64_t)b.number;

	if (a.kind == KNOWN_NUMBER && b.kind == KNOWN_NUMBER && expr->op == OP_MUL)
		return (struct known){ KNOWN_NUMBER, (int64_t)(x * y), NULL, NULL };
	if (a.kind == KNOWN_NUMBER && b.kind == KNOWN_FETCH && expr->op == OP_ADD)
		return (struct known){ KNOWN_FETCH, (int64_t)(x + y), b.fetch, NULL };
	if (b.kind != KNOWN_NUMBER || (a.kind != KNOWN_NUMBER && a.kind != KNOWN_FETCH))
		return nothing;
	if (expr->op == OP_ADD)
		a.number = (int64_t)(x + y);
	else if (expr->op == OP_SUB)
		a.number = (int64_t)(x - y);
	else
		return nothing;
	return a;
}

static struct known plan_assign(struct planner *planner, struct expr *expr)
{
	struct known value = plan_expr(planner, &expr->b);

	if (expr->a->kind != EXPR_SYMBOL) {
		plan_expr(planner, &expr->a);
		return value;
	}
	if (expr->op != OP_ASSIGN)
		value = nothing;
	if (expr->a->variable->scope != SCOPE_GLOBAL)
		bind(planner, expr->a->variable, value);
	return expr->a->variable->scope == SCOPE_GLOBAL ? nothing : value;
}

/* && || ?: — what is assigned in a part that may not run is not known afterwards */
static struct known plan_conditional(struct planner *planner, struct expr *expr)
{
	struct known b, c = nothing;

	plan_expr(planner, &expr->a);
	b = plan_expr(planner, &expr->b);
	forget_expr(planner, expr->b);
	if (expr->c) {
		c = plan_expr(planner, &expr->c);
		forget_expr(planner, expr->c);
	}
	return expr->kind == EXPR_TERNARY && known_equal(&b, &c) ? b : nothing;
}

static struct known plan_children(struct planner *planner, struct expr *expr)
{
	if (expr->a)
		plan_expr(planner, &expr->a);
	if (expr->b)
		plan_expr(planner, &expr->b);
	if (expr->c)
		plan_expr(planner, &expr->c);
	for (size_t i = 0; i < expr->arg_count; i++)
		if (expr->args[i])
			plan_expr(planner, &expr->args[i]);
	return nothing;
}

static struct known plan_expr(struct planner *planner, struct expr **slot)
{
	struct expr *expr = *slot;
	struct known known;

	switch (expr->kind) {
	case EXPR_NUMBER: return (struct known){ KNOWN_NUMBER, expr->number, NULL, NULL };
	case EXPR_STRING: return (struct known){ KNOWN_TEXT, 0, NULL, expr->string };
	case EXPR_CAPTURE: return plan_capture(expr->capture);
	case EXPR_SYMBOL: return expr->variable ? lookup(planner, expr->variable) : nothing;
	case EXPR_BINARY: return plan_binary(planner, expr);
	case EXPR_CALL: return plan_call(planner, slot);
	case EXPR_ASSIGN: return plan_assign(planner, expr);
	case EXPR_AND: case EXPR_OR: case EXPR_TERNARY: return plan_conditional(planner, expr);
	case EXPR_UNARY:
		known = plan_expr(planner, &expr->a);
		if (known.kind != KNOWN_NUMBER || expr->op != OP_NEG)
			return expr->op == OP_PLUS ? known : nothing;
		known.number = (int64_t)(0 - (uint64_t)known.number);
		return known;
	case EXPR_INCREMENT:
		if (expr->a->kind != EXPR_SYMBOL)
			plan_expr(planner, &expr->a);
		forget_expr(planner, expr);
		return nothing;
	default: return plan_children(planner, expr);
	}
}

/* ---- statements; false: what stands behind is not reached from here ---- */

static bool plan_if(struct planner *planner, struct stmt *stmt)
{
	binding_array before, after_then;
	bool then, otherwise = true;

	plan_expr(planner, &stmt->expr);
	before = save_bindings(planner);
	then = plan_stmt(planner, stmt->then);
	after_then = planner->bindings;
	planner->bindings = before;
	if (stmt->otherwise)
		otherwise = plan_stmt(planner, stmt->otherwise);
	if (then && otherwise)
		join_bindings(planner, &after_then);
	else if (then)
		planner->bindings = after_then;
	return then || otherwise;
}

static bool plan_loop(struct planner *planner, struct stmt *stmt)
{
	if (stmt->initial)
		plan_expr(planner, &stmt->initial);
	forget_stmt(planner, stmt);
	if (stmt->foreach && stmt->foreach->limit)
		plan_expr(planner, &stmt->foreach->limit);
	if (stmt->foreach)
		plan_children(planner, stmt->foreach->array);
	if (stmt->expr)
		plan_expr(planner, &stmt->expr);
	plan_stmt(planner, stmt->then);
	if (stmt->step)
		plan_expr(planner, &stmt->step);
	forget_stmt(planner, stmt);
	return true;
}

static bool plan_try(struct planner *planner, struct stmt *stmt)
{
	binding_array after_then;
	bool then = plan_stmt(planner, stmt->then), caught = true;

	after_then = save_bindings(planner);
	forget_stmt(planner, stmt->then);
	if (stmt->catch_variable)
		forget_stmt(planner, stmt);
	if (stmt->otherwise)
		caught = plan_stmt(planner, stmt->otherwise);
	if (then && caught)
		join_bindings(planner, &after_then);
	else if (then)
		planner->bindings = after_then;
	return then || caught;
}

static bool plan_return(struct planner *planner, struct stmt *stmt)
{
	struct known value = stmt->expr ? plan_expr(planner, &stmt->expr) : nothing;
	struct frame *frame = planner->frame;

	if (frame->returned && !known_equal(&frame->result, &value))
		value = nothing;
	frame->returned = true;
	frame->result = value;
	return false;
}

static bool plan_block(struct planner *planner, struct stmt *block)
{
	for (size_t i = 0; i < block->body.count; i++)
		if (!plan_stmt(planner, block->body.items[i]))
			return false;
	return true;
}

static bool plan_stmt(struct planner *planner, struct stmt *stmt)
{
	if (!stmt)
		return true;
	switch (stmt->kind) {
	case STMT_BLOCK: return plan_block(planner, stmt);
	case STMT_IF: return plan_if(planner, stmt);
	case STMT_WHILE: case STMT_FOR: case STMT_FOREACH: return plan_loop(planner, stmt);
	case STMT_TRY: return plan_try(planner, stmt);
	case STMT_RETURN: return plan_return(planner, stmt);
	case STMT_EXPR: case STMT_DELETE:
		plan_expr(planner, &stmt->expr);
		return true;
	case STMT_NEXT: case STMT_BREAK: case STMT_CONTINUE: return false;
	case STMT_NULL: case STMT_EMBEDDED: return true;
	}
	return true;
}

/* ---- the program ---- */

/* does @probe use arguments of its tracepoint, which only a kprobe on it can fetch? */
static bool fetches_arguments(const struct probe *probe)
{
	if (!probe->sites.count || !probe->sites.items[0]->arguments)
		return false;
	for (size_t i = 0; i < probe->captures.count; i++)
		if (probe->captures.items[i]->kind == CAPTURE_FETCH)
			return true;
	return false;
}

/* then a field that is an argument as well is taken as such: a kprobe sees no fields */
static void fields_to_arguments(struct semantics *sem, struct probe *probe)
{
	const struct code_place *place = probe->sites.items[0]->arguments;
	struct expr target = { .kind = EXPR_TARGET };

	for (size_t i = 0; i < probe->captures.count; i++) {
		struct capture *capture = probe->captures.items[i];
		struct place_value value = { 0 };
		struct buf problem = BUF_INIT;

		target.name = arena_printf(sem->arena, "$%s", capture->name);
		target.token = capture->token;
		if (capture->kind == CAPTURE_FIELD && capture->type == TYPE_LONG &&
		    debuginfo_value(place, &target, &value, &problem) == 0 && value.recipe &&
		    !value.addend) {
			capture->kind = CAPTURE_FETCH;
			capture->recipe = value.recipe;
		}
		buf_free(&problem);
	}
}

static void plan_probe(struct semantics *sem, struct probe *probe)
{
	struct frame frame = { 0 };
	struct planner planner = { .sem = sem, .probe = probe, .frame = &frame };

	if (probe->sites.count)
		planner.place = probe->sites.items[0]->place ?: probe->sites.items[0]->arguments;
	if (fetches_arguments(probe))
		fields_to_arguments(sem, probe);
	plan_stmt(&planner, probe->body);
}

void capture_program(struct semantics *sem)
{
	entry_lower(sem);
	find_reading_functions(sem);
	for (size_t i = 0; i < sem->builds.count; i++)
		plan_probe(sem, sem->builds.items[i]->probe);
}

/* ---- what is left ---- */

struct late_search {
	struct semantics *sem;
	const struct token *first;/* in the tapset, and no call of the user's led there */
	struct table tapset;	  /* the places of those */
	const struct token *call; /* in the user's script, while in functions of the tapset */
	struct table seen;	  /* functions looked at for this call */
};

static bool is_users(const struct token *token)
{
	return token && token->place.file && token->place.file->kind == SOURCE_SCRIPT;
}

/* an alias of the tapset brings many: they are counted, and told in one message */
static void count_late(struct late_search *search, const struct token *token)
{
	char key[32];

	snprintf(key, sizeof(key), "%p", (const void *)token);
	table_put(&search->tapset, key, search);
	if (!search->first)
		search->first = token;
}

static void report_late(struct late_search *search, const struct expr *read)
{
	struct frontend *frontend = search->sem->frontend;
	const struct token *token = is_users(read->token) ? read->token : search->call;
	bool strict = frontend->options.strict;
	size_t id;

	if (!token) {
		count_late(search, read->token);
		return;
	}
	id = diag_report(frontend, strict ? SEVERITY_ERROR : SEVERITY_WARNING, token,
			 "memory is read after the event here, when it may have changed");
	if (strict)
		diag_hint(frontend, id, "this address is not known while the probe fires");
}

static void search_late(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct late_search *search = visitor->data;
	const struct memory_read *how;
	const struct token *outer = search->call;
	char key[32];

	(void)is_write;
	if (expr->kind != EXPR_CALL)
		return;
	how = expr->builtin ? builtin_memory_read(expr->builtin->id) : NULL;
	if (how && how->space < MEMORY_ARGUMENT)
		report_late(search, expr);
	if (is_users(expr->token))
		search->call = expr->token;
	for (struct function *f = expr->function; f; f = f->next_overload) {
		snprintf(key, sizeof(key), "%p", (void *)f);
		if (table_put(&search->seen, key, f))
			continue;
		tree_walk_stmt(visitor, f->body);
	}
	search->call = outer;
}

static void report_tapset_late(struct late_search *search)
{
	struct frontend *frontend = search->sem->frontend;
	bool strict = frontend->options.strict;
	size_t count = search->tapset.count;

	if (count)
		diag_report(frontend, strict ? SEVERITY_ERROR : SEVERITY_WARNING, search->first,
			    "the tapset reads memory after the event, when it may have changed, in "
			    "%zu %s", count, count == 1 ? "place" : "places, first here");
}

void capture_report_late(struct semantics *sem)
{
	struct late_search search = { .sem = sem };
	struct tree_visitor visitor = { .expr = search_late, .data = &search };

	table_init(&search.seen, sem->arena);
	table_init(&search.tapset, sem->arena);
	for (size_t i = 0; i < sem->builds.count; i++) {
		const struct probe *probe = sem->builds.items[i]->probe;

		if (probe->family->source != FAMILY_AGGREGATOR)
			tree_walk_stmt(&visitor, probe->body);
	}
	report_tapset_late(&search);
}

#ifdef UNIT_TEST
#include "test-family.h"

/* code whose $p is a register, $n another, $q memory behind $p */
static struct capture *code_variable(struct frontend *frontend, const struct site *site,
				     const struct expr *target)
{
	static const struct fetch p = { .kind = FETCH_REGISTER, .reg = 5 };
	static const struct fetch n = { .kind = FETCH_REGISTER, .reg = 4 };
	static const struct fetch q = { .kind = FETCH_DEREF, .base = &p, .size = 8 };
	const struct fetch *fetch = target->name[1] == 'p' ? &p : target->name[1] == 'n' ? &n : &q;
	struct capture *capture = arena_new_object(frontend_arena(frontend), struct capture);

	(void)site;
	capture->kind = CAPTURE_FETCH;
	capture->type = TYPE_LONG;
	capture->name = target->name;
	capture->recipe = recipe_number(frontend_arena(frontend), fetch);
	return capture;
}

static int code_resolve(struct family_match *match)
{
	static const struct code_place place;
	struct site *site = arena_new_object(match->arena, struct site);

	site->name = "code";
	site->place = &place;
	match->emit(match, match->point, site, NULL);
	return 0;
}

static const struct family code_family = {
	.pattern = "code", .source = FAMILY_TRACEFS, .resolve = code_resolve,
	.variable = code_variable,
};

/* the captures' recipes, and how many messages there were */
static void check_captures(const char *script, const char *recipes, size_t messages)
{
	struct frontend *frontend = test_session(NULL, script);
	struct program *program;
	struct buf text = BUF_INIT;

	frontend_add_family(frontend, &code_family, NULL);
	program = test_compile(frontend);
	CHECK(program && program->probes.count == 1);
	for (size_t i = 0; i < program->probes.items[0]->captures.count; i++) {
		recipe_print(program->probes.items[0]->captures.items[i]->recipe, &text);
		buf_putc(&text, ' ');
	}
	CHECK_STR(buf_text(&text), recipes);
	CHECK_INT(frontend->diags.count, messages);
	buf_free(&text);
	frontend_free(frontend);
}

UNIT_TEST_CASE(capture_through_locals_and_constants)
{
	check_captures("probe code { a = $p; b = a + 2 * 8; println(user_int(b - 4)) }",
		       "user s32[r5+12] ", 0);
	check_captures("probe code { println(user_string($q + 8)) }",
		       "user text[u64[r5]+8] u64[r5] ", 0);
	check_captures("probe code { println(user_string_n($p, $n)) }", "user text[r5] r5 r4 ", 0);
	check_captures("probe code { println(kernel_long(kernel_pointer($p) + 8)) }",
		       "s64[u64[r5]+8] ", 0);
	check_captures("probe code { println(kernel_string_n($p, 3 + 4)) }", "text[r5] up to 7 ",
		       0);
	check_captures("probe code { println(user_buffer_quoted($p, 16)) }",
		       "user bytes[r5] up to 16 r5 ", 0);
}

UNIT_TEST_CASE(capture_through_functions)
{
	check_captures("function f(a) { if (a == 3) return \"\"; return g(a + 8) }\n"
		       "function g(b) { return user_string(user_ulong(b)) }\n"
		       "probe code { println(f($p)) }", "r5 user u64[r5+8] "
		       "user text[user u64[r5+8]] ", 0);
	check_captures("function step(a) { return user_ulong(a + 8) }\n"
		       "probe code { println(user_int(step(step($p)))) }",
		       "user s32[user u64[user u64[r5+8]+8]] ", 0);
}

UNIT_TEST_CASE(capture_knows_what_it_does_not_know)
{
	check_captures("probe code { if ($n) a = $p; else a = $n; println(user_int(a)) }",
		       "r4 r5 ", 1);
	check_captures("probe code { a = $p; for (i = 0; i < 3; i++) a = user_ulong(a)\n"
		       "println(a) }", "r5 ", 1);
	check_captures("function f(a) { return a ? f(user_ulong(a)) : 0 }\n"
		       "probe code { println(f($p)) }", "r5 user u64[r5] ", 1);
	check_captures("probe code { println(user_long(user_int($p))) }", "user s32[r5] ", 1);
	check_captures("probe code { if ($n) a = $p; else a = $p + 0; println(user_int(a)) }",
		       "user s32[r5] ", 0);
}

UNIT_TEST_CASE(capture_late_reads_are_errors_when_strict)
{
	static const struct frontend_options options = { .strict = true };
	struct frontend *frontend = test_session(&options, "probe event(\"open\") {"
							   "println(user_int($flags)) }");

	CHECK(!test_compile(frontend));
	CHECK_INT(diag_error_count(frontend), 1);
	frontend_free(frontend);
	frontend = test_session(&options, "probe begin { println(user_int(0)) }");
	CHECK(test_compile(frontend));
	frontend_free(frontend);
}
#endif
