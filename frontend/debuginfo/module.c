// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opening programs and libraries, each once a session, with the debug file that belongs to them.
 * libdwfl finds that file: by build id and .gnu_debuglink below /usr/lib/debug, with dwz's
 * alternate files, or from the debuginfod servers of DEBUGINFOD_URLS. What is seen through the root
 * of a process has its debug files below that root.
 */
#include "kernel.h"
#include "module.h"

#include <bpf/btf.h>
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct debuginfo *debuginfo_new(struct frontend *frontend)
{
	struct arena *arena = frontend_arena(frontend);
	struct debuginfo *debuginfo = arena_new_object(arena, struct debuginfo);

	debuginfo->frontend = frontend;
	debuginfo->arena = arena;
	table_init(&debuginfo->modules, arena);
	table_init(&debuginfo->kernel_modules, arena);
	table_init(&debuginfo->headers, arena);
	elf_version(EV_CURRENT);
	return debuginfo;
}

static void module_close(struct module *module)
{
	if (module->btf != module->debuginfo->kernel_btf)
		btf__free(module->btf);
	if (module->dwfl)
		dwfl_end(module->dwfl);
}

void debuginfo_free(struct debuginfo *debuginfo)
{
	if (!debuginfo)
		return;
	for (size_t i = 0; i < debuginfo->modules.count; i++)
		module_close(debuginfo->modules.entries[i].value);
	for (size_t i = 0; i < debuginfo->kernel_modules.count; i++)
		module_close(debuginfo->kernel_modules.entries[i].value);
	btf__free(debuginfo->kernel_btf);
}

struct module *module_new(struct debuginfo *debuginfo, const char *path)
{
	struct module *module = arena_new_object(debuginfo->arena, struct module);

	module->debuginfo = debuginfo;
	module->arena = debuginfo->arena;
	module->path = arena_strdup(debuginfo->arena, path);
	module->source = "no types";
	return module;
}

static int open_regular(const char *path, struct buf *problem)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &status)) {
		buf_printf(problem, "cannot open '%s': %s", path, strerror(errno));
	} else if (!S_ISREG(status.st_mode)) {
		buf_printf(problem, "'%s' is not a regular file", path);
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

/* "/proc/12/root" of "/proc/12/root/usr/bin/cat"; NULL when the file is not seen that way */
static const char *foreign_root(struct arena *arena, const char *path)
{
	const char *at = path + strlen("/proc/");

	if (!text_starts_with(path, "/proc/"))
		return NULL;
	at += strspn(at, "0123456789");
	if (!text_starts_with(at, "/root/"))
		return NULL;
	return arena_memdup(arena, path, (size_t)(at - path) + strlen("/root"));
}

static const Dwfl_Callbacks *new_callbacks(struct module *module)
{
	struct arena *arena = module->arena;
	Dwfl_Callbacks *callbacks = arena_new_object(arena, Dwfl_Callbacks);
	const char *root = foreign_root(arena, module->path);
	char **directories = arena_new_object(arena, char *);

	callbacks->find_debuginfo = dwfl_standard_find_debuginfo;
	callbacks->section_address = dwfl_offline_section_address;
	if (root) {
		*directories = arena_printf(arena, ":.debug:%s/usr/lib/debug:/usr/lib/debug", root);
		callbacks->debuginfo_path = directories;
	}
	return callbacks;
}

/* gives the file to libdwfl, which owns @fd from then on unless this fails */
static bool report_file(struct module *module, int fd)
{
	module->dwfl = dwfl_begin(new_callbacks(module));
	if (!module->dwfl)
		return false;
	dwfl_report_begin(module->dwfl);
	module->dwfl_module = dwfl_report_offline(module->dwfl, "", module->path, fd);
	dwfl_report_end(module->dwfl, NULL, NULL);
	return module->dwfl_module != NULL;
}

static bool read_machine(struct module *module)
{
	GElf_Ehdr header;

	module->elf = dwfl_module_getelf(module->dwfl_module, &module->bias);
	if (!module->elf || !gelf_getehdr(module->elf, &header))
		return false;
	module->arch = arch_of_machine(header.e_machine);
	return true;
}

static const char *debug_file_name(const struct module *module)
{
	const char *main_file = NULL, *debug_file = NULL;

	dwfl_module_info(module->dwfl_module, NULL, NULL, NULL, NULL, NULL, &main_file,
			 &debug_file);
	return debug_file ?: main_file ?: module->path;
}

/* what dwz moved out of several files into one: without it much has no name and no type */
static void check_alternate(struct module *module)
{
	const char *name;
	const void *id;

	if (dwelf_dwarf_gnu_debugaltlink(module->dwarf, &name, &id) > 0 &&
	    !dwarf_getalt(module->dwarf))
		module->missing = arena_printf(module->arena, "its dwz file %s is missing", name);
}

bool module_read_elf(struct module *module, struct buf *problem)
{
	int fd = open_regular(module->path, problem);
	GElf_Addr bias;

	if (fd < 0)
		return false;
	if (!report_file(module, fd)) {
		close(fd);
		buf_printf(problem, "'%s' is not a program or library: %s", module->path,
			   dwfl_errmsg(-1));
		return false;
	}
	if (!read_machine(module)) {
		buf_printf(problem, "cannot read '%s': %s", module->path, dwfl_errmsg(-1));
		return false;
	}
	if (!module->arch) {
		buf_printf(problem, "'%s' is for a machine that is not supported", module->path);
		return false;
	}
	module->dwarf = dwfl_module_getdwarf(module->dwfl_module, &bias);
	if (module->dwarf)
		check_alternate(module);
	if (module->dwarf)
		module->source = arena_printf(module->arena, "DWARF of %s",
					      debug_file_name(module));
	return true;
}

struct module *debuginfo_open_file(struct debuginfo *debuginfo, const char *path,
				   struct buf *problem)
{
	struct module *module = table_get(&debuginfo->modules, path);

	if (module)
		return module;
	module = module_new(debuginfo, path);
	if (!module_read_elf(module, problem)) {
		module_close(module);
		return NULL;
	}
	table_put(&debuginfo->modules, path, module);
	return module;
}

const char *module_source(const struct module *module)
{
	return module->source;
}

const char *module_path(const struct module *module)
{
	return module->path;
}
