/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parser's files share. After an error the parser panics: until somebody recovers,
 * parser_peek() shows an end, so that every loop and every production runs out by itself, and
 * further complaints are swallowed. Productions therefore never return NULL.
 */
#ifndef PARSER_H
#define PARSER_H

#include "macro.h"
#include "parse.h"
#include "preproc.h"

struct parser {
	struct frontend *frontend;
	struct arena *arena;
	struct preproc *preproc;
	struct script *script;
	const struct token *token;    /* the next one */
	struct token stop;	      /* shown while panicking */
	const struct token *bare_histogram; /* the @hist_... that needs no [index] */
	unsigned depth;		      /* of nesting, against PARSE_MAX_NESTING */
	unsigned height;	      /* of the expression parsed last */
	unsigned loops;		      /* around the statement */
	bool trusted;		      /* tapset text, or -g: embedded C and the like are welcome */
	bool in_function;
	bool panic;
	bool lost_brace;	      /* a block was given up: its } may still come */
	bool abandoned;		      /* the panic ends at the next definition only */
};

/* ---- tokens ---- */

const struct token *parser_peek(struct parser *parser);
const struct token *parser_next(struct parser *parser);
/** parser_sees() - is the next token this operator, keyword or name? */
bool parser_sees(struct parser *parser, const char *text);
bool parser_accept(struct parser *parser, const char *text);
const struct token *parser_expect(struct parser *parser, const char *text);
/** parser_identifier() - a name that is no keyword and has no $ or @ in front */
const struct token *parser_identifier(struct parser *parser, const char *what);
/**
 * parser_declared() - the same where a name is declared: `$` may stand in it anywhere
 * One that begins with `$` is never read, for that asks the traced program; SystemTap takes it too.
 */
const struct token *parser_declared(struct parser *parser, const char *what);
/** parser_fail() - report what was expected instead of the next token, and panic */
void parser_fail(struct parser *parser, const char *format, ...) PRINTF_LIKE(2, 3);
/** parser_enter() - one level deeper; false, with an error, when that is too deep */
bool parser_enter(struct parser *parser);
void parser_leave(struct parser *parser);
/** parser_need_guru() - an error at @token unless the text is trusted */
void parser_need_guru(struct parser *parser, const struct token *token, const char *what);

/* ---- parse-expr.c ---- */

struct expr *parse_expression(struct parser *parser);

/* ---- parse-value.c ---- */

/** new_expr() - a node of height 1 */
struct expr *new_expr(struct parser *parser, enum expr_kind kind, const struct token *token);
/**
 * parse_grow() - the tree parsed last gets a root above it, beside a subtree of height @other
 * Fails when it gets higher than PARSE_MAX_HEIGHT.
 */
void parse_grow(struct parser *parser, unsigned other);
void parse_add_arg(struct parser *parser, struct expr *expr, struct expr *arg);
struct expr *parse_value(struct parser *parser);
/** parse_short_cast() - `value->member`, `value[index]`; @value itself when no path follows */
struct expr *parse_short_cast(struct parser *parser, struct expr *value);
/** parse_symbol() - a plain variable's name */
struct expr *parse_symbol(struct parser *parser, const char *what);
/** parse_indexes() - `[a, *, b]` into @expr's args */
void parse_indexes(struct parser *parser, struct expr *expr);
/** parse_histogram() - `@hist_log(a)`, with an `[index]` only when @may_index */
struct expr *parse_histogram(struct parser *parser, bool may_index);
/** parse_string() - string literals, glued together */
struct expr *parse_string(struct parser *parser);
struct expr *parse_number(struct parser *parser);
/** parse_integer() - a number with an optional minus sign */
struct expr *parse_integer(struct parser *parser);
/** statistic_need() - "@count" → STAT_COUNT …, 0 for other names */
unsigned statistic_need(const char *name);

/* ---- parse-stmt.c ---- */

struct stmt *parse_block(struct parser *parser);

#endif
