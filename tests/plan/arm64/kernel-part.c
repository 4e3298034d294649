// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What passes for a kernel module when plans are tested. See ./build.
 */
struct part_state { long position; struct part_state *next; unsigned char flags:3, mode:5; };
struct part { const char *label; struct part_state *state; int numbers[4]; };
int part_count = 3;

__attribute__((noinline)) int part_open(struct part *part, int mode)
{
	__asm__ volatile("" : : "r"(part), "r"(mode) : "memory");
	part_count += mode;
	return part->numbers[1];
}

int part_init(struct part *part)
{
	return part_open(part, 2) + 1;
}
