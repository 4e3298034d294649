// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which backend serves which probe. Tracefs is the cheaper one and takes what it can; stacks, user
 * registers and sampled events are beyond it. perf can take all: trace events, also those we define,
 * are events of perf as well. --backend leaves one of them out, and what it then cannot do is known
 * once the handlers are planned: each such probe is an error with its line.
 */
#include <errno.h>

#include "../tracefs-backend/tracefs-backend.h"
#include "perf-backend.h"

static const char *const backend_names[] = {
	[BACKEND_AUTO] = "auto", [BACKEND_TRACEFS] = "tracefs", [BACKEND_PERF] = "perf",
};

bool backend_parse(const char *text, enum backend *backend)
{
	for (unsigned i = 0; i < ARRAY_SIZE(backend_names); i++) {
		if (strcmp(text, backend_names[i]) != 0)
			continue;
		*backend = (enum backend)i;
		return true;
	}
	return false;
}

/* what @needs of perf, as the object of a sentence */
static const char *lacked_text(unsigned needs)
{
	if (needs & NEED_USER_STACK)
		return "the user stack";
	if (needs & NEED_KERNEL_STACK)
		return "the kernel stack";
	if (needs & NEED_REGISTERS)
		return "user registers";
	if (needs & NEED_COUNTER)
		return "counters";
	return "the address of the hit";
}

static bool needs_perf(const struct probe *probe)
{
	if (probe->family->source == FAMILY_PERF)
		return true;
	for (size_t i = 0; i < probe->sites.count; i++)
		if (tracefs_lacks(probe->needs, probe->sites.items[i]))
			return true;
	return false;
}

static void report_tracefs(struct frontend *frontend, const struct probe *probe)
{
	size_t id;

	if (probe->family->source == FAMILY_PERF)
		id = diag_error(frontend, probe->token, "--backend=tracefs has no sampled events: "
				"'%s' is one of perf", probe->point_text);
	else
		id = diag_error(frontend, probe->token, "--backend=tracefs does not record %s, "
				"which the handler of '%s' asks for", lacked_text(probe->needs),
				probe->point_text);
	diag_hint(frontend, id, "--backend=auto leaves just this probe to perf");
}

/* what follows tasks without perf events cannot be told to leave others alone */
static bool escapes(const struct probe *probe)
{
	return probe->family->source == FAMILY_STEP ||
	       (probe->family->source == FAMILY_AGGREGATOR &&
		text_starts_with(probe->family->pattern, "process"));
}

static void report_escape(struct frontend *frontend, const struct probe *probe)
{
	size_t id = diag_error(frontend, probe->token, "'%s' cannot be confined to a control group or "
			       "a namespace", probe->point_text);

	diag_hint(frontend, id, "--cgroup and --target-namespace are for probes of code, trace events, "
		  "samples and watchpoints");
}

int backend_check(enum backend backend, bool is_confined, struct frontend *frontend,
		  const struct program *program, const struct log *log)
{
	size_t through_perf = 0, through_tracefs = 0;
	int error = 0;

	for (size_t i = 0; i < program->probes.count; i++) {
		const struct probe *probe = program->probes.items[i];

		if (is_confined && escapes(probe)) {
			report_escape(frontend, probe);
			error = -EINVAL;
		}
		if (probe->family->source == FAMILY_AGGREGATOR ||
		    probe->family->source == FAMILY_STEP || !probe->body)
			continue;
		if (backend != BACKEND_PERF && !is_confined && !needs_perf(probe)) {
			through_tracefs++;
			continue;
		}
		through_perf++;
		if (backend == BACKEND_TRACEFS) {
			report_tracefs(frontend, probe);
			error = -EINVAL;
		}
	}
	if (!error && through_perf + through_tracefs)
		log_info(log, 1, "--backend=%s: probes through tracefs: %zu, through perf: %zu",
			 backend_names[backend], through_tracefs, through_perf);
	return error;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(backend_names_are_the_options)
{
	enum backend backend = BACKEND_AUTO;

	CHECK(backend_parse("perf", &backend));
	CHECK_INT(backend, BACKEND_PERF);
	CHECK(backend_parse("tracefs", &backend));
	CHECK_INT(backend, BACKEND_TRACEFS);
	CHECK(!backend_parse("bpf", &backend));
	CHECK_INT(backend, BACKEND_TRACEFS);
}

UNIT_TEST_CASE(backend_check_names_what_tracefs_lacks)
{
	struct frontend_options options = { .no_warnings = true };
	struct frontend *frontend = frontend_new(&options);
	struct family family = { .pattern = "timer.profile", .source = FAMILY_PERF };
	struct stmt body = { 0 };
	struct probe probe = { .family = &family, .point_text = "timer.profile", .body = &body };
	struct probe *probes[] = { &probe };
	struct program program = { .probes = { probes, 1, 1 } };

	CHECK_INT(backend_check(BACKEND_AUTO, false, frontend, &program, &options.log), 0);
	CHECK_INT(backend_check(BACKEND_PERF, false, frontend, &program, &options.log), 0);
	CHECK_INT(backend_check(BACKEND_TRACEFS, false, frontend, &program, &options.log), -EINVAL);
	CHECK_INT(diag_error_count(frontend), 1);
	probe.body = NULL;
	CHECK_INT(backend_check(BACKEND_TRACEFS, false, frontend, &program, &options.log), 0);
	family = (struct family){ .pattern = "process.begin", .source = FAMILY_AGGREGATOR };
	CHECK_INT(backend_check(BACKEND_AUTO, false, frontend, &program, &options.log), 0);
	CHECK_INT(backend_check(BACKEND_AUTO, true, frontend, &program, &options.log), -EINVAL);
	CHECK_INT(diag_error_count(frontend), 2);
	frontend_free(frontend);
}
#endif
