"""What calls of QIR's functions mean: gates, measurements, the runtime, records of the output.

Source: the QIR specification (github.com/qir-alliance/qir-spec), Base and Adaptive profiles; docs/protocol.md 6.3.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from qsession_core.gates.words import GATES
from qsession_core.local.readers.circuit import JobFailure, Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.local.readers.circuit import Instruction

__all__ = ["bad", "constant", "instruction", "is_known", "meaning", "split"]

# QIR's names for gates -> gate words
_GATE_WORDS = {
    "h__body": "h", "x__body": "x", "y__body": "y", "z__body": "z", "s__body": "s", "s__adj": "sdg", "t__body": "t",
    "t__adj": "tdg", "sx__body": "sx", "sx__adj": "sxdg", "i__body": "id", "rx__body": "rx", "ry__body": "ry",
    "rz__body": "rz", "r1__body": "p", "cx__body": "cx", "cnot__body": "cx", "cy__body": "cy", "cz__body": "cz",
    "ch__body": "ch", "swap__body": "swap", "rxx__body": "rxx", "ryy__body": "ryy", "rzz__body": "rzz",
    "ccx__body": "ccx", "ccz__body": "ccz", "cswap__body": "cswap", "crx__body": "crx", "cry__body": "cry",
    "crz__body": "crz", "zzphase__body": "rzz", "ecr__body": "ecr", "iswap__body": "iswap",
    "rxxyyzz__body": "rxxyyzz",
}  # fmt: skip
_MEASURE = ("m__body", "mz__body", "measure__body", "mresetz__body")
_ABOUT_XY = ("rxy__body", "u1q__body", "phasedx__body")
# Name -> how many doubles and then pointers it takes
_SHAPES = {
    **{name: (GATES[word].num_params, GATES[word].num_qubits) for name, word in _GATE_WORDS.items()},
    **dict.fromkeys(_MEASURE, (0, 2)),
    **dict.fromkeys(_ABOUT_XY, (2, 1)),
    "reset__body": (0, 1),
    "zzmax__body": (0, 2),
}
# Records -> the type of what they record
_RECORDS = {"result": "ptr", "array": "i64", "tuple": "i64", "bool": "i1", "int": "i64", "double": "double"}
_RECORD_END = "_record_output"
_NO_EFFECT: dict[str, tuple[str, ...]] = {
    "message": ("ptr",),
    "begin_parallel": (),
    "end_parallel": (),
}


def bad(problem: str) -> JobFailure:
    """Return the failure of a job whose QIR cannot be taken."""
    return JobFailure("InvalidInputData", f"qir.v1: {problem}.")


def constant(text: str) -> float:
    """Return a double as LLVM writes it: decimal, or the 16 hex digits of its bits.

    >>> constant("0x3FF8000000000000"), constant("2.500000e-01")
    (1.5, 0.25)
    """
    value: float = struct.unpack(">d", bytes.fromhex(text[2:]))[0] if text[:2] == "0x" else float(text)
    return value


def meaning(function: str, types: Sequence[str], returned: str) -> tuple[str, str]:
    """Return what a call of a function that the module only declares means.

    Args:
        function: Its name.
        types: Of its arguments: ``double``, ``ptr``, ``i64`` and so on.
        returned: The type of what it returns.

    Returns:
        ``("gate", name)``, ``("record", kind)``, ``("read", "")``, ``("write", "")``, ``("initialize", "")``, or
        ``("nothing", "")``.

    Raises:
        JobFailure: It is not known, or it is called with other types than it takes.
    """
    found, expected, gives = _known(function, len(types))
    if tuple(types) != expected or returned != gives:
        shown = f"{gives} {function}({', '.join(expected)})"
        raise bad(f"{function} is called with the wrong arguments; it is {shown}")
    return found


def is_known(function: str) -> bool:
    """Say whether a function that a module only declares is known, whatever it is called with."""
    try:
        _known(function, 0)
    except JobFailure:
        return False
    return True


def _known(function: str, num_arguments: int) -> tuple[tuple[str, str], tuple[str, ...], str]:
    """Return what a function means, and the types that it takes and returns."""
    gate = function.removeprefix("__quantum__qis__")
    if gate != function:
        if gate in _SHAPES:
            doubles, pointers = _SHAPES[gate]
            return ("gate", gate), ("double",) * doubles + ("ptr",) * pointers, "void"
        if gate == "read_result__body":
            return ("read", ""), ("ptr",), "i1"
        if gate.startswith("barrier") and gate.endswith("__body"):
            return ("nothing", ""), ("ptr",) * num_arguments, "void"
    runtime = function.removeprefix("__quantum__rt__")
    if runtime != function:
        kind = runtime.removesuffix(_RECORD_END)
        if kind != runtime and kind in _RECORDS:
            return ("record", kind), (_RECORDS[kind], "ptr"), "void"
        if runtime == "read_result":
            return ("read", ""), ("ptr",), "i1"
        if runtime == "write_result":
            return ("write", ""), ("i1", "ptr"), "void"
        if runtime == "initialize":
            return ("initialize", ""), ("ptr",), "void"
        if runtime in _NO_EFFECT:
            return ("nothing", ""), _NO_EFFECT[runtime], "void"
    raise bad(f"the function {function} is not known")


def instruction(called: tuple[str, str], name: str | None, operands: Sequence[object]) -> Instruction | None:
    """Return the instruction of a call, or None if it does nothing.

    Args:
        called: As :func:`meaning` returns it.
        name: The value that it makes.
        operands: Its arguments.
    """
    kind, detail = called
    match kind:
        case "gate":
            doubles, _ = _SHAPES[detail]
            if not any(isinstance(operand, str) for operand in operands):
                return ("ops", split(detail, operands[:doubles], operands[doubles:]))
            return ("gate", detail, list(operands[:doubles]), list(operands[doubles:]))
        case "record":
            return ("record", detail, operands[0])
        case "read":
            return ("read", name, operands[0])
        case "write":
            return ("write", *operands)
        case _:
            return None


def split(name: str, angles: Sequence[object], pointers: Sequence[object]) -> list[Operation]:
    """Return the operations of a gate, a measurement or a reset.

    Raises:
        JobFailure: An angle is not finite, a pointer is not the number of a qubit, or a qubit is used twice.
    """
    doubles: list[float] = []
    for angle in angles:
        if not isinstance(angle, float) or not math.isfinite(angle):
            raise bad(f"the angle {angle!r} of {name} is not finite")
        doubles.append(angle)
    places: list[int] = []
    for pointer in pointers:
        if not isinstance(pointer, int) or not 0 <= pointer < _MAX_NUMBER:
            raise bad(f"{name} is called with {pointer!r}, which is not the number of a qubit or result")
        places.append(pointer)
    if name in _MEASURE:
        measure: Operation = ("measure", (places[0], places[1]), ())
        return [measure, ("reset", (places[0],), ())] if name == "mresetz__body" else [measure]
    if len(set(places)) != len(places):
        raise bad(f"{name} is called with one qubit twice")
    word = _GATE_WORDS.get(name)
    if word is not None:
        return [(word, tuple(places), tuple(doubles))]
    qubits = tuple(places)
    if name == "reset__body":
        return [("reset", qubits, ())]
    if name in _ABOUT_XY:  # a turn by theta about an axis at phi in the xy plane
        theta, phi = doubles
        return [("u", qubits, (theta, phi - math.pi / 2, math.pi / 2 - phi))]
    return [("rzz", qubits, (math.pi / 2,))]  # zzmax


# Beyond any machine: numbers from here on are a program's mistake
_MAX_NUMBER = 1 << 31
