"""How circuits become IonQ's native gates: equivalences, a small optimizer, and the stage that Qiskit finds by name.

Every gate on one qubit is at most three native ones. With ``A = 2 pi a`` and so on,

    gpi2(c) gpi(b) gpi2(a) = Rz(C) Sx Rz(2B - C - A + pi) Sx Rz(-pi - A)      (as matrices, up to a phase)

and u(theta, phi, lam) = Rz(phi + pi) Sx Rz(theta + pi) Sx Rz(lam), from which a, b and c follow.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.circuit.equivalence_library import SessionEquivalenceLibrary
from qiskit.circuit.library import CXGate, RXXGate, RZZGate, UGate
from qiskit.synthesis import OneQubitEulerDecomposer
from qiskit.transpiler import PassManager, TransformationPass
from qiskit.transpiler.passes import BasisTranslator, HighLevelSynthesis, UnitarySynthesis
from qiskit.transpiler.preset_passmanagers.plugin import PassManagerStagePlugin

from qsession_qiskit.ionq.gates import NATIVE_GATES, GPI2Gate, GPIGate, MSGate, ZZGate

if TYPE_CHECKING:
    from qiskit.circuit import EquivalenceLibrary, Gate
    from qiskit.dagcircuit import DAGCircuit
    from qiskit.transpiler import PassManagerConfig

__all__ = ["MergeNativeRuns", "NativeTranslation", "native_equivalences", "native_gates"]

PI = math.pi
_TOLERANCE = 1e-9
_EULER = OneQubitEulerDecomposer("U")


def native_gates(theta: float, phi: float, lam: float) -> list[Gate]:
    """Return the fewest native gates that are u(theta, phi, lam) up to a phase, in order of time.

    >>> [gate.name for gate in native_gates(PI, 0, PI)]
    ['gpi']
    """
    if _is_turn(theta, 2 * PI):
        around_z = phi + lam if _is_turn(theta, 4 * PI) else phi + lam + 2 * PI
        return [] if _is_turn(around_z, 2 * PI) else [GPIGate(0.0), GPIGate(_turns(around_z / 2))]
    if _is_turn(theta - PI, 2 * PI):
        return [GPIGate(_turns((phi - lam + theta) / 2))]
    if _is_turn(theta - PI / 2, 2 * PI):
        if _is_turn(phi + lam, 2 * PI):
            return [GPI2Gate(_turns(phi + PI / 2))]
        return [GPI2Gate(_turns(-PI / 2 - lam)), GPIGate(_turns((phi - lam - PI) / 2))]
    return [
        GPI2Gate(_turns(-lam - PI)),
        GPIGate(_turns((theta + phi - lam) / 2)),
        GPI2Gate(_turns(phi + PI)),
    ]


def _is_turn(angle: float, turn: float) -> bool:
    """Return whether an angle is a whole number of turns."""
    return abs(math.remainder(angle, turn)) < _TOLERANCE


def _turns(angle: float) -> float:
    """Return an angle in turns, between 0 and 1."""
    return angle / (2 * PI) % 1.0


class MergeNativeRuns(TransformationPass):  # type: ignore[misc]
    """Replace neighbouring native gates on one qubit by fewer, where fewer do."""

    def run(self, dag: DAGCircuit) -> DAGCircuit:
        """Return the circuit with shorter runs."""
        for run in dag.collect_1q_runs():
            if any(node.name not in NATIVE_GATES for node in run):
                continue
            matrix = np.eye(2)
            for node in run:
                matrix = node.op.to_matrix() @ matrix
            found = native_gates(*_EULER.angles(matrix))
            if len(found) < len(run):
                shorter = QuantumCircuit(1)
                for gate in found:
                    shorter.append(gate, [0])
                dag.substitute_node_with_dag(run[0], _to_dag(shorter))
                for node in run[1:]:
                    dag.remove_op_node(node)
        return dag


def _to_dag(circuit: QuantumCircuit) -> DAGCircuit:
    from qiskit.converters import circuit_to_dag

    return circuit_to_dag(circuit)


class NativeTranslation(PassManagerStagePlugin):  # type: ignore[misc]
    """Qiskit's translation stage for backends with native gates; an entry point makes it known."""

    def pass_manager(
        self, pass_manager_config: PassManagerConfig, optimization_level: int | None = None
    ) -> PassManager:
        """Return the passes that bring a circuit to native gates."""
        library, target = native_equivalences(), pass_manager_config.target
        passes = [
            UnitarySynthesis(basis_gates=["u", "cx", "rzz"]),
            HighLevelSynthesis(
                hls_config=pass_manager_config.hls_config,
                equivalence_library=library,
                basis_gates=["u", "cx", "rzz", *NATIVE_GATES],
                min_qubits=3,
            ),
            HighLevelSynthesis(equivalence_library=library, target=target),
            BasisTranslator(library, pass_manager_config.basis_gates, target),
        ]
        if optimization_level != 0:
            passes.append(MergeNativeRuns())
        return PassManager(passes)


@cache
def native_equivalences() -> EquivalenceLibrary:
    """Return Qiskit's equivalences of this process, with ours added to them once.

    It has to be that library: the first stage of optimization levels 2 and 3 looks into no other one. A target without
    native gates never gets to ours.
    """
    library = SessionEquivalenceLibrary
    theta, phi, lam = Parameter("theta"), Parameter("phi"), Parameter("lam")

    u = QuantumCircuit(1, global_phase=(phi + lam - PI) / 2)
    u.append(GPI2Gate((lam + PI) / (-2 * PI)), [0])
    u.append(GPIGate((theta + phi - lam) / (4 * PI)), [0])
    u.append(GPI2Gate((phi + PI) / (2 * PI)), [0])
    library.add_equivalence(UGate(theta, phi, lam), u)

    cx = QuantumCircuit(2, global_phase=-PI / 4)
    cx.append(GPI2Gate(0.25), [0])
    cx.append(MSGate(0.0, 0.0), [0, 1])
    cx.append(GPI2Gate(0.5), [0])
    cx.append(GPI2Gate(0.5), [1])
    cx.append(GPI2Gate(-0.25), [0])
    library.add_equivalence(CXGate(), cx)

    cx = QuantumCircuit(2, global_phase=PI / 4)
    cx.h(1)
    cx.rz(PI / 2, [0, 1])
    cx.append(ZZGate(-0.25), [0, 1])
    cx.h(1)
    library.add_equivalence(CXGate(), cx)

    rxx = QuantumCircuit(2)
    rxx.append(MSGate(0.0, 0.0, theta / (2 * PI)), [0, 1])
    library.add_equivalence(RXXGate(theta), rxx)

    rzz = QuantumCircuit(2)
    rzz.append(ZZGate(theta / (2 * PI)), [0, 1])
    library.add_equivalence(RZZGate(theta), rzz)
    return library
