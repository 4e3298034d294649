// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Recipes as fetch arguments. A fetch is a tree of one branch: a register, the return value, a
 * symbol or a constant inside any number of dereferences; tracefs writes it inside out. What it
 * has no words for (a sum outside all dereferences, a 32-bit pointer on the way) is refused here,
 * with the reason. Numbers of less than 64 bits are fetched in their size and sign; bit-fields as
 * their container, out of which the aggregator takes the bits, sign included.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>

#include "fetcharg.h"
#include "limits.h"

struct printing {
	const struct fetch_place *place;
	struct buf *out, *problem;
	unsigned depth;
};

static int print_value(struct printing *printing, const struct fetch *fetch);

static int refuse(struct printing *printing, const char *sentence)
{
	buf_puts(printing->problem, sentence);
	return -ENOTSUP;
}

static int print_register(struct printing *printing, const struct fetch *fetch)
{
	const char *name = trace_arch_register(printing->place->arch, fetch->reg);

	if (!name) {
		buf_printf(printing->problem, "the value is in DWARF register %u, which the kernel "
			   "does not fetch", fetch->reg);
		return -ENOTSUP;
	}
	buf_printf(printing->out, "%%%s", name);
	return 0;
}

/* names go into a line of words: letters that C and the linker use, no others */
static bool is_symbol(const char *name)
{
	if (!*name || isdigit((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("_.$", *name))
			return false;
	return true;
}

static int print_symbol_memory(struct printing *printing, const struct fetch *fetch, int64_t offset)
{
	if (printing->place->is_user) {
		if (fetch->symbol)
			return refuse(printing, "a symbol of another file has no address here");
		buf_printf(printing->out, "@+%" PRId64, offset + printing->place->file_delta);
		return 0;
	}
	if (!fetch->symbol || !is_symbol(fetch->symbol))
		return refuse(printing, "the symbol has no name that the kernel accepts");
	buf_printf(printing->out, "@%s", fetch->symbol);
	if (offset)
		buf_printf(printing->out, "%+" PRId64, offset);
	return 0;
}

/* the memory @extra bytes behind the fetch's value */
static int print_memory(struct printing *printing, const struct fetch *fetch, int64_t extra,
			bool is_user)
{
	int64_t offset = fetch->offset + extra;
	int error;

	if (++printing->depth > FETCH_DEPTH_MAX)
		return refuse(printing, "it follows more pointers than the kernel can in one go");
	if (fetch->kind == FETCH_SYMBOL)
		return print_symbol_memory(printing, fetch, offset);
	if (fetch->kind == FETCH_CONSTANT) {
		buf_printf(printing->out, "@0x%" PRIx64, (uint64_t)offset);
		return 0;
	}
	/* uprobes know user memory only, and older kernels no word for it there */
	buf_printf(printing->out, "%c%s%" PRIu64 "(", offset < 0 ? '-' : '+',
		   is_user && !printing->place->is_user ? "u" : "",
		   offset < 0 ? 0 - (uint64_t)offset : (uint64_t)offset);
	error = print_value(printing, fetch);
	buf_putc(printing->out, ')');
	return error;
}

/* a dereference below another one: the kernel reads a whole word there */
static int print_pointer(struct printing *printing, const struct fetch *fetch)
{
	if (fetch->size != sizeof(uint64_t))
		return refuse(printing, "it follows a pointer of less than 64 bits, which the "
					"kernel would read as 64");
	return print_memory(printing, fetch->base, 0, fetch->is_user);
}

/*
 * kernels with BTF refuse $retval of a function that returns nothing, and with it the whole probe
 */
static void print_result(struct printing *printing)
{
	if (printing->place->is_user)
		buf_puts(printing->out, "$retval");
	else
		buf_printf(printing->out, "%%%s", printing->place->arch->result);
}

static int print_value(struct printing *printing, const struct fetch *fetch)
{
	switch (fetch->kind) {
	case FETCH_REGISTER:
		return print_register(printing, fetch);
	case FETCH_RETURN:
		print_result(printing);
		return 0;
	case FETCH_FIELD:
		if (!is_symbol(fetch->symbol))
			break;
		buf_printf(printing->out, "$%s", fetch->symbol);
		return 0;
	case FETCH_DEREF:
		return print_pointer(printing, fetch);
	case FETCH_CONSTANT:
		buf_printf(printing->out, "\\%" PRId64, fetch->offset);
		return 0;
	case FETCH_SYMBOL:
	case FETCH_ENTRY:
		break;
	}
	return refuse(printing, "the kernel cannot calculate with a symbol's address");
}

static int print_number(struct printing *printing, const struct fetch *fetch)
{
	unsigned size = fetch->size ? fetch->size : sizeof(uint64_t);
	int error;

	if (fetch->kind == FETCH_DEREF)
		error = print_memory(printing, fetch->base, 0, fetch->is_user);
	else
		error = print_value(printing, fetch);
	if (fetch->kind == FETCH_CONSTANT)
		size = sizeof(uint64_t);
	buf_printf(printing->out, ":%c%u", fetch->is_signed ? 's' : 'u', 8 * size);
	return error;
}

static int print_string(struct printing *printing, const struct recipe *recipe)
{
	int error = print_memory(printing, recipe->fetch, 0, recipe->is_user);

	buf_puts(printing->out, recipe->is_user && !printing->place->is_user ? ":ustring" :
									       ":string");
	return error;
}

static int print_bytes(struct printing *printing, const struct recipe *recipe, unsigned index)
{
	uint32_t done = index * FETCH_ARRAY_MAX, rest = recipe->length - done;
	int error = print_memory(printing, recipe->fetch, done, recipe->is_user);

	buf_printf(printing->out, ":x8[%u]", rest < FETCH_ARRAY_MAX ? rest : FETCH_ARRAY_MAX);
	return error;
}

unsigned fetcharg_count(const struct recipe *recipe)
{
	if (recipe->form == RECIPE_BYTES)
		return (recipe->length + FETCH_ARRAY_MAX - 1) / FETCH_ARRAY_MAX;
	return recipe->form != RECIPE_NUMBER || recipe->fetch->kind != FETCH_SYMBOL;
}

int fetcharg_print(const struct recipe *recipe, unsigned index, const struct fetch_place *place,
		   struct buf *out, struct buf *problem)
{
	struct printing printing = { .place = place, .out = out, .problem = problem };
	size_t before = out->length;
	int error;

	switch (recipe->form) {
	case RECIPE_STRING:
		error = print_string(&printing, recipe);
		break;
	case RECIPE_BYTES:
		error = print_bytes(&printing, recipe, index);
		break;
	default:
		error = print_number(&printing, recipe->fetch);
	}
	if (!error && out->length - before > FETCH_ARGUMENT_MAX) {
		buf_printf(problem, "the fetch argument `%s' is longer than the kernel's %d "
			   "characters", buf_text(out) + before, FETCH_ARGUMENT_MAX);
		error = -ENOTSUP;
	}
	return error;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static const struct fetch_place user_place = { &trace_arch_x86_64, true, -0x1000 };
static const struct fetch_place kernel_place = { &trace_arch_x86_64, false, 0 };

static const struct fetch di = { .kind = FETCH_REGISTER, .reg = 5, .offset = 16 };
static const struct fetch pointer = { .kind = FETCH_DEREF, .base = &di, .size = 8, .offset = -4 };
static const struct fetch member = {
	.kind = FETCH_DEREF, .base = &pointer, .size = 4, .is_signed = true, .is_user = true,
};

static void check_text(struct recipe recipe, const struct fetch_place *place, unsigned index,
		       const char *expected)
{
	struct buf out = BUF_INIT, problem = BUF_INIT;

	CHECK_INT(fetcharg_print(&recipe, index, place, &out, &problem), 0);
	CHECK_STR(buf_text(&out), expected);
	buf_free(&out);
	buf_free(&problem);
}

UNIT_TEST_CASE(fetcharg_chains_read_inside_out)
{
	struct recipe recipe = { .fetch = &member };

	check_text(recipe, &user_place, 0, "-4(+16(%di)):s32");
	check_text(recipe, &kernel_place, 0, "-u4(+16(%di)):s32");
	recipe.fetch = &pointer;
	check_text(recipe, &user_place, 0, "+16(%di):u64");
	recipe.fetch = &di;
	check_text(recipe, &user_place, 0, "%di:u64");
}

UNIT_TEST_CASE(fetcharg_text_and_bytes)
{
	struct recipe text = { .form = RECIPE_STRING, .fetch = &pointer, .is_user = true };
	struct recipe bytes = { .form = RECIPE_BYTES, .fetch = &di, .length = 70 };

	check_text(text, &user_place, 0, "-4(+16(%di)):string");
	check_text(text, &kernel_place, 0, "-u4(+16(%di)):ustring");
	CHECK_INT(fetcharg_count(&bytes), 2);
	check_text(bytes, &kernel_place, 0, "+16(%di):x8[64]");
	check_text(bytes, &kernel_place, 1, "+80(%di):x8[6]");
}

UNIT_TEST_CASE(fetcharg_symbols_and_constants)
{
	static const struct fetch global = { .kind = FETCH_SYMBOL, .offset = 0x4010 };
	static const struct fetch jiffies = { .kind = FETCH_SYMBOL, .symbol = "jiffies" };
	static const struct fetch five = { .kind = FETCH_CONSTANT, .offset = -5, .is_signed = true };
	static const struct fetch value = { .kind = FETCH_DEREF, .base = &global, .size = 2 };
	static const struct fetch ticks = { .kind = FETCH_DEREF, .base = &jiffies, .size = 8 };
	static const struct fetch result = { .kind = FETCH_RETURN, .size = 4, .is_signed = true };
	struct recipe recipe = { .fetch = &value }, address = { .fetch = &global };

	CHECK_INT(fetcharg_count(&address), 0);
	check_text(recipe, &user_place, 0, "@+12304:u16");
	recipe.fetch = &ticks;
	check_text(recipe, &kernel_place, 0, "@jiffies:u64");
	recipe.fetch = &five;
	check_text(recipe, &kernel_place, 0, "\\-5:s64");
	recipe.fetch = &result;
	check_text(recipe, &kernel_place, 0, "%ax:s32");
	check_text(recipe, &user_place, 0, "$retval:s32");
}

static void check_refused(const struct fetch *fetch, const struct fetch_place *place,
			  const char *reason)
{
	struct recipe recipe = { .fetch = fetch };
	struct buf out = BUF_INIT, problem = BUF_INIT;

	CHECK_INT(fetcharg_print(&recipe, 0, place, &out, &problem), -ENOTSUP);
	CHECK(strstr(buf_text(&problem), reason));
	buf_free(&out);
	buf_free(&problem);
}

UNIT_TEST_CASE(fetcharg_refuses_what_the_kernel_cannot)
{
	static const struct fetch xmm = { .kind = FETCH_REGISTER, .reg = 17 };
	static const struct fetch narrow = { .kind = FETCH_DEREF, .base = &di, .size = 4 };
	static const struct fetch through = { .kind = FETCH_DEREF, .base = &narrow, .size = 8 };
	static const struct fetch odd = { .kind = FETCH_SYMBOL, .symbol = "a b\nc" };
	static const struct fetch injected = { .kind = FETCH_DEREF, .base = &odd, .size = 8 };
	struct fetch deep[20];

	check_refused(&xmm, &user_place, "DWARF register 17");
	check_refused(&through, &user_place, "less than 64 bits");
	check_refused(&injected, &kernel_place, "no name");
	for (size_t i = 0; i < ARRAY_SIZE(deep); i++)
		deep[i] = (struct fetch){ .kind = FETCH_DEREF, .size = 8, .offset = 4096,
					  .base = i ? &deep[i - 1] : &di };
	check_refused(&deep[19], &user_place, "more pointers");
	check_refused(&deep[12], &user_place, "longer than");
}
#endif
