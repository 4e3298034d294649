/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytecode: what a handler or function is compiled to. An instruction is eight bytes; its operands
 * are registers of one frame, whose first part is the bank of longs and whose second the bank of
 * strings, each opening with its constants:
 *	[long constants][long locals and temporaries][string constants][string locals, temporaries]
 * A frame starts as a copy of code.frame. A string register owns one reference at all times.
 */
#ifndef BYTECODE_H
#define BYTECODE_H

#include "embedded.h"
#include "regex.h"
#include "vm.h"

enum opcode {
#define OPCODE(name, operands) OPCODE_##name,
#include "opcode.def"
#undef OPCODE
	OPCODE_COUNT
};
struct opcode_row {
	const char *name, *operands;
};
extern const struct opcode_row opcode_table[OPCODE_COUNT];

struct insn {
	uint16_t op, a, b, c;
};
/* the registers that follow an instruction come three to a word: a, b, c */
#define OPERANDS_PER_WORD 3
#define OPERANDS_MAX 240
#define REGISTER_NONE UINT16_MAX

/* jumps tell how far, in instructions, from themselves */
static inline int32_t insn_distance(struct insn insn)
{
	return (int32_t)(insn.b | (uint32_t)insn.c << 16);
}

static inline size_t operand_words(size_t count)
{
	return (count + OPERANDS_PER_WORD - 1) / OPERANDS_PER_WORD;
}

/* how far the histogram and variance arguments are packed into STAT's c: bit number, shift */
#define STAT_OPERAND(need, shift) ((uint16_t)((need) | (unsigned)(shift) << 8))
#define STAT_OPERAND_NEED(c) ((c) & 0xff)
#define STAT_OPERAND_SHIFT(c) ((c) >> 8)

/* from first to before end, an error goes to handler with its text in message */
struct try_region {
	uint32_t first, end, handler;
	uint16_t message; /* a string register */
	uint16_t cursors; /* how many walks were open at the try */
};

/* one foreach: registers are REGISTER_NONE when absent */
struct foreach_plan {
	uint16_t map;			 /* slot of the array */
	uint16_t limit;			 /* long register */
	uint16_t value;			 /* register of the value variable */
	uint16_t keys[MAX_INDEXES];	 /* registers of the key variables */
	uint16_t slice[MAX_INDEXES];	 /* registers of the slice's fixed columns */
	bool sliced;
	uint32_t any;			 /* columns that are `*` */
	int direction;
	unsigned column, stat;
	int variance_shift;
};

struct code {
	const char *name;		 /* probe point or function name */
	const struct probe *probe;	 /* one of these two */
	const struct function *function;
	struct insn *insns;
	const struct token **tokens;	 /* of every instruction, for positions in errors */
	size_t count;
	union value *frame;		 /* what a frame starts as */
	unsigned long_constants, longs, string_constants, registers;
	unsigned long_locals, string_locals; /* right behind their bank's constants */
	uint16_t *parameters;		 /* registers of the function's parameters */
	size_t parameter_count;
	struct code *next_overload;
	struct try_region *tries;	 /* innermost first */
	size_t try_count;
	struct foreach_plan *foreachs;
	size_t foreach_count;
	unsigned cursors;		 /* walks open at once */
	embedded_function *embedded;	 /* a body in C: then there are no insns */
};

struct bytecode {
	struct arena *arena;
	const struct program *program;
	const struct run_options *options;
	struct code *probes, *functions; /* indexed like the program's */
	size_t probe_count, function_count;
	ARRAY(struct regex *) regexes;
	ARRAY(const struct format *) formats;
	ARRAY(struct str *) strings;	 /* constants to destroy */
	uint64_t cut_strings;		 /* literals longer than MAXSTRINGLEN allows */
	bool asks_match;		 /* matched() or ngroups() is called somewhere */
	struct embedded *embedded;	 /* the shared object of all C bodies, or NULL */
};

/** bytecode_compile() - all of a program; false after a message on stderr */
bool bytecode_compile(struct bytecode *bytecode, const struct program *program,
		      const struct run_options *options);
/** bytecode_free() - constants, patterns and code; values made of them must be gone */
void bytecode_free(struct bytecode *bytecode);
/** bytecode_verify() - NULL, or what is wrong with @code; the text is static */
const char *bytecode_verify(const struct bytecode *bytecode, const struct code *code);
/** bytecode_operand_count() - how many registers follow @insn in operand words */
size_t bytecode_operand_count(const struct bytecode *bytecode, const struct insn *insn);
/** vm_bytecode() - the code that @vm runs, for whoever tests the verifier */
struct bytecode *vm_bytecode(struct vm *vm);
void bytecode_dump(const struct bytecode *bytecode, const struct code *code, FILE *out);

#endif
