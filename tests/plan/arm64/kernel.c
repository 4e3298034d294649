// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What passes for a kernel when plans are tested: functions and types of the names that scripts
 * ask for, linked where an arm64 kernel lies. See ./build.
 */
typedef unsigned long long u64;
typedef unsigned int u32;

struct path { struct mount *mnt; struct dentry *dentry; };
struct super_block { u32 s_dev; unsigned char s_blocksize_bits; };
struct inode { unsigned short i_mode; struct super_block *i_sb; u64 i_ino; };
struct file {
	u32 f_flags, f_mode;
	struct path f_path;
	struct inode *f_inode;
	struct { int counter; } f_count;
	unsigned dirty : 1, depth : 5;
	char name[16];
};
u64 jiffies = 4294667296;
struct file *last_file;

__attribute__((noinline)) long vfs_read(struct file *file, char *buf, u64 count, u64 *pos)
{
	long done = (long)(count - file->f_inode->i_ino);

	__asm__ volatile("" : : "r"(buf), "r"(done) : "memory");
	last_file = file;
	jiffies++;
	*pos += (u64)done;
	return done;
}

__attribute__((noinline)) int vfs_open(struct path path, struct file *file)
{
	__asm__ volatile("" : : "r"(path.mnt), "r"(path.dentry) : "memory");
	file->f_path = path;
	return file->depth;
}

void _stext(void)
{
	char byte;
	u64 pos = 0;

	for (;;) {
		vfs_read(last_file, &byte, 1, &pos);
		vfs_open(last_file->f_path, last_file);
	}
}
