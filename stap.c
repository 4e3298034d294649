/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stap command: options in, the list of passes, the exit status out. It is the only file that
 * sees every folder, and the only one that exits.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#else
#define STAP_PROBE1(provider, name, argument) ((void)(argument))
#endif

#include "perf-backend/perf-backend.h"
#include "tracefs-backend/tracefs-backend.h"

#ifndef STAP_VERSION
#define STAP_VERSION "0.1"
#endif
#ifndef TAPSET_DIR
#define TAPSET_DIR "/usr/local/share/stap-tracefs/tapset"
#endif
#ifdef __x86_64__
#define STAP_ARCH "x86_64"
#elif defined(__aarch64__)
#define STAP_ARCH "arm64"
#endif

#define EXIT_USAGE 1
#define LAST_PASS 5
#define TEXT_LIST ARRAY(const char *)

struct session {
	struct arena *arena;
	struct frontend_options frontend_options;
	struct run_options run_options;
	struct tracefs_options tracefs_options;
	TEXT_LIST arguments, libraries, defines, globals, extra_scripts;
	const char *script_text, *script_file; /* -e, or the first argument */
	const char *list_pattern;
	bool list_variables;
	const char *output_file, *command;
	const char *flame_graph_file, *folded_file; /* --flamegraph, --folded */
	void (*dump)(struct frontend *frontend, FILE *out);
	bool has_privilege; /* --privilege was given */
	bool suppress_time_limits;
	int last_pass;
	struct frontend *frontend;
	enum backend backend;
	const char *cgroup; /* --cgroup */
	pid_t container_of; /* --target-namespace; 0 for none */
	struct tracefs *tracefs;
	struct perf *perf;
	struct aggregator *aggregator;
	int status;
};

/* ---- options ---- */

enum option_key {
	KEY_DUMP_FUNCTIONS = 0x100, KEY_DUMP_ALIASES, KEY_DUMP_TYPES, KEY_COMPATIBLE,
	KEY_SUPPRESS_ERRORS, KEY_SUPPRESS_TIME, KEY_SKIP_BADVARS, KEY_NAMESPACES, KEY_NAMESPACE,
	KEY_CGROUP, KEY_PRIVILEGE, KEY_UNPRIVILEGED,
	KEY_LDD, KEY_ALL_MODULES, KEY_STRICT, KEY_BACKEND, KEY_FLAMEGRAPH, KEY_FOLDED, KEY_DEMANGLE,
};

static const struct argp_option option_table[] = {
	{ NULL, 'e', "SCRIPT", 0, "run SCRIPT", 1 },
	{ NULL, 'E', "SCRIPT", 0, "run SCRIPT too, beside the main script", 1 },
	{ NULL, 'I', "DIR", 0, "look in DIR for tapset files, before the standard ones", 1 },
	{ NULL, 'D', "NAME=VALUE", 0, "set a limit (see stap(1)) or an embedded-C macro", 1 },
	{ NULL, 'G', "NAME=VALUE", 0, "give the global variable NAME the initial value VALUE", 1 },
	{ NULL, 'g', NULL, 0, "guru mode: allow embedded C", 1 },
	{ "privilege", KEY_PRIVILEGE, "LEVEL", 0,
	  "allow what is fit for members of the group stapusr, stapsys, or stapdev: everything", 1 },
	{ "unprivileged", KEY_UNPRIVILEGED, NULL, 0, "the same as --privilege=stapusr", 1 },
	{ NULL, 'u', NULL, 0, "do not optimize the script", 1 },
	{ NULL, 'r', "RELEASE", 0,
	  "preprocess the script as for this kernel release, or the kernel built in this directory",
	  1 },
	{ NULL, 'a', "ARCH", 0, "plan for this architecture: x86_64 or arm64", 1 },
	{ "compatible", KEY_COMPATIBLE, "VERSION", 0,
	  "preprocess the script as for this version of SystemTap", 1 },
	{ NULL, 'c', "COMMAND", 0, "start COMMAND once everything is armed, end with it", 2 },
	{ NULL, 'x', "PID", 0, "make PID the target(), end with it", 2 },
	{ NULL, 'T', "SECONDS", 0, "end after SECONDS", 2 },
	{ "target-namespaces", KEY_NAMESPACES, "PID", 0,
	  "ns_pid() and its like give ids as PID's namespaces see them", 2 },
	{ "target-namespace", KEY_NAMESPACE, "PID", 0,
	  "the same, and probe only tasks in PID's pid namespace, as of a container", 2 },
	{ "cgroup", KEY_CGROUP, "NAME", 0,
	  "probe only tasks of this control group: a directory, a path, or the PID of one of them", 2 },
	{ NULL, 'o', "FILE", 0, "write output to FILE; strftime(3) conversions are replaced", 2 },
	{ NULL, 'S', "MB[,N]", 0, "with -o: continue in FILE.1 and so on, when one holds so much, and "
	  "keep the last N", 2 },
	{ NULL, 's', "MB", 0, "size of the kernel's trace buffer for each CPU", 2 },
	{ NULL, 'm', "NAME", 0, "the name module_name() gives, and of the directory of procfs files", 2 },
	{ NULL, 't', NULL, 0, "print how often and how long each handler ran", 2 },
	{ "backend", KEY_BACKEND, "NAME", 0,
	  "what carries events: tracefs, perf, or auto, which takes the cheaper that can", 2 },
	{ "flamegraph", KEY_FLAMEGRAPH, "FILE", 0,
	  "at the end, draw arrays keyed by a stack as SVG", 2 },
	{ "folded", KEY_FOLDED, "FILE", 0,
	  "at the end, write arrays keyed by a stack as folded lines", 2 },
	{ "demangle", KEY_DEMANGLE, NULL, 0, "C++ symbols as they were declared", 2 },
	{ NULL, 'd', "OBJECT", 0, "symbols of this file or kernel module are wanted: they are always "
	  "there", 2 },
	{ "ldd", KEY_LDD, NULL, 0, "the same for the libraries of such files", 2 },
	{ "all-modules", KEY_ALL_MODULES, NULL, 0, "the same for every kernel module", 2 },
	{ "strict", KEY_STRICT, NULL, 0,
	  "refuse what can only be read after its event, instead of warning", 2 },
	{ "suppress-handler-errors", KEY_SUPPRESS_ERRORS, NULL, 0,
	  "end a handler with a run-time error quietly", 2 },
	{ "suppress-time-limits", KEY_SUPPRESS_TIME, NULL, 0,
	  "handlers may run as long as they like, whatever -D MAXACTION says; needs -g", 2 },
	{ "skip-badvars", KEY_SKIP_BADVARS, NULL, 0, "take 0 for variables that are not there", 2 },
	{ NULL, 'l', "PATTERN", 0, "list the probe points that match PATTERN", 3 },
	{ NULL, 'L', "PATTERN", 0, "list them with their variables", 3 },
	{ "dump-probe-types", KEY_DUMP_TYPES, NULL, 0, "list the kinds of probe points", 3 },
	{ "dump-probe-aliases", KEY_DUMP_ALIASES, NULL, 0, "list the tapset's probe aliases", 3 },
	{ "dump-functions", KEY_DUMP_FUNCTIONS, NULL, 0, "list the functions scripts can call", 3 },
	{ NULL, 'p', "NUMBER", 0, "stop after pass 1 (parse), 2 (resolve), 3 (plan), 4 (arm)", 4 },
	{ NULL, 'v', NULL, 0, "say more about each pass and the run; repeat for more", 4 },
	{ NULL, 'w', NULL, 0, "no warnings", 4 },
	{ NULL, 'W', NULL, 0, "warnings are errors", 4 },
	{ 0 },
};

static long option_number(struct argp_state *state, const char *text, long least, long most)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 0);
	if (errno || end == text || *end || number < least || number > most)
		argp_error(state, "'%s' is not a number from %ld to %ld", text, least, most);
	return number;
}

static void option_argument(struct session *session, const char *text)
{
	bool has_script = session->script_text || session->script_file || session->list_pattern ||
			  session->dump;

	if (has_script)
		array_push(session->arena, &session->arguments, text);
	else
		session->script_file = text;
}

/* `stap A -e SCRIPT B`: what was taken for the script's file is its first argument */
static void option_script(struct argp_state *state, struct session *session, const char *text)
{
	if (session->script_text)
		argp_error(state, "-e was given already: -E runs another script beside it");
	session->script_text = text;
	if (session->script_file)
		array_push(session->arena, &session->arguments, session->script_file);
	session->script_file = NULL;
}

/* -r DIR: the release is what the build there says of itself */
static void option_release(struct argp_state *state, struct session *session, const char *text)
{
	struct buf release = BUF_INIT;

	if (!strchr(text, '/')) {
		session->frontend_options.kernel_release = text;
		return;
	}
	if (access(text, X_OK) < 0)
		argp_error(state, "-r %s: %s", text, strerror(errno));
	session->frontend_options.kernel_tree = text;
	if (!buf_read_file(&release, arena_printf(session->arena,
						  "%s/include/config/kernel.release", text)))
		session->frontend_options.kernel_release =
			arena_printf(session->arena, "%.*s",
				     (int)strcspn(buf_text(&release), "\n"), buf_text(&release));
	buf_free(&release);
}

static void option_arch(struct argp_state *state, struct session *session, const char *text)
{
	if (strcmp(text, "x86_64") != 0 && strcmp(text, "arm64") != 0)
		argp_error(state, "-a takes x86_64 or arm64, not '%s'", text);
	session->frontend_options.arch = text;
	session->frontend_options.is_foreign = strcmp(text, STAP_ARCH) != 0;
}

/* -m NAME or NAME.ko: as of a module, so that it can be a directory's too */
static void option_series(struct argp_state *state, struct session *session, const char *text)
{
	struct run_options *run = &session->run_options;
	const char *comma = strchr(text, ',');

	run->output_bound = (uint64_t)option_number(state, comma ?
		arena_memdup(session->arena, text, comma - text) : text, 1, INT_MAX) << 20;
	if (comma)
		run->output_keep = option_number(state, comma + 1, 1, INT_MAX);
}

static void option_module(struct argp_state *state, struct session *session, const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	if (length == 0 || (text[length] && strcmp(text + length, ".ko") != 0))
		argp_error(state, "'%s' is no name of letters, digits and underscores", text);
	session->run_options.module_name = arena_memdup(session->arena, text, length);
}

static void option_privilege(struct argp_state *state, struct session *session, const char *name)
{
	if (session->has_privilege)
		argp_error(state, "the privilege level may be set only once");
	if (!privilege_parse(name, &session->frontend_options.privilege))
		argp_error(state, "--privilege takes stapusr, stapsys or stapdev, not '%s'", name);
	session->has_privilege = true;
}

static void option_log(struct session *session, int key)
{
	struct log *log = &session->frontend_options.log;

	log->verbosity += key == 'v';
	log->quiet_warnings |= key == 'w';
	session->frontend_options.no_warnings |= key == 'w';
	session->frontend_options.warnings_are_errors |= key == 'W';
}

/* NAME or NAME=VALUE */
static void option_define(struct argp_state *state, struct session *session, char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	static const char word[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
	const char *end = text + strspn(text, word);
	const char *value = *end == '=' ? end + 1 + (end[1] == '-') : NULL;

	if (!strchr(letters, *text) || !*text || (*end && !value) ||
	    (value && (!*value || value[strspn(value, word)])))
		argp_error(state, "-D takes a name, or NAME=VALUE, not '%s'", text);
	array_push(session->arena, &session->defines, text);
}

static bool is_confined(const struct session *session)
{
	return session->cgroup || session->container_of;
}

static error_t option_end(struct argp_state *state, struct session *session)
{
	bool has_work = session->script_text || session->script_file || session->list_pattern ||
			session->dump;

	if (!has_work)
		argp_error(state, session->extra_scripts.count ?
			   "no main script beside -E: give a FILE, - or -e SCRIPT" :
			   "no script: give a FILE, - or -e SCRIPT");
	if (session->suppress_time_limits && !session->frontend_options.guru)
		argp_error(state, "--suppress-time-limits requires guru mode (-g)");
	if (session->frontend_options.guru && session->frontend_options.privilege)
		argp_error(state, "-g and --privilege=%s exclude each other",
			   privilege_name(session->frontend_options.privilege));
	if (session->command && session->run_options.target_pid)
		argp_error(state, "-c and -x exclude each other");
	if (session->cgroup && session->container_of)
		argp_error(state, "--cgroup and --target-namespace exclude each other; "
			   "--target-namespaces translates ids in a control group, too");
	if (is_confined(session) && session->backend == BACKEND_TRACEFS)
		argp_error(state, "--%s needs events of perf, --backend=tracefs has none",
			   session->cgroup ? "cgroup" : "target-namespace");
	return 0;
}

static error_t option_parse(int key, char *text, struct argp_state *state)
{
	struct session *session = state->input;

	switch (key) {
	case 'e': option_script(state, session, text); break;
	case 'E': array_push(session->arena, &session->extra_scripts, text); break;
	case 'I': array_push(session->arena, &session->libraries, text); break;
	case 'D': option_define(state, session, text); break;
	case 'G': array_push(session->arena, &session->globals, text); break;
	case 'g': session->frontend_options.guru = true; break;
	case 'u': session->frontend_options.no_optimize = true; break;
	case 'r': option_release(state, session, text); break;
	case 'a': option_arch(state, session, text); break;
	case 'c': session->command = text; break;
	case 'x': session->run_options.target_pid = option_number(state, text, 1, INT_MAX); break;
	case 'T': session->run_options.max_seconds = option_number(state, text, 1, INT_MAX); break;
	case 'o': session->output_file = text; break;
	case 'S': option_series(state, session, text); break;
	case 's':
		session->tracefs_options.buffer_bytes =
			(uint64_t)option_number(state, text, 1, 4095) << 20;
		break;
	case 'm': option_module(state, session, text); break;
	case 't': session->run_options.timing = true; break;
	case 'L': session->list_variables = true; /* fall through */
	case 'l': session->list_pattern = text; break;
	case 'p': session->last_pass = option_number(state, text, 1, LAST_PASS); break;
	case 'v': case 'w': case 'W': option_log(session, key); break;
	case KEY_DUMP_FUNCTIONS: session->dump = frontend_dump_functions; break;
	case KEY_DUMP_ALIASES: session->dump = frontend_dump_aliases; break;
	case KEY_DUMP_TYPES: session->dump = frontend_dump_families; break;
	case KEY_PRIVILEGE: option_privilege(state, session, text); break;
	case KEY_UNPRIVILEGED: option_privilege(state, session, "stapusr"); break;
	case KEY_COMPATIBLE: session->frontend_options.compatible = text; break;
	case KEY_BACKEND:
		if (!backend_parse(text, &session->backend))
			argp_error(state, "'%s' is none of tracefs, perf and auto", text);
		break;
	case KEY_CGROUP: session->cgroup = text; break;
	case KEY_FLAMEGRAPH: session->flame_graph_file = text; break;
	case KEY_FOLDED: session->folded_file = text; break;
	case KEY_NAMESPACES:
		session->run_options.namespaces_of = (pid_t)option_number(state, text, 1, INT_MAX);
		break;
	case KEY_NAMESPACE:
		session->container_of = session->run_options.namespaces_of =
			(pid_t)option_number(state, text, 1, INT_MAX);
		break;
	case KEY_DEMANGLE: session->run_options.demangles = true; break;
	case 'd': case KEY_LDD: case KEY_ALL_MODULES: break;
	case KEY_STRICT: session->frontend_options.strict = true; break;
	case KEY_SKIP_BADVARS: session->frontend_options.skip_badvars = true; break;
	case KEY_SUPPRESS_TIME: session->suppress_time_limits = true; break;
	case KEY_SUPPRESS_ERRORS: session->run_options.suppress_handler_errors = true; break;
	case ARGP_KEY_ARG: option_argument(session, text); break;
	case ARGP_KEY_END: return option_end(state, session);
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const char *argp_program_version = "stap (stap-tracefs) " STAP_VERSION;

static const struct argp option_parser = {
	.options = option_table,
	.parser = option_parse,
	.args_doc = "FILE [ARGUMENT...]\n-e SCRIPT [ARGUMENT...]\n- [ARGUMENT...]",
	.doc = "Run a SystemTap script through tracefs and perf events, without a kernel module.",
};

/* ---- what the passes need around them ---- */

static struct aggregator *running; /* for the signal handler alone */
static rlim_t memory_limit;	   /* bytes, STP_MAXMEMORY; for out_of_memory() alone; 0 for none */

#define INTERRUPTS_MOST 3 /* Ctrl-C so often, and whatever hangs is left where it is */

/*
 * while compiling, arming and cleaning up there is nothing to end in order: the guardian tidies up
 */
static void session_interrupt(int signal_number)
{
	if (!running || aggregator_interrupt(running) >= INTERRUPTS_MOST)
		_exit(128 + signal_number);
}

static void out_of_memory(size_t size)
{
	char text[128] = "ERROR: out of memory\n";

	(void)size;
	if (memory_limit)
		snprintf(text, sizeof(text), "ERROR: STP_MAXMEMORY exceeded: %llu kilobytes, "
			 "-D STP_MAXMEMORY=N allows more\n",
			 (unsigned long long)memory_limit >> 10);
	(void)!write(STDERR_FILENO, text, strlen(text));
	_exit(1);
}

static int session_fail(struct session *session, const char *sentence)
{
	log_error(&session->frontend_options.log, "%s", sentence);
	return -EINVAL;
}

/* beside the executable in the source tree; installed, relative to bin/: the tree may be moved */
static const char *tapset_dir(struct session *session)
{
	static const char *const places[] = { "tapset", "../share/stap-tracefs/tapset" };
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash, *tree;

	if (length <= 0)
		return TAPSET_DIR;
	path[length] = '\0';
	slash = strrchr(path, '/');
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		tree = arena_printf(session->arena, "%.*s/%s", (int)(slash - path), path,
				    places[i]);
		if (access(tree, X_OK) == 0)
			return tree;
	}
	return TAPSET_DIR;
}

static int session_read_script(struct session *session, const char *path, struct buf *text)
{
	int error = strcmp(path, "-") == 0 ? buf_read_fd(text, STDIN_FILENO) :
					     buf_read_file(text, path);

	if (!error)
		return 0;
	return session_fail(session, arena_printf(session->arena, "cannot read script %s: %s",
						  path, strerror(-error)));
}

static int session_add_scripts(struct session *session)
{
	struct buf text = BUF_INIT;
	int error = 0;

	if (session->script_text) {
		frontend_add_script(session->frontend, "<input>", session->script_text,
				    strlen(session->script_text));
	} else if (session->script_file) {
		error = session_read_script(session, session->script_file, &text);
		if (!error)
			frontend_add_script(session->frontend, strcmp(session->script_file, "-") ?
					    session->script_file : "<input>", text.data, text.length);
	}
	for (size_t i = 0; i < session->extra_scripts.count; i++)
		frontend_add_script(session->frontend, "<extra>", session->extra_scripts.items[i],
				    strlen(session->extra_scripts.items[i]));
	buf_free(&text);
	return error;
}

static void session_add_families(struct session *session)
{
	for (size_t i = 0; i < aggregator_family_count; i++)
		frontend_add_family(session->frontend, &aggregator_families[i], NULL);
	tracefs_add_families(session->frontend, session->tracefs);
	for (size_t i = 0; i < perf_family_count; i++)
		frontend_add_family(session->frontend, &perf_families[i], session->perf);
	for (size_t i = 0; i < step_family_count; i++)
		frontend_add_family(session->frontend, &step_families[i], NULL);
}

/*
 * The child of -c waits for a byte on a pipe and then becomes the command: target() is known before
 * anything is compiled, and nothing of the command is missed. An end of file means stap gave up.
 * Another byte before has the kernel load programs at the addresses that probes on data expect.
 */
#define COMMAND_FIX_ADDRESSES 'f'

static int session_fork_command(struct session *session)
{
	int fds[2];
	char go;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0 || (child = fork()) < 0)
		return session_fail(session, "cannot start the command of -c");
	if (child == 0) {
		close(fds[1]);
		signal(SIGPIPE, SIG_DFL);
		do {
			if (read(fds[0], &go, 1) != 1)
				_exit(0);
		} while (go == COMMAND_FIX_ADDRESSES && personality(ADDR_NO_RANDOMIZE) >= 0);
		execl("/bin/sh", "sh", "-c", session->command, NULL);
		_exit(127);
	}
	close(fds[0]);
	session->run_options.command_pid = session->run_options.target_pid = child;
	session->run_options.command_start_fd = fds[1];
	return 0;
}

static int session_find_target(struct session *session)
{
	struct run_options *run = &session->run_options;

	if (session->command && session_fork_command(session) < 0)
		return -ECHILD;
	if (!run->target_pid)
		return 0;
	run->target_fd = (int)syscall(SYS_pidfd_open, run->target_pid, 0);
	if (run->target_fd < 0)
		return session_fail(session, arena_printf(session->arena, "cannot follow process %d: %s",
							  run->target_pid, strerror(errno)));
	session->frontend_options.target_pid = run->target_pid;
	session->tracefs_options.target_pid = run->target_pid;
	return 0;
}

static int open_file(struct session *session, const char *name, FILE **file)
{
	if (!name)
		return 0;
	*file = fopen(name, "we");
	if (*file)
		return 0;
	return session_fail(session, arena_printf(session->arena, "cannot write %s: %s", name,
						  strerror(errno)));
}

static int session_open_output(struct session *session)
{
	struct run_options *run = &session->run_options;
	char name[PATH_MAX];
	const char *first;
	time_t now = time(NULL);

	if (session->output_file &&
	    !strftime(name, sizeof(name), session->output_file, localtime(&now)))
		return session_fail(session, "the file name of -o is empty or too long");
	if (run->output_bound && !session->output_file)
		return session_fail(session, "-S bounds the files of -o, which is not given");
	if (session->output_file)
		run->output_name = arena_strdup(session->arena, name);
	first = run->output_bound ? arena_printf(session->arena, "%s.0", name) : run->output_name;
	if (open_file(session, first, &run->output) < 0 ||
	    open_file(session, session->flame_graph_file, &run->flame_graph) < 0 ||
	    open_file(session, session->folded_file, &run->folded_stacks) < 0)
		return -EINVAL;
	return 0;
}

/* what a full disk did to the pictures shows only now */
static int close_pictures(struct session *session)
{
	FILE *files[] = { session->run_options.flame_graph, session->run_options.folded_stacks };
	int error = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (files[i] && (ferror(files[i]) | fclose(files[i])))
			error = session_fail(session, "a picture of stacks could not be written");
	return error;
}

static int session_confine(struct session *session, struct perf_options *options)
{
	struct buf problem = BUF_INIT;
	int error = 0;

	if (session->cgroup)
		options->cgroup = perf_open_cgroup(session->cgroup, &problem);
	if (options->cgroup < 0 ||
	    (session->container_of &&
	     !perf_confine_to_namespace(options, session->container_of, &problem)))
		error = session_fail(session, buf_text(&problem));
	buf_free(&problem);
	return error;
}

static int session_set_limits(struct session *session)
{
	const struct log *log = &session->frontend_options.log;

	for (size_t i = 0; i < session->defines.count; i++) {
		const char *define = session->defines.items[i];
		int error = run_options_define(&session->run_options, define);
		const struct limit *limit = limit_nearest(define);

		if (error == -EINVAL)
			return session_fail(session, arena_printf(
				session->arena, "-D %s: %s takes a number of %s, %" PRId64
				" or more", define, limit->name, limit->unit, limit->least));
		if (error && limit)
			log_warning(log, "-D %s: no limit has this name; did you mean %s?", define,
				    limit->name);
		else if (error)
			log_info(log, 1, "-D %s: no limit has this name; embedded C sees it",
				 define);
	}
	if (session->suppress_time_limits)
		session->run_options.limits[LIMIT_MAXACTION] =
			session->run_options.limits[LIMIT_MAXACTION_INTERRUPTIBLE] = 0;
	return 0;
}

static int session_prepare(struct session *session)
{
	struct frontend_options *options = &session->frontend_options;
	struct perf_options perf_options = {
		.command = session->command,
		.log = options->log,
		.ring_bytes = session->tracefs_options.buffer_bytes,
	};
	struct buf problem = BUF_INIT;

	array_push(session->arena, &session->libraries, tapset_dir(session));
	options->arguments = session->arguments.items;
	options->argument_count = session->arguments.count;
	options->library_dirs = session->libraries.items;
	options->library_dir_count = session->libraries.count;
	options->defines = session->defines.items;
	options->define_count = session->defines.count;
	options->globals = session->globals.items;
	options->global_count = session->globals.count;
	options->check_regex = aggregator_check_regex;
	options->draws_stacks = session->flame_graph_file || session->folded_file;
	session->run_options.log = session->tracefs_options.log = options->log;
	if (session_set_limits(session) < 0 || session_open_output(session) < 0 ||
	    session_find_target(session) < 0 || session_confine(session, &perf_options) < 0)
		return -EINVAL;
	perf_options.stack_bytes = (uint64_t)session->run_options.limits[LIMIT_MAXSTACKBYTES];
	session->tracefs_options.command = session->command;
	session->tracefs_options.leave_to_perf = session->backend == BACKEND_PERF ||
						 is_confined(session);
	session->tracefs_options.leave_to_tracefs = session->backend == BACKEND_TRACEFS;
	session->tracefs_options.may_count = session->backend != BACKEND_TRACEFS &&
					     !is_confined(session) && perf_may_count();
	session->tracefs_options.plan_only = session->list_pattern || session->last_pass < 4;
	session->tracefs = tracefs_new(&session->tracefs_options, &problem);
	session->perf = perf_new(&perf_options);
	session->frontend = frontend_new(options);
	session_add_families(session);
	buf_free(&problem);
	return session_add_scripts(session);
}

/* ---- the passes ---- */

static int pass_parse(struct session *session)
{
	int error = frontend_parse(session->frontend);

	if (!error && session->last_pass == 1)
		frontend_print_scripts(session->frontend, stdout);
	return error;
}

static int pass_resolve(struct session *session)
{
	int error = frontend_resolve(session->frontend);

	if (!error && session->last_pass == 2)
		frontend_print_program(session->frontend, stdout);
	return error;
}

static void print_plan(struct session *session)
{
	const struct program *program = frontend_program(session->frontend);

	for (size_t i = 0; i < program->probes.count; i++) {
		const struct probe *probe = program->probes.items[i];

		frontend_print_captures(probe, stdout);
		for (size_t j = 0; j < probe->sites.count; j++)
			if (probe->sites.items[j]->family->describe)
				probe->family->describe(
					probe->family->source == FAMILY_TRACEFS ?
					(void *)session->tracefs : (void *)session->perf,
					probe, probe->sites.items[j], stdout);
	}
	aggregator_dump(session->aggregator, stdout);
}

static int pass_plan(struct session *session)
{
	int error = frontend_plan(session->frontend);

	if (!error)
		error = backend_check(session->backend, is_confined(session), session->frontend,
				      frontend_program(session->frontend),
				      &session->frontend_options.log);
	if (error)
		return error;
	session->aggregator = aggregator_new(frontend_program(session->frontend),
					     &session->run_options);
	if (!session->aggregator)
		return -EINVAL;
	if (session->last_pass == 3)
		print_plan(session);
	return 0;
}

static int session_take_source(struct session *session, struct event_source *source,
			       struct buf *problem)
{
	int error = problem->length ? session_fail(session, buf_text(problem)) : 0;

	if (source)
		aggregator_add_source(session->aggregator, source);
	buf_free(problem);
	return error;
}

/* the task of a program without events is stap itself, which no right is needed for */
static bool has_events(const struct program *program)
{
	for (size_t i = 0; i < program->probes.count; i++)
		if (program->probes.items[i]->sites.count)
			return true;
	return false;
}

static int session_follow_tasks(struct session *session, const struct program *program)
{
	struct buf problem = BUF_INIT;
	struct event_source *source =
		perf_sideband(session->perf, program->needs & NEED_MAPS, &problem);

	if (!source && !has_events(program)) {
		log_info(&session->frontend_options.log, 1, "%s", buf_text(&problem));
		buf_free(&problem);
		return 0;
	}
	return session_take_source(session, source, &problem);
}

/* sources start in the order they are handed over: who a task is must be known before its events */
static int pass_arm(struct session *session)
{
	static const char fix_addresses = COMMAND_FIX_ADDRESSES;
	struct program *program = frontend_program(session->frontend);
	struct buf problem = BUF_INIT;
	struct event_source *source = NULL, *traced = NULL;
	int error;

	if (session->frontend_options.is_foreign)
		return session_fail(session, "probes of another architecture can be planned "
				    "(-p3), not armed");
	if (perf_fixes_addresses(session->perf) && session->command &&
	    write(session->run_options.command_start_fd, &fix_addresses, 1) != 1)
		return session_fail(session, "the command of -c is gone");
	error = program->needs & NEED_TASK ? session_follow_tasks(session, program) : 0;
	if (error)
		return error;
	source = tracefs_arm(session->tracefs, program, &problem);
	if (source)
		traced = perf_arm_traced(session->perf, session->tracefs, program, &problem);
	if (traced)
		aggregator_add_source(session->aggregator, traced);
	traced = source && !problem.length ? perf_arm_counts(session->tracefs, &problem) : NULL;
	if (traced)
		aggregator_add_source(session->aggregator, traced);
	error = session_take_source(session, source, &problem);
	if (error)
		return error;
	source = perf_arm(session->perf, program, &problem);
	error = session_take_source(session, source, &problem);
	if (error)
		return error;
	source = perf_arm_steps(program, &problem);
	error = session_take_source(session, source, &problem);
	if (error)
		return error;
	source = aggregator_read_input(program);
	if (source)
		aggregator_add_source(session->aggregator, source);
	source = aggregator_serve_files(program, &session->run_options, &problem);
	return session_take_source(session, source, &problem);
}

/* what is mapped for the kernel to fill is none of it */
static void limit_memory(const struct session *session)
{
	uint64_t kilobytes = (uint64_t)session->run_options.limits[LIMIT_STP_MAXMEMORY];
	struct rlimit limit;

	if (!kilobytes || kilobytes > RLIM_INFINITY >> 10 || getrlimit(RLIMIT_DATA, &limit) != 0)
		return;
	limit.rlim_cur = kilobytes << 10;
	if (setrlimit(RLIMIT_DATA, &limit) == 0)
		memory_limit = limit.rlim_cur;
}

static int pass_run(struct session *session)
{
	limit_memory(session);
	running = session->aggregator;
	session->status = aggregator_run(session->aggregator);
	running = NULL;
	return 0;
}

struct pass {
	const char *what;
	int (*run)(struct session *session);
};
static const struct pass passes[LAST_PASS] = {
	{ "parsed the script", pass_parse },
	{ "resolved names, types and probe points", pass_resolve },
	{ "planned captures and compiled handlers", pass_plan },
	{ "armed the probes", pass_arm },
	{ "ran", pass_run },
};

/*
 * the marks that the aliases stap.pass… of the tapset probe; libraries are read as names need them
 */
static void mark_begin(struct session *session, int number)
{
	switch (number) {
	case 1: STAP_PROBE1(stap, pass1a__start, session); break;
	case 2: STAP_PROBE1(stap, pass2__start, session); break;
	case 3: STAP_PROBE1(stap, pass3__start, session); break;
	case 4: STAP_PROBE1(stap, pass4__start, session); break;
	case 5: STAP_PROBE1(stap, pass5__start, session); break;
	}
}

static void mark_end(struct session *session, int number)
{
	switch (number) {
	case 1:
		STAP_PROBE1(stap, pass1b__start, session);
		STAP_PROBE1(stap, pass1__end, session);
		break;
	case 2: STAP_PROBE1(stap, pass2__end, session); break;
	case 3: STAP_PROBE1(stap, pass3__end, session); break;
	case 4: STAP_PROBE1(stap, pass4__end, session); break;
	case 5: STAP_PROBE1(stap, pass5__end, session); break;
	}
}

static long milliseconds(struct timeval time)
{
	return time.tv_sec * 1000 + time.tv_usec / 1000;
}

static void report_pass(struct session *session, int number, const struct rusage *before,
			const struct timespec *start)
{
	struct timespec now;
	struct rusage usage;
	struct timeval user, sys;

	clock_gettime(CLOCK_MONOTONIC, &now);
	getrusage(RUSAGE_SELF, &usage);
	timersub(&usage.ru_utime, &before->ru_utime, &user);
	timersub(&usage.ru_stime, &before->ru_stime, &sys);
	log_info(&session->frontend_options.log, 1, "Pass %d: %s in %ldusr/%ldsys/%ldreal ms.",
		 number, passes[number - 1].what, milliseconds(user), milliseconds(sys),
		 (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000);
}

static int run_passes(struct session *session)
{
	for (int number = 1; number <= session->last_pass; number++) {
		struct timespec start;
		struct rusage usage;
		int error;

		clock_gettime(CLOCK_MONOTONIC, &start);
		getrusage(RUSAGE_SELF, &usage);
		mark_begin(session, number);
		error = passes[number - 1].run(session);
		diag_print(session->frontend, stderr);
		if (error) {
			fprintf(stderr, "Pass %d: failed: nothing ran.  "
				"Try again with another '-v' to see more.\n", number);
			return 1;
		}
		mark_end(session, number);
		report_pass(session, number, &usage, &start);
	}
	return session->status;
}

static int run_list(struct session *session)
{
	int lines = frontend_parse(session->frontend);

	if (session->dump && !lines)
		session->dump(session->frontend, stdout);
	else if (!lines)
		lines = frontend_list(session->frontend, session->list_pattern,
				      session->list_variables, stdout);
	diag_print(session->frontend, stderr);
	return session->dump ? lines < 0 : lines <= 0;
}

/* -c: a command that failed makes stap fail, as upstream does; one still running is left alone */
static int reap_command(struct session *session)
{
	const struct log *log = &session->frontend_options.log;
	int status;

	if (session->run_options.command_pid <= 0 ||
	    waitpid(session->run_options.command_pid, &status, WNOHANG) <= 0)
		return 0;
	if (WIFSIGNALED(status))
		log_warning(log, "%s was ended by signal %d (%s)", session->command,
			    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		log_warning(log, "%s exited with status %d", session->command, WEXITSTATUS(status));
	return status != 0;
}

static void session_free(struct session *session)
{
	aggregator_free(session->aggregator);
	tracefs_free(session->tracefs);
	perf_free(session->perf);
	frontend_free(session->frontend);
	arena_free(session->arena);
}

static void session_switch_output(int signal_number)
{
	(void)signal_number;
	if (running)
		aggregator_switch_output(running);
}

static void install_signals(void)
{
	/* without SA_RESTART: a write blocked on a full pipe must be given up at a second Ctrl-C */
	struct sigaction action = { .sa_handler = session_interrupt };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	action.sa_handler = session_switch_output;
	action.sa_flags = SA_RESTART;
	sigaction(SIGUSR2, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* no file of ours may become what a closed standard stream was: a write there is to fail */
static void keep_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* listings and the products of passes; a reader who has gone has seen enough */
static int flush_stdout(struct session *session)
{
	if (fflush(stdout) == 0 || errno == EPIPE)
		return 0;
	return session_fail(session, arena_printf(session->arena, "output cannot be written: %s",
						  strerror(errno)));
}

int main(int argc, char **argv)
{
	struct session session = { .last_pass = LAST_PASS };
	struct utsname system;
	int status = 1;

	keep_standard_streams();
	memory_set_handler(out_of_memory);
	uname(&system);
	session.arena = arena_new();
	run_options_init(&session.run_options);
	session.run_options.module_name = arena_printf(session.arena, "stap_%d", getpid());
	session.frontend_options.kernel_release = system.release;
	session.frontend_options.arch = STAP_ARCH;
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&option_parser, argc, argv, 0, NULL, &session);
	STAP_PROBE1(stap, pass0__start, &session);
	install_signals();
	if (session_prepare(&session) == 0) {
		STAP_PROBE1(stap, pass0__end, &session);
		status = session.list_pattern || session.dump ? run_list(&session) :
								 run_passes(&session);
		if (reap_command(&session) && !status)
			status = 1;
	}
	STAP_PROBE1(stap, pass6__start, &session);
	if (close_pictures(&session) < 0 || flush_stdout(&session) < 0)
		status = 1;
	session_free(&session);
	STAP_PROBE1(stap, pass6__end, &session);
	return status;
}
