/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a machine's calling convention says: which register holds which parameter, how registers
 * are called in assembly, how large a pointer is. Registers are DWARF numbers; `native` turns those
 * of a 32-bit program into those of the 64-bit kernel that traces it.
 */
#ifndef DEBUGINFO_ARCH_H
#define DEBUGINFO_ARCH_H

#include "../../lib/lib.h"

/* an assembler name of (part of) a register: bytes size from bit_offset on */
struct arch_register {
	const char *name;
	uint8_t number, size, bit_offset;
};

#define MAX_PARAMETER_REGISTERS 8

struct arch {
	const char *name;	/* as in SystemTap's `arch` */
	int machine;		/* EM_… */
	uint8_t pointer_size;
	uint8_t parameter_count;
	uint8_t parameters[MAX_PARAMETER_REGISTERS];
	uint8_t stack_pointer;
	uint8_t second_result;	/* holds the upper word of a record of two that is returned */
	int8_t return_register;	/* holds the return address at entry; -1: it is on the stack */
	bool large_by_reference; /* records of more than two words are passed as pointers */
	uint8_t stack_parameters; /* bytes from the stack pointer to the first one, at entry */
	const uint8_t *native;	  /* DWARF number here → DWARF number of the tracing kernel */
	uint8_t native_count;
	const struct arch_register *registers;
	size_t register_count;
};

/** arch_of_machine() - by ELF's e_machine, NULL when unknown */
const struct arch *arch_of_machine(int machine);
/** arch_by_name() - by name, NULL when unknown */
const struct arch *arch_by_name(const char *name);
/** arch_native_register() - the number the tracing kernel's tables know @number as, or -1 */
int arch_native_register(const struct arch *arch, unsigned number);
/** arch_find_register() - by its assembler name, NULL when there is none */
const struct arch_register *arch_find_register(const struct arch *arch, const char *name);

#endif
