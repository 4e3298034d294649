/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Macros: the layer between the lexer and the preprocessor's conditions.
 */
#ifndef MACRO_H
#define MACRO_H

#include "lex.h"

typedef ARRAY(const struct token *) token_array;

struct macro {
	const char *name; /* with "@" */
	const struct token *token;
	ARRAY(const char *) parameters; /* with "@" */
	token_array body;
};

/* one use of a macro: parameters in its body mean @arguments, seen from @caller */
struct expansion {
	const struct macro *macro;
	token_array *arguments;
	const struct expansion *caller;
};

/* a list of tokens being read: a macro's body or an argument */
struct frame {
	const token_array *tokens;
	size_t next;
	const struct expansion *scope;
	const struct place *via; /* a body's tokens are copied with it; NULL for arguments */
	struct frame *below;
};

struct macro_reader {
	struct frontend *frontend;
	struct lexer lexer;
	struct table macros;	/* of this file */
	struct frame *frames;
	const struct token *peeked; /* from below the frames, or NULL */
	token_array pasted;	/* what $1 became, read before the lexer goes on */
	size_t pasted_next;
	size_t expanded;	/* tokens read from frames */
	bool library;		/* a .stpm file: its macros are for all files */
	bool skipping;		/* in a branch not taken: nothing is defined there */
	const struct token *end;/* set once nothing more may be read */
};

void macro_reader_init(struct macro_reader *reader, struct frontend *frontend,
		       const struct source_file *file);
/** macro_token() - the next token that is no macro, parameter or definition */
const struct token *macro_token(struct macro_reader *reader);
/** macro_read_library() - read all .stpm files of the library directories, once */
void macro_read_library(struct frontend *frontend);
/** token_junk() - what stands in the stream where an error was reported: no second complaint */
const struct token *token_junk(struct frontend *frontend, const struct token *token);
/**
 * token_report_junk() - report what is wrong with @token, unless the lexer already did
 * Numbers and missing arguments are reported only when somebody wants the token: they may stand
 * in a branch that is not taken. Returns false when @token is not junk.
 */
bool token_report_junk(struct frontend *frontend, const struct token *token);
bool token_is(const struct token *token, const char *operator_or_name);

#endif
