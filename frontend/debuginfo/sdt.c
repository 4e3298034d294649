// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Marks of <sys/sdt.h>: the notes "stapsdt" hold address, semaphore, provider, name, and arguments
 * as assembler operands: `-4@%eax 8@-24(%rbp) 8@$3 8@counter+8(%rip) 4@[x29, 20]`. A note's
 * addresses are from before prelinking; .stapsdt.base says by how much the file has moved since.
 */
#include "module.h"

#include <ctype.h>
#include <errno.h>

#define MAX_SDT_ARGUMENTS 12
#define NT_STAPSDT 3

/* one note, its texts inside the section's data */
struct note {
	uint64_t address, base, semaphore;
	const char *provider, *name, *arguments;
};

/* ---- notes ---- */

static uint64_t load_word(const uint8_t *at, unsigned size, bool is_big)
{
	uint64_t word = 0;

	for (unsigned i = 0; i < size; i++)
		word |= (uint64_t)at[is_big ? size - 1 - i : i] << (8 * i);
	return word;
}

/* the text at @at, which is moved behind it; NULL when its end is not before @end */
static const char *take_text(const char **at, const char *end)
{
	const char *text = *at;
	const char *nul = text < end ? memchr(text, '\0', (size_t)(end - text)) : NULL;

	if (nul)
		*at = nul + 1;
	return nul ? text : NULL;
}

static bool parse_note(const struct module *module, const char *descriptor, size_t size,
		       struct note *note)
{
	unsigned word = gelf_getclass(module->elf) == ELFCLASS32 ? 4 : 8;
	const char *end = descriptor + size, *at = descriptor + 3 * word;
	const uint8_t *bytes = (const uint8_t *)descriptor;
	const char *ident = elf_getident(module->elf, NULL);
	bool is_big = ident && ident[EI_DATA] == ELFDATA2MSB;

	if (size < 3 * word)
		return false;
	note->address = load_word(bytes, word, is_big);
	note->base = load_word(bytes + word, word, is_big);
	note->semaphore = load_word(bytes + 2 * word, word, is_big);
	note->provider = take_text(&at, end);
	note->name = take_text(&at, end);
	note->arguments = take_text(&at, end);
	return note->provider && note->name && note->arguments;
}

/* ---- arguments ---- */

/* `-4@` before the operand; without it the argument is as large as the machine's word */
static const char *parse_size(const struct module *module, const char *text,
			      struct sdt_argument *argument)
{
	const char *at = text;

	argument->size = module->arch->pointer_size;
	argument->is_signed = *at == '-';
	if (*at == '-')
		at++;
	if (!strchr("1248", *at) || !*at)
		return text;
	/* a floating point argument is written 8f@ */
	if (at[1] != '@' && !(at[1] == 'f' && at[2] == '@'))
		return text;
	argument->size = (uint8_t)(*at - '0');
	return strchr(at, '@') + 1;
}

/* arguments are parted by spaces, but [x29, 20] holds one */
static size_t operand_length(const char *text)
{
	size_t length = 0;
	bool bracket = false;

	for (; text[length] && (bracket || text[length] != ' '); length++)
		bracket = text[length] == '[' || (bracket && text[length] != ']');
	return length;
}

static void parse_arguments(const struct module *module, const char *text,
			    struct code_place *place)
{
	struct sdt_argument *arguments =
		arena_alloc(module->arena, MAX_SDT_ARGUMENTS * sizeof(*arguments));

	place->arguments = arguments;
	while (place->argument_count < MAX_SDT_ARGUMENTS) {
		struct sdt_argument *argument = &arguments[place->argument_count];
		size_t length;

		text += strspn(text, " ");
		if (!*text)
			return;
		text = parse_size(module, text, argument);
		length = operand_length(text);
		argument->operand = arena_memdup(module->arena, text, length);
		text += length;
		place->argument_count++;
	}
}

/* ---- finding marks ---- */

static bool matches(const struct place_query *query, const struct note *note)
{
	return text_match(query->pattern ?: "*", note->name) &&
	       (!query->provider || text_match(query->provider, note->provider));
}

/* underscores double in C, where the mark's dashes cannot be written: a-b is a__b */
static const char *with_dashes(struct arena *arena, const char *name)
{
	char *copy = arena_strdup(arena, name), *out = copy;

	for (const char *in = name; *in; in++) {
		if (in[0] == '_' && in[1] == '_')
			*out++ = '-', in++;
		else
			*out++ = *in;
	}
	*out = '\0';
	return copy;
}

static bool matches_either_way(struct arena *arena, const struct place_query *query,
			       const struct note *note)
{
	struct note dashed = *note;

	if (matches(query, note))
		return true;
	if (!strstr(note->name, "__"))
		return false;
	dashed.name = with_dashes(arena, note->name);
	return matches(query, &dashed);
}

static uint64_t semaphore_offset(const struct module *module, uint64_t address)
{
	int64_t offset = address ? elf_file_offset(module, address, false) : 0;

	return offset < 0 ? 0 : (uint64_t)offset;
}

static void add_mark(struct module *module, const struct note *note, uint64_t moved,
		     place_array *places)
{
	struct code_place *place;

	if (elf_file_offset(module, note->address + moved, true) < 0)
		return;
	place = place_new(module, note->address + moved);
	place->at_entry = false;
	place->provider = arena_strdup(module->arena, note->provider);
	place->mark = arena_strdup(module->arena, note->name);
	if (note->semaphore)
		place->semaphore_offset = semaphore_offset(module, note->semaphore + moved);
	parse_arguments(module, note->arguments, place);
	array_push(module->arena, places, place);
}

int sdt_find_places(struct module *module, const struct place_query *query, place_array *places,
		    name_array *suggest)
{
	GElf_Shdr header, base = { 0 };
	Elf_Scn *section = module->elf ?
		elf_find_section(module->elf, ".note.stapsdt", &header) : NULL;
	Elf_Data *data = elf_section_data(section);
	size_t offset = 0, next, name, descriptor;
	GElf_Nhdr head;

	if (!data || header.sh_type != SHT_NOTE)
		return 0;
	if (!elf_find_section(module->elf, ".stapsdt.base", &base))
		base.sh_addr = 0;
	while ((next = gelf_getnote(data, offset, &head, &name, &descriptor)) > offset) {
		struct note note;

		offset = next;
		if (head.n_type != NT_STAPSDT || head.n_namesz != 8 ||
		    memcmp((char *)data->d_buf + name, "stapsdt", 8) ||
		    !parse_note(module, (char *)data->d_buf + descriptor, head.n_descsz, &note))
			continue;
		if (matches_either_way(module->arena, query, &note))
			add_mark(module, &note,
				 base.sh_addr && note.base ? base.sh_addr - note.base : 0, places);
		else if (suggest && pattern_near(query->pattern ?: "", note.name))
			array_push(module->arena, suggest, arena_strdup(module->arena, note.name));
	}
	return (int)places->count;
}

/* ---- values ---- */

int sdt_value(const struct code_place *place, const struct expr *target,
	      struct place_value *value, struct buf *problem)
{
	char *end = NULL;
	unsigned long number = 0;

	*value = (struct place_value){ .type = TYPE_LONG, .c_type = "long" };
	if (text_starts_with(target->name, "$arg") && isdigit((unsigned char)target->name[4]))
		number = strtoul(target->name + 4, &end, 10);
	if (!end || *end || number < 1 || number > place->argument_count) {
		buf_printf(problem, "mark '%s' has %u arguments, $arg1 and up", place->mark,
			   place->argument_count);
		return -ENOENT;
	}
	if (target->path.count || target->address_of) {
		buf_printf(problem, "arguments of marks have no type; use @cast(%s, \"type\")",
			   target->name);
		return -ENOTSUP;
	}
	return sdt_operand_value(place->module, &place->arguments[number - 1], value, problem);
}

size_t sdt_variables(const struct code_place *place, struct family_variable *out, size_t room)
{
	size_t count = place->argument_count < room ? place->argument_count : room;

	for (size_t i = 0; i < count; i++)
		out[i] = (struct family_variable){
			.name = arena_printf(place->module->arena, "$arg%zu", i + 1),
			.c_type = "long", .type = TYPE_LONG, .is_parameter = true };
	return count;
}

#ifdef UNIT_TEST
#include "../../lib/unit.h"

/* $arg1 of a mark with these arguments in a program for @machine */
static int unit_argument(struct arena *arena, const char *machine, const char *arguments,
			 struct place_value *value)
{
	struct module module = { .arena = arena, .arch = arch_by_name(machine) };
	struct code_place place = { .module = &module, .mark = "m" };
	struct expr target = { .kind = EXPR_TARGET, .name = "$arg1" };
	struct buf problem = BUF_INIT;
	int error;

	parse_arguments(&module, arguments, &place);
	error = sdt_value(&place, &target, value, &problem);
	CHECK(!error || problem.length);
	buf_free(&problem);
	return error;
}

UNIT_TEST_CASE(sdt_registers)
{
	struct arena *arena = arena_new();
	struct place_value value;

	CHECK_INT(unit_argument(arena, "x86_64", "-4@%esi 8@%rax", &value), 0);
	CHECK_INT(value.recipe->fetch->reg, 4);
	CHECK_INT(value.recipe->fetch->size, 4);
	CHECK(value.recipe->fetch->is_signed);
	CHECK_INT(unit_argument(arena, "x86_64", "1@%ah", &value), 0);
	CHECK_INT(value.recipe->bit_offset, 8);
	CHECK_INT(unit_argument(arena, "x86_64", "8f@%xmm0", &value), -ENOTSUP);
	CHECK_INT(unit_argument(arena, "arm64", "4@w19", &value), 0);
	CHECK_INT(value.recipe->fetch->reg, 19);
	CHECK_INT(unit_argument(arena, "i386", "4@%ecx", &value), 0);
	CHECK_INT(value.recipe->fetch->reg, 2);
	arena_free(arena);
}

UNIT_TEST_CASE(sdt_memory)
{
	struct arena *arena = arena_new();
	struct place_value value;

	CHECK_INT(unit_argument(arena, "x86_64", "-2@-20(%rbp)", &value), 0);
	CHECK_INT(value.recipe->fetch->size, 2);
	CHECK_INT(value.recipe->fetch->base->reg, 6);
	CHECK_INT(value.recipe->fetch->base->offset, -20);
	CHECK_INT(unit_argument(arena, "x86_64", "8@(%rdi)", &value), 0);
	CHECK_INT(unit_argument(arena, "x86_64", "8@missing(%rip)", &value), -ENOTSUP);
	CHECK_INT(unit_argument(arena, "arm64", "4@[x29, 20]", &value), 0);
	CHECK_INT(value.recipe->fetch->base->offset, 20);
	arena_free(arena);
}

UNIT_TEST_CASE(sdt_elements_of_arrays)
{
	struct arena *arena = arena_new();
	struct place_value value;

	CHECK_INT(unit_argument(arena, "x86_64", "-4@-8(%rbp,%rax,4)", &value), 0);
	CHECK_INT(value.indexed->base->fetch->reg, 6);
	CHECK_INT(value.indexed->index->fetch->reg, 0);
	CHECK_INT(value.indexed->scale, 4);
	CHECK_INT(value.indexed->displacement, -8);
	CHECK(value.indexed->is_signed && value.indexed->size == 4);
	CHECK_INT(unit_argument(arena, "x86_64", "8@64(,%rbx,8)", &value), 0);
	CHECK(!value.indexed->base && value.indexed->displacement == 64);
	CHECK_INT(unit_argument(arena, "x86_64", "8@(%rax,%rbx)", &value), 0);
	CHECK_INT(value.indexed->scale, 1);
	CHECK_INT(unit_argument(arena, "x86_64", "8@8(%rax,%rbx,3)", &value), -ENOTSUP);
	CHECK_INT(unit_argument(arena, "x86_64", "8@8(%rax,%rbx,4", &value), -ENOTSUP);
	CHECK_INT(unit_argument(arena, "arm64", "4@[x1, x2]", &value), 0);
	CHECK_INT(value.indexed->scale, 1);
	CHECK_INT(unit_argument(arena, "arm64", "8@[x1, x2, lsl 3]", &value), 0);
	CHECK_INT(value.indexed->scale, 8);
	CHECK_INT(unit_argument(arena, "arm64", "2@[x1, w2, sxtw #1]", &value), 0);
	CHECK(value.indexed->index->fetch->size == 4 && value.indexed->index->fetch->is_signed);
	CHECK_INT(unit_argument(arena, "arm64", "4@[x1, w2, uxtw]", &value), 0);
	CHECK(!value.indexed->index->fetch->is_signed);
	CHECK_INT(unit_argument(arena, "arm64", "4@[x1, x2, lsl 9]", &value), -ENOTSUP);
	CHECK_INT(unit_argument(arena, "arm64", "4@[x1, #:lo12:missing]", &value), -ENOTSUP);
	arena_free(arena);
}

UNIT_TEST_CASE(sdt_constants_are_as_wide_as_the_argument)
{
	struct arena *arena = arena_new();
	struct place_value value;

	CHECK_INT(unit_argument(arena, "x86_64", "-4@$-1", &value), 0);
	CHECK(!value.recipe);
	CHECK_INT(value.addend, -1);
	CHECK_INT(unit_argument(arena, "x86_64", "4@$-1", &value), 0);
	CHECK_INT(value.addend, 4294967295LL);
	CHECK_INT(unit_argument(arena, "arm64", "-8@7", &value), 0);
	CHECK_INT(value.addend, 7);
	CHECK_INT(unit_argument(arena, "x86_64", "", &value), -ENOENT);
	arena_free(arena);
}
#endif
