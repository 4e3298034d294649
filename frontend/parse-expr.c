/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions: operators over the values of parse-value.c. Binary operators are parsed by
 * precedence climbing over one table; everything else is one function per production.
 */
#include "parser.h"

static bool is_assignable(const struct expr *expr)
{
	switch (expr->kind) {
	case EXPR_SYMBOL:
	case EXPR_INDEX:
	case EXPR_DEREF:
		return true;
	case EXPR_TARGET:
	case EXPR_CAST:
		return !expr->address_of;
	default:
		return false;
	}
}

static void need_assignable(struct parser *parser, const struct expr *expr,
			    const struct token *operator)
{
	if (!parser->panic && !is_assignable(expr))
		diag_error(parser->frontend, operator,
			   "'%s' needs a variable, an array element or a target variable",
			   operator->text);
}

static enum op increment_op(const struct token *token)
{
	return token_is(token, "++") ? OP_INC : token_is(token, "--") ? OP_DEC : OP_NONE;
}

static struct expr *make_increment(struct parser *parser, const struct token *token,
				   struct expr *value, bool postfix)
{
	unsigned height = parser->height;
	struct expr *expr = new_expr(parser, EXPR_INCREMENT, token);

	expr->op = increment_op(token);
	expr->a = value;
	expr->postfix = postfix;
	need_assignable(parser, value, token);
	parse_grow(parser, height);
	return expr;
}

/* increment: (++ | --) value | value [ ++ | -- ] */
static struct expr *parse_increment(struct parser *parser)
{
	const struct token *token = parser_peek(parser);
	struct expr *expr;

	if (increment_op(token)) {
		parser_next(parser);
		return make_increment(parser, token, parse_value(parser), false);
	}
	expr = parse_value(parser);
	token = parser_peek(parser);
	if (!increment_op(token))
		return expr;
	parser_next(parser);
	return make_increment(parser, token, expr, true);
}

static enum op unary_op(const struct token *token)
{
	static const struct {
		const char *text;
		enum op op;
	} unary[] = { { "-", OP_NEG }, { "+", OP_PLUS }, { "!", OP_NOT }, { "~", OP_COMPL } };

	for (size_t i = 0; i < ARRAY_SIZE(unary); i++) {
		if (token_is(token, unary[i].text))
			return unary[i].op;
	}
	return OP_NONE;
}

static struct expr *make_unary(struct parser *parser, const struct token *token,
			       struct expr *operand)
{
	unsigned height = parser->height;
	struct expr *expr = new_expr(parser, EXPR_UNARY, token);

	expr->op = unary_op(token);
	expr->a = operand;
	parse_grow(parser, height);
	return expr;
}

/* unary: (- | + | ! | ~) unary | increment; a minus sign belongs to the number behind it */
static struct expr *parse_unary(struct parser *parser)
{
	const struct token *token = parser_peek(parser);
	struct expr *expr;

	if (!unary_op(token))
		return parse_increment(parser);
	parser_next(parser);
	if (token_is(token, "-") && parser_peek(parser)->kind == TOKEN_NUMBER) {
		expr = parse_short_cast(parser, parse_number(parser));
		if (expr->kind != EXPR_NUMBER)
			return make_unary(parser, token, expr);
		expr->number = (int64_t)-(uint64_t)expr->number;
		expr->token = token;
		return expr;
	}
	if (!parser_enter(parser))
		return new_expr(parser, EXPR_NUMBER, token);
	expr = make_unary(parser, token, parse_unary(parser));
	parser_leave(parser);
	return expr;
}

/* loosest first; `in` and `=~` stand between & and the comparisons, and do not chain */
enum precedence {
	PRECEDENCE_OR, PRECEDENCE_AND, PRECEDENCE_BIT_OR, PRECEDENCE_BIT_XOR, PRECEDENCE_BIT_AND,
	PRECEDENCE_IN, PRECEDENCE_COMPARE, PRECEDENCE_SHIFT, PRECEDENCE_CONCAT, PRECEDENCE_ADD,
	PRECEDENCE_MULTIPLY, PRECEDENCE_UNARY,
};

static const struct binary {
	const char *text;
	enum precedence precedence;
	enum expr_kind kind;
	enum op op;
} binaries[] = {
	{ "||", PRECEDENCE_OR, EXPR_OR, OP_NONE },
	{ "&&", PRECEDENCE_AND, EXPR_AND, OP_NONE },
	{ "|", PRECEDENCE_BIT_OR, EXPR_BINARY, OP_OR },
	{ "^", PRECEDENCE_BIT_XOR, EXPR_BINARY, OP_XOR },
	{ "&", PRECEDENCE_BIT_AND, EXPR_BINARY, OP_AND },
	{ "in", PRECEDENCE_IN, EXPR_IN, OP_NONE },
	{ "<", PRECEDENCE_COMPARE, EXPR_COMPARE, OP_LT },
	{ "<=", PRECEDENCE_COMPARE, EXPR_COMPARE, OP_LE },
	{ ">", PRECEDENCE_COMPARE, EXPR_COMPARE, OP_GT },
	{ ">=", PRECEDENCE_COMPARE, EXPR_COMPARE, OP_GE },
	{ "==", PRECEDENCE_COMPARE, EXPR_COMPARE, OP_EQ },
	{ "!=", PRECEDENCE_COMPARE, EXPR_COMPARE, OP_NE },
	{ "=~", PRECEDENCE_COMPARE, EXPR_REGEX, OP_MATCH },
	{ "!~", PRECEDENCE_COMPARE, EXPR_REGEX, OP_NOMATCH },
	{ "<<", PRECEDENCE_SHIFT, EXPR_BINARY, OP_SHL },
	{ ">>", PRECEDENCE_SHIFT, EXPR_BINARY, OP_SHR },
	{ ">>>", PRECEDENCE_SHIFT, EXPR_BINARY, OP_USHR },
	{ ".", PRECEDENCE_CONCAT, EXPR_CONCAT, OP_CONCAT },
	{ "+", PRECEDENCE_ADD, EXPR_BINARY, OP_ADD },
	{ "-", PRECEDENCE_ADD, EXPR_BINARY, OP_SUB },
	{ "*", PRECEDENCE_MULTIPLY, EXPR_BINARY, OP_MUL },
	{ "/", PRECEDENCE_MULTIPLY, EXPR_BINARY, OP_DIV },
	{ "%", PRECEDENCE_MULTIPLY, EXPR_BINARY, OP_MOD },
};

static const struct binary *find_binary(const struct token *token)
{
	for (size_t i = 0; i < ARRAY_SIZE(binaries); i++) {
		if (token_is(token, binaries[i].text))
			return &binaries[i];
	}
	return NULL;
}

/* index in HISTOGRAM is what HISTOGRAM[index] is: the number of values in that bucket */
static struct expr *parse_in_histogram(struct parser *parser, const struct expr *in)
{
	unsigned height = parser->height;
	struct expr *expr = parse_histogram(parser, false);

	if (in->arg_count != 1 || !in->args[0])
		parser_fail(parser, "a histogram has one index, the bucket's number");
	else
		expr->b = in->args[0];
	parse_grow(parser, height);
	return expr;
}

/* in (NAME | HISTOGRAM), behind the indexes of @expr */
static struct expr *parse_in_array(struct parser *parser, struct expr *expr)
{
	unsigned height = parser->height;

	if (text_starts_with(parser_peek(parser)->text, "@hist_l"))
		return parse_in_histogram(parser, expr);
	expr->name = parser_identifier(parser, "the name of an array")->text;
	parser->height = height;
	parse_grow(parser, 0);
	return expr;
}

/* [ indexes ] in NAME; a single index in brackets without `in` is just that expression */
static struct expr *parse_list_in(struct parser *parser)
{
	struct expr *expr = new_expr(parser, EXPR_IN, parser_peek(parser));

	parse_indexes(parser, expr);
	if (parser_sees(parser, "in")) {
		expr->token = parser_next(parser);
		return parse_in_array(parser, expr);
	} else if (expr->arg_count == 1 && expr->args[0]) {
		return expr->args[0];
	} else {
		parser_fail(parser, "expected 'in' behind a list of indexes");
	}
	return expr;
}

static struct expr *parse_binary(struct parser *parser, enum precedence least);

static struct expr *parse_right_side(struct parser *parser, const struct binary *row,
				     const struct token *token, struct expr *left)
{
	struct expr *expr;
	unsigned height = parser->height;

	expr = new_expr(parser, row->kind, token);
	expr->op = row->op;
	parser->height = height;
	if (row->kind == EXPR_IN) {
		parse_add_arg(parser, expr, left);
		return parse_in_array(parser, expr);
	}
	expr->a = left;
	expr->b = row->kind == EXPR_REGEX ? parse_string(parser) :
					    parse_binary(parser, row->precedence + 1);
	parse_grow(parser, height);
	return expr;
}

/* binary: operands joined by operators that bind at least as tightly as @least */
static struct expr *parse_binary(struct parser *parser, enum precedence least)
{
	/* what binds tighter than the last operator would already have been eaten */
	enum precedence most = PRECEDENCE_UNARY;
	struct expr *expr;

	if (least <= PRECEDENCE_IN && parser_sees(parser, "[")) {
		expr = parse_list_in(parser);
		most = PRECEDENCE_BIT_AND;
	} else {
		expr = parse_unary(parser);
	}
	for (;;) {
		const struct token *token = parser_peek(parser);
		const struct binary *row = find_binary(token);

		if (!row || row->precedence < least || row->precedence > most ||
		    (row->kind == EXPR_REGEX && most == PRECEDENCE_COMPARE))
			return expr;
		parser_next(parser);
		expr = parse_right_side(parser, row, token, expr);
		most = row->kind == EXPR_REGEX ? PRECEDENCE_IN :
		       row->kind == EXPR_IN ? PRECEDENCE_BIT_AND : row->precedence;
	}
}

/* ternary: binary [ ? expression : ternary ] */
static struct expr *parse_ternary(struct parser *parser)
{
	struct expr *condition = parse_binary(parser, PRECEDENCE_OR), *expr;
	const struct token *token = parser_peek(parser);
	unsigned height = parser->height;

	if (!parser_accept(parser, "?"))
		return condition;
	expr = new_expr(parser, EXPR_TERNARY, token);
	expr->a = condition;
	expr->b = parse_expression(parser);
	height = parser->height > height ? parser->height : height;
	parser_expect(parser, ":");
	if (!parser_enter(parser))
		return condition;
	expr->c = parse_ternary(parser);
	parser_leave(parser);
	parse_grow(parser, height);
	return expr;
}

static const struct {
	const char *text;
	enum op op;
} assignments[] = {
	{ "=", OP_ASSIGN }, { "+=", OP_ADD }, { "-=", OP_SUB }, { "*=", OP_MUL },
	{ "/=", OP_DIV }, { "%=", OP_MOD }, { "<<=", OP_SHL }, { ">>=", OP_SHR },
	{ "&=", OP_AND }, { "|=", OP_OR }, { "^=", OP_XOR }, { ".=", OP_CONCAT },
	{ "<<<", OP_AGGREGATE },
};

static enum op assignment_op(const struct token *token)
{
	for (size_t i = 0; i < ARRAY_SIZE(assignments); i++) {
		if (token_is(token, assignments[i].text))
			return assignments[i].op;
	}
	return OP_NONE;
}

/* expression: ternary [ (= | += | ... | <<<) expression ] */
struct expr *parse_expression(struct parser *parser)
{
	struct expr *left, *expr;
	const struct token *token;
	unsigned height;

	if (!parser_enter(parser))
		return new_expr(parser, EXPR_NUMBER, &parser->stop);
	left = expr = parse_ternary(parser);
	token = parser_peek(parser);
	if (assignment_op(token)) {
		parser_next(parser);
		need_assignable(parser, left, token);
		height = parser->height;
		expr = new_expr(parser, EXPR_ASSIGN, token);
		expr->op = assignment_op(token);
		expr->a = left;
		expr->b = parse_expression(parser);
		parse_grow(parser, height);
	}
	parser_leave(parser);
	return expr;
}

#ifdef UNIT_TEST
#include "test-parse.h"

UNIT_TEST_CASE(parse_expr_climbs_by_precedence)
{
	struct frontend *frontend;
	struct expr *expr = test_expression(&frontend, "a || b & c == d << e . f + g * h in i");

	CHECK_INT(expr->kind, EXPR_OR);
	CHECK_INT(expr->b->op, OP_AND);
	CHECK_INT(expr->b->b->kind, EXPR_IN);
	CHECK_INT(expr->b->b->args[0]->op, OP_EQ);
	CHECK_INT(expr->b->b->args[0]->b->op, OP_SHL);
	CHECK_INT(expr->b->b->args[0]->b->b->kind, EXPR_CONCAT);
	frontend_free(frontend);
}

UNIT_TEST_CASE(parse_expr_gives_a_minus_sign_to_the_number)
{
	struct frontend *frontend;
	struct expr *expr = test_expression(&frontend, "-9223372036854775808");

	CHECK_INT(expr->kind, EXPR_NUMBER);
	CHECK(expr->number == INT64_MIN);
	frontend_free(frontend);
	expr = test_expression(&frontend, "a -1");
	CHECK_INT(expr->op, OP_SUB);
	frontend_free(frontend);
}
#endif
