# SPDX-License-Identifier: Apache-2.0
# The thin door: every target is one command of Meson or of tools/. SETUP=no installs nothing.

SETUP ?= yes
SECONDS ?= 60
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
WERROR ?= false
PYTHON ?= /usr/bin/python3
# Optimised across files: the way of a token then lies closer together in the instruction cache.
RELEASE = -Dbuildtype=release -Doptimization=2 -Db_lto=true
SANITIZE = -Dbuildtype=debugoptimized -Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false
export PORT

ifeq ($(SETUP),no)
setup = @:
else
setup = @tools/setup
endif
# $(call configure,DIRECTORY,OPTIONS): makes the build directory once; ninja keeps it up to date after that.
configure = @test -f $(1)/build.ninja || { mkdir -p $(1) && meson setup $(1) $(2) -Dwerror=$(WERROR) >$(1)/setup.log 2>&1 || { cat $(1)/setup.log; false; }; }

.DEFAULT_GOAL = build
.PHONY: build run test test-long bench demo-rotation run-gateway check coverage fuzz install clean setup help

help: ## this text
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

setup: ## installs what build, test, check and bench need
	@tools/setup build test check bench interop

build: ## programs at build/jeton and build/jetond, optimised
	$(setup) build
	$(call configure,$(BUILD),$(RELEASE) -Dtests=false)
	@ninja -C $(BUILD)

run: build ## starts jetond on 127.0.0.1:8080 (PORT=), mints and verifies a token
	@tools/run

test: ## every test but the long ones, with the address and undefined-behaviour sanitizers
	$(setup) build test
	$(call configure,build-test,$(SANITIZE)) || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }
	@tools/test build-test --no-suite long

test-long: ## fuzz, kills, load, threads
	$(setup) build test check
	$(call configure,build-test,$(SANITIZE))
	@tools/test build-test --suite long --timeout-multiplier 10
	$(call configure,build-tsan,-Dbuildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false)
	@tools/test build-tsan --suite unit --timeout-multiplier 4
	@tools/fuzz $(SECONDS)

bench: ## against raw OpenSSL and the Debian packages of the field
	$(setup) build bench
	$(call configure,build-bench,$(RELEASE) -Dbench=true -Dtests=false)
	@ninja -C build-bench
	@bench/run build-bench

check: ## format, layers, words, headers, symbols, docs, lint
	$(setup) build test check
	@tools/check

demo-rotation: build ## an issuer rotates, is flooded, goes down, lies, while load runs; timeline and picture below build/
	@$(PYTHON) tools/demo_rotation.py $(BUILD) --picture $(BUILD)/demo-rotation.svg --timeline $(BUILD)/demo-rotation.txt

run-gateway: build ## the S3 data gateway on 127.0.0.1:9000 (PORT=): nginx, jetond, an upstream API, a plain object store
	$(setup) build test
	@BUILD=$(BUILD) $(PYTHON) tools/run_gateway

coverage: ## line and branch coverage of the tests
	$(setup) build test check
	$(call configure,build-coverage,-Dbuildtype=debug -Db_coverage=true)
	@tools/test build-coverage --no-suite long
	@gcovr --root . --filter src/ --exclude-unreachable-branches --print-summary --html-details \
		build-coverage/coverage.html build-coverage | tail -8
	@echo "report: build-coverage/coverage.html"

fuzz: ## every target with libFuzzer for SECONDS= each
	$(setup) build check
	@tools/fuzz $(SECONDS)

install: ## into PREFIX= below DESTDIR=
	$(setup) build
	$(call configure,$(BUILD),$(RELEASE) -Dtests=false)
	@meson configure $(BUILD) -Dprefix=$(PREFIX)
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD)

clean: ## removes what was built
	rm -rf $(BUILD) build-test build-bench build-check build-fuzz build-tsan build-coverage
