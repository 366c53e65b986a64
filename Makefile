# Needs Python >= 3.11 with pip and venv; everything is installed into .venv, made when missing
# and refreshed when the dependencies, or the place of this folder, change.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
# An editable install points at this folder: a copied checkout must not test the original.
PLACE := $(shell pwd -P | cksum | cut -d ' ' -f 1)
CORE := $(VENV)/.core-$(PLACE)
DEV := $(VENV)/.dev-$(PLACE)
DOCS := $(VENV)/.docs-$(PLACE)

.DELETE_ON_ERROR:
.PHONY: help demo test test-all docs leaderboard bench lint clean

help:
	@echo 'make demo      install, simulate a map, predict it, draw it, score it'
	@echo 'make test      install for development and run the quick tests'
	@echo 'make test-all  run every test, also on other days and in other places'
	@echo 'make docs      build the documentation as a site, into site/'
	@echo 'make leaderboard  score the shipped models on simulated scenes'
	@echo 'make bench     measure speed and memory'
	@echo 'make lint      check style and types'
	@echo 'make clean     remove what these made'

$(CORE): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV)
	@echo 'installing nephoscope and what it needs (minutes the first time) ...'
	@$(PIP) --editable .
	@touch $@

$(DEV): $(CORE)
	@echo 'installing what development needs ...'
	@$(PIP) --editable '.[dev]'
	@touch $@

$(DOCS): $(CORE)
	@echo 'installing what the site needs ...'
	@$(PIP) --editable '.[docs]'
	@touch $@

demo: $(CORE)
	$(PY) -m nephoscope demo

test: $(DEV)
	$(PY) -m pytest -m 'not slow' --numprocesses 2 --dist loadfile

test-all: $(DEV)
	$(PY) -m pytest

docs: $(DOCS)
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict
	@echo 'site/index.html; with its search: $(PY) -m http.server --bind 127.0.0.1 --directory site'

leaderboard: $(DEV)
	$(PY) -m benchmarks.leaderboard nephoscope-leaderboard

bench: $(DEV)
	$(PY) -m benchmarks

lint: $(DEV)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

clean:
	rm -rf $(VENV) build dist site nephoscope-demo nephoscope-leaderboard .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
