// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The families kernel.function, .statement, module(…) and kprobe.*: places in the running kernel,
 * named by symbol and offset as kprobe_events takes them. kernel.mark, long gone from kernels, has
 * a row that says so.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <unistd.h>

#include "code-probe.h"
#include "families.h"

/* ---- where the definition goes ---- */

/* what the kernel's parser takes for one word and no part of an offset or module */
static bool is_symbol_word(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("_.$", *name))
			return false;
	return true;
}

/* "vfs_read+4", "ext4:ext4_sync_file", or a bare address */
static const char *kernel_where(struct code_request *request, const struct code_place *place)
{
	struct arena *arena = request->match->arena;
	const char *module = request->data;

	if (!place->symbol || !is_symbol_word(place->symbol))
		return arena_printf(arena, "0x%" PRIx64, place->address);
	if (!place->symbol_offset)
		return arena_printf(arena, "%s%s%s", module ? module : "", module ? ":" : "",
				    place->symbol);
	return arena_printf(arena, "%s%s%s+%" PRIu64, module ? module : "", module ? ":" : "",
			    place->symbol, place->symbol_offset);
}

/*
 * the wildcard that found the function, where nothing else is asked than that one's entry or return
 */
static const char *kernel_glob(struct code_request *request, const struct code_place *place)
{
	const struct place_query *query = &request->query;

	if (!request->is_one_of_many || request->data || request->maxactive || !query->pattern ||
	    query->what != PLACE_FUNCTION || query->callee || place->is_inline ||
	    place->symbol_offset || !place->symbol || !is_symbol_word(place->symbol))
		return NULL;
	return arena_printf(request->match->arena, "%.*s", (int)strcspn(query->pattern, "@"),
			    query->pattern);
}

/* this machine's, unless another one was named with -a */
static const struct trace_arch *kernel_arch(struct frontend *frontend)
{
	const char *name = frontend_get_options(frontend)->arch;

	return (name ? trace_arch_by_name(name) : NULL) ?: trace_arch_host();
}

static const struct define_place *kprobe_locate(struct code_request *request,
						const struct code_place *place,
						struct buf *problem)
{
	struct define_place *where;

	if (!place->symbol && !place->address) {
		buf_printf(problem, "nothing is known of where '%s' is in the kernel",
			   place->function ? place->function : "it");
		return NULL;
	}
	where = arena_new_object(request->match->arena, struct define_place);
	where->where = kernel_where(request, place);
	where->name = place->function ? place->function : "address";
	where->is_return = place->is_return;
	where->is_one_of_many = request->is_one_of_many;
	where->glob = kernel_glob(request, place);
	where->maxactive = place->is_return ? request->maxactive : 0;
	where->address = place->address;
	where->fetch.arch = kernel_arch(request->match->frontend);
	return where;
}

/* ---- which modules ---- */

static int run_in_kernel(struct code_request *request, const char *name)
{
	struct family_match *match = request->match;
	struct buf problem = BUF_INIT;
	struct module *module;

	module = debuginfo_open_kernel(frontend_debuginfo(match->frontend), name, &problem);
	if (!module)
		return code_request_fail(request, request->subject->token, &problem);
	buf_free(&problem);
	request->data = (void *)name;
	return code_request_run(request, module);
}

static int report_no_module(struct code_request *request, const struct point_component *component)
{
	diag_error(request->match->frontend, component->token,
		   "no kernel module '%s' is loaded", component->string);
	return -ENOENT;
}

/* each loaded module whose name matches; '-' and '_' are the same to the kernel */
static int run_in_modules(struct code_request *request, const struct point_component *component)
{
	struct family_match *match = request->match;
	const struct probe_point *point = request->concrete;
	char *pattern = arena_strdup(match->arena, component->string), *name, *rest;
	struct buf text = BUF_INIT;
	int error = 0, modules = 0;

	for (char *c = pattern; *c; c++)
		*c = *c == '-' ? '_' : *c;
	if (frontend_get_options(match->frontend)->is_foreign)
		return run_in_kernel(request, pattern);
	request->is_one_of_many |= text_has_wildcard(pattern);
	if (buf_read_file(&text, "/proc/modules") == 0 && text.length)
		for (name = strtok_r(text.data, "\n", &rest); name;
		     name = strtok_r(NULL, "\n", &rest)) {
			name[strcspn(name, " ")] = '\0';
			if (!text_match(pattern, name) || !is_symbol_word(name))
				continue;
			modules++;
			request->concrete = code_point_with(match->arena, point, component->name,
							    name);
			error = run_in_kernel(request, arena_strdup(match->arena, name));
		}
	buf_free(&text);
	if (!modules)
		return report_no_module(request, component);
	return match->emitted ? 0 : error;
}

/* ---- points ---- */

static bool has_kprobes(const struct tracefs *tracefs)
{
	char path[PATH_MAX];

	return tracefs->options.plan_only ||
	       (tracefs_path(tracefs, path, sizeof(path), "kprobe_events") &&
		access(path, F_OK) == 0);
}

/* .statement(ADDRESS).absolute: no debug info is asked, only which symbol is there */
static int run_at_address(struct code_request *request)
{
	struct buf problem = BUF_INIT;
	struct module *module;

	if (!frontend_get_options(request->match->frontend)->guru) {
		diag_error(request->match->frontend, request->subject->token,
			   "an absolute kernel address may only be probed in guru mode (-g)");
		return -EPERM;
	}
	module = debuginfo_open_kernel(frontend_debuginfo(request->match->frontend), NULL, &problem);
	if (!module)
		return code_request_fail(request, request->subject->token, &problem);
	buf_free(&problem);
	request->query.is_absolute = true;
	return code_request_run(request, module);
}

static int kprobe_resolve(struct family_match *match)
{
	const struct point_component *first = &match->point->components.items[0], *module;
	struct code_request request = { .locate = kprobe_locate };
	int error;

	if (!match->backend) {
		tracepoint_report_no_backend(match->frontend, first->token);
		return -ENOENT;
	}
	if (!has_kprobes(match->backend)) {
		diag_error(match->frontend, first->token, "this kernel has no kprobes "
			   "(CONFIG_KPROBE_EVENTS): no function of it can be probed");
		return -ENOENT;
	}
	error = code_request_parse(match, &request);
	if (error)
		return error;
	if (request.is_absolute)
		return run_at_address(&request);
	module = code_point_component(match->point, "module");
	return module ? run_in_modules(&request, module) : run_in_kernel(&request, NULL);
}

static int mark_resolve(struct family_match *match)
{
	size_t id = diag_error(match->frontend, match->point->components.items[1].token,
			       "kernel markers left the kernel in 2.6.32: there are none to probe");

	diag_hint(match->frontend, id, "kernel.trace(\"…\") probes their successors; "
				       "`stap -l 'kernel.trace(\"*\")'` lists them");
	return -ENOENT;
}

/* ---- rows ---- */

#define ROW(text, what) {                                                                       \
	.pattern = text, .source = FAMILY_TRACEFS, .resolve = kprobe_resolve,                   \
	.entry = code_probe_entry, .describe = code_probe_describe, .summary = what,            \
}
#define KERNEL_ROWS(place)                                                                      \
	ROW(place ".function(string)", "where functions of the kernel begin"),                  \
	ROW(place ".function(number)", "the function at an address"),                           \
	ROW(place ".function(string).call", "functions that are not inlined"),                  \
	ROW(place ".function(number).call", "the function at an address, not inlined"),         \
	ROW(place ".function(string).return", "where functions return"),                        \
	ROW(place ".function(number).return", "where the function at an address returns"),      \
	ROW(place ".function(string).return.maxactive(number)",                                 \
	    "the same, with room for so many calls at once"),                                   \
	ROW(place ".function(number).return.maxactive(number)",                                 \
	    "the same, with room for so many calls at once"),                                   \
	ROW(place ".function(string).inline", "inlined copies of functions"),                   \
	ROW(place ".function(number).inline", "inlined copies of the function at an address"),  \
	ROW(place ".function(string).exported", "functions that modules may call"),             \
	ROW(place ".function(number).exported", "the function at an address, if exported"),     \
	ROW(place ".function(string).label(string)", "labels in functions"),                    \
	ROW(place ".function(string).callee(string)", "functions that functions call"),         \
	ROW(place ".function(string).callee(string).call", "the same without inlined copies"),  \
	ROW(place ".function(string).callee(string).return", "where these return"),         \
	ROW(place ".function(string).callees", "all functions that functions call"),            \
	ROW(place ".function(string).callees(number)", "the same, so many calls deep"),         \
	ROW(place ".statement(string)", "lines of the source"),                                 \
	ROW(place ".statement(string).nearest", "lines of the source, or the next with code"),  \
	ROW(place ".statement(number)", "an address"),                                          \
	ROW(place ".statement(number).nearest", "the line's first address at or before one"),   \
	ROW(place ".statement(number).absolute", "an address of memory (guru mode)")

#define SYMBOL_ROWS(place)                                                                      \
	ROW(place ".function(string)", "where functions begin, found by symbol"),               \
	ROW(place ".function(string).call", "the same"),                                        \
	ROW(place ".function(string).return", "where functions return, found by symbol"),       \
	ROW(place ".function(string).return.maxactive(number)",                                 \
	    "the same, with room for so many calls at once")

const struct family kprobe_families[] = {
	KERNEL_ROWS("kernel"),
	KERNEL_ROWS("module(string)"),
	SYMBOL_ROWS("kprobe"),
	SYMBOL_ROWS("kprobe.module(string)"),
	ROW("kprobe.statement(number).absolute", "an address of the kernel's memory (guru mode)"),
	{
		.pattern = "kernel.mark(string)",
		.source = FAMILY_TRACEFS,
		.resolve = mark_resolve,
		.summary = "obsolete: kernels have no markers any more",
	},
	{
		.pattern = "kernel.mark(string).format(string)",
		.source = FAMILY_TRACEFS,
		.resolve = mark_resolve,
		.summary = "obsolete: kernels have no markers any more",
	},
};
const size_t kprobe_family_count = ARRAY_SIZE(kprobe_families);
