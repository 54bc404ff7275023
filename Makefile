# Everything here needs Go and nothing else, but for what `make help` says.

PREFIX ?= $(HOME)/.local
FUZZTIME ?= 10s
LDFLAGS ?= -s -w

.DEFAULT_GOAL := help
.PHONY: help build install demo test check bench fuzz clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

build: ## build bin/locald
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/locald ./cmd/locald

install: build ## install to PREFIX/bin (PREFIX=~/.local)
	mkdir -p '$(DESTDIR)$(PREFIX)/bin'
	cp bin/locald '$(DESTDIR)$(PREFIX)/bin/locald.new'
	mv '$(DESTDIR)$(PREFIX)/bin/locald.new' '$(DESTDIR)$(PREFIX)/bin/locald'

demo: ## see it at work for a minute, in a home directory of its own
	scripts/demo.sh

test: ## run all tests; with zsh, fish and strace installed, really all
	go run ./scripts/test

check: ## formatting, vet, staticcheck, shellcheck, architecture, start-up and size
	scripts/check.sh

bench: ## measure, against a reference in the same run, within three minutes
	go run ./scripts/bench

fuzz: ## fuzz every target for FUZZTIME (10s)
	scripts/fuzz.sh '$(FUZZTIME)'

clean: ## remove what was built
	rm -rf bin
