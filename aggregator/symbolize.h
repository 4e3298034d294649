/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses to names: the kernel's from /proc/kallsyms, a process's from the ELF files it had
 * mapped, from the vDSO, and from what a JIT compiler wrote to /tmp/perf-PID.map.
 */
#ifndef SYMBOLIZE_H
#define SYMBOLIZE_H

#include "address-space.h"
#include "image.h"

struct symbolizer;
struct symbolizer *symbolizer_new(void);
void symbolizer_free(struct symbolizer *symbolizer);
/** symbolizer_declared() - @name as C++ declares it, or @name */
const char *symbolizer_declared(struct symbolizer *symbolizer, const char *name);

/**
 * struct symbol - what is known of an address
 * @name: NULL when no symbol covers it
 * @module: "kernel", a kernel module's name, a file's path; NULL when nothing is known
 * @offset, @size: in the symbol, or without one in the module
 * @file, @line: left to the caller; shown in SYMBOL_FULL when @line is not 0
 * Pointers are valid until the next question.
 */
struct symbol {
	const char *name, *module;
	uint64_t offset, size;
	const char *file;
	int line;
};
void symbolize_kernel(struct symbolizer *symbolizer, uint64_t address, struct symbol *symbol);
void symbolize_user(struct symbolizer *symbolizer, const struct address_space *space,
		    uint64_t address, struct symbol *symbol);

/**
 * symbolizer_image() - the ELF image @address is mapped from and its link-time address there
 * NULL when it is not from a file that can be read.
 */
struct image *symbolizer_image(struct symbolizer *symbolizer, const struct address_space *space,
			       uint64_t address, uint64_t *link_address);

/** symbolizer_kernel_address() - where the kernel function or section @name is; false: unknown */
bool symbolizer_kernel_address(struct symbolizer *symbolizer, const char *name, uint64_t *address);

/* how the functions of the tapset reference write an address */
enum symbol_form {
	SYMBOL_NAME,	/* name */
	SYMBOL_BRIEF,	/* name+0x1 */
	SYMBOL_SIMPLE,	/* name+0x1 [file] */
	SYMBOL_DATA,	/* name+0x1/0x2 [path] */
	SYMBOL_FULL,	/* 0xaddress : name+0x1/0x2 at file:3 [path] */
};
/** symbol_print() - append @address in @form; what is not known is left out, at last 0xaddress */
void symbol_print(const struct symbol *symbol, uint64_t address, enum symbol_form form,
		  struct buf *out);

#endif
