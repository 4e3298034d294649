// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Expressions to bytecode. Every expression leaves its value in a register; a caller may say in
 * which. Only the last instruction of an expression writes the wanted register, so `x = x * 2 + x`
 * needs no copies; a local that a later operand changes is copied aside first.
 */
#include "compile.h"

struct mark {
	unsigned longs, texts;
};

static struct mark mark_temporaries(const struct compiler *compiler)
{
	return (struct mark){ compiler->longs.top, compiler->texts.top };
}

static void release_temporaries(struct compiler *compiler, struct mark mark)
{
	compiler->longs.top = mark.longs;
	compiler->texts.top = mark.texts;
}

static reg result_register(struct compiler *compiler, bool is_string, reg want)
{
	return want != REGISTER_NONE ? want : temporary(compiler, is_string);
}

/* the value is in @have: leave it there or bring it where it is wanted */
static reg deliver(struct compiler *compiler, reg have, reg want)
{
	if (want == REGISTER_NONE)
		return have;
	emit_move(compiler, want, have);
	return want;
}

/* ---- operands ---- */

static bool writes_locals(const struct expr *expr)
{
	if (!expr)
		return false;
	if (expr->kind == EXPR_ASSIGN || expr->kind == EXPR_INCREMENT)
		return true;
	for (size_t i = 0; i < expr->arg_count; i++)
		if (writes_locals(expr->args[i]))
			return true;
	return writes_locals(expr->a) || writes_locals(expr->b) || writes_locals(expr->c);
}

static bool is_local(const struct compiler *compiler, reg number)
{
	const struct registers *bank = number & REG_STRING ? &compiler->texts : &compiler->longs;

	return number != REGISTER_NONE && !(number & REG_CONSTANT) &&
	       (unsigned)(number & REG_NUMBER) < bank->locals;
}

/* keep the value of a local that code compiled later is going to change */
static reg hold(struct compiler *compiler, reg number, bool changes)
{
	reg copy;

	if (!changes || !is_local(compiler, number))
		return number;
	copy = temporary(compiler, number & REG_STRING);
	emit_move(compiler, copy, number);
	return copy;
}

/* several operands, evaluated from left to right; @after: what is evaluated behind them */
static void compile_list(struct compiler *compiler, struct expr *const *list, size_t count,
			 const struct expr *after, reg *registers)
{
	for (size_t i = 0; i < count; i++) {
		bool changes = writes_locals(after);

		for (size_t k = i + 1; !changes && k < count; k++)
			changes = writes_locals(list[k]);
		registers[i] = hold(compiler, compile_expr(compiler, list[i], REGISTER_NONE),
				    changes);
	}
}

uint32_t compile_slice(struct compiler *compiler, const struct expr *expr, reg *keys)
{
	uint32_t any = 0;

	for (size_t i = 0; i < expr->arg_count && i < MAX_INDEXES; i++) {
		if (expr->args[i]) {
			compile_list(compiler, &expr->args[i], 1, NULL, &keys[i]);
			continue;
		}
		any |= UINT32_C(1) << i;
		keys[i] = is_string_type(expr->variable->index_types[i]) ?
				  constant_text(compiler, "", 0) : constant_number(compiler, 0);
	}
	return any;
}

/* the keys of an element; @after is evaluated behind them */
static size_t compile_keys(struct compiler *compiler, const struct expr *expr,
			   const struct expr *after, reg *keys)
{
	if (expr->kind != EXPR_INDEX)
		return 0;
	if (expr->arg_count > MAX_INDEXES) {
		compile_problem(compiler, expr->token, "too many indexes");
		return 0;
	}
	for (size_t i = 0; i < expr->arg_count; i++) {
		if (!expr->args[i]) {
			compile_problem(compiler, expr->token,
					"a slice where one element is needed");
			return 0;
		}
	}
	compile_list(compiler, expr->args, expr->arg_count, after, keys);
	return expr->arg_count;
}

/* ---- operators ---- */

static enum opcode binary_opcode(enum op op)
{
	switch (op) {
	case OP_ADD: return OPCODE_ADD;
	case OP_SUB: return OPCODE_SUB;
	case OP_MUL: return OPCODE_MUL;
	case OP_DIV: return OPCODE_DIV;
	case OP_MOD: return OPCODE_MOD;
	case OP_SHL: return OPCODE_SHL;
	case OP_SHR: return OPCODE_SHR;
	case OP_USHR: return OPCODE_USHR;
	case OP_AND: return OPCODE_AND;
	case OP_OR: return OPCODE_OR;
	case OP_XOR: return OPCODE_XOR;
	case OP_CONCAT: return OPCODE_CONCAT;
	default: return OPCODE_NOP;
	}
}

static reg compile_binary(struct compiler *compiler, const struct expr *expr, reg want)
{
	struct mark mark = mark_temporaries(compiler);
	bool is_string = expr->kind == EXPR_CONCAT;
	enum opcode op = is_string ? OPCODE_CONCAT : binary_opcode(expr->op);
	reg operands[2], result;

	compile_list(compiler, (struct expr *const[]){ expr->a, expr->b }, 2, NULL, operands);
	release_temporaries(compiler, mark);
	result = result_register(compiler, is_string, want);
	compiler->token = expr->token;
	emit(compiler, op, result, operands[0], operands[1]);
	return result;
}

static reg compile_compare(struct compiler *compiler, const struct expr *expr, reg want)
{
	struct mark mark = mark_temporaries(compiler);
	enum op op = expr->op;
	bool swap = op == OP_GT || op == OP_GE;
	enum opcode code;
	reg operands[2], result;

	compile_list(compiler, (struct expr *const[]){ expr->a, expr->b }, 2, NULL, operands);
	if (op == OP_LT || op == OP_GT)
		code = OPCODE_LT;
	else if (op == OP_LE || op == OP_GE)
		code = OPCODE_LE;
	else
		code = op == OP_EQ ? OPCODE_EQ : OPCODE_NE;
	if (operands[0] & REG_STRING)
		code += OPCODE_LT_STRING - OPCODE_LT;
	release_temporaries(compiler, mark);
	result = result_register(compiler, false, want);
	emit(compiler, code, result, operands[swap], operands[!swap]);
	return result;
}

static reg compile_unary(struct compiler *compiler, const struct expr *expr, reg want)
{
	struct mark mark = mark_temporaries(compiler);
	enum opcode op = expr->op == OP_NEG ? OPCODE_NEG :
			 expr->op == OP_COMPL ? OPCODE_COMPL : OPCODE_NOT;
	reg operand, result;

	if (expr->op == OP_PLUS)
		return compile_expr(compiler, expr->a, want);
	operand = compile_expr(compiler, expr->a, REGISTER_NONE);
	release_temporaries(compiler, mark);
	result = result_register(compiler, false, want);
	emit(compiler, op, result, operand, 0);
	return result;
}

/* ---- conditions ---- */

/* @when the comparison of two longs holds, or does not, code jumps: to where is filled in later */
static void compile_test(struct compiler *compiler, const struct expr *expr, bool when,
			 jump_array *targets)
{
	struct mark mark = mark_temporaries(compiler);
	enum op op = expr->op;
	bool swap = op == OP_GT || op == OP_GE, is_order = op != OP_EQ && op != OP_NE;
	bool is_strict = op == OP_LT || op == OP_GT;
	enum opcode code;
	reg operands[2];

	compile_list(compiler, (struct expr *const[]){ expr->a, expr->b }, 2, NULL, operands);
	release_temporaries(compiler, mark);
	if (is_order) { /* !(a < b) is b <= a */
		code = is_strict != when ? OPCODE_TEST_LT : OPCODE_TEST_LE;
		swap ^= when;
	} else {
		code = (op == OP_EQ) != when ? OPCODE_TEST_EQ : OPCODE_TEST_NE;
	}
	compiler->token = expr->token;
	emit(compiler, code, operands[swap], operands[!swap], 0);
	array_push(compiler->arena, targets, emit_jump(compiler, OPCODE_JUMP, 0));
}

/* && and ||: the second operand runs only when the first leaves the answer open */
static void compile_logical_branch(struct compiler *compiler, const struct expr *expr, bool when,
				   jump_array *targets)
{
	bool decided = expr->kind == EXPR_OR; /* by an operand of this truth */
	jump_array here = { 0 };

	compile_branch(compiler, expr->a, decided, decided == when ? targets : &here);
	compile_branch(compiler, expr->b, when, targets);
	patch_all(compiler, &here);
}

void compile_branch(struct compiler *compiler, const struct expr *expr, bool when,
		    jump_array *targets)
{
	struct mark mark = mark_temporaries(compiler);
	reg value;

	if (expr->kind == EXPR_AND || expr->kind == EXPR_OR) {
		compile_logical_branch(compiler, expr, when, targets);
	} else if (expr->kind == EXPR_UNARY && expr->op == OP_NOT) {
		compile_branch(compiler, expr->a, !when, targets);
	} else if (expr->kind == EXPR_COMPARE && !is_string_type(expr->a->type)) {
		compile_test(compiler, expr, when, targets);
	} else {
		value = compile_expr(compiler, expr, REGISTER_NONE);
		release_temporaries(compiler, mark);
		array_push(compiler->arena, targets,
			   emit_jump(compiler, when ? OPCODE_JUMP_IF : OPCODE_JUMP_UNLESS, value));
	}
}

/* `a && f();` of a function without a value */
static reg compile_logical_effect(struct compiler *compiler, const struct expr *expr)
{
	jump_array decided = { 0 };

	compile_branch(compiler, expr->a, expr->kind == EXPR_OR, &decided);
	compile_expr(compiler, expr->b, REGISTER_NONE);
	patch_all(compiler, &decided);
	return REGISTER_NONE;
}

static reg compile_logical(struct compiler *compiler, const struct expr *expr, reg want)
{
	jump_array no = { 0 };
	size_t end;
	reg result;

	if (expr->type == TYPE_VOID)
		return compile_logical_effect(compiler, expr);
	result = result_register(compiler, false, want);
	compile_branch(compiler, expr, false, &no);
	emit_move(compiler, result, constant_number(compiler, 1));
	end = emit_jump(compiler, OPCODE_JUMP, 0);
	patch_all(compiler, &no);
	emit_move(compiler, result, constant_number(compiler, 0));
	patch(compiler, end);
	return result;
}

static reg compile_ternary(struct compiler *compiler, const struct expr *expr, reg want)
{
	bool has_value = expr->type != TYPE_VOID;
	reg result = has_value ? result_register(compiler, is_string_type(expr->type), want) :
				 REGISTER_NONE;
	jump_array otherwise = { 0 };
	size_t end;

	compile_branch(compiler, expr->a, false, &otherwise);
	compile_expr(compiler, expr->b, result);
	end = emit_jump(compiler, OPCODE_JUMP, 0);
	patch_all(compiler, &otherwise);
	compile_expr(compiler, expr->c, result);
	patch(compiler, end);
	return result;
}

static reg compile_regex(struct compiler *compiler, const struct expr *expr, reg want)
{
	struct bytecode *bytecode = compiler->bytecode;
	struct regex *regex = NULL;
	char *message = NULL;
	reg text, result;

	if (expr->b->kind == EXPR_STRING)
		regex = regex_compile(expr->b->string, expr->b->string_length, &message);
	if (!regex)
		compile_problem(compiler, expr->b->token,
				arena_printf(compiler->arena, "regular expression: %s",
					     message ? message : "not a literal"));
	free(message);
	text = compile_expr(compiler, expr->a, REGISTER_NONE);
	result = result_register(compiler, false, want);
	if (!regex)
		return result;
	array_push(bytecode->arena, &bytecode->regexes, regex);
	emit(compiler, OPCODE_MATCH, result, text, (unsigned)bytecode->regexes.count - 1);
	if (expr->op == OP_NOMATCH)
		emit(compiler, OPCODE_NOT, result, result, 0);
	return result;
}

/* ---- variables ---- */

static reg compile_symbol(struct compiler *compiler, const struct expr *expr, reg want)
{
	const struct variable *variable = expr->variable;
	bool is_string = is_string_type(variable->type);
	reg result;

	if (variable->is_array || variable->type == TYPE_STATS) {
		compile_problem(compiler, expr->token, "an array or statistic used as a value");
		return temporary(compiler, false);
	}
	if (variable->scope != SCOPE_GLOBAL)
		return deliver(compiler, local_register(compiler, variable), want);
	result = result_register(compiler, is_string, want);
	emit(compiler, is_string ? OPCODE_GLOBAL_GET_STRING : OPCODE_GLOBAL_GET, result,
	     variable->slot, 0);
	return result;
}

static reg compile_element(struct compiler *compiler, const struct expr *expr, reg want)
{
	struct mark mark = mark_temporaries(compiler);
	bool is_string = is_string_type(expr->variable->type);
	reg keys[MAX_INDEXES], result;
	size_t count = compile_keys(compiler, expr, NULL, keys);

	release_temporaries(compiler, mark);
	result = result_register(compiler, is_string, want);
	compiler->token = expr->token;
	emit(compiler, is_string ? OPCODE_MAP_GET_STRING : OPCODE_MAP_GET, result,
	     expr->variable->slot, 0);
	emit_operands(compiler, keys, count);
	return result;
}

static reg compile_in(struct compiler *compiler, const struct expr *expr, reg want)
{
	struct mark mark = mark_temporaries(compiler);
	reg keys[MAX_INDEXES], result;
	uint32_t any = compile_slice(compiler, expr, keys);

	release_temporaries(compiler, mark);
	result = result_register(compiler, false, want);
	emit(compiler, any ? OPCODE_MAP_IN_SLICE : OPCODE_MAP_IN, result, expr->variable->slot,
	     any ? constant_number(compiler, any) : 0);
	emit_operands(compiler, keys, expr->arg_count);
	return result;
}

/* ---- assignments ---- */

void compile_store(struct compiler *compiler, const struct expr *target, reg value)
{
	const struct variable *variable = target->variable;

	if (variable->scope != SCOPE_GLOBAL)
		emit_move(compiler, local_register(compiler, variable), value);
	else
		emit(compiler, is_string_type(variable->type) ? OPCODE_GLOBAL_SET_STRING :
								OPCODE_GLOBAL_SET,
		     variable->slot, value, 0);
}

static reg assign_local(struct compiler *compiler, const struct expr *expr, reg want)
{
	reg local = local_register(compiler, expr->a->variable), value;

	if (expr->op == OP_ASSIGN) {
		compile_expr(compiler, expr->b, local);
		return deliver(compiler, local, want);
	}
	value = compile_expr(compiler, expr->b, REGISTER_NONE);
	compiler->token = expr->token;
	emit(compiler, binary_opcode(expr->op), local, local, value);
	return deliver(compiler, local, want);
}

/* x += v and the like where one instruction does it: the result register, or REGISTER_NONE */
static reg update_in_place(struct compiler *compiler, const struct expr *target, enum op op,
			   reg value, const reg *keys, size_t key_count)
{
	bool append = op == OP_CONCAT;
	bool indexed = target->kind == EXPR_INDEX;
	enum opcode code;
	reg result;

	if (op != OP_ADD && op != OP_SUB && !append)
		return REGISTER_NONE;
	if (op == OP_SUB) {
		reg negated = temporary(compiler, false);

		emit(compiler, OPCODE_NEG, negated, value, 0);
		value = negated;
	}
	result = temporary(compiler, append);
	if (indexed)
		code = append ? OPCODE_MAP_APPEND : OPCODE_MAP_ADD;
	else
		code = append ? OPCODE_GLOBAL_APPEND : OPCODE_GLOBAL_ADD;
	emit(compiler, code, target->variable->slot, value, result);
	emit_operands(compiler, keys, key_count);
	return result;
}

/* read, compute, write back: the operators that have no instruction of their own */
static reg update_by_copy(struct compiler *compiler, const struct expr *target, enum op op,
			  reg value, const reg *keys, size_t key_count)
{
	bool indexed = target->kind == EXPR_INDEX;
	reg result = temporary(compiler, false);
	unsigned slot = target->variable->slot;

	emit(compiler, indexed ? OPCODE_MAP_GET : OPCODE_GLOBAL_GET, result, slot, 0);
	emit_operands(compiler, keys, key_count);
	emit(compiler, binary_opcode(op), result, result, value);
	emit(compiler, indexed ? OPCODE_MAP_SET : OPCODE_GLOBAL_SET, slot, result, 0);
	emit_operands(compiler, keys, key_count);
	return result;
}

static void assign_plain(struct compiler *compiler, const struct expr *target, reg value,
			 const reg *keys, size_t key_count)
{
	bool is_string = is_string_type(target->variable->type);

	if (target->kind != EXPR_INDEX) {
		compile_store(compiler, target, value);
		return;
	}
	emit(compiler, is_string ? OPCODE_MAP_SET_STRING : OPCODE_MAP_SET, target->variable->slot,
	     value, 0);
	emit_operands(compiler, keys, key_count);
}

static bool is_assignable(struct compiler *compiler, const struct expr *target)
{
	if ((target->kind == EXPR_SYMBOL || target->kind == EXPR_INDEX) && target->variable)
		return true;
	compile_problem(compiler, target->token,
			"the traced program's own data cannot be assigned to");
	return false;
}

static reg compile_aggregate(struct compiler *compiler, const struct expr *expr)
{
	const struct expr *target = expr->a;
	reg keys[MAX_INDEXES];
	size_t key_count = compile_keys(compiler, target, expr->b, keys);
	reg value = compile_expr(compiler, expr->b, REGISTER_NONE);

	compiler->token = target->token;
	emit(compiler, target->kind == EXPR_INDEX ? OPCODE_MAP_AGGREGATE : OPCODE_AGGREGATE,
	     target->variable->slot, value, 0);
	emit_operands(compiler, keys, key_count);
	return value;
}

static reg compile_assign(struct compiler *compiler, const struct expr *expr, reg want)
{
	const struct expr *target = expr->a;
	reg keys[MAX_INDEXES], value, result;
	size_t key_count;

	if (!is_assignable(compiler, target))
		return result_register(compiler, is_string_type(expr->type), want);
	if (expr->op == OP_AGGREGATE)
		return deliver(compiler, compile_aggregate(compiler, expr), want);
	if (target->kind == EXPR_SYMBOL && target->variable->scope != SCOPE_GLOBAL)
		return assign_local(compiler, expr, want);
	key_count = compile_keys(compiler, target, expr->b, keys);
	value = compile_expr(compiler, expr->b, REGISTER_NONE);
	compiler->token = expr->op == OP_ASSIGN ? target->token : expr->token;
	if (expr->op == OP_ASSIGN) {
		assign_plain(compiler, target, value, keys, key_count);
		return deliver(compiler, value, want);
	}
	result = update_in_place(compiler, target, expr->op, value, keys, key_count);
	if (result == REGISTER_NONE)
		result = update_by_copy(compiler, target, expr->op, value, keys, key_count);
	return deliver(compiler, result, want);
}

static reg increment_local(struct compiler *compiler, const struct expr *expr, reg step, reg want,
			   bool wanted)
{
	reg local = local_register(compiler, expr->a->variable), old;

	if (!expr->postfix || !wanted) {
		emit(compiler, OPCODE_ADD, local, local, step);
		return deliver(compiler, local, want);
	}
	old = temporary(compiler, false);
	emit_move(compiler, old, local);
	emit(compiler, OPCODE_ADD, local, local, step);
	return deliver(compiler, old, want);
}

static reg compile_increment(struct compiler *compiler, const struct expr *expr, reg want,
			     bool wanted)
{
	const struct expr *target = expr->a;
	reg step = constant_number(compiler, expr->op == OP_INC ? 1 : -1);
	reg keys[MAX_INDEXES], result;
	size_t key_count;

	if (!is_assignable(compiler, target))
		return result_register(compiler, false, want);
	if (target->kind == EXPR_SYMBOL && target->variable->scope != SCOPE_GLOBAL)
		return increment_local(compiler, expr, step, want, wanted);
	key_count = compile_keys(compiler, target, NULL, keys);
	compiler->token = target->token;
	result = update_in_place(compiler, target, OP_ADD, step, keys, key_count);
	if (expr->postfix && wanted)
		emit(compiler, OPCODE_SUB, result, result, step);
	return deliver(compiler, result, want);
}

/* ---- calls ---- */

static reg compile_native(struct compiler *compiler, const struct expr *expr, reg want)
{
	const struct builtin *builtin = expr->builtin;
	reg arguments[OPERANDS_MAX], result = REGISTER_NONE;
	enum opcode code = OPCODE_NATIVE;

	if (builtin->id == BUILTIN_matched || builtin->id == BUILTIN_ngroups)
		compiler->bytecode->asks_match = true;
	compile_list(compiler, expr->args, expr->arg_count, NULL, arguments);
	if (builtin->result != TYPE_VOID) {
		bool is_string = is_string_type(builtin->result);

		result = result_register(compiler, is_string, want);
		code = is_string ? OPCODE_NATIVE_STRING : OPCODE_NATIVE_LONG;
	}
	compiler->token = expr->token;
	emit(compiler, code, result == REGISTER_NONE ? 0 : result, builtin->id,
	     (unsigned)expr->arg_count);
	emit_operands(compiler, arguments, expr->arg_count);
	return result;
}

/* the questions every handler asks have an instruction of their own */
static reg compile_builtin(struct compiler *compiler, const struct expr *expr, reg want)
{
	enum opcode code;
	reg result;

	switch (expr->builtin->id) {
	case BUILTIN_execname: code = OPCODE_EXECNAME; break;
	case BUILTIN_pid: code = OPCODE_PID; break;
	case BUILTIN_tid: code = OPCODE_TID; break;
	case BUILTIN_cpu: code = OPCODE_CPU; break;
	default: return compile_native(compiler, expr, want);
	}
	result = result_register(compiler, code == OPCODE_EXECNAME, want);
	emit(compiler, code, result, 0, 0);
	return result;
}

static reg compile_call(struct compiler *compiler, const struct expr *expr, reg want)
{
	const struct function *function = expr->function;
	reg arguments[OPERANDS_MAX], result = REGISTER_NONE;
	enum opcode code = OPCODE_CALL;

	if (expr->arg_count > OPERANDS_MAX || (!function && !expr->builtin)) {
		compile_problem(compiler, expr->token, "a call that cannot be made");
		return result_register(compiler, is_string_type(expr->type), want);
	}
	if (!function)
		return compile_builtin(compiler, expr, want);
	compile_list(compiler, expr->args, expr->arg_count, NULL, arguments);
	if (function->type == TYPE_LONG || function->type == TYPE_STRING) {
		bool is_string = is_string_type(function->type);

		result = result_register(compiler, is_string, want);
		code = is_string ? OPCODE_CALL_STRING : OPCODE_CALL_LONG;
	}
	compiler->token = expr->token;
	emit(compiler, code, result == REGISTER_NONE ? 0 : result, function->slot,
	     (unsigned)expr->arg_count);
	emit_operands(compiler, arguments, expr->arg_count);
	return result;
}

/* ---- statistics ---- */

int64_t histogram_bucket_count(const struct variable *variable)
{
	return (int64_t)stat_bucket_count(&variable->stat);
}

static bool is_statistic(struct compiler *compiler, const struct expr *expr)
{
	if (expr && (expr->kind == EXPR_SYMBOL || expr->kind == EXPR_INDEX) && expr->variable &&
	    expr->variable->type == TYPE_STATS)
		return true;
	compile_problem(compiler, expr ? expr->token : NULL, "not a statistic");
	return false;
}

static reg compile_stat(struct compiler *compiler, const struct expr *expr, reg want)
{
	const struct expr *source = expr->a;
	reg keys[MAX_INDEXES], result;
	size_t key_count;

	if (!is_statistic(compiler, source))
		return result_register(compiler, false, want);
	key_count = compile_keys(compiler, source, NULL, keys);
	result = result_register(compiler, false, want);
	compiler->token = source->token;
	emit(compiler, OPCODE_STAT, result, source->variable->slot,
	     STAT_OPERAND(expr->stat, source->variable->stat.variance_shift));
	emit_operands(compiler, keys, key_count);
	return result;
}

/* the picture as text, or with an index the count of one bucket */
static reg compile_histogram(struct compiler *compiler, const struct expr *expr, reg want)
{
	const struct expr *source = expr->a;
	reg keys[MAX_INDEXES], result, index = 0;
	size_t key_count;

	if (!is_statistic(compiler, source))
		return result_register(compiler, !expr->b, want);
	key_count = compile_keys(compiler, source, expr->b, keys);
	if (expr->b)
		index = compile_expr(compiler, expr->b, REGISTER_NONE);
	result = result_register(compiler, !expr->b, want);
	compiler->token = expr->token;
	emit(compiler, expr->b ? OPCODE_BUCKET : OPCODE_HISTOGRAM, result, source->variable->slot,
	     index);
	emit_operands(compiler, keys, key_count);
	return result;
}

/* ---- printing ---- */

static void put(struct compiler *compiler, reg value, bool to_text)
{
	emit(compiler, value & REG_STRING ? OPCODE_PUT_STRING : OPCODE_PUT, value, to_text, 0);
}

static void compile_format(struct compiler *compiler, const struct expr *expr, const reg *values)
{
	struct bytecode *bytecode = compiler->bytecode;

	if (!expr->print->parsed) {
		compile_problem(compiler, expr->token, "a format that was never checked");
		return;
	}
	array_push(bytecode->arena, &bytecode->formats, expr->print->parsed);
	emit(compiler, OPCODE_FORMAT, (unsigned)bytecode->formats.count - 1,
	     expr->print->to_string, 0);
	emit_operands(compiler, values, expr->arg_count);
}

static void compile_values(struct compiler *compiler, const struct expr *expr, const reg *values)
{
	const struct print_spec *print = expr->print;
	size_t first = print->kind == PRINT_PRINTD && !print->delimiter;
	reg delimiter = REGISTER_NONE;

	if (print->kind == PRINT_PRINTD)
		delimiter = print->delimiter ? constant_text(compiler, print->delimiter,
							     strlen(print->delimiter)) :
					       values[0];
	for (size_t i = first; i < expr->arg_count; i++) {
		if (i > first && delimiter != REGISTER_NONE)
			put(compiler, delimiter, print->to_string);
		if (print->is_char && !(values[i] & REG_STRING))
			emit(compiler, OPCODE_PUT_CHAR, values[i], print->to_string, 0);
		else
			put(compiler, values[i], print->to_string);
	}
}

static reg compile_print(struct compiler *compiler, const struct expr *expr, reg want)
{
	const struct print_spec *print = expr->print;
	reg values[OPERANDS_MAX], result;

	if (expr->arg_count > OPERANDS_MAX) {
		compile_problem(compiler, expr->token, "more than 240 arguments in one call");
		return result_register(compiler, print->to_string, want);
	}
	compile_list(compiler, expr->args, expr->arg_count, NULL, values);
	compiler->token = expr->token;
	if (print->kind == PRINT_PRINTF)
		compile_format(compiler, expr, values);
	else
		compile_values(compiler, expr, values);
	if (print->newline)
		put(compiler, constant_text(compiler, "\n", 1), print->to_string);
	if (!print->to_string)
		return expr->type == TYPE_LONG ?
		       deliver(compiler, constant_number(compiler, 0), want) : REGISTER_NONE;
	result = result_register(compiler, true, want);
	emit(compiler, OPCODE_TAKE_TEXT, result, 0, 0);
	return result;
}

static reg compile_capture(struct compiler *compiler, const struct expr *expr, reg want)
{
	bool is_string = is_string_type(expr->capture->type);
	reg result = result_register(compiler, is_string, want);

	if (compiler->held.valid && compiler->held.slot == expr->capture->slot &&
	    compiler->held.result == result)
		return result;
	emit(compiler, is_string ? OPCODE_CAPTURE_STRING : OPCODE_CAPTURE, result,
	     expr->capture->slot, 0);
	compiler->held.valid = true;
	compiler->held.slot = expr->capture->slot;
	compiler->held.result = result;
	return result;
}

/* ---- all of them ---- */

static reg compile_unsupported(struct compiler *compiler, const struct expr *expr, reg want)
{
	compile_problem(compiler, expr->token,
			"this expression cannot be computed outside of the kernel");
	return result_register(compiler, is_string_type(expr->type), want);
}

reg compile_expr(struct compiler *compiler, const struct expr *expr, reg want)
{
	compiler->token = expr->token;
	switch (expr->kind) {
	case EXPR_NUMBER:
		return deliver(compiler, constant_number(compiler, expr->number), want);
	case EXPR_STRING:
		return deliver(compiler, constant_text(compiler, expr->string,
						       expr->string_length), want);
	case EXPR_SYMBOL: return compile_symbol(compiler, expr, want);
	case EXPR_INDEX: return compile_element(compiler, expr, want);
	case EXPR_UNARY: return compile_unary(compiler, expr, want);
	case EXPR_BINARY:
	case EXPR_CONCAT: return compile_binary(compiler, expr, want);
	case EXPR_COMPARE: return compile_compare(compiler, expr, want);
	case EXPR_AND:
	case EXPR_OR: return compile_logical(compiler, expr, want);
	case EXPR_REGEX: return compile_regex(compiler, expr, want);
	case EXPR_IN: return compile_in(compiler, expr, want);
	case EXPR_TERNARY: return compile_ternary(compiler, expr, want);
	case EXPR_ASSIGN: return compile_assign(compiler, expr, want);
	case EXPR_INCREMENT: return compile_increment(compiler, expr, want, true);
	case EXPR_CALL: return compile_call(compiler, expr, want);
	case EXPR_PRINT: return compile_print(compiler, expr, want);
	case EXPR_STAT: return compile_stat(compiler, expr, want);
	case EXPR_HIST: return compile_histogram(compiler, expr, want);
	case EXPR_CAPTURE: return compile_capture(compiler, expr, want);
	default: return compile_unsupported(compiler, expr, want);
	}
}

void compile_effect(struct compiler *compiler, const struct expr *expr)
{
	struct mark mark = mark_temporaries(compiler);

	compiler->token = expr->token;
	if (expr->kind == EXPR_INCREMENT)
		compile_increment(compiler, expr, REGISTER_NONE, false);
	else
		compile_expr(compiler, expr, REGISTER_NONE);
	release_temporaries(compiler, mark);
}
