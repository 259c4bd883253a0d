"""Pasqal's own simulator of pulse sequences, pulser-simulation (extra ``pulser``), without noise.

The whole state is evolved by QuTiP, then shots are drawn from its probabilities.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from qsession_core.extras import install
from qsession_core.local.readers.circuit import JobFailure
from qsession_core.local.readers.pulser import bad_sequence
from qsession_core.local.simulators.interface import is_installed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qsession_core.local.readers.circuit import PulseSequence

__all__ = ["BYTES_PER_AMPLITUDE", "require_pulser", "run_sequence"]

# the state, and four more of its size while QuTiP integrates; two levels an atom
BYTES_PER_AMPLITUDE = 80


def require_pulser() -> None:
    """Refuse a job where pulser-simulation is not installed.

    Raises:
        JobFailure: It is not.
    """
    if not is_installed("pulser_simulation"):
        raise JobFailure(
            "InvalidInputData",
            f"Sequences of pulses are run by pulser-simulation, which is not installed: {install('pulser')}.",
        )


def run_sequence(sequence: PulseSequence, shots: int, seed: int) -> NDArray[np.uint8]:
    """Return the results of each shot, shape (shots, atoms), in the register's order; the same for the same seed.

    Raises:
        JobFailure: Pulser does not take the sequence.
    """
    require_pulser()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Pulser and QuTiP, about each other's versions
        chances = _probabilities(sequence)
    keys = sorted(chances)
    weights = np.array([chances[key] for key in keys])
    drawn = np.random.default_rng(seed).choice(len(keys), size=shots, p=weights / weights.sum())
    rows = np.array([list(key) for key in keys], dtype=np.uint8)
    found: NDArray[np.uint8] = rows[drawn]
    return found


def _probabilities(sequence: PulseSequence) -> dict[str, float]:
    """Return the probability of each outcome at the end of a sequence; atom i of the register is character i."""
    import pulser
    from pulser.backend import StateResult
    from pulser_simulation import QutipBackendV2, QutipConfig

    try:
        built = pulser.Sequence.from_abstract_repr(sequence.text)
        if not built.is_measured():
            built.measure(_basis_of(built))
        results = QutipBackendV2(built, config=QutipConfig(observables=[StateResult(evaluation_times=[1.0])])).run()
    except Exception as error:  # Pulser's own and those of what it is made of: jsonschema, QuTiP
        raise bad_sequence(f"Pulser does not run the sequence: {str(error).splitlines()[0][:300]}") from error
    state: Any = results.state[-1]
    return {key: float(chance) for key, chance in state.bitstring_probabilities().items()}


def _basis_of(sequence: Any) -> str:
    """Return the basis in which a sequence that does not say so is measured: that of its channels."""
    bases = {channel.basis for channel in sequence.declared_channels.values()}
    return "ground-rydberg" if "ground-rydberg" in bases or not bases else str(min(bases))
