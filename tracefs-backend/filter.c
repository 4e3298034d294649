// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Conditions as the kernel's event filter text, so that what a handler would ignore is never
 * recorded. The handler tests its condition all the same: a filter may let more pass, never less.
 * So a term is left out wherever kernel and script could disagree: a constant that the field's
 * type would truncate, an unsigned field compared as signed, a string the kernel cannot quote, a
 * syscall's int argument, kept in a register's width with an undefined upper half.
 */
#include <ctype.h>
#include <sys/prctl.h>

#include "define.h"

/* include/linux/sched.h: TASK_COMM_LEN, NUL included */
#define COMM_SIZE 16

static bool is_ordering(enum op op)
{
	return op == OP_LT || op == OP_LE || op == OP_GT || op == OP_GE;
}

static bool is_comparison(enum op op)
{
	return op == OP_EQ || op == OP_NE || is_ordering(op);
}

static const char *comparison_text(enum op op)
{
	switch (op) {
	case OP_EQ:
		return "==";
	case OP_NE:
		return "!=";
	case OP_LT:
		return "<";
	case OP_LE:
		return "<=";
	case OP_GT:
		return ">";
	default:
		return ">=";
	}
}

static bool fits_integer(int64_t number, unsigned width, bool is_signed)
{
	int64_t half = width < 8 ? 1ll << (8 * width - 1) : 0;

	if (width == 8)
		return is_signed;
	return is_signed ? number >= -half && number < half : number >= 0 && number < 2 * half;
}

/* an unsigned 64-bit field, which scripts see as signed */
static bool print_unsigned_long(const char *name, enum op op, int64_t number, struct buf *out)
{
	const char *text = comparison_text(op);

	if (is_ordering(op) && number < 0)
		return false;
	if (op == OP_LT || op == OP_LE)
		buf_printf(out, "(%s %s %lld || %s > 0x7fffffffffffffff)", name, text,
			   (long long)number, name);
	else
		buf_printf(out, "%s %s 0x%llx", name, text, (unsigned long long)number);
	return true;
}

/* the kernel takes these for text to follow: trace_events_filter.c filter_assign_type() */
static bool is_char_pointer(const struct trace_field *field)
{
	return strcmp(field->c_type, "char *") == 0 || strcmp(field->c_type, "const char *") == 0;
}

static bool print_number_term(const struct trace_field *field, const struct filter_term *term,
			      struct buf *out)
{
	if (field->kind != FIELD_INTEGER || field->width != field->size || is_char_pointer(field))
		return false;
	if (field->size == 8 && !field->is_signed)
		return print_unsigned_long(field->name, term->op, term->number, out);
	if (!fits_integer(term->number, field->size, field->is_signed))
		return false;
	buf_printf(out, "%s %s %lld", field->name, comparison_text(term->op),
		   (long long)term->number);
	return true;
}

/* @size: bytes the kernel compares at most, a NUL included */
static bool print_string_term(const char *name, size_t size, const struct filter_term *term,
			      struct buf *out)
{
	const char *string = term->string;
	char quote = strchr(string, '"') ? '\'' : '"';
	size_t length = strlen(string);

	if (!length || length >= size || length > TRACE_FILTER_STRING || is_ordering(term->op))
		return false;
	if (strchr(string, quote))
		return false;
	for (const char *c = string; *c; c++)
		if (iscntrl((unsigned char)*c))
			return false;
	buf_printf(out, "%s %s %c%s%c", name, comparison_text(term->op), quote, string, quote);
	return true;
}

/* the field of a trace event, or the argument of a probe of ours, that @term is about */
static const struct trace_field *term_field(struct trace_event *event, const struct probe *probe,
					    const struct filter_term *term)
{
	const struct trace_site *site;

	if (!term->capture)
		return trace_event_field(event, term->field);
	site = trace_site_of(probe->sites.items[0]);
	if (!site->definition)
		return trace_event_field(event, term->field);
	if (!site->with_fields)
		return definition_field(probe->sites.items[0], term->capture);
	return term->capture->kind == CAPTURE_FIELD ? trace_event_field(event, term->field) : NULL;
}

static bool print_text_term(const struct trace_field *field, const struct filter_term *term,
			    struct buf *out)
{
	struct filter_term fault = { .op = OP_EQ, .is_string = true, .string = CAPTURE_FAULT_TEXT };
	bool or_fault = term->may_fault && term->op == OP_EQ;

	if (or_fault)
		buf_putc(out, '(');
	if (!print_string_term(field->name, TRACE_FILTER_STRING, term, out))
		return false;
	if (or_fault) {
		buf_puts(out, " || ");
		print_string_term(field->name, TRACE_FILTER_STRING, &fault, out);
		buf_putc(out, ')');
	}
	return true;
}

static bool print_field_term(struct trace_event *event, const struct probe *probe,
			     const struct filter_term *term, struct buf *out)
{
	const struct trace_field *field = term_field(event, probe, term);

	if (!field)
		return false;
	if (!term->is_string)
		return print_number_term(field, term, out);
	switch (field->kind) {
	case FIELD_CHARS:
		return print_string_term(field->name, field->size, term, out);
	case FIELD_DATA_LOC:
	case FIELD_REL_LOC:
		/* without a NUL at its end a longer string would count as equal */
		return term->op == OP_EQ && print_text_term(field, term, out);
	default:
		return false;
	}
}

static bool print_term(struct trace_event *event, const struct probe *probe,
		       const struct filter_term *term, struct buf *out)
{
	const char *op = comparison_text(term->op);

	if (!is_comparison(term->op))
		return false;
	switch (term->subject) {
	case FILTER_FIELD:
		return print_field_term(event, probe, term, out);
	case FILTER_TID:
		if (!event->tracefs->own_pids || !fits_integer(term->number, 4, true))
			return false;
		buf_printf(out, "common_pid %s %lld", op, (long long)term->number);
		return true;
	case FILTER_EXECNAME:
		/* in capitals: an event may have a field called comm */
		return print_string_term("COMM", COMM_SIZE, term, out);
	case FILTER_CPU:
		if (!fits_integer(term->number, 4, true) || term->number < 0)
			return false;
		buf_printf(out, "CPU %s %lld", op, (long long)term->number);
		return true;
	case FILTER_PID:
		/* records carry thread ids only: instance_trace_target() does what can be done */
		return false;
	}
	return false;
}

void filter_print(struct trace_event *event, const struct probe *probe, struct buf *out)
{
	struct buf term = BUF_INIT;
	bool first = true;

	for (size_t i = 0; i < probe->filter.count; i++) {
		buf_reset(&term);
		if (!print_term(event, probe, &probe->filter.items[i], &term))
			continue;
		buf_printf(out, "%s%s", first ? "" : " && ", buf_text(&term));
		first = false;
	}
	buf_free(&term);
}

/*
 * What an interrupt does while stap happens to run is not stap's doing. TRACE_FLAG_HARDIRQ,
 * TRACE_FLAG_SOFTIRQ, TRACE_FLAG_NMI of include/linux/trace_events.h.
 */
#define FLAGS_INTERRUPT (0x08 | 0x10 | 0x40)

enum own_events filter_own_events(const struct tracefs *tracefs, const struct trace_event *event)
{
	if (strcmp(event->system, "sched") == 0)
		return OWN_SHOWN;
	if (tracefs->own_pids && tracefs->excluded.count == 1 &&
	    (strcmp(event->system, "syscalls") == 0 || strcmp(event->system, "raw_syscalls") == 0))
		return OWN_PASSED_OVER;
	return OWN_FILTERED;
}

void filter_print_own(const struct tracefs *tracefs, struct buf *out)
{
	char name[COMM_SIZE];

	buf_putc(out, '(');
	for (size_t i = 0; i < tracefs->excluded.count && tracefs->own_pids; i++)
		buf_printf(out, "%scommon_pid != %d", i ? " && " : "", tracefs->excluded.items[i]);
	/* in a pid namespace our numbers are not the kernel's: go by the name */
	if (!tracefs->own_pids && prctl(PR_GET_NAME, name) == 0)
		buf_printf(out, "COMM != \"%s\"", name);
	buf_printf(out, " || common_flags & %d)", FLAGS_INTERRUPT);
}

/* the process @probe is conditioned on, or 0 */
static pid_t probe_target(const struct tracefs *tracefs, const struct probe *probe)
{
	/* a probe has sites of one process, or of all */
	if (probe->sites.count && probe->sites.items[0]->pid)
		return probe->sites.items[0]->pid;
	for (size_t i = 0; i < probe->filter.count; i++) {
		const struct filter_term *term = &probe->filter.items[i];

		if (term->subject == FILTER_PID && term->op == OP_EQ && term->number > 0 &&
		    term->number < TRACE_PID_LIMIT)
			return term->number;
	}
	return probe->filtered_by_target ? tracefs->options.target_pid : 0;
}

pid_t filter_target(const struct tracefs *tracefs, const struct program *program)
{
	pid_t target = 0, other;

	if (!tracefs->own_pids)
		return 0;
	for (size_t i = 0; i < program->probes.count; i++) {
		if (program->probes.items[i]->family->source != FAMILY_TRACEFS)
			continue;
		other = probe_target(tracefs, program->probes.items[i]);
		if (!other || (target && other != target))
			return 0;
		target = other;
	}
	return target;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static struct trace_field test_fields[] = {
	{ .name = "s32", .c_type = "int", .size = 4, .width = 4, .is_signed = true },
	{ .name = "u8", .c_type = "u8", .size = 1, .width = 1 },
	{ .name = "u64", .c_type = "u64", .size = 8, .width = 8 },
	{ .name = "dfd", .c_type = "int", .size = 8, .width = 4, .is_signed = true },
	{ .name = "comm", .c_type = "char[16]", .kind = FIELD_CHARS, .size = 16 },
	{ .name = "path", .c_type = "__data_loc char[]", .kind = FIELD_DATA_LOC, .size = 4 },
};

static void check_filter(struct filter_term term, const char *expected)
{
	struct tracefs tracefs = { .own_pids = true };
	struct trace_event event = {
		.tracefs = &tracefs, .parsed = true, .format = "", .id = 1,
		.fields = { test_fields, ARRAY_SIZE(test_fields), ARRAY_SIZE(test_fields) },
	};
	struct probe probe = { .filter = { &term, 1, 1 } };
	struct buf text = BUF_INIT;

	filter_print(&event, &probe, &text);
	CHECK_STR(buf_text(&text), expected);
	buf_free(&text);
}

#define NUMBER_TERM(f, o, n) \
	((struct filter_term){ .subject = FILTER_FIELD, .field = f, .op = o, .number = n })
#define STRING_TERM(f, o, s) \
	((struct filter_term){ .subject = FILTER_FIELD, .field = f, .op = o, .is_string = true, \
			       .string = s })

UNIT_TEST_CASE(filter_keeps_what_kernel_and_script_agree_on)
{
	check_filter(NUMBER_TERM("s32", OP_EQ, -5), "s32 == -5");
	check_filter(NUMBER_TERM("u8", OP_LE, 255), "u8 <= 255");
	check_filter(NUMBER_TERM("u64", OP_EQ, -1), "u64 == 0xffffffffffffffff");
	check_filter(NUMBER_TERM("u64", OP_GT, 4096), "u64 > 0x1000");
	check_filter(NUMBER_TERM("u64", OP_LT, 9), "(u64 < 9 || u64 > 0x7fffffffffffffff)");
	check_filter(STRING_TERM("comm", OP_NE, "dd"), "comm != \"dd\"");
	check_filter(STRING_TERM("path", OP_EQ, "a\"b"), "path == 'a\"b'");
	check_filter((struct filter_term){ .subject = FILTER_TID, .op = OP_EQ, .number = 7 },
		     "common_pid == 7");
	check_filter((struct filter_term){ .subject = FILTER_EXECNAME, .op = OP_EQ,
					   .is_string = true, .string = "dd" },
		     "COMM == \"dd\"");
}

UNIT_TEST_CASE(filter_own_spares_interrupts)
{
	pid_t threads[] = { 12, 13 };
	struct tracefs tracefs = { .own_pids = true, .excluded = { threads, 2, 2 } };
	struct buf text = BUF_INIT;

	filter_print_own(&tracefs, &text);
	CHECK_STR(buf_text(&text), "(common_pid != 12 && common_pid != 13 || common_flags & 88)");
	buf_free(&text);
}

UNIT_TEST_CASE(filter_leaves_out_what_could_lose_events)
{
	check_filter(NUMBER_TERM("u8", OP_LT, 256), "");
	check_filter(NUMBER_TERM("s32", OP_NE, 1ll << 31), "");
	check_filter(NUMBER_TERM("u64", OP_GT, -1), "");
	check_filter(NUMBER_TERM("dfd", OP_EQ, 3), "");
	check_filter(NUMBER_TERM("comm", OP_EQ, 3), "");
	check_filter(NUMBER_TERM("gone", OP_EQ, 3), "");
	check_filter(STRING_TERM("comm", OP_NE, "sixteen-and-more"), "");
	check_filter(STRING_TERM("path", OP_NE, "x"), "");
	check_filter(STRING_TERM("comm", OP_EQ, ""), "");
	check_filter(STRING_TERM("comm", OP_EQ, "a\nb"), "");
	check_filter(STRING_TERM("comm", OP_EQ, "'\""), "");
	check_filter((struct filter_term){ .subject = FILTER_PID, .op = OP_EQ, .number = 7 }, "");
}
#endif
