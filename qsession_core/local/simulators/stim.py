"""Clifford circuits of hundreds of qubits, by stim: tableaux instead of amplitudes. Needs stim."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from qsession_core.local.readers.circuit import Circuit, JobFailure
from qsession_core.local.simulators.interface import is_clifford, is_installed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qsession_core.local.readers.circuit import Operation, Output, Program
    from qsession_core.local.simulators.noise import Noise
    from qsession_core.local.simulators.trajectories.branches import Leaf

__all__ = ["StimEngine", "clifford_words"]

_WORDS = {
    "x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "S_DAG", "sx": "SQRT_X", "sxdg": "SQRT_X_DAG", "id": "I",
    "cx": "CX", "cy": "CY", "cz": "CZ", "swap": "SWAP", "iswap": "ISWAP",
}  # fmt: skip
# Finding out whether two states are equal takes the third power of their qubits
_MAX_KEY_QUBITS = 100
# ecr and dcx in stim's words, on (a, b)
_WRITTEN = {"dcx": ("CX a b", "CX b a"), "ecr": ("S a", "SQRT_X b", "CX a b", "X a")}


class StimEngine:
    """Stabilizer simulation by stim."""

    name = "stim"
    bytes_per_amplitude = 0
    is_inline = True

    def can_run(self, circuit: Circuit, noise: Noise) -> bool:
        """Say yes to Clifford circuits with noise that is made of Paulis."""
        return is_installed("stim") and noise.is_of_paulis and is_clifford(circuit)

    def cost(self, circuit: Circuit, shots: int, _noise: Noise) -> float:
        """Return roughly how many seconds a run takes."""
        return 2e-3 + len(circuit.operations) * (circuit.num_qubits + shots / 8) * 1e-9

    def sample(self, circuit: Circuit, shots: int, seed: int, noise: Noise) -> NDArray[np.uint8]:
        """Return the results of each shot, shape (shots, num_results), dtype uint8."""
        import stim

        lines, record = _written(circuit, noise)
        sampler = stim.Circuit("\n".join(lines)).compile_sampler(seed=seed)
        measured: NDArray[np.uint8] = sampler.sample(shots).view(np.uint8)
        last = {result: column for column, result in enumerate(record)}  # the last one counts
        if record == list(range(circuit.num_results)):
            bits = measured
        elif len(last) == circuit.num_results:
            bits = measured[:, [last[result] for result in range(circuit.num_results)]]
        else:
            bits = np.zeros((shots, circuit.num_results), dtype=np.uint8)
            bits[:, list(last)] = measured[:, list(last.values())]
        if noise.p_meas_0 or noise.p_meas_1:
            rng = np.random.default_rng(seed)
            written = sorted(set(record))
            chance_of = np.where(bits[:, written] == 1, noise.p_meas_1, noise.p_meas_0)
            bits[:, written] ^= (rng.random(chance_of.shape) < chance_of).astype(np.uint8)
        return bits

    @staticmethod
    def goes_one_way(program: Program, noise: Noise) -> bool:
        """Say whether a program with branches is sampled as a whole, and not followed."""
        return _straight(program, noise) is not None

    def run(self, program: Program, shots: int, seed: int, noise: Noise) -> list[Leaf]:
        """Return how the shots of a Clifford program with branches ended, grouped. Width does not matter.

        Raises:
            JobFailure: The program comes to a gate that is not a Clifford gate.
        """
        # most jobs need none of these
        from qsession_core.local.simulators.trajectories.branches import Leaf
        from qsession_core.local.simulators.trajectories.frames import Frames
        from qsession_core.local.simulators.trajectories.tree import Tree

        straight = _straight(program, noise)
        if straight is not None:
            operations, records = straight
            circuit = Circuit(program.num_qubits, program.num_results, operations)
            return [Leaf(tuple(records), self.sample(circuit, shots, seed, noise))]
        way = Frames(program, noise, clifford_words) if noise.is_of_paulis else Tree(program, noise, Tableau)
        return list(way.run(shots, np.random.default_rng(seed)))


def _written(circuit: Circuit, noise: Noise) -> tuple[list[str], list[int]]:
    """Return a circuit with its errors in stim's language, and the result that each measurement writes."""
    from qsession_core.local.simulators.trajectories.corrections import WHEN

    lines: list[str] = []
    record: list[int] = []
    errors = {
        width: f"\nDEPOLARIZE{width}({chance}) " for width in (1, 2) if (chance := noise.of_gate(width))
    }  # fmt: skip
    crosstalk = {name: chance for name in ("measure", "reset") if (chance := noise.of_crosstalk(name))}
    everyone = [str(qubit) for qubit in range(circuit.num_qubits)] if crosstalk else []
    if noise.p_init:
        lines += [f"X_ERROR({noise.p_init}) {qubit}" for qubit in range(circuit.num_qubits)]
    for name, places, params in circuit.operations:
        word = _WORDS.get(name)
        if word is not None:
            where = f"{places[0]} {places[1]}" if len(places) == 2 else f"{places[0]}"  # noqa: PLR2004 - a pair
            error = errors.get(len(places))
            lines.append(f"{word} {where}{error}{where}" if error else f"{word} {where}")
            continue
        if name == "measure":
            lines.append(f"M {places[0]}")
            record.append(places[1])
        elif name == WHEN:
            word, measurement, bit = cast("tuple[str, int, int]", params)
            lines.append(f"C{word.upper()} rec[{measurement - len(record)}] {places[0]}")
            if not bit:
                lines.append(f"{word.upper()} {places[0]}")
        elif name == "reset":
            lines.append(f"R {places[0]}")
            if noise.p_init:
                lines.append(f"X_ERROR({noise.p_init}) {places[0]}")
        else:
            lines += clifford_words(name, places)
            error = errors.get(len(places))
            if error:
                lines.append(f"{error.strip()} {places[0]} {places[1]}")
        others = [*everyone[: places[0]], *everyone[places[0] + 1 :]] if name in crosstalk else []
        if others:
            lines.append(f"DEPOLARIZE1({crosstalk[name]}) {' '.join(others)}")
    return lines, record


class Tableau:
    """A stabilizer state.

    Args:
        num_qubits: Its width; all qubits are 0.
    """

    def __init__(self, num_qubits: int) -> None:
        import stim

        self._simulator = stim.TableauSimulator()
        self._simulator.set_num_qubits(num_qubits)

    def copy(self) -> Tableau:
        """Return an independent copy."""
        other = Tableau(0)
        other._simulator = self._simulator.copy()
        return other

    @property
    def num_bytes(self) -> int:
        """Roughly the memory that it takes."""
        return int(self._simulator.num_qubits) ** 2

    def sketch(self) -> float:
        """Return the same for all states: only keys tell them apart."""
        return 0.0

    def key(self) -> bytes | None:
        """Return what is equal for equal states; None for many qubits."""
        if self._simulator.num_qubits > _MAX_KEY_QUBITS:
            return None
        return "".join(map(str, self._simulator.canonical_stabilizers())).encode()

    def apply(self, operations: list[Operation]) -> None:
        """Apply Clifford gates, in order of time."""
        import stim

        lines: list[str] = []
        for name, places, _ in operations:
            lines += clifford_words(name, places)
        self._simulator.do(stim.Circuit("\n".join(lines)))

    def probability_of_one(self, qubit: int) -> float:
        """Return the probability that a qubit is measured as 1: 0, 1/2 or 1."""
        return (1 - int(self._simulator.peek_z(qubit))) / 2

    def collapse(self, qubit: int, bit: int, _probability: float) -> None:
        """Project a qubit onto a value that is possible."""
        self._simulator.postselect_z(qubit, desired_value=bool(bit))

    def flip(self, qubit: int) -> None:
        """Apply X to a qubit."""
        self._simulator.x(qubit)

    def sample(self, qubits: list[int], shots: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return measured values of some qubits, shape (shots, len(qubits)); the state stays as it is."""
        if not qubits:
            return np.zeros((shots, 0), dtype=np.uint8)
        made = self._simulator.current_inverse_tableau().inverse().to_circuit("elimination")
        made.append("M", qubits)
        measured: NDArray[np.uint8] = made.compile_sampler(seed=int(rng.integers(2**62))).sample(shots).astype(np.uint8)
        return measured


def clifford_words(name: str, places: tuple[int, ...]) -> list[str]:
    """Return a gate in stim's language.

    Raises:
        JobFailure: It is no Clifford gate.
    """
    lines = _gate(name, places)
    if lines is None:
        raise JobFailure("InvalidInputData", f"The stabilizer simulator takes Clifford gates only, not {name}.")
    return lines


def _gate(name: str, places: tuple[int, ...]) -> list[str] | None:
    """Return a gate in stim's language; None for one that is no Clifford gate."""
    if name in _WORDS:
        return [f"{_WORDS[name]} {' '.join(map(str, places))}"]
    if name not in _WRITTEN:
        return None
    names = {"a": str(places[0]), "b": str(places[1])}
    return [" ".join(names.get(word, word) for word in line.split()) for line in _WRITTEN[name]]


def _straight(program: Program, noise: Noise) -> tuple[list[Operation], list[Output]] | None:
    """Return a program that stim samples as a whole, as its operations and records; None if it is to be followed."""
    from qsession_core.local.simulators.trajectories.corrections import WHEN, one_way

    way = one_way(program) if noise.is_of_paulis else None
    # stim's corrections come without errors of their own, and read results without any
    errs = noise.of_gate(1) or noise.p_meas_0 or noise.p_meas_1
    if way is not None and errs and any(name == WHEN for name, _, _ in way[0]):
        return None
    return way
