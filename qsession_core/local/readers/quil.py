"""Reads ``rigetti.quil.v1``: gates and their definitions, circuits, jumps, memory of bits and of parameters.

Bits of memory are results; all regions of bits are read out. Regions of REAL and INTEGER hold parameters: 0, or what
the job substitutes. Pulses are refused by name. Source: the Quil specification (github.com/quil-lang/quil); Smith et
al., "A Practical Quantum Instruction Set Architecture" (arXiv:1608.03355); docs/protocol.md 6.5.
"""

from __future__ import annotations

import re
from collections import ChainMap
from typing import TYPE_CHECKING, NamedTuple

from qsession_core.local.readers.allowance import MAX_QUBITS, Allowance, check_widths
from qsession_core.local.readers.angles import split_at_commas
from qsession_core.local.readers.circuit import Circuit, Function, Instruction, Program, targets
from qsession_core.local.readers.quil_gates import Gates, bad, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qsession_core.local.readers.circuit import Operation

__all__ = ["read_quil"]

_FORMAT = "rigetti.quil.v1"
_DECLARE = re.compile(r"DECLARE\s+([\w-]+)\s+(BIT|REAL|INTEGER|OCTET)(?:\[(\d{1,6})\])?")
_CIRCUIT = re.compile(r"DEFCIRCUIT\s+([\w-]++)\s*+(?:\(([^()]*)\))?([\w%\s-]*):")
# Gates one after the other are a circuit, too
_SEQUENCE = re.compile(r"DEFGATE\s+([\w-]++)(?:\s*\(([^()]*)\))?(\s[\w\s-]*)\sAS\sSEQUENCE\s*:")
_MEASURE = re.compile(r"MEASURE\s+(\d{1,9})(?:\s+(\S+))?")
_GATE = re.compile(r"((?:(?:DAGGER|CONTROLLED|FORKED)\s+)*+)([A-Za-z_][\w-]*+)(?:\s*+\((.*)\))?\s([\w\s]+)")
_ADDRESS = re.compile(r"([\w-]+)(?:\[(\d{1,6})\])?")
_BITS = {"AND": "and", "IOR": "or", "XOR": "xor"}
_IGNORED = ("PRAGMA", "NOP", "FENCE")
_MAX_DEPTH = 100
# Reading so many letters of an instruction takes as long as making an operation
_LETTERS = 4


class _Circuit(NamedTuple):
    parameters: list[str]
    qubits: list[str]
    body: list[str]


def read_quil(payload: bytes, substitutions: Mapping[str, Sequence[float]] | None = None) -> Circuit | Program:
    """Return the program in a payload.

    Args:
        payload: Quil in UTF-8.
        substitutions: Region of REAL or INTEGER -> its values; every one has to be declared with as many.

    Raises:
        JobFailure: An instruction is not understood here; the message says which.
    """
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        raise bad("the input is not UTF-8 text") from error
    reader = _Reader(substitutions or {}, Allowance(_FORMAT, len(payload)))
    lines = [line.partition("#")[0].rstrip() for line in text.replace(";", "\n").replace("\t", "    ").split("\n")]
    place = 0
    while place < len(lines):
        line = lines[place]
        place += 1
        if line.startswith(("DEFGATE", "DEFCIRCUIT")):
            body = []
            while place < len(lines) and (lines[place].startswith(" ") or not lines[place]):
                body.append(lines[place].strip())
                place += 1
            reader.define(line, [part for part in body if part])
        elif line.strip():
            reader.line(line.strip(), 0)
    return reader.result()


class _Reader:
    """Reads instructions, one after the other."""

    def __init__(self, substitutions: Mapping[str, Sequence[float]], allowance: Allowance) -> None:
        self._allowance = allowance
        self._gates = Gates(allowance)
        self._circuits: dict[str, _Circuit] = {}
        self._registers: dict[str, tuple[int, ...]] = {}
        self._substitutions = dict(substitutions)
        self._parameters: dict[str, complex] = {}
        self._num_results = self._num_qubits = self._num_lines = 0
        self._block: list[Instruction] = []
        self._blocks: dict[str, list[Instruction]] = {"start": self._block}

    def define(self, head: str, body: list[str]) -> None:
        sequence = _SEQUENCE.fullmatch(head)
        if head.startswith("DEFGATE") and sequence is None:
            self._gates.define(head, body)
            return
        found = sequence or _CIRCUIT.fullmatch(head)
        if found is None:
            raise bad(f"{head[:60]!r} is not understood by the local workspace")
        parameters = [part.strip().removeprefix("%") for part in (found[2] or "").split(",") if part.strip()]
        self._circuits[found[1]] = _Circuit(parameters, found[3].split(), body)

    def line(self, line: str, depth: int, names: Mapping[str, complex] | None = None) -> None:
        """Read one instruction; within a circuit, ``names`` has the values of its parameters."""
        self._num_lines += 1
        if depth > _MAX_DEPTH:
            raise bad("the circuits expand to themselves, or are nested too deep")
        if depth:
            self._allowance.spend(2 + len(line) // _LETTERS)
        word, *rest = line.split()
        if word in _IGNORED:
            return
        if word == "DECLARE":
            self._declare(line)
        elif word == "MEASURE":
            self._measure(line)
        elif word == "RESET":
            self._reset(rest)
        elif word in {"LABEL", "JUMP", "JUMP-WHEN", "JUMP-UNLESS", "HALT"}:
            self._jump(word, rest, line)
        elif word in {"MOVE", "NOT", *_BITS} and self._is_classical(word, rest):
            return
        else:
            self._apply(line, depth, names or {})

    def _declare(self, line: str) -> None:
        found = _DECLARE.fullmatch(line)
        if found is None or found[1] in self._registers:
            raise bad(f"{line[:60]!r} is not understood by the local workspace")
        name, size = found[1], int(found[3] or 1)
        if found[2] == "BIT":
            check_widths(_FORMAT, 0, self._num_results + size)
            self._registers[name] = tuple(range(self._num_results, self._num_results + size))
            self._num_results += size
            return
        self._allowance.spend(size)
        values = self._substitutions.pop(name, [0.0] * size)
        if len(values) != size:
            raise bad(f"{name} is declared with {size} values, and {len(values)} are substituted")
        self._parameters.update({f"{name}[{place}]": complex(value) for place, value in enumerate(values)})
        if size:
            self._parameters[name] = complex(values[0])

    def _bit(self, text: str) -> int:
        found = _ADDRESS.fullmatch(text)
        register = self._registers.get(found[1]) if found else None
        place = int(found[2] or 0) if found else 0
        if register is None or place >= len(register):
            raise bad(f"{text[:60]!r} is not a declared bit of memory")
        return register[place]

    def _measure(self, line: str) -> None:
        found = _MEASURE.fullmatch(line)
        if found is None or found[2] is None:
            raise bad(f"{line[:60]!r} does not say where the result goes")
        qubit = _qubit(found[1])
        self._carry(("measure", (qubit, self._bit(found[2])), ()), qubit)

    def _reset(self, qubits: list[str]) -> None:
        if len(qubits) > 1:
            raise bad(f"'RESET {' '.join(qubits)[:40]}' is not understood by the local workspace")
        self._allowance.spend(1 if qubits else self._num_qubits)
        for qubit in [_qubit(text) for text in qubits] or range(self._num_qubits):
            self._carry(("reset", (qubit,), ()), qubit)

    def _carry(self, operation: Operation, *qubits: int) -> None:
        """Add an operation."""
        self._num_qubits = max(self._num_qubits, *(qubit + 1 for qubit in qubits))
        if self._block and self._block[-1][0] == "ops":
            self._block[-1][1].append(operation)
        else:
            self._block.append(("ops", [operation]))

    def _jump(self, word: str, rest: list[str], line: str) -> None:
        if len(rest) != {"HALT": 0, "JUMP-WHEN": 2, "JUMP-UNLESS": 2}.get(word, 1):
            raise bad(f"{line[:60]!r} is not understood by the local workspace")
        following = f":{len(self._blocks)}"
        if word == "LABEL":
            following = rest[0]
            if following in self._blocks:
                raise bad(f"the label {following[:40]!r} is there twice")
            self._block.append(("jump", following))
        elif word == "HALT":
            self._block.append(("ret", None))
        elif word == "JUMP":
            self._block.append(("jump", rest[0]))
        else:
            self._block.append(("read", f"%{len(self._blocks)}", self._bit(rest[1])))
            yes, no = (rest[0], following) if word == "JUMP-WHEN" else (following, rest[0])
            self._block.append(("br", f"%{len(self._blocks)}", yes, no))
        self._block = self._blocks[following] = []

    def _is_classical(self, word: str, rest: list[str]) -> bool:
        """Read an instruction on bits; say whether it is one (a circuit may have its name)."""
        if len(rest) != (1 if word == "NOT" else 2):
            return False
        target, name = self._bit(rest[0]), f"%b{self._num_lines}"
        source: object = f"{name}s"
        if word == "NOT":
            source = 1
        elif rest[1] in {"0", "1"}:
            source = int(rest[1])
        else:
            self._block.append(("read", source, self._bit(rest[1])))
        if word != "MOVE":
            self._block.append(("read", f"{name}t", target))
            self._block.append(("set", name, _BITS.get(word, "xor"), 1, [f"{name}t", source]))
            source = name
        self._block.append(("write", source, target))
        return True

    def _apply(self, line: str, depth: int, names: Mapping[str, complex]) -> None:
        found = _GATE.fullmatch(line)
        if found is None:
            raise bad(f"{line[:60]!r} is not understood by the local workspace")
        modifiers, name, places = found[1].split(), found[2], found[4].split()
        known = ChainMap(dict(names), self._parameters)
        angles = [number(text, known) for text in split_at_commas(found[3] or "")]
        circuit = self._circuits.get(name)
        if circuit is not None and not modifiers:
            if len(angles) != len(circuit.parameters) or len(places) != len(circuit.qubits):
                raise bad(f"{name} has the wrong qubits or parameters")
            values = dict(zip(circuit.parameters, angles, strict=True))
            chosen = dict(zip(circuit.qubits, places, strict=True))
            for inner in circuit.body:
                words = [chosen.get(word, word) for word in inner.split(" ")]
                self.line(" ".join(words), depth + 1, values)
            return
        qubits = tuple(map(_qubit, places))
        self._carry(self._gates.applied(modifiers, name, angles, qubits), *qubits)

    def result(self) -> Circuit | Program:
        if self._substitutions:
            raise bad(f"{next(iter(self._substitutions))[:40]!r} is substituted and not declared")
        if len(self._blocks) == 1 and all(instruction[0] == "ops" for instruction in self._block):
            operations = self._block[0][1] if self._block else []
            return Circuit(self._num_qubits, self._num_results, operations, [], self._registers)
        self._block.append(("ret", None))
        missing = {label for block in self._blocks.values() for label in targets(block[-1])} - self._blocks.keys()
        if missing:
            raise bad(f"the label {min(missing)[:40]!r} is not there")
        main = Function((), self._blocks)
        return Program(self._num_qubits, self._num_results, {"main": main}, "main", registers=self._registers)


def _qubit(text: str) -> int:
    """Return the number of a qubit."""
    if not (text.isascii() and text.isdigit()):
        raise bad(f"{text[:40]!r} is not a qubit")
    if len(text) > len(str(MAX_QUBITS)) or int(text) >= MAX_QUBITS:
        raise bad(f"the program uses qubit {text[:40]}; at most {MAX_QUBITS} qubits can be read")
    return int(text)
