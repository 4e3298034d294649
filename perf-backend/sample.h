/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of perf ring records decoded to events. Pure: no descriptor, no memory of its own. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "../aggregator/aggregator.h"

enum sample_verdict {
	SAMPLE_EVENT,	  /* decoded.event is filled in */
	SAMPLE_THROTTLED, /* the kernel stopped sampling until its next tick */
	SAMPLE_IGNORED,	  /* a record that means nothing to us */
	SAMPLE_BROKEN,	  /* its sizes contradict each other */
};

/**
 * struct sample_decoded - one event and what its pointers point to
 * @event: pointers lead into this struct and into the record's bytes
 */
struct sample_decoded {
	struct event event;
	struct event_sample sample;
	struct event_mmap mmap;
	char comm[16];
};

/**
 * sample_decode() - one record of a ring to an event
 * @record: @size bytes, aligned to 8, starting with the struct perf_event_header
 * @sample_type: as opened, with sample_id_all set. Records without PERF_SAMPLE_TIME, TID or CPU
 *	leave time and cpu 0, tid and pid -1.
 * Understood of a sample are the fields up to PERF_SAMPLE_CALLCHAIN, without PERF_SAMPLE_READ. The
 * layout is that of perf_event_open(2), "MMAP layout"; the caller sets event.bindings.
 */
enum sample_verdict sample_decode(const void *record, size_t size, uint64_t sample_type,
				  struct sample_decoded *decoded);
/** sample_time() - when @record was stamped, for sorting; 0 when that cannot be told */
uint64_t sample_time(const void *record, size_t size, uint64_t sample_type);

#endif
