"""Reads ``honeywell.openqasm.v1``: OpenQASM 2.0 with qelib1's gates, gate definitions, and ``if``.

Each classical bit is a result of its own; the registers say how results are written. Source: Cross et al., "Open
Quantum Assembly Language" (arXiv:1707.03429); protocol.md 6.4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from qsession_core.gates.words import GATES, controlled
from qsession_core.local.readers.angles import angle
from qsession_core.local.readers.circuit import Circuit, Function, Instruction, JobFailure, Operation, Program

__all__ = ["read_openqasm"]

# Names of qelib1 and of Quantinuum's own that are not gate words -> (word, angles before the written ones)
_ALIASES = {
    "U": "u", "u3": "u", "u1": "p", "CX": "cx", "cu1": "cp", "cnot": "cx", "Rz": "rz", "RZZ": "rzz", "Rx": "rx",
    "Ry": "ry", "c3x": controlled("x", 3), "c4x": controlled("x", 4), "c3sqrtx": controlled("sx", 3), "u0": "id",
}  # fmt: skip
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_GATE = re.compile(r"gate\s+(\w+)\s*(?:\(([^)]*)\))?\s*([\w\s,]*?)\s*\{([^}]*)\}")
_REGISTER = re.compile(r"([qc])reg\s+(\w+)\s*\[\s*(\d+)\s*\]")
_MEASURE = re.compile(r"measure\s+(.+?)\s*->\s*(.+)")
_IF = re.compile(r"if\s*\(\s*(\w+)\s*==\s*(\d+)\s*\)\s*(.+)", re.DOTALL)
_APPLY = re.compile(r"(\w+)\s*(?:\((.*)\))?\s+(\S.*)|(\w+)\((.*)\)\s*(\S.*)", re.DOTALL)
_PLACE = re.compile(r"(\w+)\s*(?:\[\s*(\d+)\s*\])?")
_MAX_DEPTH = 50
_MAX_BITS = 100_000


class _Definition(NamedTuple):
    params: list[str]
    qubits: list[str]
    body: list[str]


class _Conditional(NamedTuple):
    """Operations that run only if a register has a value."""

    bits: tuple[int, ...]
    value: int
    operations: list[Operation]


def _bad(problem: str) -> JobFailure:
    return JobFailure("InvalidInputData", f"honeywell.openqasm.v1: {problem}.")


def read_openqasm(payload: bytes) -> Circuit | Program:
    """Return the program in a payload.

    Raises:
        JobFailure: The payload is no OpenQASM 2.0; the message says which statement.
    """
    try:
        text = _COMMENT.sub("", payload.decode())
    except UnicodeDecodeError as error:
        raise _bad("the input is no UTF-8 text") from error
    reader = _Reader()
    for name, params, qubits, body in _GATE.findall(text):
        reader.definitions[name] = _Definition(_names(params), _names(qubits), _statements(body))
    statements = _statements(_GATE.sub("", text))
    if not statements or not re.fullmatch(r"OPENQASM\s+2(\.\d+)?", statements[0]):
        raise _bad("the first statement is not OPENQASM 2.0")
    for statement in statements[1:]:
        if not statement.startswith("include"):
            reader.statement(statement)
    return reader.result()


def _statements(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


@dataclass(frozen=True, slots=True)
class _Register:
    first: int
    size: int


class _Reader:
    """Reads statements, one after the other."""

    def __init__(self) -> None:
        self.definitions: dict[str, _Definition] = {}
        self._registers: dict[str, dict[str, _Register]] = {"q": {}, "c": {}}
        self._sizes = {"q": 0, "c": 0}
        self._read: list[Operation | _Conditional] = []

    def statement(self, text: str) -> None:
        found = _REGISTER.fullmatch(text)
        if found:
            kind, name, size = found[1], found[2], int(found[3])
            if any(name in known for known in self._registers.values()) or self._sizes[kind] + size > _MAX_BITS:
                raise _bad(f"the register {name} is there already, or too large")
            self._registers[kind][name] = _Register(self._sizes[kind], size)
            self._sizes[kind] += size
            return
        found = _IF.fullmatch(text)
        if found:
            register = self._registers["c"].get(found[1])
            if register is None:
                raise _bad(f"there is no creg {found[1]}")
            bits = tuple(range(register.first, register.first + register.size))
            self._read.append(_Conditional(bits, int(found[2]), self._operations(found[3])))
            return
        self._read += self._operations(text)

    def _operations(self, text: str) -> list[Operation]:
        found = _MEASURE.fullmatch(text)
        if found:
            qubits, bits = self._places("q", found[1]), self._places("c", found[2])
            if len(qubits) != len(bits):
                raise _bad(f"{text!r} measures {len(qubits)} qubits into {len(bits)} bits")
            return [("measure", (qubit, bit), ()) for qubit, bit in zip(qubits, bits, strict=True)]
        word = text.split(maxsplit=1)[0]
        if word == "barrier":
            return []
        if word == "reset":
            return [("reset", (qubit,), ()) for qubit in self._places("q", text[len(word) :].strip())]
        found = _APPLY.fullmatch(text)
        if found is None:
            raise _bad(f"{text[:60]!r} is no statement")
        name, angles, places = (found[1], found[2], found[3]) if found[1] else (found[4], found[5], found[6])
        values = [angle(part) for part in _split(angles or "")]
        registers = [self._places("q", part) for part in _split(places)]
        width = max(map(len, registers))
        if any(len(register) not in {1, width} for register in registers):
            raise _bad(f"{text[:60]!r} joins registers of different sizes")
        operations: list[Operation] = []
        for place in range(width):
            qubits = [register[place if len(register) > 1 else 0] for register in registers]
            operations += self._gate(name, values, qubits, 0)
        return operations

    def _gate(self, name: str, angles: list[float], qubits: list[int], depth: int) -> list[Operation]:
        if depth > _MAX_DEPTH:
            raise _bad(f"the definition of {name} does not end")
        if len(set(qubits)) != len(qubits):
            raise _bad(f"{name} uses a qubit twice")
        definition = self.definitions.get(name)
        if definition is not None:
            return self._expanded(name, definition, angles, qubits, depth)
        word, angles = _word(name, angles)
        if word.startswith("ctrl("):
            return [(word, tuple(qubits), tuple(angles))]
        known = GATES.get(word)
        if known is None:
            raise _bad(f"there is no gate {name}")
        if len(qubits) != known.num_qubits or len(angles) != known.num_params:
            raise _bad(f"{name} takes {known.num_qubits} qubits and {known.num_params} angles")
        return [(word, tuple(qubits), tuple(angles))]

    def _expanded(
        self, name: str, definition: _Definition, angles: list[float], qubits: list[int], depth: int
    ) -> list[Operation]:
        if len(angles) != len(definition.params) or len(qubits) != len(definition.qubits):
            raise _bad(f"{name} is defined for {len(definition.qubits)} qubits and {len(definition.params)} angles")
        values = dict(zip(definition.params, angles, strict=True))
        places = dict(zip(definition.qubits, qubits, strict=True))
        operations: list[Operation] = []
        for statement in definition.body:
            found = _APPLY.fullmatch(statement)
            if found is None:
                raise _bad(f"{statement[:60]!r} is no statement")
            inner, texts, names = (found[1], found[2], found[3]) if found[1] else (found[4], found[5], found[6])
            if inner == "barrier":
                continue
            try:
                inner_qubits = [places[part] for part in _split(names)]
            except KeyError as error:
                raise _bad(f"{name} uses a qubit that it has not") from error
            inner_angles = [angle(part, values) for part in _split(texts or "")]
            operations += self._gate(inner, inner_angles, inner_qubits, depth + 1)
            if len(operations) > 10 * _MAX_BITS:
                raise _bad(f"{name} is too large")
        return operations

    def _places(self, kind: str, text: str) -> list[int]:
        found = _PLACE.fullmatch(text.strip())
        register = self._registers[kind].get(found[1]) if found else None
        if found is None or register is None:
            raise _bad(f"there is no {kind}reg {text[:40]!r}")
        if found[2] is None:
            return list(range(register.first, register.first + register.size))
        if int(found[2]) >= register.size:
            raise _bad(f"{text} is beyond the end of its register")
        return [register.first + int(found[2])]

    def result(self) -> Circuit | Program:
        registers = {
            name: tuple(range(register.first, register.first + register.size))
            for name, register in self._registers["c"].items()
        }
        operations = [entry for entry in self._read if not isinstance(entry, _Conditional)]
        if len(operations) == len(self._read):
            return Circuit(self._sizes["q"], self._sizes["c"], operations, [], registers)
        blocks = _branches(self._read)
        main = Function((), blocks)
        return Program(self._sizes["q"], self._sizes["c"], {"main": main}, "main", registers=registers)


def _branches(read: list[Operation | _Conditional]) -> dict[str, list[Instruction]]:
    """Write conditionals as blocks: read the register's bits, compare them, branch."""
    blocks: dict[str, list[Instruction]] = {"0": []}
    current = blocks["0"]
    for entry in read:
        if not isinstance(entry, _Conditional):
            if current and current[-1][0] == "ops":
                current[-1][1].append(entry)
            else:
                current.append(("ops", [entry]))
            continue
        number = len(blocks)
        yes, after = f"{number}", f"{number + 1}"
        total: str | int = 1
        for place, bit in enumerate(entry.bits):
            value, same, both = f"%v{number}.{place}", f"%s{number}.{place}", f"%t{number}.{place}"
            current.append(("read", value, bit))
            current.append(("set", same, "ieq", 64, [value, entry.value >> place & 1]))
            current.append(("set", both, "and", 1, [total, same]))
            total = both
        if entry.value >> len(entry.bits):
            total = 0  # a value that the register cannot have
        current.append(("br", total, yes, after))
        blocks[yes] = [("ops", list(entry.operations)), ("jump", after)]
        current = blocks[after] = []
    current.append(("ret", None))
    return blocks


def _word(name: str, angles: list[float]) -> tuple[str, list[float]]:
    """Return the gate word, and its angles, for a name of qelib1 or of Quantinuum."""
    match name:
        case "u2":
            return "u", [angle("pi/2"), *angles]
        case "cu3":
            return "cu", [*angles, 0.0]
        case "ZZ":
            return "rzz", [angle("pi/2")]
        case "U1q":  # a turn about an axis in the xy plane: the middle of u
            theta, phi = [*angles, 0.0, 0.0][:2]
            return "u", [theta, phi - angle("pi/2"), angle("pi/2") - phi]
        case _:
            return _ALIASES.get(name, name), angles if name != "u0" else []


def _split(text: str) -> list[str]:
    """Split at commas outside parentheses."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    last = text[start:].strip()
    return [*parts, last] if last or parts else []
