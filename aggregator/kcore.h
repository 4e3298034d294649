/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading kernel memory through /proc/kcore, where the kernel has it. Private to the aggregator. */
#ifndef KCORE_H
#define KCORE_H

#include "../lib/lib.h"

struct kcore;

/** kcore_open() - read the map of segments; NULL when /proc/kcore is not there for us */
struct kcore *kcore_open(const char *path);
void kcore_free(struct kcore *kcore);
/** kcore_read() - @size bytes at @address; how many could be read, from the start on */
size_t kcore_read(const struct kcore *kcore, uint64_t address, void *out, size_t size);

#endif
