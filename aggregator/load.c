// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a record to the values that a handler asks for: numbers of every size and sign, bit-fields,
 * and where a text or a block of bytes lies. Offsets and lengths come from outside; nothing beyond
 * the record is read.
 */
#include "load.h"

/* @size little-endian bytes; the kernel writes records in its own order, which is ours */
static bool load_unsigned(const struct event *event, size_t offset, size_t size, uint64_t *out)
{
	*out = 0;
	if (!event->data || size > sizeof(*out) || offset + size > event->size)
		return false;
	switch (size) {
	case 1: *out = event->data[offset]; return true;
	case 2: { uint16_t v; memcpy(&v, event->data + offset, 2); *out = v; return true; }
	case 4: { uint32_t v; memcpy(&v, event->data + offset, 4); *out = v; return true; }
	case 8: memcpy(out, event->data + offset, 8); return true;
	default: memcpy(out, event->data + offset, size); return size > 0;
	}
}

static bool load_signed(const struct event *event, size_t offset, size_t size, uint64_t *out)
{
	unsigned unused = 64 - 8 * (unsigned)size;
	bool ok = load_unsigned(event, offset, size, out);

	*out = (uint64_t)((int64_t)(*out << unused) >> unused);
	return ok;
}

static bool load_bits(const struct event *event, const struct load *load, int64_t *out)
{
	uint64_t bits;

	if (!load->bits || load->bits > 64 || load->shift > 63 ||
	    !load_unsigned(event, load->offset, load->size, &bits))
		return false;
	bits >>= load->shift;
	if (load->bits < 64) {
		bits &= (UINT64_C(1) << load->bits) - 1;
		if (load->is_signed && bits >> (load->bits - 1))
			bits |= ~UINT64_C(0) << load->bits;
	}
	*out = (int64_t)bits;
	return true;
}

bool load_number(const struct event *event, const struct load *load, int64_t *out)
{
	uint64_t bits = 0;
	bool ok;

	switch (load->kind) {
	case LOAD_U8: ok = load_unsigned(event, load->offset, 1, &bits); break;
	case LOAD_S8: ok = load_signed(event, load->offset, 1, &bits); break;
	case LOAD_U16: ok = load_unsigned(event, load->offset, 2, &bits); break;
	case LOAD_S16: ok = load_signed(event, load->offset, 2, &bits); break;
	case LOAD_U32: ok = load_unsigned(event, load->offset, 4, &bits); break;
	case LOAD_S32: ok = load_signed(event, load->offset, 4, &bits); break;
	case LOAD_64: ok = load_unsigned(event, load->offset, 8, &bits); break;
	case LOAD_ADDRESS:
		ok = load_unsigned(event, load->offset, 8, &bits);
		bits += (uint64_t)load->addend;
		break;
	case LOAD_CPU: ok = true; bits = event->cpu; break;
	case LOAD_BITS: return load_bits(event, load, out);
	case LOAD_COUNTER:
		ok = event->sample && load->offset < event->sample->counter_count;
		bits = ok ? event->sample->counters[load->offset] : 0;
		break;
	case LOAD_SAMPLE_ADDRESS:
		ok = event->sample != NULL;
		bits = ok ? event->sample->address : 0;
		break;
	default: return false;
	}
	*out = (int64_t)bits;
	return ok;
}

bool load_span(const struct event *event, const struct load *load, size_t *offset, size_t *size)
{
	uint64_t word;

	switch (load->kind) {
	case LOAD_CHARS:
	case LOAD_BYTES:
		*offset = load->offset;
		*size = load->size;
		break;
	case LOAD_DATA_LOC:
	case LOAD_REL_LOC:
	case LOAD_FETCHED:
		if (!load_unsigned(event, load->offset, 4, &word))
			return false;
		*offset = (word & 0xffff) + (load->kind == LOAD_REL_LOC ? load->offset + 4u : 0);
		*size = word >> 16;
		if (load->size && *offset <= event->size && *size <= event->size - *offset &&
		    *size > load->size)
			*size = load->size;
		break;
	default:
		return false;
	}
	return event->data && *offset <= event->size && *size <= event->size - *offset;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(load_reads_only_inside_the_record)
{
	static const unsigned char record[8] = { 1, 2, 3, 4, 0xff, 'a', 0, 'b' };
	const struct event event = { .data = record, .size = sizeof(record) };
	const struct load outside = { .kind = LOAD_U32, .offset = 6 };
	const struct load negative = { .kind = LOAD_S8, .offset = 4 };
	const struct load bits = { .kind = LOAD_BITS, .offset = 1, .size = 1, .shift = 1, .bits = 1,
				   .is_signed = true };
	const struct load wild = { .kind = LOAD_DATA_LOC, .offset = 0 };
	size_t offset, size;
	int64_t number;

	CHECK(!load_number(&event, &outside, &number));
	CHECK(load_number(&event, &negative, &number));
	CHECK_INT(number, -1);
	CHECK(load_number(&event, &bits, &number));
	CHECK_INT(number, -1);
	CHECK(!load_span(&event, &wild, &offset, &size));
}
#endif
