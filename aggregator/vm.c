// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The interpreter. Verified bytecode comes in; globals, output and statistics change. Frames lie
 * on one stack that grows; a run-time error walks the frames outwards until a try block takes it
 * or the handler ends. Nothing here is reached before bytecode_verify() has passed it.
 */
#include <inttypes.h>
#include <sys/uio.h>

#include "builtin.h"
#include "bytecode.h"
#include "global.h"
#include "kcore.h"
#include "load.h"
#include "print.h"
#include "stack.h"

#define RECENT_TEXTS 16		/* captured strings remembered, by slot, a power of two */

struct walk {
	struct map_cursor *cursor;
	const struct foreach_plan *plan;
};

struct frame {
	const struct code *code;
	const struct insn *call; /* in the caller, NULL in the handler itself */
	union value *registers;
	size_t walks;		 /* first of its walks */
};

/*
 * a probe's code with its registers, kept from run to run; what a run needs at once stands together
 */
struct handler {
	const struct insn *insns;
	union value *registers;
	const struct code *code;
	uint16_t first_long, long_locals, first_string, string_locals;
	unsigned cursors;
	bool is_ready; /* has no variables of its own to clear, and walks nothing */
};

struct vm {
	struct vm_session session;
	struct bytecode bytecode;
	struct global *globals;
	size_t global_count;
	struct handler *handlers; /* by probe.index */
	union value *stack;	/* the registers of function calls */
	size_t stack_top, stack_capacity;
	struct frame *frames;
	size_t depth, frame_capacity;
	struct walk *walks;
	size_t walk_count, walk_capacity;
	struct str *recent[RECENT_TEXTS];
	struct last_match match;
	struct tokenizer tokenizer;
	struct buf text, error;
	const struct token *error_token;
	bool fatal;			/* no try block may take this error */
	bool quiet;			/* ended by abort() or Ctrl-C: no error */
	bool bare;			/* the error is shown without a position */
	int64_t actions;
	union value arguments[OPERANDS_MAX];
};

static native_function *const natives[BUILTIN_COUNT] = {
#define BUILTIN(name, result, parameters, flags, needs) builtin_##name,
#include "../frontend/builtin.def"
#undef BUILTIN
};

/* ---- errors ---- */

/* the interpreter raises what this leaves; always false */
static bool fail(struct vm *vm, const char *format, ...) PRINTF_LIKE(2, 3);
static bool fail(struct vm *vm, const char *format, ...)
{
	va_list args;

	buf_reset(&vm->error);
	va_start(args, format);
	buf_vprintf(&vm->error, format, args);
	va_end(args);
	return false;
}

static bool fail_full(struct vm *vm, const struct global *global)
{
	const struct variable *variable = global->variable;

	if (variable->max_entries)
		return fail(vm, "Array overflow, check size limit (%" PRId64 ") of array '%s'",
			    variable->max_entries, variable->name);
	return fail(vm, "Array overflow, check MAXMAPENTRIES: array '%s' holds %zu entries, "
		    "-D MAXMAPENTRIES=N allows more", variable->name, map_count(global->map));
}

static bool fail_limit(struct vm *vm, enum limit_id limit)
{
	return fail(vm, "%s exceeded: %" PRId64 " %s, -D %s=N allows more",
		    limit_table[limit].name, vm->session.options->limits[limit],
		    limit_table[limit].unit, limit_table[limit].name);
}

static const char *token_kind_name(const struct token *token)
{
	switch (token->kind) {
	case TOKEN_IDENTIFIER: return "identifier";
	case TOKEN_NUMBER: return "number";
	case TOKEN_STRING: return "string";
	case TOKEN_EMBEDDED: return "embedded code";
	default: return "operator";
	}
}

static void report_error(struct vm *vm)
{
	const struct vm_session *session = &vm->session;
	const struct token *token = vm->error_token;

	if (session->options->suppress_handler_errors)
		return;
	vm->session.error_count++;
	if (token && token->place.file && token->kind != TOKEN_EMBEDDED)
		log_error(&session->options->log, "%s near %s '%s' at %s:%u:%u",
			  buf_text(&vm->error), token_kind_name(token), token->text,
			  token->place.file->name, token->place.line, token->place.column);
	else
		log_error(&session->options->log, "%s", buf_text(&vm->error));
	if ((int64_t)session->error_count > session->options->limits[LIMIT_MAXERRORS])
		vm->session.exiting = true;
}

/* ---- frames and walks ---- */

static void walk_close(struct walk *walk)
{
	if (walk->cursor)
		map_cursor_close(walk->cursor);
	walk->cursor = NULL;
}

static void walks_close_from(struct vm *vm, size_t first)
{
	for (size_t i = first; i < vm->walk_count; i++)
		walk_close(&vm->walks[i]);
}

static void walks_reserve(struct vm *vm, size_t extra)
{
	size_t need = vm->walk_count + extra;

	if (need > vm->walk_capacity) {
		vm->walk_capacity = need * 2;
		vm->walks = memory_realloc(vm->walks, vm->walk_capacity * sizeof(*vm->walks));
	}
	for (size_t i = vm->walk_count; i < need; i++)
		vm->walks[i].cursor = NULL;
	vm->walk_count = need;
}

static void stack_grow(struct vm *vm, size_t need)
{
	union value *old = vm->stack;

	vm->stack_capacity = need * 2 + 64;
	vm->stack = memory_realloc(old, vm->stack_capacity * sizeof(*vm->stack));
	for (size_t i = 1; i < vm->depth; i++)
		vm->frames[i].registers = vm->stack + (vm->frames[i].registers - old);
}

static union value *frame_enter(struct vm *vm, const struct code *code, const struct insn *call)
{
	union value *registers;

	if (unlikely(vm->depth == vm->frame_capacity)) {
		vm->frame_capacity = vm->frame_capacity * 2 + 16;
		vm->frames = memory_realloc(vm->frames,
					    vm->frame_capacity * sizeof(*vm->frames));
	}
	if (unlikely(vm->stack_top + code->registers >= vm->stack_capacity))
		stack_grow(vm, vm->stack_top + code->registers);
	registers = vm->stack + vm->stack_top;
	vm->stack_top += code->registers;
	vm->frames[vm->depth++] = (struct frame){ code, call, registers, vm->walk_count };
	if (code->cursors)
		walks_reserve(vm, code->cursors);
	if (code->registers)
		memcpy(registers, code->frame, code->registers * sizeof(*registers));
	return registers;
}

/*
 * A handler does not run twice at once, so its registers stay where they are: constants need no
 * copying, temporaries no clearing, and only named variables start afresh.
 */
static __attribute__((noinline)) void handler_prepare(struct vm *vm, const struct handler *handler)
{
	union value *local = handler->registers + handler->first_long;

	for (size_t i = 0; i < handler->long_locals; i++)
		local[i].number = 0;
	local = handler->registers + handler->first_string;
	for (size_t i = 0; i < handler->string_locals; i++) {
		str_unref(local[i].string);
		local[i].string = str_empty();
	}
	if (handler->cursors)
		walks_reserve(vm, handler->cursors);
}

static const struct code *running_code(const struct vm *vm)
{
	return vm->depth > 1 ? vm->frames[vm->depth - 1].code :
			       vm->handlers[vm->session.now.probe->index].code;
}

/* the handler's own frame is filled in only before somebody looks at it: a call, an error */
static void handler_note(struct vm *vm, union value *registers)
{
	if (vm->depth == 1)
		vm->frames[0] = (struct frame){ .code = running_code(vm), .registers = registers };
}

static void frame_leave(struct vm *vm)
{
	const struct frame *frame = &vm->frames[--vm->depth];
	const struct code *code = frame->code;

	if (code->cursors) {
		walks_close_from(vm, frame->walks);
		vm->walk_count = frame->walks;
	}
	if (!vm->depth)
		return;
	for (size_t i = code->longs + code->string_constants; i < code->registers; i++)
		str_unref(frame->registers[i].string);
	vm->stack_top -= code->registers;
}

static union value *top_registers(struct vm *vm)
{
	return vm->frames[vm->depth - 1].registers;
}

static inline void set_string(union value *where, struct str *str)
{
	struct str *old = where->string;

	where->string = str;
	str_unref(old);
}

static inline void gather(const struct insn *word, size_t count, const union value *registers,
			  union value *out)
{
	for (; unlikely(count > OPERANDS_PER_WORD); count -= OPERANDS_PER_WORD, word++) {
		*out++ = registers[word->a];
		*out++ = registers[word->b];
		*out++ = registers[word->c];
	}
	if (count > 0)
		out[0] = registers[word->a];
	if (count > 1)
		out[1] = registers[word->b];
	if (count > 2)
		out[2] = registers[word->c];
}

static void walk_open(struct walk *walk, struct map *map, size_t key_count,
		      const struct foreach_plan *plan, const union value *registers)
{
	union value keys[MAX_INDEXES];
	struct map_order order = {
		.direction = plan->direction, .column = plan->column, .stat = plan->stat,
		.variance_shift = plan->variance_shift, .limit = -1, .any = plan->any,
	};

	walk_close(walk);
	if (plan->limit != REGISTER_NONE) {
		order.limit = registers[plan->limit].number;
		if (order.limit < 0)
			order.limit = 0;
	}
	if (plan->sliced) {
		for (size_t i = 0; i < key_count; i++)
			keys[i] = registers[plan->slice[i]];
		order.keys = keys;
	}
	walk->cursor = map_cursor_open(map, &order);
	walk->plan = plan;
}

static bool walk_next(const struct global *globals, struct walk *walk, union value *registers)
{
	const struct foreach_plan *plan = walk->plan;
	const struct variable *array;
	const union value *keys;
	union value *value;

	if (!walk->cursor || !map_cursor_next(walk->cursor, &keys, &value))
		return false;
	array = globals[plan->map].variable;
	for (size_t i = 0; i < array->index_count; i++) {
		if (plan->keys[i] == REGISTER_NONE)
			continue;
		if (array->index_types[i] == TYPE_STRING)
			set_string(&registers[plan->keys[i]], str_ref(keys[i].string));
		else
			registers[plan->keys[i]] = keys[i];
	}
	if (plan->value == REGISTER_NONE)
		return true;
	if (array->type == TYPE_STRING)
		set_string(&registers[plan->value], str_ref(value->string));
	else
		registers[plan->value] = *value;
	return true;
}

/* ---- captures ---- */

const struct binding no_binding;
const struct event no_event = { .pid = -1 };

static inline const struct load *load_at(const struct vm *vm, size_t slot)
{
	const struct binding *binding = vm->session.now.binding;

	return likely(slot < binding->load_count) ? &binding->loads[slot] : NULL;
}

static bool fail_capture(struct vm *vm, size_t slot)
{
	const struct probe *probe = vm->session.now.probe;

	return fail(vm, "%s is not available here", probe->captures.items[slot]->name);
}

static inline bool capture_number(struct vm *vm, size_t slot, int64_t *out)
{
	const struct load *load = load_at(vm, slot);

	/* the arguments of system calls, the commonest by far */
	if (likely(load && load->kind == LOAD_64 &&
		   load->offset + sizeof(*out) <= vm->session.now.event->size)) {
		memcpy(out, vm->session.now.event->data + load->offset, sizeof(*out));
		return true;
	}
	return (load && load_number(vm->session.now.event, load, out)) || fail_capture(vm, slot);
}

/* one reference; the same text twice in a row is one string, with its hash already known */
static struct str *capture_text(struct vm *vm, size_t slot)
{
	const struct load *load = load_at(vm, slot);
	struct str **recent = &vm->recent[slot % RECENT_TEXTS];
	size_t offset, size, length;
	const char *text;

	if (!load || !load_span(vm->session.now.event, load, &offset, &size)) {
		fail_capture(vm, slot);
		return NULL;
	}
	text = (const char *)vm->session.now.event->data + offset;
	if (load->kind == LOAD_FETCHED && !size) {
		text = CAPTURE_FAULT_TEXT;
		size = strlen(text);
	}
	if (load->kind != LOAD_BYTES)
		size = strnlen(text, size);
	length = native_limit_length(&vm->session, size);
	if (*recent && (*recent)->length == length && !memcmp((*recent)->data, text, length))
		return str_ref(*recent);
	str_unref(*recent);
	*recent = str_new(text, length);
	return str_ref(*recent);
}

static struct task *current_task(struct vm *vm)
{
	struct vm_session *session = &vm->session;

	int32_t tid = session->now.event->tid;

	if (unlikely(session->task_tid != tid)) {
		session->task = task_find_on(session->tasks, tid, session->now.event->cpu);
		session->task_tid = tid ? tid : NO_TASK; /* every CPU has an idle task of its own */
	}
	return session->task;
}

static int64_t current_pid(struct vm *vm)
{
	const struct event *event = vm->session.now.event;

	return event->pid >= 0 ? event->pid : current_task(vm)->pid;
}

/* ---- statistics ---- */

/* the statistic that an instruction names: of a scalar, or of an element, which may be missing */
static struct statistic *stat_at(struct vm *vm, unsigned slot, const struct insn *insn,
			    const union value *registers)
{
	struct global *global = &vm->globals[slot];
	union value keys[MAX_INDEXES], *value;

	if (!global->map)
		return global->value.stat;
	gather(insn + 1, global->key_count, registers, keys);
	value = map_get(global->map, keys);
	return value ? value->stat : NULL;
}

static bool extract(struct vm *vm, const struct insn *insn, union value *registers)
{
	struct statistic *stat = stat_at(vm, insn->b, insn, registers);
	unsigned need = STAT_OPERAND_NEED(insn->c);
	int64_t *result = &registers[insn->a].number;

	*result = 0;
	if (!stat || !stat->count)
		return need == STAT_COUNT || need == STAT_SUM || fail(vm, "empty aggregate");
	return stat_extract(stat, need, STAT_OPERAND_SHIFT(insn->c), result) ||
	       fail(vm, "empty aggregate");
}

static bool bucket(struct vm *vm, const struct insn *insn, union value *registers)
{
	const struct stat_shape *shape = &vm->globals[insn->b].variable->stat;
	struct statistic *stat = stat_at(vm, insn->b, insn, registers);
	int64_t index = registers[insn->c].number;

	if (!stat || !stat->count)
		return fail(vm, "empty aggregate");
	if (index < 0 || (uint64_t)index >= stat_bucket_count(shape))
		return fail(vm, "histogram index out of range");
	registers[insn->a].number = stat->buckets ? (int64_t)stat->buckets[index] : 0;
	return true;
}

static bool histogram(struct vm *vm, const struct insn *insn, union value *registers)
{
	struct statistic *stat = stat_at(vm, insn->b, insn, registers);
	const int64_t *limits = vm->session.options->limits;
	struct buf picture = BUF_INIT;

	if (!stat || !stat->count)
		return fail(vm, "empty aggregate");
	histogram_print(stat, &vm->globals[insn->b].variable->stat, limits[LIMIT_HIST_WIDTH],
			limits[LIMIT_HIST_ELISION], &picture);
	set_string(&registers[insn->a], str_new(picture.data, picture.length));
	buf_free(&picture);
	return true;
}

/* ---- strings ---- */

static struct str *concat(struct vm *vm, struct str *a, struct str *b)
{
	size_t length = native_limit_length(&vm->session, (size_t)a->length + b->length);
	struct str *result;
	size_t first;

	if (!b->length)
		return str_ref(a);
	result = str_reserve(length);
	first = a->length < length ? a->length : length;
	memcpy(result->data, a->data, first);
	memcpy(result->data + first, b->data, length - first);
	return result;
}

static struct str *take_text(struct vm *vm)
{
	struct str *str = str_new(buf_text(&vm->text),
				  native_limit_length(&vm->session, vm->text.length));

	buf_reset(&vm->text);
	return str;
}

static bool match(struct vm *vm, struct regex *regex, struct str *subject)
{
	struct last_match *last = &vm->match;

	if (!vm->bytecode.asks_match)
		return regex_match(regex, subject->data, subject->length, NULL);
	if (!regex_match(regex, subject->data, subject->length, &last->groups))
		return false;
	str_ref(subject);
	str_unref(last->subject);
	last->subject = subject;
	return true;
}

/* ---- calls ---- */

/* memory of the event's process while it lives; the kernel's own cannot be read from here */
static bool read_memory(void *owner, uint64_t address, bool is_user, void *to, size_t size)
{
	const struct vm *vm = owner;
	struct iovec local = { to, size }, remote = { (void *)(uintptr_t)address, size };

	return is_user && process_vm_readv(vm->session.now.event->tid, &local, 1, &remote, 1, 0) ==
				  (ssize_t)size;
}

static bool print_formatted(struct vm *vm, const struct insn *insn, const union value *registers)
{
	const struct format *format = vm->bytecode.formats.items[insn->a];
	const struct print_memory memory = { read_memory, vm };
	uint64_t fault;

	gather(insn + 1, format->argument_count, registers, vm->arguments);
	return print_format_reading(format, vm->arguments,
				    insn->b ? &vm->text : &vm->session.output, &memory, &fault) ||
	       fail(vm, "memory read fault at 0x%016" PRIx64, fault);
}

static bool call_native(struct vm *vm, const struct insn *insn, union value *registers)
{
	struct native_call call = {
		.session = &vm->session, .arguments = vm->arguments, .count = insn->c,
		.error = &vm->error, .match = &vm->match, .tokenizer = &vm->tokenizer,
	};

	gather(insn + 1, insn->c, registers, vm->arguments);
	if (unlikely(!natives[insn->b](&call))) {
		if (insn->op == OPCODE_NATIVE_STRING)
			str_unref(call.result.string);
		vm->quiet = call.abort;
		vm->fatal = call.abort;
		vm->bare = call.bare;
		return false;
	}
	if (insn->op == OPCODE_NATIVE_STRING)
		set_string(&registers[insn->a],
			   call.result.string ? call.result.string : str_empty());
	else if (insn->op == OPCODE_NATIVE_LONG)
		registers[insn->a] = call.result;
	return true;
}

static bool fail_overload(struct vm *vm, const struct code *code)
{
	return fail(vm, "no more overloads of function '%s' to try", code->name);
}

static bool call(struct vm *vm, const struct code *code, const struct insn *insn);

static bool call_embedded(struct vm *vm, const struct code *code, const struct insn *insn)
{
	union value result = { 0 }, *registers = top_registers(vm);
	int verdict = embedded_call(&vm->bytecode, code, vm->arguments, vm->globals, &vm->session,
				    &result, &vm->error);

	if (verdict == EMBEDDED_DONE && insn->op == OPCODE_CALL_STRING)
		set_string(&registers[insn->a], result.string);
	else if (code->function->type == TYPE_STRING)
		str_unref(result.string);
	else if (verdict == EMBEDDED_DONE && insn->op == OPCODE_CALL_LONG)
		registers[insn->a] = result;
	if (verdict != EMBEDDED_NEXT)
		return verdict == EMBEDDED_DONE;
	return code->next_overload ? call(vm, code->next_overload, insn) : fail_overload(vm, code);
}

/* the frame of a script function; false when the calls are nested too deeply */
static bool call_script(struct vm *vm, const struct code *code, const struct insn *insn)
{
	union value *registers;

	if (vm->depth > (uint64_t)vm->session.options->limits[LIMIT_MAXNESTING])
		return fail_limit(vm, LIMIT_MAXNESTING);
	registers = frame_enter(vm, code, insn);
	for (size_t i = 0; i < code->parameter_count; i++) {
		union value *parameter = &registers[code->parameters[i]];

		*parameter = vm->arguments[i];
		if (code->parameters[i] >= code->longs)
			str_ref(parameter->string);
	}
	return true;
}

static bool call(struct vm *vm, const struct code *code, const struct insn *insn)
{
	gather(insn + 1, insn->c, top_registers(vm), vm->arguments);
	return code->embedded ? call_embedded(vm, code, insn) : call_script(vm, code, insn);
}

/* a function ended without a value */
static void return_nothing(struct vm *vm, const struct insn *insn)
{
	union value *registers = top_registers(vm);

	if (insn->op == OPCODE_CALL_LONG)
		registers[insn->a].number = 0;
	else if (insn->op == OPCODE_CALL_STRING)
		set_string(&registers[insn->a], str_empty());
}

/* ---- unwinding ---- */

static const struct try_region *find_try(const struct code *code, size_t at)
{
	for (size_t i = 0; i < code->try_count; i++)
		if (at >= code->tries[i].first && at < code->tries[i].end)
			return &code->tries[i];
	return NULL;
}

/*
 * Take an error outwards from @insn of the top frame. Returns where to go on, NULL when no try
 * block took it: then every frame is left.
 */
static const struct insn *unwind(struct vm *vm, const struct insn *insn)
{
	const struct frame *frame = &vm->frames[vm->depth - 1];
	const struct try_region *region;
	size_t at;

	vm->error_token = vm->bare ? NULL : frame->code->tokens[insn - frame->code->insns];
	vm->bare = false;
	for (;;) {
		frame = &vm->frames[vm->depth - 1];
		at = (size_t)(insn - frame->code->insns);
		region = vm->fatal ? NULL : find_try(frame->code, at);
		if (region)
			break;
		insn = frame->call;
		frame_leave(vm);
		if (!vm->depth)
			return NULL;
	}
	walks_close_from(vm, frame->walks + region->cursors);
	if (region->message != REGISTER_NONE)
		set_string(&frame->registers[region->message],
			   str_new(buf_text(&vm->error),
				   native_limit_length(&vm->session, vm->error.length)));
	buf_reset(&vm->text);
	return frame->code->insns + region->handler;
}

/* ---- the interpreter ---- */

/* without an owner nobody grants a moment's grace */
static bool is_interrupted(const struct vm_session *session)
{
	return *(const volatile bool *)&session->interrupted &&
	       (!session->owner || vm_interrupt_due(session));
}

static int64_t divide(int64_t a, int64_t b)
{
	return b == -1 ? (int64_t)-(uint64_t)a : a / b;
}

static int64_t modulo(int64_t a, int64_t b)
{
	return b == -1 ? 0 : a % b;
}

/* true when the handler meant to end there */
static __attribute__((noinline)) bool handler_broke_off(struct vm *vm)
{
	bool quiet = vm->quiet;

	buf_reset(&vm->text);
	if (!quiet)
		report_error(vm);
	vm->fatal = vm->quiet = vm->bare = false;
	vm->depth = 1;
	return quiet;
}

bool vm_run_now(struct vm *vm, const struct probe *probe)
{
	static const void *const labels[] = {
#define OPCODE(name, operands) &&do_##name,
#include "opcode.def"
#undef OPCODE
	};
	const struct handler *handler = &vm->handlers[probe->index];
	struct global *const globals = vm->globals;
	const struct insn *pc = handler->insns;
	union value *r = handler->registers;
	union value keys[MAX_INDEXES], *value;
	struct str *str;
	size_t depth;

#define NEXT do { pc++; goto *labels[pc->op]; } while (0)
#define SKIP(count) do { pc += operand_words(count); NEXT; } while (0)
#define GO(jump) do { pc += (jump) + insn_distance(pc[jump]); goto *labels[pc->op]; } while (0)
#define TEST(holds) do { \
		if (holds) { \
			pc++; \
			NEXT; \
		} \
		GO(1); \
	} while (0)
#define LONG(n) r[n].number
#define UNSIGNED(n) ((uint64_t)r[n].number)
#define KEYS(slot) gather(pc + 1, globals[slot].key_count, r, keys)
#define REACH_BY(slot, keys, count) \
	value = map_recent(globals[slot].map, keys, count); \
	if (!value) \
		value = map_reach(globals[slot].map, keys)
/* one key and two, the commonest cases, without a loop; a single one where it stands */
#define REACH(slot) \
	if (likely(globals[slot].key_count == 1)) { \
		REACH_BY(slot, &r[pc[1].a], 1); \
	} else if (likely(globals[slot].key_count == 2)) { \
		keys[0] = r[pc[1].a]; \
		keys[1] = r[pc[1].b]; \
		REACH_BY(slot, keys, 2); \
	} else { \
		KEYS(slot); \
		REACH_BY(slot, keys, globals[slot].key_count); \
	}
#define SKIP_KEYS(slot) do { pc += globals[slot].key_words; NEXT; } while (0)
	vm->actions = 0;
	if (!handler->is_ready)
		handler_prepare(vm, handler);
	goto *labels[pc->op];

do_NOP:
do_OPERANDS:
	NEXT;
do_MOVE:
	r[pc->a] = r[pc->b];
	NEXT;
do_MOVE_STRING:
	set_string(&r[pc->a], str_ref(r[pc->b].string));
	NEXT;
do_ADD:
	LONG(pc->a) = (int64_t)(UNSIGNED(pc->b) + UNSIGNED(pc->c));
	NEXT;
do_SUB:
	LONG(pc->a) = (int64_t)(UNSIGNED(pc->b) - UNSIGNED(pc->c));
	NEXT;
do_MUL:
	LONG(pc->a) = (int64_t)(UNSIGNED(pc->b) * UNSIGNED(pc->c));
	NEXT;
do_DIV:
	if (unlikely(!LONG(pc->c)))
		goto division_by_zero;
	LONG(pc->a) = divide(LONG(pc->b), LONG(pc->c));
	NEXT;
do_MOD:
	if (unlikely(!LONG(pc->c)))
		goto division_by_zero;
	LONG(pc->a) = modulo(LONG(pc->b), LONG(pc->c));
	NEXT;
do_AND:
	LONG(pc->a) = LONG(pc->b) & LONG(pc->c);
	NEXT;
do_OR:
	LONG(pc->a) = LONG(pc->b) | LONG(pc->c);
	NEXT;
do_XOR:
	LONG(pc->a) = LONG(pc->b) ^ LONG(pc->c);
	NEXT;
do_SHL:
	LONG(pc->a) = (int64_t)(UNSIGNED(pc->b) << (LONG(pc->c) & 63));
	NEXT;
do_SHR:
	LONG(pc->a) = LONG(pc->b) >> (LONG(pc->c) & 63);
	NEXT;
do_USHR:
	LONG(pc->a) = (int64_t)(UNSIGNED(pc->b) >> (LONG(pc->c) & 63));
	NEXT;
do_NEG:
	LONG(pc->a) = (int64_t)-UNSIGNED(pc->b);
	NEXT;
do_COMPL:
	LONG(pc->a) = ~LONG(pc->b);
	NEXT;
do_NOT:
	LONG(pc->a) = !LONG(pc->b);
	NEXT;
do_LT:
	LONG(pc->a) = LONG(pc->b) < LONG(pc->c);
	NEXT;
do_LE:
	LONG(pc->a) = LONG(pc->b) <= LONG(pc->c);
	NEXT;
do_EQ:
	LONG(pc->a) = LONG(pc->b) == LONG(pc->c);
	NEXT;
do_NE:
	LONG(pc->a) = LONG(pc->b) != LONG(pc->c);
	NEXT;
do_LT_STRING:
	LONG(pc->a) = str_compare(r[pc->b].string, r[pc->c].string) < 0;
	NEXT;
do_LE_STRING:
	LONG(pc->a) = str_compare(r[pc->b].string, r[pc->c].string) <= 0;
	NEXT;
do_EQ_STRING:
	LONG(pc->a) = str_equal(r[pc->b].string, r[pc->c].string);
	NEXT;
do_NE_STRING:
	LONG(pc->a) = !str_equal(r[pc->b].string, r[pc->c].string);
	NEXT;
do_CONCAT:
	set_string(&r[pc->a], concat(vm, r[pc->b].string, r[pc->c].string));
	NEXT;
do_MATCH:
	LONG(pc->a) = match(vm, vm->bytecode.regexes.items[pc->c], r[pc->b].string);
	NEXT;
do_JUMP:
	GO(0);
do_LOOP:
	if (unlikely(is_interrupted(&vm->session)))
		goto interrupted;
	vm_output_check(&vm->session);
	GO(0);
do_JUMP_IF:
	if (LONG(pc->a))
		GO(0);
	NEXT;
do_JUMP_UNLESS:
	if (!LONG(pc->a))
		GO(0);
	NEXT;
do_TEST_LT:
	TEST(LONG(pc->a) < LONG(pc->b));
do_TEST_LE:
	TEST(LONG(pc->a) <= LONG(pc->b));
do_TEST_EQ:
	TEST(LONG(pc->a) == LONG(pc->b));
do_TEST_NE:
	TEST(LONG(pc->a) != LONG(pc->b));
do_END:
	if (unlikely(vm->walk_count)) {
		walks_close_from(vm, 0);
		vm->walk_count = 0;
	}
	return true;
do_RETURN:
	pc = vm->frames[vm->depth - 1].call;
	frame_leave(vm);
	return_nothing(vm, pc);
	goto returned;
do_RETURN_LONG: {
	int64_t number = LONG(pc->a);

	pc = vm->frames[vm->depth - 1].call;
	frame_leave(vm);
	if (pc->op == OPCODE_CALL_LONG)
		top_registers(vm)[pc->a].number = number;
	goto returned;
}
do_RETURN_STRING:
	str = str_ref(r[pc->a].string);
	pc = vm->frames[vm->depth - 1].call;
	frame_leave(vm);
	if (pc->op == OPCODE_CALL_STRING)
		set_string(&top_registers(vm)[pc->a], str);
	else
		str_unref(str);
	goto returned;
do_NEXT_OVERLOAD: {
	const struct code *code = running_code(vm), *next = code->next_overload;

	if (!next) {
		fail_overload(vm, code);
		goto raise;
	}
	pc = vm->frames[vm->depth - 1].call;
	frame_leave(vm);
	depth = vm->depth;
	if (!call(vm, next, pc))
		goto raise;
	goto called;
}
do_CALL:
do_CALL_LONG:
do_CALL_STRING:
	if (unlikely(is_interrupted(&vm->session)))
		goto interrupted;
	handler_note(vm, r);
	depth = vm->depth;
	if (!call(vm, &vm->bytecode.functions[pc->b], pc))
		goto raise;
called:
	if (vm->depth == depth)
		goto returned;	/* a C body has already run */
	r = top_registers(vm);
	pc = running_code(vm)->insns;
	goto *labels[pc->op];
returned:
	r = top_registers(vm);
	SKIP(pc->c);
do_NATIVE:
do_NATIVE_LONG:
do_NATIVE_STRING:
	if (!call_native(vm, pc, r))
		goto raise;
	SKIP(pc->c);
do_ACTION:
	if (unlikely(++vm->actions > vm->session.options->limits[LIMIT_MAXACTION])) {
		vm->fatal = true;
		fail_limit(vm, LIMIT_MAXACTION);
		goto raise;
	}
	NEXT;
do_GLOBAL_GET:
	r[pc->a] = globals[pc->b].value;
	NEXT;
do_GLOBAL_SET:
	globals[pc->a].value = r[pc->b];
	NEXT;
do_GLOBAL_ADD:
	LONG(pc->c) = globals[pc->a].value.number =
		(int64_t)((uint64_t)globals[pc->a].value.number + UNSIGNED(pc->b));
	NEXT;
do_GLOBAL_GET_STRING:
	set_string(&r[pc->a], str_ref(globals[pc->b].value.string));
	NEXT;
do_GLOBAL_SET_STRING:
	set_string(&globals[pc->a].value, str_ref(r[pc->b].string));
	NEXT;
do_GLOBAL_APPEND:
	set_string(&globals[pc->a].value, concat(vm, globals[pc->a].value.string, r[pc->b].string));
	set_string(&r[pc->c], str_ref(globals[pc->a].value.string));
	NEXT;
do_GLOBAL_RESET:
	global_reset(&globals[pc->a]);
	NEXT;
do_MAP_GET:
	KEYS(pc->b);
	value = map_get(globals[pc->b].map, keys);
	LONG(pc->a) = value ? value->number : 0;
	SKIP_KEYS(pc->b);
do_MAP_GET_STRING:
	KEYS(pc->b);
	value = map_get(globals[pc->b].map, keys);
	set_string(&r[pc->a], value ? str_ref(value->string) : str_empty());
	SKIP_KEYS(pc->b);
do_MAP_SET:
	KEYS(pc->a);
	value = map_reach(globals[pc->a].map, keys);
	if (unlikely(!value))
		goto map_full;
	*value = r[pc->b];
	SKIP_KEYS(pc->a);
do_MAP_SET_STRING:
	KEYS(pc->a);
	value = map_reach(globals[pc->a].map, keys);
	if (unlikely(!value))
		goto map_full;
	set_string(value, str_ref(r[pc->b].string));
	SKIP_KEYS(pc->a);
do_MAP_ADD:
	REACH(pc->a);
	if (unlikely(!value))
		goto map_full;
	LONG(pc->c) = value->number = (int64_t)((uint64_t)value->number + UNSIGNED(pc->b));
	SKIP_KEYS(pc->a);
do_MAP_APPEND:
	KEYS(pc->a);
	value = map_reach(globals[pc->a].map, keys);
	if (unlikely(!value))
		goto map_full;
	set_string(value, concat(vm, value->string, r[pc->b].string));
	set_string(&r[pc->c], str_ref(value->string));
	SKIP_KEYS(pc->a);
do_MAP_IN:
	KEYS(pc->b);
	LONG(pc->a) = map_get(globals[pc->b].map, keys) != NULL;
	SKIP_KEYS(pc->b);
do_MAP_IN_SLICE:
	KEYS(pc->b);
	LONG(pc->a) = map_matches(globals[pc->b].map, keys, (uint32_t)UNSIGNED(pc->c));
	SKIP_KEYS(pc->b);
do_MAP_DELETE:
	KEYS(pc->a);
	map_delete(globals[pc->a].map, keys);
	SKIP_KEYS(pc->a);
do_MAP_DELETE_SLICE:
	KEYS(pc->a);
	map_delete_matching(globals[pc->a].map, keys, (uint32_t)UNSIGNED(pc->b));
	SKIP_KEYS(pc->a);
do_MAP_CLEAR:
	map_clear(globals[pc->a].map);
	NEXT;
do_AGGREGATE:
	stat_add(globals[pc->a].value.stat, &globals[pc->a].variable->stat, LONG(pc->b));
	NEXT;
do_MAP_AGGREGATE:
	REACH(pc->a);
	if (unlikely(!value))
		goto map_full;
	stat_add(value->stat, &globals[pc->a].variable->stat, LONG(pc->b));
	SKIP_KEYS(pc->a);
do_STAT:
	if (!extract(vm, pc, r))
		goto raise;
	SKIP_KEYS(pc->b);
do_BUCKET:
	if (!bucket(vm, pc, r))
		goto raise;
	SKIP_KEYS(pc->b);
do_HISTOGRAM:
	if (!histogram(vm, pc, r))
		goto raise;
	SKIP_KEYS(pc->b);
do_FOREACH_OPEN: {
	const struct foreach_plan *plan = &running_code(vm)->foreachs[pc->b];

	walk_open(&vm->walks[vm->frames[vm->depth - 1].walks + pc->a], globals[plan->map].map,
		  globals[plan->map].key_count, plan, r);
	NEXT;
}
do_FOREACH_NEXT:
	if (!walk_next(globals, &vm->walks[vm->frames[vm->depth - 1].walks + pc->a], r))
		GO(0);
	NEXT;
do_FOREACH_CLOSE:
	walk_close(&vm->walks[vm->frames[vm->depth - 1].walks + pc->a]);
	NEXT;
do_CAPTURE:
	if (!capture_number(vm, pc->b, &LONG(pc->a)))
		goto raise;
	NEXT;
do_CAPTURE_STRING:
	str = capture_text(vm, pc->b);
	if (!str)
		goto raise;
	set_string(&r[pc->a], str);
	NEXT;
do_EXECNAME:
	str = current_task(vm)->comm;
	if (r[pc->a].string != str)
		set_string(&r[pc->a], str_ref(str));
	NEXT;
do_PID:
	LONG(pc->a) = current_pid(vm);
	NEXT;
do_TID:
	LONG(pc->a) = vm->session.now.event->tid;
	NEXT;
do_CPU:
	LONG(pc->a) = vm->session.now.event->cpu;
	NEXT;
do_PUT:
	print_number(LONG(pc->a), pc->b ? &vm->text : &vm->session.output);
	NEXT;
do_PUT_STRING:
	buf_add(pc->b ? &vm->text : &vm->session.output, r[pc->a].string->data,
		r[pc->a].string->length);
	NEXT;
do_PUT_CHAR:
	buf_putc(pc->b ? &vm->text : &vm->session.output, (char)LONG(pc->a));
	NEXT;
do_FORMAT:
	if (!print_formatted(vm, pc, r))
		goto raise;
	SKIP(vm->bytecode.formats.items[pc->a]->argument_count);
do_TAKE_TEXT:
	set_string(&r[pc->a], take_text(vm));
	NEXT;

map_full:
	fail_full(vm, &globals[pc->a]);
	goto raise;
division_by_zero:
	fail(vm, "division by 0");
	goto raise;
interrupted:
	vm->quiet = true;
	vm->fatal = true;
raise:
	handler_note(vm, r);
	pc = unwind(vm, pc);
	if (!pc)
		return handler_broke_off(vm);
	r = top_registers(vm);
	goto *labels[pc->op];
#undef NEXT
#undef SKIP
#undef GO
#undef TEST
#undef LONG
#undef UNSIGNED
#undef KEYS
#undef REACH_BY
#undef REACH
#undef SKIP_KEYS
}

/* ---- life ---- */

static void handler_make(struct handler *handler, const struct code *code)
{
	size_t size = code->registers * sizeof(union value);

	handler->code = code;
	handler->insns = code->insns;
	handler->registers = memory_alloc(size + 1);
	memcpy(handler->registers, code->frame, size);
	handler->first_long = (uint16_t)code->long_constants;
	handler->long_locals = (uint16_t)code->long_locals;
	handler->first_string = (uint16_t)(code->longs + code->string_constants);
	handler->string_locals = (uint16_t)code->string_locals;
	handler->cursors = code->cursors;
	handler->is_ready = !code->long_locals && !code->string_locals && !code->cursors;
}

static void handlers_make(struct vm *vm)
{
	const struct bytecode *bytecode = &vm->bytecode;

	vm->handlers = memory_zalloc((bytecode->probe_count + 1) * sizeof(*vm->handlers));
	for (size_t i = 0; i < bytecode->probe_count; i++)
		handler_make(&vm->handlers[i], &bytecode->probes[i]);
	vm->frame_capacity = 16;
	vm->frames = memory_zalloc(vm->frame_capacity * sizeof(*vm->frames));
	vm->depth = 1; /* between runs too: a handler's frame is the first */
}

static void handlers_free(struct vm *vm)
{
	for (size_t i = 0; i < vm->bytecode.probe_count; i++) {
		const struct handler *handler = &vm->handlers[i];

		for (size_t k = handler->first_string; k < handler->code->registers; k++)
			str_unref(handler->registers[k].string);
		free(handler->registers);
	}
	free(vm->handlers);
}

struct vm *vm_new(const struct program *program, const struct run_options *options,
		  struct task_model *tasks)
{
	struct vm *vm = memory_zalloc(sizeof(*vm));

	vm->session.program = program;
	vm->session.options = options;
	vm->session.tasks = tasks;
	vm->session.task_tid = NO_TASK;
	vm->session.now = (struct vm_context){ .binding = &no_binding, .event = &no_event };
	if (!bytecode_compile(&vm->bytecode, program, options)) {
		bytecode_free(&vm->bytecode);
		free(vm);
		return NULL;
	}
	vm->session.limit_hits[LIMIT_MAXSTRINGLEN] = vm->bytecode.cut_strings;
	handlers_make(vm);
	vm->global_count = program->globals.count;
	vm->globals = memory_zalloc((vm->global_count + 1) * sizeof(*vm->globals));
	for (size_t i = 0; i < vm->global_count; i++)
		global_init(&vm->globals[i], program->globals.items[i], &vm->session);
	return vm;
}

void vm_free(struct vm *vm)
{
	if (!vm)
		return;
	for (size_t i = 0; i < vm->global_count; i++)
		global_release(&vm->globals[i]);
	for (size_t i = 0; i < RECENT_TEXTS; i++)
		str_unref(vm->recent[i]);
	regex_groups_free(&vm->match.groups);
	str_unref(vm->match.subject);
	handlers_free(vm);
	str_unref(vm->tokenizer.text);
	free(vm->globals);
	free(vm->stack);
	free(vm->frames);
	free(vm->walks);
	buf_free(&vm->text);
	buf_free(&vm->error);
	buf_free(&vm->session.output);
	kcore_free(vm->session.kcore);
	stacks_free(vm->session.stacks);
	bytecode_free(&vm->bytecode);
	free(vm);
}

struct vm_session *vm_session(struct vm *vm)
{
	return &vm->session;
}

const struct global *vm_globals(const struct vm *vm, size_t *count)
{
	*count = vm->global_count;
	return vm->globals;
}

struct bytecode *vm_bytecode(struct vm *vm)
{
	return &vm->bytecode;
}

bool vm_run(struct vm *vm, const struct vm_context *context)
{
	vm->session.now = *context;
	if (!context->binding)
		vm->session.now.binding = &no_binding;
	if (!context->event)
		vm->session.now.event = &no_event;
	return vm_run_now(vm, context->probe);
}

void vm_count(struct vm *vm, const struct probe *probe, uint64_t times)
{
	global_count(vm->globals, probe, times);
}

void vm_dump(struct vm *vm, FILE *out)
{
	for (size_t i = 0; i < vm->bytecode.function_count; i++)
		bytecode_dump(&vm->bytecode, &vm->bytecode.functions[i], out);
	for (size_t i = 0; i < vm->bytecode.probe_count; i++)
		bytecode_dump(&vm->bytecode, &vm->bytecode.probes[i], out);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

/* one handler over one global, built by hand: `result = <expr>` */
struct bench {
	struct arena *arena;
	struct source_file file;
	struct token token;
	struct run_options options;
	struct variable result;
	struct program program;
	struct probe probe;
	struct vm *vm;
};

static void bench_init(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	bench->arena = arena_new();
	bench->file.name = "unit";
	bench->token = (struct token){ TOKEN_OPERATOR, "/", 1, 0, { &bench->file, 1, 1, 0, NULL } };
	run_options_init(&bench->options);
	bench->options.suppress_handler_errors = true;
	bench->result = (struct variable){ .name = "result", .type = TYPE_LONG,
					   .token = &bench->token };
	array_push(bench->arena, &bench->program.globals, &bench->result);
	bench->program.arena = bench->arena;
	bench->probe.point_text = "begin";
	bench->probe.token = &bench->token;
	array_push(bench->arena, &bench->program.probes, &bench->probe);
}

static struct expr *make(struct bench *bench, enum expr_kind kind, enum op op, struct expr *a,
			 struct expr *b)
{
	struct expr *expr = arena_new_object(bench->arena, struct expr);

	expr->kind = kind;
	expr->op = op;
	expr->type = TYPE_LONG;
	expr->token = &bench->token;
	expr->a = a;
	expr->b = b;
	return expr;
}

static struct expr *make_number(struct bench *bench, int64_t number)
{
	struct expr *expr = make(bench, EXPR_NUMBER, OP_NONE, NULL, NULL);

	expr->number = number;
	return expr;
}

static struct expr *make_result(struct bench *bench)
{
	struct expr *expr = make(bench, EXPR_SYMBOL, OP_NONE, NULL, NULL);

	expr->variable = &bench->result;
	return expr;
}

static struct stmt *make_stmt(struct bench *bench, enum stmt_kind kind, struct expr *expr)
{
	struct stmt *stmt = arena_new_object(bench->arena, struct stmt);

	stmt->kind = kind;
	stmt->token = &bench->token;
	stmt->expr = expr;
	return stmt;
}

/* runs the handler `body`; what it left in result */
static bool bench_run(struct bench *bench, struct stmt *body, int64_t *result)
{
	const struct vm_context context = { .probe = &bench->probe };
	bool ok;

	bench->probe.body = body;
	bench->vm = vm_new(&bench->program, &bench->options, NULL);
	CHECK(bench->vm);
	ok = vm_run(bench->vm, &context);
	*result = bench->vm->globals[0].value.number;
	vm_free(bench->vm);
	return ok;
}

static bool bench_evaluate(struct bench *bench, struct expr *expr, int64_t *result)
{
	struct expr *assign = make(bench, EXPR_ASSIGN, OP_ASSIGN, make_result(bench), expr);

	return bench_run(bench, make_stmt(bench, STMT_EXPR, assign), result);
}

/* the reference: 128 bits, cut to 64 after every operator; false when it divides by zero */
static bool reference(const struct expr *expr, int64_t *result)
{
	int64_t x, y = 0;
	__int128 a, b, wide = 0;

	if (expr->kind == EXPR_NUMBER) {
		*result = expr->number;
		return true;
	}
	if (!reference(expr->a, &x))
		return false;
	if (expr->kind == EXPR_AND || expr->kind == EXPR_OR) {
		bool decided = expr->kind == EXPR_AND ? !x : x != 0;

		if (!decided && !reference(expr->b, &y))
			return false;
		*result = decided ? expr->kind == EXPR_OR : y != 0;
		return true;
	}
	if (expr->b && !reference(expr->b, &y))
		return false;
	a = x;
	b = y;
	if ((expr->op == OP_DIV || expr->op == OP_MOD) && !y)
		return false;
	switch (expr->op) {
	case OP_ADD: wide = a + b; break;
	case OP_SUB: wide = a - b; break;
	case OP_MUL: wide = a * b; break;
	case OP_DIV: wide = a / b; break;
	case OP_MOD: wide = a % b; break;
	case OP_SHL: wide = a * ((__int128)1 << (y & 63)); break;
	case OP_SHR: wide = a >> (y & 63); break;
	case OP_USHR: wide = (__int128)((uint64_t)x >> (y & 63)); break;
	case OP_AND: wide = a & b; break;
	case OP_OR: wide = a | b; break;
	case OP_XOR: wide = a ^ b; break;
	case OP_NEG: wide = -a; break;
	case OP_COMPL: wide = ~a; break;
	case OP_NOT: wide = !a; break;
	case OP_LT: wide = a < b; break;
	case OP_LE: wide = a <= b; break;
	case OP_GT: wide = a > b; break;
	case OP_GE: wide = a >= b; break;
	case OP_EQ: wide = a == b; break;
	case OP_NE: wide = a != b; break;
	default: break;
	}
	*result = (int64_t)(uint64_t)(unsigned __int128)wide;
	return true;
}

static int64_t random_number(unsigned *seed)
{
	static const int64_t edges[] = { 0, 1, -1, 2, INT64_MIN, INT64_MAX, 63, 64, 1LL << 32 };
	uint64_t bits = (uint64_t)rand_r(seed) << 40 ^ (uint64_t)rand_r(seed) << 20 ^
			(uint64_t)rand_r(seed);

	return rand_r(seed) % 3 ? edges[(unsigned)rand_r(seed) % ARRAY_SIZE(edges)] :
				  (int64_t)bits;
}

static struct expr *random_expr(struct bench *bench, unsigned *seed, unsigned depth)
{
	static const enum op binary[] = { OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MOD, OP_SHL, OP_SHR,
					  OP_USHR, OP_AND, OP_OR, OP_XOR };
	static const enum op compare[] = { OP_LT, OP_LE, OP_GT, OP_GE, OP_EQ, OP_NE };
	static const enum op unary[] = { OP_NEG, OP_COMPL, OP_NOT };
	struct expr *a, *b;
	unsigned pick = (unsigned)rand_r(seed);

	if (!depth || pick % 5 == 0)
		return make_number(bench, random_number(seed));
	a = random_expr(bench, seed, depth - 1);
	if (pick % 5 == 1)
		return make(bench, EXPR_UNARY, unary[pick / 5 % 3], a, NULL);
	b = random_expr(bench, seed, depth - 1);
	if (pick % 5 == 2)
		return make(bench, EXPR_COMPARE, compare[pick / 5 % 6], a, b);
	if (pick % 5 == 3 && pick / 5 % 3 == 0)
		return make(bench, pick / 15 % 2 ? EXPR_AND : EXPR_OR, OP_NONE, a, b);
	return make(bench, EXPR_BINARY, binary[pick / 5 % ARRAY_SIZE(binary)], a, b);
}

UNIT_TEST_CASE(vm_computes_like_128_bit_reference)
{
	unsigned seed = 20261123;

	for (int i = 0; i < 3000; i++) {
		struct bench bench;
		int64_t expected = 0, result;
		struct expr *expr;

		bench_init(&bench);
		expr = random_expr(&bench, &seed, 6);
		if (reference(expr, &expected)) {
			CHECK(bench_evaluate(&bench, expr, &result));
			CHECK_INT(result, expected);
		} else {
			CHECK(!bench_evaluate(&bench, expr, &result));
		}
		arena_free(bench.arena);
	}
}

UNIT_TEST_CASE(vm_reports_division_by_zero_once)
{
	struct bench bench;
	int64_t result;

	bench_init(&bench);
	CHECK(!bench_evaluate(&bench, make(&bench, EXPR_BINARY, OP_DIV, make_number(&bench, 1),
					   make_number(&bench, 0)), &result));
	arena_free(bench.arena);
}

UNIT_TEST_CASE(vm_endless_loop_stops_when_interrupted)
{
	const struct vm_context context = { 0 };
	struct vm_context now = context;
	struct bench bench;
	struct stmt *loop;

	bench_init(&bench);
	loop = make_stmt(&bench, STMT_WHILE, make_number(&bench, 1));
	bench.probe.body = loop;
	bench.vm = vm_new(&bench.program, &bench.options, NULL);
	now.probe = &bench.probe;
	vm_session(bench.vm)->interrupted = true;
	CHECK(vm_run(bench.vm, &now));
	vm_free(bench.vm);
	arena_free(bench.arena);
}
#endif
