/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DWARF reader: an index over all compilation units of a module, made once, and the questions
 * that are answered from it. Addresses are the file's own.
 */
#ifndef DEBUGINFO_DWARF_H
#define DEBUGINFO_DWARF_H

#include "ctype.h"
#include "module.h"

#include <dwarf.h>

/* a function with code of its own, or one inlined copy */
struct dwarf_function {
	Dwarf_Die die;
	const char *name;
	bool is_inline;
};

typedef ARRAY(Dwarf_Die) unit_array;

/* a name's definitions, in the order of the units */
struct dwarf_named {
	Dwarf_Die die;
	struct dwarf_named *next;
};

struct dwarf_index {
	ARRAY(struct dwarf_function) functions; /* some have no code */
};
struct dwarf_names {
	struct table variables;	/* name → struct dwarf_named: globals and statics, not locals */
	struct table declared;	/* name → Dwarf_Die of an `extern`, or of what has no address */
	struct table types;	/* "s:name" → Dwarf_Die of a definition; see dwarf_find_type() */
};

/* code_place.scope: where names are looked up */
struct dwarf_scope {
	Dwarf_Die function;	/* DW_TAG_subprogram with code, or DW_TAG_inlined_subroutine */
	Dwarf_Die unit;
};

/* ---- dwarf-index.c ---- */

/** dwarf_index() - the functions of all units, dwarf_index_of() - of those @pattern can mean */
const struct dwarf_index *dwarf_index(struct module *module);
const struct dwarf_index *dwarf_index_of(struct module *module, const struct pattern *pattern);
const struct dwarf_names *dwarf_names(struct module *module);
/** dwarf_units_of() - the units that can hold what @pattern means */
void dwarf_units_of(struct module *module, const struct pattern *pattern, unit_array *units);
/** dwarf_unit_at() - the unit with the code at @address, false when there is none */
bool dwarf_unit_at(struct module *module, uint64_t address, Dwarf_Die *unit);
/** dwarf_innermost() - its function or inlined copy at @address, false when there is none */
bool dwarf_innermost(const Dwarf_Die *unit, uint64_t address, Dwarf_Die *function);
/** dwarf_enclosing() - the function with code of its own that an inlined copy is part of */
bool dwarf_enclosing(Dwarf_Die *function, Dwarf_Die *enclosing);
/** dwarf_file_of() - the source file @die is declared in, or NULL */
const char *dwarf_file_of(Dwarf_Die *die);
/** dwarf_matches_name() - plain name, name with its classes and namespaces, linkage name */
bool dwarf_matches_name(const struct dwarf_function *function, const char *pattern);

/* ---- dwarf-place.c ---- */

int dwarf_find_places(struct module *module, const struct place_query *query,
		      const struct pattern *pattern, place_array *places, name_array *suggest,
		      struct buf *problem);
/* one search; callees.c adds to it */
struct place_finder {
	struct module *module;
	const struct place_query *query;
	const struct pattern *pattern;
	place_array *places;
	struct pattern callee;	/* of query->callee */
	const struct code_place *caller; /* whose callees are looked for, or NULL */
	struct table callees;	/* address of the entry → struct callee */
	struct table searched;	/* functions whose calls were looked at → so many levels deep */
	struct table namesakes;	/* name → functions out of line */
	bool has_tail_call;
};
/** dwarf_place_add() - where the function begins; NULL when it has no code that is loaded */
struct code_place *dwarf_place_add(struct place_finder *finder, struct dwarf_function *function);
/** dwarf_place_at() - the place @address, NULL when no unit covers it */
struct code_place *dwarf_place_at(struct module *module, uint64_t address);
/** dwarf_place_new() - a place at @address in @function, which is copied */
struct code_place *dwarf_place_new(struct module *module, Dwarf_Die *function, uint64_t address);
bool dwarf_entry(Dwarf_Die *function, uint64_t *address);

/* ---- callees.c ---- */

void callees_start(struct place_finder *finder);
/** callees_find() - what @function calls, and what is inlined into it, so many calls deep */
void callees_find(struct place_finder *finder, Dwarf_Die *function);
/** callees_end() - how many were found, or -errno with a sentence in @problem */
int callees_end(struct place_finder *finder, struct buf *problem);

/* ---- line.c ---- */

/** line_find_places() - the places of the lines of @pattern, the lowest address of each */
int line_find_places(struct module *module, const struct place_query *query,
		     const struct pattern *pattern, place_array *places, struct buf *problem);
/** line_prologue_end() - where the second line of the function that begins at @address starts */
uint64_t line_prologue_end(Dwarf_Die *function, uint64_t address);
/** line_at() - the source line of @address; 0 when there is none */
int line_at(Dwarf_Die *unit, uint64_t address, const char **file);

/* ---- location.c ---- */

/**
 * location_find() - where the variable or parameter @die is at @place
 * Fills kind and fetch of @object. 0, -ENODATA or -ENOTSUP with a sentence in @problem.
 */
int location_find(const struct code_place *place, Dwarf_Die *die, struct object *object,
		  struct buf *problem);

/* ---- variable.c ---- */

/** dwarf_needs_prologue() - parameters that the calling convention alone does not find at entry */
bool dwarf_needs_prologue(struct module *module, Dwarf_Die *function);

#endif
