// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Natives about time: of the event, not of its processing. Event times are CLOCK_MONOTONIC; the
 * session's wall_offset makes wall time of them.
 */
#include <time.h>
#include <unistd.h>

#include "builtin.h"

#define NS_PER_S INT64_C(1000000000)

static int64_t wall_time(const struct native_call *call)
{
	return (int64_t)call->session->now.event->time + call->session->wall_offset;
}

static int64_t monotonic_time(const struct native_call *call)
{
	return (int64_t)call->session->now.event->time;
}

#define CLOCK_NATIVES(clock, source)                                            \
	bool builtin_##clock##_s(struct native_call *call)                      \
	{                                                                       \
		return native_return_number(call, source(call) / NS_PER_S);     \
	}                                                                       \
	bool builtin_##clock##_ms(struct native_call *call)                     \
	{                                                                       \
		return native_return_number(call, source(call) / 1000000);      \
	}                                                                       \
	bool builtin_##clock##_us(struct native_call *call)                     \
	{                                                                       \
		return native_return_number(call, source(call) / 1000);         \
	}                                                                       \
	bool builtin_##clock##_ns(struct native_call *call)                     \
	{                                                                       \
		return native_return_number(call, source(call));                \
	}

CLOCK_NATIVES(gettimeofday, wall_time)
CLOCK_NATIVES(local_clock, monotonic_time)
CLOCK_NATIVES(cpu_clock, monotonic_time) /* of any CPU: they share one clock here */

/* the unit of jiffies as user space may know it, USER_HZ */
bool builtin_HZ(struct native_call *call)
{
	return native_return_number(call, sysconf(_SC_CLK_TCK));
}

bool builtin_jiffies(struct native_call *call)
{
	return native_return_number(call, monotonic_time(call) /
						  (NS_PER_S / sysconf(_SC_CLK_TCK)));
}

/* the time stamp counter is not recorded with events: the monotonic clock's nanoseconds count */
bool builtin_get_cycles(struct native_call *call)
{
	return native_return_number(call, monotonic_time(call));
}

bool builtin_ctime(struct native_call *call)
{
	time_t seconds = call->count ? (time_t)call->arguments[0].number :
				       (time_t)(wall_time(call) / NS_PER_S);
	char text[64];
	struct tm tm;

	if (seconds > INT32_MAX)
		return native_error(call, "Time too far in the future to be converted");
	if (seconds < INT32_MIN)
		return native_error(call, "Time too far in the past to be converted");
	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm);
	return native_return_string(call, text);
}

static void local_now(const struct native_call *call, struct tm *tm)
{
	time_t seconds = (time_t)(wall_time(call) / NS_PER_S);

	tzset();
	localtime_r(&seconds, tm);
}

/* seconds west of Greenwich */
bool builtin_tz_gmtoff(struct native_call *call)
{
	struct tm tm;

	local_now(call, &tm);
	return native_return_number(call, -tm.tm_gmtoff);
}

bool builtin_tz_name(struct native_call *call)
{
	struct tm tm;

	local_now(call, &tm);
	return native_return_string(call, tm.tm_zone ? tm.tm_zone : "");
}
