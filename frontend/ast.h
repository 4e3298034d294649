/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree a script becomes. The parser makes it, resolution decorates it in place (the fields
 * under "set by ..."), the aggregator compiles it to bytecode. Part of the public contract of
 * frontend/, reached through frontend.h. Everything lives in the session's arena.
 */
#ifndef AST_H
#define AST_H

#include "../lib/lib.h"

/* ---- where things stand ---- */

enum source_kind {
	SOURCE_SCRIPT,	    /* a file, -e or standard input: the user's */
	SOURCE_TAPSET,	    /* a library file: may use embedded C and names with two underscores */
	SOURCE_GENERATED,   /* text a probe family wrote for this kernel, treated as tapset */
	SOURCE_DEFINE,	    /* a -G, -D or command line argument */
};

struct source_file {
	const char *name; /* as shown in messages; "<input>" for -e and - */
	const char *text; /* NUL-terminated, but may hold NULs: use size */
	size_t size;
	enum source_kind kind;
};

/**
 * struct place - a position in a source
 * @line: counted from 1
 * @column: in bytes, counted from 1
 * @offset: in bytes from the file's start
 * @via: the place of the macro use that brought this text here, or NULL
 */
struct place {
	const struct source_file *file;
	uint32_t line, column, offset;
	const struct place *via;
};

enum token_kind {
	TOKEN_END,
	TOKEN_IDENTIFIER, /* also $x, @x, and keywords before the parser looks at them */
	TOKEN_NUMBER,
	TOKEN_STRING,	/* text holds the value with escapes resolved */
	TOKEN_OPERATOR,
	TOKEN_EMBEDDED, /* %{ ... %}, text holds what is between */
	TOKEN_JUNK,
};

struct token {
	enum token_kind kind;
	const char *text; /* interned, NUL-terminated */
	size_t length;
	int64_t number;
	struct place place;
};

/* ---- types ---- */

enum type { TYPE_UNKNOWN, TYPE_LONG, TYPE_STRING, TYPE_STATS, TYPE_VOID };
const char *type_name(enum type type); /* "long", "string", "stats", "unknown", "void" */

struct expr;
struct stmt;
struct function;
struct capture;
struct builtin;
struct format;

enum variable_scope { SCOPE_GLOBAL, SCOPE_LOCAL, SCOPE_PARAMETER };

/* which parts of a statistic a script ever asks for; only these are kept at run time */
enum stat_need {
	STAT_COUNT = 1 << 0, STAT_SUM = 1 << 1, STAT_MIN = 1 << 2, STAT_MAX = 1 << 3,
	STAT_AVG = 1 << 4, STAT_VARIANCE = 1 << 5, STAT_HIST_LINEAR = 1 << 6, STAT_HIST_LOG = 1 << 7,
};

struct stat_shape {
	unsigned needs;			 /* enum stat_need */
	int64_t low, high, interval;	 /* of @hist_linear; one histogram shape per variable */
	int variance_shift;		 /* of @variance(v, shift) */
};

#define MAX_INDEXES 32

struct variable {
	const char *name;
	const struct token *token;
	enum variable_scope scope;
	bool is_private;     /* `private global` */
	bool is_array;	     /* set by the declaration or by the first use with an index */
	bool wraps;	     /* a% or a%[N]: the oldest entry makes room */
	struct expr *size;   /* declared a[N], or NULL */
	struct expr *initial;/* literal initialiser, or NULL */
	/* set by resolve and infer */
	enum type type;	     /* of the value (of an element for arrays) */
	const struct token *type_token; /* where the type was decided, for conflict messages */
	unsigned index_count;/* 0 for scalars */
	enum type index_types[MAX_INDEXES];
	struct stat_shape stat;
	int64_t max_entries; /* 0: the run's default */
	unsigned read_count, write_count;
	unsigned slot;	     /* globals: index in program.globals; locals: index in their owner */
	const struct token *shape_token; /* where index_count was decided, NULL: not yet */
	const struct token *histogram_token; /* where stat's histogram was decided */
	const struct token **index_tokens; /* arrays: where each index's type was decided */
	void *owner;	     /* globals: the unit that defines it; private to the frontend */
	const char *c_type;  /* locals: of the value assigned last, where debug info knows it */
	struct work_users *users; /* what infer looks at again when it learns more */
};
typedef ARRAY(struct variable *) variable_array;

/* ---- expressions ---- */

enum expr_kind {
	EXPR_NUMBER,	    /* number */
	EXPR_STRING,	    /* string, string_length */
	EXPR_SYMBOL,	    /* name → variable */
	EXPR_INDEX,	    /* array[indexes]; an index that is `*` is NULL */
	EXPR_TARGET,	    /* $name, $$name; @var("string"[, args[0]]): name is "$name" or "@var" */
	EXPR_CAST,	    /* @cast(a, "string"[, args[0]]) and its path; string is NULL in the
			       short form `a->member`, where the type comes from what a holds */
	EXPR_UNARY,	    /* op a : - + ! ~ */
	EXPR_BINARY,	    /* a op b : * / % + - << >> >>> & | ^ on longs */
	EXPR_COMPARE,	    /* a op b : < <= > >= == != on longs or strings */
	EXPR_AND, EXPR_OR,  /* && || */
	EXPR_CONCAT,	    /* a . b */
	EXPR_REGEX,	    /* a =~ "lit", a !~ "lit" (op) */
	EXPR_IN,	    /* [indexes] in array */
	EXPR_TERNARY,	    /* a ? b : c */
	EXPR_ASSIGN,	    /* a op b : = += -= ... .= <<< */
	EXPR_INCREMENT,	    /* ++a, --a, a++, a-- : op, postfix */
	EXPR_CALL,	    /* name(args) → function or builtin */
	EXPR_PRINT,	    /* the print family: print */
	EXPR_STAT,	    /* @count(a) … @variance(a[, args[0]]): stat; name "count" … */
	EXPR_HIST,	    /* @hist_linear(a,args…), @hist_log(a): name; [index] in b, or NULL */
	EXPR_DEFINED,	    /* @defined(args[0], …) */
	EXPR_CHOOSE_DEFINED,/* @choose_defined(a, b) */
	EXPR_ENTRY,	    /* @entry(a) */
	EXPR_PERF,	    /* @perf("name"): string */
	EXPR_CONST,	    /* @const("text"): string */
	EXPR_PROBEWRITE,    /* @probewrite(a) */
	EXPR_DEREF,	    /* @kderef(size, addr), @uderef(size, addr): op 'k' or 'u' */
	EXPR_REGISTER,	    /* @kregister(n), @uregister(n): op 'k' or 'u' */
	EXPR_EMBEDDED,	    /* %{ C expression %} */
	EXPR_CAPTURE,	    /* made by resolution from TARGET, ENTRY …: capture */
	EXPR_CONTEXT,	    /* made by resolution: one of enum context_value */
};

/* operators, one code each; the text is in operator_text() */
enum op {
	OP_NONE,
	OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MOD, OP_SHL, OP_SHR, OP_USHR, OP_AND, OP_OR, OP_XOR,
	OP_NEG, OP_PLUS, OP_NOT, OP_COMPL,
	OP_LT, OP_LE, OP_GT, OP_GE, OP_EQ, OP_NE,
	OP_MATCH, OP_NOMATCH,
	OP_CONCAT,
	OP_ASSIGN, /* plain =; compound assignments carry OP_ADD … OP_CONCAT in expr.op */
	OP_AGGREGATE, /* <<< */
	OP_INC, OP_DEC,
};
const char *operator_text(enum op op);

/* `->name`, `[index]`, and the final `$`/`$$` of $x->name[1]$ */
enum component_kind { COMPONENT_MEMBER, COMPONENT_INDEX, COMPONENT_PRETTY, COMPONENT_PRETTY_DEEP };
struct target_component {
	enum component_kind kind;
	const struct token *token;
	const char *member;   /* COMPONENT_MEMBER */
	struct expr *index;   /* COMPONENT_INDEX; a literal for a constant offset */
};

enum print_kind { PRINT_PRINT, PRINT_PRINTF, PRINT_PRINTD };
struct print_spec {
	enum print_kind kind;
	bool to_string;	 /* sprint… */
	bool newline;	 /* …ln */
	bool is_char;    /* print_char() */
	const char *delimiter; /* printd: literal; NULL when it is an expression in args[0] */
	const char *format;    /* printf: literal format, already without escapes */
	size_t format_length;
	const struct format *parsed; /* printf: set by infer */
};

struct expr {
	enum expr_kind kind;
	enum op op;
	enum type type;	      /* set by infer */
	const struct token *token;
	struct expr *a, *b, *c;
	int64_t number;
	const char *string;
	size_t string_length;
	const char *name;     /* SYMBOL, INDEX, IN, CALL, TARGET ("$fd", "@var"), STAT ("count") */
	struct expr **args;   /* CALL, PRINT, DEFINED; the indexes of INDEX and IN; HIST parameters */
	size_t arg_count;
	ARRAY(struct target_component) path; /* TARGET, CAST */
	struct print_spec *print;
	unsigned stat;	      /* STAT: one enum stat_need bit; a is the statistic */
	bool postfix;	      /* INCREMENT */
	bool address_of;      /* &$x->y, &@cast(...) */
	bool parenthesized;   /* written in ( ) */
	/* set by resolve */
	struct variable *variable;	/* SYMBOL, INDEX, IN */
	struct function *function;	/* CALL: the first of its overloads */
	const struct builtin *builtin;	/* CALL: or this */
	struct capture *capture;	/* CAPTURE */
	unsigned context;		/* CONTEXT */
	const char *c_type;		/* of a value debug info knows, for `a->member` */
	const struct refusal *refusal;	/* TARGET …: why it cannot be had; private to the frontend */
};

/* ---- statements ---- */

enum stmt_kind {
	STMT_NULL,	/* ; */
	STMT_BLOCK,	/* body[] */
	STMT_EXPR,	/* expr */
	STMT_IF,	/* expr, then, otherwise */
	STMT_WHILE,	/* expr, then */
	STMT_FOR,	/* initial; expr; step; then — each may be NULL */
	STMT_FOREACH,	/* foreach, then */
	STMT_RETURN,	/* expr or NULL */
	STMT_NEXT, STMT_BREAK, STMT_CONTINUE,
	STMT_DELETE,	/* expr: SYMBOL or INDEX (slices allowed) */
	STMT_TRY,	/* then, catch_variable, otherwise */
	STMT_EMBEDDED,	/* %{ … %} as a statement: expr.string */
};

struct foreach_spec {
	ARRAY(struct expr *) keys;  /* EXPR_SYMBOL locals, written by the loop */
	struct expr *value;	    /* `foreach (v = k in a)`, or NULL */
	struct expr *array;	    /* EXPR_SYMBOL, EXPR_INDEX with slices, or EXPR_HIST */
	/* 0: insertion order; otherwise +1 ascending, -1 descending, by … */
	int direction;
	unsigned sort_column;	    /* … 0: the value (or aggregate), 1…n: that key */
	unsigned sort_stat;	    /* … enum stat_need bit for statistics, STAT_COUNT by default */
	struct expr *limit;	    /* or NULL */
};

struct stmt {
	enum stmt_kind kind;
	const struct token *token;
	struct expr *expr, *initial, *step;
	struct stmt *then, *otherwise;
	ARRAY(struct stmt *) body;
	struct foreach_spec *foreach;
	struct expr *catch_variable; /* EXPR_SYMBOL or NULL */
};

/* ---- what a file holds ---- */

enum embedded_role {
	EMBEDDED_BODY,		/* of a function, or C that has nothing to do with one's result */
	EMBEDDED_LEAVES_NUMBER,	/* says whether to leave the function around it, keeps a result */
	EMBEDDED_LEAVES_TEXT,	/* the same, where STAP_RETVALUE is text */
	EMBEDDED_KEPT,		/* returns the result that was kept */
};

struct function {
	const char *name;
	const struct token *token;
	variable_array parameters;
	variable_array locals;
	enum type type;	      /* declared or inferred; TYPE_VOID when nothing is returned */
	enum type declared_type;
	struct stmt *body;
	const char *embedded; /* %{ … %} text, or NULL */
	const struct token *embedded_token;
	enum embedded_role embedded_role;
	bool is_private;
	int64_t priority;     /* `function f:long (…) : priority`; overloads run in this order */
	struct function *next_overload;
	bool used;
	const struct token *type_token; /* where type was decided, for conflict messages */
	bool reads;	      /* set by capture: reads memory, itself or through others */
	bool is_changed;      /* set by capture: a clone that differs from what it was made of */
	bool is_pure;	      /* set by fold: no effect besides its value */
	unsigned needs;	      /* set by plan: enum context_need, callees included */
	unsigned slot;	      /* index in program.functions */
	void *owner;	      /* the unit that defines it; private to the frontend */
	struct work_users *users; /* what infer looks at again when it learns more */
};

/* one step of a probe point: name, name(123), name("text") */
enum argument_kind { ARGUMENT_NONE, ARGUMENT_NUMBER, ARGUMENT_STRING };
struct point_component {
	const char *name;	/* may hold wildcards */
	enum argument_kind argument_kind;
	int64_t number;
	const char *string;
	const struct token *token;
};
struct probe_point {
	ARRAY(struct point_component) components;
	bool optional;	 /* ? */
	bool sufficient; /* ! */
	struct expr *condition; /* arming: if (…) */
	const struct token *token;
};
typedef ARRAY(struct probe_point *) point_array;

/* `probe points { body }` and `probe name = points { body }` */
struct probe_declaration {
	const struct token *token;
	struct probe_point *alias; /* NULL for a plain probe; `probe a = b = …` gives one each */
	bool is_epilogue;	   /* += */
	bool is_private;
	point_array points;
	struct stmt *body;
	struct stmt *epilogue;	   /* `probe a = points { body }, { epilogue }`, or NULL */
};

/* one parsed source */
struct script {
	const struct source_file *file;
	variable_array globals;
	ARRAY(struct function *) functions;
	ARRAY(struct probe_declaration *) probes;
	ARRAY(struct probe_declaration *) aliases;
	/* every definition in source order, for printing */
	ARRAY(struct definition) order;
};
enum definition_kind { DEFINE_GLOBAL, DEFINE_FUNCTION, DEFINE_PROBE, DEFINE_ALIAS, DEFINE_EMBEDDED };
struct definition {
	enum definition_kind kind;
	void *node; /* struct variable, function, probe_declaration; struct token for embedded C */
};

/* deep copies into the same arena; symbols are left unresolved in the copy */
struct expr *expr_copy(struct arena *arena, const struct expr *expr);
struct stmt *stmt_copy(struct arena *arena, const struct stmt *stmt);
/** function_clone() - with parameters and locals of its own; all else resolved as in @function */
struct function *function_clone(struct arena *arena, const struct function *function);

#endif
