/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of pass 2 and 3 share: the names each source defines (struct unit), the library
 * index, the match tree of probe points, and the probes under construction. Private to frontend/.
 *
 *	expand.c  probe declarations → struct probe_build (concrete point, body segments)
 *	resolve.c names in them → variables, functions, captures; queues what they call
 *	fold.c    constants, dead branches, unused locals and functions
 *	infer.c   types; work-list.c says what has to be looked at again
 *	display.c end probes for globals that are only written
 *	capture.c reads of memory → captures, through locals and functions
 *	program.c slots and needs: struct program
 *	plan.c    filters
 *
 * resolve.c hands looks into the context to target.c, which asks the site's family or, through
 * place-value.c, the debug info; entry.c makes the entry probes of return probes.
 */
#ifndef SEMANTIC_H
#define SEMANTIC_H

#include <errno.h>

#include "debuginfo/debuginfo.h"
#include "parse.h"

/* errors and warnings collected since a mark can be taken back */
struct diag_mark {
	size_t count, errors;
};
static inline struct diag_mark diag_mark(const struct frontend *frontend)
{
	return (struct diag_mark){ frontend->diags.count, frontend->error_count };
}
static inline void diag_rewind(struct frontend *frontend, struct diag_mark mark)
{
	frontend->diags.count = mark.count;
	frontend->error_count = mark.errors;
}

/* the functions of one name in one unit or name space; overloads differ by arity or run in turn */
struct function_set {
	ARRAY(struct function *) items;
};

/* one parsed source and the names it defines, private ones included */
struct unit {
	const struct source_file *file;
	struct script *script;
	struct table globals;	/* name -> struct variable */
	struct table functions;	/* name -> struct function_set */
	bool is_user;		/* a script of the user's, not tapset or generated */
	bool is_used;		/* of the tapset: something refers to it, so its probes run */
};

/* what other units may see */
struct name_space {
	struct table globals;	/* name -> struct variable */
	struct table functions;	/* name -> struct function_set */
};

/* a parsed stretch of a probe's body: the user's, or an alias's */
struct body_segment {
	struct stmt *body;
	struct unit *unit;
	bool is_alias;
};
struct condition_part {
	struct expr *expr;
	struct unit *unit;
};
/* a probe on its way from expansion to plan */
struct probe_build {
	struct probe *probe;
	struct unit *unit;
	ARRAY(struct body_segment) segments;
	ARRAY(struct condition_part) conditions;
	bool resolved;
};

/* ---- the match tree, probe-point.c ---- */

struct alias_entry {
	struct probe_declaration *alias;
	struct unit *unit;
};
struct match_node {
	const char *name;
	enum argument_kind argument;
	struct table children; /* "name", "name(number)", "name(string)" -> struct match_node */
	ARRAY(struct family_row) families;
	ARRAY(struct alias_entry) aliases;
};

struct match_node *match_node_new(struct arena *arena, const char *name, enum argument_kind kind);
/** match_add_family() - hang @row at its pattern; false when the pattern is malformed */
bool match_add_family(struct match_node *root, struct arena *arena, struct family_row row);
/** match_add_alias() - hang an alias at its name; false when @once and one is there already */
bool match_add_alias(struct match_node *root, struct arena *arena, struct alias_entry entry,
		     bool once);
/** match_child() - the child for a component without wildcards, or NULL */
struct match_node *match_child(const struct match_node *node,
			       const struct point_component *component);
/** match_covers() - does the tree hold a family or alias for @point as it is written? */
bool match_covers(const struct match_node *root, const struct probe_point *point);
/** match_glob() - does @pattern's component, wildcards allowed, fit @node? */
bool match_glob(const struct point_component *pattern, const struct match_node *node);
struct probe_point *point_copy(struct arena *arena, const struct probe_point *point);
bool point_has_wildcard(const struct probe_point *point);
/** point_dotted() - the components' names joined by dots, without arguments */
char *point_dotted(struct arena *arena, const struct probe_point *point);
char *point_text(struct arena *arena, const struct probe_point *point);

/* ---- the library index, library.c ---- */

struct library_file {
	const char *path;
	char *text;
	size_t size;
	bool loaded;
};
typedef ARRAY(struct library_file *) library_file_array;
struct library_alias {
	const char *dotted; /* names joined by dots, without arguments */
	struct library_file *file;
};
struct library {
	bool indexed;
	ARRAY(struct library_file *) files;
	struct table functions; /* name -> library_file_array */
	struct table globals;	/* name -> library_file_array */
	ARRAY(struct library_alias) aliases;
};

/* ---- all of it ---- */

struct semantics {
	struct frontend *frontend;
	struct arena *arena;
	ARRAY(struct unit *) units;
	struct name_space user, tapset;
	struct match_node *tree;
	size_t families_added;		/* rows of frontend->families already in the tree */
	struct library library;
	struct table reported;		/* undeclared arrays that have their message */
	struct table generated;		/* dotted patterns families were asked about */
	ARRAY(struct probe_build *) builds;
	ARRAY(struct function *) functions; /* reached from probes, in the order of first use */
	ARRAY(struct variable *) globals;   /* the same */
	bool keep_all;			/* -L shows what aliases set, used or not */
	bool types_known;		/* infer ran */
	bool has_refusals;		/* some expression has one */
	bool changed;			/* fold: something happened in this round */
};

/** semantics_get() - the session's, made at first use with user scripts registered */
struct semantics *semantics_get(struct frontend *frontend);
/** unit_add() - register a parsed source's names */
struct unit *unit_add(struct semantics *sem, struct script *script);
struct unit *unit_of_function(const struct function *function);

/** library_load_function() - load the files that define function @name; false when none does */
bool library_load_function(struct semantics *sem, const char *name);
bool library_load_global(struct semantics *sem, const char *name);
/** library_load_aliases() - load the files with aliases that @point may mean */
void library_load_aliases(struct semantics *sem, const struct probe_point *point);
void library_load_all(struct semantics *sem);

#define MAX_SITE_VARIABLES 256

/** missing_variables() - does @body, the handler of @probe, name a variable its place lacks? */
bool missing_variables(struct semantics *sem, struct stmt *body, const struct probe *probe);

/** expand_declaration() - all concrete probes of one declaration, appended to sem->builds */
void expand_declaration(struct semantics *sem, struct unit *unit,
			const struct probe_declaration *declaration);
/** expand_listed_point() - the same for a single point, for -l; returns how many */
size_t expand_listed_point(struct semantics *sem, struct unit *unit,
			   const struct probe_declaration *declaration,
			   const struct probe_point *point);

/** prune_build() - leave out what aliases of the tapset set and nobody looks at */
void prune_build(struct semantics *sem, struct probe_build *build);
/** resolve_build() - bind every name in a probe, then in the functions it reaches */
void resolve_build(struct semantics *sem, struct probe_build *build);
void resolve_functions(struct semantics *sem, size_t first);

struct resolver {
	struct semantics *sem;
	struct unit *unit;
	struct probe *probe;	   /* NULL in functions */
	struct function *function; /* NULL in probes */
	variable_array *locals;	   /* NULL in arming conditions: globals only */
	struct table assigned;	   /* names some statement of the body assigns */
	struct table written;	   /* names the body outside its aliases writes: @probewrite */
	bool has_alias;		   /* some of the body comes from an alias */
	bool without_entry;	   /* values that need a probe at the entry are not available */
	bool is_trial;		   /* only to see whether it resolves: errors count at once */
};
void resolve_expression(struct resolver *resolver, struct expr **slot);
/** target_resolve() - replace a TARGET, CAST, ENTRY, PERF, DEREF or REGISTER by what it captures */
void target_resolve(struct resolver *resolver, struct expr **slot);
/** target_fetch() - a capture of @recipe at the resolver's probe, named like @named's text */
struct expr *target_fetch(struct resolver *resolver, const struct recipe *recipe, enum type type,
			  const struct expr *named, const char *c_type);
/** target_capture() - @capture of the resolver's probe as a value */
struct expr *target_capture(struct resolver *resolver, struct capture *capture,
			    const struct token *token);
/** capture_of_recipe() - what @recipe fetches, named as the script writes @named */
struct capture *capture_of_recipe(struct arena *arena, const struct recipe *recipe, enum type type,
				  const struct expr *named);
/** target_share_capture() - @capture, or the probe's own one like it; shared ones have one slot */
struct capture *target_share_capture(struct semantics *sem, struct probe *probe,
				     struct capture *capture);
/** target_pair() - stack pointers for a return probe and its entry, where sites have registers */
void target_pair(struct semantics *sem, struct probe *probe);
/**
 * target_pair_frame() - the same for code in the middle of a call; false: the frame is not known
 */
bool target_pair_frame(struct semantics *sem, struct probe *probe);
/** target_suggest() - names near @name that the site has, for message @id */
void target_suggest(struct resolver *resolver, size_t id, const char *name);
/** target_c_type() - the C type @expr's value has, as far as debug info said, or NULL */
const char *target_c_type(const struct expr *expr);
/** target_is_defined() - would @slot resolve here? Leaves no messages */
bool target_is_defined(struct resolver *resolver, const struct expr *expr);

/** resolve_global() - the global @name as the resolver's unit sees it, or NULL */
struct variable *resolve_global(struct resolver *resolver, const char *name);

/** propagate_constants() - what aliases set once to a literal becomes that literal; types known */
void propagate_constants(struct semantics *sem);

/* ---- embedded.c ---- */

/** embedded_resolve_expression() - %{ … %} or @const("…") becomes a call of a C body */
void embedded_resolve_expression(struct resolver *resolver, struct expr **slot);
/** embedded_resolve_stmt() - the same for a statement of C */
void embedded_resolve_stmt(struct resolver *resolver, struct stmt *stmt);
/** embedded_needs_guru() - is there a C body marked as such among the overloads? */
bool embedded_needs_guru(const struct function *function);
/** embedded_resolve_function() - bind the globals that the function's C body names in markers */
void embedded_resolve_function(struct resolver *resolver);

/* ---- place-value.c ---- */

/** place_value_resolve() - `$x->y[i]` or @var at @place; NULL after a message */
struct expr *place_value_resolve(struct resolver *resolver, const struct code_place *place,
				 struct expr *target);
/** caller_guarded() - @body behind `if (!called from where the site says) next;`, if it says so */
struct stmt *caller_guarded(struct semantics *sem, const struct probe *probe, struct stmt *body);
/** caller_resolve() - its condition, an EXPR_TARGET of this name that no script can write */
struct expr *caller_resolve(struct resolver *resolver, const struct code_place *place,
			    const struct expr *target);
#define CALLER_NAME "the caller"
/* of the tapset: the kernel's task_struct of a thread, or the pointer to one that it is given */
#define TASK_STRUCT_FUNCTION "_task_struct"
/** cast_resolve() - @cast(p, "type")->y or p->y; NULL after a message */
struct expr *cast_resolve(struct resolver *resolver, struct expr *cast);
/**
 * cast_pretty() - the sprintf of `@cast(…)$`, its members not yet resolved; false after a message
 */
bool cast_pretty(struct resolver *resolver, const struct expr *cast, bool deep, struct buf *format,
		 expr_array *arguments);
/**
 * cast_refuse_brackets() - a message about `a[1][2]`, where no pointer is known; false: it is not
 */
bool cast_refuse_brackets(struct frontend *frontend, const struct expr *cast);
/** make_read() - the native that reads a number of @size bytes at @address */
struct expr *make_read(struct arena *arena, bool is_user, bool is_signed, unsigned size,
		       struct expr *address, const struct token *token);

/* ---- count.c ---- */

/** count_plan() - find the probes that only count, and those that look at the result */
void count_plan(struct semantics *sem, struct program *program);

/* ---- counter.c ---- */

/** counter_declared() - the site of a probe that declares a counter, NULL for others */
const struct site *counter_declared(const struct probe *probe);
/** counter_resolve() - @perf("name") becomes a capture of the counter that a probe declares */
void counter_resolve(struct resolver *resolver, struct expr **slot);
/** counters_gather() - fill program->counters, when a handler reads one */
void counters_gather(struct semantics *sem, struct program *program);

/* ---- entry.c ---- */

/**
 * entry_resolve() - @slot becomes what @value was when the call began
 * False when the resolver's probe is no return; true too when @value does not resolve there.
 */
bool entry_resolve(struct resolver *resolver, struct expr **slot, struct expr *value);
/**
 * entry_register() - what DWARF's register @number held where the call began that is at the probe
 * now NULL, perhaps without a message, when no probe there can be paired with this one.
 */
struct expr *entry_register(struct resolver *resolver, unsigned number, const struct token *token);
/** entry_find_site() - where the call begins that the probe sees return, or NULL */
const struct site *entry_find_site(struct resolver *resolver);
/**
 * entry_wrap_targets() - in @stmt, what `$name` means becomes what it was when the call began
 * @own: the script's functions by name: their calls stay in the return probe
 */
void entry_wrap_targets(struct arena *arena, const struct table *own, struct stmt *stmt);
/** entry_lower() - natives save and load what entry probes keep; types are known */
void entry_lower(struct semantics *sem);

/* ---- overload.c ---- */

/** overload_falls_through() - may `next` leave every one of these functions? */
bool overload_falls_through(struct function *first);
/** overload_native() - the name of a tapset function, made when it is not there, for a native */
const char *overload_native(struct semantics *sem, const struct builtin *builtin, size_t arity);
/** overload_append() - @library is tried after all of @first */
void overload_append(struct function *first, struct function *library);

/* ---- refusal.c ---- */

/** refusal_keep() - errors since @mark stay with @expr, until it is known to be needed */
void refusal_keep(struct resolver *resolver, struct expr *expr, struct diag_mark mark);
/** privilege_allows_family() - may a script have probes of @family under the --privilege given? */
bool privilege_allows_family(const struct frontend *frontend, const struct family *family);
/** privilege_check() - report each call that --privilege forbids */
void privilege_check(struct semantics *sem);
/** refusal_report() - make messages of what is kept with expressions that are still there */
void refusal_report(struct semantics *sem);

/* ---- text-variable.c ---- */

/**
 * text_variable_read() - $value of a family with a text becomes a call; false: not such a family
 */
bool text_variable_read(struct resolver *resolver, struct expr **slot);
/** text_variable_assign() - the same for an assignment to it, or any other write */
bool text_variable_assign(struct resolver *resolver, struct expr *expr);

/* ---- recipe.c ---- */

struct recipe *recipe_number(struct arena *arena, const struct fetch *fetch);
const struct fetch *fetch_with_offset(struct arena *arena, const struct fetch *fetch,
				      int64_t offset);
bool recipe_equal(const struct recipe *a, const struct recipe *b);
void recipe_print(const struct recipe *recipe, struct buf *out);

/* ---- capture.c ---- */

/** capture_program() - reads that the kernel can do while a probe fires become captures */
void capture_program(struct semantics *sem);
/** capture_report_late() - what is left is read late: a warning, or an error with --strict */
void capture_report_late(struct semantics *sem);

/* ---- work-list.c ---- */

/* a handler or a function that inference walks */
struct work_item {
	struct probe *probe;	   /* or */
	struct function *function;
	bool is_due;
	bool is_refused;	   /* it has its message, and is not walked again */
};
struct work_users {
	struct work_item **items;
	size_t count, capacity;
};
struct work_list {
	struct arena *arena;
	ARRAY(struct work_item *) items, due;
	size_t taken; /* of due */
};

/** work_list_init() - all handlers and functions of the program are due, in this order */
void work_list_init(struct work_list *list, struct semantics *sem);
/** work_list_add() - @item is due, behind the others */
void work_list_add(struct work_list *list, struct work_item *item);
/** work_list_add_users() - so are all that mention a variable or function; @users may be NULL */
void work_list_add_users(struct work_list *list, const struct work_users *users);
/** work_list_take() - the next one, or NULL */
struct work_item *work_list_take(struct work_list *list);

/** infer_program() - types for everything; returns -EINVAL after errors */
int infer_program(struct semantics *sem);

/** fold_program() - to a fixpoint; without types first, again with them */
void fold_program(struct semantics *sem);
/** fold_count_uses() - read_count and write_count of every variable */
void fold_count_uses(struct semantics *sem);
/** fold_drop_uncalled() - keep in sem->functions only what probes still reach */
void fold_drop_uncalled(struct semantics *sem);
/** fold_value() - the number that an expression of literals is; false when it is none */
bool fold_value(const struct expr *expr, int64_t *value);
/** fold_is_pure() - no effect at all: may be dropped when nobody looks at the value */
bool fold_is_pure(const struct expr *expr);
/** fold_changes_locals_only() - may be dropped when nobody looks at the locals it writes */
bool fold_changes_locals_only(struct stmt *stmt);

/* ---- sink.c ---- */

/** sink_values() - what aliases of the tapset give @probe is worked out behind its own condition */
void sink_values(struct semantics *sem, struct probe *probe);

/**
 * display_written_globals() - add an end probe for each global the user only writes
 * Returns true when there are some; their types are not inferred yet.
 */
bool display_written_globals(struct semantics *sem);

/** program_make() - number what is left and fill frontend->program */
void program_make(struct semantics *sem);

/* small makers of tree nodes */
struct expr *make_expr(struct arena *arena, enum expr_kind kind, const struct token *token);
struct expr *make_number(struct arena *arena, int64_t number, const struct token *token);
struct expr *make_string(struct arena *arena, const char *text, size_t length,
			 const struct token *token);
struct stmt *make_stmt(struct arena *arena, enum stmt_kind kind, const struct token *token);

/*
 * tree_walk() - call @visit for every expression below (and at) a statement or expression,
 * parents first. @is_write: the node is a target of an assignment, ++, foreach or catch.
 */
struct tree_visitor {
	void (*expr)(struct tree_visitor *visitor, struct expr *expr, bool is_write);
	void (*stmt)(struct tree_visitor *visitor, struct stmt *stmt);
	void *data;
};
void tree_walk_expr(struct tree_visitor *visitor, struct expr *expr, bool is_write);
void tree_walk_stmt(struct tree_visitor *visitor, struct stmt *stmt);

#endif
