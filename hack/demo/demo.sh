#!/usr/bin/env bash
# Copyright The EventCore Order Operator Authors.
# SPDX-License-Identifier: Apache-2.0

# Does what "go run ./hack/demo" does, and says at once what it compiles and how
# far it is: with an empty Go cache even the standard library takes a while. The
# flags are those of "make build" and of the control plane, for one Go cache.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export CGO_ENABLED=0
mkdir -p .demo/bin
chmod 700 .demo
log=$(mktemp .demo/build.XXXXXX)
trap 'kill "${counter:-}" 2>/dev/null || true; rm -f "$log"' EXIT

say() { printf '%s\n' "demo: $*"; }
say "building the demo"

# A moving line on a terminal, one in 5 s elsewhere.
count() {
	local begin=$SECONDS line
	while sleep 1; do
		line="building the demo: $(wc -l <"$log" | tr -d ' ') packages, $((SECONDS - begin)) s"
		if [[ -t 1 ]]; then
			printf '\rdemo: %s ' "$line"
		elif (((SECONDS - begin) % 5 == 0)); then
			say "$line"
		fi
	done
}
count &
counter=$!

status=0
go build -v -trimpath -o .demo/bin/demo ./hack/demo 2>"$log" || status=$?
kill "$counter" 2>/dev/null || true
wait "$counter" 2>/dev/null || true
if [[ -t 1 ]]; then
	printf '\r%60s\r' ''
fi
if ((status != 0)); then
	cat "$log" >&2
	exit "$status"
fi
rm -f "$log"
exec .demo/bin/demo "$@"
