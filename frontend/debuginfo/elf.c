// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The few facts about an ELF file that libdwfl does not hand out: where an address lies in the
 * file, and sections by name.
 */
#include "module.h"

int64_t elf_file_offset(const struct module *module, uint64_t address, bool only_code)
{
	size_t count;
	GElf_Phdr header;

	if (!module->elf || elf_getphdrnum(module->elf, &count))
		return -1;
	/* a kernel module is no image of memory: its probes are named by symbols */
	if (!count && !module_is_user(module))
		return (int64_t)address;
	for (size_t i = 0; i < count && gelf_getphdr(module->elf, (int)i, &header); i++) {
		if (header.p_type != PT_LOAD || (only_code && !(header.p_flags & PF_X)))
			continue;
		if (address >= header.p_vaddr && address - header.p_vaddr < header.p_filesz)
			return (int64_t)(address - header.p_vaddr + header.p_offset);
	}
	return -1;
}

Elf_Scn *elf_find_section(Elf *elf, const char *name, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *is;

		if (!gelf_getshdr(section, header))
			continue;
		is = elf_strptr(elf, names, header->sh_name);
		if (is && strcmp(is, name) == 0)
			return section;
	}
	return NULL;
}

Elf_Data *elf_section_data(Elf_Scn *section)
{
	GElf_Shdr header;
	Elf_Data *data;

	if (!section || !gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
		return NULL;
	if (header.sh_flags & SHF_COMPRESSED && elf_compress(section, 0, 0) < 0)
		return NULL;
	data = elf_getdata(section, NULL);
	return data && data->d_buf ? data : NULL;
}
