// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes pass 1 to 3 with families that need no kernel: any text must end in a program or in
 * messages, and a program's print must not depend on how often it is asked for.
 */
#include "../../aggregator/aggregator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* the print of @frontend's program; the caller frees it */
static char *print_program(struct frontend *frontend)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	frontend_print_program(frontend, out);
	fclose(out);
	return text;
}

static void check_program(struct frontend *frontend)
{
	char *first = print_program(frontend), *second = print_program(frontend);

	if (strcmp(first, second) != 0)
		abort();
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct frontend_options options = {
		.kernel_release = "6.1.0", .arch = "x86_64", .guru = true, .log = { .verbosity = 2 },
	};
	struct frontend *frontend = frontend_new(&options);
	char *messages = NULL;
	size_t message_size = 0;
	FILE *out = open_memstream(&messages, &message_size);

	for (size_t i = 0; i < aggregator_family_count; i++)
		frontend_add_family(frontend, &aggregator_families[i], NULL);
	frontend_add_script(frontend, "input.stp", (const char *)data, size);
	if (!frontend_parse(frontend) && !frontend_resolve(frontend) && !frontend_plan(frontend))
		check_program(frontend);
	diag_print(frontend, out);
	fclose(out);
	free(messages);
	frontend_free(frontend);
	return 0;
}
