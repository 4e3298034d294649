// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hot loop of tracing: from a record to a struct event is one array lookup by the record's id.
 * Lost events are events too, in their place as far as the kernel tells it.
 */
#include "stream.h"

static void lost_event(const struct stream *stream, uint64_t count, struct event *event)
{
	*event = (struct event){
		.kind = EVENT_LOST,
		.time = stream->ring.time ? stream->ring.time : clock_now(),
		.cpu = stream->cpu,
		.pid = -1,
		.count = count,
	};
}

/* the kernel's struct trace_entry (include/linux/trace_events.h): u16 type, u8, u8, s32 pid */
static inline uint16_t record_id(const unsigned char *data)
{
	uint16_t id;

	memcpy(&id, data, sizeof(id));
	return id;
}

static inline int32_t record_tid(const unsigned char *data)
{
	int32_t tid;

	memcpy(&tid, data + 4, sizeof(tid));
	return tid;
}

static inline void hit_event(struct stream *stream, const struct raw_ring_record *record,
			     const struct binding *bindings, struct event *event)
{
	event->time = record->time;
	event->kind = EVENT_HIT;
	event->cpu = stream->cpu;
	event->tid = record_tid(record->data);
	event->pid = -1;
	event->bindings = bindings;
	event->data = record->data;
	event->size = record->size;
	event->sample = NULL;
	stream->delivered++;
}

/* of the function tracer, whose one event stands for many functions; NULL for nobody's */
static const struct binding *function_bindings(const struct stream *stream, uint16_t id,
					       const struct raw_ring_record *record)
{
	if (!stream->functions || id != stream->functions->event_id)
		return NULL;
	return functions_find(stream->functions, record->data, record->size);
}

bool stream_next(struct stream *stream, struct event *event)
{
	const struct binding *bindings;
	struct raw_ring_record record;
	enum raw_ring_step step;
	uint16_t id;

	while ((step = raw_ring_next(&stream->ring, &record)) == RAW_RING_RECORD) {
		id = record_id(record.data);
		if (unlikely(id >= stream->binding_count || !stream->bindings[id])) {
			bindings = function_bindings(stream, id, &record);
			if (!bindings) {
				joiner_hold(&stream->joiner, id, &record);
				continue;
			}
			hit_event(stream, &record, bindings, event);
			return true;
		}
		if (unlikely(stream->joiner.events) &&
		    !joiner_complete(&stream->joiner, id, &record))
			continue;
		if (unlikely(stream->self && record_tid(record.data) == stream->self &&
			     stream->hides_self[id])) {
			stream->passed_over++;
			continue;
		}
		bindings = stream->bindings[id];
		if (unlikely(bindings->selector)) {
			bindings = binding_select(bindings->selector, record.data, record.size);
			if (!bindings)
				continue;
		}
		hit_event(stream, &record, bindings, event);
		return true;
	}
	if (step == RAW_RING_LOST) {
		stream->lost += record.lost;
		lost_event(stream, record.lost, event);
		return true;
	}
	if (!stream->lost_unsaid)
		return false;
	lost_event(stream, stream->lost_unsaid, event);
	stream->lost_unsaid = 0;
	return true;
}

void stream_account_loss(struct stream *stream, uint64_t total)
{
	if (total > stream->lost) {
		stream->lost_unsaid += total - stream->lost;
		stream->lost = total;
	}
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(stream_tells_each_loss_once)
{
	struct stream stream = { .cpu = 3 };
	struct event event;

	CHECK(!stream_next(&stream, &event));
	stream_account_loss(&stream, 7);
	stream_account_loss(&stream, 9);
	CHECK(stream_next(&stream, &event));
	CHECK_INT(event.kind, EVENT_LOST);
	CHECK_INT(event.count, 9);
	CHECK_INT(event.cpu, 3);
	stream_account_loss(&stream, 9);
	CHECK(!stream_next(&stream, &event));
	CHECK_INT(stream.lost, 9);
}

UNIT_TEST_CASE(stream_skips_ids_nobody_asked_for)
{
	struct raw_ring_layout layout = { 8, 16, RING_SUBBUF_MIN };
	struct binding binding = { .load_count = 0 };
	const struct binding *bindings[8] = { [7] = &binding };
	struct stream stream = { .bindings = bindings, .binding_count = 8 };
	uint32_t words[] = { 1000, 0, 36, 0, 2 | 5 << 5, 6, 11, 2 | 5 << 5, 7, 12, 2, 9, 13 };
	struct event event;

	raw_ring_init(&stream.ring, &layout, 0);
	memset(stream.ring.block, 0, layout.subbuf_size);
	memcpy(stream.ring.block, words, sizeof(words));
	stream.ring.filled = layout.subbuf_size;
	CHECK(stream_next(&stream, &event));
	CHECK(event.bindings == &binding);
	CHECK_INT(event.tid, 12);
	CHECK_INT(event.time, 1010);
	CHECK(!stream_next(&stream, &event));
	CHECK_INT(stream.delivered, 1);
	raw_ring_free(&stream.ring);
}

UNIT_TEST_CASE(stream_passes_over_its_own_thread)
{
	struct raw_ring_layout layout = { 8, 16, RING_SUBBUF_MIN };
	struct binding binding = { .load_count = 0 };
	const struct binding *bindings[8] = { [6] = &binding, [7] = &binding };
	bool hides_self[8] = { [7] = true };
	struct stream stream = { .bindings = bindings, .binding_count = 8,
				 .hides_self = hides_self, .self = 12 };
	uint32_t words[] = { 1000, 0, 36, 0, 2 | 5 << 5, 7, 12, 2 | 5 << 5, 6, 12, 2, 7, 13 };
	struct event event;

	raw_ring_init(&stream.ring, &layout, 0);
	memset(stream.ring.block, 0, layout.subbuf_size);
	memcpy(stream.ring.block, words, sizeof(words));
	stream.ring.filled = layout.subbuf_size;
	CHECK(stream_next(&stream, &event));
	CHECK_INT(event.time, 1010);
	CHECK(stream_next(&stream, &event));
	CHECK_INT(event.tid, 13);
	CHECK(!stream_next(&stream, &event));
	CHECK_INT(stream.delivered, 2);
	CHECK_INT(stream.passed_over, 1);
	raw_ring_free(&stream.ring);
}
#endif
