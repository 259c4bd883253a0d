"""What the readers of the wire formats make of a payload, and what the simulators take.

Three forms. A :class:`Circuit` is straight-line: gates, resets and measurements in order of time, and the shape of the
output. A :class:`Program` has functions, blocks and branches besides. A :class:`PulseSequence` is Pulser's. Qubits and
results are counted from 0.

The instructions of a program are tuples, and `local/interpreter/thread.py` carries them out:

========================================================  ==============================================================
``("ops", [operation, ...])``                              gates, measurements and resets with constant arguments
``("gate", name, [double, ...], [pointer, ...])``          the same with computed arguments; QIR's name of the gate
``("read", name, result)``                                 a value that is a measured result
``("write", value, result)``                               a result is set
``("set", name, opcode, width, [operand, ...])``           arithmetic and comparison on integers of a width, or doubles
``("cast", name, opcode, width, width, operand)``          a conversion, from a width to another
``("select", name, condition, operand, operand)``          a choice
``("phi", name, {label: operand})``                        a value that depends on the block we come from
``("alloca", name, bytes)``, ``("load", name, type, address)``, ``("store", type, value, address)``  memory
``("gep", name, address, [(index, bytes), ...])``          an address beside another one
``("invoke", name or None, function, [operand, ...])``     a call of a function of the program's own
``("br", operand, label, label)``, ``("jump", label)``, ``("switch", operand, label, {int: label})``
``("ret", operand or None)``, ``("unreachable",)``
``("record", kind, operand)``                              one record of the output
========================================================  ==============================================================

An operand is a number, an :class:`Address`, :data:`UNDEFINED`, or the name of a value. Integers are signed numbers of
their width; those of one bit are 0 and 1. Qubits and results are their numbers.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "LOST",
    "UNDEFINED",
    "Address",
    "Cells",
    "Circuit",
    "Function",
    "Instruction",
    "JobFailure",
    "Operation",
    "Output",
    "Program",
    "PulseSequence",
    "Readable",
    "targets",
]

# One operation: (word of gates/words.py, qubits, angles); or ("measure", (qubit, result), ()) or
# ("reset", (qubit,), ()); ("matrix", qubits, (a numpy matrix,)) where a reader computed a unitary that has no word
Operation = tuple[str, tuple[int, ...], tuple[object, ...]]

# One record of the output, in pre-order: ("array", items), ("tuple", items), ("result", number), or a value of its
# own: ("bool", 0 or 1), ("int", value), ("double", value), and ("bit", 0 or 1), a result that was measured again later
Output = tuple[str, Any]

Instruction = tuple[Any, ...]

# The result of a measurement of a lost qubit, beside 0 and 1
LOST = 2


class JobFailure(Exception):  # noqa: N818 - it is an outcome of a job, not an error of ours
    """This job ends as Failed, with this in its errorData.

    Args:
        code: A code of the service, such as ``InvalidInputData``.
        message: One sentence for whoever reads the job.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


class Circuit(msgspec.Struct):
    """A straight-line program.

    Attributes:
        num_qubits: Its width.
        num_results: How many results it writes.
        operations: In order of time.
        output: The records in order; empty for one array of all results.
        registers: For formats with named registers: name -> results, lowest index first.
    """

    num_qubits: int
    num_results: int
    operations: list[Operation]
    output: list[Output] = msgspec.field(default_factory=list)
    registers: dict[str, tuple[int, ...]] = msgspec.field(default_factory=dict)

    @property
    def work(self) -> float:
        """Roughly how many amplitudes are touched."""
        return float(len(self.operations) + 1) * 2.0 ** min(self.num_qubits, 1000)


class _Undefined(Enum):
    """The type of UNDEFINED."""

    UNDEFINED = "undefined"


# LLVM's undef and poison: it may be passed on, and a program that computes with it fails
UNDEFINED = _Undefined.UNDEFINED


class Address(NamedTuple):
    """A place in a program's memory: which piece of it, and how many bytes into it."""

    piece: int
    offset: int


class Cells(msgspec.Struct):
    """A piece of memory.

    Attributes:
        size: Its bytes.
        values: Offset in bytes -> the type that was written there (``i64``, ``double``, ``ptr``), and the value.
        is_constant: It must not be written.
    """

    size: int
    values: dict[int, tuple[str, Any]] = msgspec.field(default_factory=dict)
    is_constant: bool = False


class Function(msgspec.Struct):
    """A function of a program.

    Attributes:
        parameters: The names of the values that it is called with.
        blocks: Label -> instructions; it starts with the first block, and each block ends with a jump or a return.
    """

    parameters: tuple[str, ...]
    blocks: dict[str, list[Instruction]]


class Program(msgspec.Struct):
    """A program with branches.

    Attributes:
        num_qubits: Its width.
        num_results: How many results it writes.
        functions: By name.
        entry: The function that runs.
        memory: Its global variables; an address counts them from 0.
        payload: The QIR it was read from, for a simulator that reads for itself.
        registers: As in a Circuit.
    """

    num_qubits: int
    num_results: int
    functions: dict[str, Function]
    entry: str
    memory: tuple[Cells, ...] = ()
    payload: bytes = b""
    registers: dict[str, tuple[int, ...]] = msgspec.field(default_factory=dict)

    def instructions(self) -> Iterator[Instruction]:
        """Return every instruction, in no order."""
        for function in self.functions.values():
            for block in function.blocks.values():
                yield from block

    @property
    def operations(self) -> Iterator[Operation]:
        """Every operation with constant arguments, once."""
        for instruction in self.instructions():
            if instruction[0] == "ops":
                yield from instruction[1]

    @property
    def size(self) -> int:
        """How many instructions and operations there are."""
        return sum(len(entry[1]) if entry[0] == "ops" else 1 for entry in self.instructions())

    @property
    def work(self) -> float:
        """Roughly how many amplitudes are touched, if each instruction runs once."""
        return float(self.size + 1) * 2.0 ** min(self.num_qubits, 1000)


class PulseSequence(msgspec.Struct, frozen=True):
    """A sequence of pulses on a register of atoms.

    Attributes:
        num_qubits: The atoms of the register.
        text: The sequence in Pulser's abstract representation.
    """

    num_qubits: int
    text: str

    @property
    def num_results(self) -> int:
        """Every atom is measured at the end."""
        return self.num_qubits


# What a reader returns
Readable = Circuit | Program | PulseSequence


def targets(instruction: Instruction) -> list[str]:
    """Return the blocks that an instruction may go to."""
    match instruction:
        case ("jump", label):
            return [label]
        case ("br", _, yes, no):
            return list(dict.fromkeys((yes, no)))
        case ("switch", _, default, cases):
            return list(dict.fromkeys((default, *cases.values())))
        case _:
            return []
