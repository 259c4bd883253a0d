"""Simulates a program and writes its results. Loaded when the first job runs, because numpy comes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qsession_core.local import outcomes
from qsession_core.local.circuit import Circuit, JobFailure, Program
from qsession_core.local.execution import Outcome
from qsession_core.local.numpy_engine import NumpyEngine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qsession_core.local.execution import Task

    Parts = list[tuple[outcomes.Tree, NDArray[np.uint8]]]

__all__ = ["execute"]


def execute(task: Task, program: Circuit | Program) -> Outcome:
    """Run a program as its task says.

    Raises:
        JobFailure: It cannot be run, or its results cannot be written as asked.
    """
    if isinstance(program, Program):
        raise JobFailure("InvalidInputData", "Programs with branches cannot be run yet.")
    engine = NumpyEngine()
    if task.results == "zeros":
        shots = np.zeros((task.shots, program.num_results), dtype=np.uint8)
    elif task.results == "exact" and not task.noise:
        exact = engine.probabilities(program)
        if exact is not None:
            return _exact(task, program, *exact)
        shots = engine.sample(program, task.shots, task.seed)
    else:
        shots = engine.sample(program, task.shots, task.seed)
    return _written(task, program, shots)


def _written(task: Task, program: Circuit, shots: NDArray[np.uint8]) -> Outcome:
    """Write sampled shots in the format asked for."""
    match task.output_format:
        case "microsoft.quantum-results.v2":
            return Outcome(outcomes.v2_json(shots, _tree(program)))
        case "microsoft.quantum-results.v1":
            return Outcome(outcomes.v1_json([(_tree(program), shots)]))
        case "ionq.quantum-results.v1":
            keys = (
                shots.astype(np.float64) @ np.exp2(np.arange(program.num_results)) if program.num_results < 50 else None
            )  # noqa: E501, PLR2004
            if keys is None:
                weights = [1 << bit for bit in range(program.num_results)]
                listed = [sum(w for w, bit in zip(weights, row, strict=True) if bit) for row in shots.tolist()]
            else:
                listed = keys.astype(np.int64).tolist()
            counted: dict[int, int] = {}
            for key in listed:
                counted[key] = counted.get(key, 0) + 1
            return _raw(outcomes.histogram_json({key: count / len(listed) for key, count in counted.items()}))
        case "honeywell.quantum-results.v1":
            return Outcome(outcomes.registers_json(shots, program.registers), "rawOutputData")
        case _:
            raise _untranslatable(task)


def _exact(
    task: Task, program: Circuit, keys: NDArray[np.int64], weights: NDArray[np.float64], qubits: list[int]
) -> Outcome:
    """Write exact probabilities, or shots in their proportion."""
    if task.output_format == "ionq.quantum-results.v1":
        values = [0] * len(keys)
        for bit, qubit in enumerate(qubits):
            for number, one in enumerate(((keys >> bit) & 1).tolist()):
                if one:
                    values[number] |= 1 << qubit
        # 14 digits: what lies behind them is the rounding of the evolution, not probability
        rounded = [float(f"{weight:.14g}") for weight in weights.tolist()]
        return _raw(outcomes.histogram_json(dict(zip(values, rounded, strict=True))))
    counts = _apportioned(weights, task.shots, np.random.default_rng(task.seed))
    drawn = np.repeat(keys, counts)
    shots = np.zeros((task.shots, program.num_results), dtype=np.uint8)
    column = {qubit: bit for bit, qubit in enumerate(qubits)}
    for name, places, _ in program.operations:
        if name == "measure" and places[0] in column:
            shots[:, places[1]] = (drawn >> column[places[0]]) & 1
    return _written(task, program, shots)


def _apportioned(weights: NDArray[np.float64], shots: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Share shots out in proportion; what is left after rounding down is drawn by the remainders, so none is lost.

    The real service drops the remainders (recorded: 992 shots of 1,000). Ours keeps the number of shots asked for.
    """
    share = weights / weights.sum() * shots
    counts = np.floor(share + 1e-9).astype(np.int64)
    left = shots - int(counts.sum())
    if left > 0:
        remainder = np.clip(share - counts, 0, None)
        edges = np.cumsum(remainder)
        # systematic sampling: one random offset, so that an outcome gets its remainder in the mean and never twice
        points = (rng.random() + np.arange(left)) * edges[-1] / left
        np.add.at(counts, np.minimum(np.searchsorted(edges, points, side="right"), len(counts) - 1), 1)
    return counts


def _tree(program: Circuit) -> outcomes.Tree:
    return outcomes.outcome_tree(program.output, program.num_results)


def _raw(output: bytes) -> Outcome:
    return Outcome(output, "rawOutputData", "application/json")


def _untranslatable(task: Task) -> JobFailure:
    provider = task.target.split(".", 1)[0]
    return JobFailure(
        "CannotTranslateOutputData",
        f"What '{provider}' returns cannot be written as {task.output_format}; ask for another outputDataFormat.",
    )
