// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ELF symbols: functions by name and by address, from the symbol tables libdwfl finds (.symtab of
 * the file or its debug file, .dynsym, the compressed mini table), and the entries of the procedure
 * linkage table, recognised by the slot of the global offset table they jump through.
 */
#include "module.h"

/* ---- functions ---- */

static int compare_symbols(const void *a, const void *b)
{
	const struct function_symbol *first = a, *second = b;

	if (first->address != second->address)
		return first->address < second->address ? -1 : 1;
	if (first->is_global != second->is_global)
		return second->is_global - first->is_global;
	return strcmp(first->name, second->name);
}

/* C's symbols do not hold `@`: what follows one is a version */
static const char *plain_name(struct module *module, const char *name)
{
	const char *version = strchr(name, '@');

	if (!version)
		return name;
	return arena_memdup(module->arena, name, (size_t)(version - name));
}

static void add_symbol(struct module *module, int index)
{
	GElf_Sym symbol;
	GElf_Addr address;
	GElf_Word section;
	const char *name = dwfl_module_getsym_info(module->dwfl_module, index, &symbol, &address,
						   &section, NULL, NULL);

	if (!name || !*name || section == SHN_UNDEF || GELF_ST_TYPE(symbol.st_info) != STT_FUNC)
		return;
	array_push(module->arena, &module->symbols, (struct function_symbol){
		.name = plain_name(module, name), .address = address - module->bias,
		.size = symbol.st_size,
		.is_global = GELF_ST_BIND(symbol.st_info) != STB_LOCAL });
}

void symtab_read(struct module *module)
{
	int count;

	if (module->symbols_read || !module->dwfl_module)
		return;
	module->symbols_read = true;
	count = dwfl_module_getsymtab(module->dwfl_module);
	for (int i = 1; i < count; i++)
		add_symbol(module, i);
	if (module->symbols.count)
		qsort(module->symbols.items, module->symbols.count,
		      sizeof(*module->symbols.items), compare_symbols);
}

/* the first symbol above @address */
static size_t upper_bound(const struct module *module, uint64_t address)
{
	size_t low = 0, high = module->symbols.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (module->symbols.items[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct function_symbol *symtab_at(struct module *module, uint64_t address)
{
	const struct function_symbol *symbols;
	size_t at;

	symtab_read(module);
	symbols = module->symbols.items;
	at = upper_bound(module, address);
	if (!at--)
		return NULL;
	while (at && symbols[at - 1].address == symbols[at].address)
		at--;
	if (symbols[at].size && address - symbols[at].address >= symbols[at].size)
		return NULL;
	return &symbols[at];
}

/* `environ@GLIBC_2.2.5` is `environ` */
static bool is_named(const char *symbol, const char *name)
{
	size_t length = strlen(name);

	return strncmp(symbol, name, length) == 0 &&
	       (!symbol[length] || symbol[length] == '@');
}

bool symtab_find(struct module *module, const char *wanted, uint64_t *found)
{
	int count = module->dwfl_module ? dwfl_module_getsymtab(module->dwfl_module) : 0;

	for (int i = 1; i < count; i++) {
		GElf_Sym symbol;
		GElf_Addr address;
		GElf_Word section;
		const char *name = dwfl_module_getsym_info(module->dwfl_module, i, &symbol,
							   &address, &section, NULL, NULL);

		if (name && section != SHN_UNDEF && GELF_ST_TYPE(symbol.st_info) != STT_TLS &&
		    is_named(name, wanted)) {
			*found = address - module->bias;
			return true;
		}
	}
	return false;
}

int symtab_find_places(struct module *module, const struct place_query *query,
		       const struct pattern *pattern, place_array *places, name_array *suggest)
{
	symtab_read(module);
	for (size_t i = 0; i < module->symbols.count; i++) {
		const struct function_symbol *symbol = &module->symbols.items[i];
		struct code_place *place;

		if (!text_match(pattern->function, symbol->name)) {
			if (suggest && pattern_near(pattern->function, symbol->name))
				array_push(module->arena, suggest, symbol->name);
			continue;
		}
		if ((query->only_exported && !symbol->is_global) ||
		    elf_file_offset(module, symbol->address, true) < 0)
			continue;
		if (places->count &&
		    places->items[places->count - 1]->address == symbol->address)
			continue;
		place = place_new(module, symbol->address);
		place->function = place->symbol = symbol->name;
		place->is_return = query->is_return;
		array_push(module->arena, places, place);
	}
	return (int)places->count;
}

/* ---- the procedure linkage table ---- */

/* a slot of the global offset table and the function whose address the loader puts there */
struct got_slot {
	uint64_t address;
	const char *name;
};
typedef ARRAY(struct got_slot) got_array;

static const char *relocated_symbol(Elf *elf, const GElf_Shdr *relocations, size_t index)
{
	Elf_Scn *symbols = elf_getscn(elf, relocations->sh_link);
	Elf_Data *data = elf_section_data(symbols);
	GElf_Shdr header;
	GElf_Sym symbol;

	if (!data || !gelf_getshdr(symbols, &header) ||
	    !gelf_getsym(data, (int)index, &symbol))
		return NULL;
	return elf_strptr(elf, header.sh_link, symbol.st_name);
}

static void read_relocations(struct module *module, const char *section, got_array *slots)
{
	GElf_Shdr header;
	Elf_Data *data = elf_section_data(elf_find_section(module->elf, section, &header));
	GElf_Rela rela;
	GElf_Rel rel;

	if (!data)
		return;
	for (int i = 0; i < (1 << 20); i++) {
		const char *name;

		if (header.sh_type == SHT_RELA && gelf_getrela(data, i, &rela))
			rel = (GElf_Rel){ rela.r_offset, rela.r_info };
		else if (header.sh_type != SHT_REL || !gelf_getrel(data, i, &rel))
			return;
		name = relocated_symbol(module->elf, &header, GELF_R_SYM(rel.r_info));
		if (name && *name)
			array_push(module->arena, slots, (struct got_slot){ rel.r_offset, name });
	}
}

static int compare_slots(const void *a, const void *b)
{
	const struct got_slot *first = a, *second = b;

	return (first->address > second->address) - (first->address < second->address);
}

static const struct got_slot *find_slot(const got_array *slots, uint64_t address)
{
	struct got_slot key = { address, NULL };

	return slots->count ? bsearch(&key, slots->items, slots->count, sizeof(key),
				      compare_slots) : NULL;
}

static uint32_t load32(const uint8_t *at)
{
	return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

/* `jmp *disp(%rip)` (ff 25), absolute on i386, somewhere in the entry */
static bool x86_slot(const struct module *module, const uint8_t *entry, size_t size, uint64_t pc,
		     uint64_t *slot)
{
	for (size_t i = 0; i + 6 <= size; i++) {
		if (entry[i] != 0xff || entry[i + 1] != 0x25)
			continue;
		*slot = load32(entry + i + 2);
		if (module->arch->machine == EM_X86_64)
			*slot = pc + i + 6 + (uint64_t)(int64_t)(int32_t)*slot;
		return true;
	}
	return false;
}

/* `adrp x16, page; ldr x17, [x16, #offset]`, perhaps behind a `bti` */
static bool arm64_slot(const uint8_t *entry, size_t size, uint64_t pc, uint64_t *slot)
{
	for (size_t i = 0; i + 8 <= size; i += 4) {
		uint32_t adrp = load32(entry + i), ldr = load32(entry + i + 4);
		uint64_t pages = (adrp >> 5 & 0x7ffff) << 2 | (adrp >> 29 & 3);

		if ((adrp & 0x9f00001f) != 0x90000010 || (ldr & 0xffc003ff) != 0xf9400211)
			continue;
		if (pages & 1 << 20)
			pages |= ~0ULL << 21;
		*slot = ((pc + i) & ~0xfffULL) + (pages << 12) + (ldr >> 10 & 0xfff) * 8;
		return true;
	}
	return false;
}

static bool entry_slot(const struct module *module, const uint8_t *entry, size_t size, uint64_t pc,
		       uint64_t *slot)
{
	if (module->arch->machine == EM_AARCH64)
		return arm64_slot(entry, size, pc, slot);
	return x86_slot(module, entry, size, pc, slot);
}

static void find_entries(struct module *module, const char *section, const got_array *slots,
			 const struct place_query *query, place_array *places,
			 name_array *suggest)
{
	GElf_Shdr header;
	Elf_Data *data = elf_section_data(elf_find_section(module->elf, section, &header));
	size_t step = data && strcmp(section, ".plt.got") == 0 && header.sh_entsize == 8 ? 8 : 16;

	for (size_t at = 0; data && at + step <= data->d_size; at += step) {
		uint64_t pc = header.sh_addr + at, address;
		const struct got_slot *slot = NULL;
		struct code_place *place;

		if (entry_slot(module, (uint8_t *)data->d_buf + at, step, pc, &address))
			slot = find_slot(slots, address);
		if (!slot)
			continue;
		if (!text_match(query->pattern, slot->name)) {
			if (suggest && pattern_near(query->pattern, slot->name))
				array_push(module->arena, suggest, slot->name);
			continue;
		}
		place = place_new(module, pc);
		place->function = slot->name;
		place->function_address = pc;
		place->function_size = step;
		place->at_entry = true;
		place->is_return = query->is_return;
		array_push(module->arena, places, place);
	}
}

int plt_find_places(struct module *module, const struct place_query *query, place_array *places,
		    name_array *suggest)
{
	got_array slots = { NULL, 0, 0 };

	if (!module->elf)
		return 0;
	read_relocations(module, ".rela.plt", &slots);
	read_relocations(module, ".rel.plt", &slots);
	read_relocations(module, ".rela.dyn", &slots);
	read_relocations(module, ".rel.dyn", &slots);
	if (slots.count)
		qsort(slots.items, slots.count, sizeof(*slots.items), compare_slots);
	find_entries(module, ".plt", &slots, query, places, suggest);
	find_entries(module, ".plt.sec", &slots, query, places, suggest);
	find_entries(module, ".plt.got", &slots, query, places, suggest);
	return (int)places->count;
}
