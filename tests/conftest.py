"""What holds for all tests."""

from __future__ import annotations

from importlib.util import find_spec

from hypothesis import settings

# How long a case takes says nothing on a busy machine; speed is measured in benchmarks/
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# These run on our backends, in an environment of their own: see the Makefile
_NEIGHBOURS = {"mitiq": "interop/test_qiskit_neighbours.py", "supermarq": "interop/test_cirq_supermarq.py"}
collect_ignore = [path for package, path in _NEIGHBOURS.items() if find_spec(package) is None]
