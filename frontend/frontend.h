/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frontend's contract: script text and tapset in, `struct program` out.
 *
 *	frontend_new → frontend_add_family… → frontend_add_script… → frontend_parse (pass 1)
 *	→ frontend_resolve (pass 2: library, expand, resolve, infer, fold) → frontend_plan (pass 3)
 *	→ frontend_program → frontend_free
 *
 * Everything reachable from the session lives in its arena and dies with frontend_free().
 * Functions that can fail return 0 or -errno; -EINVAL means diagnostics were collected.
 */
#ifndef FRONTEND_H
#define FRONTEND_H

#include "ast.h"

struct frontend;
struct family;
struct code_place; /* debuginfo/debuginfo.h */

/* ---- diagnostics: collected, sorted by when they were found, printed together ---- */

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

/**
 * diag_report() - collect one message
 * @token: where; NULL for none
 * @format: one sentence without a full stop, in lower case
 * Returns an id for diag_hint() and diag_also(). Identical messages at one place are kept once.
 */
size_t diag_report(struct frontend *frontend, enum severity severity, const struct token *token,
		   const char *format, ...) PRINTF_LIKE(4, 5);
#define diag_error(frontend, token, ...) \
	diag_report(frontend, SEVERITY_ERROR, token, __VA_ARGS__)
#define diag_warning(frontend, token, ...) \
	diag_report(frontend, SEVERITY_WARNING, token, __VA_ARGS__)
/** diag_hint() - add a hint ("did you mean 'x'?") to message @id */
void diag_hint(struct frontend *frontend, size_t id, const char *format, ...) PRINTF_LIKE(3, 4);
/** diag_also() - add a second place with its own sentence to message @id */
void diag_also(struct frontend *frontend, size_t id, const struct token *token,
	       const char *format, ...) PRINTF_LIKE(4, 5);
/** diag_may_suggest() - are messages still few enough for somebody to read hints at names? */
bool diag_may_suggest(const struct frontend *frontend);
/**
 * diag_nearest() - the one of @count @candidates nearest to @name, NULL when none is near enough
 */
const char *diag_nearest(const char *name, const char *const *candidates, size_t count);
/**
 * diag_suggest() - hint at the names nearest to @name, if any is near enough
 * @candidates: names; @count of them
 */
void diag_suggest(struct frontend *frontend, size_t id, const char *name,
		  const char *const *candidates, size_t count);
size_t diag_error_count(const struct frontend *frontend);
/** diag_print() - print what was collected since the last call, with source lines and carets */
void diag_print(struct frontend *frontend, FILE *out);

/* ---- options ---- */

/* --privilege: for members of which group a script must be fit */
enum privilege { PRIVILEGE_STAPDEV, PRIVILEGE_STAPSYS, PRIVILEGE_STAPUSR };
/** privilege_parse() - the level of @name, "stapdev", "stapsys" or "stapusr"; false for others */
bool privilege_parse(const char *name, enum privilege *level);
const char *privilege_name(enum privilege level);

struct frontend_options {
	const char *const *arguments;	 /* $1 … */
	size_t argument_count;
	const char *const *library_dirs; /* -I and the default tapset, searched in order */
	size_t library_dir_count;
	const char *const *defines;	 /* -D NAME[=VALUE] */
	size_t define_count;
	const char *const *globals;	 /* -G NAME=VALUE */
	size_t global_count;
	const char *kernel_release;	 /* uname -r, or -r */
	const char *kernel_tree;	 /* -r /DIR, where a kernel was built; or NULL */
	bool is_foreign;		 /* -a: arch is not this machine's; nothing can be armed */
	const char *arch;		 /* "x86_64", "arm64" as in SystemTap's `arch` */
	const char *compatible;		 /* --compatible, NULL for the current version */
	int64_t target_pid;		 /* target(), 0 without -x and -c */
	bool guru;			 /* -g */
	enum privilege privilege;	 /* --privilege; stapdev, the default, forbids nothing */
	bool no_optimize;		 /* -u */
	bool no_warnings;		 /* -w */
	bool warnings_are_errors;	 /* -W */
	bool strict;			 /* --strict */
	bool draws_stacks;		 /* --flamegraph: stacks only written need not be shown */
	bool skip_badvars;		 /* --skip-badvars */
	/* is @pattern a regular expression? Else @message says why not, to be freed with free() */
	bool (*check_regex)(const char *pattern, size_t length, char **message);
	struct log log;
};

/* ---- what context a handler needs; EXPR_CONTEXT and builtins name these ---- */

enum context_need {
	NEED_TASK = 1 << 0,	 /* the task model: execname, pid, ppid … */
	NEED_ADDRESS = 1 << 1,	 /* instruction pointer of the hit */
	NEED_KERNEL_STACK = 1 << 2,
	NEED_USER_STACK = 1 << 3,
	NEED_REGISTERS = 1 << 4,
	NEED_MAPS = 1 << 5,	 /* the task's address map */
	NEED_TARGET = 1 << 6,
	NEED_COUNTER = 1 << 7,	 /* @perf: counters read with the hit */
};

/* ---- natives: rows of builtin.def ---- */

enum builtin_id {
#define BUILTIN(name, result, parameters, flags, needs) BUILTIN_##name,
#include "builtin.def"
#undef BUILTIN
	BUILTIN_COUNT
};
enum builtin_flag {
	BUILTIN_PURE = 1 << 0,	    /* same arguments, same result: may be folded, may be dropped */
	BUILTIN_READS = 1 << 1,	    /* reads the context or the system, no effect: may be dropped */
	BUILTIN_EFFECT = 1 << 2,    /* prints, writes, ends …: never dropped */
	BUILTIN_GURU = 1 << 3,	    /* only under -g or in the tapset */
	BUILTIN_LATE = 1 << 4,	    /* reads /proc or the like when the handler runs; the manual says so */
	BUILTIN_PRIVILEGED = 1 << 5, /* not with --privilege=stapusr */
};
/**
 * struct builtin - a native function
 * @parameters: one letter each, 'l' long, 's' string; those behind '|' may be left out
 */
struct builtin {
	const char *name;
	enum type result;
	const char *parameters;
	unsigned flags, needs;
	enum builtin_id id;
};
extern const struct builtin builtin_table[BUILTIN_COUNT];
/** builtin_find() - the row of @name, or NULL */
const struct builtin *builtin_find(const char *name);

/* how the natives of memory.def read, which explains the words */
enum memory_space {
	MEMORY_NOWHERE, MEMORY_KERNEL, MEMORY_USER, MEMORY_EITHER,
	MEMORY_ARGUMENT, MEMORY_REGISTER, MEMORY_RETURN,
};
enum memory_form {
	MEMORY_SIGNED, MEMORY_UNSIGNED, MEMORY_SIZED, MEMORY_SIZED_SIGNED,
	MEMORY_TEXT, MEMORY_COUNTED, MEMORY_BYTES, MEMORY_UTF16, MEMORY_UTF32,
};
enum memory_fault {
	MEMORY_FAULT_ERROR, MEMORY_FAULT_ZERO, MEMORY_FAULT_WARN, MEMORY_FAULT_UNKNOWN,
	MEMORY_FAULT_ADDRESS, MEMORY_FAULT_QUOTE,
};
struct memory_read {
	enum memory_space space;
	enum memory_form form;
	enum memory_fault fault;
	unsigned size; /* bytes */
};
/** builtin_memory_read() - how @id reads memory, NULL when it does not */
const struct memory_read *builtin_memory_read(enum builtin_id id);
/* what the kernel records for a string it cannot read; __captured_text() knows it */
#define CAPTURE_FAULT_TEXT "(fault)"

/* ---- printf formats: parsed once, checked by infer, applied by the aggregator ---- */

enum format_kind {
	FORMAT_LITERAL,	 /* text */
	FORMAT_SIGNED,	 /* %d %i */
	FORMAT_UNSIGNED, /* %u */
	FORMAT_HEX,	 /* %x %X */
	FORMAT_OCTAL,	 /* %o */
	FORMAT_POINTER,	 /* %p */
	FORMAT_STRING,	 /* %s */
	FORMAT_CHAR,	 /* %c */
	FORMAT_BINARY,	 /* %b: the number's bytes */
	FORMAT_MEMORY,	 /* %m: bytes at an address */
	FORMAT_MEMORY_HEX, /* %M */
};
struct format_piece {
	enum format_kind kind;
	bool left, zero, plus, space, alternate, upper;
	bool width_argument, precision_argument; /* `*`: a long comes before the value */
	int width, precision;			 /* -1: not given */
	const char *text;			 /* LITERAL */
	size_t length;
};
struct format {
	ARRAY(struct format_piece) pieces;
	size_t argument_count;		/* `*` included */
};
/**
 * format_parse() - parse a printf format
 * NULL after diag_error() at @token. format_argument_type() is the type of argument @index.
 */
const struct format *format_parse(struct frontend *frontend, const char *text, size_t length,
				  const struct token *token);
enum type format_argument_type(const struct format *format, size_t index);

/* ---- the product ---- */

/*
 * A capture is what must be read while the probe fires, seen by the handler as slot `slot`.
 * How a site fills the slot is the site's recipe, made by the family that owns the site.
 */
enum capture_kind {
	CAPTURE_FIELD,	/* a field of the trace event: name */
	CAPTURE_COUNTER,/* @perf("name") */
	CAPTURE_FETCH,	/* read by the kernel when the probe fires: recipe */
};

/*
 * A fetch is a 64-bit value the kernel can work out while a probe fires:
 *	CONSTANT: offset   REGISTER: register + offset   RETURN: return value + offset
 *	SYMBOL: address of the symbol (of the probed file, when symbol is NULL) + offset
 *	FIELD: what the trace event records in its field symbol, 64 bits, + offset
 *	ENTRY: what the register held where the call began + offset: no capture of the probe's own;
 *	       place-value.c has the probe of the entry save it
 *	DEREF: the size bytes at base's value, sign-extended when is_signed, + offset
 * An offset outside all DEREFs is no part of what the kernel does: the handler adds it.
 */
enum fetch_kind {
	FETCH_CONSTANT, FETCH_REGISTER, FETCH_RETURN, FETCH_SYMBOL, FETCH_FIELD, FETCH_DEREF,
	FETCH_ENTRY,
};
struct fetch {
	enum fetch_kind kind;
	int64_t offset;
	unsigned reg;		  /* REGISTER, ENTRY: the architecture's DWARF number */
	const char *symbol;	  /* SYMBOL, FIELD */
	const struct fetch *base; /* DEREF */
	/* DEREF: 1, 2, 4 or 8. REGISTER, ENTRY, RETURN: the same, or 0 for all. FIELD: 8, or 0
	 * where nothing can be fetched at the address that it holds */
	uint8_t size;
	bool is_signed;		  /* of the size bytes */
	bool is_user;		  /* DEREF: base is an address of user space */
};
enum recipe_form {
	RECIPE_NUMBER,	/* the fetch's value; of a DEREF, bit_size bits from bit_offset on, if set */
	RECIPE_STRING,	/* the text up to NUL at the fetch's value */
	RECIPE_BYTES,	/* length bytes at the fetch's value, as a string */
};
struct recipe {
	enum recipe_form form;
	const struct fetch *fetch;
	bool is_user;		/* STRING, BYTES: the address is of user space */
	uint8_t bit_offset, bit_size;
	uint32_t length;	/* STRING: at most this; 0: no bound of its own. BYTES: exactly */
};

struct capture {
	enum capture_kind kind;
	enum type type;		/* TYPE_LONG or TYPE_STRING */
	const char *name;
	const char *c_type;	/* as the kernel or the debug info names it, for -L */
	const struct token *token;
	/* FETCH; NULL when the value is the constant addend alone. FIELD: of 64 bits that may be an
	 * address, otherwise NULL */
	const struct recipe *recipe;
	const char *text_field;	/* FIELD: the event's field with the text that this one points to */
	int64_t addend;		/* FETCH of a long: the handler adds this (target.c does) */
	unsigned counter;	/* COUNTER: index in program.counters */
	unsigned slot;		/* index in probe.captures */
};

/* one term of a condition a kernel can test before it records: subject op value */
enum filter_subject { FILTER_FIELD, FILTER_PID, FILTER_TID, FILTER_EXECNAME, FILTER_CPU };
struct filter_term {
	enum filter_subject subject;
	const char *field;	/* FILTER_FIELD: the capture's name */
	enum op op;		/* OP_EQ … OP_GE */
	bool is_string;
	int64_t number;
	const char *string;
	const struct capture *capture; /* FILTER_FIELD */
	bool may_fault;		/* a text the kernel may fail to read: let that pass too */
};
/* a handler does nothing unless all terms hold; the handler tests them itself all the same */
typedef ARRAY(struct filter_term) filter;

/**
 * struct site - one place where a probe fires
 * @name: as printed by -p3 and -v ("sched:sched_switch")
 * @data: the family's own
 */
struct site {
	const struct family *family;
	const char *name;
	void *data;
	/* kprobes, uprobes, marks: the code probed. The frontend then finds variables, casts and
	 * arguments itself through debuginfo.h, and the family needs no variable() of its own */
	const struct code_place *place;
	/* of a tracepoint, once a variable was found there: the function whose parameters are its
	 * arguments (family.arguments); captures are planned as for place */
	const struct code_place *arguments;
	int32_t pid; /* only hits of this process are the probe's; 0: of any */
	bool with_children; /* … or of those it forked, and theirs */
	unsigned needs; /* enum context_need: to tell its hits apart, whatever the handler needs */
	const char *executable; /* hits count only in processes that run this file; or NULL */
	const char *counter; /* it has no hits: other probes read it as @perf("name"); or NULL */
};

/* of a handler that only counts: what each hit adds to a global, a number or a statistic */
struct count_effect {
	const struct variable *global;
	int64_t amount;
};

struct probe {
	const struct family *family;
	const struct probe_point *point; /* fully expanded: pp() */
	const char *point_text;		 /* its text */
	const char *alias_text;		 /* pn(): the point as the user wrote it */
	const struct token *token;
	ARRAY(struct site *) sites;
	struct expr *condition;		 /* arming condition or NULL */
	struct stmt *body;		 /* NULL: nothing to do */
	variable_array locals;
	ARRAY(struct capture *) captures;
	filter filter;
	unsigned needs;			 /* enum context_need */
	unsigned index;			 /* in program.probes */
	void *data;			 /* the family's own (a timer's period …) */
	bool filtered_by_target;	 /* a leading pid() == target() */
	struct probe *entry;		 /* of a return probe that needs values saved at entry: an
					  * ordinary probe of program.probes, whose handler saves
					  * them per thread and call */
	bool is_inside;			 /* it is no return: entry is where the call began that the
					  * probe's code is part of */
	bool is_entry;			 /* some probe's entry */
	bool counts;			 /* all it does are its effects: hits need no records */
	bool reads_counts;		 /* looks at a global that such probes change */
	ARRAY(struct count_effect) effects;
	struct capture *stack_pointer;	 /* of a return probe with entry, and of its entry, where the
					  * site has registers: pairs them under recursion */
	int64_t stack_offset;		 /* is_inside: with this added it is what it was at entry */
};

struct program {
	struct frontend *frontend;	/* whose debuginfo natives ask; NULL in tests */
	const struct frontend_options *options;
	struct arena *arena;
	variable_array globals;
	ARRAY(struct function *) functions;
	ARRAY(struct probe *) probes;
	ARRAY(const struct token *) embedded; /* C at the top level of the sources, in order */
	ARRAY(const struct site *) counters; /* what @perf reads, if a handler does */
	unsigned needs;
	bool may_exit;			 /* some handler calls exit() */
};

/* ---- probe families: rows registered by stap.c, implemented where the knowledge is ---- */

/* which part of the run makes a family's probes fire */
enum family_source {
	FAMILY_AGGREGATOR,	/* begin, end, error, never, timers: no kernel event */
	FAMILY_TRACEFS,
	FAMILY_PERF,
	FAMILY_STEP,		/* ptrace(2) */
};

/* handed to family.resolve; it calls emit once per match */
struct family_match {
	struct frontend *frontend;
	struct arena *arena;
	void *backend;			/* as given to frontend_add_family() */
	const struct probe_point *point;/* aliases expanded, wildcards in arguments not */
	size_t emitted;
	/**
	 * emit() - one concrete probe
	 * @point: with wildcards replaced (a copy; may be match->point itself)
	 * @site: where it fires, or NULL for FAMILY_AGGREGATOR
	 * @data: becomes probe.data
	 */
	void (*emit)(struct family_match *match, const struct probe_point *point,
		     struct site *site, void *data);
	void *owner;			/* the frontend's own */
};

/* one variable a site offers, for $$vars, -L and suggestions */
struct family_variable {
	const char *name;	/* with "$" */
	const char *c_type;
	enum type type;
	bool is_parameter;	/* counted in $$parms, otherwise in $$locals */
	const char *placeholder; /* what $$vars shows of records and arrays; NULL for the value */
};

/*
 * A `$variable` of a family that no record holds: natives give and take its text. Each is the name
 * of a row of builtin.def, or NULL where the variable is not read, set by =, or added to by .=
 */
struct family_text {
	const char *variable;
	const char *reader, *writer, *appender;
};

/**
 * struct family - one kind of probe point
 * @pattern: "kernel.trace(string)", "timer.s(number)": components, argument kinds in parentheses
 * @source: who delivers its events; decides the order of begin and end too
 * @resolve: expand @match->point into concrete probes; 0, or -errno after diag_error().
 *	Emitting nothing is "no match": the frontend then reports it unless the point is optional.
 *	@match->backend is what frontend_add_family() was given.
 * @variable: the capture of `$name` at @site, NULL when there is none (NULL @variable: the family
 *	has none). @target is an EXPR_TARGET; the family checks its path too and may report itself.
 * @variables: all variables of @site into @out, returns how many (at most @room)
 * @entry: the site of this family where the call begins that returns at @site, or that the code at
 *	@site is part of; NULL when that is not known (NULL @entry: the family has none)
 * @arguments: where a variable that @variable does not know may be found all the same: a function
 *	with such a parameter. NULL when there is none, or after diag_error()
 * @generate_aliases: tapset source text defining aliases that match the dotted @pattern
 *	("syscall.*"), for names the tapset itself does not define; NULL when there is none
 * @describe: print the site's kernel definition and filter for -p3
 * @targets_at_entry: `$name` in a body is what it was where the call began, but for $return
 * @text: the family's one variable, whose text natives give and take; or NULL
 */
struct family {
	const char *pattern;
	enum family_source source;
	int (*resolve)(struct family_match *match);
	struct capture *(*variable)(struct frontend *frontend, const struct site *site,
				    const struct expr *target);
	size_t (*variables)(struct frontend *frontend, const struct site *site,
			    struct family_variable *out, size_t room);
	struct site *(*entry)(struct frontend *frontend, const struct site *site);
	const struct code_place *(*arguments)(struct frontend *frontend, const struct site *site,
					      const struct expr *target);
	const char *(*generate_aliases)(struct frontend *frontend, void *backend,
					const char *pattern);
	void (*describe)(void *backend, const struct probe *probe, const struct site *site,
			 FILE *out);
	bool targets_at_entry;
	const char *summary; /* for --dump-probe-types */
	const struct family_text *text;
};

/* ---- the session ---- */

struct frontend *frontend_new(const struct frontend_options *options);
void frontend_free(struct frontend *frontend);
struct arena *frontend_arena(struct frontend *frontend);
const struct frontend_options *frontend_get_options(const struct frontend *frontend);
/** frontend_intern() - the session's one copy of a name */
const char *frontend_intern(struct frontend *frontend, const char *text);

/** frontend_add_family() - register a row; @family must outlive the session */
void frontend_add_family(struct frontend *frontend, const struct family *family, void *backend);
/** frontend_add_script() - a user script; @text is copied */
void frontend_add_script(struct frontend *frontend, const char *name, const char *text,
			 size_t size);
int frontend_parse(struct frontend *frontend) MUST_CHECK;
int frontend_resolve(struct frontend *frontend) MUST_CHECK;
int frontend_plan(struct frontend *frontend) MUST_CHECK;
/** frontend_program() - the product, valid after frontend_plan() */
struct program *frontend_program(struct frontend *frontend);

/** frontend_print_scripts() - -p1: the parsed scripts as source text that parses to the same */
void frontend_print_scripts(struct frontend *frontend, FILE *out);
/** frontend_print_program() - -p2: globals, functions and probes with types, after resolution */
void frontend_print_program(struct frontend *frontend, FILE *out);
/** frontend_print_captures() - -p3: what @probe's captures are fetched from */
void frontend_print_captures(const struct probe *probe, FILE *out);
/**
 * frontend_list() - -l and -L: one line per probe matching @pattern
 * Returns the number of lines, or -errno after diag_error().
 */
int frontend_list(struct frontend *frontend, const char *pattern, bool with_variables, FILE *out);
/** frontend_dump_*() - one line each, sorted */
void frontend_dump_functions(struct frontend *frontend, FILE *out);
void frontend_dump_aliases(struct frontend *frontend, FILE *out);
void frontend_dump_families(struct frontend *frontend, FILE *out);

/**
 * frontend_process() - the process that @component, as of process(PID), names
 * Returns 0, after an error, when no such process lives.
 */
int32_t frontend_process(struct frontend *frontend, const struct point_component *component);
/**
 * frontend_has_alias() - does the tapset or a script define the alias @dotted, as loaded so far?
 */
bool frontend_has_alias(struct frontend *frontend, const char *dotted);
/** point_print() - the text of a probe point, as pp() shows it */
void point_print(const struct probe_point *point, struct buf *out);
/** expr_print(), stmt_print() - source text of a tree */
void expr_print(const struct expr *expr, struct buf *out);
void stmt_print(const struct stmt *stmt, struct buf *out, unsigned indent);

#endif
