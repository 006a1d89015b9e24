#!/usr/bin/env bash
# Copyright The EventCore Order Operator Authors.
# SPDX-License-Identifier: Apache-2.0

# Prints the folder with kube-apiserver, etcd and kubectl for envtest and the
# demo. The first time it builds them from source: all that it takes is Go and
# its module proxy. KUBEBUILDER_ASSETS, if set, names a folder to use instead.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")

if [[ -n ${KUBEBUILDER_ASSETS:-} ]]; then
	for binary in kube-apiserver etcd; do
		if [[ ! -x $KUBEBUILDER_ASSETS/$binary ]]; then
			printf '%s\n' "controlplane: KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS holds no executable $binary." \
				"Point it at a folder with kube-apiserver and etcd, or unset it to have them built here." >&2
			exit 1
		fi
	done
	(cd "$KUBEBUILDER_ASSETS" && pwd)
	exit
fi

# Without a stamp the server calls itself v0.0.0-master, which kubectl, client-go
# and version checks in manifests then believe.
version=$(awk '$1 == "k8s.io/kubernetes" { print $2 }' "$here/go.mod")
IFS=. read -r major minor _ <<<"${version#v}"
ldflags=
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
	ldflags+=" -X $package.gitVersion=$version -X $package.gitMajor=$major -X $package.gitMinor=$minor"
	ldflags+=" -X $package.gitTreeState=clean"
done

exec "$here/../tools/once.sh" controlplane hack/controlplane "5 to 8 minutes" "$ldflags"
