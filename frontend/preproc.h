/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The token stream the parser reads: arguments pasted, macros expanded, conditions decided.
 */
#ifndef PREPROC_H
#define PREPROC_H

#include "lex.h"

struct preproc;

struct preproc *preproc_new(struct frontend *frontend, const struct source_file *file);
/** preproc_token() - the next token; TOKEN_END at the end, again and again */
const struct token *preproc_token(struct preproc *preproc);
/** preproc_suggest() - hint at a macro or operator named nearly as @name ("@cuont") */
void preproc_suggest(struct preproc *preproc, size_t diag_id, const char *name);
/** preproc_is_operator() - is @name ("@count") one of the language's own? */
bool preproc_is_operator(const char *name);

/** kernel_config_get() - the value of CONFIG_@name as text, "" when it is not set */
const char *kernel_config_get(struct frontend *frontend, const char *name);

#endif
