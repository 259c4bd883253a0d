"""Rigetti. Source: Azure Quantum's provider page for Rigetti, and the official client 3.13."""

from qsession_core.catalog import targets_of
from qsession_core.formats.qir.module import Qir
from qsession_core.formats.rigetti import INPUT
from qsession_core.providers.row import Option, Provider

PROVIDER = Provider(
    id="rigetti",
    formats=(Qir(),),
    raw_format=INPUT,
    input_params={
        "skipQuilc": Option("run the Quil as it is", bool),
        "substitutions": Option("{region: [[value, ...], ...]}; the program runs once for each outer element", dict),
    },
    unstated_shots=1,
    targets=targets_of("rigetti"),
)
