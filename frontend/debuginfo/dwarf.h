/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DWARF reader: an index over all compilation units of a module, made once, and the questions
 * that are answered from it.
 */
#ifndef DEBUGINFO_DWARF_H
#define DEBUGINFO_DWARF_H

#include "ctype.h"
#include "module.h"

#include <dwarf.h>

int dwarf_find_places(struct module *module, const struct place_query *query,
		      const struct pattern *pattern, place_array *places, name_array *suggest,
		      struct buf *problem);
/** dwarf_place_at() - the place @address, NULL when no unit covers it */
struct code_place *dwarf_place_at(struct module *module, uint64_t address);

#endif
