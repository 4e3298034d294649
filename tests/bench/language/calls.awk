# SPDX-License-Identifier: GPL-2.0-or-later
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }
BEGIN { print fib(30) }
