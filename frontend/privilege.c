// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What --privilege leaves to a script: with stapusr, probes that only look at the user's own
 * processes and at time, and functions that tell no more than an ordinary program could find out.
 * It is a promise about the script; at run time the kernel's own permissions hold as always.
 */
#include "semantic.h"

static const char *const level_names[] = {
	[PRIVILEGE_STAPDEV] = "stapdev",
	[PRIVILEGE_STAPSYS] = "stapsys",
	[PRIVILEGE_STAPUSR] = "stapusr",
};

const char *privilege_name(enum privilege level)
{
	return level_names[level];
}

bool privilege_parse(const char *name, enum privilege *level)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (strcmp(name, level_names[i]) != 0)
			continue;
		*level = (enum privilege)i;
		return true;
	}
	return false;
}

bool privilege_allows_family(const struct frontend *frontend, const struct family *family)
{
	static const char *const allowed[] = { "begin", "end", "error", "never", "oneshot",
					       "process", "timer" };
	static const char *const excluded[] = { ".profile", ".insn", ".absolute" };
	size_t length = strcspn(family->pattern, ".(");

	if (frontend->options.privilege != PRIVILEGE_STAPUSR)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(excluded); i++)
		if (strstr(family->pattern, excluded[i]))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (strlen(allowed[i]) == length && !strncmp(family->pattern, allowed[i], length))
			return true;
	return false;
}

static void check_call(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct frontend *frontend = visitor->data;
	const struct builtin *builtin = expr->kind == EXPR_CALL ? expr->builtin : NULL;

	(void)is_write;
	if (!builtin || !(builtin->flags & BUILTIN_PRIVILEGED))
		return;
	if (strncmp(builtin->name, "__", 2) == 0)
		diag_error(frontend, expr->token, "the kernel may not be looked into when "
			   "--privilege=%s is specified", level_names[PRIVILEGE_STAPUSR]);
	else
		diag_error(frontend, expr->token, "function '%s' may not be used when "
			   "--privilege=%s is specified", builtin->name,
			   level_names[PRIVILEGE_STAPUSR]);
}

void privilege_check(struct semantics *sem)
{
	struct tree_visitor visitor = { .expr = check_call, .data = sem->frontend };

	if (sem->frontend->options.privilege != PRIVILEGE_STAPUSR)
		return;
	for (size_t i = 0; i < sem->builds.count; i++)
		tree_walk_stmt(&visitor, sem->builds.items[i]->probe->body);
	for (size_t i = 0; i < sem->functions.count; i++)
		tree_walk_stmt(&visitor, sem->functions.items[i]->body);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static bool test_allows(enum privilege level, const char *pattern)
{
	struct frontend frontend = { .options.privilege = level };
	struct family family = { .pattern = pattern };

	return privilege_allows_family(&frontend, &family);
}

UNIT_TEST_CASE(privilege_of_probe_points)
{
	CHECK(test_allows(PRIVILEGE_STAPUSR, "begin"));
	CHECK(test_allows(PRIVILEGE_STAPUSR, "end(number)"));
	CHECK(test_allows(PRIVILEGE_STAPUSR, "timer.ms(number).randomize(number)"));
	CHECK(test_allows(PRIVILEGE_STAPUSR, "process(string).function(string).return"));
	CHECK(!test_allows(PRIVILEGE_STAPUSR, "process(string).insn"));
	CHECK(!test_allows(PRIVILEGE_STAPUSR, "timer.profile"));
	CHECK(!test_allows(PRIVILEGE_STAPUSR, "kernel.function(string)"));
	CHECK(!test_allows(PRIVILEGE_STAPUSR, "procfs(string).read"));
	CHECK(test_allows(PRIVILEGE_STAPSYS, "kernel.function(string)"));
	CHECK(test_allows(PRIVILEGE_STAPDEV, "timer.profile"));
}

UNIT_TEST_CASE(privilege_names)
{
	enum privilege level = PRIVILEGE_STAPDEV;

	CHECK(privilege_parse("stapusr", &level));
	CHECK_INT(level, PRIVILEGE_STAPUSR);
	CHECK_STR(privilege_name(level), "stapusr");
	CHECK(!privilege_parse("", &level) && !privilege_parse("root", &level));
}
#endif
