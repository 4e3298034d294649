// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Types of C headers, for @cast(p, "timeval", "<sys/time.h>"): a file that includes the headers is
 * compiled with debug information by the system's C compiler, and is then a module like others. It
 * is kept, with the list of the headers it was made from, for as long as none of them is newer.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module.h"

#define MAX_HEADER_TEXT 200

/* the files of one compilation; @temporary: nothing is kept */
struct header_build {
	const char *directory, *object, *dependencies;
	bool temporary;
};

/* ---- the text between the brackets ---- */

/* "<a.h><b.h>": true when nothing else stands there */
static bool is_header_list(const char *text)
{
	if (*text != '<' || strlen(text) > MAX_HEADER_TEXT)
		return false;
	while (*text == '<') {
		const char *name = ++text;

		while (isalnum((unsigned char)*text) || (*text && strchr("/._+-", *text)))
			text++;
		if (text == name || *text++ != '>')
			return false;
	}
	return !*text;
}

static void include_lines(const char *headers, struct buf *out)
{
	for (size_t length; *headers; headers += length) {
		length = strcspn(headers, ">") + 1;
		buf_printf(out, "#include %.*s\n", (int)length, headers);
	}
}

/* "<sys/time.h>" → "sys-time.h" */
static const char *cache_name(struct arena *arena, const char *headers)
{
	struct buf name = BUF_INIT;
	const char *copy;

	for (const char *at = headers; *at; at++) {
		if (*at == '-' || (*at == '<' && at > headers))
			buf_puts(&name, "--");
		else if (*at == '/')
			buf_putc(&name, '-');
		else if (*at != '<' && *at != '>')
			buf_putc(&name, *at);
	}
	copy = arena_strdup(arena, buf_text(&name));
	buf_free(&name);
	return copy;
}

/* ---- where results are kept ---- */

static bool is_own_directory(const char *path)
{
	struct stat status;

	return (mkdir(path, 0700) == 0 || errno == EEXIST) && lstat(path, &status) == 0 &&
	       S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
	       !(status.st_mode & (S_IWGRP | S_IWOTH));
}

static const char *cache_directory(struct arena *arena)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME"), *path;

	if (!cache || *cache != '/')
		cache = home && *home == '/' ? arena_printf(arena, "%s/.cache", home) : NULL;
	if (!cache)
		return NULL;
	mkdir(cache, 0700);
	path = arena_printf(arena, "%s/stap-tracefs", cache);
	return is_own_directory(path) ? path : NULL;
}

/* a directory of this run alone, when there is none that lasts; NULL: none at all */
static const char *temporary_directory(struct arena *arena)
{
	char *path = arena_strdup(arena, "/tmp/stap-types-XXXXXX");

	return mkdtemp(path);
}

static bool plan_build(struct arena *arena, const char *headers, struct header_build *build)
{
	const char *name = cache_name(arena, headers);

	build->directory = cache_directory(arena);
	build->temporary = !build->directory;
	if (build->temporary)
		build->directory = temporary_directory(arena);
	if (!build->directory)
		return false;
	build->object = arena_printf(arena, "%s/%s.so", build->directory, name);
	build->dependencies = arena_printf(arena, "%s/%s.d", build->directory, name);
	return true;
}

/* what libdwfl has open stays readable without a name */
static void drop_temporary(const struct header_build *build)
{
	if (!build->temporary)
		return;
	unlink(build->object);
	unlink(build->dependencies);
	rmdir(build->directory);
}

static bool is_newer(const struct stat *one, const struct stat *other)
{
	return one->st_mtim.tv_sec != other->st_mtim.tv_sec ?
	       one->st_mtim.tv_sec > other->st_mtim.tv_sec :
	       one->st_mtim.tv_nsec > other->st_mtim.tv_nsec;
}

/* the compiler's list, "object: header header \": is the object newer than them all? */
static bool is_fresh(const struct header_build *build)
{
	struct stat object, header;
	struct buf text = BUF_INIT;
	char *word, *rest;
	bool fresh = stat(build->object, &object) == 0 && object.st_uid == geteuid() &&
		     buf_read_file(&text, build->dependencies) == 0 && text.length;

	word = fresh ? strtok_r(text.data, " \\\n", &rest) : NULL;
	while (fresh && (word = strtok_r(NULL, " \\\n", &rest)))
		fresh = strcmp(word, "-") == 0 ||
			(stat(word, &header) == 0 && !is_newer(&header, &object));
	buf_free(&text);
	return fresh;
}

/* ---- compiling ---- */

static int anonymous_file(const struct buf *text)
{
	int fd = memfd_create("stap-types", MFD_CLOEXEC);

	if (fd >= 0 && (write(fd, text->data, text->length) != (ssize_t)text->length ||
			lseek(fd, 0, SEEK_SET) < 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* 0, -errno when the compiler cannot be started, -EINVAL when it fails; it reads @source */
static int run_compiler(const struct header_build *build, const char *object, int source,
			int messages)
{
	char *arguments[] = {
		"cc", "-shared", "-fPIC", "-nostdlib", "-g", "-fno-eliminate-unused-debug-types",
		"-fdiagnostics-color=never", "-MD", "-MT", "object", "-MF",
		(char *)build->dependencies, "-o", (char *)object, "-x", "c", "-", NULL,
	};
	posix_spawn_file_actions_t actions;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, source, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, messages, STDERR_FILENO);
	error = program_run(arguments, &actions);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* the first line with an error in what the compiler wrote */
static void first_message(int messages, struct buf *problem)
{
	struct buf text = BUF_INIT;
	const char *found;

	if (lseek(messages, 0, SEEK_SET) == 0 && buf_read_fd(&text, messages) == 0) {
		found = strstr(buf_text(&text), "error: ");
		if (found)
			buf_printf(problem, ": %.*s", (int)strcspn(found + 7, "\n"), found + 7);
	}
	buf_free(&text);
}

static int compile_into(const struct header_build *build, const char *object, const char *headers,
			struct buf *problem)
{
	struct buf text = BUF_INIT;
	int source, messages = memfd_create("stap-messages", MFD_CLOEXEC), error = -EIO;

	include_lines(headers, &text);
	source = anonymous_file(&text);
	buf_free(&text);
	if (source >= 0 && messages >= 0)
		error = run_compiler(build, object, source, messages);
	if (error == -EINVAL) {
		buf_printf(problem, "the C compiler refuses %s", headers);
		first_message(messages, problem);
	} else if (error) {
		buf_printf(problem, "the types of %s need a C compiler, and 'cc' cannot be run: "
			   "%s; a program or library that uses them can be named instead", headers,
			   strerror(-error));
	}
	if (source >= 0)
		close(source);
	if (messages >= 0)
		close(messages);
	return error;
}

/* others may compile the same: the result appears under its name when it is complete */
static bool compile(struct arena *arena, const struct header_build *build, const char *headers,
		    struct buf *problem)
{
	const char *partial = arena_printf(arena, "%s.%d", build->object, (int)getpid());

	if (compile_into(build, partial, headers, problem) == 0) {
		if (rename(partial, build->object) == 0)
			return true;
		buf_printf(problem, "cannot write %s: %s", build->object, strerror(errno));
	}
	unlink(partial);
	return false;
}

/* ---- the module ---- */

struct module *debuginfo_open_header(struct debuginfo *debuginfo, const char *headers,
				     struct buf *problem)
{
	struct module *module = table_get(&debuginfo->headers, headers);
	struct header_build build;

	if (module)
		return module;
	if (!is_header_list(headers)) {
		buf_printf(problem, "'%s' names no headers: write \"<sys/time.h>\"", headers);
		return NULL;
	}
	if (!plan_build(debuginfo->arena, headers, &build)) {
		buf_puts(problem, "there is no place to compile headers in: neither a cache "
			 "directory nor /tmp can be written");
		return NULL;
	}
	if (is_fresh(&build) || compile(debuginfo->arena, &build, headers, problem))
		module = debuginfo_open_file(debuginfo, build.object, problem);
	drop_temporary(&build);
	if (!module)
		return NULL;
	module->path = arena_strdup(debuginfo->arena, headers);
	module->source = "compiled";
	table_put(&debuginfo->headers, headers, module);
	return module;
}

#ifdef UNIT_TEST
#include "../../lib/unit.h"

UNIT_TEST_CASE(header_lists)
{
	struct arena *arena = arena_new();
	struct buf text = BUF_INIT;

	CHECK(is_header_list("<sys/time.h>"));
	CHECK(is_header_list("<sys/types.h><c++/x-y_z.h>"));
	CHECK(!is_header_list("sys/time.h"));
	CHECK(!is_header_list("<>"));
	CHECK(!is_header_list("<sys/time.h"));
	CHECK(!is_header_list("<a.h> <b.h>"));
	CHECK(!is_header_list("<a.h>\n#include <b.h>"));
	CHECK(!is_header_list("<a.h\"b>"));
	include_lines("<a.h><b/c.h>", &text);
	CHECK_STR(buf_text(&text), "#include <a.h>\n#include <b/c.h>\n");
	CHECK_STR(cache_name(arena, "<sys/time.h><b-c.h>"), "sys-time.h--b--c.h");
	buf_free(&text);
	arena_free(arena);
}
#endif
