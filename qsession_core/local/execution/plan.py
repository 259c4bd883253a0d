"""How a job will be run, decided once: by which simulator, by which method, and whether it is small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from qsession_core.local.execution.shares import shares_of
from qsession_core.local.readers.circuit import Circuit, JobFailure, Program, PulseSequence, targets
from qsession_core.local.simulators.choice import choose, refuse_noise, simulator
from qsession_core.local.simulators.interface import is_clifford, is_installed, touched
from qsession_core.local.simulators.memory import check_memory
from qsession_core.local.simulators.noise import Noise
from qsession_core.local.simulators.statevector import NumpyEngine, active_qubits, final_measurements
from qsession_core.local.simulators.stim import StimEngine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.local.execution.task import Task
    from qsession_core.local.readers.circuit import Operation, Readable
    from qsession_core.local.simulators.choice import Choice

__all__ = ["Plan", "plan"]

# The service's own thread runs jobs that take some milliseconds; a worker process runs the others
_INLINE_SECONDS = 0.01
# Writing one result of one shot, and touching one amplitude: about a nanosecond each
_NANOSECOND = 1e-9
_STATE_VECTOR_QUBITS = 32
_SECONDS_PER_OPERATION = 2e-5
_READOUT = ("measure", "reset")
# A Clifford program with branches of this width is quicker as tableaux than as state vectors
_WIDE = 16


class Plan(msgspec.Struct, frozen=True):
    """How a job will be run.

    Attributes:
        method: ``zeros`` runs nothing and returns zeros; ``exact`` computes probabilities; ``sample`` draws shots of a
            circuit; ``branch`` follows a program with branches; ``qir`` gives the text to a simulator that reads QIR;
            ``pulses`` evolves a sequence of pulses.
        simulator: The name of the simulator's entry point; empty where none is needed.
        is_inline: The job is so small that the service's own thread runs it.
        seconds: How long it takes, roughly, where its simulator can say so.
        shares: Into how many shares its shots are cut, which may be drawn in different places.
    """

    method: Literal["zeros", "exact", "sample", "branch", "qir", "pulses"]
    simulator: str
    is_inline: bool
    seconds: float = 0.0
    shares: int = 1


def plan(task: Task, program: Readable) -> Plan:
    """Return how a task will be run.

    Raises:
        JobFailure: No simulator can run it, the one that it asks for cannot, or its state does not fit into memory.
    """
    if isinstance(program, PulseSequence):
        return _of_pulses(task, program)
    noise = Noise(**dict(task.noise))
    writing = task.shots * (program.num_results + 1) * _NANOSECOND
    kind = _kind(task, program)
    if isinstance(program, Program):
        return _of_branches(task, program, noise, kind)
    if task.results == "zeros":
        return Plan("zeros", "", writing <= _INLINE_SECONDS, writing)
    if (
        task.results == "exact"
        and noise.is_none
        and task.simulator in {"", NumpyEngine.name}
        and final_measurements(program) is not None
    ):
        engine: Choice = (NumpyEngine(), program.work * _NANOSECOND)
        method: Literal["exact", "sample"] = "exact"
    else:
        engine = _chosen(task, program, noise, kind)
        method = "sample"
    chosen, seconds = engine
    check_memory(len(active_qubits(program.operations)), chosen.bytes_per_amplitude, task.memory_bytes)
    seconds += writing
    most = seconds
    if chosen.name == NumpyEngine.name and final_measurements(program) is None:
        errors = noise.expected_errors(program)
        most = max(most, _following(program.operations, program.num_qubits, task.shots, errors))
    shares = shares_of(chosen, program, task.shots, noise, seconds) if method == "sample" else 1
    return Plan(method, chosen.name, chosen.is_inline and most <= _INLINE_SECONDS, seconds, shares)


def _of_pulses(task: Task, program: PulseSequence) -> Plan:
    """Return how a sequence of pulses will be run: by Pasqal's simulator, whatever the workspace asks for."""
    from qsession_core.local.simulators.pulser import BYTES_PER_AMPLITUDE, require_pulser

    require_pulser()
    check_memory(program.num_qubits, BYTES_PER_AMPLITUDE, task.memory_bytes)
    return Plan("pulses", "", is_inline=False)


def _kind(task: Task, program: Circuit | Program) -> str:
    """Return the kind of simulator that a Quantinuum job asks for: ``stabilizer``, ``state-vector``, or none.

    Raises:
        JobFailure: It asks for another kind, or for one that cannot run the program. Source: docs/protocol.md 5.2.
    """
    kind = task.params.get("simulator")
    if kind is None or not task.target.startswith("quantinuum."):
        return ""
    if kind == "stabilizer":
        if not is_clifford(program):
            raise JobFailure("InvalidInputData", "The stabilizer simulator takes Clifford gates only.")
        return "stabilizer"
    if kind == "state-vector":
        width = len(active_qubits(program.operations) if isinstance(program, Circuit) else touched(program))
        if width > _STATE_VECTOR_QUBITS:
            raise JobFailure(
                "InvalidInputData", f"The state-vector simulator takes {_STATE_VECTOR_QUBITS} qubits, not {width}."
            )
        return "state-vector"
    raise JobFailure(
        "InvalidInputData", f"There is no simulator {str(kind)[:64]!r}; use 'stabilizer' or 'state-vector'."
    )


def _chosen(task: Task, program: Circuit, noise: Noise, kind: str) -> Choice:
    """Return the simulator of a straight-line circuit: the workspace's, else the cheapest of the kind asked for."""
    if kind and not task.simulator:
        try:
            return choose(
                program,
                task.shots,
                noise,
                allowed=lambda engine: (engine.bytes_per_amplitude == 0) == (kind == "stabilizer"),
            )
        except JobFailure:  # none of this kind is installed: any other gives the same distribution
            return choose(program, task.shots, noise)
    return choose(program, task.shots, noise, task.simulator)


def _of_branches(task: Task, program: Program, noise: Noise, kind: str) -> Plan:
    """Return how a program with branches will be run."""
    writing = task.shots * (program.num_results + 1) * _NANOSECOND
    may_stay = _ends_soon(program)
    if task.simulator == "qdk" and program.payload:
        refuse_noise("qdk", set(noise.names) - {"p1", "p2"})
        check_memory(program.num_qubits, 32, task.memory_bytes)
        return Plan("qir", "qdk", is_inline=False)
    if task.results == "zeros":
        return Plan("branch", NumpyEngine.name, may_stay and writing <= _INLINE_SECONDS, writing)
    engine = _branching(task, program, kind)
    operations = list(program.operations)
    errors = noise.expected_errors(Circuit(program.num_qubits, program.num_results, operations))
    if engine == StimEngine.name:
        most = task.shots * program.size * program.num_qubits * _NANOSECOND
        if not StimEngine.goes_one_way(program, noise):
            most += _following(operations, 0, task.shots, errors)
    else:
        check_memory(len(touched(program)), 3 * NumpyEngine.bytes_per_amplitude, task.memory_bytes)
        most = _following(operations, len(touched(program)), task.shots, errors)
    # mostly, branches that go on alike become one, and it takes far less: so this does not say that it takes long
    return Plan("branch", engine, may_stay and writing + most <= _INLINE_SECONDS, writing)


def _following(operations: Sequence[Operation], num_qubits: int, shots: int, errors: float) -> float:
    """Return how many seconds it takes at most to follow each branch of a program that runs once through its text.

    A branch parts at each measurement and reset that is not at the end, and at each error, until every shot has one of
    its own.

    Args:
        operations: What may be carried out.
        num_qubits: The width of a state vector; 0 where states are none.
        shots: How many there are.
        errors: How many a shot has on average.
    """
    last = max((place for place, operation in enumerate(operations) if operation[0] not in _READOUT), default=-1)
    parting = sum(operation[0] in _READOUT for operation in operations[: last + 1])
    branches = min(shots, (1 << min(parting, 60)) + shots * min(1.0, errors))
    each = _SECONDS_PER_OPERATION + _NANOSECOND * 2.0 ** min(num_qubits, 1000)
    return branches * (1 + len(operations)) * each


def _ends_soon(program: Program) -> bool:
    """Say whether a program runs each of its instructions once at most: it has one function, and no loop."""
    if len(program.functions) > 1:
        return False
    blocks = program.functions[program.entry].blocks
    order = {label: place for place, label in enumerate(blocks)}
    return all(order[target] > order[label] for label, block in blocks.items() for target in targets(block[-1]))


def _branching(task: Task, program: Program, kind: str) -> str:
    """Return the name of the simulator that follows a program through its branches."""
    if task.simulator in {NumpyEngine.name, StimEngine.name}:
        return task.simulator
    if task.simulator:
        simulator(task.simulator)  # tells if there is none of this name
        raise JobFailure("InvalidInputData", f"The simulator {task.simulator} runs no programs with branches.")
    if not kind and len(touched(program)) >= _WIDE and all(entry[0] != "gate" for entry in program.instructions()):
        kind = "stabilizer" if is_clifford(program) else ""
    return StimEngine.name if kind == "stabilizer" and is_installed("stim") else NumpyEngine.name
