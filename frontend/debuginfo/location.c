// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DWARF location expressions, evaluated not to a number but to a fetch: registers stay symbolic,
 * what can be added to them is constants, what can be done with them is to read the memory they
 * point to. That is all compilers need for variables that are still there.
 */
#include "dwarf.h"

#include <errno.h>

#define MAX_STACK 32
#define MAX_FRAME_DEPTH 4

struct evaluation {
	const struct code_place *place;
	struct module *module;
	Dwarf_Attribute *attribute;	/* the expression's, for operands that are references */
	Dwarf_Die *function;		/* with code of its own: has the frame base */
	struct buf *problem;
	const struct fetch *stack[MAX_STACK];
	unsigned depth, nesting;
	bool is_value;			/* the result is the value, not its address */
};

static int fail(struct evaluation *evaluation, int error, const char *why)
{
	buf_puts(evaluation->problem, why);
	return error;
}

static int push(struct evaluation *evaluation, const struct fetch *fetch)
{
	if (!fetch)
		return fail(evaluation, -ENOTSUP, "it is in a register that cannot be fetched");
	if (evaluation->depth == MAX_STACK)
		return fail(evaluation, -ENOTSUP, "its location expression is too long");
	evaluation->stack[evaluation->depth++] = fetch;
	return 0;
}

static int push_number(struct evaluation *evaluation, int64_t number)
{
	return push(evaluation, fetch_constant(evaluation->module->arena, number));
}

static int push_register(struct evaluation *evaluation, unsigned number, int64_t offset)
{
	return push(evaluation, fetch_register(evaluation->module->arena,
					       evaluation->module->arch, number, offset));
}

static const struct fetch *pop(struct evaluation *evaluation)
{
	if (evaluation->depth)
		return evaluation->stack[--evaluation->depth];
	return NULL;
}

static int too_hard(struct evaluation *evaluation)
{
	return fail(evaluation, -ENOTSUP, "its location needs arithmetic the kernel's probes "
		    "cannot do");
}

static int run(struct evaluation *evaluation, const Dwarf_Op *ops, size_t count);

/* ---- frames ---- */

static int run_frame(struct evaluation *evaluation, Dwarf_CFI *cfi, Dwarf_Addr bias)
{
	uint64_t address = evaluation->place->address + evaluation->module->bias - bias;
	Dwarf_Frame *frame;
	Dwarf_Op *ops;
	size_t count;
	int error = -ENODATA;

	if (dwarf_cfi_addrframe(cfi, address, &frame))
		return error;
	if (dwarf_frame_cfa(frame, &ops, &count) == 0 && count)
		error = run(evaluation, ops, count);
	free(frame);
	return error;
}

/* the canonical frame address: what the stack pointer was before the call */
static int push_cfa(struct evaluation *evaluation)
{
	const struct arch *arch = evaluation->module->arch;
	Dwarf_Addr bias;
	Dwarf_CFI *cfi = dwfl_module_eh_cfi(evaluation->module->dwfl_module, &bias);
	int error = cfi ? run_frame(evaluation, cfi, bias) : -ENODATA;

	if (error == -ENODATA) {
		cfi = dwfl_module_dwarf_cfi(evaluation->module->dwfl_module, &bias);
		error = cfi ? run_frame(evaluation, cfi, bias) : -ENODATA;
	}
	if (error == -ENODATA && evaluation->place->at_entry)
		return push_register(evaluation, arch->stack_pointer, arch->stack_parameters);
	if (error == -ENODATA)
		fail(evaluation, error, "the frame's layout here is not described");
	return error;
}

/* where the caller's @number was kept, by the frame's description; -ENODATA: it is not told */
static int push_saved(struct evaluation *evaluation, Dwarf_Frame *frame, int number)
{
	Dwarf_Op memory[3], *ops;
	size_t count;

	if (dwarf_frame_register(frame, number, memory, &ops, &count))
		return -ENODATA;
	if (count)
		return run(evaluation, ops, count);
	evaluation->is_value = true;
	return ops ? -ENODATA : push_register(evaluation, (unsigned)number, 0);
}

static int push_return_address(struct evaluation *evaluation)
{
	const struct arch *arch = evaluation->module->arch;
	Dwarf_Addr bias;
	Dwarf_CFI *cfi = evaluation->module->dwfl_module ?
			 dwfl_module_eh_cfi(evaluation->module->dwfl_module, &bias) : NULL;
	Dwarf_Frame *frame;
	int error = -ENODATA, number;

	if (cfi && dwarf_cfi_addrframe(cfi, evaluation->place->address +
				       evaluation->module->bias - bias, &frame) == 0) {
		number = dwarf_frame_info(frame, NULL, NULL, NULL);
		error = number < 0 ? -ENODATA : push_saved(evaluation, frame, number);
		free(frame);
	}
	if (error != -ENODATA || !evaluation->place->at_entry)
		return error;
	evaluation->is_value = arch->return_register >= 0;
	return push_register(evaluation, evaluation->is_value ? (unsigned)arch->return_register :
			     arch->stack_pointer, 0);
}

const struct recipe *debuginfo_return_address(const struct code_place *place)
{
	struct buf problem = BUF_INIT;
	struct evaluation evaluation = { .place = place, .module = place->module,
					 .problem = &problem };
	struct arena *arena = place->module->arena;
	struct place_value value = { 0 };
	const struct fetch *fetch;

	if (push_return_address(&evaluation) == 0 && evaluation.depth) {
		fetch = pop(&evaluation);
		if (!evaluation.is_value)
			fetch = fetch_deref(arena, fetch, place->module->arch->pointer_size, false,
					    module_is_user(place->module));
		fetch_number(arena, fetch, 0, 0, &value);
	}
	buf_free(&problem);
	return value.recipe;
}

bool debuginfo_call_frame(const struct code_place *place, struct place_value *value)
{
	struct buf problem = BUF_INIT;
	struct evaluation evaluation = { .place = place, .module = place->module,
					 .problem = &problem };
	int error = push_cfa(&evaluation);

	if (!error && evaluation.depth)
		fetch_number(place->module->arena,
			     fetch_add(place->module->arena, pop(&evaluation),
				       -(int64_t)place->module->arch->stack_parameters), 0, 0, value);
	buf_free(&problem);
	return !error && value->recipe;
}

static int push_frame_base(struct evaluation *evaluation, int64_t offset)
{
	Dwarf_Attribute attribute, *outer = evaluation->attribute;
	Dwarf_Op *ops;
	size_t count;
	int error;

	if (!evaluation->function || ++evaluation->nesting > MAX_FRAME_DEPTH ||
	    !dwarf_attr_integrate(evaluation->function, DW_AT_frame_base, &attribute) ||
	    dwarf_getlocation_addr(&attribute, evaluation->place->address, &ops, &count, 1) != 1)
		return fail(evaluation, -ENODATA, "the function's frame is not known here");
	evaluation->attribute = &attribute;
	error = run(evaluation, ops, count);
	evaluation->attribute = outer;
	evaluation->is_value = false;
	if (error)
		return error;
	return push(evaluation, fetch_add(evaluation->module->arena, pop(evaluation), offset));
}

/* ---- operators ---- */

static int64_t fold(unsigned op, uint64_t left, uint64_t right)
{
	switch (op) {
	case DW_OP_plus: return (int64_t)(left + right);
	case DW_OP_minus: return (int64_t)(left - right);
	case DW_OP_mul: return (int64_t)(left * right);
	case DW_OP_and: return (int64_t)(left & right);
	case DW_OP_or: return (int64_t)(left | right);
	case DW_OP_xor: return (int64_t)(left ^ right);
	case DW_OP_shl: return right < 64 ? (int64_t)(left << right) : 0;
	default: return right < 64 ? (int64_t)(left >> right) : 0;
	}
}

static int binary(struct evaluation *evaluation, unsigned op)
{
	const struct fetch *right = pop(evaluation), *left = pop(evaluation);
	struct arena *arena = evaluation->module->arena;

	if (!left || !right)
		return too_hard(evaluation);
	if (left->kind == FETCH_CONSTANT && right->kind == FETCH_CONSTANT)
		return push_number(evaluation, fold(op, (uint64_t)left->offset,
						    (uint64_t)right->offset));
	if (op == DW_OP_plus && right->kind == FETCH_CONSTANT)
		return push(evaluation, fetch_add(arena, left, right->offset));
	if (op == DW_OP_plus && left->kind == FETCH_CONSTANT)
		return push(evaluation, fetch_add(arena, right, left->offset));
	if (op == DW_OP_minus && right->kind == FETCH_CONSTANT)
		return push(evaluation, fetch_add(arena, left, fold(op, 0, (uint64_t)right->offset)));
	return too_hard(evaluation);
}

static int deref(struct evaluation *evaluation, unsigned size)
{
	const struct fetch *address = pop(evaluation);
	bool is_user = module_is_user(evaluation->module);

	if (!address || (size != 1 && size != 2 && size != 4 && size != 8))
		return too_hard(evaluation);
	return push(evaluation, fetch_deref(evaluation->module->arena, address, size, false,
					    is_user));
}

/* an address in the file, directly or through .debug_addr */
static int push_address(struct evaluation *evaluation, const Dwarf_Op *op)
{
	Dwarf_Attribute attribute;
	Dwarf_Addr address = op->number;

	if (op->atom != DW_OP_addr &&
	    (!evaluation->attribute ||
	     dwarf_getlocation_attr(evaluation->attribute, op, &attribute) ||
	     dwarf_formaddr(&attribute, &address)))
		return too_hard(evaluation);
	return push(evaluation, fetch_address(evaluation->module->arena, address));
}

/* the bytes of a constant that exists nowhere in memory */
static int implicit_value(struct evaluation *evaluation, const Dwarf_Op *op)
{
	Dwarf_Block block;
	uint64_t number = 0;

	if (!evaluation->attribute ||
	    dwarf_getlocation_implicit_value(evaluation->attribute, op, &block) ||
	    block.length > sizeof(number))
		return too_hard(evaluation);
	memcpy(&number, block.data, block.length);
	evaluation->is_value = true;
	return push_number(evaluation, (int64_t)number);
}

/* what the register held when the function was entered: a probe there can keep it */
static int entry_value(struct evaluation *evaluation, const Dwarf_Op *op)
{
	const struct module *module = evaluation->module;
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;

	if (!evaluation->attribute ||
	    dwarf_getlocation_attr(evaluation->attribute, op, &attribute) ||
	    dwarf_getlocation(&attribute, &ops, &count) || count != 1 ||
	    ops[0].atom < DW_OP_reg0 || ops[0].atom > DW_OP_reg31)
		return fail(evaluation, -ENODATA, "it is only known as what memory held when the "
			    "function was entered (DW_OP_entry_value); use a probe there");
	if (evaluation->place->at_entry)
		return push_register(evaluation, ops[0].atom - DW_OP_reg0, 0);
	return push(evaluation, fetch_entry(module->arena, module->arch,
					    ops[0].atom - DW_OP_reg0));
}

static int shuffle(struct evaluation *evaluation, const Dwarf_Op *op)
{
	unsigned depth = evaluation->depth;
	unsigned from = op->atom == DW_OP_dup ? 1 : op->atom == DW_OP_over ? 2 :
			op->atom == DW_OP_pick ? (unsigned)(op->number & 0xff) + 1 : 0;
	const struct fetch *top;

	if (op->atom == DW_OP_drop)
		return pop(evaluation) ? 0 : too_hard(evaluation);
	if (op->atom == DW_OP_swap && depth >= 2) {
		top = evaluation->stack[depth - 1];
		evaluation->stack[depth - 1] = evaluation->stack[depth - 2];
		evaluation->stack[depth - 2] = top;
		return 0;
	}
	if (!from || depth < from)
		return too_hard(evaluation);
	return push(evaluation, evaluation->stack[depth - from]);
}

static int run_ranged(struct evaluation *evaluation, const Dwarf_Op *op)
{
	unsigned atom = op->atom;

	if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31)
		return push_number(evaluation, atom - DW_OP_lit0);
	if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31)
		return push_register(evaluation, atom - DW_OP_breg0, (int64_t)op->number);
	if (atom >= DW_OP_reg0 && atom <= DW_OP_reg31) {
		evaluation->is_value = true;
		return push_register(evaluation, atom - DW_OP_reg0, 0);
	}
	buf_printf(evaluation->problem, "its location uses operator %#x, which is not supported",
		   atom);
	return -ENOTSUP;
}

static int step(struct evaluation *evaluation, const Dwarf_Op *op)
{
	switch (op->atom) {
	case DW_OP_addr: case DW_OP_addrx: case DW_OP_GNU_addr_index:
		return push_address(evaluation, op);
	case DW_OP_const1u: case DW_OP_const1s: case DW_OP_const2u: case DW_OP_const2s:
	case DW_OP_const4u: case DW_OP_const4s: case DW_OP_const8u: case DW_OP_const8s:
	case DW_OP_constu: case DW_OP_consts:
		return push_number(evaluation, (int64_t)op->number);
	case DW_OP_regx:
		evaluation->is_value = true;
		return push_register(evaluation, (unsigned)op->number, 0);
	case DW_OP_bregx:
		return push_register(evaluation, (unsigned)op->number, (int64_t)op->number2);
	case DW_OP_fbreg: return push_frame_base(evaluation, (int64_t)op->number);
	case DW_OP_call_frame_cfa: return push_cfa(evaluation);
	case DW_OP_plus_uconst:
		return push_number(evaluation, (int64_t)op->number) ?:
		       binary(evaluation, DW_OP_plus);
	case DW_OP_plus: case DW_OP_minus: case DW_OP_mul: case DW_OP_and: case DW_OP_or:
	case DW_OP_xor: case DW_OP_shl: case DW_OP_shr:
		return binary(evaluation, op->atom);
	case DW_OP_deref: return deref(evaluation, evaluation->module->arch->pointer_size);
	case DW_OP_deref_size: return deref(evaluation, (unsigned)op->number);
	case DW_OP_dup: case DW_OP_over: case DW_OP_pick: case DW_OP_drop: case DW_OP_swap:
		return shuffle(evaluation, op);
	case DW_OP_stack_value: evaluation->is_value = true; return 0;
	case DW_OP_implicit_value: return implicit_value(evaluation, op);
	case DW_OP_nop: return 0;
	case DW_OP_entry_value: case DW_OP_GNU_entry_value: return entry_value(evaluation, op);
	case DW_OP_form_tls_address: case DW_OP_GNU_push_tls_address:
		return fail(evaluation, -ENOTSUP, "it is thread-local, which the kernel's probes "
			    "cannot fetch");
	case DW_OP_implicit_pointer: case DW_OP_GNU_implicit_pointer:
		return fail(evaluation, -ENODATA, "it was optimised away: what it points to is "
			    "nowhere in memory");
	case DW_OP_GNU_parameter_ref: case DW_OP_GNU_variable_value:
		return fail(evaluation, -ENODATA, "it was optimised away: callers know its value");
	default: return run_ranged(evaluation, op);
	}
}

static int run(struct evaluation *evaluation, const Dwarf_Op *ops, size_t count)
{
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		error = step(evaluation, &ops[i]);
	if (!error && !evaluation->depth)
		return fail(evaluation, -ENODATA, "it was optimised away");
	return error;
}

/* ---- variables ---- */

static size_t next_piece(const Dwarf_Op *ops, size_t from, size_t count)
{
	while (from < count && ops[from].atom != DW_OP_piece && ops[from].atom != DW_OP_bit_piece)
		from++;
	return from;
}

/* one part's expression, or none where that part is nowhere; what `run` left decides its kind */
static int run_piece(struct evaluation *evaluation, const Dwarf_Op *ops, size_t count,
		     struct object_piece *piece)
{
	int error;

	evaluation->depth = 0;
	evaluation->is_value = false;
	if (!count)
		return 0;
	error = run(evaluation, ops, count);
	if (error)
		return error;
	piece->kind = evaluation->is_value ? OBJECT_VALUE : OBJECT_MEMORY;
	piece->fetch = pop(evaluation);
	return 0;
}

/* a variable whose parts are in different places: each part's expression ends in DW_OP_piece */
static int run_pieces(struct evaluation *evaluation, const Dwarf_Op *ops, size_t count,
		      struct object *object)
{
	struct object_piece pieces[MAX_PIECES];
	size_t from = 0, end;
	unsigned found = 0;
	int error = 0;

	for (; from < count && !error; from = end + 1) {
		end = next_piece(ops, from, count);
		if (end == count || found == MAX_PIECES || ops[end].atom != DW_OP_piece)
			return fail(evaluation, -ENOTSUP, "it is in pieces of single bits, or in "
				    "too many");
		pieces[found] = (struct object_piece){ .size = ops[end].number };
		error = run_piece(evaluation, ops + from, end - from, &pieces[found++]);
	}
	object->kind = OBJECT_PIECES;
	object->pieces = arena_memdup(evaluation->module->arena, pieces, found * sizeof(*pieces));
	object->piece_count = found;
	return error;
}

static int constant_value(Dwarf_Die *die, struct arena *arena, struct object *object)
{
	Dwarf_Attribute attribute;
	Dwarf_Sword number;

	if (!dwarf_attr_integrate(die, DW_AT_const_value, &attribute) ||
	    dwarf_formsdata(&attribute, &number))
		return -ENODATA;
	object->kind = OBJECT_VALUE;
	object->fetch = fetch_constant(arena, number);
	return 0;
}

/* of the kernel, addresses are told by name: it is not where it was linked to be */
static const struct fetch *by_symbol(struct arena *arena, Dwarf_Die *die,
				     const struct fetch *address)
{
	struct fetch *named;
	Dwarf_Attribute attribute;
	const char *name = dwarf_diename(die);

	if (address->kind != FETCH_SYMBOL || address->symbol || !name)
		return address;
	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute))
		name = dwarf_formstring(&attribute) ?: name;
	named = arena_memdup(arena, address, sizeof(*address));
	named->symbol = name;
	named->offset = 0;
	return named;
}

int location_find(const struct code_place *place, Dwarf_Die *die, struct object *object,
		  struct buf *problem)
{
	const struct dwarf_scope *scope = place->scope;
	struct evaluation evaluation = { .place = place, .module = place->module,
					 .problem = problem };
	Dwarf_Attribute attribute;
	Dwarf_Die function;
	Dwarf_Op *ops;
	size_t count;
	int error;

	if (!dwarf_attr_integrate(die, DW_AT_location, &attribute)) {
		error = constant_value(die, place->module->arena, object);
		return error ? fail(&evaluation, error, "it was optimised away") : 0;
	}
	if (scope && dwarf_enclosing(&((struct dwarf_scope *)scope)->function, &function))
		evaluation.function = &function;
	evaluation.attribute = &attribute;
	if (dwarf_getlocation_addr(&attribute, place->address, &ops, &count, 1) != 1 || !count)
		return fail(&evaluation, -ENODATA, "it is not available at this address: it was "
			    "optimised away here");
	if (next_piece(ops, 0, count) < count)
		return run_pieces(&evaluation, ops, count, object);
	error = run(&evaluation, ops, count);
	if (error)
		return error;
	object->kind = evaluation.is_value ? OBJECT_VALUE : OBJECT_MEMORY;
	object->fetch = evaluation.stack[evaluation.depth - 1];
	if (!module_is_user(place->module))
		object->fetch = by_symbol(place->module->arena, die, object->fetch);
	return 0;
}
