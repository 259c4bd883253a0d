"""Translation to IonQ's native gates: equivalences, a pass that shortens runs, and the transpiler stage plugin.

Every one-qubit gate is at most three native gates. With ``A = 2 pi a`` etc., as matrices and up to a global phase,

    gpi2(c) gpi(b) gpi2(a) = Rz(C) Sx Rz(2B - C - A + pi) Sx Rz(-pi - A)
    u(theta, phi, lam)     = Rz(phi + pi) Sx Rz(theta + pi) Sx Rz(lam)

so comparing the two gives a, b and c.
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
from qiskit.transpiler.passes import (
    BasisTranslator,
    HighLevelSynthesis,
    RemoveResetInZeroState,
    UnitarySynthesis,
)
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
    """Return the shortest sequence of native gates equal to u(theta, phi, lam) up to a global phase, in time order.

    The arguments are in radians.

    >>> [gate.name for gate in native_gates(PI, 0, PI)]
    ['gpi']
    """
    if _is_multiple(theta, 2 * PI):
        z_angle = phi + lam if _is_multiple(theta, 4 * PI) else phi + lam + 2 * PI
        return [] if _is_multiple(z_angle, 2 * PI) else [GPIGate(0.0), GPIGate(_turns(z_angle / 2))]
    if _is_multiple(theta - PI, 2 * PI):
        return [GPIGate(_turns((phi - lam + theta) / 2))]
    if _is_multiple(theta - PI / 2, 2 * PI):
        if _is_multiple(phi + lam, 2 * PI):
            return [GPI2Gate(_turns(phi + PI / 2))]
        return [GPI2Gate(_turns(-PI / 2 - lam)), GPIGate(_turns((phi - lam - PI) / 2))]
    return [
        GPI2Gate(_turns(-lam - PI)),
        GPIGate(_turns((theta + phi - lam) / 2)),
        GPI2Gate(_turns(phi + PI)),
    ]


def _is_multiple(angle: float, period: float) -> bool:
    """Return whether an angle is an integer multiple of a period, within the tolerance."""
    return abs(math.remainder(angle, period)) < _TOLERANCE


def _turns(angle: float) -> float:
    """Convert radians to turns, from 0 inclusive to 1 exclusive."""
    return angle / (2 * PI) % 1.0


class MergeNativeRuns(TransformationPass):  # type: ignore[misc]
    """Transpiler pass that replaces runs of one-qubit native gates by shorter runs with the same unitary."""

    def run(self, dag: DAGCircuit) -> DAGCircuit:
        """Shorten the runs of a circuit in place."""
        for run in dag.collect_1q_runs():
            if any(node.name not in NATIVE_GATES for node in run):
                continue
            matrix = np.eye(2)
            for node in run:
                matrix = node.op.to_matrix() @ matrix
            gates = native_gates(*_EULER.angles(matrix))
            if len(gates) < len(run):
                shorter = QuantumCircuit(1)
                for gate in gates:
                    shorter.append(gate, [0])
                dag.substitute_node_with_dag(run[0], _to_dag(shorter))
                for node in run[1:]:
                    dag.remove_op_node(node)
        return dag


def _to_dag(circuit: QuantumCircuit) -> DAGCircuit:
    from qiskit.converters import circuit_to_dag

    return circuit_to_dag(circuit)


class NativeTranslation(PassManagerStagePlugin):  # type: ignore[misc]
    """The translation stage for backends with native gates; Qiskit finds it by its entry point."""

    def pass_manager(
        self, pass_manager_config: PassManagerConfig, optimization_level: int | None = None
    ) -> PassManager:
        """Return the passes that translate a circuit to native gates."""
        library, target = native_equivalences(), pass_manager_config.target
        passes = [
            RemoveResetInZeroState(),  # native gates have no reset; at the start of a circuit it changes nothing
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
    """Add the native gates to Qiskit's session equivalence library, once in a process, and return it.

    It must be the session library, because the init stage of optimization levels 2 and 3 uses no other. Targets without
    native gates are not affected.
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
