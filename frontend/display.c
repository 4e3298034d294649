/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Globals that a user script only ever writes are shown when the run ends: this writes the `end`
 * probes that do it, as script text in the language itself, one per such global.
 */
#include "semantic.h"

static void print_keys(const struct variable *variable, struct buf *text, bool as_format)
{
	buf_putc(text, '[');
	for (unsigned i = 0; i < variable->index_count; i++) {
		if (as_format)
			buf_printf(text, "%s%s", i ? "," : "",
				   variable->index_types[i] == TYPE_STRING ? "\\\"%#s\\\"" : "%#d");
		else
			buf_printf(text, "%s__key%u", i ? ", " : "", i);
	}
	buf_putc(text, ']');
}

static void print_key_arguments(const struct variable *variable, struct buf *text)
{
	for (unsigned i = 0; i < variable->index_count; i++)
		buf_printf(text, ", __key%u", i);
}

static void print_statistics(const struct variable *variable, const char *element,
			     struct buf *text)
{
	buf_printf(text, "printf(\"%s", variable->name);
	if (variable->index_count)
		print_keys(variable, text, true);
	buf_puts(text, " @count=%#d @min=%#d @max=%#d @sum=%#d @avg=%#d\\n\"");
	print_key_arguments(variable, text);
	for (const char *const *name = (const char *const[]){ "count", "min", "max", "sum", "avg",
							      NULL }; *name; name++)
		buf_printf(text, ", @%s(%s)", *name, element);
	buf_puts(text, ")");
}

/* what --flamegraph draws is not printed as well */
static void leave_out_stacks(const struct variable *variable, struct buf *text)
{
	for (unsigned i = 0; i < variable->index_count; i++)
		if (variable->index_types[i] == TYPE_STRING)
			buf_printf(text, "if (!__is_stack(__key%u)) ", i);
}

static void display_array(const struct variable *variable, bool with_stacks, struct buf *text)
{
	struct buf element = BUF_INIT;

	buf_puts(text, "foreach (");
	if (variable->type != TYPE_STATS)
		buf_puts(text, "__value = ");
	print_keys(variable, text, false);
	buf_printf(text, " in %s-) ", variable->name);
	if (!with_stacks)
		leave_out_stacks(variable, text);
	if (variable->type == TYPE_STATS) {
		buf_puts(&element, variable->name);
		print_keys(variable, &element, false);
		print_statistics(variable, buf_text(&element), text);
		buf_free(&element);
		return;
	}
	buf_printf(text, "printf(\"%s", variable->name);
	print_keys(variable, text, true);
	buf_puts(text, variable->type == TYPE_STRING ? "=\\\"%#s\\\"\\n\"" : "=%#d\\n\"");
	print_key_arguments(variable, text);
	buf_puts(text, ", __value)");
}

static void display_scalar(const struct variable *variable, struct buf *text)
{
	if (variable->type == TYPE_STATS) {
		buf_printf(text, "if (@count(%s) == 0) printf(\"%s @count=0x0\\n\") else ",
			   variable->name, variable->name);
		print_statistics(variable, variable->name, text);
	} else {
		buf_printf(text, "printf(\"%s=%s\\n\", %s)", variable->name,
			   variable->type == TYPE_STRING ? "\\\"%#s\\\"" : "%#d", variable->name);
	}
}

static void display_global(struct semantics *sem, struct unit *unit,
			   const struct variable *variable)
{
	struct buf text = BUF_INIT;
	const struct source_file *source;
	struct script *script;

	buf_puts(&text, "probe end { ");
	if (variable->index_count)
		display_array(variable, !sem->frontend->options.draws_stacks, &text);
	else
		display_scalar(variable, &text);
	buf_puts(&text, " }\n");
	source = session_add_source(sem->frontend, SOURCE_GENERATED, "<display>", buf_text(&text),
				    text.length);
	script = parse_source(sem->frontend, source);
	for (size_t i = 0; i < script->probes.count; i++)
		expand_declaration(sem, unit, script->probes.items[i]);
	buf_free(&text);
}

bool display_written_globals(struct semantics *sem)
{
	size_t first = sem->builds.count, units = sem->units.count;

	fold_count_uses(sem);
	for (size_t u = 0; u < units; u++) {
		struct unit *unit = sem->units.items[u];

		for (size_t i = 0; unit->is_user && i < unit->globals.count; i++) {
			const struct variable *variable = unit->globals.entries[i].value;

			if (variable->write_count && !variable->read_count)
				display_global(sem, unit, variable);
		}
	}
	for (size_t i = first; i < sem->builds.count; i++)
		resolve_build(sem, sem->builds.items[i]);
	return sem->builds.count > first;
}
