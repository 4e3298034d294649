// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Regular expressions on PCRE2. The documented syntax is parsed here and written anew as a pattern
 * that PCRE2 takes, so none of PCRE2's own syntax gets through. PCRE2 finds where a match starts;
 * when the pattern leaves a choice and groups are wanted, its DFA matcher, which also takes over
 * when backtracking explodes, tells how far the longest match reaches.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <ctype.h>
#include <pcre2.h>

#include "aggregator.h"
#include "regex.h"

enum {
	NESTING_MOST = 200,
	REPEAT_MOST = 65535,	 /* of PCRE2 */
	BACKTRACKS_MOST = 200000, /* before the DFA matcher takes over */
	WORKSPACE_LEAST = 1000,	 /* ints */
	WORKSPACE_MOST = 1 << 24,
};

struct regex {
	pcre2_general_context *memory;
	pcre2_match_context *limits;
	pcre2_code *code;
	pcre2_match_data *match;
	int (*find)(const pcre2_code *code, PCRE2_SPTR text, PCRE2_SIZE length, PCRE2_SIZE start,
		    uint32_t options, pcre2_match_data *match, pcre2_match_context *limits);
	unsigned group_count; /* with the whole match */
	bool has_choice;      /* the first match need not be the longest */
	int *workspace;
	size_t workspace_size;
};

/* ---- the documented syntax, written as PCRE2's ---- */

struct translation {
	const char *text;
	size_t length, at;
	struct buf out;
	char *message; /* set once something is wrong */
	unsigned nesting, quantifiers;
	bool has_alternatives;
};

static void PRINTF_LIKE(2, 3) refuse(struct translation *t, const char *format, ...)
{
	struct buf message = BUF_INIT;
	va_list args;

	if (t->message)
		return;
	buf_printf(&message, "at position %zu: ", t->at);
	va_start(args, format);
	buf_vprintf(&message, format, args);
	va_end(args);
	t->message = buf_take(&message);
}

static int peek(const struct translation *t)
{
	return t->at < t->length ? (unsigned char)t->text[t->at] : EOF;
}

static bool take(struct translation *t, char c)
{
	if (peek(t) != (unsigned char)c)
		return false;
	t->at++;
	return true;
}

static void put_literal(struct translation *t, int c)
{
	if (isascii(c) && isalnum(c))
		buf_putc(&t->out, c);
	else
		buf_printf(&t->out, "\\x%02x", c);
}

/* char = any byte, or `\` and the byte meant */
static int parse_char(struct translation *t)
{
	take(t, '\\');
	if (peek(t) == EOF) {
		refuse(t, "nothing stands behind '\\'");
		return 0;
	}
	return (unsigned char)t->text[t->at++];
}

static const struct char_class {
	const char *name;
	int (*has)(int c);
} char_classes[] = {
	{ "alpha", isalpha }, { "digit", isdigit }, { "alnum", isalnum }, { "upper", isupper },
	{ "lower", islower }, { "space", isspace }, { "blank", isblank }, { "punct", ispunct },
	{ "print", isprint }, { "graph", isgraph }, { "cntrl", iscntrl }, { "xdigit", isxdigit },
};

/* named = '[:' name ':]', inside brackets */
static void parse_named_class(struct translation *t, bool set[256])
{
	const char *name = t->text + t->at + 2;
	size_t room = t->length - t->at - 2, length = 0;

	while (length < room && isalpha((unsigned char)name[length]))
		length++;
	if (length + 2 > room || memcmp(name + length, ":]", 2)) {
		refuse(t, "'[:' is not closed by ':]'");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(char_classes); i++) {
		const struct char_class *class = &char_classes[i];

		if (strlen(class->name) != length || memcmp(class->name, name, length))
			continue;
		for (int c = 0; c < 128; c++)
			set[c] |= !!class->has(c);
		t->at += length + 4;
		return;
	}
	refuse(t, "unknown character class '%.*s'", (int)length, name);
}

/* range = char | char '-' char */
static void parse_range(struct translation *t, bool set[256])
{
	int low = parse_char(t), high = low;

	if (t->at + 1 < t->length && t->text[t->at] == '-' && t->text[t->at + 1] != ']') {
		t->at++;
		high = parse_char(t);
	}
	if (high < low)
		refuse(t, "the range's end comes before its start");
	for (int c = low; c <= high; c++)
		set[c] = true;
}

static void put_set(struct translation *t, const bool set[256], bool negated)
{
	size_t start = t->out.length;

	buf_putc(&t->out, '[');
	for (int low = 0, high; low < 256; low = high + 1) {
		high = low;
		if (set[low] == negated)
			continue;
		while (high < 255 && set[high + 1] != negated)
			high++;
		buf_printf(&t->out, "\\x%02x-\\x%02x", low, high);
	}
	buf_putc(&t->out, ']');
	if (t->out.length == start + 2) {
		t->out.length = start;
		buf_puts(&t->out, "(?!)"); /* no byte at all */
	}
}

/* brackets = '[' '^'? (']' first, range or named)+ ']'; the '[' is taken */
static void parse_brackets(struct translation *t)
{
	bool set[256] = { false }, negated = take(t, '^'), first = true;

	for (; first || peek(t) != ']'; first = false) {
		if (peek(t) == EOF)
			refuse(t, "'[' is not closed by ']'");
		else if (peek(t) == '[' && t->at + 1 < t->length && t->text[t->at + 1] == ':')
			parse_named_class(t, set);
		else
			parse_range(t, set);
		if (t->message)
			return;
	}
	t->at++;
	put_set(t, set, negated);
}

static void parse_alternatives(struct translation *t);

/* group = '(' '?:'? alternatives ')'; the '(' is taken */
static void parse_group(struct translation *t)
{
	size_t open = t->at - 1;

	buf_putc(&t->out, '(');
	if (take(t, '?')) {
		if (!take(t, ':'))
			refuse(t, "'(?' is no part of the syntax, except as '(?:'");
		buf_puts(&t->out, "?:");
	}
	if (++t->nesting > NESTING_MOST)
		refuse(t, "more than %d nested groups", NESTING_MOST);
	else
		parse_alternatives(t);
	t->nesting--;
	if (!t->message && !take(t, ')')) {
		t->at = open;
		refuse(t, "'(' is not closed by ')'");
	}
	buf_putc(&t->out, ')');
}

/* atom = group | brackets | '.' | '^' | '$' | char */
static void parse_atom(struct translation *t)
{
	int c = peek(t);

	switch (c) {
	case '(':
		t->at++;
		parse_group(t);
		break;
	case '[':
		t->at++;
		parse_brackets(t);
		break;
	case '.':
	case '^':
	case '$':
		t->at++;
		buf_putc(&t->out, c);
		break;
	case '*':
	case '+':
	case '?':
	case '{':
		refuse(t, "nothing stands before '%c' that it could repeat", c);
		break;
	default:
		put_literal(t, parse_char(t));
	}
}

static int64_t parse_count(struct translation *t)
{
	int64_t count = 0;

	if (!isdigit(peek(t)))
		refuse(t, "a number is expected");
	for (; isdigit(peek(t)) && !t->message; t->at++) {
		count = count * 10 + (peek(t) - '0');
		if (count > REPEAT_MOST)
			refuse(t, "a repetition of more than %d", REPEAT_MOST);
	}
	return count;
}

/* bounds = '{' n '}' | '{' n ',' '}' | '{' n ',' m '}'; the '{' is taken */
static void parse_bounds(struct translation *t)
{
	int64_t low = parse_count(t), high;

	buf_printf(&t->out, "{%d", (int)low);
	if (!t->message && take(t, ',')) {
		buf_putc(&t->out, ',');
		if (peek(t) != '}') {
			high = parse_count(t);
			if (high < low)
				refuse(t, "the repetition's end is below its start");
			buf_printf(&t->out, "%d", (int)high);
		}
	}
	if (!t->message && !take(t, '}'))
		refuse(t, "'}' is expected");
	buf_putc(&t->out, '}');
}

static bool is_quantifier(int c)
{
	return c == '*' || c == '+' || c == '?' || c == '{';
}

/* make what was written since @start one unit for the next quantifier */
static void wrap(struct translation *t, size_t start)
{
	buf_puts(&t->out, "(?:)");
	memmove(t->out.data + start + 3, t->out.data + start, t->out.length - 4 - start);
	memcpy(t->out.data + start, "(?:", 3);
	t->out.data[t->out.length - 1] = ')';
}

/* piece = atom ('*' | '+' | '?' | bounds)* */
static void parse_piece(struct translation *t)
{
	size_t start = t->out.length;
	bool is_anchor = peek(t) == '^' || peek(t) == '$';

	parse_atom(t);
	for (bool again = false; !t->message && is_quantifier(peek(t)); again = true) {
		int c = peek(t);

		if (is_anchor)
			refuse(t, "'%c' cannot repeat an anchor", c);
		if (again)
			wrap(t, start);
		t->at++;
		t->quantifiers++;
		if (c == '{')
			parse_bounds(t);
		else
			buf_putc(&t->out, c);
	}
}

/* alternatives = piece* ('|' piece*)* */
static void parse_alternatives(struct translation *t)
{
	while (!t->message && peek(t) != EOF && peek(t) != ')') {
		if (take(t, '|')) {
			buf_putc(&t->out, '|');
			t->has_alternatives = true;
		} else {
			parse_piece(t);
		}
	}
}

static void translate(struct translation *t)
{
	parse_alternatives(t);
	if (!t->message && t->at < t->length)
		refuse(t, "')' without '('");
}

/* ---- PCRE2 ---- */

static void *allocate(size_t size, void *data)
{
	(void)data;
	return memory_alloc(size);
}

static void release(void *block, void *data)
{
	(void)data;
	free(block);
}

static char *pcre2_message(int error)
{
	PCRE2_UCHAR text[256];

	pcre2_get_error_message(error, text, sizeof(text));
	return memory_strdup((const char *)text);
}

static int regex_prepare(struct regex *regex, const struct buf *pattern)
{
	size_t offset;
	int error;

	regex->memory = pcre2_general_context_create(allocate, release, NULL);
	regex->code = pcre2_compile((PCRE2_SPTR)buf_text(pattern), pattern->length,
				    PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UTF, &error,
				    &offset, NULL);
	if (!regex->code)
		return error;
	regex->find = pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE) == 0 ? pcre2_jit_match :
										pcre2_match;
	pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->group_count);
	regex->group_count++;
	regex->match = pcre2_match_data_create_from_pattern(regex->code, regex->memory);
	regex->limits = pcre2_match_context_create(regex->memory);
	pcre2_set_match_limit(regex->limits, BACKTRACKS_MOST);
	return 0;
}

struct regex *regex_compile(const char *pattern, size_t length, char **message)
{
	struct translation t = { .text = pattern, .length = length };
	struct regex *regex = NULL;
	int error;

	translate(&t);
	*message = t.message;
	if (!t.message) {
		regex = memory_zalloc(sizeof(*regex));
		regex->has_choice = t.has_alternatives || t.quantifiers > 1;
		error = regex_prepare(regex, &t.out);
		if (error) {
			*message = pcre2_message(error);
			regex_free(regex);
			regex = NULL;
		}
	}
	buf_free(&t.out);
	return regex;
}

void regex_free(struct regex *regex)
{
	if (!regex)
		return;
	pcre2_match_data_free(regex->match);
	pcre2_match_context_free(regex->limits);
	pcre2_code_free(regex->code);
	pcre2_general_context_free(regex->memory);
	free(regex->workspace);
	free(regex);
}

bool aggregator_check_regex(const char *pattern, size_t length, char **message)
{
	struct regex *regex = regex_compile(pattern, length, message);

	regex_free(regex);
	return regex != NULL;
}

/* ---- matching ---- */

static void workspace_grow(struct regex *regex, size_t size)
{
	regex->workspace_size = size;
	regex->workspace = memory_realloc(regex->workspace, size * sizeof(*regex->workspace));
}

/* the longest match from @start on, or at it with PCRE2_ANCHORED in @options */
static bool match_longest(struct regex *regex, const char *text, size_t length, size_t start,
			  uint32_t options, struct regex_span *span)
{
	const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(regex->match);
	int found = PCRE2_ERROR_DFA_WSSIZE;

	if (!regex->workspace)
		workspace_grow(regex, WORKSPACE_LEAST);
	while (found == PCRE2_ERROR_DFA_WSSIZE && regex->workspace_size < WORKSPACE_MOST) {
		found = pcre2_dfa_match(regex->code, (PCRE2_SPTR)text, length, start, options,
					regex->match, NULL, regex->workspace,
					regex->workspace_size);
		if (found == PCRE2_ERROR_DFA_WSSIZE)
			workspace_grow(regex, 4 * regex->workspace_size);
	}
	if (found < 0)
		return false;
	*span = (struct regex_span){ (int64_t)offsets[0], (int64_t)offsets[1] };
	return true;
}

static void groups_empty(struct regex_groups *groups, unsigned count)
{
	if (groups->capacity < count) {
		groups->spans = memory_realloc(groups->spans, count * sizeof(*groups->spans));
		groups->capacity = count;
	}
	groups->count = count;
	for (unsigned i = 0; i < count; i++)
		groups->spans[i] = (struct regex_span){ -1, -1 };
}

static void groups_fill(const struct regex *regex, struct regex_groups *groups)
{
	const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(regex->match);

	for (unsigned i = 0; i < groups->count; i++)
		if (offsets[2 * i] != PCRE2_UNSET)
			groups->spans[i] = (struct regex_span){ (int64_t)offsets[2 * i],
								(int64_t)offsets[2 * i + 1] };
}

/* groups hold the first match at its start; make it the longest one there */
static void groups_lengthen(struct regex *regex, const char *text, size_t length,
			    struct regex_groups *groups)
{
	struct regex_span first = groups->spans[0], longest;
	uint32_t options = PCRE2_ANCHORED | PCRE2_ENDANCHORED;

	if ((size_t)first.end == length ||
	    !match_longest(regex, text, length, first.start, PCRE2_ANCHORED, &longest) ||
	    longest.end <= first.end)
		return;
	if ((size_t)longest.end < length)
		options |= PCRE2_NOTEOL;
	groups_empty(groups, regex->group_count);
	if (pcre2_match(regex->code, (PCRE2_SPTR)text, longest.end, longest.start, options,
			regex->match, regex->limits) > 0)
		groups_fill(regex, groups);
	groups->spans[0] = longest;
}

bool regex_match(struct regex *regex, const char *text, size_t length, struct regex_groups *groups)
{
	struct regex_span whole;
	int found = regex->find(regex->code, (PCRE2_SPTR)text, length, 0, 0, regex->match,
				regex->limits);
	bool exploded = found < 0 && found != PCRE2_ERROR_NOMATCH;
	bool matches = exploded ? match_longest(regex, text, length, 0, 0, &whole) : found > 0;

	if (!groups)
		return matches;
	groups_empty(groups, matches ? regex->group_count : 0);
	if (!matches)
		return false;
	if (exploded) {
		groups->spans[0] = whole;
		return true;
	}
	groups_fill(regex, groups);
	if (regex->has_choice)
		groups_lengthen(regex, text, length, groups);
	return true;
}

void regex_groups_free(struct regex_groups *groups)
{
	free(groups->spans);
	*groups = (struct regex_groups)REGEX_GROUPS_INIT;
}

#ifdef UNIT_TEST
#include <regex.h>

#include "../lib/unit.h"

/* "start-end" of every group, "" when there is no match, the message when it is refused */
static void describe_match(const char *pattern, const char *text, struct buf *out)
{
	struct regex_groups groups = REGEX_GROUPS_INIT;
	char *message;
	struct regex *regex = regex_compile(pattern, strlen(pattern), &message);

	if (!regex) {
		buf_puts(out, message);
		free(message);
		return;
	}
	CHECK(!message);
	if (regex_match(regex, text, strlen(text), &groups) !=
	    regex_match(regex, text, strlen(text), NULL))
		buf_puts(out, "contradiction ");
	for (unsigned i = 0; i < groups.count; i++)
		buf_printf(out, i ? " %d-%d" : "%d-%d", (int)groups.spans[i].start,
			   (int)groups.spans[i].end);
	regex_groups_free(&groups);
	regex_free(regex);
}

struct regex_case {
	const char *pattern, *text, *expected;
};

static void check_cases(const struct regex_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buf out = BUF_INIT;

		describe_match(cases[i].pattern, cases[i].text, &out);
		if (strcmp(buf_text(&out), cases[i].expected))
			unit_fail(__FILE__, __LINE__, "%s on %s: %s, expected %s", cases[i].pattern,
				  cases[i].text, buf_text(&out), cases[i].expected);
		buf_free(&out);
	}
}

/* the offsets were printed by the matchers that upstream's stap generates for these patterns */
UNIT_TEST_CASE(regex_matches_as_upstream)
{
	static const struct regex_case cases[] = {
		{ "str(ing)", "an example string", "11-17 14-17" },
		{ "a|ab", "xaby", "1-3" },
		{ "(a|ab)(c|bcd)(d*)", "abcd", "0-4 0-1 1-4 4-4" },
		{ "(a?)(ab)?", "ab", "0-2 0-0 0-2" },
		{ "a\\d", "ad", "0-2" },
		{ "a\\d", "a1", "" },
		{ "a\\1", "a1", "0-2" },
		{ "\\w", "w", "0-1" },
		{ "[a\\]b]", "\\b]", "1-2" },
		{ "[\\d]", "d", "0-1" },
		{ "[\\d]", "\\", "" },
		{ "[[.a.]]", ".]", "0-2" },
		{ "[[.a.]]", "a", "" },
		{ "a**", "b", "0-0" },
		{ "a+?", "aa", "0-2" },
		{ "a+?", "b", "0-0" },
		{ "()", "x", "0-0 0-0" },
		{ "a||b", "b", "0-1" },
		{ "a^b", "a^b", "" },
		{ "[]a]", "]", "0-1" },
		{ "[^]a]", "]", "" },
		{ "[a-]", "-", "0-1" },
		{ "[a-z-9]", "9", "0-1" },
		{ "[a-]]", "-]", "0-2" },
		{ "[--a]", ".", "0-1" },
		{ "[a[]", "[", "0-1" },
		{ "a{2}{3}", "aaaaaa", "0-6" },
		{ "a{2}{3}", "aaa", "" },
		{ "a{1}{0,2}", "aa", "0-2" },
		{ "(ab){2,3}", "abababab", "0-6 4-6" },
		{ "(^a|b$)", "xa", "" },
		{ "(a|b)*", "abab", "0-4 3-4" },
		{ "(a*)(a*)", "aaa", "0-3 0-3 3-3" },
		{ "x*", "aaxx", "0-0" },
		{ "(foo|foobar)(bar)?", "foobar", "0-6 0-3 3-6" },
		{ "[[:upper:][:digit:]]{2,}", "aB2C", "1-4" },
		{ "(a)?b", "b", "0-1 -1--1" },
		{ "a{0}", "aa", "0-0" },
		{ "}]", "}]", "0-2" },
		{ "a.*b|a", "axxbxx", "0-4" },
		{ "(a|ab)*c", "aababc", "0-6 3-5" },
	};

	check_cases(cases, ARRAY_SIZE(cases));
}

UNIT_TEST_CASE(regex_matches_where_upstream_errs)
{
	static const struct regex_case cases[] = {
		{ "a(?:b)(c)", "abc", "0-3 2-3" },
		{ "(^a|b$)", "xb", "1-2 1-2" },
		{ "a$$", "a", "0-1" },
		{ "[\\[-\\]]", "\\", "0-1" },
		{ "a.b", "a\nb", "0-3" },
		{ "a$", "a\n", "" },
		{ ".", "\xc3\xa9", "0-1" },
		{ "[\\[-\\]]", "a", "" },
	};

	check_cases(cases, ARRAY_SIZE(cases));
}

UNIT_TEST_CASE(regex_refuses_with_a_position)
{
	static const struct regex_case cases[] = {
		{ "a{,3}", "", "at position 2: a number is expected" },
		{ "a{2", "", "at position 3: '}' is expected" },
		{ "a{2,x}", "", "at position 4: a number is expected" },
		{ "a{3,2}", "", "at position 5: the repetition's end is below its start" },
		{ "a{99999999999999999999}", "", "at position 6: a repetition of more than 65535" },
		{ "*a", "", "at position 0: nothing stands before '*' that it could repeat" },
		{ "(*UTF)", "", "at position 1: nothing stands before '*' that it could repeat" },
		{ "a|+b", "", "at position 2: nothing stands before '+' that it could repeat" },
		{ "{", "", "at position 0: nothing stands before '{' that it could repeat" },
		{ "^*", "", "at position 1: '*' cannot repeat an anchor" },
		{ "(a", "", "at position 0: '(' is not closed by ')'" },
		{ "a)", "", "at position 1: ')' without '('" },
		{ "(?i)a", "", "at position 2: '(?' is no part of the syntax, except as '(?:'" },
		{ "(?<n>a)", "", "at position 2: '(?' is no part of the syntax, except as '(?:'" },
		{ "[z-a]", "", "at position 4: the range's end comes before its start" },
		{ "[a", "", "at position 2: '[' is not closed by ']'" },
		{ "[]", "", "at position 2: '[' is not closed by ']'" },
		{ "[[:word:]]", "", "at position 1: unknown character class 'word'" },
		{ "[[:alpha]", "", "at position 1: '[:' is not closed by ':]'" },
		{ "a\\", "", "at position 2: nothing stands behind '\\'" },
		{ "[a\\", "", "at position 3: nothing stands behind '\\'" },
	};

	check_cases(cases, ARRAY_SIZE(cases));
}

UNIT_TEST_CASE(regex_nesting_is_bounded)
{
	char pattern[5000], *message;

	memset(pattern, '(', sizeof(pattern));
	CHECK(!regex_compile(pattern, sizeof(pattern), &message));
	free(message);
	CHECK(!regex_compile("((ab|c){1000}){1000}", 20, &message));
	CHECK(message);
	free(message);
}

/* exponential for a backtracking matcher */
UNIT_TEST_CASE(regex_survives_exploding_patterns)
{
	char text[3000], *message;
	struct regex *regex = regex_compile("((a|aa)*)*b$", 12, &message);
	struct regex_groups groups = REGEX_GROUPS_INIT;

	memset(text, 'a', sizeof(text));
	CHECK(!regex_match(regex, text, sizeof(text), &groups));
	CHECK_INT(groups.count, 0);
	text[sizeof(text) - 1] = 'b';
	CHECK(regex_match(regex, text, sizeof(text), &groups));
	CHECK_INT(groups.spans[0].end, sizeof(text));
	regex_groups_free(&groups);
	regex_free(regex);
}

UNIT_TEST_CASE(regex_takes_any_bytes)
{
	static const char alphabet[] = "ab()[]{}*+?|^$.\\-:,12\0\xff\n";
	unsigned seed = 3;

	for (int round = 0; round < 20000; round++) {
		char pattern[12], text[8], *message;
		size_t length = rand_r(&seed) % sizeof(pattern);
		struct regex_groups groups = REGEX_GROUPS_INIT;
		struct regex *regex;

		for (size_t i = 0; i < sizeof(pattern); i++)
			pattern[i] = alphabet[rand_r(&seed) % (sizeof(alphabet) - 1)];
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = alphabet[rand_r(&seed) % (sizeof(alphabet) - 1)];
		regex = regex_compile(pattern, length, &message);
		CHECK(!regex == !!message);
		if (regex)
			regex_match(regex, text, sizeof(text), &groups);
		free(message);
		regex_groups_free(&groups);
		regex_free(regex);
	}
}

/* ---- against the C library's matcher, on patterns grown by the grammar both have ---- */

struct growth {
	struct buf text;
	unsigned seed;
	int room; /* pieces that may still grow */
};

static int growth_choose(struct growth *growth, int below)
{
	return (int)((unsigned)rand_r(&growth->seed) >> 4) % below;
}

static void grow_alternatives(struct growth *growth, int depth);

static void grow_atom(struct growth *growth, int depth)
{
	static const char *const sets[] = { "[ab]", "[^a]", "[a-c]", "[^b-c]", "[[:alpha:]]", "[b.]" };

	switch (growth_choose(growth, depth < 3 ? 10 : 7)) {
	case 0: case 1: case 2: buf_putc(&growth->text, 'a'); break;
	case 3: case 4: buf_putc(&growth->text, 'b'); break;
	case 5: buf_puts(&growth->text, growth_choose(growth, 2) ? "." : "c"); break;
	case 6: buf_puts(&growth->text, sets[growth_choose(growth, ARRAY_SIZE(sets))]); break;
	default:
		buf_putc(&growth->text, '(');
		grow_alternatives(growth, depth + 1);
		buf_putc(&growth->text, ')');
	}
}

static void grow_pieces(struct growth *growth, int depth)
{
	static const char *const repeats[] = { "", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,3}",
					       "{2,}" };

	do {
		grow_atom(growth, depth);
		buf_puts(&growth->text, repeats[growth_choose(growth, ARRAY_SIZE(repeats))]);
	} while (--growth->room > 0 && growth_choose(growth, 3));
}

static void grow_alternatives(struct growth *growth, int depth)
{
	grow_pieces(growth, depth);
	while (growth->room > 0 && !growth_choose(growth, 3)) {
		buf_putc(&growth->text, '|');
		grow_pieces(growth, depth);
	}
}

static void grow_pattern(struct growth *growth)
{
	buf_reset(&growth->text);
	growth->room = 8;
	if (!growth_choose(growth, 5))
		buf_putc(&growth->text, '^');
	grow_pieces(growth, 0);
	if (!growth_choose(growth, 5))
		buf_putc(&growth->text, '$');
}

/* "start-end" of the whole match, which both have to find alike; "" for none */
static void reference_match(const char *pattern, const char *text, char span[32])
{
	regex_t regex;
	regmatch_t match;

	if (regcomp(&regex, pattern, REG_EXTENDED))
		unit_fail(__FILE__, __LINE__, "regcomp refuses %s", pattern);
	span[0] = '\0';
	if (!regexec(&regex, text, 1, &match, 0))
		snprintf(span, 32, "%d-%d", (int)match.rm_so, (int)match.rm_eo);
	regfree(&regex);
}

UNIT_TEST_CASE(regex_agrees_with_the_c_library_on_random_patterns)
{
	struct growth growth = { .seed = 29 };

	for (int round = 0; round < 5000; round++) {
		grow_pattern(&growth);
		for (int subject = 0; subject < 6; subject++) {
			struct buf out = BUF_INIT;
			char text[16] = "", expected[32], span[32];
			int length = growth_choose(&growth, 12);

			for (int i = 0; i < length; i++)
				text[i] = "aaabbc.\n"[growth_choose(&growth, 8)];
			describe_match(buf_text(&growth.text), text, &out);
			reference_match(buf_text(&growth.text), text, expected);
			snprintf(span, sizeof(span), "%.*s", (int)strcspn(buf_text(&out), " "),
				 buf_text(&out));
			if (strcmp(span, expected))
				unit_fail(__FILE__, __LINE__, "%s on %s: %s, expected %s",
					  buf_text(&growth.text), text, span, expected);
			buf_free(&out);
		}
	}
	buf_free(&growth.text);
}
#endif
