// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One argument of an SDT mark, an assembler operand, becomes the fetch that reads it: a register, a
 * constant, memory at `displacement(base,index,scale)` of x86 or `[base, offset]` of arm64. The
 * kernel's probes know no address with an index: what the registers hold is captured, and the
 * memory is read when the handler runs.
 */
#include "module.h"

#include <ctype.h>
#include <errno.h>

#define MAX_OPERAND 200

/* ---- operands ---- */

struct operand {
	const struct module *module;
	const char *at;
	struct buf *problem;
};

static bool refuse(struct operand *operand, const char *why)
{
	buf_printf(operand->problem, "an argument of this mark %s", why);
	return false;
}

static const struct arch_register *take_register(struct operand *operand)
{
	char name[8];
	size_t length;

	operand->at += strspn(operand->at, " %");
	length = strspn(operand->at, "abcdefghijklmnopqrstuvwxyz0123456789");
	if (!length || length >= sizeof(name))
		return NULL;
	memcpy(name, operand->at, length);
	name[length] = '\0';
	operand->at += length;
	return arch_find_register(operand->module->arch, name);
}

static bool take_number(struct operand *operand, int64_t *number)
{
	char *end;

	operand->at += strspn(operand->at, "#$");
	errno = 0;
	*number = (int64_t)strtoull(operand->at, &end, 0);
	if (end == operand->at || errno)
		return false;
	operand->at = end;
	return true;
}

/* symbol, symbol+8, 8+symbol, -24: constants and symbols before the parenthesis */
static bool take_displacement(struct operand *operand, uint64_t *sum, bool *has_symbol)
{
	*sum = 0;
	*has_symbol = false;
	while (*operand->at && !strchr("([", *operand->at)) {
		size_t length = strspn(operand->at, "+ ");
		char name[MAX_OPERAND];
		uint64_t address;
		int64_t number;

		operand->at += length;
		if (isdigit((unsigned char)*operand->at) || *operand->at == '-') {
			if (!take_number(operand, &number))
				return refuse(operand, "is not understood");
			*sum += (uint64_t)number;
			continue;
		}
		length = strcspn(operand->at, "+-( @");
		if (!length || length >= sizeof(name))
			return refuse(operand, "is not understood");
		memcpy(name, operand->at, length);
		name[length] = '\0';
		operand->at += length;
		if (*has_symbol || !symtab_find((struct module *)operand->module, name, &address))
			return refuse(operand, "is relative to an unknown symbol");
		*has_symbol = true;
		*sum += address;
	}
	return true;
}

/* the address base + index * scale + displacement; either register may be missing */
struct memory_operand {
	const struct arch_register *base, *index;
	unsigned scale;
	bool sign_extended;		/* the index, when it is half a register */
	int64_t displacement;
};

static bool not_understood(struct operand *operand)
{
	return refuse(operand, "is not understood");
}

/* `(%rbp,%rax,4)`, behind the displacement */
static bool x86_registers(struct operand *operand, struct memory_operand *memory)
{
	int64_t scale = 1;

	operand->at++;
	if (*operand->at != ',' && !(memory->base = take_register(operand)))
		return not_understood(operand);
	if (*operand->at == ',') {
		operand->at++;
		memory->index = take_register(operand);
		if (!memory->index)
			return not_understood(operand);
	}
	if (*operand->at == ',') {
		operand->at++;
		if (!take_number(operand, &scale))
			return not_understood(operand);
	}
	if (strcmp(operand->at, ")") != 0 || (scale != 1 && scale != 2 && scale != 4 && scale != 8))
		return not_understood(operand);
	memory->scale = (unsigned)scale;
	return true;
}

/* addresses in a file that is loaded where it was linked are the memory's own */
static bool is_fixed(const struct module *module)
{
	GElf_Ehdr header;

	return module->elf && gelf_getehdr(module->elf, &header) && header.e_type == ET_EXEC;
}

/* NULL in @address: the operand has registers, which are in @memory */
static bool x86_memory(struct operand *operand, struct memory_operand *memory,
		       const struct fetch **address)
{
	struct arena *arena = operand->module->arena;
	uint64_t displacement;
	bool has_symbol;

	if (!take_displacement(operand, &displacement, &has_symbol))
		return false;
	memory->displacement = (int64_t)displacement;
	if (!*operand->at) {
		*address = fetch_address(arena, displacement);
		return true;
	}
	if (!x86_registers(operand, memory))
		return false;
	if (memory->base && strcmp(memory->base->name, "rip") == 0) {
		*address = fetch_address(arena, displacement);
		return !memory->index || not_understood(operand);
	}
	if (has_symbol && !is_fixed(operand->module))
		return refuse(operand, "is relative to a symbol and a register");
	return true;
}

/* `#:lo12:symbol+8`: the part of an address that `adrp` leaves out */
static bool take_low_bits(struct operand *operand, int64_t *offset)
{
	static const char mark[] = ":lo12:";
	char text[MAX_OPERAND];
	size_t length;
	struct operand symbol = *operand;
	uint64_t address;
	bool has_symbol;

	operand->at += *operand->at == '#';
	if (!text_starts_with(operand->at, mark))
		return false;
	operand->at += strlen(mark);
	length = strcspn(operand->at, "]");
	if (length >= sizeof(text))
		return false;
	memcpy(text, operand->at, length);
	text[length] = '\0';
	symbol.at = text;
	if (!take_displacement(&symbol, &address, &has_symbol) || !has_symbol)
		return false;
	operand->at += length;
	*offset = address & 0xfff;
	return true;
}

/* `, x2, lsl 3`, `, w2, sxtw #2`, `, w2, uxtw` */
static bool arm64_index(struct operand *operand, struct memory_operand *memory)
{
	int64_t shift = 0;

	memory->index = take_register(operand);
	if (!memory->index)
		return false;
	operand->at += strspn(operand->at, ", ");
	memory->sign_extended = text_starts_with(operand->at, "sxtw");
	if (isalpha((unsigned char)*operand->at)) {
		if (!text_starts_with(operand->at, "lsl") && !text_starts_with(operand->at, "sxtw") &&
		    !text_starts_with(operand->at, "uxtw") && !text_starts_with(operand->at, "sxtx"))
			return false;
		operand->at += strcspn(operand->at, " ]");
		operand->at += strspn(operand->at, " ");
		if (*operand->at != ']' && !take_number(operand, &shift))
			return false;
	}
	if (shift < 0 || shift > 4)
		return false;
	memory->scale = 1u << shift;
	return true;
}

/* `[x29, 20]`, `[x29]`, `[x1, #:lo12:symbol]`, `[x1, x2, lsl 3]` */
static bool arm64_memory(struct operand *operand, struct memory_operand *memory)
{
	operand->at++;
	memory->base = take_register(operand);
	if (!memory->base)
		return not_understood(operand);
	operand->at += strspn(operand->at, ", ");
	if (*operand->at != ']' && !strchr("xw", *operand->at)) {
		if (!take_low_bits(operand, &memory->displacement) &&
		    !take_number(operand, &memory->displacement))
			return not_understood(operand);
	} else if (*operand->at != ']' && !arm64_index(operand, memory)) {
		return not_understood(operand);
	}
	return strcmp(operand->at, "]") == 0 || not_understood(operand);
}

/* what a register holds, as wide as its name says */
static const struct recipe *register_recipe(const struct operand *operand,
					    const struct arch_register *reg, bool is_signed)
{
	struct arena *arena = operand->module->arena;
	const struct fetch *fetch = fetch_register(arena, operand->module->arch, reg->number, 0);
	struct place_value value = { 0 };
	struct fetch *part;

	if (!fetch)
		return NULL;
	part = arena_memdup(arena, fetch, sizeof(*fetch));
	part->size = reg->size;
	part->is_signed = is_signed;
	fetch_number(arena, part, 0, 0, &value);
	return value.recipe;
}

static int indexed_value(const struct operand *operand, const struct sdt_argument *argument,
			 const struct memory_operand *memory, struct place_value *value)
{
	struct indexed_memory *indexed = arena_new_object(operand->module->arena,
							  struct indexed_memory);

	*indexed = (struct indexed_memory){
		.scale = memory->scale, .displacement = memory->displacement,
		.size = argument->size, .is_signed = argument->is_signed,
		.index = register_recipe(operand, memory->index, memory->sign_extended) };
	if (memory->base)
		indexed->base = register_recipe(operand, memory->base, false);
	if (!indexed->index || (memory->base && !indexed->base))
		return -ENOTSUP;
	value->type = TYPE_LONG;
	value->indexed = indexed;
	return 0;
}

static int memory_value(struct operand *operand, const struct sdt_argument *argument,
			struct place_value *value)
{
	const struct module *module = operand->module;
	struct memory_operand memory = { .scale = 1 };
	const struct fetch *address = NULL;

	if (!(*operand->at == '[' ? arm64_memory(operand, &memory) :
				    x86_memory(operand, &memory, &address)))
		return -ENOTSUP;
	if (memory.index)
		return indexed_value(operand, argument, &memory, value);
	if (!address)
		address = fetch_register(module->arena, module->arch, memory.base->number,
					 memory.displacement);
	if (!address)
		return -ENOTSUP;
	fetch_number(module->arena, fetch_deref(module->arena, address, argument->size,
						argument->is_signed, module_is_user(module)),
		     0, 0, value);
	return 0;
}

static int register_value(const struct operand *operand, const struct sdt_argument *argument,
			  const struct arch_register *reg, struct place_value *value)
{
	struct arena *arena = operand->module->arena;
	const struct fetch *fetch = fetch_register(arena, operand->module->arch, reg->number, 0);
	struct fetch *part;

	if (!fetch)
		return -ENOTSUP;
	part = arena_memdup(arena, fetch, sizeof(*fetch));
	part->size = argument->size < reg->size ? argument->size : reg->size;
	part->is_signed = argument->is_signed;
	if (reg->bit_offset) {
		part->size = 2;
		fetch_number(arena, part, reg->bit_offset, 8, value);
	} else {
		fetch_number(arena, part, 0, 0, value);
	}
	return 0;
}

/* the immediate $3 is as wide as the argument: $-1 of four unsigned bytes is 4294967295 */
static int64_t narrow(int64_t number, const struct sdt_argument *argument)
{
	unsigned unused = 64 - 8 * argument->size;

	if (argument->is_signed)
		return (int64_t)((uint64_t)number << unused) >> unused;
	return (int64_t)((uint64_t)number << unused >> unused);
}

static int constant_value(struct operand *operand, const struct sdt_argument *argument,
			  struct place_value *value)
{
	int64_t number;

	if (!take_number(operand, &number) || *operand->at)
		return refuse(operand, "is not understood"), -ENOTSUP;
	value->type = TYPE_LONG;
	value->addend = narrow(number, argument);
	return 0;
}

static bool is_register(const struct operand *operand)
{
	struct operand copy = *operand;

	if (*copy.at != '%' && copy.module->arch->machine != EM_AARCH64)
		return false;
	return take_register(&copy) && !*copy.at;
}

int sdt_operand_value(const struct module *module, const struct sdt_argument *argument,
		      struct place_value *value, struct buf *problem)
{
	struct operand operand = { module, argument->operand, problem };

	if (is_register(&operand))
		return register_value(&operand, argument, take_register(&operand), value);
	if (*operand.at == '%')
		return refuse(&operand, "is in a register that cannot be fetched"), -ENOTSUP;
	if (*operand.at == '$' || *operand.at == '#' ||
	    (module->arch->machine == EM_AARCH64 && *operand.at != '['))
		return constant_value(&operand, argument, value);
	return memory_value(&operand, argument, value);
}
