// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Natives about where the event happened: addresses, symbols, stacks. A sample brings the kernel's
 * callchain as addresses, and of the user's stack registers and bytes that are unwound when the
 * handler first asks. Equal stacks of one process share one text, made once, so that a stack is
 * cheap as a key; and print_ustack() in an end probe still knows whose addresses it is given.
 */
#include "stack.h"

#include <linux/perf_event.h>
#include <xxhash.h>

#include "builtin.h"
#include "source-line.h"
#include "unwind.h"

#define FRAMES_MAX 1024		/* bounds -D MAXBACKTRACE */
#define KNOWN_MAX (1u << 17)	/* stacks remembered; then begun anew */

struct chain {
	uint64_t ips[FRAMES_MAX];
	size_t count;
	bool is_ready;
};

/* a stack seen before, and its texts */
struct known_stack {
	uint64_t hash;
	struct address_space *space; /* NULL: the kernel's */
	struct str *addresses;	     /* as backtrace() gives it */
	struct str *lines;	     /* as sprint_backtrace() gives it, or NULL */
	size_t count;
	uint64_t ips[];
};

struct stacks {
	struct symbolizer *symbolizer;
	struct line_reader *lines; /* made when first asked for */
	bool demangles; /* --demangle */
	/* of the event that the handler runs for */
	const struct event_sample *sample;
	uint64_t time;
	int32_t tid;
	struct chain kernel, user;
	/* open addressing, by addresses and by text */
	struct known_stack **known, **texts;
	size_t known_count, slots;
	struct buf text;
};

static struct stacks *stacks_of(struct vm_session *session)
{
	if (!session->stacks) {
		session->stacks = memory_zalloc(sizeof(*session->stacks));
		session->stacks->symbolizer = symbolizer_new();
		session->stacks->demangles = session->options->demangles;
	}
	return session->stacks;
}

static void forget_known(struct stacks *stacks)
{
	for (size_t i = 0; i < stacks->slots; i++) {
		struct known_stack *known = stacks->known[i];

		if (!known)
			continue;
		address_space_unref(known->space);
		str_unref(known->addresses);
		str_unref(known->lines);
		free(known);
	}
	free(stacks->known);
	free(stacks->texts);
	stacks->known = stacks->texts = NULL;
	stacks->known_count = stacks->slots = 0;
}

void stacks_free(struct stacks *stacks)
{
	if (!stacks)
		return;
	forget_known(stacks);
	line_reader_free(stacks->lines);
	symbolizer_free(stacks->symbolizer);
	buf_free(&stacks->text);
	free(stacks);
}

/* ---- the event's stacks as addresses ---- */

static const struct event_sample *sample_of(const struct native_call *call)
{
	return call->session->now.event->sample;
}

static struct address_space *space_of(struct native_call *call)
{
	return task_space(call->session->tasks, native_task(call));
}

static size_t frame_limit(const struct native_call *call)
{
	int64_t limit = call->session->options->limits[LIMIT_MAXBACKTRACE];

	return limit > FRAMES_MAX ? FRAMES_MAX : limit < 1 ? 1 : (size_t)limit;
}

/* the state of this event's stacks; what was known of another event's is dropped */
static struct stacks *stacks_now(struct native_call *call)
{
	const struct event_sample *sample = sample_of(call);
	struct stacks *stacks = stacks_of(call->session);

	if (stacks->sample != sample || stacks->time != call->session->now.event->time ||
	    stacks->tid != call->session->now.event->tid) {
		stacks->sample = sample;
		stacks->time = call->session->now.event->time;
		stacks->tid = call->session->now.event->tid;
		stacks->kernel.is_ready = stacks->user.is_ready = false;
	}
	return stacks;
}

/* the part of a callchain behind @context, one of the kernel's markers */
static void take_chain(const struct event_sample *sample, uint64_t context, size_t limit,
		       struct chain *chain)
{
	bool inside = false;

	for (uint64_t i = 0; i < sample->callchain_count && chain->count < limit; i++) {
		uint64_t ip = sample->callchain[i];

		if (ip >= (uint64_t)PERF_CONTEXT_MAX)
			inside = ip == context;
		else if (inside)
			chain->ips[chain->count++] = ip;
	}
}

/* with as many frames as may be shown there may have been more */
static void note_depth(struct native_call *call, const struct chain *chain)
{
	call->session->limit_hits[LIMIT_MAXBACKTRACE] += chain->count >= frame_limit(call);
}

static const struct chain *kernel_chain(struct native_call *call)
{
	struct stacks *stacks = stacks_now(call);
	struct chain *chain = &stacks->kernel;

	if (chain->is_ready)
		return chain;
	chain->is_ready = true;
	chain->count = 0;
	if (stacks->sample)
		take_chain(stacks->sample, (uint64_t)PERF_CONTEXT_KERNEL, frame_limit(call), chain);
	note_depth(call, chain);
	return chain;
}

static const struct chain *user_chain(struct native_call *call)
{
	struct stacks *stacks = stacks_now(call);
	struct chain *chain = &stacks->user;
	bool is_cut;

	if (chain->is_ready)
		return chain;
	chain->is_ready = true;
	chain->count = 0;
	if (!stacks->sample)
		return chain;
	chain->count = unwind_user(stacks->symbolizer, space_of(call), stacks->sample, chain->ips,
				   frame_limit(call), &is_cut);
	note_depth(call, chain);
	call->session->limit_hits[LIMIT_MAXSTACKBYTES] += is_cut;
	if (chain->count == 0 && stacks->sample->is_user)
		chain->ips[chain->count++] = stacks->sample->ip;
	return chain;
}

/* ---- stacks already seen ---- */

static struct known_stack **known_slot(const struct stacks *stacks, uint64_t hash,
				       const struct address_space *space, const struct chain *chain)
{
	size_t at = (size_t)hash & (stacks->slots - 1);

	for (;; at = (at + 1) & (stacks->slots - 1)) {
		const struct known_stack *known = stacks->known[at];

		if (!known || (known->hash == hash && known->space == space &&
			       known->count == chain->count &&
			       memcmp(known->ips, chain->ips, 8 * chain->count) == 0))
			return &stacks->known[at];
	}
}

static struct known_stack **text_slot(const struct stacks *stacks, struct str *text)
{
	size_t at = (size_t)str_hash(text) & (stacks->slots - 1);

	while (stacks->texts[at] && !str_equal(stacks->texts[at]->addresses, text))
		at = (at + 1) & (stacks->slots - 1);
	return &stacks->texts[at];
}

static void insert_known(struct stacks *stacks, struct known_stack *known)
{
	size_t at = (size_t)known->hash & (stacks->slots - 1);
	struct known_stack **text;

	while (stacks->known[at])
		at = (at + 1) & (stacks->slots - 1);
	stacks->known[at] = known;
	text = text_slot(stacks, known->addresses);
	if (known->space || !*text)
		*text = known;
}

static void grow_known(struct stacks *stacks)
{
	struct known_stack **old = stacks->known;
	size_t slots = stacks->slots;

	stacks->slots = slots ? 2 * slots : 256;
	free(stacks->texts);
	stacks->known = memory_zalloc(stacks->slots * sizeof(*stacks->known));
	stacks->texts = memory_zalloc(stacks->slots * sizeof(*stacks->texts));
	for (size_t i = 0; i < slots; i++)
		if (old[i])
			insert_known(stacks, old[i]);
	free(old);
}

/* "0x… 0x… ": as many whole addresses as a string may hold */
static struct str *address_text(struct native_call *call, const struct chain *chain)
{
	struct buf *text = &call->session->stacks->text;
	size_t kept = 0;

	buf_reset(text);
	for (size_t i = 0; i < chain->count; i++) {
		buf_printf(text, "0x%llx ", (unsigned long long)chain->ips[i]);
		if (native_limit_length(call->session, text->length) < text->length)
			break;
		kept = text->length;
	}
	return str_new(buf_text(text), kept);
}

static struct known_stack *know_stack(struct native_call *call, const struct chain *chain,
				      struct address_space *space)
{
	struct stacks *stacks = call->session->stacks;
	uint64_t hash = XXH3_64bits_withSeed(chain->ips, 8 * chain->count, (uintptr_t)space);
	struct known_stack *known = stacks->slots ? *known_slot(stacks, hash, space, chain) : NULL;

	if (known)
		return known;
	if (stacks->known_count >= KNOWN_MAX)
		forget_known(stacks);
	if (2 * (stacks->known_count + 1) > stacks->slots)
		grow_known(stacks);
	known = memory_zalloc(sizeof(*known) + 8 * chain->count);
	known->hash = hash;
	known->space = space ? address_space_ref(space) : NULL;
	known->count = chain->count;
	memcpy(known->ips, chain->ips, 8 * chain->count);
	known->addresses = address_text(call, chain);
	insert_known(stacks, known);
	stacks->known_count++;
	return known;
}

/* whose addresses @text holds: the process it was taken from, else that of the event */
static struct address_space *space_of_text(struct native_call *call, struct str *text)
{
	struct stacks *stacks = stacks_of(call->session);
	struct known_stack *known = stacks->slots ? *text_slot(stacks, text) : NULL;

	return known && known->space ? known->space : space_of(call);
}

struct symbolizer *stacks_symbolizer(struct vm_session *session)
{
	return stacks_of(session)->symbolizer;
}

struct line_reader *stacks_lines(struct vm_session *session)
{
	struct stacks *stacks = stacks_of(session);

	if (!stacks->lines)
		stacks->lines = line_reader_new(session->program->frontend);
	return stacks->lines;
}

bool stacks_owner(struct vm_session *session, struct str *text, const struct address_space **space)
{
	struct stacks *stacks = stacks_of(session);
	struct known_stack *known = stacks->slots ? *text_slot(stacks, text) : NULL;

	if (known)
		*space = known->space;
	return known;
}

/* ---- symbols as text ---- */

/* @space: NULL for the kernel */
static void find_symbol(struct stacks *stacks, const struct address_space *space, uint64_t address,
			struct symbol *symbol)
{
	if (space)
		symbolize_user(stacks->symbolizer, space, address, symbol);
	else
		symbolize_kernel(stacks->symbolizer, address, symbol);
	if (symbol->name && stacks->demangles)
		symbol->name = symbolizer_declared(stacks->symbolizer, symbol->name);
}

static void print_address(struct stacks *stacks, const struct address_space *space,
			  uint64_t address, enum symbol_form form, struct buf *out)
{
	struct symbol symbol;

	find_symbol(stacks, space, address, &symbol);
	symbol_print(&symbol, address, form, out);
}

static bool return_symbol(struct native_call *call, const struct address_space *space,
			  uint64_t address, enum symbol_form form)
{
	struct stacks *stacks = stacks_of(call->session);

	buf_reset(&stacks->text);
	print_address(stacks, space, address, form, &stacks->text);
	return native_return_buf(call, &stacks->text);
}

static bool print_chain(struct native_call *call, const struct chain *chain,
			const struct address_space *space, enum symbol_form form)
{
	struct vm_session *session = call->session;

	if (chain->count == 0)
		buf_printf(&session->output, "<no %s backtrace at %s>\n", space ? "user" : "kernel",
			   session->now.probe->point_text);
	for (size_t i = 0; i < chain->count; i++) {
		if (form == SYMBOL_FULL)
			buf_putc(&session->output, ' ');
		print_address(session->stacks, space, chain->ips[i], form, &session->output);
		buf_putc(&session->output, '\n');
	}
	vm_output_check(session);
	return true;
}

static bool return_addresses(struct native_call *call, const struct chain *chain,
			     struct address_space *space)
{
	if (chain->count == 0)
		return native_return_text(call, "", 0);
	call->result.string = str_ref(know_stack(call, chain, space)->addresses);
	return true;
}

static struct str *line_text(struct native_call *call, const struct chain *chain,
			     const struct address_space *space)
{
	struct stacks *stacks = call->session->stacks;
	size_t kept = 0;

	buf_reset(&stacks->text);
	for (size_t i = 0; i < chain->count; i++) {
		print_address(stacks, space, chain->ips[i], SYMBOL_SIMPLE, &stacks->text);
		buf_putc(&stacks->text, '\n');
		if (native_limit_length(call->session, stacks->text.length) < stacks->text.length)
			break;
		kept = stacks->text.length;
	}
	return str_new(buf_text(&stacks->text), kept);
}

static bool return_lines(struct native_call *call, const struct chain *chain,
			 struct address_space *space)
{
	struct known_stack *known;

	if (chain->count == 0)
		return native_return_text(call, "", 0);
	known = know_stack(call, chain, space);
	if (!known->lines)
		known->lines = line_text(call, chain, space);
	call->result.string = str_ref(known->lines);
	return true;
}

static bool return_level(struct native_call *call, const struct chain *chain)
{
	int64_t level = call->arguments[0].number;

	if (level < 0 || (uint64_t)level >= chain->count)
		return native_error(call, "reached end of stack before unwinding to level %lld",
				    (long long)level);
	return native_return_number(call, (int64_t)chain->ips[level]);
}

/* the first n + 1 addresses; all for -1 */
static bool return_callers(struct native_call *call, const struct chain *chain)
{
	struct buf *text = &call->session->stacks->text;
	int64_t last = call->arguments[0].number;
	size_t count = last < -1 ? 0 : last == -1 ? chain->count : (size_t)last + 1, kept = 0;

	if (count > chain->count)
		return native_error(call, "reached end of stack before unwinding to level %lld",
				    (long long)last);
	buf_reset(text);
	for (size_t i = 0; i < count; i++) {
		buf_printf(text, "%s0x%llx", i ? " " : "", (unsigned long long)chain->ips[i]);
		if (native_limit_length(call->session, text->length) < text->length)
			break;
		kept = text->length;
	}
	return native_return_text(call, buf_text(text), kept);
}

/* " 0x1 : name+0x2/0x3 [module]" for each address of @text */
static void add_syms(struct native_call *call, struct str *text,
		     const struct address_space *space, size_t limit, struct buf *out)
{
	struct stacks *stacks = stacks_of(call->session);
	const char *at = text->data;

	while (*(at += strspn(at, " "))) {
		size_t length = strcspn(at, " "), before = out->length;

		buf_printf(out, " %.*s : ", (int)length, at);
		print_address(stacks, space, strtoull(at, NULL, 16), SYMBOL_DATA, out);
		buf_putc(out, '\n');
		if (out->length > limit) {
			out->length = before;
			break;
		}
		at += length;
	}
}

static bool print_syms(struct native_call *call, const struct address_space *space)
{
	add_syms(call, call->arguments[0].string, space, SIZE_MAX, &call->session->output);
	vm_output_check(call->session);
	return true;
}

static bool return_syms(struct native_call *call, const struct address_space *space)
{
	struct buf text = BUF_INIT;
	bool ok;

	add_syms(call, call->arguments[0].string, space,
		 native_limit_length(call->session, SIZE_MAX), &text);
	ok = native_return_text(call, text.length ? text.data : "", text.length);
	buf_free(&text);
	return ok;
}

/* a call is looked up where it is, not where it returns to */
static bool print_lines(struct native_call *call, const struct chain *chain,
			const struct address_space *space)
{
	struct vm_session *session = call->session;
	struct stacks *stacks = stacks_of(session);
	struct line_reader *lines = stacks_lines(session);

	if (chain->count == 0)
		return print_chain(call, chain, space, SYMBOL_FULL);
	for (size_t i = 0; i < chain->count; i++) {
		uint64_t ip = chain->ips[i];
		struct source_line line = { .number = 0 };
		struct symbol symbol;

		find_symbol(stacks, space, ip, &symbol);
		if (space)
			source_line_user(lines, stacks->symbolizer, space, ip - (i > 0), &line);
		else
			source_line_kernel(lines, stacks->symbolizer, ip - (i > 0), &line);
		symbol.file = line.file;
		symbol.line = line.number;
		buf_putc(&session->output, ' ');
		symbol_print(&symbol, ip, SYMBOL_FULL, &session->output);
		buf_putc(&session->output, '\n');
	}
	vm_output_check(session);
	return true;
}

/* ---- natives: the kernel's side ---- */

bool builtin_backtrace(struct native_call *call)
{
	return return_addresses(call, kernel_chain(call), NULL);
}

bool builtin_sprint_backtrace(struct native_call *call)
{
	return return_lines(call, kernel_chain(call), NULL);
}

bool builtin_print_backtrace(struct native_call *call)
{
	return print_chain(call, kernel_chain(call), NULL, SYMBOL_FULL);
}

bool builtin_print_backtrace_fileline(struct native_call *call)
{
	return print_lines(call, kernel_chain(call), NULL);
}

bool builtin_stack(struct native_call *call)
{
	return return_level(call, kernel_chain(call));
}

bool builtin_callers(struct native_call *call)
{
	return return_callers(call, kernel_chain(call));
}

static bool find_caller(struct native_call *call, uint64_t *address)
{
	const struct chain *chain = kernel_chain(call);

	if (chain->count < 2)
		return native_error(call, "reached end of stack before unwinding to level 1");
	*address = chain->ips[1];
	return true;
}

bool builtin_caller_addr(struct native_call *call)
{
	uint64_t address = 0;

	return find_caller(call, &address) && native_return_number(call, (int64_t)address);
}

bool builtin_caller(struct native_call *call)
{
	struct stacks *stacks = stacks_of(call->session);
	uint64_t address = 0;

	if (!find_caller(call, &address))
		return false;
	buf_reset(&stacks->text);
	print_address(stacks, NULL, address, SYMBOL_NAME, &stacks->text);
	buf_printf(&stacks->text, " 0x%llx", (unsigned long long)address);
	return native_return_buf(call, &stacks->text);
}

bool builtin_symname(struct native_call *call)
{
	return return_symbol(call, NULL, (uint64_t)call->arguments[0].number, SYMBOL_NAME);
}

bool builtin_symdata(struct native_call *call)
{
	return return_symbol(call, NULL, (uint64_t)call->arguments[0].number, SYMBOL_DATA);
}

static bool return_kernel_module(struct native_call *call, uint64_t address)
{
	struct symbol symbol;

	symbolize_kernel(stacks_of(call->session)->symbolizer, address, &symbol);
	if (!symbol.module)
		return native_error(call, "cannot determine the kernel module of 0x%llx",
				    (unsigned long long)address);
	return native_return_string(call, symbol.module);
}

bool builtin_modname(struct native_call *call)
{
	return return_kernel_module(call, (uint64_t)call->arguments[0].number);
}

bool builtin_print_syms(struct native_call *call)
{
	return print_syms(call, NULL);
}

bool builtin_print_stack(struct native_call *call)
{
	return print_syms(call, NULL);
}

bool builtin_sprint_syms(struct native_call *call)
{
	return return_syms(call, NULL);
}

bool builtin_sprint_stack(struct native_call *call)
{
	return return_syms(call, NULL);
}

/* ---- natives: the user's side ---- */

bool builtin_ubacktrace(struct native_call *call)
{
	return return_addresses(call, user_chain(call), space_of(call));
}

bool builtin_sprint_ubacktrace(struct native_call *call)
{
	return return_lines(call, user_chain(call), space_of(call));
}

bool builtin_print_ubacktrace(struct native_call *call)
{
	return print_chain(call, user_chain(call), space_of(call), SYMBOL_FULL);
}

bool builtin_print_ubacktrace_brief(struct native_call *call)
{
	return print_chain(call, user_chain(call), space_of(call), SYMBOL_BRIEF);
}

bool builtin_print_ubacktrace_fileline(struct native_call *call)
{
	return print_lines(call, user_chain(call), space_of(call));
}

bool builtin_ustack(struct native_call *call)
{
	return return_level(call, user_chain(call));
}

bool builtin_ucallers(struct native_call *call)
{
	return return_callers(call, user_chain(call));
}

bool builtin_usymname(struct native_call *call)
{
	return return_symbol(call, space_of(call), (uint64_t)call->arguments[0].number,
			     SYMBOL_NAME);
}

bool builtin_usymdata(struct native_call *call)
{
	return return_symbol(call, space_of(call), (uint64_t)call->arguments[0].number,
			     SYMBOL_DATA);
}

bool builtin_umodname(struct native_call *call)
{
	uint64_t address = (uint64_t)call->arguments[0].number;
	const struct mapping *mapping = address_space_find(space_of(call), address);

	if (!mapping || mapping->path[0] == '\0')
		return native_error(call, "no file is mapped at 0x%llx",
				    (unsigned long long)address);
	return native_return_string(call, mapping->path);
}

bool builtin_print_usyms(struct native_call *call)
{
	return print_syms(call, space_of_text(call, call->arguments[0].string));
}

bool builtin_print_ustack(struct native_call *call)
{
	return print_syms(call, space_of_text(call, call->arguments[0].string));
}

bool builtin_sprint_usyms(struct native_call *call)
{
	return return_syms(call, space_of_text(call, call->arguments[0].string));
}

bool builtin_sprint_ustack(struct native_call *call)
{
	return return_syms(call, space_of_text(call, call->arguments[0].string));
}

bool builtin___is_stack(struct native_call *call)
{
	return native_return_number(call, stack_is_text(call->arguments[0].string));
}

/* ---- natives: the instruction ---- */

/* a tracepoint has no instruction of the script's: perf gives it one of the kernel's own */
static bool is_tracepoint(const struct native_call *call)
{
	return text_starts_with(call->session->now.probe->family->pattern, "kernel.trace");
}

bool builtin_addr(struct native_call *call)
{
	const struct event_sample *sample = is_tracepoint(call) ? NULL : sample_of(call);

	return native_return_number(call, sample ? (int64_t)sample->ip : 0);
}

bool builtin_uaddr(struct native_call *call)
{
	const struct event_sample *sample = sample_of(call);

	if (!sample)
		return native_return_number(call, 0);
	return native_return_number(call, (int64_t)(sample->is_user ? sample->ip :
								     sample->user_ip));
}

static bool is_user_hit(const struct native_call *call)
{
	const struct event_sample *sample = is_tracepoint(call) ? NULL : sample_of(call);

	return sample ? sample->is_user :
			text_starts_with(call->session->now.probe->family->pattern, "process");
}

bool builtin_user_mode(struct native_call *call)
{
	return native_return_number(call, is_user_hit(call));
}

/* NAME of function("NAME@file") in a probe point; NULL when it names none */
static const char *point_argument(const char *point, const char *component, size_t *length)
{
	const char *at = point ? strstr(point, component) : NULL;

	if (!at)
		return NULL;
	at += strlen(component);
	*length = strcspn(at, "@\"");
	return at;
}

bool builtin_probefunc(struct native_call *call)
{
	const struct event_sample *sample = sample_of(call);
	const char *point = call->session->now.probe->point_text, *name;
	size_t length;

	name = point_argument(point, "callee(\"", &length) ?:
	       point_argument(point, "function(\"", &length);
	if (name)
		return native_return_text(call, name, length);
	if (!sample)
		return native_return_text(call, "", 0);
	return return_symbol(call, sample->is_user ? space_of(call) : NULL, sample->ip,
			     SYMBOL_NAME);
}

bool builtin_probemod(struct native_call *call)
{
	const struct event_sample *sample = sample_of(call);
	size_t length;
	const char *name = point_argument(call->session->now.probe->point_text, "module(\"",
					  &length);

	if (name)
		return native_return_text(call, name, length);
	if (!sample || sample->is_user)
		return native_error(call, "this probe is in no kernel module");
	return return_kernel_module(call, sample->ip);
}

#ifdef UNIT_TEST
#include <unistd.h>

#include "../lib/unit.h"

struct test_call {
	struct vm_session session;
	struct run_options options;
	struct probe probe;
	struct family family;
	struct event event;
	struct event_sample sample;
	union value argument;
	struct buf error;
	struct native_call call;
};

static const uint64_t test_chain[] = {
	(uint64_t)PERF_CONTEXT_KERNEL, 0x11, 0x22, (uint64_t)PERF_CONTEXT_USER, 0x33, 0x44,
};

static struct test_call *test_new(void)
{
	struct test_call *test = memory_zalloc(sizeof(*test));

	run_options_init(&test->options);
	test->family.pattern = "timer.profile";
	test->probe.family = &test->family;
	test->probe.point_text = "timer.profile";
	test->sample = (struct event_sample){ .callchain = test_chain,
					      .callchain_count = ARRAY_SIZE(test_chain) };
	test->event = (struct event){ .time = 5, .pid = -1, .sample = &test->sample };
	test->session.options = &test->options;
	test->session.tasks = task_model_new();
	test->session.now = (struct vm_context){ .probe = &test->probe, .event = &test->event };
	test->call = (struct native_call){ .session = &test->session, .count = 1,
					   .arguments = &test->argument, .error = &test->error };
	return test;
}

static void test_free(struct test_call *test)
{
	stacks_free(test->session.stacks);
	task_model_free(test->session.tasks);
	buf_free(&test->session.output);
	buf_free(&test->error);
	free(test);
}

static struct str *test_string(struct test_call *test, native_function *native)
{
	CHECK(native(&test->call));
	return test->call.result.string;
}

UNIT_TEST_CASE(stack_natives_take_the_kernels_part_of_a_callchain)
{
	struct test_call *test = test_new();
	struct str *first = test_string(test, builtin_backtrace), *second, *callers;

	CHECK_STR(first->data, "0x11 0x22 ");
	second = test_string(test, builtin_backtrace);
	CHECK(first == second);
	test->argument.number = 1;
	CHECK(builtin_stack(&test->call));
	CHECK_INT(test->call.result.number, 0x22);
	callers = test_string(test, builtin_callers);
	CHECK_STR(callers->data, "0x11 0x22");
	str_unref(callers);
	test->argument.number = 2;
	CHECK(!builtin_stack(&test->call));
	CHECK_STR(buf_text(&test->error), "reached end of stack before unwinding to level 2");
	test->argument.number = -1;
	callers = test_string(test, builtin_callers);
	CHECK_STR(callers->data, "0x11 0x22");
	str_unref(callers);
	str_unref(first);
	str_unref(second);
	test_free(test);
}

UNIT_TEST_CASE(stack_natives_without_a_stack)
{
	struct test_call *test = test_new();
	struct str *text;

	test->event.sample = NULL;
	text = test_string(test, builtin_backtrace);
	CHECK_INT(text->length, 0);
	str_unref(text);
	CHECK(builtin_print_backtrace(&test->call));
	CHECK(builtin_print_ubacktrace(&test->call));
	CHECK_STR(buf_text(&test->session.output), "<no kernel backtrace at timer.profile>\n"
						   "<no user backtrace at timer.profile>\n");
	CHECK(builtin_addr(&test->call));
	CHECK_INT(test->call.result.number, 0);
	test_free(test);
}

UNIT_TEST_CASE(stack_texts_are_cut_between_addresses)
{
	struct test_call *test = test_new();
	struct str *text;

	test->options.limits[LIMIT_MAXSTRINGLEN] = 8;
	text = test_string(test, builtin_backtrace);
	CHECK_STR(text->data, "0x11 ");
	str_unref(text);
	test->event.time = 6;
	test->options.limits[LIMIT_MAXBACKTRACE] = 1;
	test->argument.number = -1;
	text = test_string(test, builtin_callers);
	CHECK_STR(text->data, "0x11");
	str_unref(text);
	CHECK_INT(test->session.limit_hits[LIMIT_MAXSTRINGLEN], 1);
	CHECK_INT(test->session.limit_hits[LIMIT_MAXBACKTRACE], 1);
	test_free(test);
}

UNIT_TEST_CASE(stack_text_remembers_its_process)
{
	struct test_call *test = test_new();
	uint64_t here = (uint64_t)(uintptr_t)stacks_free + 1;
	struct str *text;

	test->sample = (struct event_sample){ .ip = here, .is_user = true };
	test->event.tid = getpid();
	text = test_string(test, builtin_ubacktrace);
	test->event = (struct event){ .tid = 0x7ffff000, .pid = -1 };
	test->argument.string = text;
	CHECK(builtin_print_ustack(&test->call));
	CHECK(strstr(buf_text(&test->session.output), " : stacks_free+0x1/0x"));
	str_unref(text);
	test_free(test);
}

UNIT_TEST_CASE(stack_table_grows_and_forgets)
{
	struct test_call *test = test_new();
	struct chain *chain = &stacks_of(&test->session)->kernel;
	struct known_stack *known;

	for (uint64_t i = 0; i < KNOWN_MAX + 100; i++) {
		chain->ips[0] = i;
		chain->count = 1;
		known = know_stack(&test->call, chain, NULL);
		CHECK(known == know_stack(&test->call, chain, NULL));
	}
	CHECK_INT(test->session.stacks->known_count, 100);
	test_free(test);
}

UNIT_TEST_CASE(probefunc_of_a_named_function)
{
	struct test_call *test = test_new();
	struct str *text;

	test->probe.point_text = "kernel.function(\"vfs_read@fs/read_write.c:450\").call";
	text = test_string(test, builtin_probefunc);
	CHECK_STR(text->data, "vfs_read");
	str_unref(text);
	test->probe.point_text = "module(\"ext4\").function(\"f\")";
	text = test_string(test, builtin_probemod);
	CHECK_STR(text->data, "ext4");
	str_unref(text);
	test_free(test);
}
#endif
