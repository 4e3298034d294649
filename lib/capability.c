/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capabilities, asked for when the kernel has refused something: to say which is missing. */
#include "lib.h"

#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST_USER_NAMESPACE 0xeffffffdu /* its inode: PROC_USER_INIT_INO, include/linux/proc_ns.h */

bool capability_is_held(unsigned capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data) != 0)
		return false;
	return data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

bool capability_is_confined(void)
{
	struct stat namespace;

	return stat("/proc/self/ns/user", &namespace) == 0 &&
	       namespace.st_ino != FIRST_USER_NAMESPACE;
}
