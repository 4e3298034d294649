// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who a thread was at an event's instant: an open-addressing table from tid to task, brought
 * forward by the task events as the merge delivers them. A thread no event has told about is
 * looked up in /proc once. Exited tasks stay for a while, since a dying thread is seen by the
 * scheduler after its EXIT, and since an event may be delivered late; then they are forgotten, so
 * that memory follows the number of living tasks. Names are shared: one string per distinct comm.
 * Address maps are kept per process where EVENT_MMAP tells of them: a thread shares its process's,
 * a child begins with a copy, execve with nothing.
 */
#include <errno.h>
#include <signal.h>

#include "identity.h"
#include "task.h"

#define COMM_MAX 15			     /* TASK_COMM_LEN - 1 (include/linux/sched.h) */
#define FORGET_DELAY_NS UINT64_C(1000000000) /* an exited task is kept this much longer */
#define SLOTS_FIRST 1024
#define SWEEP_FIRST 65536		     /* tasks; beyond, vanished ones are looked for */
#define CPU_MAX 65536
#define PPID_UNKNOWN (-1)

struct task_slot {
	int32_t tid; /* 0: free; the idle tasks live elsewhere */
	struct task *task;
};

/* in the order of exit; an entry counts only while its task is still exited at that time */
struct task_exit {
	int32_t tid;
	uint64_t time;
};

struct task_model {
	struct task_slot *slots;
	size_t slot_count, shift; /* slot_count is 1 << (64 - shift) */
	size_t count, sweep_at;
	struct str **names; /* open addressing by hash of the text */
	size_t name_count, name_slots;
	struct task **idle; /* by cpu */
	size_t idle_count;
	struct task_exit *exits; /* a ring: exit_count entries from exit_first */
	size_t exit_first, exit_count, exit_capacity;
	struct arena *arena;	/* of paths */
	struct interner *paths;
	struct buf scratch;
};

/* ---- names ---- */

static size_t name_hash(const char *text, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return (size_t)(hash ^ hash >> 32);
}

static struct str **name_place(struct str **names, size_t slots, const char *text, size_t length)
{
	size_t at = name_hash(text, length) & (slots - 1);

	while (names[at] && (names[at]->length != length ||
			     memcmp(names[at]->data, text, length) != 0))
		at = (at + 1) & (slots - 1);
	return &names[at];
}

static void names_grow(struct task_model *model)
{
	size_t slots = model->name_slots ? 2 * model->name_slots : 256;
	struct str **names = memory_zalloc(slots * sizeof(*names));

	for (size_t i = 0; i < model->name_slots; i++) {
		struct str *name = model->names[i];

		if (name)
			*name_place(names, slots, name->data, name->length) = name;
	}
	free(model->names);
	model->names = names;
	model->name_slots = slots;
}

static struct str *task_name(struct task_model *model, const char *text)
{
	size_t length = strnlen(text, COMM_MAX);
	struct str **place;

	if (2 * (model->name_count + 1) > model->name_slots)
		names_grow(model);
	place = name_place(model->names, model->name_slots, text, length);
	if (!*place) {
		*place = str_immortal(text, length);
		model->name_count++;
	}
	return *place;
}

/* ---- the table ---- */

static inline size_t slot_of(const struct task_model *model, int32_t tid)
{
	return (size_t)((uint32_t)tid * UINT64_C(0x9e3779b97f4a7c15) >> model->shift);
}

static inline struct task_slot *slot_find(const struct task_model *model, int32_t tid)
{
	size_t at = slot_of(model, tid);

	while (model->slots[at].tid != tid && model->slots[at].tid != 0)
		at = (at + 1) & (model->slot_count - 1);
	return &model->slots[at];
}

static void slots_grow(struct task_model *model)
{
	struct task_slot *old = model->slots;
	size_t count = model->slot_count;

	model->slot_count *= 2;
	model->shift--;
	model->slots = memory_zalloc(model->slot_count * sizeof(*model->slots));
	for (size_t i = 0; i < count; i++)
		if (old[i].tid)
			*slot_find(model, old[i].tid) = old[i];
	free(old);
}

static struct task *task_insert(struct task_model *model, int32_t tid)
{
	struct task_slot *slot;
	struct task *task;

	if (2 * (model->count + 1) > model->slot_count)
		slots_grow(model);
	task = memory_zalloc(sizeof(*task));
	task->tid = tid;
	task->pid = tid;
	task->ppid = PPID_UNKNOWN;
	task->comm = task_name(model, "");
	slot = slot_find(model, tid);
	slot->tid = tid;
	slot->task = task;
	model->count++;
	return task;
}

static void task_free(struct task *task)
{
	if (task) {
		address_space_unref(task->space);
		free(task->identity);
	}
	free(task);
}

/* linear probing without tombstones: what follows moves back into the hole */
static void task_remove(struct task_model *model, struct task_slot *slot)
{
	size_t mask = model->slot_count - 1;
	size_t hole = (size_t)(slot - model->slots), at = hole;

	task_free(slot->task);
	model->count--;
	for (;;) {
		size_t home;

		at = (at + 1) & mask;
		if (!model->slots[at].tid)
			break;
		home = slot_of(model, model->slots[at].tid);
		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		model->slots[hole] = model->slots[at];
		hole = at;
	}
	model->slots[hole] = (struct task_slot){ 0, NULL };
}

struct task_model *task_model_new(void)
{
	struct task_model *model = memory_zalloc(sizeof(*model));

	model->slot_count = SLOTS_FIRST;
	model->shift = 64 - (size_t)__builtin_ctz(SLOTS_FIRST);
	model->slots = memory_zalloc(model->slot_count * sizeof(*model->slots));
	model->sweep_at = SWEEP_FIRST;
	model->arena = arena_new();
	model->paths = interner_new(model->arena);
	return model;
}

void task_model_free(struct task_model *model)
{
	if (!model)
		return;
	for (size_t i = 0; i < model->slot_count; i++)
		task_free(model->slots[i].task);
	for (size_t i = 0; i < model->idle_count; i++)
		task_free(model->idle[i]);
	for (size_t i = 0; i < model->name_slots; i++)
		if (model->names[i])
			str_destroy(model->names[i]);
	free(model->slots);
	free(model->idle);
	free(model->names);
	free(model->exits);
	buf_free(&model->scratch);
	arena_free(model->arena);
	free(model);
}

/* ---- /proc ---- */

/* the text behind "\nKey:\t" of a status file, or NULL */
static const char *status_field(const char *status, const char *key)
{
	const char *line = strstr(status, key);

	return line ? line + strlen(key) : NULL;
}

static int32_t status_number(const char *status, const char *key)
{
	const char *text = status_field(status, key);
	long number = text ? strtol(text, NULL, 10) : -1;

	return number >= 0 && number <= INT32_MAX ? (int32_t)number : -1;
}

/*
 * Name: is escaped (a newline as \n, a backslash as \\), and shows of a kworker what it works on
 * behind its comm: "kworker/0:1-events" (fs/proc/array.c, wq_worker_comm() in kernel/workqueue.c).
 */
static void status_name(const char *status, char name[COMM_MAX + 1])
{
	bool worker = text_starts_with(status, "kworker/") &&
		      !text_starts_with(status, "kworker/R-");
	size_t length = 0;

	while (*status && *status != '\n' && length < COMM_MAX) {
		char c = *status++;

		if (worker && (c == '-' || c == '+'))
			break;
		if (c == '\\' && (*status == 'n' || *status == '\\'))
			c = *status++ == 'n' ? '\n' : '\\';
		name[length++] = c;
	}
	name[length] = '\0';
}

static void task_read_status(struct task_model *model, struct task *task, const char *status)
{
	int32_t pid = status_number(status, "\nTgid:\t");
	char name[COMM_MAX + 1];

	if (!text_starts_with(status, "Name:\t"))
		return;
	status_name(status + strlen("Name:\t"), name);
	task->comm = task_name(model, name);
	if (pid > 0)
		task->pid = pid;
	task->ppid = status_number(status, "\nPPid:\t");
}

static const char *task_status(struct task_model *model, int32_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	buf_reset(&model->scratch);
	return buf_read_file(&model->scratch, path) == 0 ? buf_text(&model->scratch) : NULL;
}

static struct task *task_lookup(struct task_model *model, int32_t tid)
{
	const char *status = tid > 0 ? task_status(model, tid) : NULL;
	struct task *task = task_insert(model, tid);

	if (status)
		task_read_status(model, task, status);
	return task;
}

/* ---- questions ---- */

static struct task *task_idle(struct task_model *model, uint32_t cpu)
{
	char name[COMM_MAX + 1];
	struct task *task;
	size_t count;

	if (cpu >= CPU_MAX)
		cpu = 0;
	if (cpu >= model->idle_count) {
		count = cpu + 1;
		model->idle = memory_realloc(model->idle, count * sizeof(*model->idle));
		memset(model->idle + model->idle_count, 0,
		       (count - model->idle_count) * sizeof(*model->idle));
		model->idle_count = count;
	}
	if (!model->idle[cpu]) {
		task = memory_zalloc(sizeof(*task));
		snprintf(name, sizeof(name), "swapper/%u", cpu);
		task->comm = task_name(model, name);
		model->idle[cpu] = task;
	}
	return model->idle[cpu];
}

struct task *task_find_on(struct task_model *model, int32_t tid, uint32_t cpu)
{
	struct task_slot *slot;

	if (unlikely(tid == 0))
		return task_idle(model, cpu);
	slot = slot_find(model, tid);
	return likely(slot->tid) ? slot->task : task_lookup(model, tid);
}

struct task *task_find(struct task_model *model, int32_t tid)
{
	return task_find_on(model, tid, 0);
}

/* a living process of this id that is older than @task */
static bool task_parent_lives(const struct task_model *model, const struct task *task)
{
	const struct task_slot *slot = slot_find(model, task->ppid);

	return slot->tid && !slot->task->exited && slot->task->start_time <= task->start_time;
}

int32_t task_parent(struct task_model *model, struct task *task)
{
	const char *status;

	if (task->tid == 0 || task->ppid == 0 || task->ppid == 1 || task->exited)
		return task->ppid > 0 ? task->ppid : 0;
	if (task->ppid > 0 && task_parent_lives(model, task))
		return task->ppid;
	status = task_status(model, task->tid);
	if (status)
		task->ppid = status_number(status, "\nPPid:\t");
	if (task->ppid < 0)
		task->ppid = 0;
	else if (task->ppid > 0)
		task_find(model, task->ppid);
	return task->ppid;
}

/* ---- address maps ---- */

static void task_set_space(struct task *task, struct address_space *space)
{
	address_space_unref(task->space);
	task->space = space;
}

/* the task that holds the address space of @task's process */
static struct task *task_leader(struct task_model *model, struct task *task)
{
	return task->space || task->pid <= 0 || task->pid == task->tid ?
	       task : task_find(model, task->pid);
}

struct address_space *task_space(struct task_model *model, struct task *task)
{
	struct task *leader = task_leader(model, task);
	char path[64];

	if (leader->space)
		return leader->space;
	leader->space = address_space_new(leader->tid);
	if (leader->tid <= 0)
		return leader->space;
	snprintf(path, sizeof(path), "/proc/%d/maps", leader->tid);
	buf_reset(&model->scratch);
	if (buf_read_file(&model->scratch, path) == 0 && model->scratch.length)
		address_space_parse(leader->space, model->scratch.data, model->paths);
	return leader->space;
}

/* ---- events ---- */

static struct task *task_reach(struct task_model *model, int32_t tid)
{
	struct task_slot *slot = slot_find(model, tid);

	return slot->tid ? slot->task : task_insert(model, tid);
}

static void task_rename(struct task_model *model, const struct event *event)
{
	struct task *task = task_reach(model, event->tid);

	if (event->pid > 0)
		task->pid = event->pid;
	if (event->text)
		task->comm = task_name(model, event->text);
	task->exited = false; /* execve by another thread of the group takes over this tid */
	if (event->is_exec && task->space)
		task_set_space(task, address_space_new(task->pid));
}

/* those told at the start, at time 0, map what they map themselves */
static void task_inherit_space(struct task_model *model, struct task *task,
			       const struct task *parent)
{
	struct address_space *space = NULL;
	bool is_thread = task->pid != task->tid;

	if (is_thread)
		space = task_find(model, task->pid)->space;
	else if (task->start_time)
		space = parent->space ? parent->space : task_find(model, parent->pid)->space;
	if (space)
		space = is_thread ? address_space_ref(space) : address_space_fork(space, task->pid);
	task_set_space(task, space);
}

static const char *build_id_text(struct task_model *model, const struct event_mmap *map)
{
	char text[2 * UINT8_MAX + 1];

	for (unsigned i = 0; i < map->build_id_size; i++)
		snprintf(text + 2 * i, 3, "%02x", map->build_id[i]);
	return map->build_id_size ? intern(model->paths, text, 2u * map->build_id_size) : NULL;
}

static void task_map(struct task_model *model, const struct event *event)
{
	const struct event_mmap *map = event->mmap;
	struct task *task = task_leader(model, task_reach(model, event->tid));
	struct mapping mapping;

	if (!map->executable)
		return;
	if (!task->space)
		task->space = address_space_new(task->pid);
	mapping = (struct mapping){
		.start = map->start, .end = map->start + map->length, .offset = map->page_offset,
		.path = intern(model->paths, map->path, strlen(map->path)),
		.build_id = build_id_text(model, map),
	};
	address_space_map(task->space, &mapping);
}

/* The child has its parent's name; a thread shares the parent's process and its parent's parent. */
static void task_fork(struct task_model *model, const struct event *event)
{
	bool is_thread = event->pid > 0 && event->pid != event->tid;
	const struct task *parent = NULL;
	struct str *comm = NULL;
	int32_t ppid = event->ppid;
	struct task *task;

	if (event->ptid > 0 && event->ptid != event->tid) {
		parent = task_find(model, event->ptid);
		comm = parent->comm;
		if (is_thread && event->ppid == event->pid)
			ppid = parent->ppid;
	}
	task = task_reach(model, event->tid);
	task->pid = event->pid > 0 ? event->pid : event->tid;
	task->ppid = ppid;
	task->start_time = event->time;
	task->exited = false;
	if (comm)
		task->comm = comm;
	identity_inherit(task, parent);
	if (parent)
		task_inherit_space(model, task, parent);
}

static void exits_push(struct task_model *model, int32_t tid, uint64_t time)
{
	size_t at;

	if (model->exit_count == model->exit_capacity) {
		size_t capacity = model->exit_capacity ? 2 * model->exit_capacity : 256;
		struct task_exit *exits = memory_alloc(capacity * sizeof(*exits));

		for (size_t i = 0; i < model->exit_count; i++)
			exits[i] = model->exits[(model->exit_first + i) % model->exit_capacity];
		free(model->exits);
		model->exits = exits;
		model->exit_capacity = capacity;
		model->exit_first = 0;
	}
	at = (model->exit_first + model->exit_count++) % model->exit_capacity;
	model->exits[at] = (struct task_exit){ tid, time };
}

/* nothing is asked of /proc here: whoever exits is gone by now */
static void task_exit(struct task_model *model, const struct event *event)
{
	struct task_slot *slot = slot_find(model, event->tid);

	if (!slot->tid)
		return;
	slot->task->exited = true;
	exits_push(model, event->tid, event->time);
}

void task_model_apply(struct task_model *model, const struct event *event)
{
	if (event->tid <= 0)
		return;
	switch (event->kind) {
	case EVENT_COMM:
		task_rename(model, event);
		break;
	case EVENT_FORK:
		task_fork(model, event);
		break;
	case EVENT_EXIT:
		task_exit(model, event);
		break;
	case EVENT_MMAP:
		task_map(model, event);
		break;
	}
}

/* ---- forgetting ---- */

/* exits may have been lost with the records that told of them */
static void task_sweep(struct task_model *model)
{
	for (size_t i = 0; i < model->slot_count;) {
		struct task_slot *slot = &model->slots[i];

		if (slot->tid && !slot->task->exited && kill(slot->tid, 0) < 0 && errno == ESRCH)
			task_remove(model, slot); /* another may have moved here: look again */
		else
			i++;
	}
	model->sweep_at = 2 * model->count > SWEEP_FIRST ? 2 * model->count : SWEEP_FIRST;
}

static void exits_pop(struct task_model *model)
{
	const struct task_exit *oldest = &model->exits[model->exit_first];
	struct task_slot *slot = slot_find(model, oldest->tid);

	if (slot->tid && slot->task->exited && slot->task->start_time <= oldest->time)
		task_remove(model, slot);
	model->exit_first = (model->exit_first + 1) % model->exit_capacity;
	model->exit_count--;
}

void task_model_forget_exited(struct task_model *model, uint64_t time)
{
	if (time < FORGET_DELAY_NS)
		return;
	while (model->exit_count &&
	       model->exits[model->exit_first].time < time - FORGET_DELAY_NS)
		exits_pop(model);
	if (model->count > model->sweep_at)
		task_sweep(model);
}

#ifdef UNIT_TEST
#include <unistd.h>

#include "../lib/unit.h"

#define TEST_TID 0x7ffff000 /* above any pid_max: never in /proc */

static void test_comm(struct task_model *model, int32_t tid, int32_t pid, const char *text)
{
	struct event event = { .kind = EVENT_COMM, .time = 1, .tid = tid, .pid = pid,
			       .text = text };

	task_model_apply(model, &event);
}

static void test_fork(struct task_model *model, uint64_t time, int32_t tid, int32_t pid,
		      int32_t ptid, int32_t ppid)
{
	struct event event = { .kind = EVENT_FORK, .time = time, .tid = tid, .pid = pid,
			       .ptid = ptid, .ppid = ppid };

	task_model_apply(model, &event);
}

static void test_exit(struct task_model *model, uint64_t time, int32_t tid)
{
	struct event event = { .kind = EVENT_EXIT, .time = time, .tid = tid };

	task_model_apply(model, &event);
}

UNIT_TEST_CASE(task_idle_is_swapper_of_its_cpu)
{
	struct task_model *model = task_model_new();

	CHECK_STR(task_find_on(model, 0, 3)->comm->data, "swapper/3");
	CHECK_STR(task_find(model, 0)->comm->data, "swapper/0");
	CHECK_INT(task_find_on(model, 0, 3)->pid, 0);
	CHECK_INT(task_parent(model, task_find(model, 0)), 0);
	task_model_free(model);
}

UNIT_TEST_CASE(task_unknown_is_read_from_proc)
{
	struct task_model *model = task_model_new();
	struct task *self = task_find(model, getpid());

	CHECK_INT(self->pid, getpid());
	CHECK_INT(self->ppid, getppid());
	CHECK_INT(task_parent(model, self), getppid());
	CHECK(self->comm->length > 0);
	CHECK(self == task_find(model, getpid()));
	task_model_free(model);
}

UNIT_TEST_CASE(task_vanished_has_no_name)
{
	struct task_model *model = task_model_new();

	CHECK_STR(task_find(model, TEST_TID)->comm->data, "");
	CHECK_INT(task_find(model, TEST_TID)->pid, TEST_TID);
	CHECK_INT(task_parent(model, task_find(model, TEST_TID)), 0);
	CHECK_STR(task_find(model, -5)->comm->data, "");
	task_model_free(model);
}

UNIT_TEST_CASE(task_fork_exec_rename_exit)
{
	struct task_model *model = task_model_new();
	struct task *child;

	test_comm(model, TEST_TID, TEST_TID, "shell");
	test_fork(model, 10, TEST_TID + 1, TEST_TID + 1, TEST_TID, TEST_TID);
	child = task_find(model, TEST_TID + 1);
	CHECK_STR(child->comm->data, "shell");
	CHECK(child->comm == task_find(model, TEST_TID)->comm);
	CHECK_INT(child->ppid, TEST_TID);
	CHECK_INT(child->start_time, 10);
	test_comm(model, TEST_TID + 1, TEST_TID + 1, "a-name-longer-than-comm");
	CHECK_STR(child->comm->data, "a-name-longer-t");
	CHECK_STR(task_find(model, TEST_TID)->comm->data, "shell");
	test_exit(model, 20, TEST_TID + 1);
	CHECK(task_find(model, TEST_TID + 1)->exited);
	CHECK_STR(task_find(model, TEST_TID + 1)->comm->data, "a-name-longer-t");
	task_model_free(model);
}

UNIT_TEST_CASE(task_thread_shares_process_and_parent)
{
	struct task_model *model = task_model_new();
	struct task *thread;

	test_fork(model, 5, TEST_TID, TEST_TID, 1, 1);
	test_fork(model, 10, TEST_TID + 1, TEST_TID, TEST_TID, TEST_TID);
	thread = task_find(model, TEST_TID + 1);
	CHECK_INT(thread->pid, TEST_TID);
	CHECK_INT(thread->ppid, 1);
	CHECK_INT(task_parent(model, thread), 1);
	task_model_free(model);
}

UNIT_TEST_CASE(task_reused_pid_is_a_new_task)
{
	struct task_model *model = task_model_new();
	const uint64_t second = FORGET_DELAY_NS;

	test_comm(model, TEST_TID, TEST_TID, "parent");
	test_fork(model, 10, TEST_TID + 1, TEST_TID + 1, TEST_TID, TEST_TID);
	test_comm(model, TEST_TID + 1, TEST_TID + 1, "first");
	test_exit(model, 20, TEST_TID + 1);
	test_fork(model, 30, TEST_TID + 1, TEST_TID + 1, TEST_TID, TEST_TID);
	CHECK(!task_find(model, TEST_TID + 1)->exited);
	CHECK_STR(task_find(model, TEST_TID + 1)->comm->data, "parent");
	task_model_forget_exited(model, second + 25); /* the first one's exit is over */
	CHECK_STR(task_find(model, TEST_TID + 1)->comm->data, "parent");
	CHECK_INT(model->exit_count, 0);
	test_exit(model, 40, TEST_TID + 1);
	task_model_forget_exited(model, second + 30);
	CHECK_STR(task_find(model, TEST_TID + 1)->comm->data, "parent");
	task_model_forget_exited(model, second + 50);
	CHECK_INT(model->count, 1);
	CHECK_STR(task_find(model, TEST_TID + 1)->comm->data, "");
	task_model_free(model);
}

UNIT_TEST_CASE(task_exec_by_a_thread_revives_its_leader)
{
	struct task_model *model = task_model_new();

	test_comm(model, TEST_TID, TEST_TID, "java");
	test_fork(model, 10, TEST_TID + 1, TEST_TID, TEST_TID, TEST_TID);
	test_exit(model, 20, TEST_TID);
	test_comm(model, TEST_TID, TEST_TID, "ls");
	task_model_forget_exited(model, UINT64_MAX);
	CHECK_STR(task_find(model, TEST_TID)->comm->data, "ls");
	CHECK(!task_find(model, TEST_TID)->exited);
	task_model_free(model);
}

UNIT_TEST_CASE(task_many_come_and_go_in_bounded_memory)
{
	struct task_model *model = task_model_new();
	char name[16];

	test_comm(model, TEST_TID, TEST_TID, "parent");
	for (int32_t i = 0; i < 100000; i++) {
		int32_t tid = 1 + 7 * i % 70001;
		uint64_t time = (uint64_t)i * 1000000;

		test_fork(model, time, tid, tid, TEST_TID, TEST_TID);
		snprintf(name, sizeof(name), "t%d", i % 100);
		test_comm(model, tid, tid, name);
		CHECK_STR(task_find(model, tid)->comm->data, name);
		test_exit(model, time + 1, tid);
		task_model_forget_exited(model, time);
	}
	CHECK(model->count < 1100);
	CHECK(model->slot_count <= 4096);
	CHECK(model->exit_capacity <= 2048);
	CHECK_INT(model->name_count, 101 + 1); /* t0 … t99, parent, "" */
	task_model_free(model);
}

static void test_map(struct task_model *model, int32_t tid, int32_t pid, uint64_t start,
		     const char *path)
{
	struct event_mmap map = { .start = start, .length = 0x1000, .path = path,
				  .executable = true };
	struct event event = { .kind = EVENT_MMAP, .time = 1, .tid = tid, .pid = pid,
			       .mmap = &map };

	task_model_apply(model, &event);
}

static const char *test_path(struct task_model *model, int32_t tid, uint64_t address)
{
	const struct mapping *mapping =
		address_space_find(task_space(model, task_find(model, tid)), address);

	return mapping ? mapping->path : "none";
}

UNIT_TEST_CASE(task_maps_are_inherited_shared_and_reset)
{
	struct task_model *model = task_model_new();
	struct event exec = { .kind = EVENT_COMM, .time = 30, .tid = TEST_TID + 1,
			      .pid = TEST_TID + 1, .text = "new", .is_exec = true };

	test_comm(model, TEST_TID, TEST_TID, "shell");
	test_map(model, TEST_TID, TEST_TID, 0x1000, "/bin/sh");
	test_fork(model, 10, TEST_TID + 1, TEST_TID + 1, TEST_TID, TEST_TID);
	test_fork(model, 20, TEST_TID + 2, TEST_TID, TEST_TID, TEST_TID);
	test_map(model, TEST_TID + 2, TEST_TID, 0x5000, "/lib/plugin");
	CHECK_STR(test_path(model, TEST_TID, 0x5000), "/lib/plugin");
	CHECK_STR(test_path(model, TEST_TID + 2, 0x1000), "/bin/sh");
	CHECK_STR(test_path(model, TEST_TID + 1, 0x1fff), "/bin/sh");
	CHECK_STR(test_path(model, TEST_TID + 1, 0x5000), "none");
	task_model_apply(model, &exec);
	CHECK_STR(test_path(model, TEST_TID + 1, 0x1000), "none");
	test_map(model, TEST_TID + 1, TEST_TID + 1, 0x1000, "/bin/new");
	test_exit(model, 40, TEST_TID + 1);
	CHECK_STR(test_path(model, TEST_TID + 1, 0x1000), "/bin/new");
	task_model_forget_exited(model, UINT64_MAX);
	task_model_free(model);
}

UNIT_TEST_CASE(task_maps_of_an_unknown_process_are_read_from_proc)
{
	struct task_model *model = task_model_new();
	uint64_t here = (uint64_t)(uintptr_t)test_map;
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	CHECK(length > 0);
	self[length] = '\0';
	CHECK_STR(test_path(model, getpid(), here), self);
	CHECK_STR(test_path(model, TEST_TID, here), "none");
	task_model_free(model);
}

UNIT_TEST_CASE(task_lost_exits_are_swept)
{
	struct task_model *model = task_model_new();

	test_comm(model, getpid(), getpid(), "me");
	for (int32_t i = 0; i < 70000; i++)
		test_comm(model, TEST_TID - i, TEST_TID - i, "gone");
	task_model_forget_exited(model, UINT64_MAX);
	CHECK_INT(model->count, 1);
	CHECK_STR(task_find(model, getpid())->comm->data, "me");
	task_model_free(model);
}

UNIT_TEST_CASE(task_status_text_is_unescaped_and_bounded)
{
	struct task_model *model = task_model_new();
	struct task *task = task_insert(model, TEST_TID);

	task_read_status(model, task, "Name:\ta\\nb\\\\c\nTgid:\t12\nPPid:\t3\n");
	CHECK_STR(task->comm->data, "a\nb\\c");
	CHECK_INT(task->pid, 12);
	CHECK_INT(task->ppid, 3);
	task_read_status(model, task, "Name:\tkworker/0:1-events\nTgid:\t9999999999\n");
	CHECK_STR(task->comm->data, "kworker/0:1");
	CHECK_INT(task->pid, 12);
	task_read_status(model, task, "Name:\tkworker/R-mm_pe\n");
	CHECK_STR(task->comm->data, "kworker/R-mm_pe");
	task_read_status(model, task, "nonsense");
	CHECK_STR(task->comm->data, "kworker/R-mm_pe");
	task_model_free(model);
}
#endif
