/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the natives of builtin-stack.c keep from call to call: symbols, and stacks already seen. */
#ifndef STACK_H
#define STACK_H

#include <stdbool.h>

struct address_space;
struct line_reader;
struct stacks;
struct str;
struct symbolizer;
struct vm_session;

/** stacks_free() - release what vm_session.stacks holds; NULL is allowed */
void stacks_free(struct stacks *stacks);

/** stacks_symbolizer() - the session's one symbolizer */
struct symbolizer *stacks_symbolizer(struct vm_session *session);
/** stacks_lines() - the session's one reader of source lines */
struct line_reader *stacks_lines(struct vm_session *session);
/**
 * stacks_owner() - was @text taken from a stack, and of which process? @space NULL: the kernel's
 * @space is set only then, borrowed.
 */
bool stacks_owner(struct vm_session *session, struct str *text, const struct address_space **space);
/** stack_is_text() - does @text look like what backtrace() or sprint_backtrace() give? */
bool stack_is_text(const struct str *text);

#endif
