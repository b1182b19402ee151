# The newcomer's commands. Everything runs in .venv, made from requirements.lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OLDEST := .venv-oldest
READY := $(VENV)/.ready

.PHONY: demo test test-full oldest figures screenshots lint lock clean
.DEFAULT_GOAL := demo

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Beachhead needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@echo "setting up .venv (a minute or two, once) ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $(READY)

demo: $(READY)  ## plan the bundled launch, read a first batch, show what moved
	$(BIN)/beachhead demo

test: $(READY) lint  ## the test suite
	$(BIN)/python -m pytest -m "not full" -n auto --dist loadfile

test-full: $(READY)  ## every count that the issues name
	$(BIN)/python -m pytest -m full -n auto

oldest:  ## the test suite with the oldest libraries that pyproject.toml allows (needs uv)
	uv venv --quiet --clear --python $(PYTHON) $(OLDEST)
	uv pip compile --quiet --python $(OLDEST) pyproject.toml --extra server --resolution lowest-direct \
		--output-file $(OLDEST)/oldest.txt
	uv pip install --quiet --python $(OLDEST) --constraints $(OLDEST)/oldest.txt --group dev httpx --editable '.[server]'
	$(OLDEST)/bin/python -m pytest -m "not full" -n auto --dist loadfile -W ignore::DeprecationWarning

figures: $(READY)  ## every benchmark table
	for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BIN)/python $$script --quick || exit 1; done

screenshots: $(READY)  ## every page at three widths, into screenshots/
	$(BIN)/python webapp/scripts/screenshots.py

lint: $(READY)  ## style, types, import contract
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	PATH="$(BIN):$$PATH" $(BIN)/lint-imports
	@if command -v npm >/dev/null && [ -d webapp/node_modules ]; then npm --prefix webapp run --silent lint; \
		else echo "left out, the style of the web app: it needs Node.js and webapp/node_modules"; fi

lock:  ## renew requirements.lock after a change of dependencies (needs uv)
	uv pip compile pyproject.toml --extra server --group dev --universal --python-version 3.11 \
		--generate-hashes --output-file requirements.lock

clean:
	rm -rf $(VENV) $(OLDEST) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
