"""What a target can do, as Qiskit's transpiler wants to know it.

Every qubit reaches every other one, and nothing is known of durations or errors, so each gate is described once, for
all qubits: a target of 98 qubits is made as fast as one of two.
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
NATIVE_TRANSLATION = "qsession_native"  # the transpiler's stage for native gates, by its entry point's name

# Gates that every format writes in few of its own, most of them as one
_EVERYWHERE = (
    "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "id", "rx", "ry", "rz",
    "cx", "cy", "cz", "swap", "rxx", "ryy", "rzz", "ccx",
)  # fmt: skip
_CONTROLLED = (*_EVERYWHERE, "ch", "crx", "cry", "crz", "ccz")  # of formats that put controls before any gate
_PAIR_GATES = {"ms", "zz"}
_FLOW = {
    "if_else": "IfElseOp",
    "switch_case": "SwitchCaseOp",
    "for_loop": "ForLoopOp",
    "break_loop": "BreakLoopOp",
    "continue_loop": "ContinueLoopOp",
    "box": "BoxOp",
}


def transpiler_target(target: CoreTarget, *, gateset: str | None = None) -> Target:
    """Describe a target to the transpiler.

    Args:
        target: The target.
        gateset: ``"native"`` for the gates of the hardware; else those that the provider compiles itself.
    """
    description = f"{target.name} ({gateset} gates)" if gateset else target.name
    found = Target(description=description, num_qubits=target.num_qubits)
    for gate in _native(target) if gateset == NATIVE else _standard(target):
        found.add_instruction(gate)
    if gateset != NATIVE and _keeps(target, EVOLUTION):
        found.add_instruction(PauliEvolutionGate, name="PauliEvolution")
    found.add_instruction(Measure())
    found.add_instruction(Barrier, name="barrier")
    found.add_instruction(Delay(Parameter("t")))
    if gateset != NATIVE:
        found.add_instruction(Reset())
    if target.target_profile.startswith("Adaptive"):
        for name, kind in _FLOW.items():
            if hasattr(qiskit.circuit, kind):
                found.add_instruction(getattr(qiskit.circuit, kind), name=name)
    return found


def _keeps(target: CoreTarget, operation: str) -> bool:
    """Whether a format of the target writes a large operation as one."""
    return any(operation in format_.keeps for format_ in target.provider.formats)


def _standard(target: CoreTarget) -> list[Any]:
    names = _CONTROLLED if _keeps(target, CONTROLS) else _EVERYWHERE
    known = get_standard_gate_name_mapping()
    return [known[name] for name in names]


def _native(target: CoreTarget) -> list[Any]:
    known = target.provider.target(target.name)
    left_out = _PAIR_GATES - {known.pair_gate} if known is not None and known.pair_gate else set()
    angles = {"gpi": ("phi",), "gpi2": ("phi",), "ms": ("phi0", "phi1", "angle"), "zz": ("angle",)}
    return [kind(*map(Parameter, angles[name])) for name, kind in NATIVE_GATES.items() if name not in left_out]
