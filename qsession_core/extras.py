"""The optional parts of the package, and how each is installed.

>>> install("qiskit")
'pip install "qsession[qiskit]"'
"""

from __future__ import annotations

from typing import Final

__all__ = ["EXTRAS", "install"]

# The distributions of each extra of pyproject.toml, without those that are sums of others
EXTRAS: Final = {
    "qiskit": ("qiskit",),
    "cirq": ("cirq-core",),
    "serve": ("waitress",),
    "qir": ("pyqir",),
    "simulators": ("qiskit-aer", "qsimcirq", "stim"),
    "qdk": ("qdk",),
    "pulser": ("pulser-simulation",),
    "notebook": ("matplotlib", "tqdm"),
    "dask": ("distributed",),
    "postgres": ("psycopg",),
    "s3": ("boto3",),
}


def install(extra: str) -> str:
    """Return the command that installs an extra."""
    return f'pip install "qsession[{extra}]"'
