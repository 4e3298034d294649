# SPDX-License-Identifier: GPL-2.0-or-later
BEGIN { for (i = 0; i < 2000000; i++) { s = "GET /index" i ".html"; if (s ~ /^GET \/[a-z]+[0-9]+\.html$/) n++ } print n }
