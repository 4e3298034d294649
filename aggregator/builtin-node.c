// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The NUMA node of an address: of a page of the event's process, which the kernel is asked for when
 * the handler runs, or of a physical address, by sysfs's blocks of memory.
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "builtin.h"

/* the node of the page at @address of thread @tid, negative when it has none there */
static int node_of_page(int32_t tid, int64_t address)
{
	void *pages[] = { (void *)(uintptr_t)address };
	int node = -1;

	if (tid <= 0 || syscall(SYS_move_pages, tid, 1UL, pages, NULL, &node, 0))
		return -1;
	return node;
}

static uint64_t memory_block_size(void)
{
	struct buf text = BUF_INIT;
	uint64_t size = 0;

	if (buf_read_file(&text, "/sys/devices/system/memory/block_size_bytes") == 0)
		size = strtoull(buf_text(&text), NULL, 16);
	buf_free(&text);
	return size;
}

static int node_of_block(uint64_t address)
{
	uint64_t size = memory_block_size();
	char path[96];

	for (int node = 0; size && node < 1024; node++) {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d", node);
		if (access(path, F_OK))
			continue;
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/memory%llu", node,
			 (unsigned long long)(address / size));
		if (access(path, F_OK) == 0)
			return node;
	}
	return -1;
}

bool builtin_addr_to_node(struct native_call *call)
{
	int64_t address = call->arguments[0].number;
	int node = node_of_page(call->session->now.event->tid, address);

	if (node < 0)
		node = node_of_block((uint64_t)address);
	return native_return_number(call, node < 0 ? 0 : node);
}
