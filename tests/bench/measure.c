/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * measure [-r TEXT] [-o LOG] [TOOL ARGUMENT...] -- COMMAND ARGUMENT... - what tracing a command
 * costs.
 *
 * Starts the tool, waits until its output holds TEXT (or, without -r, for a second), runs the
 * command, ends the tool with SIGINT, and prints one line of numbers:
 *	command CPU ns, command wall ns, command peak KiB,
 *	tool CPU ns until it was ready, tool CPU ns from then on, tool peak KiB
 * CPU is user and system time. Without a tool its numbers are 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY_SECONDS 60
#define SETTLE_MS 300 /* between ready and the command, and between its end and SIGINT */
#define END_SECONDS 10 /* for the tool; bpftrace 0.17 sometimes misses a SIGINT */

static void die(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void sleep_ms(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	return clock_gettime(clock, &time) ? 0 : (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static uint64_t usage_ns(const struct rusage *usage)
{
	return ((uint64_t)usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000000 +
	       ((uint64_t)usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000;
}

static uint64_t process_cpu_ns(pid_t pid)
{
	clockid_t clock;

	return clock_getcpuclockid(pid, &clock) ? 0 : clock_ns(clock);
}

static pid_t start(char **command, const char *log)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid > 0)
		return pid;
	if (log) {
		int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);

		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	execvp(command[0], command);
	die(command[0]);
	return -1;
}

static bool log_has(const char *log, const char *text)
{
	static char bytes[65536];
	int fd = open(log, O_RDONLY);
	ssize_t length = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes) - 1);

	if (fd >= 0)
		close(fd);
	bytes[length > 0 ? length : 0] = '\0';
	return strstr(bytes, text);
}

static void wait_until_ready(pid_t tool, const char *log, const char *ready)
{
	if (!ready) {
		sleep_ms(1000);
		return;
	}
	for (int ms = 0; !log_has(log, ready); ms += 10) {
		if (ms > READY_SECONDS * 1000 || waitpid(tool, NULL, WNOHANG) == tool) {
			fprintf(stderr, "measure: the tool was never ready, see %s\n", log);
			exit(1);
		}
		sleep_ms(10);
	}
	sleep_ms(SETTLE_MS);
}

static void end_tool(pid_t tool, struct rusage *usage)
{
	for (int second = 0; second < END_SECONDS; second++) {
		kill(tool, SIGINT);
		for (int i = 0; i < 100; i++) {
			if (wait4(tool, NULL, WNOHANG, usage) == tool)
				return;
			sleep_ms(10);
		}
	}
	kill(tool, SIGKILL);
	wait4(tool, NULL, 0, usage);
}

int main(int argc, char **argv)
{
	const char *ready = NULL, *log = "/dev/null";
	struct rusage command_usage = { 0 }, tool_usage = { 0 };
	uint64_t ready_cpu = 0, begun, wall;
	char **tool, **command;
	pid_t tool_pid = -1;
	int option;

	while ((option = getopt(argc, argv, "+r:o:")) != -1) {
		if (option == 'r')
			ready = optarg;
		else if (option == 'o')
			log = optarg;
		else
			return 2;
	}
	/* getopt() has eaten the "--" when there is no tool */
	tool = command = argv + optind;
	if (strcmp(argv[optind - 1], "--") != 0) {
		while (*command && strcmp(*command, "--") != 0)
			command++;
		if (*command)
			*command++ = NULL;
	}
	if (!*command)
		return 2;
	if (tool != command) {
		tool_pid = start(tool, log);
		wait_until_ready(tool_pid, log, ready);
		ready_cpu = process_cpu_ns(tool_pid);
	}
	begun = clock_ns(CLOCK_MONOTONIC);
	wait4(start(command, tool_pid < 0 ? log : "/dev/null"), NULL, 0, &command_usage);
	wall = clock_ns(CLOCK_MONOTONIC) - begun;
	if (tool_pid > 0) {
		sleep_ms(SETTLE_MS);
		end_tool(tool_pid, &tool_usage);
	}
	printf("%llu %llu %ld %llu %llu %ld\n", (unsigned long long)usage_ns(&command_usage),
	       (unsigned long long)wall, command_usage.ru_maxrss, (unsigned long long)ready_cpu,
	       (unsigned long long)(tool_pid > 0 ? usage_ns(&tool_usage) - ready_cpu : 0),
	       tool_usage.ru_maxrss);
	return 0;
}
