/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variables that only some points of an alias have. Where an alias says A !, B and a handler names
 * a $variable that the places of A lack, A is passed over: what fits the handler serves. A handler
 * that asks @defined() looks after itself.
 */
#include "semantic.h"

struct missing_search {
	struct frontend *frontend;
	const struct site *site;
	bool asks, misses;
};

static bool is_listed(const struct missing_search *search, const char *name)
{
	struct family_variable variables[MAX_SITE_VARIABLES];
	const struct site *site = search->site;
	size_t count;

	if (site->place)
		count = debuginfo_variables(site->place, variables, MAX_SITE_VARIABLES);
	else if (site->family->variables)
		count = site->family->variables(search->frontend, site, variables, MAX_SITE_VARIABLES);
	else
		return true;
	for (size_t i = 0; i < count; i++)
		if (strcmp(variables[i].name, name) == 0)
			return true;
	return false;
}

static bool is_argument(const struct missing_search *search, const struct expr *target)
{
	const struct family *family = search->site->family;
	struct diag_mark mark = diag_mark(search->frontend);
	bool found = family->arguments && family->arguments(search->frontend, search->site, target);

	diag_rewind(search->frontend, mark);
	return found;
}

static void look_at(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct missing_search *search = visitor->data;

	(void)is_write;
	search->asks |= expr->kind == EXPR_DEFINED;
	if (expr->kind != EXPR_TARGET || expr->name[0] != '$' || expr->name[1] == '$' ||
	    strcmp(expr->name, "$return") == 0)
		return;
	search->misses |= !is_listed(search, expr->name) && !is_argument(search, expr);
}

bool missing_variables(struct semantics *sem, struct stmt *body, const struct probe *probe)
{
	struct missing_search search = { .frontend = sem->frontend };
	struct tree_visitor visitor = { .expr = look_at, .data = &search };

	search.site = probe->sites.count ? probe->sites.items[0] : NULL;
	/* what is not known where a call returns may be where it began */
	if (!search.site || (search.site->place && search.site->place->is_return))
		return false;
	tree_walk_stmt(&visitor, body);
	return search.misses && !search.asks;
}

#ifdef UNIT_TEST
#include "test-family.h"

/* where the probe on an alias of both events ends up that has @body; "" after an error */
static void check_place(const char *body, const char *expected)
{
	static char script[200];
	struct frontend *frontend;
	struct program *program;

	snprintf(script, sizeof(script), "probe either = event(\"open\") !, event(\"close\") "
		 "{ word = $path }\nprobe either { %s }", body);
	frontend = test_session(NULL, script);
	program = test_compile(frontend);
	CHECK_STR(program ? program->probes.items[0]->sites.items[0]->name : "", expected);
	frontend_free(frontend);
}

UNIT_TEST_CASE(missing_variables_pass_a_point_of_an_alias_over)
{
	check_place("println(word)", "open");
	check_place("println($path)", "open");
	check_place("println(word, $shut)", "close");
	check_place("println(@defined($shut) ? $shut : 1)", "open");
	check_place("println($nothing)", "");
}
#endif
