"""What a simulator is: the class that an entry point of the group ``qsession.simulators`` names."""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from qsession_core.local.readers.circuit import Circuit, Program
    from qsession_core.local.simulators.noise import Noise

    Shots = NDArray[np.uint8]

__all__ = ["Simulator", "is_clifford", "is_installed", "touched"]

_CLIFFORD = frozenset({
    "x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "id", "cx", "cy", "cz", "swap", "iswap", "ecr", "dcx", "measure",
    "reset",
})  # fmt: skip


class Simulator(Protocol):
    """A class without arguments that runs straight-line circuits.

    Each installed simulator takes part in the choice for each job: of those that can run it, the cheapest does. One
    instance serves all jobs of a process, so it keeps nothing of a job. :meth:`can_run` and :meth:`cost` are called in
    the service's own process, so the module should import heavy packages in :meth:`sample` only.

    Attributes:
        name: The name of its entry point.
        bytes_per_amplitude: Memory for each of 2**n amplitudes; 0 if it does not keep a state vector.
        is_inline: Small jobs may run in the service's own thread. False for a simulator that starts threads, takes
            locks or may crash: it always runs in a worker process.
    """

    name: str
    bytes_per_amplitude: int
    is_inline: bool

    def can_run(self, circuit: Circuit, noise: Noise, /) -> bool:
        """Say whether it simulates this circuit with each of the noise's parameters that are not 0."""
        ...

    def cost(self, circuit: Circuit, shots: int, noise: Noise, /) -> float | None:
        """Return roughly how many seconds a run takes on one processor; None if it must not be chosen by itself.

        The same circuit, shots and noise must give the same cost, or equal seeds would not give equal shots.
        """
        ...

    def sample(self, circuit: Circuit, shots: int, seed: int, noise: Noise, /) -> Shots:
        """Return the results of each shot, shape (shots, num_results), dtype uint8; the same for the same seed."""
        ...


def is_clifford(program: Circuit | Program) -> bool:
    """Say whether all gates whose arguments are constants are Clifford gates by name."""
    return all(name in _CLIFFORD for name, _, _ in program.operations)


def touched(program: Program) -> set[int]:
    """Return the qubits that can leave 0."""
    if any(instruction[0] == "gate" for instruction in program.instructions()):
        return set(range(program.num_qubits))
    touched: set[int] = set()
    for name, places, _ in program.operations:
        touched.update(places[:1] if name in {"measure", "reset"} else places)
    return touched


@cache
def is_installed(module: str) -> bool:
    """Say whether a module can be imported, without importing it."""
    return importlib.util.find_spec(module) is not None
