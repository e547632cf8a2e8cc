# Every target stands alone: on a fresh checkout it first makes .venv from requirements.lock.
PYTHON ?= python3
BIN := .venv/bin
PACKAGES := opsbot flags/opsflags
CODE := $(PACKAGES) tests .ci
# Two cores: with a third worker the browser tests starve.
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format bench lock clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: ## Make .venv with the pinned packages
	@$(PYTHON) .ci/bootstrap.py

demo: setup ## Live the kill in a browser: bot, Slack stand-in, AI services, no account
	@$(BIN)/opsbot demo

# Compiled modules are kept, whatever the shell says: each bot that a test starts would compile them again.
test: setup ## Run every test, with the coverage gate
	@echo "==> Tests"
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --max-worker-restart 2 --cov --cov-report=term:skip-covered

check: setup ## Format, lint, types, import contracts, declarations
	@echo "==> Format" && $(BIN)/ruff format --check --quiet $(CODE)
	@echo "==> Lint" && $(BIN)/ruff check --quiet $(CODE)
	@echo "==> Spelling" && $(BIN)/codespell opsbot flags runbooks docs README.md
	@echo "==> Types" && $(BIN)/mypy
	@echo "==> Import contracts" && $(BIN)/lint-imports --no-cache > .import-contracts.log || { cat .import-contracts.log; exit 1; }
	@echo "==> Declarations" && $(BIN)/opsbot check
	@echo "==> Container files" && $(BIN)/hadolint Dockerfile && $(BIN)/yamllint -s compose.yaml flags/workflows flags/policy.yaml flags/models.yaml flags/incidents.yaml flags/comms.yaml flags/legal-clocks.yaml

format: setup ## Format the code
	@$(BIN)/ruff format $(CODE) && $(BIN)/ruff check --fix $(CODE)

bench: setup ## Measure: evaluation, propagation, footprint, answers and runbooks, with their floors in the same run
	@$(BIN)/opsbot bench evaluate && $(BIN)/opsbot bench propagation && $(BIN)/opsbot bench footprint && $(BIN)/opsbot bench answers && $(BIN)/opsbot bench runbooks

lock: setup ## Resolve the pins again (needs uv, from requirements.lock's own tools or installed)
	uv pip compile --universal --generate-hashes --no-header --no-annotate --no-emit-package opsflags --python-version 3.11 --group dev --extra demo pyproject.toml -o requirements.lock
	uv pip compile --universal --generate-hashes --no-header --no-annotate --no-emit-package opsflags --python-version 3.11 -c requirements.lock pyproject.toml -o requirements-run.lock

clean: ## Remove .venv, caches and the demo's data
	rm -rf .venv .opsbot .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .import-contracts.log
