/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For unit tests only: a probe family, event("open") and event("close"), whose sites and variables
 * are the same on every machine, `begin`, and a helper that takes a script through pass 1 to 3.
 */
#ifndef TEST_FAMILY_H
#define TEST_FAMILY_H

#include "../lib/unit.h"
#include "semantic.h"

static const struct family_variable test_variables[] = {
	{ .name = "$path", .c_type = "char[16]", .type = TYPE_STRING, .is_parameter = true },
	{ .name = "$flags", .c_type = "int", .type = TYPE_LONG, .is_parameter = true },
	{ .name = "$return", .c_type = "long", .type = TYPE_LONG },
	{ .name = "$shut", .c_type = "long", .type = TYPE_LONG }, /* last: of event("close") alone */
};

static inline size_t test_variable_count(const struct site *site)
{
	return ARRAY_SIZE(test_variables) - (strcmp(site->name, "close") != 0);
}

static int test_resolve_begin(struct family_match *match)
{
	match->emit(match, match->point, NULL, NULL);
	return 0;
}

static void test_emit(struct family_match *match, const char *name)
{
	struct probe_point *point = point_copy(match->arena, match->point);
	struct site *site = arena_new_object(match->arena, struct site);

	site->name = point->components.items[0].string = name;
	match->emit(match, point, site, NULL);
}

static int test_resolve_event(struct family_match *match)
{
	static const char *const names[] = { "open", "close" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (text_match(match->point->components.items[0].string, names[i]))
			test_emit(match, names[i]);
	return 0;
}

static struct capture *test_variable(struct frontend *frontend, const struct site *site,
				     const struct expr *target)
{
	for (size_t i = 0; i < test_variable_count(site) && !target->path.count; i++) {
		struct capture *capture;

		if (strcmp(test_variables[i].name, target->name) != 0)
			continue;
		capture = arena_new_object(frontend_arena(frontend), struct capture);
		capture->kind = CAPTURE_FIELD;
		capture->type = test_variables[i].type;
		capture->name = test_variables[i].name + 1;
		capture->c_type = test_variables[i].c_type;
		return capture;
	}
	return NULL;
}

static size_t test_site_variables(struct frontend *frontend, const struct site *site,
				  struct family_variable *out, size_t room)
{
	(void)frontend, (void)room;
	memcpy(out, test_variables, sizeof(test_variables));
	return test_variable_count(site);
}

static const char *test_aliases(struct frontend *frontend, void *backend, const char *pattern)
{
	(void)frontend, (void)backend;
	if (!text_starts_with(pattern, "made."))
		return NULL;
	if (strcmp(pattern, "made.twice") == 0)
		return "probe made.twice = event(\"open\") { a = $flags; b = a + 1; a = 3 }\n";
	return "probe made.open = event(\"open\") { path = $path; flags = $flags\n"
	       "argstr = sprintf(\"%s %d\", $path, $flags) }\n"
	       "probe made.close = event(\"close\") { flags = $flags }\n";
}

static const struct family test_families[] = {
	{ .pattern = "begin", .source = FAMILY_AGGREGATOR, .resolve = test_resolve_begin },
	{ .pattern = "event(string)", .source = FAMILY_TRACEFS, .resolve = test_resolve_event,
	  .variable = test_variable, .variables = test_site_variables,
	  .generate_aliases = test_aliases },
};

/* a session with one script, not yet parsed; free it with frontend_free() */
static inline struct frontend *test_session(const struct frontend_options *options,
					    const char *script)
{
	static const struct frontend_options defaults;
	struct frontend *frontend = frontend_new(options ? options : &defaults);

	for (size_t i = 0; i < ARRAY_SIZE(test_families); i++)
		frontend_add_family(frontend, &test_families[i], NULL);
	frontend_add_script(frontend, "test.stp", script, strlen(script));
	return frontend;
}

/* through all passes; NULL after a message, which @frontend then holds */
static inline struct program *test_compile(struct frontend *frontend)
{
	if (frontend_parse(frontend) || frontend_resolve(frontend) || frontend_plan(frontend))
		return NULL;
	return frontend_program(frontend);
}

#endif
