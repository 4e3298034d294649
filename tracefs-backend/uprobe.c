// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The families process(…).function, .statement, .plt, .mark and their kin: places in programs and
 * libraries, by path, by process, or of the target that -x or -c names. A uprobe belongs to a file:
 * it fires in every process that runs it, and process(PID) sorts the others out.
 *
 * Where a function begins with a landing pad (endbr64) and an instruction the kernel emulates
 * comes next, the probe is put there: single-stepping the pad would cost thirteen times as much.
 */
#include <errno.h>
#include <inttypes.h>

#include "code-probe.h"
#include "families.h"
#include "probed-file.h"

/* enough for a landing pad and any instruction behind it */
#define CODE_BYTES 20

/* ---- where the definition goes ---- */

static unsigned step_entry(const struct probed_file *file, const struct code_place *place)
{
	unsigned char code[CODE_BYTES];
	size_t size;

	if (!place->at_entry || place->is_inline)
		return 0;
	size = probed_file_read(file, place->file_offset, code, sizeof(code));
	return trace_arch_step_entry(file->arch, code, size);
}

static bool will_step(const struct probed_file *file, uint64_t offset)
{
	unsigned char code[CODE_BYTES];
	size_t size = probed_file_read(file, offset, code, sizeof(code));
	unsigned length;

	return file->arch->classify(code, size, &length) != INSTRUCTION_EMULATED;
}

static const struct define_place *uprobe_locate(struct code_request *request,
						const struct code_place *place,
						struct buf *problem)
{
	struct arena *arena = request->match->arena;
	struct tracefs *tracefs = request->match->backend;
	const struct probed_file *file = request->data;
	struct define_place *where;
	unsigned step = step_entry(file, place);
	uint64_t offset = place->file_offset + step;

	(void)problem;
	where = arena_new_object(arena, struct define_place);
	where->where = place->semaphore_offset ?
		arena_printf(arena, "%s:0x%" PRIx64 "(0x%" PRIx64 ")", file->target, offset,
			     place->semaphore_offset) :
		arena_printf(arena, "%s:0x%" PRIx64, file->target, offset);
	where->name = place->mark ? place->mark : place->function ? place->function : "address";
	where->is_return = place->is_return;
	where->is_one_of_many = request->is_one_of_many;
	where->address = place->address + step;
	where->fetch = (struct fetch_place){
		.arch = file->arch,
		.is_user = true,
		.file_delta = (int64_t)(place->file_offset - place->address),
	};
	if (will_step(file, offset))
		log_info(&tracefs->options.log, 2, "%s (%s): its instruction is single-stepped, "
			 "which costs some 10 µs a hit", where->where, where->name);
	return where;
}

/* ---- which files ---- */

static int run_in_file(struct code_request *request, struct probed_file *file)
{
	struct family_match *match = request->match;
	struct buf problem = BUF_INIT;
	struct module *module = probed_file_module(match->frontend, file,
						   &problem);

	if (!module)
		return code_request_fail(request, request->subject->token, &problem);
	buf_free(&problem);
	request->data = file;
	return code_request_run(request, module);
}

static int run_in_libraries(struct code_request *request, const struct probed_file *program,
			    const struct point_component *library)
{
	struct tracefs *tracefs = request->match->backend;
	const struct probe_point *point = request->concrete;
	struct buf problem = BUF_INIT;
	probed_files files = { 0 };
	int error = 0;

	if (probed_files_library(tracefs, program, request->pid, library->string, &files,
				 &problem) < 0)
		return code_request_fail(request, library->token, &problem);
	buf_free(&problem);
	request->is_one_of_many |= files.count > 1;
	for (size_t i = 0; i < files.count; i++) {
		request->concrete = code_point_with(request->match->arena, point, "library",
						    files.items[i]->path);
		error = run_in_file(request, files.items[i]);
	}
	return request->match->emitted ? 0 : error;
}

static int run_in_program(struct code_request *request, struct probed_file *program)
{
	const struct point_component *library = code_point_component(request->match->point,
								     "library");

	return library ? run_in_libraries(request, program, library) :
			 run_in_file(request, program);
}

/* ---- which programs ---- */

static const struct point_component *process_component(const struct family_match *match)
{
	return &match->point->components.items[0];
}

static int run_by_path(struct code_request *request, const char *pattern)
{
	struct family_match *match = request->match;
	struct buf problem = BUF_INIT;
	probed_files files = { 0 };
	int error = 0;

	if (probed_files_find(match->backend, pattern, &files, &problem) < 0)
		return code_request_fail(request, process_component(match)->token, &problem);
	buf_free(&problem);
	request->is_one_of_many |= files.count > 1;
	for (size_t i = 0; i < files.count; i++) {
		request->concrete = code_point_with(match->arena, match->point, "process",
						    files.items[i]->path);
		error = run_in_program(request, files.items[i]);
	}
	return match->emitted ? 0 : error;
}

/* .statement(ADDRESS).absolute of a process: an address of its memory */
static int run_at_memory(struct code_request *request)
{
	struct family_match *match = request->match;
	struct code_place *place = arena_new_object(match->arena, struct code_place);
	struct buf problem = BUF_INIT;
	struct probed_file *file = probed_file_at(match->backend, request->pid,
						  request->query.address, &place->file_offset,
						  &problem);

	if (file)
		place->module = probed_file_module(match->frontend, file,
						   &problem);
	if (!place->module)
		return code_request_fail(request, request->subject->token, &problem);
	buf_free(&problem);
	/* the file's own addresses are not known here: offsets do as well */
	place->address = place->file_offset;
	request->data = file;
	code_request_emit(request, place, &problem);
	return 0;
}

static int run_by_pid(struct code_request *request, pid_t pid)
{
	struct family_match *match = request->match;
	struct buf problem = BUF_INIT;
	struct probed_file *program;

	request->pid = pid;
	if (request->is_absolute)
		return run_at_memory(request);
	program = probed_file_of_process(match->backend, pid, &problem);
	if (!program)
		return code_request_fail(request, process_component(match)->token, &problem);
	buf_free(&problem);
	return run_in_program(request, program);
}

/* the program of -c is what its first word names */
static int run_in_target(struct code_request *request)
{
	struct family_match *match = request->match;
	const struct tracefs_options *options = &((struct tracefs *)match->backend)->options;
	struct buf problem = BUF_INIT;
	struct probed_file *program;
	const char *command = options->command;

	request->tree = options->target_pid;
	if (command) {
		command += strspn(command, " \t");
		return run_by_path(request, arena_printf(match->arena, "%.*s",
							 (int)strcspn(command, " \t\n;&|<>()"),
							 command));
	}
	if (!options->target_pid) {
		diag_error(match->frontend, process_component(match)->token,
			   "process without a path or number means the target: give one with -c "
			   "or -x");
		return -ENOENT;
	}
	program = probed_file_of_process(match->backend, options->target_pid, &problem);
	if (!program)
		return code_request_fail(request, process_component(match)->token, &problem);
	buf_free(&problem);
	request->concrete = code_point_with(match->arena, match->point, "process", program->path);
	return run_in_program(request, program);
}

static int uprobe_resolve(struct family_match *match)
{
	struct code_request request = { .locate = uprobe_locate };
	const struct point_component *process = process_component(match);
	int error;

	if (!match->backend) {
		tracepoint_report_no_backend(match->frontend, process->token);
		return -ENOENT;
	}
	error = code_request_parse(match, &request);
	if (error)
		return error;
	switch (process->argument_kind) {
	case ARGUMENT_STRING:
		return run_by_path(&request, process->string);
	case ARGUMENT_NUMBER:
		return run_by_pid(&request, process->number);
	default:
		return run_in_target(&request);
	}
}

/* ---- rows ---- */

#define ROW(text, what) {                                                                       \
	.pattern = text, .source = FAMILY_TRACEFS, .resolve = uprobe_resolve,                   \
	.entry = code_probe_entry, .describe = code_probe_describe, .summary = what,            \
}
#define CODE_ROWS(place)                                                                        \
	ROW(place ".function(string)", "where functions of a program begin"),                   \
	ROW(place ".function(number)", "the function at an address"),                           \
	ROW(place ".function(string).call", "functions that are not inlined"),                  \
	ROW(place ".function(number).call", "the function at an address, not inlined"),         \
	ROW(place ".function(string).return", "where functions return"),                        \
	ROW(place ".function(number).return", "where the function at an address returns"),      \
	ROW(place ".function(string).return.maxactive(number)", "the same; no limit is needed"),\
	ROW(place ".function(number).return.maxactive(number)", "the same; no limit is needed"),\
	ROW(place ".function(string).inline", "inlined copies of functions"),                   \
	ROW(place ".function(number).inline", "inlined copies of the function at an address"),  \
	ROW(place ".function(string).exported", "functions other files may call"),              \
	ROW(place ".function(number).exported", "the function at an address, if exported"),     \
	ROW(place ".function(string).label(string)", "labels in functions"),                    \
	ROW(place ".function(string).callee(string)", "functions that functions call"),         \
	ROW(place ".function(string).callee(string).call", "the same without inlined copies"),  \
	ROW(place ".function(string).callee(string).return", "where these return"),         \
	ROW(place ".function(string).callees", "all functions that functions call"),            \
	ROW(place ".function(string).callees(number)", "the same, so many calls deep"),         \
	ROW(place ".statement(string)", "lines of the source"),                                 \
	ROW(place ".statement(string).nearest", "lines of the source, or the next with code"),  \
	ROW(place ".statement(number)", "an address in the file"),                              \
	ROW(place ".statement(number).nearest", "the line's first address at or before one"),   \
	ROW(place ".mark(string)", "static marks (SDT, USDT)"),                                 \
	ROW(place ".provider(string).mark(string)", "static marks of a provider"),              \
	ROW(place ".plt", "calls into libraries"),                                              \
	ROW(place ".plt.return", "returns from libraries"),                                     \
	ROW(place ".plt(string)", "calls of a library's functions"),                            \
	ROW(place ".plt(string).return", "returns from a library's functions")

const struct family uprobe_families[] = {
	CODE_ROWS("process(string)"),
	CODE_ROWS("process(string).library(string)"),
	CODE_ROWS("process(number)"),
	CODE_ROWS("process(number).library(string)"),
	CODE_ROWS("process"),
	CODE_ROWS("process.library(string)"),
	ROW("process(number).statement(number).absolute", "an address in a process's memory"),
};
const size_t uprobe_family_count = ARRAY_SIZE(uprobe_families);
