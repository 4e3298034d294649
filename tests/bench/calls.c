/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls COUNT - call probed() so many times; 0: wait to be killed, having it loaded. What a probe
 * of that function in one process costs another is the CPU time of another.
 */
#include <stdlib.h>
#include <unistd.h>

__attribute__((noinline)) void probed(long n)
{
	__asm__ volatile("" : : "r"(n) : "memory");
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 0;

	for (long i = 0; i < count; i++)
		probed(i);
	if (!count)
		pause();
	return 0;
}
