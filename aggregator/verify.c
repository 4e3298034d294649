// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The gate before the virtual machine: whatever made the bytecode, after this check no instruction
 * can leave its frame, mix up the banks, write a constant, name a global of another kind, jump out
 * of the code, or loop without passing the one instruction that can be interrupted.
 */
#include "bytecode.h"

struct verifier {
	const struct bytecode *bytecode;
	const struct code *code;
};

static bool is_long(const struct code *code, unsigned number, bool written)
{
	return number < code->longs && (!written || number >= code->long_constants);
}

static bool is_string(const struct code *code, unsigned number, bool written)
{
	return number >= code->longs + (written ? code->string_constants : 0) &&
	       number < code->registers;
}

static bool is_register_of(const struct code *code, unsigned number, enum type type, bool written)
{
	return type == TYPE_STRING ? is_string(code, number, written) :
				     is_long(code, number, written);
}

static const struct variable *global_at(const struct bytecode *bytecode, unsigned slot)
{
	const struct program *program = bytecode->program;

	return slot < program->globals.count ? program->globals.items[slot] : NULL;
}

static bool is_scalar(const struct variable *variable, enum type type)
{
	enum type actual = variable && variable->type == TYPE_UNKNOWN ? TYPE_LONG :
			   variable ? variable->type : TYPE_VOID;

	return variable && !variable->is_array && actual == type;
}

static bool is_array(const struct variable *variable, enum type type)
{
	enum type actual = variable && variable->type == TYPE_UNKNOWN ? TYPE_LONG :
			   variable ? variable->type : TYPE_VOID;

	return variable && variable->is_array && variable->index_count &&
	       variable->index_count <= MAX_INDEXES &&
	       (type == TYPE_VOID || actual == type);
}

static bool global_fits(const struct variable *variable, char letter)
{
	switch (letter) {
	case 'G': return is_scalar(variable, TYPE_LONG);
	case 'H': return is_scalar(variable, TYPE_STRING);
	case 'Q': return is_scalar(variable, TYPE_STATS);
	case 'Z': return variable && !variable->is_array;
	case 'W': return is_scalar(variable, TYPE_STATS) || is_array(variable, TYPE_STATS);
	case 'M': return is_array(variable, TYPE_VOID);
	case 'N': return is_array(variable, TYPE_LONG);
	case 'T': return is_array(variable, TYPE_STRING);
	case 'A': return is_array(variable, TYPE_STATS);
	default: return false;
	}
}

static bool capture_fits(const struct code *code, unsigned slot, enum type type)
{
	return code->probe && slot < code->probe->captures.count &&
	       code->probe->captures.items[slot]->type == type;
}

static bool operand_fits(const struct verifier *verifier, char letter, unsigned operand)
{
	const struct bytecode *bytecode = verifier->bytecode;
	const struct code *code = verifier->code;

	switch (letter) {
	case '-':
	case 'U':
	case '*':
	case 'J': return true;
	case 'l': return is_long(code, operand, true);
	case 'L': return is_long(code, operand, false);
	case 's': return is_string(code, operand, true);
	case 'S': return is_string(code, operand, false);
	case 'C': return capture_fits(code, operand, TYPE_LONG);
	case 'D': return capture_fits(code, operand, TYPE_STRING);
	case 'F': return operand < bytecode->formats.count;
	case 'X': return operand < bytecode->regexes.count;
	case 'B': return operand < BUILTIN_COUNT;
	case 'f': return operand < bytecode->function_count;
	case 'R': return operand < code->cursors;
	case 'P': return operand < code->foreach_count;
	default: return global_fits(global_at(bytecode, operand), letter);
	}
}

/* ---- operand words ---- */

static const struct variable *keyed_global(const struct bytecode *bytecode,
					   const struct insn *insn)
{
	const char *letters = opcode_table[insn->op].operands;
	const uint16_t operands[] = { insn->a, insn->b, insn->c };

	for (size_t i = 0; i < 3; i++)
		if (strchr("WMNTA", letters[i]))
			return global_at(bytecode, operands[i]);
	return NULL;
}

size_t bytecode_operand_count(const struct bytecode *bytecode, const struct insn *insn)
{
	const struct variable *variable;

	if (strlen(opcode_table[insn->op].operands) < 4)
		return 0;
	switch (insn->op) {
	case OPCODE_FORMAT:
		return bytecode->formats.items[insn->a]->argument_count;
	case OPCODE_CALL: case OPCODE_CALL_LONG: case OPCODE_CALL_STRING:
	case OPCODE_NATIVE: case OPCODE_NATIVE_LONG: case OPCODE_NATIVE_STRING:
		return insn->c;
	default:
		variable = keyed_global(bytecode, insn);
		return variable && variable->is_array ? variable->index_count : 0;
	}
}

static bool native_fits(const struct insn *insn)
{
	const struct builtin *builtin = &builtin_table[insn->b];
	size_t most = strlen(builtin->parameters), least = strcspn(builtin->parameters, "|");

	if (least < most)
		most--;
	if (insn->c < least || insn->c > most)
		return false;
	switch (insn->op) {
	case OPCODE_NATIVE_LONG: return builtin->result == TYPE_LONG;
	case OPCODE_NATIVE_STRING: return builtin->result == TYPE_STRING;
	default: return builtin->result == TYPE_VOID;
	}
}

static enum type native_parameter_type(const struct builtin *builtin, size_t index)
{
	const char *letter = builtin->parameters;

	for (; *letter; letter++) {
		if (*letter == '|')
			continue;
		if (index-- == 0)
			break;
	}
	return *letter == 's' ? TYPE_STRING : TYPE_LONG;
}

static bool call_fits(const struct verifier *verifier, const struct insn *insn)
{
	const struct function *function = verifier->bytecode->functions[insn->b].function;

	if (insn->c != function->parameters.count)
		return false;
	return insn->op == OPCODE_CALL ||
	       function->type == (insn->op == OPCODE_CALL_LONG ? TYPE_LONG : TYPE_STRING);
}

static enum type operand_type(const struct verifier *verifier, const struct insn *insn,
			      size_t index)
{
	const struct bytecode *bytecode = verifier->bytecode;

	switch (insn->op) {
	case OPCODE_FORMAT:
		return format_argument_type(bytecode->formats.items[insn->a], index);
	case OPCODE_CALL: case OPCODE_CALL_LONG: case OPCODE_CALL_STRING:
		return bytecode->functions[insn->b].function->parameters.items[index]->type;
	case OPCODE_NATIVE: case OPCODE_NATIVE_LONG: case OPCODE_NATIVE_STRING:
		return native_parameter_type(&builtin_table[insn->b], index);
	default:
		return keyed_global(bytecode, insn)->index_types[index];
	}
}

static const char *verify_operands(const struct verifier *verifier, size_t at)
{
	const struct code *code = verifier->code;
	const struct insn *insn = &code->insns[at];
	size_t count = bytecode_operand_count(verifier->bytecode, insn);

	if (count > OPERANDS_MAX || operand_words(count) >= code->count - at)
		return "operands run out of the code";
	for (size_t i = 0; i < count; i++) {
		const struct insn *word = insn + 1 + i / OPERANDS_PER_WORD;
		const uint16_t registers[] = { word->a, word->b, word->c };

		if (word->op != OPCODE_OPERANDS)
			return "operands missing";
		if (!is_register_of(code, registers[i % OPERANDS_PER_WORD],
				    operand_type(verifier, insn, i), false))
			return "operand of another type";
	}
	return NULL;
}

/* ---- one instruction ---- */

static const char *verify_jump(const struct code *code, size_t at)
{
	size_t target = at + (size_t)(ssize_t)insn_distance(code->insns[at]);

	if (target >= code->count)
		return "jump out of the code";
	if (code->insns[at].op == OPCODE_LOOP ? target > at : target <= at)
		return "jump in the wrong direction";
	return NULL;
}

static bool returns(const struct code *code, enum type type)
{
	return code->function && code->function->type == type;
}

static bool statistic_fits(const struct verifier *verifier, const struct insn *insn)
{
	const struct variable *variable = keyed_global(verifier->bytecode, insn);
	unsigned need = STAT_OPERAND_NEED(insn->c);

	if (insn->op != OPCODE_STAT)
		return variable->stat.needs & (STAT_HIST_LINEAR | STAT_HIST_LOG);
	return need && need <= STAT_VARIANCE && !(need & (need - 1)) &&
	       STAT_OPERAND_SHIFT(insn->c) < 63;
}

static const char *verify_special(const struct verifier *verifier, const struct insn *insn)
{
	bool ok = true;

	switch (insn->op) {
	case OPCODE_END: ok = verifier->code->probe; break;
	case OPCODE_RETURN: ok = verifier->code->function; break;
	case OPCODE_RETURN_LONG: ok = returns(verifier->code, TYPE_LONG); break;
	case OPCODE_RETURN_STRING: ok = returns(verifier->code, TYPE_STRING); break;
	case OPCODE_NEXT_OVERLOAD: ok = verifier->code->function; break;
	case OPCODE_CALL: case OPCODE_CALL_LONG: case OPCODE_CALL_STRING:
		ok = call_fits(verifier, insn);
		break;
	case OPCODE_NATIVE: case OPCODE_NATIVE_LONG: case OPCODE_NATIVE_STRING:
		ok = native_fits(insn);
		break;
	case OPCODE_STAT: case OPCODE_BUCKET: case OPCODE_HISTOGRAM:
		ok = statistic_fits(verifier, insn);
		break;
	default: break;
	}
	return ok ? NULL : "an instruction that does not fit what it names";
}

static const char *verify_insn(const struct verifier *verifier, size_t at)
{
	const struct insn *insn = &verifier->code->insns[at];
	const uint16_t operands[] = { insn->a, insn->b, insn->c };
	const char *letters, *problem;

	if (insn->op >= OPCODE_COUNT)
		return "no such instruction";
	letters = opcode_table[insn->op].operands;
	for (size_t i = 0; i < 3 && letters[i] != 'J'; i++)
		if (letters[i] && !operand_fits(verifier, letters[i], operands[i]))
			return "operand out of range";
	if (letters[1] == 'J')
		return verify_jump(verifier->code, at);
	if (insn->op >= OPCODE_TEST_LT && insn->op <= OPCODE_TEST_NE &&
	    (at + 1 >= verifier->code->count || insn[1].op != OPCODE_JUMP))
		return "test without a jump";
	problem = verify_special(verifier, insn);
	return problem ? problem : verify_operands(verifier, at);
}

/* ---- tables ---- */

static bool optional_register(const struct code *code, uint16_t number, enum type type)
{
	return number == REGISTER_NONE || is_register_of(code, number, type, true);
}

static const char *verify_foreach(const struct verifier *verifier, const struct foreach_plan *plan)
{
	const struct code *code = verifier->code;
	const struct variable *array = global_at(verifier->bytecode, plan->map);

	if (!is_array(array, TYPE_VOID) || plan->column > array->index_count)
		return "foreach over no array";
	if (plan->limit != REGISTER_NONE && !is_long(code, plan->limit, false))
		return "foreach limit out of range";
	if (plan->value != REGISTER_NONE &&
	    (array->type == TYPE_STATS || !is_register_of(code, plan->value, array->type, true)))
		return "foreach value out of range";
	for (size_t i = 0; i < MAX_INDEXES; i++) {
		enum type type = i < array->index_count ? array->index_types[i] : TYPE_LONG;

		if (i >= array->index_count && plan->keys[i] != REGISTER_NONE)
			return "foreach with too many keys";
		if (!optional_register(code, plan->keys[i], type))
			return "foreach key out of range";
		if (plan->sliced && i < array->index_count &&
		    !is_register_of(code, plan->slice[i], type, false))
			return "foreach slice out of range";
	}
	return NULL;
}

static const char *verify_try(const struct code *code, const struct try_region *region)
{
	if (region->first > region->end || region->end > region->handler ||
	    region->handler >= code->count || region->cursors > code->cursors)
		return "try block out of range";
	if (!optional_register(code, region->message, TYPE_STRING))
		return "catch variable out of range";
	return NULL;
}

static bool ends(const struct code *code)
{
	if (!code->count)
		return false;
	switch (code->insns[code->count - 1].op) {
	case OPCODE_END: case OPCODE_RETURN: case OPCODE_RETURN_LONG: case OPCODE_RETURN_STRING:
	case OPCODE_NEXT_OVERLOAD: case OPCODE_LOOP:
		return true;
	default:
		return false;
	}
}

static const char *verify_overload(const struct code *code)
{
	const struct function *next;

	if (!code->next_overload)
		return NULL;
	next = code->next_overload->function;
	if (!code->function || !next || next->type != code->function->type ||
	    next->parameters.count != code->function->parameters.count)
		return "overloads that differ";
	for (size_t i = 0; i < next->parameters.count; i++)
		if ((next->parameters.items[i]->type == TYPE_STRING) !=
		    (code->function->parameters.items[i]->type == TYPE_STRING))
			return "overloads that differ";
	return NULL;
}

const char *bytecode_verify(const struct bytecode *bytecode, const struct code *code)
{
	struct verifier verifier = { bytecode, code };
	const char *problem = verify_overload(code);

	if (!ends(code))
		return "code that does not end";
	for (size_t i = 0; !problem && i < code->count; i++)
		problem = verify_insn(&verifier, i);
	for (size_t i = 0; !problem && i < code->try_count; i++)
		problem = verify_try(code, &code->tries[i]);
	for (size_t i = 0; !problem && i < code->foreach_count; i++)
		problem = verify_foreach(&verifier, &code->foreachs[i]);
	return problem;
}
