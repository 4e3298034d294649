/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trees back to text (-p1). What is printed parses to the same tree again: parentheses stand where
 * the author put them and where precedence needs them, every statement ends in a semicolon because
 * the grammar would otherwise run neighbours together, and values that later passes put in print
 * as calls of what they are.
 */
#include "session.h"

#include <inttypes.h>

const char *type_name(enum type type)
{
	static const char *const names[] = {
		[TYPE_UNKNOWN] = "unknown", [TYPE_LONG] = "long", [TYPE_STRING] = "string",
		[TYPE_STATS] = "stats", [TYPE_VOID] = "void",
	};

	return names[type];
}

const char *operator_text(enum op op)
{
	static const char *const texts[] = {
		[OP_NONE] = "", [OP_ADD] = "+", [OP_SUB] = "-", [OP_MUL] = "*", [OP_DIV] = "/",
		[OP_MOD] = "%", [OP_SHL] = "<<", [OP_SHR] = ">>", [OP_USHR] = ">>>",
		[OP_AND] = "&", [OP_OR] = "|", [OP_XOR] = "^", [OP_NEG] = "-", [OP_PLUS] = "+",
		[OP_NOT] = "!", [OP_COMPL] = "~", [OP_LT] = "<", [OP_LE] = "<=", [OP_GT] = ">",
		[OP_GE] = ">=", [OP_EQ] = "==", [OP_NE] = "!=", [OP_MATCH] = "=~",
		[OP_NOMATCH] = "!~", [OP_CONCAT] = ".", [OP_ASSIGN] = "=",
		[OP_AGGREGATE] = "<<<", [OP_INC] = "++", [OP_DEC] = "--",
	};

	return texts[op];
}

/* ---- literals ---- */

static void print_string(const char *text, size_t length, struct buf *out)
{
	static const char letters[] = "abtnvfr", values[] = "\a\b\t\n\v\f\r";

	buf_putc(out, '"');
	for (size_t i = 0; i < length; i++) {
		unsigned char c = text[i];
		const char *letter = c ? strchr(values, c) : NULL;

		if (letter)
			buf_printf(out, "\\%c", letters[letter - values]);
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			buf_printf(out, "\\%03o", c);
		else
			buf_putc(out, c);
	}
	buf_putc(out, '"');
}

static void print_text(const char *text, struct buf *out)
{
	print_string(text, strlen(text), out);
}

/* ---- expressions ---- */

/* loosest first; an operand below what its place needs gets parentheses */
enum precedence {
	PRECEDENCE_ASSIGN, PRECEDENCE_TERNARY, PRECEDENCE_OR, PRECEDENCE_AND, PRECEDENCE_BIT_OR,
	PRECEDENCE_BIT_XOR, PRECEDENCE_BIT_AND, PRECEDENCE_IN, PRECEDENCE_REGEX,
	PRECEDENCE_COMPARE, PRECEDENCE_SHIFT, PRECEDENCE_CONCAT, PRECEDENCE_ADD,
	PRECEDENCE_MULTIPLY, PRECEDENCE_UNARY, PRECEDENCE_VALUE,
};

static enum precedence binary_precedence(enum op op)
{
	switch (op) {
	case OP_OR:
		return PRECEDENCE_BIT_OR;
	case OP_XOR:
		return PRECEDENCE_BIT_XOR;
	case OP_AND:
		return PRECEDENCE_BIT_AND;
	case OP_SHL:
	case OP_SHR:
	case OP_USHR:
		return PRECEDENCE_SHIFT;
	case OP_ADD:
	case OP_SUB:
		return PRECEDENCE_ADD;
	default:
		return PRECEDENCE_MULTIPLY;
	}
}

static enum precedence precedence(const struct expr *expr)
{
	switch (expr->kind) {
	case EXPR_ASSIGN:
		return PRECEDENCE_ASSIGN;
	case EXPR_TERNARY:
		return PRECEDENCE_TERNARY;
	case EXPR_OR:
		return PRECEDENCE_OR;
	case EXPR_AND:
		return PRECEDENCE_AND;
	case EXPR_IN:
		return PRECEDENCE_IN;
	case EXPR_REGEX:
		return PRECEDENCE_REGEX;
	case EXPR_COMPARE:
		return PRECEDENCE_COMPARE;
	case EXPR_CONCAT:
		return PRECEDENCE_CONCAT;
	case EXPR_BINARY:
		return binary_precedence(expr->op);
	case EXPR_UNARY:
	case EXPR_INCREMENT:
		return PRECEDENCE_UNARY;
	case EXPR_NUMBER:
		return expr->number < 0 ? PRECEDENCE_UNARY : PRECEDENCE_VALUE;
	default:
		return expr->address_of ? PRECEDENCE_UNARY : PRECEDENCE_VALUE;
	}
}

static void print_bare(const struct expr *expr, struct buf *out);

static void print_operand(const struct expr *expr, enum precedence least, struct buf *out)
{
	bool parentheses = expr->parenthesized || precedence(expr) < least;

	if (parentheses)
		buf_putc(out, '(');
	print_bare(expr, out);
	if (parentheses)
		buf_putc(out, ')');
}

static void print_list(struct expr *const *args, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		buf_puts(out, i ? ", " : "");
		if (args[i])
			expr_print(args[i], out);
		else
			buf_putc(out, '*');
	}
}

static void print_call(const char *name, const struct expr *expr, struct buf *out)
{
	buf_printf(out, "%s(", name);
	print_list(expr->args, expr->arg_count, out);
	buf_putc(out, ')');
}

static void print_indexes(const struct expr *expr, struct buf *out)
{
	buf_putc(out, '[');
	print_list(expr->args, expr->arg_count, out);
	buf_putc(out, ']');
}

/* left-associative: the right operand must bind more tightly */
static void print_binary(const struct expr *expr, const char *operator, struct buf *out)
{
	enum precedence own = precedence(expr);
	bool chains = expr->kind != EXPR_REGEX;

	print_operand(expr->a, chains ? own : PRECEDENCE_SHIFT, out);
	buf_printf(out, " %s ", operator);
	print_operand(expr->b, own + 1, out);
}

static void print_ternary(const struct expr *expr, struct buf *out)
{
	print_operand(expr->a, PRECEDENCE_OR, out);
	buf_puts(out, " ? ");
	print_operand(expr->b, PRECEDENCE_ASSIGN, out);
	buf_puts(out, " : ");
	print_operand(expr->c, PRECEDENCE_TERNARY, out);
}

static void print_assign(const struct expr *expr, struct buf *out)
{
	bool compound = expr->op != OP_ASSIGN && expr->op != OP_AGGREGATE;

	print_operand(expr->a, PRECEDENCE_TERNARY, out);
	buf_printf(out, " %s%s ", operator_text(expr->op), compound ? "=" : "");
	print_operand(expr->b, PRECEDENCE_ASSIGN, out);
}

/* the sign an operand's text begins with, or 0 */
static char leading_sign(const struct expr *expr)
{
	if (expr->parenthesized)
		return 0;
	if (expr->kind == EXPR_UNARY || (expr->kind == EXPR_INCREMENT && !expr->postfix))
		return operator_text(expr->op)[0];
	return expr->kind == EXPR_NUMBER && expr->number < 0 ? '-' : 0;
}

/*
 * `- -a` must not become `--a`, nor `! ~a` the operator `!~`; and a minus sign in front of a bare
 * number would become part of it.
 */
static void print_unary(const struct expr *expr, struct buf *out)
{
	const struct expr *operand = expr->a;
	char own = operator_text(expr->op)[0], sign = leading_sign(operand);
	bool number = expr->op == OP_NEG && operand->kind == EXPR_NUMBER;

	buf_putc(out, own);
	if (sign == own || (own == '!' && sign == '~'))
		buf_putc(out, ' ');
	print_operand(operand, number && !sign ? PRECEDENCE_VALUE + 1 : PRECEDENCE_UNARY, out);
}

static void print_increment(const struct expr *expr, struct buf *out)
{
	if (!expr->postfix)
		buf_puts(out, operator_text(expr->op));
	print_operand(expr->a, PRECEDENCE_VALUE, out);
	if (expr->postfix)
		buf_puts(out, operator_text(expr->op));
}

static void print_path(const struct expr *expr, struct buf *out)
{
	for (size_t i = 0; i < expr->path.count; i++) {
		const struct target_component *component = &expr->path.items[i];

		switch (component->kind) {
		case COMPONENT_MEMBER:
			buf_printf(out, "->%s", component->member);
			break;
		case COMPONENT_INDEX:
			buf_putc(out, '[');
			expr_print(component->index, out);
			buf_putc(out, ']');
			break;
		case COMPONENT_PRETTY:
			buf_putc(out, '$');
			break;
		case COMPONENT_PRETTY_DEEP:
			buf_puts(out, "$$");
			break;
		}
	}
}

static void print_target(const struct expr *expr, struct buf *out)
{
	buf_puts(out, expr->address_of ? "&" : "");
	buf_puts(out, expr->name);
	if (expr->string) {
		buf_putc(out, '(');
		print_string(expr->string, expr->string_length, out);
		buf_puts(out, expr->arg_count ? ", " : "");
		print_list(expr->args, expr->arg_count, out);
		buf_putc(out, ')');
	}
	print_path(expr, out);
}

static void print_cast(const struct expr *expr, struct buf *out)
{
	buf_puts(out, expr->address_of ? "&" : "");
	if (expr->string) {
		buf_puts(out, "@cast(");
		expr_print(expr->a, out);
		buf_puts(out, ", ");
		print_string(expr->string, expr->string_length, out);
		buf_puts(out, expr->arg_count ? ", " : "");
		print_list(expr->args, expr->arg_count, out);
		buf_putc(out, ')');
	} else {
		print_operand(expr->a, PRECEDENCE_VALUE, out);
	}
	print_path(expr, out);
}

static void print_print(const struct expr *expr, struct buf *out)
{
	const struct print_spec *print = expr->print;

	buf_printf(out, "%s(", expr->name);
	if (print->format)
		print_string(print->format, print->format_length, out);
	else if (print->delimiter)
		print_text(print->delimiter, out);
	if ((print->format || print->delimiter) && expr->arg_count)
		buf_puts(out, ", ");
	print_list(expr->args, expr->arg_count, out);
	buf_putc(out, ')');
}

/* @name(a, args...) and the [index] of a histogram's bucket */
static void print_statistic(const struct expr *expr, struct buf *out)
{
	buf_printf(out, "@%s(", expr->name);
	expr_print(expr->a, out);
	buf_puts(out, expr->arg_count ? ", " : "");
	print_list(expr->args, expr->arg_count, out);
	buf_putc(out, ')');
	if (expr->kind != EXPR_HIST || !expr->b)
		return;
	buf_putc(out, '[');
	expr_print(expr->b, out);
	buf_putc(out, ']');
}

/* @name(a[, b]) */
static void print_at_call(const char *name, const struct expr *expr, struct buf *out)
{
	buf_printf(out, "@%s(", name);
	expr_print(expr->a, out);
	if (expr->b) {
		buf_puts(out, ", ");
		expr_print(expr->b, out);
	}
	buf_putc(out, ')');
}

static void print_at_string(const char *name, const struct expr *expr, struct buf *out)
{
	buf_printf(out, "@%s(", name);
	print_string(expr->string, expr->string_length, out);
	buf_putc(out, ')');
}

static void print_in(const struct expr *expr, struct buf *out)
{
	print_indexes(expr, out);
	buf_printf(out, " in %s", expr->name);
}

static void print_bare(const struct expr *expr, struct buf *out)
{
	switch (expr->kind) {
	case EXPR_NUMBER:
		buf_printf(out, "%" PRId64, expr->number);
		break;
	case EXPR_STRING:
		print_string(expr->string, expr->string_length, out);
		break;
	case EXPR_SYMBOL:
		buf_puts(out, expr->name);
		break;
	case EXPR_INDEX:
		buf_puts(out, expr->name);
		print_indexes(expr, out);
		break;
	case EXPR_TARGET:
		print_target(expr, out);
		break;
	case EXPR_CAST:
		print_cast(expr, out);
		break;
	case EXPR_UNARY:
		print_unary(expr, out);
		break;
	case EXPR_BINARY:
	case EXPR_COMPARE:
	case EXPR_CONCAT:
	case EXPR_REGEX:
		print_binary(expr, operator_text(expr->op), out);
		break;
	case EXPR_AND:
		print_binary(expr, "&&", out);
		break;
	case EXPR_OR:
		print_binary(expr, "||", out);
		break;
	case EXPR_IN:
		print_in(expr, out);
		break;
	case EXPR_TERNARY:
		print_ternary(expr, out);
		break;
	case EXPR_ASSIGN:
		print_assign(expr, out);
		break;
	case EXPR_INCREMENT:
		print_increment(expr, out);
		break;
	case EXPR_CALL:
		print_call(expr->name, expr, out);
		break;
	case EXPR_PRINT:
		print_print(expr, out);
		break;
	case EXPR_STAT:
	case EXPR_HIST:
		print_statistic(expr, out);
		break;
	case EXPR_DEFINED:
		print_call("@defined", expr, out);
		break;
	case EXPR_CHOOSE_DEFINED:
		print_at_call("choose_defined", expr, out);
		break;
	case EXPR_ENTRY:
		print_at_call("entry", expr, out);
		break;
	case EXPR_PROBEWRITE:
		print_at_call("probewrite", expr, out);
		break;
	case EXPR_DEREF:
		print_at_call(expr->op == (enum op)'u' ? "uderef" : "kderef", expr, out);
		break;
	case EXPR_REGISTER:
		print_at_call(expr->op == (enum op)'u' ? "uregister" : "kregister", expr, out);
		break;
	case EXPR_PERF:
		print_at_string("perf", expr, out);
		break;
	case EXPR_CONST:
		print_at_string("const", expr, out);
		break;
	case EXPR_EMBEDDED:
		buf_printf(out, "%%{%s%%}", expr->string);
		break;
	case EXPR_CAPTURE:
		buf_puts(out, expr->capture ? expr->capture->name : expr->name);
		break;
	case EXPR_CONTEXT:
		buf_printf(out, "@context(%u)", expr->context);
		break;
	}
}

void expr_print(const struct expr *expr, struct buf *out)
{
	print_operand(expr, PRECEDENCE_ASSIGN, out);
}

/* ---- statements ---- */

static void print_indent(struct buf *out, unsigned indent)
{
	while (indent--)
		buf_putc(out, '\t');
}

/* a statement on the same line when it is a block, else on the next and deeper */
static void print_nested(const struct stmt *stmt, struct buf *out, unsigned indent)
{
	if (stmt->kind == STMT_BLOCK) {
		buf_putc(out, ' ');
		stmt_print(stmt, out, indent);
		return;
	}
	buf_putc(out, '\n');
	print_indent(out, indent + 1);
	stmt_print(stmt, out, indent + 1);
}

static void print_block(const struct stmt *stmt, struct buf *out, unsigned indent)
{
	buf_puts(out, "{\n");
	for (size_t i = 0; i < stmt->body.count; i++) {
		print_indent(out, indent + 1);
		stmt_print(stmt->body.items[i], out, indent + 1);
		buf_putc(out, '\n');
	}
	print_indent(out, indent);
	buf_putc(out, '}');
}

static void print_if(const struct stmt *stmt, struct buf *out, unsigned indent)
{
	buf_puts(out, "if (");
	expr_print(stmt->expr, out);
	buf_putc(out, ')');
	print_nested(stmt->then, out, indent);
	if (!stmt->otherwise)
		return;
	if (stmt->then->kind == STMT_BLOCK) {
		buf_putc(out, ' ');
	} else {
		buf_putc(out, '\n');
		print_indent(out, indent);
	}
	buf_puts(out, "else");
	if (stmt->otherwise->kind != STMT_IF) {
		print_nested(stmt->otherwise, out, indent);
		return;
	}
	buf_putc(out, ' ');
	stmt_print(stmt->otherwise, out, indent);
}

static void print_optional(const struct expr *expr, struct buf *out)
{
	if (expr)
		expr_print(expr, out);
}

static void print_for(const struct stmt *stmt, struct buf *out, unsigned indent)
{
	buf_puts(out, "for (");
	print_optional(stmt->initial, out);
	buf_puts(out, "; ");
	print_optional(stmt->expr, out);
	buf_puts(out, "; ");
	print_optional(stmt->step, out);
	buf_putc(out, ')');
	print_nested(stmt->then, out, indent);
}

static void print_sort(const struct foreach_spec *foreach, unsigned column, struct buf *out)
{
	if (foreach->direction && foreach->sort_column == column)
		buf_putc(out, foreach->direction > 0 ? '+' : '-');
}

static const char *statistic_text(unsigned stat)
{
	switch (stat) {
	case STAT_SUM:
		return " @sum";
	case STAT_MIN:
		return " @min";
	case STAT_MAX:
		return " @max";
	case STAT_AVG:
		return " @avg";
	case STAT_VARIANCE:
		return " @variance";
	default:
		return "";
	}
}

static void print_foreach(const struct stmt *stmt, struct buf *out, unsigned indent)
{
	const struct foreach_spec *foreach = stmt->foreach;

	buf_puts(out, "foreach (");
	if (foreach->value) {
		expr_print(foreach->value, out);
		buf_puts(out, " = ");
	}
	buf_putc(out, '[');
	for (size_t i = 0; i < foreach->keys.count; i++) {
		buf_puts(out, i ? ", " : "");
		expr_print(foreach->keys.items[i], out);
		print_sort(foreach, i + 1, out);
	}
	buf_puts(out, "] in ");
	expr_print(foreach->array, out);
	if (foreach->direction && foreach->sort_column == 0)
		buf_puts(out, statistic_text(foreach->sort_stat));
	print_sort(foreach, 0, out);
	if (foreach->limit) {
		buf_puts(out, " limit ");
		expr_print(foreach->limit, out);
	}
	buf_putc(out, ')');
	print_nested(stmt->then, out, indent);
}

static void print_try(const struct stmt *stmt, struct buf *out, unsigned indent)
{
	buf_puts(out, "try ");
	stmt_print(stmt->then, out, indent);
	buf_puts(out, " catch ");
	if (stmt->catch_variable) {
		buf_putc(out, '(');
		expr_print(stmt->catch_variable, out);
		buf_puts(out, ") ");
	}
	stmt_print(stmt->otherwise, out, indent);
}

/* WORD [ expression ] ; */
static void print_simple(const char *word, const struct expr *expr, struct buf *out)
{
	buf_puts(out, word);
	if (expr)
		buf_puts(out, *word ? " " : "");
	print_optional(expr, out);
	buf_putc(out, ';');
}

void stmt_print(const struct stmt *stmt, struct buf *out, unsigned indent)
{
	switch (stmt->kind) {
	case STMT_NULL:
		buf_putc(out, ';');
		break;
	case STMT_BLOCK:
		print_block(stmt, out, indent);
		break;
	case STMT_EXPR:
	case STMT_EMBEDDED:
		print_simple("", stmt->expr, out);
		break;
	case STMT_IF:
		print_if(stmt, out, indent);
		break;
	case STMT_WHILE:
		buf_puts(out, "while (");
		expr_print(stmt->expr, out);
		buf_putc(out, ')');
		print_nested(stmt->then, out, indent);
		break;
	case STMT_FOR:
		print_for(stmt, out, indent);
		break;
	case STMT_FOREACH:
		print_foreach(stmt, out, indent);
		break;
	case STMT_RETURN:
		print_simple("return", stmt->expr, out);
		break;
	case STMT_NEXT:
		print_simple("next", NULL, out);
		break;
	case STMT_BREAK:
		print_simple("break", NULL, out);
		break;
	case STMT_CONTINUE:
		print_simple("continue", NULL, out);
		break;
	case STMT_DELETE:
		print_simple("delete", stmt->expr, out);
		break;
	case STMT_TRY:
		print_try(stmt, out, indent);
		break;
	}
}

/* ---- definitions ---- */

static bool takes_address(const struct point_component *component)
{
	return strcmp(component->name, "function") == 0 ||
	       strcmp(component->name, "statement") == 0;
}

static void print_component(const struct point_component *component, struct buf *out)
{
	buf_puts(out, component->name);
	if (component->argument_kind == ARGUMENT_NUMBER)
		buf_printf(out, takes_address(component) ? "(0x%" PRIx64 ")" : "(%" PRId64 ")",
			   component->number);
	if (component->argument_kind == ARGUMENT_STRING) {
		buf_putc(out, '(');
		print_text(component->string, out);
		buf_putc(out, ')');
	}
}

void point_print(const struct probe_point *point, struct buf *out)
{
	for (size_t i = 0; i < point->components.count; i++) {
		buf_puts(out, i ? "." : "");
		print_component(&point->components.items[i], out);
	}
	if (point->optional)
		buf_putc(out, '?');
	if (point->sufficient)
		buf_putc(out, '!');
	if (point->condition) {
		buf_puts(out, " if (");
		expr_print(point->condition, out);
		buf_putc(out, ')');
	}
}

static void print_global(const struct variable *variable, struct buf *out)
{
	buf_printf(out, "%sglobal %s%s", variable->is_private ? "private " : "", variable->name,
		   variable->wraps ? "%" : "");
	if (variable->size) {
		buf_putc(out, '[');
		expr_print(variable->size, out);
		buf_putc(out, ']');
	}
	if (variable->initial) {
		buf_puts(out, " = ");
		expr_print(variable->initial, out);
	}
	buf_putc(out, '\n');
}

static void print_declared(enum type type, struct buf *out)
{
	if (type == TYPE_LONG || type == TYPE_STRING)
		buf_printf(out, ":%s", type_name(type));
}

static void print_function(const struct function *function, struct buf *out)
{
	buf_printf(out, "%sfunction %s", function->is_private ? "private " : "", function->name);
	print_declared(function->declared_type, out);
	buf_puts(out, " (");
	for (size_t i = 0; i < function->parameters.count; i++) {
		buf_printf(out, "%s%s", i ? ", " : "", function->parameters.items[i]->name);
		print_declared(function->parameters.items[i]->type, out);
	}
	buf_putc(out, ')');
	if (function->priority > 0)
		buf_printf(out, ":%" PRId64, function->priority);
	buf_putc(out, ' ');
	if (function->embedded)
		buf_printf(out, "%%{%s%%}", function->embedded);
	else
		stmt_print(function->body, out, 0);
	buf_putc(out, '\n');
}

static void print_probe(const struct probe_declaration *declaration, struct buf *out)
{
	buf_puts(out, "probe ");
	if (declaration->alias) {
		point_print(declaration->alias, out);
		buf_puts(out, declaration->is_epilogue ? " += " : " = ");
	}
	for (size_t i = 0; i < declaration->points.count; i++) {
		buf_puts(out, i ? ", " : "");
		point_print(declaration->points.items[i], out);
	}
	buf_putc(out, ' ');
	stmt_print(declaration->body, out, 0);
	if (declaration->epilogue) {
		buf_puts(out, ", ");
		stmt_print(declaration->epilogue, out, 0);
	}
	buf_putc(out, '\n');
}

static void print_definition(const struct definition *definition, struct buf *out)
{
	switch (definition->kind) {
	case DEFINE_GLOBAL:
		print_global(definition->node, out);
		break;
	case DEFINE_FUNCTION:
		print_function(definition->node, out);
		break;
	case DEFINE_PROBE:
	case DEFINE_ALIAS:
		print_probe(definition->node, out);
		break;
	case DEFINE_EMBEDDED:
		buf_printf(out, "%%{%s%%}\n", ((const struct token *)definition->node)->text);
		break;
	}
}

void frontend_print_scripts(struct frontend *frontend, FILE *out)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < frontend->scripts.count; i++) {
		const struct script *script = frontend->scripts.items[i];

		buf_printf(&text, "# file %s\n", script->file->name);
		for (size_t j = 0; j < script->order.count; j++)
			print_definition(&script->order.items[j], &text);
	}
	fputs(buf_text(&text), out);
	buf_free(&text);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"
#include "parse.h"

/* the one expression of a probe, printed */
static const char *reprinted(const char *text)
{
	static struct buf out;
	struct frontend_options options = { .guru = true };
	struct frontend *frontend = frontend_new(&options);
	const char *source = arena_printf(frontend->arena, "probe a { %s }", text);
	const struct script *script =
		parse_source(frontend, session_add_source(frontend, SOURCE_SCRIPT, "<input>",
							  source, strlen(source)));

	buf_reset(&out);
	if (diag_error_count(frontend))
		diag_print(frontend, stderr);
	else
		stmt_print(script->probes.items[0]->body->body.items[0], &out, 0);
	frontend_free(frontend);
	return buf_text(&out);
}

UNIT_TEST_CASE(print_keeps_parentheses_and_adds_none)
{
	CHECK_STR(reprinted("a=b+c*(d-e)-f"), "a = b + c * (d - e) - f;");
	CHECK_STR(reprinted("a=(b)"), "a = (b);");
	CHECK_STR(reprinted("a?b:c?d:e"), "a ? b : c ? d : e;");
	CHECK_STR(reprinted("a in b"), "[a] in b;");
}

UNIT_TEST_CASE(print_keeps_signs_apart)
{
	CHECK_STR(reprinted("- -a"), "- -a;");
	CHECK_STR(reprinted("! ~a"), "! ~a;");
	CHECK_STR(reprinted("-(5)"), "-(5);");
	CHECK_STR(reprinted("- --a"), "- --a;");
	CHECK_STR(reprinted("-a++"), "-a++;");
}

UNIT_TEST_CASE(print_adds_parentheses_to_made_trees)
{
	struct expr one = { .kind = EXPR_NUMBER, .number = -1 };
	struct expr sum = { .kind = EXPR_BINARY, .op = OP_ADD, .a = &one, .b = &one };
	struct expr product = { .kind = EXPR_BINARY, .op = OP_MUL, .a = &sum, .b = &sum };
	struct expr minus = { .kind = EXPR_UNARY, .op = OP_NEG, .a = &product };
	struct buf out = BUF_INIT;

	expr_print(&minus, &out);
	CHECK_STR(buf_text(&out), "-((-1 + -1) * (-1 + -1))");
	buf_free(&out);
}

UNIT_TEST_CASE(print_escapes_what_would_end_a_string)
{
	CHECK_STR(reprinted("a = \"\\\"\\\\\\n\\001\\x7f\""), "a = \"\\\"\\\\\\n\\001\\177\";");
}
#endif
