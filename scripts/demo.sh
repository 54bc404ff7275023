#!/usr/bin/env bash
# Shows locald at work in a home directory of its own, and leaves nothing behind. It needs Go and bash.
set -euo pipefail
cd "$(dirname "$0")/.."

# All processes, files and sockets of the demo live in here.
work=$(cd "$(mktemp -d)" && pwd -P)
mkdir -m 700 "$work/home" "$work/run" "$work/bin"

clean_up() {
	if [[ -d $work/home/.local/share/locald && -x $work/bin/locald ]]; then
		# Any command but this one would start the daemon anew, which cleans up after one that was killed.
		"$work/bin/locald" status >/dev/null 2>&1 || true
		"$work/bin/locald" daemon stop >/dev/null 2>&1 || true
	fi
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

echo 'building ...'
CGO_ENABLED=0 go build -o "$work/bin/locald" ./cmd/locald
go build -o "$work/bin/demo" ./scripts/demo
go build -o "$work/bin/get" ./scripts/demo/get
cp -R examples/shop "$work/home/shop"

# The services are run by `go run`. They find the caches of this user, or everything would be compiled once more. It is
# written down as settings of the new home, which a service sees in whichever way it was started.
settings=("GOCACHE=$(go env GOCACHE)" "GOMODCACHE=$(go env GOMODCACHE)" "GOPATH=$(go env GOPATH)")
unset GOCACHE GOMODCACHE GOPATH GOENV XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME XDG_STATE_HOME
unset PROMPT_COMMAND LOCALD_HOOK PORT VSCODE_RESOLVING_ENVIRONMENT
# What is said is said before the next prompt, also where the machine is busy.
export LOCALD_DEBUG_AT_BUDGET=10s
export HOME=$work/home ZDOTDIR=$work/home XDG_RUNTIME_DIR=$work/run PATH=$work/bin:$PATH
go env -w "${settings[@]}"
(cd "$HOME/shop" && go build -o /dev/null web/main.go && go build -o /dev/null worker/main.go)

demo
printf '\n%s\n' 'That was all of it. The home directory of the demo and its processes are gone.'
