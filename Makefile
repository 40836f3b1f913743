# Two commands for a fresh machine (Python 3.11, git, make): `make run` and `make test`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# The interpreter of the environment comes first, so that DVC's stages run in it.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help env run review test lint types check format clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/.installed: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found; set PYTHON=<a Python 3.11 or newer>"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

env: $(BIN)/.installed ## Make the virtual environment and install what is pinned.

run: env ## Run the whole pipeline on the embedded corpora, and say where the results are.
	dvc repro
	@echo
	@cat report/results.md
	@echo
	@echo "Report   report/index.html"
	@echo "Metrics  metrics/evaluate/*.json, metrics/transfer/*.json   (dvc metrics show, dvc metrics diff)"
	@echo "Plots    plots/                                             (dvc plots show)"

BASE ?= main
PUSH ?=
review: env ## Run the pipeline and write what changed against BASE (main): review/review.md.
	tandem review $(BASE) $(PUSH)

lint: env ## Check style.
	ruff check .
	ruff format --check .

types: env ## Check types.
	mypy

check: env ## Run the tests alone.
	@# A process a core (the tests use one thread each), in the order in which the tests are collected.
	pytest -n auto --dist loadfile --no-loadscope-reorder

test: lint types check ## Lint, types and tests.

format: env ## Rewrite the code in the house style.
	ruff check --fix .
	ruff format .

clean: ## Remove what the pipeline made, but neither raw corpora nor the DVC cache.
	rm -rf data/embedded data/embedded.json data/links data/prepared data/features data/predictions data/twins data/cache models report
