# Targets need Python 3.11+ and make; each sets up what it needs. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help run test test-browser check bench format trust
PYTHON ?= python3
PORT ?= 8710
BIN := .venv/bin

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.base ## Serve the sample store; PORT=8710
	$(BIN)/kodeweb demo --port $(PORT)

test: .venv/.dev ## Run all tests but the long ones of make trust
	@CHROMIUM="$$(sh .ci/chromium)" || exit 1; \
	  KODEWEB_CHROMIUM="$$CHROMIUM" $(BIN)/python -m pytest -n 2 --dist loadscope -m "not slow" $(ARGS)

test-browser: .venv/.dev ## Run the browser tests only
	@CHROMIUM="$$(sh .ci/chromium)" || exit 1; \
	  KODEWEB_CHROMIUM="$$CHROMIUM" $(BIN)/python -m pytest -m browser $(ARGS)

check: .venv/.dev ## Lint, formatting, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

bench: .venv/.bench ## Measure pages on a million messages
	$(BIN)/python -m bench $(ARGS)

format: .venv/.dev ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

trust: .venv/.dev ## Run the safety figures: writer beside readers, mutated files, planted keys
	$(BIN)/python -m pytest -m slow $(ARGS)

# A stamp per set of requirements: pip runs again only when one of its files changed.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "kodeweb needs Python 3.11 or newer; name one with: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.base: .venv/bin/python requirements/base.txt pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/base.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/.dev: .venv/.base requirements/test.txt requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $@

.venv/.bench: .venv/.base requirements/bench.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/bench.txt
	@touch $@
