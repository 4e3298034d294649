/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between architectures where probes are defined, one table each: the names tracefs
 * has for registers, and which instructions a uprobe emulates instead of single-stepping them.
 * Recipes name registers by the DWARF numbers of the kernel's own architecture, also those of a
 * 32-bit program that a 64-bit kernel runs.
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
 * struct trace_arch - one architecture
 * @name: as SystemTap's `arch` calls it
 * @machine, @machine32: e_machine of the ELF files it runs; 0 for none
 * @registers: tracefs' names (without '%') by DWARF number; NULL where tracefs has none
 * @arguments: the registers of integer arguments among them, in order
 * @result: the register of integer results
 * @classify: the instruction in @size bytes at @code; @length is set to its bytes, 0 if unknown
 */
struct trace_arch {
	const char *name;
	unsigned machine, machine32;
	const char *const *registers;
	unsigned register_count;
	const char *const *arguments;
	unsigned argument_count;
	const char *result;
	enum instruction_class (*classify)(const unsigned char *code, size_t size,
					   unsigned *length);
};

extern const struct trace_arch trace_arch_x86_64, trace_arch_arm64;

/** trace_arch_of_machine() - the table for ELF files of this e_machine, or NULL */
const struct trace_arch *trace_arch_of_machine(unsigned machine);
/** trace_arch_by_name() - the table of the architecture SystemTap calls @name, or NULL */
const struct trace_arch *trace_arch_by_name(const char *name);
/** trace_arch_host() - the table of the kernel we run on */
const struct trace_arch *trace_arch_host(void);
/** trace_arch_register() - tracefs' name of DWARF register @number, or NULL */
const char *trace_arch_register(const struct trace_arch *arch, unsigned number);
/**
 * trace_arch_step_entry() - bytes from a function's entry to where a uprobe is cheaper, 0 for none
 * @code: the function's first @size bytes
 * Only a landing pad is ever stepped over, and only to an emulated instruction, so that arguments
 * and the return address are where they were.
 */
unsigned trace_arch_step_entry(const struct trace_arch *arch, const unsigned char *code, size_t size);

#endif
