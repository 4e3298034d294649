/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fetches and recipes as values: made, compared, printed. The print is what -p3 shows: a register
 * is rN (DWARF's number), memory is a type with its address in brackets, `u32[u64[r5+8]+16]`.
 */
#include <inttypes.h>

#include "semantic.h"

#define MAX_PRINTED_DEPTH 64

struct recipe *recipe_number(struct arena *arena, const struct fetch *fetch)
{
	struct recipe *recipe = arena_new_object(arena, struct recipe);

	recipe->form = RECIPE_NUMBER;
	recipe->fetch = fetch;
	return recipe;
}

const struct fetch *fetch_with_offset(struct arena *arena, const struct fetch *fetch,
				      int64_t offset)
{
	struct fetch *sum = arena_memdup(arena, fetch, sizeof(*fetch));

	sum->offset = (int64_t)((uint64_t)sum->offset + (uint64_t)offset);
	return sum;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool fetch_equal(const struct fetch *a, const struct fetch *b)
{
	for (; a != b; a = a->base, b = b->base)
		if (!a || !b || a->kind != b->kind || a->offset != b->offset || a->reg != b->reg ||
		    a->size != b->size || a->is_signed != b->is_signed ||
		    a->is_user != b->is_user || !same_text(a->symbol, b->symbol))
			return false;
	return true;
}

bool recipe_equal(const struct recipe *a, const struct recipe *b)
{
	if (a == b || !a || !b)
		return a == b;
	return a->form == b->form && a->is_user == b->is_user && a->length == b->length &&
	       a->bit_offset == b->bit_offset && a->bit_size == b->bit_size &&
	       fetch_equal(a->fetch, b->fetch);
}

static void print_offset(int64_t offset, struct buf *out)
{
	if (offset)
		buf_printf(out, "%+" PRId64, offset);
}

static void print_fetch(const struct fetch *fetch, unsigned depth, struct buf *out)
{
	if (depth > MAX_PRINTED_DEPTH) {
		buf_puts(out, "...");
		return;
	}
	switch (fetch->kind) {
	case FETCH_CONSTANT:
		buf_printf(out, "%" PRId64, fetch->offset);
		return;
	case FETCH_REGISTER: buf_printf(out, "r%u", fetch->reg); break;
	case FETCH_ENTRY: buf_printf(out, "entry's r%u", fetch->reg); break;
	case FETCH_RETURN: buf_puts(out, "return"); break;
	case FETCH_SYMBOL: buf_printf(out, "@%s", fetch->symbol ? fetch->symbol : ""); break;
	case FETCH_FIELD: buf_printf(out, "$%s", fetch->symbol); break;
	case FETCH_DEREF:
		buf_printf(out, "%s%c%u[", fetch->is_user ? "user " : "",
			   fetch->is_signed ? 's' : 'u', fetch->size * 8);
		print_fetch(fetch->base, depth + 1, out);
		buf_putc(out, ']');
		break;
	}
	print_offset(fetch->offset, out);
}

void recipe_print(const struct recipe *recipe, struct buf *out)
{
	static const char *const forms[] = { "", "text", "bytes" };

	if (recipe->form != RECIPE_NUMBER)
		buf_printf(out, "%s%s[", recipe->is_user ? "user " : "", forms[recipe->form]);
	print_fetch(recipe->fetch, 0, out);
	if (recipe->form != RECIPE_NUMBER)
		buf_putc(out, ']');
	if (recipe->length)
		buf_printf(out, " up to %" PRIu32, recipe->length);
	if (recipe->bit_size)
		buf_printf(out, " bits %u to %u", recipe->bit_offset,
			   recipe->bit_offset + recipe->bit_size - 1);
}

void frontend_print_captures(const struct probe *probe, FILE *out)
{
	for (size_t i = 0; i < probe->captures.count; i++) {
		const struct capture *capture = probe->captures.items[i];
		struct buf text = BUF_INIT;

		if (capture->kind != CAPTURE_FETCH || !capture->recipe)
			continue;
		recipe_print(capture->recipe, &text);
		fprintf(out, "  capture %u: %s = %s\n", capture->slot, capture->name,
			buf_text(&text));
		buf_free(&text);
	}
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(recipe_prints_chains)
{
	struct fetch base = { .kind = FETCH_REGISTER, .reg = 5, .offset = 8 };
	struct fetch inner = { .kind = FETCH_DEREF, .base = &base, .size = 8, .offset = 16 };
	struct fetch outer = { .kind = FETCH_DEREF, .base = &inner, .size = 4, .is_signed = true,
			       .is_user = true };
	struct recipe number = { .fetch = &outer, .bit_offset = 3, .bit_size = 2 };
	struct recipe string = { .form = RECIPE_STRING, .fetch = &base, .length = 9 };
	struct buf text = BUF_INIT;

	recipe_print(&number, &text);
	CHECK_STR(buf_text(&text), "user s32[u64[r5+8]+16] bits 3 to 4");
	buf_reset(&text);
	recipe_print(&string, &text);
	CHECK_STR(buf_text(&text), "text[r5+8] up to 9");
	buf_free(&text);
}

UNIT_TEST_CASE(recipe_equality_looks_through_chains)
{
	struct fetch base = { .kind = FETCH_REGISTER, .reg = 5 }, other = base;
	struct fetch a = { .kind = FETCH_DEREF, .base = &base, .size = 8 };
	struct fetch b = { .kind = FETCH_DEREF, .base = &other, .size = 8 };
	struct recipe first = { .fetch = &a }, second = { .fetch = &b };

	CHECK(recipe_equal(&first, &second));
	other.offset = 4;
	CHECK(!recipe_equal(&first, &second));
	CHECK(!recipe_equal(&first, NULL));
}
#endif
