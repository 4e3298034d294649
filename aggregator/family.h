/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What family.c keeps in probe.data of the probes that no kernel event fires. */
#ifndef FAMILY_H
#define FAMILY_H

#include "aggregator.h"

enum moment {
	MOMENT_BEGIN, MOMENT_END, MOMENT_ERROR, /* in the order of sequence */
	MOMENT_NEVER,
	MOMENT_TIMER,
	/* told by the task side-band; whose, is the site's business */
	MOMENT_PROCESS_BEGIN, MOMENT_PROCESS_END, MOMENT_THREAD_BEGIN, MOMENT_THREAD_END,
	MOMENT_FILE,		/* somebody reads or writes a file of ours, or types */
};

struct moment_probe {
	enum moment moment;
	int64_t sequence;
	bool exits;		/* oneshot: exit() behind the handler */
	uint64_t period;	/* TIMER: ns */
	uint64_t randomize;	/* TIMER: up to this many ns more or less, each time */
};

/** moment_of() - the moment of a probe that fires without a kernel event, NULL for others */
static inline const struct moment_probe *moment_of(const struct probe *probe)
{
	return probe->family->source == FAMILY_AGGREGATOR ? probe->data : NULL;
}

#endif
