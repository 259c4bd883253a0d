"""Quantinuum. Source: Azure Quantum's provider page for Quantinuum, and the official client 3.13."""

from qsession_core.formats.openqasm2 import INPUT, OpenQasm2
from qsession_core.formats.qir.module import Qir
from qsession_core.providers.row import Provider, TargetRow

_H2 = "Adaptive_RI"
_HELIOS = "Adaptive_RIF"

PROVIDER = Provider(
    id="quantinuum",
    formats=(Qir("quantinuum"), OpenQasm2()),
    raw_format=INPUT,
    input_params={
        "error-model": "bool; noise of the emulator on or off",
        "error-params": "the emulator's error rates by name",
        "simulator": "'stabilizer' | 'state-vector'; the emulator's engine",
        "tket-opt-level": "int; 2 by default",
        "no-opt": "bool",
        "nativetq": "'Rxxyyzz'",
        "noreduce": "bool",
    },
    hold_seconds=60.0,
    targets=(
        TargetRow("quantinuum.qpu.h2-1", 56, _H2, max_shots=10_000),
        TargetRow("quantinuum.qpu.h2-2", 56, _H2, max_shots=10_000),
        TargetRow("quantinuum.sim.h2-1sc", 56, _H2, is_simulator=True),
        TargetRow("quantinuum.sim.h2-2sc", 56, _H2, is_simulator=True),
        TargetRow("quantinuum.sim.h2-1e", 56, _H2, is_simulator=True),
        TargetRow("quantinuum.sim.h2-2e", 56, _H2, is_simulator=True),
        TargetRow("quantinuum.qpu.helios-1", 98, _HELIOS, max_shots=10_000),
        TargetRow("quantinuum.sim.helios-1sc", 98, _HELIOS, is_simulator=True),
        TargetRow("quantinuum.sim.helios-1e", 98, _HELIOS, is_simulator=True),
    ),
)
