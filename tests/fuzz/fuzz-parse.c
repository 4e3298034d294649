/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes lexer, macros, conditions, parser, printer and copier. Whatever parses must print as text
 * that parses again and prints the same. Built with clang -fsanitize=fuzzer, or with -DFUZZ_MAIN
 * and any compiler to run over files named on the command line.
 */
#include "../../frontend/frontend.h"

#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print_scripts(struct frontend *frontend)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	frontend_print_scripts(frontend, out);
	fclose(out);
	return text;
}

/* parse @text; the -p1 text, or NULL when it has errors */
static char *parse_and_print(const char *text, size_t size, bool with_arguments)
{
	static const char *const arguments[] = { "5+5", "na\"me", "%( $1 @2" };
	struct frontend_options options = {
		.guru = true, .kernel_release = "6.1.0-28-amd64", .arch = "x86_64",
		.arguments = arguments, .argument_count = with_arguments ? 3 : 0,
	};
	struct frontend *frontend = frontend_new(&options);
	char *printed = NULL, *messages = NULL;
	size_t length;
	FILE *out = open_memstream(&messages, &length);

	if (!out)
		abort();
	frontend_add_script(frontend, "<input>", text, size);
	if (frontend_parse(frontend) == 0)
		printed = print_scripts(frontend);
	diag_print(frontend, out);
	fclose(out);
	if (!printed && length == 0) {
		fputs("refused without a message\n", stderr);
		abort();
	}
	free(messages);
	frontend_free(frontend);
	return printed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *once = parse_and_print((const char *)data, size, true);
	char *twice;

	if (!once)
		return 0;
	twice = parse_and_print(once, strlen(once), false);
	/* nothing but comments and macros prints as nothing, which is no script */
	if (strchr(once, '\n')[1] && (!twice || strcmp(once, twice) != 0)) {
		fprintf(stderr, "---- printed once\n%s---- and twice\n%s", once,
			twice ? twice : "(refused)\n");
		abort();
	}
	free(once);
	free(twice);
	return 0;
}

#ifdef FUZZ_MAIN
int main(int argc, char **argv)
{
	struct buf text = BUF_INIT;

	for (int i = 1; i < argc; i++) {
		buf_reset(&text);
		if (buf_read_file(&text, argv[i]) == 0)
			LLVMFuzzerTestOneInput((const uint8_t *)buf_text(&text), text.length);
	}
	buf_free(&text);
	return 0;
}
#endif
