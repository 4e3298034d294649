// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a trace event records. The format file is read when a script first needs its id or a field,
 * its field lines are parsed by libtraceevent, and become struct trace_field: where a value stands
 * in the record and how the aggregator loads it. Nothing here runs while events flow.
 */
#include <errno.h>

#include "session.h"

struct trace_event *trace_event_get(struct tracefs *tracefs, const char *system, const char *name)
{
	const char *text = arena_printf(tracefs->arena, "%s:%s", system, name);
	struct trace_event *event = table_get(&tracefs->events, text);

	if (event)
		return event;
	event = arena_new_object(tracefs->arena, struct trace_event);
	event->tracefs = tracefs;
	event->text = text;
	event->system = arena_strdup(tracefs->arena, system);
	event->name = arena_strdup(tracefs->arena, name);
	event->id = -1;
	table_put(&tracefs->events, text, event);
	return event;
}

int trace_event_read(struct trace_event *event)
{
	struct tracefs *tracefs = event->tracefs;
	struct buf text = BUF_INIT;
	char path[512], *end;
	const char *id;
	int error;

	if (event->format)
		return event->id < 0 ? -EINVAL : 0;
	if (!tracefs_path(tracefs, path, sizeof(path), "events/%s/%s/format", event->system,
			  event->name))
		return -ENAMETOOLONG;
	error = buf_read_file(&text, path);
	if (error) {
		buf_free(&text);
		return error;
	}
	/* how the kernel would print the event is long and not our concern */
	end = strstr(buf_text(&text), "\nprint fmt:");
	event->format = arena_memdup(tracefs->arena, buf_text(&text),
				     end ? (size_t)(end - text.data) + 1 : text.length);
	buf_free(&text);
	id = strstr(event->format, "ID: ");
	event->id = id ? atoi(id + strlen("ID: ")) : -1;
	if (event->id < 0 || event->id >= TRACE_EVENT_IDS) {
		event->id = -1;
		return -EINVAL;
	}
	return 0;
}

/*
 * The widths of C types that the kernel passes in registers: it records each syscall argument as
 * an unsigned long (kernel/trace/trace_syscalls.c), whose upper half is not part of an int.
 */
struct narrow_type {
	const char *name;
	unsigned width;
	bool is_signed;
};
static const struct narrow_type narrow_types[] = {
	{ "int", 4, true },	      { "unsigned int", 4, false }, { "unsigned", 4, false },
	{ "short", 2, true },	      { "unsigned short", 2, false },
	{ "char", 1, true },	      { "unsigned char", 1, false },
	{ "s32", 4, true },	      { "u32", 4, false },	    { "__s32", 4, true },
	{ "__u32", 4, false },	      { "u16", 2, false },	    { "u8", 1, false },
	{ "pid_t", 4, true },	      { "uid_t", 4, false },	    { "gid_t", 4, false },
	{ "qid_t", 4, false },	      { "key_t", 4, true },	    { "key_serial_t", 4, true },
	{ "mode_t", 4, false },	      { "umode_t", 2, false },	    { "mqd_t", 4, true },
	{ "clockid_t", 4, true },     { "timer_t", 4, true },	    { "rwf_t", 4, true },
	{ "old_uid_t", 2, false },    { "old_gid_t", 2, false },
	{ "enum landlock_rule_type", 4, false },
};

static const char *skip_qualifier(const char *type)
{
	return text_starts_with(type, "const ") ? type + strlen("const ") : type;
}

static void field_narrow(struct trace_field *field)
{
	const char *type = skip_qualifier(field->c_type);

	for (size_t i = 0; i < ARRAY_SIZE(narrow_types); i++) {
		if (strcmp(type, narrow_types[i].name) != 0)
			continue;
		if (narrow_types[i].width < field->size) {
			field->width = narrow_types[i].width;
			field->is_signed = narrow_types[i].is_signed;
		}
		return;
	}
	/* signed long arguments are recorded as unsigned too: loading 64 bits needs no sign */
}

static bool is_load_width(unsigned width)
{
	return width == 1 || width == 2 || width == 4 || width == 8;
}

static enum field_kind field_kind_of(const struct tep_format_field *field)
{
	bool is_text = field->flags & TEP_FIELD_IS_STRING || strstr(field->type, "char[]");

	if (field->flags & TEP_FIELD_IS_RELATIVE)
		return is_text ? FIELD_REL_LOC : FIELD_OPAQUE;
	if (field->flags & TEP_FIELD_IS_DYNAMIC)
		return is_text ? FIELD_DATA_LOC : FIELD_OPAQUE;
	if (field->flags & TEP_FIELD_IS_ARRAY) {
		/* u8 addr[6] is numbers, char comm[16] is text */
		if (text_starts_with(skip_qualifier(field->type), "char"))
			return field->size ? FIELD_CHARS : FIELD_OPAQUE;
		return field->arraylen && is_load_width(field->size / field->arraylen) ?
			       FIELD_ARRAY : FIELD_OPAQUE;
	}
	return is_load_width(field->size) ? FIELD_INTEGER : FIELD_OPAQUE;
}

/* libtraceevent leaves "[16]" of an array in the type: "char[16]", as -L shall show it */
static void event_add_field(struct trace_event *event, const struct tep_format_field *from,
			    bool is_common)
{
	struct trace_field field = {
		.name = arena_strdup(event->tracefs->arena, from->name),
		.c_type = arena_strdup(event->tracefs->arena, from->type),
		.kind = field_kind_of(from),
		.offset = from->offset,
		.size = from->size,
		.width = from->size,
		.is_signed = from->flags & TEP_FIELD_IS_SIGNED,
		.is_common = is_common,
		.is_pointer = from->flags & TEP_FIELD_IS_POINTER || strchr(from->type, '*'),
	};

	/* a record is smaller than 64 KiB, and struct load holds 16 bits of each */
	if (from->offset < 0 || from->size < 0 || from->offset + from->size > UINT16_MAX)
		return;
	if (field.kind == FIELD_ARRAY) {
		field.count = from->arraylen;
		field.element_size = from->size / from->arraylen;
	}
	if (field.kind == FIELD_INTEGER && !field.is_pointer)
		field_narrow(&field);
	array_push(event->tracefs->arena, &event->fields, field);
}

int trace_event_parse(struct trace_event *event)
{
	struct tracefs *tracefs = event->tracefs;
	struct tep_event *parsed;
	char *text;
	int error;

	if (event->parsed)
		return 0;
	error = trace_event_read(event);
	if (error)
		return error;
	if (!tracefs->tep)
		tracefs->tep = tep_alloc();
	if (!tracefs->tep)
		return -ENOMEM;
	tep_set_loglevel(TEP_LOG_NONE);
	text = arena_printf(tracefs->arena, "%sprint fmt: \"\"\n", event->format);
	tep_parse_event(tracefs->tep, text, strlen(text), event->system);
	parsed = tep_find_event(tracefs->tep, event->id); /* owned by the handle */
	if (!parsed)
		return -EINVAL;
	for (struct tep_format_field *f = parsed->format.common_fields; f; f = f->next)
		event_add_field(event, f, true);
	for (struct tep_format_field *f = parsed->format.fields; f; f = f->next)
		event_add_field(event, f, false);
	event->parsed = true;
	return 0;
}

const struct trace_field *trace_event_field(struct trace_event *event, const char *name)
{
	if (trace_event_parse(event) < 0)
		return NULL;
	for (size_t i = 0; i < event->fields.count; i++)
		if (strcmp(event->fields.items[i].name, name) == 0)
			return &event->fields.items[i];
	return NULL;
}

static struct load load_integer(unsigned offset, unsigned width, unsigned stored, bool is_signed)
{
	struct load load = { .offset = offset, .size = width, .is_signed = is_signed };

	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		load.offset += stored - width;
	switch (width) {
	case 1:
		load.kind = is_signed ? LOAD_S8 : LOAD_U8;
		break;
	case 2:
		load.kind = is_signed ? LOAD_S16 : LOAD_U16;
		break;
	case 4:
		load.kind = is_signed ? LOAD_S32 : LOAD_U32;
		break;
	default:
		load.kind = LOAD_64;
	}
	return load;
}

struct load trace_field_load(const struct trace_field *field, unsigned index)
{
	struct load load = { .kind = LOAD_NONE };

	switch (field->kind) {
	case FIELD_INTEGER:
		return load_integer(field->offset, field->width, field->size, field->is_signed);
	case FIELD_ARRAY:
		if (index >= field->count)
			return load;
		return load_integer(field->offset + index * field->element_size,
				    field->element_size, field->element_size, field->is_signed);
	case FIELD_CHARS:
		load.kind = LOAD_CHARS;
		break;
	case FIELD_DATA_LOC:
		load.kind = LOAD_DATA_LOC;
		break;
	case FIELD_REL_LOC:
		load.kind = LOAD_REL_LOC;
		break;
	case FIELD_OPAQUE:
		return load;
	}
	load.offset = field->offset;
	load.size = field->kind == FIELD_CHARS ? field->size : 0;
	return load;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

#define COMMON_FIELDS                                                                           \
	"name: t\nID: 7\nformat:\n"                                                             \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"                  \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

static struct trace_event *event_of(struct tracefs *tracefs, const char *fields)
{
	struct trace_event *event;

	tracefs->arena = arena_new();
	table_init(&tracefs->events, tracefs->arena);
	event = trace_event_get(tracefs, "test", "t");
	event->format = arena_printf(tracefs->arena, COMMON_FIELDS "%s", fields);
	event->id = 7;
	return event;
}

UNIT_TEST_CASE(trace_field_load_follows_size_and_sign)
{
	struct tracefs tracefs = { 0 };
	struct trace_event *event = event_of(&tracefs,
		"\tfield:pid_t who;\toffset:8;\tsize:4;\tsigned:1;\n"
		"\tfield:int dfd;\toffset:16;\tsize:8;\tsigned:0;\n"
		"\tfield:size_t len;\toffset:24;\tsize:8;\tsigned:0;\n"
		"\tfield:char comm[16];\toffset:32;\tsize:16;\tsigned:0;\n"
		"\tfield:__data_loc char[] name;\toffset:48;\tsize:4;\tsigned:0;\n"
		"\tfield:unsigned long args[6];\toffset:56;\tsize:48;\tsigned:0;\n");

	CHECK_INT(trace_field_load(trace_event_field(event, "common_pid"), 0).kind, LOAD_S32);
	CHECK_INT(trace_field_load(trace_event_field(event, "who"), 0).kind, LOAD_S32);
	CHECK_INT(trace_field_load(trace_event_field(event, "dfd"), 0).kind, LOAD_S32);
	CHECK_INT(trace_field_load(trace_event_field(event, "dfd"), 0).offset, 16);
	CHECK_INT(trace_field_load(trace_event_field(event, "len"), 0).kind, LOAD_64);
	CHECK_INT(trace_field_load(trace_event_field(event, "comm"), 0).kind, LOAD_CHARS);
	CHECK_INT(trace_field_load(trace_event_field(event, "comm"), 0).size, 16);
	CHECK_INT(trace_field_load(trace_event_field(event, "name"), 0).kind, LOAD_DATA_LOC);
	CHECK_INT(trace_field_load(trace_event_field(event, "args"), 2).offset, 72);
	CHECK_INT(trace_field_load(trace_event_field(event, "args"), 6).kind, LOAD_NONE);
	CHECK(!trace_event_field(event, "nothing"));
	tep_free(tracefs.tep);
	arena_free(tracefs.arena);
}

UNIT_TEST_CASE(trace_event_parse_survives_nonsense)
{
	struct tracefs tracefs = { 0 };
	struct trace_event *event = event_of(&tracefs, "\tfield:;;;offset:x\n");

	CHECK(!trace_event_field(event, "x"));
	if (tracefs.tep)
		tep_free(tracefs.tep);
	arena_free(tracefs.arena);
}
#endif
