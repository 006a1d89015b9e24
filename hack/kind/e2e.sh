#!/usr/bin/env bash
# Copyright The EventCore Order Operator Authors.
# SPDX-License-Identifier: Apache-2.0

# Makes a kind cluster with two workers and the images, runs test/e2e there, and removes the cluster.
#   RUN             the tests to run, as of go test -run; all by default
#   KEEP=1          leave the cluster, and use one that was left
#   POSTGRES_IMAGE  PostgreSQL's image; postgres:15 by default
#   PREVIOUS        the commit that is upgraded from; the one before by default
#   KIND_NODE_IMAGE, KIND_CONFIG  as for demo.sh; the cluster needs two workers
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
me=test-e2e
cluster=orders-e2e
postgres=${POSTGRES_IMAGE:-postgres:15}
# shellcheck source=lib.sh
source hack/kind/lib.sh

# build_previous makes the image of the commit before, in a folder of its own.
build_previous() {
	local begin=$SECONDS commit
	commit=$(git rev-parse --verify --quiet "${PREVIOUS:-HEAD~1}^{commit}") ||
		die "there is no commit ${PREVIOUS:-HEAD~1} to upgrade from: set PREVIOUS, or fetch more of the history"
	say "building the image order-operator:previous of commit ${commit:0:12}"
	previous=$(mktemp -d)
	git archive "$commit" | tar -x -C "$previous"
	quietly make -C "$previous" docker-build IMG=order-operator:previous VERSION=previous "COMMIT=$commit" DATE=unknown
	rm -rf "$previous"
	say "the previous image is built ($((SECONDS - begin)) s)"
}

remove() {
	rm -rf "${previous:-}"
	if [[ -n ${KEEP:-} ]]; then
		say "the cluster $cluster is left: delete it with: kind delete cluster --name $cluster"
		return
	fi
	kind delete cluster --quiet --name "$cluster" || true
}

require_tools docker kind kubectl go make git tar
if [[ -z ${KEEP:-} ]] && cluster_exists "$cluster"; then
	die "the cluster $cluster exists already: delete it with 'kind delete cluster --name $cluster', or use it with KEEP=1"
fi
docker image inspect "$postgres" >/dev/null 2>&1 || docker pull --quiet "$postgres" >/dev/null ||
	die "the image $postgres can't be had: set POSTGRES_IMAGE to one of PostgreSQL 13 or later"
build_images
build_previous
trap remove EXIT
cluster_exists "$cluster" || create_cluster "$cluster" hack/kind/three-nodes.yaml
workers=$(kubectl --context "kind-$cluster" get nodes --selector '!node-role.kubernetes.io/control-plane' --no-headers | wc -l)
((workers >= 2)) || die "the cluster has $workers workers, and nodes are drained: let KIND_CONFIG name a configuration with two"
load_images "$cluster" order-operator:dev order-operator:previous order-provider:dev "$postgres"
begin=$SECONDS
go test -tags e2e -count=1 -timeout 60m -v ${RUN:+-run "$RUN"} ./test/e2e \
	-args -cluster="$cluster" -postgres-image="$postgres"
say "all passed in $((SECONDS - begin)) s"
