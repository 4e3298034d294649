// SPDX-License-Identifier: GPL-2.0-or-later
/* Natives that end the run, speak to the user, or to the kernel's logs. */
#include <errno.h>

#include "builtin.h"

bool builtin_exit(struct native_call *call)
{
	call->session->exiting = true;
	return true;
}

bool builtin_abort(struct native_call *call)
{
	call->session->exiting = true;
	call->abort = true;
	return false;
}

/* the script's own message stands alone: no position is added to it */
bool builtin_error(struct native_call *call)
{
	call->bare = true;
	return native_error(call, "%s", call->arguments[0].string->data);
}

bool builtin_warn(struct native_call *call)
{
	log_warning(&call->session->options->log, "%s", call->arguments[0].string->data);
	return true;
}

bool builtin_log(struct native_call *call)
{
	const struct str *text = call->arguments[0].string;

	buf_add(&call->session->output, text->data, text->length);
	buf_putc(&call->session->output, '\n');
	vm_output_check(call->session);
	return true;
}

bool builtin_switch_file(struct native_call *call)
{
	struct vm_session *session = call->session;
	unsigned number = 0;
	int error = session->switch_output ? session->switch_output(session, &number) : 0;

	return !error || native_error(call, "cannot write %s.%u: %s", session->options->output_name,
				      number, strerror(-error));
}

/* one line into one of the kernel's files, in one write as they ask for */
static bool write_line(struct native_call *call, const char *const *paths, const char *prefix,
		       const struct str *text)
{
	FILE *file = NULL;
	int ok;

	for (size_t i = 0; !file && paths[i]; i++)
		file = fopen(paths[i], "we");
	ok = file && fprintf(file, "%s%s\n", prefix, text->data) >= 0 && fflush(file) == 0;
	if (!ok)
		native_error(call, "cannot write to %s: %s", paths[0], strerror(errno));
	if (file)
		fclose(file);
	return ok;
}

bool builtin_ftrace(struct native_call *call)
{
	static const char *const paths[] = { "/sys/kernel/tracing/trace_marker",
					     "/sys/kernel/debug/tracing/trace_marker", NULL };

	return write_line(call, paths, "", call->arguments[0].string);
}

bool builtin_printk(struct native_call *call)
{
	static const char *const paths[] = { "/dev/kmsg", NULL };
	char level[] = "<0>";

	level[1] = (char)('0' + (call->arguments[0].number & 7));
	return write_line(call, paths, level, call->arguments[1].string);
}
