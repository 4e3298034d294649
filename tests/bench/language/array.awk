# SPDX-License-Identifier: GPL-2.0-or-later
BEGIN { for (i = 0; i < 1000000; i++) m[(i * 7919) % 1000003] += i
 for (i = 0; i < 1000000; i++) n += m[i]
 printf "%d\n", n }
