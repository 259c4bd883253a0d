"""Reads ``qir.v1`` as text: straight-line programs of any pointer style.

One compiled expression walks the calls of the entry point's only block; equal lines are read once and remembered, so
that 10,000 gates take tens of milliseconds. Accepted: typed pointers (``%Qubit* inttoptr (i64 3 to %Qubit*)``), opaque
ones (``ptr inttoptr (i64 3 to ptr)``), ``null`` for number 0, labels that are null. Programs with branches are read by
read_adaptive.py. Source: the QIR specification (github.com/qir-alliance/qir-spec), protocol.md 6.3.
"""

from __future__ import annotations

import math
import re
import struct
from typing import TYPE_CHECKING

from qsession_core.local.readers.circuit import Circuit, JobFailure, Operation, Output, Program

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["GATE_WORDS", "attributes_of", "bad", "body_of", "constant", "label_of", "number", "read_qir", "split"]

# QIR's names for gates -> gate words, (number of angles is the word's own)
GATE_WORDS = {
    "h__body": "h", "x__body": "x", "y__body": "y", "z__body": "z", "s__body": "s", "s__adj": "sdg", "t__body": "t",
    "t__adj": "tdg", "sx__body": "sx", "sx__adj": "sxdg", "i__body": "id", "rx__body": "rx", "ry__body": "ry",
    "rz__body": "rz", "r1__body": "p", "cx__body": "cx", "cnot__body": "cx", "cy__body": "cy", "cz__body": "cz",
    "ch__body": "ch", "swap__body": "swap", "rxx__body": "rxx", "ryy__body": "ryy", "rzz__body": "rzz",
    "ccx__body": "ccx", "ccz__body": "ccz", "cswap__body": "cswap", "crx__body": "crx", "cry__body": "cry",
    "crz__body": "crz", "zzphase__body": "rzz", "ecr__body": "ecr", "iswap__body": "iswap",
}  # fmt: skip
_WITH_ANGLE = {"rx", "ry", "rz", "p", "rxx", "ryy", "rzz", "crx", "cry", "crz"}
_OTHER = {"rxy__body", "u1q__body", "phasedx__body", "rxxyyzz__body", "zzmax__body"}
_MEASURE = {"m__body", "mz__body", "measure__body", "mresetz__body"}
_RECORDS = {"result_record_output": "result", "array_record_output": "array", "tuple_record_output": "tuple"}

_POINTER = r"(?:%Qubit\*|%Result\*|ptr)\s+(?:inttoptr\s*\(i64\s+(\d+)\s+to\s+(?:%Qubit\*|%Result\*|ptr)\)|(null))"
# Either a gate or measurement in one of its usual forms (name, angle, first, null, second, null), taken apart at once;
# or any call (name, arguments), to be looked at closely
_CALL = re.compile(
    r"^\s*(?:tail\s+)?call\s(?:"
    rf"\s*void\s+@__quantum__qis__(\w+)\((?:double\s+([^\s,)]+),\s*)?{_POINTER}(?:,\s*{_POINTER})?\)"
    r"|[^@\n]*@__quantum__(?:qis|rt)__(\w+)\(([^\n]*)\))",
    re.MULTILINE,
)
_NUMBER = re.compile(r"i64\s+(\d+)\s+to\b|\b(null)\b")
_DOUBLE = re.compile(r"double\s+([^\s,)]+)")
_COUNT = re.compile(r"i64\s+(\d+)")
_HEAD = re.compile(r"^define\s[^@\n]*@(\"[^\"]*\"|[\w.$-]+)\([^\n]*\)[^\n{]*?(#\d+)?[^\n{]*\{\n", re.MULTILINE)
_ATTRIBUTE_GROUP = re.compile(r"^attributes\s+(#\d+)\s*=\s*\{(.*)\}", re.MULTILINE)
_ATTRIBUTE = re.compile(r'"([^"]+)"(?:\s*=\s*"([^"]*)")?')
_BRANCHY = re.compile(r"^\s*(?:br\s|switch\s|%\S+\s*=|store\s)", re.MULTILINE)
_LABEL = re.compile(r"^([\w.$-]+|\"[^\"]+\"):", re.MULTILINE)


def bad(problem: str) -> JobFailure:
    """Return the failure of a job whose QIR cannot be taken."""
    return JobFailure("InvalidInputData", f"qir.v1: {problem}.")


def attributes_of(text: str) -> dict[str, dict[str, str]]:
    """Return the attribute groups of a module: ``#0`` -> name -> value (empty for a name alone)."""
    start = text.find("attributes #")  # the groups stand behind the functions, which are long
    if start < 0:
        return {}
    return {
        group: {name: value or "" for name, value in _ATTRIBUTE.findall(inner)}
        for group, inner in _ATTRIBUTE_GROUP.findall(text, start)
    }


def _functions(text: str) -> Iterator[re.Match[str]]:
    """Find the heads of functions."""
    place = text.find("define")
    while place >= 0:
        found = _HEAD.match(text, place) if place == 0 or text[place - 1] == "\n" else None
        if found is not None:
            yield found
        place = text.find("define", place + 6)


def body_of(text: str, entry_point: str = "") -> tuple[str, dict[str, str]]:
    """Return the body of the entry point, and its attributes.

    Args:
        text: The module.
        entry_point: The name asked for; where the module has no such function, the one that is marked is taken.
    """
    groups = attributes_of(text)
    functions = list(_functions(text))
    if not functions:
        raise bad("there is no function")
    marked = [
        found for found in functions if {"entry_point", "EntryPoint"} & groups.get(found[2] or "", {}).keys()
    ]  # fmt: skip
    named = [found for found in functions if found[1].strip('"') == entry_point]
    chosen = (marked or named or functions)[0]
    if len(marked) > 1 and named:
        chosen = named[0]
    end = text.find("\n}", chosen.end() - 1)
    body = text[chosen.end() : end + 1] if end >= 0 else text[chosen.end() :]
    return body, groups.get(chosen[2] or "", {})


def read_qir(payload: bytes, entry_point: str = "") -> Circuit | Program:
    """Return the program in a payload.

    Args:
        payload: LLVM text in UTF-8, or bitcode.
        entry_point: Which function to run, where there are several.

    Raises:
        JobFailure: The payload is no such program; the message says why.
    """
    text = _text(payload)
    body, attributes = body_of(text, entry_point)
    if _is_branching(body):
        from qsession_core.local.readers.adaptive_qir import read_adaptive

        return read_adaptive(text, body, attributes)
    operations: list[Operation] = []
    output: list[Output] = []
    remembered: dict[tuple[str, ...], list[Operation]] = {}
    for call in _CALL.findall(body):
        known = remembered.get(call)
        if known is None:
            name, angle, first, _, second, null, other, arguments = call
            if other in _RECORDS:
                output.append(_record(other, arguments))
                continue
            if name:
                pointers = [int(first or 0), int(second or 0)] if second or null else [int(first or 0)]
                known = split(name, [constant(angle)] if angle else [], pointers)
            else:
                known = list(_operations(other, arguments))
            if not angle:  # angles seldom come twice
                remembered[call] = known
        operations += known
    num_qubits, num_results = _sizes(operations, output, attributes)
    return Circuit(num_qubits, num_results, operations, output)


def _is_branching(body: str) -> bool:
    """Say whether a body has values, branches or several blocks. Plain searches first: they are ten times as quick."""
    if (" = " in body or "br " in body or "switch " in body or "store " in body) and _BRANCHY.search(body):
        return True
    return body.count(":") > 1 and len(_LABEL.findall(body)) > 1


def _text(payload: bytes) -> str:
    """Return the payload as text; bitcode goes through pyqir where it is installed."""
    if payload[:2] == b"BC" or payload[:4] == b"\xde\xc0\x17\x0b":
        try:
            import pyqir
        except ImportError as error:
            raise JobFailure(
                "QIRPreProcessingFailed", "QIR bitcode is read by pyqir, which is not installed; send QIR as text."
            ) from error
        try:
            return str(pyqir.Module.from_bitcode(pyqir.Context(), payload))
        except ValueError as error:
            raise JobFailure("QIRPreProcessingFailed", f"The bitcode cannot be read: {error}.") from error
    try:
        return payload.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise bad("the input is neither UTF-8 text nor bitcode") from error


def number(found: tuple[str, str]) -> int:
    """Return the qubit or result that one match of a pointer means."""
    return int(found[0]) if found[0] else 0


def constant(text: str) -> float:
    """Return a double as LLVM writes it: decimal, or the 16 hex digits of its bits.

    >>> constant("0x3FF8000000000000"), constant("2.500000e-01")
    (1.5, 0.25)
    """
    try:
        value = struct.unpack(">d", bytes.fromhex(text[2:].rjust(16, "0")))[0] if text[:2] == "0x" else float(text)
    except (ValueError, struct.error) as error:
        raise bad(f"{text[:40]!r} is no double") from error
    if not math.isfinite(value):
        raise bad(f"the angle {text[:40]!r} is not finite")
    return float(value)


def split(name: str, doubles: list[float], pointers: list[int]) -> list[Operation]:
    """Return the operations that one call of a quantum instruction means."""
    word = GATE_WORDS.get(name)
    if word is not None:
        expected = 1 if word in _WITH_ANGLE else 0
        if len(doubles) != expected or len(pointers) != _NUM_QUBITS[word] or len(set(pointers)) != len(pointers):
            raise bad(f"{name} is called with the wrong arguments")
        return [(word, tuple(pointers), tuple(doubles))]
    if name in _MEASURE:
        if len(pointers) != 2:  # noqa: PLR2004 - a qubit and a result
            raise bad(f"{name} takes a qubit and a result")
        measure: Operation = ("measure", (pointers[0], pointers[1]), ())
        return [measure, ("reset", (pointers[0],), ())] if name == "mresetz__body" else [measure]
    if name == "reset__body":
        return [("reset", (pointers[0],), ())]
    if name.startswith("barrier") or name in {"initialize", "i__adj"}:
        return []
    if name in _OTHER:
        return _native(name, doubles, pointers)
    raise bad(f"the function __quantum__qis__{name} is not known")


def _native(name: str, doubles: list[float], pointers: list[int]) -> list[Operation]:
    """Read Quantinuum's own gates."""
    if name in {"rxy__body", "u1q__body", "phasedx__body"}:  # a turn by theta about an axis at phi in the xy plane
        theta, phi = doubles
        qubit = (pointers[0],)
        return [("rz", qubit, (-phi,)), ("rx", qubit, (theta,)), ("rz", qubit, (phi,))]
    pair = (pointers[0], pointers[1])
    if name == "zzmax__body":
        return [("rzz", pair, (math.pi / 2,))]
    alpha, beta, gamma = doubles
    return [("rxx", pair, (alpha,)), ("ryy", pair, (beta,)), ("rzz", pair, (gamma,))]


def _operations(name: str, arguments: str) -> Iterator[Operation]:
    pointers = [number(found) for found in _NUMBER.findall(arguments)]
    doubles = [constant(found) for found in _DOUBLE.findall(arguments)]
    if name in {"initialize", "message"}:
        return
    try:
        yield from split(name, doubles, pointers)
    except (IndexError, ValueError) as error:
        raise bad(f"{name} is called with the wrong arguments") from error


def label_of(name: str) -> str | None:
    """Return the kind of record that a runtime function writes, or None."""
    return _RECORDS.get(name)


def _record(name: str, arguments: str) -> Output:
    kind = _RECORDS[name]
    found = (_NUMBER if kind == "result" else _COUNT).search(arguments)
    if found is None:
        raise bad(f"{name} is called with the wrong arguments")
    return (kind, int(found[1] or 0))


def _sizes(operations: list[Operation], output: list[Output], attributes: dict[str, str]) -> tuple[int, int]:
    """Return how many qubits and results there are: what is declared, or more if more are used."""
    qubits = results = 0
    for name, places, _ in operations:
        if name == "measure":
            qubits, results = max(qubits, places[0] + 1), max(results, places[1] + 1)
        else:
            qubits = max(qubits, *(place + 1 for place in places))
    for kind, value in output:
        if kind == "result":
            results = max(results, value + 1)
    return (
        max(qubits, declared(attributes, "required_num_qubits", "num_required_qubits")),
        max(results, declared(attributes, "required_num_results", "num_required_results")),
    )


def declared(attributes: dict[str, str], *names: str) -> int:
    """Return the first of some number attributes that is there, or 0."""
    for name in names:
        if attributes.get(name, "").isdigit():
            return int(attributes[name])
    return 0


_NUM_QUBITS = {
    **dict.fromkeys(GATE_WORDS.values(), 2),
    **dict.fromkeys(("h", "x", "y", "z", "s", "sdg", "t", "tdg", "sx", "sxdg", "id", "rx", "ry", "rz", "p"), 1),
    **dict.fromkeys(("ccx", "ccz", "cswap"), 3),
}
