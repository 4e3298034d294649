/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes of our own: where one goes, what it fetches, and the event it becomes. Sites at one place
 * share one definition as long as their arguments fit into it.
 *
 *	definition_plan (each site) → definitions_create → trace_event_read … → definition_bind
 */
#ifndef DEFINE_H
#define DEFINE_H

#include "fetcharg.h"
#include "session.h"

/**
 * struct define_place - where a definition goes
 * @where: as tracefs takes it: "/bin/x:0x1040(0x3020)", "vfs_read+4", "syscalls.sys_enter_openat"
 * @name: the event's, as far as its letters allow: the function or the mark
 * @is_return: when the function that begins there returns
 * @maxactive: of a kretprobe, 0 for the kernel's own choice
 * @address: of the probed instruction, in the file's own address space
 * @is_one_of_many: found by a wildcard: it may be refused without ending the run
 * @glob: the wildcard that the kernel may take instead of @where, as others of it; or NULL
 * @event: of an eprobe: the trace event it is attached to; NULL for code
 */
struct define_place {
	const char *where, *name, *glob;
	bool is_return, is_one_of_many;
	unsigned maxactive;
	uint64_t address;
	struct trace_event *event;
	struct fetch_place fetch;
};

struct define_argument {
	const char *text;
	size_t size;	/* bytes in the record */
};

/**
 * struct probe_definition - one line written to dynamic_events
 * @event: in the group of ours; its format can be read once it was created
 * @token: the first probe's, for messages
 * @stands_alone: must have an event of its own
 * @is_probed, @target, @with_children, @is_sampled: what group_note() noted of its probes
 * @group, @number: the event is shared with others, among which a record tells it by this number
 * @is_written: no more to be written, unless its group is refused
 */
struct probe_definition {
	const struct define_place *place;
	struct trace_event *event;
	ARRAY(struct define_argument) arguments;
	size_t record_size;
	const struct token *token;
	bool refused, stands_alone, is_written;
	bool is_probed, with_children, is_sampled;
	pid_t target;
	struct define_group *group;
	unsigned number;
	struct probe_definition *next; /* at the same place, for what did not fit into this one */
};

/**
 * definition_plan() - find or make the definition for @site of @probe, with all its captures
 * A site on an event of the kernel's own needs one only for what the event's fields point to.
 * Returns 0, or -errno after a sentence with the script's line in @problem.
 */
int definition_plan(struct tracefs *tracefs, const struct probe *probe, const struct site *site,
		    struct buf *problem);
/** definition_is_needed() - does @probe ask an event for more than its fields? */
bool definition_is_needed(const struct probe *probe);
/**
 * definitions_create() - write all of them to the kernel, in as few writes as possible
 * Those of a wildcard that the kernel refuses are counted in one warning.
 */
int definitions_create(struct tracefs *tracefs, struct buf *problem);
/** definition_bind() - how to load @capture of a created site */
struct load definition_bind(const struct site *site, const struct capture *capture);
/** definition_field() - the field that holds just @capture's number or text, or NULL */
const struct trace_field *definition_field(const struct site *site,
					   const struct capture *capture);
/** definition_describe() - -p3: the line as it would be written, without our group */
void definition_describe(const struct probe *probe, const struct site *site, FILE *out);

/** raw_tracepoint_is_needed() - does @probe use arguments of the tracepoint at @site? */
bool raw_tracepoint_is_needed(const struct probe *probe, const struct site *site);
/**
 * raw_tracepoint_place() - a kprobe that sees them; NULL after a sentence in @problem
 * Sets with_fields of @site when @probe uses fields as well.
 */
const struct define_place *raw_tracepoint_place(struct tracefs *tracefs, const struct probe *probe,
						const struct site *site, struct buf *problem);

/* ---- group.c: one event for many places ---- */

/**
 * struct define_group - one event
 * @members: told apart by a number that each definition records
 * @fprobe: the definition of all of them, as fprobe_print() made it; then told apart by @addresses
 * @addresses: of the members, which are by rising address
 */
struct define_group {
	ARRAY(struct probe_definition *) members;
	const char *fprobe;
	const uint64_t *addresses;
};
/** group_note() - @probe stands on @definition, too: with which others may that share an event? */
void group_note(const struct tracefs *tracefs, struct probe_definition *definition,
		const struct probe *probe, const struct site *site);
/** groups_form() - gather the definitions that can share events */
void groups_form(struct tracefs *tracefs);
/** group_print_number() - the argument of @definition that tells it from others of its group */
void group_print_number(const struct probe_definition *definition, struct buf *out);
/** group_refuse() - @group's event cannot be had: its members are to be written in another way */
void group_refuse(struct define_group *group);
/**
 * groups_enable() - enable the events of groups, in an instance that is still switched off
 * False when the kernel refuses some: their members are no more written.
 */
bool groups_enable(struct tracefs *tracefs);
/** definition_file() - the file of tracefs that @definition is written to */
const char *definition_file(const struct probe_definition *definition);
/** group_selector() - an empty selector for the event of @definition's group, or NULL */
struct binding_selector *group_selector(struct tracefs *tracefs,
					const struct probe_definition *definition);
/** group_common() - bindings that count for every place of @selector, or NULL when these differ */
const struct binding *group_common(const struct binding_selector *selector);

/* ---- fprobe.c: one fprobe for the functions of a wildcard ---- */

/** fprobes_form() - gather the definitions that one fprobe can serve, if they are many */
void fprobes_form(struct tracefs *tracefs);

/* ---- eprobe.c ---- */

/** eprobe_place() - an eprobe on @event */
const struct define_place *eprobe_place(struct tracefs *tracefs, struct trace_event *event);
/**
 * eprobe_print_field() - the fetch argument that copies the field @capture names
 * Returns 0, or -ENOTSUP after a sentence in @problem.
 */
int eprobe_print_field(struct trace_event *event, const struct capture *capture, struct buf *out,
		       struct buf *problem);

#endif
