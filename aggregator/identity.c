// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Users, groups and jobs of tasks. One reading of /proc/TID/status answers for every event that
 * happened before it, so a task is asked once in a round of the merge, not once in a hit.
 */
#include <unistd.h>

#include "identity.h"

/* ancestors that are asked before a task counts as nobody's */
#define MAX_ANCESTORS 100

struct identity {
	uint64_t asked; /* when, ns of CLOCK_MONOTONIC; 0: not since it was in doubt */
	uint64_t lost;	/* how many events the session had lost then */
	bool known;
	int64_t ids[IDENTITY_COUNT];
};

/*
 * where proc(5) has them in status: the number at @index behind @name, as the reader's namespaces
 * see it
 */
static const struct {
	const char *name;
	unsigned index;
} places[IDENTITY_COUNT] = {
	[IDENTITY_UID] = { "\nUid:", 0 },
	[IDENTITY_EUID] = { "\nUid:", 1 },
	[IDENTITY_GID] = { "\nGid:", 0 },
	[IDENTITY_EGID] = { "\nGid:", 1 },
	[IDENTITY_PGRP] = { "\nNSpgid:", 0 },
	[IDENTITY_SID] = { "\nNSsid:", 0 },
};

static void identity_read(struct identity *identity, const char *status)
{
	for (size_t i = 0; i < IDENTITY_COUNT; i++) {
		const char *line = strstr(status, places[i].name);
		char *at;

		if (!line)
			continue;
		at = (char *)line + strlen(places[i].name);
		for (unsigned skip = places[i].index; skip; skip--)
			strtoul(at, &at, 10);
		identity->ids[i] = (int64_t)strtoul(at, NULL, 10);
	}
	identity->known = true;
}

/* is what was read still what it was at the event? */
static bool is_current(const struct vm_session *session, const struct identity *identity,
		       enum identity_id id)
{
	bool is_told = session->identity_told & 1U << id;

	if (!identity->asked)
		return false;
	return identity->asked >= session->now.event->time ||
	       (identity->known && is_told && identity->lost == session->lost);
}

/* what @task itself is known to be at the event */
static struct identity *refresh(const struct vm_session *session, struct task *task,
				enum identity_id id)
{
	struct buf status = BUF_INIT;
	struct identity *identity;
	char path[64];

	if (!task->identity)
		task->identity = memory_zalloc(sizeof(*identity));
	identity = task->identity;
	if (is_current(session, identity, id))
		return identity;
	identity->asked = clock_now();
	identity->lost = session->lost;
	snprintf(path, sizeof(path), "/proc/%d/status", task->tid);
	if (buf_read_file(&status, path) == 0)
		identity_read(identity, buf_text(&status));
	buf_free(&status);
	return identity;
}

static struct task *elder(struct task_model *tasks, const struct task *task)
{
	int32_t tid = task->pid != task->tid ? task->pid : task->ppid;

	return tid > 0 ? task_find(tasks, tid) : NULL;
}

static struct identity *reach(struct vm_session *session, struct task *task, enum identity_id id)
{
	struct identity *own = refresh(session, task, id), *found = own;

	for (int i = 0; !found->known && i < MAX_ANCESTORS; i++) {
		task = elder(session->tasks, task);
		if (!task)
			break;
		found = refresh(session, task, id);
	}
	if (!own->known && found->known) {
		memcpy(own->ids, found->ids, sizeof(own->ids));
		own->known = true;
	}
	return own;
}

int64_t identity_of(struct vm_session *session, struct task *task, enum identity_id id)
{
	return task->tid > 0 ? reach(session, task, id)->ids[id] : 0;
}

void identity_tell(struct vm_session *session, struct task *task, enum identity_id id,
		   int64_t value)
{
	session->identity_told |= 1U << id;
	if (task->tid > 0)
		reach(session, task, id)->ids[id] = value;
}

void identity_doubt(struct task *task)
{
	if (task->identity)
		task->identity->asked = 0;
}

void identity_inherit(struct task *child, const struct task *parent)
{
	free(child->identity);
	child->identity = NULL;
	if (!parent || !parent->identity)
		return;
	child->identity = memory_alloc(sizeof(*child->identity));
	*child->identity = *parent->identity;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(identity_is_read_from_status)
{
	struct identity identity = { 0 };

	identity_read(&identity, "Name:\tUid:\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n"
				 "NSpgid:\t9\t1\nNSsid:\t10\t1\n");
	CHECK_INT(identity.ids[IDENTITY_UID], 1);
	CHECK_INT(identity.ids[IDENTITY_EUID], 2);
	CHECK_INT(identity.ids[IDENTITY_GID], 5);
	CHECK_INT(identity.ids[IDENTITY_EGID], 6);
	CHECK_INT(identity.ids[IDENTITY_PGRP], 9);
	CHECK_INT(identity.ids[IDENTITY_SID], 10);
}

/* a child of this process that does not exist, forked at 5 */
static struct task *make_child(struct task_model *tasks)
{
	const struct event fork = {
		.kind = EVENT_FORK, .time = 5, .ptid = getpid(), .ppid = getpid(),
		.tid = INT32_MAX, .pid = INT32_MAX, /* above PID_MAX_LIMIT */
	};

	task_model_apply(tasks, &fork);
	return task_find(tasks, INT32_MAX);
}

UNIT_TEST_CASE(identity_of_the_gone_is_their_parents)
{
	struct event event = { .time = 1 };
	struct vm_session session = { .tasks = task_model_new(), .now.event = &event };
	struct task *own = task_find(session.tasks, getpid());

	CHECK_INT(identity_of(&session, make_child(session.tasks), IDENTITY_SID), getsid(0));
	CHECK_INT(identity_of(&session, own, IDENTITY_EUID), geteuid());
	identity_tell(&session, own, IDENTITY_PGRP, 7);
	CHECK_INT(identity_of(&session, make_child(session.tasks), IDENTITY_PGRP), 7);
	CHECK_INT(identity_of(&session, task_find(session.tasks, INT32_MAX - 1), IDENTITY_SID), 0);
	CHECK_INT(identity_of(&session, task_find(session.tasks, 0), IDENTITY_SID), 0);
	task_model_free(session.tasks);
}

UNIT_TEST_CASE(identity_is_asked_again_only_where_nobody_tells)
{
	struct event event = { .time = 1 };
	struct vm_session session = { .tasks = task_model_new(), .now.event = &event };
	struct task *own = task_find(session.tasks, getpid());

	identity_tell(&session, own, IDENTITY_PGRP, 7);
	event.time = UINT64_MAX;
	CHECK_INT(identity_of(&session, own, IDENTITY_PGRP), 7);
	session.lost++;
	CHECK_INT(identity_of(&session, own, IDENTITY_PGRP), getpgrp());
	identity_tell(&session, own, IDENTITY_PGRP, 7);
	identity_doubt(own);
	CHECK_INT(identity_of(&session, own, IDENTITY_PGRP), getpgrp());
	task_model_free(session.tasks);
}
#endif
