// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Statements to bytecode. Loops end in a backward LOOP, the only place where an endless script can
 * be interrupted; try blocks cost nothing until an error looks for one in the code's table.
 */
#include "compile.h"

/* with MAXACTION every statement and every turn of a loop counts */
static void count_action(struct compiler *compiler)
{
	if (compiler->bytecode->options->limits[LIMIT_MAXACTION] > 0)
		emit(compiler, OPCODE_ACTION, 0, 0, 0);
}

struct loop_state {
	jump_array breaks, continues;
	jump_array *outer_breaks, *outer_continues;
};

static void enter_loop(struct compiler *compiler, struct loop_state *state)
{
	memset(state, 0, sizeof(*state));
	state->outer_breaks = compiler->breaks;
	state->outer_continues = compiler->continues;
	compiler->breaks = &state->breaks;
	compiler->continues = &state->continues;
	note_target(compiler);
}

static void leave_loop(struct compiler *compiler, const struct loop_state *state)
{
	compiler->breaks = state->outer_breaks;
	compiler->continues = state->outer_continues;
}

static void compile_jump_out(struct compiler *compiler, jump_array *jumps)
{
	if (!jumps) {
		compile_problem(compiler, NULL, "break or continue outside of a loop");
		return;
	}
	array_push(compiler->arena, jumps, emit_jump(compiler, OPCODE_JUMP, 0));
}

static void compile_if(struct compiler *compiler, const struct stmt *stmt)
{
	jump_array otherwise = { 0 };
	size_t end;

	compile_branch(compiler, stmt->expr, false, &otherwise);
	compile_stmt(compiler, stmt->then);
	if (!stmt->otherwise) {
		patch_all(compiler, &otherwise);
		return;
	}
	end = emit_jump(compiler, OPCODE_JUMP, 0);
	patch_all(compiler, &otherwise);
	compile_stmt(compiler, stmt->otherwise);
	patch(compiler, end);
}

/* while and for: initial; top: unless condition → end; body; continue: step; loop top; end: */
static void compile_loop(struct compiler *compiler, const struct stmt *stmt)
{
	struct loop_state state;
	size_t top;

	if (stmt->initial)
		compile_effect(compiler, stmt->initial);
	enter_loop(compiler, &state);
	top = compiler->insns.count;
	count_action(compiler);
	if (stmt->expr)
		compile_branch(compiler, stmt->expr, false, &state.breaks);
	compile_stmt(compiler, stmt->then);
	patch_all(compiler, &state.continues);
	if (stmt->step)
		compile_effect(compiler, stmt->step);
	emit_jump_to(compiler, OPCODE_LOOP, 0, top);
	patch_all(compiler, &state.breaks);
	leave_loop(compiler, &state);
}

/* ---- foreach ---- */

static reg variable_register(struct compiler *compiler, const struct expr *symbol)
{
	if (symbol->variable->scope != SCOPE_GLOBAL)
		return local_register(compiler, symbol->variable);
	return temporary(compiler, is_string_type(symbol->variable->type));
}

/* a global as loop variable: the walk fills a temporary, which is stored at each turn */
static void store_global(struct compiler *compiler, const struct expr *symbol, reg value)
{
	if (symbol->variable->scope == SCOPE_GLOBAL)
		compile_store(compiler, symbol, value);
}

static void plan_order(const struct foreach_spec *spec, const struct variable *array,
		       struct foreach_plan *plan)
{
	plan->direction = spec->direction;
	plan->column = spec->sort_column;
	plan->stat = array->type == TYPE_STATS && !spec->sort_column ?
			     (spec->sort_stat ? spec->sort_stat : STAT_COUNT) : 0;
	plan->variance_shift = array->stat.variance_shift;
}

static void plan_foreach(struct compiler *compiler, const struct foreach_spec *spec,
			 struct foreach_plan *plan)
{
	const struct variable *array = spec->array->variable;

	memset(plan, 0xff, sizeof(*plan));
	plan->map = (uint16_t)array->slot;
	plan->sliced = spec->array->kind == EXPR_INDEX;
	plan->any = plan->sliced ? compile_slice(compiler, spec->array, plan->slice) : 0;
	if (spec->limit)
		plan->limit = compile_expr(compiler, spec->limit, REGISTER_NONE);
	if (spec->value)
		plan->value = variable_register(compiler, spec->value);
	for (size_t i = 0; i < spec->keys.count && i < MAX_INDEXES; i++)
		if (spec->keys.items[i])
			plan->keys[i] = variable_register(compiler, spec->keys.items[i]);
	plan_order(spec, array, plan);
}

static void store_loop_variables(struct compiler *compiler, const struct foreach_spec *spec,
				 const struct foreach_plan *plan)
{
	for (size_t i = 0; i < spec->keys.count && i < MAX_INDEXES; i++)
		if (spec->keys.items[i])
			store_global(compiler, spec->keys.items[i], plan->keys[i]);
	if (spec->value)
		store_global(compiler, spec->value, plan->value);
}

static void compile_foreach_array(struct compiler *compiler, const struct stmt *stmt)
{
	const struct foreach_spec *spec = stmt->foreach;
	struct foreach_plan plan;
	struct loop_state state;
	unsigned cursor;
	size_t top;

	plan_foreach(compiler, spec, &plan);
	array_push(compiler->arena, &compiler->foreachs, plan);
	cursor = compiler->cursor_top++;
	if (compiler->cursor_top > compiler->code->cursors)
		compiler->code->cursors = compiler->cursor_top;
	emit(compiler, OPCODE_FOREACH_OPEN, cursor, (unsigned)compiler->foreachs.count - 1, 0);
	enter_loop(compiler, &state);
	top = emit(compiler, OPCODE_FOREACH_NEXT, cursor, 0, 0);
	store_loop_variables(compiler, spec, &plan);
	compile_stmt(compiler, stmt->then);
	patch_all(compiler, &state.continues);
	emit_jump_to(compiler, OPCODE_LOOP, 0, top);
	patch(compiler, top);
	patch_all(compiler, &state.breaks);
	leave_loop(compiler, &state);
	emit(compiler, OPCODE_FOREACH_CLOSE, cursor, 0, 0);
	compiler->cursor_top = cursor;
}

/* the keys of the statistic a histogram is of, as they are before the loop */
static void compile_histogram_keys(struct compiler *compiler, const struct expr *source, reg *keys)
{
	for (size_t i = 0; i < source->arg_count && i < MAX_INDEXES; i++) {
		keys[i] = temporary(compiler, is_string_type(source->variable->index_types[i]));
		if (source->args[i])
			compile_expr(compiler, source->args[i], keys[i]);
	}
}

/* foreach (value = bucket in ...): nothing was counted where the statistic is empty */
static void compile_bucket_value(struct compiler *compiler, const struct foreach_spec *spec,
				 const reg *keys, reg bucket)
{
	const struct expr *source = spec->array->a;
	reg value = temporary(compiler, false);
	size_t empty;

	emit(compiler, OPCODE_STAT, value, source->variable->slot, STAT_OPERAND(STAT_COUNT, 0));
	emit_operands(compiler, keys, source->arg_count);
	empty = emit_jump(compiler, OPCODE_JUMP_UNLESS, value);
	emit(compiler, OPCODE_BUCKET, value, source->variable->slot, bucket);
	emit_operands(compiler, keys, source->arg_count);
	patch(compiler, empty);
	compile_store(compiler, spec->value, value);
}

/* over a histogram the loop variable counts its buckets */
static void compile_foreach_histogram(struct compiler *compiler, const struct stmt *stmt)
{
	const struct foreach_spec *spec = stmt->foreach;
	int64_t count = histogram_bucket_count(spec->array->a->variable);
	bool down = spec->direction < 0 && spec->sort_column;
	reg keys[MAX_INDEXES];
	reg bucket = temporary(compiler, false), left = temporary(compiler, false);
	reg zero = constant_number(compiler, 0);
	struct loop_state state;
	size_t top;

	compile_histogram_keys(compiler, spec->array->a, keys);
	emit_move(compiler, left, constant_number(compiler, count));
	if (spec->limit)
		compile_expr(compiler, spec->limit, left);
	emit_move(compiler, bucket, constant_number(compiler, down ? count - 1 : 0));
	enter_loop(compiler, &state);
	top = compiler->insns.count;
	if (down)
		emit(compiler, OPCODE_TEST_LE, zero, bucket, 0);
	else
		emit(compiler, OPCODE_TEST_LT, bucket, constant_number(compiler, count), 0);
	array_push(compiler->arena, &state.breaks, emit_jump(compiler, OPCODE_JUMP, 0));
	emit(compiler, OPCODE_TEST_LT, zero, left, 0);
	array_push(compiler->arena, &state.breaks, emit_jump(compiler, OPCODE_JUMP, 0));
	compile_store(compiler, spec->keys.items[0], bucket);
	if (spec->value)
		compile_bucket_value(compiler, spec, keys, bucket);
	compile_stmt(compiler, stmt->then);
	patch_all(compiler, &state.continues);
	emit(compiler, OPCODE_ADD, bucket, bucket, constant_number(compiler, down ? -1 : 1));
	emit(compiler, OPCODE_ADD, left, left, constant_number(compiler, -1));
	emit_jump_to(compiler, OPCODE_LOOP, 0, top);
	patch_all(compiler, &state.breaks);
	leave_loop(compiler, &state);
}

static void compile_foreach(struct compiler *compiler, const struct stmt *stmt)
{
	const struct foreach_spec *spec = stmt->foreach;
	const struct expr *array = spec->array;
	unsigned longs = compiler->longs.top, texts = compiler->texts.top;

	if (array->kind == EXPR_HIST && array->a && array->a->variable && spec->keys.count == 1)
		compile_foreach_histogram(compiler, stmt);
	else if (array->variable && array->variable->is_array)
		compile_foreach_array(compiler, stmt);
	else
		compile_problem(compiler, array->token, "foreach over something that is no array");
	compiler->longs.top = longs;
	compiler->texts.top = texts;
}

/* ---- leaving ---- */

static void compile_return(struct compiler *compiler, const struct stmt *stmt)
{
	const struct function *function = compiler->code->function;
	reg value = stmt->expr ? compile_expr(compiler, stmt->expr, REGISTER_NONE) : REGISTER_NONE;

	if (!function)
		emit(compiler, OPCODE_END, 0, 0, 0);
	else if (function->type == TYPE_VOID || value == REGISTER_NONE)
		emit(compiler, OPCODE_RETURN, 0, 0, 0);
	else
		emit(compiler, value & REG_STRING ? OPCODE_RETURN_STRING : OPCODE_RETURN_LONG,
		     value, 0, 0);
}

static void compile_next(struct compiler *compiler)
{
	emit(compiler, compiler->code->function ? OPCODE_NEXT_OVERLOAD : OPCODE_END, 0, 0, 0);
}

static void compile_try(struct compiler *compiler, const struct stmt *stmt)
{
	struct try_region region = { .cursors = (uint16_t)compiler->cursor_top };
	const struct expr *variable = stmt->catch_variable;
	reg message = temporary(compiler, true);
	size_t end;

	region.first = (uint32_t)compiler->insns.count;
	region.message = message;
	compile_stmt(compiler, stmt->then);
	region.end = (uint32_t)compiler->insns.count;
	end = emit_jump(compiler, OPCODE_JUMP, 0);
	region.handler = (uint32_t)compiler->insns.count;
	note_target(compiler);
	array_push(compiler->arena, &compiler->tries, region);
	if (variable)
		compile_store(compiler, variable, message);
	if (stmt->otherwise)
		compile_stmt(compiler, stmt->otherwise);
	patch(compiler, end);
}

static void compile_delete(struct compiler *compiler, const struct stmt *stmt)
{
	const struct expr *target = stmt->expr;
	const struct variable *variable = target->variable;
	reg keys[MAX_INDEXES];
	uint32_t any;

	if (!variable) {
		compile_problem(compiler, target->token, "delete needs a variable");
	} else if (target->kind == EXPR_INDEX) {
		any = compile_slice(compiler, target, keys);
		emit(compiler, any ? OPCODE_MAP_DELETE_SLICE : OPCODE_MAP_DELETE, variable->slot,
		     any ? constant_number(compiler, any) : 0, 0);
		emit_operands(compiler, keys, target->arg_count);
	} else if (variable->scope != SCOPE_GLOBAL) {
		compile_store(compiler, target, is_string_type(variable->type) ?
							constant_text(compiler, "", 0) :
							constant_number(compiler, 0));
	} else {
		emit(compiler, variable->is_array ? OPCODE_MAP_CLEAR : OPCODE_GLOBAL_RESET,
		     variable->slot, 0, 0);
	}
}

/* ---- all of them ---- */

static void compile_one(struct compiler *compiler, const struct stmt *stmt)
{
	switch (stmt->kind) {
	case STMT_NULL:
	case STMT_EMBEDDED: /* only in C functions, as a list of globals */
		break;
	case STMT_BLOCK:
		for (size_t i = 0; i < stmt->body.count; i++)
			compile_stmt(compiler, stmt->body.items[i]);
		break;
	case STMT_EXPR: compile_effect(compiler, stmt->expr); break;
	case STMT_IF: compile_if(compiler, stmt); break;
	case STMT_WHILE:
	case STMT_FOR: compile_loop(compiler, stmt); break;
	case STMT_FOREACH: compile_foreach(compiler, stmt); break;
	case STMT_RETURN: compile_return(compiler, stmt); break;
	case STMT_NEXT: compile_next(compiler); break;
	case STMT_BREAK: compile_jump_out(compiler, compiler->breaks); break;
	case STMT_CONTINUE: compile_jump_out(compiler, compiler->continues); break;
	case STMT_DELETE: compile_delete(compiler, stmt); break;
	case STMT_TRY: compile_try(compiler, stmt); break;
	}
}

void compile_stmt(struct compiler *compiler, const struct stmt *stmt)
{
	unsigned longs = compiler->longs.top, texts = compiler->texts.top;

	if (!stmt)
		return;
	compiler->token = stmt->token;
	if (stmt->kind != STMT_BLOCK && stmt->kind != STMT_NULL)
		count_action(compiler);
	compile_one(compiler, stmt);
	compiler->longs.top = longs;
	compiler->texts.top = texts;
}
