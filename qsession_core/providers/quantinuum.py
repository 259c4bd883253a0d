"""Quantinuum. Source: Azure Quantum's provider page for Quantinuum, and the official client 3.13."""

from qsession_core.catalog import targets_of
from qsession_core.formats.openqasm2 import INPUT, OpenQasm2
from qsession_core.formats.qir.module import Qir
from qsession_core.providers.row import Provider

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
    targets=targets_of("quantinuum"),
)
