"""Simulates a program and writes its results. Loads numpy, so it is imported when the first job runs."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from qsession_core.local.execution import results
from qsession_core.local.execution.histograms import histogram_json
from qsession_core.local.execution.shares import share_drawn
from qsession_core.local.execution.task import Outcome
from qsession_core.local.readers.circuit import LOST, Circuit, JobFailure, Program, PulseSequence
from qsession_core.local.simulators.choice import simulator
from qsession_core.local.simulators.memory import how_many_fit
from qsession_core.local.simulators.noise import Noise
from qsession_core.local.simulators.statevector import NumpyEngine, active_qubits
from qsession_core.local.simulators.stim import StimEngine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from qsession_core.local.execution.plan import Plan
    from qsession_core.local.execution.task import Task
    from qsession_core.local.readers.circuit import Readable
    from qsession_core.local.simulators.trajectories.branches import Leaf

    Shots = NDArray[np.uint8]

__all__ = ["execute", "shots_of_share"]

# A histogram of more outcomes would be too large to read; it is sampled instead
_MAX_OUTCOMES = 1 << 21
_EXACT_INTEGER_BITS = 62


def shots_of_share(task: Task, program: Readable, plan: Plan, place: int) -> Shots:
    """Return the shots of one share of a job that is drawn in shares; its program is a circuit."""
    if not isinstance(program, Circuit):
        raise TypeError("only the shots of circuits are drawn in shares")
    return share_drawn(simulator(plan.simulator), program, task, Noise(**dict(task.noise)), plan.shares, place)


def execute(task: Task, program: Readable, plan: Plan, parts: Sequence[Shots] | None = None) -> Outcome:
    """Run a program as its plan says.

    Args:
        task: The job.
        program: Its input.
        plan: How it is run.
        parts: The shots of its shares, in order, where they have been drawn; None to draw them here.

    Raises:
        JobFailure: It cannot be run, or its results cannot be written as asked.
    """
    if isinstance(program, PulseSequence):
        from qsession_core.local.simulators.pulser import run_sequence

        return _raw(results.counts_json(run_sequence(program, task.shots, task.seed)))
    noise = Noise(**dict(task.noise))
    if plan.method == "qir":
        return _from_text(task, program, noise)
    if isinstance(program, Program):
        return _branching(task, program, plan, noise)
    if plan.method == "zeros":
        return _written(task, program, np.zeros((task.shots, program.num_results), dtype=np.uint8))
    if plan.method == "exact":
        exact = NumpyEngine().probabilities(program)
        if exact is not None:
            return _exact(task, program, *exact)
    if parts is None:
        parts = _drawn(task, program, plan)
    return _written(task, program, parts[0] if len(parts) == 1 else np.concatenate(parts))


def _drawn(task: Task, program: Circuit, plan: Plan) -> list[Shots]:
    """Draw the shots of all shares; side by side where the simulator's time is numpy's, which frees Python's lock."""
    share = partial(shots_of_share, task, program, plan)
    at_once = 1
    if plan.shares > 1 and plan.simulator == NumpyEngine.name:
        width = len(active_qubits(program.operations))
        fitting = how_many_fit(width, NumpyEngine.bytes_per_amplitude, task.memory_bytes)
        at_once = min(plan.shares, os.cpu_count() or 1, fitting)
    if at_once == 1:
        return list(map(share, range(plan.shares)))
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(share, range(plan.shares)))


# --- programs with branches ---


def _from_text(task: Task, program: Circuit | Program, noise: Noise) -> Outcome:
    """Run a program by a simulator that reads QIR for itself."""
    from qsession_core.local.simulators.qdk import run_text

    payload = program.payload if isinstance(program, Program) else b""
    if task.results == "zeros":
        value = _zeroed(run_text(payload, 1, task.seed, noise)[0])
        return _listed(task, [(_tree_of(value), 1)] * task.shots)
    return _listed(task, [(_tree_of(value), 1) for value in run_text(payload, task.shots, task.seed, noise)])


def _branching(task: Task, program: Program, plan: Plan, noise: Noise) -> Outcome:
    """Follow a program through its branches."""
    if plan.simulator == StimEngine.name:
        leaves = StimEngine().run(program, task.shots, task.seed, noise)
    else:
        leaves = NumpyEngine().run(program, task.shots, task.seed, noise, zeros=task.results == "zeros")
    shapes = {leaf.records for leaf in leaves}
    rng = np.random.default_rng([task.seed, 1])
    if program.registers:
        return _of_registers(task, program, leaves, rng)
    if len(shapes) == 1:
        bits = np.concatenate([leaf.bits for leaf in leaves])
        rng.shuffle(bits)
        tree = _tree_of_records(leaves[0].records, program.num_results)
        return _in_format(task, [(tree, bits)])
    return _mixed(task, leaves, program.num_results, rng)


def _of_registers(task: Task, program: Program, leaves: list[Leaf], rng: np.random.Generator) -> Outcome:
    """Write shots by registers."""
    bits = np.concatenate([leaf.bits for leaf in leaves])
    rng.shuffle(bits)
    if task.output_format == "rigetti.quil-results.v1":
        return _raw(results.rows_json(bits, program.registers))
    if task.output_format != "honeywell.quantum-results.v1":
        raise _untranslatable(task)
    return Outcome(results.registers_json(bits, program.registers), "rawOutputData")


def _mixed(task: Task, leaves: list[Leaf], num_results: int, rng: np.random.Generator) -> Outcome:
    """Write shots whose outcomes differ in more than bits, in random order."""
    listed: list[tuple[results.Tree, int]] = []
    for leaf in leaves:
        tree = _tree_of_records(leaf.records, num_results)
        kinds, counts = np.unique(leaf.bits, axis=0, return_counts=True)
        for row, count in zip(kinds, counts.tolist(), strict=True):
            listed += [(_filled(tree, row), 1)] * count
    order = rng.permutation(len(listed))
    return _listed(task, [listed[place] for place in order.tolist()])


def _tree_of_records(records: tuple[tuple[str, Any], ...], num_results: int) -> results.Tree:
    return results.outcome_tree(list(records), num_results)


def _filled(tree: results.Tree, bits: Shots) -> results.Tree:
    """Put the results of one shot into the shape of its outcome."""
    kind, value = tree
    if kind in {"array", "tuple"}:
        return (kind, [_filled(item, bits) for item in value])
    if kind == "result":
        return ("value", "-" if bits[value] == LOST else int(bits[value]))
    return tree


def _tree_of(value: Any) -> results.Tree:
    """Return the shape of an outcome in Python values."""
    if isinstance(value, (list, tuple)):
        return ("array" if isinstance(value, list) else "tuple", [_tree_of(item) for item in value])
    return ("value", value)


def _zeroed(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(_zeroed(item) for item in value)
    return type(value)(0) if isinstance(value, (bool, int, float)) else 0


def _listed(task: Task, trees: list[tuple[results.Tree, int]]) -> Outcome:
    """Write outcomes that have no results left to fill in."""
    return _in_format(task, [(tree, np.zeros((count, 0), dtype=np.uint8)) for tree, count in trees])


def _in_format(task: Task, parts: list[tuple[results.Tree, Shots]]) -> Outcome:
    match task.output_format:
        case "microsoft.quantum-results.v2":
            return Outcome(results.v2_json_of_trees(parts))
        case "microsoft.quantum-results.v1":
            return Outcome(results.v1_json(parts))
        case _:
            raise _untranslatable(task)


# --- straight-line circuits ---


def _written(task: Task, program: Circuit, shots: Shots) -> Outcome:
    """Write sampled shots in the format asked for."""
    match task.output_format:
        case "ionq.quantum-results.v1":
            return _raw(histogram_json(*_frequencies(shots)))
        case "honeywell.quantum-results.v1" if program.registers:
            return Outcome(results.registers_json(shots, program.registers), "rawOutputData")
        case "rigetti.quil-results.v1" if program.registers:
            return _raw(results.rows_json(shots, program.registers))
        case _:
            tree = results.outcome_tree(program.output, program.num_results)
            return _in_format(task, [(tree, shots)])


def _frequencies(shots: Shots) -> tuple[NDArray[np.int64] | list[int], NDArray[np.float64]]:
    """Return the outcomes, as integers whose bit i is result i, and the share of each."""
    kinds, counts = np.unique(shots, axis=0, return_counts=True)
    return _spread(kinds.T, range(kinds.shape[1])), counts / len(shots)


def _exact(
    task: Task, program: Circuit, keys: NDArray[np.int64], weights: NDArray[np.float64], qubits: list[int]
) -> Outcome:
    """Write exact probabilities, or shots in their proportion."""
    if task.output_format == "ionq.quantum-results.v1" and len(keys) <= _MAX_OUTCOMES:
        bits = (keys >> place & 1 for place in range(len(qubits)))
        return _raw(histogram_json(_spread(bits, qubits), weights))
    counts = _apportioned(weights, task.shots, np.random.default_rng(task.seed))
    drawn = np.repeat(keys, counts)
    shots = np.zeros((task.shots, program.num_results), dtype=np.uint8)
    column = {qubit: bit for bit, qubit in enumerate(qubits)}
    for name, places, _ in program.operations:
        if name == "measure":  # the last one counts, also of a qubit that no gate touches
            shots[:, places[1]] = (drawn >> column[places[0]]) & 1 if places[0] in column else 0
    return _written(task, program, shots)


def _spread(bits: Iterable[NDArray[Any]], qubits: Sequence[int]) -> NDArray[np.int64] | list[int]:
    """Return the integers of outcomes from the bits of each of their qubits."""
    if max(qubits, default=0) < _EXACT_INTEGER_BITS:
        spread: NDArray[np.int64] = np.zeros(1, dtype=np.int64)  # the only outcome of no qubits
        for column, qubit in zip(bits, qubits, strict=True):
            spread = spread | column.astype(np.int64) << qubit
        return spread
    rows = np.array(list(bits)).T.tolist()
    return [sum(1 << qubit for qubit, bit in zip(qubits, row, strict=True) if bit) for row in rows]


def _apportioned(weights: NDArray[np.float64], shots: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Distribute shots in proportion to weights. Those left after rounding down are drawn by the remainders.

    The real service drops the remainders (recorded: 992 shots of 1,000). Ours keeps the number of shots asked for.
    """
    share = weights / weights.sum() * shots
    counts: NDArray[np.int64] = np.floor(share + 1e-9).astype(np.int64)
    left = shots - int(counts.sum())
    if left > 0:
        edges = np.cumsum(np.clip(share - counts, 0, None))
        # systematic sampling: one random offset, so that an outcome gets its remainder in the mean and never twice
        points = (rng.random() + np.arange(left)) * edges[-1] / left
        np.add.at(counts, np.minimum(np.searchsorted(edges, points, side="right"), len(counts) - 1), 1)
    return counts


def _raw(output: bytes) -> Outcome:
    return Outcome(output, "rawOutputData", "application/json")


def _untranslatable(task: Task) -> JobFailure:
    provider = task.target.split(".", 1)[0]
    return JobFailure(
        "CannotTranslateOutputData",
        f"What '{provider}' returns cannot be written as {task.output_format}; ask for another outputDataFormat.",
    )
