// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Watchpoints: kernel.data(…) and process(…).data(…), .write or .rw, are hardware breakpoints on
 * data. The processor has a handful, and traps after the access; what the address holds is read
 * when the handler runs, so that a later write may show. Names are looked up in /proc/kallsyms and
 * in the executable's symbols. Where a position-independent one is loaded is known of one that
 * runs; the command of -c is loaded where the kernel puts it without randomisation.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/hw_breakpoint.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "../frontend/debuginfo/debuginfo.h"
#include "families.h"

/* a breakpoint covers 1, 2, 4 or 8 bytes (arch/x86/kernel/hw_breakpoint.c, arch/arm64's alike) */
#define WATCH_BYTES_MOST 8
#define WATCH_ADDRESS "$address"
/* ELF_ET_DYN_BASE, two thirds of 47 or 48 bits (arch/x86/include/asm/elf.h, arch/arm64's) */
#ifdef __aarch64__
#define PROGRAM_BASE UINT64_C(0xaaaaaaaaa000)
#else
#define PROGRAM_BASE UINT64_C(0x555555554000)
#endif

/* ---- addresses ---- */

/* "address type name\t[module]", one a line; false when it is another symbol's */
static bool parse_symbol(const char *line, const char *name, uint64_t *address)
{
	size_t length = strlen(name);
	char *end;

	*address = strtoull(line, &end, 16);
	if (end == line || end[0] != ' ' || end[1] == '\0' || end[2] != ' ')
		return false;
	return strncmp(end + 3, name, length) == 0 && strchr("\t \n", end[3 + length]);
}

static bool find_kernel_symbol(const char *name, uint64_t *address, struct buf *problem)
{
	struct buf text = BUF_INIT;
	bool found = false;
	int error = buf_read_file(&text, "/proc/kallsyms");

	for (char *line = text.data; line && !found; line = strchr(line, '\n')) {
		line += *line == '\n';
		found = parse_symbol(line, name, address);
	}
	buf_free(&text);
	if (error)
		buf_printf(problem, "cannot read /proc/kallsyms: %s", strerror(-error));
	else if (!found)
		buf_printf(problem, "the kernel has no symbol '%s'", name);
	else if (!*address)
		buf_printf(problem, "/proc/kallsyms hides the address of '%s': CAP_SYSLOG is needed",
			   name);
	return found && *address;
}

/* where a process has its program's headers (AT_PHDR); 0 when it cannot be told */
static uint64_t headers_in_memory(pid_t pid)
{
	struct buf vector = BUF_INIT;
	char path[64];
	Elf64_auxv_t entry;
	uint64_t address = 0;

	snprintf(path, sizeof(path), "/proc/%d/auxv", pid);
	if (buf_read_file(&vector, path) == 0)
		for (size_t at = 0; at + sizeof(entry) <= vector.length; at += sizeof(entry)) {
			memcpy(&entry, vector.data + at, sizeof(entry));
			if (entry.a_type == AT_PHDR)
				address = entry.a_un.a_val;
		}
	buf_free(&vector);
	return address;
}

static bool read_header(const char *path, Elf64_Ehdr *header)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, header, sizeof(*header));

	if (fd >= 0)
		close(fd);
	return size == sizeof(*header) && memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
	       header->e_ident[EI_CLASS] == ELFCLASS64;
}

/*
 * How far process @pid has @path from its link-time addresses. A position-independent executable is
 * linked to begin at 0, with its headers as far from that as in the file. Process 0 is yet to run.
 */
static bool find_bias(struct perf *perf, const char *path, pid_t pid, uint64_t *bias,
		      struct buf *problem)
{
	Elf64_Ehdr header;
	uint64_t headers;

	*bias = 0;
	if (!read_header(path, &header)) {
		buf_printf(problem, "%s is no 64-bit ELF file", path);
		return false;
	}
	if (header.e_type != ET_DYN)
		return true;
	if (!pid && perf->options.command) {
		perf->fixes_addresses = true;
		*bias = PROGRAM_BASE;
		return true;
	}
	headers = pid ? headers_in_memory(pid) : 0;
	if (headers < header.e_phoff) {
		buf_printf(problem, "%s is position-independent: where its data is will be known once "
			   "it runs; start it with -c, or give a process that runs, process(PID) "
			   "or -x", path);
		return false;
	}
	*bias = headers - header.e_phoff;
	return true;
}

static bool find_program_symbol(struct family_match *match, const char *path, pid_t pid,
				const char *name, uint64_t *address, struct buf *problem)
{
	struct module *module = debuginfo_open_file(frontend_debuginfo(match->frontend), path,
						    problem);
	uint64_t bias;

	if (!module || !find_bias(match->backend, path, pid, &bias, problem))
		return false;
	if (!debuginfo_symbol(module, name, address)) {
		buf_printf(problem, "%s has no symbol '%s'", path, name);
		return false;
	}
	*address += bias;
	return true;
}

/* ---- whose ---- */

static const char *path_of_process(struct family_match *match, pid_t pid,
				   const struct token *token)
{
	char path[PATH_MAX];
	ssize_t length = readlink(arena_printf(match->arena, "/proc/%d/exe", pid), path,
				  sizeof(path) - 1);

	if (length < 0) {
		diag_error(match->frontend, token, "cannot look at process %d: %s", pid,
			   strerror(errno));
		return NULL;
	}
	path[length] = '\0';
	return arena_strdup(match->arena, path);
}

/* the program whose data is meant; @running: a process that has it loaded, or 0. NULL: reported */
static const char *find_program(struct family_match *match, struct site *site, pid_t *running)
{
	const struct point_component *process = perf_component(match->point, "process");
	const char *command = ((struct perf *)match->backend)->options.command;

	*running = 0;
	if (process->argument_kind == ARGUMENT_NUMBER)
		site->pid = (int32_t)process->number;
	else if (!perf_bind_process(match, site))
		return NULL;
	if (site->executable)
		return site->executable;
	if (process->argument_kind == ARGUMENT_NONE && command) {
		command += strspn(command, " \t");
		return perf_find_executable(match, process->token,
					    arena_printf(match->arena, "%.*s",
							 (int)strcspn(command, " \t\n;&|<>()"),
							 command));
	}
	*running = site->pid;
	return path_of_process(match, site->pid, process->token);
}

static bool find_process_data(struct family_match *match, struct site *site, uint64_t *address,
			      struct buf *problem)
{
	const struct point_component *data = perf_component(match->point, "data");
	pid_t running;
	const char *path = find_program(match, site, &running);

	*address = (uint64_t)data->number;
	if (!path)
		return false;
	return data->argument_kind == ARGUMENT_NUMBER ||
	       find_program_symbol(match, path, running, data->string, address, problem);
}

static bool find_address(struct family_match *match, struct site *site, uint64_t *address,
			 struct buf *problem)
{
	const struct point_component *data = perf_component(match->point, "data");

	if (perf_component(match->point, "process"))
		return find_process_data(match, site, address, problem);
	*address = (uint64_t)data->number;
	return data->argument_kind == ARGUMENT_NUMBER ||
	       find_kernel_symbol(data->string, address, problem);
}

/* ---- the probe ---- */

/* lengths are rounded up to what processors have; 0 after a message */
static unsigned watch_length(struct family_match *match)
{
	const struct point_component *length = perf_component(match->point, "length");
	unsigned bytes = 1;

	if (!length)
		return bytes;
	if (length->number < 1 || length->number > WATCH_BYTES_MOST) {
		diag_error(match->frontend, length->token, "a watchpoint covers 1 to %d bytes",
			   WATCH_BYTES_MOST);
		return 0;
	}
	while (bytes < (unsigned)length->number)
		bytes *= 2;
	return bytes;
}

static bool fill_breakpoint(struct family_match *match, struct site *site,
			    struct perf_event_attr *attr, struct buf *problem)
{
	unsigned length = watch_length(match);
	uint64_t address;

	if (!length || !find_address(match, site, &address, problem))
		return false;
	if (address % length) {
		buf_printf(problem, "a watchpoint of %u bytes must begin at a multiple of %u, "
			   "0x%llx is none", length, length, (unsigned long long)address);
		return false;
	}
	*attr = (struct perf_event_attr){
		.type = PERF_TYPE_BREAKPOINT, .bp_addr = address, .bp_len = length,
		.bp_type = perf_component(match->point, "rw") ? HW_BREAKPOINT_RW :
								HW_BREAKPOINT_W,
		.sample_period = 1, .sample_type = PERF_SAMPLE_ADDR,
	};
	return true;
}

int watch_resolve(struct family_match *match)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_BREAKPOINT };
	struct site *site = perf_site_new(match, &attr);
	struct buf problem = BUF_INIT;
	bool ok = fill_breakpoint(match, site, site->data, &problem);

	if (problem.length)
		diag_error(match->frontend, perf_component(match->point, "data")->token, "%s",
			   buf_text(&problem));
	buf_free(&problem);
	if (!ok)
		return -EINVAL;
	match->emit(match, match->point, site, NULL);
	return 0;
}

struct capture *watch_variable(struct frontend *frontend, const struct site *site,
			       const struct expr *target)
{
	struct capture *capture;

	(void)site;
	if (strcmp(target->name, WATCH_ADDRESS) != 0 || target->path.count || target->address_of)
		return NULL;
	capture = arena_new_object(frontend_arena(frontend), struct capture);
	capture->kind = CAPTURE_FIELD;
	capture->type = TYPE_LONG;
	capture->name = WATCH_ADDRESS;
	capture->c_type = "void *";
	capture->token = target->token;
	return capture;
}

size_t watch_variables(struct frontend *frontend, const struct site *site,
		       struct family_variable *out, size_t room)
{
	(void)frontend, (void)site;
	if (room)
		out[0] = (struct family_variable){ .name = WATCH_ADDRESS, .c_type = "void *",
						   .type = TYPE_LONG, .is_parameter = true };
	return room > 0;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(watch_finds_kernel_symbols)
{
	uint64_t address;

	CHECK(parse_symbol("ffffffff82a0 D pid_max\n", "pid_max", &address));
	CHECK_INT(address, 0xffffffff82a0);
	CHECK(parse_symbol("ff D pid_max\t[ext4]\n", "pid_max", &address));
	CHECK(!parse_symbol("ff D pid_max_min\n", "pid_max", &address));
	CHECK(!parse_symbol("ff D pid\n", "pid_max", &address));
	CHECK(!parse_symbol("ff", "pid_max", &address));
	CHECK(!parse_symbol("", "pid_max", &address));
}

static int watched;

UNIT_TEST_CASE(watch_finds_the_bias_of_a_process)
{
	struct perf perf = { .fixes_addresses = false };
	struct buf problem = BUF_INIT;
	Elf64_Ehdr header;
	uint64_t bias;

	CHECK(read_header("/proc/self/exe", &header));
	CHECK(find_bias(&perf, "/proc/self/exe", getpid(), &bias, &problem));
	/* the image begins there, and this variable is within a GiB */
	CHECK(header.e_type != ET_DYN || ((uintptr_t)&watched > bias &&
					  (uintptr_t)&watched - bias < 1u << 30));
	perf.options.command = "x";
	CHECK(find_bias(&perf, "/proc/self/exe", 0, &bias, &problem));
	CHECK_INT(perf.fixes_addresses, header.e_type == ET_DYN);
	CHECK(!find_bias(&perf, "/dev/null", getpid(), &bias, &problem));
	CHECK(strstr(buf_text(&problem), "no 64-bit ELF file"));
	buf_free(&problem);
}
#endif
