#!/usr/bin/env bash
# Runs every fuzz target of every package for the given time.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:?usage: scripts/fuzz.sh TIME, for example 10s}

for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		printf '== %s %s\n' "$package" "$target"
		go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "$time"
	done
done
