/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statements. A broken one is skipped up to where the next can begin, so that each gets its own
 * message; when a definition begins in the middle of a block, the block is given up.
 */
#include "parser.h"

static struct stmt *parse_statement(struct parser *parser);

static struct stmt *new_stmt(struct parser *parser, enum stmt_kind kind)
{
	struct stmt *stmt = arena_new_object(parser->arena, struct stmt);

	stmt->kind = kind;
	stmt->token = parser_peek(parser);
	return stmt;
}

/* ---- recovery ---- */

static bool is_one_of(const struct token *token, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (token->kind == TOKEN_IDENTIFIER && strcmp(token->text, names[i]) == 0)
			return true;
	}
	return false;
}

static bool begins_statement(const struct token *token)
{
	static const char *const names[] = { "if", "for", "foreach", "while", "return", "delete",
					     "next", "break", "continue", "try" };

	return is_one_of(token, names, ARRAY_SIZE(names));
}

static bool begins_definition(const struct token *token)
{
	static const char *const names[] = { "probe", "function", "global", "private" };

	return token->kind == TOKEN_END || is_one_of(token, names, ARRAY_SIZE(names));
}

/* skip to the next statement of this block or its closing brace */
static void recover(struct parser *parser)
{
	size_t depth = 0;

	for (;;) {
		const struct token *token = parser->token;

		if (begins_definition(token)) {
			parser->abandoned = true;
			return;
		}
		if (depth == 0 && (begins_statement(token) || token_is(token, "}")))
			break;
		parser->panic = false;
		parser_next(parser);
		if (depth == 0 && token_is(token, ";"))
			break;
		if (token_is(token, "{"))
			depth++;
		else if (token_is(token, "}"))
			depth--;
	}
	parser->panic = false;
}

/* after an error between ( and ): go on behind the ), so that the body is read all the same */
static void recover_header(struct parser *parser)
{
	size_t depth = 0;

	while (parser->panic && !parser->abandoned) {
		const struct token *token = parser->token;

		if (begins_definition(token) || token_is(token, "}"))
			return;
		parser->panic = false;
		if (token_is(token, "{") || (depth == 0 && parser_accept(parser, ")")))
			return;
		if (token_is(token, "("))
			depth++;
		else if (token_is(token, ")"))
			depth--;
		parser_next(parser);
		parser->panic = true;
	}
}

/* ( of a header; the body follows even when what stands between is broken */
static bool open_header(struct parser *parser)
{
	parser_expect(parser, "(");
	return !parser->panic;
}

static void close_header(struct parser *parser, bool opened)
{
	parser_expect(parser, ")");
	if (opened)
		recover_header(parser);
}

/* ---- blocks ---- */

/* block: { { statement } } */
struct stmt *parse_block(struct parser *parser)
{
	struct stmt *block = new_stmt(parser, STMT_BLOCK);

	parser_expect(parser, "{");
	if (!parser_enter(parser))
		return block;
	while (!parser->panic && !parser_sees(parser, "}") &&
	       parser_peek(parser)->kind != TOKEN_END) {
		array_push(parser->arena, &block->body, parse_statement(parser));
		if (parser->panic && !parser->abandoned)
			recover(parser);
		if (parser->abandoned)
			parser->panic = true;
	}
	parser_leave(parser);
	if (!parser->panic && !parser_sees(parser, "}"))
		parser->abandoned = true;
	if (!parser_accept(parser, "}"))
		parser_fail(parser, "expected statement or '}'");
	return block;
}

/* ---- control ---- */

/* ( expression ) */
static struct expr *parse_condition(struct parser *parser)
{
	bool opened = open_header(parser);
	struct expr *expr = parse_expression(parser);

	close_header(parser, opened);
	return expr;
}

/* if ( expression ) statement [ else statement ] */
static struct stmt *parse_if(struct parser *parser)
{
	struct stmt *stmt = new_stmt(parser, STMT_IF);

	parser_expect(parser, "if");
	stmt->expr = parse_condition(parser);
	stmt->then = parse_statement(parser);
	if (parser_accept(parser, "else"))
		stmt->otherwise = parse_statement(parser);
	return stmt;
}

static struct stmt *parse_loop_body(struct parser *parser)
{
	struct stmt *stmt;

	parser->loops++;
	stmt = parse_statement(parser);
	parser->loops--;
	return stmt;
}

/* while ( expression ) statement */
static struct stmt *parse_while(struct parser *parser)
{
	struct stmt *stmt = new_stmt(parser, STMT_WHILE);

	parser_expect(parser, "while");
	stmt->expr = parse_condition(parser);
	stmt->then = parse_loop_body(parser);
	return stmt;
}

static struct expr *parse_optional_expression(struct parser *parser, const char *end)
{
	return parser_sees(parser, end) ? NULL : parse_expression(parser);
}

/* for ( [ expression ] ; [ expression ] ; [ expression ] ) statement */
static struct stmt *parse_for(struct parser *parser)
{
	struct stmt *stmt = new_stmt(parser, STMT_FOR);
	bool opened;

	parser_expect(parser, "for");
	opened = open_header(parser);
	stmt->initial = parse_optional_expression(parser, ";");
	parser_expect(parser, ";");
	stmt->expr = parse_optional_expression(parser, ";");
	parser_expect(parser, ";");
	stmt->step = parse_optional_expression(parser, ")");
	close_header(parser, opened);
	stmt->then = parse_loop_body(parser);
	return stmt;
}

/* ---- foreach ---- */

/* sort: [ + | - ], by column @column; at most one per foreach */
static bool parse_sort(struct parser *parser, struct foreach_spec *foreach, unsigned column)
{
	int direction = parser_sees(parser, "+") ? 1 : parser_sees(parser, "-") ? -1 : 0;

	if (!direction)
		return false;
	if (foreach->direction) {
		parser_fail(parser, "multiple sort directives");
		return true;
	}
	parser_next(parser);
	foreach->direction = direction;
	foreach->sort_column = column;
	foreach->sort_stat = STAT_COUNT;
	return true;
}

static struct expr *parse_loop_variable(struct parser *parser)
{
	const struct token *name = parser_declared(parser, "a variable for the key");
	struct expr *expr = new_expr(parser, EXPR_SYMBOL, name);

	expr->name = name->text;
	return expr;
}

static void parse_key(struct parser *parser, struct foreach_spec *foreach, struct expr *key)
{
	array_push(parser->arena, &foreach->keys, key);
	parse_sort(parser, foreach, foreach->keys.count);
}

/* keys: NAME sort | [ NAME sort { , NAME sort } ] */
static void parse_keys(struct parser *parser, struct foreach_spec *foreach)
{
	if (!parser_accept(parser, "[")) {
		parse_key(parser, foreach, parse_loop_variable(parser));
		return;
	}
	do {
		parse_key(parser, foreach, parse_loop_variable(parser));
	} while (parser_accept(parser, ","));
	if (foreach->keys.count > MAX_INDEXES)
		parser_fail(parser, "more than %d indexes", MAX_INDEXES);
	if (!parser_accept(parser, "]"))
		parser_fail(parser, "expected ',' or ']'");
}

/* variables: [ NAME sort = ] keys */
static void parse_variables(struct parser *parser, struct foreach_spec *foreach)
{
	struct expr *first;

	if (parser_sees(parser, "[")) {
		parse_keys(parser, foreach);
		return;
	}
	first = parse_loop_variable(parser);
	if (parse_sort(parser, foreach, 1) && !parser_sees(parser, "=")) {
		array_push(parser->arena, &foreach->keys, first);
		return;
	}
	if (!parser_accept(parser, "=")) {
		array_push(parser->arena, &foreach->keys, first);
		return;
	}
	foreach->value = first;
	foreach->sort_column = 0;
	parse_keys(parser, foreach);
}

/* array: histogram | NAME [ indexes ] [ @statistic ] sort */
static void parse_array(struct parser *parser, struct foreach_spec *foreach)
{
	const struct token *token = parser_peek(parser);
	unsigned need;

	if (text_starts_with(token->text, "@hist_")) {
		foreach->array = parse_histogram(parser, false);
	} else {
		foreach->array = parse_symbol(parser, "the name of an array");
		if (parser_sees(parser, "[")) {
			foreach->array->kind = EXPR_INDEX;
			parse_indexes(parser, foreach->array);
		}
	}
	token = parser_peek(parser);
	need = token->kind == TOKEN_IDENTIFIER ? statistic_need(token->text) : 0;
	if (token->kind == TOKEN_IDENTIFIER && token->text[0] == '@' && !need)
		parser_fail(parser, "expected a statistic to sort by, such as '@count'");
	if (need)
		parser_next(parser);
	if (!parse_sort(parser, foreach, 0) && need)
		parser_fail(parser, "expected '+' or '-'");
	else if (need)
		foreach->sort_stat = need;
}

/* foreach ( variables in array [ limit expression ] ) statement */
static struct stmt *parse_foreach(struct parser *parser)
{
	struct stmt *stmt = new_stmt(parser, STMT_FOREACH);
	bool opened;

	stmt->foreach = arena_new_object(parser->arena, struct foreach_spec);
	parser_expect(parser, "foreach");
	opened = open_header(parser);
	parse_variables(parser, stmt->foreach);
	parser_expect(parser, "in");
	parse_array(parser, stmt->foreach);
	if (parser_accept(parser, "limit"))
		stmt->foreach->limit = parse_expression(parser);
	close_header(parser, opened);
	stmt->then = parse_loop_body(parser);
	return stmt;
}

/* ---- the rest ---- */

/* simple statements may be followed by a semicolon that belongs to them */
static struct stmt *finish_simple(struct parser *parser, struct stmt *stmt)
{
	parser_accept(parser, ";");
	return stmt;
}

static bool ends_statement(struct parser *parser)
{
	return parser_sees(parser, ";") || parser_sees(parser, "}") ||
	       parser_peek(parser)->kind == TOKEN_END;
}

/* return [ expression ] */
static struct stmt *parse_return(struct parser *parser)
{
	struct stmt *stmt = new_stmt(parser, STMT_RETURN);

	if (!parser->in_function && !parser->panic)
		diag_error(parser->frontend, stmt->token,
			   "found 'return' not in function context");
	parser_expect(parser, "return");
	if (!ends_statement(parser))
		stmt->expr = parse_expression(parser);
	return finish_simple(parser, stmt);
}

/* delete value */
static struct stmt *parse_delete(struct parser *parser)
{
	struct stmt *stmt = new_stmt(parser, STMT_DELETE);

	parser_expect(parser, "delete");
	stmt->expr = parse_expression(parser);
	if (!parser->panic && stmt->expr->kind != EXPR_SYMBOL && stmt->expr->kind != EXPR_INDEX)
		diag_error(parser->frontend, stmt->token,
			   "delete needs a variable or an array element");
	return finish_simple(parser, stmt);
}

static struct stmt *parse_next(struct parser *parser)
{
	struct stmt *stmt = new_stmt(parser, STMT_NEXT);

	parser_expect(parser, "next");
	return finish_simple(parser, stmt);
}

static struct stmt *parse_jump(struct parser *parser, enum stmt_kind kind, const char *word)
{
	struct stmt *stmt = new_stmt(parser, kind);

	if (!parser->loops && !parser->panic)
		diag_error(parser->frontend, stmt->token, "found '%s' not in loop context", word);
	parser_expect(parser, word);
	return finish_simple(parser, stmt);
}

static struct stmt *parse_break(struct parser *parser)
{
	return parse_jump(parser, STMT_BREAK, "break");
}

static struct stmt *parse_continue(struct parser *parser)
{
	return parse_jump(parser, STMT_CONTINUE, "continue");
}

/* try block catch [ ( NAME ) ] block */
static struct stmt *parse_try(struct parser *parser)
{
	struct stmt *stmt = new_stmt(parser, STMT_TRY);

	parser_expect(parser, "try");
	stmt->then = parse_block(parser);
	parser_expect(parser, "catch");
	if (parser_accept(parser, "(")) {
		stmt->catch_variable = parse_symbol(parser, "a variable for the message");
		parser_expect(parser, ")");
	}
	stmt->otherwise = parse_block(parser);
	return stmt;
}

/* expression; an embedded block on its own is a statement in C */
static struct stmt *parse_expression_statement(struct parser *parser)
{
	struct stmt *stmt = new_stmt(parser, STMT_EXPR);

	stmt->expr = parse_expression(parser);
	if (stmt->expr->kind == EXPR_EMBEDDED && !stmt->expr->parenthesized)
		stmt->kind = STMT_EMBEDDED;
	return finish_simple(parser, stmt);
}

static struct stmt *parse_null(struct parser *parser)
{
	struct stmt *stmt = new_stmt(parser, STMT_NULL);

	parser_expect(parser, ";");
	return stmt;
}

static bool begins_expression(const struct token *token)
{
	static const char *const operators[] = { "(", "[", "-", "+", "!", "~", "&", "++", "--" };

	if (token->kind != TOKEN_OPERATOR)
		return token->kind != TOKEN_END && token->kind != TOKEN_JUNK &&
		       !(token->kind == TOKEN_IDENTIFIER && lex_is_keyword(token->text));
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		if (strcmp(token->text, operators[i]) == 0)
			return true;
	}
	return false;
}

static struct stmt *parse_statement_here(struct parser *parser)
{
	static const struct {
		const char *word;
		struct stmt *(*parse)(struct parser *parser);
	} statements[] = {
		{ "{", parse_block }, { ";", parse_null }, { "if", parse_if },
		{ "while", parse_while }, { "for", parse_for }, { "foreach", parse_foreach },
		{ "return", parse_return }, { "delete", parse_delete }, { "next", parse_next },
		{ "break", parse_break }, { "continue", parse_continue }, { "try", parse_try },
	};

	for (size_t i = 0; i < ARRAY_SIZE(statements); i++) {
		if (parser_sees(parser, statements[i].word))
			return statements[i].parse(parser);
	}
	if (begins_expression(parser_peek(parser)))
		return parse_expression_statement(parser);
	parser_fail(parser, "expected statement");
	return new_stmt(parser, STMT_NULL);
}

static struct stmt *parse_statement(struct parser *parser)
{
	struct stmt *stmt;

	if (!parser_enter(parser))
		return new_stmt(parser, STMT_NULL);
	stmt = parse_statement_here(parser);
	parser_leave(parser);
	return stmt;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static struct stmt *test_statement(struct frontend **frontend, const char *text)
{
	static const struct frontend_options options;
	struct script *script;
	const char *source;

	*frontend = frontend_new(&options);
	source = arena_printf((*frontend)->arena, "probe a { %s }", text);
	script = parse_source(*frontend, session_add_source(*frontend, SOURCE_SCRIPT, "<input>",
							    source, strlen(source)));
	return script->probes.items[0]->body;
}

UNIT_TEST_CASE(parse_stmt_reads_every_sort)
{
	struct frontend *frontend;
	const struct foreach_spec *foreach =
		test_statement(&frontend, "foreach ([k, l-] in a) ;")->body.items[0]->foreach;

	CHECK_INT(foreach->direction, -1);
	CHECK_INT(foreach->sort_column, 2);
	frontend_free(frontend);
	foreach = test_statement(&frontend, "foreach (v+ = k in a) ;")->body.items[0]->foreach;
	CHECK_INT(foreach->direction, 1);
	CHECK_INT(foreach->sort_column, 0);
	CHECK_STR(foreach->value->name, "v");
	CHECK_STR(foreach->keys.items[0]->name, "k");
	frontend_free(frontend);
	foreach = test_statement(&frontend, "foreach (k in a @sum-) ;")->body.items[0]->foreach;
	CHECK_INT(foreach->sort_stat, STAT_SUM);
	CHECK_INT(foreach->sort_column, 0);
	frontend_free(frontend);
	foreach = test_statement(&frontend, "foreach (k in a) ;")->body.items[0]->foreach;
	CHECK_INT(foreach->direction, 0);
	frontend_free(frontend);
}

UNIT_TEST_CASE(parse_stmt_reads_bodies_behind_broken_headers)
{
	struct frontend *frontend;

	test_statement(&frontend, "if (a b) { x = } for (a = 1, b; ; ) y = ; while (c { z = * }");
	CHECK_INT(diag_error_count(frontend), 6);
	frontend_free(frontend);
}

UNIT_TEST_CASE(parse_stmt_bounds_nesting)
{
	struct frontend *frontend;
	struct buf text = BUF_INIT;

	for (int i = 0; i < 100000; i++)
		buf_puts(&text, "if (1) {");
	test_statement(&frontend, buf_text(&text));
	CHECK_INT(diag_error_count(frontend), 1);
	frontend_free(frontend);
	buf_reset(&text);
	for (int i = 0; i < 100000; i++)
		buf_puts(&text, "try { ");
	for (int i = 0; i < 100000; i++)
		buf_puts(&text, "} catch { } ");
	test_statement(&frontend, buf_text(&text));
	CHECK_INT(diag_error_count(frontend), 1);
	frontend_free(frontend);
	buf_free(&text);
}
#endif
