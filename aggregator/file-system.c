// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files of procfs probes, shown to the system by FUSE below /run/stap/NAME, and an event source
 * of what is done with them. A read or write becomes an event stamped when we hear of it:
 * everything that happened before reaches its handlers first, so `cat` shows the state of its own
 * instant. The reader waits until the handlers have run; next() being called again tells us so.
 * Text is made once per open file, by the first read. A small process outlives stap and unmounts
 * what a kill -9 leaves behind; what no process cleans is found by the next stap that serves files.
 */
#define FUSE_USE_VERSION 34
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse_lowlevel.h>
#include <limits.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file-probe.h"

#define DIRECTORY "/run/stap"
#define MOUNT_OPTIONS "fsname=stap,allow_other,default_permissions,nosuid,nodev,noexec"
#define ATTRIBUTE_SECONDS 1.0

/*
 * One open(): freed when it is closed and nobody waits on it any more, or with the file system,
 * which the kernel does not always tell of the last close
 */
struct open_file {
	struct open_file *next, **link;	/* in file_system.open */
	const struct file_node *node;
	struct buf text;	/* what reads get */
	bool is_filled;
	unsigned references;
};

struct request {
	struct request *next;
	fuse_req_t fuse;
	struct open_file *file;
	struct exchange exchange;
	uint64_t time;
	int32_t tid;
	struct buf written;
	size_t offset, size;	/* READ: which part */
	bool is_write;
};

struct file_system {
	struct event_source source;
	struct file_tree tree;
	const struct run_options *options;
	struct fuse_session *session;
	char *path;		/* of the mount point */
	int guard_fd;		/* its end of file tells the guard that we are gone */
	pid_t guard;
	struct request *first, **last; /* not yet handed out */
	struct request *current;       /* its handlers run, or it waits for its turn */
	struct exchange *shown;	       /* the data of current's event */
	struct open_file *open;
	bool stopped;
};

static struct file_system *file_system_of(struct event_source *source)
{
	return (struct file_system *)source;
}

/* ---- open files and requests ---- */

static struct open_file *open_file_new(struct file_system *files, const struct file_node *node)
{
	struct open_file *file = memory_zalloc(sizeof(*file));

	file->node = node;
	file->references = 1;
	file->link = &files->open;
	file->next = files->open;
	if (file->next)
		file->next->link = &file->next;
	files->open = file;
	return file;
}

static void open_file_put(struct open_file *file)
{
	if (--file->references)
		return;
	*file->link = file->next;
	if (file->next)
		file->next->link = file->link;
	buf_free(&file->text);
	free(file);
}

static void reply_text(fuse_req_t fuse, const struct open_file *file, size_t offset, size_t size)
{
	size_t left = offset < file->text.length ? file->text.length - offset : 0;

	fuse_reply_buf(fuse, left ? file->text.data + offset : NULL, left < size ? left : size);
}

/* the handlers have run */
static void request_finish(struct request *request)
{
	if (request->is_write) {
		fuse_reply_write(request->fuse, request->written.length);
	} else {
		request->file->is_filled = true;
		reply_text(request->fuse, request->file, request->offset, request->size);
	}
	open_file_put(request->file);
	buf_free(&request->written);
	free(request);
}

static struct request *request_add(fuse_req_t fuse, struct open_file *file)
{
	struct file_system *files = fuse_req_userdata(fuse);
	struct request *request = memory_zalloc(sizeof(*request));

	request->fuse = fuse;
	request->file = file;
	request->time = clock_now();
	request->tid = fuse_req_ctx(fuse)->pid;
	file->references++;
	*files->last = request;
	files->last = &request->next;
	return request;
}

/* ---- what the kernel asks of a file system ---- */

static struct file_node *node_of(fuse_req_t fuse, fuse_ino_t inode)
{
	struct file_system *files = fuse_req_userdata(fuse);

	return inode && inode <= files->tree.nodes.count ? &files->tree.nodes.items[inode - 1] : NULL;
}

static struct stat node_stat(const struct file_node *node, fuse_ino_t inode)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (struct stat){
		.st_ino = inode,
		.st_mode = (node->is_directory ? S_IFDIR : S_IFREG) | node->mode,
		.st_nlink = node->is_directory ? 2 : 1,
		.st_uid = geteuid(),
		.st_gid = getegid(),
		.st_atim = now, .st_mtim = now, .st_ctim = now,
	};
}

static void file_lookup(fuse_req_t fuse, fuse_ino_t parent, const char *name)
{
	struct file_system *files = fuse_req_userdata(fuse);
	size_t found = node_of(fuse, parent) ? file_tree_find(&files->tree, parent - 1, name) : 0;
	struct fuse_entry_param entry = { .ino = found + 1, .attr_timeout = ATTRIBUTE_SECONDS,
					  .entry_timeout = ATTRIBUTE_SECONDS };

	if (!found) {
		fuse_reply_err(fuse, ENOENT);
		return;
	}
	entry.attr = node_stat(&files->tree.nodes.items[found], entry.ino);
	fuse_reply_entry(fuse, &entry);
}

static void file_getattr(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info)
{
	const struct file_node *node = node_of(fuse, inode);
	struct stat attributes;

	(void)info;
	if (!node) {
		fuse_reply_err(fuse, ENOENT);
		return;
	}
	attributes = node_stat(node, inode);
	fuse_reply_attr(fuse, &attributes, ATTRIBUTE_SECONDS);
}

/* chmod is allowed; a shell's `>` cuts a file that has no length */
static void file_setattr(fuse_req_t fuse, fuse_ino_t inode, struct stat *attributes, int which,
			 struct fuse_file_info *info)
{
	struct file_node *node = node_of(fuse, inode);

	if (node && (which & FUSE_SET_ATTR_MODE))
		node->mode = attributes->st_mode & 0777;
	if (which & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID))
		fuse_reply_err(fuse, EPERM);
	else
		file_getattr(fuse, inode, info);
}

static void file_readdir(fuse_req_t fuse, fuse_ino_t inode, size_t size, off_t offset,
			 struct fuse_file_info *info)
{
	const struct file_system *files = fuse_req_userdata(fuse);
	struct buf entries = BUF_INIT;

	(void)info;
	for (size_t i = (size_t)offset + 1; i < files->tree.nodes.count; i++) {
		const struct file_node *node = &files->tree.nodes.items[i];
		struct stat attributes = node_stat(node, i + 1);
		size_t room = size - entries.length, needed;

		if (node->parent != inode - 1)
			continue;
		needed = fuse_add_direntry(fuse, buf_reserve(&entries, room), room, node->name,
					   &attributes, (off_t)i);
		if (needed > room)
			break;
		entries.length += needed;
	}
	fuse_reply_buf(fuse, entries.data, entries.length);
	buf_free(&entries);
}

static void file_open(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info)
{
	const struct file_node *node = node_of(fuse, inode);
	struct open_file *file;

	if (!node || node->is_directory) {
		fuse_reply_err(fuse, node ? EISDIR : ENOENT);
		return;
	}
	file = open_file_new(fuse_req_userdata(fuse), node);
	info->fh = (uint64_t)(uintptr_t)file;
	info->direct_io = 1;
	if (fuse_reply_open(fuse, info) == -ENOENT) /* the open was interrupted */
		open_file_put(file);
}

static struct open_file *open_file_of(const struct fuse_file_info *info)
{
	return (struct open_file *)(uintptr_t)info->fh;
}

static void file_release(fuse_req_t fuse, fuse_ino_t inode, struct fuse_file_info *info)
{
	(void)inode;
	open_file_put(open_file_of(info));
	fuse_reply_err(fuse, 0);
}

static void file_read(fuse_req_t fuse, fuse_ino_t inode, size_t size, off_t offset,
		      struct fuse_file_info *info)
{
	struct open_file *file = open_file_of(info);
	struct request *request;

	(void)inode;
	if (!file->node->reader) {
		fuse_reply_err(fuse, EIO);
		return;
	}
	if (file->is_filled) {
		reply_text(fuse, file, (size_t)offset, size);
		return;
	}
	request = request_add(fuse, file);
	request->offset = (size_t)offset;
	request->size = size;
	request->exchange = (struct exchange){ .written = "", .answer = &file->text,
					       .room = file->node->read_room };
}

/* a handler's string holds so much; the writer writes the rest by itself */
static void file_write(fuse_req_t fuse, fuse_ino_t inode, const char *data, size_t size,
		       off_t offset, struct fuse_file_info *info)
{
	struct open_file *file = open_file_of(info);
	size_t room = file->node->write_room;
	struct request *request;

	(void)inode, (void)offset;
	if (!file->node->writers) {
		fuse_reply_err(fuse, EIO);
		return;
	}
	request = request_add(fuse, file);
	request->is_write = true;
	buf_add(&request->written, data, size < room ? size : room);
	request->exchange = (struct exchange){ .written = buf_text(&request->written),
					       .length = request->written.length };
}

static const struct fuse_lowlevel_ops file_operations = {
	.lookup = file_lookup,
	.getattr = file_getattr,
	.setattr = file_setattr,
	.readdir = file_readdir,
	.open = file_open,
	.release = file_release,
	.read = file_read,
	.write = file_write,
};

/* ---- the event source ---- */

static int files_start(struct event_source *source)
{
	(void)source;
	return 0;
}

static int files_stop(struct event_source *source)
{
	file_system_of(source)->stopped = true;
	return 0;
}

static ssize_t files_drain(struct event_source *source)
{
	struct file_system *files = file_system_of(source);
	struct fuse_buf buffer = { .mem = NULL };
	ssize_t moved = 0;
	int got;

	while (!files->stopped && !fuse_session_exited(files->session) &&
	       (got = fuse_session_receive_buf(files->session, &buffer)) > 0) {
		fuse_session_process_buf(files->session, &buffer);
		moved += got;
	}
	free(buffer.mem);
	return moved;
}

static uint64_t files_complete_until(struct event_source *source, unsigned stream)
{
	(void)source, (void)stream;
	return UINT64_MAX;
}

static struct request *files_take(struct file_system *files)
{
	struct request *request = files->first;

	if (!request)
		return NULL;
	files->first = request->next;
	if (!files->first)
		files->last = &files->first;
	return request;
}

static bool files_next(struct event_source *source, unsigned stream, struct event *event)
{
	struct file_system *files = file_system_of(source);
	struct request *request;

	(void)stream;
	if (files->current)
		request_finish(files->current);
	files->current = request = files_take(files);
	source->wanted_at = request ? request->time : 0;
	if (!request)
		return false;
	if (!request->is_write)
		buf_reset(&request->file->text);
	files->shown = &request->exchange;
	*event = (struct event){
		.time = request->time,
		.kind = EVENT_HIT,
		.tid = request->tid,
		.pid = -1,
		.bindings = request->is_write ? request->file->node->writers :
						request->file->node->reader,
		.data = (const unsigned char *)&files->shown,
		.size = sizeof(files->shown),
	};
	return true;
}

static int files_poll_fd(struct event_source *source)
{
	return fuse_session_fd(file_system_of(source)->session);
}

static void files_totals(struct event_source *source, unsigned cpu, struct event_totals *totals)
{
	(void)source, (void)cpu;
	*totals = (struct event_totals){ 0, 0 };
}

static void files_free(struct event_source *source)
{
	struct file_system *files = file_system_of(source);
	struct request *request = files->current ? files->current : files_take(files);

	for (; request; request = files_take(files))
		request_finish(request);
	if (files->session) {
		fuse_session_unmount(files->session);
		fuse_session_destroy(files->session);
	}
	while (files->open) {
		files->open->references = 1;
		open_file_put(files->open);
	}
	if (files->guard_fd >= 0)
		close(files->guard_fd);
	if (files->guard > 0)
		while (waitpid(files->guard, NULL, 0) < 0 && errno == EINTR)
			;
	arena_free(files->tree.arena);
	free(files->path);
	free(files);
}

static const struct event_source_ops files_ops = {
	.start = files_start,
	.stop = files_stop,
	.drain = files_drain,
	.complete_until = files_complete_until,
	.next = files_next,
	.poll_fd = files_poll_fd,
	.totals = files_totals,
	.free = files_free,
};

/* ---- mounting, and cleaning up after every kind of death ---- */

static void remove_mount(const char *path)
{
	umount2(path, MNT_DETACH);
	rmdir(path);
}

/* mounts whose stap died together with its guard */
static void reap_dead(void)
{
	DIR *directory = opendir(DIRECTORY);
	struct dirent *entry;
	struct stat attributes;
	char path[PATH_MAX];

	while (directory && (entry = readdir(directory))) {
		snprintf(path, sizeof(path), DIRECTORY "/%s", entry->d_name);
		if (stat(path, &attributes) < 0 && errno == ENOTCONN)
			remove_mount(path);
	}
	if (directory)
		closedir(directory);
}

NORETURN static void guard(int fd, const char *path)
{
	char word = 'r';
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	prctl(PR_SET_NAME, "stap-files");
	syscall(SYS_close_range, 0, fd - 1, 0);
	syscall(SYS_close_range, fd + 1, INT_MAX, 0);
	if (chdir("/") == 0 && write(fd, &word, 1) == 1)
		while (read(fd, &word, 1) < 0 && errno == EINTR)
			;
	remove_mount(path);
	_exit(0);
}

/* before the mount, so that the guard holds nothing of it */
static int guard_start(struct file_system *files)
{
	int ends[2];
	char word;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	files->guard = fork();
	if (files->guard == 0)
		guard(ends[1], files->path);
	close(ends[1]);
	files->guard_fd = ends[0];
	return files->guard > 0 && TEMP_FAILURE_RETRY(read(ends[0], &word, 1)) == 1 ? 0 : -ECHILD;
}

static int make_directory(const char *path)
{
	if (mkdir(DIRECTORY, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (mkdir(path, 0755) == 0 || (errno == EEXIST && rmdir(path) == 0 && mkdir(path, 0755) == 0))
		return 0;
	return errno == EBUSY ? -EEXIST : -errno; /* something is mounted there */
}

static void be_silent(enum fuse_log_level level, const char *format, va_list arguments)
{
	(void)level, (void)format, (void)arguments;
}

static int mount_files(struct file_system *files)
{
	char *words[] = { "stap", "-o", MOUNT_OPTIONS, NULL };
	struct fuse_args arguments = FUSE_ARGS_INIT(3, words);
	int fd;

	fuse_set_log_func(be_silent);
	files->session = fuse_session_new(&arguments, &file_operations, sizeof(file_operations), files);
	fuse_opt_free_args(&arguments);
	if (!files->session || fuse_session_mount(files->session, files->path) != 0)
		return -ENODEV;
	fd = fuse_session_fd(files->session);
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ? -errno : 0;
}

static void explain(const struct file_system *files, int error, struct buf *problem)
{
	if (error == -EEXIST)
		buf_printf(problem, "%s is in use by another stap; give this one a name with -m",
			   files->path);
	else if (access("/dev/fuse", F_OK) != 0)
		buf_puts(problem, "procfs probes need FUSE, which this kernel does not have loaded "
			 "(CONFIG_FUSE_FS, modprobe fuse)");
	else
		buf_printf(problem, "files cannot be shown at %s: %s", files->path,
			   error == -ENODEV ? "mounting by FUSE is refused" : strerror(-error));
}

struct event_source *aggregator_serve_files(const struct program *program,
					    const struct run_options *options, struct buf *problem)
{
	struct file_system *files = memory_zalloc(sizeof(*files));
	int error;

	files->source = (struct event_source){ .ops = &files_ops, .name = "procfs",
					       .stream_count = 1 };
	files->guard_fd = -1;
	files->last = &files->first;
	files->options = options;
	files->tree.arena = arena_new();
	error = file_tree_build(&files->tree, program, options, problem);
	if (error || files->tree.nodes.count == 1)
		goto free;
	if (asprintf(&files->path, DIRECTORY "/%s", options->module_name) < 0)
		memory_fail(PATH_MAX);
	reap_dead();
	error = make_directory(files->path);
	if (!error)
		error = guard_start(files);
	if (!error)
		error = mount_files(files);
	if (!error) {
		log_info(&options->log, options->log.quiet_warnings,
			 "the files of procfs probes are in %s", files->path);
		return &files->source;
	}
	explain(files, error, problem);
free:
	files_free(&files->source);
	return NULL;
}
