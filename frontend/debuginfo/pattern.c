// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pattern of .function("…") and .statement("…"): `function[@file[:line]]`, where line is a
 * number, a range first-last, `+n` from the function's declaration, or `*`.
 */
#include "module.h"

#include <ctype.h>
#include <errno.h>

static int bad_line(const char *text, struct buf *problem)
{
	buf_printf(problem, "the line in '%s' must be a number, a range, +offset or *", text);
	return -EINVAL;
}

static bool parse_number(const char **text, int *number)
{
	long value = 0;

	if (!isdigit((unsigned char)**text))
		return false;
	for (; isdigit((unsigned char)**text); (*text)++)
		if ((value = value * 10 + **text - '0') > 100000000)
			return false;
	*number = (int)value;
	return true;
}

/* `12`, `12-20`, `*` behind a colon; `3`, `3-5` behind a plus sign */
static int parse_line(const char *text, char separator, struct pattern *pattern,
		      struct buf *problem)
{
	const char *at = text;

	if (separator == ':' && strcmp(at, "*") == 0) {
		pattern->line_kind = LINE_ANY;
		return 0;
	}
	pattern->line_kind = separator == '+' ? LINE_RELATIVE : LINE_ABSOLUTE;
	if (!parse_number(&at, &pattern->first))
		return bad_line(text, problem);
	pattern->last = pattern->first;
	if (*at == '-' && (at++, !parse_number(&at, &pattern->last)))
		return bad_line(text, problem);
	return *at ? bad_line(text, problem) : 0;
}

/* the separator before a line: a `:` alone (`::` is C++), or a `+` before a digit */
static char *find_line(char *file)
{
	for (char *at = file + strlen(file); at-- > file;) {
		if (*at == ':' && at[1] != ':' && (at == file || at[-1] != ':'))
			return at;
		if (*at == '+' && isdigit((unsigned char)at[1]))
			return at;
		if (*at == '/')
			return NULL;
	}
	return NULL;
}

int pattern_parse(struct arena *arena, const char *text, struct pattern *pattern,
		  struct buf *problem)
{
	char *copy = arena_strdup(arena, text), *file = strchr(copy, '@'), *line;
	char separator;

	*pattern = (struct pattern){ .function = copy };
	if (!*text) {
		buf_puts(problem, "the pattern is empty");
		return -EINVAL;
	}
	if (!file)
		return 0;
	*file++ = '\0';
	if (!*copy)
		pattern->function = "*";
	line = find_line(file);
	pattern->file = *file ? file : NULL;
	if (!line)
		return 0;
	separator = *line;
	*line++ = '\0';
	return parse_line(line, separator, pattern, problem);
}

bool pattern_match_file(const struct pattern *pattern, const char *path)
{
	if (!pattern->file)
		return true;
	if (!path)
		return false;
	if (text_match(pattern->file, path))
		return true;
	if (*pattern->file == '/')
		return false;
	for (const char *at = strchr(path, '/'); at; at = strchr(at + 1, '/'))
		if (text_match(pattern->file, at + 1))
			return true;
	return false;
}

bool pattern_near(const char *wanted, const char *name)
{
	size_t length = strlen(wanted), other = strlen(name);
	size_t allowed = length / 3 + 1;

	if (length > other + allowed || other > length + allowed || length > 64)
		return false;
	return text_distance(wanted, name) <= allowed;
}

#ifdef UNIT_TEST
#include "../../lib/unit.h"

static struct pattern parse(struct arena *arena, const char *text)
{
	struct pattern pattern;
	struct buf problem = BUF_INIT;

	CHECK_INT(pattern_parse(arena, text, &pattern, &problem), 0);
	buf_free(&problem);
	return pattern;
}

UNIT_TEST_CASE(pattern_parts)
{
	struct arena *arena = arena_new();
	struct pattern pattern = parse(arena, "vfs_*@fs/read_write.c:12-20");

	CHECK_STR(pattern.function, "vfs_*");
	CHECK_STR(pattern.file, "fs/read_write.c");
	CHECK_INT(pattern.line_kind, LINE_ABSOLUTE);
	CHECK_INT(pattern.first, 12);
	CHECK_INT(pattern.last, 20);
	pattern = parse(arena, "f@a.c+3");
	CHECK_INT(pattern.line_kind, LINE_RELATIVE);
	CHECK_INT(pattern.first, 3);
	CHECK_INT(parse(arena, "f@a.c:*").line_kind, LINE_ANY);
	pattern = parse(arena, "std::swap@a.c++");
	CHECK_STR(pattern.function, "std::swap");
	CHECK_STR(pattern.file, "a.c++");
	arena_free(arena);
}

UNIT_TEST_CASE(pattern_refuses_bad_lines)
{
	static const char *const bad[] = { "", "f@a.c:x", "f@a.c:1-", "f@a.c:99999999999", "f@a.c:" };
	struct arena *arena = arena_new();
	struct buf problem = BUF_INIT;
	struct pattern pattern;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(pattern_parse(arena, bad[i], &pattern, &problem), -EINVAL);
	CHECK(problem.length > 0);
	buf_free(&problem);
	arena_free(arena);
}

UNIT_TEST_CASE(pattern_files_match_from_a_slash)
{
	struct pattern pattern = { .function = "*", .file = "fs/*.c" };

	CHECK(pattern_match_file(&pattern, "/usr/src/linux/fs/open.c"));
	CHECK(!pattern_match_file(&pattern, "/usr/src/linux/xfs/open.h"));
	CHECK(!pattern_match_file(&pattern, "/usr/src/linux/xfs/open.c"));
	CHECK(!pattern_match_file(&pattern, NULL));
}
#endif
