/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual machine: handlers compiled to typed register bytecode (compile.c), checked
 * (verify.c), printable (dump.c), run here. Long and string registers are separate banks.
 */
#ifndef VM_H
#define VM_H

#include "map.h"
#include "task.h"

struct vm;
struct stacks;

/* what a handler may ask about the moment it runs at */
struct vm_context {
	const struct probe *probe;
	const struct binding *binding;	/* how to load captures; no_binding outside kernel events */
	/*
	 * Its time is in ns of CLOCK_MONOTONIC. For begin, end, error and timers one without a record:
	 * now, or when the timer was due, and our own thread.
	 */
	const struct event *event;
};

extern const struct binding no_binding;
extern const struct event no_event;

/* what natives see and change; the first member of struct vm */
#define NO_TASK INT32_MIN

struct vm_session {
	const struct program *program;
	const struct run_options *options;
	struct task_model *tasks;
	struct buf output;		/* printf's text, flushed by the run loop */
	struct vm_context now;
	struct task *task;		/* found last, */
	int32_t task_tid;		/* for this thread; NO_TASK when tasks changed since */
	int64_t wall_offset;		/* ns: CLOCK_REALTIME - CLOCK_MONOTONIC */
	uint64_t lost;			/* events lost so far, for scripts that ask */
	bool exiting;			/* exit() was called, or too many errors */
	bool interrupted;		/* set asynchronously to break endless loops (volatile use) */
	unsigned error_count;
	uint64_t limit_hits[LIMIT_COUNT]; /* how often a limit cut a value short, which is no error */
	void *owner;			/* the aggregator */
	struct stacks *stacks;		/* builtin-stack.c's, NULL until a native asks */
	uint64_t interrupt_deadline;	/* ns, CLOCK_MONOTONIC: when interrupted breaks a handler */
	int command_nice;		/* of what system() starts: stap's own before it was raised */
	void (*flush_output)(struct vm_session *session); /* writes output and empties it */
	/* on to the next file of -o, whose number it tells; 0, or -errno */
	int (*switch_output)(struct vm_session *session, unsigned *number);
	volatile unsigned switches;	/* how often a signal asked for that */
	struct kcore *kcore;		/* kernel memory; opened by the first late read of it */
	bool kcore_tried;
	unsigned identity_told;		/* by enum identity_id: the kernel's changes of it are told */
	struct entry_frame *entry;	/* in return probes and their entries: what is saved */
};

/* printing natives call vm_output_check() so that a long handler's text needs little memory */
#define VM_OUTPUT_FLUSH_BYTES (64 << 10)
static inline void vm_output_check(struct vm_session *session)
{
	if (unlikely(session->output.length >= VM_OUTPUT_FLUSH_BYTES) && session->flush_output)
		session->flush_output(session);
}

/**
 * vm_interrupt_due() - must the running handler be broken off now?
 * Called at back-edges once session.interrupted is set: a first Ctrl-C gives a handler a moment
 * to finish in an orderly way, a second one none. Breaking is no error.
 */
bool vm_interrupt_due(const struct vm_session *session);

/** vm_new() - compile and verify all of @program; NULL after a message on stderr */
struct vm *vm_new(const struct program *program, const struct run_options *options,
		  struct task_model *tasks);
void vm_free(struct vm *vm);
struct vm_session *vm_session(struct vm *vm);

/**
 * vm_run() - run one probe's handler, its arming condition first
 * Returns true when it completed (or was not armed), false after a run-time error, which is then
 * already reported and counted in the session.
 */
bool vm_run(struct vm *vm, const struct vm_context *context);
/** vm_run_now() - the same for @probe, at the moment that vm_session(vm)->now already tells */
bool vm_run_now(struct vm *vm, const struct probe *probe);
/** vm_count() - as if the handler of @probe, which only counts, had run @times times */
void vm_count(struct vm *vm, const struct probe *probe, uint64_t times);
void vm_dump(struct vm *vm, FILE *out);
/** vm_globals() - the script's global variables, @count of them */
struct global;
const struct global *vm_globals(const struct vm *vm, size_t *count);

#endif
