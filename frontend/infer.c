/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types. Every handler and function is walked with the type its surroundings want; what is learnt
 * goes to variables, array indexes, parameters and functions, and all that mention one of these are
 * walked again, until nothing is new. Two uses that disagree are reported with both places. A last
 * walk over all reports what stayed unknown, and records which parts of each statistic the script
 * asks for.
 */
#include "semantic.h"

struct inferrer {
	struct semantics *sem;
	struct work_list work;
	struct work_item *item;	   /* being walked */
	bool refused_are_long;	   /* refused targets that nobody wants a type of */
	bool final;		   /* report what is unknown … */
	bool has_errors;	   /* … unless it may be known when what was reported is mended */
};

static void infer_expr(struct inferrer *inferrer, struct expr *expr, enum type want);
static void infer_stmt(struct inferrer *inferrer, struct stmt *stmt);

/* ---- agreeing ---- */

static void report_conflict(struct inferrer *inferrer, const struct token *token, const char *what,
			    enum type type, const struct token *first, enum type first_type)
{
	struct frontend *frontend = inferrer->sem->frontend;
	size_t id = diag_error(frontend, token, "type mismatch: %s is %s here", what,
			       type_name(type));

	diag_also(frontend, id, first, "it is %s since here", type_name(first_type));
}

static void learnt(struct inferrer *inferrer, const struct work_users *users)
{
	work_list_add_users(&inferrer->work, users);
}

/* something whose type is to be found: what it is so far, where that was decided, who mentions it */
struct typed {
	enum type *type;
	const struct token **since;
	const struct work_users *users;
};

static struct typed typed_variable(struct variable *variable)
{
	return (struct typed){ &variable->type, &variable->type_token, variable->users };
}

static struct typed typed_key(struct variable *array, size_t i)
{
	return (struct typed){ &array->index_types[i], &array->index_tokens[i], array->users };
}

static struct typed typed_result(struct function *function)
{
	return (struct typed){ &function->type, &function->type_token, function->users };
}

/* learn @want, or find it true already; false: there is a conflict, which the caller reports */
static bool agree(struct inferrer *inferrer, struct typed typed, enum type want,
		  const struct token *token)
{
	if (want == TYPE_UNKNOWN || want == TYPE_VOID || *typed.type == want)
		return true;
	if (*typed.type != TYPE_UNKNOWN)
		return false;
	*typed.type = want;
	*typed.since = token;
	learnt(inferrer, typed.users);
	return true;
}

/* the expression has @type, its surroundings need @want */
static void settle(struct inferrer *inferrer, struct expr *expr, enum type type, enum type want)
{
	if (expr->type != type) {
		expr->type = type;
		work_list_add(&inferrer->work, inferrer->item);
	}
	if (want == TYPE_UNKNOWN || type == TYPE_UNKNOWN || type == want)
		return;
	diag_error(inferrer->sem->frontend, expr->token,
		   "type mismatch: expected %s but found %s", type_name(want), type_name(type));
}

static const char *variable_text(struct inferrer *inferrer, const struct variable *variable)
{
	return arena_printf(inferrer->sem->arena, "'%s'", variable->name);
}

static void agree_variable(struct inferrer *inferrer, struct expr *expr, enum type want)
{
	struct variable *variable = expr->variable;

	if (!agree(inferrer, typed_variable(variable), want, expr->token))
		report_conflict(inferrer, expr->token, variable_text(inferrer, variable), want,
				variable->type_token, variable->type);
	settle(inferrer, expr, variable->type, TYPE_UNKNOWN);
}

/* ---- shapes: scalars, and arrays of so many keys ---- */

static bool agree_shape(struct inferrer *inferrer, struct expr *expr, size_t count)
{
	struct variable *variable = expr->variable;
	struct frontend *frontend = inferrer->sem->frontend;
	size_t id;

	if (!variable)
		return false;
	if (!variable->shape_token && !(variable->is_array && !count)) {
		variable->shape_token = expr->token;
		variable->index_count = (unsigned)count;
		variable->is_array = count > 0;
		variable->index_tokens = arena_alloc(inferrer->sem->arena,
						     (count + 1) * sizeof(struct token *));
		learnt(inferrer, variable->users);
	}
	if (variable->index_count == count && variable->shape_token)
		return true;
	id = diag_error(frontend, expr->token, count ?
			"'%s' is used with %zu key%s here" : "array '%s' is used without keys here",
			variable->name, count, count == 1 ? "" : "s");
	if (!variable->shape_token)
		diag_also(frontend, id, variable->token, "it is declared as an array here");
	else if (variable->index_count)
		diag_also(frontend, id, variable->shape_token, "it has %u key%s since here",
			  variable->index_count, variable->index_count == 1 ? "" : "s");
	else
		diag_also(frontend, id, variable->shape_token, "it is a scalar since here");
	return false;
}

static void agree_index(struct inferrer *inferrer, struct variable *variable, size_t i,
			struct expr *key)
{
	infer_expr(inferrer, key, TYPE_UNKNOWN);
	if (key->type == TYPE_UNKNOWN && variable->index_types[i] != TYPE_UNKNOWN)
		infer_expr(inferrer, key, variable->index_types[i]);
	if (key->type == TYPE_STATS) {
		diag_error(inferrer->sem->frontend, key->token, "a statistic cannot be a key");
		return;
	}
	if (!agree(inferrer, typed_key(variable, i), key->type, key->token))
		report_conflict(inferrer, key->token,
				arena_printf(inferrer->sem->arena, "key %zu of '%.40s'", i + 1,
					     variable->name),
				key->type, variable->index_tokens[i], variable->index_types[i]);
}

/* the keys of INDEX and IN, `*` where @any_allowed */
static bool infer_keys(struct inferrer *inferrer, struct expr *expr, bool any_allowed)
{
	if (!agree_shape(inferrer, expr, expr->arg_count))
		return false;
	for (size_t i = 0; i < expr->arg_count; i++) {
		if (expr->args[i])
			agree_index(inferrer, expr->variable, i, expr->args[i]);
		else if (!any_allowed)
			diag_error(inferrer->sem->frontend, expr->token,
				   "'*' is not allowed as a key of '%s' here", expr->name);
	}
	return true;
}

/* ---- variables ---- */

static bool is_unassigned_local(const struct variable *variable)
{
	return variable && !variable->write_count && variable->scope == SCOPE_LOCAL;
}

static void report_unresolved(struct inferrer *inferrer, const struct expr *expr)
{
	struct frontend *frontend = inferrer->sem->frontend;
	struct variable *variable = expr->variable;
	size_t id;

	if (!inferrer->final || (variable && variable->type_token) ||
	    (inferrer->has_errors && !is_unassigned_local(variable)))
		return;
	if (variable)
		variable->type_token = expr->token; /* one message is enough */
	id = diag_error(frontend, expr->token, "unresolved type of '%s'", expr->name);
	if (variable && !variable->write_count)
		diag_hint(frontend, id, "nothing assigns '%s' a value", variable->name);
}

static void infer_symbol(struct inferrer *inferrer, struct expr *expr, enum type want)
{
	if (!agree_shape(inferrer, expr, 0))
		return;
	if (want == TYPE_STATS && expr->variable->scope != SCOPE_GLOBAL) {
		diag_error(inferrer->sem->frontend, expr->token,
			   "statistic '%s' must be declared with 'global'", expr->name);
		return;
	}
	agree_variable(inferrer, expr, want);
	if (expr->type == TYPE_UNKNOWN)
		report_unresolved(inferrer, expr);
}

static void infer_index(struct inferrer *inferrer, struct expr *expr, enum type want)
{
	if (!infer_keys(inferrer, expr, false))
		return;
	agree_variable(inferrer, expr, want);
	if (expr->type == TYPE_UNKNOWN)
		report_unresolved(inferrer, expr);
}

/* ---- statistics ---- */

/* a statistic: a global or an element of one */
static struct variable *infer_statistic(struct inferrer *inferrer, struct expr *expr)
{
	if (expr->kind != EXPR_SYMBOL && expr->kind != EXPR_INDEX) {
		diag_error(inferrer->sem->frontend, expr->token, "expected a statistic");
		return NULL;
	}
	infer_expr(inferrer, expr, TYPE_STATS);
	return expr->variable && expr->variable->type == TYPE_STATS ? expr->variable : NULL;
}

static void note_variance_shift(struct inferrer *inferrer, struct variable *variable,
				const struct expr *expr)
{
	int64_t shift = 0;

	if (expr->arg_count && !fold_value(expr->args[0], &shift))
		diag_error(inferrer->sem->frontend, expr->args[0]->token,
			   "the bit shift of @variance must be an expression of literals");
	else if (shift < 0 || shift > 62)
		diag_error(inferrer->sem->frontend, expr->token,
			   "the bit shift of @variance must be from 0 to 62");
	else if (variable->stat.needs & STAT_VARIANCE && variable->stat.variance_shift != shift)
		diag_error(inferrer->sem->frontend, expr->token,
			   "conflicting bit shifts of @variance on '%s': %d before, %d here",
			   variable->name, variable->stat.variance_shift, (int)shift);
	variable->stat.variance_shift = (int)shift;
}

static void infer_stat(struct inferrer *inferrer, struct expr *expr, enum type want)
{
	struct variable *variable = infer_statistic(inferrer, expr->a);

	settle(inferrer, expr, TYPE_LONG, want);
	if (!variable || !inferrer->final)
		return;
	if (expr->stat == STAT_VARIANCE)
		note_variance_shift(inferrer, variable, expr);
	variable->stat.needs |= expr->stat;
}

static bool constant_argument(const struct expr *expr, size_t i, int64_t *value)
{
	const struct expr *arg = i < expr->arg_count ? expr->args[i] : NULL;

	if (arg && arg->kind == EXPR_UNARY && arg->op == OP_NEG && arg->a->kind == EXPR_NUMBER) {
		*value = -arg->a->number;
		return true;
	}
	if (!arg || arg->kind != EXPR_NUMBER)
		return false;
	*value = arg->number;
	return true;
}

static bool histogram_shape(struct inferrer *inferrer, const struct expr *expr,
			    struct stat_shape *shape)
{
	bool is_linear = strstr(expr->name, "linear") != NULL;

	shape->needs = is_linear ? STAT_HIST_LINEAR : STAT_HIST_LOG;
	if (!is_linear)
		return true;
	if (!constant_argument(expr, 0, &shape->low) || !constant_argument(expr, 1, &shape->high) ||
	    !constant_argument(expr, 2, &shape->interval)) {
		diag_error(inferrer->sem->frontend, expr->token,
			   "@hist_linear needs three literal numbers: low, high, interval");
		return false;
	}
	if (shape->interval <= 0 || shape->high < shape->low) {
		diag_error(inferrer->sem->frontend, expr->token,
			   "@hist_linear needs low <= high and a positive interval");
		return false;
	}
	return true;
}

/* one histogram shape per variable: its buckets are kept as values arrive */
static void note_histogram(struct inferrer *inferrer, struct variable *variable,
			   const struct expr *expr)
{
	const unsigned any = STAT_HIST_LINEAR | STAT_HIST_LOG;
	struct stat_shape shape = { 0 }, *old = &variable->stat;
	size_t id;

	if (!histogram_shape(inferrer, expr, &shape))
		return;
	if (old->needs & any && ((old->needs & any) != shape.needs || old->low != shape.low ||
				 old->high != shape.high || old->interval != shape.interval)) {
		id = diag_error(inferrer->sem->frontend, expr->token,
				"multiple histogram types declared on '%s'", variable->name);
		diag_also(inferrer->sem->frontend, id, variable->histogram_token,
			  "the first one is here");
		return;
	}
	if (!variable->histogram_token)
		variable->histogram_token = expr->token;
	old->needs |= shape.needs;
	old->low = shape.low;
	old->high = shape.high;
	old->interval = shape.interval;
}

/* the histogram's statistic; the picture needs the number of values too */
static void infer_histogram(struct inferrer *inferrer, struct expr *expr)
{
	struct variable *variable = infer_statistic(inferrer, expr->a);

	if (variable && inferrer->final) {
		note_histogram(inferrer, variable, expr);
		variable->stat.needs |= STAT_COUNT;
	}
}

static void infer_bucket(struct inferrer *inferrer, struct expr *expr, enum type want)
{
	infer_histogram(inferrer, expr);
	if (!expr->b) {
		diag_error(inferrer->sem->frontend, expr->token,
			   "a histogram can only be printed, indexed or walked with foreach");
		return;
	}
	infer_expr(inferrer, expr->b, TYPE_LONG);
	settle(inferrer, expr, TYPE_LONG, want);
}

/* ---- calls ---- */

static void infer_argument(struct inferrer *inferrer, struct expr *arg, struct variable *parameter,
			   const struct function *function)
{
	infer_expr(inferrer, arg, TYPE_UNKNOWN);
	if (arg->type == TYPE_UNKNOWN && parameter->type != TYPE_UNKNOWN)
		infer_expr(inferrer, arg, parameter->type);
	if (arg->type == TYPE_STATS) {
		diag_error(inferrer->sem->frontend, arg->token,
			   "a statistic cannot be an argument; pass one of its values");
		return;
	}
	if (!parameter->type_token)
		parameter->type_token = parameter->token;
	if (!agree(inferrer, typed_variable(parameter), arg->type, arg->token))
		report_conflict(inferrer, arg->token,
				arena_printf(inferrer->sem->arena, "argument '%.32s' of '%.40s'",
					     parameter->name, function->name),
				arg->type, parameter->type_token, parameter->type);
}

static void infer_result(struct inferrer *inferrer, struct expr *expr, struct function *function,
			 enum type want)
{
	struct frontend *frontend = inferrer->sem->frontend;
	size_t id;

	if (function->type == TYPE_UNKNOWN)
		agree(inferrer, typed_result(function), want, expr->token);
	if (function->type != TYPE_VOID || want == TYPE_VOID) {
		settle(inferrer, expr, function->type, want == TYPE_VOID ? TYPE_UNKNOWN : want);
		return;
	}
	if (!inferrer->final)
		return;
	id = diag_error(frontend, expr->token, "function '%s' returns no value", function->name);
	diag_also(frontend, id, function->token, "defined here");
}

/*
 * kernel_string() of a text, where an alias has the text itself and scripts expect its address, as
 * irq_handler.entry its dev_name: that text
 */
static bool is_text_already(struct inferrer *inferrer, const struct expr *call)
{
	if (call->builtin->id != BUILTIN_kernel_string || call->arg_count != 1)
		return false;
	infer_expr(inferrer, call->args[0], TYPE_UNKNOWN);
	return call->args[0]->type == TYPE_STRING;
}

static void infer_builtin(struct inferrer *inferrer, struct expr *expr, enum type want)
{
	const char *letter = expr->builtin->parameters;

	if (is_text_already(inferrer, expr)) {
		*expr = *expr->args[0];
		infer_expr(inferrer, expr, want);
		return;
	}
	for (size_t i = 0; i < expr->arg_count && *letter; i++, letter++) {
		letter += *letter == '|';
		infer_expr(inferrer, expr->args[i], *letter == 's' ? TYPE_STRING : TYPE_LONG);
	}
	expr->type = expr->builtin->result;
	if (expr->type != TYPE_VOID)
		settle(inferrer, expr, expr->type, want == TYPE_VOID ? TYPE_UNKNOWN : want);
	else if (want != TYPE_VOID && inferrer->final)
		diag_error(inferrer->sem->frontend, expr->token, "function '%s' returns no value",
			   expr->name);
}

/* whichever of the overloads answers, its result has one type */
static void agree_overloads(struct inferrer *inferrer, struct function *first)
{
	const struct function *known = first;

	while (known && known->type == TYPE_UNKNOWN)
		known = known->next_overload;
	for (struct function *f = first; known && f; f = f->next_overload) {
		if (f->type == TYPE_UNKNOWN) {
			f->type = known->type;
			f->type_token = known->type_token;
			learnt(inferrer, f->users);
		} else if (f->type != known->type) {
			report_conflict(inferrer, f->type_token, "the result of an overload",
					f->type, known->type_token, known->type);
			return;
		}
	}
}

/* @want is TYPE_VOID where nobody takes the value */
static void infer_call(struct inferrer *inferrer, struct expr *expr, enum type want)
{
	if (expr->builtin) {
		infer_builtin(inferrer, expr, want);
		return;
	}
	agree_overloads(inferrer, expr->function);
	for (struct function *f = expr->function; f; f = f->next_overload) {
		for (size_t i = 0; i < expr->arg_count; i++)
			infer_argument(inferrer, expr->args[i], f->parameters.items[i], f);
		infer_result(inferrer, expr, f, want);
	}
	if (inferrer->final && !inferrer->has_errors && want != TYPE_VOID &&
	    expr->function->type == TYPE_UNKNOWN)
		diag_error(inferrer->sem->frontend, expr->token,
			   "unresolved type of function '%s'", expr->name);
}

/* ---- printing ---- */

static void infer_printed(struct inferrer *inferrer, struct expr *arg)
{
	if (arg->kind == EXPR_HIST && !arg->b) {
		infer_histogram(inferrer, arg);
		arg->type = TYPE_STATS;
		return;
	}
	infer_expr(inferrer, arg, TYPE_UNKNOWN);
	if (arg->type == TYPE_STATS)
		diag_error(inferrer->sem->frontend, arg->token,
			   "a statistic cannot be printed; print one of its values, "
			   "as in @count(x) or @hist_log(x)");
}

static void infer_printf(struct inferrer *inferrer, struct expr *expr)
{
	struct print_spec *print = expr->print;
	size_t wanted;

	if (!print->parsed)
		print->parsed = format_parse(inferrer->sem->frontend, print->format,
					     print->format_length, expr->token);
	if (!print->parsed)
		return;
	wanted = print->parsed->argument_count;
	if (wanted != expr->arg_count)
		diag_error(inferrer->sem->frontend, expr->token,
			   "wrong number of arguments: the format takes %zu, there %s %zu", wanted,
			   expr->arg_count == 1 ? "is" : "are", expr->arg_count);
	for (size_t i = 0; i < expr->arg_count; i++)
		infer_expr(inferrer, expr->args[i], format_argument_type(print->parsed, i));
}

static void infer_print(struct inferrer *inferrer, struct expr *expr, enum type want)
{
	struct print_spec *print = expr->print;

	if (print->kind == PRINT_PRINTF) {
		infer_printf(inferrer, expr);
	} else {
		bool has_delimiter = print->kind == PRINT_PRINTD && !print->delimiter;

		for (size_t i = 0; i < expr->arg_count; i++) {
			if (i == 0 && has_delimiter)
				infer_expr(inferrer, expr->args[i], TYPE_STRING);
			else if (print->is_char)
				infer_expr(inferrer, expr->args[i], TYPE_LONG);
			else
				infer_printed(inferrer, expr->args[i]);
		}
	}
	if (print->to_string)
		settle(inferrer, expr, TYPE_STRING, want == TYPE_VOID ? TYPE_UNKNOWN : want);
	else if (want != TYPE_VOID) /* 0, as in `a && print("a")` */
		settle(inferrer, expr, TYPE_LONG, want);
	else
		expr->type = TYPE_VOID;
}

/* ---- operators ---- */

static enum type known_type(const struct expr *a, const struct expr *b)
{
	return a->type != TYPE_UNKNOWN ? a->type : b->type;
}

/* both sides have one type, whichever is known first */
static void infer_pair(struct inferrer *inferrer, struct expr *a, struct expr *b, enum type want)
{
	infer_expr(inferrer, a, want);
	infer_expr(inferrer, b, want);
	if (a->type == b->type)
		return;
	infer_expr(inferrer, a, known_type(a, b));
	infer_expr(inferrer, b, known_type(a, b));
}

static void refuse_statistic(struct inferrer *inferrer, const struct expr *expr)
{
	if (expr->type == TYPE_STATS)
		diag_error(inferrer->sem->frontend, expr->token,
			   "a statistic has no single value; use @count, @sum, @avg …");
}

static void infer_plain_assign(struct inferrer *inferrer, struct expr *expr, enum type want)
{
	if (want == TYPE_VOID)
		want = TYPE_UNKNOWN;
	infer_expr(inferrer, expr->b, want);
	refuse_statistic(inferrer, expr->b);
	if (expr->b->type == TYPE_STATS || (inferrer->final && expr->b->type == TYPE_UNKNOWN))
		return;
	infer_expr(inferrer, expr->a, expr->b->type);
	if (expr->b->type == TYPE_UNKNOWN && expr->a->type != TYPE_STATS)
		infer_expr(inferrer, expr->b, expr->a->type);
	settle(inferrer, expr, expr->a->type, want);
}

static void infer_assign(struct inferrer *inferrer, struct expr *expr, enum type want)
{
	enum type type = expr->op == OP_CONCAT ? TYPE_STRING : TYPE_LONG;

	if (expr->op == OP_ASSIGN) {
		infer_plain_assign(inferrer, expr, want);
		return;
	}
	if (expr->op == OP_AGGREGATE)
		infer_statistic(inferrer, expr->a);
	else
		infer_expr(inferrer, expr->a, type);
	infer_expr(inferrer, expr->b, type);
	settle(inferrer, expr, type, want == TYPE_VOID ? TYPE_UNKNOWN : want);
}

static void infer_operands(struct inferrer *inferrer, struct expr *expr, enum type operands,
			   enum type result, enum type want)
{
	infer_expr(inferrer, expr->a, operands);
	if (expr->b)
		infer_expr(inferrer, expr->b, operands);
	settle(inferrer, expr, result, want);
}

static void check_regex(struct inferrer *inferrer, const struct expr *pattern)
{
	struct frontend *frontend = inferrer->sem->frontend;
	char *message = NULL;

	if (pattern->kind != EXPR_STRING || !frontend->options.check_regex ||
	    frontend->options.check_regex(pattern->string, pattern->string_length, &message))
		return;
	diag_error(frontend, pattern->token, "regular expression: %s", message);
	free(message);
}

static bool is_valueless(const struct expr *expr)
{
	return expr->type == TYPE_VOID || (expr->kind == EXPR_CALL && expr->type == TYPE_UNKNOWN);
}

/* as a statement, `a ? f() : g()` may call functions without a value */
static void infer_ternary(struct inferrer *inferrer, struct expr *expr, enum type want)
{
	infer_expr(inferrer, expr->a, TYPE_LONG);
	if (want == TYPE_VOID) {
		infer_expr(inferrer, expr->b, TYPE_VOID);
		infer_expr(inferrer, expr->c, TYPE_VOID);
		want = TYPE_UNKNOWN;
		if (is_valueless(expr->b) || is_valueless(expr->c)) {
			expr->type = TYPE_VOID;
			return;
		}
	}
	infer_pair(inferrer, expr->b, expr->c, want);
	refuse_statistic(inferrer, expr->b);
	settle(inferrer, expr, known_type(expr->b, expr->c), want);
}

/* as a statement, `a && f()` may call a function without a value */
static void infer_logic(struct inferrer *inferrer, struct expr *expr, enum type want)
{
	infer_expr(inferrer, expr->a, TYPE_LONG);
	infer_expr(inferrer, expr->b, want == TYPE_VOID ? TYPE_VOID : TYPE_LONG);
	if (want == TYPE_VOID && is_valueless(expr->b))
		expr->type = TYPE_VOID;
	else if (want == TYPE_VOID)
		infer_expr(inferrer, expr->b, TYPE_LONG);
	if (expr->type != TYPE_VOID)
		settle(inferrer, expr, TYPE_LONG, want == TYPE_VOID ? TYPE_UNKNOWN : want);
}

static void infer_compare(struct inferrer *inferrer, struct expr *expr, enum type want)
{
	infer_pair(inferrer, expr->a, expr->b, TYPE_UNKNOWN);
	refuse_statistic(inferrer, expr->a);
	settle(inferrer, expr, TYPE_LONG, want);
}

/* takes any type; one that nobody wants a type of is a number */
static void infer_refused(struct inferrer *inferrer, struct expr *expr, enum type want)
{
	if (want == TYPE_UNKNOWN && inferrer->refused_are_long)
		want = TYPE_LONG;
	if (expr->type == TYPE_UNKNOWN)
		settle(inferrer, expr, want, TYPE_UNKNOWN);
}

static void infer_expr(struct inferrer *inferrer, struct expr *expr, enum type want)
{
	enum type value = want == TYPE_VOID ? TYPE_UNKNOWN : want;

	switch (expr->kind) {
	case EXPR_NUMBER: settle(inferrer, expr, TYPE_LONG, value); break;
	case EXPR_STRING: settle(inferrer, expr, TYPE_STRING, value); break;
	case EXPR_SYMBOL: infer_symbol(inferrer, expr, value); break;
	case EXPR_INDEX: infer_index(inferrer, expr, value); break;
	case EXPR_IN:
		infer_keys(inferrer, expr, true);
		settle(inferrer, expr, TYPE_LONG, value);
		break;
	case EXPR_AND: case EXPR_OR: infer_logic(inferrer, expr, want); break;
	case EXPR_UNARY: case EXPR_BINARY:
		infer_operands(inferrer, expr, TYPE_LONG, TYPE_LONG, value);
		break;
	case EXPR_CONCAT:
		infer_operands(inferrer, expr, TYPE_STRING, TYPE_STRING, value);
		break;
	case EXPR_REGEX:
		infer_operands(inferrer, expr, TYPE_STRING, TYPE_LONG, value);
		if (inferrer->final)
			check_regex(inferrer, expr->b);
		break;
	case EXPR_COMPARE: infer_compare(inferrer, expr, value); break;
	case EXPR_TERNARY: infer_ternary(inferrer, expr, want); break;
	case EXPR_ASSIGN: infer_assign(inferrer, expr, want); break;
	case EXPR_INCREMENT:
		infer_expr(inferrer, expr->a, TYPE_LONG);
		settle(inferrer, expr, TYPE_LONG, value);
		break;
	case EXPR_CALL: infer_call(inferrer, expr, want); break;
	case EXPR_PRINT: infer_print(inferrer, expr, want); break;
	case EXPR_STAT: infer_stat(inferrer, expr, value); break;
	case EXPR_HIST: infer_bucket(inferrer, expr, value); break;
	case EXPR_CAPTURE: settle(inferrer, expr, expr->capture->type, value); break;
	case EXPR_CONST: case EXPR_EMBEDDED:
		settle(inferrer, expr, expr->type != TYPE_UNKNOWN ? expr->type :
			value != TYPE_UNKNOWN ? value : inferrer->final ? TYPE_LONG : TYPE_UNKNOWN,
		       value);
		break;
	default: /* refused: dead code, or there will be a message */
		infer_refused(inferrer, expr, value);
		break;
	}
}

/* ---- statements ---- */

static void infer_foreach_keys(struct inferrer *inferrer, struct foreach_spec *foreach)
{
	struct variable *array = foreach->array->variable;

	for (size_t i = 0; i < foreach->keys.count; i++) {
		struct expr *key = foreach->keys.items[i];

		agree_variable(inferrer, key, array->index_types[i]);
		agree_index(inferrer, array, i, key);
	}
}

static void infer_foreach_value(struct inferrer *inferrer, struct foreach_spec *foreach)
{
	struct variable *array = foreach->array->variable;

	if (!foreach->value)
		return;
	if (array->type == TYPE_STATS) {
		diag_error(inferrer->sem->frontend, foreach->value->token,
			   "the elements of '%s' are statistics, which no variable can hold",
			   array->name);
		return;
	}
	infer_expr(inferrer, foreach->value, array->type);
	if (!agree(inferrer, typed_variable(array), foreach->value->type, foreach->value->token))
		report_conflict(inferrer, foreach->value->token, variable_text(inferrer, array),
				foreach->value->type, array->type_token, array->type);
}

static void infer_sort(struct inferrer *inferrer, struct foreach_spec *foreach)
{
	struct variable *array = foreach->array->variable;

	if (foreach->sort_column > foreach->keys.count)
		diag_error(inferrer->sem->frontend, foreach->array->token,
			   "'%s' has no key %u to sort by", array->name, foreach->sort_column);
	if (!inferrer->final || !foreach->direction || foreach->sort_column)
		return;
	if (array->type != TYPE_STATS && foreach->sort_stat & ~STAT_COUNT) {
		diag_error(inferrer->sem->frontend, foreach->array->token,
			   "'%s' holds no statistics to sort by", array->name);
	} else if (array->type == TYPE_STATS) {
		array->stat.needs |= foreach->sort_stat;
	}
}

static void infer_foreach_histogram(struct inferrer *inferrer, struct foreach_spec *foreach)
{
	infer_histogram(inferrer, foreach->array);
	foreach->array->type = TYPE_STATS;
	if (foreach->keys.count != 1)
		diag_error(inferrer->sem->frontend, foreach->array->token,
			   "a histogram has one key, the bucket's number");
	for (size_t i = 0; i < foreach->keys.count; i++)
		infer_expr(inferrer, foreach->keys.items[i], TYPE_LONG);
	if (foreach->value)
		infer_expr(inferrer, foreach->value, TYPE_LONG);
}

static void infer_foreach(struct inferrer *inferrer, struct foreach_spec *foreach)
{
	struct expr *array = foreach->array;
	bool fits;

	if (foreach->limit)
		infer_expr(inferrer, foreach->limit, TYPE_LONG);
	if (array->kind == EXPR_HIST) {
		infer_foreach_histogram(inferrer, foreach);
		return;
	}
	fits = agree_shape(inferrer, array, foreach->keys.count);
	if (fits && array->kind == EXPR_INDEX)
		fits = infer_keys(inferrer, array, true);
	if (!fits)
		return;
	infer_foreach_keys(inferrer, foreach);
	infer_foreach_value(inferrer, foreach);
	infer_sort(inferrer, foreach);
	array->type = array->variable->type;
}

static void infer_delete(struct inferrer *inferrer, struct expr *expr)
{
	if (expr->kind == EXPR_INDEX)
		infer_keys(inferrer, expr, true);
	else if (expr->kind != EXPR_SYMBOL)
		diag_error(inferrer->sem->frontend, expr->token,
			   "only variables and array elements can be deleted");
	if (!expr->variable)
		return;
	expr->type = expr->variable->type;
	if (expr->type == TYPE_UNKNOWN)
		report_unresolved(inferrer, expr);
}

static void refuse_empty_return(struct inferrer *inferrer, const struct function *function,
				const struct token *token)
{
	size_t id;

	if (function->type != TYPE_LONG && function->type != TYPE_STRING)
		return;
	id = diag_error(inferrer->sem->frontend, token,
			"type mismatch: '%s' returns nothing here", function->name);
	diag_also(inferrer->sem->frontend, id, function->type_token, "its result is %s since here",
		  type_name(function->type));
}

static void infer_return(struct inferrer *inferrer, struct stmt *stmt)
{
	struct function *function = inferrer->item->function;

	if (!stmt->expr || !function) {
		if (inferrer->final && function)
			refuse_empty_return(inferrer, function, stmt->token);
		return;
	}
	infer_expr(inferrer, stmt->expr, TYPE_UNKNOWN);
	if (stmt->expr->type == TYPE_UNKNOWN)
		infer_expr(inferrer, stmt->expr, function->type);
	refuse_statistic(inferrer, stmt->expr);
	if (stmt->expr->type != TYPE_STATS &&
	    !agree(inferrer, typed_result(function), stmt->expr->type, stmt->expr->token))
		report_conflict(inferrer, stmt->expr->token,
				arena_printf(inferrer->sem->arena, "the result of '%s'",
					     function->name),
				stmt->expr->type, function->type_token, function->type);
}

static void infer_loop(struct inferrer *inferrer, struct stmt *stmt)
{
	if (stmt->initial)
		infer_expr(inferrer, stmt->initial, TYPE_VOID);
	if (stmt->expr)
		infer_expr(inferrer, stmt->expr, TYPE_LONG);
	if (stmt->step)
		infer_expr(inferrer, stmt->step, TYPE_VOID);
	infer_stmt(inferrer, stmt->then);
}

static void infer_try(struct inferrer *inferrer, struct stmt *stmt)
{
	infer_stmt(inferrer, stmt->then);
	if (stmt->catch_variable)
		infer_expr(inferrer, stmt->catch_variable, TYPE_STRING);
	infer_stmt(inferrer, stmt->otherwise);
}

static void infer_stmt(struct inferrer *inferrer, struct stmt *stmt)
{
	if (!stmt)
		return;
	switch (stmt->kind) {
	case STMT_NULL: case STMT_NEXT: case STMT_BREAK: case STMT_CONTINUE: case STMT_EMBEDDED:
		break;
	case STMT_BLOCK:
		for (size_t i = 0; i < stmt->body.count; i++)
			infer_stmt(inferrer, stmt->body.items[i]);
		break;
	case STMT_EXPR: infer_expr(inferrer, stmt->expr, TYPE_VOID); break;
	case STMT_IF:
		infer_expr(inferrer, stmt->expr, TYPE_LONG);
		infer_stmt(inferrer, stmt->then);
		infer_stmt(inferrer, stmt->otherwise);
		break;
	case STMT_WHILE: case STMT_FOR: infer_loop(inferrer, stmt); break;
	case STMT_FOREACH:
		infer_foreach(inferrer, stmt->foreach);
		infer_stmt(inferrer, stmt->then);
		break;
	case STMT_RETURN: infer_return(inferrer, stmt); break;
	case STMT_DELETE: infer_delete(inferrer, stmt->expr); break;
	case STMT_TRY: infer_try(inferrer, stmt); break;
	}
}

/* ---- arrays must not grow under a loop that walks them ---- */

struct foreach_check {
	struct inferrer *inferrer;
	const struct variable *array;
	const struct expr *deleted; /* the operand of the delete being looked at: allowed */
	const struct expr *call;    /* of the loop: what is looked at is called by it, or NULL */
	ARRAY(const struct function *) seen;
};

/* what a call in the loop reaches, each function once */
static void check_called(struct tree_visitor *visitor, const struct expr *call)
{
	struct foreach_check *check = visitor->data;
	const struct expr *outer = check->call;

	if (!outer)
		check->call = call;
	for (const struct function *f = call->function; f; f = f->next_overload) {
		size_t i = 0;

		while (i < check->seen.count && check->seen.items[i] != f)
			i++;
		if (i < check->seen.count)
			continue;
		array_push(check->inferrer->sem->arena, &check->seen, f);
		tree_walk_stmt(visitor, f->body);
	}
	check->call = outer;
}

static void check_modification(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct foreach_check *check = visitor->data;
	struct frontend *frontend = check->inferrer->sem->frontend;
	size_t id;

	if (expr->kind == EXPR_CALL)
		check_called(visitor, expr);
	if (!is_write || expr->kind != EXPR_INDEX || expr->variable != check->array ||
	    expr == check->deleted)
		return;
	id = diag_error(frontend, check->call ? check->call->token : expr->token,
			check->call ? "this call modifies '%s' while a foreach loop walks it" :
				      "'%s' is modified while a foreach loop walks it",
			expr->name);
	if (check->call)
		diag_also(frontend, id, expr->token, "by this");
}

static void note_deleted(struct tree_visitor *visitor, struct stmt *stmt)
{
	if (stmt->kind == STMT_DELETE)
		((struct foreach_check *)visitor->data)->deleted = stmt->expr;
}

static void check_foreach(struct tree_visitor *visitor, struct stmt *stmt)
{
	struct foreach_check check = { .inferrer = visitor->data };
	struct tree_visitor inner = { .expr = check_modification, .stmt = note_deleted,
				      .data = &check };

	if (stmt->kind != STMT_FOREACH || stmt->foreach->array->kind == EXPR_HIST)
		return;
	check.array = stmt->foreach->array->variable;
	tree_walk_stmt(&inner, stmt->then);
}

/* ---- the walk ---- */

static void infer_item(struct inferrer *inferrer, struct work_item *item)
{
	size_t errors = inferrer->sem->frontend->error_count;

	inferrer->item = item;
	if (item->probe && item->probe->condition)
		infer_expr(inferrer, item->probe->condition, TYPE_LONG);
	infer_stmt(inferrer, item->probe ? item->probe->body : item->function->body);
	item->is_refused |= inferrer->sem->frontend->error_count > errors;
}

static void infer_due(struct inferrer *inferrer)
{
	struct work_item *item;

	while ((item = work_list_take(&inferrer->work)))
		infer_item(inferrer, item);
}

static void infer_all(struct inferrer *inferrer)
{
	for (size_t i = 0; i < inferrer->work.items.count; i++)
		work_list_add(&inferrer->work, inferrer->work.items.items[i]);
	infer_due(inferrer);
}

static void note_value_return(struct tree_visitor *visitor, struct stmt *stmt)
{
	if (stmt->kind == STMT_RETURN && stmt->expr)
		*(bool *)visitor->data = true;
}

/* a function that returns no value is void, unless its body is somebody else's language */
static void settle_void_functions(struct semantics *sem)
{
	for (size_t i = 0; i < sem->functions.count; i++) {
		struct function *function = sem->functions.items[i];
		bool returns_value = false;
		struct tree_visitor visitor = { .stmt = note_value_return, .data = &returns_value };

		if (function->type != TYPE_UNKNOWN)
			continue;
		tree_walk_stmt(&visitor, function->body);
		if (!returns_value)
			function->type = TYPE_VOID;
	}
}

static void settle_declared(struct semantics *sem)
{
	for (size_t i = 0; i < sem->functions.count; i++) {
		struct function *function = sem->functions.items[i];

		if (function->type == TYPE_UNKNOWN)
			function->type = function->declared_type;
		if (function->type != TYPE_UNKNOWN && !function->type_token)
			function->type_token = function->token;
	}
}

/* a global's initialiser is its first use */
static void note_initial(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct variable *variable = expr->variable;
	struct expr *initial = variable ? variable->initial : NULL;

	(void)is_write, (void)visitor;
	if (!initial || variable->type != TYPE_UNKNOWN)
		return;
	variable->type = initial->kind == EXPR_STRING ? TYPE_STRING : TYPE_LONG;
	variable->type_token = initial->token;
	initial->type = variable->type;
}

static void visit_all(struct semantics *sem, struct tree_visitor *visitor)
{
	for (size_t i = 0; i < sem->builds.count; i++) {
		tree_walk_expr(visitor, sem->builds.items[i]->probe->condition, false);
		tree_walk_stmt(visitor, sem->builds.items[i]->probe->body);
	}
	for (size_t i = 0; i < sem->functions.count; i++)
		tree_walk_stmt(visitor, sem->functions.items[i]->body);
}

/* ---- what nothing assigns ---- */

struct assignment_check {
	struct semantics *sem;
	const variable_array *locals; /* of the handler or function being looked at */
};

static void suggest_assigned(const struct assignment_check *check, size_t id,
			     const struct variable *variable)
{
	struct semantics *sem = check->sem;
	ARRAY(const char *) names = { 0 };

	if (!diag_may_suggest(sem->frontend))
		return;
	for (size_t i = 0; i < check->locals->count; i++)
		if (check->locals->items[i]->write_count)
			array_push(sem->arena, &names, check->locals->items[i]->name);
	for (size_t i = 0; i < sem->user.globals.count; i++)
		if (sem->user.globals.entries[i].value != variable)
			array_push(sem->arena, &names, sem->user.globals.entries[i].key);
	diag_suggest(sem->frontend, id, variable->name, names.items, names.count);
}

static void warn_unassigned(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	const struct assignment_check *check = visitor->data;
	const struct variable *variable = expr->variable;
	size_t id;

	(void)is_write;
	if (!variable || variable->write_count || variable->initial || !variable->read_count ||
	    variable->scope == SCOPE_PARAMETER ||
	    variable->token->place.file->kind != SOURCE_SCRIPT)
		return;
	id = diag_warning(check->sem->frontend, variable->token,
			  "%s variable '%s' is read but never assigned",
			  variable->scope == SCOPE_GLOBAL ? "global" : "local", variable->name);
	suggest_assigned(check, id, variable);
}

static void check_assignments(struct semantics *sem)
{
	struct assignment_check check = { .sem = sem };
	struct tree_visitor visitor = { .expr = warn_unassigned, .data = &check };

	fold_count_uses(sem);
	if (sem->frontend->error_count) /* what assigns it may be missing */
		return;
	for (size_t i = 0; i < sem->builds.count; i++) {
		struct probe *probe = sem->builds.items[i]->probe;

		check.locals = &probe->locals;
		tree_walk_expr(&visitor, probe->condition, false);
		tree_walk_stmt(&visitor, probe->body);
	}
	for (size_t i = 0; i < sem->functions.count; i++) {
		check.locals = &sem->functions.items[i]->locals;
		tree_walk_stmt(&visitor, sem->functions.items[i]->body);
	}
}

int infer_program(struct semantics *sem)
{
	struct inferrer inferrer = { .sem = sem };
	struct tree_visitor initials = { .expr = note_initial };
	struct tree_visitor loops = { .stmt = check_foreach, .data = &inferrer };

	check_assignments(sem);
	visit_all(sem, &initials);
	settle_declared(sem);
	work_list_init(&inferrer.work, sem);
	infer_due(&inferrer);
	inferrer.refused_are_long = true;
	if (sem->has_refusals)
		infer_all(&inferrer);
	settle_void_functions(sem);
	inferrer.has_errors = sem->frontend->error_count > 0;
	inferrer.final = true;
	infer_all(&inferrer);
	visit_all(sem, &loops);
	sem->types_known = true;
	return sem->frontend->error_count ? -EINVAL : 0;
}
