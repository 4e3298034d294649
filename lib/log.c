/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stap says about itself on stderr; what a script prints goes elsewhere. */
#include "lib.h"

static void log_line(const char *prefix, const char *format, va_list args)
{
	struct buf line = BUF_INIT;

	buf_puts(&line, prefix);
	buf_vprintf(&line, format, args);
	buf_putc(&line, '\n');
	fwrite(line.data, 1, line.length, stderr);
	buf_free(&line);
}

void log_info(const struct log *log, int level, const char *format, ...)
{
	va_list args;

	if (log->verbosity < level)
		return;
	va_start(args, format);
	log_line("", format, args);
	va_end(args);
}

void log_warning(const struct log *log, const char *format, ...)
{
	va_list args;

	if (log->quiet_warnings)
		return;
	va_start(args, format);
	log_line("WARNING: ", format, args);
	va_end(args);
}

void log_error(const struct log *log, const char *format, ...)
{
	va_list args;

	(void)log;
	va_start(args, format);
	log_line("ERROR: ", format, args);
	va_end(args);
}
