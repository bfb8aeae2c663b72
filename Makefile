# Two commands: `make book` and `make test`. Both set up all they need on first use.
# `make help` lists the rest. Choose another interpreter with `make book PYTHON=python3.12`.

PYTHON  ?= python3
VENV    ?= .venv
PRESET  ?= cpu
PORT    ?= 8000
THEME   ?= light
WORKERS ?= 2

BIN   := $(VENV)/bin
PY    := $(BIN)/python
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help book serve lab app test bench lint weights browser clean distclean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

# The environment: made once, brought up to date when the pinned versions change.
$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
	  echo "error: there is no '$(PYTHON)'; install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"error: $(PYTHON) is Python {v.major}.{v.minor}, this project needs 3.11 or newer; name another one: make PYTHON=/path/to/python3.12")'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "error: $(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@test -x $(PY) || { echo "==> making the environment in $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "==> installing the pinned packages: about three minutes and 6 GB the first time"
	$(PY) -m pip install --disable-pip-version-check -r requirements.lock
	$(PY) -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

book: $(READY) ## execute every chapter and build the HTML book
	$(PY) -m book.tools.build --preset $(PRESET)

serve: $(READY) ## serve the built book on this machine (PORT=8000)
	@test -f _build/html/index.html || $(MAKE) book
	@echo "==> http://127.0.0.1:$(PORT)/ (Ctrl-C ends it)"
	@$(PY) -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

lab: $(READY) ## open the chapters in JupyterLab
	$(BIN)/jupyter lab --notebook-dir=. notebooks

# The studio's notebook without the cells that belong to the book only.
app: $(READY) ## open the studio as an app (PORT=8000, THEME=light or dark)
	@echo "==> http://127.0.0.1:$(PORT)/ (Ctrl-C ends it)"
	@JUPYTER_PATH=book/app $(BIN)/voila notebooks/studio.ipynb --Voila.ip=127.0.0.1 --port=$(PORT) \
	  --Voila.port_retries=0 --template=nbgan --theme=$(THEME) \
	  --TagRemovePreprocessor.remove_cell_tags=book-only $(APP_OPTIONS)

browser: $(READY)
	@$(PY) -m book.tools.browser

# One thread a worker: threads of several workers would wait for each other.
test: $(READY) browser ## run all tests (WORKERS=2 at a time)
	OMP_NUM_THREADS=1 $(PY) -m pytest -n $(WORKERS) --dist loadfile

bench: $(READY) ## measure every speed and memory claim
	$(PY) -m benchmarks

lint: $(READY) ## formatter, linter, types, notebooks without outputs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(PY) -m book.tools.notebooks notebooks

weights: $(READY) ## train the shipped weights again (hours on a CPU)
	$(PY) -m nbgan.zoo.build
	$(PY) -m nbgan.zoo.vectors

clean: ## remove what was built; the environment stays
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache

distclean: clean ## remove the environment too
	rm -rf $(VENV) *.egg-info
