// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a point about code to probes. Components are read by name, so that the many patterns of
 * stapprobes(3stap) need one reader: function("f").return.maxactive(9) sets three fields of one
 * question. debuginfo answers with places; each is emitted as the point spelt out in full, the
 * function with its file and line where they are known.
 */
#include <errno.h>

#include "code-probe.h"

/* ---- the point's components ---- */

const struct point_component *code_point_component(const struct probe_point *point,
						   const char *name)
{
	for (size_t i = 0; i < point->components.count; i++)
		if (strcmp(point->components.items[i].name, name) == 0)
			return &point->components.items[i];
	return NULL;
}

const struct probe_point *code_point_with(struct arena *arena, const struct probe_point *from,
					  const char *name, const char *string)
{
	struct probe_point *point = arena_memdup(arena, from, sizeof(*from));
	size_t size = from->components.count * sizeof(*from->components.items);
	struct point_component *component;

	point->components.items = arena_memdup(arena, from->components.items, size);
	point->components.capacity = from->components.count;
	component = (struct point_component *)code_point_component(point, name);
	component->argument_kind = ARGUMENT_STRING;
	component->string = string;
	return point;
}

/* what may be asked about, and what the rest of the point may add */
enum component_meaning {
	MEANS_FUNCTION, MEANS_STATEMENT, MEANS_PLT, MEANS_MARK, MEANS_PROVIDER, MEANS_LABEL,
	MEANS_CALLEE, MEANS_CALLEES, MEANS_RETURN, MEANS_CALL, MEANS_INLINE, MEANS_EXPORTED,
	MEANS_NEAREST, MEANS_ABSOLUTE, MEANS_MAXACTIVE,
};
static const struct {
	const char *name;
	enum component_meaning meaning;
} component_names[] = {
	{ "function", MEANS_FUNCTION }, { "statement", MEANS_STATEMENT }, { "plt", MEANS_PLT },
	{ "mark", MEANS_MARK }, { "provider", MEANS_PROVIDER }, { "label", MEANS_LABEL },
	{ "callee", MEANS_CALLEE }, { "callees", MEANS_CALLEES }, { "return", MEANS_RETURN },
	{ "call", MEANS_CALL }, { "inline", MEANS_INLINE }, { "exported", MEANS_EXPORTED },
	{ "nearest", MEANS_NEAREST }, { "absolute", MEANS_ABSOLUTE },
	{ "maxactive", MEANS_MAXACTIVE },
};

static void set_subject(struct code_request *request, enum place_what what,
			const struct point_component *component)
{
	request->subject = component;
	request->query.what = what;
	if (component->argument_kind == ARGUMENT_NUMBER)
		request->query.address = (uint64_t)component->number;
	else
		request->query.pattern = component->string ? component->string : "*";
}

static int set_maxactive(struct code_request *request, const struct point_component *component)
{
	if (component->number < 1 || component->number > MAXACTIVE_MAX) {
		diag_error(request->match->frontend, component->token,
			   "maxactive must be from 1 to %d", MAXACTIVE_MAX);
		return -EINVAL;
	}
	request->maxactive = component->number;
	return 0;
}

/* upstream's word for: whoever calls the callee */
static bool matches_any_caller(struct frontend *frontend)
{
	const struct frontend_options *options = frontend_get_options(frontend);

	for (size_t i = 0; i < options->define_count; i++)
		if (text_starts_with(options->defines[i], "STAP_CALLEE_MATCHALL"))
			return true;
	return false;
}

static void set_callees(struct code_request *request, const struct point_component *component)
{
	request->query.callee = component->string ? component->string : "*";
	request->query.any_caller = matches_any_caller(request->match->frontend);
	request->query.callee_depth = component->argument_kind == ARGUMENT_NUMBER ?
				      component->number : 1;
}

static int take_component(struct code_request *request, enum component_meaning meaning,
			  const struct point_component *component)
{
	struct place_query *query = &request->query;

	switch (meaning) {
	case MEANS_FUNCTION: set_subject(request, PLACE_FUNCTION, component); break;
	case MEANS_STATEMENT: set_subject(request, PLACE_STATEMENT, component); break;
	case MEANS_PLT: set_subject(request, PLACE_PLT, component); break;
	case MEANS_MARK: set_subject(request, PLACE_MARK, component); break;
	case MEANS_PROVIDER: query->provider = component->string; break;
	case MEANS_LABEL:
		query->what = PLACE_LABEL;
		query->label = component->string;
		break;
	case MEANS_CALLEE: case MEANS_CALLEES: set_callees(request, component); break;
	case MEANS_RETURN: query->is_return = true; break;
	case MEANS_CALL: query->only_call = true; break;
	case MEANS_INLINE: query->only_inline = true; break;
	case MEANS_EXPORTED: query->only_exported = true; break;
	case MEANS_NEAREST: query->nearest = true; break;
	case MEANS_ABSOLUTE: request->is_absolute = true; break;
	case MEANS_MAXACTIVE: return set_maxactive(request, component);
	}
	return 0;
}

static bool names_several(const struct place_query *query)
{
	const char *texts[] = { query->pattern, query->label, query->provider, query->callee };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i] && text_has_wildcard(texts[i]))
			return true;
	return false;
}

int code_request_parse(struct family_match *match, struct code_request *request)
{
	const struct probe_point *point = match->point;
	int error;

	request->match = match;
	request->concrete = point;
	for (size_t i = 1; i < point->components.count; i++) {
		for (size_t n = 0; n < ARRAY_SIZE(component_names); n++) {
			if (strcmp(point->components.items[i].name, component_names[n].name) != 0)
				continue;
			error = take_component(request, component_names[n].meaning,
					       &point->components.items[i]);
			if (error)
				return error;
		}
	}
	request->is_one_of_many |= names_several(&request->query);
	return 0;
}

/* ---- places to probes ---- */

/* "main@src/main.c:12", as far as it is known */
static const char *place_text(struct arena *arena, const struct code_place *place)
{
	if (!place->file)
		return place->function ? place->function : "";
	if (!place->line)
		return arena_printf(arena, "%s@%s", place->function ? place->function : "*",
				    place->file);
	return arena_printf(arena, "%s@%s:%d", place->function ? place->function : "*",
			    place->file, place->line);
}

/* .callee("x@file:line"), whichever word it was asked with */
static const struct probe_point *callee_point(struct arena *arena, const struct probe_point *point,
					      const struct code_place *place)
{
	const char *word = code_point_component(point, "callee") ? "callee" : "callees";
	const struct probe_point *concrete = code_point_with(arena, point, word,
							     place_text(arena, place));

	((struct point_component *)code_point_component(concrete, word))->name = "callee";
	return concrete;
}

static const struct probe_point *concrete_point(struct code_request *request,
						const struct code_place *place)
{
	struct arena *arena = request->match->arena;
	const struct probe_point *point = request->concrete;
	const char *name = request->subject->name;

	if (place->label)
		point = code_point_with(arena, point, "label", place->label);
	if (place->caller) {
		point = callee_point(arena, point, place);
		place = place->caller;
	}

	if (request->query.what == PLACE_MARK) {
		point = code_point_with(arena, point, name, place->mark);
		if (request->query.provider)
			point = code_point_with(arena, point, "provider", place->provider);
		return point;
	}
	if (request->subject->argument_kind == ARGUMENT_NUMBER)
		return point;
	if (request->query.what == PLACE_PLT)
		return place->function ? code_point_with(arena, point, name, place->function) :
					 point;
	return code_point_with(arena, point, name, place_text(arena, place));
}

/* a probe in the middle of a function may have to know how that was entered */
static void locate_entry(struct code_request *request, const struct code_place *place,
			 struct trace_site *data)
{
	struct buf problem = BUF_INIT;

	data->entry_place = place->is_return || place->mark ? NULL : debuginfo_call_entry(place);
	if (data->entry_place)
		data->entry = request->locate(request, data->entry_place, &problem);
	buf_free(&problem);
}

bool code_request_emit(struct code_request *request, const struct code_place *place,
		       struct buf *problem)
{
	struct family_match *match = request->match;
	const struct define_place *where = request->locate(request, place, problem);
	struct trace_site *data;
	struct site *site;

	if (!where)
		return false;
	data = arena_new_object(match->arena, struct trace_site);
	data->place = where;
	locate_entry(request, place, data);
	site = arena_new_object(match->arena, struct site);
	site->name = where->where;
	site->data = data;
	site->place = place;
	site->pid = request->tree ? request->tree : request->pid;
	site->with_children = request->tree != 0;
	match->emit(match, concrete_point(request, place), site, NULL);
	return true;
}

int code_request_fail(struct code_request *request, const struct token *token,
		      struct buf *problem)
{
	if (problem->length)
		diag_error(request->match->frontend, token, "%s", buf_text(problem));
	buf_free(problem);
	return -ENOENT;
}

static const char *subject_kind(const struct code_request *request)
{
	switch (request->query.what) {
	case PLACE_MARK: return "mark";
	case PLACE_PLT: return "procedure linkage table entry";
	case PLACE_LABEL: return "label";
	case PLACE_STATEMENT: return "statement";
	default: return "function";
	}
}

static int report_nothing(struct code_request *request, struct module *module,
			  const name_array *suggest, struct buf *problem)
{
	const struct place_query *query = &request->query;
	size_t id;

	if (problem->length) {
		id = diag_error(request->match->frontend, request->subject->token, "%s",
				buf_text(problem));
	} else {
		if (request->is_one_of_many)
			return 0; /* another module may have some */
		id = query->pattern ?
			diag_error(request->match->frontend, request->subject->token,
				   "no %s '%s' in %s", subject_kind(request),
				   query->label ? query->label : query->pattern,
				   module_path(module)) :
			diag_error(request->match->frontend, request->subject->token,
				   "no code at address 0x%llx in %s",
				   (unsigned long long)query->address, module_path(module));
	}
	if (query->pattern)
		diag_suggest(request->match->frontend, id, query->pattern, suggest->items,
			     suggest->count);
	buf_free(problem);
	return -ENOENT;
}

int code_request_run(struct code_request *request, struct module *module)
{
	struct buf problem = BUF_INIT;
	place_array places = { 0 };
	name_array suggest = { 0 };
	const struct probe_point *point = request->match->point;
	/* what may be missing is not missed: nobody reads what else it could have been */
	bool is_read = !point->optional && !point->sufficient;
	int found = debuginfo_find(module, &request->query, &places, is_read ? &suggest : NULL,
				   &problem);
	size_t emitted = 0;

	if (found <= 0 || !places.count)
		return report_nothing(request, module, &suggest, &problem);
	buf_reset(&problem);
	for (size_t i = 0; i < places.count; i++)
		emitted += code_request_emit(request, places.items[i], &problem);
	if (!emitted)
		return code_request_fail(request, request->subject->token, &problem);
	buf_free(&problem);
	return 0;
}

/* ---- what sites with a place offer the frontend ---- */

/* where the function is entered, as an ordinary function probe would stand there */
static const struct code_place *entry_place(struct arena *arena, const struct code_place *place)
{
	struct code_place *entry = arena_memdup(arena, place, sizeof(*place));

	entry->is_return = false;
	entry->at_entry = true;
	return entry;
}

/* the same definition as of the return, without it */
static const struct define_place *without_return(struct arena *arena,
						 const struct define_place *place)
{
	struct define_place *where = arena_memdup(arena, place, sizeof(*where));

	where->is_return = false;
	where->maxactive = 0;
	return where;
}

struct site *code_probe_entry(struct frontend *frontend, const struct site *site)
{
	struct arena *arena = frontend_arena(frontend);
	const struct trace_site *data = trace_site_of(site);
	struct trace_site *entry_data;
	struct site *entry;

	if (!data->place || (!data->place->is_return && !data->entry))
		return NULL;
	entry_data = arena_new_object(arena, struct trace_site);
	entry = arena_memdup(arena, site, sizeof(*site));
	entry->data = entry_data;
	if (data->place->is_return) {
		entry_data->place = without_return(arena, data->place);
		entry->place = entry_place(arena, site->place);
	} else {
		entry_data->place = data->entry;
		entry->place = data->entry_place;
		entry->name = data->entry->where;
	}
	return entry;
}

void code_probe_describe(void *backend, const struct probe *probe, const struct site *site,
			 FILE *out)
{
	(void)backend;
	definition_describe(probe, site, out);
}
