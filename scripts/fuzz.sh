#!/usr/bin/env bash
# Runs every fuzz target of every package for the given time.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:?usage: scripts/fuzz.sh TIME, for example 10s}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# fuzz runs one target. The go command now and then takes the end of the time, if it comes while an
# input is being tried, for a failure: then there is no input that failed.
fuzz() {
	# Making an interesting input smaller must not take the time: its limit is a minute otherwise.
	go test "$1" -run '^$' -fuzz "^$2\$" -fuzztime "$time" -fuzzminimizetime 1s 2>&1 |
		tee "$log" && return
	grep -qx ' *context deadline exceeded' "$log" && ! grep -q 'Failing input' "$log"
}

for package in $(go list ./...); do
	listed=$(go test -list '^Fuzz' "$package") # here, so that tests that do not build end it
	for target in $(grep '^Fuzz' <<<"$listed" || true); do
		printf '== %s %s\n' "$package" "$target"
		fuzz "$package" "$target"
	done
done
