"""Builds the ``qiskit.transpiler.Target`` of a target.

All qubits are connected, and durations and error rates are unknown. So each gate is added once, for all qubits, and the
time to build a target does not depend on its number of qubits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qiskit.circuit
from qiskit.circuit import Barrier, Delay, Measure, Parameter, Reset
from qiskit.circuit.library import PauliEvolutionGate, get_standard_gate_name_mapping
from qiskit.transpiler import Target

from qsession_core.formats.interface import CONTROLS, EVOLUTION
from qsession_qiskit.ionq.gates import NATIVE_GATES

if TYPE_CHECKING:
    from qsession_core.client.target import Target as CoreTarget

__all__ = ["NATIVE", "NATIVE_TRANSLATION", "transpiler_target"]

NATIVE = "native"
NATIVE_TRANSLATION = "qsession_native"  # entry point of the translation stage plugin for native gates

# Gates that every input format has, or that take only a few of its gates
_COMMON = (
    "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "id", "rx", "ry", "rz",
    "cx", "cy", "cz", "swap", "rxx", "ryy", "rzz", "ccx",
)  # fmt: skip
_WITH_CONTROLS = (*_COMMON, "ch", "crx", "cry", "crz", "ccz")  # for formats that can add controls to any gate
_PAIR_GATES = {"ms", "zz"}
_CONTROL_FLOW = {
    "if_else": "IfElseOp",
    "switch_case": "SwitchCaseOp",
    "for_loop": "ForLoopOp",
    "break_loop": "BreakLoopOp",
    "continue_loop": "ContinueLoopOp",
    "box": "BoxOp",
}


def transpiler_target(target: CoreTarget, *, gateset: str | None = None) -> Target:
    """Return the transpiler's description of a target.

    Args:
        target: The target of the core.
        gateset: ``"native"`` for the native gates of the hardware; None for gates that the provider compiles.
    """
    description = f"{target.name} ({gateset} gates)" if gateset else target.name
    result = Target(description=description, num_qubits=target.num_qubits)
    for gate in _native(target) if gateset == NATIVE else _standard(target):
        result.add_instruction(gate)
    if gateset != NATIVE and _keeps(target, EVOLUTION):
        result.add_instruction(PauliEvolutionGate, name="PauliEvolution")
    result.add_instruction(Measure())
    result.add_instruction(Barrier, name="barrier")
    result.add_instruction(Delay(Parameter("t")))
    if gateset != NATIVE:
        result.add_instruction(Reset())
    if target.target_profile.startswith("Adaptive"):
        for name, class_name in _CONTROL_FLOW.items():
            if hasattr(qiskit.circuit, class_name):  # BoxOp came with Qiskit 2
                result.add_instruction(getattr(qiskit.circuit, class_name), name=name)
    return result


def _keeps(target: CoreTarget, operation: str) -> bool:
    """Return whether a format of the target can express this operation without decomposing it."""
    return any(operation in format_.keeps for format_ in target.provider.formats)


def _standard(target: CoreTarget) -> list[Any]:
    names = _WITH_CONTROLS if _keeps(target, CONTROLS) else _COMMON
    standard = get_standard_gate_name_mapping()
    return [standard[name] for name in names]


def _native(target: CoreTarget) -> list[Any]:
    known = target.provider.target(target.name)
    missing = _PAIR_GATES - {known.pair_gate} if known is not None and known.pair_gate else set()
    angles = {"gpi": ("phi",), "gpi2": ("phi",), "ms": ("phi0", "phi1", "angle"), "zz": ("angle",)}
    return [kind(*map(Parameter, angles[name])) for name, kind in NATIVE_GATES.items() if name not in missing]
