// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Symbolizing. Everything is read when first asked for and kept: /proc/kallsyms once, an ELF file
 * once for all processes that map it, a JIT's map again when it grew. Files are opened through the
 * process's own root while it lives, by plain path afterwards.
 */
#include "symbolize.h"

#include "demangle.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#define KERNEL_SYMBOL_MAX (UINT64_C(16) << 20) /* bytes; a longer gap holds no code of the last */
#define VDSO_MAX (1u << 20)		       /* bytes; it has a few pages */
#define JIT_MAP_MAX (256u << 20)	       /* bytes of a map file that are read */

struct kernel_symbol {
	uint64_t address;
	uint32_t name, module; /* in the text of kallsyms; 0: the kernel itself */
	uint32_t rank;
};
struct jit_symbol {
	uint64_t start, size;
	uint32_t name; /* in text */
};
struct jit_map {
	int32_t pid;
	off_t file_size; /* when it was read; -1: there is none */
	struct buf text;
	struct jit_symbol *symbols;
	size_t count, capacity;
};

struct symbolizer {
	struct arena *arena;
	bool kernel_read;
	struct buf kallsyms;
	ARRAY(struct kernel_symbol) kernel;
	struct table images; /* by build id and path: struct image, or &no_image */
	struct image *vdso, *vdso_32;
	struct demangler *demangler;
	ARRAY(struct jit_map *) jit_maps;
	char jit_path[64];
	struct buf key; /* of images */
};

static char no_image;

struct symbolizer *symbolizer_new(void)
{
	struct symbolizer *symbolizer = memory_zalloc(sizeof(*symbolizer));

	symbolizer->arena = arena_new();
	symbolizer->demangler = demangler_new();
	table_init(&symbolizer->images, symbolizer->arena);
	return symbolizer;
}

static void jit_map_free(struct jit_map *map)
{
	buf_free(&map->text);
	free(map->symbols);
	free(map);
}

void symbolizer_free(struct symbolizer *symbolizer)
{
	if (!symbolizer)
		return;
	for (size_t i = 0; i < symbolizer->images.count; i++)
		if (symbolizer->images.entries[i].value != &no_image)
			image_free(symbolizer->images.entries[i].value);
	image_free(symbolizer->vdso);
	image_free(symbolizer->vdso_32);
	demangler_free(symbolizer->demangler);
	for (size_t i = 0; i < symbolizer->jit_maps.count; i++)
		jit_map_free(symbolizer->jit_maps.items[i]);
	buf_free(&symbolizer->kallsyms);
	buf_free(&symbolizer->key);
	arena_free(symbolizer->arena);
	free(symbolizer);
}

const char *symbolizer_declared(struct symbolizer *symbolizer, const char *name)
{
	return demangle(symbolizer->demangler, name);
}

/* ---- the kernel ---- */

static int kernel_compare(const void *left, const void *right)
{
	const struct kernel_symbol *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank > b->rank ? -1 : 1;
	return a->name < b->name ? -1 : a->name > b->name;
}

/* of several names at one address: global ones, without underscores and not a boot-time alias's */
static uint32_t kernel_rank(char type, const char *name)
{
	size_t underscores = strspn(name, "_");

	return (type == 'T') * 32u + !text_starts_with(name, "__pi_") * 16u +
	       (underscores > 15 ? 0 : 15 - (uint32_t)underscores);
}

/* "ffffffff81000000 T _text" or "… t name\t[module]" */
static void parse_kernel_line(struct symbolizer *symbolizer, char *line)
{
	struct kernel_symbol symbol = { .module = 0 };
	char *end, *name, *module;

	symbol.address = strtoull(line, &end, 16);
	if (symbol.address == 0 || end == line || end[0] != ' ' || !end[1] || end[2] != ' ' ||
	    !strchr("tTwW", end[1]))
		return;
	name = end + 3;
	symbol.name = (uint32_t)(name - symbolizer->kallsyms.data);
	symbol.rank = kernel_rank(end[1], name);
	module = strchr(name, '\t');
	if (module) {
		*module++ = '\0';
		module += *module == '[';
		module[strcspn(module, "]")] = '\0';
		symbol.module = (uint32_t)(module - symbolizer->kallsyms.data);
	}
	array_push(symbolizer->arena, &symbolizer->kernel, symbol);
}

static void read_kernel(struct symbolizer *symbolizer)
{
	size_t kept = 0;
	char *rest, *line;

	symbolizer->kernel_read = true;
	if (buf_read_file(&symbolizer->kallsyms, "/proc/kallsyms") < 0 ||
	    symbolizer->kallsyms.length > UINT32_MAX)
		return;
	rest = symbolizer->kallsyms.data;
	while ((line = strsep(&rest, "\n")))
		parse_kernel_line(symbolizer, line);
	if (symbolizer->kernel.count == 0)
		return;
	qsort(symbolizer->kernel.items, symbolizer->kernel.count,
	      sizeof(*symbolizer->kernel.items), kernel_compare);
	for (size_t i = 1; i < symbolizer->kernel.count; i++)
		if (symbolizer->kernel.items[i].address != symbolizer->kernel.items[kept].address)
			symbolizer->kernel.items[++kept] = symbolizer->kernel.items[i];
	symbolizer->kernel.count = kept + 1;
}

void symbolize_kernel(struct symbolizer *symbolizer, uint64_t address, struct symbol *symbol)
{
	const struct kernel_symbol *items, *found;
	size_t low = 0, high;

	if (!symbolizer->kernel_read)
		read_kernel(symbolizer);
	*symbol = (struct symbol){ .name = NULL };
	items = symbolizer->kernel.items;
	high = symbolizer->kernel.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (items[middle].address > address)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == 0 || address - items[low - 1].address >= KERNEL_SYMBOL_MAX)
		return;
	found = &items[low - 1];
	symbol->name = symbolizer->kallsyms.data + found->name;
	symbol->module = found->module ? symbolizer->kallsyms.data + found->module : "kernel";
	symbol->offset = address - found->address;
	symbol->size = low < symbolizer->kernel.count ? items[low].address - found->address : 0;
}

bool symbolizer_kernel_address(struct symbolizer *symbolizer, const char *name, uint64_t *address)
{
	if (!symbolizer->kernel_read)
		read_kernel(symbolizer);
	for (size_t i = 0; i < symbolizer->kernel.count; i++) {
		const struct kernel_symbol *symbol = &symbolizer->kernel.items[i];

		if (symbol->module || strcmp(symbolizer->kallsyms.data + symbol->name, name) != 0)
			continue;
		*address = symbol->address;
		return true;
	}
	return false;
}

/* ---- files ---- */

/* a program removed or replaced since is still to be had through map_files while it runs */
static int open_mapped(const struct address_space *space, const struct mapping *mapping)
{
	static const char deleted[] = " (deleted)";
	char *path;
	int fd = -1;

	if (asprintf(&path, "/proc/%d/root%s", space->pid, mapping->path) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	free(path);
	if (fd < 0 && text_ends_with(mapping->path, deleted) &&
	    asprintf(&path, "/proc/%d/map_files/%llx-%llx", space->pid,
		     (unsigned long long)mapping->start, (unsigned long long)mapping->end) >= 0) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		free(path);
	}
	return fd < 0 ? open(mapping->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : fd;
}

/*
 * the image of the file open as @fd, which is closed; NULL when it is another one than was mapped
 */
static struct image *open_image(int fd, const char *build_id)
{
	struct image *image = NULL;
	struct stat status;

	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		image = image_open(fd);
	if (fd >= 0)
		close(fd);
	if (!image || !build_id || strcmp(image_build_id(image), build_id) == 0)
		return image;
	image_free(image);
	return NULL;
}

/* where a file that was replaced may be kept: debug files, and the cache of perf-record(1) */
static struct image *open_by_build_id(const char *build_id)
{
	const char *home = getenv("HOME");
	struct image *image = NULL;
	char *path;

	if (asprintf(&path, "/usr/lib/debug/.build-id/%.2s/%s.debug", build_id, build_id + 2) >= 0) {
		image = open_image(open(path, O_RDONLY | O_CLOEXEC), build_id);
		free(path);
	}
	if (!image && home &&
	    asprintf(&path, "%s/.debug/.build-id/%.2s/%s/elf", home, build_id, build_id + 2) >= 0) {
		image = open_image(open(path, O_RDONLY | O_CLOEXEC), build_id);
		free(path);
	}
	return image;
}

/* two files may have had one path: what tells them apart is the build id */
static struct image *find_image(struct symbolizer *symbolizer, const struct address_space *space,
				const struct mapping *mapping)
{
	const char *key = mapping->path;
	struct image *image;
	void *known;

	if (mapping->build_id) {
		buf_reset(&symbolizer->key);
		buf_printf(&symbolizer->key, "%s %s", mapping->build_id, mapping->path);
		key = symbolizer->key.data;
	}
	known = table_get(&symbolizer->images, key);
	if (known)
		return known == &no_image ? NULL : known;
	image = open_image(open_mapped(space, mapping), mapping->build_id);
	if (!image && mapping->build_id && strlen(mapping->build_id) > 2)
		image = open_by_build_id(mapping->build_id);
	table_put(&symbolizer->images, key, image ? (void *)image : &no_image);
	return image;
}

/* every 64-bit process has the same vDSO, at an address of its own: ours will do */
static struct image *find_vdso(struct symbolizer *symbolizer)
{
	unsigned long start = getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *header;
	size_t size;

	if (symbolizer->vdso || !start)
		return symbolizer->vdso;
	header = (const void *)start;
	size = header->e_shoff + (size_t)header->e_shentsize * header->e_shnum;
	symbolizer->vdso = image_open_memory((void *)start, size);
	return symbolizer->vdso;
}

/* that of 32-bit processes is read from the first one that is met alive */
static struct image *find_vdso_32(struct symbolizer *symbolizer, const struct address_space *space,
				  const struct mapping *mapping)
{
	size_t size = mapping->end - mapping->start;
	char path[64], *bytes;
	int fd;

	if (symbolizer->vdso_32 || size > VDSO_MAX)
		return symbolizer->vdso_32;
	snprintf(path, sizeof(path), "/proc/%d/mem", space->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	bytes = arena_alloc(symbolizer->arena, size);
	if (pread(fd, bytes, size, (off_t)mapping->start) == (ssize_t)size)
		symbolizer->vdso_32 = image_open_memory(bytes, size);
	close(fd);
	return symbolizer->vdso_32;
}

struct image *symbolizer_image(struct symbolizer *symbolizer, const struct address_space *space,
			       uint64_t address, uint64_t *link_address)
{
	const struct mapping *mapping = address_space_find(space, address);
	struct image *image = NULL;

	if (!mapping)
		return NULL;
	if (strcmp(mapping->path, "[vdso]") == 0)
		image = mapping->start > UINT32_MAX ? find_vdso(symbolizer) :
						      find_vdso_32(symbolizer, space, mapping);
	else if (mapping->path[0] == '/' && mapping->path[1] != '/')
		image = find_image(symbolizer, space, mapping);
	if (!image || !image_address(image, address - mapping->start + mapping->offset,
				     link_address))
		return NULL;
	return image;
}

/* ---- code made at run time ---- */

static void parse_jit_line(struct jit_map *map, char *line)
{
	struct jit_symbol symbol;
	char *end;

	symbol.start = strtoull(line, &end, 16);
	if (end == line || *end != ' ')
		return;
	line = end + 1;
	symbol.size = strtoull(line, &end, 16);
	if (end == line || *end != ' ' || !end[1])
		return;
	symbol.name = (uint32_t)(end + 1 - map->text.data);
	if (map->count == map->capacity) {
		map->capacity = map->capacity ? 2 * map->capacity : 256;
		map->symbols = memory_realloc(map->symbols,
					      map->capacity * sizeof(*map->symbols));
	}
	map->symbols[map->count++] = symbol;
}

/* "start size name", in the order of compilation: later lines replace earlier ones */
static void parse_jit_map(struct jit_map *map)
{
	char *rest = map->text.data, *line;

	map->count = 0;
	while (rest && (line = strsep(&rest, "\n")))
		parse_jit_line(map, line);
}

/* the id the process itself knows: the last one of NSpid: */
static int32_t own_pid(int32_t pid)
{
	struct buf status = BUF_INIT;
	int32_t own = pid;
	char path[64];
	char *ids;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (buf_read_file(&status, path) == 0 && (ids = strstr(buf_text(&status), "\nNSpid:"))) {
		ids += strlen("\nNSpid:");
		ids[strcspn(ids, "\n")] = '\0';
		ids = strrchr(ids, '\t');
		own = ids ? (int32_t)strtol(ids, NULL, 10) : pid;
	}
	buf_free(&status);
	return own;
}

static bool jit_map_path(int32_t pid, char *path, size_t size, struct stat *status)
{
	snprintf(path, size, "/proc/%d/root/tmp/perf-%d.map", pid, own_pid(pid));
	if (stat(path, status) == 0 && S_ISREG(status->st_mode))
		return true;
	snprintf(path, size, "/tmp/perf-%d.map", pid);
	return stat(path, status) == 0 && S_ISREG(status->st_mode);
}

static void update_jit_map(struct jit_map *map)
{
	struct stat status;
	char path[96];

	if (!jit_map_path(map->pid, path, sizeof(path), &status) ||
	    status.st_size == map->file_size || status.st_size > JIT_MAP_MAX)
		return;
	buf_reset(&map->text);
	map->file_size = status.st_size;
	if (buf_read_file(&map->text, path) == 0)
		parse_jit_map(map);
}

static struct jit_map *find_jit_map(struct symbolizer *symbolizer, int32_t pid)
{
	struct jit_map *map;

	for (size_t i = 0; i < symbolizer->jit_maps.count; i++)
		if (symbolizer->jit_maps.items[i]->pid == pid)
			return symbolizer->jit_maps.items[i];
	map = memory_zalloc(sizeof(*map));
	map->pid = pid;
	map->file_size = -1;
	array_push(symbolizer->arena, &symbolizer->jit_maps, map);
	return map;
}

static bool find_jit_symbol(const struct jit_map *map, uint64_t address, struct symbol *symbol)
{
	for (size_t i = map->count; i-- > 0;) {
		const struct jit_symbol *jit = &map->symbols[i];

		if (address - jit->start >= jit->size)
			continue;
		symbol->name = map->text.data + jit->name;
		symbol->offset = address - jit->start;
		symbol->size = jit->size;
		return true;
	}
	return false;
}

/* a map is read again only when an address is not found: compilers append to it */
static bool symbolize_jit(struct symbolizer *symbolizer, int32_t pid, uint64_t address,
			  struct symbol *symbol)
{
	struct jit_map *map = find_jit_map(symbolizer, pid);

	if (!find_jit_symbol(map, address, symbol)) {
		update_jit_map(map);
		if (!find_jit_symbol(map, address, symbol))
			return false;
	}
	snprintf(symbolizer->jit_path, sizeof(symbolizer->jit_path), "perf-%d.map", pid);
	symbol->module = symbolizer->jit_path;
	return true;
}

/* ---- a process ---- */

void symbolize_user(struct symbolizer *symbolizer, const struct address_space *space,
		    uint64_t address, struct symbol *symbol)
{
	const struct mapping *mapping = address_space_find(space, address);
	struct image_symbol found;
	uint64_t link = 0, start;
	struct image *image;

	*symbol = (struct symbol){ .name = NULL };
	if (!mapping || mapping->path[0] == '\0' || mapping->path[0] == '[' ||
	    text_starts_with(mapping->path, "//")) {
		if (space->pid > 0 && address &&
		    symbolize_jit(symbolizer, space->pid, address, symbol))
			return;
		if (!mapping || mapping->path[0] != '[')
			return;
	}
	symbol->module = mapping->path;
	symbol->offset = address - mapping->start;
	symbol->size = mapping->end - mapping->start;
	image = symbolizer_image(symbolizer, space, address, &link);
	if (!image)
		return;
	if (image_symbol(image, link, &found)) {
		symbol->name = found.name;
		symbol->offset = link - found.start;
		symbol->size = found.size;
	} else {
		image_span(image, &start, &symbol->size);
		symbol->offset = link - start;
	}
}

/* ---- text ---- */

static void print_place(const struct symbol *symbol, bool with_size, struct buf *out)
{
	buf_printf(out, "+0x%llx", (unsigned long long)symbol->offset);
	if (with_size)
		buf_printf(out, "/0x%llx", (unsigned long long)symbol->size);
}

static const char *module_text(const struct symbol *symbol, enum symbol_form form)
{
	const char *slash = form == SYMBOL_SIMPLE ? strrchr(symbol->module, '/') : NULL;

	return slash ? slash + 1 : symbol->module;
}

void symbol_print(const struct symbol *symbol, uint64_t address, enum symbol_form form,
		  struct buf *out)
{
	bool with_module = symbol->module && form >= SYMBOL_SIMPLE;
	bool with_size = form >= SYMBOL_DATA;

	if (!symbol->name || form == SYMBOL_FULL)
		buf_printf(out, "0x%llx", (unsigned long long)address);
	if (symbol->name) {
		if (form == SYMBOL_FULL)
			buf_puts(out, " : ");
		buf_puts(out, symbol->name);
		if (form != SYMBOL_NAME)
			print_place(symbol, with_size, out);
		if (form == SYMBOL_FULL && symbol->line)
			buf_printf(out, " at %s:%d", symbol->file, symbol->line);
		if (with_module)
			buf_printf(out, " [%s]", module_text(symbol, form));
	} else if (with_module) {
		buf_printf(out, " [%s", module_text(symbol, form));
		print_place(symbol, with_size, out);
		buf_putc(out, ']');
	}
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static void check_form(const struct symbol *symbol, enum symbol_form form, const char *expected)
{
	struct buf text = BUF_INIT;

	symbol_print(symbol, 0x401234, form, &text);
	CHECK_STR(buf_text(&text), expected);
	buf_free(&text);
}

UNIT_TEST_CASE(symbol_forms_leave_out_what_is_unknown)
{
	struct symbol full = { "main", "/usr/bin/x", 4, 0x20, NULL, 0 }, none = { .name = NULL };
	struct symbol file = { NULL, "/usr/bin/x", 0x1234, 0x4000, NULL, 0 };

	check_form(&full, SYMBOL_NAME, "main");
	check_form(&full, SYMBOL_BRIEF, "main+0x4");
	check_form(&full, SYMBOL_SIMPLE, "main+0x4 [x]");
	check_form(&full, SYMBOL_DATA, "main+0x4/0x20 [/usr/bin/x]");
	check_form(&full, SYMBOL_FULL, "0x401234 : main+0x4/0x20 [/usr/bin/x]");
	check_form(&file, SYMBOL_NAME, "0x401234");
	check_form(&file, SYMBOL_BRIEF, "0x401234");
	check_form(&file, SYMBOL_SIMPLE, "0x401234 [x+0x1234]");
	check_form(&file, SYMBOL_DATA, "0x401234 [/usr/bin/x+0x1234/0x4000]");
	check_form(&file, SYMBOL_FULL, "0x401234 [/usr/bin/x+0x1234/0x4000]");
	check_form(&none, SYMBOL_FULL, "0x401234");
	full.file = "x.c";
	full.line = 7;
	check_form(&full, SYMBOL_FULL, "0x401234 : main+0x4/0x20 at x.c:7 [/usr/bin/x]");
	check_form(&full, SYMBOL_DATA, "main+0x4/0x20 [/usr/bin/x]");
}

UNIT_TEST_CASE(symbolize_kernel_lines)
{
	struct symbolizer *symbolizer = symbolizer_new();
	struct symbol symbol;
	char lines[4][64] = { "ffffffff81000010 T __alias", "ffffffff81000010 T real",
			      "ffffffff81000030 t helper\t[mod]", "0000000000000000 T hidden" };

	symbolizer->kernel_read = true;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		size_t at = symbolizer->kallsyms.length;

		buf_reserve(&symbolizer->kallsyms, 1024);
		buf_add(&symbolizer->kallsyms, lines[i], strlen(lines[i]) + 1);
		parse_kernel_line(symbolizer, symbolizer->kallsyms.data + at);
	}
	CHECK_INT(symbolizer->kernel.count, 3);
	CHECK(kernel_compare(&symbolizer->kernel.items[0], &symbolizer->kernel.items[1]) > 0);
	symbolize_kernel(symbolizer, UINT64_C(0xffffffff81000034), &symbol);
	CHECK_STR(symbol.name, "helper");
	CHECK_STR(symbol.module, "mod");
	CHECK_INT(symbol.offset, 4);
	symbolize_kernel(symbolizer, 12, &symbol);
	CHECK(!symbol.name && !symbol.module);
	symbolizer_free(symbolizer);
}

UNIT_TEST_CASE(symbolize_user_of_this_program)
{
	struct symbolizer *symbolizer = symbolizer_new();
	struct address_space *space = address_space_new(getpid());
	struct interner *paths = interner_new(symbolizer->arena);
	struct buf maps = BUF_INIT;
	struct symbol symbol;

	CHECK_INT(buf_read_file(&maps, "/proc/self/maps"), 0);
	address_space_parse(space, maps.data, paths);
	symbolize_user(symbolizer, space, (uint64_t)(uintptr_t)symbolizer_free + 1, &symbol);
	CHECK_STR(symbol.name, "symbolizer_free");
	CHECK_INT(symbol.offset, 1);
	symbolize_user(symbolizer, space, 8, &symbol);
	CHECK(!symbol.name && !symbol.module);
	address_space_unref(space);
	buf_free(&maps);
	symbolizer_free(symbolizer);
}

UNIT_TEST_CASE(symbolize_jit_lines)
{
	struct jit_map map = { .pid = 1 };
	struct symbol symbol;

	buf_puts(&map.text, "1000 20 first one\nnonsense\n2000 zz x\n1010 10 second\n3000 10 \n");
	parse_jit_map(&map);
	CHECK_INT(map.count, 2);
	CHECK(find_jit_symbol(&map, 0x100f, &symbol));
	CHECK_STR(symbol.name, "first one");
	CHECK(find_jit_symbol(&map, 0x1010, &symbol));
	CHECK_STR(symbol.name, "second");
	CHECK(!find_jit_symbol(&map, 0x1020, &symbol));
	buf_free(&map.text);
	free(map.symbols);
}
#endif
