"""Quantinuum's classical extensions of OpenQASM 2: assignments to bits and registers, and conditions over them.

``c0[0] = c1[0];``, ``c[2] = (c[0] ^ c[1]);``, ``if(c[0]==1) ...``, ``if(a<=b) ...``. Registers are unsigned numbers
whose bit i is worth 2**i; an assignment keeps the low bits that its target has. Source: Quantinuum's documentation,
"OpenQASM 2.0 extensions"; docs/protocol.md 6.4.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from qsession_core.local.readers.openqasm2_gates import bad

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qsession_core.local.readers.allowance import Allowance
    from qsession_core.local.readers.circuit import Instruction

__all__ = ["Classical"]

_BINARY: dict[type[ast.operator], str] = {
    ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor", ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul",
    ast.Div: "udiv", ast.LShift: "shl", ast.RShift: "lshr",
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "ieq", ast.NotEq: "ine", ast.Lt: "iult", ast.LtE: "iule", ast.Gt: "iugt", ast.GtE: "iuge",
}  # fmt: skip
_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_MAX_LENGTH = 2_000
_NARROWEST = 64
_WIDEST = 1_024  # the widest register that is computed with; Quantinuum's have at most 64 bits

# The name of a value or a number, and how many bits it has
Operand = tuple[str | int, int]


class Classical:
    """Writes expressions as instructions.

    Args:
        registers: Name of a classical register -> its bits, lowest first.
        emit: Takes the next instruction.
        allowance: What the program may still expand to.
    """

    def __init__(
        self, registers: Mapping[str, tuple[int, ...]], emit: Callable[[Instruction], None], allowance: Allowance
    ) -> None:
        self._registers = registers
        self._emit = emit
        self._allowance = allowance
        self._widest = (0, _NARROWEST)  # so many registers have this width
        self._count = 0

    def condition(self, text: str) -> str | int:
        """Return a value that is not 0 where a condition holds."""
        return self._of(_parsed(text))[0]

    def assign(self, name: str, index: int | None, text: str) -> None:
        """Set a register, or one bit of it."""
        bits = self._registers.get(name)
        if bits is None or (index is not None and index >= len(bits)):
            raise bad(f"there is no classical bit {name}{'' if index is None else f'[{index}]'}")
        value, _ = self._of(_parsed(text))
        self._allowance.spend(3 * len(bits) if index is None else 3)
        for place, bit in enumerate(bits if index is None else (bits[index],)):
            if isinstance(value, int):
                self._emit(("write", value >> place & 1, bit))
            else:
                shifted = self._new("lshr", value, place) if place else value
                self._emit(("write", self._new("and", shifted, 1), bit))

    @property
    def _width(self) -> int:
        """The bits that are computed with: more than any register has."""
        if self._widest[0] != len(self._registers):
            widths = [len(bits) + 1 for bits in self._registers.values()]
            self._widest = (len(widths), max(_NARROWEST, min(max(widths), _WIDEST + 1)))
        return self._widest[1]

    def _new(self, opcode: str, left: str | int, right: str | int) -> str:
        name = self._named()
        self._emit(("set", name, opcode, self._width, [left, right]))
        return name

    def _named(self) -> str:
        self._count += 1
        return f"%{self._count}"

    def _of(self, node: ast.expr) -> Operand:
        match node:
            case ast.Constant(value=int() as number) if not isinstance(number, bool):
                if number >> self._width:
                    raise bad(f"the number {str(number)[:40]} is larger than any register")
                return number, max(1, number.bit_length())
            case ast.Name(id=name):
                return self._read(self._bits(name[1:]))
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=int() as index)):
                bits = self._bits(name[1:])
                if not 0 <= index < len(bits):
                    raise bad(f"{name[1:]}[{index}] is beyond the end of its register")
                return self._read(bits[index : index + 1])
            case ast.UnaryOp(op=ast.Invert(), operand=inner):
                value, bits_of = self._of(inner)
                return self._new("xor", value, (1 << bits_of) - 1), bits_of
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return self._new("sub", 0, self._of(inner)[0]), self._width
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                (one, width), (other, other_width) = self._of(left), self._of(right)
                opcode = _BINARY[type(op)]
                wide = max(width, other_width) if opcode in {"and", "or", "xor"} else self._width
                return self._new(opcode, one, other), wide
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
                return self._new(_COMPARE[type(op)], self._of(left)[0], self._of(right)[0]), 1
        raise bad("an expression uses what is not understood here")

    def _bits(self, name: str) -> tuple[int, ...]:
        bits = self._registers.get(name)
        if bits is None:
            raise bad(f"there is no creg {name[:40]}")
        return bits

    def _read(self, bits: tuple[int, ...]) -> Operand:
        if len(bits) > _WIDEST:
            raise bad(f"an expression uses a register of {len(bits)} bits; at most {_WIDEST} can be computed with")
        self._allowance.spend(3 * len(bits))
        total: str | int = 0
        for place, bit in enumerate(bits):
            name = self._named()
            self._emit(("read", name, bit))
            value: str | int = self._new("shl", name, place) if place else name
            total = self._new("or", total, value) if place else value
        return total, len(bits)


def _parsed(text: str) -> ast.expr:
    if len(text) > _MAX_LENGTH:
        raise bad(f"the expression {text[:60]!r} is too long")
    try:
        return ast.parse(_WORD.sub(r"_\g<0>", text.strip()), mode="eval").body
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise bad(f"{text[:60]!r} is not an expression") from error
