# Everything that Waybill needs is fetched through Go's module proxy (only `make seeds` needs Python packages); `make help` lists
# what there is to do.
GO      := go
TAGS    := duckdb_arrow
BIN     := bin
SOURCES := $(shell find . -name '*.go' -not -path './$(BIN)/*') $(shell find sql pipelines/definitions questions transforms cmd -name '*.sql' -o -name '*.csv' -o -name '*.yaml')

VERSITYGW_VERSION   := v1.8.0
STRIPE_MOCK_VERSION := v0.203.0
GOLANGCI_VERSION    := v2.11.4

export CGO_ENABLED := 1

.DEFAULT_GOAL := help

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

build: $(BIN)/waybill ## compile bin/waybill

$(BIN)/waybill: $(SOURCES) go.mod go.sum
	$(GO) build -tags $(TAGS) -o $@ ./cmd/waybill

demo: $(BIN)/waybill ## the whole of it against the sandbox, compared with the truth (ARGS="--seed 7 --days 30")
	$(BIN)/waybill demo $(ARGS)

test: $(BIN)/versitygw $(BIN)/stripe-mock ## every test; those that need Debian's servers say when they are skipped
	PATH="$(CURDIR)/$(BIN):$$PATH" $(GO) test -tags $(TAGS) -timeout 50m ./...

$(BIN)/versitygw:
	GOBIN=$(CURDIR)/$(BIN) $(GO) install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW_VERSION)

$(BIN)/stripe-mock:
	GOBIN=$(CURDIR)/$(BIN) $(GO) install github.com/stripe/stripe-mock@$(STRIPE_MOCK_VERSION)

lint: $(BIN)/golangci-lint ## the linter, with the walls between the rooms
	$(BIN)/golangci-lint run ./...

fmt: $(BIN)/golangci-lint ## format
	$(BIN)/golangci-lint fmt ./...

$(BIN)/golangci-lint:
	GOBIN=$(CURDIR)/$(BIN) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

bench: $(BIN)/waybill $(BIN)/versitygw ## ratios against the limit or a peer, from one run
	PATH="$(CURDIR)/$(BIN):$$PATH" $(GO) run -tags $(TAGS) ./cmd/bench

torture: $(BIN)/waybill $(BIN)/versitygw ## kill -9 at 200 random points, 50 of them with catalog, cache or store taken away, and compare with an undisturbed run; a thousand sequences of arrivals, reloads and contracts
	PATH="$(CURDIR)/$(BIN):$$PATH" WAYBILL_TORTURE_KILLS=200 $(GO) test -tags $(TAGS) -timeout 120m -count=1 -v -run 'TestTorture|TestTakenAway' ./cmd/waybill
	WAYBILL_SEQUENCES=1000 $(GO) test -tags $(TAGS) -timeout 60m -count=1 -run TestAnySequence ./pipelines/pull

mutants: ## spoil the models' SQL at every place and see what cases and truth notice (N=400 for so many, SEED=2, MODEL=int_parcels, JURY=cases or own without the world)
	WAYBILL_MUTANTS=$(or $(N),all) WAYBILL_MUTANTS_SEED=$(or $(SEED),1) WAYBILL_MUTANTS_MODEL='$(MODEL)' WAYBILL_MUTANTS_JURY=$(JURY) \
		$(GO) test -tags $(TAGS) -timeout 180m -count=1 -v -run '^TestMutants$$' ./cmd/waybill

fuzz: ## every decoder's fuzz test for 20 seconds each
	@for pkg in $$(grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u); do \
		for f in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]*' $$pkg/*_test.go | cut -c6-); do \
			$(GO) test -tags $(TAGS) -run '^$$' -fuzz "^$$f\$$" -fuzztime 20s $$pkg || exit 1; \
		done; \
	done

seeds: $(BIN)/seeds/installed ## make the generated seeds again: calendars, holidays, zones, destination areas
	$(BIN)/seeds/bin/python -B sql/seeds/make/make.py sql/seeds

$(BIN)/seeds/installed: sql/seeds/make/requirements.txt
	python3 -m venv $(BIN)/seeds
	$(BIN)/seeds/bin/pip install --quiet --no-deps --requirement $<
	touch $@

clean: ## remove what was built and the demo
	rm -rf $(BIN) demo

.PHONY: help build demo test lint fmt bench torture mutants fuzz seeds clean
