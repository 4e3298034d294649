// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding the architecture of an ELF file or of this machine, and what all of them share.
 */
#include <elf.h>

#include "arch.h"

static const struct trace_arch *const architectures[] = { &trace_arch_x86_64, &trace_arch_arm64 };

const struct trace_arch *trace_arch_of_machine(unsigned machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		if (machine && (architectures[i]->machine == machine ||
				architectures[i]->machine32 == machine))
			return architectures[i];
	return NULL;
}

const struct trace_arch *trace_arch_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		if (strcmp(architectures[i]->name, name) == 0)
			return architectures[i];
	return NULL;
}

const struct trace_arch *trace_arch_host(void)
{
#ifdef __aarch64__
	return &trace_arch_arm64;
#else
	return &trace_arch_x86_64;
#endif
}

const char *trace_arch_register(const struct trace_arch *arch, unsigned number)
{
	return number < arch->register_count ? arch->registers[number] : NULL;
}

unsigned trace_arch_step_entry(const struct trace_arch *arch, const unsigned char *code, size_t size)
{
	unsigned length = 0, next;

	if (arch->classify(code, size, &length) != INSTRUCTION_LANDING || !length)
		return 0;
	return arch->classify(code + length, size - length, &next) == INSTRUCTION_EMULATED ?
		       length : 0;
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(arch_is_found_by_machine)
{
	CHECK(trace_arch_of_machine(EM_X86_64) == &trace_arch_x86_64);
	CHECK(trace_arch_of_machine(EM_386) == &trace_arch_x86_64);
	CHECK(trace_arch_of_machine(EM_AARCH64) == &trace_arch_arm64);
	CHECK(!trace_arch_of_machine(EM_SPARC));
	CHECK(trace_arch_by_name("arm64") == &trace_arch_arm64);
	CHECK(!trace_arch_by_name("arm"));
}

UNIT_TEST_CASE(arch_names_registers)
{
	CHECK_STR(trace_arch_register(&trace_arch_x86_64, 5), "di");
	CHECK_STR(trace_arch_register(&trace_arch_x86_64, 15), "r15");
	CHECK_STR(trace_arch_register(&trace_arch_arm64, 30), "lr");
	CHECK(!trace_arch_register(&trace_arch_x86_64, 17));
	CHECK(!trace_arch_register(&trace_arch_arm64, 4000));
}

UNIT_TEST_CASE(arch_steps_over_landing_pads_only)
{
	static const unsigned char push[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x55 };
	static const unsigned char push_r12[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x41, 0x54 };
	static const unsigned char nop[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x0f, 0x1f, 0x44, 0, 0 };
	static const unsigned char sub[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0x83, 0xec, 0x18 };
	static const unsigned char bare[] = { 0x55, 0x48, 0x89, 0xe5 };
	static const unsigned char bti[] = { 0x5f, 0x24, 0x03, 0xd5, 0x1f, 0x20, 0x03, 0xd5 };

	CHECK_INT(trace_arch_step_entry(&trace_arch_x86_64, push, sizeof(push)), 4);
	CHECK_INT(trace_arch_step_entry(&trace_arch_x86_64, push_r12, sizeof(push_r12)), 4);
	CHECK_INT(trace_arch_step_entry(&trace_arch_x86_64, nop, sizeof(nop)), 4);
	CHECK_INT(trace_arch_step_entry(&trace_arch_x86_64, sub, sizeof(sub)), 0);
	CHECK_INT(trace_arch_step_entry(&trace_arch_x86_64, bare, sizeof(bare)), 0);
	CHECK_INT(trace_arch_step_entry(&trace_arch_x86_64, push, 4), 0);
	CHECK_INT(trace_arch_step_entry(&trace_arch_arm64, bti, sizeof(bti)), 4);
}
#endif
