# Two commands do all the set-up on a machine with Python 3.11, pip and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FILES := qsession_core qsession_qiskit qsession_cirq tests examples benchmarks

.PHONY: demo test check format bench clean

demo: $(VENV)/.demo
	@QDK_PYTHON_TELEMETRY=none $(BIN)/python examples/demo.py

test: check
	@$(MAKE) --no-print-directory demo

NEIGHBOURS := tests/interop/test_qiskit_neighbours.py tests/interop/test_cirq_supermarq.py
# deprecations of a version that will not change any more are no news
OLD_NEWS := -W ignore::DeprecationWarning -W ignore::PendingDeprecationWarning -W ignore::FutureWarning

# The one command: format, lint, types, imports, tests; then the neighbours, the oldest SDKs and the newest Cirq
check: $(VENV)/.test .venv-neighbours/.ready .venv-oldest/.ready .venv-newest/.ready
	$(BIN)/ruff format --check $(FILES)
	$(BIN)/ruff check $(FILES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	QDK_PYTHON_TELEMETRY=none $(BIN)/pytest -n 2
	QDK_PYTHON_TELEMETRY=none .venv-neighbours/bin/pytest -n 2 $(OLD_NEWS) $(NEIGHBOURS)
	QDK_PYTHON_TELEMETRY=none .venv-oldest/bin/pytest -n 2 $(OLD_NEWS) tests/qiskit tests/cirq
	QDK_PYTHON_TELEMETRY=none .venv-newest/bin/pytest -n 2 tests/cirq

format: $(VENV)/.test
	$(BIN)/ruff format $(FILES)
	$(BIN)/ruff check --fix $(FILES)

$(VENV)/.demo: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[all]"
	touch $@

$(VENV)/.test: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --group dev --editable ".[all]"
	touch $@

# Ours against the installed peers, in environments of their own; writes benchmarks/RESULTS.md
bench: .venv-bench/.ready .venv-qir/.ready
	QDK_PYTHON_TELEMETRY=none .venv-bench/bin/python benchmarks/run.py

# a peer without us
.venv-qir/.ready: pyproject.toml
	test -x .venv-qir/bin/python || $(PYTHON) -m venv .venv-qir
	.venv-qir/bin/python -m pip install --quiet --upgrade pip
	.venv-qir/bin/python -m pip install --quiet --group qir
	touch $@

.venv-%/.ready: pyproject.toml
	test -x .venv-$*/bin/python || $(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --upgrade pip
	.venv-$*/bin/python -m pip install --quiet --group $* --editable ".[all]"
	touch $@

clean:
	rm -rf $(VENV) .venv-* build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
