#!/usr/bin/env bash
# Copyright The EventCore Order Operator Authors.
# SPDX-License-Identifier: Apache-2.0

# Removes the operator in the order of docs/uninstall.md: undeploy.sh OVERLAY. KUBECTL names the kubectl.
set -euo pipefail
overlay=$1
kubectl=${KUBECTL:-kubectl}
group=commerce.eventcore.dev

# While open orders use them, PaymentGateways and Carriers are held by a finalizer, which the operator alone takes away:
# they go first, and it last.
for kind in "paymentgateways.$group" "carriers.$group"; do
	[[ -n $("$kubectl" get crd "$kind" --ignore-not-found --output name) ]] || continue
	if ! "$kubectl" delete "$kind" --all --timeout=60s; then
		printf '%s\n' "undeploy: open orders still use one of the $kind. Wait until they have ended, or cancel them, and run it again." \
			"undeploy: kubectl get orders --all-namespaces --field-selector status.outcome=" >&2
		exit 1
	fi
done
"$kubectl" kustomize "$overlay" | "$kubectl" delete --ignore-not-found -f -
