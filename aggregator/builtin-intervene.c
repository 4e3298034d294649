// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Natives that act on the traced system, for guru mode: they act when the handler runs, a moment
 * after the event, so they never hold up the code that was traced.
 */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "builtin.h"

/* to the event's thread, if it still is one of the same process */
bool builtin_raise(struct native_call *call)
{
	int64_t number = call->arguments[0].number;
	const struct task *task = native_task(call);

	if (number < 1 || number > _NSIG || call->session->now.event->tid <= 0)
		return native_error(call, "no signal %lld can be sent", (long long)number);
	if (syscall(SYS_tgkill, task->pid, call->session->now.event->tid, (int)number))
		return native_error(call, "cannot send signal %lld: %s", (long long)number,
				    strerror(errno));
	return true;
}

static bool wait_for(struct native_call *call, int64_t number, int64_t units_per_second)
{
	struct timespec left;

	if (number <= 0)
		return true;
	left.tv_sec = (time_t)(number / units_per_second);
	left.tv_nsec = (long)(number % units_per_second * (1000000000 / units_per_second));
	if (call->session->flush_output)
		call->session->flush_output(call->session);
	nanosleep(&left, NULL); /* a signal that ends the run ends the wait too */
	return true;
}

bool builtin_mdelay(struct native_call *call)
{
	return wait_for(call, call->arguments[0].number, 1000);
}

bool builtin_udelay(struct native_call *call)
{
	return wait_for(call, call->arguments[0].number, 1000000);
}

static bool write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	bool ok = file && fputs(text, file) >= 0 && fflush(file) == 0;

	if (file)
		fclose(file);
	return ok;
}

/* the message into the kernel's log, then the crash that SysRq knows */
bool builtin_panic(struct native_call *call)
{
	char line[512];

	snprintf(line, sizeof(line), "<0>%s\n", call->arguments[0].string->data);
	if (call->session->flush_output)
		call->session->flush_output(call->session);
	if (!write_file("/dev/kmsg", line) || !write_file("/proc/sysrq-trigger", "c"))
		return native_error(call, "cannot make the kernel panic: %s", strerror(errno));
	return true;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static bool flushed;
static void test_flush(struct vm_session *session)
{
	(void)session;
	flushed = true;
}

UNIT_TEST_CASE(intervene_shows_output_before_it_waits)
{
	struct vm_session session = { .flush_output = test_flush };
	union value arguments[1] = { { .number = 3 } };
	struct native_call call = { .session = &session, .arguments = arguments, .count = 1 };

	CHECK(builtin_udelay(&call));
	CHECK(flushed);
	flushed = false;
	arguments[0].number = -1;
	CHECK(builtin_mdelay(&call));
	CHECK(!flushed);
}
#endif
