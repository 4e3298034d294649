/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What inference has yet to look at. Handlers and functions are its items; variables and functions
 * know the items that mention them, and make those due again when something is learnt about them.
 */
#include "semantic.h"

/* items are walked one after the other, so one that is there already is the last */
static void add_user(struct arena *arena, struct work_users **users, struct work_item *item)
{
	if (!*users)
		*users = arena_new_object(arena, struct work_users);
	if (!(*users)->count || (*users)->items[(*users)->count - 1] != item)
		array_push(arena, *users, item);
}

struct mention {
	struct work_list *list;
	struct work_item *item;
};

/* a call learns from what is called, whichever overload it is, and from its parameters */
static void note_call(struct mention *mention, struct function *function)
{
	struct arena *arena = mention->list->arena;

	for (; function; function = function->next_overload) {
		add_user(arena, &function->users, mention->item);
		for (size_t i = 0; i < function->parameters.count; i++)
			add_user(arena, &function->parameters.items[i]->users, mention->item);
	}
}

static void note_mention(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	struct mention *mention = visitor->data;

	(void)is_write;
	if (expr->variable)
		add_user(mention->list->arena, &expr->variable->users, mention->item);
	if (expr->kind == EXPR_CALL)
		note_call(mention, expr->function);
}

static void forget_mention(struct tree_visitor *visitor, struct expr *expr, bool is_write)
{
	(void)is_write, (void)visitor;
	if (expr->variable)
		expr->variable->users = NULL;
	for (struct function *f = expr->kind == EXPR_CALL ? expr->function : NULL; f;
	     f = f->next_overload) {
		f->users = NULL;
		for (size_t i = 0; i < f->parameters.count; i++)
			f->parameters.items[i]->users = NULL;
	}
}

static void walk_item(struct tree_visitor *visitor, struct work_item *item)
{
	if (item->probe)
		tree_walk_expr(visitor, item->probe->condition, false);
	tree_walk_stmt(visitor, item->probe ? item->probe->body : item->function->body);
}

static void note_mentions(struct work_list *list)
{
	struct mention mention = { .list = list };
	struct tree_visitor forget = { .expr = forget_mention };
	struct tree_visitor note = { .expr = note_mention, .data = &mention };

	for (size_t i = 0; i < list->items.count; i++)
		walk_item(&forget, list->items.items[i]);
	for (size_t i = 0; i < list->items.count; i++) {
		mention.item = list->items.items[i];
		if (mention.item->function)
			add_user(list->arena, &mention.item->function->users, mention.item);
		walk_item(&note, mention.item);
	}
}

static void add_item(struct work_list *list, struct probe *probe, struct function *function)
{
	struct work_item *item = arena_new_object(list->arena, struct work_item);

	item->probe = probe;
	item->function = function;
	array_push(list->arena, &list->items, item);
	work_list_add(list, item);
}

void work_list_init(struct work_list *list, struct semantics *sem)
{
	*list = (struct work_list){ .arena = sem->arena };
	for (size_t i = 0; i < sem->functions.count; i++)
		sem->functions.items[i]->users = NULL;
	for (size_t i = 0; i < sem->builds.count; i++)
		add_item(list, sem->builds.items[i]->probe, NULL);
	for (size_t i = 0; i < sem->functions.count; i++)
		add_item(list, NULL, sem->functions.items[i]);
	note_mentions(list);
}

void work_list_add(struct work_list *list, struct work_item *item)
{
	if (item->is_due || item->is_refused)
		return;
	item->is_due = true;
	array_push(list->arena, &list->due, item);
}

void work_list_add_users(struct work_list *list, const struct work_users *users)
{
	for (size_t i = 0; users && i < users->count; i++)
		work_list_add(list, users->items[i]);
}

struct work_item *work_list_take(struct work_list *list)
{
	struct work_item *item;

	if (list->taken == list->due.count) {
		list->taken = list->due.count = 0;
		return NULL;
	}
	item = list->due.items[list->taken++];
	item->is_due = false;
	return item;
}

#ifdef UNIT_TEST
#include "test-family.h"

/* what is known at one end of a chain reaches the other */
UNIT_TEST_CASE(work_list_follows_a_chain_of_calls_both_ways)
{
	const unsigned count = 5000;
	struct buf text = BUF_INIT;
	struct frontend *frontend;
	struct program *program;

	for (unsigned i = 1; i < count; i++)
		buf_printf(&text, "function f%u(a) { return f%u(a) }\n", i - 1, i);
	buf_printf(&text, "function f%u(a) { return sprint(a) }\n", count - 1);
	buf_puts(&text, "probe begin { println(f0(1)) }");
	frontend = test_session(NULL, buf_text(&text));
	program = test_compile(frontend);
	CHECK(program && program->functions.count == count);
	for (unsigned i = 0; program && i < count; i++) {
		CHECK(program->functions.items[i]->type == TYPE_STRING);
		CHECK(program->functions.items[i]->parameters.items[0]->type == TYPE_LONG);
	}
	frontend_free(frontend);
	buf_free(&text);
}

UNIT_TEST_CASE(work_list_leaves_out_what_has_its_message)
{
	struct frontend *frontend = test_session(NULL, "global g, h\n"
						       "probe begin { g = 1; h = \"a\" }\n"
						       "probe begin { println(g . \"\", h + 1) "
						       "}");

	CHECK(!test_compile(frontend));
	CHECK_INT(diag_error_count(frontend), 2);
	frontend_free(frontend);
}
#endif
