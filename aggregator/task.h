/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The task model: who a thread was at an event's instant. Fed with EVENT_COMM, EVENT_FORK,
 * EVENT_EXIT and EVENT_MMAP in stream order; a task unknown to the stream is looked up in /proc.
 */
#ifndef TASK_H
#define TASK_H

#include "address-space.h"
#include "value.h"

struct task_model;

struct task {
	int32_t tid, pid, ppid;	/* pid is the process (tgid) */
	struct str *comm;	/* immortal: one copy per distinct name for the whole run */
	bool executing;		/* an execve() was seen whose program is not mapped yet */
	bool exited;		/* an EXIT was seen; kept until the end of the round */
	uint64_t start_time;	/* ns, CLOCK_MONOTONIC; 0 when it lived before the run */
	struct address_space *space; /* its process's, or NULL: ask task_space() */
	struct identity *identity; /* what is known of it (identity.h), or NULL */
};

struct task_model *task_model_new(void);
void task_model_free(struct task_model *model);
void task_model_apply(struct task_model *model, const struct event *event);
/** task_find() - never NULL: an unknown and vanished tid gives a task named "" with pid = tid */
struct task *task_find(struct task_model *model, int32_t tid);
/** task_find_on() - task_find(), where tid 0 is the idle task of @cpu, "swapper/<cpu>" */
struct task *task_find_on(struct task_model *model, int32_t tid, uint32_t cpu);
/** task_parent() - process id of @task's parent now; asks /proc once when the parent is gone */
int32_t task_parent(struct task_model *model, struct task *task);
/**
 * task_space() - what @task's process has mapped; borrowed, valid until the next event
 * Kept up to date only where the side-band tells of maps; asks /proc once for a process it has told
 * nothing of. Never NULL; empty for kernel threads.
 */
struct address_space *task_space(struct task_model *model, struct task *task);
/** task_model_forget_exited() - drop tasks whose EXIT is older than @time; called between rounds */
void task_model_forget_exited(struct task_model *model, uint64_t time);

#endif
