/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -l, -L and the --dump options: what probe points, aliases and functions there are. A pattern is
 * expanded just as a probe would be, and the results are printed instead of run.
 */
#include "semantic.h"

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

typedef ARRAY(char *) line_array;

/* sorted, each once; returns how many */
static size_t print_lines(line_array *lines, FILE *out)
{
	size_t printed = 0;

	if (lines->count)
		qsort(lines->items, lines->count, sizeof(*lines->items), compare_lines);
	for (size_t i = 0; i < lines->count; i++) {
		if (i && strcmp(lines->items[i], lines->items[i - 1]) == 0)
			continue;
		fprintf(out, "%s\n", lines->items[i]);
		printed++;
	}
	return printed;
}

/* ---- -L: the alias's variables with their types, then the site's ---- */

#define MAX_LISTED_VARIABLES 256

static void list_site_variables(struct semantics *sem, const struct probe *probe, struct buf *line)
{
	const struct site *site = probe->sites.count ? probe->sites.items[0] : NULL;
	struct family_variable variables[MAX_LISTED_VARIABLES];
	size_t count = 0;

	if (site && site->place)
		count = debuginfo_variables(site->place, variables, MAX_LISTED_VARIABLES);
	else if (site && probe->family->variables)
		count = probe->family->variables(sem->frontend, site, variables,
						 MAX_LISTED_VARIABLES);
	for (size_t i = 0; i < count; i++)
		buf_printf(line, " %s:%s", variables[i].name, variables[i].c_type ?
			   variables[i].c_type : type_name(variables[i].type));
}

static void list_variables(struct semantics *sem, struct probe_build *build, struct buf *line)
{
	struct diag_mark mark = diag_mark(sem->frontend);

	sem->builds.count = 0;
	array_push(sem->arena, &sem->builds, build);
	resolve_build(sem, build);
	if (sem->frontend->error_count == mark.errors)
		infer_program(sem);
	diag_rewind(sem->frontend, mark);
	for (size_t i = 0; i < build->probe->locals.count; i++) {
		const struct variable *local = build->probe->locals.items[i];

		if (!text_starts_with(local->name, "__"))
			buf_printf(line, " %s:%s", local->name, type_name(local->type));
	}
	list_site_variables(sem, build->probe, line);
}

static void list_builds(struct semantics *sem, bool with_variables, line_array *lines)
{
	size_t count = sem->builds.count;
	struct probe_build **builds = arena_memdup(sem->arena, sem->builds.items,
						   count * sizeof(*builds));

	for (size_t i = 0; i < count; i++) {
		struct buf line = BUF_INIT;

		buf_puts(&line, builds[i]->probe->alias_text);
		if (with_variables)
			list_variables(sem, builds[i], &line);
		array_push(sem->arena, lines, arena_strdup(sem->arena, buf_text(&line)));
		buf_free(&line);
	}
}

int frontend_list(struct frontend *frontend, const char *pattern, bool with_variables, FILE *out)
{
	struct semantics *sem = semantics_get(frontend);
	const struct source_file *source = session_add_source(frontend, SOURCE_SCRIPT, "<pattern>",
							      pattern, strlen(pattern));
	struct probe_declaration *declaration = arena_new_object(frontend->arena,
								 struct probe_declaration);
	struct script *script = arena_new_object(frontend->arena, struct script);
	struct diag_mark mark;
	line_array lines = { 0 };
	struct unit *unit;

	frontend->phase = PHASE_PARSE;
	if (parse_probe_points(frontend, source, &declaration->points) < 0)
		return -EINVAL;
	frontend->phase = PHASE_SEMANTIC;
	script->file = source;
	unit = unit_add(sem, script);
	sem->keep_all = true;
	declaration->body = make_stmt(frontend->arena, STMT_BLOCK, NULL);
	mark = diag_mark(frontend);
	for (size_t i = 0; i < declaration->points.count; i++)
		expand_listed_point(sem, unit, declaration, declaration->points.items[i]);
	if (!sem->builds.count)
		return frontend->error_count ? -EINVAL : 0;
	/* what a wildcard takes in beside them and this machine has not got is just not listed */
	if (strchr(pattern, '*'))
		diag_rewind(frontend, mark);
	list_builds(sem, with_variables, &lines);
	return (int)print_lines(&lines, out);
}

/* ---- --dump-functions ---- */

static void describe_builtin(const struct builtin *builtin, struct buf *line)
{
	bool optional = false;
	size_t number = 0;

	buf_printf(line, "%s:%s (", builtin->name, type_name(builtin->result));
	for (const char *letter = builtin->parameters; *letter; letter++) {
		if (*letter == '|') {
			optional = true;
			continue;
		}
		number++;
		buf_printf(line, "%s%sarg%zu:%s%s", number > 1 ? ", " : "",
			   optional ? "[" : "", number, *letter == 's' ? "string" : "long",
			   optional ? "]" : "");
	}
	buf_putc(line, ')');
}

static void describe_function(const struct function *function, struct buf *line)
{
	enum type type = function->type != TYPE_UNKNOWN ? function->type : function->declared_type;

	buf_printf(line, "%s:%s (", function->name, type_name(type));
	for (size_t i = 0; i < function->parameters.count; i++)
		buf_printf(line, "%s%s:%s", i ? ", " : "", function->parameters.items[i]->name,
			   type_name(function->parameters.items[i]->type));
	buf_putc(line, ')');
}

static void add_functions(struct semantics *sem, const struct table *table, line_array *lines)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct function_set *set = table->entries[i].value;

		for (size_t j = 0; j < set->items.count; j++) {
			struct buf line = BUF_INIT;

			describe_function(set->items.items[j], &line);
			if (!text_starts_with(set->items.items[j]->name, "__"))
				array_push(sem->arena, lines,
					   arena_strdup(sem->arena, buf_text(&line)));
			buf_free(&line);
		}
	}
}

void frontend_dump_functions(struct frontend *frontend, FILE *out)
{
	struct semantics *sem = semantics_get(frontend);
	line_array lines = { 0 };

	library_load_all(sem);
	for (size_t i = 0; i < BUILTIN_COUNT; i++) {
		struct buf line = BUF_INIT;

		describe_builtin(&builtin_table[i], &line);
		if (!text_starts_with(builtin_table[i].name, "__"))
			array_push(sem->arena, &lines, arena_strdup(sem->arena, buf_text(&line)));
		buf_free(&line);
	}
	add_functions(sem, &sem->user.functions, &lines);
	add_functions(sem, &sem->tapset.functions, &lines);
	print_lines(&lines, out);
}

/* ---- --dump-probe-aliases, --dump-probe-types ---- */

static void add_alias(struct semantics *sem, const struct probe_declaration *alias,
		      line_array *lines)
{
	struct buf line = BUF_INIT;

	point_print(alias->alias, &line);
	buf_puts(&line, alias->is_epilogue ? " += " : " = ");
	for (size_t i = 0; i < alias->points.count; i++) {
		if (i)
			buf_puts(&line, ", ");
		point_print(alias->points.items[i], &line);
	}
	if (!text_starts_with(buf_text(&line), "__"))
		array_push(sem->arena, lines, arena_strdup(sem->arena, buf_text(&line)));
	buf_free(&line);
}

void frontend_dump_aliases(struct frontend *frontend, FILE *out)
{
	struct semantics *sem = semantics_get(frontend);
	line_array lines = { 0 };

	library_load_all(sem);
	for (size_t u = 0; u < sem->units.count; u++)
		for (size_t i = 0; i < sem->units.items[u]->script->aliases.count; i++)
			add_alias(sem, sem->units.items[u]->script->aliases.items[i], &lines);
	print_lines(&lines, out);
}

void frontend_dump_families(struct frontend *frontend, FILE *out)
{
	line_array lines = { 0 };

	for (size_t i = 0; i < frontend->families.count; i++) {
		const struct family *family = frontend->families.items[i].family;

		if (!privilege_allows_family(frontend, family))
			continue;
		if (frontend->options.log.verbosity > 0 && family->summary)
			array_push(frontend->arena, &lines,
				   arena_printf(frontend->arena, "%-40s %s", family->pattern,
						family->summary));
		else
			array_push(frontend->arena, &lines,
				   arena_strdup(frontend->arena, family->pattern));
	}
	print_lines(&lines, out);
}
