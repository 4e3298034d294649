/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own lists of its functions, and its prototypes and types as BTF.
 */
#ifndef DEBUGINFO_KERNEL_H
#define DEBUGINFO_KERNEL_H

#include "ctype.h"
#include "module.h"

struct kernel_symbols {
	ARRAY(struct function_symbol) functions; /* text symbols at run time, by address */
	uint64_t init_start, init_end;	/* code that is gone once the kernel has started */
	struct table by_name;		/* of functions, the first of each name */
	struct table traceable;		/* names ftrace knows: probes can go there */
	struct table prototypes;	/* name → struct btf_type of its prototype */
	bool prototypes_read;
	bool traceable_read;
};

/* module.c, for kernel.c: not yet in any table */
struct module *module_new(struct debuginfo *debuginfo, const char *path);
/** module_read_elf() - open module->path with libdwfl; false after a sentence in @problem */
bool module_read_elf(struct module *module, struct buf *problem);

/** kernel_is_foreign() - it is another machine's (-a): nothing here tells of it but files */
bool kernel_is_foreign(const struct module *module);
/** kernel_find_types() - DWARF, else BTF, else none; tells which with -v */
void kernel_find_types(struct module *module);
/** kernel_symbols_parse() - /proc/kallsyms' lines of the kernel (@name "") or a module */
void kernel_symbols_parse(struct arena *arena, struct kernel_symbols *kernel, char *text,
			  const char *name);
/** kernel_is_alive() - whether the function still exists: initialisation code does not */
bool kernel_is_alive(const struct kernel_symbols *kernel, const char *name);
int kernel_find_places(struct module *module, const struct place_query *query,
		       const struct pattern *pattern, place_array *places, name_array *suggest);
/** kernel_moved_address() - from where the file says code is to where it runs; false: not there */
bool kernel_moved_address(struct module *module, uint64_t *address);
struct code_place *kernel_place_at(struct module *module, uint64_t address);

#endif
