# Everything that is done to this tree has a target here. `make` says which there are.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO ?= go
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2
GOLANGCI_LINT_VERSION := v2.15.0

# A release's number comes from its tag; without one Go writes down the commit by itself.
VERSION ?= $(shell git describe --tags --exact-match 2>/dev/null || true)
# A checkout that belongs to somebody else makes git refuse, and then go build.
BUILD_FLAGS := -trimpath $(shell git status >/dev/null 2>&1 || echo -buildvcs=false)

# What makes network namespaces or loads BPF runs as root. It is compiled as who you are.
export WRONGNS_CACHE ?= $(HOME)/.cache/wrongns
ifneq ($(shell id -u),0)
ifneq ($(shell command -v sudo),)
SUDO := sudo -E -H env "PATH=$(PATH)" "GOMODCACHE=$(shell $(GO) env GOMODCACHE)"
AS_ROOT := -exec '$(SUDO)'
endif
endif

# What these tests share with the whole machine, Docker and qemu, they use one after the other.
# They build the program that they test, which Go's cache of results knows nothing of: -count 1.
WHOLE_MACHINE := ./test/...
PACKAGES = $(shell $(GO) list ./... | grep -v '/wrongns/test/')

.PHONY: help build generate generate-docs check-generated check-format format vet lint check setup test test-unit test-system demo bench clean

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## bin/wrongns, static
	CGO_ENABLED=0 $(GO) build $(BUILD_FLAGS) -ldflags '-s -w -X main.version=$(VERSION)' -o bin/wrongns ./cmd/wrongns

generate: ## bpf's objects and bindings from their sources; needs clang-19 and llvm-19
	@command -v clang-19 >/dev/null && command -v llvm-strip-19 >/dev/null || { echo "make generate: needs clang-19 and llvm-19: test/setup.sh generate installs them" >&2; exit 1; }
	$(GO) generate ./bpf

check-generated: ## whether bpf's objects are those that its sources make
	@test/setup.sh generate
	@if ! command -v clang-19 >/dev/null || ! command -v llvm-strip-19 >/dev/null; then echo "check-generated: left out: there is no clang-19"; exit 0; fi; \
	before=$$(mktemp); trap 'rm -f "$$before"' EXIT; \
	sha256sum bpf/*_bpfel.go bpf/*_bpfel.o >"$$before"; \
	$(GO) generate ./bpf; \
	sha256sum --quiet --check "$$before" || { echo "check-generated: the objects were not made from these sources; they are now: commit them" >&2; exit 1; }

generate-docs: ## docs/rules.md from the rules, as far as it comes from them; the rest of it stays
	@new=$$(mktemp); trap 'rm -f "$$new"' EXIT; \
	$(GO) run ./cmd/wrongns rules -o markdown >"$$new"; \
	awk '/^## On the corpus/ { show = 1; print "" } show' docs/rules.md >>"$$new"; cat "$$new" >docs/rules.md

format: ## the Go sources as gofmt has them
	gofmt -w $$(git ls-files --cached --others --exclude-standard '*.go')

check-format: ## whether they are
	@wrong=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
	[ -z "$$wrong" ] || { echo "check-format: make format changes:" $$wrong >&2; exit 1; }

vet: ## go vet
	$(GO) vet ./...

lint: ## golangci-lint, at the version that is named in this file
	@if $(GO) mod download $(GOLANGCI_LINT)@$(GOLANGCI_LINT_VERSION); then \
		$(GO) run $(GOLANGCI_LINT)/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION) run; \
	else echo "lint: left out: golangci-lint can't be fetched"; fi

check: check-format vet lint check-generated ## all that can be known without running it

setup: ## install what the tests need and this machine lacks
	test/setup.sh test

test: setup test-unit test-system ## everything; WRONGNS_REQUIRE=0 skips what this machine cannot do

test-unit test-system: export WRONGNS_REQUIRE ?= 1

test-unit: ## the packages' own tests, with the race detector
	$(GO) test -race -timeout 10m $(AS_ROOT) $(PACKAGES)

test-system: ## the program: command line, scenarios, Docker, other kernels
	$(GO) test -p 1 -count 1 -timeout 20m $(AS_ROOT) $(WHOLE_MACHINE)

demo: build ## the classic mistakes, in throwaway namespaces
	@test/setup.sh demo
	$(SUDO) bin/wrongns demo

bench: ## what it costs
	$(GO) test -run '^$$' -bench . -benchmem $(AS_ROOT) ./...

clean: ## remove what was built; fetched kernels stay
	rm -rf bin
