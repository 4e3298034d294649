// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytecode as text, for -p3 and the golden tests: one line an instruction, with the names of
 * variables, builtins, functions and captures, and constants by their value.
 */
#include <inttypes.h>

#include "bytecode.h"

struct dumper {
	const struct bytecode *bytecode;
	const struct code *code;
	FILE *out;
};

static void dump_text(const char *data, size_t length, FILE *out)
{
	fputc('"', out);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)data[i];

		if (c == '\n')
			fputs("\\n", out);
		else if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < ' ' || c > '~')
			fprintf(out, "\\%03o", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* the local whose register is the @number-th of its bank behind the constants, or NULL */
static const struct variable *local_at(const struct code *code, bool is_string, size_t number)
{
	const variable_array *lists[] = {
		code->function ? &code->function->parameters : NULL,
		code->function ? &code->function->locals : &code->probe->locals,
	};

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		for (size_t i = 0; lists[l] && i < lists[l]->count; i++)
			if ((lists[l]->items[i]->type == TYPE_STRING) == is_string && !number--)
				return lists[l]->items[i];
	return NULL;
}

static void dump_register(const struct dumper *dumper, unsigned number)
{
	const struct code *code = dumper->code;
	bool is_string = number >= code->longs;
	unsigned index = is_string ? number - code->longs : number;
	unsigned constants = is_string ? code->string_constants : code->long_constants;
	const struct variable *local;

	if (index < constants && is_string) {
		const struct str *str = code->frame[number].string;

		dump_text(str->data, str->length, dumper->out);
		return;
	}
	if (index < constants) {
		fprintf(dumper->out, "%" PRId64, code->frame[number].number);
		return;
	}
	local = local_at(code, is_string, index - constants);
	if (local)
		fputs(local->name, dumper->out);
	else
		fprintf(dumper->out, "%c%u", is_string ? 's' : 'r', index - constants);
}

static void dump_operand(const struct dumper *dumper, char letter, unsigned operand)
{
	const struct bytecode *bytecode = dumper->bytecode;
	const struct code *code = dumper->code;
	FILE *out = dumper->out;

	switch (letter) {
	case 'l': case 'L': case 's': case 'S':
		dump_register(dumper, operand);
		break;
	case 'G': case 'H': case 'Z': case 'Q': case 'W': case 'M': case 'N': case 'T': case 'A':
		fputs(bytecode->program->globals.items[operand]->name, out);
		break;
	case 'C': case 'D':
		fputs(code->probe->captures.items[operand]->name, out);
		break;
	case 'B':
		fputs(builtin_table[operand].name, out);
		break;
	case 'f':
		fputs(bytecode->functions[operand].name, out);
		break;
	case 'R':
		fprintf(out, "walk%u", operand);
		break;
	default:
		fprintf(out, "#%u", operand);
		break;
	}
}

static void dump_format(const struct dumper *dumper, const struct format *format)
{
	static const char letters[] = {
		[FORMAT_SIGNED] = 'd', [FORMAT_UNSIGNED] = 'u', [FORMAT_HEX] = 'x',
		[FORMAT_OCTAL] = 'o', [FORMAT_POINTER] = 'p', [FORMAT_STRING] = 's',
		[FORMAT_CHAR] = 'c', [FORMAT_BINARY] = 'b', [FORMAT_MEMORY] = 'm',
		[FORMAT_MEMORY_HEX] = 'M',
	};

	for (size_t i = 0; i < format->pieces.count; i++) {
		const struct format_piece *piece = &format->pieces.items[i];

		fputs(i ? " " : "   ; ", dumper->out);
		if (piece->kind == FORMAT_LITERAL)
			dump_text(piece->text, piece->length, dumper->out);
		else
			fprintf(dumper->out, "%%%c", letters[piece->kind]);
	}
}

static void dump_foreach(const struct dumper *dumper, const struct foreach_plan *plan)
{
	const struct variable *array = dumper->bytecode->program->globals.items[plan->map];

	fprintf(dumper->out, "   ; %s", array->name);
	for (size_t i = 0; i < array->index_count; i++) {
		fputs(i ? ", " : " [", dumper->out);
		if (plan->keys[i] == REGISTER_NONE)
			fputc('-', dumper->out);
		else
			dump_register(dumper, plan->keys[i]);
	}
	fputc(']', dumper->out);
	if (plan->value != REGISTER_NONE) {
		fputs(" value ", dumper->out);
		dump_register(dumper, plan->value);
	}
	if (plan->direction)
		fprintf(dumper->out, " %s column %u", plan->direction > 0 ? "up" : "down",
			plan->column);
	if (plan->limit != REGISTER_NONE) {
		fputs(" limit ", dumper->out);
		dump_register(dumper, plan->limit);
	}
}

static void dump_words(const struct dumper *dumper, size_t at)
{
	const struct insn *insn = &dumper->code->insns[at];
	size_t count = bytecode_operand_count(dumper->bytecode, insn);

	for (size_t i = 0; i < count; i++) {
		const struct insn *word = insn + 1 + i / OPERANDS_PER_WORD;
		const uint16_t registers[] = { word->a, word->b, word->c };

		fputs(i ? ", " : " [", dumper->out);
		dump_register(dumper, registers[i % OPERANDS_PER_WORD]);
	}
	if (count)
		fputc(']', dumper->out);
}

static void dump_insn(const struct dumper *dumper, size_t at)
{
	const struct insn *insn = &dumper->code->insns[at];
	const struct opcode_row *row = &opcode_table[insn->op];
	const uint16_t operands[] = { insn->a, insn->b, insn->c };
	const char *between = " ";

	fprintf(dumper->out, "  %4zu  %-15s", at, row->name);
	for (size_t i = 0; i < 3; i++) {
		if (row->operands[i] == '-')
			continue;
		fputs(between, dumper->out);
		between = ", ";
		if (row->operands[i] == 'J') {
			fprintf(dumper->out, "-> %zu", at + (size_t)(ssize_t)insn_distance(*insn));
			break;
		}
		dump_operand(dumper, row->operands[i], operands[i]);
	}
	dump_words(dumper, at);
	if (insn->op == OPCODE_FORMAT)
		dump_format(dumper, dumper->bytecode->formats.items[insn->a]);
	if (insn->op == OPCODE_FOREACH_OPEN)
		dump_foreach(dumper, &dumper->code->foreachs[insn->b]);
	fputc('\n', dumper->out);
}

void bytecode_dump(const struct bytecode *bytecode, const struct code *code, FILE *out)
{
	struct dumper dumper = { bytecode, code, out };

	fprintf(out, "%s %s: %zu instructions, %u longs, %u strings\n",
		code->function ? "function" : "probe", code->name, code->count, code->longs,
		code->registers - code->longs);
	if (code->embedded)
		fputs("  compiled C\n", out);
	for (size_t i = 0; i < code->count; i++)
		if (code->insns[i].op != OPCODE_OPERANDS)
			dump_insn(&dumper, i);
	for (size_t i = 0; i < code->try_count; i++)
		fprintf(out, "  try %u..%u -> %u\n", code->tries[i].first, code->tries[i].end,
			code->tries[i].handler);
}
