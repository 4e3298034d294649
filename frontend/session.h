/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The body of struct frontend, private to this folder: everything one compilation knows. Each
 * part of the frontend owns the fields under its name; the others only read them.
 */
#ifndef SESSION_H
#define SESSION_H

#include "frontend.h"

/* a message's further lines: hints (no token) and second places */
struct diag_note {
	const struct token *token; /* NULL for a hint */
	const char *text;
};

/* which pass found it, for the words before the colon */
enum diag_phase { PHASE_PARSE, PHASE_SEMANTIC };

struct diag {
	enum severity severity;
	enum diag_phase phase;
	const struct token *token; /* NULL: none */
	const struct token *saw;   /* parse errors: the token that stood there instead, or NULL */
	const char *text;
	ARRAY(struct diag_note) notes;
};

struct family_row {
	const struct family *family;
	void *backend;
};

struct frontend {
	struct arena *arena;
	struct interner *interner;
	struct frontend_options options;

	/* diag.c */
	ARRAY(struct diag) diags;
	size_t diag_printed;		/* those before it were printed */
	size_t error_count;
	enum diag_phase phase;

	/* source.c: what the user gave, and what became of it */
	ARRAY(const struct source_file *) sources;
	ARRAY(struct script *) scripts;	/* user scripts, in the order of the command line */
	ARRAY(struct family_row) families;

	/* preproc.c */
	struct table library_macros;	/* "@name" -> struct macro */
	bool library_macros_read;
	struct table kernel_config;	/* "CONFIG_X" -> its value as text */
	bool kernel_config_read;
	ARRAY(bool) arguments_used;	/* $1 ... and @1 ..., by index */

	/* library.c, resolve.c, plan.c */
	struct semantics *semantics;
	struct program *program;

	struct debuginfo *debuginfo;	/* place-value.c; NULL until asked for */
};

/**
 * session_add_source() - a copy of @text as a source of @kind, not yet parsed
 * Messages may point into it for as long as the session lives.
 */
const struct source_file *session_add_source(struct frontend *frontend, enum source_kind kind,
					     const char *name, const char *text, size_t size);

/**
 * diag_expected() - a parse error that shows the token found instead
 * @saw: the token that stands where the expected thing should; its place is the message's
 */
size_t diag_expected(struct frontend *frontend, const struct token *saw, const char *format, ...)
	PRINTF_LIKE(3, 4);

/** diag_repeat() - collect a message once more that was taken back */
void diag_repeat(struct frontend *frontend, const struct diag *diag);

#endif
