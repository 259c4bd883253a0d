"""Wide states by qsim: single precision, several times faster than numpy. Needs qsimcirq."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from qsession_core.gates.words import gate_named
from qsession_core.local.simulators.interface import is_installed
from qsession_core.local.simulators.statevector import (
    active_qubits,
    amplitudes_touched,
    final_measurements,
    renumbered,
)
from qsession_core.local.simulators.vector.state import draw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qsession_core.local.readers.circuit import Circuit, Operation
    from qsession_core.local.simulators.noise import Noise

__all__ = ["QsimEngine"]

_MAX_MATRIX = 4  # qubits; qsim does not fuse wider gates


class QsimEngine:
    """State vectors by qsim."""

    name = "qsim"
    bytes_per_amplitude = 24
    is_inline = False

    def can_run(self, circuit: Circuit, noise: Noise) -> bool:
        """Say yes to circuits without noise that measure at their end and have gates on few qubits."""
        if not is_installed("qsimcirq") or not noise.is_none or final_measurements(circuit) is None:
            return False
        return all(name in {"measure", "reset"} or len(places) <= _MAX_MATRIX for name, places, _ in circuit.operations)

    def cost(self, circuit: Circuit, _shots: int, _noise: Noise) -> float:
        """Return roughly how many seconds a run takes, with those for loading cirq."""
        return 0.85 + amplitudes_touched(circuit) * 1.5e-10

    def sample(self, circuit: Circuit, shots: int, seed: int, _noise: Noise) -> NDArray[np.uint8]:
        """Return the results of each shot, shape (shots, num_results), dtype uint8."""
        bits = np.zeros((shots, circuit.num_results), dtype=np.uint8)
        final = final_measurements(circuit)
        if final is None:
            return bits
        gates, readout = final
        place = {qubit: number for number, qubit in enumerate(active_qubits(gates))}
        if not place:
            return bits
        amplitudes = _amplitudes(renumbered(gates, place), len(place))
        weights = np.square(amplitudes.real, dtype=np.float64) + np.square(amplitudes.imag, dtype=np.float64)
        drawn = draw(weights, shots, np.random.default_rng(seed))
        for result, qubit in readout.items():
            if qubit in place:
                # cirq's state vectors are big-endian: the first qubit is the most significant bit
                bits[:, result] = (drawn >> (len(place) - 1 - place[qubit])) & 1
        return bits


def _amplitudes(gates: list[Operation], num_qubits: int) -> Any:
    import cirq
    import qsimcirq

    qubits = cirq.LineQubit.range(num_qubits)
    fixed = {
        "x": cirq.X, "y": cirq.Y, "z": cirq.Z, "h": cirq.H, "s": cirq.S, "t": cirq.T, "cx": cirq.CNOT, "cz": cirq.CZ,
        "swap": cirq.SWAP,
    }  # fmt: skip
    turns = {"rx": cirq.rx, "ry": cirq.ry, "rz": cirq.rz}

    def operation(entry: Operation) -> Any:
        name, places, params = entry
        if name in fixed:
            made = fixed[name]
        elif name in turns:
            made = turns[name](params[0])
        else:
            matrix: Any = params[0] if name == "matrix" else gate_named(name).matrix(*params)  # type: ignore[arg-type]
            made = cirq.MatrixGate(matrix)
        return made.on(*(qubits[place] for place in places))

    circuit = cirq.Circuit(operation(entry) for entry in gates)
    missing = set(qubits) - circuit.all_qubits()
    circuit.append(cirq.I(qubit) for qubit in sorted(missing))
    simulator = qsimcirq.QSimSimulator(qsimcirq.QSimOptions(max_fused_gate_size=3, cpu_threads=_threads()))
    return simulator.simulate(circuit, qubit_order=qubits).final_state_vector


def _threads() -> int:
    import os

    return os.cpu_count() or 1
