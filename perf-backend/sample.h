/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of perf ring records decoded to events. Pure: no descriptor, no memory of its own. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "../aggregator/aggregator.h"

/*
 * The user registers a sample asks for (PERF_SAMPLE_REGS_USER), those of 64-bit tasks: bits as in
 * arch/x86/include/uapi/asm/perf_regs.h (AX … FLAGS, CS, SS, R8 … R15) and arch/arm64's (X0 … PC).
 */
#ifdef __aarch64__
#define SAMPLE_REGISTER_MASK ((UINT64_C(1) << 33) - 1)
#define SAMPLE_REGISTERS 32 /* x0 … x30, sp */
#else
#define SAMPLE_REGISTER_MASK UINT64_C(0xff0fff)
#define SAMPLE_REGISTERS 16 /* rax … r15 */
#endif

/* what PERF_SAMPLE_READ reads, where it is asked for: the whole group, without ids */
#define SAMPLE_READ_FORMAT (PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED |                   \
			    PERF_FORMAT_TOTAL_TIME_RUNNING)

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
	uint64_t registers[SAMPLE_REGISTERS];
	char comm[16];
	/* PERF_SAMPLE_READ: the group's values, its leader's first; ns it was to count, and did */
	uint64_t group_count, enabled, running;
	const uint64_t *group;
};

/**
 * sample_decode() - one record of a ring to an event
 * @record: @size bytes, aligned to 8, starting with the struct perf_event_header
 * @sample_type: as opened, with sample_id_all set. Records without PERF_SAMPLE_TIME, TID or CPU
 *	leave time and cpu 0, tid and pid -1.
 * Understood of a sample are the fields up to PERF_SAMPLE_STACK_USER, without
 * PERF_SAMPLE_BRANCH_STACK; a read is in SAMPLE_READ_FORMAT, user registers are those of SAMPLE_REGISTER_MASK. The layout is that of
 * perf_event_open(2), "MMAP layout". event.data is the PERF_SAMPLE_RAW part, the trace event's
 * record; the caller sets event.bindings.
 */
enum sample_verdict sample_decode(const void *record, size_t size, uint64_t sample_type,
				  struct sample_decoded *decoded);
/** sample_time() - when @record was stamped, for sorting; 0 when that cannot be told */
uint64_t sample_time(const void *record, size_t size, uint64_t sample_type);

#endif
