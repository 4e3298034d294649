/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The body of struct tracefs, private to this folder, and what its files offer each other, in the
 * order of the data's way: the system, its events, the instance, its guardian, the rings.
 */
#ifndef TRACEFS_SESSION_H
#define TRACEFS_SESSION_H

#include <event-parse.h>
#include <tracefs.h>

#include "../frontend/debuginfo/debuginfo.h"
#include "limits.h"
#include "tracefs-backend.h"

struct probe_definition;
struct define_group;
struct define_place;
struct traced_function;
struct function_index;

/* ---- system.c ---- */

/** system_explain() - why tracefs_new() failed, one sentence: families work without a backend */
void system_explain(struct buf *problem);

/* ---- format.c: what a trace event records ---- */

enum field_kind {
	FIELD_INTEGER,
	FIELD_CHARS,	/* char name[16] */
	FIELD_DATA_LOC, /* __data_loc char[] */
	FIELD_REL_LOC,	/* __rel_loc char[] */
	FIELD_ARRAY,	/* of count integers of size element_size */
	FIELD_OPAQUE,	/* anything else: a structure, a dynamic array of integers */
};

/**
 * struct trace_field - one field of a trace event
 * @offset, @size: bytes in the record
 * @width: bytes to load of an integer: less than @size where the kernel stores a narrow argument
 *	in a register's width (every syscall argument)
 * @element_size, @count: of FIELD_ARRAY
 */
struct trace_field {
	const char *name, *c_type;
	enum field_kind kind;
	unsigned offset, size, width, element_size, count;
	bool is_signed, is_common, is_pointer;
};

/**
 * struct trace_event - one event of the kernel; its format is read when first asked for
 * @text: "system:name"
 * @format: the head of the format file, NULL until read
 */
struct trace_event {
	struct tracefs *tracefs;
	const char *system, *name, *text;
	const char *format;
	int id; /* -1 until the format was read */
	bool parsed;
	ARRAY(struct trace_field) fields;
};

/** trace_event_get() - the one object of @system:@name; touches nothing in the kernel */
struct trace_event *trace_event_get(struct tracefs *tracefs, const char *system, const char *name);
/** trace_event_read() - read the format file, for @id and raw text; 0 or -errno */
int trace_event_read(struct trace_event *event);
/** trace_event_parse() - fill in fields, through libtraceevent; 0 or -errno */
int trace_event_parse(struct trace_event *event);
/** trace_event_field() - the field called @name, or NULL; parses the format */
const struct trace_field *trace_event_field(struct trace_event *event, const char *name);
/** trace_field_load() - how to load @field, or element @index of an array, from a record */
struct load trace_field_load(const struct trace_field *field, unsigned index);

/* ---- sites ---- */

/**
 * struct trace_site - what a site of this backend stands on; site.data
 * @event: what fires there; NULL until a probe of ours is defined
 * @place: of a probe of ours; NULL for events the kernel has of itself, unless an eprobe is needed
 * @definition: which one, set by definition_plan()
 * @arguments: by capture slot, the first of the definition's arguments it takes
 * @entry: what to define where the function begins whose code this is, and that place; or NULL
 * @with_fields: the definition records arguments of the tracepoint, and @event its fields
 *	(joined.h)
 * @function: left to the function tracer, which needs no definition; or NULL
 */
struct trace_site {
	struct trace_event *event;
	const struct define_place *place, *entry;
	const struct code_place *entry_place;
	struct probe_definition *definition;
	unsigned *arguments;
	bool with_fields;
	struct traced_function *function;
};
static inline struct trace_site *trace_site_of(const struct site *site)
{
	return site->data;
}

/**
 * tracefs_site_target() - the process alone that hits at @site are of for @probe, or 0 (source.c)
 */
pid_t tracefs_site_target(const struct tracefs *tracefs, const struct probe *probe,
			  const struct site *site);
/** tracefs_is_sampled() - is it left to perf, for what @needs says, or because @target is bound? */
bool tracefs_is_sampled(const struct tracefs *tracefs, unsigned needs, const struct site *site,
			pid_t target);

/* ---- tracepoint.c: the events this kernel has ---- */

struct event_name {
	const char *system, *name;
};
typedef ARRAY(struct event_name) event_names;

/** tracepoint_list() - all events that can be enabled, sorted; read once per session */
const event_names *tracepoint_list(struct tracefs *tracefs);
/** tracepoint_bind() - fill @load for @capture of a site of ours */
struct load tracepoint_bind(const struct site *site, const struct capture *capture);

/** tracepoint_describe_fields() - the trace event, and which of its fields are captured */
void tracepoint_describe_fields(const struct probe *probe, const struct site *site, FILE *out);
/** tracepoint_describe() - of struct family, for sites on events the kernel has of itself */
void tracepoint_describe(void *backend, const struct probe *probe, const struct site *site,
			 FILE *out);
/** tracepoint_report_no_backend() - an error at @token that says why there is no tracefs */
void tracepoint_report_no_backend(struct frontend *frontend, const struct token *token);

/* ---- syscall.c ---- */

const char *syscall_generate_aliases(struct frontend *frontend, void *backend,
				     const char *pattern);

/* ---- filter.c: conditions a kernel tests before it records ---- */

/**
 * filter_print() - the filter text of one probe at @event; "" when no term can be expressed
 * The text may let more pass than the handler accepts, never less.
 */
void filter_print(struct trace_event *event, const struct probe *probe, struct buf *out);
/** filter_print_own() - keeps out what stap's own threads do themselves; needs tracefs->excluded */
void filter_print_own(const struct tracefs *tracefs, struct buf *out);
/**
 * enum own_events - what becomes of events that stap's own threads cause
 * @OWN_FILTERED: the kernel's filter keeps them out
 * @OWN_PASSED_OVER: they are recorded, and dropped when read: for system calls, of which we make
 *	few, while the filter would cost each event of others 45 ns of 300
 * @OWN_SHOWN: they stay: the scheduler's events tell as much of other tasks
 */
enum own_events { OWN_FILTERED, OWN_PASSED_OVER, OWN_SHOWN };
enum own_events filter_own_events(const struct tracefs *tracefs, const struct trace_event *event);
/** filter_target() - the process every probe of @program is conditioned on, or 0 */
pid_t filter_target(const struct tracefs *tracefs, const struct program *program);

/* ---- reap.c: removing what carries a name of ours ---- */

/**
 * reap_name_print() - "stap_<pid>_<start>_<namespace>": the name of everything process @pid makes
 * Start time and pid namespace make it unique, so that nobody else's is ever removed.
 */
int reap_name_print(pid_t pid, char *out, size_t size);
/**
 * reap_remove() - disable and remove instance and dynamic events called @name
 * @root: tracefs' directory
 * Returns how many were removed, or -EBUSY when something still holds one: try again.
 * Allocates no memory from the session: the guardian calls it too.
 */
int reap_remove(const char *root, const char *name);

/* ---- eprobe.c ---- */

/** eprobe_available() - can an event of ours be attached to a trace event, and record more? */
bool eprobe_available(struct tracefs *tracefs);

/* ---- raw-tracepoint.c: the C arguments of tracepoints ---- */

/** raw_tracepoint_arguments() - of struct family */
const struct code_place *raw_tracepoint_arguments(struct frontend *frontend,
						  const struct site *site,
						  const struct expr *target);
/**
 * raw_tracepoint_hold() - let the kernel call the iterator of @event's tracepoint
 * Once all else is enabled. Returns 0, or -errno after a sentence in @problem. Paired with
 * raw_tracepoints_release().
 */
int raw_tracepoint_hold(struct tracefs *tracefs, struct trace_event *event, struct buf *problem);
void raw_tracepoints_release(struct tracefs *tracefs);

/* ---- probed-file.c ---- */

/** probed_files_close() - let go of every file that was opened to be probed */
void probed_files_close(struct tracefs *tracefs);

/* ---- guardian.c: a process that outlives us ---- */

struct guardian {
	pid_t pid;
	int fd; /* our end; its closing is our death */
};

/**
 * guardian_start() - fork the process that removes everything called @name once we are dead
 * Returns when it is ready, 0 or -errno. Paired with guardian_stop().
 */
int guardian_start(struct guardian *guardian, const char *root, const char *name);
/** guardian_stop() - we cleaned up ourselves: let it go */
void guardian_stop(struct guardian *guardian);

/* ---- instance.c: our own instance ---- */

/** print_place() - "script.stp:3:7: " when @token has a place */
void print_place(const struct token *token, struct buf *out);
/**
 * print_kernel_reason() - what the kernel says about the last thing it refused, or @error's text
 * @instance: whose log; NULL for the top one
 * @command: what the log must mention, so that it is not an older message
 */
void print_kernel_reason(struct tracefs_instance *instance, const char *command, int error,
			 struct buf *out);

/** instance_create() - guardian first, then the instance, its clock and buffers; tracing is off */
int instance_create(struct tracefs *tracefs, struct buf *problem);
/**
 * instance_enable() - set a filter and enable @event
 * @condition: the filter's text, "" for none; one that the kernel refuses is done without
 * @token: the script's place, for messages
 */
int instance_enable(struct tracefs *tracefs, struct trace_event *event, const char *condition,
		    const struct token *token, struct buf *problem);
/** instance_disable() - perf shall have @event, which the kernel gives to one of both only */
void instance_disable(struct tracefs *tracefs, struct trace_event *event);
/** instance_filter_system() - one filter for all events of @system, in one write; 0 or -errno */
int instance_filter_system(struct tracefs *tracefs, const char *system, const char *condition);
/** instance_trace_target() - record only threads of @pid and what they fork */
int instance_trace_target(struct tracefs *tracefs, pid_t pid);
int instance_switch(struct tracefs *tracefs, bool on);
/** instance_destroy() - disable and remove it, then let the guardian go */
void instance_destroy(struct tracefs *tracefs);


/* ---- missed.c ---- */

/** missed_report() - warn of what our kprobes missed; before they are removed */
void missed_report(const struct tracefs *tracefs);

/* ---- the session ---- */

struct tracefs {
	struct tracefs_options options;
	struct arena *arena;
	const char *root; /* tracefs' directory, without a slash at the end */

	/* format.c, tracepoint.c */
	struct tep_handle *tep; /* made by the first parse */
	struct table events;	/* "system:name" -> struct trace_event */
	event_names names;
	bool names_read;

	/* eprobe.c */
	bool eprobes_known, has_eprobes;

	/* raw-tracepoint.c */
	ARRAY(struct trace_event *) raw_events; /* whose arguments are wanted */
	ARRAY(int) raw_fds;	/* perf events on them, never enabled */

	/* define.c */
	ARRAY(struct probe_definition *) definitions;
	ARRAY(struct define_group *) groups; /* group.c */
	struct table places;	/* "r where" -> the first struct probe_definition there */

	/* probed-file.c */
	struct table files;	/* path -> struct probed_file */

	/* functions.c */
	struct table functions;	/* name -> struct traced_function */
	const struct function_index *function_index; /* NULL when the tracer is not used */

	/* syscall.c */
	struct table aliases; /* "syscall.stat.return newstat": those whose text was handed out */

	/* source.c */
	ARRAY(struct tracefs_sampled) sampled; /* left to perf */

	/* instance.c */
	char name[TRACE_NAME_SIZE];
	struct tracefs_instance *instance; /* NULL until armed */
	struct guardian guardian;
	ARRAY(pid_t) excluded; /* threads of ours */
	bool own_pids;	/* pid numbers are the kernel's own: we live in the first namespace */
	bool tracing; /* tracing_on is 1 */
};

/** tracefs_path() - ROOT/… in @out; false when it does not fit */
bool tracefs_path(const struct tracefs *tracefs, char *out, size_t size, const char *format, ...)
	PRINTF_LIKE(4, 5);

#endif
