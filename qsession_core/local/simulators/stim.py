"""Clifford circuits of hundreds of qubits, by stim: tableaux instead of amplitudes. Needs stim."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qsession_core.local.simulators.interface import is_clifford, is_installed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qsession_core.local.readers.circuit import Circuit
    from qsession_core.local.simulators.noise import Noise

__all__ = ["StimEngine"]

_WORDS = {
    "x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "S_DAG", "sx": "SQRT_X", "sxdg": "SQRT_X_DAG", "id": "I",
    "cx": "CX", "cy": "CY", "cz": "CZ", "swap": "SWAP", "iswap": "ISWAP",
}  # fmt: skip
# ecr and dcx in stim's words, on (a, b)
_WRITTEN = {"dcx": ("CX a b", "CX b a"), "ecr": ("S a", "SQRT_X b", "CX a b", "X a")}


class StimEngine:
    """Stabilizer simulation by stim."""

    name = "stim"
    bytes_per_amplitude = 0
    is_inline = True

    def can_run(self, circuit: Circuit, noise: Noise) -> bool:
        """Say yes to Clifford circuits with noise that is made of Paulis."""
        falls = noise.p1_emission_ratio or noise.p2_emission_ratio or noise.p_loss
        return is_installed("stim") and not falls and is_clifford(circuit)

    def cost(self, circuit: Circuit, shots: int, _noise: Noise) -> float:
        """Return roughly how many seconds a run takes."""
        return 2e-3 + len(circuit.operations) * (circuit.num_qubits + shots / 8) * 1e-9

    def sample(self, circuit: Circuit, shots: int, seed: int, noise: Noise) -> NDArray[np.uint8]:
        """Return the results of each shot, shape (shots, num_results), dtype uint8."""
        import stim

        lines: list[str] = []
        record: list[int] = []  # the result that each measurement writes
        if noise.p_init:
            lines += [f"X_ERROR({noise.p_init}) {qubit}" for qubit in range(circuit.num_qubits)]
        for name, places, _ in circuit.operations:
            if name == "measure":
                lines.append(f"M {places[0]}")
                record.append(places[1])
            elif name == "reset":
                lines.append(f"R {places[0]}")
                if noise.p_init:
                    lines.append(f"X_ERROR({noise.p_init}) {places[0]}")
            else:
                lines += _gate(name, places)
                chance = noise.of_gate(len(places))
                if chance:
                    kind = "DEPOLARIZE1" if len(places) == 1 else "DEPOLARIZE2"
                    lines.append(f"{kind}({chance}) {' '.join(map(str, places))}")
            chance = noise.of_crosstalk(name) if name in {"measure", "reset"} else 0.0
            others = [str(qubit) for qubit in range(circuit.num_qubits) if qubit != places[0]]
            if chance and others:
                lines.append(f"DEPOLARIZE1({chance}) {' '.join(others)}")
        sampler = stim.Circuit("\n".join(lines)).compile_sampler(seed=seed)
        measured = sampler.sample(shots).astype(np.uint8)
        bits = np.zeros((shots, circuit.num_results), dtype=np.uint8)
        for column, result in enumerate(record):
            bits[:, result] = measured[:, column]
        if noise.p_meas_0 or noise.p_meas_1:
            rng = np.random.default_rng(seed)
            written = sorted(set(record))
            chance_of = np.where(bits[:, written] == 1, noise.p_meas_1, noise.p_meas_0)
            bits[:, written] ^= (rng.random(chance_of.shape) < chance_of).astype(np.uint8)
        return bits


def _gate(name: str, places: tuple[int, ...]) -> list[str]:
    if name in _WORDS:
        return [f"{_WORDS[name]} {' '.join(map(str, places))}"]
    names = {"a": str(places[0]), "b": str(places[1])}
    return [" ".join(names.get(word, word) for word in line.split()) for line in _WRITTEN[name]]
