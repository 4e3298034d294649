/* SPDX-License-Identifier: GPL-2.0-or-later */
/* C++ symbols as they were declared. */
#ifndef DEMANGLE_H
#define DEMANGLE_H

#include "../lib/lib.h"

struct demangler;
struct demangler *demangler_new(void);
void demangler_free(struct demangler *demangler);
/** demangle() - @name as declared, or @name itself when it is not mangled; valid as both are */
const char *demangle(struct demangler *demangler, const char *name);

#endif
