/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of probe families of this folder; family.c hands them out together.
 */
#ifndef TRACEFS_FAMILIES_H
#define TRACEFS_FAMILIES_H

#include "../frontend/frontend.h"

extern const struct family tracepoint_families[], uprobe_families[], kprobe_families[],
	process_families[], netfilter_families[];
extern const size_t tracepoint_family_count, uprobe_family_count, kprobe_family_count,
	process_family_count, netfilter_family_count;

#endif
