# make run    install what is needed and start the app        PORT=8501 HOST=127.0.0.1
# make test   install what is needed and run every test, the browser ones included where there is a Chromium
# make check  format, lint, types, data files and tests: what CI runs
# make data   check the data files only
# make update-prices   what the newest prices would change     WRITE=1 LISTS=folder SCENARIOS=folder PACKAGES=folder ACCEPT=name
# make fuzz   read 2,000 malformed logs and measure each (about 5 minutes)
# make bench  how fast the calculation is, as ratios
# make simulate  latency model against a replay of real requests    TRACES="my_trace.csv ..."
# make accuracy  errors of the throughput model on published runs left out of its fit, and what one own point gains (about 10 minutes)
# make picture  take the picture of the README from the app that runs on PORT
PORT ?= 8501
HOST ?= 127.0.0.1
PYTHON ?= python3
BIN := .venv/bin
CODE := app.py serve.py calculators pages tests tools

.PHONY: run test check lint data format clean picture simulate accuracy bench fuzz update-prices

run: .venv/app
	$(BIN)/python serve.py --port $(PORT) --host $(HOST)

test: .venv/dev
	$(BIN)/python -m pytest -q -n auto $(ARGS)

check: lint data test

accuracy: .venv/dev
	$(BIN)/python -m tools.accuracy_table
	$(if $(REFIT),$(BIN)/python -m tools.fit_throughput --report --sources && $(BIN)/python -m tools.own_calibration_trial)

lint: .venv/dev
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

data: .venv/app
	$(BIN)/python -m calculators check

update-prices: .venv/app
	@$(BIN)/python -m calculators update-prices $(if $(WRITE),--write) $(if $(LISTS),--lists "$(LISTS)") $(if $(SCENARIOS),--scenarios "$(SCENARIOS)") \
		$(if $(PACKAGES),--packages "$(PACKAGES)") $(if $(ACCEPT),--accept "$(ACCEPT)")

format: .venv/dev
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

.venv/app: requirements.txt constraints.txt
	PYTHON=$(PYTHON) sh tools/setup.sh app
	touch $@

.venv/dev: requirements.txt requirements-dev.txt constraints.txt
	PYTHON=$(PYTHON) sh tools/setup.sh dev
	touch .venv/app $@

clean:
	rm -rf .venv build

picture: .venv/dev
	$(BIN)/python tools/picture.py http://localhost:$(PORT) docs/verdict.png

simulate: .venv/app
	$(BIN)/python -m calculators.calibration.trace_replay $(TRACES)

bench: .venv/app
	$(BIN)/python -m tools.bench

fuzz: .venv/dev
	PYTHONPATH=.:tests/helpers $(BIN)/python tests/helpers/malformed_files.py
