"""Reads ``honeywell.openqasm.v1``: OpenQASM 2.0 with gate definitions and Quantinuum's classical extensions.

Each classical bit is a result of its own; the registers say how results are written. Every statement is read or
refused by its text, in time linear in the text and in what its definitions expand to. Source: Cross et al., "Open
Quantum Assembly Language" (arXiv:1707.03429); docs/protocol.md 6.4.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qsession_core.local.readers.allowance import Allowance, check_widths
from qsession_core.local.readers.angles import angle
from qsession_core.local.readers.circuit import Circuit, Function, Instruction, Program
from qsession_core.local.readers.openqasm2_classical import Classical
from qsession_core.local.readers.openqasm2_gates import Gates, bad, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qsession_core.local.readers.circuit import Operation

__all__ = ["read_openqasm"]

_FORMAT = "honeywell.openqasm.v1"
_COMMENT = re.compile(r"//[^\n]*")
_STATEMENT = re.compile(r"([^;{}]*)([;{}]|\Z)")
_REGISTER = re.compile(r"([qc])reg\s+(\w+)\s*\[\s*(\d{1,9})\s*\]")
_MEASURE = re.compile(r"measure\s+([^-\s]+)\s*->\s*(\S+)")
_PLACE = re.compile(r"(\w+)\s*(?:\[\s*(\d{1,9})\s*\])?")
_ASSIGN = re.compile(r"(\w+)\s*(?:\[\s*(\d{1,9})\s*\]\s*)?=(?!=)(.*)", re.DOTALL)
_INCLUDE = re.compile(r'include\s*"([^"\n]*)"')


def read_openqasm(payload: bytes) -> Circuit | Program:
    """Return the program in a payload.

    Raises:
        JobFailure: The payload is not OpenQASM 2.0; the message says which statement.
    """
    try:
        text = _COMMENT.sub("", payload.decode())
    except UnicodeDecodeError as error:
        raise bad("the input is not UTF-8 text") from error
    statements = _statements(text)
    if not re.fullmatch(r"OPENQASM\s+2(\.\d+)?", next(statements, ("", None))[0]):
        raise bad("the first statement is not OPENQASM 2.0")
    reader = _Reader(Allowance(_FORMAT, len(payload)))
    for head, body in statements:
        reader.statement(head, body)
    return reader.result()


def _statements(text: str) -> Iterator[tuple[str, str | None]]:
    """Cut a text into statements; those with braces have a body."""
    place = 0
    while place < len(text):
        found = _STATEMENT.match(text, place)
        assert found is not None  # noqa: S101 - it matches any text
        head, place = found[1].strip(), found.end()
        if found[2] == ";":
            if head:
                yield head, None
            continue
        if found[2] == "{":
            end = text.find("}", place)
            if end >= 0:
                yield head, text[place:end]
                place = end + 1
                continue
        if head or found[2]:
            raise bad(f"{head[:60]!r} does not end")


class _Reader:
    """Reads statements, one after the other."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._gates = Gates()
        self._qubits: dict[str, tuple[int, ...]] = {}
        self._bits: dict[str, tuple[int, ...]] = {}
        self._sizes = {"q": 0, "c": 0}
        self._block: list[Instruction] = []
        self._blocks: dict[str, list[Instruction]] = {"0": self._block}
        self._classical = Classical(self._bits, self._emit, allowance)

    def _emit(self, instruction: Instruction) -> None:
        self._block.append(instruction)

    def statement(self, head: str, body: str | None) -> None:
        word = head.split(maxsplit=1)[0] if head else ""
        if body is not None or word == "opaque":
            self._gates.define(head, body)
        elif word in {"qreg", "creg"}:
            self._register(head)
        elif included := _INCLUDE.fullmatch(head):
            self._gates.include(included[1])
        elif word == "barrier":
            return
        elif re.match(r"if\s*\(", head):
            self._conditional(head)
        else:
            self._do(head)

    def _register(self, text: str) -> None:
        found = _REGISTER.fullmatch(text)
        if found is None:
            raise bad(f"{text[:60]!r} is not a statement")
        kind, name, size = found[1], found[2], int(found[3])
        first = self._sizes[kind]
        if name in self._qubits or name in self._bits:
            raise bad(f"the register {name[:40]} is there already")
        self._sizes[kind] += size
        check_widths(_FORMAT, self._sizes["q"], self._sizes["c"])
        (self._qubits if kind == "q" else self._bits)[name] = tuple(range(first, first + size))

    def _conditional(self, text: str) -> None:
        depth, start = 0, text.index("(")
        for end in range(start, len(text)):
            depth += (text[end] == "(") - (text[end] == ")")
            if depth == 0:
                break
        else:
            raise bad(f"{text[:60]!r} does not end")
        condition = self._classical.condition(text[start + 1 : end])
        yes, after = str(len(self._blocks)), str(len(self._blocks) + 1)
        self._block.append(("br", condition, yes, after))
        self._block = self._blocks[yes] = []
        self._do(text[end + 1 :].strip())
        self._block.append(("jump", after))
        self._block = self._blocks[after] = []

    def _do(self, text: str) -> None:
        """Read an assignment, or what happens to qubits."""
        found = _ASSIGN.fullmatch(text)
        if found:
            self._classical.assign(found[1], None if found[2] is None else int(found[2]), found[3])
            return
        operations = self._operations(text)
        if self._block and self._block[-1][0] == "ops":
            self._block[-1][1].extend(operations)
        else:
            self._block.append(("ops", operations))

    def _operations(self, text: str) -> list[Operation]:
        found = _MEASURE.fullmatch(text)
        if found:
            qubits, bits = self._places(self._qubits, found[1]), self._places(self._bits, found[2])
            if len(qubits) != len(bits):
                raise bad(f"{text[:60]!r} measures {len(qubits)} qubits into {len(bits)} bits")
            self._allowance.spend(len(qubits))
            return [("measure", (qubit, bit), ()) for qubit, bit in zip(qubits, bits, strict=True)]
        if text.startswith("reset") and text[5:6].isspace():
            qubits = self._places(self._qubits, text[5:])
            self._allowance.spend(len(qubits))
            return [("reset", (qubit,), ()) for qubit in qubits]
        name, angles, places = parts_of(text)
        values = [angle(part) for part in angles]
        registers = [self._places(self._qubits, part) for part in places]
        width = max(map(len, registers), default=0)
        if any(len(register) not in {1, width} for register in registers):
            raise bad(f"{text[:60]!r} joins registers of different sizes")
        operations: list[Operation] = []
        self._allowance.spend(width * self._gates.size_of(name))
        for place in range(width):
            chosen = [register[place if len(register) > 1 else 0] for register in registers]
            operations += self._gates.applied(name, values, chosen)
        return operations

    def _places(self, registers: dict[str, tuple[int, ...]], text: str) -> tuple[int, ...]:
        found = _PLACE.fullmatch(text.strip())
        register = registers.get(found[1]) if found else None
        if found is None or register is None:
            raise bad(f"there is no {'qreg' if registers is self._qubits else 'creg'} {text[:40]!r}")
        if found[2] is None:
            return register
        if int(found[2]) >= len(register):
            raise bad(f"{text[:60]} is beyond the end of its register")
        return (register[int(found[2])],)

    def result(self) -> Circuit | Program:
        if all(instruction[0] == "ops" for block in self._blocks.values() for instruction in block):
            operations = self._block[0][1] if self._block else []
            return Circuit(self._sizes["q"], self._sizes["c"], operations, [], dict(self._bits))
        self._block.append(("ret", None))
        main = Function((), self._blocks)
        return Program(self._sizes["q"], self._sizes["c"], {"main": main}, "main", registers=dict(self._bits))
