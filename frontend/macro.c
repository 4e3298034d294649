/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command line arguments and macros. Tokens come from the lexer, with $1 and @1 replaced by what
 * the user gave; a use of a macro pushes its body, a use of a parameter pushes the argument, as a
 * frame that is read before going on below. Names in an argument mean what they mean where it was
 * written: each frame carries that scope. A macro cannot reach itself through its body, so frames
 * end; how much they may produce is limited besides.
 */
#include "macro.h"
#include "preproc.h"

bool token_is(const struct token *token, const char *text)
{
	return (token->kind == TOKEN_OPERATOR || token->kind == TOKEN_IDENTIFIER) &&
	       strcmp(token->text, text) == 0;
}

const struct token *token_junk(struct frontend *frontend, const struct token *token)
{
	struct token *junk = arena_memdup(frontend->arena, token, sizeof(*token));

	junk->kind = TOKEN_JUNK;
	junk->text = "";
	return junk;
}

bool token_report_junk(struct frontend *frontend, const struct token *token)
{
	if (token->kind != TOKEN_JUNK)
		return false;
	if (token->text[0] >= '0' && token->text[0] <= '9')
		diag_error(frontend, token, "number '%s' invalid or out of range", token->text);
	else if (token->text[0] == '$' || token->text[0] == '@')
		diag_error(frontend, token, "command line argument out of range [1-%zu]",
			   frontend->options.argument_count);
	return true;
}

void macro_reader_init(struct macro_reader *reader, struct frontend *frontend,
		       const struct source_file *file)
{
	*reader = (struct macro_reader){ .frontend = frontend };
	lexer_init(&reader->lexer, frontend, file);
	table_init(&reader->macros, frontend->arena);
}

/* ---- command line arguments ---- */

/* "$12x" → 12 and "x"; -1 for any other name */
static long argument_index(const char *text, const char **rest)
{
	size_t digits = strspn(text + 1, "0123456789");

	if ((text[0] != '$' && text[0] != '@') || digits == 0 || digits > 6)
		return -1;
	*rest = text + 1 + digits;
	return strtol(text + 1, NULL, 10);
}

/* what stands for @token: @kind with the given text, at the same place */
static const struct token *replace_token(struct macro_reader *reader, const struct token *token,
					 enum token_kind kind, const char *text)
{
	struct frontend *frontend = reader->frontend;
	struct token *copy = arena_memdup(frontend->arena, token, sizeof(*token));

	copy->kind = kind;
	copy->length = strlen(text);
	copy->text = intern(frontend->interner, text, copy->length);
	copy->number = strtol(text, NULL, 10);
	return copy;
}

/* lex the argument; name characters right behind $1 belong to its text, as if typed there */
static void paste(struct macro_reader *reader, const struct token *token, long index,
		  const char *rest)
{
	struct frontend *frontend = reader->frontend;
	const char *text = arena_printf(frontend->arena, "%s%s",
					frontend->options.arguments[index - 1], rest);
	const char *name = arena_printf(frontend->arena, "<argument %ld>", index);
	struct lexer lexer;

	lexer_init(&lexer, frontend,
		   session_add_source(frontend, SOURCE_DEFINE, name, text, strlen(text)));
	lexer.via = &token->place;
	for (token = lex_token(&lexer); token->kind != TOKEN_END; token = lex_token(&lexer))
		array_push(frontend->arena, &reader->pasted, token);
}

static const struct token *use_argument(struct macro_reader *reader, const struct token *token,
					long index, const char *rest)
{
	struct frontend *frontend = reader->frontend;
	size_t count = frontend->options.argument_count;

	if (index < 1 || (size_t)index > count)
		return replace_token(reader, token, TOKEN_JUNK, token->text);
	frontend->arguments_used.items[index - 1] = true;
	if (token->text[0] == '@')
		return replace_token(reader, token, TOKEN_STRING,
				     frontend->options.arguments[index - 1]);
	paste(reader, token, index, rest);
	return NULL;
}

/* the next token below all frames */
static const struct token *read_base(struct macro_reader *reader)
{
	for (;;) {
		const struct token *token;
		const char *count, *rest;
		long index;

		if (reader->pasted_next < reader->pasted.count)
			return reader->pasted.items[reader->pasted_next++];
		token = lex_token(&reader->lexer);
		if (token->kind != TOKEN_IDENTIFIER)
			return token;
		count = arena_printf(reader->frontend->arena, "%zu",
				     reader->frontend->options.argument_count);
		if (token_is(token, "$#"))
			return replace_token(reader, token, TOKEN_NUMBER, count);
		if (token_is(token, "@#"))
			return replace_token(reader, token, TOKEN_STRING, count);
		index = argument_index(token->text, &rest);
		if (index < 0 || (token->text[0] == '@' && *rest))
			return token;
		token = use_argument(reader, token, index, rest);
		if (token)
			return token;
	}
}

/* ---- frames ---- */

static void push_frame(struct macro_reader *reader, const token_array *tokens,
		       const struct expansion *scope, const struct place *via)
{
	struct frame *frame = arena_new_object(reader->frontend->arena, struct frame);

	*frame = (struct frame){ tokens, 0, scope, via, reader->frames };
	reader->frames = frame;
}

/* end everything: what was expanded so far is more than any script needs */
static void stop_expanding(struct macro_reader *reader, const struct token *token)
{
	struct token *end = arena_memdup(reader->frontend->arena, token, sizeof(*token));

	diag_error(reader->frontend, token, "macros expand to more than %d tokens",
		   PARSE_MAX_EXPANSION);
	end->kind = TOKEN_END;
	reader->end = end;
}

static const struct token *read_frame(struct macro_reader *reader, struct frame *frame)
{
	const struct token *token = frame->tokens->items[frame->next++];
	struct token *copy;

	if (++reader->expanded > PARSE_MAX_EXPANSION)
		stop_expanding(reader, token);
	if (!frame->via)
		return token;
	copy = arena_memdup(reader->frontend->arena, token, sizeof(*token));
	copy->place.via = frame->via;
	return copy;
}

/* the next token of the innermost frame, or of the file when there is none; NULL at its end */
static const struct token *read_here(struct macro_reader *reader)
{
	const struct token *token = reader->peeked;
	struct frame *frame = reader->frames;

	if (reader->end)
		return reader->end;
	if (frame)
		return frame->next < frame->tokens->count ? read_frame(reader, frame) : NULL;
	reader->peeked = NULL;
	return token ? token : read_base(reader);
}

static const struct token *peek_here(struct macro_reader *reader)
{
	struct frame *frame = reader->frames;

	if (frame)
		return frame->next < frame->tokens->count ? frame->tokens->items[frame->next] :
							    NULL;
	if (!reader->peeked)
		reader->peeked = read_base(reader);
	return reader->peeked;
}

static bool peek_here_is(struct macro_reader *reader, const char *text)
{
	const struct token *token = peek_here(reader);

	return token && token_is(token, text);
}

/* ---- definitions ---- */

/* NULL or TOKEN_END: nothing more to come here */
static bool is_over(const struct token *token)
{
	return !token || token->kind == TOKEN_END;
}

static const char *prefixed(struct macro_reader *reader, const struct token *token)
{
	return frontend_intern(reader->frontend,
			       arena_printf(reader->frontend->arena, "@%s", token->text));
}

static bool is_plain_name(const struct token *token)
{
	return token && token->kind == TOKEN_IDENTIFIER && token->text[0] != '@' &&
	       !lex_is_keyword(token->text);
}

/* ( NAME, NAME ... ) */
static bool read_parameters(struct macro_reader *reader, struct macro *macro)
{
	const struct token *token;

	do {
		read_here(reader);
		token = peek_here(reader);
		if (!is_plain_name(token)) {
			diag_expected(reader->frontend, token ? token : macro->token,
				      "expected the name of a macro parameter");
			return false;
		}
		read_here(reader);
		array_push(reader->frontend->arena, &macro->parameters, prefixed(reader, token));
	} while (peek_here_is(reader, ","));
	if (peek_here_is(reader, ")")) {
		read_here(reader);
		return true;
	}
	token = peek_here(reader);
	diag_expected(reader->frontend, token ? token : macro->token, "expected ',' or ')'");
	return false;
}

/* %( tokens, with conditions inside %) */
static bool read_body(struct macro_reader *reader, struct macro *macro)
{
	const struct token *token = peek_here(reader);
	size_t depth = 1;

	if (!peek_here_is(reader, "%(")) {
		diag_expected(reader->frontend, token ? token : macro->token,
			      "expected '%%(' before the body of macro '%s'", macro->name);
		return false;
	}
	read_here(reader);
	for (;;) {
		token = read_here(reader);
		if (is_over(token)) {
			diag_error(reader->frontend, macro->token,
				   "unterminated body of macro '%s'", macro->name);
			return false;
		}
		if (token_is(token, "@define"))
			diag_error(reader->frontend, token,
				   "'@define' inside the body of macro '%s'", macro->name);
		if (token_is(token, "%("))
			depth++;
		else if (token_is(token, "%)") && --depth == 0)
			return true;
		array_push(reader->frontend->arena, &macro->body, token);
	}
}

static void add_macro(struct macro_reader *reader, struct macro *macro)
{
	struct frontend *frontend = reader->frontend;
	struct table *table = reader->library ? &frontend->library_macros : &reader->macros;
	const struct macro *first = table_get(table, macro->name);

	if (reader->skipping)
		return;
	if (strcmp(macro->name, "@define") == 0) {
		diag_error(frontend, macro->token, "attempt to redefine '@define'");
		return;
	}
	if (reader->library) {
		if (!first)
			table_put(table, macro->name, macro);
		return;
	}
	if (first) {
		size_t id = diag_error(frontend, macro->token,
				       "attempt to redefine macro '%s' in the same file",
				       macro->name);

		diag_also(frontend, id, first->token, "first defined here");
		return;
	}
	if (preproc_is_operator(macro->name))
		diag_warning(frontend, macro->token, "macro redefines built-in operator '%s'",
			     macro->name);
	table_put(table, macro->name, macro);
}

/* @define NAME[(PARAMETERS)] %( BODY %) */
static bool read_definition(struct macro_reader *reader, const struct token *define)
{
	struct macro *macro = arena_new_object(reader->frontend->arena, struct macro);
	const struct token *name = peek_here(reader);

	if (!is_plain_name(name)) {
		diag_expected(reader->frontend, name ? name : define,
			      "expected the name of a macro");
		return false;
	}
	macro->token = read_here(reader);
	macro->name = prefixed(reader, macro->token);
	if (peek_here_is(reader, "(") && !read_parameters(reader, macro))
		return false;
	if (!read_body(reader, macro))
		return false;
	add_macro(reader, macro);
	return true;
}

/* ---- uses ---- */

static const struct macro *find_macro(struct macro_reader *reader, const char *name)
{
	const struct macro *macro = table_get(&reader->macros, name);

	if (macro || preproc_is_operator(name))
		return macro;
	if (!reader->library)
		macro_read_library(reader->frontend);
	return table_get(&reader->frontend->library_macros, name);
}

static const token_array *find_argument(const struct expansion *scope, const char *name)
{
	for (size_t i = 0; scope && i < scope->macro->parameters.count; i++) {
		if (strcmp(scope->macro->parameters.items[i], name) == 0)
			return &scope->arguments[i];
	}
	return NULL;
}

/* tokens up to a ',' or ')' that is in no brackets of its own; returns that token or NULL */
static const struct token *read_argument(struct macro_reader *reader, token_array *argument)
{
	size_t depth = 0;

	for (;;) {
		const struct token *token = read_here(reader);

		if (is_over(token))
			return NULL;
		if (depth == 0 && (token_is(token, ",") || token_is(token, ")")))
			return token;
		if (token_is(token, "(") || token_is(token, "[") || token_is(token, "{"))
			depth++;
		else if (depth && (token_is(token, ")") || token_is(token, "]") ||
				   token_is(token, "}")))
			depth--;
		array_push(reader->frontend->arena, argument, token);
	}
}

static bool complain_about_count(struct macro_reader *reader, const struct token *token,
				 const char *what, const struct macro *macro)
{
	size_t id = diag_error(reader->frontend, token,
			       "%s arguments for macro '%s', which takes %zu", what, macro->name,
			       macro->parameters.count);

	diag_also(reader->frontend, id, macro->token, "defined here");
	return false;
}

static bool read_arguments(struct macro_reader *reader, const struct token *call,
			   struct expansion *expansion)
{
	const struct macro *macro = expansion->macro;
	size_t count = macro->parameters.count;
	const struct token *end = peek_here(reader);

	if (!peek_here_is(reader, "(")) {
		diag_expected(reader->frontend, end ? end : call,
			      "expected '(' behind macro '%s', which takes arguments",
			      macro->name);
		return false;
	}
	read_here(reader);
	expansion->arguments = arena_alloc(reader->frontend->arena, count * sizeof(token_array));
	for (size_t i = 0; i < count; i++) {
		end = read_argument(reader, &expansion->arguments[i]);
		if (!end) {
			diag_error(reader->frontend, call, "unterminated use of macro '%s'",
				   macro->name);
			return false;
		}
		if (token_is(end, ")") && i + 1 < count)
			return complain_about_count(reader, end, "too few", macro);
	}
	if (token_is(end, ")"))
		return true;
	complain_about_count(reader, end, "too many", macro);
	while (end && !token_is(end, ")"))
		end = read_argument(reader, &expansion->arguments[0]);
	return false;
}

static bool use_macro(struct macro_reader *reader, const struct macro *macro,
		      const struct token *call, const struct expansion *scope)
{
	struct expansion *expansion = arena_new_object(reader->frontend->arena, struct expansion);

	for (const struct expansion *outer = scope; outer; outer = outer->caller) {
		if (outer->macro == macro) {
			diag_error(reader->frontend, call, "macro '%s' uses itself", macro->name);
			return false;
		}
	}
	expansion->macro = macro;
	expansion->caller = scope;
	if (macro->parameters.count && !read_arguments(reader, call, expansion))
		return false;
	push_frame(reader, &macro->body, expansion, &call->place);
	return true;
}

const struct token *macro_token(struct macro_reader *reader)
{
	for (;;) {
		const struct token *token = read_here(reader);
		const struct expansion *scope = reader->frames ? reader->frames->scope : NULL;
		const token_array *argument;
		const struct macro *macro;

		if (!token) {
			reader->frames = reader->frames->below;
			continue;
		}
		if (token->kind != TOKEN_IDENTIFIER || token->text[0] != '@')
			return token;
		if (token_is(token, "@define")) {
			if (!read_definition(reader, token))
				return token_junk(reader->frontend, token);
			continue;
		}
		argument = find_argument(scope, token->text);
		macro = argument ? NULL : find_macro(reader, token->text);
		if (argument)
			push_frame(reader, argument, scope->caller, NULL);
		else if (!macro)
			return token;
		else if (!use_macro(reader, macro, token, scope))
			return token_junk(reader->frontend, token);
	}
}
