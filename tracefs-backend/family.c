// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every kind of probe point this folder knows: kernel.trace, the functions of kernel and programs,
 * and what happens to processes.
 */
#include "families.h"
#include "tracefs-backend.h"

static void add_table(struct frontend *frontend, struct tracefs *tracefs,
		      const struct family *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		frontend_add_family(frontend, &rows[i], tracefs);
}

void tracefs_add_families(struct frontend *frontend, struct tracefs *tracefs)
{
	add_table(frontend, tracefs, tracepoint_families, tracepoint_family_count);
	add_table(frontend, tracefs, uprobe_families, uprobe_family_count);
	add_table(frontend, tracefs, kprobe_families, kprobe_family_count);
	add_table(frontend, tracefs, process_families, process_family_count);
	add_table(frontend, tracefs, netfilter_families, netfilter_family_count);
}
