# Everything here needs Go and nothing else, but for what `make help` says.

PREFIX ?= $(HOME)/.local
FUZZTIME ?= 10s
LDFLAGS ?= -s -w

.DEFAULT_GOAL := help
.PHONY: help build install docs picture demo test check bench faults soak fuzz clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

build: ## build bin/locald
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/locald ./cmd/locald

install: build ## install to PREFIX/bin (PREFIX=~/.local)
	mkdir -p '$(DESTDIR)$(PREFIX)/bin'
	cp bin/locald '$(DESTDIR)$(PREFIX)/bin/locald.new'
	mv '$(DESTDIR)$(PREFIX)/bin/locald.new' '$(DESTDIR)$(PREFIX)/bin/locald'

docs: ## write the man pages to man/man1
	rm -rf man/man1
	SOURCE_DATE_EPOCH="$$(git log -1 --format=%ct 2>/dev/null || echo 0)" go run ./scripts/manpages man/man1

picture: ## make docs/session.svg anew, from a run of the demo
	go run ./scripts/demo -picture docs/session.svg

demo: ## see it at work for a minute, in a home directory of its own
	go run ./scripts/demo

test: ## run all tests; with zsh, fish and strace installed, really all
	go run ./scripts/test

check: ## formatting, vet, staticcheck, shellcheck, architecture, start-up and size
	scripts/check.sh

bench: ## measure, against a reference in the same run, within three minutes
	go run ./scripts/bench

faults: ## inject every fault of docs/faults-matrix.md and write that table anew
	go run ./scripts/faults

N = 200
SEED =
REUSES = 10000
soak: ## N random commands and faults against a model, and REUSES of PIDs: make soak N=1000 SEED=7
	go run ./scripts/soak -n $(N) $(if $(SEED),-seed $(SEED))
	go test ./internal/daemon/proc -count=1 -timeout=30m -run '^TestReusedNumbers$$' -reuses=$(REUSES)

fuzz: ## fuzz every target for FUZZTIME (10s)
	scripts/fuzz.sh '$(FUZZTIME)'

clean: ## remove what was built
	rm -rf bin man
