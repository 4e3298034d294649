/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages: collected while passes run, printed together with the source line, a caret, the uses
 * of macros that led there, second places and hints. The layout is SystemTap's, so that editors
 * and eyes used to it keep working; long lines are cut around the caret.
 */
#include "lex.h"

#define SOURCE_WINDOW 160 /* bytes of a source line shown at most */
#define STRING_SHOWN 40	  /* bytes of a string literal in a headline */
#define VIA_SHOWN 8	  /* uses of macros shown at most */
#define MESSAGES_SUGGESTED 200 /* looking for a near name goes through all there are */

static bool same_place(const struct token *a, const struct token *b)
{
	if (!a || !b)
		return a == b;
	return a->place.file == b->place.file && a->place.offset == b->place.offset &&
	       a->place.via == b->place.via;
}

static bool find_same(const struct frontend *frontend, const struct diag *diag, size_t *id)
{
	for (size_t i = frontend->diag_printed; i < frontend->diags.count; i++) {
		const struct diag *other = &frontend->diags.items[i];

		if (other->severity == diag->severity && same_place(other->token, diag->token) &&
		    strcmp(other->text, diag->text) == 0) {
			*id = i;
			return true;
		}
	}
	return false;
}

static const char *format_text(struct frontend *frontend, const char *format, va_list args)
{
	struct buf buf = BUF_INIT;
	const char *text;

	buf_vprintf(&buf, format, args);
	text = arena_strdup(frontend->arena, buf_text(&buf));
	buf_free(&buf);
	return text;
}

static size_t collect(struct frontend *frontend, struct diag diag)
{
	size_t id;

	diag.phase = frontend->phase;
	if (diag.severity == SEVERITY_WARNING && frontend->options.warnings_are_errors)
		diag.severity = SEVERITY_ERROR;
	if (find_same(frontend, &diag, &id))
		return id;
	if (diag.severity == SEVERITY_ERROR)
		frontend->error_count++;
	array_push(frontend->arena, &frontend->diags, diag);
	return frontend->diags.count - 1;
}

size_t diag_report(struct frontend *frontend, enum severity severity, const struct token *token,
		   const char *format, ...)
{
	struct diag diag = { .severity = severity, .token = token };
	va_list args;

	va_start(args, format);
	diag.text = format_text(frontend, format, args);
	va_end(args);
	return collect(frontend, diag);
}

size_t diag_expected(struct frontend *frontend, const struct token *saw, const char *format, ...)
{
	struct diag diag = { .severity = SEVERITY_ERROR, .token = saw, .saw = saw };
	va_list args;

	va_start(args, format);
	diag.text = format_text(frontend, format, args);
	va_end(args);
	return collect(frontend, diag);
}

void diag_repeat(struct frontend *frontend, const struct diag *diag)
{
	size_t id;

	if (find_same(frontend, diag, &id))
		return;
	frontend->error_count += diag->severity == SEVERITY_ERROR;
	array_push(frontend->arena, &frontend->diags, *diag);
}

static void add_note(struct frontend *frontend, size_t id, struct diag_note note)
{
	struct diag *diag = &frontend->diags.items[id];

	for (size_t i = 0; i < diag->notes.count; i++) {
		if (same_place(diag->notes.items[i].token, note.token) &&
		    strcmp(diag->notes.items[i].text, note.text) == 0)
			return;
	}
	array_push(frontend->arena, &diag->notes, note);
}

void diag_hint(struct frontend *frontend, size_t id, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_note(frontend, id, (struct diag_note){ NULL, format_text(frontend, format, args) });
	va_end(args);
}

void diag_also(struct frontend *frontend, size_t id, const struct token *token,
	       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_note(frontend, id, (struct diag_note){ token, format_text(frontend, format, args) });
	va_end(args);
}

/* a third of the name may be wrong, but never all of a short one */
static unsigned suggestion_reach(const char *name)
{
	size_t length = strlen(name);

	return length <= 2 ? 0 : length <= 4 ? 1 : length / 3;
}

bool diag_may_suggest(const struct frontend *frontend)
{
	return frontend->diags.count <= MESSAGES_SUGGESTED;
}

const char *diag_nearest(const char *name, const char *const *candidates, size_t count)
{
	unsigned best = suggestion_reach(name);
	const char *nearest = NULL;

	for (size_t i = 0; i < count; i++) {
		unsigned distance = text_distance(name, candidates[i]);

		if (distance == 0 || distance > best || (nearest && distance == best))
			continue;
		best = distance;
		nearest = candidates[i];
	}
	return nearest;
}

void diag_suggest(struct frontend *frontend, size_t id, const char *name,
		  const char *const *candidates, size_t count)
{
	const char *nearest = diag_nearest(name, candidates, count);

	if (nearest)
		diag_hint(frontend, id, "did you mean '%s'?", nearest);
}

size_t diag_error_count(const struct frontend *frontend)
{
	return frontend->error_count;
}

/* ---- printing ---- */

/* control characters of a hostile script do not reach the terminal; tabs keep the caret right */
static void print_visible(FILE *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = text[i];

		fputc(c == '\t' || (c >= ' ' && c != 0x7f) ? c : '?', out);
	}
}

static void describe_token(FILE *out, const struct token *token)
{
	switch (token->kind) {
	case TOKEN_END:
		break;
	case TOKEN_IDENTIFIER:
		fprintf(out, "%s '%s'", lex_is_keyword(token->text) ? "keyword" :
			token->text[0] == '@' ? "operator" : "identifier", token->text);
		break;
	case TOKEN_NUMBER:
		fprintf(out, "number '%s'", token->text);
		break;
	case TOKEN_STRING:
		fputs("string '", out);
		print_visible(out, token->text, token->length < STRING_SHOWN ? token->length :
			      STRING_SHOWN);
		fputs(token->length > STRING_SHOWN ? "...'" : "'", out);
		break;
	case TOKEN_OPERATOR:
		fprintf(out, "operator '%s'", token->text);
		break;
	case TOKEN_EMBEDDED:
		fprintf(out, "embedded code");
		break;
	case TOKEN_JUNK:
		fprintf(out, token->text[0] ? "junk '%s'" : "junk", token->text);
		break;
	}
}

static void print_location(FILE *out, const struct token *token)
{
	const struct place *place = &token->place;

	describe_token(out, token);
	if (token->kind == TOKEN_END)
		fprintf(out, "%s EOF", place->file->name);
	else
		fprintf(out, " at %s:%u:%u", place->file->name, place->line, place->column);
}

static void print_caret(FILE *out, const char *text, size_t length, int indent)
{
	fprintf(out, "%*s", indent, "");
	for (size_t i = 0; i < length; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80) /* not inside a UTF-8 character */
			fputc(text[i] == '\t' ? '\t' : ' ', out);
	}
	fputs("^\n", out);
}

static void print_source(FILE *out, const char *label, int indent, const struct place *place)
{
	const struct source_file *file = place->file;
	size_t caret = place->offset < file->size ? place->offset : file->size;
	size_t start = caret, end = caret;

	while (start > 0 && file->text[start - 1] != '\n' && caret - start < SOURCE_WINDOW / 2)
		start--;
	while (end < file->size && file->text[end] != '\n' && end - start < SOURCE_WINDOW)
		end++;
	fprintf(out, "%*s", indent, label);
	print_visible(out, file->text + start, end - start);
	fputc('\n', out);
	print_caret(out, file->text + start, caret - start, indent);
}

static void print_token_source(FILE *out, int indent, const struct token *token)
{
	const struct place *via = token->place.via;

	if (token->kind != TOKEN_END)
		print_source(out, "source: ", indent, &token->place);
	for (int i = 0; via && i < VIA_SHOWN; i++, via = via->via) {
		fprintf(out, "%*s%s:%u:%u\n", indent, "used at: ", via->file->name, via->line,
			via->column);
		print_source(out, "source: ", indent, via);
	}
}

static const char *title(const struct diag *diag)
{
	if (diag->severity == SEVERITY_WARNING)
		return "WARNING: ";
	return diag->phase == PHASE_PARSE ? "parse error: " : "semantic error: ";
}

/* parse errors put the token on a line of its own, the others behind the sentence */
static void print_headline(FILE *out, const struct diag *diag, int indent)
{
	fprintf(out, "%s%s", title(diag), diag->text);
	if (diag->token && diag->severity == SEVERITY_ERROR && diag->phase == PHASE_PARSE)
		fprintf(out, "\n%*s", indent, diag->saw ? "saw: " : "at: ");
	else if (diag->token)
		fputs(": ", out);
	if (diag->token)
		print_location(out, diag->token);
	fputc('\n', out);
}

static void print_diag(FILE *out, const struct diag *diag)
{
	int indent = strlen(title(diag));

	print_headline(out, diag, indent);
	if (diag->token)
		print_token_source(out, indent, diag->token);
	for (size_t i = 0; i < diag->notes.count; i++) {
		const struct diag_note *note = &diag->notes.items[i];

		fprintf(out, "%*s%s", indent, note->token ? "also: " : "hint: ", note->text);
		if (note->token) {
			fputs(": ", out);
			print_location(out, note->token);
		}
		fputc('\n', out);
		if (note->token)
			print_token_source(out, indent, note->token);
	}
}

void diag_print(struct frontend *frontend, FILE *out)
{
	for (; frontend->diag_printed < frontend->diags.count; frontend->diag_printed++) {
		const struct diag *diag = &frontend->diags.items[frontend->diag_printed];

		if (diag->severity == SEVERITY_WARNING && frontend->options.no_warnings)
			continue;
		print_diag(out, diag);
	}
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static char *printed(struct frontend *frontend)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	diag_print(frontend, out);
	fclose(out);
	return text;
}

static const struct token *test_token(struct frontend *frontend, const char *text, size_t skip)
{
	const struct source_file *file =
		session_add_source(frontend, SOURCE_SCRIPT, "<input>", text, strlen(text));
	struct lexer lexer;

	lexer_init(&lexer, frontend, file);
	while (skip--)
		lex_token(&lexer);
	return lex_token(&lexer);
}

UNIT_TEST_CASE(diag_shows_what_was_seen_with_a_caret)
{
	struct frontend_options options = { 0 };
	struct frontend *frontend = frontend_new(&options);
	const struct token *token = test_token(frontend, "probe begin { ) }", 3);
	char *text;

	diag_expected(frontend, token, "expected statement");
	text = printed(frontend);
	CHECK_STR(text, "parse error: expected statement\n"
			"        saw: operator ')' at <input>:1:15\n"
			"     source: probe begin { ) }\n"
			"                           ^\n");
	free(text);
	frontend_free(frontend);
}

UNIT_TEST_CASE(diag_keeps_identical_messages_once)
{
	struct frontend_options options = { 0 };
	struct frontend *frontend = frontend_new(&options);
	const struct token *token = test_token(frontend, "x y", 0);

	diag_error(frontend, token, "no %s", "x");
	CHECK_INT(diag_error(frontend, token, "no x"), 0);
	CHECK_INT(diag_error_count(frontend), 1);
	diag_error(frontend, test_token(frontend, "x y", 1), "no x");
	CHECK_INT(diag_error_count(frontend), 2);
	frontend_free(frontend);
}

UNIT_TEST_CASE(diag_suggests_the_nearest_name_only)
{
	struct frontend_options options = { 0 };
	struct frontend *frontend = frontend_new(&options);
	const char *names[] = { "print", "execname", "gettimeofday_us", "x" };
	size_t id;
	char *text;

	frontend->phase = PHASE_SEMANTIC;
	id = diag_error(frontend, NULL, "unresolved function");
	diag_suggest(frontend, id, "excename", names, 4);
	diag_suggest(frontend, id, "y", names, 4);
	text = printed(frontend);
	CHECK_STR(text, "semantic error: unresolved function\n"
			"          hint: did you mean 'execname'?\n");
	free(text);
	frontend_free(frontend);
}

UNIT_TEST_CASE(diag_obeys_the_warning_options)
{
	struct frontend_options quiet = { .no_warnings = true };
	struct frontend_options strict = { .warnings_are_errors = true };
	struct frontend *a = frontend_new(&quiet), *b = frontend_new(&strict);
	char *text;

	diag_warning(a, NULL, "odd");
	text = printed(a);
	CHECK_STR(text, "");
	free(text);
	diag_warning(b, NULL, "odd");
	CHECK_INT(diag_error_count(b), 1);
	frontend_free(a);
	frontend_free(b);
}
#endif
