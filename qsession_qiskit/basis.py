"""Builds the ``qiskit.transpiler.Target`` of a target.

All qubits are connected, and durations and error rates are unknown. So each gate is added once, for all qubits, and the
time to build a target does not depend on its number of qubits.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import qiskit.circuit
from qiskit.circuit import Barrier, ControlledGate, Delay, Measure, Parameter, Reset
from qiskit.circuit.library import MCPhaseGate, MCXGate, PauliEvolutionGate, get_standard_gate_name_mapping
from qiskit.transpiler import Target

from qsession_core.formats.interface import CONTROLS, EVOLUTION
from qsession_qiskit.conversion.words import MAX_CONTROLS
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
# Gates whose controlled forms are for formats that can add controls to any gate
_CONTROLLED = (
    "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "rx", "ry", "rz", "u", "swap", "rxx", "ryy", "rzz",
)  # fmt: skip
_WRITTEN_OUT = 2  # Qiskit's names have a c for each of so many controls; of more, c and their number
_MANY_CONTROLS = {"mcx": MCXGate, "mcphase": MCPhaseGate}  # under any number of controls
_PAIR_GATES = {"ms", "zz"}
# What is unrolled before it is sent, on every target; a switch only if its value is known by then
_UNROLLED = {
    "switch_case": "SwitchCaseOp",
    "for_loop": "ForLoopOp",
    "while_loop": "WhileLoopOp",
    "break_loop": "BreakLoopOp",
    "continue_loop": "ContinueLoopOp",
    "box": "BoxOp",
}
_BRANCHES = {"if_else": "IfElseOp"}


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
    if gateset != NATIVE and _keeps(target, CONTROLS):
        for name, kind in _MANY_CONTROLS.items():
            result.add_instruction(kind, name=name)
    result.add_instruction(Measure())
    result.add_instruction(Barrier, name="barrier")
    result.add_instruction(Delay(Parameter("t")))
    if gateset != NATIVE:
        result.add_instruction(Reset())
    adaptive = target.target_profile.startswith("Adaptive")
    for name, class_name in (_UNROLLED | (_BRANCHES if adaptive else {})).items():
        if hasattr(qiskit.circuit, class_name):  # BoxOp came with Qiskit 2
            result.add_instruction(getattr(qiskit.circuit, class_name), name=name)
    return result


def _keeps(target: CoreTarget, operation: str) -> bool:
    """Return whether a format of the target can express this operation without decomposing it."""
    return any(operation in format_.keeps for format_ in target.provider.formats)


def _standard(target: CoreTarget) -> list[Any]:
    standard = get_standard_gate_name_mapping()
    return [standard[name] for name in _COMMON] + (list(_controlled()) if _keeps(target, CONTROLS) else [])


@cache
def _controlled() -> tuple[Any, ...]:
    """Return the gates under 1 to :data:`MAX_CONTROLS` controls, by Qiskit's names for them, except :data:`_COMMON`.

    A target needs their names, qubits and angles alone, so they are made without a definition, which takes much longer.
    """
    standard = get_standard_gate_name_mapping()
    found = []
    for base in _CONTROLLED:
        gate = standard[base]
        for number in range(1, MAX_CONTROLS + 1):
            name = ("c" * number if number <= _WRITTEN_OUT else f"c{number}") + base
            if name in standard and name not in _COMMON:
                found.append(standard[name])
            elif name not in standard:
                size = gate.num_qubits + number
                found.append(ControlledGate(name, size, list(gate.params), num_ctrl_qubits=number, base_gate=gate))
    return tuple(found)


def _native(target: CoreTarget) -> list[Any]:
    known = target.provider.target(target.name)
    missing = _PAIR_GATES - {known.pair_gate} if known is not None and known.pair_gate else set()
    angles = {"gpi": ("phi",), "gpi2": ("phi",), "ms": ("phi0", "phi1", "angle"), "zz": ("angle",)}
    return [kind(*map(Parameter, angles[name])) for name, kind in NATIVE_GATES.items() if name not in missing]
