// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Standard input as an event source: each byte is an event of the probes on
 * procfs("__stdin").write, which the tapset calls input.char and puts together to input.line. A
 * terminal is told to hand over every key as it is typed, and put back afterwards. At its end the
 * input just stops.
 */
#include <errno.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "file-probe.h"

#define CHUNK_BYTES 4096

struct input {
	struct event_source source;
	struct arena *arena;
	struct binding *bindings;
	char bytes[CHUNK_BYTES];
	size_t count, taken;
	uint64_t time;		/* ns: when bytes were read */
	struct exchange exchange, *shown;
	struct termios terminal; /* as it was */
	bool is_terminal, ended;
	int32_t tid;
};

static struct input *input_of(struct event_source *source)
{
	return (struct input *)source;
}

static int input_start(struct event_source *source)
{
	(void)source;
	return 0;
}

static int input_stop(struct event_source *source)
{
	input_of(source)->ended = true;
	return 0;
}

static ssize_t input_drain(struct event_source *source)
{
	struct input *input = input_of(source);
	struct pollfd ready = { .fd = STDIN_FILENO, .events = POLLIN };
	ssize_t got;

	if (input->ended || input->taken < input->count || poll(&ready, 1, 0) != 1)
		return 0;
	got = read(STDIN_FILENO, input->bytes, sizeof(input->bytes));
	if (got <= 0) {
		input->ended = got == 0 || (errno != EINTR && errno != EAGAIN);
		return 0;
	}
	input->count = (size_t)got;
	input->taken = 0;
	input->time = clock_now();
	return got;
}

static uint64_t input_complete_until(struct event_source *source, unsigned stream)
{
	(void)source, (void)stream;
	return UINT64_MAX;
}

static bool input_next(struct event_source *source, unsigned stream, struct event *event)
{
	struct input *input = input_of(source);

	(void)stream;
	source->wanted_at = 0;
	if (input->taken == input->count)
		return false;
	input->exchange = (struct exchange){ .written = &input->bytes[input->taken++], .length = 1 };
	input->shown = &input->exchange;
	source->wanted_at = input->time;
	*event = (struct event){
		.time = input->time,
		.kind = EVENT_HIT,
		.tid = input->tid,
		.pid = input->tid,
		.bindings = input->bindings,
		.data = (const unsigned char *)&input->shown,
		.size = sizeof(input->shown),
	};
	return true;
}

static int input_poll_fd(struct event_source *source)
{
	(void)source;
	return STDIN_FILENO;
}

static void input_totals(struct event_source *source, unsigned cpu, struct event_totals *totals)
{
	(void)source, (void)cpu;
	*totals = (struct event_totals){ 0, 0 };
}

static void input_free(struct event_source *source)
{
	struct input *input = input_of(source);

	if (input->is_terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &input->terminal);
	arena_free(input->arena);
	free(input);
}

static const struct event_source_ops input_ops = {
	.start = input_start,
	.stop = input_stop,
	.drain = input_drain,
	.complete_until = input_complete_until,
	.next = input_next,
	.poll_fd = input_poll_fd,
	.totals = input_totals,
	.free = input_free,
};

static void take_keys(struct input *input)
{
	struct termios keys;

	input->is_terminal = tcgetattr(STDIN_FILENO, &input->terminal) == 0;
	if (!input->is_terminal)
		return;
	keys = input->terminal;
	keys.c_lflag &= ~(tcflag_t)ICANON;
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &keys);
}

struct event_source *aggregator_read_input(const struct program *program)
{
	struct input *input = memory_zalloc(sizeof(*input));

	input->source = (struct event_source){ .ops = &input_ops, .name = "input",
					       .stream_count = 1 };
	input->arena = arena_new();
	input->tid = getpid();
	for (size_t i = 0; i < program->probes.count; i++) {
		const struct file_point *point = file_point_of(program->probes.items[i]);

		if (point && point->is_write && strcmp(point->path, FILE_PROBE_STDIN) == 0)
			file_binding_add(input->arena, &input->bindings, program->probes.items[i]);
	}
	if (!input->bindings) {
		input_free(&input->source);
		return NULL;
	}
	take_keys(input);
	return &input->source;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(input_gives_bytes_until_the_end)
{
	static const struct family family = { .pattern = "procfs", .source = FAMILY_AGGREGATOR };
	struct moment_probe moment = { .moment = MOMENT_FILE };
	struct file_point point = { .path = FILE_PROBE_STDIN, .is_write = true };
	struct site site = { .data = &point }, *sites = &site;
	struct probe probe = { .family = &family, .data = &moment,
			       .sites = { .items = &sites, .count = 1 } };
	struct probe *probes = &probe;
	struct program program = { .probes = { .items = &probes, .count = 1 } };
	struct event_source *source;
	struct event event;
	int fds[2];

	CHECK_INT(pipe(fds), 0);
	CHECK_INT(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
	CHECK_INT(write(fds[1], "a\n", 2), 2);
	close(fds[1]);
	source = aggregator_read_input(&program);
	CHECK(source != NULL);
	CHECK(!source->ops->next(source, 0, &event));
	CHECK_INT(source->ops->drain(source), 2);
	CHECK(source->ops->next(source, 0, &event));
	CHECK_INT((*(struct exchange *const *)event.data)->written[0], 'a');
	CHECK(event.bindings->probe == &probe);
	CHECK(source->ops->next(source, 0, &event));
	CHECK(!source->ops->next(source, 0, &event));
	CHECK_INT(source->ops->drain(source), 0);
	CHECK(input_of(source)->ended);
	source->ops->free(source);
}
#endif
