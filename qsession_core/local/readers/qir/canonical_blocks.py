"""Reads the branches of our own writers' adaptive programs: blocks, values, and that they fit together.

Invariants (those of LLVM's verifier, for control flow that only goes forward):

1. Every block but the first is the target of a jump from an earlier block; every block ends with its only jump.
2. A value is defined once, with a type; each use has that type.
3. The definition of a value dominates its uses: every way to the use passes it. A phi names each block that comes
   before its own once, and its values dominate the ends of those blocks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from qsession_core.local.readers.circuit import Function, Program
from qsession_core.local.readers.qir.calls import constant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qsession_core.local.readers.circuit import Instruction, Operation, Output

__all__ = ["DOUBLE", "Blocks", "NotCanonicalError"]


class NotCanonicalError(Exception):
    """This text is not of the grammar that is read here."""


DOUBLE = r"0x[0-9A-F]{16}|-?\d+\.\d+(?:e[-+]?\d+)?"
_VALUE = r"%v\d{1,9}"
_NUMBER = r"-?\d{1,18}"
_BLOCK = re.compile(r"([A-Za-z_]\w*):", re.ASCII)
_BRANCH = re.compile(rf"  br i1 ({_VALUE}), label %(\w+), label %(\w+)", re.ASCII)
_JUMP = re.compile(r"  br label %(\w+)", re.ASCII)
_READ = re.compile(
    rf"  ({_VALUE}) = call zeroext i1 @__quantum__rt__read_result"
    r"\(%Result\* inttoptr \(i64 (\d{1,9}) to %Result\*\)\)",
    re.ASCII,
)
_PHI = re.compile(
    rf"  ({_VALUE}) = phi i1 \[ ({_VALUE}|true|false), %(\w+) \], \[ ({_VALUE}|true|false), %(\w+) \]", re.ASCII
)
_CAST = re.compile(
    rf"  ({_VALUE}) = (?:(zext) i1 ({_VALUE}) to i64|(sitofp) i64 ({_VALUE}|{_NUMBER}) to double)", re.ASCII
)
_TWO = re.compile(
    rf"  ({_VALUE}) = (?:(and|or|xor) i1 ({_VALUE}|true|false), ({_VALUE}|true|false)"
    rf"|(and|or|xor|shl|ashr|add|sub|mul) i64 ({_VALUE}|{_NUMBER}), ({_VALUE}|{_NUMBER})"
    rf"|(fadd|fsub|fmul) double ({_VALUE}|{DOUBLE}), ({_VALUE}|{DOUBLE})"
    rf"|icmp (eq|ne|slt|sle|sgt|sge) i64 ({_VALUE}|{_NUMBER}), ({_VALUE}|{_NUMBER})"
    rf"|fcmp (oeq|one|olt|ole|ogt|oge) double ({_VALUE}|{DOUBLE}), ({_VALUE}|{DOUBLE}))",
    re.ASCII,
)


class Blocks:
    """The blocks of one function, read line by line.

    Args:
        label: The first block.
        operations: What was read of it already.
        output: The records that were read of it already.
        meaning: Says what a call of a function with these types means.

    Attributes:
        operations: Where operations that come now belong.
    """

    def __init__(
        self,
        label: str,
        operations: list[Operation],
        output: list[Output],
        meaning: Callable[[str, str], tuple[str, str]],
    ) -> None:
        self.operations = operations
        self._meaning = meaning
        self._label = label
        self._blocks: dict[str, list[Instruction]] = {label: []}
        self._before: dict[str, list[str]] = {label: []}
        self._is_open = True
        self._values: dict[str, tuple[str, str]] = {}  # value -> the block that defines it, its type
        self._uses: set[tuple[str, str]] = set()  # defining block, using block
        for kind, value in output:
            self._add(("record", kind, value))

    def line(self, line: str, grow: Callable[[int, int], None]) -> list[Operation]:
        """Read a line that is not a call for its effect; return where operations go from here on."""
        if not self._is_open:
            self._begin(line)
        elif found := _BRANCH.fullmatch(line):
            self._jump(("br", self._used(found[1], "i1"), found[2], found[3]), found[2], found[3])
        elif found := _JUMP.fullmatch(line):
            self._jump(("jump", found[1]), found[1])
        elif found := _READ.fullmatch(line):
            self._meaning("__quantum__rt__read_result", "%Result*")
            grow(1, int(found[2]))
            self._add(("read", self._defined(found[1], "i1"), int(found[2])))
        elif found := _PHI.fullmatch(line):
            self._phi(*found.groups())
        elif found := _CAST.fullmatch(line):
            self._cast(*found.groups())
        elif found := _TWO.fullmatch(line):
            self._computed(found[1], [part for part in found.groups()[1:] if part], line)
        else:
            raise NotCanonicalError
        return self.operations

    def record(self, record: Output) -> list[Operation]:
        """Take a record; return where operations go from here on."""
        kind, value = record
        self._add(("record", kind, self._used(value, "i1") if kind == "bool" else value))
        return self.operations

    def program(self, sizes: Sequence[int]) -> Program:
        """Return the whole program, once its last line was read."""
        self._add(("ret", 0))
        # blocks and values share their names in LLVM
        if self._before.keys() != self._blocks.keys() or any(f"%{label}" in self._values for label in self._blocks):
            raise NotCanonicalError
        self._check_dominance()
        return Program(sizes[0], sizes[1], {"main": Function((), self._blocks)}, "main")

    def _add(self, instruction: Instruction) -> None:
        if not self._is_open:
            raise NotCanonicalError
        block = self._blocks[self._label]
        if self.operations:
            block.append(("ops", self.operations))
            self.operations = []
        block.append(instruction)

    def _begin(self, line: str) -> None:
        found = _BLOCK.fullmatch(line)
        if found is None or self.operations or found[1] in self._blocks or found[1] not in self._before:
            raise NotCanonicalError
        self._label = found[1]
        self._blocks[self._label] = []
        self._is_open = True

    def _jump(self, instruction: Instruction, *targets: str) -> None:
        self._add(instruction)
        for target in targets:
            if target in self._blocks or len(set(targets)) != len(targets):
                raise NotCanonicalError
            self._before.setdefault(target, []).append(self._label)
        self._is_open = False

    def _defined(self, name: str, type_: str) -> str:
        if name in self._values:
            raise NotCanonicalError
        self._values[name] = (self._label, type_)
        return name

    def _used(self, text: str, type_: str, block: str = "") -> Any:
        """Return an operand: a number, or the name of a value that is defined before."""
        if text[0] == "%":
            defined = self._values.get(text)
            if defined is None or defined[1] != type_:
                raise NotCanonicalError
            self._uses.add((defined[0], block or self._label))
            return text
        if type_ == "i1":
            return int(text == "true")
        return int(text) if type_ == "i64" else constant(text)

    def _phi(self, name: str, one: str, from_one: str, other: str, from_other: str) -> None:
        if (
            sorted((from_one, from_other)) != sorted(self._before[self._label])
            or self.operations
            or any(instruction[0] != "phi" for instruction in self._blocks[self._label])
        ):
            raise NotCanonicalError
        sources = {from_one: self._used(one, "i1", from_one), from_other: self._used(other, "i1", from_other)}
        self._add(("phi", self._defined(name, "i1"), sources))

    def _cast(self, name: str, zext: str | None, bit: str, _sitofp: str, number: str) -> None:
        if zext:
            operand = self._used(bit, "i1")
            self._add(("cast", self._defined(name, "i64"), "zext", 1, 64, operand))
        else:
            operand = self._used(number, "i64")
            self._add(("cast", self._defined(name, "double"), "sitofp", 64, 64, operand))

    def _computed(self, name: str, parts: list[str], line: str) -> None:
        opcode, left, right = parts
        type_ = "i1" if " i1 " in line else "i64" if " i64 " in line else "double"
        operands = [self._used(left, type_), self._used(right, type_)]
        is_test = "cmp " in line
        if " icmp " in line:
            opcode = f"i{opcode}"
        self._add(
            ("set", self._defined(name, "i1" if is_test else type_), opcode, 1 if type_ == "i1" else 64, operands)
        )

    def _check_dominance(self) -> None:
        """Check that every value is defined on every way to its uses.

        Blocks stand in the text behind all blocks that lead to them, so that one pass finds the dominators.
        """
        above: dict[str, str] = {}
        depth: dict[str, int] = {}
        below: dict[str, list[str]] = {label: [] for label in self._blocks}
        for label in self._blocks:
            before = self._before[label]
            depth[label] = 0
            if before:
                common = before[0]
                for other in before[1:]:
                    while common != other:
                        if depth[common] < depth[other]:
                            other = above[other]  # noqa: PLW2901 - both climb until they meet
                        else:
                            common = above[common]
                above[label] = common
                below[common].append(label)
                depth[label] = depth[common] + 1
        interval: dict[str, tuple[int, int]] = {}
        order = 0
        stack = [(next(iter(self._blocks)), False)]
        while stack:
            label, is_done = stack.pop()
            if is_done:
                interval[label] = (interval[label][0], order)
                continue
            interval[label] = (order, 0)
            order += 1
            stack.append((label, True))
            stack += [(inner, False) for inner in below[label]]
        for defining, using in self._uses:
            first, last = interval[defining]
            if not first <= interval[using][0] < last:
                raise NotCanonicalError
