/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this folder share: an opened module with its readers, the parsed pattern of a
 * query, and one function per question. The data's way: module → (symbols | DWARF | BTF | notes)
 * → places; place → variable → location and ctype → fetch.
 */
#ifndef DEBUGINFO_MODULE_H
#define DEBUGINFO_MODULE_H

#include <elfutils/libdwfl.h>
#include <gelf.h>

#include "arch.h"
#include "debuginfo.h"

struct btf;
struct dwarf_index;
struct dwarf_names;
struct kernel_symbols;

struct function_symbol {
	const char *name;
	uint64_t address, size;
	bool is_global;
};

struct module {
	struct debuginfo *debuginfo;
	struct arena *arena;
	const char *path, *source;
	const char *missing;		/* what its debug info lacks, a clause, or NULL */
	const char *kernel_name;	/* NULL: a file; "" for the kernel, else the kernel module */
	const struct arch *arch;
	Dwfl *dwfl;
	Dwfl_Module *dwfl_module;
	Elf *elf;			/* owned by dwfl */
	GElf_Addr bias;			/* of libdwfl's addresses over the file's own */
	Dwarf *dwarf;			/* owned by dwfl, or NULL */
	struct btf *btf;		/* or NULL */
	bool symbols_read;
	ARRAY(struct function_symbol) symbols; /* functions, by address */
	const struct dwarf_index *index; /* made when first asked for */
	struct dwarf_names *names;	/* the same */
	struct kernel_symbols *kernel;	/* of debuginfo_open_kernel() */
};

struct debuginfo {
	struct frontend *frontend;
	struct arena *arena;
	struct table modules;		/* path → struct module */
	struct table kernel_modules;	/* name → struct module */
	struct table headers;		/* "<sys/time.h>" → one of modules */
	struct btf *kernel_btf;		/* of vmlinux: the base of its modules' */
};

static inline bool module_is_user(const struct module *module)
{
	return !module->kernel_name;
}

/* ---- pattern.c ---- */

enum line_kind { LINE_NONE, LINE_ABSOLUTE, LINE_RELATIVE, LINE_ANY };
struct pattern {
	const char *function;		/* never NULL, wildcards */
	const char *file;		/* NULL: any */
	enum line_kind line_kind;
	int first, last;		/* ABSOLUTE, RELATIVE: inclusive */
};
/** pattern_parse() - take `f@file:1-3` apart; 0 or -EINVAL with a sentence in @problem */
int pattern_parse(struct arena *arena, const char *text, struct pattern *pattern,
		  struct buf *problem);
/** pattern_match_file() - the whole path, or from one of its slashes on */
bool pattern_match_file(const struct pattern *pattern, const char *path);
/** pattern_near() - whether @name could have been meant when @wanted was not found */
bool pattern_near(const char *wanted, const char *name);

/* ---- elf.c ---- */

/** elf_file_offset() - of @address; -1 when no code is loaded there from the file */
int64_t elf_file_offset(const struct module *module, uint64_t address, bool only_code);
/** elf_find_section() - by name; NULL when there is none */
Elf_Scn *elf_find_section(Elf *elf, const char *name, GElf_Shdr *header);
/** elf_section_data() - its bytes, decompressed; NULL when it has none in the file */
Elf_Data *elf_section_data(Elf_Scn *section);

/* ---- symtab.c ---- */

/** symtab_read() - fill module.symbols; cheap when called again */
void symtab_read(struct module *module);
/** symtab_at() - the function symbol that covers @address, or NULL */
const struct function_symbol *symtab_at(struct module *module, uint64_t address);
/** symtab_find() - the address of the variable or function @name */
bool symtab_find(struct module *module, const char *name, uint64_t *address);
int symtab_find_places(struct module *module, const struct place_query *query,
		       const struct pattern *pattern, place_array *places, name_array *suggest);
/** plt_find_places() - entries of the procedure linkage table */
int plt_find_places(struct module *module, const struct place_query *query, place_array *places,
		    name_array *suggest);

/* ---- sdt.c ---- */

struct sdt_argument {
	uint8_t size;
	bool is_signed;
	const char *operand;
};
int sdt_find_places(struct module *module, const struct place_query *query, place_array *places,
		    name_array *suggest);
int sdt_value(const struct code_place *place, const struct expr *target,
	      struct place_value *value, struct buf *problem);
size_t sdt_variables(const struct code_place *place, struct family_variable *out, size_t room);

/** sdt_operand_value() - how to fetch the argument; 0, or -ENOTSUP with a sentence in @problem */
int sdt_operand_value(const struct module *module, const struct sdt_argument *argument,
		      struct place_value *value, struct buf *problem);

/* ---- places.c ---- */

/** place_new() - a place at @address, function and offsets filled from the symbols */
struct code_place *place_new(struct module *module, uint64_t address);
void places_sort(place_array *places);

/* ---- fetch.c: fetches are immutable; each step makes a new one ---- */

const struct fetch *fetch_constant(struct arena *arena, int64_t value);
/** fetch_register() - @number is @arch's own DWARF number; NULL when it cannot be fetched */
const struct fetch *fetch_register(struct arena *arena, const struct arch *arch, unsigned number,
				   int64_t offset);
/** fetch_entry() - the same register as it was where the call began */
const struct fetch *fetch_entry(struct arena *arena, const struct arch *arch, unsigned number);
const struct fetch *fetch_address(struct arena *arena, uint64_t address);
const struct fetch *fetch_add(struct arena *arena, const struct fetch *fetch, int64_t offset);
const struct fetch *fetch_deref(struct arena *arena, const struct fetch *base, unsigned size,
				bool is_signed, bool is_user);
/** fetch_number() - the place_value of a number, its outer offset moved into the addend */
void fetch_number(struct arena *arena, const struct fetch *fetch, unsigned bit_offset,
		  unsigned bit_size, struct place_value *value);
void fetch_string(struct arena *arena, const struct fetch *address, bool is_user,
		  uint32_t length, struct place_value *value);

#endif
