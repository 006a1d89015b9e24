# Copyright The EventCore Order Operator Authors.
# SPDX-License-Identifier: Apache-2.0

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Both print a folder and build what belongs there if it is missing. Recipes
# assign their output first, so that a failed build ends the recipe.
CONTROLPLANE := hack/controlplane/build.sh
TOOLS := hack/tools/once.sh tools hack/tools "about 2 minutes"
# It is `go run ./hack/demo`, and says at once what it builds, the control plane
# included.
DEMO := exec hack/demo/demo.sh

# How many packages are tested at once. Each may run an API server of its own,
# and with more of them than cores their time-outs fire.
TEST_PACKAGES ?= 2
# Tests are compiled without go vet, which lint runs, and without debugging information: both cost minutes on an empty
# Go cache. Without the race detector they are compiled as the manager is, so that they share its packages.
TEST_FLAGS = -vet=off -ldflags=-w
RACE_TEST = go test -race $(TEST_FLAGS)
PLAIN_TEST = CGO_ENABLED=0 go test -trimpath $(TEST_FLAGS)
# How often torture-manager kills the manager.
ROUNDS ?= 20
# How many appends torture-store waits for, and in which store: a new SQLite file, or the one of a DSN.
APPENDS ?= 1000000
STORE ?=
# Flags for the benchmarks, such as BENCH='-quick -only SQLite'.
BENCH ?=
# How many orders torture-provider has, and how long its provider is away. A seed of simulate has 50 unless ORDERS is given.
ORDERS ?= 1000
DOWN ?= 30s
# Which of the tests in kind run, as of go test -run, and whether the cluster stays.
RUN ?=
KEEP ?=
# How often torture kills a manager.
KILLS ?= 1000
# How many processes play matrix, as many at once as there are processors. Each has one: goroutines that hop between two wait.
MATRIX_PARTS ?= 26
# How many seeds simulate plays, and how long fuzz runs each target.
SEEDS ?= 10000
FUZZTIME ?= 30m

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
# The commit's date, not today's: the same commit builds the same bytes.
DATE ?= $(shell git log -1 --format=%cI 2>/dev/null || echo unknown)

# The image that docker-build makes and deploy runs, and for which architecture. The manifests name IMG's default.
IMG ?= order-operator:dev
ARCH ?= $(shell go env GOARCH)
CONTAINER_TOOL ?= docker
# What deploy runs: config/default, an overlay, or a kustomization of yours.
OVERLAY ?= config/default
# kubectl is the one on PATH; where there is none, and no cluster is asked, that of the control plane.
KUBECTL ?= kubectl
KUSTOMIZE = kubectl=$$(command -v $(KUBECTL) || echo "$$($(CONTROLPLANE))/kubectl"); "$$kubectl" kustomize
WITH_IMG = sed 's|image: order-operator:dev$$|image: $(IMG)|'

BUILD = CGO_ENABLED=0 go build -trimpath \
	-ldflags "-s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)"

# What `generate`, `manifests` and `api-reference` write.
GENERATED := ':(glob)api/**/zz_generated.*.go' config/crd/bases docs/api-reference.md

##@ General

.PHONY: help
help: ## Show this help.
	@awk 'BEGIN { FS = ":.*## "; printf "Usage:\n  make \033[36m<target>\033[0m\n" } \
		/^[a-z.\/-]+:.*## / { printf "  \033[36m%-17s\033[0m %s\n", $$1, $$2 } \
		/^##@ / { printf "\n\033[1m%s\033[0m\n", substr($$0, 5) }' $(MAKEFILE_LIST)

.PHONY: clean
clean: ## Remove what was built, save .cache (control plane and tools).
	rm -rf bin dist

##@ Development

.PHONY: controlplane
controlplane: ## Build kube-apiserver, etcd and kubectl, once (or take KUBEBUILDER_ASSETS).
	@$(CONTROLPLANE)

.PHONY: controlplane-path
controlplane-path: ## Print the folder of the control plane, and nothing else.
	@$(CONTROLPLANE)

.PHONY: tools
tools: ## Build controller-gen and the linter, once.
	@$(TOOLS)

.PHONY: generate
generate: ## Generate the DeepCopy methods of api/.
	@tools=$$($(TOOLS)); \
	"$$tools/controller-gen" object:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: manifests
manifests: ## Generate the CustomResourceDefinitions in config/crd/bases.
	@tools=$$($(TOOLS)); \
	"$$tools/controller-gen" crd paths=./api/... output:crd:artifacts:config=config/crd/bases

.PHONY: api-reference
api-reference: manifests ## Generate docs/api-reference.md from the CRDs.
	@go run ./hack/api-reference $(foreach kind,orders products paymentgateways carriers,config/crd/bases/commerce.eventcore.dev_$(kind).yaml) \
		>docs/api-reference.md

.PHONY: fmt
fmt: ## Format the code and group its imports.
	@tools=$$($(TOOLS)); \
	"$$tools/lint" fmt ./...

.PHONY: vet
vet: ## Run go vet.
	go vet ./...
	go vet -tags e2e ./test/e2e

# The modules with Go files of ours.
LINTED = . hack/bench hack/bench/dbos hack/controlplane hack/tools test/kstatus test/prometheus

.PHONY: lint
lint: ## Run the linters of .golangci.yml, on the nested modules too.
	@tools=$$($(TOOLS)); \
	for module in $(LINTED); do (cd "$$module" && GOWORK=off "$$tools/lint" run ./...); done

.PHONY: test
test: ## Run all tests with the race detector, against a real API server.
	@KUBEBUILDER_ASSETS=$$($(CONTROLPLANE)); \
	export KUBEBUILDER_ASSETS; \
	$(RACE_TEST) -p $(TEST_PACKAGES) -timeout 20m ./...; \
	cd hack/bench && $(RACE_TEST) -p 1 ./... # measures a little, so that the benchmarks keep working
	@$(PLAIN_TEST) ./test/crash # with the race detector it crashes at a few boundaries only
	@$(PLAIN_TEST) ./test/simulate -run TestTheSameSeed # with the race detector no run is the same as another
	@cd test/kstatus && $(RACE_TEST) ./... # a module of its own, so that nobody inherits kstatus
	@cd test/prometheus && $(PLAIN_TEST) ./... # alerts and the dashboard, by Prometheus's own parsers

.PHONY: test-e2e
test-e2e: ## Test all that is shipped in a kind cluster of its own (RUN, KEEP, POSTGRES_IMAGE: docs/demo-kind.md).
	@RUN='$(RUN)' KEEP='$(KEEP)' exec hack/kind/e2e.sh

.PHONY: matrix
matrix: ## Crash the saga twice, at every two boundaries of every scenario.
	@go test -c -o bin/matrix.test ./controllers/runner; \
	seq 0 $$(($(MATRIX_PARTS) - 1)) | xargs -P "$$(getconf _NPROCESSORS_ONLN)" -I PART bash -euo pipefail -c \
		"GOMAXPROCS=1 bin/matrix.test -test.run '^TestTheCrashMatrix$$' -test.v -test.timeout 180m -matrix.twice \
			-matrix.parts=$(MATRIX_PARTS) -matrix.part=PART | grep -v '^ *\(=== \|--- PASS\|PASS\)'"

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (30m), one after the other.
	@grep -rE --include='*_test.go' --exclude-dir=.cache '^func Fuzz' . | sed 's|/[^/]*:func| |; s|(.*||' | sort -u | while read -r folder target; do \
		echo "$$target ($$folder)"; \
		go test "$$folder" -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -timeout 0; \
	done

.PHONY: mutants
mutants: ## Put every seeded bug through the whole crash matrix, and name the rules that find it.
	@go test ./test/mutants -count=1 -timeout 60m -v -args -mutants.full

.PHONY: simulate
simulate: ## Play SEEDS (10,000) worlds of ORDERS (50) orders in which everything goes wrong, in all processors.
	@$(PLAIN_TEST) ./test/simulate -run '^TestSimulation$$' -count=1 -timeout 0 -v -seed=1 -seeds=$(SEEDS) \
		-orders=$(if $(filter file,$(origin ORDERS)),50,$(ORDERS)) -processes=$$(getconf _NPROCESSORS_ONLN)

.PHONY: torture-manager
torture-manager: ## Kill the manager ROUNDS times (20) amid orders, and audit the books.
	@KUBEBUILDER_ASSETS=$$($(CONTROLPLANE)); \
	export KUBEBUILDER_ASSETS; \
	go test ./test/torture -run TestManagerSurvivesSIGKILL -count=1 -timeout 60m -v -args -rounds=$(ROUNDS)

.PHONY: torture
torture: ## Break everything below real managers, and kill these KILLS times (1,000).
	@KUBEBUILDER_ASSETS=$$($(CONTROLPLANE)); \
	export KUBEBUILDER_ASSETS; \
	go test ./test/torture-operator -count=1 -timeout 180m -v -args -duration=2m -kills=$(KILLS)

.PHONY: torture-store
torture-store: ## Kill processes that append to one store until APPENDS (1,000,000) are done, and audit it.
	@go test ./test/torture-store -run TestNothingIsLost -count=1 -timeout 120m -v \
		-args -appends=$(APPENDS) -limit=110m $(if $(STORE),'-store=$(STORE)')

.PHONY: bench-store
bench-store: bin/bench-store ## Compare the stores with the raw limits of this machine (BENCH=-help for flags).
	@bin/bench-store $(BENCH)

.PHONY: bench-core
bench-core: bin/bench-core ## Run EventCore's own stress scenarios and benchmarks on our stores.
	@bin/bench-core $(BENCH)

.PHONY: bench-saga
bench-saga: bin/bench-saga bin/bench-saga-dbos ## Compare the saga with DBOS Go, without Kubernetes (BENCH=-help for flags).
	@bin/bench-saga $(BENCH)

.PHONY: bench-operator
bench-operator: bin/bench-operator ## Compare the operator with one that only writes a status (BENCH=-help for flags).
	@KUBEBUILDER_ASSETS=$$($(CONTROLPLANE)); \
	export KUBEBUILDER_ASSETS; \
	bin/bench-operator $(BENCH)

.PHONY: bin/bench-store bin/bench-core bin/bench-saga bin/bench-operator
bin/bench-store bin/bench-core bin/bench-saga bin/bench-operator:
	@cd hack/bench && GOWORK=off go build -o ../../$@ ./cmd/$(@F)

.PHONY: bin/bench-saga-dbos
bin/bench-saga-dbos:
	@cd hack/bench/dbos && GOWORK=off go build -o ../../../$@ .

.PHONY: torture-provider
torture-provider: ## Carry out ORDERS (1,000) with a provider that loses replies and is away for DOWN (30s).
	@go test ./test/torture-provider -run TestNoMoneyIsLost -count=1 -timeout 60m -v \
		-args -orders=$(ORDERS) -down=$(DOWN) -limit=50m $(if $(STORE),'-store=$(STORE)')

.PHONY: verify
verify: generate manifests api-reference ## Fail if generated files or a go.mod are out of date.
	@find . -name go.mod -not -path './.*' | sort | while read -r mod; do \
		echo "go mod tidy -diff ($${mod%/go.mod})"; \
		(cd "$${mod%/go.mod}" && GOWORK=off go mod tidy -diff); \
	done
	@git diff --exit-code -- $(GENERATED) || \
		{ echo "verify: generated files changed: commit what 'make generate manifests api-reference' wrote" >&2; exit 1; }
	@untracked=$$(git ls-files --others --exclude-standard -- $(GENERATED)); \
	[[ -z $$untracked ]] || \
		{ printf '%s\n' "verify: generated files were never committed:" "$$untracked" >&2; exit 1; }

##@ Build

.PHONY: build
build: ## Build the operator into bin/manager, for GOOS and GOARCH.
	$(BUILD) -o bin/manager ./cmd/manager

.PHONY: plugin
plugin: ## Build the kubectl plugin into bin: put bin on your PATH, and run kubectl order.
	$(BUILD) -o bin/kubectl-order ./cmd/kubectl-order
	@cp cmd/kubectl-order/kubectl_complete-order bin/

.PHONY: plugin-archives
plugin-archives: ## Build the plugin for all platforms, into the archives that .krew.yaml names.
	@BUILD='$(BUILD)' hack/plugin-archives.sh $(VERSION)

.PHONY: docker-build
docker-build: ## Build the image IMG (order-operator:dev) for ARCH (this machine's).
	GOOS=linux GOARCH=$(ARCH) $(BUILD) -o bin/linux/$(ARCH)/manager ./cmd/manager
	$(CONTAINER_TOOL) build --build-arg TARGETARCH=$(ARCH) --tag $(IMG) .

.PHONY: dist/install.yaml
dist/install.yaml: ## Write all manifests of OVERLAY (config/default), with the image IMG, into one file.
	@mkdir -p dist
	@$(KUSTOMIZE) $(OVERLAY) | $(WITH_IMG) >$@.tmp
	@mv $@.tmp $@

.PHONY: run-example
run-example: ## Run the distributed e-commerce example, without a cluster.
	@go run ./examples/distributed-ecommerce

##@ Deployment

.PHONY: install
install: ## Install the CRDs into the cluster of the current context.
	$(KUBECTL) apply --server-side -k config/crd

.PHONY: uninstall
uninstall: ## Delete the CRDs, and all Orders, Products, PaymentGateways and Carriers with them.
	$(KUBECTL) delete --ignore-not-found -k config/crd

.PHONY: deploy
deploy: ## Deploy OVERLAY (config/default) with the image IMG.
	@$(KUSTOMIZE) $(OVERLAY) | $(WITH_IMG) | $(KUBECTL) apply --server-side -f -

.PHONY: undeploy
undeploy: ## Delete what deploy has made, in the order of docs/uninstall.md: the event store too.
	@KUBECTL=$(KUBECTL) hack/undeploy.sh $(OVERLAY)

.PHONY: demo
demo: ## Show the operator at work on a local control plane, then tear it down.
	@$(DEMO)

.PHONY: demo-up
demo-up: ## Start the local control plane and the operator, and leave them running.
	@$(DEMO) up

.PHONY: demo-down
demo-down: ## Stop what demo-up started.
	@$(DEMO) down

.PHONY: demo-kind
demo-kind: ## Show the operator in a new kind cluster, and leave it there (KIND_NODE_IMAGE, KIND_CONFIG).
	@exec hack/kind/demo.sh

.PHONY: demo-kind-down
demo-kind-down: ## Remove the cluster that demo-kind made.
	@exec hack/kind/demo.sh down
