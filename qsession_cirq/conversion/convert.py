"""cirq.Circuit -> Program, in one pass over the operations.

Qubits of any kind get indices without gaps, in Cirq's order. A measurement key becomes a register with Cirq's own name;
what a register cannot say goes into the metadata (readout.py), beside the keys that the official client writes and
reads.

>>> import cirq
>>> bell = cirq.Circuit(cirq.H(cirq.q("b")), cirq.CNOT(cirq.q("b"), cirq.q("a")), cirq.measure(cirq.q("a"), key="m"))
>>> program = to_program(bell)
>>> list(program.body)
[('h', (1,), ()), ('cx', (1, 0), ()), ('measure', (0,), (0,))]
>>> program.registers
(Register(name='m', clbits=(0,)),)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cirq
import msgspec

from qsession_cirq.conversion.readout import KEY, Key, Readout
from qsession_cirq.conversion.rules import unsupported
from qsession_cirq.conversion.sweeps import params_of
from qsession_cirq.conversion.walker import Walker
from qsession_core.errors import ConversionError, UnsupportedOperationError
from qsession_core.program import Program, Register

if TYPE_CHECKING:
    import sympy

    from qsession_core.program import Block

__all__ = ["Conversion", "convert", "to_program"]


@dataclass(frozen=True, slots=True)
class Conversion:
    """A program and what only Cirq's side needs to know of it.

    Attributes:
        program: The program; each sympy expression left in the circuit is one of its parameters.
        readout: How to make Cirq's records of its result.
        expressions: The sympy expression of each parameter, in the program's order.
    """

    program: Program
    readout: Readout
    expressions: tuple[sympy.Basic, ...]


def to_program(circuit: cirq.AbstractCircuit) -> Program:
    """Convert a circuit; see :func:`convert`."""
    return convert(circuit).program


def convert(
    circuit: cirq.AbstractCircuit,
    *,
    param_resolver: cirq.ParamResolverOrSimilarType = None,
    qubit_order: cirq.QubitOrderOrList = cirq.QubitOrder.DEFAULT,
) -> Conversion:
    """Convert a circuit.

    Args:
        circuit: Any circuit of qubits. Sub-circuits are unrolled, tags, waits and identities dropped, and gates that
            have no word of their own are decomposed by Cirq.
        param_resolver: Values of symbols; those that it leaves open become parameters.
        qubit_order: The order that gives qubits their indices.

    Returns:
        The program with what Cirq's side needs to know of it.

    Raises:
        ConversionError: Something in it cannot be sent; every such operation is listed.
    """
    walker = Walker(circuit, cirq.ParamResolver(param_resolver), qubit_order)
    walker.walk(circuit, walker.body)
    _raise_problems(walker, circuit)
    return _conversion(walker)


def _raise_problems(walker: Walker, circuit: cirq.AbstractCircuit) -> None:
    """Raise one error of all problems, each with its place in ``circuit.all_operations()``."""
    problems: list[ConversionError] = [
        unsupported(str(qubit), f"it has {qubit.dimension} levels; only qubits can be sent.")
        for qubit in walker.order
        if qubit.dimension != 2  # noqa: PLR2004 - a qubit
    ]
    if not walker.order:
        problems.append(ConversionError("The circuit has no qubits; there is nothing to run."))
    starts = [0]
    for moment in circuit:
        starts.append(starts[-1] + len(moment.operations))
    for moment_number, operation, problem in walker.problems:
        place = next(n for n, one in enumerate(circuit[moment_number].operations) if one is operation)
        index = starts[moment_number] + place
        qubits = walker.where(operation.qubits)
        message = f"Operation {index} on qubits {list(qubits)}: {problem.message}"
        problems.append(UnsupportedOperationError(message, operation=problem.operation, index=index, qubits=qubits))
    if problems:
        raise ConversionError.of(problems)


def _conversion(walker: Walker) -> Conversion:
    body = walker.body.block()
    registers = tuple(
        Register(name, tuple(clbit for one in recorded for clbit in one.clbits))
        for name, recorded in walker.measured.items()
    )
    keys = tuple(
        Key(
            name,
            len(recorded),
            len(recorded[0].clbits),
            tuple(place for place, bit in enumerate(bit for one in recorded for bit in one.inverted) if bit),
            tuple(walker.confusions[name]),
        )
        for name, recorded in walker.measured.items()
    )
    is_dynamic = walker.is_dynamic or _is_dynamic(body)
    readout = Readout(keys, tuple(map(str, walker.order)), is_dynamic, params_of(walker.resolver))
    metadata = {
        "cirq": "True",
        "qubits": str(len(walker.order)),
        "measurement_dict": msgspec.json.encode(walker.measurement_dict).decode(),
        KEY: readout.to_text(),
    }
    names = tuple(map(str, walker.parameters))
    program = Program(len(walker.order), walker.num_clbits, body, registers, names, name="cirq-job", metadata=metadata)
    return Conversion(program, readout, tuple(walker.parameters))


def _is_dynamic(body: Block) -> bool:
    """Say whether anything but a measurement comes after a measurement on its qubit."""
    measured: set[int] = set()
    start = next(body.places("measure"), len(body))
    for name, qubits in zip(body.names[start:], body.qubits[start:], strict=True):
        if name == "measure":
            measured.add(qubits[0])
        elif not measured.isdisjoint(qubits):
            return True
    return False
