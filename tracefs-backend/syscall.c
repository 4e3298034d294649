// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Aliases for system calls, written for the kernel at hand. syscall.NAME over the trace event
 * syscalls:sys_enter_NAME for the calls that the tapset does not know yet: each argument the kernel
 * names becomes a variable of that name, and argstr shows them all. And syscall.NAME.return for
 * every call, which adds the result to what the entry's alias says. A literal name costs one
 * look-up; `syscall.*` lists the events once.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "session.h"

#define ENTER "sys_enter_"
#define EXIT "sys_exit_"

/*
 * Trace events are named after the kernel's functions (SYSCALL_DEFINEn in fs/stat.c,
 * fs/read_write.c, kernel/sys.c, …), scripts name system calls as SystemTap's tapset does: several
 * events may stand behind one probe point. The kernel's name is understood as well.
 */
struct syscall_name {
	const char *event; /* behind sys_enter_ */
	const char *point; /* syscall.<point> */
	const char *name;  /* the variable `name` */
	bool is_shared;	   /* with other events: the tapset has __syscall.<event> for this one */
};
static const struct syscall_name syscall_names[] = {
	{ "newstat", "stat", "stat", false },
	{ "newlstat", "lstat", "lstat", false },
	{ "newfstat", "fstat", "fstat", false },
	{ "newfstatat", "fstatat", "fstatat", false },
	{ "newuname", "uname", "uname", false },
	{ "sendfile64", "sendfile", "sendfile", false },
	{ "pread64", "pread", "pread", false },
	{ "pwrite64", "pwrite", "pwrite", false },
	{ "getdents64", "getdents", "getdents", true },
	{ "mmap", "mmap2", "mmap2", false },
	{ "mmap_pgoff", "mmap2", "mmap2", false },
	{ "pipe2", "pipe", "pipe2", true },
	{ "epoll_create1", "epoll_create", "epoll_create1", true },
	{ "eventfd2", "eventfd", "eventfd2", true },
	{ "signalfd4", "signalfd", "signalfd4", true },
	{ "inotify_init1", "inotify_init", "inotify_init1", true },
	{ "sync_file_range2", "sync_file_range", "sync_file_range2", true },
};

/* system calls whose result is an address */
static const char *const address_results[] = { "brk", "mmap", "mmap_pgoff", "mremap", "shmat" };

/* words of the script language, and variables every alias sets: no argument may be called so */
static const char *const reserved_names[] = {
	"argstr", "break", "catch", "continue", "delete", "else", "for", "foreach", "function",
	"global", "if", "in", "limit", "long", "name", "next", "private", "probe", "return",
	"retstr", "retval", "string", "try", "while",
};

static bool is_one_of(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, list[i]) == 0)
			return true;
	return false;
}

/* ---- one argument: a line "\tfield:TYPE NAME;\toffset:…" of a format ---- */

struct argument {
	char type[64], name[64];
};

/* take the next line's declaration apart; NULL behind the last line */
static const char *next_argument(const char *line, struct argument *argument)
{
	const char *end, *name, *type_end;

	for (;;) {
		line = strstr(line, "\tfield:");
		end = line ? strchr(line, ';') : NULL;
		if (!end)
			return NULL;
		line += strlen("\tfield:");
		for (name = end; name > line && name[-1] != ' ' && name[-1] != '*'; name--)
			;
		for (type_end = name; type_end > line && type_end[-1] == ' '; type_end--)
			;
		snprintf(argument->type, sizeof(argument->type), "%.*s", (int)(type_end - line),
			 line);
		snprintf(argument->name, sizeof(argument->name), "%.*s", (int)(end - name), name);
		line = end;
		/* common_type …, __syscall_nr, and copies of strings that newer kernels add */
		if (!text_starts_with(argument->name, "common_") &&
		    !text_starts_with(argument->name, "__") && !strchr(argument->name, '['))
			return line;
	}
}

/* the script's name of an argument: SystemTap calls a user address that would clash NAME_uaddr */
static void print_variable(const struct argument *argument, struct buf *out)
{
	buf_puts(out, argument->name);
	if (is_one_of(argument->name, reserved_names, ARRAY_SIZE(reserved_names)))
		buf_puts(out, strchr(argument->type, '*') ? "_uaddr" : "_");
}

static const char *argument_conversion(const struct argument *argument)
{
	if (strchr(argument->type, '*'))
		return "%p";
	if (strstr(argument->name, "flag") || strstr(argument->name, "addr") ||
	    strcmp(argument->name, "prot") == 0 || strcmp(argument->name, "start") == 0)
		return "%#x";
	if (strstr(argument->type, "mode_t"))
		return "%#o";
	if (text_ends_with(argument->name, "fd"))
		return "%d";
	return strstr(argument->type, "unsigned") || strcmp(argument->type, "size_t") == 0 ? "%u" :
											     "%d";
}

static void print_arguments(const char *format, struct buf *out)
{
	struct argument argument;
	struct buf text = BUF_INIT, values = BUF_INIT;

	for (const char *at = format; (at = next_argument(at, &argument));) {
		buf_puts(out, "\t");
		print_variable(&argument, out);
		buf_printf(out, " = $%s\n", argument.name);
		buf_printf(&text, "%s%s=%s", text.length ? ", " : "", argument.name,
			   argument_conversion(&argument));
		buf_printf(&values, ", $%s", argument.name);
	}
	if (text.length)
		buf_printf(out, "\targstr = sprintf(\"%s\"%s)\n", buf_text(&text),
			   buf_text(&values));
	else
		buf_puts(out, "\targstr = \"\"\n");
	buf_free(&text);
	buf_free(&values);
}

/* ---- one alias ---- */

/**
 * struct alias_request - what the pattern asks for, taken apart
 * @name: pattern for the name behind "syscall."
 * @exit: ".return" is asked for; it builds on the entry's alias, so that is made in any case
 */
struct alias_request {
	struct frontend *frontend; /* NULL in tests: there is no tapset */
	struct tracefs *tracefs;
	const char *name;
	bool exit;
	struct buf *out;
};

/* without an alias in the tapset, each argument the kernel names becomes a variable */
static void print_entry(const struct alias_request *request, const struct syscall_name *syscall)
{
	char name[NAME_MAX + sizeof(ENTER)];
	struct trace_event *event;

	snprintf(name, sizeof(name), ENTER "%s", syscall->event);
	event = trace_event_get(request->tracefs, "syscalls", name);
	if (trace_event_read(event) < 0)
		return;
	buf_printf(request->out, "probe syscall.%s = kernel.trace(\"%s\")\n{\n\tname = \"%s\"\n",
		   syscall->point, event->text, syscall->name);
	print_arguments(event->format, request->out);
	buf_puts(request->out, "}\n");
}

/* what the entry's alias says, and the result */
static void print_exit(const struct alias_request *request, const struct syscall_name *syscall,
		       const char *point, const char *inner)
{
	bool is_address = is_one_of(syscall->event, address_results, ARRAY_SIZE(address_results));

	buf_printf(request->out,
		   "probe syscall.%s.return = %s.return\n{\n"
		   "\tretval = $return\n\tretstr = return_str(%d, $return)\n}\n",
		   point, inner, is_address ? 2 : 1);
}

/* the tapset's text is better; several patterns of one script may ask for the same alias */
static bool is_new_alias(const struct alias_request *request, const char *point,
			 const char *variant)
{
	struct tracefs *tracefs = request->tracefs;
	const char *key = arena_printf(tracefs->arena, "syscall.%s%s", point, variant);

	if (request->frontend && frontend_has_alias(request->frontend, key))
		return false;
	return !table_put(&tracefs->aliases, key, tracefs);
}

static void print_point(const struct alias_request *request, const struct syscall_name *syscall)
{
	char inner[NAME_MAX];

	snprintf(inner, sizeof(inner), "syscall.%s", syscall->point);
	if (is_new_alias(request, syscall->point, ""))
		print_entry(request, syscall);
	if (request->exit && is_new_alias(request, syscall->point, ".return"))
		print_exit(request, syscall, syscall->point, inner);
}

/* the kernel's name, when a script asks for that alone */
static void print_kernel_name(const struct alias_request *request,
			      const struct syscall_name *syscall)
{
	char inner[NAME_MAX];

	snprintf(inner, sizeof(inner), "%s.%s", syscall->is_shared ? "__syscall" : "syscall",
		 syscall->is_shared ? syscall->event : syscall->point);
	if (is_new_alias(request, syscall->event, ""))
		buf_printf(request->out, "probe syscall.%s = %s {}\n", syscall->event, inner);
	if (request->exit && is_new_alias(request, syscall->event, ".return"))
		print_exit(request, syscall, syscall->event, inner);
}

/* an event under its script name, or under the kernel's when only that matches */
static void print_matching(const struct alias_request *request, const char *event)
{
	struct syscall_name syscall = { event, event, event, false };

	for (size_t i = 0; i < ARRAY_SIZE(syscall_names); i++)
		if (strcmp(syscall_names[i].event, event) == 0)
			syscall = syscall_names[i];
	if (text_match(request->name, syscall.point))
		print_point(request, &syscall);
	else if (text_match(request->name, event))
		print_kernel_name(request, &syscall);
}

/* ---- which events a request can mean ---- */

static bool event_is_there(struct tracefs *tracefs, const char *event)
{
	char path[PATH_MAX];

	return !strchr(event, '/') &&
	       tracefs_path(tracefs, path, sizeof(path), "events/syscalls/" ENTER "%s", event) &&
	       access(path, F_OK) == 0;
}

static void print_literal(const struct alias_request *request)
{
	if (event_is_there(request->tracefs, request->name))
		print_matching(request, request->name);
	for (size_t i = 0; i < ARRAY_SIZE(syscall_names); i++)
		if (strcmp(syscall_names[i].point, request->name) == 0 &&
		    strcmp(syscall_names[i].event, request->name) != 0 &&
		    event_is_there(request->tracefs, syscall_names[i].event))
			print_matching(request, syscall_names[i].event);
}

static int is_entry_event(const struct dirent *entry)
{
	return text_starts_with(entry->d_name, ENTER);
}

static void print_wildcard(const struct alias_request *request)
{
	char path[PATH_MAX];
	struct dirent **entries;
	int count;

	if (!tracefs_path(request->tracefs, path, sizeof(path), "events/syscalls"))
		return;
	count = scandir(path, &entries, is_entry_event, alphasort);
	for (int i = 0; i < count; i++) {
		print_matching(request, entries[i]->d_name + strlen(ENTER));
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* split "FAMILY.NAME[.return]"; false when it is no such pattern */
static bool parse_pattern(char *pattern, struct alias_request *request)
{
	char *name = strchr(pattern, '.'), *last;

	if (!name)
		return false;
	*name++ = '\0';
	request->name = name;
	last = strchr(name, '.');
	if (last)
		*last++ = '\0';
	/* `**` stands for any number of components */
	request->exit = last ? text_match(last, "return") : strcmp(name, "**") == 0;
	return (!last || request->exit) && text_match(pattern, "syscall");
}

const char *syscall_generate_aliases(struct frontend *frontend, void *backend, const char *pattern)
{
	struct buf text = BUF_INIT;
	struct alias_request request = { .frontend = frontend, .tracefs = backend, .out = &text };
	char *copy = memory_strdup(pattern);
	const char *result = NULL;

	if (parse_pattern(copy, &request)) {
		if (!backend)
			tracepoint_report_no_backend(frontend, NULL);
		else if (text_has_wildcard(request.name))
			print_wildcard(&request);
		else
			print_literal(&request);
	}
	if (text.length)
		result = arena_memdup(frontend_arena(frontend), buf_text(&text), text.length);
	buf_free(&text);
	free(copy);
	return result;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static struct buf aliases_of(const char *name, bool exit, const char *event, const char *fields)
{
	struct tracefs tracefs = { .arena = arena_new() };
	struct buf out = BUF_INIT;
	struct alias_request request = {
		.tracefs = &tracefs, .name = name, .exit = exit, .out = &out,
	};
	char path[128];

	table_init(&tracefs.events, tracefs.arena);
	table_init(&tracefs.aliases, tracefs.arena);
	snprintf(path, sizeof(path), ENTER "%s", event);
	trace_event_get(&tracefs, "syscalls", path)->format = fields;
	trace_event_get(&tracefs, "syscalls", path)->id = 1;
	print_matching(&request, event);
	print_matching(&request, event); /* asked for again: nothing new */
	arena_free(tracefs.arena);
	return out;
}

UNIT_TEST_CASE(syscall_alias_names_every_argument)
{
	struct buf text = aliases_of("*", false, "newfstat",
		"\tfield:int common_pid;\toffset:4;\n\n\tfield:int __syscall_nr;\toffset:8;\n"
		"\tfield:unsigned int fd;\toffset:16;\n"
		"\tfield:struct stat * statbuf;\toffset:24;\n");

	CHECK_STR(buf_text(&text),
		  "probe syscall.fstat = kernel.trace(\"syscalls:sys_enter_newfstat\")\n{\n"
		  "\tname = \"fstat\"\n\tfd = $fd\n\tstatbuf = $statbuf\n"
		  "\targstr = sprintf(\"fd=%d, statbuf=%p\", $fd, $statbuf)\n}\n");
	buf_free(&text);
}

UNIT_TEST_CASE(syscall_alias_renames_reserved_arguments)
{
	struct buf text = aliases_of("sethostname", false, "sethostname",
				     "\tfield:char * name;\toffset:16;\n");

	CHECK(strstr(buf_text(&text), "\tname_uaddr = $name\n"));
	CHECK(strstr(buf_text(&text), "\tname = \"sethostname\"\n"));
	buf_free(&text);
}

UNIT_TEST_CASE(syscall_alias_answers_to_both_names)
{
	struct buf text = aliases_of("pipe2", true, "pipe2", "");

	CHECK(text_starts_with(buf_text(&text), "probe syscall.pipe2 = __syscall.pipe2 {}\n"
			       "probe syscall.pipe2.return = __syscall.pipe2.return\n"));
	buf_free(&text);
	text = aliases_of("p[i]pe", true, "pipe2", "");
	CHECK(strstr(buf_text(&text), "probe syscall.pipe.return = syscall.pipe.return\n"));
	CHECK(strstr(buf_text(&text), "name = \"pipe2\""));
	buf_free(&text);
	text = aliases_of("newfstat", false, "newfstat", "");
	CHECK_STR(buf_text(&text), "probe syscall.newfstat = syscall.fstat {}\n");
	buf_free(&text);
	text = aliases_of("read", false, "write", "");
	CHECK_INT(text.length, 0);
	buf_free(&text);
}
#endif
