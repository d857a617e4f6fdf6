# t2ue from a fresh Debian 12: make demo | make test. Both install what they need with apt-get.
BUILD  ?= build
DEVICE ?= auto
PREFIX ?= /usr/local
JOBS   ?= $(shell nproc)

PACKAGES := g++ cmake ninja-build pkg-config ca-certificates strace \
            libdnnl-dev libfmt-dev libssl-dev nlohmann-json3-dev \
            libspng-dev libturbojpeg0-dev libjpeg-dev libwebp-dev libarchive-dev zlib1g-dev libutf8proc-dev \
            libcli11-dev libtomlplusplus-dev libgtest-dev libgmock-dev
LINT_PACKAGES  := clang-format clang-tidy libomp-dev
DOCS_PACKAGES  := doxygen
BENCH_PACKAGES := python3-torch libopenblas0-pthread python3-pil
EMOJI := emoji-datasource-google@16.0.0 emoji-datasource-twitter@16.0.0 emojibase-data@17.0.0

CONFIGURE := cmake -S . -G Ninja
CTEST     := ctest --output-on-failure --no-label-summary --no-tests=error -j$(JOBS)
# Several tests at once, each with two threads: waiting threads must sleep, not spin.
# glibc without AVX-512: after its memset of that kind the SSE instructions in its exp() are 20 times slower on some Xeons,
# and the tests' float64 references consist of exp().
TEST_ENV  := OMP_NUM_THREADS=2 OMP_WAIT_POLICY=passive GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX512VL
SOURCES    = git ls-files '*.hpp' '*.cpp' '*.cuh'

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help install-deps install-lint-deps install-bench-deps install-docs-deps install-npm build configure emoji demo \
        docs reproduce test \
        test-sanitize benchmark benchmark-input gpu-check gpu-bundle lint format install clean

help:
	@echo 'make demo            the whole job on emoji: a table, out/demo/report.html, out/demo/results.json'
	@echo 'make test            every test'
	@echo 'make reproduce       the paper'"'"'s tables, reduced, in out/reproduce (CIFAR=FOLDER for those on CIFAR-100)'
	@echo 'make test-sanitize   every test but packaging, under AddressSanitizer and UBSan'
	@echo 'make gpu-check       tests, compute-sanitizer and benchmark on this machine'"'"'s GPU: out/gpu-check.json'
	@echo 'make gpu-bundle      the same, packed for a machine with a GPU and no compiler: out/gpu-bundle.tar.xz'
	@echo 'make docs            the API reference, in $(BUILD)/docs/html'
	@echo 'make build | benchmark | benchmark-input | lint | format | install (PREFIX=$(PREFIX)) | clean'

# $(call apt,packages): installs those that are missing; does nothing, quickly, if none is.
define apt
	@if ! command -v dpkg-query >/dev/null; then \
	  echo 'not a Debian: these packages are taken as installed: $(1)'; exit 0; \
	fi; \
	missing=; \
	for package in $(1); do \
	  dpkg-query -W -f '$${db:Status-Status}\n' $$package 2>/dev/null | grep -qx installed \
	    || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	  as_root=; [ "$$(id -u)" = 0 ] || as_root=sudo; \
	  echo "installing:$$missing"; \
	  $$as_root apt-get update -q \
	    && $$as_root env DEBIAN_FRONTEND=noninteractive \
	         apt-get install -q -y --no-install-recommends $$missing; \
	fi
endef

install-deps:
	$(call apt,$(PACKAGES))
install-lint-deps:
	$(call apt,$(LINT_PACKAGES))
install-bench-deps:
	$(call apt,$(BENCH_PACKAGES))
install-docs-deps:
	$(call apt,$(DOCS_PACKAGES))
install-npm:
	$(if $(shell command -v npm),,$(call apt,npm))

configure: install-deps
	$(CONFIGURE) -B $(BUILD)

build: configure
	cmake --build $(BUILD) -j$(JOBS)

# The pictures are not part of t2ue; npm keeps them under $(BUILD)/emoji/node_modules.
emoji: $(BUILD)/emoji/installed
$(BUILD)/emoji/installed: Makefile | install-npm
	mkdir -p $(@D)
	npm install --prefix $(@D) --no-save --no-audit --no-fund --ignore-scripts $(EMOJI)
	@touch $@

demo: configure emoji
	cmake --build $(BUILD) -j$(JOBS) --target t2ue_app
	rm -rf out/demo
	$(BUILD)/apps/t2ue demo --packages $(BUILD)/emoji/node_modules --out out/demo --device $(DEVICE)

# The paper's tables, reduced to what two CPU cores train, one after the other; a run that was stopped goes on.
# CIFAR=FOLDER: the folder that has cifar-100-binary/ in it; without it only the tables on emoji are made.
EMOJI_TABLES := table-2-reduced table-7-reduced table-8-reduced clusters-reduced
CIFAR_TABLES := table-3-4-reduced table-5-reduced table-6-reduced iss-reduced adaptive-reduced robust-reduced room-reduced
T2UE         := $(BUILD)/apps/t2ue
reproduce: configure emoji
	cmake --build $(BUILD) -j$(JOBS) --target t2ue_app
	test -d out/reproduce/emoji/google || $(T2UE) data emoji --packages $(BUILD)/emoji/node_modules --tinted \
	  --classes --vendor google --renderings 6 --out out/reproduce/emoji/google
	test -d out/reproduce/emoji/google-names || $(T2UE) data emoji --packages $(BUILD)/emoji/node_modules --tinted \
	  --classes --vendor google --renderings 6 --captions name --out out/reproduce/emoji/google-names
	test -d out/reproduce/emoji/twitter || $(T2UE) data emoji --packages $(BUILD)/emoji/node_modules --tinted \
	  --classes --vendor twitter --seed 2 --out out/reproduce/emoji/twitter
	set -e; for table in $(EMOJI_TABLES); do \
	  $(T2UE) bench benchmarks/plans/$$table.toml --data out/reproduce/emoji --store out/reproduce/cells \
	    --out out/reproduce/$$table; done
	set -e; test -z "$(CIFAR)" || for table in $(CIFAR_TABLES); do \
	  $(T2UE) bench benchmarks/plans/$$table.toml --data "$(CIFAR)" --store out/reproduce/cells \
	    --out out/reproduce/$$table; done

docs: install-docs-deps
	docs/make_reference.sh $(BUILD)/docs

test: build
	@$(TEST_ENV) $(CTEST) --test-dir $(BUILD)

test-sanitize: install-deps
	$(CONFIGURE) -B $(BUILD)-sanitize -DT2UE_SANITIZE=address,undefined -DT2UE_NATIVE=OFF \
	  -DT2UE_CUDA=OFF -DT2UE_BUILD_BENCHMARKS=OFF
	cmake --build $(BUILD)-sanitize -j$(JOBS)
	@$(TEST_ENV) ASAN_OPTIONS=detect_leaks=1 $(CTEST) --test-dir $(BUILD)-sanitize -LE packaging

benchmark: build install-bench-deps
	cmake --build $(BUILD) --target benchmark

# INPUT_PICTURES=FOLDER: real photographs to make the benchmark's from, instead of noise with their spectrum.
benchmark-input: build install-bench-deps
	cmake --build $(BUILD) --target benchmark_input

GPU_PROGRAMS := t2ue_app test_cuda test_ops test_plan test_optim test_training gpu_step_bench

# GPU_CHECK="--only tests": see the first lines of tests/gpu/check.sh.
gpu-check: install-deps
	$(CONFIGURE) -B $(BUILD)-gpu -DT2UE_CUDA=ON -DT2UE_SANITIZE_EMULATION=OFF
	cmake --build $(BUILD)-gpu -j$(JOBS) --target $(GPU_PROGRAMS)
	tests/gpu/check.sh --bin $(BUILD)-gpu --out out/gpu-check.json $(GPU_CHECK)

# RPATH, not RUNPATH: the libraries beside the programs find one another by it as well.
gpu-bundle: install-deps
	$(CONFIGURE) -B $(BUILD)-bundle -DT2UE_CUDA=ON -DT2UE_SANITIZE_EMULATION=OFF -DT2UE_NATIVE=OFF -DCMAKE_CXX_FLAGS=-march=x86-64-v3 \
	  '-DCMAKE_BUILD_RPATH=$$ORIGIN/../lib' -DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags
	cmake --build $(BUILD)-bundle -j$(JOBS) --target $(GPU_PROGRAMS)
	tests/gpu/bundle.sh $(BUILD)-bundle out/gpu-bundle.tar.xz

# clang-tidy reads the library as one header-only unit and the program by its batches. Then the compiler reads each header's
# unit for itself, so that none passes by what another one includes.
LINT_FLAGS := -std=gnu++20 -fopenmp -I$(BUILD)-lint/include
lint: install-deps install-lint-deps
	$(SOURCES) | xargs clang-format --dry-run -Werror
	$(CONFIGURE) -B $(BUILD)-lint -DT2UE_UNITY=ON -DT2UE_CUDA=OFF -DT2UE_BUILD_TESTS=OFF -DT2UE_BUILD_BENCHMARKS=OFF
	echo '#include <t2ue/t2ue.hpp>' > $(BUILD)-lint/library.cpp
	clang-tidy --quiet $(BUILD)-lint/library.cpp -- $(LINT_FLAGS)
	run-clang-tidy -quiet -p $(BUILD)-lint -j$(JOBS) -checks=-bugprone-suspicious-include \
	  -extra-arg=-Wno-unknown-warning-option '/t2ue_(app|program).dir/'
	ls $(BUILD)-lint/units/*.cpp | xargs -P$(JOBS) -n1 $(CXX) -fsyntax-only -DT2UE_COMPILED=1 $(LINT_FLAGS)

format: install-lint-deps
	$(SOURCES) | xargs clang-format -i

install: configure
	cmake --build $(BUILD) -j$(JOBS) --target t2ue_compiled t2ue_shared t2ue_app
	cmake --install $(BUILD) --prefix $(PREFIX)

clean:
	rm -rf $(BUILD) $(BUILD)-lint $(BUILD)-sanitize $(BUILD)-gpu $(BUILD)-bundle out
