// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Raw sub-buffers to records. Two steps: raw_ring_fill() moves whole sub-buffers from the kernel
 * into one block, raw_ring_next() walks events in it, adding up their time deltas. The kernel is
 * trusted no more than a file would be: every length is checked against what the sub-buffer says
 * it holds, and that against its size; what does not fit ends the sub-buffer and is counted.
 */
#include <errno.h>
#include <unistd.h>

#include "ring.h"

/* ---- layout ---- */

/* "field: local_t commit;\toffset:8;\tsize:8;": the numbers of the field called @name */
static bool header_field(const char *text, const char *name, unsigned *offset, unsigned *size)
{
	const char *at = strstr(text, name), *end;

	if (!at)
		return false;
	end = strchr(at, '\n');
	at = strstr(at, "offset:");
	if (!at || (end && at > end))
		return false;
	return sscanf(at, "offset:%u; size:%u;", offset, size) == 2;
}

int raw_ring_layout_parse(const char *text, struct raw_ring_layout *layout)
{
	unsigned commit_offset, commit_size, data_offset, data_size;

	if (!header_field(text, " commit;", &commit_offset, &commit_size) ||
	    !header_field(text, " data;", &data_offset, &data_size))
		return -EINVAL;
	if (commit_offset != 8 || (commit_size != 4 && commit_size != 8) ||
	    data_offset != commit_offset + commit_size || data_size > RING_SUBBUF_MAX ||
	    data_size + data_offset < RING_SUBBUF_MIN)
		return -EINVAL;
	layout->commit_size = commit_size;
	layout->data_offset = data_offset;
	layout->subbuf_size = data_offset + data_size;
	return 0;
}

/* ---- the block ---- */

void raw_ring_init(struct raw_ring *ring, const struct raw_ring_layout *layout, size_t capacity)
{
	size_t count = capacity / layout->subbuf_size;

	*ring = (struct raw_ring){ .layout = *layout };
	ring->capacity = (count < 2 ? 2 : count) * layout->subbuf_size;
	ring->block = memory_alloc(ring->capacity);
}

void raw_ring_free(struct raw_ring *ring)
{
	free(ring->block);
	*ring = (struct raw_ring){ 0 };
}

/* drop the sub-buffers that were read, keeping the open one when records are left in it */
static void raw_ring_compact(struct raw_ring *ring)
{
	size_t size = ring->layout.subbuf_size, keep = ring->next_subbuf;

	if (ring->at < ring->end)
		keep -= size;
	if (keep == ring->filled) {
		ring->filled = ring->next_subbuf = 0;
		ring->at = ring->end = NULL;
		return;
	}
	if (keep < ring->capacity / 2)
		return;
	memmove(ring->block, ring->block + keep, ring->filled - keep);
	ring->filled -= keep;
	ring->next_subbuf -= keep;
	if (ring->at < ring->end) {
		ring->at -= keep;
		ring->end -= keep;
	}
}

static uint64_t load_u64(const unsigned char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint32_t load_u32(const unsigned char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

uint64_t raw_ring_last_time(const struct raw_ring *ring)
{
	if (!ring->filled)
		return 0;
	return load_u64(ring->block + ring->filled - ring->layout.subbuf_size);
}

ssize_t raw_ring_fill(struct raw_ring *ring, int fd, uint64_t until, bool *emptied)
{
	size_t size = ring->layout.subbuf_size, before;
	ssize_t got;

	raw_ring_compact(ring);
	before = ring->filled;
	*emptied = false;
	while (!*emptied && ring->capacity - ring->filled >= size) {
		got = read(fd, ring->block + ring->filled, size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno != EAGAIN)
			return -errno;
		if (got <= 0) {
			*emptied = true;
			break;
		}
		memset(ring->block + ring->filled + got, 0, size - got);
		ring->filled += size;
		*emptied = raw_ring_last_time(ring) >= until;
	}
	return ring->filled - before;
}

/* ---- records ---- */

/* the count of lost events stands behind the data when there was room for it */
static uint64_t missed_count(const struct raw_ring_layout *layout, const unsigned char *subbuf,
			     uint32_t used)
{
	if (used + layout->commit_size > layout->subbuf_size - layout->data_offset)
		return 0;
	subbuf += layout->data_offset + used;
	return layout->commit_size == 8 ? load_u64(subbuf) : load_u32(subbuf);
}

/* open the next sub-buffer; @lost: events the kernel overwrote before it, 0 when it cannot say */
static bool open_subbuf(struct raw_ring *ring, uint64_t *lost)
{
	const struct raw_ring_layout *layout = &ring->layout;
	const unsigned char *subbuf = ring->block + ring->next_subbuf;
	uint32_t commit, used;

	if (ring->next_subbuf >= ring->filled)
		return false;
	ring->next_subbuf += layout->subbuf_size;
	ring->time = load_u64(subbuf);
	/* flags and count are the low 32 bits of the kernel's long */
	commit = layout->commit_size == 8 ? (uint32_t)load_u64(subbuf + 8) : load_u32(subbuf + 8);
	used = commit & RING_COMMIT_MASK;
	if (used > layout->subbuf_size - layout->data_offset) {
		ring->malformed++;
		used = 0;
	}
	*lost = (commit & RING_MISSED_EVENTS) && (commit & RING_MISSED_STORED) ?
			missed_count(layout, subbuf, used) : 0;
	ring->at = subbuf + layout->data_offset;
	ring->end = ring->at + used;
	return true;
}

/* an absolute stamp carries 59 bits: take the rest from the last time (rb_fix_abs_ts()) */
static uint64_t absolute_time(uint64_t stamp, uint64_t last)
{
	if (last & RING_STAMP_HIGH) {
		stamp |= last & RING_STAMP_HIGH;
		if (stamp < last)
			stamp += 1ull << 59;
	}
	return stamp;
}

static void cut_short(struct raw_ring *ring)
{
	ring->malformed++;
	ring->at = ring->end;
}

/* an event that is no record: moves on, and keeps the time */
static void step_over(struct raw_ring *ring, unsigned type, uint32_t delta)
{
	size_t left = ring->end - ring->at;
	uint32_t word;

	if (type == RING_TYPE_PADDING && delta == 0) { /* nothing more in this sub-buffer */
		ring->at = ring->end;
		return;
	}
	if (left < 8) {
		cut_short(ring);
		return;
	}
	word = load_u32(ring->at + 4);
	if (type == RING_TYPE_PADDING) { /* a discarded event: its time counts all the same */
		if (word > left - 4 || word % 4) {
			cut_short(ring);
			return;
		}
		ring->time += delta;
		ring->at += 4 + word;
		return;
	}
	if (type == RING_TYPE_TIME_EXTEND)
		ring->time += ((uint64_t)word << RING_DELTA_BITS) + delta;
	else
		ring->time = absolute_time(((uint64_t)word << RING_DELTA_BITS) + delta, ring->time);
	ring->at += 8;
}

enum raw_ring_step raw_ring_next_slow(struct raw_ring *ring, struct raw_ring_record *record)
{
	uint32_t delta, size;
	unsigned type;
	size_t left;

	for (;;) {
		left = ring->end - ring->at;
		if (unlikely(left < 8)) {
			if (left)
				cut_short(ring);
			if (!open_subbuf(ring, &record->lost))
				return RAW_RING_EMPTY;
			if (!record->lost)
				continue;
			record->time = ring->time;
			return RAW_RING_LOST;
		}
		raw_ring_split_header(load_u32(ring->at), &type, &delta);
		if (likely(type - 1 < RING_TYPE_DATA_MAX)) {
			size = type * 4;
			record->data = ring->at + 4;
		} else if (type == RING_TYPE_LONG) {
			size = load_u32(ring->at + 4);
			record->data = ring->at + 8;
		} else {
			step_over(ring, type, delta);
			continue;
		}
		if (unlikely(size > left - 4 || size < 8 || size % 4)) {
			cut_short(ring);
			continue;
		}
		ring->time += delta;
		ring->at += 4 + size;
		record->time = ring->time;
		record->size = ring->at - record->data;
		if (unlikely(record->size < 8)) { /* no room for id and pid */
			ring->malformed++;
			continue;
		}
		return RAW_RING_RECORD;
	}
}

#ifdef UNIT_TEST
#include <fcntl.h>

#include "../lib/unit.h"

static const struct raw_ring_layout test_layout = { 8, 16, RING_SUBBUF_MIN };

struct test_page {
	unsigned char bytes[RING_SUBBUF_MIN];
	size_t used;
};

static void page_word(struct test_page *page, uint32_t word)
{
	memcpy(page->bytes + 16 + page->used, &word, 4);
	page->used += 4;
}

static void page_event(struct test_page *page, uint32_t delta, uint32_t id)
{
	page_word(page, 2 | delta << 5);
	page_word(page, id);
	page_word(page, 4711);
}

/* a ring holding @count pages, as if read from the kernel */
static void ring_of(struct raw_ring *ring, struct test_page *pages, size_t count, uint64_t flags)
{
	raw_ring_init(ring, &test_layout, count * RING_SUBBUF_MIN);
	for (size_t i = 0; i < count; i++) {
		uint64_t time = 1000 * (i + 1), commit = pages[i].used | flags;

		memcpy(pages[i].bytes, &time, 8);
		memcpy(pages[i].bytes + 8, &commit, 8);
		memcpy(ring->block + ring->filled, pages[i].bytes, RING_SUBBUF_MIN);
		ring->filled += RING_SUBBUF_MIN;
	}
}

UNIT_TEST_CASE(raw_ring_layout_parse_reads_header_page)
{
	struct raw_ring_layout layout;

	CHECK_INT(raw_ring_layout_parse("\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
				    "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
				    "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
				    "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n",
				    &layout), 0);
	CHECK_INT(layout.commit_size, 8);
	CHECK_INT(layout.subbuf_size, 4096);
	CHECK_INT(raw_ring_layout_parse("", &layout), -EINVAL);
	CHECK_INT(raw_ring_layout_parse(" commit;\toffset:8;\tsize:8;\n"
					" data;\toffset:16;\tsize:9;\n", &layout), -EINVAL);
}

UNIT_TEST_CASE(raw_ring_next_adds_up_time)
{
	static struct test_page page;
	struct raw_ring ring;
	struct raw_ring_record record;

	page_event(&page, 5, 1);
	page_word(&page, RING_TYPE_TIME_EXTEND | 3 << 5);
	page_word(&page, 1);
	page_event(&page, 2, 2);
	page_word(&page, RING_TYPE_PADDING | 1 << 5); /* discarded: 8 bytes behind the header */
	page_word(&page, 8);
	page_word(&page, 0);
	page_event(&page, 4, 3);
	page_word(&page, RING_TYPE_PADDING);
	ring_of(&ring, &page, 1, 0);
	CHECK_INT(raw_ring_next(&ring, &record), RAW_RING_RECORD);
	CHECK_INT(record.time, 1005);
	CHECK_INT(record.size, 8);
	CHECK_INT(record.data[0], 1);
	CHECK_INT(raw_ring_next(&ring, &record), RAW_RING_RECORD);
	CHECK_INT(record.time, 1005 + (1 << 27) + 3 + 2);
	CHECK_INT(raw_ring_next(&ring, &record), RAW_RING_RECORD);
	CHECK_INT(record.data[0], 3);
	CHECK_INT(raw_ring_next(&ring, &record), RAW_RING_EMPTY);
	raw_ring_free(&ring);
}

UNIT_TEST_CASE(raw_ring_next_takes_absolute_stamps_and_long_records)
{
	static struct test_page page;
	struct raw_ring ring;
	struct raw_ring_record record;

	page_word(&page, RING_TYPE_TIME_STAMP | 9 << 5);
	page_word(&page, 2);
	page_word(&page, RING_TYPE_LONG | 1 << 5);
	page_word(&page, 12);
	page_word(&page, 7);
	page_word(&page, 4711);
	ring_of(&ring, &page, 1, 0);
	CHECK_INT(raw_ring_next(&ring, &record), RAW_RING_RECORD);
	CHECK_INT(record.time, (2ll << 27) + 9 + 1);
	CHECK_INT(record.size, 8);
	CHECK_INT(record.data[0], 7);
	CHECK_INT(raw_ring_next(&ring, &record), RAW_RING_EMPTY);
	CHECK_INT(ring.malformed, 0);
	CHECK_INT(absolute_time(5, (1ull << 59) + 9), (1ull << 60) + 5);
	raw_ring_free(&ring);
}

UNIT_TEST_CASE(raw_ring_next_reports_what_the_kernel_overwrote)
{
	static struct test_page page;
	struct raw_ring ring;
	struct raw_ring_record record;
	uint64_t lost = 99;

	page_event(&page, 5, 1);
	memcpy(page.bytes + 16 + page.used, &lost, 8);
	ring_of(&ring, &page, 1, RING_MISSED_EVENTS | RING_MISSED_STORED);
	CHECK_INT(raw_ring_next(&ring, &record), RAW_RING_LOST);
	CHECK_INT(record.lost, 99);
	CHECK_INT(raw_ring_next(&ring, &record), RAW_RING_RECORD);
	CHECK_INT(raw_ring_next(&ring, &record), RAW_RING_EMPTY);
	raw_ring_free(&ring);
}

UNIT_TEST_CASE(raw_ring_next_survives_lengths_that_lie)
{
	static struct test_page pages[3];
	struct raw_ring ring;
	struct raw_ring_record record;

	page_event(&pages[0], 1, 1);
	page_word(&pages[0], 28 | 1 << 5); /* 112 bytes, of which 4 are there */
	page_word(&pages[0], 0);
	page_word(&pages[1], RING_TYPE_LONG);
	page_word(&pages[1], UINT32_MAX);
	page_event(&pages[2], 1, 2);
	ring_of(&ring, pages, 3, 0);
	CHECK_INT(raw_ring_next(&ring, &record), RAW_RING_RECORD);
	CHECK_INT(raw_ring_next(&ring, &record), RAW_RING_RECORD);
	CHECK_INT(record.data[0], 2);
	CHECK_INT(record.time, 3001);
	CHECK_INT(raw_ring_next(&ring, &record), RAW_RING_EMPTY);
	CHECK_INT(ring.malformed, 2);
	raw_ring_free(&ring);
}

UNIT_TEST_CASE(raw_ring_fill_keeps_records_not_yet_taken)
{
	static struct test_page pages[4];
	char path[] = "/tmp/stap-ring-XXXXXX";
	struct raw_ring ring;
	struct raw_ring_record record;
	bool emptied;
	int fd = mkstemp(path), taken = 0;

	CHECK(fd >= 0);
	unlink(path);
	for (uint64_t i = 0; i < 4; i++) {
		page_event(&pages[i], 1, 2 * i);
		page_event(&pages[i], 1, 2 * i + 1);
		memcpy(pages[i].bytes + 8, &pages[i].used, 8);
		CHECK_INT(write(fd, pages[i].bytes, RING_SUBBUF_MIN), RING_SUBBUF_MIN);
	}
	lseek(fd, 0, SEEK_SET);
	raw_ring_init(&ring, &test_layout, 2 * RING_SUBBUF_MIN);
	do {
		CHECK(raw_ring_fill(&ring, fd, UINT64_MAX, &emptied) >= 0);
		while (raw_ring_next(&ring, &record) == RAW_RING_RECORD) {
			CHECK_INT(record.data[0], taken++);
			if (taken % 3 == 0)
				break;
		}
	} while (!emptied || ring.filled);
	CHECK_INT(taken, 8);
	raw_ring_free(&ring);
	close(fd);
}

UNIT_TEST_CASE(raw_ring_fill_stops_at_a_time)
{
	static struct test_page pages[3];
	char path[] = "/tmp/stap-ring-XXXXXX";
	struct raw_ring ring;
	bool emptied;
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	unlink(path);
	for (uint64_t i = 0; i < 3; i++) {
		uint64_t time = 1000 * (i + 1);

		page_event(&pages[i], 1, i);
		memcpy(pages[i].bytes, &time, 8);
		memcpy(pages[i].bytes + 8, &pages[i].used, 8);
		CHECK_INT(write(fd, pages[i].bytes, RING_SUBBUF_MIN), RING_SUBBUF_MIN);
	}
	lseek(fd, 0, SEEK_SET);
	raw_ring_init(&ring, &test_layout, 8 * RING_SUBBUF_MIN);
	CHECK_INT(raw_ring_fill(&ring, fd, 2000, &emptied), 2 * RING_SUBBUF_MIN);
	CHECK(emptied);
	CHECK_INT(raw_ring_fill(&ring, fd, 4000, &emptied), RING_SUBBUF_MIN);
	CHECK(emptied);
	raw_ring_free(&ring);
	close(fd);
}
#endif
