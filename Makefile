# Everything a developer types. `make help` lists it.
include tools/versions.mk

SHELL   := /bin/bash -o pipefail
TOOLS   := $(CURDIR)/.cache/tools
CHAOSRUN = .cache/integration/bin/chaosrun -libs .cache/kafka/$(KAFKA)/libs
MODULES := $(shell go list -m -f '{{.Dir}}')
export PATH := $(TOOLS):$(PATH)

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-20s %s\n", $$1, $$2}'

demo: ## play the sample calls through the whole pipeline, in one process
	go run ./cmd/frontdesk demo

up: ## the same, long-lived, on fixed ports, with its state in ./frontdesk-data
	go run ./cmd/frontdesk up --data frontdesk-data

build: ## build every module
	go build work

test: ## run every test
	go test work

race: ## run every test with the race detector, in random order
	go test -race -shuffle=on work

integration: ## the end-to-end suite on a real Kafka and Redis, with the services in processes of their own
	bash .ci/integration

integration-parts: ## fetch and build what it needs
	bash .ci/integration parts

chaos: integration-parts ## break every part while 300 people call: each fault alone, then all as drawn; SEEDS=1,2,3 CALLS=300 ONLY=redis,stt
	$(CHAOSRUN) $(if $(SEED)$(SEEDS),-seeds $(SEED)$(SEEDS)) $(if $(CALLS),-calls $(CALLS)) $(if $(ONLY),-only '$(ONLY)',-docs docs/reliability.md)

chaos-short: integration-parts ## the same in four minutes: one schedule of the most important faults; SEED=1 CALLS=300
	$(CHAOSRUN) -short $(if $(SEED)$(SEEDS),-seeds $(SEED)$(SEEDS)) $(if $(CALLS),-calls $(CALLS))

soak: integration-parts ## a fifth of a busy hour for half an hour, faster than life, Salesforce stalling for a minute: nothing grows; DURATION=5m SPEED=5 SEED=1
	.cache/integration/bin/soakrun -libs .cache/kafka/$(KAFKA)/libs $(if $(DURATION),-duration $(DURATION),-docs docs/reliability.md) $(if $(SPEED),-speed $(SPEED)) $(if $(SEED),-seed $(SEED))

vet: ## go vet, every module
	go vet work

lint: $(TOOLS)/golangci-lint lint-proto ## golangci-lint on every module, buf lint and buf breaking
	@for m in $(MODULES); do (cd $$m && golangci-lint run --config $(CURDIR)/.golangci.yml ./...) || exit 1; done

lint-proto: $(TOOLS)/buf ## buf lint on every buf module; buf breaking against the released contract
	@for f in $$(git ls-files --cached --others --exclude-standard '*buf.yaml'); do (cd $$(dirname $$f) && buf lint) || exit 1; done
	cd pkg/events && buf breaking --against testdata/released/v1.binpb

gowork-off: ## build every module as a Docker build does, without the workspace
	@for m in $(MODULES); do (cd $$m && GOWORK=off go build ./...) || exit 1; done

generate: $(TOOLS)/buf $(TOOLS)/protoc-gen-go $(TOOLS)/protoc-gen-go-grpc ## generate code from .proto, and docs/events.md
	@for f in $$(git ls-files --cached --others --exclude-standard '*buf.gen.yaml'); do (cd $$(dirname $$f) && buf generate) || exit 1; done
	cd pkg/events && buf build -o - | go run ./internal/docgen > ../../docs/events.md

generated-is-current: generate ## fail if `make generate` changes anything, or makes a file that nobody has added
	@git diff --exit-code --stat -- '*.pb.go' docs/events.md && ! git ls-files --others --exclude-standard -- '*.pb.go' docs/events.md | grep . || \
	  { echo "generated files are not current: run make generate and commit"; exit 1; }

release-contract: $(TOOLS)/buf ## make today's contract the one that buf breaking holds later changes to
	cd pkg/events && buf build -o testdata/released/v1.binpb

tidy: ## go mod tidy in every module, then equal versions
	@for m in $(MODULES); do (cd $$m && GOWORK=off go mod tidy) || exit 1; done
	go work sync

samples: ## make the sample calls' audio again (needs flite, espeak-ng, sox)
	bash samples/generate.sh

judges: ## foreign clients against the stand-ins: jsforce, Twilio's and Google's libraries for Node
	@command -v node >/dev/null && command -v npm >/dev/null || \
	  { echo "make judges needs Node 20 or later with npm; neither make nor npm installs them"; exit 1; }
	cd sandbox/judges && npm ci && npm test

mutants: ## break the code in twenty ways and see that the tests notice each
	go run ./cmd/frontdesk/internal/mutants

simulate: ## two thousand random schedules of troubles for parked keys, and every state of the large models (gigabytes, an hour)
	FRONTDESK_SCHEDULES=2000 go test -tags simulation -count=1 -timeout 2h -run TestParkedKeysThroughRandomTroubles ./pkg/servicekit/consume
	FRONTDESK_MODEL=large go test -count=1 -timeout 2h -v ./pkg/servicekit/consume/parkmodel

fuzz: ## fuzz every parser for 20 s each
	@go list work | while read -r p; do for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	  echo "== $$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime 20s $$p || exit 1; done; done

$(TOOLS)/buf:            ; GOBIN=$(TOOLS) GOWORK=off GOFLAGS= go install $(BUF)
$(TOOLS)/protoc-gen-go:  ; GOBIN=$(TOOLS) GOWORK=off GOFLAGS= go install $(PROTOC_GEN_GO)
$(TOOLS)/protoc-gen-go-grpc: ; GOBIN=$(TOOLS) GOWORK=off GOFLAGS= go install $(PROTOC_GEN_GRPC)
$(TOOLS)/golangci-lint:  ; GOBIN=$(TOOLS) GOWORK=off GOFLAGS= go install $(GOLANGCI_LINT)

.PHONY: help demo up build test race integration integration-parts vet lint lint-proto gowork-off generate generated-is-current release-contract tidy samples judges mutants simulate fuzz chaos chaos-short soak
