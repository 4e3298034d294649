/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values out of an event's record, where a backend's struct load says that they stand. */
#ifndef LOAD_H
#define LOAD_H

#include "aggregator.h"

/** load_number() - a number from @event's record or sample; false when it is not there */
bool load_number(const struct event *event, const struct load *load, int64_t *out);
/**
 * load_span() - where the bytes of a text or block stand in @event's record
 * Returns false when they are not wholly inside it; a LOAD_FETCHED of size 0 is a fault.
 */
bool load_span(const struct event *event, const struct load *load, size_t *offset, size_t *size);

#endif
