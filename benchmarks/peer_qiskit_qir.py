"""qiskit-qir at work, in an environment of its own: reads requests as JSON lines, answers as JSON lines."""

from __future__ import annotations

import functools
import json
import sys
import warnings

import workloads
from measure import once

warnings.simplefilter("ignore")


@functools.cache
def circuit(number: int, width: int):
    return workloads.qiskit_circuit(number, width=width)


def write(number: int, width: int) -> str:
    from qiskit_qir import to_qir_module

    return str(to_qir_module(circuit(number, width))[0])


if __name__ == "__main__":
    for line in sys.stdin:
        kind, number, width = json.loads(line)
        write(1, width)
        circuit(number, width)
        answer = write(number, width) if kind == "text" else once(lambda n=number, w=width: write(n, w))
        print(json.dumps(answer), flush=True)
