// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The DWARF reader's places.
 */
#include "dwarf.h"

int dwarf_find_places(struct module *module, const struct place_query *query,
		      const struct pattern *pattern, place_array *places, name_array *suggest,
		      struct buf *problem)
{
	(void)module, (void)query, (void)pattern, (void)places, (void)suggest, (void)problem;
	return 0;
}

struct code_place *dwarf_place_at(struct module *module, uint64_t address)
{
	(void)module, (void)address;
	return NULL;
}

int dwarf_find_object(const struct code_place *place, const char *name, const char *file,
		      struct object *object, struct buf *problem)
{
	(void)place, (void)name, (void)file, (void)object, (void)problem;
	return -2;
}

size_t dwarf_variables(const struct code_place *place, struct family_variable *out, size_t room)
{
	(void)place, (void)out, (void)room;
	return 0;
}

const struct ctype *dwarf_find_type(struct module *module, const char *keyword, const char *name)
{
	(void)module, (void)keyword, (void)name;
	return NULL;
}
