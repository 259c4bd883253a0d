"""OpenQASM 2 into a circuit, by Qiskit's own reader, for targets that do not take the text itself."""

from __future__ import annotations

import re
from os import PathLike
from typing import TYPE_CHECKING

from qiskit import qasm2

from qsession_core.errors import ProgramTextError

if TYPE_CHECKING:
    from collections.abc import Collection

    from qiskit.circuit import QuantumCircuit

__all__ = ["read_openqasm"]

_PLACE = re.compile(r"^[^:\n]*:(\d+)(?:,(\d+))?: (.*)", re.DOTALL)


def read_openqasm(given: object, taken: Collection[str]) -> QuantumCircuit | None:
    """Return the circuit of a program in OpenQASM 2; None if it is something else.

    Args:
        given: A text, bytes or a path; other objects are something else.
        taken: The input data formats that the target takes as they are; none is read that it takes.

    Raises:
        ProgramTextError: It is not well formed; the error has the line.
    """
    if not isinstance(given, str | bytes | PathLike):
        return None
    from qsession_core.sources.files import source_of  # most programs are circuits, and need no languages
    from qsession_core.sources.languages import OPENQASM_2

    if OPENQASM_2.input_data_format in taken:
        return None
    source = source_of(given)
    if source.language is not OPENQASM_2:
        return None
    folders = (str(source.path.parent),) if source.path is not None else (".",)
    try:
        circuit = qasm2.loads(
            source.text,
            include_path=folders,
            custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS,
            custom_classical=qasm2.LEGACY_CUSTOM_CLASSICAL,
        )
    except qasm2.QASM2ParseError as error:
        place = _PLACE.match(error.message)
        line = int(place[1]) if place else None
        column = int(place[2]) + 1 if place and place[2] else None  # Qiskit counts columns from 0
        what = place[3] if place else error.message
        where = f"line {line}, column {column}: " if line else ""
        raise ProgramTextError(f"{where}{what}.", line=line, column=column, language=OPENQASM_2.name) from error
    circuit.name = source.name or "qsession-job"
    return circuit
