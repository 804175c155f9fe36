# `make help` lists the targets. Real logic lives in Go or in test/*.sh.

ARCH ?= arm64
FUZZTIME ?= 10s
NIGHTS ?= 10000

functions := $(notdir $(patsubst %/main.go,%,$(wildcard functions/*/main.go)))

# Where goroutines meet. `make race` takes every package.
racy := ./shared/clock ./shared/loop ./shared/memstore ./shared/probe

# The CDK's runtime warns at length of a Node that is past its support.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION = 1

.PHONY: help build setup test lint race bench fuzz soak endpoints moto clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  \1\t\2/' | expand -t 14

build: ## build each function for Lambda into dist/NAME (ARCH=amd64 for other than Graviton)
	@set -e; for name in $(functions); do \
		GOOS=linux GOARCH=$(ARCH) CGO_ENABLED=0 go build -tags lambda.norpc -trimpath -buildvcs=false -ldflags "-s -w -buildid=" \
			-o dist/$$name/bootstrap ./functions/$$name; \
		go run ./cmd/rouse config --expand >dist/$$name/rouse.yaml; \
	done

setup: node_modules/.package-lock.json ## fetch what the tests need
	@test/need.sh default-jre-headless java
	@test/need.sh chromium chromium chromium-browser google-chrome
	@go run ./test/dynamolocal/cmd/dynamolocal

# npm writes this file last.
node_modules/.package-lock.json: package-lock.json
	@test/need.sh nodejs node
	@test/need.sh npm npm
	npm ci --silent
	@touch $@

test: setup lint ## everything that must hold before a commit
	go run ./test/dynamolocal/cmd/dynamolocal go test -p 2 -vet off -timeout 5m ./...
	@if go env CC | xargs which >/dev/null; \
	then set -x; go test -p 2 -vet off -timeout 5m -race $(racy); \
	else echo "no C compiler: the race detector did not run (on Debian: apt-get install gcc)"; fi

lint: ## formatting, vet, staticcheck
	@unformatted=$$(gofmt -l cmd functions infra shared test); \
	if [ -n "$$unformatted" ]; then echo "not formatted (gofmt -w):"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

race: setup ## every test under the race detector; needs a C compiler
	go run ./test/dynamolocal/cmd/dynamolocal go test -p 2 -timeout 20m -race ./...

bench: setup ## times and ratios; nothing is gated on them
	go run ./test/dynamolocal/cmd/dynamolocal go test -p 1 -run '^$$' -bench . -benchmem $$(test/having.sh Benchmark)

fuzz: ## every fuzz target for FUZZTIME (10s)
	@set -e; for package in $$(test/having.sh Fuzz); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package; \
		done; \
	done

soak: ## NIGHTS (10000) simulated nights in which everything fails
	go run ./cmd/rouse simulate --seeds $(NIGHTS)

endpoints: setup ## stand-ins for AWS on ports 8000 to 8002, for sam local invoke, until stopped
	go run ./test/endpoints

moto: ## the adapters' contracts against moto_server, an independent emulator
	go test -p 1 -tags moto -run Moto -timeout 10m $$(test/having.sh 'Test[A-Za-z]*Moto')

clean: ## remove what was built and fetched
	rm -rf dist cdk.out .cache node_modules rouse
