// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzer for the readers of programs: the input is an ELF file. Every kind of place is looked for
 * in it, and at the first ones every variable, a path into it, and its pretty print are asked for;
 * then a line, a symbol, a cast, and what the loader would need.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "../../frontend/debuginfo/debuginfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* dwarf_getscopes() of libdw 0.188 forgets its array when it fails half way */
const char *__lsan_default_suppressions(void)
{
	return "leak:libdw.so";
}

#define MAX_PLACES 4
#define MAX_VARIABLES 6

static struct expr *target(struct arena *arena, const char *name, const char *member)
{
	struct expr *expr = arena_new_object(arena, struct expr);
	struct target_component step = { .kind = COMPONENT_MEMBER, .member = member };

	expr->kind = EXPR_TARGET;
	expr->name = name;
	if (member)
		array_push(arena, &expr->path, step);
	return expr;
}

static void ask(struct arena *arena, const struct code_place *place, const char *name)
{
	struct buf format = BUF_INIT, problem = BUF_INIT;
	expr_array arguments = { NULL, 0, 0 };
	struct place_value value;

	debuginfo_value(place, target(arena, name, NULL), &value, &problem);
	debuginfo_value(place, target(arena, name, "next"), &value, &problem);
	debuginfo_pretty(place, target(arena, name, NULL), true, &format, &arguments, &problem);
	buf_free(&format);
	buf_free(&problem);
}

static void look_around(struct arena *arena, const struct code_place *place)
{
	struct family_variable variables[MAX_VARIABLES];
	size_t count = debuginfo_variables(place, variables, MAX_VARIABLES);

	for (size_t i = 0; i < count; i++)
		ask(arena, place, variables[i].name);
}

static void query(struct arena *arena, struct module *module, const struct place_query *query)
{
	place_array places = { NULL, 0, 0 };
	name_array suggest = { NULL, 0, 0 };
	struct buf problem = BUF_INIT;

	debuginfo_find(module, query, &places, &suggest, &problem);
	for (size_t i = 0; i < places.count && i < MAX_PLACES; i++)
		look_around(arena, places.items[i]);
	buf_free(&problem);
}

static void query_all(struct arena *arena, struct module *module)
{
	static const struct place_query queries[] = {
		{ .what = PLACE_FUNCTION, .pattern = "*" },
		{ .what = PLACE_FUNCTION, .pattern = "*", .is_return = true },
		{ .what = PLACE_FUNCTION, .pattern = "n::f" },
		{ .what = PLACE_FUNCTION, .pattern = "*", .callee = "*", .callee_depth = 1 },
		{ .what = PLACE_STATEMENT, .pattern = "*@*:*" },
		{ .what = PLACE_STATEMENT, .pattern = "*@*:2", .nearest = true },
		{ .what = PLACE_STATEMENT, .address = 0x1180 },
		{ .what = PLACE_LABEL, .pattern = "*", .label = "*" },
		{ .what = PLACE_PLT, .pattern = "*" },
		{ .what = PLACE_MARK, .pattern = "*" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(queries); i++)
		query(arena, module, &queries[i]);
}

static void ask_file(struct arena *arena, struct module *module, const char *path)
{
	static const struct fetch pointer = { .kind = FETCH_REGISTER, .reg = 5 };
	struct buf format = BUF_INIT, problem = BUF_INIT;
	struct expr *cast = target(arena, "struct r", NULL);
	expr_array arguments = { NULL, 0, 0 };
	struct library_needs needs = { 0 };
	struct place_value value;
	uint64_t address = 0;
	const char *file;

	debuginfo_needs(arena, path, &needs);
	debuginfo_symbol(module, "main", &address);
	debuginfo_line(module, address, &file);
	debuginfo_line(module, 0x1180, &file);
	cast->kind = EXPR_CAST;
	debuginfo_pretty_cast(module, true, "struct r", cast, true, &format, &arguments,
			      &problem);
	cast = target(arena, "struct r", "next");
	cast->kind = EXPR_CAST;
	debuginfo_cast(module, &pointer, true, "struct r", cast, &value, &problem);
	buf_free(&format);
	buf_free(&problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct frontend_options options = { .arch = "x86_64" };
	struct frontend *frontend;
	struct debuginfo *debuginfo;
	struct buf problem = BUF_INIT;
	struct module *module;
	char path[32];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	frontend = frontend_new(&options);
	debuginfo = debuginfo_new(frontend);
	module = debuginfo_open_file(debuginfo, path, &problem);
	if (module) {
		query_all(frontend_arena(frontend), module);
		ask_file(frontend_arena(frontend), module, path);
	}
	debuginfo_free(debuginfo);
	frontend_free(frontend);
	buf_free(&problem);
	close(fd);
	return 0;
}
