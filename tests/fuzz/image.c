// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes what sampling reads of ELF files: symbols and call frame information. The input is an ELF
 * file, asked for its symbols and rules at addresses all over it.
 */
#include "../../aggregator/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(struct image *image, uint64_t address)
{
	const struct frame_rule *rule = image_frame_rule(image, address);
	struct image_symbol symbol;
	uint64_t link;

	if (rule->is_known && rule->return_register >= IMAGE_REGISTERS)
		abort();
	if (image_symbol(image, address, &symbol) && strlen(symbol.name) == 0)
		abort();
	image_address(image, address, &link);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *copy = memory_alloc(size + 1);
	struct image *image;
	uint64_t start, span;

	memcpy(copy, data, size);
	image = image_open_memory(copy, size);
	if (image) {
		image_span(image, &start, &span);
		for (uint64_t i = 0; i < 64; i++)
			ask(image, start + span / 64 * i + i);
		ask(image, 0);
		ask(image, UINT64_MAX);
		image_free(image);
	}
	free(copy);
	return 0;
}
