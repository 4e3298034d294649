// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The stepping process. ptrace(2) ties a tracer to one thread that waits, so it is a process forked
 * from stap: being no parent of whom it traces, it leaves exit statuses to those who wait for them.
 * It seizes the roots' threads (PTRACE_SEIZE stops nobody), is told by the kernel of all they make,
 * and restarts each for one instruction, or up to the next branch. Only the traps it caused itself
 * are kept back; every other signal is handed on, and stopped groups stay stopped. At the end, or
 * when stap is gone, each is detached at a moment when no trap of ours is on its way to it.
 *
 * A task that blocks SIGTRAP would lose its handler for it: the kernel forces our traps upon it
 * (force_sig_info_to_task() in kernel/signal.c). So system calls, which change the mask, are not
 * stepped but stopped at (PTRACE_SYSCALL) with the mask as the task knows it, and between them the
 * signal is never blocked; one of the task's own is kept until the task would take it.
 */
#include "single-step.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "branch.h"

#ifndef PTRACE_SINGLEBLOCK
#define PTRACE_SINGLEBLOCK 33 /* arch/x86/include/uapi/asm/ptrace-abi.h */
#endif
#define CHECK_SECONDS 1		/* how often a waiting tracer looks whether stap lives */
#define READY_POLL_MS 5
#define SELF_TEST_NOPS 64
#define TRAP_BIT (UINT64_C(1) << (SIGTRAP - 1))
#define STOP_IN_SYSCALL (SIGTRAP | 0x80) /* PTRACE_O_TRACESYSGOOD */
#define STEP_OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |        \
		      PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC)

struct stepper {
	pid_t pid;
	int go_fd;
};

/**
 * struct tracee - one thread that is traced
 * @root: what it descends from
 * @stepped: it runs what its root asks for
 * @in_syscall: between the stops at a system call's entry and exit
 * @blocks_trap: it thinks that it blocks SIGTRAP
 * @owed_trap: one of its own came meanwhile
 * @ip: where it was at its last stop, 0 when that is not known
 */
struct tracee {
	pid_t tid, pid;
	const struct step_root *root;
	bool stepped, in_syscall, blocks_trap, owed_trap;
	uint64_t ip;
};

struct tracer {
	const struct step_plan *plan;
	struct step_ring *ring;
	struct tracee *tracees;
	size_t count, capacity, last; /* last: found last */
	pid_t parent;
	char own_exe[PATH_MAX];
	int how;	   /* PTRACE_SINGLESTEP or PTRACE_SINGLEBLOCK */
	bool tells_blocks; /* the processor does not: look at the code */
	bool going;
};

struct state {
	uint64_t ip, sp;
	uint64_t registers[STEP_REGISTERS];
	uint32_t count;
	bool is_32bit;
};

/* ---- registers ---- */

#ifdef __aarch64__
static void order_state(const struct user_regs_struct *taken, struct state *state)
{
	memcpy(state->registers, taken->regs, 31 * 8);
	state->registers[31] = state->sp = taken->sp;
	state->ip = taken->pc;
	state->count = 32;
}
#else
#define USER_CS_32 0x23 /* __USER32_CS, arch/x86/include/asm/segment.h */

/* by DWARF number: psABI of x86-64, figure 3.36, and of the i386, table 2.14 */
static void order_state(const struct user_regs_struct *taken, struct state *state)
{
	const uint64_t wide[] = { taken->rax, taken->rdx, taken->rcx, taken->rbx, taken->rsi,
				  taken->rdi, taken->rbp, taken->rsp, taken->r8, taken->r9,
				  taken->r10, taken->r11, taken->r12, taken->r13, taken->r14,
				  taken->r15 };
	const uint64_t narrow[] = { taken->rax, taken->rcx, taken->rdx, taken->rbx, taken->rsp,
				    taken->rbp, taken->rsi, taken->rdi, taken->rip };

	state->ip = taken->rip;
	state->sp = taken->rsp;
	state->is_32bit = taken->cs == USER_CS_32;
	state->count = state->is_32bit ? ARRAY_SIZE(narrow) : ARRAY_SIZE(wide);
	memcpy(state->registers, state->is_32bit ? narrow : wide, 8 * state->count);
}
#endif

static bool read_state(pid_t tid, struct state *state)
{
	struct user_regs_struct taken = { 0 };
	struct iovec place = { &taken, sizeof(taken) };

	*state = (struct state){ 0 };
#ifdef __aarch64__
	if (ptrace(PTRACE_GETREGSET, tid, 1 /* NT_PRSTATUS */, &place) != 0)
		return false;
#else
	(void)place;
	if (ptrace(PTRACE_GETREGS, tid, NULL, &taken) != 0)
		return false;
#endif
	order_state(&taken, state);
	return true;
}

static size_t read_memory(pid_t tid, uint64_t address, void *to, size_t size)
{
	struct iovec local = { to, size };
	struct iovec remote = { (void *)(uintptr_t)address, size };
	ssize_t got = process_vm_readv(tid, &local, 1, &remote, 1, 0);

	return got > 0 ? (size_t)got : 0;
}

/* up to the page that is not there: the stack's start is nearer than the size asked for */
static size_t read_stack(pid_t tid, uint64_t sp, unsigned char *to)
{
	size_t size = STEP_STACK_BYTES, page = (size_t)sysconf(_SC_PAGESIZE), got;

	got = read_memory(tid, sp, to, size);
	while (!got && size > page) {
		size = (size / page - 1) * page + (page - sp % page) % page;
		got = read_memory(tid, sp, to, size);
	}
	return got & ~(size_t)7;
}

/* ---- who is traced ---- */

static pid_t process_of(pid_t tid)
{
	struct buf text = BUF_INIT;
	char path[64], *line;
	pid_t pid = tid;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	if (buf_read_file(&text, path) == 0 && (line = strstr(buf_text(&text), "\nTgid:")))
		pid = (pid_t)strtol(line + strlen("\nTgid:"), NULL, 10);
	buf_free(&text);
	return pid;
}

static bool runs(pid_t pid, const char *executable)
{
	char path[64], target[PATH_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	return strcmp(target, executable) == 0;
}

/* the child of -c is no command before it executes it */
static bool is_wanted(const struct tracer *tracer, const struct tracee *tracee)
{
	if (tracee->root->executable)
		return runs(tracee->pid, tracee->root->executable);
	return !runs(tracee->pid, tracer->own_exe);
}

static struct tracee *find_tracee(struct tracer *tracer, pid_t tid)
{
	if (tracer->last < tracer->count && tracer->tracees[tracer->last].tid == tid)
		return &tracer->tracees[tracer->last];
	for (size_t i = 0; i < tracer->count; i++) {
		if (tracer->tracees[i].tid != tid)
			continue;
		tracer->last = i;
		return &tracer->tracees[i];
	}
	return NULL;
}

static struct tracee *add_tracee(struct tracer *tracer, pid_t tid, pid_t pid,
				 const struct step_root *root)
{
	struct tracee *tracee;

	if (tracer->count == tracer->capacity) {
		tracer->capacity = tracer->capacity ? 2 * tracer->capacity : 16;
		tracer->tracees = memory_realloc(tracer->tracees,
						 tracer->capacity * sizeof(*tracer->tracees));
	}
	tracee = &tracer->tracees[tracer->count++];
	*tracee = (struct tracee){ .tid = tid, .pid = pid, .root = root };
	tracee->stepped = is_wanted(tracer, tracee);
	return tracee;
}

static void remove_tracee(struct tracer *tracer, pid_t tid)
{
	struct tracee *tracee = find_tracee(tracer, tid);

	if (tracee)
		*tracee = tracer->tracees[--tracer->count];
}

/* a child of a traced task, told of by its first stop: its root is that of its parent */
static struct tracee *adopt_tracee(struct tracer *tracer, pid_t tid)
{
	pid_t pid = process_of(tid);
	const struct step_root *root = &tracer->plan->roots[0];
	struct buf text = BUF_INIT;
	char path[64], *line;
	pid_t parent = pid;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	if (pid == tid && buf_read_file(&text, path) == 0 &&
	    (line = strstr(buf_text(&text), "\nPPid:")))
		parent = (pid_t)strtol(line + strlen("\nPPid:"), NULL, 10);
	buf_free(&text);
	for (size_t i = 0; i < tracer->count; i++)
		if (tracer->tracees[i].pid == parent)
			root = tracer->tracees[i].root;
	return add_tracee(tracer, tid, pid, root);
}

/* threads that come while the list is read are found the next time, or told of by the kernel */
static int seize_threads(struct tracer *tracer, const struct step_root *root)
{
	char path[64];
	bool found = true, any = false;

	snprintf(path, sizeof(path), "/proc/%d/task", root->pid);
	while (found) {
		DIR *directory = opendir(path);
		struct dirent *entry;

		found = false;
		while (directory && (entry = readdir(directory))) {
			pid_t tid = (pid_t)atoi(entry->d_name);

			if (tid <= 0 || find_tracee(tracer, tid))
				continue;
			if (ptrace(PTRACE_SEIZE, tid, NULL, (void *)STEP_OPTIONS) != 0) {
				int error = errno;

				if (error == ESRCH)
					continue;
				closedir(directory);
				return -error;
			}
			add_tracee(tracer, tid, root->pid, root);
			found = any = true;
		}
		if (directory)
			closedir(directory);
	}
	return any ? 0 : -ESRCH;
}

/* ---- the signal mask ---- */

/* is @signal_number in the set that /proc/TID/status calls @set? */
static bool is_in_set(pid_t tid, const char *set, int signal_number)
{
	struct buf text = BUF_INIT;
	char path[64], *line;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	if (buf_read_file(&text, path) == 0 && (line = strstr(buf_text(&text), set)))
		found = strtoull(line + strlen(set), NULL, 16) >> (signal_number - 1) & 1;
	buf_free(&text);
	return found;
}

/* take SIGTRAP out of the mask, which is the task's own, and remember that it was there */
static void unblock_trap(struct tracee *tracee)
{
	uint64_t mask;

	tracee->blocks_trap = false;
	if (!tracee->stepped ||
	    ptrace(PTRACE_GETSIGMASK, tracee->tid, (void *)sizeof(mask), &mask) != 0 ||
	    !(mask & TRAP_BIT))
		return;
	mask &= ~TRAP_BIT;
	tracee->blocks_trap = ptrace(PTRACE_SETSIGMASK, tracee->tid, (void *)sizeof(mask),
				     &mask) == 0;
}

/* the mask as the task knows it */
static void restore_mask(const struct tracee *tracee)
{
	uint64_t mask;

	if (!tracee->blocks_trap ||
	    ptrace(PTRACE_GETSIGMASK, tracee->tid, (void *)sizeof(mask), &mask) != 0)
		return;
	mask |= TRAP_BIT;
	ptrace(PTRACE_SETSIGMASK, tracee->tid, (void *)sizeof(mask), &mask);
}

/* syscall, int 0x80, sysenter; svc #0 */
static bool is_at_syscall(struct tracee *tracee)
{
#ifdef __aarch64__
	static const unsigned char calls[][4] = { { 0x01, 0x00, 0x00, 0xd4 } };
#else
	static const unsigned char calls[][2] = { { 0x0f, 0x05 }, { 0xcd, 0x80 }, { 0x0f, 0x34 } };
#endif
	unsigned char code[sizeof(calls[0])];
	struct state state;

	if (!tracee->ip && read_state(tracee->tid, &state))
		tracee->ip = state.ip;
	if (read_memory(tracee->tid, tracee->ip, code, sizeof(code)) < sizeof(code))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (memcmp(code, calls[i], sizeof(code)) == 0)
			return true;
	return false;
}

/* ---- stops ---- */

/*
 * The code of a trap of stepping, 0 for others: after an instruction, on the way out of a system call, at the entry of a signal
 * handler (ptrace_notify() gives the signal as code). A breakpoint of the program's own has SI_KERNEL,
 * a signal somebody sent SI_USER or SI_TKILL; arm64 reports the system call as SI_USER from nobody.
 */
static int own_trap(pid_t tid)
{
	siginfo_t info;

	if (ptrace(PTRACE_GETSIGINFO, tid, NULL, &info) != 0)
		return 0;
	switch (info.si_code) {
	case TRAP_TRACE: case TRAP_BRKPT: case TRAP_BRANCH: case TRAP_HWBKPT: case SIGTRAP:
		return info.si_code;
#ifdef __aarch64__
	case SI_USER:
		return info.si_pid == 0 && info.si_uid == 0 ? TRAP_TRACE : 0;
#endif
	default:
		return 0;
	}
}

static bool is_block_start(const struct tracer *tracer, const struct tracee *tracee, uint64_t ip)
{
	unsigned char code[BRANCH_CODE_BYTES];
	int64_t distance = (int64_t)(ip - tracee->ip);

	if (!tracer->tells_blocks || !tracee->ip)
		return true;
	if (distance < 0 || distance > BRANCH_CODE_BYTES)
		return true;
	return branch_taken(code, read_memory(tracee->tid, tracee->ip, code, sizeof(code)),
			    distance);
}

static void record_step(struct tracer *tracer, struct tracee *tracee)
{
	unsigned char stack[STEP_STACK_BYTES];
	struct step_record record = { .tid = tracee->tid, .pid = tracee->pid };
	struct timespec now;
	struct state state;
	bool is_wanted_step;

	if (!tracee->stepped || !read_state(tracee->tid, &state))
		return;
	is_wanted_step = is_block_start(tracer, tracee, state.ip);
	tracee->ip = state.ip;
	if (!is_wanted_step)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	record.time = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	record.ip = state.ip;
	record.is_32bit = state.is_32bit;
	record.cpu = (uint32_t)sched_getcpu();
	if (tracer->plan->with_registers || tracer->plan->with_stack)
		record.register_count = state.count;
	if (tracer->plan->with_stack)
		record.stack_size = (uint32_t)read_stack(tracee->tid, state.sp, stack);
	record.size = (uint32_t)sizeof(record) + 8 * record.register_count + record.stack_size;
	step_ring_add(tracer->ring, &record, state.registers, stack);
}

static void restart(const struct tracer *tracer, struct tracee *tracee, int signal_number)
{
	int how = tracee->in_syscall ? PTRACE_SYSCALL : PTRACE_CONT;

	if (!tracee->in_syscall && tracee->stepped && tracer->going)
		how = tracer->how == PTRACE_SINGLESTEP && !signal_number && is_at_syscall(tracee) ?
			      PTRACE_SYSCALL : tracer->how;
	/* ESRCH: it was killed meanwhile, which the next wait tells */
	ptrace(how, tracee->tid, NULL, (void *)(long)signal_number);
}

/* execve: the thread has its process's id now, and the others are gone */
static struct tracee *handle_exec(struct tracer *tracer, pid_t tid)
{
	unsigned long former = (unsigned long)tid;
	struct tracee *tracee;

	ptrace(PTRACE_GETEVENTMSG, tid, NULL, &former);
	if ((pid_t)former != tid)
		remove_tracee(tracer, (pid_t)former);
	tracee = find_tracee(tracer, tid);
	if (!tracee)
		tracee = adopt_tracee(tracer, tid);
	tracee->stepped = is_wanted(tracer, tracee);
	tracee->in_syscall = true;
	tracee->ip = 0;
	return tracee;
}

/* at the entry the mask becomes the task's own, at the exit it may have changed */
static void handle_syscall(struct tracer *tracer, struct tracee *tracee)
{
	int owed = 0;

	tracee->in_syscall = !tracee->in_syscall;
	if (tracee->in_syscall) {
		restore_mask(tracee);
	} else {
		unblock_trap(tracee);
		record_step(tracer, tracee);
		if (tracee->owed_trap && !tracee->blocks_trap) {
			tracee->owed_trap = false;
			owed = SIGTRAP;
		}
	}
	restart(tracer, tracee, owed);
}

/*
 * A signal is about to be delivered: it is a trap of ours, or the task's own. A handler's frame keeps
 * the mask as the task knows it; at its first instruction the mask has changed.
 */
static void handle_signal(struct tracer *tracer, struct tracee *tracee, int signal_number)
{
	int trap = signal_number == SIGTRAP ? own_trap(tracee->tid) : 0;

	if (trap) {
		if (trap == SIGTRAP)
			unblock_trap(tracee);
		record_step(tracer, tracee);
		signal_number = 0;
	} else if (signal_number == SIGTRAP && tracee->blocks_trap) {
		tracee->owed_trap = true;
		signal_number = 0;
	} else if (is_in_set(tracee->tid, "\nSigCgt:", signal_number)) {
		restore_mask(tracee);
	}
	restart(tracer, tracee, signal_number);
}

static bool is_stop_signal(int signal_number)
{
	return signal_number == SIGSTOP || signal_number == SIGTSTP || signal_number == SIGTTIN ||
	       signal_number == SIGTTOU;
}

static void handle_stop(struct tracer *tracer, pid_t tid, int status)
{
	int signal_number = WSTOPSIG(status), event = status >> 16;
	struct tracee *tracee = find_tracee(tracer, tid);

	if (!tracee)
		tracee = adopt_tracee(tracer, tid);
	if (event == PTRACE_EVENT_EXEC)
		tracee = handle_exec(tracer, tid);
	if (event == PTRACE_EVENT_STOP && is_stop_signal(signal_number)) {
		ptrace(PTRACE_LISTEN, tid, NULL, NULL);
	} else if (event) {
		if (event == PTRACE_EVENT_STOP && tracer->going && !tracee->blocks_trap)
			unblock_trap(tracee);
		tracee->ip = 0; /* an interrupted system call goes back to its instruction */
		restart(tracer, tracee, 0);
	} else if (signal_number == STOP_IN_SYSCALL) {
		handle_syscall(tracer, tracee);
	} else {
		handle_signal(tracer, tracee, signal_number);
	}
}

static void handle(struct tracer *tracer, pid_t tid, int status)
{
	if (WIFSTOPPED(status))
		handle_stop(tracer, tid, status);
	else
		remove_tracee(tracer, tid);
}

/* ---- letting go ---- */

/* a trap that is on its way would kill whom nobody traces: let it arrive first */
static void let_go(struct tracer *tracer, pid_t tid, int status)
{
	int signal_number = WSTOPSIG(status), event = status >> 16;
	const struct tracee *tracee = find_tracee(tracer, tid);

	if (event || signal_number == STOP_IN_SYSCALL ||
	    (signal_number == SIGTRAP && own_trap(tid)))
		signal_number = 0;
	if (event && is_in_set(tid, "\nSigPnd:", SIGTRAP)) {
		ptrace(PTRACE_CONT, tid, NULL, NULL);
		return;
	}
	if (tracee) {
		restore_mask(tracee);
		signal_number = tracee->owed_trap && !signal_number ? SIGTRAP : signal_number;
	}
	ptrace(PTRACE_DETACH, tid, NULL, (void *)(long)signal_number);
	remove_tracee(tracer, tid);
}

static void let_all_go(struct tracer *tracer)
{
	int status;
	pid_t tid;

	for (size_t i = 0; i < tracer->count; i++)
		ptrace(PTRACE_INTERRUPT, tracer->tracees[i].tid, NULL, NULL);
	while (tracer->count) {
		tid = waitpid(-1, &status, __WALL);
		if (tid < 0 && errno != EINTR)
			return;
		if (tid > 0 && WIFSTOPPED(status))
			let_go(tracer, tid, status);
		else if (tid > 0)
			remove_tracee(tracer, tid);
	}
}

/* ---- does the processor stop at branches? Emulators often do not ---- */

#ifdef __x86_64__
static void run_nops(void)
{
	__asm__ volatile(".rept %c0\n\tnop\n\t.endr" : : "i"(SELF_TEST_NOPS));
}

static bool has_block_step(void)
{
	struct user_regs_struct before, after;
	unsigned nops = 0;
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		run_nops();
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		return false;
	while (WIFSTOPPED(status) && nops < SELF_TEST_NOPS / 2) {
		if (ptrace(PTRACE_GETREGS, child, NULL, &before) != 0 ||
		    ptrace(PTRACE_SINGLEBLOCK, child, NULL, NULL) != 0 ||
		    waitpid(child, &status, 0) != child ||
		    (WIFSTOPPED(status) && ptrace(PTRACE_GETREGS, child, NULL, &after) != 0))
			break;
		nops = after.rip == before.rip + 1 ? nops + 1 : 0;
	}
	if (!WIFSTOPPED(status))
		return true; /* it got past the nops without a stop at each */
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return false;
}
#else
static bool has_block_step(void)
{
	return false;
}
#endif

/* ---- the process ---- */

static void ignore_signal(int number)
{
	(void)number;
}

/* Ctrl-C is for stap, which then tells us; a timer and stap's death break a wait */
static void set_signals(void)
{
	struct sigaction breaks = { .sa_handler = ignore_signal };
	struct itimerval timer = { { CHECK_SECONDS, 0 }, { CHECK_SECONDS, 0 } };

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGUSR1, &breaks, NULL);
	sigaction(SIGALRM, &breaks, NULL);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static bool is_over(const struct tracer *tracer)
{
	return step_ring_stopped(tracer->ring) || getppid() != tracer->parent;
}

static void start_stepping(struct tracer *tracer)
{
	tracer->going = true;
	for (size_t i = 0; i < tracer->count; i++)
		if (tracer->tracees[i].stepped)
			ptrace(PTRACE_INTERRUPT, tracer->tracees[i].tid, NULL, NULL);
}

/* those who stop before stepping begins are sent on; false when stap gave up */
static bool wait_for_go(struct tracer *tracer, int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int status;
	pid_t tid;
	char go;

	while (poll(&poll_fd, 1, READY_POLL_MS) <= 0) {
		while ((tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0)
			handle(tracer, tid, status);
		if (is_over(tracer))
			return false;
	}
	return read(fd, &go, 1) == 1;
}

static void step_all(struct tracer *tracer)
{
	int status;
	pid_t tid;

	while (tracer->count && !is_over(tracer)) {
		step_ring_idle(tracer->ring, true);
		tid = waitpid(-1, &status, __WALL);
		step_ring_idle(tracer->ring, false);
		if (tid > 0)
			handle(tracer, tid, status);
		else if (errno != EINTR)
			break;
	}
	step_ring_idle(tracer->ring, true);
}

/* what stap holds open must end with stap, not with us: the pipe of -c's child above all */
static void close_others(int keep, int keep2, int keep3)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		int fd = atoi(entry->d_name);

		if (fd > STDERR_FILENO && fd != keep && fd != keep2 && fd != keep3 &&
		    fd != dirfd(directory))
			close(fd);
	}
	if (directory)
		closedir(directory);
}

static NORETURN void run_tracer(const struct step_plan *plan, struct step_ring *ring, pid_t parent,
				int ready_fd, int go_fd)
{
	struct tracer tracer = { .plan = plan, .ring = ring, .parent = parent };
	int error = 0;

	close_others(ready_fd, go_fd, step_ring_fd(ring));
	if (readlink("/proc/self/exe", tracer.own_exe, sizeof(tracer.own_exe) - 1) < 0)
		tracer.own_exe[0] = '\0';
	tracer.how = PTRACE_SINGLESTEP;
	if (plan->by_block && has_block_step())
		tracer.how = PTRACE_SINGLEBLOCK;
	tracer.tells_blocks = plan->by_block && tracer.how == PTRACE_SINGLESTEP;
	set_signals();
	for (size_t i = 0; i < plan->root_count && !error; i++)
		error = seize_threads(&tracer, &plan->roots[i]);
	(void)!write(ready_fd, &error, sizeof(error));
	close(ready_fd);
	if (!error && wait_for_go(&tracer, go_fd)) {
		start_stepping(&tracer);
		step_all(&tracer);
	}
	let_all_go(&tracer);
	_exit(0);
}

struct stepper *stepper_start(const struct step_plan *plan, struct step_ring *ring,
			      struct buf *problem)
{
	struct stepper *stepper = memory_zalloc(sizeof(*stepper));
	int ready[2] = { -1, -1 }, go[2] = { -1, -1 }, error = -EIO;
	pid_t parent = getpid();

	if (pipe2(ready, O_CLOEXEC) == 0 && pipe2(go, O_CLOEXEC) == 0)
		stepper->pid = fork();
	if (stepper->pid == 0 && go[0] >= 0) {
		close(go[1]);
		run_tracer(plan, ring, parent, ready[1], go[0]);
	}
	close(ready[1]);
	close(go[0]);
	stepper->go_fd = go[1];
	if (stepper->pid > 0 && read(ready[0], &error, sizeof(error)) == sizeof(error) && !error) {
		close(ready[0]);
		return stepper;
	}
	close(ready[0]);
	buf_printf(problem, "cannot step the process: %s%s", strerror(-error),
		   error == -EPERM ? " (somebody else may trace it, or CAP_SYS_PTRACE is missing)" : "");
	stepper_end(stepper);
	return NULL;
}

void stepper_go(struct stepper *stepper)
{
	(void)!write(stepper->go_fd, "", 1);
}

/* a signal may come just before the wait it is to break: repeat it */
void stepper_end(struct stepper *stepper)
{
	if (!stepper)
		return;
	if (stepper->go_fd >= 0)
		close(stepper->go_fd);
	while (stepper->pid > 0 && waitpid(stepper->pid, NULL, WNOHANG) == 0) {
		kill(stepper->pid, SIGUSR1);
		usleep(1000);
	}
	free(stepper);
}
