/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions whose body is C (%{ … %} under -g): compiled for user space by the system's compiler
 * into one shared object when the program holds any, and called through it.
 */
#ifndef EMBEDDED_H
#define EMBEDDED_H

#include "vm.h"

struct bytecode;
struct code;
struct embedded;
struct embedded_frame;
struct global;
typedef int embedded_function(struct embedded_frame *frame);

/** embedded_load() - compile and load all C bodies; false after messages on stderr */
bool embedded_load(struct bytecode *bytecode);
void embedded_free(struct embedded *embedded);
enum embedded_verdict { EMBEDDED_DONE, EMBEDDED_ERROR, EMBEDDED_NEXT };
/**
 * embedded_call() - run the C body of @code
 * @globals: all of the program's, for STAP_GLOBAL_GET_x and STAP_GLOBAL_SET_x
 * @result: a string result is one reference, whatever the verdict
 * Returns an enum embedded_verdict: STAP_ERROR leaves its message in @error, STAP_NEXT asks for
 * the next overload.
 */
int embedded_call(struct bytecode *bytecode, const struct code *code,
		  const union value *arguments, struct global *globals,
		  struct vm_session *session, union value *result, struct buf *error);

#endif
