"""Where a peer miscompiles, we do not: controlled rotations by negative angles and by more than one turn.

azure-quantum 3.13 sends Qiskit's crx, cry and crz through a fixed-point angle type, which loses their sign and turns.
"""

from __future__ import annotations

import os

import pytest

os.environ["QDK_PYTHON_TELEMETRY"] = "none"  # before qdk is imported

from qsession_core.formats.ionq import IonQCircuit
from qsession_core.formats.qir.module import Qir
from tests.support import judge, payload_judge

ANGLES = [-0.5, -3.0, 7.0, 9.5]

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def circuit_with(word, angle):
    from qiskit import QuantumCircuit

    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.h(1)
    getattr(circuit, word)(angle, 0, 1)
    circuit.h(0)
    circuit.ry(0.3, 1)
    return circuit


def wanted(circuit):
    """Return the exact distribution by our keys, from Qiskit's own simulator."""
    from qiskit.quantum_info import Statevector

    return {key[::-1]: chance for key, chance in Statevector(circuit).probabilities_dict().items()}


@pytest.mark.parametrize("word", ["crx", "cry", "crz", "cp"])
@pytest.mark.parametrize("angle", ANGLES)
@pytest.mark.parametrize(
    ("format_", "profile"),
    [(IonQCircuit(), ""), (Qir(), "Base"), (Qir("quantinuum"), "Base"), (Qir("quantinuum"), "Adaptive_RI")],
)
def test_ours_is_right(word, angle, format_, profile):
    from qsession_qiskit.conversion.convert import to_program

    circuit = circuit_with(word, angle)
    measured = circuit.copy()
    measured.measure([0, 1], [0, 1])

    payload = format_.encode(to_program(measured), profile=profile)

    assert judge.gap(payload_judge.distribution(payload), wanted(circuit)) < 1e-12


@pytest.mark.parametrize("word", ["crx", "cry", "crz"])
@pytest.mark.parametrize("angle", [-0.5, 7.0])
def test_theirs_is_not(word, angle):
    from qdk import TargetProfile
    from qdk.qiskit import QSharpBackend

    circuit = circuit_with(word, angle)
    measured = circuit.copy()
    measured.measure([0, 1], [0, 1])

    theirs = QSharpBackend(target_profile=TargetProfile.Base).qir(measured)

    found = {}
    for values, chance in payload_judge.recorded(theirs.encode()):  # last classical bit first
        key = "".join(map(str, reversed(values)))
        found[key] = found.get(key, 0.0) + chance
    assert judge.gap(found, wanted(circuit)) > 0.4
