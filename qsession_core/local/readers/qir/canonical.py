"""Reads the QIR that our own writers and the Base profile of Microsoft's compiler write, and nothing else.

Invariants:

1. Every line matches one pattern whole. A text with any other line is left to LLVM's own parser (`llvm.py`); no
   line is ever skipped.
2. What is accepted is a module that LLVM accepts: every function that is called is declared with the types of the call,
   every label and every piece of metadata is defined once, every value is defined before it is used.
3. Time is linear in the text: no pattern can match one text in two ways.
4. Numbers of qubits and results that LLVM would read in another way than Python (more than nine digits) are not ours.

Gates are read by one expression over the whole body; equal lines are read once and remembered.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

from qsession_core.local.readers.allowance import check_widths
from qsession_core.local.readers.circuit import Circuit, Operation, Output, Program
from qsession_core.local.readers.qir.calls import constant, instruction, meaning, split
from qsession_core.local.readers.qir.canonical_blocks import DOUBLE, Blocks, NotCanonicalError

__all__ = ["read_canonical"]

_QUBIT = r"%Qubit\* inttoptr \(i64 (\d{1,9}) to %Qubit\*\)"
_LABEL = r"getelementptr inbounds \(\[(\d+) x i8\], \[\1 x i8\]\* @(\d+), i64 0, i64 0\)"
# One line: a call of a gate or a measurement, taken apart at once; or any other line, to be looked at closely
_LINE = re.compile(
    rf"^(?:  call void @__quantum__qis__(\w+)\((?:double ({DOUBLE}), )?(%[^\n]+)\)|(.+))\n", re.MULTILINE | re.ASCII
)
_PLACES = re.compile(
    rf"{_QUBIT}(?:, %(Qubit|Result)\* inttoptr \(i64 (\d{{1,9}}) to %\2\*\))?(?:, {_QUBIT})?", re.ASCII
)
_RECORD = re.compile(
    r"  call void @__quantum__rt__(\w+)_record_output\("
    r"(?:%Result\* inttoptr \(i64 (\d{1,9}) to %Result\*\)|i64 (\d{1,9})|i1 (%v\d+)), i8\* ([^\n]+)\)",
    re.ASCII,
)
_LABELLED = re.compile(_LABEL, re.ASCII)
_BARRIER = re.compile(rf"  call void @(__quantum__qis__barrier\d+__body)\({_QUBIT}(?:, {_QUBIT})*\)", re.ASCII)
_INITIALIZE = "  call void @__quantum__rt__initialize(i8* null)"
_DEFINE = re.compile(r"define i64 @([A-Za-z_]\w*)\(\) #0 \{\n([A-Za-z_]\w*):\n", re.ASCII)
_GLOBAL = re.compile(r'@(\d+) = internal constant \[(\d+) x i8\] c"(\w*)\\00"', re.ASCII)
_TYPES = {"double": "double", "i1": "i1", "i64": "i64", "%Qubit*": "ptr", "%Result*": "ptr", "i8*": "ptr"}
_TYPE = "|".join(map(re.escape, _TYPES))
_DECLARE = re.compile(
    rf"declare (void|zeroext i1) @([A-Za-z_]\w*)\(((?:{_TYPE})(?:, (?:{_TYPE}))*)\)(?: #1)?", re.ASCII
)
_ATTRIBUTES = re.compile(
    r'attributes #0 = \{ "entry_point" "output_labeling_schema" "qir_profiles"="(?:base|adaptive)_profile" '
    r'"required_num_qubits"="(\d{1,9})" "required_num_results"="(\d{1,9})" \}',
    re.ASCII,
)
_IRREVERSIBLE = 'attributes #1 = { "irreversible" }'
_FLAGS = (
    '!{i32 1, !"qir_major_version", i32 1}',
    '!{i32 7, !"qir_minor_version", i32 0}',
    '!{i32 1, !"dynamic_qubit_management", i1 false}',
    '!{i32 1, !"dynamic_result_management", i1 false}',
    '!{i32 5, !"int_computations", !{!"i64"}}',
    '!{i32 5, !"float_computations", !{!"double"}}',
)
_BASE_FLAGS = 4


def read_canonical(text: str, entry_point: str = "") -> Circuit | Program | None:
    """Return the program of a text; None if the text has another form, and perhaps means something to LLVM.

    Args:
        text: The module.
        entry_point: The function to run; empty for the one that is marked.

    Raises:
        JobFailure: The text has this form and cannot be run: an angle that is not finite, one qubit twice.
    """
    found = _DEFINE.search(text)
    end = text.find("\n}\n", found.end() - 1) if found else -1
    if found is None or end < 0 or entry_point not in {"", found[1]}:
        return None
    module = _Module()
    try:
        module.head(text[: found.start()])
        module.tail(text[end + 3 :])
        if found[1] in module.declared:
            return None
        return _Body(module, found[2]).read(text[found.end() : end + 1])
    except NotCanonicalError:
        return None


class _Module:
    """What stands around the function: labels, declarations, attributes, metadata."""

    def __init__(self) -> None:
        self.labels: dict[str, str] = {}
        self.declared: dict[str, tuple[str, str]] = {}
        self.num_qubits = self.num_results = 0
        self._meanings: dict[tuple[str, str], tuple[str, str]] = {}

    def head(self, text: str) -> None:
        types: list[str] = []
        for line in text.split("\n"):
            if line in {"%Result = type opaque", "%Qubit = type opaque"}:
                types.append(line)
            elif line:
                found = _GLOBAL.fullmatch(line)
                if found is None or int(found[1]) != len(self.labels) or int(found[2]) != len(found[3]) + 1:
                    raise NotCanonicalError
                self.labels[found[1]] = found[2]
        if sorted(types) != ["%Qubit = type opaque", "%Result = type opaque"]:
            raise NotCanonicalError

    def tail(self, text: str) -> None:
        lines = [line for line in text.split("\n") if line and line != "; module flags"]
        while lines and lines[0].startswith("declare "):
            found = _DECLARE.fullmatch(lines.pop(0))
            if found is None or found[2] in self.declared:
                raise NotCanonicalError
            self.declared[found[2]] = (found[3], found[1])
        number = len(lines) - 3
        attributes = _ATTRIBUTES.fullmatch(lines[0]) if _BASE_FLAGS <= number <= len(_FLAGS) else None
        listed = ", ".join(f"!{place}" for place in range(number))
        if (
            attributes is None
            or lines[1] != _IRREVERSIBLE
            or lines[2] != f"!llvm.module.flags = !{{{listed}}}"
            or lines[3:] != [f"!{place} = {flag}" for place, flag in enumerate(_FLAGS[:number])]
        ):
            raise NotCanonicalError
        self.num_qubits, self.num_results = int(attributes[1]), int(attributes[2])

    def meaning(self, function: str, parameters: str) -> tuple[str, str]:
        """Return what a call with these types means; the function must be declared with them."""
        known = self._meanings.get((function, parameters))
        if known is None:
            declared = self.declared.get(function)
            if declared is None or declared[0] != parameters:
                raise NotCanonicalError
            types = [_TYPES[part] for part in parameters.split(", ")]
            known = meaning(function, types, declared[1].removeprefix("zeroext "))
            self._meanings[function, parameters] = known
        return known


class _Body:
    """Reads the lines of the function."""

    def __init__(self, module: _Module, label: str) -> None:
        self._module = module
        self._label = label
        self._sizes = [module.num_qubits, module.num_results]

    def read(self, body: str) -> Circuit | Program:
        lines = _LINE.findall(body)
        if len(lines) != body.count("\n") or not lines or lines[-1][3] != "  ret i64 0":
            raise NotCanonicalError
        operations: list[Operation] = []
        output: list[Output] = []
        remembered: dict[tuple[str, str], list[Operation]] = {}
        turns: dict[tuple[str, str], tuple[str, tuple[int, ...]]] = {}  # the same for gates, without their angles
        blocks: Blocks | None = None
        for name, angle, places, other in lines[:-1]:
            if angle:
                turn = turns.get((name, places))
                if turn is not None and not output and isfinite(value := constant(angle)):
                    operations.append((*turn, (value,)))
                    continue
            elif places:
                known = remembered.get((name, places))
                if known is not None and not output:
                    operations += known
                    continue
            else:
                if blocks is None and not other.startswith("  call "):
                    blocks = Blocks(self._label, operations, output, self._module.meaning)
                if blocks is None:
                    if other == _INITIALIZE and operations:
                        raise NotCanonicalError
                    self._call(other, output)
                else:
                    operations = self._in_block(blocks, other)
                continue
            if output:
                raise NotCanonicalError  # records come last
            new = self._gate(name, angle, places)
            operations += new
            if not angle:
                remembered[name, places] = new
            elif len(new) == 1:
                turns[name, places] = new[0][:2]
        check_widths("qir.v1", *self._sizes)
        if blocks is not None:
            return blocks.program(self._sizes)
        return Circuit(self._sizes[0], self._sizes[1], operations, output)

    def _gate(self, name: str, angle: str, places: str) -> list[Operation]:
        """Read a gate or a measurement that comes for the first time."""
        found = _PLACES.fullmatch(places)
        if found is None:
            line = f"  call void @__quantum__qis__{name}({places})"
            if angle or _BARRIER.fullmatch(line) is None:
                raise NotCanonicalError
            self._call(line, [])
            return []
        first, kind, second, third = found.groups()
        types = ["double"] * bool(angle) + ["%Qubit*"] + [f"%{kind}*"] * bool(kind) + ["%Qubit*"] * bool(third)
        what, gate = self._module.meaning(f"__quantum__qis__{name}", ", ".join(types))
        if what != "gate":  # a barrier
            return []
        pointers = [int(text) for text in (first, second, third) if text]
        self._grow(0, pointers[0] if kind == "Result" else max(pointers))
        if kind == "Result":
            self._grow(1, pointers[1])
        return split(gate, [constant(angle)] if angle else [], pointers)

    def _grow(self, which: int, number: int) -> None:
        if number >= self._sizes[which]:
            self._sizes[which] = number + 1

    def _call(self, line: str, output: list[Output]) -> None:
        """Read a call that is not a gate's, in a program without branches."""
        record = self.record(line)
        if record is not None:
            output.append(record)
        elif line == _INITIALIZE:
            self._module.meaning("__quantum__rt__initialize", "i8*")
        else:
            found = _BARRIER.fullmatch(line)
            if found is None:
                raise NotCanonicalError
            self._module.meaning(found[1], ", ".join(["%Qubit*"] * line.count("inttoptr")))

    def _in_block(self, blocks: Blocks, line: str) -> list[Operation]:
        """Read a line of a program with branches; return where operations go from here on."""
        if line == _INITIALIZE:
            raise NotCanonicalError
        if line.startswith("  call "):
            record: list[Output] = []
            self._call(line, record)
            return blocks.record(record[0]) if record else blocks.operations
        return blocks.line(line, self._grow)

    def record(self, line: str) -> Output | None:
        """Return the record of a line, if it is one."""
        found = _RECORD.fullmatch(line)
        if found is None:
            return None
        kind, result, number, value, label = found.groups()
        labelled = _LABELLED.fullmatch(label)
        if labelled is None or self._module.labels.get(labelled[2]) != labelled[1]:
            raise NotCanonicalError
        type_ = "%Result*" if result else "i64" if number else "i1"
        called = self._module.meaning(f"__quantum__rt__{kind}_record_output", f"{type_}, i8*")
        made: Any = instruction(called, None, [value or int(result or number)])
        if result:
            self._grow(1, made[2])
        return (made[1], made[2])
