"""Converts Qiskit's classical conditions and expressions into core expressions.

Qiskit's unsigned integers have a width and wrap around; the core's are unbounded. So results that can exceed their
width are masked.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.circuit.classical import expr, types

from qsession_core.errors import ConversionError
from qsession_core.expressions import Binary, Bit, Expression, Literal, Uint, Unary, simplified

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qsession_qiskit.conversion.scope import Scope

__all__ = ["condition", "equals_any", "expression", "place"]

_LOGIC = {"BIT_AND": "and", "BIT_OR": "or", "BIT_XOR": "!=", "LOGIC_AND": "and", "LOGIC_OR": "or"}
_COMPARE = {"EQUAL": "==", "NOT_EQUAL": "!=", "LESS": "<", "LESS_EQUAL": "<=", "GREATER": ">", "GREATER_EQUAL": ">="}
_BITWISE = {"BIT_AND": "&", "BIT_OR": "|", "BIT_XOR": "^", "SHIFT_RIGHT": ">>"}
_WRAPPING = {"SHIFT_LEFT": "<<", "ADD": "+", "SUB": "-", "MUL": "*"}


def condition(source: Any, scope: Scope) -> Expression:
    """Convert the condition of a control-flow operation or an instruction.

    Args:
        source: ``IfElseOp.condition``: an ``expr.Expr``, or a pair (bit or register, value).
        scope: The scope of the instruction.

    Raises:
        ConversionError: Core expressions cannot represent it.
    """
    if isinstance(source, expr.Expr):
        return expression(source, scope)
    operand, value = source
    return equals_any(operand, [int(value)], scope)


def _operand(operand: Any, scope: Scope) -> Expression:
    """Convert a bit, a register or an expression."""
    if isinstance(operand, Clbit):
        return Bit(scope.clbits[operand])
    if isinstance(operand, ClassicalRegister):
        return Uint(tuple(scope.clbits[bit] for bit in operand))
    return expression(operand, scope)


def place(target: expr.Expr, scope: Scope) -> tuple[Any, tuple[int, ...]]:
    """Return where a value is stored: the variable, None for classical bits; and its bits in the program.

    Raises:
        ConversionError: It is no variable, classical bit or register, or not of fixed bits.
    """
    match target:
        case expr.Var() if isinstance(target.var, Clbit):
            return None, (scope.clbits[target.var],)
        case expr.Var() if isinstance(target.var, ClassicalRegister):
            return None, tuple(scope.clbits[bit] for bit in target.var)
        case expr.Var() if isinstance(target.type, types.Bool | types.Uint):
            return target, scope.variables.bits(target)
        case expr.Var():
            return target, ()
        case expr.Index():
            variable, bits = place(target.target, scope)
            index = expression(target.index, scope)
            if isinstance(index, Literal) and int(index.value) < len(bits):
                return variable, (bits[int(index.value)],)
    raise ConversionError("a value can be stored in a variable, a bit or a register, at a place that is known: name it")


def equals_any(operand: Any, values: Iterable[int], scope: Scope) -> Expression:
    """Return the expression for "the bit, register or expression has one of these values"."""
    subject = _operand(operand, scope)
    if isinstance(subject, Literal):
        return Literal(int(subject.value) in {int(value) for value in values})
    if isinstance(operand, Clbit) or (isinstance(operand, expr.Expr) and isinstance(operand.type, types.Bool)):
        tests = [subject if value else Unary("not", subject) for value in values]
    else:
        tests = [Binary("==", subject, Literal(int(value))) for value in values]
    return reduce(lambda left, right: Binary("or", left, right), tests)


def expression(node: expr.Expr, scope: Scope) -> Expression:
    """Convert a classical expression, with constants folded.

    Raises:
        ConversionError: Core expressions cannot represent it.
    """

    def convert(node: expr.Expr) -> Expression:
        match node:
            case expr.Value():
                if not isinstance(node.value, bool | int | float):
                    raise ConversionError(f"the classical value {node.value!r} is not a number: compare numbers only")
                return Literal(bool(node.value) if isinstance(node.type, types.Bool) else node.value)
            case expr.Var():
                if isinstance(node.var, Clbit | ClassicalRegister):
                    return _operand(node.var, scope)
                return scope.variables.read(node)
            case expr.Unary():
                return simplified(_unary(node, convert(node.operand)))
            case expr.Binary():
                return simplified(_binary(node, convert(node.left), convert(node.right)))
            case expr.Cast():
                return _cast(node, convert(node.operand))
            case expr.Index():
                return _index(convert(node.target), convert(node.index))
            case _:
                raise ConversionError(f"the classical expression {node!r} is not supported: use bits and registers")

    return convert(node)


def _unary(node: expr.Unary, inner: Expression) -> Expression:
    if isinstance(node.type, types.Bool):
        return Literal(not inner.value) if isinstance(inner, Literal) else Unary("not", inner)
    if node.op.name == "BIT_NOT":
        return Unary("~", inner, node.type.width)
    return Binary("-", Literal(0), inner)


def _binary(node: expr.Binary, left: Expression, right: Expression) -> Expression:
    name = node.op.name
    if name in _COMPARE:
        return Binary(_COMPARE[name], left, right)
    if isinstance(node.type, types.Bool) and name in _LOGIC:
        return Binary(_LOGIC[name], left, right)
    if name == "DIV" and isinstance(left, Literal) and isinstance(right, Literal) and right.value:
        whole = isinstance(node.type, types.Uint)
        return Literal(int(left.value) // int(right.value) if whole else left.value / right.value)
    if name in _BITWISE:
        return Binary(_BITWISE[name], left, right)
    if name in _WRAPPING:
        result = Binary(_WRAPPING[name], left, right)
        return _masked(result, node.type.width) if isinstance(node.type, types.Uint) else result
    raise ConversionError(f"the classical operation {name} is not supported: compute it before the circuit runs")


def _cast(node: expr.Cast, inner: Expression) -> Expression:
    to, source = node.type, node.operand.type
    match source, to:
        case types.Bool(), types.Bool():
            return inner
        case types.Uint(), types.Uint():
            return _masked(inner, to.width) if to.width < source.width else inner
        case types.Uint(), types.Bool():
            return Binary("!=", inner, Literal(0))
        case types.Bool(), types.Uint() if isinstance(inner, Bit):
            return Uint((inner.clbit,))
        case types.Bool(), types.Uint() if not isinstance(inner, Literal):
            return inner  # in computations with integers, a truth value is 0 or 1
        case _ if isinstance(inner, Literal):
            return Literal(float(inner.value) if "Float" in type(to).__name__ else int(inner.value))
    raise ConversionError(f"a cast from {source} to {to} is not supported: compare the {source} values themselves")


def _index(target: Expression, index: Expression) -> Expression:
    if isinstance(target, Literal) and isinstance(index, Literal):
        return Literal(bool(int(target.value) >> int(index.value) & 1))
    if isinstance(target, Uint) and isinstance(index, Literal):
        place = int(index.value)
        return Bit(target.clbits[place]) if place < len(target.clbits) else Literal(value=False)
    return Binary("==", Binary("&", Binary(">>", target, index), Literal(1)), Literal(1))


def _masked(value: Expression, width: int) -> Expression:
    return simplified(Binary("&", simplified(value), Literal((1 << width) - 1)))
