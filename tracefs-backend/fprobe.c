// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One fprobe instead of a kprobe for each function of a wildcard. The kernel arms an fprobe at
 * every function its wildcard matches in one go: in an emulated guest 600 functions took 0.5 s,
 * where as many kprobes took 20 s, and as long again to be taken down. A record tells the
 * function's address, by which hits are sorted out; functions that the wildcard matches and no
 * probe asks for are passed over. An fprobe knows arguments and return values, no other registers.
 * README tells kernels that have them (since 6.5); one that takes no wildcard refuses the event,
 * and kprobes take its place.
 */
#include <ctype.h>
#include <limits.h>

#include "define.h"
#include "functions.h"

/* from so many functions on it is worth reading the kernel's lists */
#define FPROBES_WORTH 48

/**
 * struct candidate - definitions that ask for the same at functions of one wildcard
 * @matches: how many functions of the kernel the wildcard matches
 */
struct candidate {
	const char *glob, *text;
	ARRAY(struct probe_definition *) members;
	size_t matches;
};
struct candidates {
	struct tracefs *tracefs;
	struct table by_text;
};

static bool has_fprobes(const struct tracefs *tracefs)
{
	struct buf text = BUF_INIT;
	char path[PATH_MAX];
	bool found = tracefs_path(tracefs, path, sizeof(path), "README") &&
		     buf_read_file(&text, path) == 0 && strstr(buf_text(&text), "f[:[<group>/]");

	buf_free(&text);
	return found;
}

/* what means the same to the kernel as to us: kernel/trace/ftrace.c filter_parse_regex() */
static bool is_plain_glob(const char *glob)
{
	if (!glob || !*glob || isdigit((unsigned char)*glob) || strlen(glob) >= TRACE_NAME_SIZE)
		return false;
	for (; *glob; glob++)
		if (!isalnum((unsigned char)*glob) && !strchr("_.*?", *glob))
			return false;
	return true;
}

/* what an fprobe calls the register @name of @length letters; false when it knows no word for it */
static bool print_register(const struct trace_arch *arch, bool is_return, const char *name,
			   size_t length, struct buf *out)
{
	const char *const *known = is_return ? &arch->result : arch->arguments;
	unsigned count = is_return ? 1 : arch->argument_count;

	for (unsigned i = 0; i < count; i++) {
		if (strlen(known[i]) != length || strncmp(name, known[i], length) != 0)
			continue;
		if (is_return)
			buf_puts(out, "$retval");
		else
			buf_printf(out, "$arg%u", i + 1);
		return true;
	}
	return false;
}

/* "+8(%di):u64" is "+8($arg1):u64" to an fprobe */
static bool print_argument(const struct trace_arch *arch, bool is_return, const char *text,
			   struct buf *out)
{
	const char *percent = strchr(text, '%');
	size_t length = percent ? strcspn(percent + 1, "):") : 0;

	buf_printf(out, "%.*s", percent ? (int)(percent - text) : (int)strlen(text), text);
	if (percent && !print_register(arch, is_return, percent + 1, length, out))
		return false;
	buf_puts(out, percent ? percent + 1 + length : "");
	return true;
}

/* "vfs_*%return a0=$retval:u64"; false when it must be a kprobe */
static bool print_fprobe(const struct probe_definition *definition, struct buf *out)
{
	const struct define_place *place = definition->place;

	if (definition->stands_alone || definition->is_sampled || place->fetch.is_user ||
	    !is_plain_glob(place->glob))
		return false;
	buf_printf(out, "%s%s", place->glob, place->is_return ? "%return" : "");
	for (size_t i = 0; i < definition->arguments.count; i++) {
		buf_printf(out, " a%zu=", i);
		if (!print_argument(place->fetch.arch, place->is_return,
				    definition->arguments.items[i].text, out))
			return false;
	}
	return true;
}

static void add_candidate(struct candidates *candidates, struct probe_definition *definition)
{
	struct arena *arena = candidates->tracefs->arena;
	struct candidate *candidate;
	struct buf text = BUF_INIT;

	if (print_fprobe(definition, &text)) {
		candidate = table_get(&candidates->by_text, buf_text(&text));
		if (!candidate) {
			candidate = arena_new_object(arena, struct candidate);
			candidate->glob = definition->place->glob;
			candidate->text = arena_strdup(arena, buf_text(&text));
			table_put(&candidates->by_text, candidate->text, candidate);
		}
		array_push(arena, &candidate->members, definition);
	}
	buf_free(&text);
}

static void count_matches(void *data, const char *name)
{
	struct candidates *candidates = data;

	for (size_t i = 0; i < candidates->by_text.count; i++) {
		struct candidate *candidate = candidates->by_text.entries[i].value;

		candidate->matches += candidate->members.count >= FPROBES_WORTH &&
				      text_match(candidate->glob, name);
	}
}

/* how many of the candidates are worth it; notes the functions of these */
static size_t note_functions(struct candidates *candidates)
{
	size_t worth = 0;

	for (size_t i = 0; i < candidates->by_text.count; i++) {
		struct candidate *candidate = candidates->by_text.entries[i].value;

		if (candidate->members.count < FPROBES_WORTH)
			continue;
		worth++;
		for (size_t j = 0; j < candidate->members.count; j++)
			functions_note(candidates->tracefs,
				       candidate->members.items[j]->place->where);
	}
	return worth;
}

/* ---- a group ---- */

struct located {
	struct probe_definition *definition;
	uint64_t address;
};

static int compare_addresses(const void *left, const void *right)
{
	const struct located *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

/* the members whose functions the tracer knows, and knows apart, by rising address */
static size_t locate_members(struct tracefs *tracefs, const struct candidate *candidate,
			     struct located *located)
{
	size_t count = 0;

	for (size_t i = 0; i < candidate->members.count; i++) {
		struct probe_definition *definition = candidate->members.items[i];
		const struct traced_function *function =
			functions_note(tracefs, definition->place->where);

		if (function_is_distinct(function))
			located[count++] = (struct located){ definition, function->address };
	}
	qsort(located, count, sizeof(*located), compare_addresses);
	return count;
}

static void form_group(struct tracefs *tracefs, const struct candidate *candidate,
		       const struct located *located, size_t count)
{
	struct define_group *group = arena_new_object(tracefs->arena, struct define_group);
	uint64_t *addresses = arena_alloc(tracefs->arena, count * sizeof(*addresses));

	group->fprobe = candidate->text;
	group->addresses = addresses;
	for (size_t i = 0; i < count; i++) {
		addresses[i] = located[i].address;
		located[i].definition->group = group;
		located[i].definition->number = i;
		array_push(tracefs->arena, &group->members, located[i].definition);
	}
	array_push(tracefs->arena, &tracefs->groups, group);
	log_info(&tracefs->options.log, 1, "%zu functions of the kernel share the fprobe `%s'",
		 count, candidate->text);
}

static void consider(struct tracefs *tracefs, const struct candidate *candidate)
{
	struct located *located = memory_alloc((candidate->members.count + 1) * sizeof(*located));
	size_t count = locate_members(tracefs, candidate, located);

	/* what nobody asks for costs its hits all the same */
	if (count >= FPROBES_WORTH && candidate->matches <= 2 * count)
		form_group(tracefs, candidate, located, count);
	free(located);
}

void fprobes_form(struct tracefs *tracefs)
{
	struct candidates candidates = { .tracefs = tracefs };

	if (tracefs->definitions.count < FPROBES_WORTH || !has_fprobes(tracefs))
		return;
	table_init(&candidates.by_text, tracefs->arena);
	for (size_t i = 0; i < tracefs->definitions.count; i++)
		add_candidate(&candidates, tracefs->definitions.items[i]);
	if (!note_functions(&candidates) ||
	    functions_locate(tracefs, count_matches, &candidates) < 0)
		return;
	for (size_t i = 0; i < candidates.by_text.count; i++) {
		const struct candidate *candidate = candidates.by_text.entries[i].value;

		if (candidate->members.count >= FPROBES_WORTH)
			consider(tracefs, candidate);
	}
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static void check_fprobe(const struct define_place *place, const char *argument,
			 const char *expected)
{
	struct arena *arena = arena_new();
	struct probe_definition definition = { .place = place };
	struct define_argument one = { argument, 8 };
	struct buf text = BUF_INIT;

	array_push(arena, &definition.arguments, one);
	CHECK_INT(print_fprobe(&definition, &text), expected != NULL);
	if (expected)
		CHECK_STR(buf_text(&text), expected);
	buf_free(&text);
	arena_free(arena);
}

UNIT_TEST_CASE(fprobe_names_arguments_by_number)
{
	struct define_place place = { .where = "vfs_read", .glob = "vfs_*",
				      .fetch.arch = &trace_arch_x86_64 };

	check_fprobe(&place, "%di:u64", "vfs_* a0=$arg1:u64");
	check_fprobe(&place, "+8(+0(%r9)):u32", "vfs_* a0=+8(+0($arg6)):u32");
	check_fprobe(&place, "%sp:u64", NULL);
	check_fprobe(&place, "%d:u64", NULL);
	place.is_return = true;
	check_fprobe(&place, "%ax:u64", "vfs_*%return a0=$retval:u64");
	check_fprobe(&place, "+0(%ax):u64", "vfs_*%return a0=+0($retval):u64");
	check_fprobe(&place, "%di:u64", NULL);
	place.fetch.arch = &trace_arch_arm64;
	place.is_return = false;
	check_fprobe(&place, "%x7:u64", "vfs_* a0=$arg8:u64");
	check_fprobe(&place, "%x8:u64", NULL);
	place.glob = "vfs_*;x";
	check_fprobe(&place, "%x0:u64", NULL);
}
#endif
