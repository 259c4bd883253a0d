"""Converts a Cirq circuit into a program, in one pass over its operations.

Qubits are numbered from 0 in Cirq's qubit order. Each measurement key becomes a register of the same name
(measurements.py); everything else that Cirq's records need is sent in the metadata (readout.py), beside the metadata of
the official client.

>>> import cirq
>>> bell = cirq.Circuit(cirq.H(cirq.q("b")), cirq.CNOT(cirq.q("b"), cirq.q("a")), cirq.measure(cirq.q("a"), key="m"))
>>> program = to_program(bell)
>>> list(program.body)
[('h', (1,), ()), ('cx', (1, 0), ()), ('measure', (0,), (0,))]
>>> program.registers
(Register(name='m', clbits=(0,)),)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cirq
import msgspec

from qsession_cirq.conversion.readout import KEY, Readout
from qsession_cirq.conversion.rules import unsupported_operation
from qsession_cirq.conversion.sweeps import params_of
from qsession_cirq.conversion.walker import Walker, frozen
from qsession_core.errors import ConversionError, UnsupportedOperationError
from qsession_core.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterable

    import sympy

    from qsession_core.program import Block

__all__ = ["Conversion", "convert", "to_program"]

_LEVELS = 2  # of a qubit


class Conversion(msgspec.Struct, frozen=True):
    """A converted circuit.

    Attributes:
        program: The program; each distinct unresolved sympy expression of the circuit is one of its parameters.
        readout: Turns the program's result into Cirq's records.
        expressions: The sympy expression of each parameter, in the program's order.
    """

    program: Program
    readout: Readout
    expressions: tuple[sympy.Basic, ...]


def to_program(circuit: cirq.AbstractCircuit) -> Program:
    """Convert a circuit into a program alone; see :func:`convert`."""
    return convert(circuit).program


def convert(
    circuit: cirq.AbstractCircuit,
    *,
    param_resolver: cirq.ParamResolverOrSimilarType = None,
    qubit_order: cirq.QubitOrderOrList = cirq.QubitOrder.DEFAULT,
) -> Conversion:
    """Convert a circuit.

    Args:
        circuit: A circuit of qubits. Sub-circuits are unrolled; tags, waits and identities are dropped; gates without
            a rule (rules.py) are decomposed by Cirq.
        param_resolver: Values of symbols; unresolved expressions become parameters.
        qubit_order: The order in which qubits are numbered.

    Raises:
        ConversionError: The circuit has operations that a program cannot represent; lists all of them.
    """
    walker = Walker(circuit, cirq.ParamResolver(param_resolver), qubit_order)
    moments: Iterable[cirq.Moment] = circuit
    if any(qubit.dimension != _LEVELS for qubit in walker.order):
        moments = [cirq.Moment(each for each in moment if not _levels(each)) for moment in circuit]
        walker.problems += [
            (
                number,
                each,
                unsupported_operation(
                    str(each), f"it acts on a qudit of {_levels(each)} levels; only qubits are supported."
                ),
            )
            for number, moment in enumerate(circuit)
            for each in moment
            if _levels(each)
        ]
    walker.walk(moments, walker.body)
    walker.problems.sort(key=lambda problem: problem[0])
    _raise_problems(walker, circuit)
    return _conversion(walker)


def _levels(operation: cirq.Operation) -> int:
    """Return the levels of an operation's first qudit that is no qubit; 0 if it acts on qubits alone."""
    return next((qubit.dimension for qubit in operation.qubits if qubit.dimension != _LEVELS), 0)


def _raise_problems(walker: Walker, circuit: cirq.AbstractCircuit) -> None:
    """Raise one error with all problems, each with the operation's index in ``circuit.all_operations()``."""
    problems: list[ConversionError] = []
    if not walker.order:
        problems.append(ConversionError("The circuit has no qubits; there is nothing to run."))
    starts = [0]
    for moment in circuit:
        starts.append(starts[-1] + len(moment.operations))
    for moment_number, operation, problem in walker.problems:
        operations = circuit[moment_number].operations
        index = starts[moment_number] + next(n for n, other in enumerate(operations) if other is operation)
        qubits = walker.indices(operation.qubits)
        message = f"Operation {index} on qubits {list(qubits)}: {problem.message}"
        problems.append(UnsupportedOperationError(message, operation=problem.operation, index=index, qubits=qubits))
    if problems:
        raise ConversionError.of(problems)


def _conversion(walker: Walker) -> Conversion:
    body, measurements = frozen(walker.body), walker.measurements
    is_dynamic = walker.is_dynamic or _is_dynamic(body)
    readout = Readout(measurements.keys(), tuple(map(str, walker.order)), is_dynamic, params_of(walker.resolver))
    program = Program(
        len(walker.order),
        measurements.num_clbits,
        body,
        measurements.registers(),
        tuple(map(str, walker.parameters)),
        name="cirq-job",
        metadata={
            "cirq": "True",
            "qubits": str(len(walker.order)),
            "measurement_dict": measurements.measurement_dict(),
            KEY: readout.to_text(),
        },
    )
    return Conversion(program, readout, tuple(walker.parameters))


def _is_dynamic(body: Block) -> bool:
    """Return whether a qubit has another operation than a measurement after a measurement."""
    measured: set[int] = set()
    start = next(body.places("measure"), len(body))
    for name, qubits in zip(body.names[start:], body.qubits[start:], strict=True):
        if name == "measure":
            measured.add(qubits[0])
        elif not measured.isdisjoint(qubits):
            return True
    return False
