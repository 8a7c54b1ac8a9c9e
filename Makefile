# Makefile: a thin front of CMake. `make help` lists the targets.
BUILD ?= build
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
MOTE_SHARED ?= $(abspath ../shared)
export MOTE_SHARED

.PHONY: all demo check check-long refusals conformance conformance-convert doc install fuzz bench bench-compress format lint clean help

all: ## build/mote, build/libmote-rt.so, build/libtensorflowlite_c.so
	@cmake -S . -B $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX) >/dev/null
	@cmake --build $(BUILD) -j $(JOBS)

demo: ## install what is missing, build, and read a picture of a digit
	@tools/deps.sh build
	@$(MAKE) --no-print-directory all
	@tools/demo.sh $(BUILD)

check: ## all tests: units, recorded cases, sanitizers, fuzz targets; ends with "N passed, N failed"
	@tools/deps.sh check
	@tools/check.sh $(BUILD)

check-long: ## check, refusals, and every recorded case on each level of kernels and on the emulated machines
	@tools/deps.sh ci
	@tools/check.sh $(BUILD) --all
	@tools/refusals.sh
	@tools/cross.sh --all

refusals: ## which refusals of operators a test meets, and which none does
	@tools/deps.sh check
	@tools/refusals.sh

conformance: all ## recorded cases of TensorFlow Lite's kernels, a table by operator
	@tools/conformance.sh $(BUILD)

conformance-convert: all ## conversions of Keras models against known answers, a line a model
	@tools/conformance-convert.sh $(BUILD)

doc: all ## make doc/operators.md and doc/known-faults.md anew, from descriptors, recorded cases and tests
	@tools/conformance.sh $(BUILD) >/dev/null || true
	@python3 tools/operators.py $(BUILD)
	@$(BUILD)/test_runtime_faults --markdown >doc/known-faults.md

install: all ## install under PREFIX (default /usr/local), with pkg-config and CMake files
	@cmake --install $(BUILD)

fuzz: ## fuzz one target: make fuzz T=verify S=60 (T: a file of fuzz/, S: seconds); without T all, one after the other
	@tools/deps.sh check
	@tools/fuzz.sh "$(T)" "$(S)"

bench: all ## speed of the kernels and of well-known networks, as fractions of this machine's peak
	@tools/bench.sh $(BUILD)

bench-compress: all ## what smaller networks take and cost, as bench/COMPRESS.md; minutes
	@tools/bench-compress.py $(BUILD)/mote

format: ## format all sources with clang-format
	@find bench bindings cli examples fuzz include src tests -name '*.[ch]' | xargs clang-format -i

lint: all ## clang-tidy and the layer law
	@tools/check-layers
	@find src cli bindings -name '*.c' | xargs -P $(JOBS) -n 8 clang-tidy -p $(BUILD) --quiet

clean: ## remove the build folder
	@rm -rf $(BUILD)

help: ## this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | awk -F '|' '{ printf "  %-12s %s\n", $$1, $$2 }'
