# podchurn. `make help` lists the targets.
#
# Everything built goes under $(BUILD), so variants never mix objects:
#   make BUILD=build/clang CC=clang test
# A change of flags, or of this file, rebuilds that variant. V=1 shows commands.

BUILD    ?= build
PREFIX   ?= /usr/local
CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
            -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            $(if $(WERROR),-Werror)
GCOV     ?= gcov
# Which tests `make test` and `make asan` run: unit or all.
TESTS    ?= all
# DEPS=no: do not look for libraries and tools before building.
DEPS     ?= yes

# Assertions stay on. One rounding everywhere: no fused multiply-add unless it
# is written, so that results are the same whatever compiler made the program.
ALL_CPPFLAGS = -I. -D_POSIX_C_SOURCE=200809L -UNDEBUG $(CPPFLAGS)
ALL_CFLAGS   = -std=c11 $(WARN) $(CFLAGS) -ffp-contract=off -pthread
ALL_LDLIBS   = $(LDLIBS) -lgsl -lgslcblas -lcsv -lyaml -lm

ifeq ($(shell uname),Darwin)
BREW     := $(shell brew --prefix 2>/dev/null)
CPPFLAGS += -I$(BREW)/include
LDFLAGS  += -L$(BREW)/lib
endif

# All cores, where the user gave no -j.
ifeq ($(MAKELEVEL),0)
ifeq ($(filter -j% --jobs%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
endif
endif

# `make clean all` means one after the other.
ifneq ($(filter clean,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

# ROOMS="sim/engine sim/io" builds the library from those folders only.
ROOMS    ?= sim/engine sim/io sim/experiment models sim/cli
MAIN     := sim/cli/main.c
# MPI=1: units on other processes too, with Open MPI or another.
MPI      ?=
MPICC    ?= mpicc
NOT_HERE := $(MAIN) $(if $(MPI),,$(wildcard sim/experiment/executor_mpi*.c))
SRC      := $(sort $(filter-out $(NOT_HERE),$(foreach r,$(ROOMS),\
              $(wildcard $r/*.c $r/*/*.c))))
LIB      := $(BUILD)/libpodchurn.a
PROGRAM  := $(if $(wildcard $(MAIN)),$(BUILD)/podchurn)

# unit, swarm, fuzz, bench: each file a program; what stands beside the
# test_*.c (bench_*.c) is shared by them all. The runners: each folder a
# program.
UNIT     := $(wildcard tests/unit/test_*.c)
BENCH    := $(wildcard tests/bench/bench_*.c)
ALONE    := $(wildcard tests/swarm/*.c tests/fuzz/*.c)
UNITHELP := $(filter-out $(UNIT),$(wildcard tests/unit/*.c))
BENCHHELP:= $(filter-out $(BENCH),$(wildcard tests/bench/*.c))
RUNNERS  := $(sort $(patsubst tests/%/,%,$(dir $(wildcard \
              $(foreach r,conformance validate oracle,tests/$r/*.c)))))

obj       = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
bin       = $(patsubst %.c,$(BUILD)/%,$(1))
TESTBIN  := $(call bin,$(UNIT) $(ALONE)) $(RUNNERS:%=$(BUILD)/tests/%)
BENCHBIN := $(call bin,$(BENCH))
OBJECTS  := $(call obj,$(SRC) $(MAIN) $(UNIT) $(BENCH) $(ALONE) $(UNITHELP) \
              $(BENCHHELP) $(foreach r,$(RUNNERS),$(wildcard tests/$r/*.c)))
CODE      = $(shell find sim models tests -name '*.[ch]')

ifndef V
Q := @
say = @echo "  $(1)"
endif

all: $(LIB) $(PROGRAM) ## build the program (default)

tests: all $(TESTBIN) $(BENCHBIN) ## build every test program, run none

# ---------------------------------------------------------------- building

$(LIB): $(call obj,$(SRC)) $(BUILD)/sources
	$(call say,AR $@)
	$(Q)rm -f $@; $(AR) rcs $@ $(filter %.o,$^)

link = $(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $(filter %.o %.a,$^) \
  $(1) $(ALL_LDLIBS) $(MPI_LDLIBS)

$(BUILD)/podchurn: $(call obj,$(MAIN)) $(LIB)
	$(call say,LD $@)
	$(Q)$(call link)

$(call bin,$(UNIT)): $(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o \
  $(call obj,$(UNITHELP)) $(LIB)
	$(call say,LD $@)
	$(Q)mkdir -p $(@D)
	$(Q)$(call link,-lcmocka)

$(BENCHBIN): $(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o \
  $(call obj,$(BENCHHELP)) $(LIB)
	$(call say,LD $@)
	$(Q)mkdir -p $(@D)
	$(Q)$(call link)

$(call bin,$(ALONE)): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(LIB)
	$(call say,LD $@)
	$(Q)mkdir -p $(@D)
	$(Q)$(call link)

define runner
$(BUILD)/tests/$(1): $(call obj,$(wildcard tests/$(1)/*.c)) $(LIB)
	$$(call say,LD $$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(call link)
endef
$(foreach r,$(RUNNERS),$(eval $(call runner,$r)))

$(BUILD)/obj/%.o: %.c Makefile $(BUILD)/flags | $(BUILD)/deps.ok
	$(call say,CC $<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(DEFINE) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Only the command line knows where it will be installed; it and the
# executors whether there is MPI.
CLI  := $(filter $(BUILD)/obj/sim/cli/%,$(OBJECTS))
EXEC := $(filter $(BUILD)/obj/sim/experiment/executor_%,$(OBJECTS))
$(CLI) $(EXEC): $(BUILD)/datadir
$(CLI): DEFINE = -DPODCHURN_DATADIR='"$(PREFIX)/share/podchurn"' $(MPI_DEFINE)
$(EXEC): DEFINE = $(MPI_DEFINE)
ifneq ($(MPI),)
MPI_DEFINE = -DPODCHURN_MPI $(patsubst -I%,-isystem %,$(filter -I%,\
               $(shell $(MPICC) -show)))
MPI_LDLIBS = $(filter -L% -l% -Wl%,$(shell $(MPICC) -show))
endif

# Files that change only when the text in them does.
quote = '$(subst ','\'',$(strip $(1)))'
stamp = @mkdir -p $(@D); printf '%s\n' $(call quote,$(1)) | cmp -s - $@ || \
  printf '%s\n' $(call quote,$(1)) > $@
$(BUILD)/flags: FORCE
	$(call stamp,$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS) $(ALL_LDLIBS))
$(BUILD)/sources: FORCE
	$(call stamp,$(SRC))
$(BUILD)/datadir: FORCE
	$(call stamp,$(PREFIX) $(MPI_DEFINE))

# ------------------------------------------------------------ dependencies

# A plain build looks once, and tells what is missing. The targets a newcomer
# types first look every time, and install it.
INSTALLING := demo deps test asan bench coverage
export CC CPPFLAGS LDFLAGS MPI MPICC

deps: $(BUILD)/deps.ok ## install the libraries and tools that are missing

ifeq ($(DEPS),no)
$(BUILD)/deps.ok: ; @mkdir -p $(@D); touch $@
else ifneq ($(filter $(INSTALLING),$(MAKECMDGOALS)),)
$(BUILD)/deps.ok: FORCE
	@sh tests/tools/deps.sh install
	@mkdir -p $(@D); touch $@
else
$(BUILD)/deps.ok:
	@sh tests/tools/deps.sh check
	@mkdir -p $(@D); touch $@
endif

# ----------------------------------------------------------------- running

DEMO := can-you-spot-the-problem
# Status 3 is "done, but an SLO is missed": what the scenario is about.
demo: $(BUILD)/deps.ok all ## simulate the example, draw its figures
	@set -- $(BUILD)/podchurn run scenarios/$(DEMO).yaml \
	  -o results/$(DEMO); echo "$$@"; "$$@" || [ $$? -eq 3 ]

test: $(BUILD)/deps.ok tests ## run the tests (TESTS=unit: unit tests only)
	@BUILD=$(BUILD) TESTS=$(TESTS) sh tests/run.sh

golden: all ## write the golden results anew; review them as a diff
	UPDATE=1 PODCHURN=$(BUILD)/podchurn tests/golden/run.sh

bench: $(BUILD)/deps.ok all $(BENCHBIN) ## measure; writes results/bench.csv
	@sh tests/tools/bench.sh results/bench.csv $(BENCHBIN)

SANITIZE := -fsanitize=address,undefined
asan: $(BUILD)/deps.ok ## the tests under address and undefined sanitizers
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan DEPS=no \
	  CFLAGS='-O1 -g -fno-omit-frame-pointer $(SANITIZE) \
	  -fno-sanitize-recover=all' test

coverage: $(BUILD)/deps.ok ## lines of code that the tests reach, by file
	@find $(BUILD)/cov -name '*.gcda' -delete 2>/dev/null || true
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/cov DEPS=no \
	  CFLAGS='-O0 -g --coverage' test
	@GCOV='$(GCOV)' sh tests/tools/coverage.sh $(BUILD)/cov

lint: ## check the rules of the house: includes, sizes, words, format
	@sh tests/lint/lint.sh

tidy: ## clang-tidy over every source (slow)
	@printf '%s\n' $(filter %.c,$(CODE)) | \
	  xargs -P $$(getconf _NPROCESSORS_ONLN) -n 4 sh -c \
	  'clang-tidy --quiet "$$@" -- -std=c11 $(ALL_CPPFLAGS) \
	  -DPODCHURN_DATADIR="" 2>/dev/null' tidy

format: ## lay out every source with clang-format
	clang-format -i $(CODE)

# -------------------------------------------------------------- installing

SHARE = $(DESTDIR)$(PREFIX)/share/podchurn

install: all ## to /usr/local, or PREFIX=dir, under DESTDIR=dir
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/plots $(SHARE)/scenarios
	install -m 755 $(BUILD)/podchurn $(DESTDIR)$(PREFIX)/bin/podchurn
	$(if $(wildcard plots/*.gp),install -m 644 plots/*.gp $(SHARE)/plots)
	cp -R scenarios/. $(SHARE)/scenarios/

uninstall: ## what install did, undone
	rm -f $(DESTDIR)$(PREFIX)/bin/podchurn
	rm -rf $(SHARE)

clean: ## remove everything built
	rm -rf $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' \
	  Makefile

-include $(OBJECTS:.o=.d)
.PHONY: all tests deps demo test golden bench asan coverage lint tidy format \
  install uninstall clean help FORCE
.SECONDARY:
.DELETE_ON_ERROR:
