/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes to tokens. A lexer needs no session beyond the interner and the arena its tokens are made
 * in.
 */
#ifndef LEX_H
#define LEX_H

#include "session.h"

/*
 * Limits that keep recursion over hostile scripts off the end of the stack: nesting of anything
 * (parentheses, blocks, macros, conditions), height of an expression's tree (a chain of n
 * operators is n high), tokens that macros and $1 may expand to.
 */
#define PARSE_MAX_NESTING 500
#define PARSE_MAX_HEIGHT 4000
#define PARSE_MAX_EXPANSION 200000

struct lexer {
	struct frontend *frontend;
	const struct source_file *file;
	size_t offset;
	uint32_t line, column;
	const struct place *via; /* copied into every token's place */
};

void lexer_init(struct lexer *lexer, struct frontend *frontend, const struct source_file *file);
/** lex_is_keyword() - may the parser not take @text for a name? */
bool lex_is_keyword(const char *text);
/** lex_token() - the next token, in the session's arena; TOKEN_END at the end, again and again */
const struct token *lex_token(struct lexer *lexer);

#endif
