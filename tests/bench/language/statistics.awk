# SPDX-License-Identifier: GPL-2.0-or-later
BEGIN { for (i = 0; i < 5000000; i++) { k = i % 16; c[k]++; t[k] += i; if (!(k in lo) || i < lo[k]) lo[k] = i; if (!(k in hi) || i > hi[k]) hi[k] = i }
 for (k = 0; k < 16; k++) print k, c[k], int(t[k] / c[k]), lo[k], hi[k] }
