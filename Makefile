# make demo, make test, make proofs.  Everything lives in .venv; PYTHON chooses the interpreter.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo example test proofs coverage lint docs tutorial bench clean

demo: $(VENV)/.installed
	$(BIN)/interscreen screen --out reports/demo
	@echo 'next: $(BIN)/interscreen screen seeds   # all interlayers and electrolytes of five papers, half a minute'
	@echo 'or:   $(BIN)/interscreen stack SrF2 LPSCl   # a question of your own; more with --help'

example: $(VENV)/.installed
	$(BIN)/interscreen screen seeds --out reports/example

PYTEST := $(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadscope --durations=15

# everything that finds faults, in minutes; the loops are compiled once, beside lint
test: $(VENV)/.installed-test
	@$(MAKE) --no-print-directory --jobs=2 lint $(VENV)/.compiled
	$(PYTEST) -m "not proof"

coverage: $(VENV)/.installed-test # of make test; measuring doubles its time
	$(PYTEST) -m "not proof" --cov=interscreen --cov-report=term

proofs: $(VENV)/.installed-test $(VENV)/.compiled # the slow rest, and five times as many examples of every property
	$(PYTEST) -m "proof or hypothesis" --hypothesis-profile proof

lint: $(VENV)/.installed-test
	$(BIN)/ruff check --output-format concise src tests benchmarks scripts docs/*.py
	$(BIN)/ruff format --check --quiet src tests benchmarks scripts docs/*.py
	$(BIN)/mypy

docs: $(VENV)/.installed-docs # writes the generated pages again and the site into site/
	$(BIN)/python -c "from interscreen.phases.columns import columns_markdown as text; print(text(), end='')" > docs/columns.md
	$(BIN)/python docs/build_cli.py > docs/cli.md
	$(BIN)/mkdocs build --strict

tutorial: $(VENV)/.installed-test
	$(BIN)/python docs/rebuild_tutorial.py

bench: $(VENV)/.installed-test
	$(BIN)/python benchmarks/cold_start.py
	$(BIN)/python benchmarks/pair_speed.py
	$(BIN)/python benchmarks/pull_everything.py
	$(BIN)/python benchmarks/whole_source.py
	$(BIN)/python benchmarks/error_bars.py

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "interscreen needs Python 3.11 or newer; name one with make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

$(VENV)/.compiled: $(wildcard src/interscreen/engine/*.py) | $(VENV)/.installed
	@$(BIN)/interscreen stack LiF LATP --quiet > /dev/null
	@touch $@

$(VENV)/.installed-docs: pyproject.toml $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

clean:
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
