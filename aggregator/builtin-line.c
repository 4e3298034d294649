// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Natives that name source files and lines. What is not known is shown as the address in
 * hexadecimal, as the tapset reference says.
 */
#include "builtin.h"
#include "stack.h"
#include "source-line.h"

enum line_form { LINE_FILE = 1, LINE_NUMBER = 2 };

static bool return_line(struct native_call *call, bool is_known, const struct source_line *line,
			unsigned form)
{
	struct buf text = BUF_INIT;
	bool ok;

	if (!is_known)
		buf_printf(&text, "0x%llx", (unsigned long long)call->arguments[0].number);
	else if (form == LINE_NUMBER)
		buf_printf(&text, "%d", line->number);
	else if (form == LINE_FILE)
		buf_puts(&text, line->file);
	else
		buf_printf(&text, "%s:%d", line->file, line->number);
	ok = native_return_buf(call, &text);
	buf_free(&text);
	return ok;
}

static bool return_kernel_line(struct native_call *call, unsigned form)
{
	struct source_line line;
	bool is_known = source_line_kernel(stacks_lines(call->session),
					   stacks_symbolizer(call->session),
					   (uint64_t)call->arguments[0].number, &line);

	return return_line(call, is_known, &line, form);
}

static bool return_user_line(struct native_call *call, unsigned form)
{
	struct address_space *space = task_space(call->session->tasks, native_task(call));
	struct source_line line;
	bool is_known = source_line_user(stacks_lines(call->session),
					 stacks_symbolizer(call->session), space,
					 (uint64_t)call->arguments[0].number, &line);

	return return_line(call, is_known, &line, form);
}

bool builtin_symfile(struct native_call *call)
{
	return return_kernel_line(call, LINE_FILE);
}

bool builtin_symline(struct native_call *call)
{
	return return_kernel_line(call, LINE_NUMBER);
}

bool builtin_symfileline(struct native_call *call)
{
	return return_kernel_line(call, LINE_FILE | LINE_NUMBER);
}

bool builtin_usymfile(struct native_call *call)
{
	return return_user_line(call, LINE_FILE);
}

bool builtin_usymline(struct native_call *call)
{
	return return_user_line(call, LINE_NUMBER);
}

bool builtin_usymfileline(struct native_call *call)
{
	return return_user_line(call, LINE_FILE | LINE_NUMBER);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(line_natives_give_addresses_without_debuginfo)
{
	struct run_options options;
	struct program program = { 0 };
	struct vm_session session = { .options = &options, .program = &program };
	union value address = { .number = 0x1234 };
	struct native_call call = { .session = &session, .arguments = &address, .count = 1 };

	run_options_init(&options);
	CHECK(builtin_symfileline(&call));
	CHECK_STR(call.result.string->data, "0x1234");
	str_unref(call.result.string);
	CHECK(builtin_symline(&call));
	CHECK_STR(call.result.string->data, "0x1234");
	str_unref(call.result.string);
	stacks_free(session.stacks);
}
#endif
