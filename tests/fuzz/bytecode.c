// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzer for the gate before the virtual machine: a real script is compiled, its first handler's
 * instructions are overwritten with the input, and what bytecode_verify() lets pass is run. It may
 * fail, it may loop until it is interrupted, it must not crash.
 */
#include <stddef.h>
#include <stdint.h>

#include "../../aggregator/bytecode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* something of every kind for instructions to name */
static const char script[] =
	"global n, s, x, m, t, w, big[4], ring%[3]\n"
	"function f:long(a:long, b:string) { if (a > 3) next; return a + strlen(b) }\n"
	"function f:long(a:long, b:string) { return a ? f(a - 1, b) : 7 }\n"
	"function g:string(a:string) { return a . \"tail\" }\n"
	"probe begin {\n"
	"	try { n = f(1, \"text\") / n; s = g(s) . sprintf(\"%5d %s %c\", n, s, 65) }\n"
	"	catch (e) { println(e) }\n"
	"	m[n, s]++; t[s] = g(\"k\"); t[s] .= s; w[n] <<< 5; x <<< n; big[n]++; ring[n] = s\n"
	"	foreach ([k, l-] in m limit 5) { print(k, l); if (s =~ \"a(b|c)+\") delete m[k, *] }\n"
	"	foreach (v = q in t+) { println(v, substr(q, 1, n)); println(@hist_log(x)) }\n"
	"	foreach (k in w @sum-) println(@avg(w[k]), @hist_log(x)[n], @variance(x))\n"
	"	for (i = 0; i < 3; i++) printf(\"%-*d %x\", 5, i, i << n)\n"
	"	if ([n, *] in m && execname() == s) delete t; else delete x\n"
	"}\n";

/* what must not be called with texts from a fuzzer: it reaches outside of this process */
static bool reaches_outside(struct insn insn)
{
	if (insn.op != OPCODE_NATIVE)
		return false;
	return insn.b == BUILTIN_system || insn.b == BUILTIN_printk || insn.b == BUILTIN_ftrace ||
	       insn.b == BUILTIN_warn;
}

static struct frontend *compile(const struct frontend_options *options)
{
	struct frontend *frontend = frontend_new(options);

	for (size_t i = 0; i < aggregator_family_count; i++)
		frontend_add_family(frontend, &aggregator_families[i], NULL);
	frontend_add_script(frontend, "fuzz", script, sizeof(script) - 1);
	if (frontend_parse(frontend) || frontend_resolve(frontend) || frontend_plan(frontend)) {
		diag_print(frontend, stderr);
		abort();
	}
	return frontend;
}

/* every second input begins as the compiled handler, so that it need not invent the rest */
static void overwrite(struct code *code, const uint8_t *data, size_t size)
{
	size_t start = size && data[0] & 1 ? 0 : (size > 1 ? data[1] : 0) % code->count;

	for (size_t i = 2; i + sizeof(struct insn) <= size && start < code->count; start++) {
		struct insn insn;

		memcpy(&insn, data + i, sizeof(insn));
		i += sizeof(insn);
		insn.op %= OPCODE_COUNT;
		if (insn.a > code->registers)
			insn.a %= code->registers;
		if (!reaches_outside(insn))
			code->insns[start] = insn;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct frontend *frontend;
	static const struct frontend_options options = { .guru = true, .no_optimize = true };
	struct run_options run;
	struct task_model *tasks = task_model_new();
	struct program *program;
	struct bytecode *bytecode;
	struct vm *vm;

	run_options_init(&run);
	run.suppress_handler_errors = true;
	if (!frontend)
		frontend = compile(&options);
	program = frontend_program(frontend);
	vm = vm_new(program, &run, tasks);
	bytecode = vm_bytecode(vm);
	overwrite(&bytecode->probes[0], data, size);
	if (!bytecode_verify(bytecode, &bytecode->probes[0])) {
		const struct event event = { .tid = 1, .pid = -1 };
		struct vm_context now = { .probe = program->probes.items[0], .event = &event };

		vm_session(vm)->interrupted = true;
		vm_run(vm, &now);
	}
	vm_free(vm);
	task_model_free(tasks);
	return 0;
}
