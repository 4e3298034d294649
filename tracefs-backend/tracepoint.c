// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The family kernel.trace(string): the kernel's trace events by name, "sched_switch" or
 * "sched:sched_switch", with wildcards in both halves. Listing reads one file of names; a format
 * is read only for events whose fields or ids a script needs. The fields are its variables.
 *
 * The events of system calls (system "syscalls") are found by their plain name, or when the
 * pattern names their system; a bare "*" or "*:*" does not bring them in: nobody who asks for all
 * tracepoints wants each system call twice over. Events made by probe definitions of stap itself
 * are never matched.
 */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "define.h"
#include "families.h"

/* ---- which events there are ---- */

static int compare_names(const void *left, const void *right)
{
	const struct event_name *a = left, *b = right;
	int order = strcmp(a->system, b->system);

	return order ? order : strcmp(a->name, b->name);
}

static void names_add_line(struct tracefs *tracefs, char *line)
{
	char *colon = strchr(line, ':');
	struct event_name entry;

	if (!colon || text_starts_with(line, "stap_"))
		return;
	*colon = '\0';
	entry.system = line;
	entry.name = colon + 1;
	array_push(tracefs->arena, &tracefs->names, entry);
}

const event_names *tracepoint_list(struct tracefs *tracefs)
{
	struct buf text = BUF_INIT;
	char path[PATH_MAX], *copy, *line, *rest;

	if (tracefs->names_read)
		return &tracefs->names;
	tracefs->names_read = true;
	if (tracefs_path(tracefs, path, sizeof(path), "available_events") &&
	    buf_read_file(&text, path) == 0) {
		copy = arena_memdup(tracefs->arena, buf_text(&text), text.length);
		for (line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
			names_add_line(tracefs, line);
	}
	buf_free(&text);
	if (tracefs->names.count)
		qsort(tracefs->names.items, tracefs->names.count, sizeof(*tracefs->names.items),
		      compare_names);
	return &tracefs->names;
}

static bool event_exists(struct tracefs *tracefs, const char *system, const char *name)
{
	const struct trace_event *known;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s:%s", system, name) < (int)sizeof(path)) {
		known = table_get(&tracefs->events, path);
		if (known && known->format)
			return true;
	}
	if (!*system || !*name || strchr(system, '/') || strchr(name, '/') || system[0] == '.')
		return false;
	return tracefs_path(tracefs, path, sizeof(path), "events/%s/%s/enable", system, name) &&
	       access(path, F_OK) == 0;
}

/* ---- names to probes ---- */

/* the argument of kernel.trace(), or NULL */
static struct point_component *trace_component(const struct probe_point *point)
{
	for (size_t i = 0; i < point->components.count; i++)
		if (point->components.items[i].argument_kind == ARGUMENT_STRING)
			return &point->components.items[i];
	return NULL;
}

static struct probe_point *point_with_name(struct arena *arena, const struct probe_point *from,
					   const char *name)
{
	struct probe_point *point = arena_memdup(arena, from, sizeof(*from));
	size_t size = from->components.count * sizeof(*from->components.items);

	point->components.items = arena_memdup(arena, from->components.items, size);
	point->components.capacity = from->components.count;
	trace_component(point)->string = name;
	return point;
}

static void emit_event(struct family_match *match, const char *system, const char *name)
{
	struct trace_event *event = trace_event_get(match->backend, system, name);
	struct trace_site *data = arena_new_object(match->arena, struct trace_site);
	struct site *site = arena_new_object(match->arena, struct site);

	site->family = &tracepoint_families[0];
	site->name = event->text;
	site->data = data;
	data->event = event;
	match->emit(match, point_with_name(match->arena, match->point, event->text), site, NULL);
}

static bool is_syscall_system(const char *system)
{
	return strcmp(system, "syscalls") == 0;
}

static void emit_matching(struct family_match *match, const char *system, const char *name)
{
	const event_names *names = tracepoint_list(match->backend);
	bool everywhere = !system || strcmp(system, "*") == 0;

	for (size_t i = 0; i < names->count; i++) {
		const struct event_name *entry = &names->items[i];

		if (everywhere && is_syscall_system(entry->system) && text_has_wildcard(name))
			continue;
		if ((!system || text_match(system, entry->system)) &&
		    text_match(name, entry->name))
			emit_event(match, entry->system, entry->name);
	}
}

static int suggest_events(struct family_match *match, const char *system, const char *name)
{
	const event_names *names = tracepoint_list(match->backend);
	struct arena *arena = match->arena;
	const char **candidates = arena_alloc(arena, (names->count + 1) * sizeof(*candidates));
	size_t id;

	for (size_t i = 0; i < names->count; i++)
		candidates[i] = system ? arena_printf(arena, "%s:%s", names->items[i].system,
						      names->items[i].name) :
					 names->items[i].name;
	id = diag_error(match->frontend, trace_component(match->point)->token,
			"this kernel has no trace event '%s%s%s'", system ? system : "",
			system ? ":" : "", name);
	if (system)
		name = arena_printf(arena, "%s:%s", system, name);
	diag_suggest(match->frontend, id, name, candidates, names->count);
	return -ENOENT;
}

void tracepoint_report_no_backend(struct frontend *frontend, const struct token *token)
{
	struct buf reason = BUF_INIT;

	system_explain(&reason);
	diag_error(frontend, token, "%s", buf_text(&reason));
	buf_free(&reason);
}

static int tracepoint_resolve(struct family_match *match)
{
	const char *pattern = trace_component(match->point)->string, *colon, *name, *system = NULL;
	size_t before = match->emitted;

	if (!match->backend) {
		tracepoint_report_no_backend(match->frontend, trace_component(match->point)->token);
		return -ENOENT;
	}
	colon = strchr(pattern, ':');
	name = colon ? colon + 1 : pattern;
	if (colon) {
		system = arena_memdup(match->arena, pattern, colon - pattern);
		if (!text_has_wildcard(pattern)) {
			if (event_exists(match->backend, system, name))
				emit_event(match, system, name);
			else if (!match->point->optional && !match->point->sufficient)
				return suggest_events(match, system, name);
			return 0;
		}
	}
	emit_matching(match, system, name);
	if (match->emitted == before && !text_has_wildcard(pattern) && !match->point->optional &&
	    !match->point->sufficient)
		return suggest_events(match, system, name);
	return 0;
}

/*
 * kernel.trace("…:sys_enter_X").return: where the call returns, under whose name the point is known
 * from here on. Its targets are those of the entry (targets_at_entry).
 */
static int tracepoint_resolve_return(struct family_match *match)
{
	struct point_component *argument = trace_component(match->point);
	const char *colon = strchr(argument->string, ':');
	const char *name = colon ? colon + 1 : argument->string;
	struct family_match inner = *match;
	struct probe_point *point;
	int result;

	if (!text_starts_with(name, "sys_enter")) {
		diag_error(match->frontend, argument->token,
			   "only events of system calls (sys_enter_…) have a return");
		return -EINVAL;
	}
	name = arena_printf(match->arena, "%.*ssys_exit%s", (int)(name - argument->string),
			    argument->string, name + strlen("sys_enter"));
	point = point_with_name(match->arena, match->point, name);
	point->components.count--;
	inner.point = point;
	result = tracepoint_resolve(&inner);
	match->emitted = inner.emitted;
	return result;
}

/* ---- fields as variables ---- */

static bool field_has_value(const struct trace_field *field)
{
	return field->kind != FIELD_OPAQUE && field->kind != FIELD_ARRAY;
}

static enum type field_type(const struct trace_field *field)
{
	return field->kind == FIELD_INTEGER || field->kind == FIELD_ARRAY ? TYPE_LONG : TYPE_STRING;
}

/* the path behind $field: at most one constant index, of an array of integers */
static bool check_path(struct frontend *frontend, const struct trace_field *field,
		       const struct expr *target)
{
	const struct target_component *step = target->path.count ? &target->path.items[0] : NULL;

	if (!step && field_has_value(field))
		return true;
	if (!step && field->kind == FIELD_ARRAY)
		diag_error(frontend, target->token, "$%s is an array of %u integers: "
			   "index it with a constant, as in $%s[0]",
			   field->name, field->count, field->name);
	else if (field->kind == FIELD_OPAQUE)
		diag_error(frontend, target->token, "field '%s' of type '%s' cannot be read",
			   field->name, field->c_type);
	else if (target->path.count > 1 || step->kind != COMPONENT_INDEX ||
		 field->kind != FIELD_ARRAY)
		diag_error(frontend, step->token ? step->token : target->token,
			   "'%s' is a %s recorded by the kernel: it has no members to follow",
			   field->name, field->kind == FIELD_ARRAY ? "field" : field->c_type);
	else if (step->index->kind != EXPR_NUMBER)
		diag_error(frontend, step->index->token, "the index of $%s must be a constant",
			   field->name);
	else if (step->index->number < 0 || step->index->number >= field->count)
		diag_error(frontend, step->index->token, "index %lld is outside $%s[%u]",
			   (long long)step->index->number, field->name, field->count);
	else
		return true;
	return false;
}

/* a system call's exit is its return probe: $return is the field `ret` */
static bool is_syscall_exit(const struct trace_event *event)
{
	return is_syscall_system(event->system) && text_starts_with(event->name, "sys_exit_");
}

/* $arg2, the second of a system call's arguments, which int_arg(2) asks for; otherwise NULL */
static const struct trace_field *syscall_argument(const struct trace_event *event,
						  const char *name)
{
	unsigned long number;
	size_t first = 0;
	char *end;

	if (!is_syscall_system(event->system) || !text_starts_with(event->name, "sys_enter_") ||
	    !text_starts_with(name, "$arg"))
		return NULL;
	number = strtoul(name + strlen("$arg"), &end, 10);
	while (first < event->fields.count && (event->fields.items[first].is_common ||
	       strcmp(event->fields.items[first].name, "__syscall_nr") == 0))
		first++;
	if (*end || number < 1 || number > 6 || first + number > event->fields.count ||
	    event->fields.items[first + number - 1].kind != FIELD_INTEGER)
		return NULL;
	return &event->fields.items[first + number - 1];
}

/*
 * The field may be an address: what it points to can be fetched where eprobes are, and its text
 * stands beside it, in __NAME_val, in the system call events of some kernels.
 */
static void note_pointer(struct frontend *frontend, struct trace_event *event,
			 struct capture *capture)
{
	struct arena *arena = frontend_arena(frontend);
	const char *name = arena_printf(arena, "__%s_val", capture->name);
	const struct trace_field *text = trace_event_field(event, name);
	struct recipe *recipe = arena_new_object(arena, struct recipe);
	struct fetch *fetch = arena_new_object(arena, struct fetch);

	fetch->kind = FETCH_FIELD;
	fetch->symbol = capture->name;
	fetch->size = eprobe_available(event->tracefs) ? sizeof(uint64_t) : 0;
	recipe->fetch = fetch;
	capture->recipe = recipe;
	if (text && text->kind == FIELD_DATA_LOC)
		capture->text_field = name;
}

static struct capture *tracepoint_variable(struct frontend *frontend, const struct site *site,
					   const struct expr *target)
{
	struct trace_event *event = trace_site_of(site)->event;
	struct arena *arena = frontend_arena(frontend);
	const struct trace_field *field;
	struct capture *capture;

	if (!target->name || target->name[0] != '$' || target->name[1] == '$')
		return NULL;
	field = trace_event_field(event, target->name + 1);
	if (!field && strcmp(target->name, "$return") == 0 && is_syscall_exit(event))
		field = trace_event_field(event, "ret");
	field = field ?: syscall_argument(event, target->name);
	if (!field)
		return NULL;
	if (target->address_of) {
		diag_error(frontend, target->token, "a field of a trace event has no address");
		return NULL;
	}
	/* what a pointer leads to is known of arguments only */
	if (target->path.count && target->path.items[0].kind == COMPONENT_MEMBER &&
	    raw_tracepoint_arguments(frontend, site, target))
		return NULL;
	if (!check_path(frontend, field, target))
		return NULL;
	capture = arena_new_object(arena, struct capture);
	capture->kind = CAPTURE_FIELD;
	capture->type = field_type(field);
	capture->name = target->path.count ?
		arena_printf(arena, "%s[%lld]", field->name,
			     (long long)target->path.items[0].index->number) : field->name;
	capture->c_type = field->c_type;
	capture->token = target->token;
	if (field->kind == FIELD_INTEGER && field->width == sizeof(uint64_t))
		note_pointer(frontend, event, capture);
	return capture;
}

static size_t tracepoint_variables(struct frontend *frontend, const struct site *site,
				   struct family_variable *out, size_t room)
{
	struct trace_event *event = trace_site_of(site)->event;
	size_t count = 0;

	if (trace_event_parse(event) < 0)
		return 0;
	for (size_t i = 0; i < event->fields.count && count < room; i++) {
		const struct trace_field *field = &event->fields.items[i];

		if (field->is_common || !field_has_value(field))
			continue;
		out[count++] = (struct family_variable){
			.name = arena_printf(frontend_arena(frontend), "$%s", field->name),
			.c_type = field->c_type,
			.type = field_type(field),
			.is_parameter = true,
		};
	}
	return count;
}

struct load tracepoint_bind(const struct site *site, const struct capture *capture)
{
	const char *bracket = strchr(capture->name, '[');
	const struct trace_field *field;
	char name[TRACE_NAME_SIZE * 2];
	struct load load = { .kind = LOAD_NONE };

	snprintf(name, sizeof(name), "%.*s",
		 bracket ? (int)(bracket - capture->name) : (int)strlen(capture->name),
		 capture->name);
	field = trace_event_field(trace_site_of(site)->event, name);
	/* sites of one probe may differ: an integer here, a string there */
	if (!field || field_type(field) != capture->type)
		return load;
	return trace_field_load(field, bracket ? strtoul(bracket + 1, NULL, 10) : 0);
}

/* the event where the call begins that this one sees return: sys_enter for sys_exit */
static struct site *tracepoint_entry(struct frontend *frontend, const struct site *site)
{
	struct arena *arena = frontend_arena(frontend);
	const struct trace_event *event = trace_site_of(site)->event;
	struct trace_site *data;
	struct site *entry;
	const char *name;

	if (!strstr(event->system, "syscalls") || !text_starts_with(event->name, "sys_exit"))
		return NULL;
	name = arena_printf(arena, "sys_enter%s", event->name + strlen("sys_exit"));
	if (!event_exists(event->tracefs, event->system, name))
		return NULL;
	data = arena_new_object(arena, struct trace_site);
	data->event = trace_event_get(event->tracefs, event->system, name);
	entry = arena_memdup(arena, site, sizeof(*site));
	entry->name = data->event->text;
	entry->data = data;
	return entry;
}

/* ---- -p3: the same on every kernel that has these fields, wherever they stand ---- */

static const char *const load_names[] = {
	[LOAD_U8] = "u8", [LOAD_S8] = "s8", [LOAD_U16] = "u16", [LOAD_S16] = "s16",
	[LOAD_U32] = "u32", [LOAD_S32] = "s32", [LOAD_64] = "64 bits",
	[LOAD_CHARS] = "text", [LOAD_DATA_LOC] = "text", [LOAD_REL_LOC] = "text",
};

static void describe_capture(const struct site *site, const struct capture *capture, FILE *out)
{
	struct load load = tracepoint_bind(site, capture);

	if (load.kind == LOAD_NONE)
		fprintf(out, "    $%s: not in this event\n", capture->name);
	else
		fprintf(out, "    $%s: %s, %s\n", capture->name, capture->c_type,
			load_names[load.kind]);
}

void tracepoint_describe_fields(const struct probe *probe, const struct site *site, FILE *out)
{
	struct buf text = BUF_INIT;

	fprintf(out, "  trace event %s\n", site->name);
	if (probe->filter.count)
		filter_print(trace_site_of(site)->event, probe, &text);
	if (text.length)
		fprintf(out, "    filter %s\n", buf_text(&text));
	for (size_t i = 0; i < probe->captures.count; i++)
		if (probe->captures.items[i]->kind != CAPTURE_FETCH)
			describe_capture(site, probe->captures.items[i], out);
	buf_free(&text);
}

void tracepoint_describe(void *backend, const struct probe *probe, const struct site *site,
			 FILE *out)
{
	(void)backend;
	if (definition_is_needed(probe))
		definition_describe(probe, site, out);
	else
		tracepoint_describe_fields(probe, site, out);
}

const struct family tracepoint_families[] = {
	{
		.pattern = "kernel.trace(string)",
		.source = FAMILY_TRACEFS,
		.resolve = tracepoint_resolve,
		.variable = tracepoint_variable,
		.variables = tracepoint_variables,
		.entry = tracepoint_entry,
		.arguments = raw_tracepoint_arguments,
		.generate_aliases = syscall_generate_aliases,
		.describe = tracepoint_describe,
		.summary = "a trace event of the kernel: \"name\" or \"system:name\"",
	},
	{
		.pattern = "kernel.trace(string).return",
		.source = FAMILY_TRACEFS,
		.resolve = tracepoint_resolve_return,
		.variable = tracepoint_variable,
		.variables = tracepoint_variables,
		.entry = tracepoint_entry,
		.describe = tracepoint_describe,
		.targets_at_entry = true,
		.summary = "the return of a system call, by the event of its entry",
	},
};
const size_t tracepoint_family_count = ARRAY_SIZE(tracepoint_families);

#ifdef UNIT_TEST
#include "../lib/unit.h"

static void names_of(struct tracefs *tracefs, const char *lines)
{
	char *copy, *line, *rest;

	tracefs->arena = arena_new();
	table_init(&tracefs->events, tracefs->arena);
	tracefs->names_read = true;
	copy = arena_strdup(tracefs->arena, lines);
	for (line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		names_add_line(tracefs, line);
}

static void emit_text(struct family_match *match, const struct probe_point *point,
		      struct site *site, void *data)
{
	(void)point;
	(void)data;
	buf_printf(match->owner, "%s ", site->name);
	match->emitted++;
}

static void check_matches(const char *pattern, const char *expected)
{
	struct tracefs tracefs = { 0 };
	struct point_component argument = {
		.name = "trace", .argument_kind = ARGUMENT_STRING, .string = pattern,
	};
	struct probe_point point = { .components = { &argument, 1, 1 }, .optional = true };
	struct buf text = BUF_INIT;
	struct family_match match = {
		.backend = &tracefs, .point = &point, .emit = emit_text, .owner = &text,
	};

	names_of(&tracefs, "sched:sched_switch\nsched:sched_wakeup\nstap_1_2_3:probe\n"
			   "syscalls:sys_enter_read\nraw_syscalls:sys_enter\n");
	match.arena = tracefs.arena;
	CHECK_INT(tracepoint_resolve(&match), 0);
	CHECK_STR(buf_text(&text), expected);
	buf_free(&text);
	arena_free(tracefs.arena);
}

UNIT_TEST_CASE(tracepoint_names_match_with_and_without_system)
{
	check_matches("sched_switch", "sched:sched_switch ");
	check_matches("sched:*", "sched:sched_switch sched:sched_wakeup ");
	check_matches("s*:sched_w*", "sched:sched_wakeup ");
	check_matches("sys_enter_read", "syscalls:sys_enter_read ");
}

UNIT_TEST_CASE(tracepoint_bare_wildcards_leave_syscalls_out)
{
	check_matches("sys_*", "raw_syscalls:sys_enter ");
	check_matches("*:sys_*", "raw_syscalls:sys_enter ");
	check_matches("syscalls:*", "syscalls:sys_enter_read ");
	check_matches("sysc*:*", "syscalls:sys_enter_read ");
}
#endif
