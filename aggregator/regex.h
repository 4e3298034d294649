/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operators =~ and !~: POSIX extended regular expressions without back-references, as
 * SystemTap takes them. The leftmost match counts, and of those the longest.
 */
#ifndef REGEX_H
#define REGEX_H

#include "../lib/lib.h"

struct regex;

struct regex_span {
	int64_t start, end; /* byte offsets; -1 for a group that took no part */
};
/* what matched() and ngroups() ask for; start with REGEX_GROUPS_INIT */
struct regex_groups {
	struct regex_span *spans; /* of the whole match, then of each ( ) in order */
	unsigned count;		  /* 0 before the first and after a failed match */
	unsigned capacity;
};
#define REGEX_GROUPS_INIT { NULL, 0, 0 }
void regex_groups_free(struct regex_groups *groups);

/**
 * regex_compile() - prepare @pattern
 * @message: set to why it is refused, to be freed with free(); NULL on success
 * Returns NULL when it is refused; free the result with regex_free().
 */
struct regex *regex_compile(const char *pattern, size_t length, char **message);
void regex_free(struct regex *regex);
/**
 * regex_match() - does @text hold a match?
 * @groups: filled when there is one, emptied when not; or NULL
 */
bool regex_match(struct regex *regex, const char *text, size_t length,
		 struct regex_groups *groups);

#endif
