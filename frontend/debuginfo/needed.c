// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a program or library asks the loader for: the names of libraries it needs and where to look
 * for them (System V gABI, chapter 5, dynamic section).
 */
#include <fcntl.h>
#include <unistd.h>

#include "module.h"

static void take_entry(struct arena *arena, Elf *elf, size_t names, const GElf_Dyn *entry,
		       struct library_needs *needs)
{
	bool is_name = entry->d_tag == DT_NEEDED || entry->d_tag == DT_RPATH ||
		       entry->d_tag == DT_RUNPATH;
	const char *text = is_name ? elf_strptr(elf, names, entry->d_un.d_val) : NULL;

	if (!text || !*text)
		return;
	text = arena_strdup(arena, text);
	if (entry->d_tag == DT_NEEDED)
		array_push(arena, &needs->names, text);
	else if (entry->d_tag == DT_RPATH)
		needs->rpath = text;
	else
		needs->runpath = text;
}

static void read_dynamic(struct arena *arena, Elf *elf, struct library_needs *needs)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Dyn entry;
	Elf_Data *data;

	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNAMIC)
			continue;
		data = elf_section_data(section);
		for (int i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++)
			take_entry(arena, elf, header.sh_link, &entry, needs);
		return;
	}
}

void debuginfo_needs(struct arena *arena, const char *path, struct library_needs *needs)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	Elf *elf;

	*needs = (struct library_needs){ 0 };
	elf_version(EV_CURRENT);
	elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		read_dynamic(arena, elf, needs);
	if (elf)
		elf_end(elf);
	if (fd >= 0)
		close(fd);
}

#ifdef UNIT_TEST
#include "../../lib/unit.h"

UNIT_TEST_CASE(needed_of_this_program)
{
	struct arena *arena = arena_new();
	struct library_needs needs;
	bool found = false;

	debuginfo_needs(arena, "/proc/self/exe", &needs);
	for (size_t i = 0; i < needs.names.count; i++)
		found |= text_starts_with(needs.names.items[i], "libc.so.");
	CHECK(found);
	debuginfo_needs(arena, "/proc/self/maps", &needs);
	CHECK_INT(needs.names.count, 0);
	debuginfo_needs(arena, "/nowhere", &needs);
	CHECK_INT(needs.names.count, 0);
	arena_free(arena);
}
#endif
