/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Natives: each row of frontend/builtin.def has a function builtin_<name>() in builtin-*.c with
 * this one signature. Arguments are borrowed and already of the row's types.
 */
#ifndef BUILTIN_H
#define BUILTIN_H

#include "regex.h"
#include "vm.h"

/* the last text that =~ matched, and where its groups stand in it */
struct last_match {
	struct str *subject;
	struct regex_groups groups;
};

/* what is left of the text that tokenize() was last given */
struct tokenizer {
	struct str *text;
	size_t next;
	bool ended;
};

/**
 * struct native_call - one call of a native
 * @count: how many arguments the script gave; optional ones may be missing
 * @result: 0, or for a string set by the native to one reference
 * @error: the message when the native returns false
 * @match: what matched() and ngroups() ask about
 * @abort: with false: end the handler without an error
 * @bare: with false: the message is shown without the position of the call
 */
struct native_call {
	struct vm_session *session;
	const union value *arguments;
	unsigned count;
	union value result;
	struct buf *error;
	struct last_match *match;
	struct tokenizer *tokenizer;
	bool abort, bare;
};
typedef bool native_function(struct native_call *call);

/** native_error() - fail the call with a message; returns false */
bool native_error(struct native_call *call, const char *format, ...) PRINTF_LIKE(2, 3);
/** native_return_text() - make the result a string, cut to MAXSTRINGLEN; returns true */
bool native_return_text(struct native_call *call, const char *data, size_t length);
bool native_return_string(struct native_call *call, const char *text);
bool native_return_buf(struct native_call *call, const struct buf *buf);
bool native_return_number(struct native_call *call, int64_t number);
/**
 * native_limit_length() - how much of a text of @length bytes a script can hold
 * What is cut is counted. SIZE_MAX asks for the longest there is.
 */
size_t native_limit_length(struct vm_session *session, size_t length);
/** native_task() - the task of the event */
struct task *native_task(struct native_call *call);
/** native_read_proc() - append /proc/TID/@file; false when there is none */
bool native_read_proc(int64_t tid, const char *file, struct buf *out);
/** quote_text() - append @data with control characters escaped; at most @room bytes, ... if cut */
void quote_text(const char *data, size_t length, size_t room, bool quotes, struct buf *out);

#define BUILTIN(name, result, parameters, flags, needs) native_function builtin_##name;
#include "../frontend/builtin.def"
#undef BUILTIN

#endif
