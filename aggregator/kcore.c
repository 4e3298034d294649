// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/kcore is the kernel's memory in the shape of an ELF core file: its program headers say
 * which addresses stand where in the file (fs/proc/kcore.c). They are read once; memory added
 * later, by loading a module into a new area, is covered all the same: the areas are whole regions.
 */
#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include "kcore.h"

#define MAX_SEGMENTS 4096

struct segment {
	uint64_t start, size, offset;
};
struct kcore {
	int fd;
	size_t count;
	struct segment segments[];
};

static bool read_at(int fd, void *out, size_t size, uint64_t offset)
{
	return offset <= INT64_MAX && pread(fd, out, size, (off_t)offset) == (ssize_t)size;
}

static bool header_is_sane(const Elf64_Ehdr *header)
{
	return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
	       header->e_ident[EI_CLASS] == ELFCLASS64 &&
	       header->e_phentsize == sizeof(Elf64_Phdr) && header->e_phnum <= MAX_SEGMENTS;
}

static struct kcore *kcore_load(int fd)
{
	struct kcore *kcore;
	Elf64_Ehdr header;
	Elf64_Phdr program;

	if (!read_at(fd, &header, sizeof(header), 0) || !header_is_sane(&header))
		return NULL;
	kcore = memory_zalloc(sizeof(*kcore) + header.e_phnum * sizeof(kcore->segments[0]));
	kcore->fd = fd;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		if (!read_at(fd, &program, sizeof(program),
			     header.e_phoff + i * sizeof(program)))
			break;
		if (program.p_type == PT_LOAD)
			kcore->segments[kcore->count++] = (struct segment){
				program.p_vaddr, program.p_memsz, program.p_offset };
	}
	return kcore;
}

struct kcore *kcore_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct kcore *kcore = fd < 0 ? NULL : kcore_load(fd);

	if (!kcore && fd >= 0)
		close(fd);
	return kcore;
}

void kcore_free(struct kcore *kcore)
{
	if (!kcore)
		return;
	close(kcore->fd);
	free(kcore);
}

size_t kcore_read(const struct kcore *kcore, uint64_t address, void *out, size_t size)
{
	for (size_t i = 0; i < kcore->count; i++) {
		const struct segment *segment = &kcore->segments[i];
		uint64_t inside = address - segment->start;
		ssize_t got;

		if (address < segment->start || inside >= segment->size)
			continue;
		if (size > segment->size - inside)
			size = segment->size - inside;
		got = pread(kcore->fd, out, size, (off_t)(segment->offset + inside));
		return got > 0 ? (size_t)got : 0;
	}
	return 0;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(kcore_reads_inside_its_segments)
{
	static const struct {
		Elf64_Ehdr header;
		Elf64_Phdr program;
		char memory[16];
	} file = {
		{ .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64 }, .e_phoff = sizeof(Elf64_Ehdr),
		  .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1 },
		{ .p_type = PT_LOAD, .p_vaddr = 0xffff800000001000, .p_memsz = 16,
		  .p_offset = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) },
		"kernel memory",
	};
	char path[] = "/tmp/kcore-XXXXXX", text[32] = "";
	int fd = mkstemp(path);
	struct kcore *kcore;

	CHECK(fd >= 0 && write(fd, &file, sizeof(file)) == sizeof(file));
	kcore = kcore_open(path);
	unlink(path);
	close(fd);
	CHECK(kcore != NULL);
	CHECK_INT(kcore_read(kcore, 0xffff800000001007, text, 32), 9);
	CHECK_STR(text, "memory");
	CHECK_INT(kcore_read(kcore, 0xffff800000001010, text, 1), 0);
	CHECK_INT(kcore_read(kcore, 0xffff800000000fff, text, 1), 0);
	kcore_free(kcore);
}

UNIT_TEST_CASE(kcore_refuses_other_files)
{
	CHECK(kcore_open("/dev/null") == NULL);
	CHECK(kcore_open("/no/such/file") == NULL);
}
#endif
