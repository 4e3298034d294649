/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the natives of builtin-stack.c keep from call to call: symbols, and stacks already seen. */
#ifndef STACK_H
#define STACK_H

struct stacks;

/** stacks_free() - release what vm_session.stacks holds; NULL is allowed */
void stacks_free(struct stacks *stacks);

#endif
