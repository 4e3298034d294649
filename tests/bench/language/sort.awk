# SPDX-License-Identifier: GPL-2.0-or-later
BEGIN { for (i = 0; i < 1000000; i++) m[i] = (i * 7919) % 1000003
 for (k in m) print k, m[k] | "sort -k 2n" }
