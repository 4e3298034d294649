// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guardian: a small process that outlives stap and removes what it made in tracefs. It is
 * forked before anything exists in the kernel, leaves stap's process group, blocks every signal
 * that can be blocked, and then only waits: for the word that all is clean, or for the end of
 * stap, seen twice over, as end of file on their socket and on a pidfd (a child of stap may hold
 * the socket open). A dying stap may still hold ring buffers, so a busy instance is tried again.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "session.h"

#define SAY_READY 'r'
#define SAY_CLEAN 'c'

/* how long a busy instance is tried again, in ms: someone may be looking at it */
#define GIVE_UP_AFTER 60000

static void sleep_ms(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static void clean_up(const char *root, const char *name)
{
	long wait = 1;

	for (long waited = 0; waited < GIVE_UP_AFTER; waited += wait) {
		if (reap_remove(root, name) >= 0)
			return;
		wait = waited < 500 ? 2 : 100;
		sleep_ms(wait);
	}
}

static void close_range_of(int first, int last)
{
	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return;
	if (last > 65535) /* before 5.9: one by one, as far as is likely */
		last = 65535;
	for (int fd = first; fd <= last; fd++)
		close(fd);
}

/* let go of everything stap has open but these two; @b may be -1 */
static void close_all_but(int a, int b)
{
	int low = a < b ? a : b, high = a < b ? b : a;

	close_range_of(0, low - 1);
	close_range_of(low + 1, high - 1);
	close_range_of(high + 1, INT_MAX);
}

/* true when stap ended without saying that all is clean */
static bool wait_for_end(int socket, int pidfd)
{
	struct pollfd ends[2] = {
		{ .fd = socket, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
	};
	char word;

	for (;;) {
		if (poll(ends, 2, -1) < 0 && errno != EINTR)
			return true;
		if (ends[0].revents) {
			ssize_t got = read(socket, &word, 1);

			if (got != 1 || word == SAY_CLEAN)
				return got != 1;
		} else if (ends[1].revents) {
			return true;
		}
	}
}

NORETURN static void guard(int socket, int pidfd, const char *root, const char *name)
{
	char ready = SAY_READY;

	setsid();
	prctl(PR_SET_NAME, "stap-guardian");
	close_all_but(socket, pidfd);
	if (chdir("/") < 0 || send(socket, &ready, 1, MSG_NOSIGNAL) < 0 ||
	    wait_for_end(socket, pidfd))
		clean_up(root, name);
	_exit(0);
}

int guardian_start(struct guardian *guardian, const char *root, const char *name)
{
	sigset_t all, before;
	int ends[2], pidfd, error = 0;
	char word;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pidfd = syscall(SYS_pidfd_open, getpid(), 0); /* since 5.3; without it the socket tells */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	guardian->pid = fork();
	if (guardian->pid < 0)
		error = -errno;
	else if (guardian->pid == 0)
		guard(ends[1], pidfd, root, name);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	if (pidfd >= 0)
		close(pidfd);
	guardian->fd = ends[0];
	/* until it has left our process group, a kill of the group would take it too */
	if (!error && TEMP_FAILURE_RETRY(read(guardian->fd, &word, 1)) != 1)
		error = -ECHILD;
	if (error) {
		close(guardian->fd);
		guardian->fd = -1;
	}
	return error;
}

void guardian_stop(struct guardian *guardian)
{
	char word = SAY_CLEAN;

	if (guardian->fd < 0)
		return;
	send(guardian->fd, &word, 1, MSG_NOSIGNAL);
	close(guardian->fd);
	guardian->fd = -1;
	TEMP_FAILURE_RETRY(waitpid(guardian->pid, NULL, 0));
}

#ifdef UNIT_TEST
#include <sys/stat.h>

#include "../lib/unit.h"

/* a directory that looks like tracefs as far as removing goes */
static void make_root(char *root, char *instance, const char *name)
{
	char path[256];

	CHECK(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/instances", root);
	CHECK_INT(mkdir(path, 0700), 0);
	snprintf(instance, 256, "%s/instances/%s", root, name);
	CHECK_INT(mkdir(instance, 0700), 0);
}

static bool vanishes(const char *path)
{
	for (int i = 0; i < 200; i++) {
		if (access(path, F_OK) < 0)
			return true;
		sleep_ms(10);
	}
	return false;
}

static void remove_root(const char *root)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/instances", root);
	rmdir(path);
	rmdir(root);
}

UNIT_TEST_CASE(guardian_cleans_up_after_a_kill)
{
	char root[] = "/tmp/stap-guardian-XXXXXX", instance[256];
	struct guardian guardian;
	pid_t child;

	make_root(root, instance, "stap_1_2_3");
	child = fork();
	if (child == 0) {
		if (guardian_start(&guardian, root, "stap_1_2_3") == 0)
			kill(getpid(), SIGKILL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
	CHECK(vanishes(instance));
	remove_root(root);
}

UNIT_TEST_CASE(guardian_leaves_quietly_when_told)
{
	char root[] = "/tmp/stap-guardian-XXXXXX", instance[256];
	struct guardian guardian;

	make_root(root, instance, "stap_1_2_3");
	CHECK_INT(guardian_start(&guardian, root, "stap_1_2_3"), 0);
	guardian_stop(&guardian);
	CHECK_INT(access(instance, F_OK), 0);
	rmdir(instance);
	remove_root(root);
}
#endif
