// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions with a body in C. All bodies of a program become one C file, compiled by the system's
 * compiler into a shared object in a temporary directory, loaded, and removed at once. What the
 * bodies see of us is the text in `prologue`: STAP_ARG_x, STAP_RETVALUE, STAP_RETURN, STAP_ERROR,
 * STAP_PRINTF, STAP_NEXT over struct embedded_frame, which is declared in both places alike.
 */
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builtin.h"
#include "bytecode.h"

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
	void *owner;
	void (*print)(void *owner, const char *text, unsigned long length);
};

struct embedded {
	void *handle;
};

static const char prologue[] =
	"#include <errno.h>\n#include <stdarg.h>\n#include <stdint.h>\n#include <stdio.h>\n"
	"#include <stdlib.h>\n#include <string.h>\n#include <time.h>\n#include <unistd.h>\n"
	"union stap_value { int64_t number; const char *text; };\n"
	"struct stap_frame { const union stap_value *arguments; int64_t number; char *text;\n"
	"	char *error; void *owner; void (*print)(void *, const char *, unsigned long); };\n"
	"static inline size_t stap_strlcpy(char *to, const char *from, size_t size)\n"
	"{ size_t n = strlen(from); if (size) { size_t k = n < size ? n : size - 1;\n"
	"  memcpy(to, from, k); to[k] = 0; } return n; }\n"
	"static inline size_t stap_strlcat(char *to, const char *from, size_t size)\n"
	"{ size_t n = strnlen(to, size); return n + stap_strlcpy(to + n, from, size - n); }\n"
	"#undef strlcpy\n#undef strlcat\n"
	"#define strlcpy stap_strlcpy\n#define strlcat stap_strlcat\n"
	"static void stap_print(struct stap_frame *frame, const char *format, ...)\n"
	"{ char *text; va_list args; va_start(args, format);\n"
	"  int n = vasprintf(&text, format, args); va_end(args);\n"
	"  if (n >= 0) { frame->print(frame->owner, text, n); free(text); } }\n"
	"#define STAP_PRINTF(...) stap_print(stap_frame, __VA_ARGS__)\n"
	"#define STAP_ERROR(...) do { snprintf(stap_frame->error, MAXSTRINGLEN, __VA_ARGS__);"
	" return 1; } while (0)\n"
	"#define STAP_NEXT return 2\n";

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

static void add_function(const struct bytecode *bytecode, size_t index, struct buf *out)
{
	const struct function *function = bytecode->functions[index].function;
	bool is_string = function->type == TYPE_STRING;

	for (size_t i = 0; i < function->parameters.count; i++)
		buf_printf(out, "#define STAP_ARG_%s (stap_frame->arguments[%zu].%s)\n",
			   function->parameters.items[i]->name, i,
			   function->parameters.items[i]->type == TYPE_STRING ? "text" : "number");
	buf_printf(out, "#define STAP_RETVALUE (stap_frame->%s)\n", is_string ? "text" : "number");
	if (is_string)
		buf_puts(out, "#define STAP_RETURN(...) do { __VA_OPT__(strlcpy("
			      "STAP_RETVALUE, (__VA_ARGS__), MAXSTRINGLEN);) return 0; }"
			      " while (0)\n");
	else
		buf_puts(out, "#define STAP_RETURN(...) do { __VA_OPT__("
			      "STAP_RETVALUE = (int64_t)(__VA_ARGS__);) return 0; } while (0)\n");
	buf_printf(out, "int stap_body_%zu(struct stap_frame *stap_frame)\n{ (void)stap_frame; {\n",
		   index);
	add_line_directive(function->token, out);
	buf_printf(out, "%s\n} return 0; }\n#undef STAP_RETVALUE\n#undef STAP_RETURN\n",
		   function->embedded);
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

static int run_compiler(char *source, char *object)
{
	char *arguments[] = { "cc", "-shared", "-fPIC", "-O2", "-w", "-o", object, source, NULL };
	pid_t child;
	int status, error = posix_spawnp(&child, "cc", NULL, NULL, arguments, environ);

	if (error)
		return -error;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EINVAL;
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

static bool compile_failed(const struct bytecode *bytecode, const struct buf *text, int error)
{
	const struct log *log = &bytecode->options->log;

	if (error == -ENOENT)
		log_error(log, "functions with C bodies need the system's C compiler, 'cc'");
	else if (strstr(buf_text(text), "<linux/") || strstr(buf_text(text), "<asm/"))
		log_error(log, "a C body asks for headers of the kernel: C bodies run in user "
			  "space here, what exists only in the kernel is out of their reach");
	else
		log_error(log, "a C body cannot be compiled for user space: %s",
			  error == -EINVAL ? "see above" : strerror(-error));
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

static bool load_object(struct bytecode *bytecode, const char *object)
{
	bytecode->embedded = memory_zalloc(sizeof(*bytecode->embedded));
	bytecode->embedded->handle = dlopen(object, RTLD_NOW | RTLD_LOCAL);
	if (bytecode->embedded->handle && bind_bodies(bytecode))
		return true;
	log_error(&bytecode->options->log, "a C body cannot be loaded: %s", dlerror());
	return false;
}

static bool build(struct bytecode *bytecode, const char *directory)
{
	struct buf text = BUF_INIT;
	char *source = arena_printf(bytecode->arena, "%s/embedded.c", directory);
	char *object = arena_printf(bytecode->arena, "%s/embedded.so", directory);
	bool ok;
	int error;

	add_everything(bytecode, &text);
	error = write_file(source, &text);
	if (!error)
		error = run_compiler(source, object);
	ok = error ? compile_failed(bytecode, &text, error) : load_object(bytecode, object);
	unlink(source);
	unlink(object);
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
	free(embedded);
}

/* ---- calling ---- */

static void add_output(void *owner, const char *text, unsigned long length)
{
	struct vm_session *session = owner;

	buf_add(&session->output, text, length);
	vm_output_check(session);
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

int embedded_call(const struct code *code, const union value *arguments,
		  struct vm_session *session, union value *result, struct buf *error)
{
	union embedded_value values[OPERANDS_MAX];
	size_t size = native_limit_length(session, SIZE_MAX) + 1;
	char *texts = memory_alloc(2 * size);
	struct embedded_frame frame = {
		.arguments = values, .text = texts, .error = texts + size,
		.owner = session, .print = add_output,
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
	free(texts);
	return verdict;
}
