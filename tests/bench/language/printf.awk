# SPDX-License-Identifier: GPL-2.0-or-later
BEGIN { for (i = 0; i < 3000000; i++) printf("%d %s %5d\n", i, "abc", i % 256) }
