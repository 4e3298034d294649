/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process.begin, .end, .thread.begin, .thread.end: probes on what the side-band tells of tasks. */
#ifndef PROCESS_EVENT_H
#define PROCESS_EVENT_H

#include "dispatch.h"

/** process_event_resolve() - of struct family, for all patterns of these probes */
int process_event_resolve(struct family_match *match);
/** process_event_probes() - does the program have such probes? */
bool process_event_probes(const struct program *program);
/**
 * process_event_dispatch() - run the probes that @event fires
 * Ends of tasks before the task model learns of them, everything else after it did.
 */
void process_event_dispatch(struct dispatch *dispatch, const struct event *event);
/** process_event_existing() - process begins of what runs already when the run begins */
void process_event_existing(struct dispatch *dispatch);

#endif
