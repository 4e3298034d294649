// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions with a body in C. All bodies of a program become one C file, compiled by the system's
 * compiler into a shared object in a temporary directory, loaded, and removed at once. What the
 * bodies see of us is the text in `prologue`: STAP_ARG_x, STAP_RETVALUE, STAP_RETURN, STAP_ERROR,
 * STAP_PRINTF, STAP_NEXT over struct embedded_frame, which is declared in both places alike, and
 * STAP_GLOBAL_GET_x, STAP_GLOBAL_SET_x for the globals named in a body's markers.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "builtin.h"
#include "bytecode.h"
#include "global.h"

extern char **environ;

union embedded_value {
	int64_t number;
	const char *text;
};

struct embedded_frame {
	const union embedded_value *arguments;
	int64_t number;
	char *text;		/* result of a string function, MAXSTRINGLEN bytes */
	char *error;		/* STAP_ERROR's message, MAXSTRINGLEN bytes; empty for none */
	struct embedded_call *owner;
	void (*print)(struct embedded_call *owner, const char *text, unsigned long length);
	union embedded_value (*get)(struct embedded_call *owner, unsigned slot,
				    const union embedded_value *keys);
	void (*set)(struct embedded_call *owner, unsigned slot, const union embedded_value *keys,
		    union embedded_value value);
	int verdict;		/* the C side's own: what the body ended with */
};

struct embedded {
	void *handle;
	char *texts;		/* frame.text and frame.error of the call that runs */
};

/* what the callbacks of one call reach */
struct embedded_call {
	struct vm_session *session;
	struct global *globals;
};

static const char prologue[] =
	"#include <ctype.h>\n#include <errno.h>\n#include <fcntl.h>\n#include <limits.h>\n"
	"#include <poll.h>\n#include <sched.h>\n#include <signal.h>\n#include <stdarg.h>\n"
	"#include <stdbool.h>\n#include <stdint.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
	"#include <string.h>\n#include <time.h>\n#include <unistd.h>\n#include <sys/mman.h>\n"
	"#include <sys/socket.h>\n#include <sys/stat.h>\n#include <sys/types.h>\n"
	"#include <sys/wait.h>\n#include <netinet/in.h>\n"
	"union stap_value { int64_t number; const char *text; };\n"
	"struct stap_frame { const union stap_value *arguments; int64_t number; char *text;\n"
	"	char *error; void *owner; void (*print)(void *, const char *, unsigned long);\n"
	"	union stap_value (*get)(void *, unsigned, const union stap_value *);\n"
	"	void (*set)(void *, unsigned, const union stap_value *, union stap_value);\n"
	"	int verdict; };\n"
	"static inline size_t stap_strlcpy(char *to, const char *from, size_t size)\n"
	"{ size_t n = strlen(from); if (size) { size_t k = n < size ? n : size - 1;\n"
	"  memcpy(to, from, k); to[k] = 0; } return n; }\n"
	"static inline size_t stap_strlcat(char *to, const char *from, size_t size)\n"
	"{ size_t n = strnlen(to, size); return n + stap_strlcpy(to + n, from, size - n); }\n"
	"#undef strlcpy\n#undef strlcat\n"
	"#define strlcpy stap_strlcpy\n#define strlcat stap_strlcat\n"
	"#ifndef min\n" /* the kernel's */
	"#define min(a, b) ({ __auto_type x_ = (a); __auto_type y_ = (b); x_ < y_ ? x_ : y_; })\n"
	"#define max(a, b) ({ __auto_type x_ = (a); __auto_type y_ = (b); x_ > y_ ? x_ : y_; })\n"
	"#endif\n"
	"static void stap_print(struct stap_frame *frame, const char *format, ...)\n"
	"{ char *text; va_list args; va_start(args, format);\n"
	"  int n = vasprintf(&text, format, args); va_end(args);\n"
	"  if (n >= 0) { frame->print(frame->owner, text, n); free(text); } }\n"
	"#define STAP_PRINTF(...) stap_print(stap_frame, __VA_ARGS__)\n"
	"#define STAP_ERROR(...) do { snprintf(stap_frame->error, MAXSTRINGLEN, __VA_ARGS__);"
	" stap_frame->verdict = 1; return; } while (0)\n"
	"#define STAP_NEXT do { stap_frame->verdict = 2; return; } while (0)\n"
	"static int64_t stap_kept; static char stap_kept_text[MAXSTRINGLEN];\n"
	"static inline void stap_keep(int64_t number) { stap_kept = number; }\n"
	"static inline void stap_keep_text(const char *text)\n"
	"{ stap_strlcpy(stap_kept_text, text, MAXSTRINGLEN); }\n";

static bool needs_loading(const struct bytecode *bytecode)
{
	for (size_t i = 0; i < bytecode->function_count; i++)
		if (bytecode->functions[i].function->embedded)
			return true;
	return false;
}

/* ---- the C file ---- */

static void add_line_directive(const struct token *token, struct buf *out)
{
	if (token && token->place.file)
		buf_printf(out, "#line %u \"%s\"\n", token->place.line, token->place.file->name);
}

static const char *member(enum type type)
{
	return type == TYPE_STRING ? "text" : "number";
}

static void add_keys(const struct variable *variable, struct buf *out)
{
	buf_puts(out, "(union stap_value[]){ { 0 }");
	for (unsigned i = 0; i < variable->index_count; i++)
		buf_printf(out, ", { .%s = (k%u) }", member(variable->index_types[i]), i);
	buf_puts(out, " } + 1");
}

static void add_key_names(const struct variable *variable, struct buf *out)
{
	for (unsigned i = 0; i < variable->index_count; i++)
		buf_printf(out, "%sk%u", i ? ", " : "", i);
}

static void add_global(const struct variable *variable, struct buf *out)
{
	const char *value = member(variable->type);

	buf_printf(out, "#define STAP_GLOBAL_GET_%s(", variable->name);
	add_key_names(variable, out);
	buf_printf(out, ") (stap_frame->get(stap_frame->owner, %u, ", variable->slot);
	add_keys(variable, out);
	buf_printf(out, ").%s)\n#define STAP_GLOBAL_SET_%s(", value, variable->name);
	add_key_names(variable, out);
	buf_printf(out, "%svalue) stap_frame->set(stap_frame->owner, %u, ",
		   variable->index_count ? ", " : "", variable->slot);
	add_keys(variable, out);
	buf_printf(out, ", (union stap_value){ .%s = (value) })\n", value);
}

static void add_globals(const struct function *function, struct buf *out)
{
	const struct expr *uses = function->body ? function->body->expr : NULL;

	for (size_t i = 0; uses && i < uses->arg_count; i++)
		if (uses->args[i]->variable->type != TYPE_STATS)
			add_global(uses->args[i]->variable, out);
}

/* C inside a script's function: its STAP_RETURN is that function's */
static void add_leaving_result(bool is_text, struct buf *out)
{
	buf_printf(out, "#undef STAP_RETVALUE\n#undef STAP_RETURN\n"
		   "#define STAP_RETVALUE %s\n"
		   "#define STAP_RETURN(...) do { stap_frame->number = 1;"
		   " __VA_OPT__(_Generic((__VA_ARGS__), char *: stap_keep_text,"
		   " const char *: stap_keep_text, default: stap_keep)(__VA_ARGS__);)"
		   " return; } while (0)\n", is_text ? "stap_kept_text" : "stap_kept");
}

static void add_result(bool is_string, struct buf *out)
{
	buf_printf(out, "#undef STAP_RETVALUE\n#undef STAP_RETURN\n"
		   "#define STAP_RETVALUE (stap_frame->%s)\n", is_string ? "text" : "number");
	if (is_string)
		buf_puts(out, "#define STAP_RETURN(...) do { __VA_OPT__(strlcpy("
			      "STAP_RETVALUE, (__VA_ARGS__), MAXSTRINGLEN);) return; }"
			      " while (0)\n");
	else
		buf_puts(out, "#define STAP_RETURN(...) do { __VA_OPT__("
			      "STAP_RETVALUE = (int64_t)(__VA_ARGS__);) return; } while (0)\n");
}

/* C of before STAP_ARG_x: THIS->x and THIS->__retvalue */
static void add_this(const struct function *function, size_t index, struct buf *out)
{
	buf_printf(out, "struct stap_this_%zu { ", index);
	for (size_t i = 0; i < function->parameters.count; i++) {
		const struct variable *parameter = function->parameters.items[i];

		buf_printf(out, "%s%s; ", parameter->type == TYPE_STRING ? "const char *" :
			   "int64_t ", parameter->name);
	}
	buf_printf(out, "%s__retvalue; };\n",
		   function->type == TYPE_STRING ? "char *" : "int64_t ");
}

/* the body is a function of its own, so that it may end in a plain return */
static void add_body(const struct function *function, size_t index, struct buf *out)
{
	buf_printf(out, "static void stap_inner_%zu(struct stap_frame *stap_frame, "
		   "struct stap_this_%zu *THIS)\n{ (void)stap_frame; (void)THIS; {\n", index, index);
	if (function->embedded_role == EMBEDDED_KEPT)
		buf_printf(out, "STAP_RETURN(stap_kept%s);\n",
			   function->type == TYPE_STRING ? "_text" : "");
	add_line_directive(function->embedded_token, out);
	buf_printf(out, "%s\n} }\n", function->embedded);
}

static void add_entry(const struct function *function, size_t index, bool has_this, struct buf *out)
{
	bool is_text = function->type == TYPE_STRING;

	buf_printf(out, "int stap_body_%zu(struct stap_frame *stap_frame)\n{ ", index);
	if (has_this) {
		buf_printf(out, "struct stap_this_%zu stap_this = { ", index);
		for (size_t i = 0; i < function->parameters.count; i++)
			buf_printf(out, "STAP_ARG_%s, ", function->parameters.items[i]->name);
		buf_printf(out, "%s };\n", is_text ? "stap_frame->text" : "0");
	}
	buf_printf(out, "stap_inner_%zu(stap_frame, %s);\n", index, has_this ? "&stap_this" : "NULL");
	if (has_this && !is_text)
		buf_puts(out, "if (stap_this.__retvalue) stap_frame->number = "
			 "stap_this.__retvalue;\n");
	buf_puts(out, "return stap_frame->verdict; }\n");
}

static void add_function(const struct bytecode *bytecode, size_t index, struct buf *out)
{
	const struct function *function = bytecode->functions[index].function;
	bool has_this = strstr(function->embedded, "/* unmangled */") != NULL;

	for (size_t i = 0; i < function->parameters.count; i++)
		buf_printf(out, "#define STAP_ARG_%s (stap_frame->arguments[%zu].%s)\n",
			   function->parameters.items[i]->name, i,
			   member(function->parameters.items[i]->type));
	add_globals(function, out);
	if (function->embedded_role == EMBEDDED_BODY || function->embedded_role == EMBEDDED_KEPT)
		add_result(function->type == TYPE_STRING, out);
	else
		add_leaving_result(function->embedded_role == EMBEDDED_LEAVES_TEXT, out);
	if (has_this)
		add_this(function, index, out);
	else
		buf_printf(out, "struct stap_this_%zu;\n", index);
	add_body(function, index, out);
	add_entry(function, index, has_this, out);
	for (size_t i = 0; i < function->parameters.count; i++)
		buf_printf(out, "#undef STAP_ARG_%s\n", function->parameters.items[i]->name);
}

static void add_everything(const struct bytecode *bytecode, struct buf *out)
{
	const struct program *program = bytecode->program;
	int64_t limit = bytecode->options->limits[LIMIT_MAXSTRINGLEN];

	buf_printf(out, "#define _GNU_SOURCE 1\n#define MAXSTRINGLEN %lld\n",
		   (long long)(limit > 0 ? limit : 1));
	buf_puts(out, prologue);
	for (size_t i = 0; i < program->embedded.count; i++) {
		add_line_directive(program->embedded.items[i], out);
		buf_printf(out, "%s\n", program->embedded.items[i]->text);
	}
	for (size_t i = 0; i < bytecode->function_count; i++)
		if (bytecode->functions[i].function->embedded)
			add_function(bytecode, i, out);
}

/* ---- compiling and loading ---- */

/* the paths of one compilation */
struct build {
	char *source, *object, *messages;
};

static int run_compiler(const struct build *build)
{
	char *arguments[] = {
		"cc", "-shared", "-fPIC", "-O2", "-fno-diagnostics-show-caret",
		"-fdiagnostics-color=never", "-Werror=implicit-function-declaration",
		"-o", build->object, build->source, NULL,
	};
	posix_spawn_file_actions_t actions;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, build->messages,
					 O_WRONLY | O_CREAT | O_TRUNC, 0600);
	error = program_run(arguments, &actions);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static int write_file(const char *path, const struct buf *text)
{
	FILE *file = fopen(path, "we");
	int error;

	if (!file)
		return -errno;
	error = fwrite(text->data, 1, text->length, file) == text->length ? 0 : -EIO;
	return fclose(file) && !error ? -EIO : error;
}

/* "FILE:LINE:COLUMN: error: WHAT" becomes "embedded C: WHAT at FILE:LINE"; columns are ours */
static bool report_line(const struct log *log, const char *line, size_t length)
{
	static const char mark[] = "error: ";
	const char *what = memmem(line, length, mark, strlen(mark)), *place_end = what;

	if (!what)
		return false;
	what += strlen(mark);
	place_end = memmem(line, length, ": ", 2);
	while (place_end > line && place_end[-1] != ':')
		place_end--;
	place_end -= place_end > line;
	log_error(log, "embedded C: %.*s at %.*s", (int)(line + length - what), what,
		  (int)(place_end - line), line);
	return true;
}

static void report_messages(const struct log *log, const struct build *build)
{
	struct buf text = BUF_INIT;
	const char *line;
	bool reported = false;

	if (buf_read_file(&text, build->messages))
		return;
	for (line = buf_text(&text); *line; line += strcspn(line, "\n"), line += *line == '\n')
		reported |= report_line(log, line, strcspn(line, "\n"));
	if (!reported)
		log_error(log, "embedded C: %s", buf_text(&text));
	buf_free(&text);
}

static bool compile_failed(const struct bytecode *bytecode, const struct build *build, int error)
{
	const struct log *log = &bytecode->options->log;

	if (error == -ENOENT) {
		log_error(log, "embedded C needs the system's C compiler, 'cc'");
	} else if (error == -EINVAL) {
		report_messages(log, build);
		log_error(log, "embedded C is compiled for user space here: what exists only in "
			  "the kernel is out of its reach");
	} else {
		log_error(log, "embedded C cannot be compiled: %s", strerror(-error));
	}
	return false;
}

static bool bind_bodies(struct bytecode *bytecode)
{
	for (size_t i = 0; i < bytecode->function_count; i++) {
		char name[40];

		if (!bytecode->functions[i].function->embedded)
			continue;
		snprintf(name, sizeof(name), "stap_body_%zu", i);
		*(void **)&bytecode->functions[i].embedded =
			dlsym(bytecode->embedded->handle, name);
		if (!bytecode->functions[i].embedded)
			return false;
	}
	return true;
}

/* of one string result, its NUL included */
static size_t text_size(const struct run_options *options)
{
	int64_t limit = options->limits[LIMIT_MAXSTRINGLEN];

	return limit < 1 ? 1 : limit < UINT32_MAX ? (size_t)limit : UINT32_MAX;
}

static bool load_object(struct bytecode *bytecode, const char *object)
{
	size_t size = text_size(bytecode->options);

	bytecode->embedded = memory_zalloc(sizeof(*bytecode->embedded));
	bytecode->embedded->texts = memory_alloc(2 * size);
	bytecode->embedded->handle = dlopen(object, RTLD_NOW | RTLD_LOCAL);
	if (bytecode->embedded->handle && bind_bodies(bytecode))
		return true;
	log_error(&bytecode->options->log, "embedded C cannot be loaded: %s", dlerror());
	return false;
}

static bool build(struct bytecode *bytecode, const char *directory)
{
	struct buf text = BUF_INIT;
	const struct build build = {
		.source = arena_printf(bytecode->arena, "%s/embedded.c", directory),
		.object = arena_printf(bytecode->arena, "%s/embedded.so", directory),
		.messages = arena_printf(bytecode->arena, "%s/messages", directory),
	};
	bool ok;
	int error;

	add_everything(bytecode, &text);
	error = write_file(build.source, &text);
	if (!error)
		error = run_compiler(&build);
	ok = error ? compile_failed(bytecode, &build, error) : load_object(bytecode, build.object);
	unlink(build.source);
	unlink(build.object);
	unlink(build.messages);
	buf_free(&text);
	return ok;
}

bool embedded_load(struct bytecode *bytecode)
{
	const char *parent = getenv("TMPDIR");
	char *directory;
	bool ok;

	if (!needs_loading(bytecode))
		return true;
	directory = arena_printf(bytecode->arena, "%s/stap-XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(directory)) {
		log_error(&bytecode->options->log, "cannot make a directory in %s: %s",
			  parent ? parent : "/tmp", strerror(errno));
		return false;
	}
	ok = build(bytecode, directory);
	rmdir(directory);
	return ok;
}

void embedded_free(struct embedded *embedded)
{
	if (!embedded)
		return;
	if (embedded->handle)
		dlclose(embedded->handle);
	free(embedded->texts);
	free(embedded);
}

/* ---- calling ---- */

static void add_output(struct embedded_call *call, const char *text, unsigned long length)
{
	buf_add(&call->session->output, text, length);
	vm_output_check(call->session);
}

/* the array's keys as values of ours: strings are one reference each */
static void take_keys(const struct global *global, const union embedded_value *from,
		      union value *keys)
{
	for (unsigned i = 0; i < global->key_count; i++) {
		if (global->variable->index_types[i] == TYPE_STRING)
			keys[i].string = str_new(from[i].text, strlen(from[i].text));
		else
			keys[i].number = from[i].number;
	}
}

static void drop_keys(const struct global *global, const union value *keys)
{
	for (unsigned i = 0; i < global->key_count; i++)
		if (global->variable->index_types[i] == TYPE_STRING)
			str_unref(keys[i].string);
}

static union embedded_value get_global(struct embedded_call *call, unsigned slot,
				       const union embedded_value *from)
{
	struct global *global = &call->globals[slot];
	const union value *value = &global->value;
	union value keys[MAX_INDEXES];

	if (global->map) {
		take_keys(global, from, keys);
		value = map_get(global->map, keys);
		drop_keys(global, keys);
	}
	if (global->variable->type == TYPE_STRING)
		return (union embedded_value){ .text = value ? value->string->data : "" };
	return (union embedded_value){ .number = value ? value->number : 0 };
}

/* an array that is full stays as it is */
static void set_global(struct embedded_call *call, unsigned slot, const union embedded_value *from,
		       union embedded_value to)
{
	struct global *global = &call->globals[slot];
	union value *value = &global->value, keys[MAX_INDEXES];
	struct str *str;

	if (global->map) {
		take_keys(global, from, keys);
		value = map_reach(global->map, keys);
		drop_keys(global, keys);
	}
	if (!value)
		return;
	if (global->variable->type != TYPE_STRING) {
		value->number = to.number;
		return;
	}
	str = str_new(to.text, native_limit_length(call->session, strlen(to.text)));
	str_unref(value->string);
	value->string = str;
}

static void fill_arguments(const struct code *code, const union value *from,
			   union embedded_value *to)
{
	for (size_t i = 0; i < code->parameter_count; i++) {
		if (code->parameters[i] >= code->longs)
			to[i].text = from[i].string->data;
		else
			to[i].number = from[i].number;
	}
}

int embedded_call(struct bytecode *bytecode, const struct code *code,
		  const union value *arguments, struct global *globals,
		  struct vm_session *session, union value *result, struct buf *error)
{
	union embedded_value values[OPERANDS_MAX];
	size_t size = text_size(bytecode->options);
	char *texts = bytecode->embedded->texts;
	struct embedded_call call = { session, globals };
	struct embedded_frame frame = {
		.arguments = values, .text = texts, .error = texts + size,
		.owner = &call, .print = add_output, .get = get_global, .set = set_global,
	};
	int verdict;

	texts[0] = texts[size] = '\0';
	fill_arguments(code, arguments, values);
	verdict = code->embedded(&frame);
	if (code->function->type == TYPE_STRING)
		result->string = str_new(texts, strnlen(texts, size - 1));
	else
		result->number = frame.number;
	if (verdict == EMBEDDED_ERROR) {
		buf_reset(error);
		buf_puts(error, frame.error);
	}
	return verdict;
}
