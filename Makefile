# Commands for people: make demo, make test, make check, make bench. Each sets itself up in .venv first, once.
# PYTHON names the interpreter for .venv, ARGS is handed to pytest: make test ARGS="-k yolov5". LABELS names a COCO JSON for
# make bench: make bench LABELS=instances_train2017.json

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
INSTALL := $(RUN) pip install --disable-pip-version-check --quiet --constraint constraints.txt
NEEDS := assignstudy needs Python 3.11, 3.12 or 3.13

.PHONY: help demo test check bench clean

help:
	@echo "make demo    study the built-in data set at three thresholds; prints where the page is"
	@echo "make test    run the tests"
	@echo "make check   ruff, mypy --strict and the tests"
	@echo "make bench   measure the speed that the README and benchmarks/README.md claim, as ratios"
	@echo "make clean   remove $(VENV) and what the tools cached"
	@echo "PYTHON=python3.12 picks another interpreter; the default is $(PYTHON)."

demo: $(VENV)/tool.stamp
	$(RUN) assignstudy -m anchor_t=3,4,5

test: $(VENV)/dev.stamp
	$(RUN) pytest -n 2 --dist loadfile $(ARGS)

check: $(VENV)/dev.stamp
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy --strict
	$(MAKE) --no-print-directory test

bench: $(VENV)/tool.stamp
	$(RUN) benchmarks.assignment $(if $(LABELS),--labels $(LABELS))
	$(RUN) benchmarks.reading $(if $(LABELS),--annotations $(LABELS))
	$(RUN) benchmarks.further_runs $(if $(LABELS),--annotations $(LABELS))
	$(RUN) benchmarks.memory
	$(RUN) benchmarks.pictures
	$(RUN) benchmarks.dense $(if $(LABELS),--boxes $(LABELS))
	$(RUN) benchmarks.fit $(if $(LABELS),--boxes $(LABELS))

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache

$(VENV)/tool.stamp: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || { \
		echo "$(NEEDS), but $(PYTHON) says \"$$($(PYTHON) --version 2>&1 | head -n 1)\": name another, as in make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Setting up $(VENV); PyTorch is large, so the first time takes some minutes."
	@$(PYTHON) -m venv $(VENV)
	$(INSTALL) --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/tool.stamp
	$(INSTALL) --editable '.[dev]'
	@touch $@
