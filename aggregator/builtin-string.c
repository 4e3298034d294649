// SPDX-License-Identifier: GPL-2.0-or-later
/* Natives over strings. Strings are counted bytes; none holds a NUL. */
#include <ctype.h>

#include "builtin.h"

bool builtin_strlen(struct native_call *call)
{
	return native_return_number(call, call->arguments[0].string->length);
}

bool builtin_substr(struct native_call *call)
{
	const struct str *text = call->arguments[0].string;
	int64_t start = call->arguments[1].number, length = call->arguments[2].number;

	if (start < 0 || start >= text->length || length <= 0)
		return native_return_text(call, "", 0);
	if (length > text->length - start)
		length = text->length - start;
	return native_return_text(call, text->data + start, (size_t)length);
}

bool builtin_stringat(struct native_call *call)
{
	const struct str *text = call->arguments[0].string;
	int64_t position = call->arguments[1].number;

	if (position < 0 || position >= text->length)
		return native_error(call, "Position out of bounds");
	return native_return_number(call, (signed char)text->data[position]);
}

static const char *find(const struct str *text, const struct str *part)
{
	return memmem(text->data, text->length, part->data, part->length);
}

bool builtin_isinstr(struct native_call *call)
{
	return native_return_number(call, find(call->arguments[0].string,
					       call->arguments[1].string) != NULL);
}

bool builtin_strpos(struct native_call *call)
{
	const struct str *text = call->arguments[0].string;
	const char *found = find(text, call->arguments[1].string);

	return native_return_number(call, found ? found - text->data : -1);
}

bool builtin_str_replace(struct native_call *call)
{
	const struct str *text = call->arguments[0].string, *search = call->arguments[1].string;
	const struct str *replacement = call->arguments[2].string;
	const char *at = text->data, *end = text->data + text->length, *found;
	struct buf out = BUF_INIT;
	bool ok;

	while (search->length &&
	       (found = memmem(at, (size_t)(end - at), search->data, search->length))) {
		buf_add(&out, at, (size_t)(found - at));
		buf_add(&out, replacement->data, replacement->length);
		at = found + search->length;
	}
	buf_add(&out, at, (size_t)(end - at));
	ok = native_return_buf(call, &out);
	buf_free(&out);
	return ok;
}

/* The kernel's simple_strtol(): no blanks skipped, overflow wraps. */
static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

bool builtin_strtol(struct native_call *call)
{
	const char *at = call->arguments[0].string->data;
	int64_t base = call->arguments[1].number;
	bool negative = *at == '-';
	uint64_t value = 0;

	if (*at == '-')
		at++;
	if (base == 0)
		base = at[0] != '0' ? 10 :
		       (at[1] | 0x20) == 'x' && isxdigit((unsigned char)at[2]) ? 16 : 8;
	if (base == 16 && at[0] == '0' && (at[1] | 0x20) == 'x')
		at += 2;
	for (; digit_value(*at) < base; at++)
		value = value * (uint64_t)base + (uint64_t)digit_value(*at);
	return native_return_number(call, (int64_t)(negative ? -value : value));
}

bool builtin_isdigit(struct native_call *call)
{
	return native_return_number(call,
				    !!isdigit((unsigned char)call->arguments[0].string->data[0]));
}

/* ---- escaping ---- */

static void escape(unsigned char c, bool quotes, char out[8])
{
	static const char named[] = "\a\b\f\n\r\t\v", letters[] = "abfnrtv";
	const char *found = c ? strchr(named, c) : NULL;

	if (found)
		snprintf(out, 8, "\\%c", letters[found - named]);
	else if ((quotes && c == '"') || c == '\\')
		snprintf(out, 8, "\\%c", c);
	else if (c < ' ' || c > '~')
		snprintf(out, 8, "\\%03o", c);
	else
		snprintf(out, 8, "%c", c);
}

void quote_text(const char *data, size_t length, size_t room, bool quotes, struct buf *out)
{
	char piece[8];
	size_t used = 0, i;

	if (quotes)
		buf_putc(out, '"');
	for (i = 0; i < length; i++) {
		escape((unsigned char)data[i], quotes, piece);
		if (used + strlen(piece) > room)
			break;
		used += strlen(piece);
		buf_puts(out, piece);
	}
	if (quotes)
		buf_putc(out, '"');
	if (i < length)
		buf_puts(out, "...");
}

static bool return_quoted(struct native_call *call, size_t room, bool quotes)
{
	const struct str *text = call->arguments[0].string;
	struct buf out = BUF_INIT;
	bool ok;

	quote_text(text->data, text->length, room, quotes, &out);
	ok = native_return_buf(call, &out);
	buf_free(&out);
	return ok;
}

bool builtin_text_str(struct native_call *call)
{
	return return_quoted(call, SIZE_MAX, false);
}

bool builtin_text_strn(struct native_call *call)
{
	int64_t length = call->arguments[1].number;

	return return_quoted(call, length > 0 ? (size_t)length : SIZE_MAX,
			     call->arguments[2].number != 0);
}

bool builtin_string_quoted(struct native_call *call)
{
	return return_quoted(call, SIZE_MAX, true);
}

/* ---- tokens ---- */

static void tokenizer_start(struct tokenizer *tokenizer, struct str *text)
{
	str_unref(tokenizer->text);
	tokenizer->text = str_ref(text);
	tokenizer->next = 0;
	tokenizer->ended = false;
}

/* the next stretch without delimiters, as strsep(3) finds it; false when none is left */
static bool tokenizer_next(struct tokenizer *tokenizer, const char *delimiters, size_t *start,
			   size_t *length)
{
	if (tokenizer->ended || !tokenizer->text)
		return false;
	*start = tokenizer->next;
	*length = strcspn(tokenizer->text->data + *start, delimiters);
	tokenizer->next = *start + *length + 1;
	tokenizer->ended = *start + *length >= tokenizer->text->length;
	return true;
}

bool builtin_tokenize(struct native_call *call)
{
	struct tokenizer *tokenizer = call->tokenizer;
	struct str *delimiters = call->arguments[call->count - 1].string;
	size_t start, length = 0;

	if (call->count == 2 && call->arguments[0].string->length)
		tokenizer_start(tokenizer, call->arguments[0].string);
	while (tokenizer_next(tokenizer, delimiters->data, &start, &length))
		if (length)
			return native_return_text(call, tokenizer->text->data + start, length);
	return native_return_text(call, "", 0);
}

/* ---- the last regular expression match ---- */

bool builtin_matched(struct native_call *call)
{
	const struct regex_groups *groups = &call->match->groups;
	int64_t group = call->arguments[0].number;
	const struct regex_span *span;

	if (!groups->count)
		return native_error(call, "Attempted to get subexpression %lld from failed match",
				    (long long)group);
	if (group < 0 || group >= groups->count)
		return native_error(call, "Attempted to get nonexistent subexpression %lld",
				    (long long)group);
	span = &groups->spans[group];
	if (span->start < 0 || span->end < span->start)
		return native_return_text(call, "", 0);
	return native_return_text(call, call->match->subject->data + span->start,
				  (size_t)(span->end - span->start));
}

bool builtin_ngroups(struct native_call *call)
{
	if (!call->match->groups.count)
		return native_error(call, "Attempted to get subexpression count from failed match");
	return native_return_number(call, call->match->groups.count);
}
