// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The picture of merged stacks, after Brendan Gregg's idea: a frame is a box as wide as the weight
 * of the stacks through it, standing on its caller. The SVG has no script and refers to nothing;
 * what does not fit into a box is in its title, which viewers show under the mouse. Boxes too
 * narrow to be seen are left out. Names come from other programs: they are escaped, and made UTF-8.
 */
#include "flame.h"

#define GRAPH_WIDTH 1200.0	/* of the picture, in its own units: pixels at 100 % */
#define GRAPH_MARGIN 10.0
#define GRAPH_TOP 34.0		/* for the heading */
#define BOX_HEIGHT 16.0
#define BOX_LEAST 0.1		/* width below which a box is left out */
#define LETTER_WIDTH 7.3	/* of 12 units of a monospaced font, rounded up */
#define LETTERS_LEAST 3

struct drawing {
	const struct flame_tree *tree;
	FILE *out;
	double unit;	/* width of a weight of 1 */
	double bottom;	/* lower edge of the root */
};

/* ---- text ---- */

/* bytes of the UTF-8 character at @text, 0 when it is none that XML allows (RFC 3629) */
static unsigned character_size(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	unsigned size = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 :
			at[0] < 0xf5 ? 4 : 0;

	for (unsigned i = 1; i < size; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if (size == 1 && (at[0] < 0x20 || at[0] == 0x7f))
		return 0;
	if (size == 3 && ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
			  (at[0] == 0xef && at[1] == 0xbf && at[2] > 0xbd)))
		return 0;
	if (size == 4 && ((at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f)))
		return 0;
	return size;
}

static void print_character(const char *text, unsigned size, FILE *out)
{
	switch (*text) {
	case '&': fputs("&amp;", out); return;
	case '<': fputs("&lt;", out); return;
	case '>': fputs("&gt;", out); return;
	case '"': fputs("&quot;", out); return;
	default: fwrite(size ? text : "?", 1, size ? size : 1, out);
	}
}

/* at most @most characters of @text; the last two are dots when it is longer */
static void print_text(const char *text, size_t most, FILE *out)
{
	size_t length = 0;

	for (const char *at = text; *at; length++)
		at += character_size(at) ? character_size(at) : 1;
	for (size_t i = 0; *text && i < (length > most ? most - 2 : length); i++) {
		unsigned size = character_size(text);

		print_character(text, size, out);
		text += size ? size : 1;
	}
	if (length > most)
		fputs("..", out);
}

/* ---- boxes ---- */

/* one colour for a name wherever it stands; warm for code of users, other families for the rest */
static void print_colour(const struct flame_frame *frame, FILE *out)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	unsigned a, b;

	for (const char *at = frame->name; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 16777619u;
	a = hash >> 8 & 0xff;
	b = hash >> 16 & 0xff;
	switch (frame->kind) {
	case FRAME_KEY: fprintf(out, "#%02x%02xe0", 190 + a / 8, 200 + b / 8); break;
	case FRAME_OF_USER: fprintf(out, "#f%x%02x%02x", a & 15, 110 + b / 2, 70 + a / 5); break;
	case FRAME_OF_KERNEL: fprintf(out, "#%02x%02x30", 225 + a / 10, 165 + b / 4); break;
	case FRAME_OF_JIT: fprintf(out, "#%02xd%x%02x", 110 + a / 4, b & 15, 110 + b / 4); break;
	case FRAME_UNNAMED: fprintf(out, "#%02x%02x%02x", 190 + a / 8, 190 + a / 8, 190 + a / 8);
	}
}

static void draw_box(const struct drawing *drawing, const struct flame_node *node, unsigned depth,
		     double x)
{
	double width = (double)node->total * drawing->unit;
	double y = drawing->bottom - (depth + 1) * BOX_HEIGHT;
	double share = 100.0 * (double)node->total / (double)drawing->tree->nodes.items[0].total;
	FILE *out = drawing->out;
	size_t letters = (size_t)((width - 4) / LETTER_WIDTH > 0 ? (width - 4) / LETTER_WIDTH : 0);

	fputs("<g><title>", out);
	print_text(node->frame.name, SIZE_MAX, out);
	fprintf(out, ": %llu (%.2f %%)</title><rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" "
		"height=\"%.1f\" fill=\"", (unsigned long long)node->total, share, x, y, width,
		BOX_HEIGHT - 1);
	print_colour(&node->frame, out);
	fputs("\"/>", out);
	if (letters >= LETTERS_LEAST) {
		fprintf(out, "<text x=\"%.2f\" y=\"%.1f\">", x + 2, y + BOX_HEIGHT - 4.5);
		print_text(node->frame.name, letters, out);
		fputs("</text>", out);
	}
	fputs("</g>\n", out);
}

static void draw_node(const struct drawing *drawing, uint32_t index, unsigned depth, double x)
{
	const struct flame_node *nodes = drawing->tree->nodes.items;

	draw_box(drawing, &nodes[index], depth, x);
	for (uint32_t i = nodes[index].child; i; i = nodes[i].next) {
		double width = (double)nodes[i].total * drawing->unit;

		if (width >= BOX_LEAST)
			draw_node(drawing, i, depth + 1, x);
		x += width;
	}
}

/* how many boxes stand on each other where the highest is that is wide enough */
static unsigned find_depth(const struct flame_node *nodes, uint32_t index, double unit)
{
	unsigned deepest = 0, depth;

	for (uint32_t i = nodes[index].child; i; i = nodes[i].next) {
		if ((double)nodes[i].total * unit < BOX_LEAST)
			continue;
		depth = find_depth(nodes, i, unit);
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + 1;
}

static void draw_heading(const struct drawing *drawing, double height)
{
	FILE *out = drawing->out;

	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"%.0f\" "
		"height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" font-family=\"monospace\" "
		"font-size=\"12\">\n<style>g:hover rect { stroke: #000 }</style>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fffdf6\"/>\n"
		"<text x=\"%.0f\" y=\"22\" text-anchor=\"middle\" font-size=\"16\">",
		GRAPH_WIDTH, height, GRAPH_WIDTH, height, GRAPH_WIDTH / 2);
	print_text(buf_text(&drawing->tree->title), (size_t)(GRAPH_WIDTH / LETTER_WIDTH / 1.5), out);
	fputs("</text>\n", out);
}

void flame_draw(const struct flame_tree *tree, FILE *out)
{
	uint64_t total = tree->nodes.items[0].total;
	struct drawing drawing = { .tree = tree, .out = out };

	drawing.unit = total ? (GRAPH_WIDTH - 2 * GRAPH_MARGIN) / (double)total : 0;
	drawing.bottom = GRAPH_TOP;
	if (total)
		drawing.bottom += BOX_HEIGHT * find_depth(tree->nodes.items, 0, drawing.unit);
	draw_heading(&drawing, drawing.bottom + GRAPH_MARGIN);
	if (total)
		draw_node(&drawing, 0, 0, GRAPH_MARGIN);
	fputs("</svg>\n", out);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static char *test_draw(const char *name, const char *title)
{
	struct flame_tree tree;
	struct flame_frame frame = { .kind = FRAME_OF_USER };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	flame_tree_init(&tree);
	buf_puts(&tree.title, title);
	if (name) {
		frame.name = flame_name(&tree, name, strlen(name));
		flame_add(&tree, &frame, 1, 10);
	}
	flame_draw(&tree, out);
	fclose(out);
	flame_tree_free(&tree);
	return text;
}

UNIT_TEST_CASE(flame_graph_escapes_names)
{
	char *text = test_draw("operator<<(\"a\" & \x01\xff\xc3\xa9)", "x");

	CHECK(strstr(text, "<title>operator&lt;&lt;(&quot;a&quot; &amp; ??\xc3\xa9): 10 (100.00 %)<"));
	CHECK(strstr(text, "width=\"1180.00\""));
	CHECK(text_ends_with(text, "</svg>\n"));
	free(text);
}

UNIT_TEST_CASE(flame_graph_cuts_what_does_not_fit)
{
	char name[400], *text;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	text = test_draw(name, "x");
	CHECK(strstr(text, "nnn..</text>"));
	CHECK(strstr(text, "nnn: 10 ("));
	free(text);
}

UNIT_TEST_CASE(flame_graph_of_nothing_is_a_picture)
{
	char *text = test_draw(NULL, "nothing");

	CHECK(strstr(text, ">nothing</text>"));
	CHECK(!strstr(text, "<g>"));
	free(text);
}

UNIT_TEST_CASE(flame_graph_knows_utf8)
{
	CHECK_INT(character_size("a"), 1);
	CHECK_INT(character_size("\xc3\xa9"), 2);
	CHECK_INT(character_size("\xe2\x82\xac"), 3);
	CHECK_INT(character_size("\xf0\x9f\x98\x80"), 4);
	CHECK_INT(character_size("\xc0\x80"), 0);
	CHECK_INT(character_size("\xed\xa0\x80"), 0);
	CHECK_INT(character_size("\xf5\x80\x80\x80"), 0);
	CHECK_INT(character_size("\xe2\x82"), 0);
	CHECK_INT(character_size("\t"), 0);
}
#endif
