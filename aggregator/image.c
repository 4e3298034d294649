// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading ELF files for symbols and call frame information, through libelf and libdw. Symbols come
 * from .symtab, of the file or of its separate debug file found by build id, and from .dynsym,
 * which stripped files have too. Call frame rules are decoded once for each address that samples
 * meet, and remembered: unwinding then costs a table look-up and a few loads a frame.
 */
#include "image.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <unistd.h>

#define DEBUG_DIRECTORY "/usr/lib/debug/.build-id"
#define BUILD_ID_MAX 64
#define RULES_MAX 65536 /* remembered of one image; then begun anew */

struct segment {
	uint64_t offset, address, file_size, memory_size;
};
struct function_symbol {
	uint64_t start, size;
	uint32_t name;	/* in names */
	uint8_t rank;	/* of several at one address, the highest is shown */
};

struct image {
	Elf *elf;
	char build_id[2 * BUILD_ID_MAX + 1]; /* hexadecimal; "" without one */
	Dwarf_CFI *cfi;
	bool cfi_tried;
	struct arena *arena;
	ARRAY(struct segment) segments;
	ARRAY(struct function_symbol) symbols;
	struct buf names;
	struct frame_rule **rules; /* open addressing by address */
	size_t rule_count, rule_slots;
};

/* ---- segments ---- */

static void read_segments(struct image *image)
{
	size_t count = 0;
	GElf_Phdr header;

	elf_getphdrnum(image->elf, &count); /* as the file has it: there may be fewer */
	for (size_t i = 0; i < count && gelf_getphdr(image->elf, (int)i, &header); i++) {
		if (header.p_type != PT_LOAD)
			continue;
		array_push(image->arena, &image->segments, (struct segment){
			.offset = header.p_offset, .address = header.p_vaddr,
			.file_size = header.p_filesz, .memory_size = header.p_memsz,
		});
	}
}

bool image_address(const struct image *image, uint64_t offset, uint64_t *address)
{
	for (size_t i = 0; i < image->segments.count; i++) {
		const struct segment *segment = &image->segments.items[i];

		if (offset < segment->offset || offset - segment->offset >= segment->file_size)
			continue;
		*address = segment->address + (offset - segment->offset);
		return true;
	}
	return false;
}

void image_span(const struct image *image, uint64_t *start, uint64_t *size)
{
	uint64_t first = UINT64_MAX, last = 0;

	for (size_t i = 0; i < image->segments.count; i++) {
		const struct segment *segment = &image->segments.items[i];

		if (segment->address < first)
			first = segment->address;
		if (segment->address + segment->memory_size > last)
			last = segment->address + segment->memory_size;
	}
	*start = first == UINT64_MAX ? 0 : first;
	*size = last > *start ? last - *start : 0;
}

/* ---- symbols ---- */

static bool is_code(Elf *elf, const GElf_Sym *symbol)
{
	unsigned type = GELF_ST_TYPE(symbol->st_info);
	GElf_Shdr header;
	Elf_Scn *section;

	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= SHN_LORESERVE)
		return false;
	if (type == STT_FUNC || type == STT_GNU_IFUNC)
		return true;
	section = type == STT_NOTYPE ? elf_getscn(elf, symbol->st_shndx) : NULL;
	return section && gelf_getshdr(section, &header) && header.sh_flags & SHF_EXECINSTR;
}

static unsigned underscores(const char *name)
{
	return (unsigned)strspn(name, "_");
}

/* a linked .symtab says "name@@VERSION" of what other files may use: the version is left out */
static void add_symbol(struct image *image, const GElf_Sym *symbol, const char *name)
{
	size_t length = strcspn(name, "@");
	unsigned lines = underscores(name);
	struct function_symbol function = {
		.start = symbol->st_value, .size = symbol->st_size,
		.name = (uint32_t)image->names.length,
		.rank = (uint8_t)((symbol->st_size ? 32 : 0) +
				  (GELF_ST_BIND(symbol->st_info) != STB_LOCAL ? 16 : 0) +
				  (lines > 15 ? 0 : 15 - lines)),
	};

	if (length == 0 || *name == '$' || image->names.length > UINT32_MAX / 2)
		return;
	buf_add(&image->names, name, length);
	buf_putc(&image->names, '\0');
	array_push(image->arena, &image->symbols, function);
}

static void read_symbol_section(struct image *image, Elf *elf, Elf_Scn *section,
				const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = data && header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	GElf_Sym symbol;
	const char *name;

	for (size_t i = 0; i < count; i++) {
		if (!gelf_getsym(data, (int)i, &symbol) || !is_code(elf, &symbol))
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (name)
			add_symbol(image, &symbol, name);
	}
}

/* true when @elf has a section of @type */
static bool read_symbols(struct image *image, Elf *elf, unsigned type)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	bool found = false;

	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header) || header.sh_type != type)
			continue;
		read_symbol_section(image, elf, section, &header);
		found = true;
	}
	return found;
}

static int symbol_compare(const void *left, const void *right)
{
	const struct function_symbol *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank > b->rank ? -1 : 1;
	return a->name < b->name ? -1 : a->name > b->name;
}

/* one symbol for each address */
static void sort_symbols(struct image *image)
{
	size_t kept = 0;

	if (image->symbols.count == 0)
		return;
	qsort(image->symbols.items, image->symbols.count, sizeof(*image->symbols.items),
	      symbol_compare);
	for (size_t i = 1; i < image->symbols.count; i++)
		if (image->symbols.items[i].start != image->symbols.items[kept].start)
			image->symbols.items[++kept] = image->symbols.items[i];
	image->symbols.count = kept + 1;
}

bool image_symbol(const struct image *image, uint64_t address, struct image_symbol *symbol)
{
	size_t low = 0, high = image->symbols.count;
	const struct function_symbol *found;
	uint64_t end, start, span;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (image->symbols.items[middle].start > address)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == 0)
		return false;
	found = &image->symbols.items[low - 1];
	image_span(image, &start, &span);
	end = low < image->symbols.count ? image->symbols.items[low].start : start + span;
	symbol->name = image->names.data + found->name;
	symbol->start = found->start;
	symbol->size = found->size ? found->size : end > found->start ? end - found->start : 0;
	return address - found->start < symbol->size;
}

/* ---- the separate debug file ---- */

static void read_build_id(struct image *image)
{
	const unsigned char *id;
	const void *note;
	ssize_t length = dwelf_elf_gnu_build_id(image->elf, &note);

	if (length < 2 || length > BUILD_ID_MAX)
		return;
	id = note;
	for (ssize_t i = 0; i < length; i++)
		snprintf(image->build_id + 2 * i, 3, "%02x", id[i]);
}

const char *image_build_id(const struct image *image)
{
	return image->build_id;
}

static bool read_debug_file(struct image *image)
{
	char path[sizeof(DEBUG_DIRECTORY) + 2 * BUILD_ID_MAX + 16];
	bool found = false;
	Elf *elf;
	int fd;

	if (!image->build_id[0])
		return false;
	snprintf(path, sizeof(path), DEBUG_DIRECTORY "/%.2s/%s.debug", image->build_id,
		 image->build_id + 2);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf) {
		found = read_symbols(image, elf, SHT_SYMTAB);
		elf_end(elf);
	}
	close(fd);
	return found;
}

/* ---- opening ---- */

static struct image *open_elf(Elf *elf)
{
	struct image *image;

	if (!elf || elf_kind(elf) != ELF_K_ELF) {
		elf_end(elf);
		return NULL;
	}
	image = memory_zalloc(sizeof(*image));
	image->elf = elf;
	image->arena = arena_new();
	read_segments(image);
	read_build_id(image);
	if (!read_symbols(image, elf, SHT_SYMTAB))
		read_debug_file(image);
	read_symbols(image, elf, SHT_DYNSYM);
	sort_symbols(image);
	return image;
}

/* all that is needed of the file is in memory afterwards: @fd may be closed */
struct image *image_open(int fd)
{
	struct image *image;

	elf_version(EV_CURRENT);
	image = open_elf(elf_begin(fd, ELF_C_READ, NULL));
	if (!image)
		return NULL;
	image->cfi = dwarf_getcfi_elf(image->elf);
	elf_cntl(image->elf, ELF_C_FDDONE);
	return image;
}

struct image *image_open_memory(void *bytes, size_t size)
{
	struct image *image;

	elf_version(EV_CURRENT);
	image = open_elf(elf_memory(bytes, size));
	if (image)
		image->cfi = dwarf_getcfi_elf(image->elf);
	return image;
}

static void forget_rules(struct image *image)
{
	for (size_t i = 0; i < image->rule_slots; i++) {
		struct frame_rule *rule = image->rules[i];

		if (!rule)
			continue;
		free(rule->cfa.operations);
		for (unsigned reg = 0; reg < IMAGE_REGISTERS; reg++)
			free(rule->registers[reg].operations);
		free(rule);
	}
	free(image->rules);
	image->rules = NULL;
	image->rule_count = image->rule_slots = 0;
}

void image_free(struct image *image)
{
	if (!image)
		return;
	forget_rules(image);
	if (image->cfi)
		dwarf_cfi_end(image->cfi);
	elf_end(image->elf);
	buf_free(&image->names);
	arena_free(image->arena);
	free(image);
}

/* ---- call frame information ---- */

static void copy_operations(struct frame_place *place, const Dwarf_Op *operations, size_t count)
{
	place->kind = FRAME_COMPUTED;
	place->operations = memory_alloc(count * sizeof(*place->operations));
	place->count = (uint32_t)count;
	for (size_t i = 0; i < count; i++)
		place->operations[i] = (struct operation){ operations[i].atom,
							   operations[i].number,
							   operations[i].number2 };
	if (operations[count - 1].atom == DW_OP_stack_value) {
		place->is_value = true;
		place->count--;
	}
}

/* [ CFA ] or [ CFA, plus ]: nearly every saved register */
static bool is_saved(const Dwarf_Op *operations, size_t count)
{
	return operations[0].atom == DW_OP_call_frame_cfa &&
	       (count == 1 || (count == 2 && operations[1].atom == DW_OP_plus_uconst));
}

static void decode_register(Dwarf_Frame *frame, int reg, struct frame_place *place)
{
	Dwarf_Op memory[3], *operations;
	size_t count;

	place->kind = FRAME_UNDEFINED;
	if (dwarf_frame_register(frame, reg, memory, &operations, &count) != 0)
		return;
	if (count == 0) {
		if (!operations)
			place->kind = FRAME_SAME;
	} else if (is_saved(operations, count)) {
		place->kind = FRAME_SAVED;
		place->offset = count == 2 ? (int64_t)operations[1].number : 0;
	} else {
		copy_operations(place, operations, count);
	}
}

static bool decode_cfa(Dwarf_Frame *frame, struct frame_place *cfa)
{
	Dwarf_Op *operations;
	size_t count;

	if (dwarf_frame_cfa(frame, &operations, &count) != 0 || count == 0)
		return false;
	if (count == 1 && operations[0].atom == DW_OP_bregx &&
	    operations[0].number < IMAGE_REGISTERS) {
		cfa->kind = FRAME_VALUE;
		cfa->reg = (uint8_t)operations[0].number;
		cfa->offset = (int64_t)operations[0].number2;
	} else if (count == 1 && operations[0].atom >= DW_OP_breg0 &&
		   operations[0].atom <= DW_OP_breg31) {
		cfa->kind = FRAME_VALUE;
		cfa->reg = (uint8_t)(operations[0].atom - DW_OP_breg0);
		cfa->offset = (int64_t)operations[0].number;
	} else {
		copy_operations(cfa, operations, count);
	}
	return true;
}

static void decode_rule(struct image *image, struct frame_rule *rule)
{
	Dwarf_Frame *frame = NULL;
	bool is_signal = false;
	int reg;

	if (!image->cfi || dwarf_cfi_addrframe(image->cfi, rule->address, &frame) != 0)
		return;
	reg = dwarf_frame_info(frame, NULL, NULL, &is_signal);
	rule->is_known = reg >= 0 && reg < IMAGE_REGISTERS && decode_cfa(frame, &rule->cfa);
	rule->is_signal = is_signal;
	rule->return_register = rule->is_known ? (unsigned)reg : 0;
	for (reg = 0; rule->is_known && reg < IMAGE_REGISTERS; reg++)
		decode_register(frame, reg, &rule->registers[reg]);
	free(frame);
}

static struct frame_rule **rule_slot(const struct image *image, uint64_t address)
{
	size_t mask = image->rule_slots - 1;
	size_t at = (size_t)(address * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;

	while (image->rules[at] && image->rules[at]->address != address)
		at = (at + 1) & mask;
	return &image->rules[at];
}

static void grow_rules(struct image *image)
{
	struct frame_rule **old = image->rules;
	size_t slots = image->rule_slots;

	image->rule_slots = slots ? 2 * slots : 64;
	image->rules = memory_zalloc(image->rule_slots * sizeof(*image->rules));
	for (size_t i = 0; i < slots; i++)
		if (old[i])
			*rule_slot(image, old[i]->address) = old[i];
	free(old);
}

const struct frame_rule *image_frame_rule(struct image *image, uint64_t address)
{
	struct frame_rule **slot;

	if (image->rule_count >= RULES_MAX)
		forget_rules(image);
	if (2 * (image->rule_count + 1) > image->rule_slots)
		grow_rules(image);
	slot = rule_slot(image, address);
	if (!*slot) {
		*slot = memory_zalloc(sizeof(**slot));
		(*slot)->address = address;
		decode_rule(image, *slot);
		image->rule_count++;
	}
	return *slot;
}

#ifdef UNIT_TEST
#include <sys/auxv.h>

#include "../lib/unit.h"

static struct image *test_image(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct image *image = image_open(fd);

	close(fd);
	return image;
}

UNIT_TEST_CASE(image_names_functions_of_this_program)
{
	struct image *image = test_image();
	struct image_symbol symbol;
	uint64_t start, size;
	bool found = false;

	CHECK(image != NULL);
	for (size_t i = 0; i < image->symbols.count; i++) {
		const struct function_symbol *function = &image->symbols.items[i];

		if (strcmp(image->names.data + function->name, "image_span") != 0)
			continue;
		found = true;
		CHECK(image_symbol(image, function->start + 1, &symbol));
		CHECK_STR(symbol.name, "image_span");
		CHECK_INT(symbol.start, function->start);
	}
	CHECK(found);
	image_span(image, &start, &size);
	CHECK(size > 0);
	CHECK(!image_symbol(image, start + size + 1, &symbol));
	image_free(image);
}

UNIT_TEST_CASE(image_has_frame_rules)
{
	struct image *image = test_image();
	const struct frame_rule *rule = NULL;

	for (size_t i = 0; i < image->symbols.count; i++)
		if (strcmp(image->names.data + image->symbols.items[i].name, "image_span") == 0)
			rule = image_frame_rule(image, image->symbols.items[i].start);
	CHECK(rule && rule->is_known);
	CHECK_INT(rule->cfa.kind, FRAME_VALUE);
	CHECK(!image_frame_rule(image, UINT64_MAX - 1)->is_known);
	image_free(image);
}

UNIT_TEST_CASE(image_refuses_what_is_no_elf)
{
	char text[] = "no ELF file at all, but text of some length that may be looked at";
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	CHECK(!image_open(fd));
	CHECK(!image_open_memory(text, sizeof(text)));
	close(fd);
}
#endif
