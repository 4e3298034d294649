/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose a task is and what job it belongs to: asked of /proc, remembered per task, handed on at
 * fork, and kept up to date where tapset/identity.stp can watch the kernel change it.
 */
#ifndef STAP_IDENTITY_H
#define STAP_IDENTITY_H

#include "vm.h"

enum identity_id {
	IDENTITY_UID, IDENTITY_EUID, IDENTITY_GID, IDENTITY_EGID, IDENTITY_PGRP, IDENTITY_SID,
	IDENTITY_COUNT,
};

/**
 * identity_of() - user, group, process group or session of @task now, at the event the session runs
 * Kept exact from what identity_tell() was told, once anything was. Before that /proc is asked,
 * once after an event's instant: a later answer is no nearer to it. A task that was gone before it
 * was asked is what it had from its parent, or what the nearest ancestor is that can be asked; 0
 * where none can.
 */
int64_t identity_of(struct vm_session *session, struct task *task, enum identity_id id);
/** identity_tell() - the kernel has set it to @value now */
void identity_tell(struct vm_session *session, struct task *task, enum identity_id id,
		   int64_t value);
/** identity_doubt() - something of it changed now, who knows what: /proc is asked again */
void identity_doubt(struct task *task);
/** identity_inherit() - @child begins as @parent is known to be; NULL: as nothing that is known */
void identity_inherit(struct task *child, const struct task *parent);

#endif
