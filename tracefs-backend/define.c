// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Defining probes. Every site with a place gets a definition: an existing one at that place when
 * the new captures fit beside the old (equal fetch arguments are written once), otherwise a
 * further one. All are written together; the kernel stops at the first line it refuses, so what
 * came before that one exists, and what comes behind it is written again.
 *
 * Nothing in a definition comes from outside unchecked: names are reduced to letters and digits,
 * paths with other characters go by way of /proc/self/fd (see probed-file.c).
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <unistd.h>

#include "define.h"
#include "functions.h"

/* ---- arguments ---- */

/* bytes of a record that one argument of @capture takes */
static size_t argument_size(const struct capture *capture)
{
	if (capture->kind == CAPTURE_FETCH && capture->recipe->form == RECIPE_BYTES)
		return FETCH_ARRAY_MAX;
	return capture->type == TYPE_STRING ? sizeof(uint32_t) : sizeof(uint64_t);
}

/* arguments that @capture takes at @place: those of an eprobe copy fields, too */
static unsigned argument_count(const struct define_place *place, const struct capture *capture)
{
	if (capture->kind == CAPTURE_FETCH)
		return capture->recipe ? fetcharg_count(capture->recipe) : 0;
	return capture->kind == CAPTURE_FIELD && place->event;
}

static int print_argument(const struct define_place *place, const struct capture *capture,
			  unsigned index, struct buf *out, struct buf *problem)
{
	if (capture->kind == CAPTURE_FIELD)
		return eprobe_print_field(place->event, capture, out, problem);
	return fetcharg_print(capture->recipe, index, &place->fetch, out, problem);
}

/* where the texts @wanted stand in a row among the arguments; their count when they do not */
static size_t find_arguments(const struct probe_definition *definition, const char *const *wanted,
			     size_t count)
{
	size_t known = definition->arguments.count, same;

	for (size_t i = 0; i + count <= known; i++) {
		for (same = 0; same < count; same++)
			if (strcmp(definition->arguments.items[i + same].text, wanted[same]) != 0)
				break;
		if (same == count)
			return i;
	}
	return known;
}

/* room for @capture's arguments; false when the definition is full */
static bool add_arguments(struct tracefs *tracefs, struct probe_definition *definition,
			  const char *const *texts, size_t count, size_t size, unsigned *first)
{
	*first = find_arguments(definition, texts, count);
	if (*first < definition->arguments.count)
		return true;
	if (*first + count > PROBE_ARGUMENTS_MAX ||
	    definition->record_size + count * size > PROBE_RECORD_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct define_argument argument = { texts[i], size };

		array_push(tracefs->arena, &definition->arguments, argument);
		definition->record_size += size;
	}
	return true;
}

static void report_capture(const struct capture *capture, const struct define_place *place,
			   const char *reason, struct buf *problem)
{
	print_place(capture->token, problem);
	buf_printf(problem, "cannot capture %s at %s: %s", capture->name, place->where, reason);
}

/* the fetch arguments of @capture; NULL after a sentence in @problem */
static const char **capture_texts(struct tracefs *tracefs, const struct define_place *place,
				  const struct capture *capture, struct buf *problem)
{
	unsigned count = argument_count(place, capture);
	const char **texts = arena_alloc(tracefs->arena, (count + 1) * sizeof(*texts));
	struct buf text = BUF_INIT, reason = BUF_INIT;
	int error = 0;

	for (unsigned i = 0; i < count && !error; i++) {
		buf_reset(&text);
		error = print_argument(place, capture, i, &text, &reason);
		texts[i] = arena_strdup(tracefs->arena, buf_text(&text));
	}
	if (error)
		report_capture(capture, place, buf_text(&reason), problem);
	buf_free(&text);
	buf_free(&reason);
	return error ? NULL : texts;
}

/* 1: all captures have their arguments. 0: they do not fit beside the others. Or -errno */
static int add_captures(struct tracefs *tracefs, struct probe_definition *definition,
			const struct probe *probe, const struct site *site, struct buf *problem)
{
	struct trace_site *data = trace_site_of(site);

	data->arguments = arena_alloc(tracefs->arena,
				      (probe->captures.count + 1) * sizeof(*data->arguments));
	for (size_t i = 0; i < probe->captures.count; i++) {
		const struct capture *capture = probe->captures.items[i];
		unsigned count = argument_count(data->place, capture);
		const char **texts;

		if (!count)
			continue;
		texts = capture_texts(tracefs, data->place, capture, problem);
		if (!texts)
			return -ENOTSUP;
		if (!add_arguments(tracefs, definition, texts, count, argument_size(capture),
				   &data->arguments[capture->slot]))
			return 0;
	}
	return 1;
}

/* ---- definitions ---- */

static size_t line_length(const struct probe_definition *definition)
{
	size_t length = strlen(definition->place->where) + 2 * TRACE_NAME_SIZE + 16;

	for (size_t i = 0; i < definition->arguments.count; i++)
		length += strlen(definition->arguments.items[i].text) + sizeof(" a127=");
	return length;
}

static struct probe_definition *definition_new(struct tracefs *tracefs, const struct define_place *place,
					 const struct token *token)
{
	struct probe_definition *definition = arena_new_object(tracefs->arena, struct probe_definition);

	definition->place = place;
	definition->token = token;
	array_push(tracefs->arena, &tracefs->definitions, definition);
	return definition;
}

/* put the captures of @probe into @definition, or leave it as it was */
static int definition_take(struct tracefs *tracefs, struct probe_definition *definition,
			   const struct probe *probe, const struct site *site, struct buf *problem)
{
	size_t arguments = definition->arguments.count, size = definition->record_size;
	int result = add_captures(tracefs, definition, probe, site, problem);

	if (result > 0 && line_length(definition) > DEFINITION_LINE_MAX)
		result = 0;
	if (result > 0) {
		trace_site_of(site)->definition = definition;
		group_note(tracefs, definition, probe, site);
		return result;
	}
	definition->arguments.count = arguments;
	definition->record_size = size;
	return result;
}

bool definition_is_needed(const struct probe *probe)
{
	for (size_t i = 0; i < probe->captures.count; i++)
		if (probe->captures.items[i]->kind == CAPTURE_FETCH)
			return true;
	return false;
}

static char place_letter(const struct define_place *place)
{
	return place->event ? 'e' : place->is_return ? 'r' : 'p';
}

static int report_full(const struct probe *probe, const struct define_place *place,
		       struct buf *problem)
{
	print_place(probe->token, problem);
	buf_printf(problem, "the %zu values this probe captures at %s do not fit into one record of "
		   "the kernel, which holds %d of together %d bytes", probe->captures.count,
		   place->where, PROBE_ARGUMENTS_MAX, PROBE_RECORD_MAX);
	return -E2BIG;
}

int definition_plan(struct tracefs *tracefs, const struct probe *probe, const struct site *site,
		    struct buf *problem)
{
	struct trace_site *data = trace_site_of(site);
	const struct define_place *place;
	struct probe_definition *first, *fresh;
	const char *key;
	int result = 0;

	if (!data->place && !definition_is_needed(probe))
		return 0;
	if (!data->place)
		data->place = raw_tracepoint_is_needed(probe, site) ?
			raw_tracepoint_place(tracefs, probe, site, problem) :
			eprobe_place(tracefs, data->event);
	if (!data->place)
		return -ENOTSUP;
	place = data->place;
	/* all of one tracepoint that is to be joined with its fields stands in one record */
	key = arena_printf(tracefs->arena, "%c%u %s%s", place_letter(place), place->maxactive,
			   place->where, data->with_fields ? " with fields" : "");
	first = table_get(&tracefs->places, key);
	for (struct probe_definition *d = first; d && !result; d = d->next)
		result = definition_take(tracefs, d, probe, site, problem);
	if (result || (first && data->with_fields))
		return result < 0 ? result : result ? 0 : report_full(probe, place, problem);
	fresh = definition_new(tracefs, place, probe->token);
	fresh->next = first;
	table_put(&tracefs->places, key, fresh);
	result = definition_take(tracefs, fresh, probe, site, problem);
	return result > 0 ? 0 : result ? result : report_full(probe, place, problem);
}

/* ---- text ---- */

static void print_definition(const struct probe_definition *definition, const char *group,
			     const char *name, struct buf *out)
{
	const struct define_place *place = definition->place;

	if (definition->group && definition->group->fprobe) {
		buf_printf(out, "f:%s%s%s %s", group, *group ? "/" : "", name,
			   definition->group->fprobe);
		return;
	}
	buf_putc(out, place_letter(place));
	if (place->maxactive)
		buf_printf(out, "%u", place->maxactive);
	buf_printf(out, ":%s%s%s %s", group, *group ? "/" : "", name, place->where);
	for (size_t i = 0; i < definition->arguments.count; i++)
		buf_printf(out, " a%zu=%s", i, definition->arguments.items[i].text);
	group_print_number(definition, out);
}

/* an event's name: a letter, a number that makes it unique, and what it stands for */
static void print_event_name(const struct define_place *place, size_t number, char *out)
{
	size_t length = snprintf(out, TRACE_NAME_SIZE, "%c%zu_", place_letter(place), number);

	for (const char *c = place->name; *c && length < TRACE_NAME_SIZE - 1; c++)
		out[length++] = isalnum((unsigned char)*c) ? *c : '_';
	out[length] = '\0';
}

static void name_event(struct tracefs *tracefs, struct probe_definition *definition, size_t number)
{
	char name[TRACE_NAME_SIZE];

	print_event_name(definition->place, number, name);
	if (definition->group && definition->group->fprobe)
		name[0] = 'f';
	definition->event = trace_event_get(tracefs, tracefs->name, name);
}

/* is its event, and its line if that is an fprobe's, that of its group's first member? */
static bool is_follower(const struct probe_definition *definition)
{
	return definition->group && definition->number;
}

/* ---- writing ---- */

/* each kind has its own file in every kernel that has the kind */
enum define_kind { DEFINE_FPROBE, DEFINE_UPROBE, DEFINE_KPROBE, DEFINE_EPROBE };
static const struct {
	const char *file, *words;
} define_kinds[] = {
	[DEFINE_FPROBE] = { "dynamic_events", "fprobes (CONFIG_FPROBE_EVENTS)" },
	[DEFINE_UPROBE] = { "uprobe_events", "uprobes (CONFIG_UPROBE_EVENTS)" },
	[DEFINE_KPROBE] = { "kprobe_events", "kprobes (CONFIG_KPROBE_EVENTS)" },
	[DEFINE_EPROBE] = { "dynamic_events", "dynamic events (CONFIG_DYNAMIC_EVENTS)" },
};

static enum define_kind kind_of(const struct probe_definition *definition)
{
	const struct define_place *place = definition->place;

	if (definition->group && definition->group->fprobe)
		return DEFINE_FPROBE;
	return place->event ? DEFINE_EPROBE : place->fetch.is_user ? DEFINE_UPROBE : DEFINE_KPROBE;
}

const char *definition_file(const struct probe_definition *definition)
{
	return define_kinds[kind_of(definition)].file;
}

static int open_definitions(struct tracefs *tracefs, enum define_kind kind)
{
	char path[PATH_MAX];
	int fd;

	if (!tracefs_path(tracefs, path, sizeof(path), "%s", define_kinds[kind].file) ||
	    access(path, F_OK) < 0)
		return -errno;
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* the kernel says no more than that it failed where it has decided never to be probed */
static void explain_untraceable(struct tracefs *tracefs, const struct define_place *place,
				struct buf *problem)
{
	const char *name = arena_printf(tracefs->arena, "%.*s", (int)strcspn(place->where, "+"),
					place->where);
	const struct traced_function *function;

	if (place->event || place->fetch.is_user || strchr(name, ':') || strncmp(name, "0x", 2) == 0)
		return;
	function = functions_note(tracefs, name);
	if (functions_locate(tracefs, NULL, NULL) == 0 && function->address && !function->number)
		buf_printf(problem, "; %s is none of available_filter_functions: it is marked "
			   "notrace, on the kprobes' blacklist, or gone after the start", name);
}

static void report_refusal(struct tracefs *tracefs, const struct probe_definition *definition, int error,
			   struct buf *problem)
{
	struct buf line = BUF_INIT;

	print_definition(definition, tracefs->name, definition->event->name, &line);
	print_place(definition->token, problem);
	buf_printf(problem, "the kernel refuses the probe `%s': ", buf_text(&line));
	print_kernel_reason(NULL, definition->event->name, error, problem);
	explain_untraceable(tracefs, definition->place, problem);
	buf_free(&line);
}

/* what is written in one go, and what became of it */
struct batch {
	struct tracefs *tracefs;
	enum define_kind kind;
	struct probe_definition **items;
	size_t count, refused, regrouped;
	const struct probe_definition *first_refused;
	int error;
	struct buf *problem;
};

/* how many probes of ours the kernel lists in the batch's file */
static size_t count_ours(const struct batch *batch)
{
	const struct tracefs *tracefs = batch->tracefs;
	char path[PATH_MAX], *line, *rest, *colon;
	size_t length = strlen(tracefs->name), count = 0;
	struct buf text = BUF_INIT;

	if (tracefs_path(tracefs, path, sizeof(path), "%s", define_kinds[batch->kind].file) &&
	    buf_read_file(&text, path) == 0 && text.length)
		for (line = strtok_r(text.data, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest)) {
			colon = strchr(line, ':');
			count += colon && strncmp(colon + 1, tracefs->name, length) == 0 &&
				 colon[1 + length] == '/';
		}
	buf_free(&text);
	return count;
}

static int write_lines(const struct batch *batch, int fd, size_t from)
{
	struct buf text = BUF_INIT;
	int error = 0;

	for (size_t i = from; i < batch->count; i++) {
		print_definition(batch->items[i], batch->tracefs->name,
				 batch->items[i]->event->name, &text);
		buf_putc(&text, '\n');
	}
	if (write(fd, text.data, text.length) < 0)
		error = -errno;
	buf_free(&text);
	return error;
}

/* one that was found by a wildcard is left out, one that was named ends the run */
static int note_refusal(struct batch *batch, struct probe_definition *failed, int error)
{
	if (failed->group && failed->group->fprobe) {
		group_refuse(failed->group);
		batch->regrouped++;
		return 0;
	}
	failed->refused = true;
	if (!failed->place->is_one_of_many) {
		report_refusal(batch->tracefs, failed, error, batch->problem);
		return error;
	}
	if (!batch->refused++)
		batch->first_refused = failed;
	batch->error = error;
	return 0;
}

/* the kernel stops at the first line it refuses: what comes behind is written again */
static int write_batch(struct batch *batch, enum define_kind kind)
{
	int fd = open_definitions(batch->tracefs, kind), error = 0;
	size_t from = 0, failed, before = batch->count > 1 ? count_ours(batch) : 0;

	if (fd < 0) {
		print_place(batch->items[0]->token, batch->problem);
		buf_printf(batch->problem, "this kernel has no %s: %s",
			   define_kinds[kind].words, strerror(-fd));
		return fd;
	}
	while (from < batch->count && !error) {
		error = write_lines(batch, fd, from);
		if (!error)
			break;
		failed = batch->count > 1 ? count_ours(batch) - before + batch->refused +
					    batch->regrouped : 0;
		if (failed >= batch->count || failed < from) /* nothing is missing */
			break;
		error = note_refusal(batch, batch->items[failed], error);
		from = failed + 1;
	}
	close(fd);
	return error;
}

static void warn_refused(const struct batch *batch)
{
	const struct log *log = &batch->tracefs->options.log;
	struct buf reason = BUF_INIT;

	if (!batch->refused)
		return;
	report_refusal(batch->tracefs, batch->first_refused, batch->error, &reason);
	log_warning(log, "the kernel refuses %zu of the %zu places that wildcards match; they are "
		    "not probed", batch->refused, batch->count);
	log_info(log, 1, "the first of them: %s", buf_text(&reason));
	buf_free(&reason);
}

static void gather(struct batch *batch, bool is_return)
{
	const struct tracefs *tracefs = batch->tracefs;

	for (size_t i = 0; i < tracefs->definitions.count; i++) {
		struct probe_definition *definition = tracefs->definitions.items[i];

		if (kind_of(definition) != batch->kind || definition->is_written ||
		    definition->place->is_return != is_return)
			continue;
		definition->is_written = true;
		if (batch->kind != DEFINE_FPROBE || !is_follower(definition))
			batch->items[batch->count++] = definition;
	}
}

/*
 * Returns come first: of the kprobes at one address the last to be registered is the first to run
 * (add_new_kprobe() in kernel/kprobes.c), and those at an entry must see the return address before
 * a return probe puts its trampoline there.
 */
static int create_kind(struct tracefs *tracefs, enum define_kind kind, struct buf *problem)
{
	struct batch batch = { .tracefs = tracefs, .kind = kind, .problem = problem };
	int error;

	batch.items = memory_alloc((tracefs->definitions.count + 1) * sizeof(*batch.items));
	gather(&batch, true);
	gather(&batch, false);
	error = batch.count ? write_batch(&batch, kind) : 0;
	if (!error)
		warn_refused(&batch);
	free(batch.items);
	return error;
}

static void name_events(struct tracefs *tracefs)
{
	struct probe_definition *definition;

	for (size_t i = 0; i < tracefs->definitions.count; i++) {
		definition = tracefs->definitions.items[i];
		if (!definition->is_written && !is_follower(definition))
			name_event(tracefs, definition, i);
	}
	for (size_t i = 0; i < tracefs->definitions.count; i++) {
		definition = tracefs->definitions.items[i];
		if (is_follower(definition))
			definition->event = definition->group->members.items[0]->event;
	}
}

int definitions_create(struct tracefs *tracefs, struct buf *problem)
{
	int error = 0;

	groups_form(tracefs);
	do {
		name_events(tracefs);
		for (size_t kind = 0; kind < ARRAY_SIZE(define_kinds) && !error; kind++)
			error = create_kind(tracefs, (enum define_kind)kind, problem);
	} while (!error && !groups_enable(tracefs));
	return error;
}

/* ---- what the record holds ---- */

/* the address of something in the probed file: so far from the probed instruction */
static struct load bind_address(const struct site *site, const struct capture *capture)
{
	struct trace_site *data = trace_site_of(site);
	const struct trace_field *field = trace_event_field(data->definition->event,
							    data->place->is_return ?
							    "__probe_func" : "__probe_ip");
	struct load load = { .kind = LOAD_NONE };

	if (!field || !data->place->fetch.is_user)
		return load;
	load.kind = LOAD_ADDRESS;
	load.offset = field->offset;
	load.size = field->size;
	load.addend = capture->recipe->fetch->offset - (int64_t)data->place->address;
	return load;
}

static struct load bind_bits(struct load load, const struct recipe *recipe)
{
	const struct fetch *fetch = recipe->fetch;

	if (!recipe->bit_size)
		return load;
	load.kind = LOAD_BITS;
	load.size = fetch->size ? fetch->size : sizeof(uint64_t);
	load.shift = recipe->bit_offset;
	load.bits = recipe->bit_size;
	load.is_signed = fetch->is_signed;
	return load;
}

/* the field of the first argument that @capture takes, or NULL */
static const struct trace_field *first_field(const struct site *site,
					     const struct capture *capture)
{
	struct trace_site *data = trace_site_of(site);
	char name[16];

	snprintf(name, sizeof(name), "a%u", data->arguments[capture->slot]);
	return trace_event_field(data->definition->event, name);
}

const struct trace_field *definition_field(const struct site *site, const struct capture *capture)
{
	const struct recipe *recipe = capture->recipe;

	if (trace_site_of(site)->definition && capture->kind == CAPTURE_FIELD)
		return first_field(site, capture);
	if (!trace_site_of(site)->definition || capture->kind != CAPTURE_FETCH || !recipe ||
	    recipe->form == RECIPE_BYTES ||
	    recipe->bit_size || recipe->length || capture->addend || !fetcharg_count(recipe))
		return NULL;
	return first_field(site, capture);
}

struct load definition_bind(const struct site *site, const struct capture *capture)
{
	const struct recipe *recipe = capture->recipe;
	struct load load = { .kind = LOAD_NONE };
	const struct trace_field *field;

	if (capture->kind == CAPTURE_FIELD && trace_site_of(site)->place->event) {
		field = first_field(site, capture);
		return field ? trace_field_load(field, 0) : load;
	}
	if (capture->kind != CAPTURE_FETCH || !recipe)
		return load;
	if (!fetcharg_count(recipe))
		return recipe->form == RECIPE_NUMBER ? bind_address(site, capture) : load;
	field = first_field(site, capture);
	if (!field)
		return load;
	if (recipe->form == RECIPE_BYTES)
		return (struct load){ .kind = LOAD_BYTES, .offset = field->offset,
				      .size = recipe->length };
	load = trace_field_load(field, 0);
	if (recipe->form == RECIPE_STRING && load.kind == LOAD_DATA_LOC)
		load.kind = LOAD_FETCHED;
	if (recipe->form == RECIPE_STRING)
		load.size = recipe->length < UINT16_MAX ? recipe->length : 0;
	return recipe->form == RECIPE_NUMBER ? bind_bits(load, recipe) : load;
}

/* ---- -p3 ---- */

void definition_describe(const struct probe *probe, const struct site *site, FILE *out)
{
	struct trace_site data = *trace_site_of(site);
	struct tracefs scratch = { .arena = arena_new() };
	struct site copy = *site;
	struct buf line = BUF_INIT;

	copy.data = &data;
	table_init(&scratch.places, scratch.arena);
	if (definition_plan(&scratch, probe, &copy, &line) == 0)
		print_definition(data.definition, "", data.place->name, &line);
	fprintf(out, "  %s\n", buf_text(&line));
	for (size_t i = 0; i < probe->captures.count && data.definition; i++) {
		const struct capture *capture = probe->captures.items[i];

		if (argument_count(data.place, capture))
			fprintf(out, "    %s: a%u\n", capture->name, data.arguments[capture->slot]);
	}
	if (data.with_fields)
		tracepoint_describe_fields(probe, site, out);
	buf_free(&line);
	arena_free(scratch.arena);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static const struct fetch test_registers[] = {
	{ .kind = FETCH_REGISTER, .reg = 5 }, { .kind = FETCH_REGISTER, .reg = 4 },
	{ .kind = FETCH_REGISTER, .reg = 4, .size = 4 },
};
static const struct recipe test_recipes[] = {
	{ .fetch = &test_registers[0] }, { .fetch = &test_registers[1] },
	{ .fetch = &test_registers[2] },
	{ .form = RECIPE_BYTES, .fetch = &test_registers[0], .length = 4000 },
};
static struct capture test_captures[] = {
	{ .kind = CAPTURE_FETCH, .name = "$a", .recipe = &test_recipes[0], .slot = 0 },
	{ .kind = CAPTURE_FETCH, .name = "$b", .recipe = &test_recipes[1], .slot = 1 },
	{ .kind = CAPTURE_FETCH, .name = "$c", .recipe = &test_recipes[2], .slot = 0 },
	{ .kind = CAPTURE_FETCH, .name = "$d", .recipe = &test_recipes[3], .slot = 0 },
};
static const struct define_place test_place = {
	.where = "/bin/x:0x40", .name = "ma@in",
	.fetch = { &trace_arch_x86_64, true, 0 },
};

static void check_plan(struct tracefs *tracefs, struct trace_site *data, size_t capture,
		       size_t count, int expected)
{
	struct capture *captures[2] = { &test_captures[capture], &test_captures[capture + 1] };
	struct probe probe = { .captures = { captures, count, 2 } };
	struct site site = { .data = data };
	struct buf problem = BUF_INIT;

	*data = (struct trace_site){ .place = &test_place };
	CHECK_INT(definition_plan(tracefs, &probe, &site, &problem), expected);
	CHECK_INT(problem.length > 0, expected < 0);
	buf_free(&problem);
}

UNIT_TEST_CASE(definition_is_shared_at_one_place)
{
	struct tracefs tracefs = { .arena = arena_new() };
	struct trace_site one, two;
	struct buf line = BUF_INIT;

	table_init(&tracefs.places, tracefs.arena);
	check_plan(&tracefs, &one, 0, 2, 0);
	check_plan(&tracefs, &two, 2, 1, 0);
	CHECK(one.definition == two.definition);
	CHECK_INT(two.arguments[0], 2);
	print_definition(one.definition, "stap_1", "p0_x", &line);
	CHECK_STR(buf_text(&line), "p:stap_1/p0_x /bin/x:0x40 a0=%di:u64 a1=%si:u64 a2=%si:u32");
	check_plan(&tracefs, &two, 0, 1, 0);
	CHECK_INT(two.definition->arguments.count, 3);
	buf_free(&line);
	arena_free(tracefs.arena);
}

UNIT_TEST_CASE(definition_too_large_is_refused)
{
	struct tracefs tracefs = { .arena = arena_new() };
	struct trace_site site;

	table_init(&tracefs.places, tracefs.arena);
	check_plan(&tracefs, &site, 3, 1, -E2BIG);
	arena_free(tracefs.arena);
}

UNIT_TEST_CASE(definition_names_hold_letters_only)
{
	struct define_place place = test_place;
	char name[TRACE_NAME_SIZE], longest[200];

	print_event_name(&place, 12, name);
	CHECK_STR(name, "p12_ma_in");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	place.name = longest;
	print_event_name(&place, 1, name);
	CHECK_INT(strlen(name), TRACE_NAME_SIZE - 1);
}
#endif
