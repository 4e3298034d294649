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

static void read_group(struct cursor *body, struct sample_decoded *decoded)
{
	uint64_t count = cursor_u64(body);

	decoded->enabled = cursor_u64(body);
	decoded->running = cursor_u64(body);
	if (count > (size_t)(body->end - body->at) / 8) {
		body->broken = true;
		return;
	}
	decoded->group = cursor_take(body, 8 * count);
	decoded->group_count = count;
}

static void read_raw(struct cursor *body, struct event *event)
{
	uint32_t size = cursor_u32(body);

	event->data = cursor_take(body, size);
	event->size = event->data ? size : 0;
}

/* the registers in the kernel's order to DWARF's (psABI of x86-64, figure 3.36) */
static void order_registers(const uint64_t *taken, struct sample_decoded *decoded)
{
#ifdef __aarch64__
	memcpy(decoded->registers, taken, sizeof(decoded->registers));
	decoded->sample.user_ip = taken[32];
#else
	static const uint8_t places[] = { 0, 3, 2, 1, 4, 5, 6, 7 }; /* ax, dx, cx, bx, si … sp */

	for (unsigned i = 0; i < 8; i++)
		decoded->registers[i] = taken[places[i]];
	memcpy(decoded->registers + 8, taken + 12, 8 * sizeof(*taken));
	decoded->sample.user_ip = taken[8];
#endif
	decoded->sample.registers = decoded->registers;
	decoded->sample.register_count = SAMPLE_REGISTERS;
}

/* the same of an i386 task (psABI of the i386, table 2.14); other 32-bit tasks are not unwound */
static void order_registers_32(const uint64_t *taken, struct sample_decoded *decoded)
{
#ifdef __x86_64__
	static const uint8_t places[] = { 0, 2, 3, 1, 7, 6, 4, 5, 8 }; /* ax, cx, dx, bx, sp … ip */

	for (unsigned i = 0; i < ARRAY_SIZE(places); i++)
		decoded->registers[i] = (uint32_t)taken[places[i]];
	decoded->sample.user_ip = (uint32_t)taken[8];
	decoded->sample.registers = decoded->registers;
	decoded->sample.register_count = ARRAY_SIZE(places);
	decoded->sample.is_32bit = true;
#else
	(void)taken;
	(void)decoded;
#endif
}

static void read_registers(struct cursor *body, struct sample_decoded *decoded)
{
	uint64_t taken[64], abi = cursor_u64(body);
	size_t size = 8 * (size_t)__builtin_popcountll(SAMPLE_REGISTER_MASK);
	const void *bytes;

	if (abi == PERF_SAMPLE_REGS_ABI_NONE)
		return;
	bytes = cursor_take(body, size);
	if (!bytes)
		return;
	memcpy(taken, bytes, size);
	if (abi == PERF_SAMPLE_REGS_ABI_64)
		order_registers(taken, decoded);
	else if (abi == PERF_SAMPLE_REGS_ABI_32)
		order_registers_32(taken, decoded);
}

/* as many bytes as asked for, whatever they hold, and behind them how many are the stack's */
static void read_stack(struct cursor *body, struct event_sample *sample)
{
	uint64_t size = cursor_u64(body), used;
	const void *bytes;

	if (size == 0)
		return;
	if (size > (size_t)(body->end - body->at)) {
		body->broken = true;
		return;
	}
	bytes = cursor_take(body, size);
	used = cursor_u64(body);
	sample->stack = bytes;
	sample->stack_size = used < size ? used : size;
	sample->stack_is_cut = used >= size;
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
	if (type & PERF_SAMPLE_READ)
		read_group(body, decoded);
	if (type & PERF_SAMPLE_CALLCHAIN)
		read_callchain(body, sample);
	if (type & PERF_SAMPLE_RAW)
		read_raw(body, event);
	if (type & PERF_SAMPLE_REGS_USER)
		read_registers(body, decoded);
	if (type & PERF_SAMPLE_STACK_USER)
		read_stack(body, sample);
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

/* its size, 3 bytes of nothing, its bytes: at most 20 (struct perf_record_mmap2 of the kernel) */
static void read_build_id(const unsigned char *place, uint16_t misc, struct event_mmap *mmap)
{
	if (!place || !(misc & PERF_RECORD_MISC_MMAP_BUILD_ID) || place[0] > 20)
		return;
	mmap->build_id_size = place[0];
	mmap->build_id = place + 4;
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
		read_build_id(cursor_take(body, 24), misc, mmap);
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

#ifdef UNIT_TEST
#include "../lib/unit.h"

/* records of a 6.18 kernel, x86-64, opened with these; bytes as they stood in the ring */
#define TEST_TYPE (PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |       \
		   PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN)
#define STORED_USER_SAMPLE "0900000002004800 5246195adb550000 144e0000144e0000 54b43e6259020000" \
	"0000000000000000 40420f0000000000 0200000000000000 00feffffffffffff 5246195adb550000"
#define STORED_IDLE_SAMPLE "0900000001003800 ab4d1f82ffffffff 0000000000000000 d46e206259020000" \
	"0000000000000000 40420f0000000000 0000000000000000"
#define STORED_FORK "0700000000003800 154e0000144e0000 154e0000144e0000 5341126259020000"        \
	"144e0000144e0000 183f126259020000 0100000000000000"
#define STORED_COMM "0300000000203000 154e0000154e0000 7472756500000000 154e0000154e0000"        \
	"406f1a6259020000 0100000000000000"
#define STORED_EXIT "0400000000003800 154e0000144e0000 154e0000144e0000 12692b6259020000"        \
	"154e0000154e0000 31672b6259020000 0100000000000000"
#define STORED_MMAP2 "0a00000002007000 154e0000154e0000 00903cc714560000 0040000000000000"       \
	"0020000000000000 fe00000000000000 4bc9030000000000 0000000000000000 0500000002000000"   \
	"2f7573722f62696e 2f74727565000000 154e0000154e0000 2cd81a6259020000 0100000000000000"
/* after perf_event_open(2): id 0, 7 lost */
#define STORED_LOST "0200000000003000 0000000000000000 0700000000000000 154e0000154e0000"        \
	"31672b6259020000 0100000000000000"
#define STORED_THROTTLE "0500000000003800 0000000000000000 0000000000000000 0000000000000000"    \
	"154e0000154e0000 31672b6259020000 0100000000000000"

/* … and PERF_SAMPLE_REGS_USER, _STACK_USER of 32 bytes, without the callchain */
#define STACK_TYPE ((TEST_TYPE & ~PERF_SAMPLE_CALLCHAIN) | PERF_SAMPLE_REGS_USER |                 \
		    PERF_SAMPLE_STACK_USER)
#define STORED_STACK_SAMPLE "0900000002000801 4242d0cf22560000 1c4800001c480000 fb6e480d8b060000" \
	"0000000000000000 40420f0000000000 0200000000000000 00f027ae127f0000 78c0e4fbfe7f0000"   \
	"b3c919ae127f0000 5d93160000000000 0090000000000000 0000000000000000 0100000000000000"   \
	"b0bee4fbfe7f0000 4242d0cf22560000 9302000000000000 3300000000000000 2b00000000000000"   \
	"0300000000000000 0000000000000000 0100000000000000 4602000000000000 0000000000000000"   \
	"88c0e4fbfe7f0000 d86dd0cf22560000 20502cae127f0000 2000000000000000 0000000000000000"   \
	"5d93160000000000 0100000080000000 0000000000000000 2000000000000000"

/*
 * … and PERF_SAMPLE_READ, without the callchain: context switches and the task's clock, of a thread
 * that was elsewhere for 60 ms of 81
 */
#define GROUP_TYPE ((TEST_TYPE & ~PERF_SAMPLE_CALLCHAIN) | PERF_SAMPLE_READ)
#define STORED_GROUP_SAMPLE "0900000001005800 43b61f82ffffffff 9c2c00009c2c0000 55adc96793240000" \
	"0000000000000000 0100000000000000 0200000000000000 25b2d60400000000 dc7c420100000000" \
	"0700000000000000 957e420100000000"

struct stored {
	_Alignas(8) unsigned char bytes[320];
	size_t size;
};

static struct stored stored_bytes(const char *hex)
{
	struct stored stored = { .size = 0 };
	unsigned byte;

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		CHECK(sscanf(hex++, "%2x", &byte) == 1 && stored.size < sizeof(stored.bytes));
		stored.bytes[stored.size++] = (unsigned char)byte;
	}
	return stored;
}

static struct event decode_stored(const struct stored *stored, struct sample_decoded *decoded)
{
	CHECK_INT(sample_decode(stored->bytes, stored->size, TEST_TYPE, decoded), SAMPLE_EVENT);
	CHECK_INT(sample_time(stored->bytes, stored->size, TEST_TYPE), decoded->event.time);
	return decoded->event;
}

UNIT_TEST_CASE(sample_decodes_samples)
{
	struct stored user = stored_bytes(STORED_USER_SAMPLE);
	struct stored idle = stored_bytes(STORED_IDLE_SAMPLE);
	struct sample_decoded decoded;
	struct event event = decode_stored(&user, &decoded);

	CHECK_INT(event.kind, EVENT_HIT);
	CHECK_INT(event.pid, 0x4e14);
	CHECK_INT(event.time, 0x259623eb454);
	CHECK(event.sample->is_user);
	CHECK_INT(event.sample->ip, 0x55db5a194652);
	CHECK_INT(event.sample->period, 1000000);
	CHECK_INT(event.sample->callchain_count, 2);
	CHECK_INT(event.sample->callchain[1], 0x55db5a194652);
	event = decode_stored(&idle, &decoded);
	CHECK_INT(event.tid, 0);
	CHECK(!event.sample->is_user);
	CHECK_INT(event.sample->callchain_count, 0);
}

UNIT_TEST_CASE(sample_decodes_counters_and_their_times)
{
	struct stored stored = stored_bytes(STORED_GROUP_SAMPLE);
	struct sample_decoded decoded;

	CHECK_INT(sample_decode(stored.bytes, stored.size, GROUP_TYPE, &decoded), SAMPLE_EVENT);
	CHECK_INT(decoded.event.pid, 0x2c9c);
	CHECK_INT(decoded.enabled, 0x4d6b225);
	CHECK_INT(decoded.running, 0x1427cdc);
	CHECK_INT(decoded.group_count, 2);
	CHECK_INT(decoded.group[0], 7);
	CHECK_INT(decoded.group[1], 0x1427e95);
	for (uint16_t size = 8; size < stored.size; size++) {
		memcpy(stored.bytes + 6, &size, 2);
		CHECK_INT(sample_decode(stored.bytes, stored.size, GROUP_TYPE, &decoded),
			  SAMPLE_BROKEN);
	}
	memcpy(stored.bytes + 6, &(uint16_t){ (uint16_t)stored.size }, 2);
	memset(stored.bytes + 48, 0xff, 8); /* more values than there is room for */
	CHECK_INT(sample_decode(stored.bytes, stored.size, GROUP_TYPE, &decoded), SAMPLE_BROKEN);
}

#ifdef __x86_64__
UNIT_TEST_CASE(sample_decodes_registers_and_stacks)
{
	struct stored stored = stored_bytes(STORED_STACK_SAMPLE);
	struct sample_decoded decoded;
	const struct event_sample *sample = &decoded.sample;

	CHECK_INT(sample_decode(stored.bytes, stored.size, STACK_TYPE, &decoded), SAMPLE_EVENT);
	CHECK_INT(sample->ip, 0x5622cfd04242);
	CHECK_INT(sample->user_ip, 0x5622cfd04242);
	CHECK_INT(sample->register_count, 16);
	CHECK_INT(sample->registers[0], 0x7f12ae27f000);  /* rax */
	CHECK_INT(sample->registers[1], 0x16935d);	  /* rdx */
	CHECK_INT(sample->registers[3], 0x7ffefbe4c078);  /* rbx */
	CHECK_INT(sample->registers[7], 0x7ffefbe4beb0);  /* rsp */
	CHECK_INT(sample->registers[15], 0x7f12ae2c5020); /* r15 */
	CHECK_INT(sample->stack_size, 32);
	CHECK(sample->stack_is_cut);
	CHECK_INT(sample->stack[8], 0x5d);
	CHECK_INT(decoded.event.size, 0);
}

UNIT_TEST_CASE(sample_refuses_cut_registers_and_stacks)
{
	struct stored stored = stored_bytes(STORED_STACK_SAMPLE);
	struct sample_decoded decoded;

	for (uint16_t size = 8; size < stored.size; size++) {
		memcpy(stored.bytes + 6, &size, 2);
		CHECK_INT(sample_decode(stored.bytes, stored.size, STACK_TYPE, &decoded),
			  SAMPLE_BROKEN);
	}
	stored = stored_bytes(STORED_STACK_SAMPLE);
	memset(stored.bytes + stored.size - 8, 0xff, 8); /* more of the stack than there is */
	CHECK_INT(sample_decode(stored.bytes, stored.size, STACK_TYPE, &decoded), SAMPLE_EVENT);
	CHECK_INT(decoded.sample.stack_size, 32);
	memset(stored.bytes + 48, 0, 8); /* a kernel thread: no registers */
	CHECK_INT(sample_decode(stored.bytes, stored.size, STACK_TYPE, &decoded), SAMPLE_BROKEN);
}
#endif

UNIT_TEST_CASE(sample_decodes_task_records)
{
	struct stored fork = stored_bytes(STORED_FORK), comm = stored_bytes(STORED_COMM);
	struct stored end = stored_bytes(STORED_EXIT);
	struct sample_decoded decoded;
	struct event event = decode_stored(&fork, &decoded);

	CHECK_INT(event.kind, EVENT_FORK);
	CHECK_INT(event.pid, 0x4e15);
	CHECK_INT(event.tid, 0x4e15);
	CHECK_INT(event.ppid, 0x4e14);
	CHECK_INT(event.ptid, 0x4e14);
	CHECK_INT(event.cpu, 1);
	event = decode_stored(&comm, &decoded);
	CHECK_INT(event.kind, EVENT_COMM);
	CHECK_INT(event.tid, 0x4e15);
	CHECK_STR(event.text, "true");
	CHECK(event.is_exec);
	event = decode_stored(&end, &decoded);
	CHECK_INT(event.kind, EVENT_EXIT);
	CHECK_INT(event.time, 0x259622b6731);
}

UNIT_TEST_CASE(sample_decodes_maps_and_losses)
{
	struct stored map = stored_bytes(STORED_MMAP2), lost = stored_bytes(STORED_LOST);
	struct stored throttle = stored_bytes(STORED_THROTTLE);
	struct sample_decoded decoded;
	struct event event = decode_stored(&map, &decoded);

	CHECK_INT(event.kind, EVENT_MMAP);
	CHECK_STR(event.mmap->path, "/usr/bin/true");
	CHECK_INT(event.mmap->build_id_size, 0);
	map.bytes[5] |= PERF_RECORD_MISC_MMAP_BUILD_ID >> 8;
	map.bytes[40] = 20;
	event = decode_stored(&map, &decoded);
	CHECK_INT(event.mmap->build_id_size, 20);
	CHECK(event.mmap->build_id == map.bytes + 44);
	CHECK_STR(event.mmap->path, "/usr/bin/true");
	map.bytes[40] = 21;
	CHECK_INT(decode_stored(&map, &decoded).mmap->build_id_size, 0);
	CHECK_INT(event.mmap->start, 0x5614c73c9000);
	CHECK_INT(event.mmap->length, 0x4000);
	CHECK_INT(event.mmap->page_offset, 0x2000);
	CHECK(event.mmap->executable);
	event = decode_stored(&lost, &decoded);
	CHECK_INT(event.kind, EVENT_LOST);
	CHECK_INT(event.count, 7);
	CHECK_INT(sample_decode(throttle.bytes, throttle.size, TEST_TYPE, &decoded),
		  SAMPLE_THROTTLED);
}

UNIT_TEST_CASE(sample_refuses_contradictory_sizes)
{
	static const char *const records[] = {
		STORED_USER_SAMPLE, STORED_FORK, STORED_COMM, STORED_EXIT, STORED_MMAP2, STORED_LOST,
	};
	struct sample_decoded decoded;

	for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
		struct stored stored = stored_bytes(records[i]);

		/* said to be longer than it is, and cut short at every length */
		for (size_t size = 0; size < stored.size; size++) {
			CHECK_INT(sample_decode(stored.bytes, size, TEST_TYPE, &decoded),
				  SAMPLE_BROKEN);
			memcpy(stored.bytes + 6, &(uint16_t){ (uint16_t)size }, 2);
			sample_decode(stored.bytes, stored.size, TEST_TYPE, &decoded);
			memcpy(stored.bytes + 6, &(uint16_t){ (uint16_t)stored.size }, 2);
		}
	}
}

UNIT_TEST_CASE(sample_refuses_endless_callchains_and_texts)
{
	struct stored sample = stored_bytes(STORED_USER_SAMPLE);
	struct stored comm = stored_bytes(STORED_COMM);
	struct sample_decoded decoded;

	memset(sample.bytes + 48, 0xff, 8);
	CHECK_INT(sample_decode(sample.bytes, sample.size, TEST_TYPE, &decoded), SAMPLE_BROKEN);
	memset(comm.bytes + 16, 'x', 8);
	CHECK_INT(sample_decode(comm.bytes, comm.size, TEST_TYPE, &decoded), SAMPLE_BROKEN);
}
#endif
