// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel module to be probed: each write to /proc/stap_probed calls weigh() with an item that
 * weighs as many pounds as bytes are written. fetch-kernel builds it for the kernels with modules;
 * the live test module-values.sh knows every number here.
 */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/uaccess.h>

struct shelf {
	const char *label;
	int numbers[4];
	unsigned int low:3, high:5;
};
struct item {
	short weight;
	struct shelf *where;
	union {
		long price;
		char name[8];
	};
};

int probed_total = 1000;
static struct shelf top = { "the top shelf", { 3, -5, 7, 11 }, 5, 21 };

static __attribute__((noipa)) long weigh(struct item *item, int count)
{
	probed_total += count;
	item->where->numbers[2] += count;
	barrier(); /* LINE weighed */
	return item->weight * count - 100;
}

static ssize_t probed_write(struct file *file, const char __user *buffer, size_t size, loff_t *at)
{
	struct item item = { .weight = -(short)size, .where = &top, .price = 77 };

	weigh(&item, 3);
	return size;
}

static const struct proc_ops operations = { .proc_write = probed_write };

static int __init probed_init(void)
{
	return proc_create("stap_probed", 0200, NULL, &operations) ? 0 : -ENOMEM;
}

static void __exit probed_exit(void)
{
	remove_proc_entry("stap_probed", NULL);
}

module_init(probed_init);
module_exit(probed_exit);
MODULE_DESCRIPTION("functions for tests of probes");
MODULE_LICENSE("GPL");
