// SPDX-License-Identifier: GPL-2.0-or-later
/* Natives that end the run, speak to the user, or to the kernel's logs. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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

/* one line into one of the kernel's files */
static bool write_line(struct native_call *call, const char *const *paths, const char *prefix,
		       const struct str *text)
{
	struct buf line = BUF_INIT;
	ssize_t written = -1;
	int fd = -1;

	for (size_t i = 0; fd < 0 && paths[i]; i++)
		fd = open(paths[i], O_WRONLY | O_CLOEXEC);
	buf_puts(&line, prefix);
	buf_add(&line, text->data, text->length);
	buf_putc(&line, '\n');
	if (fd >= 0) {
		written = write(fd, line.data, line.length);
		close(fd);
	}
	buf_free(&line);
	return written >= 0 || native_error(call, "cannot write to %s: %s", paths[0],
					    strerror(errno));
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
