// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The running kernel and its modules. Functions come from /proc/kallsyms; which of them a wildcard
 * may probe from tracefs' available_filter_functions. kernel-types.c finds the types.
 */
#include "kernel.h"

#include <errno.h>

#define MAX_SYMBOL_GAP (1 << 20) /* what is further behind a symbol is not its function any more */

/* ---- /proc/kallsyms: "address type name\t[module]" ---- */

/* NUL-terminates the line and gives the next one, NULL behind the last */
static char *end_line(char *line)
{
	char *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	return end + 1;
}

/* cuts "\t[module]" off and gives the module's name, "" for the kernel itself */
static const char *cut_module(char *name)
{
	char *bracket = strchr(name, '['), *end;

	if (!bracket)
		return "";
	name[strcspn(name, "\t ")] = '\0';
	end = strchr(bracket, ']');
	if (end)
		*end = '\0';
	return bracket + 1;
}

static void parse_symbol(struct arena *arena, struct kernel_symbols *kernel, char *line,
			 const char *wanted)
{
	char *name;
	uint64_t address = strtoull(line, &name, 16);
	const char *module;
	char type;

	if (name == line || *name++ != ' ' || !*name || name[1] != ' ')
		return;
	type = *name;
	name += 2;
	module = cut_module(name);
	if (!strchr("tTwW", type) || strcmp(module, wanted) != 0)
		return;
	if (strcmp(name, "_sinittext") == 0)
		kernel->init_start = address;
	else if (strcmp(name, "_einittext") == 0)
		kernel->init_end = address;
	array_push(arena, &kernel->functions, (struct function_symbol){
		.name = arena_strdup(arena, name), .address = address,
		.is_global = type == 'T' || type == 'W' });
}

static int compare_functions(const void *a, const void *b)
{
	const struct function_symbol *first = a, *second = b;

	if (first->address != second->address)
		return first->address < second->address ? -1 : 1;
	return strcmp(first->name, second->name);
}

/* kallsyms gives no sizes: a function ends where the next symbol begins */
static void guess_sizes(struct kernel_symbols *kernel)
{
	struct function_symbol *items = kernel->functions.items;
	uint64_t next = 0;

	for (size_t i = kernel->functions.count; i-- > 0;) {
		if (i + 1 < kernel->functions.count && items[i + 1].address != items[i].address)
			next = items[i + 1].address;
		if (next > items[i].address && next - items[i].address < MAX_SYMBOL_GAP)
			items[i].size = next - items[i].address;
	}
}

static void index_names(struct arena *arena, struct kernel_symbols *kernel)
{
	table_init(&kernel->by_name, arena);
	for (size_t i = 0; i < kernel->functions.count; i++)
		if (!table_get(&kernel->by_name, kernel->functions.items[i].name))
			table_put(&kernel->by_name, kernel->functions.items[i].name,
				  &kernel->functions.items[i]);
}

void kernel_symbols_parse(struct arena *arena, struct kernel_symbols *kernel, char *text,
			  const char *name)
{
	for (char *line = text, *next; line && *line; line = next) {
		next = end_line(line);
		parse_symbol(arena, kernel, line, name);
	}
	if (kernel->functions.count)
		qsort(kernel->functions.items, kernel->functions.count,
		      sizeof(*kernel->functions.items), compare_functions);
	guess_sizes(kernel);
	index_names(arena, kernel);
}

static bool in_init(const struct kernel_symbols *kernel, uint64_t address)
{
	return address >= kernel->init_start && address < kernel->init_end;
}

bool kernel_is_alive(const struct kernel_symbols *kernel, const char *name)
{
	const struct function_symbol *symbol = table_get(&kernel->by_name, name);

	return symbol && !in_init(kernel, symbol->address);
}

/* ---- available_filter_functions: "name", "name [module]" ---- */

static void parse_traceable(struct kernel_symbols *kernel, char *text, const char *wanted)
{
	for (char *line = text, *next; line && *line; line = next) {
		next = end_line(line);
		if (strcmp(cut_module(line), wanted) == 0)
			table_put(&kernel->traceable, line, kernel);
	}
}

static void read_traceable(struct module *module)
{
	struct kernel_symbols *kernel = module->kernel;
	struct buf text = BUF_INIT;

	if (kernel->traceable_read)
		return;
	kernel->traceable_read = true;
	if (!buf_read_file(&text, "/sys/kernel/tracing/available_filter_functions") ||
	    !buf_read_file(&text, "/sys/kernel/debug/tracing/available_filter_functions"))
		parse_traceable(kernel, text.length ? text.data : NULL, module->kernel_name);
	buf_free(&text);
}

/* ---- a kernel that does not run here: its functions are those of its vmlinux ---- */

static void symbols_of_file(struct module *module)
{
	struct kernel_symbols *kernel = module->kernel;

	symtab_read(module);
	for (size_t i = 0; i < module->symbols.count; i++)
		array_push(module->arena, &kernel->functions, module->symbols.items[i]);
	symtab_find(module, "_sinittext", &kernel->init_start);
	symtab_find(module, "_einittext", &kernel->init_end);
	index_names(module->arena, kernel);
}

/* ---- places ---- */

static struct code_place *function_place(struct module *module,
					 const struct function_symbol *symbol, uint64_t address)
{
	struct code_place *place = arena_new_object(module->arena, struct code_place);

	place->module = module;
	place->address = address;
	place->function = place->symbol = symbol->name;
	place->function_address = symbol->address;
	place->function_size = symbol->size;
	place->symbol_offset = address - symbol->address;
	place->at_entry = address == symbol->address;
	return place;
}

/* wildcards take only what ftrace lists; a function that is named is tried in any case */
static bool wanted(const struct kernel_symbols *kernel, const struct function_symbol *symbol,
		   const struct place_query *query, bool is_wildcard)
{
	if (in_init(kernel, symbol->address) || (query->only_exported && !symbol->is_global))
		return false;
	return !is_wildcard || !kernel->traceable.count ||
	       table_get(&kernel->traceable, symbol->name);
}

int kernel_find_places(struct module *module, const struct place_query *query,
		       const struct pattern *pattern, place_array *places, name_array *suggest)
{
	const struct kernel_symbols *kernel = module->kernel;
	bool is_wildcard = text_has_wildcard(pattern->function);

	if (is_wildcard && !kernel_is_foreign(module))
		read_traceable(module);
	for (size_t i = 0; i < kernel->functions.count; i++) {
		const struct function_symbol *symbol = &kernel->functions.items[i];
		struct code_place *place;

		if (!text_match(pattern->function, symbol->name)) {
			if (suggest && pattern_near(pattern->function, symbol->name))
				array_push(module->arena, suggest, symbol->name);
			continue;
		}
		if (!wanted(kernel, symbol, query, is_wildcard))
			continue;
		place = function_place(module, symbol, symbol->address);
		place->is_return = query->is_return;
		array_push(module->arena, places, place);
	}
	return (int)places->count;
}

bool kernel_moved_address(struct module *module, uint64_t *address)
{
	const struct function_symbol *linked = symtab_at(module, *address - 1), *running;

	running = linked ? table_get(&module->kernel->by_name, linked->name) : NULL;
	if (running)
		*address += running->address - linked->address;
	return running != NULL;
}

static const struct function_symbol *function_at(const struct kernel_symbols *kernel,
						 uint64_t address)
{
	const struct function_symbol *found = NULL;

	for (size_t i = 0; i < kernel->functions.count; i++) {
		const struct function_symbol *symbol = &kernel->functions.items[i];

		if (symbol->address > address)
			break;
		if (!found || symbol->address != found->address)
			found = symbol;
	}
	return found && address - found->address < (found->size ?: MAX_SYMBOL_GAP) ? found : NULL;
}

struct code_place *kernel_place_at(struct module *module, uint64_t address)
{
	const struct function_symbol *symbol = function_at(module->kernel, address);
	struct code_place *place;

	if (symbol)
		return function_place(module, symbol, address);
	place = arena_new_object(module->arena, struct code_place);
	place->module = module;
	place->address = address;
	return place;
}

/* ---- opening ---- */

static bool read_symbols(struct module *module, struct buf *problem)
{
	struct buf text = BUF_INIT;
	int error = buf_read_file(&text, "/proc/kallsyms");

	if (error)
		buf_printf(problem, "cannot read /proc/kallsyms: %s", strerror(-error));
	else
		kernel_symbols_parse(module->arena, module->kernel, text.data, module->kernel_name);
	buf_free(&text);
	if (!error && !module->kernel->functions.count)
		buf_printf(problem, "kernel module '%s' is not loaded", module->kernel_name);
	return module->kernel->functions.count > 0;
}

/* types and symbols; false after a sentence in @problem */
static bool read_kernel(struct module *module, struct buf *problem)
{
	module->kernel = arena_new_object(module->arena, struct kernel_symbols);
	table_init(&module->kernel->traceable, module->arena);
	table_init(&module->kernel->prototypes, module->arena);
	if (!kernel_is_foreign(module)) {
		if (!read_symbols(module, problem))
			return false;
		kernel_find_types(module);
		return true;
	}
	kernel_find_types(module);
	if (module->dwarf)
		symbols_of_file(module);
	else
		buf_printf(problem, "there is no %s of %s with debug information: say where it is "
			   "with -r DIRECTORY", *module->kernel_name ? module->kernel_name :
			   "vmlinux", module->arch->name);
	return module->dwarf != NULL;
}

struct module *debuginfo_open_kernel(struct debuginfo *debuginfo, const char *name,
				     struct buf *problem)
{
	struct module *module;

	name = name ?: "";
	module = table_get(&debuginfo->kernel_modules, name);
	if (module)
		return module;
	module = module_new(debuginfo, *name ? name : "kernel");
	module->kernel_name = arena_strdup(debuginfo->arena, name);
	module->arch = arch_by_name(frontend_get_options(debuginfo->frontend)->arch ?: "x86_64");
	if (!module->arch)
		buf_puts(problem, "this machine's calling convention is not known");
	if (!module->arch || !read_kernel(module, problem))
		return NULL;
	table_put(&debuginfo->kernel_modules, name, module);
	return module;
}

#ifdef UNIT_TEST
#include "../../lib/unit.h"

UNIT_TEST_CASE(kernel_symbols_of_kallsyms)
{
	struct arena *arena = arena_new();
	struct kernel_symbols kernel = { 0 };
	char text[] = "ffff000000000100 T second\nffff000000000000 t first\nbroken line\n"
		      "ffff000000000180 D data\nffff000000000200 T third\n"
		      "ffff000000000300 T _sinittext\nffff000000000310 t setup\n"
		      "ffff000000000400 T _einittext\nffff000000009000 t other\t[module]";

	kernel_symbols_parse(arena, &kernel, text, "");
	CHECK_INT(kernel.functions.count, 6);
	CHECK_STR(kernel.functions.items[0].name, "first");
	CHECK_INT(kernel.functions.items[1].size, 0x100);
	CHECK(kernel_is_alive(&kernel, "third"));
	CHECK(!kernel_is_alive(&kernel, "setup"));
	CHECK(!kernel_is_alive(&kernel, "other"));
	arena_free(arena);
}

UNIT_TEST_CASE(kernel_symbols_of_a_module)
{
	struct arena *arena = arena_new();
	struct kernel_symbols kernel = { 0 };
	char text[] = "ffff000000000100 T second\nffff000000009000 t other\t[module]\n";

	kernel_symbols_parse(arena, &kernel, text, "module");
	CHECK_INT(kernel.functions.count, 1);
	CHECK_STR(kernel.functions.items[0].name, "other");
	arena_free(arena);
}
#endif
