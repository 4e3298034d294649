// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Natives about block devices, for tapset/block.stp: what sysfs knows of a device number as trace
 * events carry it (12 bits of major, 20 bits of minor: include/linux/kdev_t.h).
 */
#include <unistd.h>

#include "builtin.h"

static void print_device_path(int64_t device, const char *file, char *path, size_t size)
{
	snprintf(path, size, "/sys/dev/block/%lld:%lld%s", (long long)(device >> 20 & 0xfff),
		 (long long)(device & 0xfffff), file);
}

bool builtin___block_device_name(struct native_call *call)
{
	char path[64], target[256], *name;
	ssize_t length;

	print_device_path(call->arguments[0].number, "", path, sizeof(path));
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return native_return_string(call, "");
	target[length] = '\0';
	name = strrchr(target, '/');
	return native_return_string(call, name ? name + 1 : target);
}

/* a partition's directory stands in that of its disk */
bool builtin___block_device_whole(struct native_call *call)
{
	unsigned long long major, minor;
	struct buf text = BUF_INIT;
	int64_t whole = call->arguments[0].number;
	char path[64];

	print_device_path(whole, "/partition", path, sizeof(path));
	if (access(path, F_OK) == 0) {
		print_device_path(whole, "/../dev", path, sizeof(path));
		if (buf_read_file(&text, path) == 0 &&
		    sscanf(buf_text(&text), "%llu:%llu", &major, &minor) == 2)
			whole = (int64_t)(major << 20 | minor);
	}
	buf_free(&text);
	return native_return_number(call, whole);
}

/* the word in brackets; a partition's queue is that of the disk, the directory above */
bool builtin___block_scheduler_name(struct native_call *call)
{
	static const char *const files[] = { "/queue/scheduler", "/../queue/scheduler" };
	struct buf text = BUF_INIT;
	char path[64];
	const char *begin = NULL, *end = NULL;
	bool ok;

	for (size_t i = 0; i < ARRAY_SIZE(files) && !end; i++) {
		print_device_path(call->arguments[0].number, files[i], path, sizeof(path));
		buf_reset(&text);
		if (buf_read_file(&text, path) < 0)
			continue;
		begin = strchr(buf_text(&text), '[');
		end = begin ? strchr(begin, ']') : NULL;
	}
	ok = end ? native_return_text(call, begin + 1, (size_t)(end - begin - 1)) :
		   native_return_string(call, "none");
	buf_free(&text);
	return ok;
}
