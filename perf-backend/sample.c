// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One record of a perf ring in, one event out. A record is a header (type, misc, size), a body
 * that depends on the type, and for all but PERF_RECORD_SAMPLE the sample_id fields at the end.
 * Bodies are read forwards through a cursor that cannot leave the record; the sample_id, which
 * stands behind texts of any length, is found from the record's end.
 */
#include "sample.h"

#include <linux/perf_event.h>

/* the bytes of a record not read yet; `broken` sticks once a read asked for more than there is */
struct cursor {
	const unsigned char *at, *end;
	bool broken;
};

static const void *cursor_take(struct cursor *cursor, size_t size)
{
	const void *taken = cursor->at;

	if ((size_t)(cursor->end - cursor->at) < size) {
		cursor->broken = true;
		cursor->at = cursor->end;
		return NULL;
	}
	cursor->at += size;
	return taken;
}

static uint64_t cursor_u64(struct cursor *cursor)
{
	const void *bytes = cursor_take(cursor, 8);
	uint64_t value = 0;

	if (bytes)
		memcpy(&value, bytes, 8);
	return value;
}

static uint32_t cursor_u32(struct cursor *cursor)
{
	const void *bytes = cursor_take(cursor, 4);
	uint32_t value = 0;

	if (bytes)
		memcpy(&value, bytes, 4);
	return value;
}

/* the text up to its NUL, which must be inside the record; the cursor moves to behind the NUL */
static const char *cursor_text(struct cursor *cursor)
{
	size_t left = (size_t)(cursor->end - cursor->at);
	const unsigned char *nul = left ? memchr(cursor->at, '\0', left) : NULL;

	if (!nul) {
		cursor->broken = true;
		return "";
	}
	return cursor_take(cursor, (size_t)(nul - cursor->at) + 1);
}

/* the fields a sample and a sample_id share, in the order both have them from TID to CPU */
static void read_tid(struct cursor *cursor, struct event *event)
{
	event->pid = (int32_t)cursor_u32(cursor);
	event->tid = (int32_t)cursor_u32(cursor);
}

static void read_cpu(struct cursor *cursor, struct event *event)
{
	event->cpu = cursor_u32(cursor);
	cursor_u32(cursor);
}

static size_t sample_id_size(uint64_t sample_type)
{
	const uint64_t fields = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID |
				PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER;

	return 8 * (size_t)__builtin_popcountll(sample_type & fields);
}

/* cut the sample_id off the end of @body and read it; false when the record is too short for it */
static bool read_sample_id(struct cursor *body, uint64_t sample_type, struct event *event)
{
	size_t size = sample_id_size(sample_type);
	struct cursor id = { .end = body->end };

	if ((size_t)(body->end - body->at) < size)
		return false;
	body->end -= size;
	id.at = body->end;
	if (sample_type & PERF_SAMPLE_TID)
		read_tid(&id, event);
	if (sample_type & PERF_SAMPLE_TIME)
		event->time = cursor_u64(&id);
	if (sample_type & PERF_SAMPLE_ID)
		cursor_u64(&id);
	if (sample_type & PERF_SAMPLE_STREAM_ID)
		cursor_u64(&id);
	if (sample_type & PERF_SAMPLE_CPU)
		read_cpu(&id, event);
	return true;
}

static void read_callchain(struct cursor *body, struct event_sample *sample)
{
	uint64_t count = cursor_u64(body);

	if (count > (size_t)(body->end - body->at) / 8) {
		body->broken = true;
		return;
	}
	sample->callchain = cursor_take(body, 8 * count);
	sample->callchain_count = count;
}

static bool is_user_mode(uint16_t misc)
{
	misc &= PERF_RECORD_MISC_CPUMODE_MASK;
	return misc == PERF_RECORD_MISC_USER || misc == PERF_RECORD_MISC_GUEST_USER;
}

static void decode_sample(struct cursor *body, uint64_t type, uint16_t misc,
			  struct sample_decoded *decoded)
{
	struct event_sample *sample = &decoded->sample;
	struct event *event = &decoded->event;

	event->kind = EVENT_HIT;
	event->data = body->at;
	event->size = (uint32_t)(body->end - body->at);
	event->sample = sample;
	sample->is_user = is_user_mode(misc);
	if (type & PERF_SAMPLE_IDENTIFIER)
		cursor_u64(body);
	if (type & PERF_SAMPLE_IP)
		sample->ip = cursor_u64(body);
	if (type & PERF_SAMPLE_TID)
		read_tid(body, event);
	if (type & PERF_SAMPLE_TIME)
		event->time = cursor_u64(body);
	if (type & PERF_SAMPLE_ADDR)
		sample->address = cursor_u64(body);
	if (type & PERF_SAMPLE_ID)
		cursor_u64(body);
	if (type & PERF_SAMPLE_STREAM_ID)
		cursor_u64(body);
	if (type & PERF_SAMPLE_CPU)
		read_cpu(body, event);
	if (type & PERF_SAMPLE_PERIOD)
		sample->period = cursor_u64(body);
	if (type & PERF_SAMPLE_CALLCHAIN)
		read_callchain(body, sample);
}

static void decode_comm(struct cursor *body, uint16_t misc, struct sample_decoded *decoded)
{
	struct event *event = &decoded->event;
	const char *name;
	size_t length;

	event->kind = EVENT_COMM;
	read_tid(body, event);
	event->is_exec = misc & PERF_RECORD_MISC_COMM_EXEC;
	name = cursor_text(body);
	length = strlen(name);
	if (length >= sizeof(decoded->comm))
		length = sizeof(decoded->comm) - 1;
	memcpy(decoded->comm, name, length);
	event->text = decoded->comm;
}

/* PERF_RECORD_FORK and PERF_RECORD_EXIT: pid, ppid, tid, ptid, time */
static void decode_task(struct cursor *body, enum event_kind kind, struct event *event)
{
	event->kind = kind;
	event->pid = (int32_t)cursor_u32(body);
	event->ppid = (int32_t)cursor_u32(body);
	event->tid = (int32_t)cursor_u32(body);
	event->ptid = (int32_t)cursor_u32(body);
	cursor_u64(body);
}

/* start, length, page offset, then in MMAP2 device and inode or build id, protection, flags */
static void decode_mmap(struct cursor *body, bool is_mmap2, uint16_t misc,
			struct sample_decoded *decoded)
{
	struct event_mmap *mmap = &decoded->mmap;

	decoded->event.kind = EVENT_MMAP;
	decoded->event.mmap = mmap;
	read_tid(body, &decoded->event);
	mmap->start = cursor_u64(body);
	mmap->length = cursor_u64(body);
	mmap->page_offset = cursor_u64(body);
	if (is_mmap2) {
		cursor_take(body, 24);
		cursor_u64(body);
	}
	mmap->executable = !(misc & PERF_RECORD_MISC_MMAP_DATA);
	mmap->path = cursor_text(body);
}

static void decode_lost(struct cursor *body, bool has_id, struct event *event)
{
	event->kind = EVENT_LOST;
	if (has_id)
		cursor_u64(body);
	event->count = cursor_u64(body);
}

static enum sample_verdict decode_body(struct cursor *body, uint32_t type, uint16_t misc,
				       struct sample_decoded *decoded)
{
	switch (type) {
	case PERF_RECORD_COMM:
		decode_comm(body, misc, decoded);
		break;
	case PERF_RECORD_FORK:
		decode_task(body, EVENT_FORK, &decoded->event);
		break;
	case PERF_RECORD_EXIT:
		decode_task(body, EVENT_EXIT, &decoded->event);
		break;
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		decode_mmap(body, type == PERF_RECORD_MMAP2, misc, decoded);
		break;
	case PERF_RECORD_LOST:
	case PERF_RECORD_LOST_SAMPLES:
		decode_lost(body, type == PERF_RECORD_LOST, &decoded->event);
		break;
	case PERF_RECORD_THROTTLE:
		return SAMPLE_THROTTLED;
	default:
		return SAMPLE_IGNORED;
	}
	return SAMPLE_EVENT;
}

enum sample_verdict sample_decode(const void *record, size_t size, uint64_t sample_type,
				  struct sample_decoded *decoded)
{
	struct perf_event_header header;
	struct cursor body = { .at = record };
	enum sample_verdict verdict = SAMPLE_EVENT;

	memset(decoded, 0, sizeof(*decoded));
	decoded->event.tid = decoded->event.pid = -1;
	if (size < sizeof(header))
		return SAMPLE_BROKEN;
	memcpy(&header, record, sizeof(header));
	if (header.size < sizeof(header) || header.size > size)
		return SAMPLE_BROKEN;
	body.end = body.at + header.size;
	body.at += sizeof(header);

	if (header.type == PERF_RECORD_SAMPLE)
		decode_sample(&body, sample_type, header.misc, decoded);
	else if (read_sample_id(&body, sample_type, &decoded->event))
		verdict = decode_body(&body, header.type, header.misc, decoded);
	else
		body.broken = true;
	return body.broken ? SAMPLE_BROKEN : verdict;
}

uint64_t sample_time(const void *record, size_t size, uint64_t sample_type)
{
	struct sample_decoded decoded;

	sample_decode(record, size, sample_type, &decoded);
	return decoded.event.time;
}
