// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counters of the kernel are read for a CPU, or for a thread on a CPU; a script asks for the
 * thread's. Readings come with each hit and whenever a thread leaves a CPU, so what was counted
 * between two readings of a CPU is all of the thread that ran until the second. Its total is the
 * sum of these differences, whatever CPUs it ran on. Hardware counters that others held part of the
 * time are scaled up by the time they missed, which is summed in the same way.
 */
#include "counter.h"

#include <inttypes.h>

/* behind the counters in a row: ns they were to run, and did */
enum { ENABLED, RUNNING, TIMES };
/* a counter that ran this part of its time in a hundred is taken to have run all of it */
#define RAN_ENOUGH 98

/* numbers of @width each, by a key; open addressing, 0 is no key */
struct counter_rows {
	uint64_t *keys, *numbers;
	size_t capacity, used, width; /* capacity: a power of two */
};
struct counter_model {
	size_t count;
	uint64_t *shown;	    /* what counter_model_apply() returned last */
	uint64_t readings, scaled, idle;
	struct counter_rows totals; /* by thread */
	struct counter_rows last;   /* by CPU, or by thread and CPU: the reading before */
	uint32_t cpus;		    /* highest number seen, plus one */
};

static size_t rows_find(const struct counter_rows *rows, uint64_t key)
{
	size_t mask = rows->capacity - 1, at = (key * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & mask;

	while (rows->keys[at] && rows->keys[at] != key)
		at = (at + 1) & mask;
	return at;
}

static void rows_init(struct counter_rows *rows, size_t capacity, size_t width)
{
	rows->capacity = capacity;
	rows->width = width;
	rows->used = 0;
	rows->keys = memory_zalloc(capacity * sizeof(*rows->keys));
	rows->numbers = memory_zalloc(capacity * width * sizeof(*rows->numbers));
}

static void rows_free(struct counter_rows *rows)
{
	free(rows->keys);
	free(rows->numbers);
}

static void rows_grow(struct counter_rows *rows)
{
	struct counter_rows old = *rows;

	rows_init(rows, old.capacity * 2, old.width);
	for (size_t i = 0; i < old.capacity; i++) {
		size_t at;

		if (!old.keys[i])
			continue;
		at = rows_find(rows, old.keys[i]);
		rows->keys[at] = old.keys[i];
		memcpy(rows->numbers + at * rows->width, old.numbers + i * old.width,
		       old.width * sizeof(*old.numbers));
		rows->used++;
	}
	rows_free(&old);
}

/* the numbers of @key, all 0 when it is new; valid until the next call */
static uint64_t *rows_get(struct counter_rows *rows, uint64_t key)
{
	size_t at = rows_find(rows, key);

	if (!rows->keys[at]) {
		if (rows->used * 2 >= rows->capacity) {
			rows_grow(rows);
			at = rows_find(rows, key);
		}
		rows->keys[at] = key;
		rows->used++;
	}
	return rows->numbers + at * rows->width;
}

/* the key stays, which keeps what others were moved past it in reach; a thread id comes again */
static void rows_clear(struct counter_rows *rows, uint64_t key)
{
	size_t at = rows_find(rows, key);

	if (rows->keys[at])
		memset(rows->numbers + at * rows->width, 0, rows->width * sizeof(*rows->numbers));
}

struct counter_model *counter_model_new(size_t count)
{
	struct counter_model *model;

	if (!count)
		return NULL;
	model = memory_zalloc(sizeof(*model));
	model->count = count;
	model->shown = memory_zalloc(count * sizeof(*model->shown));
	rows_init(&model->totals, 64, count + TIMES);
	rows_init(&model->last, 64, count + TIMES);
	return model;
}

void counter_model_free(struct counter_model *model)
{
	if (!model)
		return;
	rows_free(&model->totals);
	rows_free(&model->last);
	free(model->shown);
	free(model);
}

static uint64_t thread_key(int32_t tid)
{
	return (uint64_t)(uint32_t)tid + 1;
}

/* threads from 1 on in the upper half, so that a CPU's own readings are apart */
static uint64_t reading_key(int32_t tid, uint32_t cpu, bool counts_thread)
{
	return (counts_thread ? thread_key(tid) << 32 : 0) | (uint64_t)(cpu + 1);
}

/* what went on since the reading before; a CPU that was off may have gone back */
static void add_difference(uint64_t *total, uint64_t *last, uint64_t now)
{
	if (now > *last)
		*total += now - *last;
	*last = now;
}

static void show_totals(struct counter_model *model, const uint64_t *totals)
{
	uint64_t enabled = totals[model->count + ENABLED];
	uint64_t running = totals[model->count + RUNNING];
	bool scale = running && (unsigned __int128)running * 100 <
				(unsigned __int128)enabled * RAN_ENOUGH;

	model->readings++;
	model->scaled += scale;
	model->idle += enabled && !running;
	for (size_t i = 0; i < model->count; i++)
		model->shown[i] = !scale ? totals[i] :
			(uint64_t)((unsigned __int128)totals[i] * enabled / running);
}

/*
 * A thread's counters on one CPU are enabled on all CPUs it runs on, so that their time is no
 * difference but the thread's whole.
 */
static void add_times(struct counter_model *model, uint64_t *totals, uint64_t *last,
		      const struct event_sample *sample)
{
	add_difference(&totals[model->count + RUNNING], &last[model->count + RUNNING],
		       sample->running);
	if (!sample->counts_thread)
		add_difference(&totals[model->count + ENABLED], &last[model->count + ENABLED],
			       sample->enabled);
	else if (sample->enabled > totals[model->count + ENABLED])
		totals[model->count + ENABLED] = sample->enabled;
}

const uint64_t *counter_model_apply(struct counter_model *model, const struct event *event)
{
	const struct event_sample *sample = event->sample;
	uint64_t *totals, *last;

	if (!model || sample->counter_count != model->count)
		return sample->counters;
	if (event->cpu >= model->cpus)
		model->cpus = event->cpu + 1;
	last = rows_get(&model->last, reading_key(event->tid, event->cpu, sample->counts_thread));
	totals = rows_get(&model->totals, thread_key(event->tid));
	for (size_t i = 0; i < model->count; i++)
		add_difference(&totals[i], &last[i], sample->counters[i]);
	if (sample->enabled)
		add_times(model, totals, last, sample);
	show_totals(model, totals);
	return model->shown;
}

void counter_model_warn(const struct counter_model *model, const struct log *log)
{
	if (model && model->scaled)
		log_warning(log, "counters shared the hardware with others: %" PRIu64 " of %" PRIu64
			    " readings are scaled up from the time they ran", model->scaled,
			    model->readings);
	if (model && model->idle)
		log_warning(log, "counters had not run at all at %" PRIu64 " of %" PRIu64
			    " readings: others hold the hardware", model->idle, model->readings);
}

void counter_model_forget(struct counter_model *model, int32_t tid)
{
	if (!model)
		return;
	rows_clear(&model->totals, thread_key(tid));
	for (uint32_t cpu = 0; cpu < model->cpus; cpu++)
		rows_clear(&model->last, reading_key(tid, cpu, true));
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static uint64_t read_counter(struct counter_model *model, int32_t tid, uint32_t cpu, bool thread,
			     uint64_t value)
{
	struct event_sample sample = { .counts_thread = thread, .counter_count = 1,
				       .counters = &value };
	struct event event = { .kind = EVENT_COUNTERS, .tid = tid, .cpu = cpu, .sample = &sample };

	return *counter_model_apply(model, &event);
}

UNIT_TEST_CASE(counter_of_cpus_becomes_the_threads)
{
	struct counter_model *model = counter_model_new(1);

	CHECK_INT(read_counter(model, 10, 0, false, 100), 100);
	CHECK_INT(read_counter(model, 20, 0, false, 130), 30);
	CHECK_INT(read_counter(model, 10, 1, false, 5), 105);
	CHECK_INT(read_counter(model, 10, 0, false, 131), 106);
	counter_model_forget(model, 10);
	CHECK_INT(read_counter(model, 10, 0, false, 132), 1);
	CHECK_INT(read_counter(model, 20, 1, false, 6), 31);
	counter_model_free(model);
}

UNIT_TEST_CASE(counter_of_threads_is_summed_over_cpus)
{
	struct counter_model *model = counter_model_new(1);

	CHECK_INT(read_counter(model, 10, 0, true, 100), 100);
	CHECK_INT(read_counter(model, 20, 0, true, 130), 130);
	CHECK_INT(read_counter(model, 10, 1, true, 5), 105);
	CHECK_INT(read_counter(model, 10, 0, true, 90), 105);
	CHECK_INT(read_counter(model, 10, 0, true, 95), 110);
	counter_model_forget(model, 10);
	CHECK_INT(read_counter(model, 10, 0, true, 3), 3);
	counter_model_free(model);
}

UNIT_TEST_CASE(counter_of_shared_hardware_is_scaled)
{
	struct counter_model *model = counter_model_new(1);
	uint64_t value = 100;
	struct event_sample sample = { .counter_count = 1, .counters = &value, .enabled = 1000,
				       .running = 500 };
	struct event event = { .kind = EVENT_COUNTERS, .tid = 7, .sample = &sample };

	CHECK_INT(*counter_model_apply(model, &event), 200);
	value = 150;
	sample.enabled = 1500;
	sample.running = 1000;
	CHECK_INT(*counter_model_apply(model, &event), 225);
	CHECK_INT(model->scaled, 2);
	/* a thread that ran 600 ns here and 400 there ran all the time */
	event.tid = 8;
	sample = (struct event_sample){ .counter_count = 1, .counters = &value, .enabled = 600,
					.running = 600, .counts_thread = true };
	CHECK_INT(*counter_model_apply(model, &event), 150);
	event.cpu = 1;
	sample.enabled = 1000;
	sample.running = 400;
	CHECK_INT(*counter_model_apply(model, &event), 300);
	CHECK_INT(model->scaled, 2);
	counter_model_free(model);
}

UNIT_TEST_CASE(counter_rows_grow)
{
	struct counter_model *model = counter_model_new(1);

	for (int32_t tid = 0; tid < 1000; tid++)
		CHECK_INT(read_counter(model, tid, 3, true, (uint64_t)tid), tid);
	for (int32_t tid = 0; tid < 1000; tid++)
		CHECK_INT(read_counter(model, tid, 3, true, (uint64_t)tid + 1), tid + 1);
	counter_model_free(model);
}
#endif
