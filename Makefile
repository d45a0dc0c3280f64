# `make up` and `make test` are all that a newcomer needs; `make help` lists the rest.
# KUBECONFIG given on the command line means: use my cluster and my Pulumi, touch no sandbox.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STACK ?= dev
NODES ?= 1
MINE := $(filter command line,$(origin KUBECONFIG))
# What every recipe that talks to a cluster starts with.
CLUSTER = $(if $(MINE),export KUBECONFIG="$(abspath $(KUBECONFIG))",eval "$$($(BIN)/python -m sandbox env)")
# Printed before instructions that need tools: the sandbox's are on nobody's PATH.
OWN_TOOLS = $(if $(MINE),,echo "First, for the sandbox's own pulumi, kubectl and bao in this shell:" && echo 'eval "$$($(BIN)/python -m sandbox env)"' && echo &&)
# Pulumi writes the salt of this machine's passphrase into the stack file; it has no business in the repository.
UNSALTED = sed -i.bak '/^encryptionsalt:/d' Pulumi.$(STACK).yaml && rm -f Pulumi.$(STACK).yaml.bak

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  make up KUBECONFIG=…   use your own cluster and your installed Pulumi instead of the sandbox"
	@echo "  make up STACK=… NODES=…   another stack, more nodes in the sandbox (1 to 5)"

$(VENV)/.ready: requirements.txt requirements-dev.txt constraints.txt
	@echo "Installing the Python packages into $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(if $(MINE),requirements.txt,requirements-dev.txt)
	@touch $@

.PHONY: venv
venv: $(VENV)/.ready ## install the Python packages

.PHONY: cluster
cluster: venv
	@$(if $(MINE),$(BIN)/python -m components.own_cluster "$(KUBECONFIG)",$(BIN)/python -m sandbox up --nodes $(NODES))

.PHONY: up
up: cluster ## bring a cluster to life: Kubernetes, OpenBao, proof (STACK=dev)
	@$(CLUSTER); trap '$(UNSALTED)' EXIT; \
	  pulumi stack select --create $(STACK) && \
	  pulumi up --yes --skip-preview --stack $(STACK) && \
	  echo && $(OWN_TOOLS) pulumi stack output instructions --stack $(STACK)

.PHONY: preview
preview: cluster ## show what `make up` would change
	@$(CLUSTER); trap '$(UNSALTED)' EXIT; pulumi stack select --create $(STACK) && pulumi preview --stack $(STACK)

.PHONY: destroy
destroy: venv ## remove the OpenBao cluster, keep Kubernetes
	@$(CLUSTER); trap '$(UNSALTED)' EXIT; \
	  echo "Left behind on purpose: $$(pulumi stack output retained --stack $(STACK) 2>/dev/null || echo '[]')"; \
	  pulumi destroy --yes --skip-preview --stack $(STACK)

.PHONY: down
down: ## stop the sandbox and all it started; `make up` goes on from its disks
	@[ ! -x $(BIN)/python ] || $(BIN)/python -m sandbox down

.PHONY: wipe
wipe: ## stop the sandbox and remove its disks and its stacks
	@[ ! -x $(BIN)/python ] || $(BIN)/python -m sandbox wipe
	@$(UNSALTED)

.PHONY: check
check: venv ## formatter, linter, types, import directions
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: format
format: venv ## format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

.PHONY: test
test: check ## every test tier; builds and starts the sandbox for the last ones
	@$(BIN)/python -m tests $(TIERS)

.PHONY: bench
bench: venv ## the benchmark: each figure beside its baseline, in one run
	@$(BIN)/python -m tests.benchmarks
