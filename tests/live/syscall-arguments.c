// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes many system calls with known arguments and says on standard output what syscall.NAME and
 * syscall.NAME.return should show of each: `EVENT > NAME(ARGSTR)` and `EVENT < NAME(ARGSTR) = RET`.
 * Each call has memory of its own, which stays as it was until the program is killed: where the
 * kernel captures nothing, it is read when the handler runs. Calls that need a right or a file fail
 * on purpose; what they were given is shown all the same. No library call between two of them makes
 * system calls of its own. syscall-arguments.sh compares.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <time.h>
#include <unistd.h>

#define SAME NULL /* the return shows what the entry showed */

static int self; /* getpid() */
static char text[1 << 20];
static size_t used;

/* a formatted text that stays */
__attribute__((format(printf, 1, 2))) static const char *f(const char *format, ...)
{
	char *start = text + used;
	va_list list;

	va_start(list, format);
	used += (size_t)vsnprintf(start, sizeof(text) - used, format, list) + 1;
	va_end(list);
	return start;
}

/* bytes as scripts quote them: C's letters for what has one, octal for the rest unprintable */
static const char *quoted(const char *bytes, size_t count)
{
	static const char escaped[] = "\"\\\a\b\f\n\r\t\v", letters[] = "\"\\abfnrtv";
	char *start = text + used;

	for (size_t i = 0; i < count; i++) {
		unsigned char c = (unsigned char)bytes[i];
		const char *letter = c ? strchr(escaped, c) : NULL;

		if (letter)
			used += (size_t)sprintf(text + used, "\\%c", letters[letter - escaped]);
		else
			used += (size_t)sprintf(text + used, c >= ' ' && c < 127 ? "%c" : "\\%03o", c);
	}
	used++;
	return start;
}

static struct {
	const char *event, *name, *entry, *exit, *result;
} calls[400];
static size_t call_count;

/* note what is expected of a call that returned @result; errno is set when that is -1 */
static long note(const char *event, const char *name, const char *entry, const char *exit,
		 long result, int is_address)
{
	int number = errno;

	calls[call_count].event = event;
	calls[call_count].name = name;
	calls[call_count].entry = entry;
	calls[call_count].exit = exit && result != -1 ? exit : entry;
	calls[call_count++].result =
		result == -1 ? f("-%d (%s)", number, strerrorname_np(number)) :
		is_address ? f("0x%lx", result) : f("%ld", result);
	return result;
}

/*
 * CALL(event, name, entry, exit, arguments…): the call `event`'s number, and its texts. They are
 * evaluated after the call, so that they can show what the kernel filled in.
 */
#define RUN(number, event, name, entry, exit, is_address, ...)                                   \
	({                                                                                        \
		long result = syscall(number, ##__VA_ARGS__);                                     \
		int saved = errno;                                                                \
		const char *entry_text = entry, *exit_text = exit;                                \
		errno = saved;                                                                    \
		note(event, name, entry_text, exit_text, result, is_address);                     \
	})
#define CALL(what, entry, exit, ...) RUN(SYS_##what, #what, #what, entry, exit, 0, ##__VA_ARGS__)
#define NAMED(what, event, name, entry, exit, ...)                                                \
	RUN(SYS_##what, event, name, entry, exit, 0, ##__VA_ARGS__)
#define ADDRESS(what, event, name, entry, ...)                                                    \
	RUN(SYS_##what, event, name, entry, SAME, 1, ##__VA_ARGS__)

static const char *stat_text(const struct stat *buf)
{
	const char *kind = S_ISDIR(buf->st_mode) ? "S_IFDIR" : S_ISREG(buf->st_mode) ? "S_IFREG" :
			   S_ISCHR(buf->st_mode) ? "S_IFCHR" : "S_IFIFO";

	return f("{st_mode=%s|%#o, st_uid=%d, st_gid=%d, st_size=%ld}", kind,
		 buf->st_mode & 07777, (int)buf->st_uid, (int)buf->st_gid, (long)buf->st_size);
}

static void files(void)
{
	static char read_buffer[64], long_text[80], link_text[64], directory[4096], list[64], cwd[256];
	static struct iovec out[3], in[2];
	static struct stat status[3];
	static struct statx extended;
	static int pair[2], pair2[2];
	static struct timespec times[2] = { { 5, 7 }, { 0, UTIME_OMIT } };
	static const unsigned long how[3] = { O_CLOEXEC, 0, 4 }; /* struct open_how */
	int fd, other;

	memset(long_text, 'x', sizeof(long_text));
	fd = (int)CALL(openat, "AT_FDCWD, \"file\", O_RDWR|O_CREAT|O_TRUNC, 0640", SAME, AT_FDCWD,
		       "file", O_RDWR | O_CREAT | O_TRUNC, 0640);
	CALL(openat, "AT_FDCWD, \"no\\tsuch \\\"file\\\"\", O_RDONLY|O_CLOEXEC", SAME, AT_FDCWD,
	     "no\tsuch \"file\"", O_RDONLY | O_CLOEXEC);
	CALL(write, f("%d, \"a\\001\\\"b\\n\", 5", fd), SAME, fd, "a\1\"b\n", 5);
	CALL(write, f("%d, \"%.50s\"..., 80", fd, long_text), SAME, fd, long_text, 80);
	CALL(lseek, f("%d, 0, SEEK_SET", fd), SAME, fd, 0, SEEK_SET);
	CALL(lseek, f("%d, -3, SEEK_END", fd), SAME, fd, -3L, SEEK_END);
	CALL(lseek, "-1, 0, SEEK_CUR", SAME, -1, 0, SEEK_CUR);
	NAMED(pread64, "pread64", "pread", f("%d, %p, 5, 0", fd, read_buffer),
	      f("%d, \"a\\001\\\"b\\n\", 5, 0", fd), fd, read_buffer, 5, 0);
	NAMED(pwrite64, "pwrite64", "pwrite", f("%d, \"pq\", 2, 9", fd), SAME, fd, "pq", 2, 9);
	out[0] = (struct iovec){ "one", 3 }, out[1] = (struct iovec){ "", 0 };
	out[2] = (struct iovec){ "two\n", 4 };
	CALL(writev, f("%d, [{\"one\", 3}, {%p, 0}, {\"two\\n\", 4}], 3", fd, out[1].iov_base),
	     SAME, fd, out, 3);
	CALL(pwritev, f("%d, [{\"one\", 3}], 1, 0x0", fd), SAME, fd, out, 1, 0, 0);
	in[0] = (struct iovec){ list, 3 }, in[1] = (struct iovec){ list + 8, 6 };
	CALL(preadv, f("%d, %p, 2, 0x0", fd, in), f("%d, [{\"one\", 3}, {\"b\\nxxxx\", 6}], 2, 0x0", fd),
	     fd, in, 2, 0, 0);
	CALL(read, f("%d, %p, 10", fd, read_buffer + 32), f("%d, \"\", 10", fd), fd,
	     read_buffer + 32, 10);
	NAMED(fstat, "newfstat", "fstat", f("%d, %p", fd, &status[0]),
	      f("%d, %s", fd, stat_text(&status[0])), fd, &status[0]);
	NAMED(newfstatat, "newfstatat", "fstatat",
	      f("AT_FDCWD, \".\", %p, AT_SYMLINK_NOFOLLOW", &status[1]),
	      f("AT_FDCWD, \".\", %s, AT_SYMLINK_NOFOLLOW", stat_text(&status[1])), AT_FDCWD, ".",
	      &status[1], AT_SYMLINK_NOFOLLOW);
	CALL(statx, f("AT_FDCWD, \"file\", 0x0, STATX_TYPE|STATX_SIZE, %p", &extended),
	     f("AT_FDCWD, \"file\", 0x0, STATX_TYPE|STATX_SIZE, "
	       "{stx_mode=S_IFREG|%#o, stx_uid=%d, stx_gid=%d, stx_size=%lld}",
	       extended.stx_mode & 07777, (int)extended.stx_uid, (int)extended.stx_gid,
	       (long long)extended.stx_size),
	     AT_FDCWD, "file", 0, STATX_TYPE | STATX_SIZE, &extended);
	CALL(ftruncate, f("%d, 12", fd), SAME, fd, 12);
	CALL(fallocate, f("%d, FALLOC_FL_KEEP_SIZE, 0x10, 4096", fd), SAME, fd, 1, 16, 4096);
	CALL(fadvise64, f("%d, 0, 12, POSIX_FADV_WILLNEED", fd), SAME, fd, 0, 12, 3);
	CALL(fchmod, f("%d, 0600", fd), SAME, fd, 0600);
	CALL(fchown, f("%d, -1, -1", fd), SAME, fd, -1, -1);
	CALL(fsync, f("%d", fd), SAME, fd);
	CALL(fdatasync, f("%d", fd), SAME, fd);
	CALL(sync_file_range, f("%d, 0, 12, SYNC_FILE_RANGE_WRITE", fd), SAME, fd, 0, 12, 2);
	CALL(flock, f("%d, LOCK_EX|LOCK_NB", fd), SAME, fd, 6);
	CALL(fcntl, f("%d, F_GETFL, 0x0", fd), SAME, fd, F_GETFL, 0);
	CALL(fcntl, f("%d, F_DUPFD_CLOEXEC, 0x64", fd), SAME, fd, F_DUPFD_CLOEXEC, 100);
	CALL(ioctl, f("%d, 21531, %p", fd, list + 32), SAME, fd, 0x541b, list + 32);
	CALL(dup, f("%d", fd), SAME, fd);
	CALL(dup3, f("%d, 77, O_CLOEXEC", fd), SAME, fd, 77, O_CLOEXEC);
	CALL(close_range, "77, 77, CLOSE_RANGE_CLOEXEC", SAME, 77, 77, 4);
	CALL(close, "77", SAME, 77);
	CALL(close, "-1", SAME, -1);
	NAMED(pipe2, "pipe2", "pipe2", f("%p, O_NONBLOCK|O_CLOEXEC", pair2),
	      f("[%d, %d], O_NONBLOCK|O_CLOEXEC", pair2[0], pair2[1]), pair2,
	      O_CLOEXEC | O_NONBLOCK);
#ifdef SYS_pipe
	CALL(pipe, f("%p", pair), f("[%d, %d]", pair[0], pair[1]), pair);
#else
	(void)pair;
#endif
	CALL(splice, f("%d, 0x0, %d, 0x0, 5, SPLICE_F_MOVE|SPLICE_F_MORE", fd, pair2[1]), SAME, fd,
	     NULL, pair2[1], NULL, 5, 5);
	CALL(tee, f("%d, %d, 3, 0x0", pair2[0], pair2[1]), SAME, pair2[0], pair2[1], 3, 0);
	CALL(vmsplice, f("%d, [{\"one\", 3}], 1, SPLICE_F_GIFT", pair2[1]), SAME, pair2[1], out, 1, 8);
	NAMED(sendfile, "sendfile64", "sendfile", f("%d, -1, 0x0, 3", fd), SAME, fd, -1, NULL, 3);
	CALL(copy_file_range, f("%d, 0x0, -1, 0x0, 3, 0x0", fd), SAME, fd, NULL, -1, NULL, 3, 0);
	CALL(readahead, f("%d, 0, 4096", fd), SAME, fd, 0, 4096);
	CALL(mkdirat, "AT_FDCWD, \"d\", 0755", SAME, AT_FDCWD, "d", 0755);
	CALL(mknodat, "AT_FDCWD, \"fifo\", S_IFIFO|0644, 0", SAME, AT_FDCWD, "fifo", S_IFIFO | 0644, 0);
	CALL(fchmodat, "AT_FDCWD, \"d\", 0711", SAME, AT_FDCWD, "d", 0711);
	CALL(fchownat, "AT_FDCWD, \"d\", 0, -1, AT_SYMLINK_NOFOLLOW", SAME, AT_FDCWD, "d", 0, -1,
	     AT_SYMLINK_NOFOLLOW);
	CALL(faccessat, "AT_FDCWD, \"d\", R_OK|X_OK", SAME, AT_FDCWD, "d", R_OK | X_OK);
	CALL(faccessat2, "AT_FDCWD, \"d\", F_OK, AT_EACCESS", SAME, AT_FDCWD, "d", F_OK, AT_EACCESS);
	CALL(linkat, "AT_FDCWD, \"file\", AT_FDCWD, \"d/l\", 0x0", SAME, AT_FDCWD, "file", AT_FDCWD,
	     "d/l", 0);
	CALL(symlinkat, "\"target\", AT_FDCWD, \"d/s\"", SAME, "target", AT_FDCWD, "d/s");
	CALL(readlinkat, f("AT_FDCWD, \"d/s\", %p, 64", link_text), "AT_FDCWD, \"d/s\", \"target\", 64",
	     AT_FDCWD, "d/s", link_text, 64);
	CALL(renameat2, "AT_FDCWD, \"d/s\", AT_FDCWD, \"d/l\", RENAME_EXCHANGE", SAME, AT_FDCWD, "d/s",
	     AT_FDCWD, "d/l", 2);
	CALL(unlinkat, "AT_FDCWD, \"d/l\", 0x0", SAME, AT_FDCWD, "d/l", 0);
	CALL(unlinkat, "AT_FDCWD, \"d/s\", AT_REMOVEDIR", SAME, AT_FDCWD, "d/s", AT_REMOVEDIR);
	CALL(truncate, "\"file\", 5", SAME, "file", 5L);
	CALL(utimensat, "AT_FDCWD, \"file\", [5.000000007][UTIME_OMIT], AT_SYMLINK_NOFOLLOW", SAME,
	     AT_FDCWD, "file", times, AT_SYMLINK_NOFOLLOW);
	other = open("d", O_RDONLY | O_DIRECTORY);
	note("openat", "openat", "AT_FDCWD, \"d\", O_RDONLY|O_DIRECTORY", SAME, other, 0);
	NAMED(getdents64, "getdents64", "getdents", f("%d, %p, 4096", other, directory), SAME, other,
	      directory, 4096);
	CALL(fchdir, f("%d", other), SAME, other);
	CALL(getcwd, f("%p, 256", cwd), f("\"%s\", 256", cwd), cwd, 256);
	CALL(chdir, "\"..\"", SAME, "..");
	CALL(umask, "027", SAME, 027);
	calls[call_count - 1].result = f("%#o", 022);
	CALL(umask, "022", SAME, 022);
	calls[call_count - 1].result = f("%#o", 027);
	CALL(openat2, "AT_FDCWD, \"file\", {flags=O_RDONLY|O_CLOEXEC, mode=00, "
	     "resolve=RESOLVE_NO_SYMLINKS}, 24", SAME, AT_FDCWD, "file",
	     how, 24);
	CALL(fsetxattr, f("%d, \"user.k\", \"vv\", 2, XATTR_CREATE", fd), SAME, fd, "user.k", "vv", 2, 1);
	CALL(getxattr, f("\"file\", \"user.none\", %p, 8", list + 40), SAME, "file", "user.none",
	     list + 40, 8);
	CALL(setxattr, "\"nofile\", \"user.k\", \"v\", 1, XATTR_REPLACE", SAME, "nofile", "user.k", "v",
	     1, 2);
	CALL(listxattr, f("\"nofile\", %p, 3", list + 50), SAME, "nofile", list + 50, 3);
	CALL(removexattr, "\"nofile\", \"user.k\"", SAME, "nofile", "user.k");
#ifdef SYS_open
	CALL(open, "\"nofile\", O_WRONLY|O_APPEND", SAME, "nofile", O_WRONLY | O_APPEND);
	CALL(creat, "\"d\", 0600", SAME, "d", 0600);
	NAMED(stat, "newstat", "stat", f("\"file\", %p", &status[2]),
	      f("\"file\", %s", stat_text(&status[2])), "file", &status[2]);
	NAMED(lstat, "newlstat", "lstat", f("\"nofile\", %p", list), SAME, "nofile", list);
	CALL(access, "\"file\", W_OK", SAME, "file", W_OK);
	CALL(chmod, "\"file\", 0604", SAME, "file", 0604);
	CALL(chown, "\"file\", -1, 0", SAME, "file", -1, 0);
	CALL(lchown, "\"file\", 0, -1", SAME, "file", 0, -1);
	CALL(mkdir, "\"m\", 0700", SAME, "m", 0700);
	CALL(rename, "\"m\", \"n\"", SAME, "m", "n");
	CALL(rmdir, "\"n\"", SAME, "n");
	CALL(link, "\"file\", \"hard\"", SAME, "file", "hard");
	CALL(unlink, "\"hard\"", SAME, "hard");
	CALL(symlink, "\"t\", \"soft\"", SAME, "t", "soft");
	CALL(readlink, f("\"soft\", %p, 9", link_text + 32), "\"soft\", \"t\", 9", "soft",
	     link_text + 32, 9);
	CALL(mknod, "\"fifo\", S_IFIFO|0600, 0", SAME, "fifo", S_IFIFO | 0600, 0);
	CALL(dup2, f("%d, 76", fd), SAME, fd, 76);
	CALL(utimes, "\"nofile\", NULL", SAME, "nofile", NULL);
#endif
	CALL(mount, "\"src\", \"nodir\", \"type\", MS_RDONLY|MS_NOSUID, \"opt=1\"", SAME, "src",
	     "nodir", "type", 3L, "opt=1");
	NAMED(umount2, "umount", "umount", "\"nodir\", MNT_DETACH", SAME, "nodir", 2);
	CALL(chroot, "\"nodir\"", SAME, "nodir");
	CALL(swapoff, "\"nofile\"", SAME, "nofile");
	CALL(statfs, f("\"nofile\", %p", list), SAME, "nofile", list);
	CALL(name_to_handle_at, f("AT_FDCWD, \"nofile\", %p, %p, 0x0", list, list + 8), SAME, AT_FDCWD,
	     "nofile", list, list + 8, 0);
}

static void memory(void)
{
	static struct iovec local, remote;
	static char source[] = "remote", into[16], resident[4];
	char *page;

	page = (char *)ADDRESS(mmap, "mmap", "mmap2", "0x0, 8192, PROT_READ|PROT_WRITE, "
			       "MAP_PRIVATE|MAP_ANONYMOUS, -1, 0", 0L, 8192L, 3L, 0x22L, -1L, 0L);
	CALL(mprotect, f("%p, 4096, PROT_READ", page), SAME, page, 4096L, 1L);
	CALL(mprotect, f("%p, 4096, PROT_NONE", page), SAME, page, 4096L, 0L);
	CALL(madvise, f("%p, 4096, MADV_DONTNEED", page + 4096), SAME, page + 4096, 4096L, 4);
	CALL(mincore, f("%p, 4096, %p", page + 4096, resident), SAME, page + 4096, 4096L, resident);
	CALL(msync, f("%p, 4096, MS_SYNC", page + 4096), SAME, page + 4096, 4096L, MS_SYNC);
	CALL(mlock, f("%p, 4096", page + 4096), SAME, page + 4096, 4096L);
	CALL(munlock, f("%p, 4096", page + 4096), SAME, page + 4096, 4096L);
	CALL(mlock2, f("%p, 4096, MLOCK_ONFAULT", page + 4096), SAME, page + 4096, 4096L, 1);
	CALL(mlockall, "0x100", SAME, 0x100);
	CALL(munlockall, "", SAME);
	page = (char *)ADDRESS(mremap, "mremap", "mremap",
			       f("%p, 4096, 8192, MREMAP_MAYMOVE, 0x0", page + 4096), page + 4096, 4096L,
			       8192L, 1L, 0L);
	CALL(munmap, f("%p, 8192", page), SAME, page, 8192L);
	ADDRESS(brk, "brk", "brk", "0x0", 0L);
	CALL(memfd_create, "\"mem\", MFD_CLOEXEC", SAME, "mem", 1);
	local = (struct iovec){ into, 6 }, remote = (struct iovec){ source, 6 };
	CALL(process_vm_readv, f("%d, [{%p, 6}], 1, [{%p, 6}], 1, 0", self, into, source),
	     f("%d, [{\"remote\", 6}], 1, [{%p, 6}], 1, 0", self, source), self, &local, 1L,
	     &remote, 1L, 0L);
	CALL(mbind, f("%p, 4096, MPOL_BIND, 0x0, 0, MPOL_MF_STRICT", page), SAME, page, 4096L, 2, NULL,
	     0L, 1);
	CALL(set_mempolicy, "MPOL_DEFAULT, 0x0, 0", SAME, 0, NULL, 0L);
	CALL(pkey_alloc, "1, PKEY_DISABLE_WRITE", SAME, 1L, 2L);
	CALL(membarrier, "MEMBARRIER_CMD_QUERY, 0", SAME, 0, 0, 0);
}

static void processes(void)
{
	static const unsigned long limits[2] = { 1, 2 };
	static struct rlimit limit;
	static struct rusage usage;
	static siginfo_t info;
	static int status, word, word2;
	static struct timespec short_time = { 0, 1000 };
	static char name[] = "renamed";
	static struct sched_param priority;
	static unsigned long mask, base;

	CALL(getpid, "", SAME);
	CALL(getppid, "", SAME);
	CALL(gettid, "", SAME);
	CALL(getuid, "", SAME);
	CALL(geteuid, "", SAME);
	CALL(getgid, "", SAME);
	CALL(getegid, "", SAME);
	CALL(getpgid, "0", SAME, 0);
	CALL(getsid, "0", SAME, 0);
	CALL(setpgid, "-1, 0", SAME, -1, 0);
	CALL(setuid, "0", SAME, 0);
	CALL(setgid, "0", SAME, 0);
	CALL(setreuid, "-1, -1", SAME, -1, -1);
	CALL(setregid, "-1, 0", SAME, -1, 0);
	CALL(setresuid, "-1, -1, -1", SAME, -1, -1, -1);
	CALL(setresgid, "-1, -1, 0", SAME, -1, -1, 0);
	CALL(setfsuid, "-1", SAME, -1);
	CALL(setfsgid, "-1", SAME, -1);
	CALL(getpriority, "PRIO_PROCESS, 0", SAME, 0, 0);
	CALL(setpriority, "PRIO_USER, -1, 3", SAME, 2, -1, 3);
	limit = (struct rlimit){ 0, 0 };
	CALL(getrlimit, f("RLIMIT_NOFILE, %p", &limit),
	     f("RLIMIT_NOFILE, [%ld,%ld]", (long)limit.rlim_cur, (long)limit.rlim_max), RLIMIT_NOFILE,
	     &limit);
	CALL(prlimit64, "0, RLIMIT_CORE, [1,2], 0x0", "0, RLIMIT_CORE, [1,2], NULL", 0, RLIMIT_CORE,
	     limits, NULL);
	CALL(getrusage, f("RUSAGE_CHILDREN, %p", &usage),
	     f("RUSAGE_CHILDREN, {ru_utime=%ld.%06ld, ru_stime=%ld.%06ld, ru_maxrss=%ld}",
	       (long)usage.ru_utime.tv_sec, (long)usage.ru_utime.tv_usec,
	       (long)usage.ru_stime.tv_sec, (long)usage.ru_stime.tv_usec, usage.ru_maxrss),
	     RUSAGE_CHILDREN, &usage);
	CALL(wait4, f("-1, %p, WNOHANG|WUNTRACED, 0x0", &status), SAME, -1, &status, WNOHANG | WUNTRACED,
	     NULL);
	CALL(waitid, f("P_ALL, 0, %p, WNOHANG|WEXITED, 0x0", &info), SAME, P_ALL, 0, &info,
	     WEXITED | WNOHANG, NULL);
	CALL(futex, f("%p, FUTEX_WAKE_PRIVATE, 1", &word), SAME, &word, FUTEX_WAKE_PRIVATE, 1,
	     NULL, NULL, 0);
	CALL(futex, f("%p, FUTEX_WAIT, 0, [0.000001000]", &word), SAME, &word, FUTEX_WAIT, 0, &short_time,
	     NULL, 0);
	CALL(futex, f("%p, FUTEX_CMP_REQUEUE, 1, 2, %p, 0", &word, &word2), SAME, &word,
	     FUTEX_CMP_REQUEUE, 1, 2L, &word2, 0);
	CALL(futex, f("%p, FUTEX_WAKE_OP, 1, 1, %p, {FUTEX_OP_ADD, 1, FUTEX_OP_CMP_GT, 5}", &word,
		      &word2), SAME, &word, FUTEX_WAKE_OP, 1, 1L, &word2,
	     FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_GT, 5));
	CALL(set_tid_address, f("%p", &word), SAME, &word);
	CALL(prctl, "PR_SET_DUMPABLE, 1", SAME, PR_SET_DUMPABLE, 1L, 0L, 0L, 0L);
	CALL(prctl, "PR_GET_KEEPCAPS", SAME, PR_GET_KEEPCAPS, 0L, 0L, 0L, 0L);
	CALL(prctl, "PR_SET_PDEATHSIG, SIGKILL", SAME, PR_SET_PDEATHSIG, 9L, 0L, 0L, 0L);
	CALL(prctl, "PR_CAPBSET_READ, CAP_SYS_ADMIN", SAME, PR_CAPBSET_READ, 21L, 0L, 0L, 0L);
	CALL(seccomp, f("SECCOMP_GET_NOTIF_SIZES, 0x0, %p", name), SAME, 3, 0, name);
	CALL(kcmp, f("%d, %d, KCMP_VM, 0, 0", self, self), SAME, self, self, 1, 0L,
	     0L);
	CALL(pidfd_open, f("%d, 0x0", self), SAME, self, 0);
	CALL(unshare, "0x0", SAME, 0L);
	CALL(setns, "-1, CLONE_NEWNET", SAME, -1, CLONE_NEWNET);
	CALL(ptrace, "PTRACE_ATTACH, -1, 0x0, 0x0", SAME, 16L, -1L, 0L, 0L);
	CALL(personality, "0xffffffff", SAME, 0xffffffffUL);
	CALL(capget, "0x0, 0x0", SAME, NULL, NULL);
	CALL(sched_yield, "", SAME);
	CALL(sched_getscheduler, "0", SAME, 0);
	priority.sched_priority = 0;
	CALL(sched_setscheduler, "0, SCHED_NORMAL, [0]", SAME, 0, SCHED_OTHER, &priority);
	CALL(sched_get_priority_max, "SCHED_FIFO", SAME, SCHED_FIFO);
	CALL(sched_get_priority_min, "SCHED_RR", SAME, SCHED_RR);
	mask = 1;
	CALL(sched_setaffinity, "0, 8, [0]", SAME, 0, 8, &mask);
	CALL(ioprio_get, "IOPRIO_WHO_PROCESS, 0", SAME, 1, 0);
	CALL(ioprio_set, "IOPRIO_WHO_PROCESS, 0, IOPRIO_CLASS_BE|4", SAME, 1, 0, 2 << 13 | 4);
	CALL(getgroups, "-1, 0x0", SAME, -1, NULL);
#ifdef SYS_getpgrp
	CALL(getpgrp, "", SAME);
	CALL(alarm, "0", SAME, 0);
	CALL(arch_prctl, f("ARCH_GET_FS, %p", &base), SAME, 0x1003, &base);
#endif
}

static void events(void)
{
	static struct pollfd files[2] = { { 1, POLLIN | POLLPRI, 0 }, { -1, POLLOUT, 0 } };
	static struct pollfd files2[1] = { { -1, POLLIN, 0 } };
	static struct epoll_event event = { EPOLLIN | EPOLLET, { .u64 = 0x123 } }, ready[4];
	static struct timespec nothing = { 0, 0 };
	static struct timeval none = { 0, 0 };
	static sigset_t mask;
	static struct itimerspec setting = { { 1, 2 }, { 300, 4 } }, old, now;
	static int pair[2];
	int set, timer, watcher;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGTERM);
	NAMED(pipe2, "pipe2", "pipe2", f("%p, 0x0", pair), f("[%d, %d], 0x0", pair[0], pair[1]), pair, 0);
	CALL(ppoll, "[{fd=-1, events=POLLIN}], 1, [0.000000000], [SIGUSR1|SIGTERM], 8", SAME, files2, 1,
	     &nothing, &mask, 8);
	CALL(pselect6, f("0, 0x0, 0x0, 0x0, [0.000000000], 0x0"), SAME, 0, NULL, NULL, NULL, &nothing,
	     NULL);
	set = (int)NAMED(epoll_create1, "epoll_create1", "epoll_create1", "EPOLL_CLOEXEC", SAME,
			 EPOLL_CLOEXEC);
	CALL(epoll_ctl, f("%d, EPOLL_CTL_ADD, %d, {events=EPOLLIN|EPOLLET, data=0x123}", set, pair[0]),
	     SAME, set, EPOLL_CTL_ADD, pair[0], &event);
	CALL(write, f("%d, \"!\", 1", pair[1]), SAME, pair[1], "!", 1);
	CALL(epoll_pwait, f("%d, %p, 4, 100, NULL, 8", set, ready),
	     f("%d, [{events=EPOLLIN, data=0x123}], 4, 100, NULL, 8", set), set, ready, 4, 100, NULL, 8L);
	NAMED(eventfd2, "eventfd2", "eventfd2", "3, EFD_NONBLOCK|EFD_CLOEXEC", SAME, 3,
	      O_NONBLOCK | O_CLOEXEC);
	NAMED(signalfd4, "signalfd4", "signalfd4", "-1, [SIGUSR1|SIGTERM], 8, SFD_CLOEXEC", SAME, -1,
	      &mask, 8L, O_CLOEXEC);
	timer = (int)CALL(timerfd_create, "CLOCK_MONOTONIC, TFD_NONBLOCK", SAME, CLOCK_MONOTONIC,
			  TFD_NONBLOCK);
	CALL(timerfd_settime, f("%d, TFD_TIMER_ABSTIME, [1.000000002,300.000000004], %p", timer, &old),
	     f("%d, TFD_TIMER_ABSTIME, [1.000000002,300.000000004], [0.000000000,0.000000000]", timer),
	     timer, TFD_TIMER_ABSTIME, &setting, &old);
	CALL(timerfd_gettime, f("%d, %p", timer, &now),
	     f("%d, [%ld.%09ld,%ld.%09ld]", timer, (long)now.it_interval.tv_sec,
	       (long)now.it_interval.tv_nsec, (long)now.it_value.tv_sec, (long)now.it_value.tv_nsec),
	     timer, &now);
	watcher = (int)NAMED(inotify_init1, "inotify_init1", "inotify_init1", "IN_CLOEXEC", SAME,
			     IN_CLOEXEC);
	CALL(inotify_add_watch, f("%d, \".\", IN_CREATE|IN_DELETE", watcher), SAME, watcher, ".",
	     IN_CREATE | IN_DELETE);
	CALL(inotify_rm_watch, f("%d, 99", watcher), SAME, watcher, 99);
#ifdef SYS_poll
	CALL(poll, "[{fd=1, events=POLLIN|POLLPRI}, {fd=-1, events=POLLOUT}], 2, 0",
	     f("[{fd=1, revents=%s}, {fd=-1, revents=0x0}], 2, 0",
	       files[0].revents ? "POLLIN" : "0x0"), files, 2, 0);
	CALL(select, f("0, 0x0, 0x0, 0x0, [0.000000]"), SAME, 0, NULL, NULL, NULL, &none);
	CALL(epoll_create, "5", SAME, 5);
	CALL(epoll_wait, f("%d, %p, 4, 0", set, ready + 2), f("%d, [], 4, 0", set), set, ready + 2, 4,
	     0);
	CALL(eventfd, "4", SAME, 4);
	CALL(inotify_init, "", SAME);
#else
	(void)files, (void)none;
#endif
}

static const char *address_text(const struct sockaddr_in *address)
{
	return f("{AF_INET, %s, %d}", inet_ntoa(address->sin_addr), ntohs(address->sin_port));
}

static void sockets(void)
{
	static struct sockaddr_in any, bound, peer, taken, from;
	static struct sockaddr_un local = { AF_UNIX, "no/socket" };
	static struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = 0 };
	static socklen_t bound_length = sizeof(bound), peer_length = sizeof(peer),
		taken_length = sizeof(taken), from_length = sizeof(from), option_length = 4;
	static char into[16], into2[16];
	static struct iovec out = { "message", 7 }, in = { into2, 16 };
	static struct msghdr message, received;
	static int one = 1, kind, pair[2];
	int listener, client, server;

	any = (struct sockaddr_in){ .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	listener = (int)CALL(socket, "PF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP", SAME, AF_INET,
			     SOCK_STREAM | SOCK_CLOEXEC, 6);
	CALL(setsockopt, f("%d, SOL_SOCKET, SO_REUSEADDR, [1], 4", listener), SAME, listener,
	     SOL_SOCKET, SO_REUSEADDR, &one, 4);
	CALL(getsockopt, f("%d, SOL_SOCKET, SO_TYPE, %p, %p", listener, &kind, &option_length),
	     f("%d, SOL_SOCKET, SO_TYPE, [1], [4]", listener), listener, SOL_SOCKET, SO_TYPE, &kind,
	     &option_length);
	CALL(bind, f("%d, {AF_INET, 127.0.0.1, 0}, 16", listener), SAME, listener, &any, 16);
	CALL(listen, f("%d, 5", listener), SAME, listener, 5);
	CALL(getsockname, f("%d, %p, %p", listener, &bound, &bound_length),
	     f("%d, %s, [16]", listener, address_text(&bound)), listener, &bound, &bound_length);
	client = (int)CALL(socket, "PF_INET, SOCK_STREAM, IPPROTO_IP", SAME, AF_INET, SOCK_STREAM, 0);
	CALL(connect, f("%d, %s, 16", client, address_text(&bound)), SAME, client, &bound, 16);
	server = (int)CALL(accept4, f("%d, %p, %p, SOCK_NONBLOCK", listener, &taken, &taken_length),
			   f("%d, %s, [16], SOCK_NONBLOCK", listener, address_text(&taken)), listener,
			   &taken, &taken_length, SOCK_NONBLOCK);
	CALL(getpeername, f("%d, %p, %p", client, &peer, &peer_length),
	     f("%d, %s, [16]", client, address_text(&peer)), client, &peer, &peer_length);
	CALL(sendto, f("%d, \"hello\", 5, MSG_NOSIGNAL, NULL, 0", client), SAME, client, "hello", 5L,
	     MSG_NOSIGNAL, NULL, 0);
	CALL(recvfrom, f("%d, %p, 16, MSG_PEEK, 0x0, 0x0", server, into),
	     f("%d, \"hello\", 16, MSG_PEEK, 0x0, NULL", server), server, into, 16L, MSG_PEEK, NULL,
	     NULL);
	message.msg_iov = &out, message.msg_iovlen = 1;
	CALL(sendmsg, f("%d, {msg_name=NULL, msg_iov=[{\"message\", 7}], msg_controllen=0, "
			"msg_flags=0x0}, MSG_DONTWAIT|MSG_NOSIGNAL", server), SAME, server, &message,
	     MSG_NOSIGNAL | MSG_DONTWAIT);
	received.msg_iov = &in, received.msg_iovlen = 1;
	CALL(recvmsg, f("%d, %p, 0x0", client, &received),
	     f("%d, {msg_name=NULL, msg_iov=[{\"message\", 16}], msg_controllen=0, msg_flags=0x0}, 0x0",
	       client), client, &received, 0);
	CALL(shutdown, f("%d, SHUT_WR", client), SAME, client, SHUT_WR);
	CALL(socketpair, f("PF_LOCAL, SOCK_DGRAM, 0, %p", pair),
	     f("PF_LOCAL, SOCK_DGRAM, 0, [%d, %d]", pair[0], pair[1]), AF_UNIX, SOCK_DGRAM, 0, pair);
	CALL(connect, "-1, {AF_UNIX, \"no/socket\"}, 12", SAME, -1, &local, 12);
	inet_pton(AF_INET6, "::1", &six.sin6_addr);
	six.sin6_port = htons(53);
	CALL(bind, "-1, {AF_INET6, ::1, 53}, 28", SAME, -1, &six, 28);
	CALL(connect, "-1, {unknown sockaddr with salen=1}, 1", SAME, -1, &six, 1);
	CALL(accept, f("-1, %p, %p", &from, &from_length), SAME, -1, &from, &from_length);
}

static void times_and_signals(void)
{
	static struct timespec moment, resolution, pause_time = { 0, 1000 }, left, slice;
	static struct timeval day;
	static struct itimerval interval = { { 0, 0 }, { 0, 0 } }, was, is;
	static sigset_t mask, before, waiting;
	static stack_t stack;
	static struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		unsigned long mask;
	} action = { (void *)1, 0, NULL, 0 }, old_action, other = { (void *)0x1234, SA_RESTART, NULL, 2 };
	static siginfo_t info;

	CALL(clock_gettime, f("CLOCK_BOOTTIME, %p", &moment),
	     f("CLOCK_BOOTTIME, [%ld.%09ld]", (long)moment.tv_sec, (long)moment.tv_nsec),
	     CLOCK_BOOTTIME, &moment);
	CALL(clock_getres, f("CLOCK_MONOTONIC, %p", &resolution),
	     f("CLOCK_MONOTONIC, [%ld.%09ld]", (long)resolution.tv_sec, (long)resolution.tv_nsec),
	     CLOCK_MONOTONIC, &resolution);
	CALL(clock_settime, "CLOCK_MONOTONIC, [0.000001000]", SAME, CLOCK_MONOTONIC, &pause_time);
	CALL(clock_nanosleep, f("CLOCK_REALTIME, TIMER_ABSTIME, [0.000001000], %p", &left), SAME,
	     CLOCK_REALTIME, TIMER_ABSTIME, &pause_time, &left);
	CALL(nanosleep, f("[0.000001000], %p", &left), SAME, &pause_time, &left);
	CALL(gettimeofday, f("%p, 0x0", &day), f("[%ld.%06ld], NULL", (long)day.tv_sec, (long)day.tv_usec),
	     &day, NULL);
	CALL(getitimer, f("ITIMER_PROF, %p", &is), "ITIMER_PROF, [0.000000,0.000000]", ITIMER_PROF, &is);
	CALL(setitimer, f("ITIMER_VIRTUAL, [0.000000,0.000000], %p", &was),
	     "ITIMER_VIRTUAL, [0.000000,0.000000], [0.000000,0.000000]", ITIMER_VIRTUAL, &interval, &was);
	CALL(timer_delete, "77", SAME, 77);
	CALL(timer_getoverrun, "77", SAME, 77);
	CALL(timer_gettime, f("77, %p", &is), SAME, 77, &is);
	CALL(sched_rr_get_interval, f("-1, %p", &slice), SAME, -1, &slice);
	CALL(kill, f("%d, 0x0", self), SAME, self, 0);
	CALL(kill, "1999999999, SIGTERM", SAME, 1999999999, SIGTERM);
	CALL(tkill, "-1, SIGUSR2", SAME, -1, SIGUSR2);
	CALL(tgkill, f("%d, -1, SIGKILL", self), SAME, self, -1, SIGKILL);
	CALL(rt_sigaction, f("SIGUSR1, {SIG_IGN}, %p, 8", &old_action),
	     "SIGUSR1, {SIG_IGN}, {SIG_DFL}, 8", SIGUSR1, &action, &old_action, 8L);
	CALL(rt_sigaction, "SIGUSR2, {0x1234, SA_RESTART, 0x0, [SIGINT]}, 0x0, 9", SAME, SIGUSR2, &other,
	     NULL, 9L);
	sigemptyset(&mask);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGCHLD);
	CALL(rt_sigprocmask, f("SIG_BLOCK, [SIGHUP|SIGCHLD], %p, 8", &before),
	     "SIG_BLOCK, [SIGHUP|SIGCHLD], [EMPTY], 8", SIG_BLOCK, &mask, &before, 8L);
	CALL(rt_sigpending, f("%p, 8", &waiting), "[EMPTY], 8", &waiting, 8L);
	CALL(rt_sigtimedwait, f("[SIGHUP|SIGCHLD], %p, [0.000001000], 8", &info), SAME, &mask, NULL,
	     &pause_time, 8L);
	calls[call_count - 1].entry = calls[call_count - 1].exit =
		"[SIGHUP|SIGCHLD], NULL, [0.000001000], 8";
	info.si_signo = SIGUSR1, info.si_code = SI_QUEUE, info.si_pid = 12, info.si_uid = 34;
	CALL(rt_sigqueueinfo, "1999999999, SIGUSR1, {si_signo=SIGUSR1, si_code=SI_QUEUE, si_pid=12, "
	     "si_uid=34}", SAME, 1999999999, SIGUSR1, &info);
	stack = (stack_t){ .ss_sp = (void *)0x1000, .ss_flags = SS_DISABLE, .ss_size = 77 };
	CALL(sigaltstack, "{ss_sp=0x1000, ss_flags=SS_DISABLE, ss_size=77}, 0x0",
	     "{ss_sp=0x1000, ss_flags=SS_DISABLE, ss_size=77}, 0x0", &stack, NULL);
	calls[call_count - 1].exit = "{ss_sp=0x1000, ss_flags=SS_DISABLE, ss_size=77}, 0x0";
#ifdef SYS_time
	CALL(time, "0x0", SAME, NULL);
#endif
}

static void others(void)
{
	static struct sembuf operations[2] = { { 1, -2, IPC_NOWAIT | SEM_UNDO }, { 0, 3, 0 } };
	static char random_bytes[4], hosts[] = "host";
	static unsigned cpu, node;

	CALL(msgget, "IPC_PRIVATE, IPC_CREAT|IPC_EXCL|0600", SAME, 0, 03600);
	CALL(msgctl, f("%d, IPC_RMID, 0x0", atoi(calls[call_count - 1].result)), SAME,
	     atoi(calls[call_count - 1].result), 0, NULL);
	CALL(msgsnd, "-1, 0x0, 1, IPC_NOWAIT", SAME, -1, NULL, 1L, 04000);
	CALL(msgrcv, "-1, 0x0, 1, -2, MSG_NOERROR", SAME, -1, NULL, 1L, -2L, 010000);
	CALL(semget, "7654321, 0, 0600", SAME, 7654321, 0, 0600);
	CALL(semop, "-1, [{1, -2, IPC_NOWAIT|SEM_UNDO}, {0, 3, 0x0}], 2", SAME, -1, operations, 2);
	CALL(semctl, "-1, 2, GETVAL, 0x0", SAME, -1, 2, 12, 0L);
	CALL(shmget, "7654321, 4096, 0600", SAME, 7654321, 4096L, 0600);
	ADDRESS(shmat, "shmat", "shmat", "-1, 0x0, SHM_RDONLY", -1, NULL, 010000);
	CALL(shmdt, "0x1000", SAME, 0x1000L);
	CALL(shmctl, "-1, IPC_STAT, 0x0", SAME, -1, 2, NULL);
	CALL(mq_unlink, "\"noqueue\"", SAME, "noqueue");
	CALL(mq_open, "\"noqueue\", O_RDWR", SAME, "noqueue", O_RDWR, 0, NULL);
	CALL(getrandom, f("%p, 4, GRND_NONBLOCK", random_bytes),
	     f("\"%s\", 4, GRND_NONBLOCK", quoted(random_bytes, 4)), random_bytes, 4L, 1);
	CALL(getcpu, f("%p, %p, 0x0", &cpu, &node), f("[%u], [%u], 0x0", cpu, node), &cpu, &node, NULL);
	CALL(sethostname, "\"host\", 65", SAME, hosts, 65L);
	CALL(syslog, "99, 0x0, 0", SAME, 99, NULL, 0);
	CALL(reboot, "0x1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART, 0x0", SAME, 1, 672274793,
	     0x1234567, NULL);
	CALL(bpf, "BPF_MAP_CREATE, 0x0, 0", SAME, 0, NULL, 0);
	CALL(perf_event_open, "0x0, 0, -1, -1, PERF_FLAG_FD_CLOEXEC", SAME, NULL, 0, -1, -1, 8L);
	CALL(finit_module, "-1, \"opt\", MODULE_INIT_IGNORE_VERMAGIC", SAME, -1, "opt", 2);
	CALL(delete_module, "\"nomodule\", O_NONBLOCK", SAME, "nomodule", O_NONBLOCK);
	CALL(io_destroy, "0", SAME, 0L);
	CALL(userfaultfd, "0x4", SAME, 4);
	CALL(clone3, "NULL, 0", SAME, NULL, 0L);
	CALL(keyctl, "KEYCTL_REVOKE, 1999999999", SAME, 3, 1999999999L, 0L, 0L, 0L);
	CALL(quotactl, "Q_SYNC|USRQUOTA, \"nodev\", 0, 0x0", SAME, 0x800001 << 8, "nodev", 0, NULL);
}

/* extended attributes, the calls that mount step by step, and what waits in kernel queues */
static void attributes_and_mounts(void)
{
	static char box[64];

	CALL(fgetxattr, f("-1, \"user.one\", %p, 5", box), SAME, -1, "user.one", box, 5L);
	CALL(lgetxattr, f("\"nofile\", \"user.one\", %p, 5", box), SAME, "nofile", "user.one", box, 5L);
	CALL(flistxattr, f("-1, %p, 7", box), SAME, -1, box, 7L);
	CALL(llistxattr, f("\"nofile\", %p, 7", box), SAME, "nofile", box, 7L);
	CALL(fremovexattr, "-1, \"user.one\"", SAME, -1, "user.one");
	CALL(lremovexattr, "\"nofile\", \"user.one\"", SAME, "nofile", "user.one");
	CALL(lsetxattr, "\"nofile\", \"user.one\", \"va\", 2, XATTR_CREATE", SAME, "nofile", "user.one",
	     "va", 2L, 1);
	CALL(fsopen, "\"nofs\", FSOPEN_CLOEXEC", SAME, "nofs", 1);
	CALL(fsconfig, "-1, FSCONFIG_SET_FLAG, \"ro\", 0x0, 0", SAME, -1, 0, "ro", NULL, 0);
	CALL(fsmount, "-1, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY", SAME, -1, 1, 1);
	CALL(fspick, "AT_FDCWD, \"nofile\", FSPICK_CLOEXEC", SAME, AT_FDCWD, "nofile", 1);
	CALL(move_mount, "-1, \"a\", -1, \"b\", MOVE_MOUNT_F_SYMLINKS", SAME, -1, "a", -1, "b", 1);
	CALL(open_tree, "AT_FDCWD, \"nofile\", OPEN_TREE_CLONE", SAME, AT_FDCWD, "nofile", 1);
	CALL(mount_setattr, "AT_FDCWD, \"nofile\", AT_RECURSIVE, 0x0, 0", SAME, AT_FDCWD, "nofile",
	     0x8000, NULL, 0L);
	CALL(quotactl_fd, "-1, Q_SYNC|USRQUOTA, 0, 0x0", SAME, -1, 0x800001 << 8, 0, NULL);
	CALL(swapon, "\"nofile\", SWAP_FLAG_DISCARD", SAME, "nofile", 0x10000);
	CALL(acct, "\"nodirectory/file\"", SAME, "nodirectory/file");
	CALL(open_by_handle_at, "-1, 0x0, O_RDONLY", SAME, -1, NULL, O_RDONLY);
	CALL(renameat2, "AT_FDCWD, \"nofile\", AT_FDCWD, \"other\", RENAME_NOREPLACE", SAME, AT_FDCWD,
	     "nofile", AT_FDCWD, "other", 1);
	CALL(syncfs, "-1", SAME, -1);
	CALL(mq_timedsend, "-1, 0x0, 1, 2, 0x0", SAME, -1, NULL, 1L, 2, NULL);
	CALL(mq_timedreceive, "-1, 0x0, 1, 0x0, 0x0", SAME, -1, NULL, 1L, NULL, NULL);
	CALL(mq_notify, "-1, 0x0", SAME, -1, NULL);
	CALL(mq_getsetattr, "-1, 0x0, 0x0", SAME, -1, NULL, NULL);
	CALL(io_setup, "0, 0x0", SAME, 0, NULL);
	CALL(io_submit, "0, 1, 0x0", SAME, 0L, 1L, NULL);
	CALL(io_cancel, "0, 0x0, 0x0", SAME, 0L, NULL, NULL);
	CALL(io_getevents, "0, 0, 1, 0x0, NULL", SAME, 0L, 0L, 1L, NULL, NULL);
	CALL(io_uring_enter, "-1, 0, 0, IORING_ENTER_GETEVENTS, 0x0, 0", SAME, -1, 0, 0, 1, NULL, 0L);
	CALL(io_uring_register, "-1, IORING_REGISTER_BUFFERS, 0x0, 0", SAME, -1, 0, NULL, 0);
}

/* other tasks, where memory lies, and calls that newer kernels have */
static void tasks_and_nodes(void)
{
	static char box[64];
	static int ids[3];

	CALL(sched_getaffinity, f("1999999999, 8, %p", box), SAME, 1999999999, 8, box);
	CALL(sched_getparam, f("1999999999, %p", box), SAME, 1999999999, box);
	CALL(getresuid, f("%p, %p, %p", &ids[0], &ids[1], &ids[2]),
	     f("[%d], [%d], [%d]", ids[0], ids[1], ids[2]), &ids[0], &ids[1], &ids[2]);
	CALL(getresgid, f("%p, %p, %p", &ids[0], &ids[1], &ids[2]),
	     f("[%d], [%d], [%d]", ids[0], ids[1], ids[2]), &ids[0], &ids[1], &ids[2]);
	CALL(get_robust_list, f("1999999999, %p, %p", box, box + 8), SAME, 1999999999, box, box + 8);
	CALL(set_robust_list, "0x0, 1", SAME, NULL, 1L);
	CALL(pidfd_getfd, "-1, 0, 0x0", SAME, -1, 0, 0);
	CALL(process_mrelease, "-1, 0x0", SAME, -1, 0);
	CALL(landlock_create_ruleset, "0x0, 0, 0x2", SAME, NULL, 0L, 2);
	CALL(landlock_add_rule, "-1, 1, 0x0, 0x0", SAME, -1, 1, NULL, 0);
	CALL(landlock_restrict_self, "-1, 0x0", SAME, -1, 0);
	CALL(capset, "0x0, 0x0", SAME, NULL, NULL);
	CALL(setdomainname, "\"dom\", 65", SAME, "dom", 65);
	CALL(timer_create, "CLOCK_MONOTONIC, 0x0, 0x0", SAME, CLOCK_MONOTONIC, NULL, NULL);
	ADDRESS(mremap, "mremap", "mremap", "0x1000, 4096, 8192, MREMAP_MAYMOVE, 0x0", 0x1000L, 4096L, 8192L,
		1, 0L);
	CALL(pkey_mprotect, "0x1, 4096, PROT_READ, -1", SAME, 1L, 4096L, 1, -1);
	CALL(pkey_free, "99", SAME, 99);
	CALL(migrate_pages, "1999999999, 0, 0x0, 0x0", SAME, 1999999999, 0L, NULL, NULL);
	CALL(move_pages, "1999999999, 0, 0x0, 0x0, 0x0, MPOL_MF_MOVE", SAME, 1999999999, 0L, NULL, NULL, NULL,
	     2);
	CALL(get_mempolicy, "0x0, 0x0, 0, 0x0, MPOL_F_MEMS_ALLOWED", SAME, NULL, NULL, 0L, 0L, 4);
	CALL(set_mempolicy_home_node, "0x0, 0, 0, 0x1", SAME, 0L, 0L, 0L, 1);
	CALL(readv, "-1, 0x0, 0", SAME, -1, NULL, 0L);
	CALL(preadv2, "-1, 0x0, 0, 0x0, RWF_NOWAIT", SAME, -1, NULL, 0L, 0L, 0L, 8);
	NAMED(sendfile, "sendfile64", "sendfile", "-1, -1, 0x0, 5", SAME, -1, -1, NULL, 5L);
	CALL(sendmmsg, "-1, 0x0, 0, MSG_DONTWAIT", SAME, -1, NULL, 0, 0x40);
	RUN(451, "cachestat", "cachestat", "-1, 0x0, 0x0, 0x0", SAME, 0, -1, NULL, NULL, 0);
	RUN(452, "fchmodat2", "fchmodat2", "AT_FDCWD, \"nofile\", 0640, AT_SYMLINK_NOFOLLOW", SAME, 0,
	    AT_FDCWD, "nofile", 0640, AT_SYMLINK_NOFOLLOW);
	RUN(457, "statmount", "statmount", "0x0, 0x0, 0, 0x0", SAME, 0, NULL, NULL, 0L, 0);
	RUN(458, "listmount", "listmount", "0x0, 0x0, 0, 0x0", SAME, 0, NULL, NULL, 0L, 0);
	RUN(462, "mseal", "mseal", "0x1, 4096, 0x1", SAME, 0, 1L, 4096L, 1L);
}

int main(int argc, char **argv)
{
	char go;

	if ((argc > 1 && chdir(argv[1]) < 0) || read(0, &go, 1) < 0)
		return 1;
	self = (int)getpid();
	syscall(SYS_getpgid, 1999999999); /* begin */
	files();
	memory();
	processes();
	events();
	sockets();
	times_and_signals();
	others();
	attributes_and_mounts();
	tasks_and_nodes();
	syscall(SYS_getpgid, 1999999998); /* end */
	for (size_t i = 0; i < call_count; i++) {
		printf("%s > %s(%s)\n", calls[i].event, calls[i].name, calls[i].entry);
		printf("%s < %s(%s) = %s\n", calls[i].event, calls[i].name, calls[i].exit,
		       calls[i].result);
	}
	fflush(stdout);
	for (;;)
		pause();
}
