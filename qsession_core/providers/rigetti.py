"""Rigetti. Source: Azure Quantum's provider page for Rigetti, and the official client 3.13."""

from qsession_core.catalog import targets_of
from qsession_core.formats.qir.module import Qir
from qsession_core.formats.rigetti import INPUT
from qsession_core.providers.row import Provider

PROVIDER = Provider(
    id="rigetti",
    formats=(Qir(),),
    raw_format=INPUT,
    input_params={
        "skipQuilc": "bool; run the Quil as it is",
        "substitutions": "{region: [[value, ...], ...]}; the program runs once for each outer element",
    },
    targets=targets_of("rigetti"),
)
