// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One table per architecture. Sources: the System V psABIs for x86-64 (section 3.2.3 parameters,
 * figure 3.36 DWARF numbers) and i386, and Arm's AAPCS64 and DWARF for AArch64.
 */
#include "arch.h"

#include <elf.h>

#define X86_LEGACY(letter, number)                                                              \
	{ "r" letter "x", number, 8, 0 }, { "e" letter "x", number, 4, 0 },                     \
	{ letter "x", number, 2, 0 }, { letter "l", number, 1, 0 }, { letter "h", number, 1, 8 }
#define X86_INDEX(name, number)                                                                 \
	{ "r" name, number, 8, 0 }, { "e" name, number, 4, 0 }, { name, number, 2, 0 },         \
	{ name "l", number, 1, 0 }
#define X86_NUMBERED(name, number)                                                              \
	{ name, number, 8, 0 }, { name "d", number, 4, 0 }, { name "w", number, 2, 0 },         \
	{ name "b", number, 1, 0 }

static const struct arch_register x86_64_registers[] = {
	X86_LEGACY("a", 0), X86_LEGACY("d", 1), X86_LEGACY("c", 2), X86_LEGACY("b", 3),
	X86_INDEX("si", 4), X86_INDEX("di", 5), X86_INDEX("bp", 6), X86_INDEX("sp", 7),
	X86_NUMBERED("r8", 8), X86_NUMBERED("r9", 9), X86_NUMBERED("r10", 10),
	X86_NUMBERED("r11", 11), X86_NUMBERED("r12", 12), X86_NUMBERED("r13", 13),
	X86_NUMBERED("r14", 14), X86_NUMBERED("r15", 15), { "rip", 16, 8, 0 },
};

static const struct arch_register i386_registers[] = {
	X86_LEGACY("a", 0), X86_LEGACY("c", 1), X86_LEGACY("d", 2), X86_LEGACY("b", 3),
	X86_INDEX("sp", 4), X86_INDEX("bp", 5), X86_INDEX("si", 6), X86_INDEX("di", 7),
};

#define ARM64_REGISTER(n) { "x" #n, n, 8, 0 }, { "w" #n, n, 4, 0 }

static const struct arch_register arm64_registers[] = {
	ARM64_REGISTER(0), ARM64_REGISTER(1), ARM64_REGISTER(2), ARM64_REGISTER(3),
	ARM64_REGISTER(4), ARM64_REGISTER(5), ARM64_REGISTER(6), ARM64_REGISTER(7),
	ARM64_REGISTER(8), ARM64_REGISTER(9), ARM64_REGISTER(10), ARM64_REGISTER(11),
	ARM64_REGISTER(12), ARM64_REGISTER(13), ARM64_REGISTER(14), ARM64_REGISTER(15),
	ARM64_REGISTER(16), ARM64_REGISTER(17), ARM64_REGISTER(18), ARM64_REGISTER(19),
	ARM64_REGISTER(20), ARM64_REGISTER(21), ARM64_REGISTER(22), ARM64_REGISTER(23),
	ARM64_REGISTER(24), ARM64_REGISTER(25), ARM64_REGISTER(26), ARM64_REGISTER(27),
	ARM64_REGISTER(28), ARM64_REGISTER(29), ARM64_REGISTER(30), { "sp", 31, 8, 0 },
};

/* i386 counts eax ecx edx ebx esp ebp esi edi eip, x86-64 rax rdx rcx rbx rsi rdi rbp rsp … rip */
static const uint8_t i386_native[] = { 0, 2, 1, 3, 7, 6, 4, 5, 16 };

static const struct arch arches[] = {
	{
		.name = "x86_64", .machine = EM_X86_64, .pointer_size = 8,
		.parameter_count = 6, .parameters = { 5, 4, 1, 2, 8, 9 },
		.second_result = 1, .return_register = -1, .stack_pointer = 7, .stack_parameters = 8,
		.registers = x86_64_registers, .register_count = ARRAY_SIZE(x86_64_registers),
	},
	{
		.name = "i386", .machine = EM_386, .pointer_size = 4,
		.return_register = -1, .stack_pointer = 4, .stack_parameters = 4,
		.native = i386_native, .native_count = ARRAY_SIZE(i386_native),
		.registers = i386_registers, .register_count = ARRAY_SIZE(i386_registers),
	},
	{
		.name = "arm64", .machine = EM_AARCH64, .pointer_size = 8,
		.parameter_count = 8, .parameters = { 0, 1, 2, 3, 4, 5, 6, 7 },
		.second_result = 1, .return_register = 30, .large_by_reference = true,
		.stack_pointer = 31, .stack_parameters = 0,
		.registers = arm64_registers, .register_count = ARRAY_SIZE(arm64_registers),
	},
};

const struct arch *arch_of_machine(int machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(arches); i++)
		if (arches[i].machine == machine)
			return &arches[i];
	return NULL;
}

const struct arch *arch_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(arches); i++)
		if (strcmp(arches[i].name, name) == 0)
			return &arches[i];
	return NULL;
}

int arch_native_register(const struct arch *arch, unsigned number)
{
	if (!arch->native)
		return number <= 31 ? (int)number : -1;
	return number < arch->native_count ? arch->native[number] : -1;
}

const struct arch_register *arch_find_register(const struct arch *arch, const char *name)
{
	for (size_t i = 0; i < arch->register_count; i++)
		if (strcmp(arch->registers[i].name, name) == 0)
			return &arch->registers[i];
	return NULL;
}

#ifdef UNIT_TEST
#include "../../lib/unit.h"

UNIT_TEST_CASE(arch_registers_by_name)
{
	const struct arch *x86 = arch_by_name("x86_64"), *arm = arch_by_name("arm64");

	CHECK_INT(arch_find_register(x86, "rdi")->number, 5);
	CHECK_INT(arch_find_register(x86, "r10d")->size, 4);
	CHECK_INT(arch_find_register(x86, "ah")->bit_offset, 8);
	CHECK_INT(arch_find_register(x86, "bpl")->number, 6);
	CHECK(!arch_find_register(x86, "xmm0"));
	CHECK_INT(arch_find_register(arm, "w19")->size, 4);
	CHECK_INT(arch_find_register(arm, "sp")->number, 31);
}

UNIT_TEST_CASE(arch_32_bit_registers_become_64_bit_ones)
{
	const struct arch *i386 = arch_of_machine(EM_386);

	CHECK_INT(arch_native_register(i386, arch_find_register(i386, "ecx")->number), 2);
	CHECK_INT(arch_native_register(i386, arch_find_register(i386, "esp")->number), 7);
	CHECK_INT(arch_native_register(i386, 40), -1);
	CHECK_INT(arch_native_register(arch_by_name("x86_64"), 16), 16);
}
#endif
