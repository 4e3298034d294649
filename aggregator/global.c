// SPDX-License-Identifier: GPL-2.0-or-later
/* Global variables at run time: a number, a string, a statistic, or an array of them. */
#include "builtin.h"
#include "bytecode.h"
#include "global.h"

static void global_set_initial(struct global *global, struct vm_session *session)
{
	const struct expr *initial = global->variable->initial;
	const struct expr *value = initial;
	int64_t sign = 1;

	while (value && value->kind == EXPR_UNARY && value->op == OP_NEG) {
		value = value->a;
		sign = -sign;
	}
	if (global->variable->type == TYPE_STRING) {
		global->value.string = str_empty();
		if (value && value->kind == EXPR_STRING)
			global->value.string =
				str_new(value->string,
					native_limit_length(session, value->string_length));
	} else if (global->variable->type == TYPE_STATS) {
		global->value.stat = stat_new(&global->variable->stat);
	} else if (value && value->kind == EXPR_NUMBER) {
		global->value.number = (int64_t)((uint64_t)value->number * (uint64_t)sign);
	}
}

void global_init(struct global *global, const struct variable *variable,
		 struct vm_session *session)
{
	struct map_shape shape = {
		.key_count = variable->index_count,
		.value_type = variable->type == TYPE_UNKNOWN ? TYPE_LONG : variable->type,
		.stat = variable->stat,
		.max_entries = variable->max_entries ?
				       variable->max_entries :
				       session->options->limits[LIMIT_MAXMAPENTRIES],
		.wraps = variable->wraps,
	};

	global->variable = variable;
	if (!variable->is_array) {
		global_set_initial(global, session);
		return;
	}
	for (size_t i = 0; i < variable->index_count; i++)
		shape.key_types[i] = variable->index_types[i] == TYPE_STRING ? TYPE_STRING :
									       TYPE_LONG;
	global->key_count = variable->index_count;
	global->key_words = operand_words(global->key_count);
	if (variable->index_count)
		global->map = map_new(&shape);
}

void global_release(struct global *global)
{
	if (global->map)
		map_free(global->map);
	else if (global->variable->is_array)
		return;
	else if (global->variable->type == TYPE_STRING)
		str_unref(global->value.string);
	else if (global->variable->type == TYPE_STATS)
		stat_free(global->value.stat);
}

void global_count(struct global *globals, const struct probe *probe, uint64_t times)
{
	for (size_t i = 0; i < probe->effects.count; i++) {
		const struct count_effect *effect = &probe->effects.items[i];
		union value *value = &globals[effect->global->slot].value;

		if (effect->global->type == TYPE_STATS)
			stat_add_times(value->stat, &effect->global->stat, effect->amount, times);
		else
			value->number = (int64_t)((uint64_t)value->number +
						  (uint64_t)effect->amount * times);
	}
}

void global_reset(struct global *global)
{
	if (global->variable->type == TYPE_STRING) {
		str_unref(global->value.string);
		global->value.string = str_empty();
	} else if (global->variable->type == TYPE_STATS) {
		stat_free(global->value.stat);
		global->value.stat = stat_new(&global->variable->stat);
	} else {
		global->value.number = 0;
	}
}
