# make run    set everything up and do the main job
# make test   everything that CI runs
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# small matrices: further threads of BLAS only spin
export OPENBLAS_NUM_THREADS ?= 1
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
CODE := routes models tests benchmarks

.PHONY: help
help:  ## this list
	@echo "make TARGET, where TARGET is one of"
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

.PHONY: run
run: .venv/.run  ## set up, then compare the shipped scenarios and draw two maps into out/
	@mkdir -p out
	$(BIN)/kazroutes compare
	$(BIN)/kazroutes map baseline-2023 -o out/baseline-2023.png
	$(BIN)/kazroutes map russia-closed -o out/russia-closed.png

.PHONY: test
test: lint chromium  ## all that CI runs: linters, types, import order, notebooks, tests
	$(BIN)/python -m pytest --nbmake -n 2 $(NOTEBOOKS) tests

.PHONY: lint
lint: .venv/.test  ## ruff, formatting, mypy, import order
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: format
format: .venv/.test  ## mend what ruff can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: notebooks
notebooks: .venv/.test  ## run the notebooks and renew their outputs
	$(BIN)/python notebooks/renew.py

.PHONY: readme
readme: .venv/.test  ## renew the table and the picture of the README
	$(BIN)/python -m models.report.readme

.PHONY: bench
bench: .venv/.bench  ## short benchmarks
	$(BIN)/python -m benchmarks

.PHONY: bench-full
bench-full: .venv/.bench  ## all benchmarks, to the largest size
	$(BIN)/python -m benchmarks --full

.PHONY: clean
clean:  ## remove the environment, caches and results
	rm -rf .venv out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find routes models tests benchmarks notebooks -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment; a stamp for each purpose, so that the second call sets nothing up.
$(BIN)/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "kazroutes needs Python 3.11 or later: make PYTHON=python3.12 ..." >&2; exit 1; }
	@"$(PYTHON)" -m venv .venv >/dev/null 2>&1 || { rm -rf .venv; \
		echo "Python cannot make a virtual environment. On Debian or Ubuntu:" >&2; \
		echo "  apt install python3-venv make git" >&2; exit 1; }

.venv/.run: pyproject.toml | $(BIN)/python
	@echo "installing what kazroutes needs (once, a minute or two)"
	@$(PIP) --editable .
	@touch $@

.venv/.test: pyproject.toml | $(BIN)/python
	@echo "installing what the tests need (once, a minute or two)"
	@$(PIP) --editable '.[all,dev]'
	@touch $@ .venv/.run

.venv/.bench: pyproject.toml | $(BIN)/python
	@echo "installing what the benchmarks need (once, a minute or two)"
	@$(PIP) --editable '.[all,bench]'
	@touch $@ .venv/.run

# The report is tested in a real browser. Root on Debian gets one; others are told.
.PHONY: chromium
chromium:
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing chromium for the browser test"; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -qq --yes --no-install-recommends chromium; } >/dev/null 2>&1 \
			|| echo "chromium could not be installed: the browser test is skipped"; \
	else echo "no chromium found: the browser test is skipped (apt install chromium)"; fi
