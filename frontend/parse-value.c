/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values: what operators stand between. Literals, calls, the print family, target variables with
 * their paths, and the @operators, which are rows of a table with a function beside each. The
 * height of each tree is tracked on the way up, because later passes walk trees recursively and a
 * chain of n operators is a tree n high.
 */
#include "parse.h"
#include "parser.h"

struct expr *new_expr(struct parser *parser, enum expr_kind kind, const struct token *token)
{
	struct expr *expr = arena_new_object(parser->arena, struct expr);

	expr->kind = kind;
	expr->token = token;
	parser->height = 1;
	return expr;
}

void parse_grow(struct parser *parser, unsigned other)
{
	if (parser->height < other)
		parser->height = other;
	if (++parser->height > PARSE_MAX_HEIGHT)
		parser_fail(parser, "expression longer than %d operators", PARSE_MAX_HEIGHT);
}

void parse_add_arg(struct parser *parser, struct expr *expr, struct expr *arg)
{
	ARRAY(struct expr *) args = { expr->args, expr->arg_count, expr->arg_count };

	/* grown by doubling: full whenever the count is a power of two */
	if (args.count & (args.count - 1))
		args.capacity = (size_t)1 << (8 * sizeof(size_t) - __builtin_clzl(args.count));
	array_push(parser->arena, &args, arg);
	expr->args = args.items;
	expr->arg_count = args.count;
}

/* ---- literals ---- */

/* string: STRING { STRING } */
struct expr *parse_string(struct parser *parser)
{
	struct expr *expr = new_expr(parser, EXPR_STRING, parser_peek(parser));
	struct buf value = BUF_INIT;

	if (expr->token->kind != TOKEN_STRING)
		parser_fail(parser, "expected literal string");
	while (parser_peek(parser)->kind == TOKEN_STRING) {
		const struct token *token = parser_next(parser);

		buf_add(&value, token->text, token->length);
	}
	expr->string = intern(parser->frontend->interner, buf_text(&value), value.length);
	expr->string_length = value.length;
	buf_free(&value);
	return expr;
}

/* integer: [ - ] NUMBER */
struct expr *parse_integer(struct parser *parser)
{
	struct expr *expr = new_expr(parser, EXPR_NUMBER, parser_peek(parser));
	bool negative = parser_accept(parser, "-");

	if (parser_peek(parser)->kind != TOKEN_NUMBER) {
		parser_fail(parser, "expected number");
		return expr;
	}
	expr->number = parser_next(parser)->number;
	if (negative)
		expr->number = (int64_t)-(uint64_t)expr->number;
	return expr;
}

struct expr *parse_number(struct parser *parser)
{
	struct expr *expr = new_expr(parser, EXPR_NUMBER, parser_next(parser));

	expr->number = expr->token->number;
	return expr;
}

static struct expr *parse_embedded(struct parser *parser)
{
	struct expr *expr = new_expr(parser, EXPR_EMBEDDED, parser_next(parser));

	expr->string = expr->token->text;
	expr->string_length = expr->token->length;
	parser_need_guru(parser, expr->token, "embedded code");
	return expr;
}

/* ---- lists ---- */

/* index: * | expression */
static struct expr *parse_index(struct parser *parser)
{
	if (!parser_accept(parser, "*"))
		return parse_expression(parser);
	parser->height = 1;
	return NULL;
}

void parse_indexes(struct parser *parser, struct expr *expr)
{
	unsigned height = 0;

	parser_expect(parser, "[");
	do {
		parse_add_arg(parser, expr, parse_index(parser));
		height = parser->height > height ? parser->height : height;
	} while (parser_accept(parser, ","));
	if (expr->arg_count > MAX_INDEXES)
		parser_fail(parser, "more than %d indexes", MAX_INDEXES);
	parser_expect(parser, "]");
	parse_grow(parser, height);
}

/* arguments: expression { , expression } ) */
static void parse_arguments(struct parser *parser, struct expr *expr)
{
	unsigned height = 0;

	do {
		parse_add_arg(parser, expr, parse_expression(parser));
		height = parser->height > height ? parser->height : height;
	} while (parser_accept(parser, ","));
	if (!parser_sees(parser, ")"))
		parser_fail(parser, "expected ',' or ')'");
	parser_accept(parser, ")");
	parse_grow(parser, height);
}

/* call: NAME ( [ arguments ] ) */
static struct expr *parse_call(struct parser *parser, const struct token *name)
{
	struct expr *expr = new_expr(parser, EXPR_CALL, name);

	expr->name = name->text;
	parser_expect(parser, "(");
	if (!parser_accept(parser, ")"))
		parse_arguments(parser, expr);
	return expr;
}

/* ---- the print family ---- */

static const struct print_name {
	const char *name;
	enum print_kind kind;
	bool to_string, newline, is_char;
} print_names[] = {
	{ "print", PRINT_PRINT, false, false, false },
	{ "println", PRINT_PRINT, false, true, false },
	{ "printf", PRINT_PRINTF, false, false, false },
	{ "printd", PRINT_PRINTD, false, false, false },
	{ "printdln", PRINT_PRINTD, false, true, false },
	{ "print_char", PRINT_PRINT, false, false, true },
	{ "sprint", PRINT_PRINT, true, false, false },
	{ "sprintln", PRINT_PRINT, true, true, false },
	{ "sprintf", PRINT_PRINTF, true, false, false },
	{ "sprintd", PRINT_PRINTD, true, false, false },
	{ "sprintdln", PRINT_PRINTD, true, true, false },
};

const char *parse_print_name(size_t index)
{
	return index < ARRAY_SIZE(print_names) ? print_names[index].name : NULL;
}

static const struct print_name *find_print(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(print_names); i++) {
		if (strcmp(print_names[i].name, name) == 0)
			return &print_names[i];
	}
	return NULL;
}

/* format: STRING [ , arguments ] ) */
static void parse_format(struct parser *parser, struct expr *expr)
{
	const struct expr *format = parse_string(parser);

	expr->print->format = format->string;
	expr->print->format_length = format->string_length;
	if (!parser->panic)
		format_parse(parser->frontend, format->string, format->string_length,
			     format->token);
	if (parser_accept(parser, ","))
		parse_arguments(parser, expr);
	else
		parser_expect(parser, ")");
}

/* delimited: STRING , expression , arguments ) */
static void parse_delimited(struct parser *parser, struct expr *expr)
{
	expr->print->delimiter = parse_string(parser)->string;
	parser_expect(parser, ",");
	parse_arguments(parser, expr);
	if (!parser->panic && expr->arg_count < 2)
		diag_error(parser->frontend, expr->token,
			   "%s needs a delimiter and two or more values", expr->token->text);
}

/* printed: arguments ) — or a whole histogram alone */
static void parse_printed(struct parser *parser, struct expr *expr)
{
	if (!expr->print->is_char)
		parser->bare_histogram = parser_peek(parser);
	parse_arguments(parser, expr);
	parser->bare_histogram = NULL;
	if (!parser->panic && expr->print->is_char && expr->arg_count != 1)
		diag_error(parser->frontend, expr->token, "print_char takes one argument");
}

static struct expr *parse_print(struct parser *parser, const struct token *name,
				const struct print_name *row)
{
	struct expr *expr = new_expr(parser, EXPR_PRINT, name);

	expr->name = name->text;
	expr->print = arena_new_object(parser->arena, struct print_spec);
	expr->print->kind = row->kind;
	expr->print->to_string = row->to_string;
	expr->print->newline = row->newline;
	expr->print->is_char = row->is_char;
	parser_expect(parser, "(");
	if (row->newline && row->kind == PRINT_PRINT && parser_accept(parser, ")"))
		return expr;
	switch (row->kind) {
	case PRINT_PRINT:
		parse_printed(parser, expr);
		break;
	case PRINT_PRINTF:
		parse_format(parser, expr);
		break;
	case PRINT_PRINTD:
		parse_delimited(parser, expr);
		break;
	}
	return expr;
}

/* ---- targets and their paths ---- */

/* how many of the final characters of @text are the `$` or `$$` of pretty-printing */
static size_t pretty_suffix(const char *text, size_t from)
{
	size_t length = strlen(text), count = 0;

	while (count < 2 && length - count > from && text[length - count - 1] == '$')
		count++;
	return count;
}

static void add_component(struct parser *parser, struct expr *expr, enum component_kind kind,
			  const struct token *token)
{
	array_push(parser->arena, &expr->path,
		   (struct target_component){ .kind = kind, .token = token });
}

static void add_pretty(struct parser *parser, struct expr *expr, const struct token *token,
		       size_t count)
{
	if (count)
		add_component(parser, expr, count == 2 ? COMPONENT_PRETTY_DEEP : COMPONENT_PRETTY,
			      token);
}

static const char *intern_part(struct parser *parser, const char *text, size_t length)
{
	return intern(parser->frontend->interner, text, length);
}

/* member: -> NAME, where NAME may end in $ or $$ or be nothing else */
static void parse_member(struct parser *parser, struct expr *expr)
{
	const struct token *token;
	size_t pretty;

	parser_expect(parser, "->");
	token = parser_peek(parser);
	if (token->kind != TOKEN_IDENTIFIER || token->text[0] == '@') {
		parser_fail(parser, "expected the name of a member");
		return;
	}
	parser_next(parser);
	pretty = pretty_suffix(token->text, 0);
	if (token->length > pretty) {
		add_component(parser, expr, COMPONENT_MEMBER, token);
		expr->path.items[expr->path.count - 1].member =
			intern_part(parser, token->text, token->length - pretty);
	}
	add_pretty(parser, expr, token, pretty);
}

/* element: [ expression ] */
static void parse_element(struct parser *parser, struct expr *expr)
{
	add_component(parser, expr, COMPONENT_INDEX, parser_expect(parser, "["));
	expr->path.items[expr->path.count - 1].index = parse_expression(parser);
	parser_expect(parser, "]");
}

/* path: { member | element } [ $ | $$ ] */
static void parse_path(struct parser *parser, struct expr *expr)
{
	unsigned height = parser->height;

	while (parser_sees(parser, "->") || parser_sees(parser, "[")) {
		if (expr->path.count &&
		    expr->path.items[expr->path.count - 1].kind >= COMPONENT_PRETTY) {
			parser_fail(parser, "'->' and '[' cannot follow a pretty-printed value");
			return;
		}
		parser->height = 1;
		if (parser_sees(parser, "->"))
			parse_member(parser, expr);
		else
			parse_element(parser, expr);
		height = parser->height > height ? parser->height : height;
	}
	if (parser_sees(parser, "$") || parser_sees(parser, "$$"))
		add_pretty(parser, expr, parser_peek(parser), parser_next(parser)->length);
	parse_grow(parser, height);
}

/* target: $NAME path */
static struct expr *parse_target(struct parser *parser)
{
	struct expr *expr = new_expr(parser, EXPR_TARGET, parser_peek(parser));
	size_t pretty = pretty_suffix(expr->token->text, 2);

	expr->name = expr->token->text;
	if (expr->token->length < 2) {
		parser_fail(parser, "expected the name of a target variable");
		return expr;
	}
	parser_next(parser);
	expr->name = intern_part(parser, expr->name, expr->token->length - pretty);
	add_pretty(parser, expr, expr->token, pretty);
	parse_path(parser, expr);
	return expr;
}

/* short cast: VALUE path, where the path is not empty */
struct expr *parse_short_cast(struct parser *parser, struct expr *value)
{
	struct expr *expr;
	unsigned height = parser->height;

	if (!parser_sees(parser, "->") && !parser_sees(parser, "["))
		return value;
	expr = new_expr(parser, EXPR_CAST, parser_peek(parser));
	expr->a = value;
	parser->height = height;
	parse_path(parser, expr);
	return expr;
}

/* ---- @operators ---- */

static void parse_var(struct parser *parser, struct expr *expr)
{
	const struct expr *what = parse_string(parser);

	expr->name = expr->token->text;
	expr->string = what->string;
	expr->string_length = what->string_length;
	if (parser_accept(parser, ","))
		parse_add_arg(parser, expr, parse_string(parser));
	parser_expect(parser, ")");
	parse_path(parser, expr);
}

static void parse_cast(struct parser *parser, struct expr *expr)
{
	const struct expr *what;
	unsigned height;

	expr->a = parse_expression(parser);
	height = parser->height;
	parser_expect(parser, ",");
	what = parse_string(parser);
	expr->string = what->string;
	expr->string_length = what->string_length;
	if (parser_accept(parser, ","))
		parse_add_arg(parser, expr, parse_string(parser));
	parser_expect(parser, ")");
	parser->height = height;
	parse_path(parser, expr);
}

static void parse_defined(struct parser *parser, struct expr *expr)
{
	parse_add_arg(parser, expr, parse_expression(parser));
	parse_grow(parser, 0);
	parser_expect(parser, ")");
}

static void parse_choose_defined(struct parser *parser, struct expr *expr)
{
	unsigned height;

	expr->a = parse_expression(parser);
	height = parser->height;
	parser_expect(parser, ",");
	expr->b = parse_expression(parser);
	parser_expect(parser, ")");
	parse_grow(parser, height);
}

static void parse_entry(struct parser *parser, struct expr *expr)
{
	expr->a = parse_expression(parser);
	parse_grow(parser, 0);
	parser_expect(parser, ")");
}

/* @perf("name"), @const("text") */
static void parse_named(struct parser *parser, struct expr *expr)
{
	const struct expr *what = parse_string(parser);

	expr->string = what->string;
	expr->string_length = what->string_length;
	parser_expect(parser, ")");
}

static void parse_probewrite(struct parser *parser, struct expr *expr)
{
	if (parser_peek(parser)->text[0] == '$')
		expr->a = parse_target(parser);
	else
		expr->a = parse_symbol(parser, "a variable");
	parse_grow(parser, 0);
	parser_expect(parser, ")");
}

static void parse_deref(struct parser *parser, struct expr *expr)
{
	expr->op = (enum op)expr->token->text[1];
	expr->a = parse_integer(parser);
	parser_expect(parser, ",");
	expr->b = parse_expression(parser);
	parse_grow(parser, 0);
	parser_expect(parser, ")");
}

static void parse_register(struct parser *parser, struct expr *expr)
{
	expr->op = (enum op)expr->token->text[1];
	expr->a = parse_integer(parser);
	parse_grow(parser, 0);
	parser_expect(parser, ")");
}

static const struct {
	const char *name;
	unsigned need;
} statistics[] = {
	{ "@count", STAT_COUNT }, { "@sum", STAT_SUM }, { "@min", STAT_MIN },
	{ "@max", STAT_MAX }, { "@avg", STAT_AVG }, { "@variance", STAT_VARIANCE },
};

unsigned statistic_need(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(statistics); i++) {
		if (strcmp(statistics[i].name, name) == 0)
			return statistics[i].need;
	}
	return 0;
}

/* shift: an expression of literals, a number first */
static struct expr *parse_shift(struct parser *parser)
{
	if (parser_peek(parser)->kind != TOKEN_NUMBER && !parser_sees(parser, "-"))
		parser_fail(parser, "expected number");
	return parse_expression(parser);
}

static void parse_statistic(struct parser *parser, struct expr *expr)
{
	unsigned height;

	expr->name = intern_part(parser, expr->token->text + 1, expr->token->length - 1);
	expr->stat = statistic_need(expr->token->text);
	expr->a = parse_expression(parser);
	height = parser->height;
	if (expr->stat == STAT_VARIANCE && parser_accept(parser, ","))
		parse_add_arg(parser, expr, parse_shift(parser));
	parser_expect(parser, ")");
	parse_grow(parser, height);
}

/* histogram: @hist_log ( value ) | @hist_linear ( value , low , high , interval ) */
struct expr *parse_histogram(struct parser *parser, bool may_index)
{
	struct expr *expr = new_expr(parser, EXPR_HIST, parser_next(parser));
	bool linear = strcmp(expr->token->text, "@hist_linear") == 0;
	unsigned height;

	expr->name = intern_part(parser, expr->token->text + 1, expr->token->length - 1);
	parser_expect(parser, "(");
	expr->a = parse_expression(parser);
	height = parser->height;
	for (int i = 0; linear && i < 3; i++) {
		parser_expect(parser, ",");
		parse_add_arg(parser, expr, parse_integer(parser));
	}
	parser_expect(parser, ")");
	if (may_index && parser_accept(parser, "[")) {
		expr->b = parse_expression(parser);
		parser_expect(parser, "]");
	}
	parse_grow(parser, height);
	return expr;
}

/* bucket: histogram [ index ] — without the index only as the one thing printed */
static struct expr *parse_bucket(struct parser *parser)
{
	bool bare = parser_peek(parser) == parser->bare_histogram;
	struct expr *expr = parse_histogram(parser, true);

	if (!parser->panic && !expr->b && !(bare && parser_sees(parser, ")"))) {
		diag_error(parser->frontend, expr->token,
			   "whole histogram where a value is expected; only print, println, "
			   "sprint and foreach take one, and alone");
		parser->panic = true;
	}
	return expr;
}

static const struct at_operator {
	const char *name;
	enum expr_kind kind;
	void (*parse)(struct parser *parser, struct expr *expr);
	bool guru;
} at_operators[] = {
	{ "@count", EXPR_STAT, parse_statistic, false },
	{ "@sum", EXPR_STAT, parse_statistic, false },
	{ "@min", EXPR_STAT, parse_statistic, false },
	{ "@max", EXPR_STAT, parse_statistic, false },
	{ "@avg", EXPR_STAT, parse_statistic, false },
	{ "@variance", EXPR_STAT, parse_statistic, false },
	{ "@var", EXPR_TARGET, parse_var, false },
	{ "@cast", EXPR_CAST, parse_cast, false },
	{ "@defined", EXPR_DEFINED, parse_defined, false },
	{ "@choose_defined", EXPR_CHOOSE_DEFINED, parse_choose_defined, false },
	{ "@entry", EXPR_ENTRY, parse_entry, false },
	{ "@perf", EXPR_PERF, parse_named, false },
	{ "@const", EXPR_CONST, parse_named, true },
	{ "@probewrite", EXPR_PROBEWRITE, parse_probewrite, false },
	{ "@kderef", EXPR_DEREF, parse_deref, true },
	{ "@uderef", EXPR_DEREF, parse_deref, true },
	{ "@kregister", EXPR_REGISTER, parse_register, true },
	{ "@uregister", EXPR_REGISTER, parse_register, true },
};

static const struct at_operator *find_at_operator(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(at_operators); i++) {
		if (strcmp(at_operators[i].name, name) == 0)
			return &at_operators[i];
	}
	return NULL;
}

static struct expr *parse_at_operator(struct parser *parser)
{
	const struct token *token = parser_peek(parser);
	const struct at_operator *row = find_at_operator(token->text);
	struct expr *expr;

	if (text_starts_with(token->text, "@hist_l"))
		return parse_bucket(parser);
	expr = new_expr(parser, row ? row->kind : EXPR_NUMBER, token);
	if (!row) {
		if (!parser->panic)
			preproc_suggest(parser->preproc,
					diag_expected(parser->frontend, token,
						      "unknown operator %s", token->text),
					token->text);
		parser->panic = true;
		return expr;
	}
	parser_next(parser);
	if (row->guru)
		parser_need_guru(parser, token, token->text);
	parser_expect(parser, "(");
	row->parse(parser, expr);
	return expr;
}

/* ---- values ---- */

struct expr *parse_symbol(struct parser *parser, const char *what)
{
	const struct token *name = parser_identifier(parser, what);
	struct expr *expr = new_expr(parser, EXPR_SYMBOL, name);

	expr->name = name->text;
	return expr;
}

/* named: printed | call | NAME [ indexes ] */
static struct expr *parse_named_value(struct parser *parser)
{
	const struct print_name *print = find_print(parser_peek(parser)->text);
	struct expr *expr;

	if (print)
		return parse_print(parser, parser_next(parser), print);
	expr = parse_symbol(parser, "a name");
	if (parser_sees(parser, "("))
		return parse_call(parser, expr->token);
	if (parser_sees(parser, "[")) {
		expr->kind = EXPR_INDEX;
		parse_indexes(parser, expr);
	}
	return expr;
}

/* ( expression ) */
static struct expr *parse_parenthesized(struct parser *parser)
{
	struct expr *expr;

	parser_expect(parser, "(");
	expr = parse_expression(parser);
	expr->parenthesized = true;
	parser_expect(parser, ")");
	return expr;
}

static struct expr *parse_address(struct parser *parser);

static struct expr *parse_identifier_value(struct parser *parser)
{
	const struct token *token = parser_peek(parser);

	if (token->text[0] == '$')
		return parse_target(parser);
	return token->text[0] == '@' ? parse_at_operator(parser) : parse_named_value(parser);
}

/* literal | embedded | ( expression ) | & value | identifier ... */
static struct expr *parse_plain_value(struct parser *parser)
{
	const struct token *token = parser_peek(parser);

	switch (token->kind) {
	case TOKEN_NUMBER:
		return parse_number(parser);
	case TOKEN_STRING:
		return parse_string(parser);
	case TOKEN_EMBEDDED:
		return parse_embedded(parser);
	case TOKEN_IDENTIFIER:
		if (!lex_is_keyword(token->text))
			return parse_identifier_value(parser);
		break;
	case TOKEN_OPERATOR:
		if (token_is(token, "("))
			return parse_parenthesized(parser);
		if (token_is(token, "&"))
			return parse_address(parser);
		break;
	default:
		break;
	}
	parser_fail(parser, "expected expression");
	return new_expr(parser, EXPR_NUMBER, token);
}

/* value: plain value, or what its path leads to */
struct expr *parse_value(struct parser *parser)
{
	return parse_short_cast(parser, parse_plain_value(parser));
}

/* & value, as a flag of a target or cast, in a cast without path around anything else */
static struct expr *parse_address(struct parser *parser)
{
	const struct token *token = parser_expect(parser, "&");
	struct expr *value, *expr;
	unsigned height;

	if (!parser_enter(parser))
		return new_expr(parser, EXPR_NUMBER, token);
	value = expr = parse_value(parser);
	parser_leave(parser);
	if (value->address_of)
		parser_fail(parser, "an address has no address of its own");
	if (value->kind != EXPR_TARGET && value->kind != EXPR_CAST) {
		height = parser->height;
		expr = new_expr(parser, EXPR_CAST, token);
		expr->a = value;
		parse_grow(parser, height);
	}
	expr->address_of = true;
	return expr;
}

#ifdef UNIT_TEST
#include "test-parse.h"

UNIT_TEST_CASE(parse_value_splits_targets)
{
	struct frontend *frontend;
	struct expr *expr = test_expression(&frontend, "&$a->b[1]->c$$");

	CHECK_INT(expr->kind, EXPR_TARGET);
	CHECK(expr->address_of);
	CHECK_STR(expr->name, "$a");
	CHECK_INT(expr->path.count, 4);
	CHECK_STR(expr->path.items[2].member, "c");
	CHECK_INT(expr->path.items[3].kind, COMPONENT_PRETTY_DEEP);
	frontend_free(frontend);
	expr = test_expression(&frontend, "$$parms$");
	CHECK_STR(expr->name, "$$parms");
	CHECK_INT(expr->path.items[0].kind, COMPONENT_PRETTY);
	frontend_free(frontend);
}

UNIT_TEST_CASE(parse_value_keeps_many_arguments)
{
	struct frontend *frontend;
	struct expr *expr = test_expression(&frontend, "f(0,1,2,3,4,5,6,7,8,9,10,11,12,13,14)");

	CHECK_INT(expr->arg_count, 15);
	for (size_t i = 0; i < expr->arg_count; i++)
		CHECK_INT(expr->args[i]->number, i);
	frontend_free(frontend);
}
#endif
