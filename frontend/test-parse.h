/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parser's unit tests share. */
#ifndef TEST_PARSE_H
#define TEST_PARSE_H

#include "../lib/unit.h"
#include "parser.h"

/* the one expression of a probe */
static inline struct expr *test_expression(struct frontend **frontend, const char *text)
{
	static const struct frontend_options options = { .guru = true };
	struct script *script;
	const char *source;

	*frontend = frontend_new(&options);
	source = arena_printf((*frontend)->arena, "probe a { %s }", text);
	script = parse_source(*frontend, session_add_source(*frontend, SOURCE_SCRIPT, "<input>",
							    source, strlen(source)));
	CHECK_INT(diag_error_count(*frontend), 0);
	return script->probes.items[0]->body->body.items[0]->expr;
}

#endif
