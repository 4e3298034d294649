/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control groups by their paths below where those are mounted that perf follows. */
#ifndef CGROUP_H
#define CGROUP_H

#include "../lib/lib.h"

/** cgroup_path() - append the path of the group of process @pid; false after one sentence */
bool cgroup_path(const char *pid, struct buf *path, struct buf *problem);
/** cgroup_open() - a descriptor of the group at @path that perf can follow; -1 after one sentence */
int cgroup_open(const char *path, struct buf *problem);

#endif
