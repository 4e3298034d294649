// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text leaves by write(2) on the descriptor under the given FILE, so that a large output is never
 * cut short: partial writes go on, EINTR repeats, a full non-blocking pipe is waited for. A closed
 * pipe (stap.c ignores SIGPIPE) is no error: the run ends quietly. A FILE without a descriptor is
 * written through stdio.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "output.h"

#define OUTPUT_KEEP_BYTES ((size_t)1 << 20) /* larger buffers are given back when empty */

static bool output_given_up(const struct output *output)
{
	return output->give_up && *output->give_up >= 2;
}

static void output_close(struct output *output, int error)
{
	output->closed = true;
	output->error = error == EPIPE ? 0 : error;
}

/* after a write() that failed: may it be tried again? */
static bool output_may_retry(const struct output *output, int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };

	if (output_given_up(output))
		return false;
	if (errno == EINTR)
		return true;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return false;
	return poll(&wait, 1, -1) >= 0 || errno == EINTR;
}

static void output_write_fd(struct output *output, int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t written = write(fd, text, length);

		if (written >= 0) {
			text += written;
			length -= (size_t)written;
		} else if (!output_may_retry(output, fd)) {
			output_close(output, errno);
			return;
		}
	}
}

/* ---- the next file ---- */

static bool series_path(const struct output_series *series, unsigned number, char *path)
{
	return snprintf(path, PATH_MAX, "%s.%u", series->name, number) < PATH_MAX;
}

static void series_remove_oldest(const struct output_series *series)
{
	char path[PATH_MAX];

	if (series->keep && series->number >= series->keep &&
	    series_path(series, series->number - series->keep, path))
		unlink(path);
}

/* the descriptor stays, and with it the FILE: it is another file's from now on */
int output_switch(struct output *output)
{
	struct output_series *series = &output->series;
	char path[PATH_MAX];
	int fd, error = 0;

	if (!series_path(series, ++series->number, path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	if (fflush(output->file) != 0 || dup3(fd, fileno(output->file), O_CLOEXEC) < 0)
		error = -errno;
	close(fd);
	series->bytes = 0;
	series_remove_oldest(series);
	return error;
}

/* does @length bytes more ask for the next file? */
static bool series_is_due(const struct output_series *series, size_t length)
{
	return series->name &&
	       (*series->asked != series->given ||
		(series->bound && series->bytes && series->bytes + length > series->bound));
}

static void series_go_on(struct output *output)
{
	int error = output_switch(output);

	output->series.given = *output->series.asked;
	if (error)
		output_close(output, -error);
}

void output_write(struct output *output, const char *text, size_t length)
{
	int fd = fileno(output->file);

	if (output->closed || length == 0)
		return;
	if (unlikely(series_is_due(&output->series, length)))
		series_go_on(output);
	output->bytes += length;
	output->series.bytes += length;
	if (fflush(output->file) != 0)
		output_close(output, errno);
	else if (fd >= 0)
		output_write_fd(output, fd, text, length);
	else if (fwrite(text, 1, length, output->file) != length || fflush(output->file) != 0)
		output_close(output, errno);
}

void output_flush(struct output *output, struct buf *text)
{
	output_write(output, text->data, text->length);
	if (text->capacity > OUTPUT_KEEP_BYTES)
		buf_free(text);
	else
		buf_reset(text);
}

#ifdef UNIT_TEST
#include <signal.h>
#include <sys/wait.h>

#include "../lib/unit.h"

#define TEST_BYTES ((size_t)4 << 20)

/* reads @fd slowly to its end in a child, which exits with 0 if it got TEST_BYTES */
static pid_t test_slow_reader(int fd, int other)
{
	static char chunk[10000];
	size_t all = 0;
	ssize_t got;
	pid_t pid = fork();

	if (pid)
		return pid;
	close(other);
	usleep(20000);
	while ((got = read(fd, chunk, sizeof(chunk))) > 0)
		all += (size_t)got;
	_exit(all != TEST_BYTES);
}

UNIT_TEST_CASE(output_to_a_full_nonblocking_pipe_is_complete)
{
	struct buf text = BUF_INIT;
	struct output output = { 0 };
	int fds[2], status;
	pid_t reader;

	CHECK_INT(pipe(fds), 0);
	reader = test_slow_reader(fds[0], fds[1]);
	close(fds[0]);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	output.file = fdopen(fds[1], "w");
	memset(buf_reserve(&text, TEST_BYTES), 'x', TEST_BYTES);
	text.length = TEST_BYTES;
	output_flush(&output, &text);
	CHECK(!output.closed);
	CHECK_INT(text.length, 0);
	fclose(output.file);
	CHECK_INT(waitpid(reader, &status, 0), reader);
	CHECK_INT(status, 0);
	buf_free(&text);
}

UNIT_TEST_CASE(output_to_a_closed_pipe_ends_quietly)
{
	struct output output = { 0 };
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	CHECK_INT(pipe(fds), 0);
	close(fds[0]);
	output.file = fdopen(fds[1], "w");
	output_write(&output, "x", 1);
	CHECK(output.closed);
	CHECK_INT(output.error, 0);
	fclose(output.file);
}

UNIT_TEST_CASE(output_to_a_full_disk_is_an_error)
{
	struct output output = { .file = fopen("/dev/full", "w") };

	CHECK(output.file);
	output_write(&output, "x", 1);
	CHECK(output.closed);
	CHECK_INT(output.error, ENOSPC);
	fclose(output.file);
}

UNIT_TEST_CASE(output_without_a_descriptor_goes_through_stdio)
{
	char *data = NULL;
	size_t size = 0;
	struct output output = { .file = open_memstream(&data, &size) };

	output_write(&output, "a", 1);
	output_write(&output, "bc", 2);
	fclose(output.file);
	CHECK_STR(data, "abc");
	free(data);
}
#endif
