// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Natives that read memory when the handler runs: of the event's process through
 * process_vm_readv(2), of the kernel through /proc/kcore. In begin, end and timer probes that is
 * exact; elsewhere the event is past, and the planner has said so. __captured_text() gives what the
 * kernel fetched while the probe fired the shape the native would have returned.
 */
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "builtin.h"
#include "kcore.h"

#define CHUNK 256 /* bytes of a text read at once; divides every page size */

/* ---- bytes ---- */

static size_t read_kernel(struct native_call *call, uint64_t address, void *out, size_t size)
{
	struct vm_session *session = call->session;

	if (!session->kcore && !session->kcore_tried) {
		session->kcore_tried = true;
		session->kcore = kcore_open("/proc/kcore");
	}
	return session->kcore ? kcore_read(session->kcore, address, out, size) : 0;
}

static size_t read_user(struct native_call *call, uint64_t address, void *out, size_t size)
{
	struct iovec local = { out, size };
	struct iovec remote = { (void *)(uintptr_t)address, size };
	ssize_t got = process_vm_readv(call->session->now.event->tid, &local, 1, &remote, 1, 0);

	return got > 0 ? (size_t)got : 0;
}

static size_t read_memory(struct native_call *call, enum memory_space space, uint64_t address,
			  void *out, size_t size)
{
	size_t got = 0;

	if (space != MEMORY_USER)
		got = read_kernel(call, address, out, size);
	if (!got && space != MEMORY_KERNEL)
		got = read_user(call, address, out, size);
	return got;
}

static bool report_fault(struct native_call *call, enum memory_space space, uint64_t address)
{
	if (space == MEMORY_KERNEL && !call->session->kcore && call->session->kcore_tried)
		return native_error(call, "cannot read kernel memory at 0x%llx: /proc/kcore is not "
				    "there or not readable", (unsigned long long)address);
	return native_error(call, "cannot read %s memory at 0x%llx",
			    space == MEMORY_USER ? "user" : "kernel", (unsigned long long)address);
}

/* ---- numbers ---- */

static bool number_fault(struct native_call *call, const struct memory_read *how, uint64_t address)
{
	if (how->fault == MEMORY_FAULT_ERROR)
		return report_fault(call, how->space, address);
	if (how->fault == MEMORY_FAULT_WARN)
		log_warning(&call->session->options->log, "cannot read user memory at 0x%llx",
			    (unsigned long long)address);
	return native_return_number(call, 0);
}

static bool read_number(struct native_call *call, const struct memory_read *how, uint64_t size,
			uint64_t address)
{
	uint64_t bits = 0;
	unsigned unused;

	if (size != 1 && size != 2 && size != 4 && size != 8)
		return native_error(call, "a number of %lld bytes cannot be read",
				    (long long)size);
	if (read_memory(call, how->space, address, &bits, size) != size)
		return number_fault(call, how, address);
	unused = 64 - 8 * (unsigned)size; /* bits above the value; little-endian machines */
	if (how->form == MEMORY_SIGNED || how->form == MEMORY_SIZED_SIGNED)
		bits = (uint64_t)((int64_t)(bits << unused) >> unused);
	return native_return_number(call, (int64_t)bits);
}

/* ---- texts ---- */

/* up to a NUL, or exactly @limit bytes; false when something on the way is not readable */
static bool read_bytes(struct native_call *call, const struct memory_read *how, uint64_t address,
		       size_t limit, struct buf *out)
{
	bool exact = how->form == MEMORY_BYTES;

	while (out->length < limit) {
		size_t want = CHUNK - (address + out->length) % CHUNK, got, length;
		char *chunk;

		if (want > limit - out->length)
			want = limit - out->length;
		chunk = buf_reserve(out, want);
		got = read_memory(call, how->space, address + out->length, chunk, want);
		length = exact ? got : strnlen(chunk, got);
		out->length += length;
		out->data[out->length] = '\0';
		if (length < got)
			return true;
		if (got < want)
			return false;
	}
	return true;
}

static void put_utf8(uint32_t code, struct buf *out)
{
	if (code < 0x80) {
		buf_putc(out, (char)code);
	} else if (code < 0x800) {
		buf_printf(out, "%c%c", 0xc0 | code >> 6, 0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		buf_printf(out, "%c%c%c", 0xe0 | code >> 12, 0x80 | (code >> 6 & 0x3f),
			   0x80 | (code & 0x3f));
	} else {
		buf_printf(out, "%c%c%c%c", 0xf0 | code >> 18, 0x80 | (code >> 12 & 0x3f),
			   0x80 | (code >> 6 & 0x3f), 0x80 | (code & 0x3f));
	}
}

static bool is_surrogate(uint32_t code)
{
	return code >= 0xd800 && code < 0xe000;
}

/* the next character, surrogate pairs joined; false for a fault or what is no character */
static bool read_character(struct native_call *call, const struct memory_read *how,
			   uint64_t *address, uint32_t *code)
{
	size_t size = how->form == MEMORY_UTF16 ? 2 : 4;
	uint32_t low = 0;

	*code = 0;
	if (read_memory(call, how->space, *address, code, size) != size)
		return false;
	*address += size;
	if (!is_surrogate(*code))
		return *code < 0x110000;
	if (size != 2 || *code >= 0xdc00 ||
	    read_memory(call, how->space, *address, &low, 2) != 2 || low < 0xdc00 || low >= 0xe000)
		return false;
	*address += 2;
	*code = 0x10000 + ((*code & 0x3ff) << 10 | (low & 0x3ff));
	return true;
}

static bool read_wide(struct native_call *call, const struct memory_read *how, uint64_t address,
		      size_t limit, struct buf *out)
{
	uint32_t code;

	while (out->length < limit) {
		if (!read_character(call, how, &address, &code))
			return false;
		if (!code)
			break;
		put_utf8(code, out);
	}
	return true;
}

static bool text_fault(struct native_call *call, const struct memory_read *how, uint64_t address,
		       const struct str *instead)
{
	char text[32];

	if (how->fault == MEMORY_FAULT_WARN || how->fault == MEMORY_FAULT_UNKNOWN)
		log_warning(&call->session->options->log, "cannot read %s memory at 0x%llx",
			    how->space == MEMORY_USER ? "user" : "kernel",
			    (unsigned long long)address);
	if (instead)
		return native_return_text(call, instead->data, instead->length);
	switch (how->fault) {
	case MEMORY_FAULT_ZERO: case MEMORY_FAULT_WARN: return native_return_string(call, "");
	case MEMORY_FAULT_UNKNOWN: return native_return_string(call, "<unknown>");
	case MEMORY_FAULT_ADDRESS:
		snprintf(text, sizeof(text), "0x%llx", (unsigned long long)address);
		return native_return_string(call, text);
	default: return report_fault(call, how->space, address);
	}
}

/* @room: of the quoted text, negative for no bound */
static bool text_finish(struct native_call *call, const struct memory_read *how, const char *data,
			size_t length, int64_t room)
{
	struct buf quoted = BUF_INIT;
	size_t most = native_limit_length(call->session, SIZE_MAX);
	bool ok;

	if (how->fault != MEMORY_FAULT_ADDRESS && how->fault != MEMORY_FAULT_QUOTE)
		return native_return_text(call, data, length);
	if (room >= 0 && (size_t)room < most)
		most = (size_t)room;
	quote_text(data, length, most, true, &quoted);
	ok = native_return_buf(call, &quoted);
	buf_free(&quoted);
	return ok;
}

/* the arguments behind the address: a length, an output length, a text for faults */
struct text_arguments {
	int64_t length, room; /* -1: not given */
	const struct str *instead;
};

static void parse_text_arguments(const struct native_call *call, const struct memory_read *how,
				 enum builtin_id id, struct text_arguments *arguments)
{
	const char *letters = builtin_table[id].parameters;
	unsigned at = 1;

	*arguments = (struct text_arguments){ -1, -1, NULL };
	if ((how->form == MEMORY_COUNTED || how->form == MEMORY_BYTES) && at < call->count)
		arguments->length = call->arguments[at++].number;
	if (at >= call->count)
		return;
	if (letters[strlen(letters) - 1] == 's')
		arguments->instead = call->arguments[at].string;
	else
		arguments->room = call->arguments[at].number;
}

static bool read_text(struct native_call *call, const struct memory_read *how, enum builtin_id id)
{
	uint64_t address = (uint64_t)call->arguments[0].number;
	size_t limit = native_limit_length(call->session, SIZE_MAX) + 1; /* one more tells of a cut */
	struct text_arguments arguments;
	struct buf text = BUF_INIT;
	bool ok;

	parse_text_arguments(call, how, id, &arguments);
	if ((how->form == MEMORY_COUNTED || how->form == MEMORY_BYTES) && arguments.length >= 0 &&
	    (size_t)arguments.length < limit)
		limit = (size_t)arguments.length;
	if (how->form == MEMORY_UTF16 || how->form == MEMORY_UTF32)
		ok = read_wide(call, how, address, limit, &text);
	else
		ok = read_bytes(call, how, address, limit, &text);
	if (ok)
		ok = text_finish(call, how, buf_text(&text), text.length, arguments.room);
	else
		ok = text_fault(call, how, address, arguments.instead);
	buf_free(&text);
	return ok;
}

/* ---- the natives ---- */

static bool memory_native(struct native_call *call, enum builtin_id id)
{
	const struct memory_read *how = builtin_memory_read(id);

	if (how->space >= MEMORY_ARGUMENT) /* under -u: an unused function may ask */
		return native_error(call, "%s() is not known here", builtin_table[id].name);
	if (how->form == MEMORY_SIZED || how->form == MEMORY_SIZED_SIGNED)
		return read_number(call, how, (uint64_t)call->arguments[0].number,
				   (uint64_t)call->arguments[1].number);
	if (how->form == MEMORY_SIGNED || how->form == MEMORY_UNSIGNED)
		return read_number(call, how, how->size, (uint64_t)call->arguments[0].number);
	return read_text(call, how, id);
}

#define MEMORY(name, result, parameters, space, form, size, fault)                              \
	bool builtin_##name(struct native_call *call)                                           \
	{                                                                                       \
		return memory_native(call, BUILTIN_##name);                                     \
	}
#include "../frontend/memory.def"
#undef MEMORY

/*
 * A page that was not there while the probe fired may be now, and a text that was too long for the
 * kernel's record is not too long for us; true when it was read.
 */
static bool read_again(struct native_call *call, const struct memory_read *how, uint64_t address,
		       size_t length, bool *ok)
{
	struct buf text = BUF_INIT;
	size_t limit = native_limit_length(call->session, SIZE_MAX) + 1; /* one more tells of a cut */
	bool is_read = address && how->form != MEMORY_BYTES &&
		       read_bytes(call, how, address, length < limit ? length : limit, &text);

	if (is_read)
		*ok = text_finish(call, how, buf_text(&text), text.length,
				  call->arguments[3].number);
	buf_free(&text);
	return is_read;
}

/* (text, native, address or 0, output length or -1, length or -1[, text for faults]) */
bool builtin___captured_text(struct native_call *call)
{
	const struct str *text = call->arguments[0].string;
	int64_t id = call->arguments[1].number;
	const struct memory_read *how = id < 0 || id >= BUILTIN_COUNT ? NULL :
					builtin_memory_read((enum builtin_id)id);
	int64_t bound = call->arguments[4].number;
	size_t length = bound < 0 ? SIZE_MAX : (size_t)bound;
	bool ok;

	if (!how)
		return native_error(call, "no native reads text by the number %lld",
				    (long long)id);
	if (strcmp(text->data, CAPTURE_FAULT_TEXT) == 0 &&
	    read_again(call, how, (uint64_t)call->arguments[2].number, length, &ok))
		return ok;
	if (strcmp(text->data, CAPTURE_FAULT_TEXT) == 0)
		return text_fault(call, how, (uint64_t)call->arguments[2].number,
				  call->count > 5 ? call->arguments[5].string : NULL);
	return text_finish(call, how, text->data, text->length < length ? text->length : length,
			   call->arguments[3].number);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static struct native_call test_call(struct vm_session *session, const union value *arguments,
				    unsigned count, struct buf *error)
{
	static struct run_options options;
	static struct event event;

	run_options_init(&options);
	session->options = &options;
	event.tid = getpid();
	session->now.event = &event;
	return (struct native_call){ .session = session, .arguments = arguments, .count = count,
				     .error = error };
}

UNIT_TEST_CASE(memory_reads_numbers_of_every_size)
{
	static const int values[] = { -2, 7 };
	struct vm_session session = { 0 };
	union value arguments[1] = { { .number = (int64_t)(uintptr_t)values } };
	struct buf error = BUF_INIT;
	struct native_call call = test_call(&session, arguments, 1, &error);

	CHECK(builtin_user_int(&call));
	CHECK_INT(call.result.number, -2);
	CHECK(builtin_user_uint32(&call));
	CHECK_INT(call.result.number, 0xfffffffe);
	CHECK(builtin_user_char(&call));
	CHECK_INT(call.result.number, -2);
	CHECK(builtin_user_int64(&call));
	CHECK_INT(call.result.number, 0x7fffffffe);
	buf_free(&error);
}

UNIT_TEST_CASE(memory_faults_are_zero_or_an_error)
{
	struct vm_session session = { 0 };
	union value arguments[1] = { { .number = 16 } };
	struct buf error = BUF_INIT;
	struct native_call call = test_call(&session, arguments, 1, &error);

	CHECK(builtin_user_int(&call) && call.result.number == 0);
	CHECK(!builtin_user_int_error(&call));
	CHECK_STR(buf_text(&error), "cannot read user memory at 0x10");
	CHECK(!builtin_user_string(&call));
	CHECK(builtin_user_string_quoted(&call));
	CHECK_STR(call.result.string->data, "0x10");
	str_unref(call.result.string);
	buf_free(&error);
}

UNIT_TEST_CASE(memory_reads_texts)
{
	static const char text[] = "one\ttwo";
	static const uint16_t wide[] = { 'a', 0xe9, 0xd83d, 0xde00, 0 };
	struct vm_session session = { 0 };
	union value arguments[2] = { { .number = (int64_t)(uintptr_t)text }, { .number = 3 } };
	struct buf error = BUF_INIT;
	struct native_call call = test_call(&session, arguments, 2, &error);

	CHECK(builtin_user_string_n(&call));
	CHECK_STR(call.result.string->data, "one");
	str_unref(call.result.string);
	call.count = 1;
	CHECK(builtin_user_string_quoted(&call));
	CHECK_STR(call.result.string->data, "\"one\\ttwo\"");
	str_unref(call.result.string);
	arguments[0].number = (int64_t)(uintptr_t)wide;
	CHECK(builtin_user_string_utf16(&call));
	CHECK_STR(call.result.string->data, "a\xc3\xa9\xf0\x9f\x98\x80");
	str_unref(call.result.string);
	buf_free(&error);
}

UNIT_TEST_CASE(memory_counts_texts_that_are_cut)
{
	struct vm_session session = { 0 };
	struct buf error = BUF_INIT, text = BUF_INIT;
	union value arguments[1];
	struct native_call call = test_call(&session, arguments, 1, &error);
	size_t longest = native_limit_length(&session, SIZE_MAX);

	memset(buf_reserve(&text, longest + 2), 'x', longest);
	text.data[longest] = '\0';
	arguments[0].number = (int64_t)(uintptr_t)text.data;
	CHECK(builtin_user_string(&call));
	CHECK_INT(call.result.string->length, longest);
	CHECK_INT(session.limit_hits[LIMIT_MAXSTRINGLEN], 0);
	str_unref(call.result.string);
	memcpy(text.data + longest, "x", 2);
	CHECK(builtin_user_string(&call));
	CHECK_INT(call.result.string->length, longest);
	CHECK_INT(session.limit_hits[LIMIT_MAXSTRINGLEN], 1);
	str_unref(call.result.string);
	buf_free(&text);
	buf_free(&error);
}
#endif
