"""The values that a job passes to an entry point with parameters.

A job's ``arguments`` is a list of ``{"name": ..., "value": ..., "type": ...}``. The types that a number can hold are
passed: Int, Double, Boolean and Pauli. String, Result, Range and Array need memory or a runtime, which the profiles of
QIR do not have. Source: docs/protocol.md 5.2; the numbers of the Paulis: the QIR specification, "Data Types".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qsession_core.local.readers.qir.calls import bad

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["values_of"]

_PAULIS = {"PauliI": 0, "PauliX": 1, "PauliZ": -2, "PauliY": -1}  # of two bits, signed
_SHOWN = 80


def values_of(arguments: object, parameters: Sequence[tuple[str, str]]) -> list[int | float]:
    """Return the value of each parameter of an entry point.

    Args:
        arguments: As the job has them. They are found by name, or by their order where no parameter has a name.
        parameters: Name (empty for none) and type, such as ``i64``, of each parameter.

    Raises:
        JobFailure: They do not fit; the message lists every reason.
    """
    given: list[Any] = arguments if isinstance(arguments, list) else [arguments] if arguments else []
    shown = ", ".join(f"{type_} {name}".rstrip() for name, type_ in parameters) or "none"
    if len(given) != len(parameters):
        raise bad(f"the job has {len(given)} arguments; the entry point takes {shown}")
    if not all(isinstance(argument, dict) for argument in given):
        raise bad('arguments: each of them must be {"name": ..., "value": ..., "type": ...}')
    if any(name for name, _ in parameters):
        by_name = {argument.get("name"): argument for argument in given if isinstance(argument.get("name"), str)}
        if by_name.keys() != {name for name, _ in parameters}:
            found = ", ".join(str(argument.get("name"))[:_SHOWN] for argument in given)
            raise bad(f"the job has the arguments {found}; the entry point takes {shown}")
        given = [by_name[name] for name, _ in parameters]
    problems: list[str] = []
    values = [_value(argument, type_, problems) for argument, (_, type_) in zip(given, parameters, strict=True)]
    if problems:
        raise bad("; ".join(problems))
    return values


def _value(argument: dict[str, Any], type_: str, problems: list[str]) -> int | float:
    """Return the number that an argument is for a parameter of this type; note it if it is none."""
    value: Any = argument.get("value")
    kind = argument.get("type")
    is_int = isinstance(value, int) and not isinstance(value, bool)
    width = int(type_[1:]) if type_[0] == "i" else 0
    if kind == "Boolean" and width == 1 and isinstance(value, bool):
        return int(value)
    if kind == "Int" and width > 1 and is_int and -(1 << width) <= 2 * value < 1 << width:
        return int(value)
    if kind == "Double" and type_ == "double" and (is_int or isinstance(value, float)):
        return float(value)
    if kind == "Pauli" and width == 2 and isinstance(value, str) and value in _PAULIS:  # noqa: PLR2004 - bits of a Pauli
        return _PAULIS[value]
    name = str(argument.get("name"))[:_SHOWN]
    problems.append(f"the argument {name} is {str(value)[:_SHOWN]!r} of the type {str(kind)[:_SHOWN]}, not {type_}")
    return 0
