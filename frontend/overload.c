/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions of a script that have the name of one of the library's: where `next` may leave the
 * last of them, the library's answers. A native has no body to go on to, so it gets a function of
 * its own, written here, that calls it.
 */
#include "semantic.h"

static void note_next(struct tree_visitor *visitor, struct stmt *stmt)
{
	if (stmt->kind == STMT_NEXT)
		*(bool *)visitor->data = true;
}

static bool falls_through(struct function *function)
{
	bool has_next = function->embedded && strstr(function->embedded, "STAP_NEXT");
	struct tree_visitor visitor = { .stmt = note_next, .data = &has_next };

	if (!function->embedded)
		tree_walk_stmt(&visitor, function->body);
	return has_next;
}

bool overload_falls_through(struct function *first)
{
	for (; first; first = first->next_overload)
		if (!falls_through(first))
			return false;
	return true;
}

/* function NAME:type (a0:type, …) { [return] native(a0, …) } */
static void write_wrapper(const struct builtin *builtin, const char *name, size_t arity,
			  struct buf *out)
{
	const char *letter = builtin->parameters;

	buf_printf(out, "function %s%s(", name, builtin->result == TYPE_LONG ? ":long " :
		   builtin->result == TYPE_STRING ? ":string " : "");
	for (size_t i = 0; i < arity; i++, letter++) {
		letter += *letter == '|';
		buf_printf(out, "%sa%zu:%s", i ? ", " : "", i, *letter == 's' ? "string" : "long");
	}
	buf_printf(out, ") { %s%s(", builtin->result == TYPE_VOID ? "" : "return ", builtin->name);
	for (size_t i = 0; i < arity; i++)
		buf_printf(out, "%sa%zu", i ? ", " : "", i);
	buf_puts(out, ") }\n");
}

const char *overload_native(struct semantics *sem, const struct builtin *builtin, size_t arity)
{
	const char *name = arena_printf(sem->arena, "__native_%s_%zu", builtin->name, arity);
	const struct source_file *source;
	struct buf text = BUF_INIT;

	if (table_get(&sem->tapset.functions, name))
		return name;
	write_wrapper(builtin, name, arity, &text);
	source = session_add_source(sem->frontend, SOURCE_GENERATED, "<native>", buf_text(&text),
				    text.length);
	buf_free(&text);
	unit_add(sem, parse_source(sem->frontend, source));
	return name;
}

void overload_append(struct function *first, struct function *library)
{
	while (first->next_overload && first->next_overload != library)
		first = first->next_overload;
	first->next_overload = library;
}

#ifdef UNIT_TEST
#include "test-family.h"

static size_t test_functions(const char *script)
{
	struct frontend *frontend = test_session(NULL, script);
	struct program *program = test_compile(frontend);
	size_t count = program ? program->functions.count : 0;

	CHECK(program != NULL);
	frontend_free(frontend);
	return count;
}

UNIT_TEST_CASE(overload_goes_on_to_the_native_behind_next)
{
	CHECK_INT(test_functions("function strlen(s) { if (s == \"\") return 9; next }\n"
				 "probe begin { println(strlen(\"a\"), strlen(\"b\")) }"), 2);
	CHECK_INT(test_functions("function strlen(s) { return s + 1 }\n"
				 "probe begin { println(strlen(1)) }"), 1);
}
#endif
