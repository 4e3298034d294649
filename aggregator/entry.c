// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Entries find their returns here. Frames of one thread and probe form a stack; recursion makes it
 * grow, a return takes the top off. A longjmp or a lost event leaves frames behind: the stack
 * pointer tells them, since a live caller's frame stands at a higher address than its callee's
 * (both architectures' stacks grow down). Threads whose exit nobody told are swept out when there
 * are too many.
 */
#include <errno.h>
#include <signal.h>

#include "builtin.h"
#include "entry.h"

#define MAX_STACKS 65536 /* threads times entry probes */
#define MAX_DEPTH 1024	 /* frames of one stack */

struct entry_stack {
	struct entry_stack *next;
	struct entry_frame *top;
	int32_t tid;
	unsigned probe, depth;
};

static struct entry_stack **stack_slot(const struct entry_store *store, int32_t tid,
				       unsigned probe)
{
	uint64_t key = ((uint64_t)(uint32_t)tid << 16 ^ probe) * UINT64_C(0x9e3779b97f4a7c15);
	struct entry_stack **slot = &store->buckets[key >> 32 & (store->bucket_count - 1)];

	while (*slot && ((*slot)->tid != tid || (*slot)->probe != probe))
		slot = &(*slot)->next;
	return slot;
}

static struct entry_stack *stack_find(const struct entry_store *store, int32_t tid, unsigned probe)
{
	return store->bucket_count ? *stack_slot(store, tid, probe) : NULL;
}

static void stack_pop(struct entry_stack *stack)
{
	struct entry_frame *frame = stack->top;

	for (unsigned i = 0; i < frame->count; i++)
		if (frame->values[i].is_set && frame->values[i].is_string)
			str_unref(frame->values[i].value.string);
	stack->top = frame->outer;
	stack->depth--;
	free(frame->values);
	free(frame);
}

/* unlink and free */
static void stack_remove(struct entry_store *store, struct entry_stack **slot)
{
	struct entry_stack *stack = *slot;

	while (stack->top)
		stack_pop(stack);
	*slot = stack->next;
	store->stack_count--;
	free(stack);
}

void entry_store_free(struct entry_store *store)
{
	for (size_t i = 0; i < store->bucket_count; i++)
		while (store->buckets[i])
			stack_remove(store, &store->buckets[i]);
	free(store->buckets);
	memset(store, 0, sizeof(*store));
}

static void sweep_dead_threads(struct entry_store *store)
{
	for (size_t i = 0; i < store->bucket_count; i++) {
		struct entry_stack **slot = &store->buckets[i];

		while (*slot) {
			if (kill((*slot)->tid, 0) < 0 && errno == ESRCH)
				stack_remove(store, slot);
			else
				slot = &(*slot)->next;
		}
	}
}

static struct entry_stack *stack_make(struct entry_store *store, int32_t tid, unsigned probe)
{
	struct entry_stack *stack, **slot;

	if (!store->bucket_count) {
		store->bucket_count = 4096;
		store->buckets = memory_zalloc(store->bucket_count * sizeof(*store->buckets));
	}
	if (store->stack_count >= MAX_STACKS)
		sweep_dead_threads(store);
	if (store->stack_count >= MAX_STACKS)
		return NULL;
	slot = stack_slot(store, tid, probe);
	stack = memory_zalloc(sizeof(*stack));
	stack->tid = tid;
	stack->probe = probe;
	store->stack_count++;
	return *slot = stack;
}

struct entry_frame *entry_push(struct entry_store *store, int32_t tid, unsigned probe,
			       uint64_t stack_pointer)
{
	struct entry_stack *stack = stack_find(store, tid, probe);
	struct entry_frame *frame;

	if (!stack)
		stack = stack_make(store, tid, probe);
	while (stack && stack->top && stack->top->stack_pointer <= stack_pointer)
		stack_pop(stack);
	if (!stack || stack->depth >= MAX_DEPTH) {
		store->refused++;
		return NULL;
	}
	frame = memory_zalloc(sizeof(*frame));
	frame->stack_pointer = stack_pointer;
	frame->outer = stack->top;
	stack->top = frame;
	stack->depth++;
	return frame;
}

struct entry_frame *entry_top(struct entry_store *store, int32_t tid, unsigned probe,
			      uint64_t stack_pointer)
{
	struct entry_stack *stack = stack_find(store, tid, probe);

	if (!stack || !stack->top)
		return NULL;
	/* on x86 the return address is off the stack by now; the call's own frame is the outermost
	 * of those that were made below this address */
	while (stack_pointer && stack->top->outer &&
	       stack->top->outer->stack_pointer <= stack_pointer)
		stack_pop(stack);
	return stack->top->stack_pointer <= stack_pointer ? stack->top : NULL;
}

struct entry_frame *entry_inside(struct entry_store *store, int32_t tid, unsigned probe,
				 uint64_t stack_pointer)
{
	struct entry_stack *stack = stack_find(store, tid, probe);

	while (stack && stack->top && stack->top->stack_pointer < stack_pointer)
		stack_pop(stack); /* calls that were made from this one, and are over */
	return stack && stack->top && stack->top->stack_pointer == stack_pointer ? stack->top : NULL;
}

void entry_pop(struct entry_store *store, int32_t tid, unsigned probe)
{
	struct entry_stack *stack = stack_find(store, tid, probe);

	if (stack && stack->top)
		stack_pop(stack);
}

void entry_forget(struct entry_store *store, int32_t tid, unsigned probe)
{
	if (stack_find(store, tid, probe))
		stack_remove(store, stack_slot(store, tid, probe));
}

/* ---- values ---- */

bool entry_save(struct entry_frame *frame, int64_t index, union value value, bool is_string)
{
	struct entry_value *saved;

	if (index < 0 || index >= ENTRY_VALUES_MAX) {
		if (is_string)
			str_unref(value.string);
		return false;
	}
	if (index >= frame->count) {
		unsigned count = (unsigned)index + 1;

		frame->values = memory_realloc(frame->values, count * sizeof(*frame->values));
		memset(&frame->values[frame->count], 0,
		       (count - frame->count) * sizeof(*frame->values));
		frame->count = count;
	}
	saved = &frame->values[index];
	if (saved->is_set && saved->is_string)
		str_unref(saved->value.string);
	*saved = (struct entry_value){ value, is_string, true };
	return true;
}

const struct entry_value *entry_load(const struct entry_frame *frame, int64_t index,
				     bool is_string)
{
	const struct entry_value *saved;

	if (!frame || index < 0 || index >= frame->count)
		return NULL;
	saved = &frame->values[index];
	return saved->is_set && saved->is_string == is_string ? saved : NULL;
}

/* ---- natives ---- */

static bool native_save(struct native_call *call, bool is_string)
{
	union value value = call->arguments[1];

	if (!call->session->entry) /* no room was left: the return will not be shown */
		return true;
	if (is_string)
		str_ref(value.string);
	return entry_save(call->session->entry, call->arguments[0].number, value, is_string) ||
	       native_error(call, "more than %u values are to be saved at entry",
			    ENTRY_VALUES_MAX);
}

bool builtin___entry_save(struct native_call *call)
{
	return native_save(call, false);
}

bool builtin___entry_save_text(struct native_call *call)
{
	return native_save(call, true);
}

bool builtin___entry_value(struct native_call *call)
{
	const struct entry_value *saved = entry_load(call->session->entry,
						     call->arguments[0].number, false);

	return saved ? native_return_number(call, saved->value.number) :
		       native_error(call, "a value of this call's entry was not saved");
}

bool builtin___entry_text(struct native_call *call)
{
	const struct entry_value *saved = entry_load(call->session->entry,
						     call->arguments[0].number, true);

	if (!saved)
		return native_error(call, "a value of this call's entry was not saved");
	call->result.string = str_ref(saved->value.string);
	return true;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static void save_number(struct entry_store *store, int32_t tid, uint64_t stack_pointer,
			int64_t number)
{
	struct entry_frame *frame = entry_push(store, tid, 3, stack_pointer);

	CHECK(frame && entry_save(frame, 1, (union value){ .number = number }, false));
}

static int64_t return_number(struct entry_store *store, int32_t tid, uint64_t stack_pointer)
{
	const struct entry_value *saved = entry_load(entry_top(store, tid, 3, stack_pointer), 1,
						     false);
	int64_t number = saved ? saved->value.number : -1;

	if (saved)
		entry_pop(store, tid, 3);
	return number;
}

UNIT_TEST_CASE(entry_of_the_call_that_code_is_inside_of)
{
	struct entry_store store = { 0 };

	save_number(&store, 7, 0x1000, 10);
	save_number(&store, 7, 0x0f00, 11);
	CHECK_INT(entry_load(entry_inside(&store, 7, 3, 0x0f00), 1, false)->value.number, 11);
	CHECK_INT(entry_load(entry_inside(&store, 7, 3, 0x0f00), 1, false)->value.number, 11);
	CHECK(!entry_inside(&store, 7, 3, 0x0e00));
	CHECK_INT(entry_load(entry_inside(&store, 7, 3, 0x1000), 1, false)->value.number, 10);
	CHECK(!entry_inside(&store, 7, 3, 0x0f00));
	CHECK(!entry_inside(&store, 7, 3, 0x2000));
	CHECK(!entry_inside(&store, 8, 3, 0x1000));
	entry_store_free(&store);
}

UNIT_TEST_CASE(entry_recursion_pairs_inside_out)
{
	struct entry_store store = { 0 };

	save_number(&store, 7, 0x1000, 10);
	save_number(&store, 8, 0x9000, 99);
	save_number(&store, 7, 0x0f00, 11);
	CHECK_INT(return_number(&store, 7, 0x0f08), 11);
	CHECK_INT(return_number(&store, 7, 0x1008), 10);
	CHECK_INT(return_number(&store, 7, 0x1008), -1);
	CHECK_INT(return_number(&store, 8, 0x9008), 99);
	entry_store_free(&store);
}

UNIT_TEST_CASE(entry_longjmp_leaves_nothing_behind)
{
	struct entry_store store = { 0 };

	save_number(&store, 7, 0x1000, 10);
	save_number(&store, 7, 0x0f00, 11); /* left by longjmp */
	CHECK_INT(return_number(&store, 7, 0x1008), 10);
	save_number(&store, 7, 0x1000, 12);
	save_number(&store, 7, 0x0f00, 13); /* left too */
	save_number(&store, 7, 0x0f80, 14);
	CHECK_INT(return_number(&store, 7, 0x0f88), 14);
	CHECK_INT(return_number(&store, 7, 0x1008), 12);
	entry_store_free(&store);
}

UNIT_TEST_CASE(entry_without_stack_pointer_keeps_the_last)
{
	struct entry_store store = { 0 };

	save_number(&store, 7, 0, 10); /* its return was not seen */
	save_number(&store, 7, 0, 11);
	CHECK_INT(return_number(&store, 7, 0), 11);
	CHECK_INT(return_number(&store, 7, 0), -1);
	entry_store_free(&store);
}

UNIT_TEST_CASE(entry_depth_and_numbers_are_bounded)
{
	struct entry_store store = { 0 };
	struct entry_frame *frame = NULL;

	for (unsigned i = 0; i <= MAX_DEPTH; i++)
		frame = entry_push(&store, 7, 3, 0x100000 - 16 * i);
	CHECK(frame == NULL);
	CHECK_INT(store.refused, 1);
	frame = entry_top(&store, 7, 3, 0x100000 - 16 * (MAX_DEPTH - 1));
	CHECK(frame && !entry_save(frame, ENTRY_VALUES_MAX, (union value){ 0 }, false));
	entry_forget(&store, 7, 3);
	CHECK(entry_top(&store, 7, 3, 0x100000) == NULL);
	entry_store_free(&store);
}

UNIT_TEST_CASE(entry_strings_are_owned)
{
	struct entry_store store = { 0 };
	struct entry_frame *frame = entry_push(&store, 1, 0, 0);
	struct str *text = str_new("path", 4);

	CHECK(entry_save(frame, 0, (union value){ .string = str_ref(text) }, true));
	CHECK_STR(entry_load(frame, 0, true)->value.string->data, "path");
	CHECK(entry_load(frame, 0, false) == NULL);
	entry_store_free(&store);
	CHECK_INT(text->refs, 1);
	str_unref(text);
}
#endif
