/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conditions: %( CONDITION %? TOKENS %: TOKENS %) over the stream of macro.c. As in SystemTap
 * macros are expanded before, in both branches. What a condition may test is a table; "runtime" is
 * "kernel" here, because scripts ask for it to learn whether the whole language is at hand, and it
 * is; "systemtap_v" is the version of the language that this program follows.
 */
#include "preproc.h"
#include "macro.h"

#include <dirent.h>

#define LANGUAGE_VERSION "4.8"

static const char *const operators[] = {
	"@count", "@sum", "@min", "@max", "@avg", "@variance", "@hist_linear", "@hist_log",
	"@defined", "@choose_defined", "@entry", "@perf", "@const", "@probewrite", "@kderef",
	"@uderef", "@kregister", "@uregister", "@var", "@cast", "@define",
};

/* an open %( whose condition was decided */
struct condition {
	const struct token *start;
	bool taken;	/* the first branch */
	bool in_second;
	struct condition *outer;
};

struct preproc {
	struct frontend *frontend;
	struct macro_reader reader;
	const struct token *peeked; /* NULL: none */
	struct condition *conditions;
};

bool preproc_is_operator(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		if (strcmp(operators[i], name) == 0)
			return true;
	}
	return false;
}

struct preproc *preproc_new(struct frontend *frontend, const struct source_file *file)
{
	struct preproc *preproc = arena_new_object(frontend->arena, struct preproc);

	preproc->frontend = frontend;
	macro_reader_init(&preproc->reader, frontend, file);
	return preproc;
}

static const struct token *peek(struct preproc *preproc)
{
	if (!preproc->peeked)
		preproc->peeked = macro_token(&preproc->reader);
	return preproc->peeked;
}

static const struct token *next(struct preproc *preproc)
{
	const struct token *token = peek(preproc);

	preproc->peeked = NULL;
	return token;
}

/* ---- deciding ---- */

/* why a comparison is refused; the token is where */
struct verdict {
	bool value;
	const struct token *wrong;
	const char *expected;
};

static struct verdict refuse(const struct token *wrong, const char *expected)
{
	return (struct verdict){ false, wrong, expected };
}

static bool is_equality(const struct token *operator)
{
	return token_is(operator, "==") || token_is(operator, "!=");
}

/* apply < <= == != > >= to the sign of a comparison */
static struct verdict compare(const struct token *operator, int order)
{
	static const struct {
		const char *text;
		bool less, equal, greater;
	} table[] = {
		{ "<", true, false, false }, { "<=", true, true, false },
		{ "==", false, true, false }, { "!=", true, false, true },
		{ ">", false, false, true }, { ">=", false, true, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (token_is(operator, table[i].text))
			return (struct verdict){ order < 0 ? table[i].less : order > 0 ?
						 table[i].greater : table[i].equal, NULL, NULL };
	}
	return refuse(operator, "expected a comparison operator");
}

static int sign(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static struct verdict compare_wildcard(const char *value, const struct token *operator,
				       const struct token *pattern)
{
	if (!is_equality(operator))
		return refuse(operator, "expected '==' or '!='");
	if (pattern->kind != TOKEN_STRING)
		return refuse(pattern, "expected string");
	return compare(operator, !text_match(pattern->text, value));
}

/* versions compare as strverscmp(3) orders them; == and != take wildcards */
static struct verdict compare_version(const char *value, const struct token *operator,
				      const struct token *version)
{
	if (version->kind != TOKEN_STRING)
		return refuse(version, "expected string");
	if (is_equality(operator) && text_has_wildcard(version->text))
		return compare_wildcard(value, operator, version);
	return compare(operator, strverscmp(value, version->text));
}

static struct verdict test_kernel_vr(struct frontend *frontend, const struct token *name,
				     const struct token *operator, const struct token *right)
{
	const char *release = frontend->options.kernel_release;

	(void)name;
	return compare_version(release ? release : "", operator, right);
}

static struct verdict test_kernel_v(struct frontend *frontend, const struct token *name,
				    const struct token *operator, const struct token *right)
{
	const char *release = frontend->options.kernel_release;
	char *version = arena_strdup(frontend->arena, release ? release : "");

	(void)name;
	version[strcspn(version, "-")] = '\0';
	return compare_version(version, operator, right);
}

static struct verdict test_systemtap_v(struct frontend *frontend, const struct token *name,
				       const struct token *operator, const struct token *right)
{
	const char *compatible = frontend->options.compatible;

	(void)name;
	return compare_version(compatible ? compatible : LANGUAGE_VERSION, operator, right);
}

static struct verdict test_arch(struct frontend *frontend, const struct token *name,
				const struct token *operator, const struct token *right)
{
	(void)name;
	return compare_wildcard(frontend->options.arch ? frontend->options.arch : "", operator,
				right);
}

static struct verdict test_runtime(struct frontend *frontend, const struct token *name,
				   const struct token *operator, const struct token *right)
{
	(void)frontend, (void)name;
	return compare_wildcard("kernel", operator, right);
}

static struct verdict test_privilege(struct frontend *frontend, const struct token *name,
				     const struct token *operator, const struct token *right)
{
	(void)name;
	return compare_wildcard(privilege_name(frontend->options.privilege), operator, right);
}

static struct verdict test_guru_mode(struct frontend *frontend, const struct token *name,
				     const struct token *operator, const struct token *right)
{
	(void)name;
	if (!is_equality(operator))
		return refuse(operator, "expected '==' or '!='");
	if (right->kind != TOKEN_NUMBER)
		return refuse(right, "expected number");
	return compare(operator, sign(frontend->options.guru, right->number));
}

static struct verdict test_config(struct frontend *frontend, const struct token *name,
				  const struct token *operator, const struct token *right)
{
	const char *value = kernel_config_get(frontend, name->text);

	if (right->kind == TOKEN_IDENTIFIER && text_starts_with(right->text, "CONFIG_"))
		return compare(operator,
			       sign(strtoll(value, NULL, 0),
				    strtoll(kernel_config_get(frontend, right->text), NULL, 0)));
	if (right->kind == TOKEN_NUMBER)
		return compare(operator, sign(strtoll(value, NULL, 0), right->number));
	return compare_wildcard(value, operator, right);
}

/* two literals of one kind */
static struct verdict test_literals(struct frontend *frontend, const struct token *left,
				    const struct token *operator, const struct token *right)
{
	(void)frontend;
	if (left->kind == TOKEN_STRING && right->kind != TOKEN_STRING)
		return refuse(right, "expected string literal as right value");
	if (left->kind == TOKEN_NUMBER && right->kind != TOKEN_NUMBER)
		return refuse(right, "expected number literal as right value");
	return compare(operator, left->kind == TOKEN_NUMBER ? sign(left->number, right->number) :
		       strcmp(left->text, right->text));
}

typedef struct verdict (*condition_test)(struct frontend *frontend, const struct token *left,
					 const struct token *operator,
					 const struct token *right);

static const struct {
	const char *name;
	condition_test test;
} tests[] = {
	{ "kernel_v", test_kernel_v },
	{ "kernel_vr", test_kernel_vr },
	{ "arch", test_arch },
	{ "systemtap_v", test_systemtap_v },
	{ "systemtap_privilege", test_privilege },
	{ "runtime", test_runtime },
	{ "guru_mode", test_guru_mode },
};

static condition_test find_test(const struct token *left)
{
	if (left->kind == TOKEN_STRING || left->kind == TOKEN_NUMBER)
		return test_literals;
	if (left->kind != TOKEN_IDENTIFIER)
		return NULL;
	if (text_starts_with(left->text, "CONFIG_"))
		return test_config;
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		if (strcmp(tests[i].name, left->text) == 0)
			return tests[i].test;
	}
	return NULL;
}

static bool ends_condition(const struct token *token)
{
	return token->kind == TOKEN_END || token_is(token, "%?") || token_is(token, "%)");
}

/* comparison: LEFT OPERATOR RIGHT */
static struct verdict decide_comparison(struct preproc *preproc)
{
	const struct token *left = peek(preproc), *operator, *right;
	condition_test test = find_test(left);

	if (!test)
		return refuse(left, "expected 'kernel_v', 'kernel_vr', 'arch', 'CONFIG_...', "
			      "'systemtap_v', 'systemtap_privilege', 'runtime', 'guru_mode', "
			      "or a comparison between strings or integers");
	next(preproc);
	operator = peek(preproc);
	if (ends_condition(operator))
		return refuse(operator, "expected a comparison operator");
	next(preproc);
	right = peek(preproc);
	if (ends_condition(right))
		return refuse(right, "expected a literal");
	next(preproc);
	return test(preproc->frontend, left, operator, right);
}

/* conjunction: comparison { && comparison } */
static struct verdict decide_conjunction(struct preproc *preproc)
{
	struct verdict verdict = decide_comparison(preproc);

	while (!verdict.wrong && token_is(peek(preproc), "&&")) {
		struct verdict right;

		next(preproc);
		right = decide_comparison(preproc);
		right.value &= verdict.value;
		verdict = right;
	}
	return verdict;
}

/* condition: conjunction { || conjunction } */
static struct verdict decide(struct preproc *preproc)
{
	struct verdict verdict = decide_conjunction(preproc);

	while (!verdict.wrong && token_is(peek(preproc), "||")) {
		struct verdict right;

		next(preproc);
		right = decide_conjunction(preproc);
		right.value |= verdict.value;
		verdict = right;
	}
	if (!verdict.wrong && !token_is(peek(preproc), "%?"))
		return refuse(peek(preproc), "expected '%?' behind the condition");
	return verdict;
}

/* ---- branches ---- */

/* skip to the %) or, if it may end there, the %: of the innermost open condition */
static const struct token *skip_branch(struct preproc *preproc, bool to_second)
{
	size_t depth = 0;

	preproc->reader.skipping = true;
	for (;;) {
		const struct token *token = peek(preproc);

		if (token->kind == TOKEN_END)
			break;
		if (depth == 0 && (token_is(token, "%)") ||
				   (to_second && token_is(token, "%:"))))
			break;
		if (token_is(token, "%("))
			depth++;
		else if (token_is(token, "%)"))
			depth--;
		next(preproc);
	}
	preproc->reader.skipping = false;
	return peek(preproc);
}

static bool open_condition(struct preproc *preproc, const struct token *start)
{
	struct condition *condition = arena_new_object(preproc->frontend->arena, struct condition);
	struct verdict verdict = decide(preproc);

	condition->start = start;
	condition->outer = preproc->conditions;
	preproc->conditions = condition;
	if (verdict.wrong) {
		if (!token_report_junk(preproc->frontend, verdict.wrong))
			diag_expected(preproc->frontend, verdict.wrong, "%s", verdict.expected);
		condition->in_second = true;
		skip_branch(preproc, false);
		return false;
	}
	next(preproc);
	condition->taken = verdict.value;
	if (!condition->taken && token_is(skip_branch(preproc, true), "%:")) {
		condition->in_second = true;
		next(preproc);
	}
	return true;
}

/* at a %: that ends the first branch */
static void begin_second(struct preproc *preproc, const struct token *token)
{
	struct condition *condition = preproc->conditions;

	if (condition->in_second) {
		diag_error(preproc->frontend, token, "invalid conditional: second '%%:'");
		skip_branch(preproc, false);
		return;
	}
	condition->in_second = true;
	if (condition->taken && token_is(skip_branch(preproc, true), "%:")) {
		diag_error(preproc->frontend, peek(preproc), "invalid conditional: second '%%:'");
		skip_branch(preproc, false);
	}
}

static void report_open_conditions(struct preproc *preproc)
{
	if (preproc->conditions)
		diag_error(preproc->frontend, preproc->conditions->start,
			   "incomplete conditional at end of file");
	preproc->conditions = NULL;
}

/* act on a mark of a condition; false, after an error, when it makes no sense here */
static bool take_mark(struct preproc *preproc, const struct token *mark)
{
	if (token_is(mark, "%("))
		return open_condition(preproc, mark);
	if (!preproc->conditions || token_is(mark, "%?")) {
		diag_error(preproc->frontend, mark, "'%s' without '%%('", mark->text);
		return false;
	}
	if (token_is(mark, "%:"))
		begin_second(preproc, mark);
	else
		preproc->conditions = preproc->conditions->outer;
	return true;
}

static bool is_mark(const struct token *token)
{
	return token_is(token, "%(") || token_is(token, "%?") || token_is(token, "%:") ||
	       token_is(token, "%)");
}

const struct token *preproc_token(struct preproc *preproc)
{
	for (;;) {
		const struct token *token = next(preproc);

		if (token->kind == TOKEN_END) {
			report_open_conditions(preproc);
			return token;
		}
		if (!is_mark(token))
			return token;
		if (!take_mark(preproc, token))
			return token_junk(preproc->frontend, token);
	}
}

/* ---- library macros ---- */

static void read_library_file(struct frontend *frontend, const char *path)
{
	struct buf text = BUF_INIT;
	const struct token *token;
	struct preproc *preproc;

	if (buf_read_file(&text, path) == 0) {
		preproc = preproc_new(frontend, session_add_source(frontend, SOURCE_TAPSET, path,
								   buf_text(&text), text.length));
		preproc->reader.library = true;
		token = preproc_token(preproc);
		if (token->kind != TOKEN_END)
			diag_expected(frontend, token, "expected '@define' in a macro library");
	}
	buf_free(&text);
}

static int is_macro_file(const struct dirent *entry)
{
	return text_ends_with(entry->d_name, ".stpm");
}

static void read_library_dir(struct frontend *frontend, const char *dir)
{
	struct dirent **entries;
	int count = scandir(dir, &entries, is_macro_file, alphasort);

	for (int i = 0; i < count; i++) {
		read_library_file(frontend, arena_printf(frontend->arena, "%s/%s", dir,
							 entries[i]->d_name));
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

void macro_read_library(struct frontend *frontend)
{
	const struct frontend_options *options = &frontend->options;
	const char *arch = options->arch ? options->arch : "x86_64";

	if (frontend->library_macros_read)
		return;
	frontend->library_macros_read = true;
	for (size_t i = 0; i < options->library_dir_count; i++) {
		const char *dir = options->library_dirs[i];

		read_library_dir(frontend, dir);
		read_library_dir(frontend, arena_printf(frontend->arena, "%s/%s", dir, arch));
		read_library_dir(frontend, arena_printf(frontend->arena, "%s/linux", dir));
		read_library_dir(frontend,
				 arena_printf(frontend->arena, "%s/linux/%s", dir, arch));
	}
}

static void collect_names(struct frontend *frontend, const struct table *table,
			  const char *const **names, size_t *count)
{
	const char **all = arena_alloc(frontend->arena, (*count + table->count) * sizeof(*all));

	if (*count)
		memcpy(all, *names, *count * sizeof(*all));
	for (size_t i = 0; i < table->count; i++)
		all[*count + i] = table->entries[i].key;
	*names = all;
	*count += table->count;
}

void preproc_suggest(struct preproc *preproc, size_t diag_id, const char *name)
{
	const char *const *names = operators;
	size_t count = ARRAY_SIZE(operators);

	collect_names(preproc->frontend, &preproc->reader.macros, &names, &count);
	collect_names(preproc->frontend, &preproc->frontend->library_macros, &names, &count);
	diag_suggest(preproc->frontend, diag_id, name, names, count);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

/* the tokens that come out of @text, with a space behind each, then the number of errors */
static const char *preprocessed(const char *text)
{
	static struct buf out;
	const char *arguments[] = { "5+5", "x\"y" };
	struct frontend_options options = {
		.kernel_release = "6.1.0-28-amd64", .arch = "x86_64", .arguments = arguments,
		.argument_count = 2,
	};
	struct frontend *frontend = frontend_new(&options);
	struct preproc *preproc =
		preproc_new(frontend, session_add_source(frontend, SOURCE_SCRIPT, "<input>", text,
							 strlen(text)));
	const struct token *token;

	buf_reset(&out);
	frontend->kernel_config_read = true;
	table_put(&frontend->kernel_config, "CONFIG_HZ", "250");
	for (token = preproc_token(preproc); token->kind != TOKEN_END;
	     token = preproc_token(preproc))
		buf_printf(&out, token->kind == TOKEN_JUNK ? "%s" : "%s ", token->text);
	buf_printf(&out, "%zu", diag_error_count(frontend));
	frontend_free(frontend);
	return buf_text(&out);
}

UNIT_TEST_CASE(preproc_pastes_arguments)
{
	CHECK_STR(preprocessed("$1 @1 $# @# @2 $1x"), "5 + 5 5+5 2 2 x\"y 5 + 5x0");
	CHECK_STR(preprocessed("a $3"), "a $30");
}

UNIT_TEST_CASE(preproc_decides_conditions)
{
	CHECK_STR(preprocessed("%( kernel_v == \"6.1.0\" %? a %: b %)"), "a 0");
	CHECK_STR(preprocessed("%( kernel_v >= \"6.2\" %? a %: b %)"), "b 0");
	CHECK_STR(preprocessed("%( kernel_v >= \"5.19\" %? a %)"), "a 0");
	CHECK_STR(preprocessed("%( kernel_vr == \"6.1.*amd64\" %? a %)"), "a 0");
	CHECK_STR(preprocessed("%( arch == \"x86*\" && CONFIG_HZ > 100 %? a %)"), "a 0");
	CHECK_STR(preprocessed("%( arch != \"x86*\" && 1 == 1 || 2 > 1 %? a %)"), "a 0");
	CHECK_STR(preprocessed("%( CONFIG_NO == \"\" %? a %)"), "a 0");
	CHECK_STR(preprocessed("%( \"abc\" == \"a*\" %? a %)"), "0");
	CHECK_STR(preprocessed("%( CONFIG_HZ > CONFIG_NO %? a %)"), "a 0");
	CHECK_STR(preprocessed("%( $# > 2 %? $3 %: b %)"), "b 0");
	CHECK_STR(preprocessed("%( 1 < 2 %? %( 2 < 1 %? a %: b %) c %: %( 1 == 1 %? d %) %)"),
		  "b c 0");
}

UNIT_TEST_CASE(preproc_reports_one_error_per_bad_condition)
{
	CHECK_STR(preprocessed("a %( foo == 1 %? b %: c %) d"), "a d 1");
	CHECK_STR(preprocessed("a %( \"a\" == 3 %? b %) d"), "a d 1");
	CHECK_STR(preprocessed("a %( 1 == 1 5 %) d"), "a d 1");
	CHECK_STR(preprocessed("%( 1 == 1 %? a %: b %: c %) d"), "a d 1");
	CHECK_STR(preprocessed("%( 1 == 2 %? a %: b %: c %) d"), "b d 1");
	CHECK_STR(preprocessed("a %( 1 == 1 %? b"), "a b 1");
	CHECK_STR(preprocessed("a %) b %: %?"), "a b 3");
}

UNIT_TEST_CASE(macro_arguments_keep_the_scope_they_were_written_in)
{
	CHECK_STR(preprocessed("@define f(a) %( (@a) %) @define g(a) %( @f(@a+1) %) @g(@f(2))"),
		  "( ( 2 ) + 1 ) 0");
	CHECK_STR(preprocessed("@define f(a) %( @b %) @define b %( 7 %) @f(x)"), "7 0");
	CHECK_STR(preprocessed("@define f(a,b) %( @b @a %) @f((1,2),[3,4])"),
		  "[ 3 , 4 ] ( 1 , 2 ) 0");
	CHECK_STR(preprocessed("@define f(a) %( %( @a == 1 %? b %: c %) %) @f(1) @f(2)"),
		  "b c 0");
}

UNIT_TEST_CASE(macro_errors_are_found)
{
	CHECK_STR(preprocessed("@define a %( @b %) @define b %( @a %) @a c"), "c 1");
	CHECK_STR(preprocessed("@define a %( 1 %) @define a %( 2 %) c"), "c 1");
	CHECK_STR(preprocessed("@define a(x) %( 1 %) @a(1,2) c"), "c 1");
	CHECK_STR(preprocessed("@define a(x,y) %( 1 %) @a(1) c"), "c 1");
	CHECK_STR(preprocessed("@define a(x) %( 1 %) @a c"), "c 1");
	CHECK_STR(preprocessed("@define a %( 1"), "1");
}

UNIT_TEST_CASE(macro_expansion_is_bounded)
{
	struct buf text = BUF_INIT;

	buf_puts(&text, "@define a %( %)");
	for (char c = 'b'; c <= 'h'; c++) {
		buf_printf(&text, "@define %c %%(", c);
		for (int i = 0; i < 10; i++)
			buf_printf(&text, " @%c", c - 1);
		buf_puts(&text, " %)");
	}
	buf_puts(&text, " @h c");
	CHECK_STR(preprocessed(buf_text(&text)), "1");
	buf_free(&text);
}
#endif
