// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timers live in event time: one that is due at t runs before the first event stamped t or later,
 * and sees t as the time, however far behind the reader is. A handler takes time, and the kernel's
 * own timers do not fire again while their handler runs; so the real duration of a timer handler
 * is added to the time it was due, and no timer is due more than once up to there: a slow handler
 * loses periods, it never causes a burst. The grid of periods is kept: a timer.ms(10) whose
 * handler took 35 ms is due next at 50 ms, not at 45.
 */
#include "timer.h"

static void timers_add(struct timers *timers, const struct probe *probe)
{
	const struct moment_probe *moment = moment_of(probe);

	if (!moment || moment->moment != MOMENT_TIMER)
		return;
	timers->items = memory_realloc(timers->items,
				       (timers->count + 1) * sizeof(*timers->items));
	timers->items[timers->count++] = (struct timer){
		.probe = probe,
		.period = moment->period ? moment->period : 1,
		.randomize = moment->randomize,
		.due = UINT64_MAX,
	};
}

void timers_init(struct timers *timers, const struct program *program)
{
	memset(timers, 0, sizeof(*timers));
	timers->next_due = UINT64_MAX;
	timers->random = UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = 0; i < program->probes.count; i++)
		timers_add(timers, program->probes.items[i]);
}

void timers_free(struct timers *timers)
{
	free(timers->items);
	timers->items = NULL;
	timers->count = 0;
}

/* xorshift64 (Marsaglia 2003): spread, not secrecy */
static uint64_t timers_random(struct timers *timers, uint64_t limit)
{
	timers->random ^= timers->random << 13;
	timers->random ^= timers->random >> 7;
	timers->random ^= timers->random << 17;
	return timers->random % limit;
}

static uint64_t timers_interval(struct timers *timers, const struct timer *timer)
{
	uint64_t interval = timer->period;

	if (timer->randomize)
		interval += timers_random(timers, 2 * timer->randomize + 1) - timer->randomize;
	return interval ? interval : 1;
}

static void timers_find_next(struct timers *timers)
{
	timers->next_due = UINT64_MAX;
	for (size_t i = 0; i < timers->count; i++)
		if (timers->items[i].due < timers->next_due)
			timers->next_due = timers->items[i].due;
}

void timers_start(struct timers *timers, uint64_t now)
{
	timers->random ^= now;
	if (timers->random == 0)
		timers->random = 1;
	timers->busy_until = now;
	for (size_t i = 0; i < timers->count; i++)
		timers->items[i].due = now + timers_interval(timers, &timers->items[i]);
	timers_find_next(timers);
}

struct timer *timers_next(struct timers *timers, uint64_t time)
{
	if (timers->next_due > time || timers->next_due == UINT64_MAX)
		return NULL;
	for (size_t i = 0; i < timers->count; i++)
		if (timers->items[i].due == timers->next_due)
			return &timers->items[i];
	return NULL;
}

void timers_fired(struct timers *timers, struct timer *timer, uint64_t duration)
{
	if (timer->due + duration > timers->busy_until)
		timers->busy_until = timer->due + duration;
	if (timers->busy_until > timer->due)
		timer->due += (timers->busy_until - timer->due) / timer->period * timer->period;
	timer->due += timers_interval(timers, timer);
	if (timer->due <= timers->busy_until)
		timer->due += timer->period;
	timers_find_next(timers);
}

/*
 * The coarse clocks advance once per tick, so their resolution is TICK_NSEC, which is
 * (10^9 + HZ / 2) / HZ (kernel/time/hrtimer.c, include/vdso/jiffies.h).
 */
uint64_t timer_kernel_hz(void)
{
	struct timespec tick;
	uint64_t length;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0)
		return 250;
	length = (uint64_t)tick.tv_sec * NSEC_PER_SEC + (uint64_t)tick.tv_nsec;
	if (length < NSEC_PER_SEC / 100000 || length > NSEC_PER_SEC)
		return 250;
	return (NSEC_PER_SEC + length / 2) / length;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static const struct family test_family = { .pattern = "timer", .source = FAMILY_AGGREGATOR };

/* two timers: every @a and every @b ns */
static void test_timers(struct timers *timers, uint64_t a, uint64_t b, uint64_t randomize)
{
	static struct moment_probe data[2];
	static struct probe probes[2], *list[2] = { &probes[0], &probes[1] };
	static struct program program;

	data[0] = (struct moment_probe){ .moment = MOMENT_TIMER, .period = a,
					 .randomize = randomize };
	data[1] = (struct moment_probe){ .moment = MOMENT_TIMER, .period = b };
	for (size_t i = 0; i < 2; i++) {
		probes[i].family = &test_family;
		probes[i].data = &data[i];
	}
	program.probes.items = list;
	program.probes.count = 2;
	timers_init(timers, &program);
}

UNIT_TEST_CASE(timer_two_interleave_in_due_order)
{
	const uint64_t expected[] = { 110, 120, 125, 130, 140, 150, 150 };
	struct timers timers;

	test_timers(&timers, 10, 25, 0);
	CHECK(!timers_next(&timers, UINT64_MAX));
	timers_start(&timers, 100);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		struct timer *timer = timers_next(&timers, 1000);

		CHECK_INT(timer->due, expected[i]);
		CHECK(!timers_next(&timers, expected[i] - 1));
		timers_fired(&timers, timer, 0);
	}
	timers_free(&timers);
}

UNIT_TEST_CASE(timer_slow_handler_skips_periods_and_keeps_the_grid)
{
	struct timers timers;
	struct timer *timer;

	test_timers(&timers, 10, 1000, 0);
	timers_start(&timers, 0);
	timer = timers_next(&timers, 10);
	timers_fired(&timers, timer, 35);
	CHECK_INT(timer->due, 50);
	timers_fired(&timers, timer, 10); /* until exactly 60 */
	CHECK_INT(timer->due, 70);
	timers_free(&timers);
}

UNIT_TEST_CASE(timer_delayed_by_another_fires_once)
{
	struct timers timers;
	struct timer *timer;

	test_timers(&timers, 100, 10, 0);
	timers_start(&timers, 0);
	while ((timer = timers_next(&timers, 99)))
		timers_fired(&timers, timer, 0);
	timer = timers_next(&timers, 100);
	CHECK_INT(timer->period, 100);
	timers_fired(&timers, timer, 55);
	timer = timers_next(&timers, 200);
	CHECK_INT(timer->period, 10);
	CHECK_INT(timer->due, 100);
	timers_fired(&timers, timer, 0);
	CHECK_INT(timer->due, 160);
	timers_free(&timers);
}

UNIT_TEST_CASE(timer_randomize_stays_in_range)
{
	struct timers timers;
	bool differs = false;

	test_timers(&timers, 100, 1 << 30, 100);
	timers_start(&timers, 0);
	for (unsigned i = 0; i < 1000; i++) {
		struct timer *timer = timers_next(&timers, 1 << 29);
		uint64_t due = timer->due;

		timers_fired(&timers, timer, 0);
		CHECK(timer->due > due && timer->due <= due + 200);
		differs = differs || timer->due != due + 100;
	}
	CHECK(differs);
	timers_free(&timers);
}

UNIT_TEST_CASE(timer_hz_is_a_plausible_rate)
{
	CHECK(timer_kernel_hz() >= 18 && timer_kernel_hz() <= 10000);
}
#endif
