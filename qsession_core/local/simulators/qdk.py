"""Microsoft's own simulator, qdk: it runs only jobs of workspaces that name it, as a second opinion.

It reads QIR for itself and runs every shot from the start, which is a thousand times as slow as `trajectories/tree.py`.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from qsession_core.extras import install
from qsession_core.gates.words import decompose
from qsession_core.local.readers.circuit import JobFailure
from qsession_core.local.simulators.interface import is_installed
from qsession_core.local.simulators.statevector import amplitudes_touched

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qsession_core.local.readers.circuit import Circuit, Operation
    from qsession_core.local.simulators.noise import Noise

__all__ = ["QdkEngine", "run_text"]

_SEEDS = 2**32 - 1


def run_text(text: str | bytes, shots: int, seed: int, noise: Noise) -> list[Any]:
    """Return the outcome of each shot as Python values: Result -> 0 or 1, arrays -> lists, tuples -> tuples.

    Args:
        text: The module, as text or bitcode.
        shots: How often to run it.
        seed: The same seed gives the same shots.
        noise: What goes wrong.

    Raises:
        JobFailure: qdk is not installed, or does not take the program.
    """
    os.environ.setdefault("QDK_PYTHON_TELEMETRY", "none")  # qdk reports its import to its makers unless told not to
    try:
        from qdk.simulation import NoiseConfig, run_qir
    except ImportError as error:
        raise JobFailure("InvalidInputData", f"The simulator qdk is not installed: {install('qdk')}.") from error
    config = None
    if not noise.is_none:
        config = NoiseConfig()
        for word in ("x", "y", "z", "h", "s", "s_adj", "t", "t_adj", "sx", "rx", "ry", "rz"):
            getattr(config, word).set_depolarizing(noise.p1)
        for word in ("cx", "cz", "rxx", "ryy", "rzz", "swap"):
            getattr(config, word).set_depolarizing(noise.p2)
    try:
        outcomes = run_qir(text, shots, config, seed % _SEEDS, type="cpu")
    except (ValueError, RuntimeError, AssertionError, KeyError, TypeError) as error:
        raise JobFailure("QIRPreProcessingFailed", f"The program cannot be run: {error}.") from error
    return [_plain(outcome) for outcome in outcomes]


def _plain(value: Any) -> Any:
    """Return one outcome without qdk's types."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    if isinstance(value, (bool, int, float)):
        return value
    return {"Zero": 0, "One": 1}.get(str(value).rpartition(".")[2], "-")


_WORDS = {
    "x": "x__body", "y": "y__body", "z": "z__body", "h": "h__body", "s": "s__body", "sdg": "s__adj", "t": "t__body",
    "tdg": "t__adj", "rx": "rx__body", "ry": "ry__body", "rz": "rz__body", "cx": "cx__body", "cz": "cz__body",
    "swap": "swap__body", "rxx": "rxx__body", "ryy": "ryy__body", "rzz": "rzz__body", "ccx": "ccx__body",
}  # fmt: skip
# Words that are one gate of qdk's each, with a noise setting of its own
_NOISY = {
    "x", "y", "z", "h", "s", "sdg", "t", "tdg", "rx", "ry", "rz", "cx", "cz", "swap", "rxx", "ryy", "rzz", "measure",
    "reset",
}  # fmt: skip
_FRAME = """define i64 @main() #0 {{
{calls}
  ret i64 0
}}
attributes #0 = {{ "entry_point" "output_labeling_schema" "qir_profiles"="base_profile" \
"required_num_qubits"="{qubits}" "required_num_results"="{results}" }}
!llvm.module.flags = !{{!0, !1, !2, !3}}
!0 = !{{i32 1, !"qir_major_version", i32 2}}
!1 = !{{i32 7, !"qir_minor_version", i32 0}}
!2 = !{{i32 1, !"dynamic_qubit_management", i1 false}}
!3 = !{{i32 1, !"dynamic_result_management", i1 false}}
"""


class QdkEngine:
    """Straight-line circuits by qdk: a second opinion, shot by shot."""

    name = "qdk"
    bytes_per_amplitude = 32
    is_inline = False

    def can_run(self, circuit: Circuit, noise: Noise) -> bool:
        """Say yes to circuits of gates that have a name; with noise, of gates that qdk has noise for."""
        if not is_installed("qdk") or not circuit.num_results or not set(noise.names) <= {"p1", "p2"}:
            return False
        names = {name for name, _, _ in circuit.operations}
        return "matrix" not in names if noise.is_none else names <= _NOISY

    def cost(self, circuit: Circuit, shots: int, _noise: Noise) -> float:
        """Return roughly how many seconds a run takes, with those for loading qdk: every shot runs from the start."""
        return 0.1 + amplitudes_touched(circuit) * 4e-9 * shots

    def sample(self, circuit: Circuit, shots: int, seed: int, noise: Noise) -> NDArray[np.uint8]:
        """Return the results of each shot, shape (shots, num_results), dtype uint8."""
        calls = [line for operation in circuit.operations for line in _calls(operation)]
        measured = sorted({places[1] for name, places, _ in circuit.operations if name == "measure"})
        calls.append(f"  call void @__quantum__rt__array_record_output(i64 {len(measured)}, ptr null)")
        calls += [
            f"  call void @__quantum__rt__result_record_output({_pointer(place)}, ptr null)" for place in measured
        ]
        names = sorted({line.partition("@")[2].partition("(")[0] for line in calls})
        declared = [f"declare void @{name}({_SIGNATURES.get(name, _signature(calls, name))})" for name in names]
        text = _FRAME.format(
            calls="\n".join(calls), qubits=max(1, circuit.num_qubits), results=max(1, circuit.num_results)
        )
        outcomes = run_text(text + "\n".join(declared) + "\n", shots, seed, noise)
        bits = np.zeros((shots, circuit.num_results), dtype=np.uint8)
        if measured:
            bits[:, measured] = np.array(outcomes, dtype=np.uint8).reshape(shots, -1)
        return bits


_SIGNATURES = {
    "__quantum__rt__array_record_output": "i64, ptr", "__quantum__rt__result_record_output": "ptr, ptr",
}  # fmt: skip


def _signature(calls: list[str], name: str) -> str:
    """Return the types of a function's arguments, taken from a call of it."""
    call = next(line for line in calls if f"@{name}(" in line)
    arguments = call.partition(f"@{name}(")[2]
    return ", ".join("double" if part.strip().startswith("double") else "ptr" for part in arguments.split(","))


def _pointer(number: int) -> str:
    return f"ptr inttoptr (i64 {number} to ptr)"


def _calls(operation: Operation) -> list[str]:
    name, places, params = operation
    if name == "measure":
        pair = f"{_pointer(places[0])}, {_pointer(places[1])}"
        return [f"  call void @__quantum__qis__mz__body({pair})"]
    if name == "reset":
        return [f"  call void @__quantum__qis__reset__body({_pointer(places[0])})"]
    lines = []
    for word, qubits, angles in decompose(name, places, params, _WORDS):
        arguments = [f"double 0x{_bits(angle)}" for angle in angles] + [_pointer(qubit) for qubit in qubits]
        lines.append(f"  call void @__quantum__qis__{_WORDS[word]}({', '.join(arguments)})")
    return lines


def _bits(value: Any) -> str:
    return struct.pack(">d", float(value)).hex().upper()
