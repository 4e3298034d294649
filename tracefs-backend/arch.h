/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between architectures where probes are defined, one table each: the names tracefs
 * has for registers, which of them carry arguments, and which instructions a uprobe emulates
 * instead of single-stepping them. A program's architecture is its ELF file's, not the machine's:
 * a 32-bit program on a 64-bit kernel has the kernel's registers under other DWARF numbers.
 */
#ifndef ARCH_H
#define ARCH_H

#include "../lib/lib.h"

/* what the kernel does at a uprobe's instruction, by measured cost on x86-64 */
enum instruction_class {
	INSTRUCTION_STEPPED,	/* copied and single-stepped: some 11 µs */
	INSTRUCTION_EMULATED,	/* done by the kernel itself: under 1 µs */
	INSTRUCTION_LANDING,	/* endbr64, bti: does nothing, but is stepped */
};

/**
 * struct arch - one architecture
 * @name: as SystemTap's `arch` calls it
 * @machine: e_machine of its ELF files
 * @pointer_size: bytes
 * @registers: tracefs' names (without '%') by DWARF number; NULL where tracefs has none
 * @arguments: DWARF numbers of the registers that carry a function's integer arguments, in order
 * @classify: the instruction in @size bytes at @code; @length is set to its bytes, 0 if unknown
 */
struct arch {
	const char *name;
	unsigned machine, pointer_size;
	const char *const *registers;
	unsigned register_count;
	const unsigned char *arguments;
	unsigned argument_count;
	enum instruction_class (*classify)(const unsigned char *code, size_t size,
					   unsigned *length);
};

extern const struct arch arch_x86_64, arch_i386, arch_arm64;

/** arch_of_machine() - the table for ELF files of this e_machine, or NULL */
const struct arch *arch_of_machine(unsigned machine);
/** arch_host() - the table of the kernel we run on */
const struct arch *arch_host(void);
/** arch_register() - tracefs' name of DWARF register @number, or NULL */
const char *arch_register(const struct arch *arch, unsigned number);
/**
 * arch_step_entry() - bytes from a function's entry to where a uprobe is cheaper, 0 for none
 * @code: the function's first @size bytes
 * Only a landing pad is ever stepped over, and only to an emulated instruction, so that arguments
 * and the return address are where they were.
 */
unsigned arch_step_entry(const struct arch *arch, const unsigned char *code, size_t size);

#endif
