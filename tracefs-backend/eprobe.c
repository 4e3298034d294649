// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Eprobes: events attached to events. A trace event records a pointer, not what it points to; where
 * a handler wants that (the file name of sys_enter_openat), an eprobe on the event fetches it while
 * the event fires, and its record carries the fields the handler reads as well, so that one record
 * is one hit. The grammar is Documentation/trace/eprobetrace.rst of the kernel, which has them
 * since 5.15. perf cannot read them: what is left to perf reads its fields' memory late.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "define.h"

/*
 * README explains them in kernels built without, too (CONFIG_EPROBE_EVENTS). So one is asked for on
 * an event that is not there: ENODEV, from where eprobes are; EINVAL, from where nobody knows "e:".
 */
static bool try_eprobe(const struct tracefs *tracefs)
{
	static const char line[] = "e:stap_none/none none.none";
	char path[PATH_MAX];
	bool known;
	int fd;

	if (!tracefs_path(tracefs, path, sizeof(path), "dynamic_events"))
		return false;
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return false;
	known = write(fd, line, strlen(line)) < 0 && errno == ENODEV;
	close(fd);
	return known;
}

bool eprobe_available(struct tracefs *tracefs)
{
	if (tracefs->eprobes_known)
		return tracefs->has_eprobes;
	tracefs->eprobes_known = true;
	tracefs->has_eprobes = !tracefs->options.leave_to_perf && try_eprobe(tracefs);
	return tracefs->has_eprobes;
}

const struct define_place *eprobe_place(struct tracefs *tracefs, struct trace_event *event)
{
	struct define_place *place = arena_new_object(tracefs->arena, struct define_place);

	place->where = arena_printf(tracefs->arena, "%s.%s", event->system, event->name);
	place->name = event->name;
	place->event = event;
	place->fetch.arch = trace_arch_host();
	return place;
}

int eprobe_print_field(struct trace_event *event, const struct capture *capture, struct buf *out,
		       struct buf *problem)
{
	const struct trace_field *field = trace_event_field(event, capture->name);

	if (!field || field->kind == FIELD_ARRAY || field->kind == FIELD_OPAQUE) {
		buf_puts(problem, "an element of an array cannot be recorded together with what "
				  "other fields point to");
		return -ENOTSUP;
	}
	buf_printf(out, "$%s:", field->name);
	if (field->kind == FIELD_INTEGER)
		buf_printf(out, "%c%u", field->is_signed ? 's' : 'u', 8 * field->width);
	else
		buf_puts(out, "string");
	return 0;
}
