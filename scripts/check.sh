#!/usr/bin/env bash
# Everything about the sources that a machine can check without running them, and what the binary costs.
set -euo pipefail
cd "$(dirname "$0")/.."

gofumpt=mvdan.cc/gofumpt@v0.12.0
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

step() { printf '== %s\n' "$*"; }

step gofumpt
unformatted=$(go run "$gofumpt" -l .)
if [[ -n $unformatted ]]; then
	printf 'not formatted; run: go run %s -w .\n%s\n' "$gofumpt" "$unformatted" >&2
	exit 1
fi

for os in linux darwin; do
	step "go vet and staticcheck for $os"
	GOOS=$os go vet ./...
	# The tool itself is built for this machine; only what it loads is for the other one.
	go run -exec "env GOOS=$os" "$staticcheck" ./...
done

step shellcheck
if command -v shellcheck >/dev/null; then
	shellcheck --shell=bash internal/shellhook/hook.bash
	shellcheck scripts/*.sh .ci/run
elif [[ -n ${CI-} ]]; then
	echo 'shellcheck is missing, and CI skips nothing: install the package shellcheck' >&2
	exit 1
else
	echo 'shellcheck is missing: install the package shellcheck for this check'
fi

step 'architecture'
go test ./internal/archtest

step 'start-up and size'
scripts/gate.sh
