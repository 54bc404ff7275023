#!/usr/bin/env bash
# Runs every fuzz target of every package for the given time.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:?usage: scripts/fuzz.sh TIME, for example 10s}

for package in $(go list ./...); do
	listed=$(go test -list '^Fuzz' "$package") # here, so that tests that do not build end it
	for target in $(grep '^Fuzz' <<<"$listed" || true); do
		printf '== %s %s\n' "$package" "$target"
		go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "$time"
	done
done
