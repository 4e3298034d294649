/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tapset library. The first name that is neither the script's own nor native makes an index:
 * every .stp file below the library directories is skimmed for the names it defines, without
 * parsing. A file is parsed when one of its names is asked for. Also here: the names of a parsed
 * source (struct unit), and the session's semantics object.
 */
#include "semantic.h"

#include <ctype.h>
#include <dirent.h>
#include <sys/stat.h>

/* ---- parsed sources and their names ---- */

static struct function_set *function_set_reach(struct semantics *sem, struct table *table,
					       const char *name)
{
	struct function_set *set = table_get(table, name);

	if (!set) {
		set = arena_new_object(sem->arena, struct function_set);
		table_put(table, name, set);
	}
	return set;
}

static void report_duplicate(struct semantics *sem, const char *what, const char *name,
			     const struct token *token, const struct token *earlier)
{
	size_t id = diag_error(sem->frontend, token, "%s '%s' is defined twice", what, name);

	diag_also(sem->frontend, id, earlier, "first defined here");
}

static void unit_add_global(struct semantics *sem, struct unit *unit, struct variable *variable)
{
	struct name_space *space = unit->is_user ? &sem->user : &sem->tapset;
	struct variable *earlier = table_get(&unit->globals, variable->name);

	if (!earlier && !variable->is_private)
		earlier = table_get(&space->globals, variable->name);
	if (earlier) {
		report_duplicate(sem, "global", variable->name, variable->token, earlier->token);
		return;
	}
	variable->scope = SCOPE_GLOBAL;
	variable->owner = unit;
	table_put(&unit->globals, variable->name, variable);
	if (!variable->is_private)
		table_put(&space->globals, variable->name, variable);
}

static void unit_add_function(struct semantics *sem, struct unit *unit, struct function *function)
{
	struct name_space *space = unit->is_user ? &sem->user : &sem->tapset;
	struct function_set *set = function_set_reach(sem, &unit->functions, function->name);

	function->owner = unit;
	array_push(sem->arena, &set->items, function);
	if (function->is_private)
		return;
	set = function_set_reach(sem, &space->functions, function->name);
	array_push(sem->arena, &set->items, function);
}

/* an alias's name is a plain one: only families take arguments; false when it is not */
static bool alias_has_plain_name(struct semantics *sem, const struct probe_point *name)
{
	for (size_t i = 0; i < name->components.count; i++) {
		const struct point_component *component = &name->components.items[i];

		if (component->argument_kind == ARGUMENT_NONE)
			continue;
		diag_error(sem->frontend, component->token,
			   "component '%s' of an alias's name cannot have an argument",
			   component->name);
		return false;
	}
	return true;
}

struct unit *unit_add(struct semantics *sem, struct script *script)
{
	struct unit *unit = arena_new_object(sem->arena, struct unit);

	unit->file = script->file;
	unit->script = script;
	unit->is_user = script->file->kind == SOURCE_SCRIPT || script->file->kind == SOURCE_DEFINE;
	table_init(&unit->globals, sem->arena);
	table_init(&unit->functions, sem->arena);
	for (size_t i = 0; i < script->globals.count; i++)
		unit_add_global(sem, unit, script->globals.items[i]);
	for (size_t i = 0; i < script->functions.count; i++)
		unit_add_function(sem, unit, script->functions.items[i]);
	for (size_t i = 0; i < script->aliases.count; i++) {
		struct alias_entry entry = { script->aliases.items[i], unit };

		if (alias_has_plain_name(sem, entry.alias->alias))
			match_add_alias(sem->tree, sem->arena, entry,
					script->file->kind == SOURCE_GENERATED);
	}
	array_push(sem->arena, &sem->units, unit);
	return unit;
}

struct unit *unit_of_function(const struct function *function)
{
	return function->owner;
}

static void add_families(struct semantics *sem)
{
	struct frontend *frontend = sem->frontend;

	for (; sem->families_added < frontend->families.count; sem->families_added++) {
		struct family_row row = frontend->families.items[sem->families_added];

		if (!match_add_family(sem->tree, sem->arena, row))
			diag_error(frontend, NULL, "malformed probe family pattern '%s'",
				   row.family->pattern);
	}
}

static struct semantics *semantics_new(struct frontend *frontend)
{
	struct arena *arena = frontend->arena;
	struct semantics *sem = arena_new_object(arena, struct semantics);

	sem->frontend = frontend;
	sem->arena = arena;
	sem->tree = match_node_new(arena, "", ARGUMENT_NONE);
	table_init(&sem->user.globals, arena);
	table_init(&sem->user.functions, arena);
	table_init(&sem->tapset.globals, arena);
	table_init(&sem->tapset.functions, arena);
	table_init(&sem->library.functions, arena);
	table_init(&sem->library.globals, arena);
	table_init(&sem->generated, arena);
	table_init(&sem->reported, arena);
	return sem;
}

struct semantics *semantics_get(struct frontend *frontend)
{
	bool is_new = !frontend->semantics;

	if (is_new)
		frontend->semantics = semantics_new(frontend);
	add_families(frontend->semantics);
	if (is_new)
		for (size_t i = 0; i < frontend->scripts.count; i++)
			unit_add(frontend->semantics, frontend->scripts.items[i]);
	return frontend->semantics;
}

/* ---- the index ---- */

/* reads words and punctuation; comments, strings and embedded C are passed over */
struct skimmer {
	const char *at, *end;
	const char *word; /* the current word, or NULL: then punctuation */
	size_t length;
	char punctuation;
};

static bool skim_until(struct skimmer *skimmer, const char *stop)
{
	const char *found = memmem(skimmer->at, (size_t)(skimmer->end - skimmer->at), stop,
				   strlen(stop));

	skimmer->at = found ? found + strlen(stop) : skimmer->end;
	return true;
}

static bool skim_string(struct skimmer *skimmer)
{
	for (skimmer->at++; skimmer->at < skimmer->end && *skimmer->at != '"'; skimmer->at++)
		if (*skimmer->at == '\\' && skimmer->at + 1 < skimmer->end)
			skimmer->at++;
	if (skimmer->at < skimmer->end)
		skimmer->at++;
	return true;
}

/* is there something to pass over at the current place? Passes over it */
static bool skim_blank(struct skimmer *skimmer)
{
	char c = *skimmer->at;
	char next = skimmer->at + 1 < skimmer->end ? skimmer->at[1] : '\0';

	if (c == '#' || (c == '/' && next == '/'))
		return skim_until(skimmer, "\n");
	if (c == '/' && next == '*')
		return skim_until(skimmer, "*/");
	if (c == '%' && next == '{')
		return skim_until(skimmer, "%}");
	if (isspace((unsigned char)c)) {
		skimmer->at++;
		return true;
	}
	return false;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '@';
}

static bool skim_next(struct skimmer *skimmer)
{
	while (skimmer->at < skimmer->end && skim_blank(skimmer))
		;
	if (skimmer->at >= skimmer->end)
		return false;
	skimmer->word = NULL;
	skimmer->punctuation = *skimmer->at;
	if (*skimmer->at == '"')
		return skim_string(skimmer);
	if (!is_word(*skimmer->at)) {
		skimmer->at++;
		return true;
	}
	skimmer->word = skimmer->at;
	while (skimmer->at < skimmer->end && is_word(*skimmer->at))
		skimmer->at++;
	skimmer->length = (size_t)(skimmer->at - skimmer->word);
	return true;
}

static bool skim_is(const struct skimmer *skimmer, const char *word)
{
	return skimmer->word && skimmer->length == strlen(word) &&
	       memcmp(skimmer->word, word, skimmer->length) == 0;
}

static void index_name(struct semantics *sem, struct table *table, const struct skimmer *skimmer,
		       struct library_file *file)
{
	const char *name = arena_memdup(sem->arena, skimmer->word, skimmer->length);
	library_file_array *files = table_get(table, name);

	if (!files) {
		files = arena_alloc(sem->arena, sizeof(*files));
		table_put(table, name, files);
	}
	if (!files->count || files->items[files->count - 1] != file)
		array_push(sem->arena, files, file);
}

/* 'global' name (… ',' name)*: what stands between names does not matter */
static bool index_globals(struct semantics *sem, struct skimmer *skimmer, struct library_file *file)
{
	bool expect_name = true;

	while (skim_next(skimmer)) {
		if (skimmer->word && expect_name) {
			index_name(sem, &sem->library.globals, skimmer, file);
			expect_name = false;
		} else if (skimmer->word && !isdigit((unsigned char)skimmer->word[0])) {
			return true; /* the next definition's first word, still to be looked at */
		} else if (!skimmer->word && skimmer->punctuation == ',') {
			expect_name = true;
		}
	}
	return false;
}

static void index_alias(struct semantics *sem, const struct buf *dotted, struct library_file *file)
{
	struct library_alias alias = { arena_strdup(sem->arena, buf_text(dotted)), file };

	array_push(sem->arena, &sem->library.aliases, alias);
}

/* 'probe' point (',' point)* '=' : only then it is an alias */
static void index_probe(struct semantics *sem, struct skimmer *skimmer, struct library_file *file)
{
	struct buf dotted = BUF_INIT;
	size_t first = sem->library.aliases.count;
	bool in_argument = false, is_alias = false;

	while (skim_next(skimmer)) {
		char c = skimmer->word ? '\0' : skimmer->punctuation;

		if (c == '=' || c == '{') {
			is_alias = c == '=';
			break;
		}
		if (c == '(' || c == ')')
			in_argument = c == '(';
		else if (c == ',' && dotted.length) {
			index_alias(sem, &dotted, file);
			buf_reset(&dotted);
		} else if (skimmer->word && !in_argument)
			buf_add(&dotted, skimmer->word, skimmer->length);
		else if (c == '.' || c == '*')
			buf_putc(&dotted, c);
	}
	if (dotted.length)
		index_alias(sem, &dotted, file);
	if (!is_alias)
		sem->library.aliases.count = first;
	buf_free(&dotted);
}

static void index_text(struct semantics *sem, struct library_file *file)
{
	struct skimmer skimmer = { .at = file->text, .end = file->text + file->size };
	bool more = skim_next(&skimmer), is_private = false;

	while (more) {
		bool was_private = is_private;

		is_private = skim_is(&skimmer, "private");
		if (skim_is(&skimmer, "function") && skim_next(&skimmer)) {
			if (skimmer.word && !was_private)
				index_name(sem, &sem->library.functions, &skimmer, file);
		} else if (skim_is(&skimmer, "global") && !was_private) {
			more = index_globals(sem, &skimmer, file);
			continue;
		} else if (skim_is(&skimmer, "probe")) {
			index_probe(sem, &skimmer, file);
		}
		more = skim_next(&skimmer);
	}
}

/* ---- directories ---- */

/* a subdirectory for another machine or another kernel version is not looked at */
static bool directory_fits(const struct frontend_options *options, const char *name)
{
	static const char *const others[] = {
		"x86_64", "i386", "i686", "arm", "arm64", "powerpc", "s390", "riscv", "mips",
		"ia64", "loongarch", "bpf", "dyninst",
	};

	if (options->arch && strcmp(name, options->arch) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(name, others[i]) == 0)
			return false;
	if (isdigit((unsigned char)name[0]))
		return options->kernel_release && text_starts_with(options->kernel_release, name);
	return name[0] != '.';
}

static void index_file(struct semantics *sem, const char *path)
{
	struct library_file *file;
	struct buf text = BUF_INIT;

	if (buf_read_file(&text, path) < 0) {
		buf_free(&text);
		return;
	}
	file = arena_new_object(sem->arena, struct library_file);
	file->path = arena_strdup(sem->arena, path);
	file->size = text.length;
	file->text = arena_memdup(sem->arena, buf_text(&text), text.length);
	buf_free(&text);
	array_push(sem->arena, &sem->library.files, file);
	index_text(sem, file);
}

static void index_directory(struct semantics *sem, const char *path, unsigned depth)
{
	struct dirent **names;
	int count = scandir(path, &names, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		char *full = arena_printf(sem->arena, "%s/%s", path, names[i]->d_name);
		struct stat status;

		if (names[i]->d_name[0] == '.' || stat(full, &status) < 0)
			;
		else if (S_ISREG(status.st_mode) && text_ends_with(full, ".stp"))
			index_file(sem, full);
		else if (S_ISDIR(status.st_mode) && depth < 8 &&
			 directory_fits(&sem->frontend->options, names[i]->d_name))
			index_directory(sem, full, depth + 1);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}

static void library_index(struct semantics *sem)
{
	const struct frontend_options *options = &sem->frontend->options;

	if (sem->library.indexed)
		return;
	sem->library.indexed = true;
	for (size_t i = 0; i < options->library_dir_count; i++)
		index_directory(sem, options->library_dirs[i], 0);
	log_info(&options->log, 2, "indexed %zu library files: %zu functions, %zu aliases",
		 sem->library.files.count, sem->library.functions.count,
		 sem->library.aliases.count);
}

/* ---- loading ---- */

static void library_load(struct semantics *sem, struct library_file *file)
{
	const struct source_file *source;

	if (file->loaded)
		return;
	file->loaded = true;
	log_info(&sem->frontend->options.log, 3, "reading %s", file->path);
	source = session_add_source(sem->frontend, SOURCE_TAPSET, file->path, file->text,
				    file->size);
	sem->frontend->phase = PHASE_PARSE;
	unit_add(sem, parse_source(sem->frontend, source));
	sem->frontend->phase = PHASE_SEMANTIC;
}

static bool library_load_name(struct semantics *sem, struct table *table, const char *name)
{
	library_file_array *files;

	library_index(sem);
	files = table_get(table, name);
	for (size_t i = 0; files && i < files->count; i++)
		library_load(sem, files->items[i]);
	return files != NULL;
}

bool library_load_function(struct semantics *sem, const char *name)
{
	return library_load_name(sem, &sem->library.functions, name);
}

bool library_load_global(struct semantics *sem, const char *name)
{
	return library_load_name(sem, &sem->library.globals, name);
}

/* may the alias be what the point's first components mean? Both are dotted names */
static bool alias_may_match(const char *alias, const char *point)
{
	for (;;) {
		size_t alias_length = strcspn(alias, "."), point_length = strcspn(point, ".");
		char *component = strndup(alias, alias_length);
		char *pattern = strndup(point, point_length);
		bool deep = pattern && strstr(pattern, "**");
		bool match = component && pattern && text_match(pattern, component);

		free(component);
		free(pattern);
		if (deep || !match)
			return match;
		if (!alias[alias_length])
			return true;
		if (!point[point_length])
			return false;
		alias += alias_length + 1;
		point += point_length + 1;
	}
}

void library_load_aliases(struct semantics *sem, const struct probe_point *point)
{
	char *dotted = point_dotted(sem->arena, point);

	library_index(sem);
	for (size_t i = 0; i < sem->library.aliases.count; i++)
		if (alias_may_match(sem->library.aliases.items[i].dotted, dotted))
			library_load(sem, sem->library.aliases.items[i].file);
}

bool frontend_has_alias(struct frontend *frontend, const char *dotted)
{
	const struct match_node *node = semantics_get(frontend)->tree;

	for (size_t length; node && *dotted; dotted += length + (dotted[length] == '.')) {
		struct point_component component = { .name = NULL };

		length = strcspn(dotted, ".");
		component.name = arena_memdup(frontend->arena, dotted, length);
		node = match_child(node, &component);
	}
	return node && node->aliases.count;
}

void library_load_all(struct semantics *sem)
{
	library_index(sem);
	for (size_t i = 0; i < sem->library.files.count; i++)
		library_load(sem, sem->library.files.items[i]);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static void skim_into(struct semantics *sem, const char *text)
{
	struct library_file *file = arena_new_object(sem->arena, struct library_file);

	file->text = arena_strdup(sem->arena, text);
	file->size = strlen(text);
	index_text(sem, file);
}

UNIT_TEST_CASE(library_index_finds_every_kind_of_name)
{
	static const struct frontend_options options;
	struct frontend *frontend = frontend_new(&options);
	struct semantics *sem = semantics_new(frontend);

	skim_into(sem, "/* function no1 */ # function no2\n"
		       "function one:long (a:long) %{ function no3 %}\n"
		       "private function no4() { print(\"function no5\") }\n"
		       "global g1 = 3, g2[10], g3\nprivate global no6\n"
		       "probe a.b, c.d(number) = begin { x = 1 }\nprobe begin { y = 2 }\n"
		       "function two() { }");
	CHECK(table_get(&sem->library.functions, "one"));
	CHECK(table_get(&sem->library.functions, "two"));
	CHECK_INT(sem->library.functions.count, 2);
	CHECK_INT(sem->library.globals.count, 3);
	CHECK_INT(sem->library.aliases.count, 2);
	CHECK_STR(sem->library.aliases.items[0].dotted, "a.b");
	CHECK_STR(sem->library.aliases.items[1].dotted, "c.d");
	frontend_free(frontend);
}

UNIT_TEST_CASE(library_alias_match_by_components)
{
	CHECK(alias_may_match("vm.brk", "vm.*"));
	CHECK(alias_may_match("vm.brk", "vm.brk.return"));
	CHECK(alias_may_match("a.b.c", "a.**"));
	CHECK(!alias_may_match("vm.brk", "vm"));
	CHECK(!alias_may_match("vm.brk", "v.brk"));
}

UNIT_TEST_CASE(library_directories_of_others_are_skipped)
{
	struct frontend_options options = { .arch = "x86_64", .kernel_release = "6.1.0-9" };

	CHECK(directory_fits(&options, "x86_64") && directory_fits(&options, "linux"));
	CHECK(directory_fits(&options, "6.1") && !directory_fits(&options, "5.4"));
	CHECK(!directory_fits(&options, "arm64"));
}
#endif
