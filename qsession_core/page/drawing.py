"""A program drawn as people draw circuits: a wire for each qubit, time from left to right.

The local workspace's readers read the program, whoever runs the job. A drawing is a list of shapes, each
``[tag of SVG, attributes, *children]``, where a child is a shape or a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qsession_core.gates.controls import without_controls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.local.readers.circuit import Circuit, Operation

__all__ = ["drawn"]

_Shape = list[Any]
_COLUMN, _WIRE, _LEFT, _TOP = 44, 32, 44, 20  # distances, in pixels
_WORDS = {
    "sdg": "S†", "tdg": "T†", "sx": "√X", "sxdg": "√X†", "id": "I", "reset": "|0⟩", "matrix": "U",
}  # fmt: skip
_LONGEST_WORD = 5
_MOST_QUBITS, _MOST_OPERATIONS = 40, 600
_MOST_STEPS = 5000  # instructions of a program with loops that are carried out for its drawing


def drawn(payload: bytes, input_format: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{"label", "width", "height", "shapes"}``, or ``{"problem"}`` with the reason why it is not drawn.

    Args:
        payload: The job's input.
        input_format: How it is written.
        params: The job's inputParams.
    """
    from qsession_core.local.execution.items import items_in
    from qsession_core.local.execution.placing import is_cheap_to_read
    from qsession_core.local.execution.prepare import read
    from qsession_core.local.interpreter.flattening import flattened
    from qsession_core.local.interpreter.limits import TooManyStepsError
    from qsession_core.local.readers.circuit import Circuit, JobFailure, Program

    if not is_cheap_to_read(payload, input_format, params):
        return {"problem": f"The program, of {len(payload):,} bytes, is not drawn: reading it may take long."}
    try:
        items = items_in(params)
        program = read(payload, input_format, items[0])
        if isinstance(program, Program):
            program = flattened(program, _MOST_STEPS) or program
    except JobFailure as failure:
        return {"problem": failure.message}
    except TooManyStepsError:
        return {"problem": "The program has too many steps to draw."}
    if not isinstance(program, Circuit):
        return {"problem": "The program branches on results or is made of pulses; it has no drawing as a circuit."}
    if program.num_qubits > _MOST_QUBITS or len(program.operations) > _MOST_OPERATIONS:
        return {
            "problem": f"The circuit has {program.num_qubits} qubits and {len(program.operations):,} operations; "
            "it is too large to draw."
        }
    return _shapes(program)


def _shapes(circuit: Circuit) -> dict[str, Any]:
    """Put each gate in the first column in which all wires that it touches or crosses are free, and draw it."""
    free = [0] * circuit.num_qubits
    gates: list[_Shape] = []
    for operation in circuit.operations:
        qubits = operation[1][:1] if operation[0] == "measure" else operation[1]
        # a line is drawn between a gate's qubits, so nothing may stand on the wires between them
        first, last = (min(qubits), max(qubits)) if qubits else (0, -1)
        column = max(free[first : last + 1], default=0)
        free[first : last + 1] = [column + 1] * (last + 1 - first)
        gates.append(_gate(operation, _LEFT + _COLUMN * column + _COLUMN // 2))
    width = _LEFT + _COLUMN * max(free, default=0) + 16
    wires: list[_Shape] = []
    for qubit in range(circuit.num_qubits):
        wires.append(["text", {"x": _LEFT - 10, "y": _y(qubit) + 4, "text-anchor": "end"}, f"q{qubit}"])
        wires.append(["line", {"class": "wire", "x1": _LEFT, "x2": width, "y1": _y(qubit), "y2": _y(qubit)}])
    return {
        "label": f"Circuit, qubits: {circuit.num_qubits}, operations: {len(circuit.operations)}",
        "width": width,
        "height": 2 * _TOP + _WIRE * max(0, circuit.num_qubits - 1),
        "shapes": wires + gates,
    }


def _y(qubit: int) -> int:
    return _TOP + _WIRE * qubit


def _gate(operation: Operation, x: int) -> _Shape:
    """Draw one gate at a place across."""
    name, qubits, angles = operation
    if name == "measure":
        title = f"measure q{qubits[0]} into bit {qubits[1]}"
        return ["g", {"class": "gate"}, ["title", {}, title], *_meter(x, _y(qubits[0]), qubits[1])]
    base, number = without_controls(name)
    controls, targets = qubits[:number], qubits[number:]
    figures = [f"{angle:.4g}" for angle in angles if isinstance(angle, (int, float))]
    given = f"({', '.join(figures)})" if figures else ""
    parts: list[_Shape] = [
        ["title", {}, f"{'controlled ' * bool(controls)}{base}{given} on {', '.join(f'q{qubit}' for qubit in qubits)}"]
    ]
    if len(qubits) > 1:
        parts.append(["line", {"x1": x, "x2": x, "y1": _y(min(qubits)), "y2": _y(max(qubits))}])
    dots = qubits if base == "z" and controls else controls
    parts += [["circle", {"class": "full", "cx": x, "cy": _y(qubit), "r": 4}] for qubit in dots]
    for qubit in targets:
        y = _y(qubit)
        if base == "x" and controls:
            parts.append(["circle", {"class": "ring", "cx": x, "cy": y, "r": 9}])
            parts.append(["path", {"d": f"M{x - 9} {y}h18M{x} {y - 9}v18"}])
        elif base == "swap":
            parts.append(["path", {"d": f"M{x - 5} {y - 5}l10 10m0 -10l-10 10"}])
        elif qubit not in dots:
            parts += _box(x, y, base, figures)
    return ["g", {"class": "gate"}, *parts]


def _box(x: int, y: int, name: str, figures: list[str]) -> list[_Shape]:
    word = _WORDS.get(name) or (f"{name[:4]}…" if len(name) > _LONGEST_WORD else name.upper())
    shapes: list[_Shape] = [
        _frame(x, y),
        ["text", {"x": x, "y": y - 1 if figures else y + 4, "text-anchor": "middle"}, word],
    ]
    if figures:
        angle = figures[0] if len(figures) == 1 else "…"
        shapes.append(["text", {"class": "angle", "x": x, "y": y + 9, "text-anchor": "middle"}, angle])
    return shapes


def _meter(x: int, y: int, result: int) -> list[_Shape]:
    return [
        _frame(x, y),
        ["path", {"d": f"M{x - 12} {y + 5}a9 9 0 0 1 18 0m-9 0l6 -10"}],
        ["text", {"class": "angle", "x": x + 15, "y": y + 9, "text-anchor": "end"}, str(result)],
    ]


def _frame(x: int, y: int) -> _Shape:
    return ["rect", {"x": x - 18, "y": y - 13, "width": 36, "height": 26, "rx": 2}]
