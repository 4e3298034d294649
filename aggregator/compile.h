/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What compile.c, compile-stmt.c and compile-expr.c share: the state of compiling one handler or
 * function. Registers are handed out like a stack; while compiling, a register number carries its
 * bank and whether it is a constant, because the banks' sizes are known only at the end.
 */
#ifndef COMPILE_H
#define COMPILE_H

#include "bytecode.h"

#define REG_STRING 0x8000
#define REG_CONSTANT 0x4000
#define REG_NUMBER 0x3fff

typedef uint16_t reg;
typedef ARRAY(size_t) jump_array; /* instructions whose target is to be filled in */

struct registers {
	unsigned locals; /* the first ones belong to named variables */
	unsigned top, highest;
};

struct compiler {
	struct bytecode *bytecode;
	struct arena *arena;
	struct code *code;
	const variable_array *parameters, *locals;
	ARRAY(struct insn) insns;
	ARRAY(const struct token *) tokens;
	ARRAY(int64_t) numbers;
	ARRAY(struct str *) strings;
	ARRAY(struct try_region) tries;
	ARRAY(struct foreach_plan) foreachs;
	struct registers longs, texts;
	unsigned cursor_top;
	struct {
		bool valid;
		unsigned slot;
		reg result;
	} held;				/* the capture whose value a register has */
	jump_array *breaks, *continues;	/* of the innermost loop */
	const struct token *token;	/* what is being compiled */
	const struct token *problem_token;
	const char *problem;		/* the first reason why this cannot be compiled */
};

/* ---- compile.c: emission ---- */

/** compile_problem() - remember why this handler cannot be compiled; the first one counts */
void compile_problem(struct compiler *compiler, const struct token *token, const char *problem);
size_t emit(struct compiler *compiler, enum opcode op, unsigned a, unsigned b, unsigned c);
/** emit_operands() - the registers that belong to the instruction just emitted */
void emit_operands(struct compiler *compiler, const reg *operands, size_t count);
/** emit_jump() - a jump whose target is filled in by patch() or patch_all() */
size_t emit_jump(struct compiler *compiler, enum opcode op, reg condition);
/** note_target() - jumps will come to where the next instruction stands: registers may differ */
void note_target(struct compiler *compiler);
void emit_jump_to(struct compiler *compiler, enum opcode op, reg condition, size_t target);
void patch(struct compiler *compiler, size_t jump);
void patch_all(struct compiler *compiler, const jump_array *jumps);
reg temporary(struct compiler *compiler, bool is_string);
reg constant_number(struct compiler *compiler, int64_t number);
reg constant_text(struct compiler *compiler, const char *text, size_t length);
/** local_register() - where a local or parameter lives */
reg local_register(struct compiler *compiler, const struct variable *variable);
void emit_move(struct compiler *compiler, reg to, reg from);

/* ---- compile-expr.c ---- */

/**
 * compile_expr() - code that leaves the value of @expr in a register
 * @want: where it has to go, or REGISTER_NONE for wherever is cheapest (a local's own register)
 * Returns the register, REGISTER_NONE for a void call.
 */
reg compile_expr(struct compiler *compiler, const struct expr *expr, reg want);
/**
 * compile_branch() - code that jumps when the truth of @expr is @when, and else runs on
 * The jumps are added to @targets; registers that the condition used are free again.
 */
void compile_branch(struct compiler *compiler, const struct expr *expr, bool when,
		    jump_array *targets);
/** compile_effect() - the same for an expression whose value nobody wants */
void compile_effect(struct compiler *compiler, const struct expr *expr);
/** compile_store() - assign the value in @value to the variable @target (a symbol) */
void compile_store(struct compiler *compiler, const struct expr *target, reg value);
/** compile_slice() - registers for the indexes of @expr; returns which are `*` */
uint32_t compile_slice(struct compiler *compiler, const struct expr *expr, reg *keys);
static inline bool is_string_type(enum type type)
{
	return type == TYPE_STRING;
}
/** histogram_bucket_count() - how many buckets the histograms of @variable have */
int64_t histogram_bucket_count(const struct variable *variable);

/* ---- compile-stmt.c ---- */

void compile_stmt(struct compiler *compiler, const struct stmt *stmt);

#endif
