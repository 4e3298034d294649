// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The function tracer instead of a kprobe for each function. Defining and enabling a kprobe makes
 * the kernel walk all its jump labels and all its traced functions; a wildcard of a thousand took
 * 17 s in an emulated guest, where the tracer takes one list of a thousand in 0.2 s. It records
 * only where a function was entered, so it serves handlers without captures: those that count, or
 * ask for the time, the task, or the function's name. Functions are named by their line numbers in
 * available_filter_functions, which costs the kernel no search.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "define.h"
#include "functions.h"

/* from so many functions on it is worth reading the kernel's lists */
#define FUNCTIONS_WORTH 48
/* a function's call to the tracer is this near its start: behind a landing pad */
#define TRACER_CALL_MAX 16

/* ---- which sites ---- */

static bool is_servable(const struct probe *probe, const struct site *site)
{
	const struct define_place *place = trace_site_of(site)->place;

	return place && !place->event && !place->fetch.is_user && !place->is_return &&
	       place->is_one_of_many && site->place && site->place->symbol &&
	       !site->place->is_inline && !site->place->caller_count &&
	       strcmp(place->where, site->place->symbol) == 0 && !probe->captures.count &&
	       !probe->is_entry && !tracefs_lacks(probe->needs, site);
}

typedef void (*site_visit)(struct tracefs *tracefs, const struct site *site);

static size_t each_servable(struct tracefs *tracefs, const struct program *program,
			    site_visit visit)
{
	size_t count = 0;

	for (size_t i = 0; i < program->probes.count; i++) {
		const struct probe *probe = program->probes.items[i];

		if (probe->family->source != FAMILY_TRACEFS || !probe->body)
			continue;
		for (size_t j = 0; j < probe->sites.count; j++) {
			if (!is_servable(probe, probe->sites.items[j]))
				continue;
			count++;
			if (visit)
				visit(tracefs, probe->sites.items[j]);
		}
	}
	return count;
}

struct traced_function *functions_note(struct tracefs *tracefs, const char *name)
{
	struct traced_function *function = table_get(&tracefs->functions, name);

	if (function)
		return function;
	function = arena_new_object(tracefs->arena, struct traced_function);
	function->name = name;
	table_put(&tracefs->functions, name, function);
	return function;
}

static void note_site(struct tracefs *tracefs, const struct site *site)
{
	functions_note(tracefs, site->place->symbol);
}

bool function_is_distinct(const struct traced_function *function)
{
	return function->number && function->address && function->count == 1;
}

static void mark_site(struct tracefs *tracefs, const struct site *site)
{
	struct traced_function *function = table_get(&tracefs->functions, site->place->symbol);

	if (function_is_distinct(function))
		trace_site_of(site)->function = function;
}

/* ---- the kernel's lists ---- */

static bool has_tracer(const struct tracefs *tracefs)
{
	struct buf text = BUF_INIT;
	char path[PATH_MAX];
	bool found = tracefs_path(tracefs, path, sizeof(path), "available_tracers") &&
		     buf_read_file(&text, path) == 0 &&
		     text_match("* function *", arena_printf(tracefs->arena, " %.*s ",
				(int)strcspn(buf_text(&text), "\n"), buf_text(&text)));

	buf_free(&text);
	return found && tracefs_path(tracefs, path, sizeof(path), "set_ftrace_notrace_pid") &&
	       access(path, W_OK) == 0;
}

/* one line each: "vfs_read", "ext4_sync_file [ext4]" */
static int number_functions(struct tracefs *tracefs, void (*visit)(void *data, const char *name),
			    void *data)
{
	struct buf text = BUF_INIT;
	char path[PATH_MAX], *line, *rest;
	struct traced_function *function;
	unsigned number = 0;
	int error = -ENAMETOOLONG;

	if (tracefs_path(tracefs, path, sizeof(path), "available_filter_functions"))
		error = buf_read_file(&text, path);
	for (line = error || !text.length ? NULL : strtok_r(text.data, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		number++;
		if (strchr(line, ' '))
			continue;
		function = table_get(&tracefs->functions, line);
		if (function)
			function->number = number;
		if (visit)
			visit(data, line);
	}
	buf_free(&text);
	return error;
}

/* "ffffffff81000000 T vfs_read", and "\t[ext4]" behind those of modules */
static void note_address(struct tracefs *tracefs, char *line)
{
	struct traced_function *function;
	char *name;
	uint64_t address = strtoull(line, &name, 16);

	if (name[0] != ' ' || !name[1] || !strchr("tTwW", name[1]) || name[2] != ' ')
		return;
	function = table_get(&tracefs->functions, name + 3);
	if (!function)
		return;
	function->address = address;
	function->count++;
}

static int read_addresses(struct tracefs *tracefs)
{
	struct buf text = BUF_INIT;
	char *line, *rest;
	int error = buf_read_file(&text, "/proc/kallsyms");

	for (line = error || !text.length ? NULL : strtok_r(text.data, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		note_address(tracefs, line);
	buf_free(&text);
	return error;
}

int functions_locate(struct tracefs *tracefs, void (*visit)(void *data, const char *name),
		     void *data)
{
	struct traced_function *function;
	int error;

	for (size_t i = 0; i < tracefs->functions.count; i++) {
		function = tracefs->functions.entries[i].value;
		function->number = function->count = 0;
	}
	error = number_functions(tracefs, visit, data);
	return error ? error : read_addresses(tracefs);
}

void functions_select(struct tracefs *tracefs, const struct program *program)
{
	if (tracefs->options.leave_to_perf || !tracefs->own_pids ||
	    each_servable(tracefs, program, NULL) < FUNCTIONS_WORTH || !has_tracer(tracefs))
		return;
	each_servable(tracefs, program, note_site);
	if (functions_locate(tracefs, NULL, NULL) == 0)
		each_servable(tracefs, program, mark_site);
}

/* ---- recording ---- */

void functions_bind(struct traced_function *function, struct binding *binding)
{
	if (function->last)
		function->last->next = binding;
	else
		function->first = binding;
	function->last = binding;
}

static int compare_addresses(const void *left, const void *right)
{
	const struct traced_function *const *a = left, *const *b = right;

	return (*a)->address < (*b)->address ? -1 : (*a)->address > (*b)->address;
}

static int index_functions(struct tracefs *tracefs)
{
	struct function_index *index = arena_new_object(tracefs->arena, struct function_index);
	struct trace_event *event = trace_event_get(tracefs, "ftrace", "function");
	const struct trace_field *ip = trace_event_field(event, "ip");

	if (!ip)
		return -ENOENT;
	index->event_id = (unsigned)event->id;
	index->ip_offset = ip->offset;
	index->items = arena_alloc(tracefs->arena,
				   tracefs->functions.count * sizeof(*index->items));
	for (size_t i = 0; i < tracefs->functions.count; i++) {
		struct traced_function *function = tracefs->functions.entries[i].value;

		if (function->first)
			index->items[index->count++] = function;
	}
	if (index->count)
		qsort(index->items, index->count, sizeof(*index->items), compare_addresses);
	tracefs->function_index = index->count ? index : NULL;
	return 0;
}

static int open_setting(const struct tracefs *tracefs, const char *name)
{
	char path[PATH_MAX];
	int fd = -1;

	errno = ENAMETOOLONG;
	if (tracefs_path(tracefs, path, sizeof(path), "instances/%s/%s", tracefs->name, name))
		fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* words, of which the kernel takes one for each write() */
static int write_words(const struct tracefs *tracefs, const char *name, const struct buf *words)
{
	int fd = open_setting(tracefs, name), error = 0;
	size_t done = 0;
	ssize_t taken;

	if (fd < 0)
		return fd;
	while (done < words->length && !error) {
		taken = write(fd, words->data + done, words->length - done);
		if (taken <= 0)
			error = taken < 0 ? -errno : -EIO;
		else
			done += (size_t)taken;
	}
	/* the list takes effect here */
	if (close(fd) < 0 && !error)
		error = -errno;
	return error;
}

static int write_lists(struct tracefs *tracefs)
{
	const struct function_index *index = tracefs->function_index;
	struct buf words = BUF_INIT;
	int error;

	for (size_t i = 0; i < index->count; i++)
		buf_printf(&words, "%u ", index->items[i]->number);
	error = write_words(tracefs, "set_ftrace_filter", &words);
	buf_reset(&words);
	for (size_t i = 0; i < tracefs->excluded.count; i++)
		buf_printf(&words, "%d ", tracefs->excluded.items[i]);
	if (!error)
		error = write_words(tracefs, "set_ftrace_notrace_pid", &words);
	buf_reset(&words);
	buf_puts(&words, "function\n");
	if (!error)
		error = write_words(tracefs, "current_tracer", &words);
	buf_free(&words);
	return error;
}

static bool is_used(const struct tracefs *tracefs)
{
	for (size_t i = 0; i < tracefs->functions.count; i++)
		if (((struct traced_function *)tracefs->functions.entries[i].value)->first)
			return true;
	return false;
}

int functions_enable(struct tracefs *tracefs, struct buf *problem)
{
	int error;

	if (!is_used(tracefs))
		return 0;
	error = index_functions(tracefs);
	if (!error && tracefs->function_index)
		error = write_lists(tracefs);
	if (error)
		buf_printf(problem, "the kernel's function tracer cannot be had: %s",
			   strerror(-error));
	else if (tracefs->function_index)
		log_info(&tracefs->options.log, 1, "%zu functions of the kernel are left to its "
			 "function tracer", tracefs->function_index->count);
	return error;
}

const struct binding *functions_find(const struct function_index *index,
				     const unsigned char *data, size_t size)
{
	size_t low = 0, high = index->count, middle;
	uint64_t ip;

	if (size < index->ip_offset + sizeof(ip))
		return NULL;
	memcpy(&ip, data + index->ip_offset, sizeof(ip));
	while (low < high) {
		middle = low + (high - low) / 2;
		if (index->items[middle]->address <= ip)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || ip - index->items[low - 1]->address > TRACER_CALL_MAX)
		return NULL;
	return index->items[low - 1]->first;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(functions_are_found_by_where_they_begin)
{
	struct binding bindings[2] = { { .load_count = 0 }, { .load_count = 0 } };
	struct traced_function first = { .address = 0x1000, .first = &bindings[0] };
	struct traced_function second = { .address = 0x1040, .first = &bindings[1] };
	struct traced_function *items[] = { &first, &second };
	struct function_index index = { .ip_offset = 8, .count = 2, .items = items };
	uint64_t record[] = { 1, 0x1000 };
	const unsigned char *data = (const unsigned char *)record;

	CHECK(functions_find(&index, data, sizeof(record)) == &bindings[0]);
	record[1] = 0x1044; /* behind a landing pad */
	CHECK(functions_find(&index, data, sizeof(record)) == &bindings[1]);
	record[1] = 0x1030;
	CHECK(!functions_find(&index, data, sizeof(record)));
	record[1] = 0xfff;
	CHECK(!functions_find(&index, data, sizeof(record)));
	CHECK(!functions_find(&index, data, sizeof(record) - 1));
}

UNIT_TEST_CASE(functions_take_addresses_of_the_kernel_only)
{
	struct tracefs tracefs = { .arena = arena_new() };
	struct traced_function function = { .name = "vfs_read", .number = 1 };
	char own[] = "ffffffff81000010 T vfs_read", other[] = "ffffffff81000020 t vfs_read\t[x]";
	char again[] = "ffffffff81000030 t vfs_read", data[] = "ffffffff82000010 D vfs_read";

	table_init(&tracefs.functions, tracefs.arena);
	table_put(&tracefs.functions, "vfs_read", &function);
	note_address(&tracefs, own);
	note_address(&tracefs, other);
	note_address(&tracefs, data);
	CHECK(function.address == 0xffffffff81000010);
	CHECK(function_is_distinct(&function));
	note_address(&tracefs, again);
	CHECK(!function_is_distinct(&function));
	arena_free(tracefs.arena);
}
#endif
