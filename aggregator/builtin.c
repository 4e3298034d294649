// SPDX-License-Identifier: GPL-2.0-or-later
/* What all natives use to give back values and errors. */
#include "builtin.h"

bool native_error(struct native_call *call, const char *format, ...)
{
	va_list args;

	buf_reset(call->error);
	va_start(args, format);
	buf_vprintf(call->error, format, args);
	va_end(args);
	return false;
}

size_t native_limit_length(struct vm_session *session, size_t length)
{
	int64_t limit = session->options->limits[LIMIT_MAXSTRINGLEN];
	size_t longest = limit > 0 ? (size_t)limit - 1 : 0;

	if (longest > UINT32_MAX - 1)
		longest = UINT32_MAX - 1;
	if (likely(length <= longest))
		return length;
	session->limit_hits[LIMIT_MAXSTRINGLEN] += length != SIZE_MAX;
	return longest;
}

bool native_return_text(struct native_call *call, const char *data, size_t length)
{
	call->result.string = str_new(data, native_limit_length(call->session, length));
	return true;
}

bool native_return_string(struct native_call *call, const char *text)
{
	return native_return_text(call, text, strlen(text));
}

bool native_return_buf(struct native_call *call, const struct buf *buf)
{
	return native_return_text(call, buf_text(buf), buf->length);
}

bool native_return_number(struct native_call *call, int64_t number)
{
	call->result.number = number;
	return true;
}

struct task *native_task(struct native_call *call)
{
	const struct vm_context *now = &call->session->now;

	return task_find_on(call->session->tasks, now->event->tid, now->event->cpu);
}
