# The two commands are `make run` and `make test`; the rest are their parts.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
TALCHUM_PORT ?= 8080
RUN_ARGS ?=

# what runs side by side is said job by job, where make can (4.0 and later)
WHOLE_OUTPUT := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

BUILD_INPUTS := pyproject.toml $(shell find building web -type f \
	-not -path '*/node_modules/*' -not -path '*/.next/*' -not -path '*/out/*' -not -name '*.tsbuildinfo' -not -name next-env.d.ts 2>/dev/null)

.PHONY: run test install lint types rooms unit web-test system-packages format clean

run: $(VENV)/.installed ## the whole service on http://localhost:$(TALCHUM_PORT)
	@$(BIN)/talchum up --port $(TALCHUM_PORT) $(RUN_ARGS)

install: $(VENV)/.installed

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "talchum needs Python >= 3.11, got $$($(PYTHON) --version); set PYTHON=python3.11 or newer"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "the venv module is missing: on Debian and Ubuntu, apt install python3-venv"; exit 1; }

$(VENV)/.installed: $(BIN)/python $(BUILD_INPUTS)
	@echo "installing Talchum, its face networks and its web app into $(VENV): some minutes the first time"
	$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) install --quiet --editable '.[dev]'
	@touch $@

test: system-packages $(VENV)/.installed-dev ## everything, as CI does it
	@$(MAKE) --no-print-directory -j2 $(WHOLE_OUTPUT) lint types rooms web-test
	@$(MAKE) --no-print-directory unit

system-packages: ## Chromium, Firefox, coturn, ffmpeg, nftables, by apt where that exists
	@tests/system-packages.sh

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

rooms: $(VENV)/.installed-dev
	$(BIN)/lint-imports

unit: $(VENV)/.installed-dev
	$(BIN)/python -m tests.parts

web-test: $(VENV)/.installed-dev
	$(BIN)/python -m building.web_checks

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) src/talchum/_built web/node_modules web/.next web/out
