"""What the readers of the wire formats make of a payload, and what the simulators take.

Two forms. A :class:`Circuit` is straight-line: gates, resets and measurements in order of time, and the shape of the
output. A :class:`Program` has blocks and branches besides (adaptive QIR). Qubits and results are counted from 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Circuit", "JobFailure", "Operation", "Output", "Program"]

# One operation: (word of gates.py, qubits, angles); or ("measure", (qubit, result), ()) or ("reset", (qubit,), ());
# ("matrix", qubits, (a numpy matrix,)) where a reader computed a unitary that has no word
Operation = tuple[str, tuple[int, ...], tuple[object, ...]]

# One record of the output, in pre-order: ("array", items), ("tuple", items), ("result", number), and, in adaptive
# programs, ("bool"|"int"|"double", name of a value)
Output = tuple[str, int]


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


@dataclass(slots=True)
class Circuit:
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
    output: list[Output] = field(default_factory=list)
    registers: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def work(self) -> float:
        """Roughly how many amplitudes are touched."""
        return float(len(self.operations) + 1) * 2.0 ** min(self.num_qubits, 1000)


@dataclass(slots=True)
class Program:
    """A program with branches.

    Attributes:
        num_qubits: Its width.
        num_results: How many results it writes.
        blocks: Label -> instructions, each a tuple whose first entry says what it is (see read_qir.py).
        entry: The block it starts with.
        text: The QIR it was read from, for a simulator that reads for itself.
        registers: As in a Circuit.
    """

    num_qubits: int
    num_results: int
    blocks: dict[str, list[tuple[object, ...]]]
    entry: str
    text: str = ""
    registers: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def work(self) -> float:
        """Roughly how many amplitudes are touched, if each instruction runs once."""
        return float(sum(map(len, self.blocks.values())) + 1) * 2.0 ** min(self.num_qubits, 1000)
