"""Shots of one job in shares, which several processors or machines can draw at the same time.

A job is cut by its plan alone, so a seed gives the same shots wherever they are drawn, and by however many.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from qsession_core.local.execution.task import Task
    from qsession_core.local.readers.circuit import Circuit
    from qsession_core.local.simulators.interface import Simulator
    from qsession_core.local.simulators.noise import Noise

    Shots = NDArray[np.uint8]

__all__ = ["share_drawn", "shares_of", "size_of"]

# A share is to take about so long, and there are not more than so many
_SECONDS, _MOST = 0.5, 32
# What every share does again (such as an evolution without errors) may take this part of the whole
_AGAIN = 0.05


def shares_of(engine: Simulator, circuit: Circuit, shots: int, noise: Noise, seconds: float) -> int:
    """Return into how many shares the shots of a circuit are cut: several only where time follows the shots.

    It is a power of two, so that the processors of most machines all end at about the same time.

    Args:
        engine: The simulator that draws them.
        circuit: What is simulated.
        shots: All shots.
        noise: What goes wrong.
        seconds: How long all of them take, roughly.
    """
    if seconds < 2 * _SECONDS or shots < 2:  # noqa: PLR2004 - one shot cannot be cut
        return 1
    whole, half = engine.cost(circuit, shots, noise), engine.cost(circuit, shots // 2, noise)
    if not whole or half is None:
        return 1
    again = max(0.0, 2 * half - whole)
    most = _MOST if again * _MOST <= _AGAIN * whole else math.floor(_AGAIN * whole / again)
    least = math.ceil(seconds / _SECONDS)
    return 1 << min((least - 1).bit_length(), max(1, min(most, shots)).bit_length() - 1)


def size_of(shots: int, shares: int, place: int) -> int:
    """Return how many shots a share has.

    >>> [size_of(10, 4, place) for place in range(4)]
    [3, 3, 2, 2]
    """
    return shots // shares + (place < shots % shares)


def share_drawn(engine: Simulator, circuit: Circuit, task: Task, noise: Noise, shares: int, place: int) -> Shots:
    """Return the shots of one share, shape (shots of it, num_results), dtype uint8."""
    import numpy as np

    seed = task.seed
    if shares > 1:
        seed = int(np.random.SeedSequence([task.seed, place]).generate_state(1, np.uint64)[0] >> np.uint64(1))
    return engine.sample(circuit, size_of(task.shots, shares, place), seed, noise)
