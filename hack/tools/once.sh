#!/usr/bin/env bash
# Copyright The EventCore Order Operator Authors.
# SPDX-License-Identifier: Apache-2.0

# Builds the programs that a nested module pins, once, and prints their folder.
#
#   once.sh NAME MODULE_DIR HOW_LONG [LDFLAGS]
#
# The programs are the module's `tool` directives and its cmd/*, if any. They land in
# .cache/NAME/KEY, where KEY covers the module's files, the flags of the build
# and the Go toolchain: whatever could change the result changes the folder.
# Only the folder goes to stdout; progress goes to stderr.
set -euo pipefail

name=$1 module=$2 how_long=$3
flags=(-trimpath -buildvcs=false -ldflags "-s -w ${4:-}")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root/$module"
programs=(tool)
[[ ! -d cmd ]] || programs+=(./cmd/...)

# The programs run here, whatever a caller cross-compiles, and come from this
# module's go.mod alone, whatever workspace a caller works in.
unset GOOS GOARCH
export CGO_ENABLED=0 GOWORK=off

sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }

key=$({
	go env GOVERSION GOOS GOARCH
	echo "${flags[@]}"
	cat go.mod go.sum
	[[ ! -d cmd ]] || cat cmd/*/*.go
} | sha256 | cut -c1-16)
cache=$root/.cache/$name
target=$cache/$key
if [[ -d $target ]]; then
	echo "$target"
	exit
fi

say() { printf '%s\n' "$name: $*" >&2; }
say "building from source, once: $how_long on 2 cores, faster with a warm Go cache"

mkdir -p "$cache"
# The kernel drops the lock however its holder ends. Where flock is missing two
# concurrent builds only waste time: each has its own folder, and one rename wins.
if command -v flock >/dev/null; then
	exec 9>"$cache/.lock"
	if ! flock -n 9; then
		say "another build is under way, waiting for it"
		flock 9
	fi
	if [[ -d $target ]]; then
		echo "$target"
		exit
	fi
	rm -rf "$cache"/.building.* # left by a build that was killed
fi
work=$(mktemp -d "$cache/.building.XXXXXX")
log=$work/log
build=
trap '[[ -z $build ]] || kill "$build" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# watch UNIT PATTERN TOTAL COMMAND...: runs COMMAND and counts the lines of its
# stderr that match PATTERN: a moving line on a terminal, one in 10 s elsewhere.
watch() {
	local unit=$1 pattern=$2 total=$3 begin=$SECONDS status=0 next=10 line
	shift 3
	: >"$log"
	"$@" 2>"$log" 9>&- &
	build=$!
	while kill -0 "$build" 2>/dev/null; do
		line="$(grep -c "$pattern" "$log" || true)$total $unit, $((SECONDS - begin)) s"
		if [[ -t 2 ]]; then
			printf '\r%s: %s ' "$name" "$line" >&2
		elif ((SECONDS - begin >= next)); then
			say "$line"
			((next += 10))
		fi
		sleep 0.5
	done
	wait "$build" || status=$?
	build=
	[[ ! -t 2 ]] || printf '\r%60s\r' '' >&2
	if ((status != 0)); then
		say "failed:"
		grep -v "$pattern" "$log" >&2 || true
		exit "$status"
	fi
}

list() { go list -deps "${programs[@]}" >"$work/packages"; }
watch "modules downloaded" '^go: downloading' "" list

# A warm Go cache leaves packages out, hence "up to". `go build -v` names one
# package per line, without a blank; errors have one.
watch "packages compiled" '^[^ #][^ #]*$' " of up to $(wc -l <"$work/packages" | tr -d ' ')" \
	go build -v "${flags[@]}" -o "$work/bin/" "${programs[@]}"

if [[ ! -d $target ]]; then
	# Should another build have been faster after all, its result is as good.
	mv "$work/bin" "$target" 2>/dev/null || [[ -d $target ]]
fi
say "built in $SECONDS s"
echo "$target"
