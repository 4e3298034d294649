// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unwinding a sampled user stack. The kernel copied the registers and the bytes above the stack
 * pointer; each step looks up the call frame rule of the current address, computes the canonical
 * frame address (CFA, the stack pointer before the call) from a register, and loads what the rule
 * says was saved relative to it: DWARF 4, 6.4. Only the copied bytes are read, so that a process
 * that runs on, or is gone, changes nothing. Each step must go up the stack, except out of a
 * signal handler, which may have had a stack of its own.
 */
#include "unwind.h"

#include <dwarf.h>

#define STACK_LARGEST (UINT64_C(1) << 30) /* what is further above is no address in a stack */
#define OPERAND_STACK 32 /* of a DWARF expression; those of unwind tables need three */
#ifdef __aarch64__
#define REGISTER_FRAME 29
#define REGISTER_STACK 31
#define ADDRESS_MASK ((UINT64_C(1) << 55) - 1) /* without a pointer authentication code */
#else
#define REGISTER_FRAME 6 /* rbp */
#define REGISTER_STACK 7 /* rsp */
#define ADDRESS_MASK UINT64_MAX
#endif
/* of i386 tasks, whose words have 4 bytes */
#define REGISTER_FRAME_32 5 /* ebp */
#define REGISTER_STACK_32 4 /* esp */

struct frame {
	uint64_t ip;
	uint64_t registers[IMAGE_REGISTERS];
	uint64_t known; /* bit of each register that holds its value */
	bool exact;	/* ip is where the program was, not what a call returns to */
};
struct unwinding {
	const struct event_sample *sample;
	unsigned word, frame_pointer, stack_pointer; /* bytes; register numbers */
	uint64_t mask; /* of an address */
	uint64_t stack_start;
	struct frame frame;
	bool *ran_out; /* set where something is above what was copied */
};

static bool read_stack(const struct unwinding *unwinding, uint64_t address, uint64_t *value)
{
	uint64_t offset = (address & unwinding->mask) - unwinding->stack_start;
	uint64_t size = unwinding->sample->stack_size;

	if (offset > size || size - offset < unwinding->word) {
		*unwinding->ran_out |= offset < STACK_LARGEST;
		return false;
	}
	*value = 0; /* both architectures are little-endian */
	memcpy(value, unwinding->sample->stack + offset, unwinding->word);
	return true;
}

static bool read_register(const struct frame *frame, uint64_t reg, uint64_t *value)
{
	if (reg >= IMAGE_REGISTERS || !(frame->known >> reg & 1))
		return false;
	*value = frame->registers[reg];
	return true;
}

static void set_register(struct frame *frame, unsigned reg, uint64_t value)
{
	frame->registers[reg] = value;
	frame->known |= UINT64_C(1) << reg;
}

/* ---- DWARF expressions: as far as unwind tables use them (PLT entries, signal returns) ---- */

struct operands {
	uint64_t values[OPERAND_STACK];
	unsigned count;
};

static bool push(struct operands *operands, uint64_t value)
{
	if (operands->count == OPERAND_STACK)
		return false;
	operands->values[operands->count++] = value;
	return true;
}

static bool apply_binary(struct operands *operands, uint8_t atom)
{
	uint64_t *a, b;

	if (operands->count < 2)
		return false;
	b = operands->values[--operands->count];
	a = &operands->values[operands->count - 1];
	switch (atom) {
	case DW_OP_plus: *a += b; return true;
	case DW_OP_minus: *a -= b; return true;
	case DW_OP_mul: *a *= b; return true;
	case DW_OP_and: *a &= b; return true;
	case DW_OP_or: *a |= b; return true;
	case DW_OP_xor: *a ^= b; return true;
	case DW_OP_shl: *a = b < 64 ? *a << b : 0; return true;
	case DW_OP_shr: *a = b < 64 ? *a >> b : 0; return true;
	case DW_OP_eq: *a = *a == b; return true;
	case DW_OP_ne: *a = *a != b; return true;
	case DW_OP_ge: *a = (int64_t)*a >= (int64_t)b; return true;
	case DW_OP_gt: *a = (int64_t)*a > (int64_t)b; return true;
	case DW_OP_le: *a = (int64_t)*a <= (int64_t)b; return true;
	case DW_OP_lt: *a = (int64_t)*a < (int64_t)b; return true;
	default: return false;
	}
}

static bool push_register(const struct unwinding *unwinding, struct operands *operands,
			  uint64_t reg, uint64_t offset)
{
	uint64_t value;

	return read_register(&unwinding->frame, reg, &value) && push(operands, value + offset);
}

static bool apply(const struct unwinding *unwinding, const struct operation *operation,
		  uint64_t cfa, struct operands *operands)
{
	uint64_t *top = operands->count ? &operands->values[operands->count - 1] : NULL;
	uint8_t atom = operation->atom;

	if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31)
		return push_register(unwinding, operands, atom - DW_OP_breg0, operation->number);
	if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31)
		return push(operands, atom - DW_OP_lit0);
	switch (atom) {
	case DW_OP_bregx:
		return push_register(unwinding, operands, operation->number, operation->number2);
	case DW_OP_call_frame_cfa:
		return push(operands, cfa);
	case DW_OP_addr:
	case DW_OP_const1u: case DW_OP_const1s: case DW_OP_const2u: case DW_OP_const2s:
	case DW_OP_const4u: case DW_OP_const4s: case DW_OP_const8u: case DW_OP_const8s:
	case DW_OP_constu: case DW_OP_consts:
		return push(operands, operation->number);
	case DW_OP_plus_uconst:
		if (top)
			*top += operation->number;
		return top;
	case DW_OP_deref:
		return top && read_stack(unwinding, *top, top);
	case DW_OP_dup:
		return top && push(operands, *top);
	case DW_OP_drop:
		operands->count -= top != NULL;
		return top;
	case DW_OP_nop:
		return true;
	default:
		return apply_binary(operands, atom);
	}
}

static bool compute(const struct unwinding *unwinding, const struct frame_place *place,
		    uint64_t cfa, uint64_t *result)
{
	struct operands operands = { .count = 0 };

	for (uint32_t i = 0; i < place->count; i++)
		if (!apply(unwinding, &place->operations[i], cfa, &operands))
			return false;
	if (operands.count == 0)
		return false;
	*result = operands.values[operands.count - 1];
	return true;
}

/* ---- one step ---- */

static bool find_cfa(const struct unwinding *unwinding, const struct frame_place *place,
		     uint64_t *cfa)
{
	if (place->kind == FRAME_COMPUTED)
		return compute(unwinding, place, 0, cfa);
	if (!read_register(&unwinding->frame, place->reg, cfa))
		return false;
	*cfa += (uint64_t)place->offset;
	return true;
}

static bool find_caller_register(const struct unwinding *unwinding, const struct frame_place *place,
				 unsigned reg, uint64_t cfa, uint64_t *value)
{
	switch (place->kind) {
	case FRAME_SAME:
		return read_register(&unwinding->frame, reg, value);
	case FRAME_SAVED:
		return read_stack(unwinding, cfa + (uint64_t)place->offset, value);
	case FRAME_COMPUTED:
		return compute(unwinding, place, cfa, value) &&
		       (place->is_value || read_stack(unwinding, *value, value));
	default:
		return false;
	}
}

static bool step_by_rule(struct unwinding *unwinding, const struct frame_rule *rule)
{
	struct frame next = { .exact = rule->is_signal };
	uint64_t cfa, value;

	if (!find_cfa(unwinding, &rule->cfa, &cfa))
		return false;
	for (unsigned reg = 0; reg < IMAGE_REGISTERS; reg++)
		if (find_caller_register(unwinding, &rule->registers[reg], reg, cfa, &value))
			set_register(&next, reg, value);
	if (!read_register(&next, rule->return_register, &next.ip))
		return false;
	cfa &= unwinding->mask;
	if (!rule->is_signal || !(next.known >> unwinding->stack_pointer & 1))
		set_register(&next, unwinding->stack_pointer, cfa);
	if (!rule->is_signal && cfa <= unwinding->frame.registers[unwinding->stack_pointer])
		return false;
	unwinding->frame = next;
	return true;
}

/* the frame record that a frame pointer leads to: the caller's frame pointer, the return address */
static bool step_by_frame_pointer(struct unwinding *unwinding)
{
	struct frame next = { .exact = false };
	unsigned word = unwinding->word;
	uint64_t record, caller;

	if (!read_register(&unwinding->frame, unwinding->frame_pointer, &record) ||
	    record & (word - 1) ||
	    record < unwinding->frame.registers[unwinding->stack_pointer] ||
	    !read_stack(unwinding, record, &caller) ||
	    !read_stack(unwinding, record + word, &next.ip))
		return false;
	set_register(&next, unwinding->frame_pointer, caller);
	set_register(&next, unwinding->stack_pointer, record + 2 * word);
	unwinding->frame = next;
	return true;
}

/* a call may be the last instruction of its function: look at it, not at where it returns to */
static bool step(struct symbolizer *symbolizer, const struct address_space *space,
		 struct unwinding *unwinding)
{
	uint64_t at = unwinding->frame.ip - !unwinding->frame.exact, link;
	struct image *image = symbolizer_image(symbolizer, space, at, &link);
	const struct frame_rule *rule = image ? image_frame_rule(image, link) : NULL;

	if (rule && rule->is_known)
		return step_by_rule(unwinding, rule);
	return step_by_frame_pointer(unwinding);
}

size_t unwind_user(struct symbolizer *symbolizer, const struct address_space *space,
		   const struct event_sample *sample, uint64_t *ips, size_t most, bool *is_cut)
{
	bool ran_out = false;
	struct unwinding unwinding = {
		.sample = sample, .word = 8, .mask = ADDRESS_MASK, .ran_out = &ran_out,
		.frame_pointer = REGISTER_FRAME, .stack_pointer = REGISTER_STACK,
	};
	size_t count = 0;

	*is_cut = false;
	if (!sample->register_count || !sample->user_ip)
		return 0;
	for (unsigned reg = 0; reg < sample->register_count && reg < IMAGE_REGISTERS; reg++)
		set_register(&unwinding.frame, reg, sample->registers[reg]);
	if (sample->is_32bit) {
		unwinding.word = 4;
		unwinding.mask = UINT32_MAX;
		unwinding.frame_pointer = REGISTER_FRAME_32;
		unwinding.stack_pointer = REGISTER_STACK_32;
	}
	unwinding.stack_start = unwinding.frame.registers[unwinding.stack_pointer];
	unwinding.frame.ip = sample->user_ip;
	unwinding.frame.exact = true;
	while (count < most && unwinding.frame.ip) {
		ips[count++] = unwinding.frame.ip;
		ran_out = false;
		if (!step(symbolizer, space, &unwinding)) {
			*is_cut = ran_out && sample->stack_is_cut;
			break;
		}
		unwinding.frame.ip &= unwinding.mask;
	}
	return count;
}

#ifdef UNIT_TEST
#include <execinfo.h>
#include <ucontext.h>
#include <unistd.h>

#include "../lib/unit.h"

#define TEST_STACK 16384

struct test_stack {
	uint64_t registers[IMAGE_REGISTERS];
	unsigned char bytes[TEST_STACK];
	struct event_sample sample;
	void *expected[64];
	int expected_count;
};

/* this function's registers and stack as a sample would hold them, and what glibc makes of them */
static __attribute__((noinline, no_sanitize("address"))) void test_sample(struct test_stack *stack)
{
	const volatile unsigned char *top;
	ucontext_t context;

	getcontext(&context);
	stack->expected_count = backtrace(stack->expected, ARRAY_SIZE(stack->expected));
#ifdef __aarch64__
	memcpy(stack->registers, context.uc_mcontext.regs, 31 * 8);
	stack->registers[31] = context.uc_mcontext.sp;
	stack->sample.user_ip = context.uc_mcontext.pc;
	stack->sample.register_count = 32;
#else
	static const uint8_t places[16] = { REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
					    REG_RBP, REG_RSP, REG_R8, REG_R9, REG_R10, REG_R11,
					    REG_R12, REG_R13, REG_R14, REG_R15 };

	for (unsigned i = 0; i < 16; i++)
		stack->registers[i] = (uint64_t)context.uc_mcontext.gregs[places[i]];
	stack->sample.user_ip = (uint64_t)context.uc_mcontext.gregs[REG_RIP];
	stack->sample.register_count = 16;
#endif
	stack->sample.registers = stack->registers;
	stack->sample.stack = stack->bytes;
	stack->sample.stack_size = 2048; /* of this thread's stack there is as much for certain */
	top = (const volatile unsigned char *)stack->registers[REGISTER_STACK];
	for (size_t i = 0; i < stack->sample.stack_size; i++)
		stack->bytes[i] = top[i]; /* memcpy() would be checked by the sanitizer */
}

static __attribute__((noinline)) int test_recursion(struct test_stack *stack, int depth)
{
	if (depth)
		return 1 + test_recursion(stack, depth - 1);
	test_sample(stack);
	return 0;
}

UNIT_TEST_CASE(unwind_agrees_with_backtrace)
{
	struct test_stack *stack = memory_zalloc(sizeof(*stack));
	struct symbolizer *symbolizer = symbolizer_new();
	struct address_space *space = address_space_new(getpid());
	struct arena *arena = arena_new();
	struct buf maps = BUF_INIT;
	size_t count, skip = 0;
	uint64_t ips[64];
	bool is_cut;

	CHECK_INT(test_recursion(stack, 5), 5);
	CHECK_INT(buf_read_file(&maps, "/proc/self/maps"), 0);
	address_space_parse(space, maps.data, interner_new(arena));
	count = unwind_user(symbolizer, space, &stack->sample, ips, 7, &is_cut);
	CHECK_INT(count, 7);
	CHECK(!is_cut);
	/* the first is inside test_sample; a sanitizer's backtrace() adds frames of its own */
	while (skip < 3 && (uint64_t)(uintptr_t)stack->expected[skip + 1] != ips[1])
		skip++;
	for (size_t i = 1; i < count; i++)
		CHECK_INT(ips[i], (uint64_t)(uintptr_t)stack->expected[i + skip]);
	stack->sample.stack_size = 0;
	CHECK_INT(unwind_user(symbolizer, space, &stack->sample, ips, 64, &is_cut), 1);
	CHECK(!is_cut);
	stack->sample.stack_is_cut = true;
	CHECK_INT(unwind_user(symbolizer, space, &stack->sample, ips, 64, &is_cut), 1);
	CHECK(is_cut);
	address_space_unref(space);
	symbolizer_free(symbolizer);
	arena_free(arena);
	buf_free(&maps);
	free(stack);
}

UNIT_TEST_CASE(unwind_survives_any_registers)
{
	struct test_stack *stack = memory_zalloc(sizeof(*stack));
	struct symbolizer *symbolizer = symbolizer_new();
	struct address_space *space = address_space_new(0);
	uint64_t ips[64], random = 1;
	bool is_cut;

	stack->sample = (struct event_sample){ .registers = stack->registers, .register_count = 16,
					       .stack = stack->bytes, .stack_size = 256 };
	for (unsigned round = 0; round < 1000; round++) {
		for (unsigned reg = 0; reg < 16; reg++) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
			stack->registers[reg] = random >> (random & 63);
		}
		stack->registers[6] = stack->registers[7] + (random & 0xf8);
		memcpy(stack->bytes + (random & 0xf8), &stack->registers[6], 8);
		stack->sample.user_ip = random;
		CHECK(unwind_user(symbolizer, space, &stack->sample, ips, 64, &is_cut) <= 64);
	}
	address_space_unref(space);
	symbolizer_free(symbolizer);
	free(stack);
}
#endif
