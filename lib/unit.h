/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests that stand at the bottom of the file they test. Cases register themselves; the main()
 * of unit.c runs each in a forked child, so that one crash fails one case.
 */
#ifndef UNIT_H
#define UNIT_H

#include "lib.h"

struct unit_case {
	const char *file, *name;
	void (*run)(void);
	struct unit_case *next;
};
void unit_register(struct unit_case *unit);
/** unit_fail() - report a failed check and end this case's process */
NORETURN void unit_fail(const char *file, int line, const char *format, ...) PRINTF_LIKE(3, 4);
void unit_check_str(const char *file, int line, const char *is, const char *expected);

#define UNIT_TEST_CASE(name)                                                                    \
	static void unit_##name(void);                                                          \
	__attribute__((constructor)) static void unit_register_##name(void)                     \
	{                                                                                       \
		static struct unit_case unit = { __FILE__, #name, unit_##name, NULL };          \
		unit_register(&unit);                                                           \
	}                                                                                       \
	static void unit_##name(void)

#define CHECK(condition)                                                                        \
	do {                                                                                    \
		if (!(condition))                                                               \
			unit_fail(__FILE__, __LINE__, "%s is false", #condition);               \
	} while (0)
#define CHECK_INT(is, expected)                                                                 \
	do {                                                                                    \
		long long unit_is = (long long)(is), unit_expected = (long long)(expected);     \
		if (unit_is != unit_expected)                                                   \
			unit_fail(__FILE__, __LINE__, "%s is %lld, expected %lld", #is,         \
				  unit_is, unit_expected);                                      \
	} while (0)
#define CHECK_STR(is, expected) unit_check_str(__FILE__, __LINE__, is, expected)

#endif
