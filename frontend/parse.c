/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tokens to a struct script: the parser's footing and the definitions at the top level of a file.
 * One function per production, with the production above it; [ ] may be missing, { } may repeat.
 */
#include "parser.h"

#include <errno.h>

#define MAX_POINTS 10000 /* that braces in one probe point may expand to */
#define MAX_COMPONENTS 100 /* of one probe point; those of any use have ten */

/* ---- tokens ---- */

const struct token *parser_peek(struct parser *parser)
{
	return parser->panic ? &parser->stop : parser->token;
}

const struct token *parser_next(struct parser *parser)
{
	const struct token *token = parser_peek(parser);

	if (!parser->panic)
		parser->token = preproc_token(parser->preproc);
	return token;
}

bool parser_sees(struct parser *parser, const char *text)
{
	return token_is(parser_peek(parser), text);
}

bool parser_accept(struct parser *parser, const char *text)
{
	if (!parser_sees(parser, text))
		return false;
	parser_next(parser);
	return true;
}

const struct token *parser_expect(struct parser *parser, const char *text)
{
	if (!parser_sees(parser, text))
		parser_fail(parser, "expected '%s'", text);
	return parser_next(parser);
}

void parser_fail(struct parser *parser, const char *format, ...)
{
	char text[200];
	va_list args;

	if (parser->panic)
		return;
	parser->panic = true;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!token_report_junk(parser->frontend, parser->token))
		diag_expected(parser->frontend, parser->token, "%s", text);
}

static const struct token *parse_name(struct parser *parser, const char *what,
				      const char *refused)
{
	const struct token *token = parser_peek(parser);

	if (token->kind != TOKEN_IDENTIFIER || lex_is_keyword(token->text) ||
	    strchr(refused, token->text[0]))
		parser_fail(parser, "expected %s", what);
	return parser_next(parser);
}

const struct token *parser_identifier(struct parser *parser, const char *what)
{
	return parse_name(parser, what, "$@");
}

const struct token *parser_declared(struct parser *parser, const char *what)
{
	return parse_name(parser, what, "@");
}

bool parser_enter(struct parser *parser)
{
	if (parser->depth >= PARSE_MAX_NESTING) {
		parser_fail(parser, "nesting deeper than %d", PARSE_MAX_NESTING);
		parser->abandoned = true; /* what follows is as deep: one message is enough */
		return false;
	}
	parser->depth++;
	return true;
}

void parser_leave(struct parser *parser)
{
	parser->depth--;
}

void parser_need_guru(struct parser *parser, const struct token *token, const char *what)
{
	size_t id;

	if (parser->trusted || parser->panic)
		return;
	id = diag_error(parser->frontend, token, "%s in an unprivileged script", what);
	diag_hint(parser->frontend, id, "it needs guru mode: stap -g");
}

static void define(struct parser *parser, enum definition_kind kind, void *node)
{
	array_push(parser->arena, &parser->script->order, (struct definition){ kind, node });
}

/* ---- probe points ---- */

/* what one way through the braces of a probe point leads to */
typedef ARRAY(struct probe_point) path_array;

/* argument: ( STRING ) | ( [ - ] NUMBER ) */
static void parse_argument(struct parser *parser, struct point_component *component)
{
	enum token_kind kind;

	if (!parser_accept(parser, "("))
		return;
	kind = parser_peek(parser)->kind;
	if (kind == TOKEN_STRING) {
		component->argument_kind = ARGUMENT_STRING;
		component->string = parse_string(parser)->string;
	} else if (kind == TOKEN_NUMBER || parser_sees(parser, "-")) {
		component->argument_kind = ARGUMENT_NUMBER;
		component->number = parse_integer(parser)->number;
	} else {
		parser_fail(parser, "expected literal string or number");
	}
	parser_expect(parser, ")");
}

static bool is_name_part(const struct token *token)
{
	return (token->kind == TOKEN_IDENTIFIER && token->text[0] != '@') || token_is(token, "*");
}

static bool is_adjacent(const struct token *left, const struct token *right)
{
	return left->place.file == right->place.file &&
	       left->place.offset + left->length == right->place.offset;
}

/* component: (NAME | *) { (NAME | *) without space between } [ argument ] */
static struct point_component parse_component(struct parser *parser)
{
	struct point_component component = { .token = parser_peek(parser), .name = "" };
	const struct token *last = NULL;
	struct buf name = BUF_INIT;

	if (!is_name_part(component.token))
		parser_fail(parser, "expected identifier or '*' or '{'");
	while (is_name_part(parser_peek(parser)) &&
	       (!last || is_adjacent(last, parser_peek(parser)))) {
		last = parser_next(parser);
		buf_puts(&name, last->text);
	}
	component.name = frontend_intern(parser->frontend, buf_text(&name));
	buf_free(&name);
	parse_argument(parser, &component);
	return component;
}

static path_array parse_path(struct parser *parser);

/* alternatives: { path { , path } } | component */
static path_array parse_alternatives(struct parser *parser)
{
	struct probe_point single = { .token = parser_peek(parser) };
	path_array result = { 0 };

	if (!parser_accept(parser, "{")) {
		array_push(parser->arena, &single.components, parse_component(parser));
		array_push(parser->arena, &result, single);
		return result;
	}
	do {
		path_array paths = parse_path(parser);

		for (size_t i = 0; i < paths.count; i++)
			array_push(parser->arena, &result, paths.items[i]);
	} while (parser_accept(parser, ","));
	if (!parser_accept(parser, "}"))
		parser_fail(parser, "expected ',' or '}'");
	return result;
}

/* @right with the components of @left in front */
static struct probe_point join(struct parser *parser, const struct probe_point *left,
			       const struct probe_point *right)
{
	struct probe_point both = *right;

	if (left->components.count + right->components.count > MAX_COMPONENTS)
		parser_fail(parser, "more than %d components in a probe point", MAX_COMPONENTS);
	both.token = left->token;
	both.components.items = NULL;
	both.components.count = both.components.capacity = 0;
	for (size_t i = 0; i < left->components.count; i++)
		array_push(parser->arena, &both.components, left->components.items[i]);
	for (size_t i = 0; i < right->components.count; i++)
		array_push(parser->arena, &both.components, right->components.items[i]);
	return both;
}

/* every left path before every right path */
static path_array cross(struct parser *parser, const path_array *left, const path_array *right)
{
	path_array result = { 0 };

	if (left->count * right->count > MAX_POINTS) {
		parser_fail(parser, "more than %d probe points in braces", MAX_POINTS);
		return *right;
	}
	for (size_t i = 0; i < left->count; i++) {
		const struct probe_point *head = &left->items[i];

		if (!parser->panic && (head->optional || head->sufficient || head->condition))
			diag_error(parser->frontend, head->token,
				   "'?', '!' and conditions must end a probe point");
		for (size_t j = 0; j < right->count; j++)
			array_push(parser->arena, &result, join(parser, head, &right->items[j]));
	}
	return result;
}

/* suffix: [ ? | ! ] [ if ( expression ) ], for all of @paths */
static void parse_suffix(struct parser *parser, path_array *paths)
{
	bool optional = parser_accept(parser, "?");
	bool sufficient = !optional && parser_accept(parser, "!");
	struct expr *condition = NULL;

	if (parser_accept(parser, "if")) {
		parser_expect(parser, "(");
		condition = parse_expression(parser);
		parser_expect(parser, ")");
	}
	if (parser->panic)
		return;
	for (size_t i = 0; i < paths->count; i++) {
		struct probe_point *point = &paths->items[i];

		point->optional |= optional;
		point->sufficient |= sufficient;
		if (condition && point->condition)
			diag_error(parser->frontend, point->token,
				   "a probe point takes one condition");
		else if (condition)
			point->condition = expr_copy(parser->arena, condition);
	}
}

/* path: alternatives { . alternatives } suffix */
static path_array parse_path(struct parser *parser)
{
	path_array paths = { 0 };

	if (!parser_enter(parser))
		return paths;
	paths = parse_alternatives(parser);
	while (!parser->panic && parser_accept(parser, ".")) {
		path_array tails = parse_alternatives(parser);

		paths = cross(parser, &paths, &tails);
	}
	parse_suffix(parser, &paths);
	parser_leave(parser);
	return paths;
}

/* point: path, which braces may turn into several */
static void parse_point(struct parser *parser, point_array *points)
{
	path_array paths = parse_path(parser);

	for (size_t i = 0; !parser->panic && i < paths.count; i++)
		array_push(parser->arena, points,
			   arena_memdup(parser->arena, &paths.items[i], sizeof(paths.items[i])));
}

/* ---- probes ---- */

static void add_alias(struct parser *parser, const struct probe_declaration *declaration,
		      struct probe_point *name)
{
	struct probe_declaration *alias =
		arena_memdup(parser->arena, declaration, sizeof(*declaration));

	alias->alias = name;
	array_push(parser->arena, &parser->script->aliases, alias);
	define(parser, DEFINE_ALIAS, alias);
}

/* alias: point (= | +=), already parsed up to the sign */
static void parse_alias_name(struct parser *parser, struct probe_declaration *declaration,
			     point_array *names)
{
	const struct probe_point *point = declaration->points.items[0];

	if (point->optional || point->sufficient)
		diag_error(parser->frontend, point->token,
			   "probe point alias name cannot be optional nor sufficient");
	for (size_t i = 0; i < declaration->points.count; i++)
		array_push(parser->arena, names, declaration->points.items[i]);
	declaration->points = (point_array){ 0 };
	declaration->is_epilogue = token_is(parser_next(parser), "+=");
}

/* points: { alias } point { , point } */
static void parse_points(struct parser *parser, struct probe_declaration *declaration,
			 point_array *names)
{
	size_t groups = 0;

	do {
		parse_point(parser, &declaration->points);
		if (groups++ == 0 && declaration->points.count &&
		    (parser_sees(parser, "=") || parser_sees(parser, "+="))) {
			parse_alias_name(parser, declaration, names);
			groups = 0;
			continue;
		}
		if (!parser_accept(parser, ","))
			return;
	} while (!parser->panic);
}

/* probe: probe points block [ , block ] — the second block of aliases only */
static void parse_probe(struct parser *parser)
{
	struct probe_declaration *declaration =
		arena_new_object(parser->arena, struct probe_declaration);
	point_array names = { 0 };

	declaration->token = parser_expect(parser, "probe");
	parse_points(parser, declaration, &names);
	if (!parser_sees(parser, "{"))
		parser_fail(parser, "expected one of ', { } = +='");
	declaration->body = parse_block(parser);
	if (names.count && parser_sees(parser, ",")) {
		if (declaration->is_epilogue)
			parser_fail(parser, "an alias with '+=' cannot have a second block");
		parser_next(parser);
		declaration->epilogue = parse_block(parser);
	}
	for (size_t i = 0; i < names.count; i++)
		add_alias(parser, declaration, names.items[i]);
	if (names.count == 0) {
		array_push(parser->arena, &parser->script->probes, declaration);
		define(parser, DEFINE_PROBE, declaration);
	}
}

/* ---- globals ---- */

static void check_duplicate_global(struct parser *parser, const struct variable *variable)
{
	for (size_t i = 0; i < parser->script->globals.count; i++) {
		const struct variable *other = parser->script->globals.items[i];
		size_t id;

		if (strcmp(other->name, variable->name) != 0)
			continue;
		id = diag_error(parser->frontend, variable->token, "duplicate global name '%s'",
				variable->name);
		diag_also(parser->frontend, id, other->token, "first declared here");
		return;
	}
}

/* [ NUMBER ] */
static void parse_size(struct parser *parser, struct variable *variable)
{
	const struct expr *size;

	if (!parser_accept(parser, "["))
		return;
	variable->size = parse_integer(parser);
	size = variable->size;
	if (!parser->panic && (size->number < 1 || size->number > INT32_MAX))
		diag_error(parser->frontend, size->token, "array size out of range [1-%d]",
			   INT32_MAX);
	parser_expect(parser, "]");
	variable->is_array = true;
}

/* = literal */
static void parse_initial(struct parser *parser, struct variable *variable)
{
	if (!parser_sees(parser, "="))
		return;
	if (variable->size)
		parser_fail(parser, "only scalar globals can be initialized");
	parser_next(parser);
	if (parser_peek(parser)->kind == TOKEN_STRING)
		variable->initial = parse_string(parser);
	else if (parser_peek(parser)->kind == TOKEN_NUMBER || parser_sees(parser, "-"))
		variable->initial = parse_integer(parser);
	else
		parser_fail(parser, "expected literal string or number");
}

/* NAME [ % ] [ size ] [ initial ] */
static void parse_global(struct parser *parser, bool is_private)
{
	struct variable *variable = arena_new_object(parser->arena, struct variable);

	variable->token = parser_declared(parser, "the name of a global variable");
	variable->name = variable->token->text;
	variable->scope = SCOPE_GLOBAL;
	variable->is_private = is_private;
	variable->wraps = parser_accept(parser, "%");
	variable->is_array = variable->wraps;
	parse_size(parser, variable);
	parse_initial(parser, variable);
	if (parser->panic)
		return;
	check_duplicate_global(parser, variable);
	array_push(parser->arena, &parser->script->globals, variable);
	define(parser, DEFINE_GLOBAL, variable);
}

/* globals: global { , global } [ ; ] */
static void parse_globals(struct parser *parser, bool is_private)
{
	do {
		parse_global(parser, is_private);
	} while (parser_accept(parser, ","));
	parser_accept(parser, ";");
}

/* ---- functions ---- */

/* [ : (string | long) ] */
static enum type parse_type(struct parser *parser)
{
	if (!parser_accept(parser, ":"))
		return TYPE_UNKNOWN;
	if (parser_accept(parser, "long"))
		return TYPE_LONG;
	if (!parser_accept(parser, "string"))
		parser_fail(parser, "expected 'string' or 'long'");
	return TYPE_STRING;
}

static void parse_parameter(struct parser *parser, struct function *function)
{
	struct variable *parameter = arena_new_object(parser->arena, struct variable);

	parameter->token = parser_declared(parser, "the name of a parameter");
	parameter->name = parameter->token->text;
	parameter->scope = SCOPE_PARAMETER;
	parameter->slot = function->parameters.count;
	parameter->type = parse_type(parser);
	parameter->type_token = parameter->type == TYPE_UNKNOWN ? NULL : parameter->token;
	for (size_t i = 0; i < function->parameters.count; i++) {
		if (strcmp(function->parameters.items[i]->name, parameter->name) == 0)
			diag_error(parser->frontend, parameter->token,
				   "duplicate parameter name '%s'", parameter->name);
	}
	array_push(parser->arena, &function->parameters, parameter);
}

/* ( [ NAME type { , NAME type } ] ) */
static void parse_parameters(struct parser *parser, struct function *function)
{
	parser_expect(parser, "(");
	while (!parser_sees(parser, ")")) {
		parse_parameter(parser, function);
		if (!parser_accept(parser, ","))
			break;
	}
	if (!parser_accept(parser, ")"))
		parser_fail(parser, "expected ',' or ')'");
}

/* [ : NUMBER ]; library functions come after the user's by default */
static void parse_priority(struct parser *parser, struct function *function)
{
	const struct expr *priority;

	function->priority = parser->script->file->kind == SOURCE_SCRIPT ? 0 : 1;
	if (!parser_accept(parser, ":"))
		return;
	priority = parse_integer(parser);
	function->priority = priority->number;
	if (!parser->panic && priority->number < 1)
		diag_error(parser->frontend, priority->token,
			   "the priority of a function must be above 0");
}

static void parse_function_body(struct parser *parser, struct function *function)
{
	const struct token *token = parser_peek(parser);

	if (token->kind == TOKEN_EMBEDDED) {
		parser_need_guru(parser, token, "embedded code");
		function->embedded = parser_next(parser)->text;
		function->embedded_token = token;
		return;
	}
	parser->in_function = true;
	function->body = parse_block(parser);
	parser->in_function = false;
}

/* function: function NAME type parameters priority (block | EMBEDDED) */
static void parse_function(struct parser *parser, bool is_private)
{
	struct function *function = arena_new_object(parser->arena, struct function);

	parser_expect(parser, "function");
	function->token = parser_declared(parser, "the name of a function");
	function->name = function->token->text;
	function->is_private = is_private;
	function->declared_type = parse_type(parser);
	function->type = function->declared_type;
	parse_parameters(parser, function);
	parse_priority(parser, function);
	if (parser->panic)
		return;
	parse_function_body(parser, function);
	array_push(parser->arena, &parser->script->functions, function);
	define(parser, DEFINE_FUNCTION, function);
}

/* ---- the file ---- */

/* private: private (function | [ global ] globals) */
static void parse_private(struct parser *parser)
{
	parser_expect(parser, "private");
	if (parser_sees(parser, "function")) {
		parse_function(parser, true);
		return;
	}
	if (parser_sees(parser, "probe"))
		parser_fail(parser, "expected 'function' or the name of a global variable");
	parser_accept(parser, "global");
	parse_globals(parser, true);
}

static void parse_embedded_definition(struct parser *parser)
{
	const struct token *token = parser_next(parser);

	parser_need_guru(parser, token, "embedded code");
	define(parser, DEFINE_EMBEDDED, arena_memdup(parser->arena, token, sizeof(*token)));
}

static void parse_definition(struct parser *parser)
{
	parser->depth = 0;
	parser->loops = 0;
	parser->in_function = false;
	if (parser_sees(parser, "probe"))
		parse_probe(parser);
	else if (parser_accept(parser, "global"))
		parse_globals(parser, false);
	else if (parser_sees(parser, "private"))
		parse_private(parser);
	else if (parser_sees(parser, "function"))
		parse_function(parser, false);
	else if (parser_peek(parser)->kind == TOKEN_EMBEDDED)
		parse_embedded_definition(parser);
	else if (parser->lost_brace && parser_accept(parser, "}"))
		parser->lost_brace = false;
	else
		parser_fail(parser, "expected 'probe', 'global', 'private', 'function', or '%%{'");
}

/* skip to the next definition; the word that was refused may be one */
static void recover(struct parser *parser)
{
	static const char *const words[] = { "probe", "global", "private", "function" };
	bool found = false;

	parser->lost_brace |= parser->abandoned;
	parser->panic = parser->abandoned = false;
	while (!found && parser->token->kind != TOKEN_END &&
	       parser->token->kind != TOKEN_EMBEDDED) {
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			found |= token_is(parser->token, words[i]);
		if (!found)
			parser_next(parser);
	}
}

static struct parser *parser_new(struct frontend *frontend, const struct source_file *file)
{
	struct parser *parser = arena_new_object(frontend->arena, struct parser);

	parser->frontend = frontend;
	parser->arena = frontend->arena;
	parser->preproc = preproc_new(frontend, file);
	parser->script = arena_new_object(frontend->arena, struct script);
	parser->script->file = file;
	parser->trusted = frontend->options.guru || file->kind == SOURCE_TAPSET ||
			  file->kind == SOURCE_GENERATED;
	parser->stop.text = "";
	parser->stop.place.file = file;
	parser->token = preproc_token(parser->preproc);
	return parser;
}

struct script *parse_source(struct frontend *frontend, const struct source_file *file)
{
	enum diag_phase phase = frontend->phase;
	size_t errors = frontend->error_count;
	struct parser *parser;

	frontend->phase = PHASE_PARSE;
	parser = parser_new(frontend, file);
	if (parser->token->kind == TOKEN_END && file->kind == SOURCE_SCRIPT &&
	    frontend->error_count == errors)
		diag_error(frontend, NULL, "input file '%s' is empty", file->name);
	while (parser->token->kind != TOKEN_END) {
		parse_definition(parser);
		if (parser->panic)
			recover(parser);
	}
	frontend->phase = phase;
	return parser->script;
}

int parse_probe_points(struct frontend *frontend, const struct source_file *file,
		       point_array *points)
{
	enum diag_phase phase = frontend->phase;
	size_t errors = frontend->error_count;
	struct parser *parser;

	frontend->phase = PHASE_PARSE;
	parser = parser_new(frontend, file);
	do {
		parse_point(parser, points);
	} while (parser_accept(parser, ","));
	if (parser_peek(parser)->kind != TOKEN_END)
		parser_fail(parser, "expected ',' or the end of the probe points");
	frontend->phase = phase;
	return frontend->error_count > errors ? -EINVAL : 0;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static struct script *test_parse(struct frontend **frontend, const char *text)
{
	static const struct frontend_options options;

	*frontend = frontend_new(&options);
	return parse_source(*frontend, session_add_source(*frontend, SOURCE_SCRIPT, "<input>",
							  text, strlen(text)));
}

UNIT_TEST_CASE(parse_collects_errors_of_all_definitions)
{
	struct frontend *frontend;
	struct script *script = test_parse(&frontend, "probe a { x = }\nfunction f() { return 1 }\n"
						      "probe b { y = ; z = ) }\nglobal g");

	CHECK_INT(diag_error_count(frontend), 3);
	CHECK_INT(frontend->diags.items[0].token->place.line, 1);
	CHECK_INT(frontend->diags.items[2].token->place.column, 21);
	CHECK_INT(script->functions.count, 1);
	CHECK_INT(script->globals.count, 1);
	frontend_free(frontend);
}

UNIT_TEST_CASE(parse_gives_each_alias_name_a_declaration)
{
	struct frontend *frontend;
	struct script *script =
		test_parse(&frontend, "probe a = b = c, d { x = 1 }, { y = 2 }\nprobe e += f { }");

	CHECK_INT(diag_error_count(frontend), 0);
	CHECK_INT(script->aliases.count, 3);
	CHECK_INT(script->probes.count, 0);
	CHECK_STR(script->aliases.items[1]->alias->components.items[0].name, "b");
	CHECK_INT(script->aliases.items[0]->points.count, 2);
	CHECK(script->aliases.items[0]->epilogue != NULL);
	CHECK(!script->aliases.items[0]->is_epilogue && script->aliases.items[2]->is_epilogue);
	frontend_free(frontend);
}

UNIT_TEST_CASE(parse_expands_braces_and_bounds_them)
{
	struct frontend *frontend;
	struct script *script = test_parse(&frontend, "probe {a,b.c}.{d,e(1)}.f? { }");

	CHECK_INT(script->probes.items[0]->points.count, 4);
	CHECK_INT(script->probes.items[0]->points.items[3]->components.count, 4);
	CHECK(script->probes.items[0]->points.items[0]->optional);
	frontend_free(frontend);
	test_parse(&frontend, "probe {a,b}.{a,b}.{a,b}.{a,b}.{a,b}.{a,b}.{a,b}.{a,b}.{a,b}.{a,b}."
			      "{a,b}.{a,b}.{a,b}.{a,b}.{a,b}.{a,b}.{a,b}.{a,b}.{a,b} { }");
	CHECK_INT(diag_error_count(frontend), 1);
	frontend_free(frontend);
}

UNIT_TEST_CASE(parse_bounds_components)
{
	struct frontend *frontend;
	struct buf text = BUF_INIT;

	buf_puts(&text, "probe a");
	for (int i = 1; i < MAX_COMPONENTS; i++)
		buf_puts(&text, ".a");
	buf_puts(&text, " { }");
	test_parse(&frontend, buf_text(&text));
	CHECK_INT(diag_error_count(frontend), 0);
	frontend_free(frontend);
	buf_reset(&text);
	buf_puts(&text, "probe a");
	for (int i = 0; i < 100000; i++)
		buf_puts(&text, ".a");
	test_parse(&frontend, buf_text(&text));
	CHECK_INT(diag_error_count(frontend), 1);
	frontend_free(frontend);
	buf_free(&text);
}

UNIT_TEST_CASE(parse_keeps_declared_types)
{
	struct frontend *frontend;
	struct script *script =
		test_parse(&frontend, "private function f:string (a:long, b):7 { return b }");
	const struct function *function = script->functions.items[0];

	CHECK_INT(function->declared_type, TYPE_STRING);
	CHECK_INT(function->parameters.items[0]->type, TYPE_LONG);
	CHECK_INT(function->parameters.items[1]->type, TYPE_UNKNOWN);
	CHECK_INT(function->priority, 7);
	CHECK(function->is_private);
	frontend_free(frontend);
}

UNIT_TEST_CASE(parse_probe_points_reads_a_list_for_l)
{
	static const struct frontend_options options;
	struct frontend *frontend = frontend_new(&options);
	const char *good = "syscall.*, kernel.trace(\"sched:*\")", *bad = "a b";
	point_array points = { 0 };

	CHECK_INT(parse_probe_points(frontend, session_add_source(frontend, SOURCE_DEFINE, "-l",
								  good, strlen(good)), &points), 0);
	CHECK_INT(points.count, 2);
	CHECK_INT(parse_probe_points(frontend, session_add_source(frontend, SOURCE_DEFINE, "-l",
								  bad, strlen(bad)), &points),
		  -EINVAL);
	frontend_free(frontend);
}
#endif
