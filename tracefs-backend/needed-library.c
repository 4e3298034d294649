// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The libraries a program will be run with, before it runs: what it needs, what these need, each
 * looked for where the loader looks (ld.so(8)): RPATH, LD_LIBRARY_PATH, RUNPATH, the cache, the
 * system's directories.
 */
#include <limits.h>
#include <unistd.h>

#include "probed-file.h"

struct closure {
	struct tracefs *tracefs;
	const struct probed_file *program;
	const char *program_rpath;
	ARRAY(struct needed_file {
		const char *name;	/* asked for by this one */
		struct probed_file *file;
	}) files;			/* found so far, without the program */
	struct table seen;		/* names that were looked for */
};

static void add_file(struct closure *closure, const char *name, struct probed_file *file)
{
	array_push(closure->tracefs->arena, &closure->files, (struct needed_file){ name, file });
}

static bool take_candidate(struct closure *closure, const char *name, const char *path)
{
	char canonical[PATH_MAX];
	struct buf ignored = BUF_INIT;
	struct probed_file *file = NULL;

	if (realpath(path, canonical))
		file = probed_file_open(closure->tracefs, canonical, &ignored);
	buf_free(&ignored);
	if (!file || !probed_file_same_machine(file, closure->program))
		return false;
	add_file(closure, name, file);
	return true;
}

/* "$ORIGIN/../lib" of the library @from; other variables of the loader are not known here */
static const char *expand_origin(struct arena *arena, const char *directory,
				 const struct probed_file *from)
{
	static const char *const names[] = { "$ORIGIN", "${ORIGIN}" };
	const char *slash = strrchr(from->path, '/');
	int length = slash ? (int)(slash - from->path) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (text_starts_with(directory, names[i]))
			return arena_printf(arena, "%.*s%s", length, from->path,
					    directory + strlen(names[i]));
	return directory;
}

/* in each of the directories that @list holds, an empty one being the current */
static bool find_in(struct closure *closure, const char *list, const struct probed_file *from,
		    const char *name)
{
	struct arena *arena = closure->tracefs->arena;

	while (list) {
		size_t length = strcspn(list, ":;");
		const char *directory = arena_printf(arena, "%.*s", (int)length, list);

		directory = length ? expand_origin(arena, directory, from) : ".";
		if (take_candidate(closure, name, arena_printf(arena, "%s/%s", directory, name)))
			return true;
		list = list[length] ? list + length + 1 : NULL;
	}
	return false;
}

static bool find_in_cache(struct closure *closure, const char *name)
{
	probed_files found = { 0 };

	probed_files_cached(closure->tracefs, closure->program, name, &found);
	if (found.count)
		add_file(closure, name, found.items[0]);
	return found.count > 0;
}

static void find_library(struct closure *closure, const struct probed_file *from,
			 const struct library_needs *needs, const char *name)
{
	static const char system[] = "/lib64:/usr/lib64:/lib:/usr/lib";

	if (table_get(&closure->seen, name))
		return;
	table_put(&closure->seen, name, closure);
	if (strchr(name, '/')) {
		take_candidate(closure, name, name);
		return;
	}
	if (!needs->runpath && (find_in(closure, needs->rpath, from, name) ||
				find_in(closure, closure->program_rpath, closure->program, name)))
		return;
	if (find_in(closure, getenv("LD_LIBRARY_PATH"), from, name) ||
	    find_in(closure, needs->runpath, from, name) || find_in_cache(closure, name))
		return;
	find_in(closure, system, from, name);
}

static void find_needs(struct closure *closure, const struct probed_file *from)
{
	struct library_needs needs;

	debuginfo_needs(closure->tracefs->arena, from->path, &needs);
	if (from == closure->program && !needs.runpath)
		closure->program_rpath = needs.rpath;
	for (size_t i = 0; i < needs.names.count; i++)
		find_library(closure, from, &needs, needs.names.items[i]);
}

static bool is_called(const struct needed_file *library, const char *pattern)
{
	const char *path = library->file->path, *slash = strrchr(path, '/');

	return text_match(pattern, library->name) || text_match(pattern, path) ||
	       (slash && text_match(pattern, slash + 1));
}

void needed_libraries(struct tracefs *tracefs, const struct probed_file *program,
		      const char *pattern, probed_files *files)
{
	struct closure closure = { .tracefs = tracefs, .program = program };

	table_init(&closure.seen, tracefs->arena);
	find_needs(&closure, program);
	for (size_t i = 0; i < closure.files.count; i++)
		find_needs(&closure, closure.files.items[i].file);
	for (size_t i = 0; i < closure.files.count; i++)
		if (is_called(&closure.files.items[i], pattern))
			array_push(tracefs->arena, files, closure.files.items[i].file);
}
