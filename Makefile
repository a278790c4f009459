# `make help` says what there is. Needs python 3.11 or newer, with venv; all else comes into .venv.

# Name another interpreter by `make dev PYTHON=/path/to/python`.
PYTHON ?= python3
# An interpreter that was asked for is not replaced by another one.
PYTHONS := $(strip $(PYTHON) $(if $(filter file,$(origin PYTHON)),python3.13 python3.12 python3.11))

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
STAMPS := $(VENV)/stamps
SECONDS ?= 600
INPUTS := pyproject.toml constraints.txt

# Blender's module asks for an older numpy than we pin, and OpenImageIO follows numpy.
# Once it is in .venv, these two are left unpinned.
BLENDER ?= $(if $(wildcard $(STAMPS)/demo-blender),1,0)
ifeq ($(BLENDER),1)
PINS := $(VENV)/constraints.txt
DEMO_STAMP := $(STAMPS)/demo-blender
DEMO_EXTRAS := demo,blender
else
PINS := constraints.txt
DEMO_STAMP := $(STAMPS)/demo
DEMO_EXTRAS := demo
endif

.PHONY: help dev demo check test chaos mutation fuzz format docs constraints bench clean
.DEFAULT_GOAL := help

help:
	@echo "make dev          install everything to work on Grange into $(VENV)"
	@echo "make demo         render a short film on a farm on this machine (BLENDER=1: with Blender too)"
	@echo "make check        formatting, lint, types, layers, documentation"
	@echo "make test         all tests (PYTEST_ARGS='-k submit' for some)"
	@echo "make chaos        break farms on purpose and judge what they promised (ONLY= SEED= TRIES= JOBS= KEEP=1)"
	@echo "make mutation     run mutants of the core, an hour or two (ONLY='state runs' MINUTES= KEEP=1)"
	@echo "make bench        every figure beside its peers, 35 minutes (QUICK=1: a few; ONLY=life_cycles)"
	@echo "make fuzz         feed every parser strange bytes for SECONDS=600, and keep the figures"
	@echo "make format       put the source in shape"
	@echo "make docs         write docs/reference and CHANGELOG.md from the code"
	@echo "make constraints  renew constraints.txt from the newest releases"
	@echo "make clean        remove $(VENV), caches and build results"

dev: $(STAMPS)/dev

demo: $(DEMO_STAMP)
	@$(BIN)/grange demo

check: dev
	@echo "== ruff format" && $(BIN)/ruff format --check .
	@echo "== ruff check" && $(BIN)/ruff check .
	@echo "== mypy" && $(BIN)/mypy
	@echo "== lint-imports" && $(BIN)/lint-imports --no-logo
	@if [ -f tests/test_docs.py ]; then echo "== docs" && $(BIN)/python -m pytest -q tests/test_docs.py; fi

test: dev $(STAMPS)/bpy
	@$(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

# ONLY: names of scenarios or families, by commas; SEED: of the first try; KEEP=1: as evidence.
chaos: dev
	@$(BIN)/python -m chaos $(if $(ONLY),--only $(ONLY)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(TRIES),--tries $(TRIES)) $(if $(JOBS),--jobs $(JOBS)) \
	  $(if $(MINUTES),--minutes $(MINUTES)) $(if $(KEEP),--keep)

# Goes on where it ended; a mutant is run again when its function changes, a survivor when a test does.
mutation: dev
	@nice -n 19 $(BIN)/python -m tools.mutation $(ONLY) $(if $(MINUTES),--minutes $(MINUTES)) \
	  $(if $(KEEP),--keep)

bench: dev $(STAMPS)/bench
	@$(BIN)/python -m bench $(if $(QUICK),--quick) $(ONLY)

fuzz: $(STAMPS)/fuzz
	@nice -n 10 $(BIN)/python -m fuzz $(SECONDS) --keep

format: dev
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

docs: dev
	@$(BIN)/python -m tools.make_docs

# --- .venv -------------------------------------------------------------------------------------

$(BIN)/python:
	@for python in $(PYTHONS); do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$($$python --version) ..."; \
	    $$python -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); exit 1; \
	  fi; \
	done; \
	echo "Grange needs Python 3.11 or newer; none found as: $(PYTHONS)." >&2; \
	echo "Install one, or name it: make dev PYTHON=/path/to/python3.11" >&2; \
	exit 1

$(STAMPS)/dev: $(INPUTS) | $(BIN)/python
	$(call install,dev$(comma)postgres$(comma)$(DEMO_EXTRAS))

$(STAMPS)/fuzz: $(INPUTS) | $(STAMPS)/dev
	$(call install,dev$(comma)fuzz)

$(STAMPS)/demo: $(INPUTS) | $(BIN)/python
	$(call install,demo)

$(STAMPS)/demo-blender: $(INPUTS) | $(BIN)/python
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
	  echo "Blender's Python module needs Python 3.11 exactly, and $(VENV) has another." >&2; \
	  echo "Start again with: make clean, then make demo BLENDER=1 PYTHON=python3.11" >&2; \
	  exit 1; }
	$(call install,$(DEMO_EXTRAS))

# The tests render with Blender's module, too. It wants an older numpy, so it gets a folder of its
# own; it is made for Python 3.11 alone, and with another Python those tests say so.
$(STAMPS)/bpy: pyproject.toml $(STAMPS)/dev
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then \
	  echo "Installing Blender's Python module for the tests; it is large ..." && \
	  $(BIN)/python -m venv $(VENV)/blender && \
	  $(VENV)/blender/bin/python -m pip --disable-pip-version-check install --quiet \
	    "$$(grep -o 'bpy==[0-9.]*' pyproject.toml)" 'numpy<2'; fi
	@touch $@

# What the figures are held against has an environment of its own. Celery needs Redis, which is
# a Debian package and no Python one.
PEERS := $(VENV)/bench
$(STAMPS)/bench: $(INPUTS) | $(BIN)/python
	@command -v redis-server > /dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then echo "Installing redis-server ..." && \
	    apt-get update -qq && apt-get install -qq -y redis-server > /dev/null; \
	  else echo "Celery's figures need Redis: install redis-server." >&2; exit 1; fi; }
	@echo "Installing the programs to compare with into $(PEERS) ..."
	@$(BIN)/python -m venv $(PEERS)
	@$(BIN)/python -c 'import pathlib, tomllib; project = tomllib.loads(pathlib.Path("pyproject.toml").read_text()); \
	  print(*project["project"]["optional-dependencies"]["bench"], sep="\n")' > $(PEERS)/requirements.txt
	@$(PEERS)/bin/python -m pip --disable-pip-version-check install --quiet \
	  --requirement $(PEERS)/requirements.txt --constraint constraints.txt
	@mkdir -p $(STAMPS) && touch $@

comma := ,
# Install Grange with the extras $(1) and note that it was done.
define install
@echo "Installing Grange and its libraries ($(1)) into $(VENV); the first time takes a minute or more ..."
@if [ "$(PINS)" != constraints.txt ]; then grep -vE '^(numpy|OpenImageIO)==' constraints.txt > $(PINS); fi
@$(PIP) install --quiet --editable '.[$(1)]' --constraint $(PINS)
@mkdir -p $(STAMPS) && touch $@
endef

# --- pins --------------------------------------------------------------------------------------

PINNING := $(VENV)/pinning
constraints: $(BIN)/python
	@echo "Resolving the newest releases in a fresh environment; this takes a minute or more ..."
	@rm -rf $(PINNING) && $(BIN)/python -m venv $(PINNING)
	@$(PINNING)/bin/python -m pip --disable-pip-version-check install --quiet '.[dev,demo,postgres,bench,fuzz]'
	@{ sed '/^#/!d' constraints.txt; \
	   { $(PINNING)/bin/python -m pip --disable-pip-version-check freeze --exclude grange; \
	     grep -o 'bpy==[0-9.]*' pyproject.toml; } | sort --ignore-case; } > $(PINNING)/constraints.txt
	@mv $(PINNING)/constraints.txt constraints.txt
	@rm -rf $(PINNING)
	@echo "constraints.txt is renewed; 'make check test' will install and try it."

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
