"""Reads adaptive QIR: blocks, branches, integer and floating-point arithmetic, in the text forms of read_qir.py.

Instructions come out as tuples that tree.py carries out:

====================================================  ==================================================================
``("ops", [operation, ...])``                          gates, measurements and resets with constant arguments
``("call", name, [double, ...], [qubit, ...])``        a gate whose angles are computed: operands
``("read", name, result)``                             a value that is a measured result
``("set", name, opcode, kind, [operand, ...])``        arithmetic, comparison, conversion, select
``("phi", name, {label: operand})``                    a value that depends on where we come from
``("br", operand, label, label)``, ``("jump", label)``, ``("switch", operand, label, {int: label})``, ``("ret",)``
``("record", kind, operand or int)``                   one record of the output
====================================================  ==================================================================

An operand is a number, or the name of a value. Programs that use memory, arrays or functions of their own come out
without blocks: they go to a simulator that reads QIR for itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qsession_core.local.readers.circuit import Operation, Program
from qsession_core.local.readers.qir import GATE_WORDS, bad, constant, declared, label_of, number, split

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ARITHMETIC", "read_adaptive"]

Operand = int | float | str

ARITHMETIC = frozenset({
    "add", "sub", "mul", "udiv", "sdiv", "urem", "srem", "and", "or", "xor", "shl", "lshr", "ashr", "icmp", "fcmp",
    "zext", "sext", "trunc", "select", "fadd", "fsub", "fmul", "fdiv", "frem", "fneg", "sitofp", "uitofp", "fptosi",
    "fptoui",
})  # fmt: skip
_NAME = r"%[\w.$-]+"
_BLOCK = re.compile(r"^(?:([\w.$-]+)|\"([^\"]+)\"):.*$")
_CALL = re.compile(r"(?:(" + _NAME + r")\s*=\s*)?(?:tail\s+)?call\s[^@]*@(\w+)\((.*)\)[^)]*$")
_ASSIGN = re.compile(r"(" + _NAME + r")\s*=\s*(\w+)\s+(.*)$")
_BR = re.compile(r"br\s+i1\s+([^,]+),\s*label\s+%([\w.$-]+|\"[^\"]+\"),\s*label\s+%([\w.$-]+|\"[^\"]+\")")
_JUMP = re.compile(r"br\s+label\s+%([\w.$-]+|\"[^\"]+\")")
_SWITCH = re.compile(r"switch\s+i\d+\s+([^,]+),\s*label\s+%([\w.$-]+)\s*\[(.*)\]")
_CASE = re.compile(r"i\d+\s+(-?\d+),\s*label\s+%([\w.$-]+)")
_PHI = re.compile(r"\[\s*([^,\]]+),\s*%([\w.$-]+|\"[^\"]+\")\s*\]")
_POINTER = re.compile(r"i64\s+(\d+)\s+to\b|\b(null)\b")
_ARGUMENT_DOUBLE = re.compile(r"double\s+([^\s,)]+)")
_FLAGS = re.compile(r"\b(?:nuw|nsw|exact|nneg|fast|nnan|ninf|nsz|arcp|contract|afn|reassoc|samesign|disjoint)\b\s*")
_VALUE_RECORDS = {"bool_record_output": "bool", "int_record_output": "int", "double_record_output": "double"}
_MEMORY = re.compile(r"\b(?:alloca|load|store|getelementptr \[|call [^@]*@(?!__quantum__))")
_QUANTUM = re.compile(r"__quantum__(?:qis|rt)__(\w+)")


def read_adaptive(text: str, body: str, attributes: dict[str, str]) -> Program:
    """Return the program of an entry point's body.

    Raises:
        JobFailure: An instruction is not understood; the message says which.
    """
    blocks = _blocks(body)
    sizes = [0, 0]
    if _MEMORY.search(body):
        read: dict[str, list[tuple[object, ...]]] = {}
    else:
        reader = _Reader(sizes)
        read = {label: reader.block(lines) for label, lines in blocks.items()}
    num_qubits = max(sizes[0], declared(attributes, "required_num_qubits", "num_required_qubits"))
    num_results = max(sizes[1], declared(attributes, "required_num_results", "num_required_results"))
    return Program(num_qubits, num_results, read, next(iter(blocks)), text)


def _blocks(body: str) -> dict[str, list[str]]:
    """Cut a body into its blocks."""
    blocks: dict[str, list[str]] = {}
    lines: list[str] = []
    joined = re.sub(
        r"\[\s*\n(.*?)\n\s*\]", lambda found: "[" + found[1].replace("\n", " ") + "]", body, flags=re.DOTALL
    )
    for line in joined.split("\n"):
        text = line.partition(" ;")[0].strip()
        if not text or text[0] == ";":
            continue
        found = _BLOCK.match(text)
        if found:
            lines = blocks.setdefault(found[1] or found[2], [])
        else:
            if not blocks:
                lines = blocks.setdefault("0", [])
            lines.append(text)
    if not blocks:
        raise bad("the entry point is empty")
    return blocks


def _operand(text: str) -> Operand:
    """Return a number or the name of a value."""
    word = text.rsplit(maxsplit=1)[-1]
    if word[0] == "%":
        return word
    if word in {"true", "false"}:
        return int(word == "true")
    if word in {"null", "undef", "poison", "zeroinitializer"}:
        return 0
    if re.fullmatch(r"-?\d+", word):
        return int(word)
    return constant(word)


class _Reader:
    """Reads blocks, and notes how many qubits and results there are."""

    def __init__(self, sizes: list[int]) -> None:
        self._sizes = sizes

    def block(self, lines: Iterable[str]) -> list[tuple[object, ...]]:
        read: list[tuple[object, ...]] = []
        for line in lines:
            for instruction in self._instruction(line):
                last = read[-1] if read else ("",)
                if instruction[0] == "ops" == last[0]:
                    last[1].extend(instruction[1])  # type: ignore[attr-defined]
                else:
                    read.append(instruction)
        return read

    def _instruction(self, line: str) -> list[tuple[object, ...]]:
        found = _CALL.match(line)
        if found:
            return self._call(found[1], found[2], found[3])
        found = _BR.match(line)
        if found:
            return [("br", _operand(found[1]), found[2].strip('"'), found[3].strip('"'))]
        found = _JUMP.match(line)
        if found:
            return [("jump", found[1].strip('"'))]
        if line.startswith("ret"):
            return [("ret",)]
        found = _SWITCH.match(line)
        if found:
            cases = {int(value): label for value, label in _CASE.findall(found[3])}
            return [("switch", _operand(found[1]), found[2], cases)]
        found = _ASSIGN.match(line)
        if found is None:
            raise bad(f"the instruction {line[:60]!r} is not understood")
        return [self._assignment(found[1], found[2], found[3])]

    def _assignment(self, name: str, opcode: str, rest: str) -> tuple[object, ...]:
        if opcode == "phi":
            return ("phi", name, {label.strip('"'): _operand(value) for value, label in _PHI.findall(rest)})
        if opcode not in ARITHMETIC:
            raise bad(f"the instruction {opcode} is not understood")
        rest = _FLAGS.sub("", rest)
        kind = ""
        if opcode in {"icmp", "fcmp"}:
            opcode, _, rest = rest.partition(" ")
            opcode = f"i{opcode}" if opcode in _INTEGER_TESTS else opcode
        if " to " in rest:
            rest, _, kind = rest.rpartition(" to ")
        operands = [_operand(part) for part in rest.split(",")]
        return ("set", name, opcode, kind or rest.split()[0], operands)

    def _call(self, name: str | None, function: str, arguments: str) -> list[tuple[object, ...]]:
        found = _QUANTUM.fullmatch(function)
        if found is None:
            raise bad(f"the function {function} is not known")
        called = found[1]
        pointers = [number(pair) for pair in _POINTER.findall(arguments)]
        if called in {"read_result", "read_result__body"}:
            if name is None or not pointers:
                raise bad("read_result is called with the wrong arguments")
            self._sizes[1] = max(self._sizes[1], pointers[0] + 1)
            return [("read", name, pointers[0])]
        if called in {"initialize", "message"}:
            return []
        if called in _VALUE_RECORDS:
            return [("record", _VALUE_RECORDS[called], _operand(arguments.partition(",")[0]))]
        kind = label_of(called)
        if kind is not None:
            if kind == "result":
                self._sizes[1] = max(self._sizes[1], pointers[0] + 1 if pointers else 0)
                return [("record", kind, pointers[0])]
            return [("record", kind, _operand(arguments.partition(",")[0]))]
        doubles = _ARGUMENT_DOUBLE.findall(arguments)
        if any(text[0] == "%" for text in doubles):
            if called not in GATE_WORDS:
                raise bad(f"{called} takes no computed angle here")
            self._sizes[0] = max(self._sizes[0], *(pointer + 1 for pointer in pointers))
            return [("call", called, [_operand(text) for text in doubles], pointers)]
        try:
            operations: list[Operation] = split(called, [constant(text) for text in doubles], pointers)
        except (IndexError, ValueError) as error:
            raise bad(f"{called} is called with the wrong arguments") from error
        for word, places, _ in operations:
            qubits = places[:1] if word == "measure" else places
            self._sizes[0] = max(self._sizes[0], *(place + 1 for place in qubits))
            if word == "measure":
                self._sizes[1] = max(self._sizes[1], places[1] + 1)
        return [("ops", operations)] if operations else []


_INTEGER_TESTS = {"eq", "ne", "ugt", "uge", "ult", "ule", "sgt", "sge", "slt", "sle"}
