/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session: what the user gave (options, sources, probe families) and pass 1 over it. Texts are
 * copied into the arena, because every token and message points back into them.
 */
#include "debuginfo/debuginfo.h"
#include "parse.h"

#include <errno.h>

struct frontend *frontend_new(const struct frontend_options *options)
{
	struct arena *arena = arena_new();
	struct frontend *frontend = arena_new_object(arena, struct frontend);

	frontend->arena = arena;
	frontend->interner = interner_new(arena);
	frontend->options = *options;
	table_init(&frontend->library_macros, arena);
	table_init(&frontend->kernel_config, arena);
	for (size_t i = 0; i < options->argument_count; i++)
		array_push(arena, &frontend->arguments_used, false);
	return frontend;
}

void frontend_free(struct frontend *frontend)
{
	if (!frontend)
		return;
	if (frontend->debuginfo)
		debuginfo_free(frontend->debuginfo);
	arena_free(frontend->arena);
}

struct arena *frontend_arena(struct frontend *frontend)
{
	return frontend->arena;
}

const struct frontend_options *frontend_get_options(const struct frontend *frontend)
{
	return &frontend->options;
}

const char *frontend_intern(struct frontend *frontend, const char *text)
{
	return intern(frontend->interner, text, strlen(text));
}

void frontend_add_family(struct frontend *frontend, const struct family *family, void *backend)
{
	array_push(frontend->arena, &frontend->families, (struct family_row){ family, backend });
}

const struct source_file *session_add_source(struct frontend *frontend, enum source_kind kind,
					     const char *name, const char *text, size_t size)
{
	struct source_file *file = arena_new_object(frontend->arena, struct source_file);

	file->name = arena_strdup(frontend->arena, name);
	file->text = arena_memdup(frontend->arena, text, size);
	file->size = size;
	file->kind = kind;
	return file;
}

void frontend_add_script(struct frontend *frontend, const char *name, const char *text,
			 size_t size)
{
	array_push(frontend->arena, &frontend->sources,
		   session_add_source(frontend, SOURCE_SCRIPT, name, text, size));
}

/* argv and argc of the tapset stand for all arguments */
static bool uses_argv(const struct frontend *frontend)
{
	for (size_t i = 0; i < frontend->sources.count; i++) {
		const struct source_file *file = frontend->sources.items[i];

		if (memmem(file->text, file->size, "argv", 4) ||
		    memmem(file->text, file->size, "argc", 4))
			return true;
	}
	return false;
}

static void warn_unused_arguments(struct frontend *frontend)
{
	if (uses_argv(frontend))
		return;
	for (size_t i = 0; i < frontend->arguments_used.count; i++) {
		if (!frontend->arguments_used.items[i])
			diag_warning(frontend, NULL, "unused command line option $%zu/@%zu",
				     i + 1, i + 1);
	}
}

int frontend_parse(struct frontend *frontend)
{
	size_t errors = diag_error_count(frontend);

	for (size_t i = 0; i < frontend->sources.count; i++)
		array_push(frontend->arena, &frontend->scripts,
			   parse_source(frontend, frontend->sources.items[i]));
	warn_unused_arguments(frontend);
	return diag_error_count(frontend) > errors ? -EINVAL : 0;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(source_texts_are_copied)
{
	struct frontend_options options = { .kernel_release = "6.1" };
	struct frontend *frontend = frontend_new(&options);
	char text[] = "probe begin { }";

	frontend_add_script(frontend, "x.stp", text, strlen(text));
	memset(text, '(', sizeof(text) - 1);
	CHECK_INT(frontend_parse(frontend), 0);
	CHECK_INT(frontend->scripts.count, 1);
	CHECK_INT(frontend->scripts.items[0]->probes.count, 1);
	frontend_free(frontend);
}

UNIT_TEST_CASE(source_warns_about_unused_arguments)
{
	const char *arguments[] = { "5+5", "x" };
	struct frontend_options options = { .arguments = arguments, .argument_count = 2 };
	struct frontend *frontend = frontend_new(&options);
	const char *text = "probe begin { print($1) }";

	frontend_add_script(frontend, "<input>", text, strlen(text));
	CHECK_INT(frontend_parse(frontend), 0);
	CHECK_INT(frontend->diags.count, 1);
	CHECK_STR(frontend->diags.items[0].text, "unused command line option $2/@2");
	frontend_free(frontend);
}
#endif
