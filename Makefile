# SPDX-License-Identifier: GPL-2.0-or-later
#
#   make                 build ./stap (O=DIR: objects and stap in DIR)
#   make demo            the busiest system calls of this machine, for five seconds
#   make check           every test; check-unit, check-pure, check-live, check-guest, check-layers:
#                        a part
#   make bench           the speed tables, with the peers
#   make fuzz            every fuzzer for SECONDS=30
#   make manual          tapset(3stap) from the doc comments in tapset/
#   make portability     arm every alias of the tapset here and in the guests, for
#                        Documentation/portability.md
#   make install         prefix=/usr/local DESTDIR=; `perf stap` too, in perf_exec_path=
#   make clean
#
#   DEBUG=1  SAN=address,undefined  COVERAGE=1   other builds, each in a directory of its own
#   WERROR=1                                     warnings are errors
#   V=1                                          show the commands

prefix ?= /usr/local
# where perf looks for its commands: `perf stap` runs perf-stap
perf_exec_path ?= $(or $(shell perf --exec-path 2> /dev/null),$(prefix)/libexec/perf-core)
SECONDS ?= 30
KINDS ?= layers unit pure live guest
CC = gcc
O ?= build$(DEBUG:%=-debug)$(if $(SAN),-san)$(COVERAGE:%=-coverage)
STAP := $(if $(filter build,$(O)),stap,$(O)/stap)

# ---- what is compiled, and how ----

FOLDERS := lib frontend frontend/debuginfo aggregator tracefs-backend perf-backend
LIBRARY := $(sort $(wildcard $(FOLDERS:%=%/*.c)))
OBJECTS := $(LIBRARY:%.c=$(O)/%.o)
UNIT_OBJECTS := $(LIBRARY:%.c=$(O)/unit/%.o)
BENCHES := $(patsubst tests/bench/bench-%.c,$(O)/bench-%,$(wildcard tests/bench/bench-*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(O)/fuzz-%,$(wildcard tests/fuzz/*.c))
PACKAGES := libtracefs libtraceevent libpcre2-8 libxxhash zlib libdw libelf libbpf fuse3

CFLAGS ?= $(if $(DEBUG),-Og,-O2) -g
WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes $(if $(WERROR),-Werror)
MODE := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer) \
	$(if $(COVERAGE),--coverage)
COMPILE = $(CC) -std=gnu11 -D_GNU_SOURCE $(CPPFLAGS) $(PACKAGE_CFLAGS) $(WARNINGS) $(CFLAGS) $(MODE)
LINK = $(CC) $(CFLAGS) $(MODE) $(LDFLAGS)
LIBS = -Wl,--as-needed $(PACKAGE_LIBS) -lm

Q = $(if $(V),,@echo "  $(if $(filter %.o,$@),CC,LINK)  $@";)

all: $(STAP)

$(STAP): $(O)/stap.o $(OBJECTS)
	$(Q)$(LINK) -o $@ $^ $(LIBS)
$(O)/unit-tests: $(UNIT_OBJECTS)
	$(Q)$(LINK) -o $@ $^ $(LIBS)
$(O)/fuzz-%: tests/fuzz/%.c $(OBJECTS)
	$(Q)$(COMPILE) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)
$(O)/bench-%: tests/bench/bench-%.c $(OBJECTS)
	$(Q)$(COMPILE) $(LDFLAGS) -o $@ $^ $(LIBS)

$(O)/stap.o: CPPFLAGS += -DTAPSET_DIR='"$(prefix)/share/stap-tracefs/tapset"'
$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<
$(O)/unit/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -DUNIT_TEST -MMD -MP -c -o $@ $<
-include $(OBJECTS:.o=.d) $(UNIT_OBJECTS:.o=.d) $(O)/stap.d

# everything is compiled again when the flags change
$(O)/flags: FORCE | $(O)/config.mk
	@$(file >$@.new,$(COMPILE) prefix=$(prefix))cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# ---- the libraries: looked for once, installed when root and missing; libperf is built from
# Debian's kernel source where pkg-config has none. A stap outside the tree finds ./tapset by a
# link.

ifneq ($(if $(MAKECMDGOALS),$(filter-out clean fuzz,$(MAKECMDGOALS)),all),)
include $(O)/config.mk
endif
$(O)/config.mk: Makefile tests/install-deps tests/build-libperf
	@mkdir -p $(O)
	@command -v $(CC) > /dev/null && pkg-config --exists $(PACKAGES) || tests/install-deps build
	@pkg-config --exists libperf || tests/build-libperf $(O)/libperf
	@[ $(STAP) = stap ] || ln -sfn "$(CURDIR)/tapset" $(O)/tapset
	@export PKG_CONFIG_PATH="$(abspath $(O))/libperf/lib/pkgconfig:$$PKG_CONFIG_PATH"; \
		echo "PACKAGE_CFLAGS := $$(pkg-config --cflags $(PACKAGES) libperf)" > $@.new && \
		echo "PACKAGE_LIBS := $$(pkg-config --libs $(PACKAGES) libperf)" >> $@.new
	@mv $@.new $@

# ---- running it ----

RUN_TESTS = tests/run-tests --stap $(STAP) --unit-tests $(O)/unit-tests
TEST_NEEDS := $(STAP) $(O)/unit-tests test-deps

demo: $(STAP)
	@tests/mount-tracefs
	@echo "The busiest system calls of the next five seconds, from Documentation/examples:"
	@$(abspath $(STAP)) Documentation/examples/busiest-syscalls.stp
check: $(TEST_NEEDS)
	@$(RUN_TESTS) $(KINDS)
check-unit check-pure check-live check-guest check-layers: check-%: $(TEST_NEEDS)
	@$(RUN_TESTS) $*
manual:
	@tapset/make-manual frontend/builtin.def frontend/memory.def tapset/*.stp tapset/*.stpm \
		> Documentation/tapset.3stap
portability: $(STAP)
	@STAP=$(abspath $(STAP)) tests/portability
bench: $(STAP) $(BENCHES)
	@tests/install-deps bench
	@tests/bench/run-bench $(STAP) $(O)
fuzz:
	@tests/install-deps fuzz
	$(MAKE) O=build-fuzz CC=clang SAN=fuzzer-no-link,address,undefined fuzzers
	@tests/fuzz/run-fuzz build-fuzz $(SECONDS)
fuzzers: $(FUZZERS)
test-deps:
	-@tests/install-deps test

install: $(STAP)
	install -D -m 755 $(STAP) $(DESTDIR)$(prefix)/bin/stap
	install -D -m 644 -t $(DESTDIR)$(prefix)/share/man/man1 Documentation/stap.1
	install -D -m 644 -t $(DESTDIR)$(prefix)/share/man/man3 Documentation/*.3stap
	mkdir -p $(DESTDIR)$(prefix)/share/stap-tracefs $(DESTDIR)$(perf_exec_path)
	ln -sfrT $(DESTDIR)$(prefix)/bin/stap $(DESTDIR)$(perf_exec_path)/perf-stap
	echo ".so man1/stap.1" > $(DESTDIR)$(prefix)/share/man/man1/perf-stap.1
	cp -R tapset $(DESTDIR)$(prefix)/share/stap-tracefs/
clean:
	rm -rf build build-debug build-san build-coverage build-fuzz stap

FORCE:
.PHONY: all demo check check-unit check-pure check-live check-guest check-layers manual portability \
	bench fuzz fuzzers \
	test-deps install clean FORCE
.DELETE_ON_ERROR:
