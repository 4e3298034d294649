/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that uprobes go into: found by path, by wildcard, in $PATH, as the executable of a process
 * or as a library it uses; opened once a session.
 */
#ifndef PROBED_FILE_H
#define PROBED_FILE_H

#include "arch.h"
#include "session.h"

/**
 * struct probed_file - an ELF file
 * @path: where it was found; shown, and opened by debuginfo
 * @target: how definitions name it: the path, or /proc/self/fd/N when the path has characters that
 *	mean something in a definition
 */
struct probed_file {
	const char *path, *target;
	int fd;
	const struct trace_arch *arch;
	bool is_32bit;
	struct module *module; /* NULL until probed_file_module() */
};
typedef ARRAY(struct probed_file *) probed_files;

/**
 * probed_file_open() - open the ELF file at @path, once
 * NULL after a sentence in @problem.
 */
struct probed_file *probed_file_open(struct tracefs *tracefs, const char *path,
				     struct buf *problem);
/** probed_file_module() - its functions and types; NULL after a sentence in @problem */
struct module *probed_file_module(struct frontend *frontend, struct probed_file *file,
				  struct buf *problem);
/** probed_file_read() - bytes at @offset into @code; returns how many there were */
size_t probed_file_read(const struct probed_file *file, uint64_t offset, unsigned char *code,
			size_t size);

/**
 * probed_files_find() - the programs that @pattern means: a path, a name looked up in $PATH, or
 * either with wildcards; files that are no ELF files are passed over when there are
 * Returns 0 or -ENOENT after a sentence in @problem.
 */
int probed_files_find(struct tracefs *tracefs, const char *pattern, probed_files *files,
		      struct buf *problem);
/** probed_file_of_process() - the executable of @pid, even if deleted; NULL after a sentence */
struct probed_file *probed_file_of_process(struct tracefs *tracefs, pid_t pid,
					   struct buf *problem);
/**
 * probed_files_library() - libraries called @pattern that @program uses, or that process @pid has
 * mapped; @pid 0 for any
 */
int probed_files_library(struct tracefs *tracefs, const struct probed_file *program, pid_t pid,
			 const char *pattern, probed_files *files, struct buf *problem);
/** probed_files_cached() - libraries in /etc/ld.so.cache called @pattern, of @program's machine */
void probed_files_cached(struct tracefs *tracefs, const struct probed_file *program,
			 const char *pattern, probed_files *files);
bool probed_file_same_machine(const struct probed_file *a, const struct probed_file *b);
/**
 * needed_libraries() - those called @pattern that the loader will load for @program
 * By the name a program asks for them ("libm.so.6"), by file name or path, wildcards in any.
 */
void needed_libraries(struct tracefs *tracefs, const struct probed_file *program,
		      const char *pattern, probed_files *files);
/**
 * probed_file_at() - the file that process @pid has mapped at @address, and the offset there
 */
struct probed_file *probed_file_at(struct tracefs *tracefs, pid_t pid, uint64_t address,
				   uint64_t *offset, struct buf *problem);

#endif
