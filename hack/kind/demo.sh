#!/usr/bin/env bash
# Copyright The EventCore Order Operator Authors.
# SPDX-License-Identifier: Apache-2.0

# From nothing to orders on a kind cluster: creates it, builds and loads the images, installs config/default, and plays
# the scenes of `make demo` there. KIND_NODE_IMAGE and KIND_CONFIG choose another node image and another configuration.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
me=demo-kind
cluster=orders
# shellcheck source=lib.sh
source hack/kind/lib.sh

down() {
	require_tools docker kind
	if ! cluster_exists "$cluster"; then
		say "there is no cluster $cluster"
		return
	fi
	kind delete cluster --quiet --name "$cluster"
	say "the cluster $cluster is gone"
}

# Every kubectl is for this cluster, whatever the current context is.
kubectl() { command kubectl --context "kind-$cluster" "$@"; }

# secret NAMESPACE NAME KEY=VALUE makes a Secret.
secret() { kubectl --namespace "$1" create secret generic "$2" --from-literal "$3" >/dev/null; }

# install applies the manifests and waits until everything is ready.
install() {
	local begin=$SECONDS shared
	say "installing config/default into the namespace order-system, and a provider into the namespace provider"
	quietly kubectl apply --server-side -k config/default
	quietly kubectl apply --server-side -f hack/kind/provider.yaml
	shared=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
	secret provider provider "secret=$shared"
	secret order-system provider "secret=$shared"
	quietly kubectl create namespace shop
	quietly kubectl --namespace provider rollout status deployment/provider --timeout=5m
	quietly kubectl --namespace order-system rollout status statefulset/order-operator --timeout=5m
	quietly kubectl wait --for=condition=Established --timeout=1m crd/orders.commerce.eventcore.dev \
		crd/products.commerce.eventcore.dev crd/paymentgateways.commerce.eventcore.dev crd/carriers.commerce.eventcore.dev
	say "installed ($((SECONDS - begin)) s)"
}

up() {
	local begin=$SECONDS
	require_tools docker kind kubectl go make
	cluster_exists "$cluster" && die "the cluster $cluster exists already: remove it with 'make demo-kind-down', and try again"
	build_images
	create_cluster "$cluster"
	load_images "$cluster" order-operator:dev order-provider:dev
	install
	CGO_ENABLED=0 go build -trimpath -o bin/ ./hack/demo/stage
	bin/stage pods "$cluster"
	say "from nothing to here in $((SECONDS - begin)) s"
	cat <<TEXT

Things to try:
  kubectl config use-context kind-$cluster
  kubectl config set-context --current --namespace shop
  kubectl get orders --watch
  kubectl describe order order-006-shipment-refused
  kubectl apply -f config/samples/suspended.yaml
  kubectl patch order suspended --type merge --patch '{"spec":{"suspend":false}}'
  kubectl --namespace order-system delete pod order-operator-0   # it comes back, and carries on
  kubectl --namespace order-system logs order-operator-0

Remove it all with: make demo-kind-down
TEXT
}

case ${1:-up} in
	up) up ;;
	down) down ;;
	*) die "usage: hack/kind/demo.sh [up|down]" ;;
esac
