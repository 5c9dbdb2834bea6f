# Two commands matter: `make reports` and `make test`. Each sets up what it needs, once.
SHELL := /bin/sh
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SAMPLES := ai_at_work readiness weighted
STUDY ?= $(SAMPLES:%=data_samples/%/study.yaml)
OUT ?= reports
WORKERS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# numpy's threads would fight the report workers for the cores
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
# without bytecode each worker, and each process that a test starts, would compile everything again
unexport PYTHONDONTWRITEBYTECODE

.PHONY: catalogues oracles help setup node-modules reports test attack canaries test-slow test-browser check docs docs-open sample lab bench coverage-page release clean
.DEFAULT_GOAL := help

help:
	@echo "make reports   write a report for every organisation of the sample studies (STUDY=… for another study)"
	@echo "make test      run the tests (make test-slow: the long ones, and random ones with five times the examples)"
	@echo "make canaries  build reports of 1,000 organisations full of planted words, and search every file for them"
	@echo "make attack    attack 10,000 random studies, and check that what they give away is refused (resumable)"
	@echo "make lab       open JupyterLab on the list of notebooks"
	@echo "make check     lint, formatting and types"
	@echo "make docs      build the documentation site in docs/_build/html (make docs-open shows it)"
	@echo "make sample    make the synthetic sample studies again"
	@echo "make oracles   ask R again for the reference numbers of tests/oracles and compare"
	@echo "make catalogues update the messages to translate from the code (toolkit/locale)"
	@echo "make bench     run the benchmarks (they print, and write nothing)"
	@echo "make coverage-page   compute docs/methods/coverage_of_intervals.md again"
	@echo "make release   build the sdist and the wheel into dist/ and check both (nothing is uploaded)"
	@echo "make clean     remove the virtual environment and written reports"

$(BIN)/python:
	@sh scripts/make_venv.sh "$(PYTHON)" "$(VENV)"

$(VENV)/.ready: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.ready-test: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable ".[test]"
	@touch $@

$(VENV)/.ready-check: $(VENV)/.ready-test
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable ".[check]"
	@touch $@

$(VENV)/.ready-browser: $(VENV)/.ready-test
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable ".[browser]"
	@touch $@

$(VENV)/.ready-docs: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable ".[docs]"
	@touch $@

$(VENV)/.ready-release: $(VENV)/.ready-test
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable ".[release]"
	@touch $@

setup: $(VENV)/.ready

# survey-core, which the tests of the SurveyJS export run in node
node-modules:
	cd tests/platforms/node && npm install --no-save --no-package-lock --no-audit --no-fund

reports: $(VENV)/.ready
	for study in $(STUDY); do \
		$(BIN)/survey-toolkit report $$study --out $(OUT) $(if $(WORKERS),--workers $(WORKERS)) || exit 1; done

test: $(VENV)/.ready-test
	$(BIN)/python -m pytest -n logical --dist loadfile --no-loadscope-reorder -m "not slow and not browser" $(ARGS)

test-slow: $(VENV)/.ready-test
	HYPOTHESIS_PROFILE=full $(BIN)/python -m pytest -n logical --dist loadfile --no-loadscope-reorder \
		-m "(slow or hypothesis) and not browser" $(ARGS)

attack: $(VENV)/.ready-test
	$(BIN)/python -m tests.disclosure.attacker --studies $(or $(STUDIES),10000) --done attacks.txt

canaries: $(VENV)/.ready-test
	$(BIN)/python -m tests.disclosure.canaries --organisations $(or $(ORGANISATIONS),1000)

test-browser: $(VENV)/.ready-browser
	$(BIN)/python -m pytest -m browser $(ARGS)

check: $(VENV)/.ready-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

sample: $(VENV)/.ready
	for name in $(SAMPLES); do \
		$(BIN)/survey-toolkit simulate data_samples/$$name/simulation.yaml --out data_samples/$$name || exit 1; done

catalogues: $(VENV)/.ready
	$(BIN)/python scripts/update_catalogues.py

# R with survey, MASS and jsonlite: apt-get install r-base-core r-cran-survey r-cran-mass r-cran-jsonlite
oracles: $(VENV)/.ready-test
	@command -v Rscript >/dev/null || { echo "R is not on this machine: r-base-core r-cran-survey r-cran-mass r-cran-jsonlite"; exit 1; }
	folder=$$(mktemp -d) && Rscript tests/oracles/make_oracles.R "$$folder" \
		&& Rscript tests/oracles/make_simple_oracles.R "$$folder" \
		&& Rscript tests/oracles/make_gap_split.R "$$folder" && $(BIN)/python -m tests.oracles.compare "$$folder"; \
		code=$$?; rm -rf "$$folder"; exit $$code

docs: $(VENV)/.ready-docs
	$(BIN)/python -m sphinx -W --keep-going -q -b html -c docs . docs/_build/html
	@echo "docs/_build/html/index.html"

docs-open: docs
	$(BIN)/python -m webbrowser "file://$(CURDIR)/docs/_build/html/index.html"

lab: $(VENV)/.ready
	$(BIN)/jupyter lab notebooks/index.ipynb

bench: $(VENV)/.ready
	for name in gap_table raking bootstrap import_time figures; do \
		echo "== $$name"; $(BIN)/python "benchmarks/$$name.py" || exit 1; done

coverage-page: $(VENV)/.ready
	$(BIN)/python benchmarks/coverage.py --write

# the wheel is built from the sdist, so that the sdist is known to be whole; then it is installed in an environment
# of its own, with its dependencies, and every command is tried there
release: $(VENV)/.ready-release
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist .
	$(BIN)/twine check --strict dist/*
	RELEASED_WHEEL=$$(echo dist/*.whl) $(BIN)/python -m pytest tests/test_shipped.py

clean:
	rm -rf $(VENV)
	find $(OUT) -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
