// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the types of the kernel and its modules come from: a vmlinux or NAME.ko with DWARF that has
 * the running one's build id, else BTF, else there are none. -v tells once which it is and what was
 * not found. Of another machine's kernel (-a) there is DWARF alone, and nothing runs here.
 */
#include "kernel.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fts.h>
#include <sys/utsname.h>
#include <unistd.h>

static const struct frontend_options *options_of(const struct module *module)
{
	return frontend_get_options(module->debuginfo->frontend);
}

bool kernel_is_foreign(const struct module *module)
{
	return options_of(module)->is_foreign;
}

/* ---- files with DWARF ---- */

/* another build's would lie; where the running kernel tells no build id any file is taken */
static bool is_running(struct module *module)
{
	const char *notes_path = *module->kernel_name ?
		arena_printf(module->arena, "/sys/module/%s/notes/.note.gnu.build-id",
			     module->kernel_name) : "/sys/kernel/notes";
	const unsigned char *id;
	GElf_Addr address;
	struct buf notes = BUF_INIT;
	int length = dwfl_module_build_id(module->dwfl_module, &id, &address);
	bool same;

	if (buf_read_file(&notes, notes_path) || length <= 0) {
		buf_free(&notes);
		return true;
	}
	same = memmem(notes.data, notes.length, id, (size_t)length) != NULL;
	buf_free(&notes);
	return same;
}

static void forget_file(struct module *module, const struct arch *arch)
{
	if (module->dwfl)
		dwfl_end(module->dwfl);
	module->arch = arch;
	module->dwfl = NULL;
	module->dwfl_module = NULL;
	module->dwarf = NULL;
	module->elf = NULL;
	module->source = "no types";
}

/* NULL when @path is taken, else why not */
static const char *try_file(struct module *module, const char *path)
{
	const struct arch *arch = module->arch;
	struct buf problem = BUF_INIT;
	const char *why = NULL;

	if (access(path, R_OK))
		return "cannot be read";
	module->path = arena_strdup(module->arena, path);
	if (!module_read_elf(module, &problem))
		why = "is no ELF file";
	else if (!module->dwarf)
		why = "has no DWARF";
	else if (module->arch != arch)
		why = "is for another architecture";
	else if (!kernel_is_foreign(module) && !is_running(module))
		why = "is of another build than the running kernel";
	buf_free(&problem);
	if (why)
		forget_file(module, arch);
	return why;
}

static const char *kernel_release(const struct module *module)
{
	const char *given = options_of(module)->kernel_release;
	struct utsname name;

	if (given)
		return given;
	return uname(&name) ? "" : arena_strdup(module->arena, name.release);
}

/* a file that the user named: why it is not taken is told */
static bool try_given(struct module *module, const char *by, const char *path)
{
	const char *why = try_file(module, path);

	if (why)
		log_warning(&options_of(module)->log, "%s: '%s' %s", by, path, why);
	return !why;
}

/* the tree of -r, or STAP_VMLINUX names a file; else where distributions put theirs */
static bool find_vmlinux(struct module *module)
{
	static const char *const places[][2] = {
		{ "/usr/lib/debug/boot/vmlinux-", "" },
		{ "/usr/lib/debug/lib/modules/", "/vmlinux" },
		{ "/usr/lib/debug/lib/modules/", "/vmlinux.debug" },
		{ "/lib/modules/", "/build/vmlinux" },
		{ "/boot/vmlinux-", "" },
	};
	const char *tree = options_of(module)->kernel_tree, *given = getenv("STAP_VMLINUX");

	if (tree && try_given(module, "-r", arena_printf(module->arena, "%s/vmlinux", tree)))
		return true;
	if (given && try_given(module, "STAP_VMLINUX", given))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (!try_file(module, arena_printf(module->arena, "%s%s%s", places[i][0],
						   kernel_release(module), places[i][1])))
			return true;
	return false;
}

/* NAME.ko, NAME.ko.debug, NAME.ko.xz …; '-' in files is '_' in names */
static bool is_module_file(const char *file, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < length; i++)
		if ((file[i] == '-' ? '_' : file[i]) != name[i])
			return false;
	return text_starts_with(file + length, ".ko") &&
	       (!file[length + 3] || file[length + 3] == '.');
}

static bool find_below(struct module *module, const char *directory)
{
	char *const paths[] = { (char *)directory, NULL };
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	bool found = false;
	FTSENT *entry;

	while (walk && !found && (entry = fts_read(walk)))
		if (entry->fts_info != FTS_D && entry->fts_info != FTS_DP &&
		    is_module_file(entry->fts_name, module->kernel_name))
			found = !try_file(module, entry->fts_path);
	if (walk)
		fts_close(walk);
	return found;
}

static bool find_module_file(struct module *module)
{
	static const char *const places[] = { "/usr/lib/debug/lib/modules/",
					      "/usr/lib/debug/usr/lib/modules/", "/lib/modules/" };
	const char *tree = options_of(module)->kernel_tree;

	if (tree && find_below(module, tree))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (find_below(module, arena_printf(module->arena, "%s%s", places[i],
						    kernel_release(module))))
			return true;
	return false;
}

/* ---- BTF ---- */

static struct btf *kernel_btf(struct debuginfo *debuginfo)
{
	libbpf_set_print(NULL);
	if (!debuginfo->kernel_btf && access("/sys/kernel/btf/vmlinux", R_OK) == 0)
		debuginfo->kernel_btf = btf__parse_raw("/sys/kernel/btf/vmlinux");
	return debuginfo->kernel_btf;
}

static void find_btf(struct module *module)
{
	struct btf *base = kernel_btf(module->debuginfo);

	if (*module->kernel_name && base)
		module->btf = btf__parse_raw_split(arena_printf(module->arena, "/sys/kernel/btf/%s",
								module->kernel_name), base);
	else
		module->btf = base;
	if (module->btf)
		module->source = "BTF";
}

/* ---- the order ---- */

static void tell(struct module *module, bool found)
{
	const char *name = *module->kernel_name ? module->kernel_name : "the kernel";
	const char *file = *module->kernel_name ? "module file" : "vmlinux";

	if (!found)
		module->missing = arena_printf(module->arena, "there is no %s of %s with DWARF in "
					       "the usual places%s%s", file, kernel_release(module),
					       *module->kernel_name ? "" : " or in STAP_VMLINUX",
					       module->btf ? "" : ", and no BTF");
	log_info(&options_of(module)->log, 1, "types of %s: %s%s%s", name, module->source,
		 found ? "" : "; ", found ? "" : module->missing);
}

void kernel_find_types(struct module *module)
{
	bool found = *module->kernel_name ? find_module_file(module) : find_vmlinux(module);

	if (!found)
		module->path = *module->kernel_name ? module->kernel_name : "kernel";
	if (!found && !kernel_is_foreign(module))
		find_btf(module);
	tell(module, found);
}

#ifdef UNIT_TEST
#include "../../lib/unit.h"

UNIT_TEST_CASE(kernel_types_files_of_modules)
{
	CHECK(is_module_file("snd-hda-intel.ko", "snd_hda_intel"));
	CHECK(is_module_file("ext4.ko.xz", "ext4"));
	CHECK(is_module_file("ext4.ko.debug", "ext4"));
	CHECK(!is_module_file("ext4.kox", "ext4"));
	CHECK(!is_module_file("ext4.mod", "ext4"));
	CHECK(!is_module_file("ext", "ext4"));
}
#endif
