/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * printf formats: the text of a literal goes in, a list of pieces (literal text, conversions)
 * comes out, parsed once at compile time. infer.c checks arguments against it, the aggregator
 * applies it.
 */
#include "semantic.h"

struct format_reader {
	struct frontend *frontend;
	const struct token *token;
	const char *at, *end;
	struct format *format;
	struct buf literal;
	bool failed;
};

static void format_flush_literal(struct format_reader *reader)
{
	struct arena *arena = frontend_arena(reader->frontend);
	struct format_piece piece = { .kind = FORMAT_LITERAL, .width = -1, .precision = -1 };

	if (!reader->literal.length)
		return;
	piece.text = arena_memdup(arena, reader->literal.data, reader->literal.length);
	piece.length = reader->literal.length;
	array_push(arena, &reader->format->pieces, piece);
	buf_reset(&reader->literal);
}

static bool format_flag(struct format_piece *piece, char c)
{
	switch (c) {
	case '-': piece->left = true; return true;
	case '0': piece->zero = true; return true;
	case '+': piece->plus = true; return true;
	case ' ': piece->space = true; return true;
	case '#': piece->alternate = true; return true;
	default: return false;
	}
}

/* number := digits | '*' ; at most a million, so that a pad cannot eat the memory */
static int format_number(struct format_reader *reader, bool *from_argument)
{
	long number = -1;

	if (reader->at < reader->end && *reader->at == '*') {
		reader->at++;
		*from_argument = true;
		return -1;
	}
	for (; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9'; reader->at++) {
		number = (number < 0 ? 0 : number) * 10 + (*reader->at - '0');
		if (number > 1000000)
			number = 1000000;
	}
	return number;
}

static bool format_conversion(struct format_piece *piece, char c)
{
	static const struct { char letter; enum format_kind kind; } letters[] = {
		{ 'd', FORMAT_SIGNED }, { 'i', FORMAT_SIGNED }, { 'u', FORMAT_UNSIGNED },
		{ 'x', FORMAT_HEX }, { 'X', FORMAT_HEX }, { 'o', FORMAT_OCTAL },
		{ 'p', FORMAT_POINTER }, { 's', FORMAT_STRING }, { 'c', FORMAT_CHAR },
		{ 'b', FORMAT_BINARY }, { 'm', FORMAT_MEMORY }, { 'M', FORMAT_MEMORY_HEX },
	};

	piece->upper = c == 'X';
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
		if (letters[i].letter == c) {
			piece->kind = letters[i].kind;
			return true;
		}
	}
	return false;
}

/* %ld is %d: all numbers have 64 bits */
static void format_skip_length(struct format_reader *reader)
{
	for (int i = 0; i < 2 && reader->at < reader->end && *reader->at == 'l'; i++)
		reader->at++;
}

/* conversion := '%' flag* number? ('.' number?)? letter */
static void format_directive(struct format_reader *reader)
{
	struct format_piece piece = { .width = -1, .precision = -1 };

	while (reader->at < reader->end && format_flag(&piece, *reader->at))
		reader->at++;
	piece.width = format_number(reader, &piece.width_argument);
	if (reader->at < reader->end && *reader->at == '.') {
		reader->at++;
		piece.precision = format_number(reader, &piece.precision_argument);
		if (piece.precision < 0 && !piece.precision_argument)
			piece.precision = 0;
	}
	format_skip_length(reader);
	if (reader->at == reader->end || !format_conversion(&piece, *reader->at)) {
		if (reader->at == reader->end)
			diag_error(reader->frontend, reader->token,
				   "the format ends inside a conversion");
		else
			diag_error(reader->frontend, reader->token,
				   "unknown conversion '%%%c' in the format", *reader->at);
		reader->failed = true;
		return;
	}
	reader->at++;
	format_flush_literal(reader);
	array_push(frontend_arena(reader->frontend), &reader->format->pieces, piece);
	reader->format->argument_count += 1u + piece.width_argument + piece.precision_argument;
}

const struct format *format_parse(struct frontend *frontend, const char *text, size_t length,
				  const struct token *token)
{
	struct format_reader reader = { .frontend = frontend, .token = token, .at = text,
					.end = text + length };

	reader.format = arena_new_object(frontend_arena(frontend), struct format);
	while (reader.at < reader.end && !reader.failed) {
		char c = *reader.at++;

		if (c == '%' && reader.at < reader.end && *reader.at == '%')
			buf_putc(&reader.literal, *reader.at++);
		else if (c == '%')
			format_directive(&reader);
		else
			buf_putc(&reader.literal, c);
	}
	format_flush_literal(&reader);
	buf_free(&reader.literal);
	return reader.failed ? NULL : reader.format;
}

enum type format_argument_type(const struct format *format, size_t index)
{
	size_t seen = 0;

	for (size_t i = 0; i < format->pieces.count; i++) {
		const struct format_piece *piece = &format->pieces.items[i];

		if (piece->kind == FORMAT_LITERAL)
			continue;
		seen += (size_t)piece->width_argument + piece->precision_argument;
		if (index < seen)
			return TYPE_LONG;
		if (index == seen)
			return piece->kind == FORMAT_STRING ? TYPE_STRING : TYPE_LONG;
		seen++;
	}
	return TYPE_UNKNOWN;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static const struct format *parse_text(struct frontend **frontend, const char *text)
{
	static const struct frontend_options options;

	*frontend = frontend_new(&options);
	return format_parse(*frontend, text, strlen(text), NULL);
}

UNIT_TEST_CASE(format_splits_literals_and_conversions)
{
	struct frontend *frontend;
	const struct format *format = parse_text(&frontend, "a%%b %-5d|%#.3x%s\n");

	CHECK_INT(format->pieces.count, 6);
	CHECK_STR(format->pieces.items[0].text, "a%b ");
	CHECK(format->pieces.items[1].left && format->pieces.items[1].width == 5);
	CHECK(format->pieces.items[3].alternate && format->pieces.items[3].precision == 3);
	CHECK_INT(format->argument_count, 3);
	frontend_free(frontend);
}

UNIT_TEST_CASE(format_star_takes_a_long)
{
	struct frontend *frontend;
	const struct format *format = parse_text(&frontend, "%*.*s%d");

	CHECK_INT(format->argument_count, 4);
	CHECK_INT(format_argument_type(format, 0), TYPE_LONG);
	CHECK_INT(format_argument_type(format, 1), TYPE_LONG);
	CHECK_INT(format_argument_type(format, 2), TYPE_STRING);
	CHECK_INT(format_argument_type(format, 3), TYPE_LONG);
	CHECK_INT(format_argument_type(format, 4), TYPE_UNKNOWN);
	frontend_free(frontend);
}

UNIT_TEST_CASE(format_rejects_unknown_and_unfinished)
{
	struct frontend *frontend;

	CHECK(parse_text(&frontend, "%y") == NULL);
	CHECK_INT(diag_error_count(frontend), 1);
	frontend_free(frontend);
	CHECK(parse_text(&frontend, "abc %-") == NULL);
	frontend_free(frontend);
}
#endif
