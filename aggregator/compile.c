// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the typed tree to bytecode: one struct code for each probe handler and function. This file
 * hands out registers and constants, emits instructions, and at the end lays out the frame: only
 * then the sizes of the banks are known and the register numbers become final.
 */
#include "compile.h"

const struct opcode_row opcode_table[OPCODE_COUNT] = {
#define OPCODE(name, operands) { #name, operands },
#include "opcode.def"
#undef OPCODE
};

void compile_problem(struct compiler *compiler, const struct token *token, const char *problem)
{
	if (compiler->problem)
		return;
	compiler->problem = problem;
	compiler->problem_token = token ? token : compiler->token;
}

static bool writes(const struct insn *insn, reg result)
{
	const char *operands = opcode_table[insn->op].operands;

	return (strchr("ls", operands[0]) && insn->a == result) ||
	       (strchr("ls", operands[1]) && insn->b == result) ||
	       (strchr("ls", operands[2]) && insn->c == result);
}

size_t emit(struct compiler *compiler, enum opcode op, unsigned a, unsigned b, unsigned c)
{
	struct insn insn = { (uint16_t)op, (uint16_t)a, (uint16_t)b, (uint16_t)c };

	if (writes(&insn, compiler->held.result))
		compiler->held.valid = false;
	array_push(compiler->arena, &compiler->insns, insn);
	array_push(compiler->arena, &compiler->tokens, compiler->token);
	return compiler->insns.count - 1;
}

void emit_operands(struct compiler *compiler, const reg *operands, size_t count)
{
	if (count > OPERANDS_MAX)
		compile_problem(compiler, NULL, "more than 240 arguments in one call");
	for (size_t i = 0; i < count; i += OPERANDS_PER_WORD)
		emit(compiler, OPCODE_OPERANDS, operands[i],
		     i + 1 < count ? operands[i + 1] : 0, i + 2 < count ? operands[i + 2] : 0);
}

static void jump_set(struct compiler *compiler, size_t jump, size_t target)
{
	uint32_t distance = (uint32_t)(target - jump);

	compiler->insns.items[jump].b = (uint16_t)distance;
	compiler->insns.items[jump].c = (uint16_t)(distance >> 16);
}

size_t emit_jump(struct compiler *compiler, enum opcode op, reg condition)
{
	return emit(compiler, op, condition, 0, 0);
}

void emit_jump_to(struct compiler *compiler, enum opcode op, reg condition, size_t target)
{
	jump_set(compiler, emit(compiler, op, condition, 0, 0), target);
}

void note_target(struct compiler *compiler)
{
	compiler->held.valid = false;
}

void patch(struct compiler *compiler, size_t jump)
{
	note_target(compiler);
	jump_set(compiler, jump, compiler->insns.count);
}

void patch_all(struct compiler *compiler, const jump_array *jumps)
{
	for (size_t i = 0; i < jumps->count; i++)
		patch(compiler, jumps->items[i]);
}

reg temporary(struct compiler *compiler, bool is_string)
{
	struct registers *bank = is_string ? &compiler->texts : &compiler->longs;
	unsigned number = bank->top++;

	if (bank->top > bank->highest)
		bank->highest = bank->top;
	if (number >= REG_NUMBER)
		compile_problem(compiler, NULL, "too many values at once in one handler");
	return (reg)((number & REG_NUMBER) | (is_string ? REG_STRING : 0));
}

reg constant_number(struct compiler *compiler, int64_t number)
{
	size_t i = 0;

	while (i < compiler->numbers.count && compiler->numbers.items[i] != number)
		i++;
	if (i == compiler->numbers.count)
		array_push(compiler->arena, &compiler->numbers, number);
	if (i > REG_NUMBER)
		compile_problem(compiler, NULL, "too many different numbers in one handler");
	return (reg)((i & REG_NUMBER) | REG_CONSTANT);
}

reg constant_text(struct compiler *compiler, const char *text, size_t length)
{
	size_t i = 0;
	size_t limit = (size_t)compiler->bytecode->options->limits[LIMIT_MAXSTRINGLEN];

	if (length >= limit) {
		length = limit ? limit - 1 : 0;
		compiler->bytecode->cut_strings++;
	}
	while (i < compiler->strings.count &&
	       (compiler->strings.items[i]->length != length ||
		memcmp(compiler->strings.items[i]->data, text, length)))
		i++;
	if (i == compiler->strings.count) {
		struct str *str = str_immortal(text, length);

		array_push(compiler->arena, &compiler->strings, str);
		array_push(compiler->arena, &compiler->bytecode->strings, str);
	}
	if (i > REG_NUMBER)
		compile_problem(compiler, NULL, "too many different strings in one handler");
	return (reg)((i & REG_NUMBER) | REG_CONSTANT | REG_STRING);
}

/* Locals own the lowest registers of their bank: parameters first, then the others. */
reg local_register(struct compiler *compiler, const struct variable *variable)
{
	bool is_string = is_string_type(variable->type);
	const variable_array *lists[] = { compiler->parameters, compiler->locals };
	unsigned number = 0;

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++) {
		for (size_t i = 0; lists[l] && i < lists[l]->count; i++) {
			const struct variable *other = lists[l]->items[i];

			if (other == variable)
				return (reg)(number | (is_string ? REG_STRING : 0));
			number += is_string_type(other->type) == is_string;
		}
	}
	compile_problem(compiler, variable->token, "a variable that belongs to no handler");
	return is_string ? REG_STRING : 0;
}

void emit_move(struct compiler *compiler, reg to, reg from)
{
	if (to == from || to == REGISTER_NONE || from == REGISTER_NONE)
		return;
	emit(compiler, to & REG_STRING ? OPCODE_MOVE_STRING : OPCODE_MOVE, to, from, 0);
}

/* ---- the frame ---- */

static uint16_t final_register(const struct code *code, uint16_t number)
{
	if (number == REGISTER_NONE)
		return number;
	switch (number & (REG_STRING | REG_CONSTANT)) {
	case REG_CONSTANT:
		return number & REG_NUMBER;
	case 0:
		return (uint16_t)(code->long_constants + number);
	case REG_STRING | REG_CONSTANT:
		return (uint16_t)(code->longs + (number & REG_NUMBER));
	default:
		return (uint16_t)(code->longs + code->string_constants + (number & REG_NUMBER));
	}
}

static void finish_insn(const struct code *code, struct insn *insn)
{
	const char *operands = opcode_table[insn->op].operands;

	if (strchr("lLsS*", operands[0]))
		insn->a = final_register(code, insn->a);
	if (strchr("lLsS*", operands[1]))
		insn->b = final_register(code, insn->b);
	if (operands[1] != 'J' && strchr("lLsS*", operands[2]))
		insn->c = final_register(code, insn->c);
}

static void finish_foreach(const struct code *code, struct foreach_plan *plan)
{
	plan->limit = final_register(code, plan->limit);
	plan->value = final_register(code, plan->value);
	for (size_t i = 0; i < MAX_INDEXES; i++) {
		plan->keys[i] = final_register(code, plan->keys[i]);
		plan->slice[i] = final_register(code, plan->slice[i]);
	}
}

static void finish_frame(struct compiler *compiler)
{
	struct code *code = compiler->code;
	size_t first_string;

	code->long_constants = (unsigned)compiler->numbers.count;
	code->longs = code->long_constants + compiler->longs.highest;
	code->string_constants = (unsigned)compiler->strings.count;
	code->long_locals = compiler->longs.locals;
	code->string_locals = compiler->texts.locals;
	first_string = code->longs + code->string_constants;
	code->registers = (unsigned)first_string + compiler->texts.highest;
	if (code->registers >= REGISTER_NONE) {
		compile_problem(compiler, NULL, "a handler too large for the virtual machine");
		return;
	}
	code->frame = arena_alloc(compiler->arena, (code->registers + 1) * sizeof(*code->frame));
	for (size_t i = 0; i < code->long_constants; i++)
		code->frame[i].number = compiler->numbers.items[i];
	for (size_t i = 0; i < code->string_constants; i++)
		code->frame[code->longs + i].string = compiler->strings.items[i];
	for (size_t i = first_string; i < code->registers; i++)
		code->frame[i].string = str_empty();
}

static void finish(struct compiler *compiler)
{
	struct code *code = compiler->code;

	finish_frame(compiler);
	code->insns = compiler->insns.items;
	code->tokens = compiler->tokens.items;
	code->count = compiler->insns.count;
	code->tries = compiler->tries.items;
	code->try_count = compiler->tries.count;
	code->foreachs = compiler->foreachs.items;
	code->foreach_count = compiler->foreachs.count;
	for (size_t i = 0; i < code->count; i++)
		finish_insn(code, &code->insns[i]);
	for (size_t i = 0; i < code->try_count; i++)
		code->tries[i].message = final_register(code, code->tries[i].message);
	for (size_t i = 0; i < code->foreach_count; i++)
		finish_foreach(code, &code->foreachs[i]);
	for (size_t i = 0; i < code->parameter_count; i++)
		code->parameters[i] = final_register(code, code->parameters[i]);
}

/* ---- one handler, one function ---- */

static void reserve_locals(struct compiler *compiler, const variable_array *variables)
{
	for (size_t i = 0; i < variables->count; i++)
		temporary(compiler, is_string_type(variables->items[i]->type));
	compiler->longs.locals = compiler->longs.top;
	compiler->texts.locals = compiler->texts.top;
}

static bool report(const struct compiler *compiler)
{
	const struct place *place;

	if (!compiler->problem)
		return true;
	place = compiler->problem_token ? &compiler->problem_token->place : NULL;
	if (place && place->file)
		log_error(&compiler->bytecode->options->log, "%s at %s:%u:%u", compiler->problem,
			  place->file->name, place->line, place->column);
	else
		log_error(&compiler->bytecode->options->log, "%s in %s", compiler->problem,
			  compiler->code->name);
	return false;
}

static bool compile_probe(struct bytecode *bytecode, const struct probe *probe, struct code *code)
{
	struct compiler compiler = {
		.bytecode = bytecode, .arena = bytecode->arena, .code = code,
		.locals = &probe->locals, .token = probe->token,
	};

	code->name = probe->point_text ? probe->point_text : "";
	code->probe = probe;
	reserve_locals(&compiler, &probe->locals);
	if (probe->condition) {
		jump_array armed = { 0 };

		compile_branch(&compiler, probe->condition, true, &armed);
		emit(&compiler, OPCODE_END, 0, 0, 0);
		patch_all(&compiler, &armed);
	}
	if (probe->body)
		compile_stmt(&compiler, probe->body);
	emit(&compiler, OPCODE_END, 0, 0, 0);
	finish(&compiler);
	return report(&compiler);
}

static bool compile_function(struct bytecode *bytecode, const struct function *function,
			     struct code *code)
{
	struct compiler compiler = {
		.bytecode = bytecode, .arena = bytecode->arena, .code = code,
		.parameters = &function->parameters, .locals = &function->locals,
		.token = function->token,
	};

	code->name = function->name;
	code->function = function;
	code->parameter_count = function->parameters.count;
	code->parameters = arena_alloc(bytecode->arena,
				       (code->parameter_count + 1) * sizeof(*code->parameters));
	if (function->next_overload)
		code->next_overload = &bytecode->functions[function->next_overload->slot];
	reserve_locals(&compiler, &function->parameters);
	reserve_locals(&compiler, &function->locals);
	for (size_t i = 0; i < code->parameter_count; i++)
		code->parameters[i] = local_register(&compiler, function->parameters.items[i]);
	if (function->body && !function->embedded)
		compile_stmt(&compiler, function->body);
	emit(&compiler, OPCODE_RETURN, 0, 0, 0);
	finish(&compiler);
	return report(&compiler);
}

static bool check(const struct bytecode *bytecode, const struct code *code)
{
	const char *problem = bytecode_verify(bytecode, code);

	if (problem)
		log_error(&bytecode->options->log, "internal: bytecode of %s: %s", code->name,
			  problem);
	return !problem;
}

static bool compile_all(struct bytecode *bytecode)
{
	const struct program *program = bytecode->program;
	bool ok = true;

	for (size_t i = 0; i < bytecode->function_count; i++)
		ok = compile_function(bytecode, program->functions.items[i],
				      &bytecode->functions[i]) && ok;
	for (size_t i = 0; i < bytecode->probe_count; i++)
		ok = compile_probe(bytecode, program->probes.items[i], &bytecode->probes[i]) && ok;
	for (size_t i = 0; ok && i < bytecode->function_count; i++)
		ok = check(bytecode, &bytecode->functions[i]);
	for (size_t i = 0; ok && i < bytecode->probe_count; i++)
		ok = check(bytecode, &bytecode->probes[i]);
	return ok;
}

bool bytecode_compile(struct bytecode *bytecode, const struct program *program,
		      const struct run_options *options)
{
	memset(bytecode, 0, sizeof(*bytecode));
	bytecode->arena = arena_new();
	bytecode->program = program;
	bytecode->options = options;
	bytecode->probe_count = program->probes.count;
	bytecode->function_count = program->functions.count;
	bytecode->probes = arena_alloc(bytecode->arena,
				       (bytecode->probe_count + 1) * sizeof(struct code));
	bytecode->functions = arena_alloc(bytecode->arena,
					  (bytecode->function_count + 1) * sizeof(struct code));
	for (size_t i = 0; i < bytecode->function_count; i++)
		program->functions.items[i]->slot = (unsigned)i;
	return compile_all(bytecode) && embedded_load(bytecode);
}

void bytecode_free(struct bytecode *bytecode)
{
	embedded_free(bytecode->embedded);
	for (size_t i = 0; i < bytecode->strings.count; i++)
		str_destroy(bytecode->strings.items[i]);
	for (size_t i = 0; i < bytecode->regexes.count; i++)
		regex_free(bytecode->regexes.items[i]);
	if (bytecode->arena)
		arena_free(bytecode->arena);
	memset(bytecode, 0, sizeof(*bytecode));
}
