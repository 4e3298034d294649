/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ELF image as samples meet it: which symbol an address belongs to, and how to find a caller's
 * registers from there. Addresses are the file's own (link-time) ones; image_address() translates.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include "../lib/lib.h"

struct image;

/** image_open() - read the ELF file open as @fd, which stays the caller's; NULL when it is none */
struct image *image_open(int fd);
/** image_open_memory() - the same from @size bytes, which must outlive it */
struct image *image_open_memory(void *bytes, size_t size);
void image_free(struct image *image);
/** image_build_id() - of the file, hexadecimal; "" when it has none */
const char *image_build_id(const struct image *image);

/** image_address() - the link-time address of the byte at @offset of the file; false: not loaded */
bool image_address(const struct image *image, uint64_t offset, uint64_t *address);
/** image_span() - first link-time address loaded, and how many bytes up to the last */
void image_span(const struct image *image, uint64_t *start, uint64_t *size);

struct image_symbol {
	const char *name;
	uint64_t start, size;
};
/** image_symbol() - the function @address lies in; false when no symbol covers it */
bool image_symbol(const struct image *image, uint64_t address, struct image_symbol *symbol);

/* ---- the call frame information at one address ---- */

#define IMAGE_REGISTERS 33 /* DWARF numbers below: x86-64 has 17, arm64 33 */

/* where a caller's register, or the canonical frame address, is to be found */
enum frame_place_kind {
	FRAME_SAME,	 /* in the same register */
	FRAME_UNDEFINED, /* nowhere */
	FRAME_SAVED,	 /* in memory at CFA + offset */
	FRAME_VALUE,	 /* reg + offset; for the CFA */
	FRAME_COMPUTED,	 /* operations; their result is an address, or is_value */
};
struct operation {
	uint8_t atom;		/* DW_OP_* */
	uint64_t number, number2;
};
struct frame_place {
	uint8_t kind, reg;
	bool is_value;
	uint32_t count;
	int64_t offset;
	struct operation *operations;
};
struct frame_rule {
	uint64_t address;
	bool is_known;		/* false: this address has no call frame information */
	bool is_signal;		/* the caller was interrupted: its address is no return address */
	unsigned return_register;
	struct frame_place cfa, registers[IMAGE_REGISTERS];
};
/**
 * image_frame_rule() - how to leave the frame at @address; owned by @image, valid until the next
 */
const struct frame_rule *image_frame_rule(struct image *image, uint64_t address);

#endif
