// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzer for the reader of BTF: the input is what a kernel shows in /sys/kernel/btf/vmlinux. Every
 * type is cast to, printed whole and entered by its members; every function's parameters and return
 * value are asked for.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "../../frontend/debuginfo/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_TYPES 40
#define MAX_VARIABLES 8

static struct expr *path_of(struct arena *arena, enum expr_kind kind, const char *name,
			    const char *member)
{
	struct expr *expr = arena_new_object(arena, struct expr);
	struct target_component step = { .kind = COMPONENT_MEMBER, .member = member };

	expr->kind = kind;
	expr->name = name;
	if (member)
		array_push(arena, &expr->path, step);
	return expr;
}

static void ask_type(struct arena *arena, struct module *module, const char *name)
{
	static const char *const members[] = { "next", "a", "b", NULL };
	const struct fetch *pointer = fetch_register(arena, module->arch, 5, 0);
	struct buf format = BUF_INIT, problem = BUF_INIT;
	expr_array arguments = { NULL, 0, 0 };
	struct place_value value;

	debuginfo_has_type(module, name);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		debuginfo_cast(module, pointer, false, name,
			       path_of(arena, EXPR_CAST, name, members[i]), &value, &problem);
	debuginfo_pretty_cast(module, false, name, path_of(arena, EXPR_CAST, name, NULL), true,
			      &format, &arguments, &problem);
	buf_free(&format);
	buf_free(&problem);
}

static void ask_function(struct arena *arena, struct module *module, const char *name,
			 bool is_return)
{
	struct code_place place = { .module = module, .function = name, .symbol = name,
				    .at_entry = !is_return, .is_return = is_return };
	struct family_variable variables[MAX_VARIABLES];
	size_t count = debuginfo_variables(&place, variables, MAX_VARIABLES);
	struct buf format = BUF_INIT, problem = BUF_INIT;
	expr_array arguments = { NULL, 0, 0 };
	struct place_value value;

	for (size_t i = 0; i < count; i++) {
		struct expr *target = path_of(arena, EXPR_TARGET, variables[i].name, NULL);

		debuginfo_value(&place, target, &value, &problem);
		debuginfo_pretty(&place, target, true, &format, &arguments, &problem);
		debuginfo_value(&place, path_of(arena, EXPR_TARGET, variables[i].name, "next"),
				&value, &problem);
	}
	buf_free(&format);
	buf_free(&problem);
}

static void ask_all(struct arena *arena, struct module *module)
{
	uint32_t count = btf__type_cnt(module->btf);

	for (uint32_t id = 1; id < count && id < MAX_TYPES; id++) {
		const struct btf_type *type = btf__type_by_id(module->btf, id);
		const char *name = type ? btf__name_by_offset(module->btf, type->name_off) : NULL;

		if (!name || !*name)
			continue;
		ask_type(arena, module, name);
		ask_type(arena, module, arena_printf(arena, "struct %s", name));
		ask_function(arena, module, name, false);
		ask_function(arena, module, name, true);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct frontend_options options = { .arch = "x86_64" };
	struct frontend *frontend = frontend_new(&options);
	struct debuginfo *debuginfo = frontend_debuginfo(frontend);
	struct module *module = module_new(debuginfo, "kernel");

	libbpf_set_print(NULL);
	module->btf = btf__new(data, (uint32_t)size);
	if (libbpf_get_error(module->btf))
		module->btf = NULL;
	module->source = "BTF";
	module->kernel_name = "";
	module->arch = arch_by_name(options.arch);
	module->kernel = arena_new_object(module->arena, struct kernel_symbols);
	table_init(&module->kernel->prototypes, module->arena);
	if (module->btf && module->arch)
		ask_all(frontend_arena(frontend), module);
	btf__free(module->btf);
	frontend_free(frontend);
	return 0;
}
