// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Taken branches, told from the instruction and from where execution went on. What went on further
 * away than the longest instruction did branch; only what stays near has to be looked at: on x86 the
 * opcodes of jumps, calls and returns (Intel SDM, volume 2, appendix A), on arm64 nothing, since all
 * instructions have 4 bytes.
 */
#include "branch.h"

#ifdef __aarch64__

bool branch_taken(const unsigned char *code, size_t size, int64_t distance)
{
	(void)code;
	(void)size;
	return distance != 4;
}

#else

static bool is_prefix(unsigned char byte)
{
	switch (byte) {
	case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65: case 0x66: case 0x67:
	case 0xf2: case 0xf3:
		return true;
	default:
		return (byte & 0xf0) == 0x40; /* REX */
	}
}

/* jmp, call, ret; the second operand of group 5 says which it is */
static bool is_unconditional(const unsigned char *code, size_t left)
{
	switch (code[0]) {
	case 0xc2: case 0xc3: case 0xca: case 0xcb: case 0xcf: case 0xe8: case 0xe9: case 0xeb:
		return true;
	case 0xff:
		return left > 1 && (code[1] >> 3 & 7) >= 2 && (code[1] >> 3 & 7) <= 5;
	default:
		return false;
	}
}

/* the length of jcc, loop and jcxz without prefixes, 0 for others */
static unsigned conditional_length(const unsigned char *code, size_t left)
{
	if ((code[0] & 0xf0) == 0x70 || (code[0] & 0xfc) == 0xe0)
		return 2;
	return code[0] == 0x0f && left > 1 && (code[1] & 0xf0) == 0x80 ? 6 : 0;
}

bool branch_taken(const unsigned char *code, size_t size, int64_t distance)
{
	size_t prefixes = 0;
	unsigned length;

	if (distance < 0 || distance > BRANCH_CODE_BYTES)
		return true;
	while (prefixes < size && is_prefix(code[prefixes]))
		prefixes++;
	if (prefixes == size)
		return false;
	if (is_unconditional(code + prefixes, size - prefixes))
		return true;
	length = conditional_length(code + prefixes, size - prefixes);
	return length && distance != (int64_t)(prefixes + length);
}

#endif

#ifdef UNIT_TEST
#include "../lib/unit.h"

#ifdef __x86_64__
UNIT_TEST_CASE(branches_are_told_from_their_code)
{
	static const struct {
		const char *code;
		int64_t distance;
		bool taken;
	} cases[] = {
		{ "\x90", 1, false },		/* nop */
		{ "\x75\x02", 2, false },	/* jnz, not taken */
		{ "\x75\x02", 4, true },
		{ "\x0f\x84\1\1\1\1", 6, false }, /* je, not taken */
		{ "\x0f\x84\1\1\1\1", 12, true },
		{ "\xf2\xeb\x00", 3, true },	/* bnd jmp to what follows */
		{ "\xc3", 5, true },
		{ "\xff\xd0", 7, true },	/* call *%rax */
		{ "\xff\xc0", 2, false },	/* inc %eax */
		{ "\xf3\xa4", 0, false },	/* rep movsb, once more */
		{ "\xeb\xfe", 0, true },	/* jmp to itself */
		{ "\x48\x89\xd8", -100, true },	/* a signal handler was entered */
		{ "\x66\x66", 2, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK_INT(branch_taken((const unsigned char *)cases[i].code, strlen(cases[i].code),
				       cases[i].distance), cases[i].taken);
}
#endif
#endif
