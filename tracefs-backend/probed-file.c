// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding and opening the files that uprobes go into. What belongs to a process is looked for in
 * that process's root, so a container's files are found from outside. A definition is a line of
 * words, in which blanks, ':', '(', '%' and '#' have meanings; a file whose path holds anything
 * but plain characters is named by our descriptor of it, which the kernel follows just as well.
 */
#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probed-file.h"

/* ---- opening ---- */

static bool is_plain_path(const char *path)
{
	for (; *path; path++)
		if (!isalnum((unsigned char)*path) && !strchr("/._-+,=@~", *path))
			return false;
	return true;
}

/* class and machine from the ELF header; false when it is none that can be probed */
static bool read_header(struct probed_file *file)
{
	unsigned char header[EI_NIDENT + 4];
	unsigned machine;

	if (probed_file_read(file, 0, header, sizeof(header)) < sizeof(header) ||
	    memcmp(header, ELFMAG, SELFMAG) != 0)
		return false;
	/* e_machine stands behind e_type, in the byte order of the file */
	machine = header[EI_DATA] == ELFDATA2MSB ? header[18] << 8 | header[19] :
						   header[19] << 8 | header[18];
	file->arch = trace_arch_of_machine(machine);
	file->is_32bit = header[EI_CLASS] == ELFCLASS32;
	return file->arch != NULL;
}

struct probed_file *probed_file_open(struct tracefs *tracefs, const char *path,
				     struct buf *problem)
{
	struct probed_file *file = table_get(&tracefs->files, path);
	struct stat status;
	int fd;

	if (file)
		return file;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &status) < 0) {
		buf_printf(problem, "cannot open %s: %s", path, strerror(errno));
		return NULL;
	}
	file = arena_new_object(tracefs->arena, struct probed_file);
	file->fd = fd;
	if (!S_ISREG(status.st_mode) || !read_header(file)) {
		buf_printf(problem, "%s is not an ELF file of an architecture known here", path);
		close(fd);
		return NULL;
	}
	if (file->arch != trace_arch_host() && !tracefs->options.plan_only) {
		buf_printf(problem, "%s is a program of another machine (%s): its probes can be "
			   "planned (-p3), not armed", path, file->arch->name);
		close(fd);
		return NULL;
	}
	file->path = arena_strdup(tracefs->arena, path);
	file->target = is_plain_path(path) ? file->path :
		arena_printf(tracefs->arena, "/proc/self/fd/%d", fd);
	table_put(&tracefs->files, path, file);
	return file;
}

void probed_files_close(struct tracefs *tracefs)
{
	for (size_t i = 0; i < tracefs->files.count; i++) {
		const struct probed_file *file = tracefs->files.entries[i].value;

		close(file->fd);
	}
}

struct module *probed_file_module(struct frontend *frontend, struct probed_file *file,
				  struct buf *problem)
{
	if (!file->module)
		file->module = debuginfo_open_file(frontend_debuginfo(frontend), file->path,
						   problem);
	return file->module;
}

size_t probed_file_read(const struct probed_file *file, uint64_t offset, unsigned char *code,
			size_t size)
{
	ssize_t length = offset > INT64_MAX ? -1 : pread(file->fd, code, size, offset);

	return length < 0 ? 0 : length;
}

/* ---- by name ---- */

static bool add_file(struct tracefs *tracefs, const char *path, probed_files *files,
		     struct buf *problem)
{
	char canonical[PATH_MAX];
	struct probed_file *file;

	/* below /proc a link is followed in another root than ours */
	if (!text_starts_with(path, "/proc/") && realpath(path, canonical))
		path = canonical;
	file = probed_file_open(tracefs, path, problem);
	if (!file)
		return false;
	for (size_t i = 0; i < files->count; i++)
		if (files->items[i] == file)
			return true;
	array_push(tracefs->arena, files, file);
	return true;
}

static void add_matching(struct tracefs *tracefs, const char *pattern, probed_files *files)
{
	struct buf ignored = BUF_INIT;
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		add_file(tracefs, found.gl_pathv[i], files, &ignored);
	globfree(&found);
	buf_free(&ignored);
}

/* the first program of that name in $PATH that is ELF; with wildcards, all of them in all of it */
static void add_from_search_path(struct tracefs *tracefs, const char *pattern, probed_files *files)
{
	struct program_search search = { 0 };
	struct buf ignored = BUF_INIT;

	while (program_search_next(&search, pattern)) {
		if (text_has_wildcard(pattern))
			add_matching(tracefs, search.path, files);
		else if (access(search.path, X_OK) == 0 &&
			 add_file(tracefs, search.path, files, &ignored))
			break;
	}
	buf_free(&ignored);
}

int probed_files_find(struct tracefs *tracefs, const char *pattern, probed_files *files,
		      struct buf *problem)
{
	bool is_path = strchr(pattern, '/') != NULL;

	if (!is_path)
		add_from_search_path(tracefs, pattern, files);
	else if (text_has_wildcard(pattern) && access(pattern, F_OK) < 0)
		add_matching(tracefs, pattern, files);
	else
		return add_file(tracefs, pattern, files, problem) ? 0 : -ENOENT;
	if (!files->count && !is_path && !text_has_wildcard(pattern))
		probed_files_library(tracefs, NULL, 0, pattern, files, problem);
	if (files->count)
		return 0;
	buf_reset(problem);
	buf_printf(problem, is_path ? "no program's path matches '%s'" :
				      "there is no program '%s' in $PATH", pattern);
	return -ENOENT;
}

/* ---- of a process ---- */

/* @path as @pid sees it; through its root when that is another one than ours */
static const char *path_in_root(struct tracefs *tracefs, pid_t pid, const char *path)
{
	const char *outside = arena_printf(tracefs->arena, "/proc/%d/root%s", pid, path);
	struct stat here, there;
	char root[PATH_MAX];
	ssize_t length;

	/* of chroot(2) the kernel tells paths as we see them */
	length = readlink(arena_printf(tracefs->arena, "/proc/%d/root", pid), root,
			  sizeof(root) - 1);
	root[length > 0 ? length : 0] = '\0';
	if (length > 1 && text_starts_with(path, root) && path[length] == '/')
		return arena_printf(tracefs->arena, "/proc/%d/root%s", pid, path + length);
	if (stat(outside, &there) == 0 &&
	    (stat(path, &here) < 0 || here.st_ino != there.st_ino || here.st_dev != there.st_dev))
		return outside;
	return path;
}

struct probed_file *probed_file_of_process(struct tracefs *tracefs, pid_t pid,
					   struct buf *problem)
{
	const char *link = arena_printf(tracefs->arena, "/proc/%d/exe", pid);
	char target[PATH_MAX];
	struct stat running, named;
	ssize_t length = readlink(link, target, sizeof(target) - 1);
	const char *path;

	if (length < 0) {
		buf_printf(problem, errno == ENOENT && access("/proc/self", F_OK) == 0 ?
			   "there is no process %d with a program" :
			   "cannot tell the program of process %d", pid);
		return NULL;
	}
	target[length] = '\0';
	path = path_in_root(tracefs, pid, target);
	/* replaced or deleted since: then only the link leads to what runs */
	if (stat(link, &running) == 0 &&
	    (stat(path, &named) < 0 || named.st_ino != running.st_ino ||
	     named.st_dev != running.st_dev))
		path = link;
	return probed_file_open(tracefs, path, problem);
}

/* one line of /proc/PID/maps: "55d0c-55d0e r-xp 00002000 fe:01 1234   /usr/bin/cat" */
struct mapping {
	uint64_t start, end, offset;
	bool executable;
	const char *path;
};

static bool parse_mapping(const char *line, struct mapping *mapping)
{
	char permissions[5];
	int path = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %n", &mapping->start,
		   &mapping->end, permissions, &mapping->offset, &path) < 4 || !path)
		return false;
	mapping->executable = permissions[2] == 'x';
	mapping->path = line + path;
	return *mapping->path == '/';
}

/* the mappings of @pid, one call each, until @take says to stop */
static int each_mapping(pid_t pid, bool (*take)(void *data, const struct mapping *mapping),
			void *data)
{
	struct buf text = BUF_INIT;
	char path[64], *line, *rest;
	struct mapping mapping;
	int error;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	error = buf_read_file(&text, path);
	if (!error && text.length)
		for (line = strtok_r(text.data, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest))
			if (parse_mapping(line, &mapping) && !take(data, &mapping))
				break;
	buf_free(&text);
	return error;
}

struct address_search {
	uint64_t address, offset;
	char path[PATH_MAX];
};

static bool take_address(void *data, const struct mapping *mapping)
{
	struct address_search *search = data;

	if (search->address < mapping->start || search->address >= mapping->end)
		return true;
	search->offset = search->address - mapping->start + mapping->offset;
	snprintf(search->path, sizeof(search->path), "%s", mapping->path);
	return false;
}

struct probed_file *probed_file_at(struct tracefs *tracefs, pid_t pid, uint64_t address,
				   uint64_t *offset, struct buf *problem)
{
	struct address_search search = { .address = address };

	each_mapping(pid, take_address, &search);
	if (!search.path[0]) {
		buf_printf(problem, "process %d has no file mapped at 0x%" PRIx64, pid, address);
		return NULL;
	}
	*offset = search.offset;
	return probed_file_open(tracefs, path_in_root(tracefs, pid, search.path), problem);
}

/* ---- libraries ---- */

struct library_search {
	struct tracefs *tracefs;
	pid_t pid;
	const char *pattern;
	probed_files *files;
};

static bool library_matches(const char *pattern, const char *path)
{
	const char *name = strrchr(path, '/');

	return text_match(pattern, path) || (name && text_match(pattern, name + 1));
}

static bool take_library(void *data, const struct mapping *mapping)
{
	struct library_search *search = data;
	struct buf ignored = BUF_INIT;

	if (mapping->executable && library_matches(search->pattern, mapping->path))
		add_file(search->tracefs,
			 path_in_root(search->tracefs, search->pid, mapping->path), search->files,
			 &ignored);
	buf_free(&ignored);
	return true;
}

bool probed_file_same_machine(const struct probed_file *a, const struct probed_file *b)
{
	return a->arch == b->arch && a->is_32bit == b->is_32bit;
}

static void add_library(struct library_search *search, const struct probed_file *program,
			const char *path)
{
	struct buf ignored = BUF_INIT;
	size_t before = search->files->count;

	if (add_file(search->tracefs, path, search->files, &ignored) && program &&
	    search->files->count > before &&
	    !probed_file_same_machine(program, search->files->items[before]))
		search->files->count = before;
	buf_free(&ignored);
}

/* /etc/ld.so.cache: glibc's sysdeps/generic/dl-cache.h, struct cache_file_new */
#define CACHE_MAGIC "glibc-ld.so.cache1.1"
struct cache_head {
	char magic[20];
	uint32_t count, strings_length, unused[5];
};
struct cache_entry {
	int32_t flags;
	uint32_t key, value, os_version;
	uint64_t hardware;
};

/* every path in the cache that matches; offsets are from the cache's head */
static void take_cached(struct library_search *search, const struct probed_file *program,
			const char *cache, size_t size)
{
	struct cache_head head;
	struct cache_entry entry;

	if (size < sizeof(head))
		return;
	memcpy(&head, cache, sizeof(head));
	if (memcmp(head.magic, CACHE_MAGIC, sizeof(head.magic)) != 0)
		return;
	for (uint32_t i = 0; i < head.count && sizeof(head) + (i + 1ull) * sizeof(entry) <= size;
	     i++) {
		memcpy(&entry, cache + sizeof(head) + i * sizeof(entry), sizeof(entry));
		/* the buffer ends in a NUL that is not counted */
		if (entry.value < size && library_matches(search->pattern, cache + entry.value))
			add_library(search, program, cache + entry.value);
	}
}

static void search_cache(struct library_search *search, const struct probed_file *program)
{
	struct buf text = BUF_INIT;
	char *start;

	if (buf_read_file(&text, "/etc/ld.so.cache") == 0 && text.length) {
		/* an older cache may stand before the new one */
		start = memmem(text.data, text.length, CACHE_MAGIC, strlen(CACHE_MAGIC));
		if (start)
			take_cached(search, program, start,
				    text.length - (size_t)(start - text.data));
	}
	buf_free(&text);
}

void probed_files_cached(struct tracefs *tracefs, const struct probed_file *program,
			 const char *pattern, probed_files *files)
{
	struct library_search search = { tracefs, 0, pattern, files };

	search_cache(&search, program);
}

/* libraries of its own lie beside many a program */
static void search_beside(struct library_search *search, const struct probed_file *program)
{
	const char *slash = strrchr(program->path, '/');
	const char *directory = arena_printf(search->tracefs->arena, "%.*s",
					     slash ? (int)(slash - program->path) : 1,
					     slash ? program->path : ".");
	static const char *const places[] = { "", "/lib", "/../lib" };
	const char *path;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		path = arena_printf(search->tracefs->arena, "%s%s/%s", directory, places[i],
				    search->pattern);
		if (access(path, F_OK) == 0)
			add_library(search, program, path);
	}
}

int probed_files_library(struct tracefs *tracefs, const struct probed_file *program, pid_t pid,
			 const char *pattern, probed_files *files, struct buf *problem)
{
	struct library_search search = { tracefs, pid, pattern, files };

	if (pid) {
		each_mapping(pid, take_library, &search);
	} else if (strchr(pattern, '/')) {
		return probed_files_find(tracefs, pattern, files, problem);
	} else {
		if (program)
			needed_libraries(tracefs, program, pattern, files);
		if (program && !files->count)
			search_beside(&search, program);
		if (!files->count)
			search_cache(&search, program);
	}
	if (files->count)
		return 0;
	buf_printf(problem, pid ? "process %2$d has no library '%1$s' mapped" :
				  "there is no library '%1$s'", pattern, pid);
	return -ENOENT;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(probed_file_names_plain_paths_only)
{
	CHECK(is_plain_path("/usr/lib/x86_64-linux-gnu/libstdc++.so.6"));
	CHECK(!is_plain_path("/tmp/a b"));
	CHECK(!is_plain_path("/tmp/a:0x40"));
	CHECK(!is_plain_path("/tmp/a\np:evil /bin/sh:0"));
	CHECK(!is_plain_path("/tmp/a#b"));
	CHECK(!is_plain_path("/tmp/a%return"));
}

UNIT_TEST_CASE(probed_file_reads_maps)
{
	struct mapping mapping;
	struct address_search search = { .address = 0x1010 };

	CHECK(parse_mapping("1000-3000 r-xp 00002000 fe:01 1234   /usr/bin/a b", &mapping));
	CHECK_STR(mapping.path, "/usr/bin/a b");
	CHECK(mapping.executable);
	CHECK(!take_address(&search, &mapping));
	CHECK_INT(search.offset, 0x2010);
	CHECK(!parse_mapping("1000-3000 rw-p 00000000 00:00 0   [heap]", &mapping));
	CHECK(!parse_mapping("rubbish", &mapping));
}

UNIT_TEST_CASE(probed_file_survives_a_broken_cache)
{
	struct { struct cache_head head; struct cache_entry entry; char text[8]; } cache = {
		.head = { .magic = CACHE_MAGIC, .count = 1000 },
		.entry = { .value = sizeof(cache) + 5 },
	};
	struct tracefs tracefs = { .arena = arena_new() };
	probed_files files = { 0 };
	struct library_search search = { &tracefs, 0, "*", &files };

	memcpy(cache.head.magic, CACHE_MAGIC, sizeof(cache.head.magic));
	table_init(&tracefs.files, tracefs.arena);
	take_cached(&search, NULL, (const char *)&cache, sizeof(cache));
	take_cached(&search, NULL, (const char *)&cache, sizeof(cache.head) + 3);
	take_cached(&search, NULL, (const char *)&cache, 3);
	CHECK_INT(files.count, 0);
	arena_free(tracefs.arena);
}
#endif
