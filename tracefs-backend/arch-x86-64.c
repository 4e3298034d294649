// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * x86-64, and the 32-bit programs it runs. Register names: arch/x86/kernel/ptrace.c
 * regoffset_table; DWARF numbers: the System V psABI, figure 3.36; what a uprobe emulates:
 * arch/x86/kernel/uprobes.c branch_setup_xol_ops(), push_setup_xol_ops().
 */
#include <elf.h>

#include "arch.h"

static const char *const x86_64_registers[] = {
	"ax", "dx", "cx", "bx", "si", "di", "bp", "sp",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "ip",
};

static const char *const x86_64_arguments[] = { "di", "si", "dx", "cx", "r8", "r9" };

static bool has_bytes(const unsigned char *code, size_t size, const char *bytes, size_t length)
{
	return size >= length && memcmp(code, bytes, length) == 0;
}

static unsigned nop_length(const unsigned char *code, size_t size)
{
	static const struct { const char *bytes; unsigned length; } nops[] = {
		{ "\x90", 1 }, { "\x66\x90", 2 }, { "\x0f\x1f\x00", 3 },
		{ "\x0f\x1f\x40\x00", 4 }, { "\x0f\x1f\x44\x00\x00", 5 },
		{ "\x66\x0f\x1f\x44\x00\x00", 6 }, { "\x0f\x1f\x80\x00\x00\x00\x00", 7 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(nops); i++)
		if (has_bytes(code, size, nops[i].bytes, nops[i].length))
			return nops[i].length;
	return 0;
}

/* push of a register, near calls and jumps */
static unsigned emulated_length(const unsigned char *code, size_t size)
{
	if (!size)
		return 0;
	if ((code[0] & 0xf8) == 0x50)
		return 1;
	if (size >= 2 && code[0] == 0x41 && (code[1] & 0xf8) == 0x50)
		return 2;
	if (code[0] == 0xe8 || code[0] == 0xe9)
		return 5;
	if (code[0] == 0xeb || (code[0] & 0xf0) == 0x70)
		return 2;
	if (size >= 2 && code[0] == 0x0f && (code[1] & 0xf0) == 0x80)
		return 6;
	return nop_length(code, size);
}

static enum instruction_class x86_classify(const unsigned char *code, size_t size,
					   unsigned *length)
{
	*length = 4;
	if (has_bytes(code, size, "\xf3\x0f\x1e\xfa", 4) ||
	    has_bytes(code, size, "\xf3\x0f\x1e\xfb", 4))
		return INSTRUCTION_LANDING;
	*length = emulated_length(code, size);
	return *length ? INSTRUCTION_EMULATED : INSTRUCTION_STEPPED;
}

const struct trace_arch trace_arch_x86_64 = {
	.name = "x86_64",
	.machine = EM_X86_64,
	.machine32 = EM_386,
	.registers = x86_64_registers,
	.register_count = ARRAY_SIZE(x86_64_registers),
	.arguments = x86_64_arguments,
	.argument_count = ARRAY_SIZE(x86_64_arguments),
	.result = "ax",
	.classify = x86_classify,
};
