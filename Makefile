# Needs Python 3.11, git and make. Everything else comes from PyPI into .venv (and, for `make contract`, from npm).
# Settings go through the environment: make run PORT=8001 DATA_DIR="/var/tmp/my data"

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Compiled modules halve the time to start.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help run demo user verify-index test test-slow check contract rules bench bench-matching bench-matching-online bench-matching-batch bench-matching-peers bench-reminders learn-weights fuzz fuzz-leaks lock clean environment dev-environment peers-environment

PY := .venv/bin/python
RUN := exec $(PY) -m app.cli

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-21s %s\n", $$1, $$2}' Makefile

run: environment ## Start everything on http://127.0.0.1:8000 (PORT=, DATA_DIR=); Ctrl-C stops it
	@$(RUN) serve --with-parent

demo: environment ## Fill the demo and print its log-ins, whether or not `make run` is running (FORCE=1: beside users of your own)
	@$(RUN) demo

user: environment ## Make an administrator (asks, or takes ADMIN_EMAIL=, ADMIN_NAME=, ADMIN_PASSWORD=)
	@$(RUN) user

verify-index: environment ## Prove that the duplicate index and the records agree, and mend it; running or not (CHECK=1: only look)
	@$(RUN) verify-index $(if $(CHECK),--check)

test: dev-environment ## Run the tests
	@$(PY) -m pytest -n 2 -m "not slow"

test-slow: dev-environment ## Run the slow tests: installing in a fresh clone, and the like
	@$(PY) -m pytest -m slow

check: dev-environment ## Style, types, layers, house rules, the API contract
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy --strict app workers
	@.venv/bin/lint-imports
	@$(MAKE) rules
	@$(PY) -m app.cli openapi --check
	@$(MAKE) contract

rules: dev-environment ## Check that each written rule has its module and its tests
	@$(PY) -m tests.rules

contract: dev-environment ## Lint the API description and compile clients from it (needs Node 20)
	@bash openapi/check.sh

fuzz: dev-environment ## Send generated requests to a running API and compare with its description
	@$(PY) tests/contract/fuzz.py

fuzz-leaks: dev-environment ## Ask every route about records that the asker does not see (N=100000 requests, SEED=1)
	@LEADWERK_LEAK_REQUESTS=$(or $(N),100000) LEADWERK_LEAK_SEED=$(or $(SEED),1) $(PY) -m pytest -n 2 -q -rA --show-capture=no tests/arch/test_leaks.py

bench: dev-environment ## Measure speed: make bench ARGS="--quick --only fetch"
	@$(PY) -m bench $(ARGS)

bench-matching: dev-environment ## Measure the duplicate check on labelled data: make bench-matching DATA=folder
	@$(PY) -m bench.matching "$${DATA:?say which folder: make bench-matching DATA=folder}"

learn-weights: dev-environment ## Learn the weights of the duplicate check anew: make learn-weights DATA="folder folder" (see docs/matching.md)
	@$(PY) -m bench.learning $${DATA:?say which folders: make learn-weights DATA="folder folder"}

bench-matching-online: dev-environment ## Measure one duplicate check against a large stock (PARTIES=1000000)
	@nice -n 5 $(PY) -m bench.matching_online --parties $(or $(PARTIES),1000000)

bench-matching-batch: dev-environment ## Link a file with a large stock and scan the stock: ARGS="--records 100000 --kill"
	@$(PY) -m bench.matching_batch $(ARGS)

bench-matching-peers: dev-environment peers-environment ## Measure it beside splink and dedupe: DATA="folder folder" ARGS="--rounds 3 --json", or ARGS=--online
	@$(PY) -m bench.matching_peers $(DATA) $(ARGS)

bench-reminders: dev-environment ## Measure a hundred thousand reminders at one instant, and what requests feel of it: ARGS="--pace 8"
	@$(PY) -m bench.reminders $(ARGS)

lock: ## Resolve the dependencies anew and write requirements/*.txt
	@bash requirements/lock.sh

clean: ## Remove the environment and caches; keep the data
	@rm -rf .venv .venv-peers .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache openapi/node_modules openapi/build
	@find app workers migrations tests bench -name __pycache__ -prune -exec rm -rf {} +

environment:
	@bash requirements/install.sh run

dev-environment:
	@bash requirements/install.sh dev

peers-environment:
	@bash requirements/install.sh peers
