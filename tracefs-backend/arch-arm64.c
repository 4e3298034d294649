// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * arm64. Register names: arch/arm64/kernel/ptrace.c regoffset_table; DWARF numbers: DWARF
 * for the Arm 64-bit architecture. Of the instructions a uprobe simulates
 * (arch/arm64/kernel/probes/decode-insn.c), those that may follow a landing pad matter here.
 */
#include <elf.h>

#include "arch.h"

static const char *const arm64_registers[] = {
	"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10",
	"x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20",
	"x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "lr", "sp", "pc",
};

#define ARM64_NOP 0xd503201fu
#define ARM64_HINT_MASK 0xffffff3fu
#define ARM64_BTI 0xd503241fu	 /* bti, bti c, bti j, bti jc */
#define ARM64_BRANCH_MASK 0x7c000000u
#define ARM64_BRANCH 0x14000000u /* b, bl */

static enum instruction_class arm64_classify(const unsigned char *code, size_t size,
					     unsigned *length)
{
	uint32_t word;

	*length = 0;
	if (size < sizeof(word))
		return INSTRUCTION_STEPPED;
	word = (uint32_t)code[0] | (uint32_t)code[1] << 8 | (uint32_t)code[2] << 16 |
	       (uint32_t)code[3] << 24;
	*length = sizeof(word);
	if ((word & ARM64_HINT_MASK) == ARM64_BTI)
		return INSTRUCTION_LANDING;
	if (word == ARM64_NOP || (word & ARM64_BRANCH_MASK) == ARM64_BRANCH)
		return INSTRUCTION_EMULATED;
	return INSTRUCTION_STEPPED;
}

const struct trace_arch trace_arch_arm64 = {
	.name = "arm64",
	.machine = EM_AARCH64,
	.machine32 = EM_ARM,
	.registers = arm64_registers,
	.register_count = ARRAY_SIZE(arm64_registers),
	.arguments = arm64_registers, /* x0 to x7 */
	.argument_count = 8,
	.result = "x0",
	.classify = arm64_classify,
};
