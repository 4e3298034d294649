/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits of the kernel's tracing, by name, each with the kernel file it comes from. They are
 * checked before anything is written, so that a message can name the limit and the script's line.
 */
#ifndef LIMITS_H
#define LIMITS_H

/* a group's or an event's name, NUL included: kernel/trace/trace_probe.h MAX_EVENT_NAME_LEN */
#define TRACE_NAME_SIZE 64
/* arguments of one probe: kernel/trace/trace_probe.h MAX_TRACE_ARGS */
#define PROBE_ARGUMENTS_MAX 128
/* one argument's text behind its name and `=': trace_probe.h MAX_ARGSTR_LEN */
#define FETCH_ARGUMENT_MAX 63
/* elements of an array argument: trace_probe.h MAX_ARRAY_LEN */
#define FETCH_ARRAY_MAX 64
/* dereferences in one argument: trace_probe.h FETCH_INSN_MAX is 16, three are needed besides */
#define FETCH_DEPTH_MAX 13
/* bytes of a probe's record without its strings: trace_probe.h MAX_PROBE_EVENT_SIZE, less a head */
#define PROBE_RECORD_MAX 3000
/* one line of a definition, in a write of any length: trace_dynevent.c, WRITE_BUFSIZE */
#define DEFINITION_LINE_MAX 4000
/* instances of one kretprobe: trace_kprobe.c KRETPROBE_MAXACTIVE_MAX */
#define MAXACTIVE_MAX 4096
/* one write to an event's filter file stays below a page: trace_events.c event_filter_write() */
#define TRACE_FILTER_SIZE 4096
/* a string in a filter: include/linux/trace_events.h MAX_FILTER_STR_VAL, of the oldest kernels */
#define TRACE_FILTER_STRING 255
/* event ids are 16 bits in a record: include/linux/trace_events.h struct trace_entry.type */
#define TRACE_EVENT_IDS 65536
/* highest pid of any kernel: include/linux/threads.h PID_MAX_LIMIT */
#define TRACE_PID_LIMIT (4 * 1024 * 1024)

/* the sub-buffer's commit word: kernel/trace/ring_buffer.c RB_MISSED_EVENTS, RB_MISSED_STORED */
#define RING_MISSED_EVENTS (1u << 31)
#define RING_MISSED_STORED (1u << 30)
#define RING_COMMIT_MASK 0x3fffffffu
/* struct ring_buffer_event.type_len: include/linux/ring_buffer.h enum ring_buffer_type */
#define RING_TYPE_LONG 0 /* the length is in the first word */
#define RING_TYPE_DATA_MAX 28
#define RING_TYPE_PADDING 29
#define RING_TYPE_TIME_EXTEND 30
#define RING_TYPE_TIME_STAMP 31
/* 5 bits of type_len, 27 of time_delta; an absolute stamp lacks its 5 highest bits (TS_MSB) */
#define RING_DELTA_BITS 27
#define RING_STAMP_HIGH (0xf8ull << 56)

/* sub-buffers: at least this (a page of the smallest kind), at most 2^SUBBUF_ORDER pages of 64 K */
#define RING_SUBBUF_MIN 4096
#define RING_SUBBUF_MAX (4 * 1024 * 1024)

#endif
