// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses to source lines, by the line tables of DWARF: of a file a process has mapped, or of the
 * running kernel's vmlinux where one is installed. The frontend's debuginfo finds and reads them,
 * each file once for all processes that map it.
 */
#include "../frontend/debuginfo/debuginfo.h"
#include "source-line.h"

#include <sys/stat.h>

/* the same symbol in memory and in vmlinux tells how far the kernel was moved */
#define KERNEL_ANCHOR "_stext"

struct line_reader {
	struct frontend *frontend;
	struct arena *arena;
	struct table modules; /* path -> struct module, or &no_module */
	struct module *kernel;
	uint64_t kernel_moved;
	bool kernel_tried;
};

static char no_module;

struct line_reader *line_reader_new(struct frontend *frontend)
{
	struct line_reader *reader = memory_zalloc(sizeof(*reader));

	reader->frontend = frontend;
	reader->arena = arena_new();
	table_init(&reader->modules, reader->arena);
	return reader;
}

void line_reader_free(struct line_reader *reader)
{
	if (!reader)
		return;
	arena_free(reader->arena);
	free(reader);
}

static bool same_file(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* the plain path, unless the process lives and means another file by it */
static const char *module_file(struct line_reader *reader, const struct address_space *space,
			       const struct mapping *mapping)
{
	const char *path = arena_printf(reader->arena, "/proc/%d/root%s", space->pid, mapping->path);
	struct stat status;

	return stat(path, &status) != 0 || same_file(path, mapping->path) ? mapping->path : path;
}

static struct module *find_module(struct line_reader *reader, const struct address_space *space,
				  const struct mapping *mapping)
{
	const char *path = module_file(reader, space, mapping);
	struct module *module = table_get(&reader->modules, path);
	struct buf problem = BUF_INIT;

	if (module)
		return module == (void *)&no_module ? NULL : module;
	module = debuginfo_open_file(frontend_debuginfo(reader->frontend), path, &problem);
	table_put(&reader->modules, path, module ? (void *)module : &no_module);
	buf_free(&problem);
	return module;
}

bool source_line_user(struct line_reader *reader, struct symbolizer *symbolizer,
		      const struct address_space *space, uint64_t address, struct source_line *line)
{
	const struct mapping *mapping = address_space_find(space, address);
	struct module *module;
	uint64_t link;

	if (!reader->frontend || !mapping || mapping->path[0] != '/' ||
	    !symbolizer_image(symbolizer, space, address, &link))
		return false;
	module = find_module(reader, space, mapping);
	line->number = module ? debuginfo_line(module, link, &line->file) : 0;
	return line->number > 0;
}

static void find_kernel(struct line_reader *reader, struct symbolizer *symbolizer)
{
	struct buf problem = BUF_INIT;
	uint64_t linked, running;

	reader->kernel_tried = true;
	reader->kernel = debuginfo_open_kernel(frontend_debuginfo(reader->frontend), NULL,
					       &problem);
	buf_free(&problem);
	if (!reader->kernel || !debuginfo_symbol(reader->kernel, KERNEL_ANCHOR, &linked) ||
	    !symbolizer_kernel_address(symbolizer, KERNEL_ANCHOR, &running))
		reader->kernel = NULL;
	else
		reader->kernel_moved = running - linked;
}

bool source_line_kernel(struct line_reader *reader, struct symbolizer *symbolizer, uint64_t address,
			struct source_line *line)
{
	if (!reader->frontend)
		return false;
	if (!reader->kernel_tried)
		find_kernel(reader, symbolizer);
	line->number = reader->kernel ? debuginfo_line(reader->kernel,
						       address - reader->kernel_moved,
						       &line->file) : 0;
	return line->number > 0;
}
