"""Draws what goes wrong at gates, where shots are followed many at once. What the probabilities mean: `noise.py`."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from qsession_core.local.readers.circuit import Operation
    from qsession_core.local.simulators.noise import Noise

    Mishap = tuple[list[Operation], tuple[int, ...]]  # operations, a reset meaning a fall to 0; lost qubits

__all__ = ["PAULIS", "chance_of", "errors_of", "flips_of"]

PAULIS = ("x", "y", "z")


def chance_of(noise: Noise, num_qubits: int) -> float:
    """Return the probability that anything goes wrong at a gate on so many qubits, of which the last two err."""
    kept = (1 - noise.p_loss) ** min(num_qubits, 2)
    return 1 - (1 - noise.of_gate(num_qubits)) * kept


def errors_of(noise: Noise, qubits: tuple[int, ...], count: int, rng: np.random.Generator) -> list[tuple[Mishap, int]]:
    """Draw what each of some shots suffers at a gate where something goes wrong: (error, shots)."""
    places = qubits[-2:]
    chance, emission = noise.of_gate(len(qubits)), noise.emission_of_gate(len(qubits))
    labels = list(itertools.product(("", *PAULIS), repeat=len(places)))[1:]
    kinds: list[tuple[list[Operation], float]] = [([], 1 - chance)]
    kinds += [
        ([(word, (qubit,), ()) for word, qubit in zip(label, places, strict=True) if word],
         chance * (1 - emission) / len(labels))
        for label in labels
    ]  # fmt: skip
    kinds += [([("reset", (qubit,), ())], chance * emission / len(places)) for qubit in places if emission]
    loss = noise.p_loss
    losses: list[tuple[tuple[int, ...], float]] = [((), (1 - loss) ** len(places))]
    if loss:
        losses += [((qubit,), loss * (1 - loss) ** (len(places) - 1)) for qubit in places]
        losses += [(places, loss**2)] if len(places) > 1 else []
    errors = [((operations, lost), one * other) for operations, one in kinds for lost, other in losses][1:]
    weights = np.array([weight for _, weight in errors])
    counts = rng.multinomial(count, weights / weights.sum()).tolist()
    return [(error, hit) for (error, _), hit in zip(errors, counts, strict=True) if hit]


def flips_of(noise: Noise, operations: list[Operation]) -> dict[int, float]:
    """Return the probability that crosstalk flips each result of the measurements that end a program.

    Of the errors that earlier measurements and resets cause, X and Y flip the result.
    """
    if not (noise.p_crosstalk_meas or noise.p_crosstalk_init):
        return {}
    flips: dict[int, float] = {}
    bias = 1.0  # probability of an even number of flips less that of an odd one
    for name, places, _ in operations:
        if name == "measure":
            flips[places[1]] = (1 - bias) / 2
        bias *= 1 - 4 / 3 * noise.of_crosstalk(name)
    return flips
