"""Reads pyqir's instructions other than calls, each into one of the tuples of `circuit.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qsession_core.local.readers.qir.calls import bad
from qsession_core.local.readers.qir.llvm_values import name_of_type, size_of

if TYPE_CHECKING:
    from qsession_core.local.readers.circuit import Instruction
    from qsession_core.local.readers.qir.llvm_values import Values

__all__ = ["one_line", "read_instruction"]

_SHOWN = 80
_BINARY = {
    name.upper(): name
    for name in (
        "add", "sub", "mul", "udiv", "sdiv", "urem", "srem", "and", "or", "xor", "shl", "lshr", "ashr", "fadd", "fsub",
        "fmul", "fdiv", "frem", "fneg",
    )
}  # fmt: skip
_CASTS = {
    "ZEXT": "zext", "SEXT": "sext", "TRUNC": "trunc", "FP_TO_SI": "fptosi", "FP_TO_UI": "fptoui",
    "SI_TO_FP": "sitofp", "UI_TO_FP": "uitofp", "INT_TO_PTR": "inttoptr", "PTR_TO_INT": "ptrtoint",
}  # fmt: skip


def one_line(text: str) -> str:
    """Return a text of LLVM's without its line breaks, as part of a message."""
    return " ".join(text.split())[: 3 * _SHOWN].rstrip(".")


def read_instruction(entry: Any, values: Values) -> Instruction:
    """Return the tuple of an instruction that is no call.

    Args:
        entry: The instruction, of pyqir.
        values: The values of its function.

    Raises:
        JobFailure: It is not understood here; the message names it.
    """
    opcode = _word(entry.opcode)
    match opcode:
        case "BR":
            return _jump(entry, values)
        case "SWITCH":
            return _switch(entry, values)
        case "RET":
            operands = values.operands(entry.operands)
            return ("ret", operands[0] if operands else None)
        case "UNREACHABLE":
            return ("unreachable",)
        case "ICMP" | "FCMP":
            return _compare(entry, values)
        case "SELECT" | "FREEZE":
            return _select(entry, values)
        case "PHI":
            return _phi(entry, values)
        case "ALLOCA" | "LOAD" | "STORE" | "GET_ELEMENT_PTR":
            return _memory(opcode, entry, values)
    if opcode in _BINARY:
        kind = name_of_type(entry.type)
        return (
            "set",
            values.name(entry),
            _BINARY[opcode],
            _width(kind),
            values.operands(entry.operands),
        )
    if opcode in _CASTS:
        (operand,) = entry.operands
        source, target = name_of_type(operand.type), name_of_type(entry.type)
        return (
            "cast", values.name(entry), _CASTS[opcode], _width(source), _width(target),
            values.operand(operand),
        )  # fmt: skip
    raise bad(f"the instruction {one_line(str(entry))[:_SHOWN]!r} is not understood here")


def _jump(entry: Any, values: Values) -> Instruction:
    *condition, no, yes = entry.operands if len(entry.operands) > 1 else entry.operands * 2  # LLVM's order
    if not condition:
        return ("jump", values.label(yes))
    return ("br", values.operand(condition[0]), values.label(yes), values.label(no))


def _switch(entry: Any, values: Values) -> Instruction:
    condition, default, *rest = entry.operands
    numbers, blocks = rest[::2], rest[1::2]
    cases = {values.operand(value): values.label(block) for value, block in zip(numbers, blocks, strict=True)}
    return ("switch", values.operand(condition), values.label(default), cases)


def _compare(entry: Any, values: Values) -> Instruction:
    left = name_of_type(entry.operands[0].type)
    predicate = _word(entry.predicate).lower()
    opcode = f"i{predicate}" if _word(entry.opcode) == "ICMP" else predicate
    return ("set", values.name(entry), opcode, _width(left), values.operands(entry.operands))


def _select(entry: Any, values: Values) -> Instruction:
    name_of_type(entry.type)
    operands = values.operands(entry.operands)
    if len(operands) == 1:  # freeze
        return ("select", values.name(entry), 1, operands[0], operands[0])
    if name_of_type(entry.operands[0].type) != "i1":
        raise bad("a select over vectors is not understood here")
    return ("select", values.name(entry), *operands)


def _phi(entry: Any, values: Values) -> Instruction:
    name_of_type(entry.type)
    sources = {values.label(block): values.operand(value) for value, block in entry.incoming}
    return ("phi", values.name(entry), sources)


def _memory(opcode: str, entry: Any, values: Values) -> Instruction:
    operands = values.operands(entry.operands)
    if opcode == "STORE":
        return ("store", name_of_type(entry.operands[0].type), *operands)
    name = values.name(entry)
    if opcode == "LOAD":
        return ("load", name, name_of_type(entry.type), operands[0])
    if opcode == "ALLOCA":
        if not isinstance(operands[0], int) or operands[0] < 0:
            raise bad("memory of a computed size is not understood here")
        return ("alloca", name, operands[0] * size_of(entry.allocated_type))
    address, *indices = operands
    strides = values.strides(str(entry), len(indices))
    return ("gep", name, address, list(zip(indices, strides, strict=True)))


def _word(constant: Any) -> str:
    """Return the name of one of pyqir's constants."""
    return str(constant).rpartition(".")[2]


def _width(kind: str) -> int:
    """Return the bits of a type; doubles and pointers have 64."""
    return int(kind[1:]) if kind[0] == "i" else 64
