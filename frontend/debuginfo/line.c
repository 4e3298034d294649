// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Line tables: the places of `f@file:12`, one for each function or inlined copy that has code for
 * the line, where that code begins; and where a function's prologue ends.
 */
#include "dwarf.h"

#include <errno.h>

/* one record of a line table that a statement begins at */
struct statement {
	uint64_t address;
	int line;
	const char *file;
};

static bool read_statement(Dwarf_Line *record, struct statement *statement)
{
	bool flag;
	Dwarf_Addr address;

	if (dwarf_linebeginstatement(record, &flag) || !flag ||
	    dwarf_lineendsequence(record, &flag) || flag ||
	    dwarf_lineno(record, &statement->line) || !statement->line ||
	    dwarf_lineaddr(record, &address))
		return false;
	statement->address = address;
	statement->file = dwarf_linesrc(record, NULL, NULL);
	return statement->file != NULL;
}

/* ---- statements of a pattern ---- */

struct found_line {
	struct statement statement;
	Dwarf_Die function;
};

struct line_finder {
	struct module *module;
	const struct place_query *query;
	const struct pattern *pattern;
	int first, last;	/* lines wanted; relative ones are counted from the function's */
	int before, after;	/* the nearest lines that have code, when none is wanted; 0: none */
	ARRAY(Dwarf_Die) named;	/* functions and copies of a name without wildcards */
	ARRAY(struct found_line) found;
};

static int line_in_pattern(const struct line_finder *finder, Dwarf_Die *function, int line)
{
	int declared = 0;

	if (finder->pattern->line_kind == LINE_RELATIVE)
		dwarf_decl_line(function, &declared);
	return line - declared;
}

static void note_near(struct line_finder *finder, int line)
{
	if (line < finder->first && line > finder->before)
		finder->before = line;
	if (line > finder->last && (!finder->after || line < finder->after))
		finder->after = line;
}

/* which function code is of takes long to ask: that it is of none of those of the name does not */
static bool can_be_named(const struct line_finder *finder, uint64_t address)
{
	bool is_any = text_has_wildcard(finder->pattern->function);

	for (size_t i = 0; i < finder->named.count && !is_any; i++)
		is_any = dwarf_haspc(&finder->named.items[i], address) > 0;
	return is_any;
}

static void add_statement(struct line_finder *finder, const Dwarf_Die *unit,
			  const struct statement *statement)
{
	bool is_any = finder->pattern->line_kind == LINE_ANY;
	struct dwarf_function function = { .is_inline = false };
	int line;

	if (finder->pattern->line_kind == LINE_ABSOLUTE && statement->line < finder->first - 100)
		return;
	if (!can_be_named(finder, statement->address) ||
	    !dwarf_innermost(unit, statement->address, &function.die))
		return;
	function.name = dwarf_diename(&function.die);
	if (!function.name || !dwarf_matches_name(&function, finder->pattern->function))
		return;
	line = line_in_pattern(finder, &function.die, statement->line);
	if (!is_any && (line < finder->first || line > finder->last)) {
		note_near(finder, line);
		return;
	}
	array_push(finder->module->arena, &finder->found,
		   (struct found_line){ *statement, function.die });
}

static bool has_file(const struct pattern *pattern, Dwarf_Files *files, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = dwarf_filesrc(files, i, NULL, NULL);

		if (name && pattern_match_file(pattern, name))
			return true;
	}
	return false;
}

static void search_unit(struct line_finder *finder, Dwarf_Die *unit)
{
	struct statement statement;
	Dwarf_Files *files;
	Dwarf_Lines *lines;
	size_t count;

	if (dwarf_getsrcfiles(unit, &files, &count) || !has_file(finder->pattern, files, count) ||
	    dwarf_getsrclines(unit, &lines, &count))
		return;
	for (size_t i = 0; i < count; i++)
		if (read_statement(dwarf_onesrcline(lines, i), &statement) &&
		    pattern_match_file(finder->pattern, statement.file) &&
		    elf_file_offset(finder->module, statement.address, true) >= 0)
			add_statement(finder, unit, &statement);
}

static void read_named(struct line_finder *finder)
{
	const struct dwarf_index *index = dwarf_index_of(finder->module, finder->pattern);

	for (size_t i = 0; i < index->functions.count; i++)
		if (dwarf_matches_name(&index->functions.items[i], finder->pattern->function))
			array_push(finder->module->arena, &finder->named,
				   index->functions.items[i].die);
}

static void search(struct line_finder *finder)
{
	unit_array units = { NULL, 0, 0 };

	if (!finder->named.count && !text_has_wildcard(finder->pattern->function))
		read_named(finder);
	dwarf_units_of(finder->module, finder->pattern, &units);
	for (size_t i = 0; i < units.count; i++)
		search_unit(finder, &units.items[i]);
}

/* by function, line, address: the first of each function's line is where its code begins */
static int compare_found(const void *a, const void *b)
{
	const struct found_line *first = a, *second = b;
	Dwarf_Die one = first->function, two = second->function;
	Dwarf_Off left = dwarf_dieoffset(&one), right = dwarf_dieoffset(&two);

	if (left != right)
		return left < right ? -1 : 1;
	if (first->statement.line != second->statement.line)
		return first->statement.line < second->statement.line ? -1 : 1;
	return first->statement.address < second->statement.address ? -1 :
	       first->statement.address > second->statement.address;
}

static bool same_line(struct found_line *first, struct found_line *second)
{
	return dwarf_dieoffset(&first->function) == dwarf_dieoffset(&second->function) &&
	       first->statement.line == second->statement.line;
}

static void emit_line(struct line_finder *finder, struct found_line *found, place_array *places)
{
	const struct place_query *query = finder->query;
	uint64_t address = found->statement.address;
	bool is_function = query->what == PLACE_FUNCTION;
	struct code_place *place;

	if (is_function && !dwarf_entry(&found->function, &address))
		return;
	place = dwarf_place_new(finder->module, &found->function, address);
	if (!is_function) {
		place->line = found->statement.line;
		place->file = found->statement.file;
	}
	if ((query->is_return || query->only_call) && place->is_inline)
		return;
	place->is_return = query->is_return;
	array_push(finder->module->arena, places, place);
}

static void emit(struct line_finder *finder, place_array *places)
{
	struct found_line *items = finder->found.items;

	if (finder->found.count)
		qsort(items, finder->found.count, sizeof(*items), compare_found);
	for (size_t i = 0; i < finder->found.count; i++)
		if (!i || !same_line(&items[i - 1], &items[i]))
			emit_line(finder, &items[i], places);
}

static int no_code(const struct line_finder *finder, struct buf *problem)
{
	buf_printf(problem, "'%s' has no code at line %d", finder->query->pattern, finder->first);
	if (finder->before && finder->after)
		buf_printf(problem, "; lines %d and %d have", finder->before, finder->after);
	else if (finder->before || finder->after)
		buf_printf(problem, "; line %d has", finder->before ?: finder->after);
	return -ENOENT;
}

int line_find_places(struct module *module, const struct place_query *query,
		     const struct pattern *pattern, place_array *places, struct buf *problem)
{
	struct line_finder finder = { .module = module, .query = query, .pattern = pattern,
				      .first = pattern->first, .last = pattern->last };
	bool has_near;

	search(&finder);
	has_near = finder.before || finder.after;
	if (!finder.found.count && query->nearest && has_near) {
		bool is_after = !finder.before || (finder.after &&
				finder.after - finder.last <= finder.first - finder.before);

		finder.first = finder.last = is_after ? finder.after : finder.before;
		search(&finder);
	}
	if (!finder.found.count && has_near)
		return no_code(&finder, problem);
	emit(&finder, places);
	return 0;
}

/* ---- single questions ---- */

uint64_t line_prologue_end(Dwarf_Die *function, uint64_t address)
{
	struct statement statement;
	Dwarf_Lines *lines;
	uint64_t end = 0;
	Dwarf_Die unit;
	size_t count;

	if (!dwarf_diecu(function, &unit, NULL, NULL) || dwarf_getsrclines(&unit, &lines, &count))
		return address;
	for (size_t i = 0; i < count; i++) {
		if (!read_statement(dwarf_onesrcline(lines, i), &statement) ||
		    statement.address <= address || !dwarf_haspc(function, statement.address))
			continue;
		if (!end || statement.address < end)
			end = statement.address;
	}
	return end ?: address;
}

int line_at(Dwarf_Die *unit, uint64_t address, const char **file)
{
	Dwarf_Line *record = dwarf_getsrc_die(unit, address);
	int line = 0;

	if (!record || dwarf_lineno(record, &line))
		return 0;
	*file = dwarf_linesrc(record, NULL, NULL);
	return line;
}

int debuginfo_line(struct module *module, uint64_t address, const char **file)
{
	Dwarf_Die unit;

	if (!module->dwarf || !dwarf_unit_at(module, address, &unit))
		return 0;
	return line_at(&unit, address, file);
}

bool debuginfo_symbol(struct module *module, const char *name, uint64_t *address)
{
	return module->elf && symtab_find(module, name, address);
}

#ifdef UNIT_TEST
#include "../../lib/unit.h"

int unit_lines(int a);

enum { UNIT_FIRST_LINE = __LINE__ + 1 };
__attribute__((noinline, noclone)) int unit_lines(int a)
{
	__asm__ volatile("nop" : : "r"(a) : "memory");

	return a * 3;
}

static int unit_find(const char *pattern, bool nearest, int *line)
{
	static const struct frontend_options options = { .arch = "x86_64" };
	struct frontend *frontend = frontend_new(&options);
	struct debuginfo *debuginfo = debuginfo_new(frontend);
	struct place_query query = { .what = PLACE_STATEMENT, .pattern = pattern,
				     .nearest = nearest };
	struct buf problem = BUF_INIT;
	place_array places = { NULL, 0, 0 };
	struct module *module = debuginfo_open_file(debuginfo, "/proc/self/exe", &problem);
	int found = debuginfo_find(module, &query, &places, NULL, &problem);

	*line = places.count ? places.items[0]->line : 0;
	CHECK(found >= 0 || problem.length);
	buf_free(&problem);
	debuginfo_free(debuginfo);
	frontend_free(frontend);
	return found;
}

UNIT_TEST_CASE(line_statements)
{
	char pattern[64];
	int line;

	snprintf(pattern, sizeof(pattern), "unit_lines@line.c:%d", UNIT_FIRST_LINE + 2);
	CHECK_INT(unit_find(pattern, false, &line), 1);
	CHECK_INT(line, UNIT_FIRST_LINE + 2);
	CHECK_INT(unit_find("unit_lines@line.c+2", false, &line), 1);
	CHECK_INT(line, UNIT_FIRST_LINE + 2);
	CHECK(unit_find("unit_lines@line.c:*", false, &line) >= 2);
}

UNIT_TEST_CASE(line_nearest)
{
	int line;

	CHECK_INT(unit_find("unit_lines@line.c+300", false, &line), -ENOENT);
	CHECK_INT(unit_find("unit_lines@line.c+300", true, &line), 1);
	CHECK(line > UNIT_FIRST_LINE && line <= UNIT_FIRST_LINE + 5);
}
#endif
