.DEFAULT_GOAL := help
.PHONY: help demo dev build test fuzz bench simulate mutants lint fmt check local-up local-down local-status watch package deploy clean

help: ## Shows this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: ## Imports the shipped demo catalogue on the embedded store and prints what happened
	cargo run --locked -p cli -- demo

dev: ## Runs heartbeat, runners, file intake and the API on this machine until Ctrl-C
	cargo run --locked -p cli -- dev

build: ## Builds everything
	cargo build --locked --workspace --all-targets

test: ## Installs what is missing, starts the emulators, runs every test, stops what it started
	scripts/test

SEEDS ?= 1000
simulate: ## Runs the engine under faults that seeds decide: SEEDS=100000 for as many, SEED=7 for the history of one
	cargo run --locked --profile simulate -p simulation -- $(if $(SEED),--seed $(SEED),--seeds $(SEEDS))

fuzz: ## Fuzzes every reader of outside bytes (MINUTES=1 each), or some (TARGET="csv api"); prints a table
	MINUTES="$(or $(MINUTES),1)" TARGET="$(TARGET)" scripts/fuzz

mutants: ## Makes small mistakes one at a time and lists those that no test notices (IN="store", IN="shared/import/src/csv/*.rs", IN=--change)
	scripts/mutants $(or $(IN),--change)

lint: ## Checks format, lints, docs, messages, spelling, templates, definitions, dependencies and licences
	scripts/lint

fmt: ## Formats the code
	cargo fmt --all

check: lint test ## What CI runs

local-up: ## Starts an emulated AWS with the whole stack deployed (Docker if there is an engine, host processes otherwise)
	localstack/install
	localstack/deploy-local

local-down: ## Stops the emulated AWS
	localstack/down

local-status: ## Tells what of the emulated AWS runs
	localstack/status

bench: ## Measures speed, size and what a step asks of AWS; prints a table, writes target/bench.json (ONLY="sequential aws")
	scripts/bench $(ONLY)

watch: ## Serves every function for `scripts/invoke` on port 9000
	scripts/watch

export EXTENSION PARAMETERS

package: ## Builds the functions for AWS and zips them; EXTENSION=folder puts those of a crate in their places
	scripts/package

deploy: ## Deploys to the AWS account of the environment (STAGE=dev by default, PARAMETERS="A=1 B=2", ALARM_MAIL_TO, EXTENSION; docs/AWS.md)
	scripts/deploy

clean: ## Removes what was built and the emulators, but no data
	cargo clean
	rm -rf .emulators
