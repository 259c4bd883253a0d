"""Reads ``rigetti.quil.v1``: Quil's standard gates, one memory region for readout.

Source: Smith et al., "A Practical Quantum Instruction Set Architecture" (arXiv:1608.03355); protocol.md 6.5.
"""

from __future__ import annotations

import re

from qsession_core.gates.words import GATES, controlled
from qsession_core.local.readers.angles import angle
from qsession_core.local.readers.circuit import Circuit, JobFailure, Operation

__all__ = ["read_quil"]

_WORDS = {
    "I": "id", "X": "x", "Y": "y", "Z": "z", "H": "h", "S": "s", "T": "t", "RX": "rx", "RY": "ry", "RZ": "rz",
    "PHASE": "p", "CNOT": "cx", "CZ": "cz", "CPHASE": "cp", "SWAP": "swap", "ISWAP": "iswap", "CCNOT": "ccx",
    "CSWAP": "cswap",
}  # fmt: skip
_DAGGERS = {"s": "sdg", "t": "tdg", "sx": "sxdg"}
_SELF_INVERSE = {"id", "x", "y", "z", "h", "cx", "cz", "swap", "ccx", "cswap"}
_DECLARE = re.compile(r"DECLARE\s+(\w+)\s+BIT(?:\[(\d+)\])?")
_MEASURE = re.compile(r"MEASURE\s+(\d+)(?:\s+(\w+)(?:\[(\d+)\])?)?")
_GATE = re.compile(r"((?:(?:DAGGER|CONTROLLED)\s+)*)(\w+)\s*(?:\((.*)\))?\s+(\d[\d\s]*)")
_IGNORED = ("PRAGMA", "HALT", "NOP", "FENCE")


def _bad(problem: str) -> JobFailure:
    return JobFailure("InvalidInputData", f"rigetti.quil.v1: {problem}.")


def read_quil(payload: bytes) -> Circuit:
    """Return the circuit in a payload.

    Raises:
        JobFailure: An instruction is not understood here; the message says which.
    """
    try:
        lines = [line.partition("#")[0].strip() for line in payload.decode().replace(";", "\n").split("\n")]
    except UnicodeDecodeError as error:
        raise _bad("the input is no UTF-8 text") from error
    operations: list[Operation] = []
    registers: dict[str, tuple[int, ...]] = {}
    num_results = num_qubits = 0
    for line in filter(None, lines):
        if line.startswith(_IGNORED):
            continue
        found = _DECLARE.fullmatch(line)
        if found:
            size = int(found[2] or 1)
            registers[found[1]] = tuple(range(num_results, num_results + size))
            num_results += size
            continue
        found = _MEASURE.fullmatch(line)
        if found:
            qubit, register, place = int(found[1]), registers.get(found[2] or ""), int(found[3] or 0)
            if register is None or place >= len(register):
                raise _bad(f"{line!r} measures into memory that is not declared")
            operations.append(("measure", (qubit, register[place]), ()))
            num_qubits = max(num_qubits, qubit + 1)
            continue
        if line == "RESET":
            operations += [("reset", (qubit,), ()) for qubit in range(num_qubits)]
            continue
        operation = _gate(line)
        num_qubits = max(num_qubits, *(qubit + 1 for qubit in operation[1]))
        operations.append(operation)
    return Circuit(num_qubits, num_results, operations, [], registers)


def _gate(line: str) -> Operation:
    found = _GATE.fullmatch(line)
    word = _WORDS.get(found[2]) if found else None
    if found is None or word is None:
        raise _bad(f"{line[:60]!r} is not understood by the local workspace")
    qubits = tuple(int(text) for text in found[4].split())
    angles = tuple(angle(text) for text in (found[3] or "").split(",") if text.strip())
    for modifier in reversed(found[1].split()):
        if modifier == "CONTROLLED":
            word = controlled(word, 1)
        elif angles:
            angles = tuple(-value for value in angles)
        elif word in _DAGGERS:
            word = _DAGGERS[word]
        elif word not in _SELF_INVERSE:
            raise _bad(f"{line[:60]!r}: no DAGGER of {word} here")
    known = GATES.get(word)
    if len(set(qubits)) != len(qubits) or (
        known is not None and (len(qubits), len(angles)) != (known.num_qubits, known.num_params)
    ):
        raise _bad(f"{line[:60]!r} has the wrong qubits or angles")
    return (word, qubits, angles)
