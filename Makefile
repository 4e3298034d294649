# SPDX-License-Identifier: GPL-2.0-or-later
O ?= build
CC = gcc
all: stap
FOLDERS := lib frontend aggregator tracefs-backend perf-backend
SOURCES := $(sort $(foreach d,$(FOLDERS),$(wildcard $(d)/*.c))) stap.c
CFLAGS ?= -O2 -g
stap: ; @echo "being built"
