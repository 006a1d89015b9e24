# shellcheck shell=bash
# Copyright The EventCore Order Operator Authors.
# SPDX-License-Identifier: Apache-2.0

# What the demo and the tests on kind share: the tools, the cluster, the images and what is installed.
# The scripts that source it run in the root of the repository, and have set `me`.

say() { printf '%s\n' "$me: $*"; }

die() {
	printf '%s\n' "$me: $*" >&2
	exit 1
}

# quietly runs a command, and shows what it said if it fails.
quietly() {
	local said
	said=$("$@" 2>&1) || die "'$*' failed:
$said"
}

# require_tools says what is missing, and what to do about it.
require_tools() {
	local tool hint
	for tool in "$@"; do
		case $tool in
			docker) hint="https://docs.docker.com/engine/install" ;;
			kind) hint="https://kind.sigs.k8s.io/docs/user/quick-start/#installation" ;;
			kubectl) hint="https://kubernetes.io/docs/tasks/tools/#kubectl" ;;
			*) hint="the packages of your system" ;;
		esac
		command -v "$tool" >/dev/null || die "$tool is not on PATH: install it ($hint)"
	done
	docker info >/dev/null 2>&1 ||
		die "docker is installed, but its engine does not answer: start it, or set DOCKER_HOST ('docker info' says more)"
}

cluster_exists() { kind get clusters --quiet 2>/dev/null | grep -qx "$1"; }

# create_cluster NAME [CONFIG] makes a cluster of KIND_NODE_IMAGE and KIND_CONFIG, or of CONFIG, and waits until pods can
# reach Services: kind counts a cluster as ready before.
create_cluster() {
	local name=$1 config=${KIND_CONFIG:-${2:-}} begin=$SECONDS
	cluster_exists "$name" && die "the cluster $name exists already: delete it with: kind delete cluster --name $name"
	say "creating the cluster $name${KIND_NODE_IMAGE:+ of $KIND_NODE_IMAGE}"
	kind create cluster --name "$name" --wait 3m --quiet \
		${KIND_NODE_IMAGE:+--image "$KIND_NODE_IMAGE"} ${config:+--config "$config"} ||
		die "kind could not create the cluster: see above"
	quietly kubectl --context "kind-$name" --namespace kube-system rollout status daemonset/kube-proxy --timeout=3m
	say "the cluster is up ($((SECONDS - begin)) s)"
}

# build_images makes the images of the operator and of the provider.
build_images() {
	local begin=$SECONDS arch
	arch=$(go env GOARCH)
	say "building the images order-operator:dev and order-provider:dev"
	quietly make docker-build IMG=order-operator:dev ARCH="$arch"
	CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags "-s -w" -o "bin/linux/$arch/provider" ./test/provider/cmd/provider
	quietly docker build --build-arg TARGETARCH="$arch" --build-arg PROGRAM=provider --tag order-provider:dev .
	say "the images are built ($((SECONDS - begin)) s)"
}

# load_images NAME IMAGE... copies images to the cluster's nodes.
load_images() {
	local name=$1 begin=$SECONDS
	shift
	kind load docker-image --quiet --name "$name" "$@"
	say "loaded $* ($((SECONDS - begin)) s)"
}
