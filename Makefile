# Every target sets up what it needs and can be run again.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help install system demo test check bench docs lock conformance fuzz clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8080

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make install PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { echo "the venv module is missing: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

install: $(VENV)/.installed ## make .venv with .venv/bin/tuilerie, from the lock file

system: ## install the Debian packages that the tests compare with (GDAL, Chromium)
	@tools/install-system-packages test

demo: install ## serve the bundled demo at a printed address
	$(BIN)/tuilerie serve examples/demo/catalogue.yaml --host $(HOST) --port $(PORT)

test: install system ## run every test
	$(BIN)/python -m pytest

check: install ## lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install ## measure against the peers, which it installs and starts
	@tools/install-system-packages bench
	$(BIN)/python -m bench

fuzz: install ## let a fuzzer loose on every reader of outside bytes, some seconds each
	$(BIN)/python -m tests.fuzz

conformance: install ## run the OGC's WMTS test suite, or replay its assertions, on our server
	@tools/install-system-packages conformance || true
	PYTHONPATH=tools $(BIN)/python -m conformance $(ARGS)

docs: install ## build the documentation into site/
	$(BIN)/mkdocs build --strict --quiet

lock: install ## resolve the dependencies anew into requirements.lock
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv
	$(VENV)/lock/bin/uv pip compile pyproject.toml --all-extras --universal --generate-hashes \
	  --no-annotate --no-header --no-emit-index-url --python-version 3.11 --output-file requirements.lock

clean: ## remove what the targets made
	rm -rf $(VENV) site build dist
