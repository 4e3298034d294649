// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From arrays keyed by a stack to merged stacks. A script holds a stack as the text that
 * backtrace(), ubacktrace() or callers() gave it: addresses, and the table of stacks seen knows
 * whose; or as lines of symbols, from sprint_backtrace() and its like. A return address stands
 * behind its call, which may be the last instruction of a function: callers are looked up one byte
 * before.
 */
#include "flame.h"
#include "stack.h"
#include "symbolize.h"

#define COLLECTED_FRAMES 4096 /* of one stack, keys included; what is beyond is left out */

/* frames of one entry: keys, then the user's stack, then the kernel's; each innermost first */
struct folding {
	struct vm_session *session;
	struct flame_tree *tree;
	ARRAY(struct flame_frame) keys, user, kernel;
	struct buf name;
};

static struct flame_frame name_frame(struct folding *folding, const struct symbol *symbol,
				     enum frame_kind kind)
{
	const char *slash = symbol->module ? strrchr(symbol->module, '/') : NULL;

	if (kind == FRAME_OF_USER && symbol->module && !slash &&
	    text_starts_with(symbol->module, "perf-"))
		kind = FRAME_OF_JIT;
	buf_reset(&folding->name);
	if (symbol->name) {
		buf_puts(&folding->name,
			 symbolizer_declared(stacks_symbolizer(folding->session), symbol->name));
	} else {
		kind = FRAME_UNNAMED;
		buf_printf(&folding->name, symbol->module && *symbol->module != '[' ? "[%s]" : "%s",
			   slash ? slash + 1 : symbol->module ? symbol->module : "[unknown]");
	}
	return (struct flame_frame){
		flame_name(folding->tree, folding->name.data, folding->name.length), kind
	};
}

/* ---- texts that are stacks ---- */

/* "0x12 0x34 ": nothing but addresses, at least one */
static bool is_addresses(const char *text)
{
	size_t count = 0;

	for (; *text; count++) {
		size_t digits;

		if (text[0] != '0' || text[1] != 'x')
			return false;
		digits = strspn(text + 2, "0123456789abcdef");
		text += 2 + digits;
		if (!digits || (*text != ' ' && *text))
			return false;
		text += *text == ' ';
	}
	return count > 0;
}

/* "name+0x12 [module]" or "0x12 [module+0x34]" a line, and no line without its end */
static bool is_lines(const char *text)
{
	size_t count = 0;

	for (; *text; count++) {
		size_t length = strcspn(text, "\n");

		if (text[length] != '\n' || length == 0)
			return false;
		if (!memmem(text, length, "+0x", 3) && strncmp(text, "0x", 2) != 0)
			return false;
		text += length + 1;
	}
	return count > 0;
}

bool stack_is_text(const struct str *text)
{
	return !memchr(text->data, '\0', text->length) &&
	       (is_addresses(text->data) || is_lines(text->data));
}

static void fold_addresses(struct folding *folding, struct str *text)
{
	const struct address_space *space = NULL;
	bool is_known = stacks_owner(folding->session, text, &space);
	struct symbolizer *symbolizer = stacks_symbolizer(folding->session);
	const char *at = text->data;

	for (size_t i = 0; *at; i++) {
		char *end;
		uint64_t address = strtoull(at, &end, 16) - (i > 0);
		bool of_kernel = is_known ? !space : address >> 63;
		struct symbol symbol = { .name = NULL };

		if (of_kernel)
			symbolize_kernel(symbolizer, address, &symbol);
		else if (space)
			symbolize_user(symbolizer, space, address, &symbol);
		if (of_kernel)
			array_push(folding->tree->arena, &folding->kernel,
				   name_frame(folding, &symbol, FRAME_OF_KERNEL));
		else
			array_push(folding->tree->arena, &folding->user,
				   name_frame(folding, &symbol, FRAME_OF_USER));
		at = end + strspn(end, " ");
	}
}

static void fold_line(struct folding *folding, const char *line, size_t length)
{
	const char *place = memmem(line, length, "+0x", 3);
	const char *module = memmem(line, length, " [", 2);
	bool of_kernel = module && length - (size_t)(module - line) == strlen(" [kernel]") &&
			 memcmp(module, " [kernel]", strlen(" [kernel]")) == 0;
	struct flame_frame frame = { .kind = of_kernel ? FRAME_OF_KERNEL : FRAME_OF_USER };

	if (!place || (module && place > module)) {
		frame.kind = FRAME_UNNAMED;
		frame.name = flame_name(folding->tree, "[unknown]", strlen("[unknown]"));
	} else {
		frame.name = flame_name(folding->tree, line, (size_t)(place - line));
	}
	if (of_kernel)
		array_push(folding->tree->arena, &folding->kernel, frame);
	else
		array_push(folding->tree->arena, &folding->user, frame);
}

static void fold_text(struct folding *folding, struct str *text)
{
	const char *at = text->data;

	if (is_addresses(at)) {
		fold_addresses(folding, text);
		return;
	}
	while (*at) {
		size_t length = strcspn(at, "\n");

		fold_line(folding, at, length);
		at += length + (at[length] == '\n');
	}
}

/* ---- arrays ---- */

static void fold_key(struct folding *folding, union value key, bool is_string)
{
	struct flame_frame frame = { .kind = FRAME_KEY };

	buf_reset(&folding->name);
	if (!is_string)
		buf_printf(&folding->name, "%lld", (long long)key.number);
	else if (!stack_is_text(key.string))
		buf_puts(&folding->name, key.string->data);
	else
		fold_text(folding, key.string);
	if (folding->name.length == 0 || (is_string && stack_is_text(key.string)))
		return;
	frame.name = flame_name(folding->tree, folding->name.data, folding->name.length);
	array_push(folding->tree->arena, &folding->keys, frame);
}

static void add_entry(struct folding *folding, uint64_t weight)
{
	struct flame_frame frames[COLLECTED_FRAMES];
	size_t count = 0;

	for (size_t i = 0; i < folding->keys.count && count < COLLECTED_FRAMES; i++)
		frames[count++] = folding->keys.items[i];
	for (size_t i = folding->user.count; i-- > 0 && count < COLLECTED_FRAMES;)
		frames[count++] = folding->user.items[i];
	for (size_t i = folding->kernel.count; i-- > 0 && count < COLLECTED_FRAMES;)
		frames[count++] = folding->kernel.items[i];
	flame_add(folding->tree, frames, count, weight);
}

static uint64_t weight_of(const struct global *global, const union value *value)
{
	int64_t weight = global->variable->type == TYPE_STATS ? value->stat->sum : value->number;

	return weight > 0 ? (uint64_t)weight : 0;
}

static bool is_string_key(const struct global *global, unsigned index)
{
	return global->variable->index_types[index] == TYPE_STRING;
}

static bool has_stack(const struct global *global)
{
	struct map_order order = { .limit = -1 };
	struct map_cursor *cursor;
	const union value *keys;
	union value *value;
	bool found = false;

	if (!global->map || global->variable->type == TYPE_STRING)
		return false;
	cursor = map_cursor_open(global->map, &order);
	while (!found && map_cursor_next(cursor, &keys, &value))
		for (unsigned i = 0; i < global->key_count && !found; i++)
			found = is_string_key(global, i) && stack_is_text(keys[i].string);
	map_cursor_close(cursor);
	return found;
}

static void fold_array(struct folding *folding, const struct global *global, bool named)
{
	struct map_order order = { .limit = -1 };
	struct map_cursor *cursor = map_cursor_open(global->map, &order);
	const char *name = global->variable->name;
	const union value *keys;
	union value *value;

	while (map_cursor_next(cursor, &keys, &value)) {
		struct flame_frame frame = { flame_name(folding->tree, name, strlen(name)),
					     FRAME_KEY };

		folding->keys.count = folding->user.count = folding->kernel.count = 0;
		if (named)
			array_push(folding->tree->arena, &folding->keys, frame);
		for (unsigned i = 0; i < global->key_count; i++)
			fold_key(folding, keys[i], is_string_key(global, i));
		add_entry(folding, weight_of(global, value));
	}
	map_cursor_close(cursor);
}

size_t flame_collect(struct vm_session *session, const struct global *globals, size_t count,
		     struct flame_tree *tree)
{
	struct folding folding = { .session = session, .tree = tree };
	ARRAY(const struct global *) found = { .items = NULL };

	for (size_t i = 0; i < count; i++)
		if (has_stack(&globals[i]))
			array_push(tree->arena, &found, &globals[i]);
	for (size_t i = 0; i < found.count; i++) {
		buf_printf(&tree->title, "%s%s", i ? ", " : "", found.items[i]->variable->name);
		fold_array(&folding, found.items[i], found.count > 1);
	}
	buf_printf(&tree->title, found.count ? ": %llu" : "no array is keyed by a stack",
		   (unsigned long long)tree->nodes.items[0].total);
	flame_sort(tree);
	buf_free(&folding.name);
	return found.count;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(stack_texts_are_told_from_others)
{
	static const char *const stacks[] = { "0x12 ", "0x12 0xffff34", "main+0x4 [x]\n",
					      "0x401 [x+0x1]\nmain+0x1\n" };
	static const char *const others[] = { "", "0x", "12 ", "0x12  0x13", "0x12z", "main", "\n",
					      "main+0x4", "bash", "a\n" };

	for (size_t i = 0; i < ARRAY_SIZE(stacks) + ARRAY_SIZE(others); i++) {
		bool is_stack = i < ARRAY_SIZE(stacks);
		const char *text = is_stack ? stacks[i] : others[i - ARRAY_SIZE(stacks)];
		struct str *str = str_new(text, strlen(text));

		CHECK_INT(stack_is_text(str), is_stack);
		str_unref(str);
	}
}

UNIT_TEST_CASE(arrays_of_stacks_are_folded)
{
	struct run_options options;
	struct program program = { 0 };
	struct vm_session session = { .options = &options, .program = &program };
	struct variable variable = { .name = "hits", .type = TYPE_LONG, .is_array = true,
				     .index_count = 3,
				     .index_types = { TYPE_STRING, TYPE_LONG, TYPE_STRING } };
	struct global global;
	struct flame_tree tree;
	union value keys[3] = { { .string = str_new("bash", 4) }, { .number = 7 },
				{ .string = str_new("work+0x1 [x]\nmain+0x2 [x]\n", 26) } };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	run_options_init(&options);
	global_init(&global, &variable, &session);
	map_reach(global.map, keys)->number = 12;
	flame_tree_init(&tree);
	CHECK_INT(flame_collect(&session, &global, 1, &tree), 1);
	CHECK_STR(buf_text(&tree.title), "hits: 12");
	flame_fold(&tree, out);
	fclose(out);
	CHECK_STR(text, "bash;7;main;work 12\n");
	free(text);
	flame_tree_free(&tree);
	global_release(&global);
	str_unref(keys[0].string);
	str_unref(keys[2].string);
	stacks_free(session.stacks);
}
#endif
