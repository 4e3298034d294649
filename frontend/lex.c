/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes to tokens: comments and white space vanish, strings lose their escapes, numbers get their
 * value. $1 and @name are plain identifiers here, %( ... %) plain operators: giving them a meaning
 * is the preprocessor's part.
 */
#include "lex.h"

#include <errno.h>

static const char *const keywords[] = {
	"probe", "global", "private", "function", "if", "else", "for", "foreach", "in", "limit",
	"return", "delete", "while", "break", "continue", "next", "string", "long", "try", "catch",
};

/* longest first */
static const char *const operators[] = {
	">>>=", "<<<", ">>>", "<<=", ">>=", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=",
	"=~", "!~", "&&", "||", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", ".=", "%(", "%?",
	"%:", "%)",
};

bool lex_is_keyword(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (strcmp(text, keywords[i]) == 0)
			return true;
	}
	return false;
}

void lexer_init(struct lexer *lexer, struct frontend *frontend, const struct source_file *file)
{
	*lexer = (struct lexer){ .frontend = frontend, .file = file, .line = 1, .column = 1 };
}

/* the byte @ahead of the position; -1 behind the end */
static int peek(const struct lexer *lexer, size_t ahead)
{
	size_t offset = lexer->offset + ahead;

	return offset < lexer->file->size ? (unsigned char)lexer->file->text[offset] : -1;
}

static bool at(const struct lexer *lexer, const char *text)
{
	size_t length = strlen(text);

	return lexer->file->size - lexer->offset >= length &&
	       memcmp(lexer->file->text + lexer->offset, text, length) == 0;
}

static int advance(struct lexer *lexer)
{
	int c = peek(lexer, 0);

	if (c < 0)
		return c;
	lexer->offset++;
	lexer->column++;
	if (c == '\n') {
		lexer->line++;
		lexer->column = 1;
	}
	return c;
}

static void advance_by(struct lexer *lexer, size_t count)
{
	while (count--)
		advance(lexer);
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_char(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
	       c == '$';
}

static struct token *new_token(struct lexer *lexer)
{
	struct token *token = arena_new_object(lexer->frontend->arena, struct token);

	token->text = "";
	token->place = (struct place){ lexer->file, lexer->line, lexer->column, lexer->offset,
				       lexer->via };
	return token;
}

static void set_text(struct lexer *lexer, struct token *token, const char *text, size_t length)
{
	token->text = intern(lexer->frontend->interner, text, length);
	token->length = length;
}

/* what was read since @token began becomes its text */
static void finish(struct lexer *lexer, struct token *token, enum token_kind kind)
{
	size_t start = token->place.offset;

	token->kind = kind;
	set_text(lexer, token, lexer->file->text + start, lexer->offset - start);
}

static void fail(struct lexer *lexer, struct token *token, const char *text)
{
	token->kind = TOKEN_JUNK;
	token->text = "";
	diag_error(lexer->frontend, token, "%s", text);
}

static void skip_line(struct lexer *lexer)
{
	while (peek(lexer, 0) >= 0 && peek(lexer, 0) != '\n')
		advance(lexer);
}

static void skip_block_comment(struct lexer *lexer)
{
	struct token *start = new_token(lexer);

	start->kind = TOKEN_OPERATOR;
	start->text = "/*";
	advance_by(lexer, 2);
	while (peek(lexer, 0) >= 0 && !at(lexer, "*/"))
		advance(lexer);
	if (peek(lexer, 0) >= 0)
		advance_by(lexer, 2);
	else
		diag_warning(lexer->frontend, start, "comment without end");
}

static void skip_blank(struct lexer *lexer)
{
	for (;;) {
		int c = peek(lexer, 0);

		if (c == ' ' || (c >= '\t' && c <= '\r'))
			advance(lexer);
		else if (c == '#' || at(lexer, "//"))
			skip_line(lexer);
		else if (at(lexer, "/*"))
			skip_block_comment(lexer);
		else
			return;
	}
}

/* $name, @name, name, and the argument counts $# and @# */
static void lex_name(struct lexer *lexer, struct token *token)
{
	advance(lexer);
	if (peek(lexer, 0) == '#' && lexer->offset == token->place.offset + 1 &&
	    strchr("$@", lexer->file->text[token->place.offset]))
		advance(lexer);
	else
		while (is_name_char(peek(lexer, 0)))
			advance(lexer);
	finish(lexer, token, TOKEN_IDENTIFIER);
}

/* 0x1f, 017, 31; values from 2^63 up to 2^64 wrap. What strtoull refuses becomes junk. */
static void lex_number(struct lexer *lexer, struct token *token)
{
	char *end;

	while (is_name_char(peek(lexer, 0)) && peek(lexer, 0) != '$')
		advance(lexer);
	finish(lexer, token, TOKEN_NUMBER);
	errno = 0;
	token->number = (int64_t)strtoull(token->text, &end, 0);
	if (errno || *end || end[-1] == 'x' || end[-1] == 'X' || token->text[1] == 'b' ||
	    token->text[1] == 'B')
		token->kind = TOKEN_JUNK;
}

static int digit_value(int c, int base)
{
	int value = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
		    c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;

	return value < base ? value : -1;
}

/* up to @most digits behind a backslash */
static int lex_escaped_digits(struct lexer *lexer, int base, int most)
{
	int value = 0;

	while (most-- && digit_value(peek(lexer, 0), base) >= 0)
		value = value * base + digit_value(advance(lexer), base);
	return value & 0xff;
}

/* the letters of "\a\b..." beside their values; any other character stands for itself */
static int lex_escape(struct lexer *lexer)
{
	static const char letters[] = "abtnvfr", values[] = "\a\b\t\n\v\f\r";
	int c = peek(lexer, 0);
	const char *letter;

	if (digit_value(c, 8) >= 0)
		return lex_escaped_digits(lexer, 8, 3);
	advance(lexer);
	if (c == 'x' && digit_value(peek(lexer, 0), 16) >= 0)
		return lex_escaped_digits(lexer, 16, 2);
	letter = c > 0 ? strchr(letters, c) : NULL;
	return letter ? values[letter - letters] : c;
}

static void lex_string(struct lexer *lexer, struct token *token)
{
	struct buf value = BUF_INIT;

	advance(lexer);
	while (peek(lexer, 0) >= 0 && peek(lexer, 0) != '"' && peek(lexer, 0) != '\n') {
		int c = advance(lexer);

		if (c == '\\' && peek(lexer, 0) < 0)
			break;
		buf_putc(&value, c == '\\' ? lex_escape(lexer) : c);
	}
	set_text(lexer, token, buf_text(&value), value.length);
	buf_free(&value);
	token->kind = TOKEN_STRING;
	if (peek(lexer, 0) == '"')
		advance(lexer);
	else
		fail(lexer, token, "could not find matching closing quote");
}

static void lex_embedded(struct lexer *lexer, struct token *token)
{
	size_t start;

	advance_by(lexer, 2);
	start = lexer->offset;
	while (peek(lexer, 0) >= 0 && !at(lexer, "%}"))
		advance(lexer);
	set_text(lexer, token, lexer->file->text + start, lexer->offset - start);
	token->kind = TOKEN_EMBEDDED;
	if (peek(lexer, 0) < 0)
		fail(lexer, token, "could not find matching '%}' to close embedded code");
	else
		advance_by(lexer, 2);
}

static void lex_operator(struct lexer *lexer, struct token *token)
{
	size_t length = 1;

	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		if (at(lexer, operators[i])) {
			length = strlen(operators[i]);
			break;
		}
	}
	advance_by(lexer, length);
	while (length == 1 && peek(lexer, 0) >= 0 && (peek(lexer, 0) & 0xc0) == 0x80)
		advance(lexer); /* no operator, but one UTF-8 character for the message */
	finish(lexer, token, TOKEN_OPERATOR);
}

const struct token *lex_token(struct lexer *lexer)
{
	struct token *token;
	int c;

	skip_blank(lexer);
	token = new_token(lexer);
	c = peek(lexer, 0);
	if (c < 0)
		token->kind = TOKEN_END;
	else if (is_digit(c))
		lex_number(lexer, token);
	else if (is_name_char(c) || c == '@')
		lex_name(lexer, token);
	else if (c == '"')
		lex_string(lexer, token);
	else if (at(lexer, "%{"))
		lex_embedded(lexer, token);
	else
		lex_operator(lexer, token);
	return token;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static struct frontend *test_frontend(void)
{
	static const struct frontend_options options;

	return frontend_new(&options);
}

static void test_lexer(struct lexer *lexer, struct frontend *frontend, const char *text)
{
	lexer_init(lexer, frontend,
		   session_add_source(frontend, SOURCE_SCRIPT, "<input>", text, strlen(text)));
}

UNIT_TEST_CASE(lex_takes_the_longest_operator)
{
	struct frontend *frontend = test_frontend();
	struct lexer lexer;

	test_lexer(&lexer, frontend, ">>>=>>>>>=<<<<%(%{ x %}->--");
	CHECK_STR(lex_token(&lexer)->text, ">>>=");
	CHECK_STR(lex_token(&lexer)->text, ">>>");
	CHECK_STR(lex_token(&lexer)->text, ">>=");
	CHECK_STR(lex_token(&lexer)->text, "<<<");
	CHECK_STR(lex_token(&lexer)->text, "<");
	CHECK_STR(lex_token(&lexer)->text, "%(");
	CHECK_STR(lex_token(&lexer)->text, " x ");
	CHECK_STR(lex_token(&lexer)->text, "->");
	CHECK_STR(lex_token(&lexer)->text, "--");
	CHECK_INT(lex_token(&lexer)->kind, TOKEN_END);
	CHECK_INT(lex_token(&lexer)->kind, TOKEN_END);
	frontend_free(frontend);
}

UNIT_TEST_CASE(lex_resolves_escapes)
{
	struct frontend *frontend = test_frontend();
	const struct token *token;
	struct lexer lexer;

	test_lexer(&lexer, frontend, "\"a\\n\\\"\\q\\101\\x41g\\0b\\x\"");
	token = lex_token(&lexer);
	CHECK_INT(token->kind, TOKEN_STRING);
	CHECK_INT(token->length, 10);
	CHECK(memcmp(token->text, "a\n\"qAAg\0bx", 10) == 0);
	frontend_free(frontend);
}

UNIT_TEST_CASE(lex_numbers_wrap_above_two_to_the_63)
{
	struct frontend *frontend = test_frontend();
	struct lexer lexer;

	test_lexer(&lexer, frontend, "017 0x1F 18446744073709551615 18446744073709551616 08 0x 1a");
	CHECK_INT(lex_token(&lexer)->number, 15);
	CHECK_INT(lex_token(&lexer)->number, 31);
	CHECK_INT(lex_token(&lexer)->number, -1);
	for (int i = 0; i < 4; i++)
		CHECK_INT(lex_token(&lexer)->kind, TOKEN_JUNK);
	frontend_free(frontend);
}

UNIT_TEST_CASE(lex_counts_lines_and_columns_through_comments)
{
	struct frontend *frontend = test_frontend();
	const struct token *token;
	struct lexer lexer;

	test_lexer(&lexer, frontend, "# one $1\n// two\n/* three\n */ $# @#x");
	token = lex_token(&lexer);
	CHECK_STR(token->text, "$#");
	CHECK_INT(token->place.line, 4);
	CHECK_INT(token->place.column, 5);
	CHECK_STR(lex_token(&lexer)->text, "@#");
	CHECK_STR(lex_token(&lexer)->text, "x");
	frontend_free(frontend);
}
#endif
