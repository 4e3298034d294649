/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growable bytes: text under construction, files read whole, output waiting to be written. */
#include "lib.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void buf_free(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf)BUF_INIT;
}

void buf_reset(struct buf *buf)
{
	buf->length = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

static void buf_grow(struct buf *buf, size_t needed)
{
	size_t capacity = buf->capacity ? buf->capacity : 64;

	while (capacity < needed)
		capacity *= 2;
	buf->data = memory_realloc(buf->data, capacity);
	buf->capacity = capacity;
}

char *buf_reserve(struct buf *buf, size_t extra)
{
	size_t needed = buf->length + extra + 1;

	if (needed > buf->capacity)
		buf_grow(buf, needed);
	return buf->data + buf->length;
}

void buf_add(struct buf *buf, const void *data, size_t length)
{
	char *end = buf_reserve(buf, length);

	if (length)
		memcpy(end, data, length);
	end[length] = '\0';
	buf->length += length;
}

void buf_puts(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_putc(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

void buf_vprintf(struct buf *buf, const char *format, va_list args)
{
	va_list again;
	int length;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		return;
	vsnprintf(buf_reserve(buf, (size_t)length), (size_t)length + 1, format, args);
	buf->length += (size_t)length;
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(buf, format, args);
	va_end(args);
}

const char *buf_text(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
	char *text = buf->data ? buf->data : memory_strdup("");

	*buf = (struct buf)BUF_INIT;
	return text;
}

int buf_read_fd(struct buf *buf, int fd)
{
	ssize_t got;

	do {
		got = read(fd, buf_reserve(buf, 16384), 16384);
		if (got > 0)
			buf->length += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0)
		got = -errno;
	buf->data[buf->length] = '\0';
	return (int)got;
}

int buf_read_file(struct buf *buf, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;

	if (fd < 0)
		return -errno;
	error = buf_read_fd(buf, fd);
	close(fd);
	return error;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(buf_grows_and_is_always_terminated)
{
	struct buf buf = BUF_INIT;

	CHECK_STR(buf_text(&buf), "");
	for (int i = 0; i < 500; i++)
		buf_printf(&buf, "%d,", i);
	CHECK_INT(strlen(buf.data), buf.length);
	CHECK(text_starts_with(buf.data, "0,1,2,"));
	CHECK(text_ends_with(buf.data, ",499,"));
	buf_reset(&buf);
	buf_add(&buf, "a\0b", 3);
	CHECK_INT(buf.length, 3);
	buf_free(&buf);
}

UNIT_TEST_CASE(buf_reads_files_without_a_size)
{
	struct buf buf = BUF_INIT;

	CHECK_INT(buf_read_file(&buf, "/proc/self/stat"), 0);
	CHECK(buf.length > 10);
	CHECK_INT(buf_read_file(&buf, "/nonexistent/file"), -ENOENT);
	buf_free(&buf);
}
#endif
