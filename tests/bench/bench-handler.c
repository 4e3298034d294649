// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a handler costs, from a decoded event in hand to the end of its bytecode: the typical ones
 * of DESIGN.md's tables, over hits of 16 tasks, some in a row of each as a scheduler would have it.
 * The events stand in memory; the probe family exists only here.
 */
#include <inttypes.h>

#include "../../aggregator/vm.h"
#include "../../aggregator/timer.h"

#define TASKS 16
#define IN_A_ROW 8
#define HITS 1024
#define ROUNDS 2000
#define REPEATS 120

/* a record as the kernel writes it for sys_enter_read */
struct record {
	uint16_t type;
	uint8_t flags, preempt_count;
	int32_t pid;
	int64_t nr, fd, buf, count;
};

static int hit_resolve(struct family_match *match)
{
	struct site *site = arena_new_object(match->arena, struct site);

	site->family = match->backend;
	site->name = "hit";
	match->emit(match, match->point, site, NULL);
	return 0;
}

static struct capture *hit_variable(struct frontend *frontend, const struct site *site,
				    const struct expr *target)
{
	struct capture *capture = arena_new_object(frontend_arena(frontend), struct capture);

	(void)site;
	capture->kind = CAPTURE_FIELD;
	capture->type = TYPE_LONG;
	capture->name = strcmp(target->token->text, "$fd") == 0 ? "fd" : "count";
	capture->c_type = "long";
	capture->token = target->token;
	return capture;
}

static struct binding *bind(struct probe *probe)
{
	size_t count = probe->captures.count;
	struct binding *binding = memory_zalloc(sizeof(*binding) + count * sizeof(struct load));

	binding->probe = probe;
	binding->load_count = (unsigned)count;
	for (size_t i = 0; i < count; i++) {
		bool is_fd = strcmp(probe->captures.items[i]->name, "fd") == 0;

		binding->loads[i] = (struct load){
			.kind = LOAD_64,
			.offset = is_fd ? offsetof(struct record, fd) : offsetof(struct record, count),
		};
	}
	return binding;
}

static struct task_model *make_tasks(void)
{
	struct task_model *tasks = task_model_new();
	char name[16];

	for (int32_t i = 0; i < TASKS; i++) {
		snprintf(name, sizeof(name), "program%d", i % 5);
		task_model_apply(tasks, &(struct event){ .kind = EVENT_COMM, .tid = 1000 + i,
							 .pid = 1000 + i, .text = name });
	}
	return tasks;
}

static void make_hits(struct event *events, struct record *records, const struct binding *binding)
{
	for (int i = 0; i < HITS; i++) {
		int32_t tid = 1000 + i / IN_A_ROW % TASKS;

		records[i] = (struct record){ .pid = tid, .fd = i % 7,
					      .count = i % 8 ? 512 : 8192 };
		events[i] = (struct event){
			.time = (uint64_t)i, .kind = EVENT_HIT, .tid = tid, .pid = -1,
			.bindings = binding, .data = (const unsigned char *)&records[i],
			.size = sizeof(records[i]),
		};
	}
}

static uint64_t cpu_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

/* as dispatch_hit() does it for a probe that is alone on its event */
static inline void run_hit(struct vm *vm, struct vm_context *now, const struct event *event)
{
	now->event = event;
	now->probe = event->bindings->probe;
	now->binding = event->bindings;
	vm_run_now(vm, now->probe);
}

/* ns for each hit, the best of some repeats: what disturbs only adds */
static double time_hits(struct vm *vm, const struct event *events)
{
	struct vm_context *now = &vm_session(vm)->now;
	uint64_t best = UINT64_MAX, start;

	for (int repeat = 0; repeat < REPEATS; repeat++) {
		start = cpu_time();
		for (int i = 0; i < ROUNDS; i++)
			for (const struct event *event = events; event < events + HITS; event++)
				run_hit(vm, now, event);
		start = cpu_time() - start;
		if (start < best)
			best = start;
	}
	return (double)best / ((double)ROUNDS * HITS);
}

static double bench_handler(const char *script)
{
	static const struct frontend_options frontend_options = {
		.kernel_release = "6.1.0", .arch = "x86_64",
	};
	static struct event events[HITS];
	static struct record records[HITS];
	struct family family = { .pattern = "hit", .source = FAMILY_TRACEFS,
				 .resolve = hit_resolve, .variable = hit_variable };
	struct frontend *frontend = frontend_new(&frontend_options);
	struct task_model *tasks = make_tasks();
	struct run_options options;
	struct binding *binding;
	struct vm *vm;
	double ns;

	run_options_init(&options);
	for (size_t i = 0; i < aggregator_family_count; i++)
		frontend_add_family(frontend, &aggregator_families[i], NULL);
	frontend_add_family(frontend, &family, &family);
	frontend_add_script(frontend, "bench", script, strlen(script));
	if (frontend_parse(frontend) || frontend_resolve(frontend) || frontend_plan(frontend)) {
		diag_print(frontend, stderr);
		exit(1);
	}
	vm = vm_new(frontend_program(frontend), &options, tasks);
	binding = bind(frontend_program(frontend)->probes.items[0]);
	make_hits(events, records, binding);
	ns = time_hits(vm, events);
	vm_free(vm);
	task_model_free(tasks);
	frontend_free(frontend);
	free(binding);
	return ns;
}

/* ---- the typical handler as C would have it: the measure of what is possible here ---- */

#define CELLS 256

struct cell {
	int64_t pid, fd, count, sum, least, most;
	const struct str *name;
};

static struct cell *reach(struct cell *cells, uint64_t hash, const struct str *name, int64_t pid,
			  int64_t fd)
{
	struct cell *cell = &cells[hash % CELLS];

	while (cell->count && (cell->name != name || cell->pid != pid || cell->fd != fd))
		cell = cell + 1 < cells + CELLS ? cell + 1 : cells;
	cell->name = name;
	cell->pid = pid;
	cell->fd = fd;
	return cell;
}

static void by_hand(struct task_model *tasks, struct cell *reads, struct cell *big,
		    const struct event *event)
{
	const struct task *task = task_find(tasks, event->tid);
	const struct record *record = (const struct record *)event->data;
	struct cell *cell = reach(reads, (uintptr_t)task->comm >> 4, task->comm, 0, 0);

	if (!cell->count || record->count < cell->least)
		cell->least = record->count;
	if (!cell->count || record->count > cell->most)
		cell->most = record->count;
	cell->count++;
	cell->sum += record->count;
	if (record->count > 4096)
		reach(big, (uint64_t)(task->pid * 31 + record->fd), NULL, task->pid,
		      record->fd)->count++;
}

static double bench_by_hand(void)
{
	static struct event events[HITS];
	static struct record records[HITS];
	static struct cell reads[CELLS], big[CELLS];
	struct task_model *tasks = make_tasks();
	uint64_t best = UINT64_MAX, start;

	make_hits(events, records, NULL);
	for (int repeat = 0; repeat < REPEATS; repeat++) {
		start = cpu_time();
		for (int i = 0; i < ROUNDS * HITS; i++)
			by_hand(tasks, reads, big, &events[i % HITS]);
		start = cpu_time() - start;
		if (start < best)
			best = start;
	}
	task_model_free(tasks);
	return (double)best / ((double)ROUNDS * HITS);
}

int main(void)
{
	static const struct {
		const char *name, *script;
		double most;
	} rows[] = {
		{ "typical: reads[execname()] <<< $count, seldom big[pid(), $fd]++",
		  "global reads, big\n"
		  "probe hit { reads[execname()] <<< $count; if ($count > 4096) big[pid(), $fd]++ }\n"
		  "probe end { foreach (r in reads) println(r, @sum(reads[r]))\n"
		  "	foreach ([p, f] in big) println(p, f, big[p, f]) }", 15 },
		{ "c[execname(), \"name\"]++",
		  "global c probe hit { c[execname(), \"name\"]++ }\n"
		  "probe end { foreach ([a, b] in c) println(a, b, c[a, b]) }", 0 },
		{ "n++", "global n probe hit { n++ } probe end { println(n) }", 0 },
	};

	printf("## A handler\n\nns of each hit, CPU time, from the decoded event to the handler's end.\n\n"
	       "| handler | ns | target |\n| --- | ---: | --- |\n");
	printf("| the typical one by hand, in C | %.1f | |\n", bench_by_hand());
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		double ns = bench_handler(rows[i].script);

		printf("| %s | %.1f | ", rows[i].name, ns);
		if (rows[i].most > 0)
			printf("≤ %.0f %s", rows[i].most, ns <= rows[i].most ? "ok" : "MISSED");
		printf(" |\n");
	}
	putchar('\n');
	return 0;
}
