// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * printf at run time: one function per kind of conversion over pieces parsed long before. Padding,
 * flags and their odd corners are SystemTap's, not the C library's: zero padding is kept beside a
 * precision, `#` prefixes a zero value too, and `0` on %s, %m and %M appends a NUL byte.
 */
#include <ctype.h>

#include "print.h"

enum {
	WIDTH_MOST = 8192, /* of a field, a precision, a memory dump */
	DIGITS_MOST = 22,  /* of 2^64 in octal */
};

/* one conversion with `*` already resolved */
struct field {
	const struct format_piece *piece;
	int width, precision; /* -1: not given */
	bool left;
};

struct printing {
	struct buf *out;
	const struct print_memory *memory;
	uint64_t fault;
	bool failed;
};

static const char digit_pairs[] =
	"00010203040506070809101112131415161718192021222324"
	"25262728293031323334353637383940414243444546474849"
	"50515253545556575859606162636465666768697071727374"
	"75767778798081828384858687888990919293949596979899";

/* decimal digits of @number, ending before @end; returns where they start */
static char *decimal_digits(char *end, uint64_t number)
{
	while (number >= 100) {
		end -= 2;
		memcpy(end, digit_pairs + number % 100 * 2, 2);
		number /= 100;
	}
	if (number >= 10) {
		end -= 2;
		memcpy(end, digit_pairs + number * 2, 2);
		return end;
	}
	*--end = '0' + number;
	return end;
}

static char *binary_digits(char *end, uint64_t number, unsigned bits, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	do {
		*--end = digits[number & ((1u << bits) - 1)];
		number >>= bits;
	} while (number);
	return end;
}

void print_number(int64_t number, struct buf *out)
{
	char text[DIGITS_MOST], *end = text + sizeof(text), *start;

	start = decimal_digits(end, number < 0 ? -(uint64_t)number : (uint64_t)number);
	if (number < 0)
		*--start = '-';
	buf_add(out, start, end - start);
}

static void put_repeated(struct buf *out, char c, int64_t count)
{
	if (count <= 0)
		return;
	memset(buf_reserve(out, count), c, count);
	out->length += count;
	out->data[out->length] = '\0';
}

/* @length bytes in a field padded with @pad */
static void put_padded(struct buf *out, const struct field *field, const char *data, size_t length,
		       char pad)
{
	int64_t padding = (int64_t)field->width - (int64_t)length;

	if (!field->left)
		put_repeated(out, pad, padding);
	buf_add(out, data, length);
	if (field->left)
		put_repeated(out, pad, padding);
}

/* ---- numbers ---- */

static const char *number_prefix(const struct format_piece *piece, int64_t number)
{
	switch (piece->kind) {
	case FORMAT_SIGNED:
		return number < 0 ? "-" : piece->plus ? "+" : piece->space ? " " : "";
	case FORMAT_POINTER:
		return "0x";
	case FORMAT_HEX:
		return !piece->alternate ? "" : piece->upper ? "0X" : "0x";
	case FORMAT_OCTAL:
		return piece->alternate ? "0" : "";
	default:
		return "";
	}
}

static char *number_digits(const struct format_piece *piece, char *end, int64_t number)
{
	switch (piece->kind) {
	case FORMAT_SIGNED:
		return decimal_digits(end, number < 0 ? -(uint64_t)number : (uint64_t)number);
	case FORMAT_HEX:
	case FORMAT_POINTER:
		return binary_digits(end, number, 4, piece->upper);
	case FORMAT_OCTAL:
		return binary_digits(end, number, 3, false);
	default:
		return decimal_digits(end, number);
	}
}

static void print_integer(struct buf *out, const struct field *field, int64_t number)
{
	char text[DIGITS_MOST], *end = text + sizeof(text);
	char *start = number_digits(field->piece, end, number);
	const char *prefix = number_prefix(field->piece, number);
	int digits = end - start, zeros, padding;

	zeros = field->precision > digits ? field->precision - digits : 0;
	padding = field->width - (int)strlen(prefix) - zeros - digits;
	if (field->piece->zero && !field->left && padding > 0) {
		zeros += padding;
		padding = 0;
	}
	if (!field->left)
		put_repeated(out, ' ', padding);
	buf_puts(out, prefix);
	put_repeated(out, '0', zeros);
	buf_add(out, start, digits);
	if (field->left)
		put_repeated(out, ' ', padding);
}

/* ---- bytes ---- */

static bool is_raw_size(int size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

/* the number's low bytes, in the machine's order; padded with zero bytes */
static void print_raw(struct buf *out, struct field field, int64_t number)
{
	int size = is_raw_size(field.precision) ? field.precision :
		   is_raw_size(field.width)	? field.width :
						  8;
	char bytes[8];

	memcpy(bytes, &number, sizeof(bytes));
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		memmove(bytes, bytes + 8 - size, size);
	put_padded(out, &field, bytes, size, '\0');
}

static size_t escape_char(unsigned char c, char text[4])
{
	static const char escaped[] = "\a\b\f\n\r\t\v'\\", letters[] = "abfnrtv'\\";
	const char *found = c ? strchr(escaped, c) : NULL;

	text[0] = '\\';
	if (found) {
		text[1] = letters[found - escaped];
		return 2;
	}
	if (isascii(c) && isprint(c)) {
		text[0] = c;
		return 1;
	}
	text[1] = '0' + (c >> 6);
	text[2] = '0' + (c >> 3 & 7);
	text[3] = '0' + (c & 7);
	return 4;
}

static void print_char(struct buf *out, const struct field *field, int64_t number)
{
	char text[4] = { (char)number };
	size_t length = 1;

	if (field->piece->alternate)
		length = escape_char((unsigned char)number, text);
	put_padded(out, field, text, length, ' ');
}

static void print_string(struct buf *out, const struct field *field, const struct str *str)
{
	size_t length = str->length;

	if (field->precision >= 0 && length > (size_t)field->precision)
		length = field->precision;
	put_padded(out, field, str->data, length, ' ');
	if (field->piece->zero)
		buf_putc(out, '\0');
}

static void print_memory(struct printing *printing, const struct field *field, int64_t address)
{
	const struct print_memory *memory = printing->memory;
	unsigned char bytes[WIDTH_MOST];
	char text[2 * WIDTH_MOST + 1];
	size_t size = field->precision > 0 ? field->precision : 1;

	if (!memory)
		return;
	if (!memory->read(memory->owner, address, field->piece->alternate, bytes, size)) {
		printing->fault = address;
		printing->failed = true;
		return;
	}
	if (field->piece->kind == FORMAT_MEMORY) {
		put_padded(printing->out, field, (char *)bytes, size, ' ');
	} else {
		for (size_t i = 0; i < size; i++)
			snprintf(text + 2 * i, 3, "%02x", bytes[i]);
		put_padded(printing->out, field, text, 2 * size, ' ');
	}
	if (field->piece->zero)
		buf_putc(printing->out, '\0');
}

/* ---- formats ---- */

static int clamp_width(int64_t width)
{
	return width < 0 ? 0 : width > WIDTH_MOST ? WIDTH_MOST : (int)width;
}

/* take the `*` arguments of @piece; returns the argument that follows them */
static const union value *resolve_field(const struct format_piece *piece,
					const union value *argument, struct field *field)
{
	int64_t width = piece->width, precision = piece->precision;

	*field = (struct field){ piece, .width = -1, .precision = -1, .left = piece->left };
	if (piece->width_argument) {
		width = argument++->number;
		if (width < 0) {
			field->left = true;
			width = width < -WIDTH_MOST ? WIDTH_MOST : -width;
		}
	}
	if (piece->precision_argument)
		precision = argument++->number;
	if (piece->width_argument || width >= 0)
		field->width = clamp_width(width);
	if (piece->precision_argument || precision >= 0)
		field->precision = clamp_width(precision);
	return argument;
}

static void print_piece(struct printing *printing, const struct field *field, union value argument)
{
	switch (field->piece->kind) {
	case FORMAT_STRING:
		print_string(printing->out, field, argument.string);
		break;
	case FORMAT_CHAR:
		print_char(printing->out, field, argument.number);
		break;
	case FORMAT_BINARY:
		print_raw(printing->out, *field, argument.number);
		break;
	case FORMAT_MEMORY:
	case FORMAT_MEMORY_HEX:
		print_memory(printing, field, argument.number);
		break;
	default:
		print_integer(printing->out, field, argument.number);
	}
}

static bool piece_is_plain(const struct format_piece *piece)
{
	return piece->width < 0 && piece->precision < 0 && !piece->width_argument &&
	       !piece->precision_argument && !piece->plus && !piece->space && !piece->zero;
}

static void print_pieces(struct printing *printing, const struct format *format,
			 const union value *argument)
{
	const struct format_piece *end = format->pieces.items + format->pieces.count;

	for (const struct format_piece *piece = format->pieces.items; piece < end; piece++) {
		struct field field;

		if (piece->kind == FORMAT_LITERAL) {
			buf_add(printing->out, piece->text, piece->length);
		} else if (piece->kind == FORMAT_SIGNED && piece_is_plain(piece)) {
			print_number(argument++->number, printing->out);
		} else if (piece->kind == FORMAT_STRING && piece_is_plain(piece)) {
			buf_add(printing->out, argument->string->data, argument->string->length);
			argument++;
		} else {
			argument = resolve_field(piece, argument, &field);
			print_piece(printing, &field, *argument++);
		}
	}
}

bool print_format_reading(const struct format *format, const union value *arguments,
			  struct buf *out, const struct print_memory *memory, uint64_t *fault)
{
	struct printing printing = { .out = out, .memory = memory };
	size_t before = out->length;

	print_pieces(&printing, format, arguments);
	if (!printing.failed)
		return true;
	out->length = before;
	out->data[before] = '\0';
	*fault = printing.fault;
	return false;
}

void print_format(const struct format *format, const union value *arguments, struct buf *out)
{
	struct printing printing = { .out = out };

	print_pieces(&printing, format, arguments);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static bool read_alphabet(void *owner, uint64_t address, bool is_user, void *to, size_t size)
{
	(void)owner;
	for (size_t i = 0; i < size; i++)
		((char *)to)[i] = (is_user ? 'A' : 'a') + (address + i) % 26;
	return address != 0;
}

/* one conversion of one number */
static void check_number(struct format_piece piece, int64_t number, const char *expected)
{
	struct format format = { .pieces = { &piece, 1, 1 }, .argument_count = 1 };
	const struct print_memory memory = { read_alphabet, NULL };
	union value argument = { .number = number };
	struct buf out = BUF_INIT;
	uint64_t fault;

	CHECK(print_format_reading(&format, &argument, &out, &memory, &fault));
	CHECK_STR(buf_text(&out), expected);
	buf_free(&out);
}

#define PIECE(kind, ...) ((struct format_piece){ kind, .width = -1, .precision = -1, __VA_ARGS__ })
#define NONE /* no flags */

/* numbers of the examples in stap(1), and the corners that differ from the C library */
UNIT_TEST_CASE(print_integers_as_documented)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
	check_number(PIECE(FORMAT_SIGNED, NONE), INT64_MIN, "-9223372036854775808");
	check_number(PIECE(FORMAT_UNSIGNED, NONE), -1, "18446744073709551615");
	check_number(PIECE(FORMAT_POINTER, NONE), 0x1234abcd, "0x1234abcd");
	check_number(PIECE(FORMAT_HEX, .upper = true), 0x1234abcd, "1234ABCD");
	check_number(PIECE(FORMAT_OCTAL, .alternate = true), 1, "01");
	check_number(PIECE(FORMAT_OCTAL, NONE), -1, "1777777777777777777777");
	check_number(PIECE(FORMAT_HEX, .alternate = true), 0, "0x0");
	check_number(PIECE(FORMAT_HEX, .alternate = true, .upper = true), 3, "0X3");
	check_number(PIECE(FORMAT_SIGNED, .plus = true, .width = 5), 12, "  +12");
	check_number(PIECE(FORMAT_SIGNED, .space = true), 12, " 12");
	check_number(PIECE(FORMAT_SIGNED, .zero = true, .width = 6), -12, "-00012");
	check_number(PIECE(FORMAT_SIGNED, .zero = true, .width = 6, .precision = 3), 12, "000012");
	check_number(PIECE(FORMAT_SIGNED, .width = 6, .precision = 3), 12, "   012");
	check_number(PIECE(FORMAT_SIGNED, .left = true, .zero = true, .width = 6), 12, "12    ");
	check_number(PIECE(FORMAT_POINTER, .zero = true, .width = 10), 0xab, "0x000000ab");
	check_number(PIECE(FORMAT_SIGNED, .precision = 0), 0, "0");
	check_number(PIECE(FORMAT_CHAR, .width = 3), 'a', "  a");
	check_number(PIECE(FORMAT_CHAR, .alternate = true), 0, "\\000");
	check_number(PIECE(FORMAT_CHAR, .alternate = true), 9, "\\t");
	check_number(PIECE(FORMAT_CHAR, .alternate = true), 42, "*");
	check_number(PIECE(FORMAT_CHAR, .alternate = true, .left = true, .width = 5), -1, "\\377 ");
	check_number(PIECE(FORMAT_MEMORY, .precision = 4, .width = 10), 26, "      abcd");
	check_number(PIECE(FORMAT_MEMORY, .alternate = true), 27, "B");
	check_number(PIECE(FORMAT_MEMORY_HEX, .precision = 2), 26, "6162");
	check_number(PIECE(FORMAT_MEMORY_HEX, .left = true, .width = 4), 26, "61  ");
	check_number(PIECE(FORMAT_BINARY, .width = 4), 0x44434241, "ABCD");
	check_number(PIECE(FORMAT_BINARY, .precision = 1), 0x44434241, "A");
	check_number(PIECE(FORMAT_BINARY, .width = 3), 0x4847464544434241, "ABCDEFGH");
#pragma GCC diagnostic pop
}

UNIT_TEST_CASE(print_takes_stars_and_literals_in_order)
{
	struct format_piece pieces[] = {
		{ .kind = FORMAT_LITERAL, .text = "a%", .length = 2 },
		{ .kind = FORMAT_STRING, .width_argument = true, .precision_argument = true },
		{ .kind = FORMAT_LITERAL, .text = "|", .length = 1 },
		{ .kind = FORMAT_SIGNED, .width = -1, .precision = -1 },
	};
	struct format format = { .pieces = { pieces, 4, 4 } };
	union value arguments[] = { { .number = -6 }, { .number = 2 },
				    { .string = str_new("xyz", 3) }, { .number = 7 } };
	struct buf out = BUF_INIT;

	print_format(&format, arguments, &out);
	CHECK_STR(buf_text(&out), "a%xy    |7");
	buf_reset(&out);
	arguments[0].number = INT64_MIN;
	arguments[1].number = INT64_MIN;
	print_format(&format, arguments, &out);
	CHECK_INT(out.length, 2 + WIDTH_MOST + 2);
	buf_free(&out);
	str_unref(arguments[2].string);
}

UNIT_TEST_CASE(print_of_unreadable_memory_prints_nothing)
{
	struct format_piece pieces[] = {
		{ .kind = FORMAT_LITERAL, .text = "before", .length = 6 },
		{ .kind = FORMAT_MEMORY, .width = -1, .precision = 8192 },
	};
	struct format format = { .pieces = { pieces, 2, 2 } };
	const struct print_memory memory = { read_alphabet, NULL };
	union value argument = { .number = 0 };
	struct buf out = BUF_INIT;
	uint64_t fault = 1;

	buf_puts(&out, "kept ");
	CHECK(!print_format_reading(&format, &argument, &out, &memory, &fault));
	CHECK_INT(fault, 0);
	CHECK_STR(buf_text(&out), "kept ");
	buf_free(&out);
}

UNIT_TEST_CASE(print_number_agrees_with_the_c_library)
{
	unsigned seed = 11;

	for (int i = 0; i < 20000; i++) {
		uint64_t bits = (uint64_t)rand_r(&seed) << 33 ^ (uint64_t)rand_r(&seed) << 3;
		int64_t number = (int64_t)bits >> rand_r(&seed) % 64;
		struct buf out = BUF_INIT;
		char expected[32];

		snprintf(expected, sizeof(expected), "%lld", (long long)number);
		print_number(number, &out);
		CHECK_STR(buf_text(&out), expected);
		buf_free(&out);
	}
}

/* a conversion and what the C library calls it */
struct random_conversion {
	struct format_piece piece;
	union value arguments[3];
	char text[32]; /* "%-+08.3lld", with `*` where the number is an argument */
	int count;
};

static void random_flags(struct format_piece *piece, char *text, unsigned *seed)
{
	unsigned bits = (unsigned)rand_r(seed) >> 3;
	bool is_number = piece->kind != FORMAT_STRING && piece->kind != FORMAT_CHAR;
	bool is_based = piece->kind == FORMAT_HEX || piece->kind == FORMAT_OCTAL;

	piece->left = bits & 1;
	piece->plus = bits >> 1 & (piece->kind == FORMAT_SIGNED);
	piece->space = bits >> 2 & (piece->kind == FORMAT_SIGNED);
	/* where ours means something else: NUL bytes, digits beside a precision, a prefix of 0 */
	piece->zero = bits >> 3 & (is_number && piece->precision < 0);
	piece->alternate = bits >> 4 & (is_based && piece->precision < 0);
	sprintf(text, "%s%s%s%s%s", piece->left ? "-" : "", piece->plus ? "+" : "",
		piece->space ? " " : "", piece->zero ? "0" : "",
		piece->alternate || piece->kind == FORMAT_POINTER ? "#" : "");
}

/* the width's or precision's part of the format; @argument: by `*` */
static void random_number(struct random_conversion *random, const char *before, int64_t number,
			  bool argument)
{
	char *end = random->text + strlen(random->text);

	if (number < 0 && !argument)
		return;
	if (argument)
		random->arguments[random->count++].number = number;
	snprintf(end, 8, argument ? "%s*" : "%s%d", before, (int)number);
}

static void random_conversion(struct random_conversion *random, unsigned *seed)
{
	static const struct { enum format_kind kind; bool upper; const char *letter; } kinds[] = {
		{ FORMAT_SIGNED, false, "lld" }, { FORMAT_UNSIGNED, false, "llu" },
		{ FORMAT_HEX, false, "llx" }, { FORMAT_HEX, true, "llX" },
		{ FORMAT_OCTAL, false, "llo" }, { FORMAT_POINTER, false, "llx" },
		{ FORMAT_CHAR, false, "c" }, { FORMAT_STRING, false, "s" },
	};
	size_t kind = (size_t)rand_r(seed) % ARRAY_SIZE(kinds);
	int width = rand_r(seed) % 3 ? rand_r(seed) % 40 : -1;
	int precision = kinds[kind].kind != FORMAT_CHAR && rand_r(seed) % 2 ? rand_r(seed) % 30 : -1;
	bool width_argument = width >= 0 && rand_r(seed) % 2;
	bool precision_argument = precision >= 0 && rand_r(seed) % 2;
	char flags[8];

	memset(random, 0, sizeof(*random));
	random->piece = (struct format_piece){
		.kind = kinds[kind].kind, .upper = kinds[kind].upper,
		.width = width_argument ? -1 : width, .width_argument = width_argument,
		.precision = precision_argument ? -1 : precision,
		.precision_argument = precision_argument,
	};
	random->piece.precision = precision; /* for the flags' sake */
	random_flags(&random->piece, flags, seed);
	random->piece.precision = precision_argument ? -1 : precision;
	sprintf(random->text, "%%%s", flags);
	random_number(random, "", width_argument && rand_r(seed) % 3 == 0 ? -width : width,
		      width_argument);
	random_number(random, ".", precision, precision_argument);
	strcat(random->text, kinds[kind].letter);
}

/* what the C library makes of it, for each way to hand over widths */
static int reference_print(const struct random_conversion *random, char *to, size_t size)
{
	int a = (int)random->arguments[0].number, b = (int)random->arguments[1].number;
	union value value = random->arguments[random->count];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#define PRINT(value)                                                                            \
	(random->count == 0 ? snprintf(to, size, random->text, value) :                         \
	 random->count == 1 ? snprintf(to, size, random->text, a, value) :                      \
			      snprintf(to, size, random->text, a, b, value))
	if (random->piece.kind == FORMAT_STRING)
		return PRINT(value.string->data);
	if (random->piece.kind == FORMAT_CHAR)
		return PRINT((int)value.number);
	return PRINT((long long)value.number);
#undef PRINT
#pragma GCC diagnostic pop
}

UNIT_TEST_CASE(print_agrees_with_the_c_library_on_random_conversions)
{
	static const char letters[] = "the quick brown fox jumps over";
	unsigned seed = 23;

	for (int i = 0; i < 50000; i++) {
		struct random_conversion random;
		struct format format = { .pieces = { &random.piece, 1, 1 } };
		uint64_t bits = (uint64_t)rand_r(&seed) << 33 ^ (uint64_t)rand_r(&seed) << 3 ^ 1;
		struct buf out = BUF_INIT;
		union value *value;
		char expected[256];
		int length;

		random_conversion(&random, &seed);
		value = &random.arguments[random.count];
		value->number = (int64_t)bits >> rand_r(&seed) % 63;
		value->number += !value->number; /* 0 has a prefix, and digits, of our own */
		if (random.piece.kind == FORMAT_STRING)
			value->string = str_new(letters, (size_t)rand_r(&seed) % sizeof(letters));
		length = reference_print(&random, expected, sizeof(expected));
		print_format(&format, random.arguments, &out);
		if (out.length != (size_t)length || memcmp(buf_text(&out), expected, out.length))
			unit_fail(__FILE__, __LINE__, "%s gives \"%s\", expected \"%s\"", random.text,
				  buf_text(&out), expected);
		if (random.piece.kind == FORMAT_STRING)
			str_unref(value->string);
		buf_free(&out);
	}
}
#endif
