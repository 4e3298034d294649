/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each thread has counted so far: readings of CPUs, in stream order, made into totals. */
#ifndef COUNTER_H
#define COUNTER_H

#include "aggregator.h"

struct counter_model;

/** counter_model_new() - of @count counters, NULL for none; free with counter_model_free() */
struct counter_model *counter_model_new(size_t count);
void counter_model_free(struct counter_model *model);
/**
 * counter_model_apply() - take in the reading of @event, a HIT or COUNTERS with a sample
 * Returns the totals of its thread, valid until the next call. A reading of another number of
 * counters than the model's changes nothing.
 */
const uint64_t *counter_model_apply(struct counter_model *model, const struct event *event);
/** counter_model_warn() - say so when the hardware was short */
void counter_model_warn(const struct counter_model *model, const struct log *log);
/** counter_model_forget() - thread @tid is gone, or another one of this number begins */
void counter_model_forget(struct counter_model *model, int32_t tid);

#endif
