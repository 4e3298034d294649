// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parameters without DWARF: BTF has a function's prototype, the calling convention says where each
 * parameter is before the first instruction ran. `$return` needs the prototype alone.
 */
#include "kernel.h"

#include <bpf/btf.h>
#include <errno.h>

static void read_prototypes(struct module *module)
{
	const struct btf *btf = module->btf;
	uint32_t count = btf ? btf__type_cnt(btf) : 0;

	module->kernel->prototypes_read = true;
	for (uint32_t id = 1; id < count; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const struct btf_type *prototype;
		const char *name;

		if (!type || !btf_is_func(type))
			continue;
		prototype = btf__type_by_id(btf, type->type);
		name = btf__name_by_offset(btf, type->name_off);
		if (name && prototype && btf_is_func_proto(prototype))
			table_put(&module->kernel->prototypes, name, (void *)prototype);
	}
}

static const struct btf_type *find_prototype(const struct code_place *place)
{
	struct kernel_symbols *kernel = place->module->kernel;

	if (!kernel || !place->function)
		return NULL;
	if (!kernel->prototypes_read)
		read_prototypes(place->module);
	return table_get(&kernel->prototypes, place->function);
}

/* where the parameters up to the wanted one have gone */
struct parameter_state {
	unsigned registers, stack;
};

/* a record in the next registers, or the one that points to it where the ABI passes a copy */
static void take_registers(const struct module *module, struct parameter_state *state,
			   unsigned words, bool is_reference, struct object *object)
{
	const struct arch *arch = module->arch;
	const struct fetch *parts[MAX_PARAMETER_REGISTERS];

	for (unsigned i = 0; i < words; i++)
		parts[i] = fetch_register(module->arena, arch,
					  arch->parameters[state->registers + i], 0);
	state->registers += words;
	object->kind = is_reference ? OBJECT_MEMORY : OBJECT_VALUE;
	object->fetch = parts[0];
	if (words > 1)
		object_in_words(object, module, parts, words);
}

/* takes the next parameter of @type: in registers, or on the stack */
static void take_parameter(const struct module *module, struct parameter_state *state,
			   const struct ctype *type, struct object *object)
{
	const struct arch *arch = module->arch;
	unsigned word = arch->pointer_size;
	unsigned words = type->size > word ? (unsigned)((type->size + word - 1) / word) : 1;
	bool is_record = type->kind == CTYPE_STRUCT || type->kind == CTYPE_UNION;
	bool is_large = is_record && words > 2;
	bool is_reference = is_large && arch->large_by_reference;

	object->type = type;
	if (is_reference)
		words = 1;
	if ((!is_large || is_reference) && state->registers + words <= arch->parameter_count) {
		take_registers(module, state, words, is_reference, object);
		return;
	}
	object->kind = OBJECT_MEMORY;
	object->fetch = fetch_register(module->arena, arch, arch->stack_pointer,
				       arch->stack_parameters + (int64_t)state->stack * word);
	if (is_reference)
		object->fetch = fetch_deref(module->arena, object->fetch, word, false, false);
	state->stack += words;
}

static int find_parameter(const struct code_place *place, const struct btf_type *prototype,
			  const char *wanted, struct object *object)
{
	const struct btf_param *parameters = btf_params(prototype);
	struct parameter_state state = { 0, 0 };

	for (unsigned i = 0; i < btf_vlen(prototype); i++) {
		const char *name = btf__name_by_offset(place->module->btf, parameters[i].name_off);

		if (!parameters[i].type)
			break;
		take_parameter(place->module, &state,
			       btf_ctype(place->module, parameters[i].type), object);
		if (name && strcmp(name, wanted) == 0)
			return 0;
	}
	return -ENOENT;
}

static int return_object(const struct code_place *place, const struct btf_type *prototype,
			 struct object *object, struct buf *problem)
{
	struct fetch *fetch = arena_new_object(place->module->arena, struct fetch);

	if (!place->is_return) {
		buf_puts(problem, "$return exists in return probes only");
		return -ENOENT;
	}
	if (prototype && !prototype->type) {
		buf_printf(problem, "'%s' returns nothing", place->function);
		return -ENOENT;
	}
	fetch->kind = FETCH_RETURN;
	object->kind = OBJECT_VALUE;
	object->fetch = fetch;
	object->type = prototype ? btf_ctype(place->module, prototype->type) : NULL;
	return 0;
}

int abi_find_object(const struct code_place *place, const char *name, struct object *object,
		    struct buf *problem)
{
	const struct btf_type *prototype = find_prototype(place);

	if (strcmp(name, "return") == 0)
		return return_object(place, prototype, object, problem);
	if (!prototype) {
		buf_printf(problem, "there is no debug information for '%s' that would tell of "
			   "'$%s'", place->function ?: place->module->path, name);
		if (place->module->missing)
			buf_printf(problem, ": %s", place->module->missing);
		return -ENODATA;
	}
	if (!place->at_entry) {
		buf_printf(problem, "without DWARF, '$%s' is known only at the function's entry",
			   name);
		return -ENODATA;
	}
	return find_parameter(place, prototype, name, object);
}

size_t abi_variables(const struct code_place *place, struct family_variable *out, size_t room)
{
	const struct btf_type *prototype = find_prototype(place);
	struct arena *arena = place->module->arena;
	const struct btf_param *parameters;
	const struct ctype *type;
	size_t count = 0;

	if (!prototype)
		return 0;
	parameters = btf_params(prototype);
	if (place->is_return && prototype->type && count < room)
		out[count++] = (struct family_variable){
			.name = "$return", .type = TYPE_LONG,
			.c_type = btf_ctype(place->module, prototype->type)->text };
	for (unsigned i = 0; i < btf_vlen(prototype) && count < room; i++) {
		const char *name = btf__name_by_offset(place->module->btf, parameters[i].name_off);

		if (!parameters[i].type || !name || !*name)
			continue;
		type = btf_ctype(place->module, parameters[i].type);
		out[count++] = (struct family_variable){
			.name = arena_printf(arena, "$%s", name), .type = TYPE_LONG,
			.c_type = type->text, .is_parameter = true,
			.placeholder = ctype_placeholder(type) };
	}
	return count;
}
