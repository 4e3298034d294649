// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Joining the record of a tracepoint's arguments with that of its fields. Both are written in one
 * call of the tracepoint's iterator, with preemption off, so they follow each other on one CPU; an
 * interrupt between them may pass through other tracepoints, each of which has a place of its own.
 */
#include "joined.h"

int joined_event_read(struct joined_event *joined, struct arena *arena)
{
	int error = trace_event_parse(joined->arguments);

	if (!error)
		error = trace_event_read(joined->fields);
	if (error)
		return error;
	joined->texts = arena_alloc(arena, (joined->arguments->fields.count + 1) *
					   sizeof(*joined->texts));
	for (size_t i = 0; i < joined->arguments->fields.count; i++)
		if (joined->arguments->fields.items[i].kind == FIELD_DATA_LOC)
			joined->texts[joined->text_count++] =
				(uint16_t)joined->arguments->fields.items[i].offset;
	return 0;
}

void joiner_init(struct joiner *joiner, const struct joined_event *const *events,
		 unsigned id_count, size_t pairs)
{
	*joiner = (struct joiner){ .events = events, .id_count = id_count };
	joiner->held = memory_zalloc(pairs * sizeof(*joiner->held));
	joiner->whole = memory_zalloc(JOINED_OFFSET + JOINED_ARGUMENTS_MAX);
}

void joiner_free(struct joiner *joiner)
{
	free(joiner->held);
	free(joiner->whole);
}

static const struct joined_event *pair_of(const struct joiner *joiner, unsigned id)
{
	return id < joiner->id_count ? joiner->events[id] : NULL;
}

static int32_t record_tid(const struct raw_ring_record *record)
{
	int32_t tid;

	memcpy(&tid, record->data + 4, sizeof(tid));
	return tid;
}

void joiner_hold(struct joiner *joiner, unsigned id, const struct raw_ring_record *record)
{
	const struct joined_event *pair = pair_of(joiner, id);
	struct held_record *held;

	if (!pair || (unsigned)pair->arguments->id != id)
		return;
	held = &joiner->held[pair->index];
	held->size = record->size <= sizeof(held->data) ? record->size : 0;
	held->tid = record_tid(record);
	memcpy(held->data, record->data, held->size);
}

/* offsets of texts count from the record's start, which is JOINED_OFFSET further now */
static void move_texts(const struct joined_event *pair, unsigned char *data, size_t size)
{
	uint32_t word;

	for (size_t i = 0; i < pair->text_count; i++) {
		if (pair->texts[i] + sizeof(word) > size)
			continue;
		memcpy(&word, data + pair->texts[i], sizeof(word));
		word = (word & 0xffff0000) | ((word + JOINED_OFFSET) & 0xffff);
		memcpy(data + pair->texts[i], &word, sizeof(word));
	}
}

bool joiner_complete(struct joiner *joiner, unsigned id, struct raw_ring_record *record)
{
	const struct joined_event *pair = pair_of(joiner, id);
	struct held_record *held;
	bool complete;

	if (!pair || (unsigned)pair->fields->id != id)
		return true;
	held = &joiner->held[pair->index];
	complete = held->size && held->tid == record_tid(record) && record->size <= JOINED_OFFSET;
	if (complete) {
		memcpy(joiner->whole, record->data, record->size);
		memset(joiner->whole + record->size, 0, JOINED_OFFSET - record->size);
		memcpy(joiner->whole + JOINED_OFFSET, held->data, held->size);
		move_texts(pair, joiner->whole + JOINED_OFFSET, held->size);
		record->data = joiner->whole;
		record->size = JOINED_OFFSET + held->size;
	}
	held->size = 0;
	return complete;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

/* a record: an id, a thread, a number that may say where a text lies */
static struct raw_ring_record test_record(uint32_t *words, uint32_t id, uint32_t tid, uint32_t word)
{
	words[0] = id;
	words[1] = tid;
	words[2] = word;
	return (struct raw_ring_record){ .data = (unsigned char *)words, .size = 12 };
}

UNIT_TEST_CASE(joiner_appends_arguments_to_fields)
{
	struct trace_event arguments = { .id = 3 }, fields = { .id = 5 };
	uint16_t texts[] = { 8, 10 }; /* the second reaches beyond the record */
	struct joined_event pair = { &arguments, &fields, 0, 2, texts };
	const struct joined_event *events[6] = { [3] = &pair, [5] = &pair };
	struct raw_ring_record record;
	struct joiner joiner;
	uint32_t words[3];

	joiner_init(&joiner, events, 6, 1);
	record = test_record(words, 3, 70, 4u << 16 | 12);
	joiner_hold(&joiner, 3, &record);
	record = test_record(words, 5, 70, 99);
	CHECK(joiner_complete(&joiner, 5, &record));
	CHECK_INT(record.size, JOINED_OFFSET + 12);
	memcpy(words, record.data, sizeof(words));
	CHECK_INT(words[2], 99);
	memcpy(words, record.data + JOINED_OFFSET, sizeof(words));
	CHECK_INT(words[2], 4u << 16 | (JOINED_OFFSET + 12));
	record = test_record(words, 5, 70, 99);
	CHECK(!joiner_complete(&joiner, 5, &record)); /* each is used once */
	joiner_free(&joiner);
}

UNIT_TEST_CASE(joiner_leaves_other_records_alone)
{
	struct trace_event arguments = { .id = 3 }, fields = { .id = 5 };
	struct joined_event pair = { .arguments = &arguments, .fields = &fields };
	const struct joined_event *events[6] = { [3] = &pair, [5] = &pair };
	struct raw_ring_record record;
	struct joiner joiner;
	uint32_t words[3];

	joiner_init(&joiner, events, 6, 1);
	record = test_record(words, 3, 70, 0);
	joiner_hold(&joiner, 3, &record);
	record = test_record(words, 5, 71, 0);
	CHECK(!joiner_complete(&joiner, 5, &record)); /* of another thread */
	record = test_record(words, 4, 70, 0);
	CHECK(joiner_complete(&joiner, 4, &record));
	CHECK(joiner_complete(&joiner, 60, &record));
	CHECK_INT(record.size, 12);
	joiner_free(&joiner);
}
#endif
