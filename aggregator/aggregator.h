/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The aggregator's contract: a program and streams of events in, output out.
 *
 * Sources (tracefs-backend, perf-backend) implement `struct event_source`; the aggregator pulls
 * them in rounds, merges all streams on CLOCK_MONOTONIC, keeps the task model, and runs handlers
 * as if each had run at its event's instant. It knows no kernel interface.
 *
 * Life of a run, driven by stap.c:
 *	aggregator_new → aggregator_add_source… → aggregator_run → aggregator_free
 */
#ifndef AGGREGATOR_H
#define AGGREGATOR_H

#include <sys/types.h>

#include "../frontend/frontend.h"

/* ---- events ---- */

enum event_kind {
	EVENT_HIT,	/* a probe site fired: bindings, data */
	EVENT_LOST,	/* count records of this stream are gone before this point */
	EVENT_COMM,	/* tid is now called text (up to 15 bytes); is_exec: by execve */
	EVENT_FORK,	/* task tid of process pid was made by ptid of process ppid */
	EVENT_EXIT,	/* task tid of process pid is gone */
	EVENT_MMAP,	/* process pid mapped a file: mmap */
	EVENT_COUNTERS,	/* counters were read while tid ran: sample->counters */
};

/* how a capture's value is loaded from an event's bytes */
enum load_kind {
	LOAD_NONE,	/* not available at this site: reading it is a run-time error */
	LOAD_U8, LOAD_S8, LOAD_U16, LOAD_S16, LOAD_U32, LOAD_S32, LOAD_64,
	LOAD_CHARS,	/* size bytes, text up to the first NUL */
	LOAD_DATA_LOC,	/* u32: length << 16 | offset from the record's start; text of at most size
			 * bytes, 0: no bound */
	LOAD_REL_LOC,	/* the same, offset from behind this word */
	LOAD_FETCHED,	/* as DATA_LOC; length 0, without a NUL, is CAPTURE_FAULT_TEXT */
	LOAD_CPU,	/* the event's CPU */
	LOAD_BITS,	/* size bytes, then >> shift, bits wide; is_signed */
	LOAD_BYTES,	/* size bytes, NULs included, as a string */
	LOAD_ADDRESS,	/* 64 bits, plus addend */
	LOAD_COUNTER,	/* of the sample's counters, the one at offset */
	LOAD_SAMPLE_ADDRESS, /* the sample's address */
};
struct load {
	uint8_t kind; /* enum load_kind */
	uint8_t shift, bits;
	bool is_signed;
	uint16_t offset, size;
	int64_t addend;
};

/*
 * What one kernel event means to one probe. A source builds a list of these per event id when it
 * arms, and owns it. loads[] is indexed by capture.slot.
 */
struct binding {
	struct probe *probe;
	const struct site *site;
	const struct binding *next; /* the next probe on the same event, in program order */
	const struct binding_selector *selector; /* the record says which binding is meant; or NULL */
	unsigned load_count;
	struct load loads[];
};

/*
 * One kernel event may stand for many places: each record then holds, in 32 bits at offset, which
 * of the count lists of bindings it is for; or, with addresses, in 64 bits where it comes from: at
 * or a landing pad behind the one of them, rising, that is meant. Entries may be NULL.
 */
struct binding_selector {
	unsigned offset;
	size_t count;
	const uint64_t *addresses;
	const struct binding **items;
};
/** binding_select() - what a record of @size bytes at @data is for, or NULL */
const struct binding *binding_select(const struct binding_selector *selector,
				     const unsigned char *data, size_t size);

struct event_mmap {
	uint64_t start, length, page_offset; /* bytes */
	const char *path;
	bool executable;
	/* of the file that was mapped, 0 bytes: not told */
	const unsigned char *build_id;
	uint8_t build_id_size;
};

/* what a sampling source knows beyond the record; NULL for trace events */
struct event_sample {
	uint64_t ip;
	uint64_t address;
	uint64_t period;
	bool is_user;
	uint64_t callchain_count;
	const uint64_t *callchain; /* with the kernel's context markers */
	/* the user side, where the probe asks for it: registers by DWARF number, the program
	 * counter apart; register_count is 0 for kernel threads. is_32bit: a task of 4-byte words,
	 * whose registers are numbered as its own DWARF does */
	uint64_t user_ip;
	bool is_32bit;
	unsigned register_count;
	const uint64_t *registers;
	uint64_t stack_size; /* bytes copied from the user's stack pointer upwards */
	bool stack_is_cut;   /* there may be more of it */
	const unsigned char *stack;
	/* since the start, as read at the hit: those of the CPU, or of the thread on this CPU.
	 * Handlers see the thread's own instead, of all CPUs */
	bool counts_thread;
	uint64_t enabled, running; /* ns they were to count, and did; 0: they always do */
	unsigned counter_count;
	const uint64_t *counters; /* in the order of program.counters */
};

/**
 * struct event - one record of a stream
 * @time: ns, CLOCK_MONOTONIC
 * @tid: thread id in the initial pid namespace; 0 is the idle task
 * @pid: process id, or -1 when the record does not say (the task model knows)
 * Pointers are valid until the stream's next call of next() or drain().
 */
struct event {
	uint64_t time;
	uint32_t kind; /* enum event_kind */
	uint32_t cpu;
	int32_t tid, pid;
	const struct binding *bindings;	/* HIT */
	const unsigned char *data;	/* HIT: the record's bytes */
	uint32_t size;
	bool is_exec;			/* COMM */
	int32_t ptid, ppid;		/* FORK */
	uint64_t count;			/* LOST */
	union {
		const struct event_sample *sample; /* HIT, COUNTERS */
		const struct event_mmap *mmap;	   /* MMAP */
		const char *text;		   /* COMM, NUL-terminated */
	};
};

/* ---- sources ---- */

struct event_totals {
	uint64_t delivered; /* hits handed to the aggregator */
	uint64_t lost;	    /* records the kernel wrote or refused, that never arrived */
};

struct event_source;
/**
 * struct event_source_ops
 * @start: let the events flow. Called once, after begin probes ran.
 * @stop: no new events; what is in the kernel's buffers can still be drained.
 * @drain: move what the kernel holds now into memory, for every stream, without waiting. May
 *	stop early to bound memory. Returns the number of bytes moved, or -errno.
 * @complete_until: after drain(): every event of @stream stamped before this time (ns) is in memory
 *	or will never come; UINT64_MAX when the stream was drained empty.
 * @next: the next event of @stream in time order; false when none is in memory
 * @poll_fd: a descriptor for poll(POLLIN), or -1: the source only needs timed drains
 * @totals: of one CPU, exact after stop() and the last drain()
 * @report: figures for -v, one line each; may be NULL
 * @counts: call @take for each event whose probes only count (probe.counts), with how often it
 *	happened since the last call; may be NULL
 * @free: release everything, kernel objects included
 */
struct event_source_ops {
	int (*start)(struct event_source *source);
	int (*stop)(struct event_source *source);
	ssize_t (*drain)(struct event_source *source);
	uint64_t (*complete_until)(struct event_source *source, unsigned stream);
	bool (*next)(struct event_source *source, unsigned stream, struct event *event);
	int (*poll_fd)(struct event_source *source);
	void (*totals)(struct event_source *source, unsigned cpu, struct event_totals *totals);
	void (*report)(struct event_source *source, FILE *out);
	void (*counts)(struct event_source *source,
		       void (*take)(void *data, const struct binding *bindings, uint64_t count),
		       void *data);
	void (*free)(struct event_source *source);
};
struct event_source {
	const struct event_source_ops *ops;
	const char *name;
	unsigned stream_count;
	unsigned cpu_count;
	uint64_t wanted_at; /* ns: the time of an event somebody waits for; 0: nobody does */
};

/* ---- limits a script may run into: rows of limit.def, set with -D NAME=VALUE ---- */

enum limit_id {
#define LIMIT(name, value, least, unit, what) LIMIT_##name,
#include "limit.def"
#undef LIMIT
	LIMIT_COUNT
};
struct limit {
	const char *name;
	int64_t value, least; /* the default; the least that -D may set */
	const char *unit, *what;
};
extern const struct limit limit_table[LIMIT_COUNT];

/* ---- the run ---- */

struct run_options {
	FILE *output;		   /* printf and friends */
	/*
	 * when the output is to go to another file, it is NAME.1, NAME.2 … of this name, NULL:
	 * never
	 */
	const char *output_name;
	uint64_t output_bound;	   /* bytes of one such file; 0 for any */
	unsigned output_keep;	   /* how many are kept; 0 for all */
	int64_t limits[LIMIT_COUNT];
	pid_t target_pid;	   /* -x, or the pid of -c's command; 0 for none */
	int target_fd;		   /* pidfd of it, readable when it ends; -1 for none */
	pid_t command_pid;	   /* -c: its child, waiting for a byte from command_start_fd; or 0 */
	int command_start_fd;	   /* write one byte and close once armed; -1 for none */
	uint64_t max_seconds;	   /* -T; 0 for none */
	pid_t namespaces_of;	   /* --target-namespaces: as this process sees ids; 0 for stap */
	const char *module_name;   /* -m, or stap_<pid>: module_name(), directory of procfs files */
	FILE *flame_graph, *folded_stacks; /* --flamegraph, --folded; NULL for none */
	bool demangles;		   /* --demangle: C++ symbols as they were declared */
	bool suppress_handler_errors;
	bool timing;		   /* -t: per-probe hits and handler time at exit */
	struct log log;
};
/** run_options_init() - the documented defaults, limits from limit.def */
void run_options_init(struct run_options *options);
/**
 * run_options_define() - apply one -D NAME=VALUE (alone, NAME is 1)
 * Returns 0; -ENOENT when NAME is no limit of ours; -EINVAL when VALUE is no number that it takes.
 */
int run_options_define(struct run_options *options, const char *definition);
/** limit_nearest() - the limit that @definition's NAME is probably a misspelling of, or NULL */
const struct limit *limit_nearest(const char *definition);

/**
 * aggregator_serve_files() - the files of procfs probes, from now until the source is freed
 * NULL when there are none, or with a sentence in @problem when they cannot be shown.
 */
struct event_source *aggregator_serve_files(const struct program *program,
					    const struct run_options *options, struct buf *problem);

/**
 * aggregator_read_input() - standard input for input.char and input.line, until the source is freed
 * A terminal gives every key at once meanwhile. NULL when no probe asks for it.
 */
struct event_source *aggregator_read_input(const struct program *program);

struct aggregator;
/**
 * aggregator_new() - compile every handler and prepare globals
 * The program must outlive it. NULL after a message on stderr (a limit, an internal check).
 */
struct aggregator *aggregator_new(const struct program *program,
				  const struct run_options *options);
void aggregator_free(struct aggregator *aggregator);
/** aggregator_add_source() - hand over a source; aggregator_free() frees it */
void aggregator_add_source(struct aggregator *aggregator, struct event_source *source);
/**
 * aggregator_run() - begin probes, start, rounds until something ends the run, end probes
 * Returns the exit status: 0, or 1 after a script error.
 */
int aggregator_run(struct aggregator *aggregator);
/**
 * aggregator_interrupt() - end the run as Ctrl-C does; async-signal-safe
 * The second call breaks handlers off at once. Returns how many calls there were.
 */
int aggregator_interrupt(struct aggregator *aggregator);
/** aggregator_switch_output() - the next output goes to the next file; async-signal-safe */
void aggregator_switch_output(struct aggregator *aggregator);
/** aggregator_dump() - -p3: captures and bytecode of every handler */
void aggregator_dump(struct aggregator *aggregator, FILE *out);
/**
 * aggregator_check_regex() - can @pattern stand to the right of =~?
 * @message: set to why not, to be freed with free()
 */
bool aggregator_check_regex(const char *pattern, size_t length, char **message);

/* ---- families that need no kernel: begin, end, error, never, oneshot, timers ---- */
extern const struct family aggregator_families[];
extern const size_t aggregator_family_count;

#endif
