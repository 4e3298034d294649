/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What programs and the kernel say about themselves: ELF symbols, DWARF, BTF, SDT notes. The only
 * code that knows libdw, libelf and libbpf's btf.h. In: a file and a pattern; out: places where a
 * probe can go, and for `$x->y[1]` at a place, the recipe that fetches it.
 *
 * Everything lives in the session's arena except what debuginfo_free() closes. Files are hostile.
 */
#ifndef DEBUGINFO_H
#define DEBUGINFO_H

#include "../frontend.h"

struct debuginfo;
struct module; /* one executable, shared library, kernel or kernel module, opened once a session */

struct debuginfo *debuginfo_new(struct frontend *frontend);
void debuginfo_free(struct debuginfo *debuginfo);
/** frontend_debuginfo() - the session's one, made at first use, freed by frontend_free() */
struct debuginfo *frontend_debuginfo(struct frontend *frontend);

/**
 * debuginfo_open_file() - an ELF file and its separate debug file, if there is one
 * Debug files are looked for by build id and .gnu_debuglink under /usr/lib/debug, with dwz's
 * alternate files. NULL after a sentence in @problem.
 */
struct module *debuginfo_open_file(struct debuginfo *debuginfo, const char *path,
				   struct buf *problem);
/**
 * debuginfo_open_kernel() - the running kernel (@name NULL) or one of its modules
 * Types come from DWARF when a vmlinux with it is found, else from BTF, else there are none;
 * symbols from /proc/kallsyms or available_filter_functions in any case.
 */
struct module *debuginfo_open_kernel(struct debuginfo *debuginfo, const char *name,
				     struct buf *problem);
/**
 * debuginfo_open_header() - the types of C headers, "<sys/time.h>" or several such in a row
 * They are compiled with the system's C compiler once and kept in the user's cache directory.
 */
struct module *debuginfo_open_header(struct debuginfo *debuginfo, const char *headers,
				     struct buf *problem);
/** module_source() - "DWARF of FILE", "BTF", "no types": told once with -v */
const char *module_source(const struct module *module);
const char *module_path(const struct module *module);
bool module_is_user_space(const struct module *module);

/* one place in code where a probe can go */
struct code_place {
	struct module *module;
	const char *function;	/* enclosing function, demangled never */
	const char *file;	/* source file as the debug info names it, or NULL */
	int line;		/* or 0 */
	uint64_t address;	/* in the file's own (link-time) address space */
	uint64_t file_offset;	/* of that instruction in the file, for uprobes */
	uint64_t function_address, function_size;
	const char *symbol;	/* kernel: the symbol the address is relative to */
	uint64_t symbol_offset;
	bool is_inline;		/* inside an inlined copy */
	bool is_return;		/* fires when the function returns */
	bool at_entry;		/* before the first instruction ran: ABI registers are intact */
	const void *scope;	/* the reader's own: the innermost DIE, a BTF prototype … */
	uint64_t semaphore_offset; /* SDT: file offset of the semaphore, or 0 */
	/* .callee: where the calls return to that the probe is about, in the file's address space,
	 * of the kernel at run time; it fires for no others. 0: for all */
	const uint64_t *callers;
	unsigned caller_count;
	const struct code_place *caller; /* .callee: the function that was asked about */
	const char *label;
	const struct sdt_argument *arguments; /* SDT: $arg1 … */
	unsigned argument_count;
	const char *provider, *mark; /* SDT */
};
typedef ARRAY(const struct code_place *) place_array;
typedef ARRAY(const char *) name_array;
typedef ARRAY(struct expr *) expr_array;

/* what a program or library asks the loader for */
struct library_needs {
	name_array names;		/* DT_NEEDED, in order */
	const char *rpath, *runpath;	/* directories with colons between them, or NULL */
};
/** debuginfo_needs() - of the file @path; empty when it is static or cannot be read */
void debuginfo_needs(struct arena *arena, const char *path, struct library_needs *needs);

enum place_what {
	PLACE_FUNCTION,	 /* entries of functions, out of line and inlined copies */
	PLACE_STATEMENT, /* the places of source lines */
	PLACE_LABEL,	 /* labels in functions */
	PLACE_PLT,	 /* PLT entries */
	PLACE_MARK,	 /* SDT marks */
};
/* f, f@file, f@file:line, f@file+line, f@file:first-last, f@file:*, an address: all wildcards */
struct place_query {
	enum place_what what;
	const char *pattern;	/* the string of .function("…"), .statement("…"), .mark("…") */
	uint64_t address;	/* instead of pattern: .statement(ADDR), .function(ADDR) */
	const char *label;	/* LABEL */
	const char *provider;	/* MARK: a wildcard, or NULL */
	bool is_return, only_call, only_inline, only_exported, nearest;
	bool is_absolute;	/* the address is of the running kernel's memory */
	const char *callee;	/* .callee("x"): places of x called (inlined) from pattern */
	unsigned callee_depth;
	bool any_caller;	/* … whoever calls them */
};
/**
 * debuginfo_find() - all places that match, in address order
 * Returns the number found, or -errno with a sentence in @problem. @suggest gets names near to
 * the pattern when none is found.
 */
int debuginfo_find(struct module *module, const struct place_query *query, place_array *places,
		   name_array *suggest, struct buf *problem);

/**
 * debuginfo_line() - the source line of the code at @address, 0 when none is known
 * @file: set with it, as the debug info names the file
 */
int debuginfo_line(struct module *module, uint64_t address, const char **file);
/** debuginfo_symbol() - the link-time address of the function or variable @name; false: none */
bool debuginfo_symbol(struct module *module, const char *name, uint64_t *address);

/* memory that no fetch reaches: at base + index * scale + displacement; base may be NULL */
struct indexed_memory {
	const struct recipe *base, *index;
	unsigned scale;
	int64_t displacement;
	uint8_t size;
	bool is_signed;
};
/* what a `$` expression is at a place */
struct place_value {
	enum type type;			/* TYPE_LONG, or TYPE_STRING for $x$ of a char array */
	const struct recipe *recipe;	/* NULL when it is the constant @addend alone */
	int64_t addend;			/* the handler adds this to the fetched number */
	const char *c_type;
	bool is_pointer, is_char_array;
	const struct indexed_memory *indexed; /* or read there, of user space, in the handler */
};
/**
 * debuginfo_value() - how to fetch `$name` or @var with its path, or `&…` of it, at @place
 * @target: EXPR_TARGET; indexes in the path must be literals
 * Returns 0, -ENOENT (no such variable or member), -ENODATA (exists but not available here),
 * -ENOTSUP, each with a sentence in @problem.
 */
int debuginfo_value(const struct code_place *place, const struct expr *target,
		    struct place_value *value, struct buf *problem);
/**
 * debuginfo_cast() - the same for @cast(pointer, "type")->path; @pointer is the fetch of operand
 */
int debuginfo_cast(struct module *module, const struct fetch *pointer, bool is_user,
		   const char *type_name, const struct expr *cast, struct place_value *value,
		   struct buf *problem);
/** debuginfo_has_type() - whether debuginfo_cast() would know @type_name */
bool debuginfo_has_type(struct module *module, const char *type_name);
/**
 * debuginfo_argument() - parameter @number, from 1, by the calling convention alone
 * Its whole register or stack slot. 0 or -errno with a sentence in @problem.
 */
int debuginfo_argument(const struct code_place *place, int64_t number, struct place_value *value,
		       struct buf *problem);
/** debuginfo_register() - by its assembler name; @bits from @bit_offset on are what it names */
int debuginfo_register(const struct code_place *place, const char *name, unsigned *bit_offset,
		       unsigned *bits, struct place_value *value, struct buf *problem);
/** debuginfo_stack_pointer() - its recipe, NULL when it cannot be fetched */
const struct recipe *debuginfo_stack_pointer(const struct code_place *place);
/** debuginfo_call_entry() - where the function begins whose code @place is in; NULL: not known */
const struct code_place *debuginfo_call_entry(const struct code_place *place);
/** debuginfo_call_frame() - at @place, what the stack pointer was there; false: not known */
bool debuginfo_call_frame(const struct code_place *place, struct place_value *value);
/** debuginfo_return_address() - its recipe where a function begins; NULL when it is not known */
const struct recipe *debuginfo_return_address(const struct code_place *place);
/** debuginfo_variables() - variables visible at @place, parameters first; at most @room */
size_t debuginfo_variables(const struct code_place *place, struct family_variable *out, size_t room);
/**
 * debuginfo_pretty() - `$x$` and `$x$$` as a sprintf: its format, and its arguments as EXPR_TARGET
 * expressions, or EXPR_CALLs of user_string_quoted() and the like on them
 * @target: without the final `$`
 */
int debuginfo_pretty(const struct code_place *place, const struct expr *target, bool deep,
		     struct buf *format, expr_array *arguments, struct buf *problem);
/** debuginfo_pretty_cast() - the same for `@cast(…)->path$`; the arguments are EXPR_CASTs */
int debuginfo_pretty_cast(struct module *module, bool is_user, const char *type_name,
			  const struct expr *cast, bool deep, struct buf *format,
			  expr_array *arguments, struct buf *problem);

#endif
