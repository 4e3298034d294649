// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Natives for floating-point numbers, which scripts carry as the bits of a double in a long: a
 * traced program's double is read as a 64-bit number and shown by fp_to_string().
 */
#include <math.h>

#include "builtin.h"

/* rounding modes as the documentation of fp_to_long() numbers them */
enum { ROUND_NEAR_EVEN, ROUND_TO_ZERO, ROUND_DOWN, ROUND_UP, ROUND_NEAR_AWAY, ROUND_ODD = 6 };

static double argument(const struct native_call *call, unsigned index)
{
	double number;

	memcpy(&number, &call->arguments[index].number, sizeof(number));
	return number;
}

static bool return_float(struct native_call *call, double number)
{
	memcpy(&call->result.number, &number, sizeof(number));
	return true;
}

bool builtin_long_to_fp(struct native_call *call)
{
	return return_float(call, (double)call->arguments[0].number);
}

bool builtin_fp32_to_fp64(struct native_call *call)
{
	uint32_t bits = (uint32_t)call->arguments[0].number;
	float number;

	memcpy(&number, &bits, sizeof(number));
	return return_float(call, (double)number);
}

/* digits, a sign, a point: no spaces around, no words */
bool builtin_string_to_fp(struct native_call *call)
{
	const char *text = call->arguments[0].string->data;
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end || text[strspn(text, "+-0123456789.eE")])
		return native_error(call, "invalid format");
	return return_float(call, number);
}

/* (number, digits behind the point) */
bool builtin_fp_to_string(struct native_call *call)
{
	int64_t digits = call->arguments[1].number;
	double number = argument(call, 0);
	struct buf text = BUF_INIT;
	bool ok;

	if (digits < 0 || digits > 1000)
		digits = digits < 0 ? 0 : 1000;
	buf_printf(&text, "%.*f", (int)digits, number);
	ok = native_return_buf(call, &text);
	buf_free(&text);
	return ok;
}

static double round_odd(double number)
{
	double whole = trunc(number);

	if (whole == number || fmod(whole, 2) != 0)
		return whole;
	return number < 0 ? whole - 1 : whole + 1;
}

/* ties go to the even neighbour, whatever rounding the processor is set to */
static double round_near_even(double number)
{
	double whole = floor(number), rest = number - whole;

	if (rest < 0.5 || (rest == 0.5 && fmod(whole, 2) == 0))
		return whole;
	return whole + 1;
}

static double round_as(double number, int64_t mode)
{
	switch (mode) {
	case ROUND_TO_ZERO: return trunc(number);
	case ROUND_DOWN: return floor(number);
	case ROUND_UP: return ceil(number);
	case ROUND_NEAR_AWAY: return round(number);
	case ROUND_ODD: return round_odd(number);
	default: return round_near_even(number);
	}
}

/* (number, rounding, whether to note inexactness: there is nothing to note it in) */
bool builtin_fp_to_long(struct native_call *call)
{
	double number = round_as(argument(call, 0), call->arguments[1].number);

	if (number >= 0x1p63)
		return native_return_number(call, INT64_MAX);
	if (!(number >= -0x1p63))
		return native_return_number(call, INT64_MIN);
	return native_return_number(call, (int64_t)number);
}

bool builtin_fp_add(struct native_call *call)
{
	return return_float(call, argument(call, 0) + argument(call, 1));
}

bool builtin_fp_sub(struct native_call *call)
{
	return return_float(call, argument(call, 0) - argument(call, 1));
}

bool builtin_fp_mul(struct native_call *call)
{
	return return_float(call, argument(call, 0) * argument(call, 1));
}

bool builtin_fp_div(struct native_call *call)
{
	return return_float(call, argument(call, 0) / argument(call, 1));
}

bool builtin_fp_rem(struct native_call *call)
{
	return return_float(call, remainder(argument(call, 0), argument(call, 1)));
}

bool builtin_fp_sqrt(struct native_call *call)
{
	return return_float(call, sqrt(argument(call, 0)));
}

bool builtin_fp_eq(struct native_call *call)
{
	return native_return_number(call, argument(call, 0) == argument(call, 1));
}

bool builtin_fp_le(struct native_call *call)
{
	return native_return_number(call, argument(call, 0) <= argument(call, 1));
}

bool builtin_fp_lt(struct native_call *call)
{
	return native_return_number(call, argument(call, 0) < argument(call, 1));
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(float_rounds_in_each_way)
{
	static const struct { double number; int64_t mode, result; } cases[] = {
		{ 2.5, ROUND_NEAR_EVEN, 2 }, { 3.5, ROUND_NEAR_EVEN, 4 }, { -2.5, ROUND_NEAR_EVEN, -2 },
		{ -2.7, ROUND_TO_ZERO, -2 }, { -2.2, ROUND_DOWN, -3 }, { 2.2, ROUND_UP, 3 },
		{ 2.5, ROUND_NEAR_AWAY, 3 }, { 2.1, ROUND_ODD, 3 }, { 3.9, ROUND_ODD, 3 },
		{ -2.1, ROUND_ODD, -3 }, { 1e300, ROUND_NEAR_EVEN, INT64_MAX },
		{ -1e300, ROUND_NEAR_EVEN, INT64_MIN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union value arguments[3] = { { 0 }, { .number = cases[i].mode }, { 0 } };
		struct native_call call = { .arguments = arguments, .count = 3 };

		memcpy(&arguments[0].number, &cases[i].number, sizeof(double));
		CHECK(builtin_fp_to_long(&call));
		CHECK_INT(call.result.number, cases[i].result);
	}
}
#endif
