# SPDX-License-Identifier: GPL-2.0-or-later
BEGIN { for (i = 0; i < 3000000; i++) { s = "key" i ":" (i * 2); n += length(s) } print n }
