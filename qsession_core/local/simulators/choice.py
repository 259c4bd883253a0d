"""Which simulator runs what: one protocol, found by entry point, chosen by circuit, size and what is installed."""

from __future__ import annotations

import importlib.util
import os
from functools import cache
from typing import TYPE_CHECKING, Protocol

from qsession_core import plugins
from qsession_core.errors import PluginError
from qsession_core.local.readers.circuit import JobFailure
from qsession_core.local.simulators.statevector import NumpyEngine, active_qubits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from qsession_core.local.readers.circuit import Circuit
    from qsession_core.local.simulators.noise import Noise

    Shots = NDArray[np.uint8]

__all__ = ["Simulator", "check_memory", "choose", "choose_by_name", "is_clifford", "simulator"]

CLIFFORD = frozenset({
    "x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "id", "cx", "cy", "cz", "swap", "iswap", "ecr", "dcx", "measure",
    "reset",
})  # fmt: skip
# From how many qubits on the others are worth loading, measured on two cores
_WIDE = 16
# A noisy Clifford circuit of this width is quicker as tableaux than as state vectors
_WIDE_NOISY = 10
# Amplitudes to touch before it pays to load another simulator: about a second of numpy's work
_WORTH_LOADING = 1e9
_NEEDS = {"stim": "stim", "qsim": "qsimcirq", "aer": "qiskit_aer"}


class Simulator(Protocol):
    """What an entry point of the group ``qsession.simulators`` names: a class without arguments.

    Attributes:
        name: As in the entry point.
        bytes_per_amplitude: Memory for each of 2**n amplitudes; 0 if it does not keep a state vector.
    """

    name: str
    bytes_per_amplitude: int

    def can_run(self, circuit: Circuit, *, is_noisy: bool) -> bool:
        """Say whether it can run a straight-line circuit, with or without noise."""
        ...

    def sample(self, circuit: Circuit, shots: int, seed: int, noise: Noise) -> Shots:
        """Return the results of each shot, shape (shots, num_results), dtype uint8; the same for the same seed."""
        ...


def is_clifford(circuit: Circuit) -> bool:
    """Say whether a circuit has Clifford gates only, by name."""
    return all(name in CLIFFORD for name, _, _ in circuit.operations)


@cache
def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def simulator(name: str) -> Simulator:
    """Return a simulator by its name.

    Raises:
        JobFailure: There is none, or it cannot be loaded.
    """
    try:
        found = plugins.load(plugins.SIMULATORS, name)
    except PluginError as error:
        raise JobFailure("InvalidInputData", error.message) from error
    if not callable(found):
        raise JobFailure("InvalidInputData", f"The plugin {name} of {plugins.SIMULATORS} is no class.")
    made: Simulator = found()
    return made


def choose(circuit: Circuit, noise: Noise, name: str = "") -> Simulator:
    """Return the simulator for a circuit.

    Args:
        circuit: What is to be run.
        noise: What goes wrong.
        name: The one that was asked for; empty to choose.

    Raises:
        JobFailure: The one that was asked for cannot run it.
    """
    if name:
        forced = simulator(name)
        if not forced.can_run(circuit, is_noisy=not noise.is_none):
            raise JobFailure("InvalidInputData", f"The simulator {name} cannot run this program.")
        return forced
    chosen = choose_by_name(circuit, is_noisy=not noise.is_none)
    if chosen != "numpy":
        other = simulator(chosen)
        if other.can_run(circuit, is_noisy=not noise.is_none):
            return other
    return NumpyEngine()


def choose_by_name(circuit: Circuit, *, is_noisy: bool) -> str:
    """Return the name of the simulator that is likely the quickest, of those that are installed."""
    width = len(active_qubits(circuit.operations))
    if width >= (_WIDE_NOISY if is_noisy else _WIDE) and _has("stim") and is_clifford(circuit):
        return "stim"
    # few errors leave most shots alike, which the numpy engine follows together and Aer one by one
    if is_noisy or width < _WIDE or len(circuit.operations) * 2.0 ** min(width, 1000) < _WORTH_LOADING:
        return "numpy"
    return next((name for name in ("qsim", "aer") if _has(name)), "numpy")


def _has(name: str) -> bool:
    """Say whether a simulator of ours has the package that it needs."""
    return _installed(_NEEDS[name]) and name in plugins.names(plugins.SIMULATORS)


def check_memory(num_qubits: int, bytes_per_amplitude: int, limit: int = 0) -> None:
    """Refuse a state that does not fit into memory, before the machine finds out.

    Args:
        num_qubits: The state's width.
        bytes_per_amplitude: What each amplitude takes.
        limit: How many bytes may be taken; 0 for nine tenths of what the machine has free.

    Raises:
        JobFailure: It does not fit.
    """
    if not bytes_per_amplitude:
        return
    needed = bytes_per_amplitude << min(num_qubits, 4096)
    available = limit or int(0.9 * _free_bytes())
    if needed > available:
        shown = f"{needed / 2**30:.1f} GiB" if num_qubits < 60 else "more"  # noqa: PLR2004 - beyond an exbibyte
        raise JobFailure(
            "InvalidInputData",
            f"Simulating {num_qubits} qubits takes {shown} of memory; {available / 2**30:.1f} GiB are there."
            " Use fewer qubits, or Clifford gates only.",
        )


def _free_bytes() -> int:
    """Return how much memory the machine could give."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123 - a device, not a file of ours
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 8 << 30
