// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Aliases for system calls, written for the kernel at hand: syscall.NAME and syscall.NAME.return
 * as tapset text over the trace events syscalls:sys_enter_NAME and sys_exit_NAME. Each argument
 * the kernel names becomes a variable of that name, and argstr shows them all. A literal name
 * costs one format file; `syscall.*` reads each entry event's once (some 12 µs apiece).
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
};
static const struct syscall_name syscall_names[] = {
	{ "newstat", "stat", "stat" },
	{ "newlstat", "lstat", "lstat" },
	{ "newfstat", "fstat", "fstat" },
	{ "newfstatat", "fstatat", "fstatat" },
	{ "newuname", "uname", "uname" },
	{ "sendfile64", "sendfile", "sendfile" },
	{ "pread64", "pread", "pread" },
	{ "pwrite64", "pwrite", "pwrite" },
	{ "getdents64", "getdents", "getdents" },
	{ "umount", "umount", "umount" },
	{ "mmap", "mmap2", "mmap2" },
	{ "mmap_pgoff", "mmap2", "mmap2" },
	{ "pipe2", "pipe", "pipe2" },
	{ "epoll_create1", "epoll_create", "epoll_create1" },
	{ "eventfd2", "eventfd", "eventfd2" },
	{ "signalfd4", "signalfd", "signalfd4" },
	{ "inotify_init1", "inotify_init", "inotify_init1" },
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
 * @family: "syscall" or "nd_syscall"
 * @name: pattern for the name behind it
 */
struct alias_request {
	struct tracefs *tracefs;
	const char *family;
	const char *name;
	bool entry, exit;
	struct buf *out;
};

static void print_entry(const struct alias_request *request, const struct syscall_name *syscall,
			const char *point)
{
	char name[NAME_MAX + sizeof(ENTER)];
	struct trace_event *event;

	snprintf(name, sizeof(name), ENTER "%s", syscall->event);
	event = trace_event_get(request->tracefs, "syscalls", name);
	if (trace_event_read(event) < 0)
		return;
	buf_printf(request->out, "probe %s.%s = kernel.trace(\"%s\")\n{\n\tname = \"%s\"\n",
		   request->family, point, event->text, syscall->name);
	print_arguments(event->format, request->out);
	buf_puts(request->out, "}\n");
}

/* a return knows the call's arguments as well; what a script does not use is not saved */
static void print_entry_arguments(const struct alias_request *request, const char *event_name)
{
	char name[NAME_MAX + sizeof(ENTER)];
	struct trace_event *event;
	struct argument argument;

	snprintf(name, sizeof(name), ENTER "%s", event_name);
	event = trace_event_get(request->tracefs, "syscalls", name);
	if (trace_event_read(event) < 0)
		return;
	for (const char *at = event->format; (at = next_argument(at, &argument));) {
		buf_puts(request->out, "\t");
		print_variable(&argument, request->out);
		buf_printf(request->out, " = @entry($%s)\n", argument.name);
	}
}

static void print_exit(const struct alias_request *request, const struct syscall_name *syscall,
		       const char *point)
{
	buf_printf(request->out,
		   "probe %s.%s.return = kernel.trace(\"syscalls:" EXIT "%s\")\n{\n"
		   "\tname = \"%s\"\n\tretval = $ret\n",
		   request->family, point, syscall->event, syscall->name);
	print_entry_arguments(request, syscall->event);
	if (is_one_of(syscall->event, address_results, ARRAY_SIZE(address_results)))
		buf_puts(request->out, "\tretstr = ($ret < 0 && $ret > -4096) ? "
				       "sprintf(\"%d (%s)\", $ret, errno_str($ret)) : "
				       "sprintf(\"%p\", $ret)\n}\n");
	else
		buf_puts(request->out, "\tretstr = ($ret < 0 && $ret > -4096) ? "
				       "sprintf(\"%d (%s)\", $ret, errno_str($ret)) : "
				       "sprintf(\"%d\", $ret)\n}\n");
}

/* several patterns of one script may ask for the same alias: its text is handed out once */
static bool is_new_alias(const struct alias_request *request, const char *point,
			 const char *variant, const char *event)
{
	struct tracefs *tracefs = request->tracefs;
	const char *key = arena_printf(tracefs->arena, "%s.%s%s %s", request->family, point,
				       variant, event);

	return !table_put(&tracefs->aliases, key, tracefs);
}

/* an event under its script name, or under the kernel's when only that matches */
static void print_matching(const struct alias_request *request, const char *event)
{
	struct syscall_name syscall = { event, event, event };
	const char *point;

	for (size_t i = 0; i < ARRAY_SIZE(syscall_names); i++)
		if (strcmp(syscall_names[i].event, event) == 0)
			syscall = syscall_names[i];
	if (text_match(request->name, syscall.point))
		point = syscall.point;
	else if (text_match(request->name, event))
		point = event;
	else
		return;
	if (request->entry && is_new_alias(request, point, "", event))
		print_entry(request, &syscall, point);
	if (request->exit && is_new_alias(request, point, ".return", event))
		print_exit(request, &syscall, point);
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
static bool parse_pattern(char *pattern, struct alias_request *request, char **family)
{
	char *name = strchr(pattern, '.'), *last;

	if (!name)
		return false;
	*name++ = '\0';
	*family = pattern;
	request->name = name;
	last = strchr(name, '.');
	if (last)
		*last++ = '\0';
	/* `**` stands for any number of components */
	request->entry = !last;
	request->exit = last ? text_match(last, "return") : strcmp(name, "**") == 0;
	return request->entry || request->exit;
}

const char *syscall_generate_aliases(struct frontend *frontend, void *backend, const char *pattern)
{
	static const char *const families[] = { "syscall", "nd_syscall" };
	struct buf text = BUF_INIT;
	struct alias_request request = { .tracefs = backend, .out = &text };
	char *copy = memory_strdup(pattern), *family;
	const char *result = NULL;

	if (parse_pattern(copy, &request, &family)) {
		for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
			request.family = families[i];
			if (!text_match(family, families[i]))
				continue;
			if (!backend)
				tracepoint_report_no_backend(frontend, NULL);
			else if (text_has_wildcard(request.name))
				print_wildcard(&request);
			else
				print_literal(&request);
		}
	}
	if (text.length)
		result = arena_memdup(frontend_arena(frontend), buf_text(&text), text.length);
	buf_free(&text);
	free(copy);
	return result;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static struct buf aliases_of(const char *name, bool entry, const char *event, const char *fields)
{
	struct tracefs tracefs = { .arena = arena_new() };
	struct buf out = BUF_INIT;
	struct alias_request request = {
		.tracefs = &tracefs, .family = "syscall", .name = name,
		.entry = entry, .exit = !entry, .out = &out,
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
	struct buf text = aliases_of("*", true, "newfstat",
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
	struct buf text = aliases_of("sethostname", true, "sethostname",
				     "\tfield:char * name;\toffset:16;\n");

	CHECK(strstr(buf_text(&text), "\tname_uaddr = $name\n"));
	CHECK(strstr(buf_text(&text), "\tname = \"sethostname\"\n"));
	buf_free(&text);
}

UNIT_TEST_CASE(syscall_alias_answers_to_both_names)
{
	struct buf text = aliases_of("pipe2", false, "pipe2", "");

	CHECK(text_starts_with(buf_text(&text), "probe syscall.pipe2.return = "));
	buf_free(&text);
	text = aliases_of("p[i]pe", false, "pipe2", "");
	CHECK(text_starts_with(buf_text(&text), "probe syscall.pipe.return = "));
	CHECK(strstr(buf_text(&text), "name = \"pipe2\""));
	buf_free(&text);
	text = aliases_of("read", false, "write", "");
	CHECK_INT(text.length, 0);
	buf_free(&text);
}
#endif
