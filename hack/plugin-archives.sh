#!/usr/bin/env bash
# Copyright The EventCore Order Operator Authors.
# SPDX-License-Identifier: Apache-2.0

# usage: BUILD='go build …' plugin-archives.sh VERSION   builds dist/kubectl-order_VERSION_OS_ARCH.tar.gz, as .krew.yaml wants.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=$1
platforms=(linux_amd64 linux_arm64 darwin_amd64 darwin_arm64 windows_amd64)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p dist
for platform in "${platforms[@]}"; do
	program=kubectl-order
	[[ $platform != windows_* ]] || program+=.exe
	GOOS=${platform%_*} GOARCH=${platform#*_} bash -c "$BUILD -o '$work/$program' ./cmd/kubectl-order"
	archive=dist/kubectl-order_${version}_$platform.tar.gz
	tar -C "$work" -czf "$archive.tmp" "$program" -C "$PWD" LICENSE
	mv "$archive.tmp" "$archive"
	rm "$work/$program"
	sha256sum "$archive"
done
