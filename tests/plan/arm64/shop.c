// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program of which only the plans of probes are tested: what its debug information says of
 * parameters, records in registers and on the stack, locals, globals and marks. See ./build.
 */
#include <sys/sdt.h>

struct place { short row; unsigned shelf:5; int level:3; };
struct item { const char *name; long price; struct place *where; int sold[4]; };
struct pair { long low; int high, flag:3; };
struct large { long words[5]; };
enum colour { RED, BLUE = -7 };
long total = 1000;
static struct place top = { -3, 21, -2 };
__thread int depth;
static const unsigned char limit = 200;

__attribute__((noinline)) long sell(struct item *item, int count, char kind, unsigned short flags)
{
	long cost = item->price * count;
	int doubled = count * 2;

	__asm__ volatile("" : : "r"(doubled) : "memory");
	total += cost;
	item->sold[2] += doubled + depth;
	__asm__ volatile("" : : "r"(flags), "r"(kind) : "memory");
	top.row++;
	DTRACE_PROBE4(shop, sold, count, item->price, item->name, -3);
	return -cost;
}

__attribute__((noinline)) int many(int a, int b, int c, int d, int e, int f, int g, int h, long i,
				   short j)
{
	__asm__ volatile("" : : "r"(a), "r"(b), "r"(j), "r"(i) : "memory");
	return a + b + c + d + e + f + g + h + (int)i + j;
}

__attribute__((noinline)) struct pair records(struct pair pair, struct large large,
					      enum colour colour)
{
	__asm__ volatile("" : : "r"(colour) : "memory");
	pair.low += pair.high + large.words[3] + (long)colour;
	return pair;
}

void _start(void)
{
	struct item nail = { "nail", 50, &top, { 0 } };
	struct large large = { { 1, 2, 3, 4, 5 } };

	for (;;) {
		sell(&nail, many(1, 2, 3, 4, 5, 6, 7, 8, 9, limit), 'a', 65530);
		large.words[3] = records((struct pair){ 1, 2, 3 }, large, BLUE).low;
	}
}
