/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -p2: what pass 2 and 3 made of the scripts. Globals, functions and probes with their types, in
 * SystemTap's layout; captures and filters with -v, bodies with -vv.
 */
#include "semantic.h"

static void print_variable(const struct variable *variable, FILE *out)
{
	fprintf(out, "%s", variable->name);
	if (variable->wraps)
		fputc('%', out);
	if (variable->max_entries)
		fprintf(out, "[%lld]", (long long)variable->max_entries);
	fprintf(out, ":%s", type_name(variable->type));
	for (unsigned i = 0; i < variable->index_count; i++)
		fprintf(out, "%s%s", i ? ", " : " [", type_name(variable->index_types[i]));
	fprintf(out, "%s\n", variable->index_count ? "]" : "");
}

static void print_locals(const variable_array *locals, FILE *out)
{
	if (locals->count)
		fputs("  # locals\n", out);
	for (size_t i = 0; i < locals->count; i++) {
		fputs("  ", out);
		print_variable(locals->items[i], out);
	}
}

static void print_body(const struct stmt *body, FILE *out)
{
	struct buf text = BUF_INIT;

	if (body)
		stmt_print(body, &text, 1);
	fprintf(out, "%s%s", buf_text(&text),
		text.length && text.data[text.length - 1] != '\n' ? "\n" : "");
	buf_free(&text);
}

static void print_function(const struct function *function, const struct log *log, FILE *out)
{
	fprintf(out, "%s:%s (", function->name, type_name(function->type));
	for (size_t i = 0; i < function->parameters.count; i++)
		fprintf(out, "%s%s:%s", i ? ", " : "", function->parameters.items[i]->name,
			type_name(function->parameters.items[i]->type));
	fputs(")\n", out);
	print_locals(&function->locals, out);
	if (log->verbosity >= 2)
		print_body(function->body, out);
}

static void print_captures(const struct probe *probe, FILE *out)
{
	if (probe->captures.count)
		fputs("  # captures\n", out);
	for (size_t i = 0; i < probe->captures.count; i++)
		fprintf(out, "  %s:%s\n", probe->captures.items[i]->name,
			type_name(probe->captures.items[i]->type));
}

static const char *subject_text(const struct filter_term *term)
{
	switch (term->subject) {
	case FILTER_FIELD: return term->field;
	case FILTER_PID: return "pid()";
	case FILTER_TID: return "tid()";
	case FILTER_EXECNAME: return "execname()";
	case FILTER_CPU: return "cpu()";
	}
	return "";
}

static void print_filter(const struct probe *probe, FILE *out)
{
	if (probe->filter.count)
		fputs("  # filter\n", out);
	for (size_t i = 0; i < probe->filter.count; i++) {
		const struct filter_term *term = &probe->filter.items[i];

		fprintf(out, "  %s %s ", subject_text(term), operator_text(term->op));
		if (term->is_string)
			fprintf(out, "\"%s\"\n", term->string);
		else
			fprintf(out, "%lld\n", (long long)term->number);
	}
}

static void print_probe(const struct probe *probe, const struct log *log, FILE *out)
{
	fprintf(out, "%s /* <- %s */\n", probe->point_text, probe->alias_text);
	print_locals(&probe->locals, out);
	if (log->verbosity >= 1) {
		print_captures(probe, out);
		print_filter(probe, out);
	}
	if (log->verbosity >= 2)
		print_body(probe->body, out);
}

void frontend_print_program(struct frontend *frontend, FILE *out)
{
	const struct program *program = frontend->program;
	const struct log *log = &frontend->options.log;

	if (!program)
		return;
	if (program->globals.count)
		fputs("# globals\n", out);
	for (size_t i = 0; i < program->globals.count; i++)
		print_variable(program->globals.items[i], out);
	if (program->functions.count)
		fputs("# functions\n", out);
	for (size_t i = 0; i < program->functions.count; i++)
		print_function(program->functions.items[i], log, out);
	if (program->probes.count)
		fputs("# probes\n", out);
	for (size_t i = 0; i < program->probes.count; i++)
		print_probe(program->probes.items[i], log, out);
}
